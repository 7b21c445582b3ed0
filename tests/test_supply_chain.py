"""Protect plans of a small chain: what is made, what is sold, what binds, and what each unit costs."""

from __future__ import annotations

import pytest

import daliz
from daliz.errors import PlaceError, SupplyError
from questions import routes_of
from small_chains import CHAIN, chain, changed, names, place_network, plan, tables


def test_a_small_chain_is_planned_as_by_hand() -> None:
    """30 t of metal take 66 t of ore; each way is the direct one, and the costs are those of `routes`."""
    found = plan()
    assert found.converged
    by = {r["recipe"]: r["units"] for r in found.facilities()}
    assert by["smelt"] == pytest.approx(30.0)
    assert by["dig"] == pytest.approx(66.0)
    assert by["rival-metal"] == pytest.approx(0.0)
    ways = {(r["from"], r["to"]): r for r in found.itineraries()}
    assert ways["mine", "smelter"]["countries"].split() == ["AA", "BB"]
    one = routes_of(found.chain.network, "n0", "n1", cargo="container-40", k=1, draws=0).itineraries[0]
    assert ways["mine", "smelter"]["usd"] == pytest.approx(one.usd / 20.0)


def test_the_stack_sums_to_what_is_paid() -> None:
    """Cost parts from ore to market, times what is delivered, are the whole cost of the plan."""
    found = plan(terms=daliz.SupplyTerms(carbon_usd_t=50.0))
    (market,) = found.markets()
    assert market["cost_usd"] * market["delivered"] == pytest.approx(found.cost_usd(), rel=1e-9)
    parts = found.stack()["town"]
    assert parts["production"] == pytest.approx(20.0 + 2.2 * 5.0)
    assert parts["carbon"] > 0


def test_the_next_unit_costs_what_one_more_unit_of_demand_adds() -> None:
    """The shadow price of a demand is the change of the whole when demand grows by a unit."""
    found = plan()
    more = plan(changed("markets", "town", demand=31.0))
    assert found.markets()[0]["marginal_usd"] == pytest.approx(more.cost_usd() - found.cost_usd(), rel=1e-9)


def test_unmet_demand_is_told_with_what_binds() -> None:
    """Beyond smelter and rival the rest is unmet, and both capacities have a rent."""
    found = plan(changed("markets", "town", demand=100.0))
    assert found.markets()[0]["unmet"] == pytest.approx(55.0)
    cut = {r["name"]: r["capacity"] * r["weight"] for r in found.unmet_cut()}
    assert cut == pytest.approx({"smelt": 40.0, "rival-metal": 5.0})
    assert "smelt (40 a year), rival-metal (5 a year)" in found.unmet_reasons()["town"]
    rents = {r["recipe"]: r["rent_usd"] for r in found.facilities()}
    assert rents["smelt"] > 0
    assert rents["rival-metal"] > 0
    assert rents["dig"] == pytest.approx(0.0)
    assert "55.00% of demand unmet" in repr(found)


def test_profit_sells_only_what_pays() -> None:
    """At 2,000 USD the rival's metal at 9,050 stays unsold, however much is asked for."""
    found = plan(changed("markets", "town", demand=100.0), terms=daliz.SupplyTerms(objective="profit"))
    assert found.markets()[0]["delivered"] == pytest.approx(40.0)
    assert {r["recipe"]: r["units"] for r in found.facilities()}["rival-metal"] == pytest.approx(0.0)


def test_a_demand_curve_meets_the_marginal_cost() -> None:
    """With elasticity, what is sold is worth at least what it costs, and a step more would not be."""
    rows = changed("markets", "town", elasticity=-1.0, demand=20.0)
    found = plan(rows, terms=daliz.SupplyTerms(objective="profit"))
    market = found.markets()[0]
    worth = 2000.0 * 20.0 / market["delivered"]
    assert worth >= market["marginal_usd"] * 0.9


def test_a_candidate_is_built_when_it_pays_and_not_else() -> None:
    """A second smelter that is cheap to build takes over; a dear one is left."""
    new = names("new") | CHAIN | {"stage": "smelter", "country": "CC", "node_id": "n2", "candidate": True}
    recipe = {
        "id": "smelt-new",
        "facility_id": "new",
        "commodity_id": "metal",
        "capacity": 40.0,
        "cost_usd": 1.0,
    }
    part = {
        "id": "smelt-new-ore",
        "recipe_id": "smelt-new",
        "role": "input",
        "commodity_id": "ore",
        "amount": 2.2,
    }
    constants = [{"id": "capital-cost-share", "value": 0.1}, {"id": "plant-life-years", "value": 20.0}]
    network = place_network(constants=constants)
    for build, built in ((1.0, True), (1e9, False)):
        base = tables()
        rows = base | {
            "facilities": [*base["facilities"], new | {"build_usd": build}],
            "recipes": [*base["recipes"], recipe],
            "recipe_parts": [*base["recipe_parts"], part],
        }
        found = daliz.supply(network, chain(rows, network))
        assert {r["recipe"]: r["built"] for r in found.facilities()}["smelt-new"] is built
        assert found.certificate()["gap"] <= 1e-8


