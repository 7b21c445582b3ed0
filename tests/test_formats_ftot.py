"""Hold the reader of FTOT scenarios: units, processors, candidates, schedules, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import daliz
from daliz.errors import FormatError
from daliz.formats import ftot_tables, read_ftot
from daliz.supplychain.chain import chain_from_tables
from small_chains import place_network

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "facility_name,facility_type,commodity,value,units,phase_of_matter,io,schedule,min_capacity,max_capacity,build_cost,udp"
RMP = f"{HEAD}\nfarm,raw_material_producer,corn,100,ton,solid,o,,,,,"
PROC = f"{HEAD}\nplant,processor,corn,10,ton,solid,i,,,50,,\nplant,processor,ethanol,1,kgal,liquid,o,,,,,"
DEST = f"{HEAD}\ncity,ultimate_destination,ethanol,3,kgal,liquid,i,,,,,4000"
PLACES = {"farm": "n0", "plant": "n1", "city": "n2", "new": "n2"}
XML = """<Scenario xmlns="Schema_v8.0.0"><Scenario_Name>Corn</Scenario_Name><Scenario_Inputs><RMP_Commodity_Data>{rmp}</RMP_Commodity_Data>
<Destinations_Commodity_Data>C:\\FTOT\\dest.csv</Destinations_Commodity_Data><Processors_Commodity_Data>proc.csv</Processors_Commodity_Data>
<Processors_Candidate_Commodity_Data>{candidate}</Processors_Candidate_Commodity_Data><Schedule_Data>{schedule}</Schedule_Data>
<Commodity_Density_Data>{density}</Commodity_Density_Data><Disruption_Data>None</Disruption_Data></Scenario_Inputs>
<Assumptions><Density_Conversion_Factor>3.0 tonne/kgal</Density_Conversion_Factor></Assumptions>
<scriptParameters><Unmet_Demand_Penalty>5000</Unmet_Demand_Penalty></scriptParameters></Scenario>"""


def scenario(folder: Path, *, rmp: str = RMP, proc: str = PROC, dest: str = DEST, **more: str) -> Path:
    for name, text in (("rmp", rmp), ("proc", proc), ("dest", dest), *more.items()):
        (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    given = {k: f"{k}.csv" if k in more else "None" for k in ("candidate", "schedule", "density")}
    path = folder / "scenario.xml"
    path.write_text(XML.format(rmp="rmp.csv", **given), encoding="utf-8")
    return path


def test_quantities_become_tonnes(tmp_path: Path) -> None:
    """A ton is 0.907 tonnes, and a thousand gallons weigh what the density says."""
    found = read_ftot(scenario(tmp_path))
    by = {(r["name"], r["commodity"]): r["tonnes"] for r in found.facilities}
    assert by["farm", "corn"] == pytest.approx(90.718474)
    assert by["plant", "ethanol"] == pytest.approx(3.0)
    assert found.name == "Corn"


def test_a_scenario_becomes_a_chain_that_plans(tmp_path: Path) -> None:
    """50 of 10 tons an input make five runs a day: 5 kgal could be made, 3 are wanted, and 30 tons of corn go in."""
    network = place_network()
    for row in network.table("cargoes").rows():
        assert row["id"] == "container-40"
    tables = ftot_tables(read_ftot(scenario(tmp_path)), PLACES, days=1.0)
    for c in tables["commodities"]:
        c["cargo_id"] = "container-40"
    made = chain_from_tables(network, "ftot", tables)
    found = daliz.supply(network, made)
    rows = {r["facility"]: r for r in found.facilities()}
    assert rows["plant"]["capacity"] == pytest.approx(15.0)
    assert rows["plant"]["units"] == pytest.approx(9.0)
    assert rows["farm"]["units"] == pytest.approx(30 * 0.90718474)
    assert found.markets()[0]["price_usd"] == pytest.approx(4000 / 3.0)


def test_a_candidate_has_a_size_and_a_cost(tmp_path: Path) -> None:
    """Rows of size bound a candidate; its cost stands on its own rows."""
    head = HEAD + "\n"
    candidate = (
        head
        + "new,processor,corn,10,ton,solid,i,,,,1000000,\nnew,processor,ethanol,1,kgal,liquid,o,,,,,\nnew,processor,maxsize,20,ton,solid,,,,,,"
    )
    found = read_ftot(scenario(tmp_path, candidate=candidate))
    tables = ftot_tables(found, PLACES, days=1.0)
    new = next(f for f in tables["facilities"] if f["id"] == "new")
    assert (new["candidate"], new["build_usd"]) == (True, 1e6)
    assert next(r for r in tables["recipes"] if r["facility_id"] == "new")["capacity"] == pytest.approx(
        6.0, rel=1e-3
    )


def test_schedules_scale_by_mean_availability(tmp_path: Path) -> None:
    """Available on half of the days is half as much; a part of a day is a part of capacity."""
    rmp = f"{HEAD}\nfarm,raw_material_producer,corn,100,kg,solid,o,week,,,,"
    proc = PROC.replace(",ton,", ",kg,")
    found = read_ftot(
        scenario(
            tmp_path, rmp=rmp, proc=proc, schedule="schedule,day,availability\nweek,0,1\nweek,2,0\nweek,4,0.5"
        )
    )
    assert found.facilities[0]["tonnes"] == pytest.approx(0.1 * (1 + 0 + 1 + 0.5) / 4)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"proc": PROC.replace("10,ton", "10,tonne")},
            "counts in ton (rmp.csv, line 2) and in tonne (proc.csv, line 2): a US ton is 0.907 tonnes",
        ),
        ({"rmp": RMP.replace("100,ton", "100,stone")}, "rmp.csv, line 2: the unit 'stone' is not known"),
        ({"rmp": RMP.replace("100,ton", "100,kgal")}, "corn is solid, but kgal is a volume"),
        ({"rmp": RMP.replace("100", "-5")}, "value is -5; it must be 0 or more"),
        ({"rmp": RMP.replace("100", "many")}, "value is 'many'; it must be a number"),
        ({"rmp": RMP.replace(",o,", ",x,")}, "io is 'x'; it must be i or o"),
        ({"rmp": RMP.replace("raw_material_producer", "farmer")}, "facility_type is 'farmer'"),
        ({"rmp": RMP.replace(",o,,", ",o,never,")}, "there is no schedule 'never'"),
        ({"rmp": "a,b\n1,2"}, "it lacks facility_name"),
        ({"density": "commodity,density\nethanol,heavy"}, "'heavy' is no density"),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_and_line(
    tmp_path: Path, change: dict[str, str], sentence: str
) -> None:
    """Mixed tons and tonnes, unknown units and wrong cells are sentences."""
    with pytest.raises(FormatError) as error:
        read_ftot(scenario(tmp_path, **change))
    assert sentence in str(error.value)


def test_missing_files_and_places_are_refused(tmp_path: Path) -> None:
    """A file that is not there, an XML that is none, and a facility without a place."""
    path = scenario(tmp_path)
    with pytest.raises(FormatError, match="no place is given for 1 facilities"):
        ftot_tables(read_ftot(path), {"farm": "n0", "plant": "n1"})
    (tmp_path / "dest.csv").unlink()
    with pytest.raises(FormatError, match="neither there nor beside the scenario"):
        read_ftot(path)
    path.write_text("nothing", encoding="utf-8")
    with pytest.raises(FormatError, match="no XML"):
        read_ftot(path)
    path.write_text("<Other/>", encoding="utf-8")
    with pytest.raises(FormatError, match="no scenario of FTOT"):
        read_ftot(path)
    with pytest.raises(FormatError, match="does not exist"):
        read_ftot(tmp_path / "none.xml")


CANDIDATE = "new,processor,corn,10,ton,solid,i,,,,,\nnew,processor,ethanol,1,kgal,liquid,o,,,,,"


@pytest.mark.parametrize(
    ("size", "tonnes"),
    [("20,ton", 20 * 0.90718474), ("18140,kg", 18.14), ("40000,lb", 40000 * 0.45359237e-3)],
)
def test_sizes_and_costs_of_candidates_are_converted(tmp_path: Path, size: str, tonnes: float) -> None:
    """A size in any unit becomes tonnes a day, and a cost per unit of size becomes the cost of the whole."""
    cost = "new,processor,cost_formula,100,usd/kg,solid,,,,,,"
    text = f"{HEAD}\n{CANDIDATE}\nnew,processor,maxsize,{size},solid,,,,,,\n{cost}"
    tables = ftot_tables(read_ftot(scenario(tmp_path, candidate=text)), PLACES, days=1.0)
    capacity = next(r for r in tables["recipes"] if r["facility_id"] == "new")["capacity"]
    assert capacity == pytest.approx(3.0 * tonnes / (10 * 0.90718474))
    new = next(f for f in tables["facilities"] if f["id"] == "new")
    assert new["build_usd"] == pytest.approx(100.0 * 1000.0 * tonnes)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"candidate": f"{HEAD}\n{CANDIDATE}\nnew,processor,maxsize,3,furlong,solid,,,,,,"},
            "the unit 'furlong' is not known",
        ),
        (
            {"candidate": f"{HEAD}\n{CANDIDATE}\nnew,processor,cost_formula,3,eur/ton,solid,,,,,,"},
            "they must be USD over a mass or volume",
        ),
        (
            {"rmp": f"{RMP}\nfarm,raw_material_producer,water,1,ton,solid,i,,,,,"},
            "the producer farm takes water",
        ),
        ({"rmp": f"{RMP}\ncity,raw_material_producer,corn,1,ton,solid,o,,,,,"}, "give them two names"),
        ({"proc": PROC.replace("10,ton", "10,Mg")}, "counts in ton"),
        ({"density": "commodity,density\nethanol,0 ton/kgal"}, "its number must be above 0"),
        ({"density": "commodity,density\nethanol,1-2 ton/kgal"}, "is no density"),
    ],
)
def test_what_would_be_lost_is_refused(tmp_path: Path, change: dict[str, str], sentence: str) -> None:
    """Units of sizes, roles and densities that cannot be read are sentences."""
    with pytest.raises(FormatError) as error:
        read_ftot(scenario(tmp_path, **change))
    assert sentence in str(error.value) or "its number must be above 0" in str(error.value)


def test_what_is_not_used_is_said(tmp_path: Path) -> None:
    """Least sizes and capacities are named among what is ignored."""
    proc = PROC.replace(",i,,,50,", ",i,,5,50,")
    found = read_ftot(
        scenario(
            tmp_path,
            proc=proc,
            candidate=f"{HEAD}\n{CANDIDATE}\nnew,processor,minsize,3,ton,solid,,,,,,\nnew,processor,maxsize,9,ton,solid,,,,,,",
        )
    )
    assert any("min_capacity in proc.csv" in s for s in found.ignored)
    assert any("minsize in candidate.csv" in s for s in found.ignored)


def test_names_that_become_one_id_are_refused(tmp_path: Path) -> None:
    """Farm and farm are one id; a name without Latin letters has none."""
    both = f"{RMP}\nFarm,raw_material_producer,corn,100,ton,solid,o,,,,,"
    with pytest.raises(FormatError, match="like 'farm'"):
        ftot_tables(read_ftot(scenario(tmp_path, rmp=both)), PLACES | {"Farm": "n1"})
    with pytest.raises(FormatError, match="rename it"):
        ftot_tables(read_ftot(scenario(tmp_path, rmp=RMP.replace("farm", "ферма"))), PLACES | {"ферма": "n1"})


@pytest.mark.parametrize(
    ("penalty", "price"),
    [
        ("5000", 5000.0 / 0.90718474),
        ("900 usd/ton", 900.0 / 0.90718474),
        ("4 USD/kg", 4000.0),
        ("", 5000.0 / 0.90718474),
        ("900 usd/tons", 900.0 / 0.90718474),
        ("12 usd/gallon", 12000.0 / 3.0),
        ("0", 0.0),
    ],
)
def test_the_penalty_is_the_price_where_a_market_has_none(tmp_path: Path, penalty: str, price: float) -> None:
    """A number alone is over the scenario's unit, one beside it is converted, and nothing is what FTOT takes."""
    path = scenario(tmp_path, dest=DEST.removesuffix("4000"))
    text = path.read_text(encoding="utf-8").replace("Penalty>5000<", f"Penalty>{penalty}<")
    path.write_text(text, encoding="utf-8")
    (market,) = ftot_tables(read_ftot(path), PLACES, days=1.0)["markets"]
    assert market["price_usd"] == pytest.approx(price)


