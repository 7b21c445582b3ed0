"""Hold the reasons of unmet demand to the one thing that was made to cause it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from chain_cases import copied, with_row, without_row
from daliz.supplychain.causes import causes, least
from daliz.supplychain.chain import chain_from_tables
from daliz.supplychain.relaxing import Atom, Pool
from daliz.tables import Close
from small_chains import CHAIN, Row, names, place_network, tables

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.tables import Network

CONTRACT = {"chain_id": "c", "rule": "x", "source_id": "s"}


def lone(**changes: list[Row]) -> dict[str, list[Row]]:
    """Write the chain without the rival: one mine, one smelter, one market."""
    base = tables()
    return (
        base
        | {
            "facilities": [r for r in base["facilities"] if r["id"] != "rival"],
            "recipes": [r for r in base["recipes"] if r["id"] != "rival-metal"],
            "lanes": [],
        }
        | changes
    )


def with_cells(table: str, row: str, **cells: Any) -> dict[str, list[Row]]:
    """Return the lone chain with cells of one row changed."""
    return lone(**{table: [r | cells if r["id"] == row else r for r in lone()[table]]})


def reason(rows: dict[str, list[Row]], network: Network | None = None, **asked: Any) -> str:
    """Plan a chain and read why the town lacks something."""
    network = network or place_network()
    found = daliz.supply(network, chain_from_tables(network, "c", rows), **asked)
    assert found.markets()[0]["unmet"] > 0
    return found.unmet_reasons()["town"]


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (with_cells("facilities", "mine", opens=2030), "mine, which makes ore, opens only in 2030"),
        (with_cells("facilities", "smelter", closes=2000), "smelter, which makes metal, closed in 2000"),
        (
            lone(recipes=[r for r in lone()["recipes"] if r["id"] != "dig"]),
            "no facility makes ore, which metal is made of; add a recipe",
        ),
        (lone(recipes=[], recipe_parts=[]), "no facility makes metal; add a recipe"),
        (with_cells("recipes", "dig", capacity=11.0), "no more gets past dig (11 a year)"),
        (with_cells("recipes", "smelt", capacity=0.0), "no more gets past smelt (0 a year)"),
        (
            with_cells("facilities", "mine", node_id=""),
            (
                "no way leads from mine to smelter for ore: mine stands at no place of the network (node_id), and "
                "lanes.csv has no lane between them"
            ),
        ),
        (
            with_cells("commodities", "ore", cargo_id=""),
            (
                "no way leads from mine to smelter for ore: ore has no class of cargo (commodities.csv, cargo_id), "
                "and lanes.csv has no lane"
            ),
        ),
        (
            lone(contracts=[CONTRACT | {"id": "q", "kind": "quota", "from_ids": "mine", "maximum": 22.0}]),
            "no more gets past quota q (22 units a year)",
        ),
    ],
)
def test_the_one_cause_is_named(rows: dict[str, list[Row]], sentence: str) -> None:
    """A year, a missing recipe, a capacity, a place, a class of cargo and a quota are told apart."""
    assert reason(rows) == sentence


def test_what_is_left_out_is_named() -> None:
    """A country without which a facility stands still, and one that the way passes."""
    assert reason(lone(), without=["AA"]) == "AA is left out, so that mine stands still"
    direct = [
        r | ({"node_id": "n2", "country": "CC"} if r["id"] == "smelter" else {}) for r in lone()["facilities"]
    ]
    network = place_network().change(Close("links", "l2"))
    told = reason(lone(facilities=direct), network, without=["BB"])
    assert told == "BB is left out, over which the way would go"
    assert (
        reason(lone(facilities=direct), network, without=["l0"])
        == "l0 is left out, over which the way would go"
    )


def test_a_closed_link_is_named() -> None:
    """Where the links are there and closed, the sentence says which; the class and rules are not blamed."""
    network = place_network().change(Close("links", "l0"), Close("links", "l2"))
    told = reason(lone(), network)
    assert told == f"no way leads from mine to smelter for ore: link l0 is closed in {network.year}"


def test_a_rule_is_named() -> None:
    """A way that a rule prohibits to the class is told with the rule."""
    rule = {
        "id": "no-boxes",
        "scope": "node",
        "scope_id": "n1",
        "cargo_id": "container-40",
        "effect": "prohibit",
        "rule": "No boxes here.",
        "source_id": "s",
    }
    told = reason(lone(), place_network(restrictions=[rule]))
    assert told == (
        "no way leads from mine to smelter for ore, nor from smelter to town for metal: rule no-boxes: No boxes here"
    )


DEPOT = {"id": "cita-road", "node_id": "cita", "mode": "road", "operation": "handling", "class_id": "depot"}
BOTH = "no way leads from mine to smelter for ore, nor from smelter to town for metal: "


@pytest.mark.parametrize(
    ("terminal", "rate", "said"),
    [
        (
            DEPOT | {"from_date": "2024-10-01"},
            True,
            "terminal cita-road is closed in 2024 (opens 2024-10-01)",
        ),
        (DEPOT | {"cargo_groups": "container"}, True, "the terminal at cita does not admit bulk cargo"),
        ({}, True, "terminals.csv has no terminal at cita"),
        (DEPOT, False, "rates.csv has no price for bulk cargo by road"),
    ],
)
def test_one_thing_that_closes_two_trips_is_one_cause(
    terminal: dict[str, Any], rate: bool, said: str, tmp_path: Path
) -> None:
    """A terminal that is closed, missing or of another class, and a missing rate, are told once for all they close."""
    package = copied("good", tmp_path / "p")
    without_row(package, "terminals", "cita-road")
    if terminal:
        with_row(package, "terminals", **terminal)
    if not rate:
        without_row(package, "rates", "road-b")
    assert daliz.supply(daliz.open(package), "c").unmet_reasons() == {"town": BOTH + said}


def test_a_class_that_nothing_takes_is_named() -> None:
    """Bulk has no rate here, so the sentence speaks of rates and not of links."""
    bulk = {
        "id": "grain", "name_en": "g", "name_kk": "g", "name_ru": "g", "rate_group": "bulk", "unit": "t",
        "containers": 0.0, "teu": 0.0, "payload_t": 1.0, "gross_t": 1.0, "rate_units": 1.0, "value_usd": 200.0,
        "value_of_time_usd_h": 0.05, "reliability_ratio": 0.5,
    }  # fmt: skip
    told = reason(with_cells("commodities", "ore", cargo_id="grain"), place_network(cargoes=[bulk]))
    assert told.startswith("no way leads from mine to smelter for ore: rates.csv has no price for bulk cargo")


def test_places_that_nothing_joins_are_named() -> None:
    """A place without links is told as such."""
    island = {"id": "n9", "name_en": "x", "name_kk": "x", "name_ru": "x", "country": "AA", "kind": "city",
              "lat": 1.0, "lon": 1.0}  # fmt: skip
    told = reason(with_cells("facilities", "mine", node_id="n9"), place_network(nodes=[island]))
    assert told == "no way leads from mine to smelter for ore: no link of links.csv touches n9"


def test_two_causes_in_a_row_are_told_together() -> None:
    """Neither the mine nor the smelter alone brings more, so both are named and neither is blamed alone."""
    rows = with_cells("recipes", "dig", capacity=22.0)
    rows["recipes"] = [r | ({"capacity": 10.0} if r["id"] == "smelt" else {}) for r in rows["recipes"]]
    assert reason(rows) == "only together: no more gets past dig (22 a year), smelt (10 a year)"
    shut = with_cells("facilities", "mine", opens=2030, node_id="")
    told = reason(shut)
    assert told.startswith(
        "only together: mine, which makes ore, opens only in 2030; and no way leads from mine"
    )


def test_what_each_alone_would_mend_is_listed() -> None:
    """A mine that is left out and the capacity of the other are both causes, each on its own."""
    other = names("pit") | CHAIN | {"stage": "mine", "country": "BB", "node_id": "n1"}
    pit = {"id": "pit-ore", "facility_id": "pit", "commodity_id": "ore", "capacity": 22.0, "cost_usd": 5.0}
    rows = lone(facilities=[*lone()["facilities"], other], recipes=[*lone()["recipes"], pit])
    told = reason(rows, without=["AA"])
    assert told == "no more gets past pit-ore (22 a year); or AA is left out, so that mine stands still"


def test_a_stock_that_one_year_does_not_draw_is_named() -> None:
    """Ore that the smelter keeps could serve, but only over several years; over two it does."""
    stock = {"id": "heap", "chain_id": "c", "at_id": "smelter", "commodity_id": "ore", "opening": 500.0,
             "maximum": 500.0, "holding_usd": 0.0}  # fmt: skip
    rows = lone(recipes=[r for r in lone()["recipes"] if r["id"] != "dig"], stocks=[stock])
    assert reason(rows) == "smelter keeps 500 of ore, which only a plan of several years draws"
    network = place_network()
    found = daliz.supply(network, chain_from_tables(network, "c", rows), terms=daliz.SupplyTerms(years=2))
    assert found.markets()[0]["unmet"] == pytest.approx(0.0, abs=1e-6)


def test_what_is_too_dear_is_told_with_its_cost() -> None:
    """A unit costs 5 USD of smelting more than ten times its price; nothing else is blamed."""
    told = reason(with_cells("recipes", "smelt", cost_usd=50000.0))
    assert "more than the penalty of 10 times its price of 2,000 USD" in told
    cost = float(told.split(" USD a unit")[0].split()[-1].replace(",", ""))
    network = place_network()
    rows = with_cells("recipes", "smelt", cost_usd=50000.0)
    dear = daliz.supply(network, chain_from_tables(network, "c", rows), terms=daliz.SupplyTerms(penalty=1e4))
    assert cost == pytest.approx(dear.markets()[0]["cost_usd"], rel=0.02)
    assert reason(with_cells("markets", "town", price_usd=0.0)).startswith("its price is 0 USD")


def test_a_price_of_carbon_and_duties_are_blamed_only_where_they_decide() -> None:
    """What would be served without them is told so; without them the sentence has neither."""
    rows = with_cells("recipes", "smelt", kg_co2e=1e6)
    told = reason(rows, terms=daliz.SupplyTerms(carbon_usd_t=100.0))
    assert told.startswith("the carbon price of 100 USD/t makes it too dear; or it could be met, but only at")
    duty = daliz.SupplyTerms(duties={("metal", "BB", "town"): 500.0})
    assert reason(lone(), terms=duty).startswith("duties make it too dear; or it could be met")


def test_an_offtake_that_takes_all_is_named() -> None:
    """All metal is bound to another market by contract, and the town has none."""
    village = lone()["markets"][0] | names("village") | {"demand": 40.0, "price_usd": 2000.0}
    bound = CONTRACT | {"id": "deal", "kind": "offtake", "to_ids": "village", "minimum": 40.0}
    rows = lone(markets=[*lone()["markets"], village | {"demand": 10.0}], contracts=[bound])
    assert reason(rows).startswith("the offtake deal takes it; or ")


def test_a_set_of_causes_has_none_too_many() -> None:
    """The filter keeps exactly what is needed, whatever else is put in."""
    needed = {Atom("closed", "a"), Atom("way", "3")}
    every = [*needed, Atom("quota", "q"), Atom("stock", "s")]
    assert least(lambda some: needed <= some, every) == needed


def test_causes_hold_when_relaxed() -> None:
    """What is called a cause brings more when it is mended in the tables, and nothing else does."""
    rows = with_cells("recipes", "dig", capacity=22.0)
    network = place_network()
    found = daliz.supply(network, chain_from_tables(network, "c", rows))
    assert causes(Pool(found), "town").alone == (Atom("facility", "dig"),)
    for row, more in (("dig", 10.0), ("smelt", 0.0)):
        mended = rows | {
            "recipes": [r | ({"capacity": 1e3} if r["id"] == row else {}) for r in rows["recipes"]]
        }
        again = daliz.supply(network, chain_from_tables(network, "c", mended))
        gained = again.markets()[0]["delivered"] - found.markets()[0]["delivered"]
        assert (gained > 5.0) == (more > 0)


def test_a_plan_over_traffic_says_so() -> None:
    """Where other traffic leaves no room, the sentence says that it is what is left."""
    network = place_network()
    found = daliz.supply(
        network, chain_from_tables(network, "c", with_cells("recipes", "dig", capacity=11.0))
    )
    assert "traffic" not in found.unmet_reasons()["town"]
    assert replace(found, read=None).unmet_reasons() == found.unmet_reasons()


def test_a_service_that_runs_one_way_is_named(tmp_path: Path) -> None:
    """The ship sails from the smelter to the mine alone, and the sentence says which way it runs."""
    package = copied("good", tmp_path / "p")
    for link in ("r1", "r2"):
        without_row(package, "links", link)
    with_row(
        package,
        "links",
        id="s",
        from_node="alba",
        to_node="cita",
        mode="sea",
        length_km=600,
        speed_class="sea",
    )
    rate = {"mode": "sea", "cargo_group": "bulk", "direction": "both", "basis": "line-haul", "kind": "price"}
    with_row(package, "rates", id="sea-b", usd_per_km=0.01, price_year=2024, **rate)
    for place in ("alba", "cita"):
        with_row(
            package,
            "terminals",
            id=f"{place}-sea",
            node_id=place,
            mode="sea",
            operation="handling",
            class_id="depot",
        )
    with_row(
        package,
        "emission_factors",
        id="bulker",
        name_en="bulker",
        mode="sea",
        basis="tkm",
        wtw_kg=0.01,
        edition="x",
    )
    ship = {
        "name_en": "ship",
        "kind": "deep-sea",
        "mode": "sea",
        "cargo_groups": "bulk",
        "factor_id": "bulker",
    }
    with_row(package, "services", id="ship", departures_per_week=7, headway_cv=0.2, **ship)
    for i, place in enumerate(("cita", "alba"), 1):
        with_row(package, "stops", id=f"ship-0{i}", service_id="ship", sequence=i, node_id=place, call="both")
    told = daliz.supply(daliz.open(package), "c").unmet_reasons()["town"]
    assert told == "no way leads from mine to smelter for ore: service ship runs only from cita to alba"


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_the_capacity_that_is_blamed_is_the_least(ore: int, metal: int, demand: int) -> None:
    """Of the mine (in metal) and the smelter the lesser bounds the town; of equals neither alone; none if both suffice."""
    base = lone()
    sizes = {"dig": 2.2 * ore, "smelt": float(metal)}
    rows = base | {
        "recipes": [r | {"capacity": sizes[r["id"]]} for r in base["recipes"]],
        "markets": [r | {"demand": float(demand)} for r in base["markets"]],
    }
    network = place_network()
    plan = daliz.supply(network, chain_from_tables(network, "c", rows))
    bounds = {"dig": ore, "smelt": metal}
    least_bound = min(bounds.values())
    if least_bound >= demand:
        assert plan.unmet_reasons() == {}
        return
    found = causes(Pool(plan), "town")
    tight = tuple(Atom("facility", r) for r in sorted(bounds) if bounds[r] == least_bound)
    assert (found.alone, found.together) == ((tight, ()) if len(tight) == 1 else ((), tight))


def test_a_place_without_a_terminal_or_price_is_named(tmp_path: Path) -> None:
    """What the mine cannot send for want of a terminal, or of any price, is told as that."""
    package = copied("good", tmp_path / "terminal")
    without_row(package, "terminals", "alba-road")
    told = daliz.supply(daliz.open(package), "c").unmet_reasons()["town"]
    assert "terminals.csv has no terminal at alba" in told
    package = copied("good", tmp_path / "price")
    without_row(package, "rates", "road-b")
    told = daliz.supply(daliz.open(package), "c").unmet_reasons()["town"]
    assert "rates.csv has no price for bulk cargo by road" in told