def test_stocks_carry_a_market_over_years_without_supply() -> None:
    """Two years on a stock of 45: what is left of demand after it is unmet; in a plan of one year the stock stays."""
    base = tables()
    stock = [
        {
            "id": "depot",
            "chain_id": "c",
            "at_id": "town",
            "commodity_id": "metal",
            "opening": 45.0,
            "maximum": 60.0,
            "holding_usd": 1.0,
        }
    ]
    none = {"recipes": [r for r in base["recipes"] if r["id"] == "dig"], "recipe_parts": []}
    found = plan(base | none | {"stocks": stock}, terms=daliz.SupplyTerms(years=2))
    assert found.markets()[0]["unmet"] * 2 == pytest.approx(15.0)
    alone = plan(base | none | {"stocks": stock})
    assert alone.markets()[0]["unmet"] == pytest.approx(30.0)


def test_stocks_are_kept_while_others_can_deliver() -> None:
    """An opening stock counts at its value, so a plan with enough supply leaves it where it is."""
    stock = [
        {
            "id": "depot",
            "chain_id": "c",
            "at_id": "town",
            "commodity_id": "metal",
            "opening": 45.0,
            "maximum": 60.0,
            "holding_usd": 0.0,
        }
    ]
    rows = changed("commodities", "metal", value_usd=5000.0) | {"stocks": stock}
    found = plan(rows, terms=daliz.SupplyTerms(years=2))
    assert {r["recipe"]: r["units"] for r in found.facilities()}["smelt"] == pytest.approx(30.0)


def test_a_quota_and_an_offtake_bind_and_are_priced() -> None:
    """A quota on the way through BB sends the rest by the lane; an offtake of the rival is served though dear."""
    quota = {
        "id": "q",
        "chain_id": "c",
        "kind": "quota",
        "commodity_id": "metal",
        "to_ids": "R",
        "via": "BB",
        "maximum": 28.0,
        "rule": "x",
        "source_id": "s",
    }
    found = plan(tables() | {"contracts": [quota]})
    (row,) = found.quotas()
    assert row["units"] == pytest.approx(28.0)
    assert row["price_usd"] > 0
    offtake = {
        "id": "o",
        "chain_id": "c",
        "kind": "offtake",
        "from_ids": "rival",
        "to_ids": "town",
        "minimum": 3.0,
        "rule": "x",
        "source_id": "s",
    }
    found = plan(tables() | {"contracts": [offtake]})
    assert found.quotas()[0]["units"] == pytest.approx(3.0)
    assert found.quotas()[0]["price_usd"] < 0


def test_a_duty_moves_the_plan_by_its_size() -> None:
    """A duty on the smelter's metal at the market adds its share of value to the cost."""
    duties = {("metal", "BB", "town"): 0.25}
    free, taxed = plan(), plan(terms=daliz.SupplyTerms(duties=duties))
    assert taxed.stack()["town"]["duty"] == pytest.approx(25.0)
    assert taxed.markets()[0]["cost_usd"] - free.markets()[0]["cost_usd"] == pytest.approx(25.0)


def test_without_a_country_nothing_touches_it() -> None:
    """Without BB neither smelter nor way through it is used; what the rival cannot give is unmet."""
    found = plan(without=["BB"])
    assert all("BB" not in r["countries"].split() for r in found.itineraries())
    assert found.markets()[0]["delivered"] == pytest.approx(5.0)
    with pytest.raises(SupplyError, match="no market left"):
        plan(without=["CC"])
    with pytest.raises(PlaceError, match="'Q' is no country"):
        plan(without=["Q"])


def test_a_market_nobody_can_reach_is_told_as_unmet() -> None:
    """Without lanes and smelter the demand is unmet and the repr says so; the plan exists."""
    base = tables()
    found = plan(
        base | {"recipes": [r for r in base["recipes"] if r["id"] == "dig"], "recipe_parts": [], "lanes": []}
    )
    assert found.markets()[0]["unmet"] == pytest.approx(30.0)
    assert "100.00% of demand unmet" in repr(found)
    assert found.unmet_reasons()["town"] == "no facility makes metal; add a recipe"


def test_a_plan_lists_the_users_own_changes() -> None:
    """The plain values of a plan tell the user's own changes beside those in force and taken out."""
    edited = place_network().change(daliz.Set("cargoes", "container-40", "value_of_time_usd_h", 30.0))
    for network, edits in (
        (place_network(), []),
        (edited, ["set cargoes.container-40.value_of_time_usd_h=30"]),
    ):
        assert daliz.supply(network, chain(network=network)).as_dict()["edits"] == edits
