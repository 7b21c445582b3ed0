"""Run every verb on the second embedded package, and hold some of its answers against sums made by hand."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from importlib import resources
from math import isfinite
from typing import TYPE_CHECKING, Any

import pytest

import daliz
from command_line import run
from daliz.errors import DataError, QueryError, RouteError
from daliz.studies import ways_round
from daliz.studies.brief_plan import brief_plan
from daliz.tables.schema import schema
from daliz.tables.store import embedded_names, open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daliz.routing import Itinerary

MINI = "corridor-mini"


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open(MINI)


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Ask a verb of the package for JSON; it must end with 0."""

    def asked(verb: str, *words: str) -> Any:
        code, out, err = run(capsys, verb, *words, "-n", MINI, "--json")
        assert code == 0, err
        return json.loads(out)

    return asked


def best(network: daliz.Network, corridor: str, **question: Any) -> Itinerary:
    """Find the best way of a corridor from Tolma to Hadel for a container."""
    found = daliz.routes(network, "Tolma", "Hadel", daliz.Shipment(**question), search=daliz.Search(draws=0))
    return next(i for i in found.itineraries if i.corridor == corridor)


def test_every_package_beside_the_code_opens_by_its_name() -> None:
    """A folder with a descriptor is an embedded package; `-` in the name is `_` in the folder."""
    assert {open_store(n).descriptor["name"] for n in embedded_names()} == {"corridor-mini", "eurasia"}


@pytest.mark.parametrize(
    "name", ["corridor_mini", "tables", "../daliz/eurasia", "Eurasia", "corridor-min", "-", ""]
)
def test_no_other_text_names_a_package(name: str) -> None:
    """A name in another spelling, a folder of code or a path inside is no embedded package; the known ones are told."""
    with pytest.raises(DataError, match=r"corridor-mini, eurasia|holds no datapackage.json"):
        open_store(name)


def test_it_is_clean_small_and_has_evidence_of_every_kind(network: daliz.Network) -> None:
    """No fault, under 300 rows beside the evidence, and each kind of evidence at least once."""
    found = daliz.check(MINI)
    assert found.faults == []
    assert sum(n for table, n in found.rows.items() if table != "evidence") < 300
    assert {grade for grade, _, _ in found.shares} == set(network.store["grades"].ids.tolist())
    rows = network.store["evidence"].rows()
    assert {r["distribution"] for r in rows} == {"triangular", "uniform", "fixed"}
    for kind in ("arithmetic", "note", "group", "from_date", "to_date"):
        assert any(r[kind] for r in rows), kind
    assert any(not r["used"] for r in rows)
    assert any(isfinite(r["low"]) and isfinite(r["high"]) for r in rows)
    assert all(
        f"{call}(" in "".join(r["arithmetic"] for r in rows) for call in ("gc", "shape", "cell", "index")
    )


def test_every_table_of_the_schema_has_rows(network: daliz.Network) -> None:
    """Whoever wants to see what a table is for finds a row of it here."""
    assert {name for name in schema() if not len(network.store[name])} == set()


def test_no_real_country_is_in_it(network: daliz.Network) -> None:
    """All codes of countries are of those that ISO 3166 leaves to its users."""
    codes = {
        str(c) for t in ("nodes", "facilities", "markets", "operators") for c in network.store[t]["country"]
    }
    assert all(len(c) == 2 and c[0] == "X" and "A" <= c[1] <= "Z" for c in codes)


