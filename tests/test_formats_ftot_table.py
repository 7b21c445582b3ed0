"""Hold the table of what is read of FTOT in the docs against the reader: each row has an example that behaves as it says."""

from __future__ import annotations

import json
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import daliz
from chain_cases import CHAINS, copied, with_row, without_row
from command_line import run
from daliz.errors import FormatError
from daliz.formats import ftot_tables, read_ftot
from daliz.formats.ftot import FILES, TOLD, USED_COLUMNS, USED_SETTINGS
from daliz.formats.ftot_plants import SIZES

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.formats.ftot import Ftot

CASES = CHAINS.parent / "15-ftot"
DOCS = Path(__file__).parent.parent / "docs" / "supply.md"
TON, KGAL = 0.90718474, 3.0
HEAD = (
    "facility_name,facility_type,commodity,value,units,phase_of_matter,io,schedule,min_capacity,max_capacity,"
    "max_processor_input,build_cost,udp"
)
RMP = f"{HEAD}\nfarm,raw_material_producer,corn,100,tons,solid,o,,,,,,"
PROC = f"{HEAD}\nplant,processor,corn,10,tons,solid,i,,,,,,\nplant,processor,ethanol,1,kgal,liquid,o,,,,,,"
DEST = f"{HEAD}\ncity,ultimate_destination,ethanol,3,kgal,liquid,i,,,,,,"
NEW = PROC.replace("plant", "new")
PLACES = {"farm": "n0", "plant": "n1", "city": "n2", "new": "n2"}
DENSE = "<Density_Conversion_Factor>3 tonne/kgal</Density_Conversion_Factor>"


class Example(NamedTuple):
    """What a scenario writes, and what is then found, if it is read."""

    files: dict[str, str]
    found: Callable[[Ftot, dict[str, Any]], Any] | None = None
    value: Any = None


def scenario(folder: Path, files: dict[str, str]) -> Path:
    """Write a scenario: one farm, one plant, one city, with some files or settings in place of the usual."""
    texts = {"rmp": RMP, "proc": PROC, "dest": DEST} | {k: v for k, v in files.items() if k != "xml"}
    keys = {
        "rmp": "RMP_Commodity_Data",
        "proc": "Processors_Commodity_Data",
        "dest": "Destinations_Commodity_Data",
        "cand": "Processors_Candidate_Slate_Data",
        "sched": "Schedule_Data",
        "dens": "Commodity_Density_Data",
        "modes": "Commodity_Mode_Data",
        "dis": "Disruption_Data",
    }
    named = "".join(f"<{keys[k]}>{k}.csv</{keys[k]}>" for k in texts)
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
    path = folder / "scenario.xml"
    path.write_text(f"<Scenario>{named}{files.get('xml', DENSE)}</Scenario>", encoding="utf-8")
    return path


def row(table: str, of: str, column: str) -> Callable[[Ftot, dict[str, Any]], Any]:
    """Read a cell of the tables that come of a scenario."""
    return lambda _, tables: next(r for r in tables[table] if r["id"] == of)[column]


def capacity(of: str = "plant-ethanol") -> Callable[[Ftot, dict[str, Any]], Any]:
    """Read the capacity of a recipe."""
    return row("recipes", of, "capacity")


PRICE = row("markets", "city-ethanol", "price_usd")
DEMAND = row("markets", "city-ethanol", "demand")
TOTAL_IN = PROC + "\nplant,processor,total,,tons,,i,,,20,,,"
WEEK = "schedule,day,availability\nweek,"


def proc(text: str) -> dict[str, str]:
    """Write the rows of processors."""
    return {"proc": text}