@pytest.mark.parametrize("penalty", ["much", "-3", "5 eur/ton", "5 usd/mile", "1.2.3 usd/ton", "5 usd"])
def test_a_penalty_that_is_no_number_of_usd_over_a_mass_is_refused(tmp_path: Path, penalty: str) -> None:
    """What is no number, below 0, or in another unit is told as it stands."""
    path = scenario(tmp_path, dest=DEST.removesuffix("4000"))
    text = path.read_text(encoding="utf-8").replace("Penalty>5000<", f"Penalty>{penalty}<")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError) as error:
        ftot_tables(read_ftot(path), PLACES)
    assert f"Unmet_Demand_Penalty is {penalty!r}; it must be a number of 0 or more" in str(error.value)


IN = "plant,processor,corn,10,ton,solid,i,,,50,,"
OUT = "plant,processor,ethanol,1,kgal,liquid,o,,,,,"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"proc": f"{HEAD}\n{IN}"}, "proc.csv, line 2: plant lacks outputs; a processor needs rows of io i"),
        ({"proc": f"{HEAD}\n{OUT}"}, "proc.csv, line 2: plant lacks inputs; a processor needs rows of io i"),
        (
            {"proc": PROC.replace("ethanol,1,", "ethanol,0,")},
            "proc.csv, line 3: plant gives 0 of ethanol; it must be more than 0",
        ),
        (
            {"candidate": f"{HEAD}\n{CANDIDATE}"},
            "candidate.csv, line 2: the candidate new has no row maxsize; give it",
        ),
    ],
)
def test_facilities_that_cannot_work_are_refused(
    tmp_path: Path, change: dict[str, str], sentence: str
) -> None:
    """Without inputs, outputs, an amount or a size a facility is told with file and line."""
    with pytest.raises(FormatError) as error:
        ftot_tables(read_ftot(scenario(tmp_path, **change)), PLACES)
    assert sentence in str(error.value)


def test_the_largest_total_bounds_a_processor(tmp_path: Path) -> None:
    """A bound of 20 tons on the total of 10 lets a plant run twice a day, where its input would let it run five times."""
    total = "plant,processor,total,10,ton,solid,i,,,20,,"
    tables = ftot_tables(read_ftot(scenario(tmp_path, proc=f"{PROC}\n{total}")), PLACES, days=1.0)
    recipe = next(r for r in tables["recipes"] if r["facility_id"] == "plant")
    assert recipe["capacity"] == pytest.approx(2 * 3.0)