def test_the_way_by_sea_is_what_its_rows_add_up_to(network: daliz.Network) -> None:
    """Km, hours and dollars of the sea corridor equal sums of the cells by hand.

    km      310 + 300 + 420 + 480 shuttle, 500 sea, 330 + 260 rail
    hours   shuttle  (10 + 2) x 2 in the yards, wait 168 / 3 / 2 x (1 + 0.2^2) = 29.12,
                     610 / 50 + 420 / 40 + 480 / 36 = 36.033 run, 4 at Kumla, 16 + 4 border, 8 + 1 gauge
            feeder   (18 + 6) x 2 in the ports, wait 168 / 4 / 2 x (1 + 0.5^2) = 26.25, 500 / 28 run,
                     weather (7 x 0.02 x 24 + 1.2 x 48) / 12 = 5.08: in 5 months 1.2 closed for 2 days, else 1 day
            rail     (10 + 2) x 2 in the yards, 590 / 22 run
    USD     through rate 980, feeder 620, 590 x 0.75, yards 2 x 2 x 50, ports 2 x 150
    """
    way = best(network, "sea")
    assert [leg.service or leg.mode for leg in way.legs] == ["shuttle", "feeder", "rail"]
    assert way.km == pytest.approx(1510 + 500 + 590)
    shuttle = 24 + 29.12 + 610 / 50 + 420 / 40 + 480 / 36 + 4 + 20 + 9
    feeder = 48 + 26.25 + 500 / 28 + (7 * 0.02 * 24 + 1.2 * 48) / 12
    rail = 24 + 590 / 22
    assert [leg.hours for leg in way.legs] == pytest.approx([shuttle, feeder, rail], rel=1e-6)
    assert way.usd == pytest.approx(980 + 620 + 590 * 0.75 + 4 * 50 + 2 * 150)


def test_the_way_by_the_north_is_what_its_rows_add_up_to(network: daliz.Network) -> None:
    """Hours, dollars and emissions of the northern corridor equal sums of the cells by hand.

    A link over a border is half in each country: XD 310 + 150, XE 150 + 420 + 380 + 285, XG 285 + 345, XF 345 + 260.

    hours   610 / 24 + 2060 / 20 + 260 / 22 run, borders 16 + 4 and twice 14 + 6, gauge 8 + 1, yards (10 + 2) x 2
    USD     460 x 0.75 + 1235 x 0.6 x 104 / 100 + 630 x 1.1 + 605 x 0.75, borders 90 + 2 x 140, gauge 40, yards
            2 x 50, premium 0.001 of 60,000
    kg      20 t: electric 0.025 kWh x (460 km x 0.3 + 150 km x 0.8 + 130 km x 0.4 kg/kWh), diesel
            (2060 + 130) km x 0.029; boxes 6 in each yard and 5 at the gauge
    """
    way = best(network, "north")
    assert [leg.mode for leg in way.legs] == ["rail"]
    assert way.hours == pytest.approx(610 / 24 + 2060 / 20 + 260 / 22 + 60 + 9 + 24)
    line = 460 * 0.75 + 1235 * 0.6 * 1.04 + 630 * 1.1 + 605 * 0.75
    assert way.usd == pytest.approx(line + 90 + 2 * 140 + 40 + 2 * 50 + 0.001 * 60_000)
    electric = 0.025 * (460 * 0.3 + 150 * 0.8 + 130 * 0.4)
    assert way.kg_co2e == pytest.approx(20 * (electric + (2060 + 130) * 0.029) + 2 * 6 + 5)


def test_the_border_was_slower_before_the_joint_inspection() -> None:
    """Dated evidence: 22 hours at the border in 2023 and 16 from 2024, and nothing else of the way differs in hours."""
    before, after = (best(daliz.open(MINI, year=year), "north").hours for year in (2023, 2024))
    assert before - after == pytest.approx(22 - 16)


def test_the_shuttle_runs_one_way_only(network: daliz.Network) -> None:
    """No train of the shuttle goes back, so the way back is by single wagon."""
    back = daliz.routes(network, "Sarma", "Tolma", search=daliz.Search(draws=0, pareto=False))
    assert all("shuttle" not in {leg.service for leg in i.legs} for i in back.itineraries)