EXAMPLES: dict[str, list[Example]] = {
    "XML|a setting that is used twice": [
        Example({"xml": DENSE + "<Scenario_Name>a</Scenario_Name><Scenario_Name>b</Scenario_Name>"})
    ],
    "XML|`Default_Units_Solid_Phase`": [
        Example(
            {"xml": DENSE + "<Default_Units_Solid_Phase>tonnes</Default_Units_Solid_Phase>"}, PRICE, 5000.0
        )
    ],
    "XML|`Default_Units_Currency` other than USD": [
        Example({"xml": DENSE + "<Default_Units_Currency>eur</Default_Units_Currency>"})
    ],
    "XML|`Unmet_Demand_Penalty` alone": [
        Example({"xml": DENSE + "<Unmet_Demand_Penalty>700</Unmet_Demand_Penalty>"}, PRICE, 700.0 / TON),
        Example({}, PRICE, 5000.0 / TON),
    ],
    "XML|`Unmet_Demand_Penalty` with `usd/tons` or `usd/gallon`": [
        Example(
            {"xml": DENSE + "<Unmet_Demand_Penalty>700 usd/tons</Unmet_Demand_Penalty>"}, PRICE, 700.0 / TON
        ),
        Example(
            {"xml": DENSE + "<Unmet_Demand_Penalty>7 usd/gallon</Unmet_Demand_Penalty>"}, PRICE, 7000.0 / KGAL
        ),
    ],
    "XML|`Capacity_On` False": [
        Example({"xml": DENSE + f"<Capacity_On>{v}</Capacity_On>"}, lambda s, _: s.capacities, v == "True")
        for v in ("False", "True")
    ],
    "XML|`Capacity_On` that is neither True nor False": [
        Example({"xml": DENSE + "<Capacity_On>maybe</Capacity_On>"})
    ],
    "XML|`Density_Conversion_Factor`": [
        Example({"xml": DENSE.replace("3 tonne", "4 tonnes")}, DEMAND, 12.0),
        Example({"dens": "commodity,density\nethanol,5 tonne/kgal"}, DEMAND, 15.0),
    ],
    "XML|`CO2_Unit_Cost`": [Example({"xml": DENSE + "<CO2_Unit_Cost>50</CO2_Unit_Cost>"})],
    "XML|`Commodity_Mode_Data`, `Disruption_Data`": [Example({"modes": "a"}), Example({"dis": "a"})],
    "XML|other settings": [Example({"xml": DENSE + "<Rail_Speed>50</Rail_Speed>"})],
    "CSV|a file with a header alone": [
        Example(proc(HEAD), lambda _, t: [f["id"] for f in t["facilities"]], ["farm"])
    ],
    "CSV|a row with more cells than the header": [
        Example({"rmp": RMP.replace(",100,", ",1,500,")}),
        Example({"rmp": RMP.removesuffix(",")}),
    ],
    "CSV|a number with commas or underscores": [
        Example({"rmp": RMP.replace("100", text)}) for text in ('"1,500"', "1_500", "1e999", "nan", "١٠")
    ],
    "CSV|a column that stands twice": [Example({"rmp": RMP.replace(",udp\n", ",Units\n")})],
    "CSV|other columns, such as `min_capacity` or `access_cost`": [
        Example(proc(PROC.replace(",i,,,", ",i,,5,"))),
        Example({"rmp": RMP.replace(",udp\n", ",access_cost\n") + "5"}),
        Example({"rmp": RMP + "5"}),
    ],
    "CSV|units `tons`, `gallons`, `pounds` and the like": [
        Example({"dest": DEST.replace("3,kgal", f"{n},{u}")}, DEMAND, value)
        for n, u, value in (
            ("3000", "gallons", 9.0),
            ("3", "thousand gallons", 9.0),
            ("10", "Short Tons", 10 * TON),
            ("2000", "pounds", TON),
            ("2000", "lbs", TON),
            ("1", "kilograms", 1e-3),
        )
    ],
    "CSV|a volume of a solid, or of a liquid without density": [
        Example({"rmp": RMP.replace("tons", "gallons")}),
        Example({"xml": "<Scenario_Name>x</Scenario_Name>"}),
        Example({"dest": DEST.replace("3,kgal", "3,mg")}),
    ],
    "CSV|`total` with a blank value": [
        Example(proc(TOTAL_IN), capacity(), 2 * KGAL),
        Example(proc(TOTAL_IN.replace("tons,,i,,,20", "kg,,o,,,12000")), capacity(), 12.0),
        Example(proc(TOTAL_IN), lambda _, t: [c["id"] for c in t["commodities"]], ["corn", "ethanol"]),
    ],
    "CSV|`total` of a producer or destination": [
        Example({"rmp": RMP + "\nfarm,raw_material_producer,total,,tons,,o,,,20,,,"})
    ],
    "CSV|a blank `value` elsewhere": [Example({"rmp": RMP.replace(",100,", ",,")})],
    "CSV|two rows of one destination and commodity": [
        Example({"dest": f"{DEST}\n{DEST.splitlines()[1].replace(',3,', ',2,')}"}, DEMAND, 5 * KGAL)
    ],
    "CSV|two such rows with two `udp`": [Example({"dest": f"{DEST}7\n{DEST.splitlines()[1]}8"})],
    "CSV|`udp`": [Example({"dest": DEST + "600"}, PRICE, 600.0 / KGAL)],
    "CSV|`max_capacity`": [
        Example(proc(PROC.replace(",i,,,,", ",i,,,50,")), capacity(), 5 * KGAL),
        Example(proc(PROC.replace(",o,,,,", ",o,,,4,")), capacity(), 4 * KGAL),
    ],
    "CSV|`max_processor_input`": [Example(proc(PROC.replace(",i,,,,,", ",i,,,,30,")), capacity(), 3 * KGAL)],
    "CSV|a processor without any capacity": [
        Example({}, lambda _, t: capacity()(_, t) > 10 * KGAL, True),
        Example({"rmp": RMP.replace("100", "1000")}, lambda _, t: capacity()(_, t) > 100 * KGAL, True),
    ],
    "CSV|such a processor in a circle of processors": [
        Example(
            proc(
                f"{PROC}\nback,processor,ethanol,1,kgal,liquid,i,,,,,,\nback,processor,corn,5,tons,solid,o,,,,,,"
            )
        )
    ],
    "CSV|`build_cost` above 0": [
        Example(proc(PROC.replace(",o,,,,,", f",o,,,,,{cost}")), row("facilities", "plant", "candidate"), cost > 0)
        for cost in (0, 5000)
    ],
    "CSV|two `build_cost` of one facility": [
        Example(proc(PROC.replace(",i,,,,,", ",i,,,,,6").replace(",o,,,,,", ",o,,,,,5")))
    ],
    "CSV|`schedule`": [
        Example(
            {"sched": WEEK + "0,0.5", "dest": DEST.replace(",i,", ",i,week")}, DEMAND, 1.5 * KGAL
        ),
        Example(
            {"sched": WEEK + "0,0.5", **proc(PROC.replace(",i,,,,", ",i,week,,50,").replace(",o,", ",o,week"))},
            capacity(),
            2.5 * KGAL,
        ),
        Example(
            {"sched": WEEK + "0,0.5", **proc(PROC.replace(",i,,,,", ",i,week,,50,").replace(",o,", ",o,week"))},
            row("recipe_parts", "plant-ethanol-input-corn", "amount"),
            10 * TON / KGAL,
        ),
    ],
    "CSV|two schedules of one facility": [
        Example({"sched": WEEK + "0,0.5", **proc(PROC.replace(",i,,", ",i,week,"))})
    ],
    "CSV|one commodity as solid and liquid": [Example({"dest": DEST.replace("liquid", "solid").replace("kgal", "tons")})],
    "CSV|names such as `wood_chips` or `Wood Chips`": [
        Example(
            {"rmp": RMP.replace("corn", "Wood Chips"), **proc(PROC.replace("corn", "wood_chips"))},
            lambda _, t: [c["id"] for c in t["commodities"]],
            ["wood-chips", "ethanol"],
        )
    ],
    "CSV|names that become one id": [
        Example({"rmp": RMP + "\nfarm,raw_material_producer,corn-x,1,tons,solid,o,,,,,,\n"
                 "farm,raw_material_producer,corn_x,1,tons,solid,o,,,,,,"}),
        Example({"rmp": RMP + "\nFarm,raw_material_producer,corn,1,tons,solid,o,,,,,,"}),
    ],
    "candidates|`maxsize`": [
        Example({"cand": NEW + "\nnew,processor,maxsize,20,tons,,,,,,,,"}, capacity("new-ethanol"), 2 * KGAL),
        Example({"cand": NEW + "\nnew,processor,maxsize,4000,gallons,,,,,,,,"}, capacity("new-ethanol"), 4 * KGAL),
    ],
    "candidates|`cost_formula` in `usd/tons` or `usd/gallon`, phase blank": [
        Example(
            {"cand": NEW + f"\nnew,processor,maxsize,20,tons,,,,,,,,\nnew,processor,cost_formula,7,{u},,,,,,,,"},
            row("facilities", "new", "build_usd"),
            value,
        )
        for u, value in (("usd/tons", 140.0), ("usd/gallon", 14000.0), ("USD/kg", 140000.0 * TON))
    ],
    "candidates|`minsize`, `min_aggregation`": [
        Example({"cand": NEW + f"\nnew,processor,maxsize,20,tons,,,,,,,,\nnew,processor,{w},7,tons,,,,,,,,"})
        for w in ("minsize", "min_aggregation")
    ],
    "candidates|a candidate without `maxsize`": [Example({"cand": NEW})],
    "schedules|day 0": [
        Example({"sched": WEEK + f"0,{usual}\nweek,4,0.5", "dest": DEST.replace(",i,", ",i,week")}, DEMAND, value)
        for usual, value in ((1, 3 * KGAL * 3.5 / 4), (0, 3 * KGAL * 0.5 / 4))
    ],
    "schedules|days left out without day 0": [Example({"sched": WEEK + "4,0.5"})],
    "schedules|a day that is no whole number up to 36,600, or stands twice": [
        Example({"sched": WEEK + text})
        for text in ("0,1\nweek,1e12,1", "0,1\nweek,2.5,1", "0,1\nweek,0,0", "0,1\nweek,-1,1")
    ],
}  # fmt: skip


