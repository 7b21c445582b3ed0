"""Hold what `daliz supply` prints of small chains whose plans are known."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import daliz
from command_line import cells, run
from small_chains import CHAIN, Row, names, place_network, tables
from test_formats_ftot import PROC, scenario

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEW = names("new") | CHAIN | {"stage": "smelter", "country": "CC", "node_id": "n2", "candidate": True}
OFFTAKE = {"chain_id": "c", "kind": "offtake", "rule": "x", "source_id": "s"}


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print on a terminal that breaks no line of a table, whatever the one that runs the tests."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[..., daliz.Network]:
    """Open the network of three places with the small chain, rows of tables changed, whatever package is asked."""

    def put(**changes: list[Row]) -> daliz.Network:
        network = place_network(**tables(**changes))
        monkeypatch.setattr("daliz.tables.open_network", lambda *_: network)
        return network

    put()
    return put


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--top", "-1"), "--top is -1; give 0 or more"),
        (("--csv", "--each"), "--csv prints the ways alone"),
        (("--cut",), "--cut and --origin tell of one market"),
        (("--leaving", "XX"), "'XX' is no country of"),
        (("--over", "XX"), "'XX' is no country, place, link or operator of"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """The command ends with code 2, prints no plan and says what to give."""
    code, out, err = run(capsys, "supply", "c", *words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())


@pytest.mark.usefixtures("opened")
def test_the_plan_is_told_beside_that_of_the_whole_network(capsys: pytest.CaptureFixture[str]) -> None:
    """Without AA the rival's 5 of 30 are left: what is unmet stands in place of the difference in cost."""
    code, out, _ = run(capsys, "supply", "c", "--without", "AA", "--draws", "2")
    assert code == 0
    assert cells(out)[0] == ["town", "5", "25", "9,050", "83.3% unmet", "50", "0", "cannot be had"]
    assert "Unmet at town: no more gets past rival-metal (5 a year); or AA is left out" in " ".join(
        out.split()
    )
    assert "over 2 draws" in out
    assert ["unmet", "town", "83.3%", "83.3%", "83.3%"] in cells(out)
    assert ["cost_usd", "town", "9,050", "9,050", "9,050"] in cells(out)


@pytest.mark.usefixtures("opened")
def test_what_leaves_a_country_is_told_by_the_first_that_it_passes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """All 66 t of ore for 30 t of metal leave AA over BB; without the question nothing is told of it."""
    _, out, _ = run(capsys, "supply", "c", "--leaving", "AA", "--over", "BB")
    assert "What leaves AA, by the first that it passes" in " ".join(out.split())
    assert ["ore", "BB", "66", "100%"] in cells(out)
    _, out, _ = run(capsys, "supply", "c")
    assert "What leaves" not in out


def test_candidates_are_told_built_or_not(
    capsys: pytest.CaptureFixture[str], opened: Callable[..., daliz.Network]
) -> None:
    """A candidate stands in a table of its own: at a cost of 1 USD it is built, at a vast one it is not."""
    base = tables()
    recipe = {"id": "new-smelt", "facility_id": "new", "commodity_id": "metal", "capacity": 40.0}
    part = {"id": "new-ore", "recipe_id": "new-smelt", "role": "input", "commodity_id": "ore", "amount": 2.2}
    constants = [{"id": "capital-cost-share", "value": 0.1}, {"id": "plant-life-years", "value": 20.0}]
    for cost, row in ((1.0, ["new", "yes", "30 metal", "75%"]), (1e9, ["new", "no", "0 metal", "0%"])):
        opened(
            facilities=[*base["facilities"], NEW | {"build_usd": cost}],
            recipes=[*base["recipes"], recipe | {"cost_usd": 1.0}],
            recipe_parts=[*base["recipe_parts"], part],
            constants=constants,
        )
        code, out, _ = run(capsys, "supply", "c")
        assert (code, row in cells(out)) == (0, True), out


def test_contracts_that_bring_too_much_or_nothing_are_told(
    capsys: pytest.CaptureFixture[str], opened: Callable[..., daliz.Network]
) -> None:
    """An offtake of 35 brings 5 more than the 30 asked for; one that no way serves is named."""
    much = OFFTAKE | {"id": "much", "from_ids": "smelter", "to_ids": "town", "minimum": 35.0}
    vain = OFFTAKE | {"id": "vain", "from_ids": "rival", "to_ids": "smelter", "minimum": 1.0}
    opened(contracts=[much, vain])
    _, out, _ = run(capsys, "supply", "c")
    assert "Contracts bring 5 more to town than it asks for." in out
    assert "Nothing is left that could serve these contracts: vain." in out
    _, out, _ = run(capsys, "supply", "c", "--json")
    assert json.loads(out)["idle_contracts"] == ["vain"]