def test_the_port_waits_longer_in_winter(network: daliz.Network) -> None:
    """Closed 0.4 of July for spells of 48 h on average, and 0.02 of January for 24 h: 19.2 and 0.48 h on average."""
    way = {
        month: daliz.routes(
            network, "Sarma", "Velis", month=month, search=daliz.Search(draws=0, pareto=False)
        )[0].hours
        for month in (1, 7)
    }
    assert way[7] - way[1] == pytest.approx(0.4 * 48 - 0.02 * 24)


def test_carriers_of_one_country_may_not_drive_through_another(network: daliz.Network) -> None:
    """A lorry of XD finds no way by road over XG, one of XE does."""
    roads = daliz.Shipment(avoid=["mode:rail", "mode:sea"], carrier="XE")
    search = daliz.Search(draws=0, pareto=False)
    assert daliz.routes(network, "Kumla", "Hadel", roads, search=search)[0].corridor == "north"
    barred = daliz.Shipment(avoid=["mode:rail", "mode:sea"], carrier="XD")
    with pytest.raises(RouteError, match="Carriers of XD may not drive in XG"):
        daliz.routes(network, "Kumla", "Hadel", barred, search=search)


def test_routes_with_every_option(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """All options together answer, and what is written is a diagram and a map."""
    words = (
        "--legs",
        "--why",
        "--pareto",
        "--month",
        "7",
        "--via",
        "Kumla",
        "--avoid",
        "mode:road",
        "--draws",
        "100",
    )
    more = ("--seed", "2", "--max-borders", "2", "--carbon-price", "50", "--value-of-time", "9", "--k", "2")
    edits = (
        "--under",
        "lodar-cutoff",
        "--without",
        "storm-2024",
        "--set",
        "services.feeder.departures_per_week=7",
    )
    files = ("--diagram", str(tmp_path / "tcd.svg"), "--map", str(tmp_path / "map.svg"))
    ends = (
        "Толма",
        "XFHAD",
        "-n",
        MINI,
        "--cargo",
        "container-40-high",
        "--only",
        "feeder",
        "--carrier",
        "XE",
    )
    code, out, err = run(capsys, "routes", *ends, *words, *more, *edits, *files)
    assert code == 0, err
    assert "sea" in out
    assert "rates.feeder-container.usd_fixed = 620" in out
    assert {p.name for p in tmp_path.iterdir()} == {"tcd.svg", "map.svg"}
    code, out, err = run(
        capsys, "routes", "Kumla", "Hadel", "-n", MINI, "--cargo", "dry-bulk", "--date", "2024-03-10"
    )
    assert code == 0, err
    assert "sea" not in out  # the storm of March closed it


def test_the_project_shortens_the_way_to_the_port(network: daliz.Network) -> None:
    """The planned railway stands in no answer before its project is in force, and then 290 km instead of 860."""
    search = daliz.Search(draws=0, pareto=False)
    rail = daliz.Shipment(avoid=["mode:road"])
    assert daliz.routes(network, "Lodar", "Sarma", rail, search=search)[0].km == 380 + 480
    built = network.under("lodar-cutoff")
    assert daliz.routes(built, "Lodar", "Sarma", rail, search=search)[0].km == 290


@pytest.mark.parametrize("method", ["sue", "due", "so", "capacity"])
def test_all_demand_is_served_by_every_method(ask: Callable[..., Any], method: str) -> None:
    """By hand: 50,000 x 0.9 + 22,000 TEU of 10 t, and 450 x 0.8 kt of grain; the feeder, full eastbound, is shared."""
    told = ask("assign", "--method", method)
    assert told["converged"]
    ways = {c["corridor"]: c for c in told["corridors"]}
    assert sum(c["teu"] for c in ways.values()) == pytest.approx(50_000 * 0.9 + 22_000, rel=1e-6)
    assert sum(c["kt"] for c in ways.values()) == pytest.approx(67_000 / 2 * 20 / 1e3 + 450 * 0.8, rel=1e-6)
    assert min(ways["sea"]["teu"], ways["north"]["teu"]) > 20_000
    first = told["bottlenecks"][0]
    assert first["name"] == "feeder sarma - velis"
    # four ships a week of 120 TEU, over 365 / 7 weeks
    assert first["capacity"] == pytest.approx(4 * 120 * 365 / 7)
    if method == "capacity":
        assert first["volume"] == pytest.approx(first["capacity"])
        assert first["price_usd"] > 0
    else:
        assert first["delay_h"] > 100


def test_aversion_moves_shippers_to_the_sea(ask: Callable[..., Any]) -> None:
    """In 2024 half of the shippers of XD keep out of XG: the sea gains although the feeder queues."""
    sea = {
        y: next(c["teu"] for c in ask("assign", "-y", y)["corridors"] if c["corridor"] == "sea")
        for y in ("2023", "2024")
    }
    assert sea["2024"] > 1.2 * sea["2023"]


def test_assign_tells_of_a_link_of_given_demand_and_of_ranges(
    ask: Callable[..., Any], tmp_path: Path
) -> None:
    """Users of a link by market, ranges over draws, and demand of a file of which all goes over the only way."""
    told = ask("assign", "--select", "sea-sarma-velis", "--draws", "3", "--out", str(tmp_path / "run"))
    assert {r["market"] for r in told["selected"]} == {"west-east", "east-west", "grain"}
    assert {r["corridor"] for r in told["ranges"]} >= {"sea", "north"}
    assert (tmp_path / "run").is_dir()
    demand = tmp_path / "demand.csv"
    demand.write_text("origin,destination,cargo,units\nmirva,kumla,dry-bulk,1000\n", encoding="utf-8")
    assert [c["kt"] for c in ask("assign", "--demand", str(demand))["corridors"] if c["kt"]] == [
        pytest.approx(1)
    ]


def test_a_chain_is_planned_within_its_quota(ask: Callable[..., Any]) -> None:
    """The mine is exhausted, the planned smelter takes what the quota lets to the port, and all demand is met.

    By hand: 50,000 t of concentrate at 4.05 t make 12,345.7 t of cathode; 32,000 t are asked for.
    """
    told = ask("supply", "copper")
    flows: dict[tuple[str, str], float] = defaultdict(float)
    for way in told["itineraries"]:
        flows[way["from"], way["to"]] += way["units"]
    assert flows["mirva-mine", "sarma-smelter"] == pytest.approx(50_000)
    assert flows["mirva-mine", "sarma-smelter"] + flows["mirva-mine", "lodar-smelter"] == pytest.approx(
        120_000
    )
    assert sum(v for (a, _), v in flows.items() if a == "sarma-smelter") == pytest.approx(50_000 / 4.05)
    assert sum(v for (_, b), v in flows.items() if b.endswith("works")) == pytest.approx(32_000)
    assert flows["lodar-smelter", "tolma-works"] >= 3000  # the offtake
    assert told["unmet_share"] == 0
    quota = next(x for x in told["limits"] if x["name"] == "sea-quota")
    assert quota["price_usd"] > 0
    assert {d["name"] for d in told["dependence"]} == {"XD", "XE", "XF", "XG"}


def test_supply_with_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    """Dependence, failures, cuts, a price of carbon, years with a stock, traffic, a policy and profit answer.

    Together with the traffic of all others the copper fills the feeder; the talks' 9,000 t to Hadel bind.
    """
    questions = {
        "--market XF --without XG --each --cut --origin XE --draws 2": "all demand met",
        "--carbon 100 --years 2 --traffic --by owner": "feeder sarma - velis",
        "--policy xu-talks-full --objective profit --under lodar-cutoff --year 2026": "lodar-talks",
    }
    for words, said in questions.items():
        code, out, err = run(capsys, "supply", "copper", "-n", MINI, *words.split())
        assert code == 0, err
        assert said in out


def test_without_the_country_of_the_mine_the_rest_falls_short(network: daliz.Network) -> None:
    """Without XE 8,000 t of Pelga and 12,000 t from abroad are left of the 32,000 t asked for: 12,000 t are unmet."""
    plan = daliz.supply(network, "copper", without=["XE"])
    assert sum(m["unmet"] for m in plan.markets()) == pytest.approx(12_000)


def test_the_duty_creates_and_diverts_trade(ask: Callable[..., Any]) -> None:
    """By hand: creation = 180 M x -1.2 x 0.10 / 1.02 / (1 + 1.2 / 4) by SMART with a supply elasticity of 4."""
    told = ask("tariff", "xu-2024-07", "--draws", "20")
    copper = next(r for r in told["lines"] if r["product"] == "copper-cathode")
    assert copper["creation"] == pytest.approx(180e6 * -1.2 * 0.10 / 1.02 / (1 + 1.2 / 4), rel=1e-3)
    assert copper["diversion"] < 0
    assert {e["corridor"] for e in told["corridors"]} >= {"sea", "north"}


@pytest.mark.parametrize(
    "words", [("story",), ("talks",), ("xu-2024-07", "--model", "armington", "--no-corridors")]
)
def test_story_talks_and_the_other_model_answer(ask: Callable[..., Any], words: tuple[str, ...]) -> None:
    """Each policy has its row, and the talks tell of the chain with contracts under them."""
    told = ask("tariff", *words, "--draws", "20")
    if words[0] == "story":
        assert [r["policy"] for r in told] == ["xu-mfn", "xu-2024-07", "xu-talks-none", "xu-talks-full"]
    elif words[0] == "talks":
        assert {r["policy"]: r["contract_units"] for r in told} == {
            "xu-talks-none": 0,
            "xu-talks-full": pytest.approx(9000),
        }
    else:
        assert told["totals"]["change"] < 0


def test_the_rest_of_the_verbs_answer(capsys: pytest.CaptureFixture[str], ask: Callable[..., Any]) -> None:
    """Places, changes, matrix, check and why tell what stands in the tables."""
    assert {r["id"] for r in ask("places", "--country", "XF")} == {"velis", "dorna", "hadel"}
    assert [r["id"] for r in ask("changes")] == ["storm-2024", "lodar-cutoff"]
    rows = ask("matrix")
    assert [(r["origin"], r["year"]) for r in rows] == [
        (o, y) for y in (2023, 2024, 2026) for o in ("tolma", "kumla")
    ]
    assert rows[2]["sea"] == "11 d, 2,542 USD"
    code, out, _ = run(capsys, "check", MINI)
    assert code == 0
    assert "clean" in out
    code, out, _ = run(capsys, "why", MINI, "indices.wide-tariff-2026.value")
    assert code == 0
    assert 'index("wide-tariff", 2025) + 4' in out


def test_observations_hold_and_parameters_are_fitted(
    ask: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """All scored observations are met, a claim is not scored, and the fit meets all counts within a fifth."""
    told = ask("validate", "--all", "--tuned")
    assert told["share"] == 1.0
    assert [s["id"] for s in told["scores"] if not s["scored"] and s["kind"] == "claim"] == ["d-north-claim"]
    fit = ask("calibrate")
    assert fit["converged"]
    assert {p["parameter"] for p in fit["parameters"]} == {"scale", "aversion", "constant-north"}
    assert all(0.8 < r["model"] / r["observed"] < 1.25 for r in fit["counts"])
    code, _, err = run(capsys, "calibrate", "-n", MINI, "--rolling")
    assert code == 2
    assert "leave no forecast to score; give four years or more" in err


def test_the_way_round_is_told_for_the_region_of_the_defaults(network: daliz.Network) -> None:
    """What XE sends to XF without XG: copper by the sea."""
    rows = ways_round(network, "copper")
    assert rows
    assert {r["corridor_round"] for r in rows} == {"sea"}


def test_the_brief_is_written(network: daliz.Network, tmp_path: Path) -> None:
    """The brief of a package without texts of its own is written in both languages, and names no other package's."""
    files = daliz.brief(network, tmp_path)
    text = next(f for f in files if f.name == "brief.html").read_text(encoding="utf-8")
    assert "Lodar" in text
    assert not any(word in text for word in ("Kazakh", "Middle Corridor", "Caspian", "Russia"))


def test_a_brief_asks_for_no_region_that_no_market_has(tmp_path: Path, network: daliz.Network) -> None:
    """A region in the brief's page of chains that no market bears is refused by name instead of left blank."""
    folder = network.save(tmp_path / "mine")
    (folder / "briefs" / "brief.toml").write_text('[minerals]\nregions = ["XQ"]\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"minerals.regions: there is no 'XQ'; choose among XD, XF, XU"):
        brief_plan(daliz.open(folder))


def test_it_comes_with_its_readme_and_brief() -> None:
    """The folder holds what a reader needs beside the tables; places told in it are in the tables."""
    folder = resources.files("daliz").joinpath("corridor_mini")
    text = folder.joinpath("README.md").read_text(encoding="utf-8")
    names = [
        r["id"] for r in csv.DictReader(io.StringIO(folder.joinpath("nodes.csv").read_text(encoding="utf-8")))
    ]
    assert [n for n in names if n not in text] == []
    assert folder.joinpath("briefs", "brief.toml").is_file()


def test_years_outside_the_data_are_refused() -> None:
    """The data begin with the first of the two years of figures; a later year is projected."""
    assert daliz.open(MINI, year=2026).projected
    with pytest.raises(QueryError, match="choose a year from 2023 to 2026"):
        daliz.open(MINI, year=2022)


def test_without_the_sea_those_averse_stay_at_home(network: daliz.Network) -> None:
    """A shock that closes the sea leaves the north, which half of 45,000 TEU of XD keep out of: 22,500 stay.

    The other half goes by the north with 22,000 TEU back, and of 270 kt of grain for Hadel all.
    """
    flows = daliz.assign_model(daliz.Model(network).under(daliz.Shock(close=("link:sea-sarma-velis",))))
    ways = {c["corridor"]: c for c in flows.corridors()}
    assert ways["sea"]["kt"] == 0
    assert ways["north"]["teu"] == pytest.approx(22_500 + 22_000, rel=1e-6)
    assert ways["north"]["kt"] == pytest.approx(44_500 * 10 / 1e3 + 450 * 0.8 * 0.75, rel=1e-6)
    assert flows.totals()["unserved_kt"] == pytest.approx(22_500 * 10 / 1e3, rel=1e-6)


def test_a_premium_is_found_again_from_what_it_does(network: daliz.Network) -> None:
    """Without a premium less copper of Lodar goes by the sea; the fit to what a premium of 150 USD does gives as much."""
    question = (network, "copper", "xg-premium", ("sea-sarma-velis",))
    plain, told = (daliz.split(*question, premium_usd=p) for p in (0.0, 150.0))
    assert plain.round < told.round <= told.total
    fitted = daliz.fit_premium(*question, observed=told.round)
    # the exponential distribution of buyers is taken in steps, and the fit ends within one
    assert fitted.round == pytest.approx(told.round, rel=0.02)
    assert fitted.premium_usd == pytest.approx(150, rel=0.05)


def test_who_is_leant_on_is_told(network: daliz.Network) -> None:
    """The failures of the plan, its concentration and its ways over countries answer for both markets."""
    plan = daliz.supply(network, "copper")
    assert {r["name"] for r in daliz.without_each(plan, "hadel-works")} >= {"XE", "XG"}
    assert {c["stage"] for c in daliz.concentration(plan)} == {"mine", "smelter"}
    left = daliz.balance_of_ways(plan, "XE", ("XG", "XF"))
    assert sum(r["share"] for r in left if r["commodity"] == "cathode") == pytest.approx(1)
    assert daliz.supply_ranges(plan, "hadel-works", draws=2)