def rows_of_docs() -> dict[str, str]:
    """Read the table of the docs: where and what, and whether it is read, told or refused."""
    found = {}
    for line in DOCS.read_text(encoding="utf-8").splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")]
        if len(cells) == 4 and cells[2] in {"read", "told", "refused"}:
            found["|".join(cells[:2])] = cells[2]
    return found


def test_the_table_and_the_examples_have_the_same_rows() -> None:
    """A row without an example, and an example without a row, would be no promise."""
    assert sorted(rows_of_docs()) == sorted(EXAMPLES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_row_behaves_as_it_says(name: str, tmp_path: Path) -> None:
    """What is read decides the tables, what is told is a sentence, what is refused is an error of form."""
    so = rows_of_docs()[name]
    for i, example in enumerate(EXAMPLES[name]):
        folder = tmp_path / str(i)
        folder.mkdir()
        path = scenario(folder, example.files)
        if so == "refused":
            with pytest.raises(FormatError):
                ftot_tables(read_ftot(path), PLACES | {"back": "n0", "Farm": "n1"}, days=1.0)
            continue
        found = read_ftot(path)
        tables = ftot_tables(found, PLACES, days=1.0)
        assert len(found.ignored) == (so == "told"), found.ignored
        if so == "read":
            assert example.found is not None
            got = example.found(found, tables)
            assert got == (
                pytest.approx(example.value) if isinstance(example.value, float) else example.value
            )


def test_everything_that_the_reader_knows_is_named() -> None:
    """Settings, columns and sizes of the reader stand in the docs or are files and names that explain themselves."""
    text = DOCS.read_text(encoding="utf-8")
    plain = {*FILES, "Scenario_Name", "Scenario_Description", "Scenario_Schema_Version", "Schedule_Data",
             "Commodity_Density_Data"}  # fmt: skip
    columns = {c for some in USED_COLUMNS.values() for c in some}
    base = {"facility_name", "facility_type", "commodity", "units", "phase_of_matter", "io"}
    for name in {*USED_SETTINGS, *TOLD, *SIZES} - plain | columns - base:
        assert f"`{name}`" in text, name


@pytest.mark.parametrize(
    ("case", "said"),
    [("good", "10,950"), ("dup", "14,600"), ("under", "wood-chips"), ("udp", "")],
)
def test_the_cases(case: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Two rows of one destination are 40 x 365, a name with an underscore is read, nine cells under eight headers are not."""
    files = ("--ftot", str(CASES / f"{case}.xml"), str(CASES / "places.csv"))
    code, out, err = run(capsys, "supply", "ftot", *files, "-n", str(CASES / "net"), "--over", "KZ")
    if not said:
        assert (code, out) == (2, "")
        assert "udp-dest.csv, line 2" in err
        assert "has 9 cells where the header has 8" in err
    else:
        assert code == 0
        assert said in out


def test_capacities_that_are_off_do_not_bind(tmp_path: Path) -> None:
    """The same chain over a full link lacks where capacities are on, and is served where they are off."""
    package = copied("good", tmp_path / "p")
    for link in ("r1", "r3"):
        without_row(package, "links", link)
    with_row(package, "links", id="r3", from_node="cita", to_node="bora", mode="road", length_km=280,
             speed_class="road", capacity=12, capacity_unit="t/year", capacity_per="both", capacity_hard="yes")  # fmt: skip
    with_row(package, "loads", id="g-t", cargo_id="grain", resource="tonne", amount=1)
    network = daliz.open(package)
    on, off = (daliz.supply(network, "c", terms=daliz.SupplyTerms(capacities=c)) for c in (True, False))
    assert [p.markets()[0]["delivered"] for p in (on, off)] == [pytest.approx(12.0), pytest.approx(30.0)]
    assert on.unmet_reasons() == {"town": "no more gets past r3 (12 t a year)"}


def test_ftot_plans_on_its_own_terms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A unit unmet costs its penalty once, and `Capacity_On` False takes the capacities of the network away."""
    text = (CASES / "good.xml").read_text(encoding="utf-8")
    for file in CASES.glob("good-*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    path = tmp_path / "good.xml"
    for penalty, unmet in ((40, True), (60, False)):
        off = f"<Capacity_On>False</Capacity_On><Unmet_Demand_Penalty>{penalty}<"
        path.write_text(text.replace("<Unmet_Demand_Penalty>5000<", off), encoding="utf-8")
        words = ("--ftot", str(path), str(CASES / "places.csv"), "-n", str(CASES / "net"), "--json")
        code, out, _ = run(capsys, "supply", "ftot", *words)
        answer = json.loads(out)
        assert (code, answer["penalty"], answer["capacities"]) == (0, 1.0, False)
        assert (answer["unmet_share"] > 0.99) == unmet


@pytest.mark.parametrize(
    ("chain", "words", "places", "code", "said"),
    [
        ("other", (), "", 2, "With --ftot the chain is ftot"),
        ("ftot", ("--policy", "p"), "", 2, "leave out --policy"),
        ("ftot", (), "mill,bora\n", 0, "places mill, which the scenario does not have"),
        ("ftot", (), "pit,bora\n", 2, "pit stands at bora here and at alba before; leave one"),
        ("ftot", (), "mill,\n", 2, "facility_name and node_id may not be blank"),
    ],
)
def test_places_and_words_that_do_not_fit(
    chain: str,
    words: tuple[str, ...],
    places: str,
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another chain, a policy, and places that are twice, blank or of nobody are refused or told."""
    file = tmp_path / "places.csv"
    file.write_text((CASES / "places.csv").read_text(encoding="utf-8") + places, encoding="utf-8")
    files = ("--ftot", str(CASES / "good.xml"), str(file), "-n", str(CASES / "net"))
    got, _, err = run(capsys, "supply", chain, *files, *words)
    assert got == code
    assert said in " ".join(err.replace("│", " ").split())


BAD = (
    "",
    "-1",
    "nan",
    "inf",
    "1e400",
    "1,5",
    "x",
    "total",
    "maxsize",
    "tons/day",
    "'",
    '"',
    ";",
    "ў",
    "1e12",
    "o",
    "0",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_cell_gives_a_scenario_or_a_sentence(data: st.DataObject, tmp_path: Path) -> None:
    """Whatever stands in a cell, a header or a line too many, the answer is tables of finite figures or one sentence."""
    texts = {
        "rmp": RMP,
        "proc": PROC,
        "dest": DEST,
        "cand": NEW + "\nnew,processor,maxsize,20,tons,,,,,,,,",
        "sched": WEEK + "0,0.5\nweek,3,1",
    }
    name = data.draw(st.sampled_from(sorted(texts)))
    rows = [line.split(",") for line in texts[name].splitlines()]
    i = data.draw(st.integers(0, len(rows) - 1))
    j = data.draw(st.integers(0, len(rows[i]) - 1))
    rows[i][j] = data.draw(st.sampled_from(BAD))
    if data.draw(st.booleans()):
        rows.append(rows[i])
    texts[name] = "\n".join(",".join(r) for r in rows)
    found, said = {}, "."
    try:
        found = ftot_tables(read_ftot(scenario(tmp_path, texts)), PLACES)
    except FormatError as error:
        said = str(error)
    assert said.endswith((".", "?"))
    figures = [v for some in found.values() for r in some for v in r.values() if isinstance(v, float)]
    assert all(isfinite(v) and v >= 0 for v in figures)


@pytest.mark.parametrize(("row", "what"), [(1, "input"), (2, "output")])
def test_a_processor_has_both_ends(row: int, what: str, tmp_path: Path) -> None:
    """A processor whose only input or output was written as a setting is refused by its row, and not run."""
    rows = [line.split(",") for line in PROC.splitlines()]
    rows[row][2] = "maxsize"
    texts = {"proc": "\n".join(",".join(r) for r in rows)}
    with pytest.raises(FormatError, match=f"has no {what}; give it a row with io = {what[0]}"):
        ftot_tables(read_ftot(scenario(tmp_path, texts)), PLACES)