@pytest.mark.usefixtures("opened")
def test_the_least_failures_that_cut_a_market_off_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The town is cut off once one country on each of its two ways fails."""
    _, out, _ = run(capsys, "supply", "c", "--market", "town", "--cut", "--json")
    told = json.loads(out)
    assert (told["least_failures_bound"], told["whole"]) == (2, None)
    here, there = ({*told["least_failures"]} & way for way in ({"AA", "BB"}, {"YY", "ZZ"}))
    assert (len(here), len(there), len(told["least_failures"])) == (1, 1, 2)
    _, out, _ = run(capsys, "supply", "c", "--market", "town", "--cut")
    line = next(line for line in out.splitlines() if line.startswith("<Failures"))
    assert all(name in line for name in told["least_failures"])


def test_duties_of_a_policy_stand_in_the_plan(
    capsys: pytest.CaptureFixture[str],
    opened: Callable[..., daliz.Network],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A duty of 25 % on metal of 100 USD makes the unit 25 USD dearer."""

    class Duties:
        def chain_duties(self, chain: str) -> dict[tuple[str, str, str], float]:
            return {("metal", "BB", "town"): 0.25} if chain == "c" else {}

    trade = {"id": "t", "importer": "CC", "exporter": "BB", "product_id": "metal", "value_usd": 1.0}
    opened(
        policies=[names("toll") | {"kind": "counterfactual", "order": 1}],
        trades=[trade],
        products=[
            names("metal") | {"hs": "1", "usd_per_t": 1.0, "import_elasticity": -1.0, "substitution": 1.0}
        ],
        defaults=[{"id": "exporter", "value": "BB", "description": "x"}],
    )
    monkeypatch.setattr("daliz.trade.tariff", lambda *_, **__: Duties())
    cost = []
    for words in ((), ("--policy", "toll")):
        _, out, err = run(capsys, "supply", "c", "--json", *words)
        assert err == ""
        cost.append(json.loads(out)["markets"][0]["cost_usd"])
    assert cost[1] - cost[0] == pytest.approx(25.0)


@pytest.mark.usefixtures("opened")
def test_traffic_is_handed_to_the_plan(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--traffic` plans in the room that the assigned flows leave; without it no traffic is assigned."""
    seen: list[Any] = []
    plan = daliz.supply

    def spied(*given: Any, flows: Any, **more: Any) -> daliz.Supply:
        seen.append(flows)
        return plan(*given, **more)

    monkeypatch.setattr("daliz.supplychain.supply", spied)
    monkeypatch.setattr("daliz.assignment.assign", lambda network: f"flows of {network.year}")
    code, out, err = run(capsys, "supply", "c", "--traffic", "--csv")
    assert (code, seen) == (0, ["flows of 2024"])
    assert [r["t"] for r in csv.DictReader(out.splitlines())] == ["66.0", "30.0"]
    assert err.startswith("<Supply of c in tables 2024")
    run(capsys, "supply", "c", "--csv")
    assert seen[1:] == [None]


@pytest.mark.usefixtures("opened")
def test_a_plan_without_proof_ends_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is printed all the same, and says that it did not converge."""
    plan = daliz.supply
    monkeypatch.setattr("daliz.supplychain.supply", lambda *a, **k: replace(plan(*a, **k), converged=False))
    code, out, _ = run(capsys, "supply", "c")
    assert (code, "NOT CONVERGED" in out) == (1, True)


def test_a_scenario_of_ftot_is_planned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Places come from a CSV; what is not taken over is told on standard error; a CSV of other columns is refused."""
    network = place_network()
    cargo = network.table("cargoes").row("container-40")
    more = [cargo | {"id": name} for name in ("dry-bulk", "liquid-bulk")]
    network = place_network(cargoes=more)
    monkeypatch.setattr("daliz.tables.open_network", lambda *_: network)
    path, places = scenario(tmp_path, proc=PROC.replace(",i,,,50,", ",i,,5,50,")), tmp_path / "places.csv"
    places.write_text("facility_name,node_id\nfarm,n0\nplant,n1\ncity,n2\n", "utf-8")
    code, out, err = run(capsys, "supply", "ftot", "--ftot", str(path), str(places), "--json")
    told = json.loads(out)
    assert code == 0
    assert any(x.startswith("daliz: ") and "min_capacity in proc.csv" in x for x in err.splitlines())
    assert {m["market"] for m in told["markets"]} == {"city-ethanol"}
    places.write_text("name;node\nfarm;n0\n", "utf-8")
    assert (
        "columns are separated by commas"
        in run(capsys, "supply", "ftot", "--ftot", str(path), str(places))[2]
    )
    places.write_text("name,node\nfarm,n0\n", "utf-8")
    code, out, err = run(capsys, "supply", "ftot", "--ftot", str(path), str(places))
    assert (code, out) == (2, "")
    assert "it lacks facility_name, node_id; give the columns facility_name, node_id" in err
