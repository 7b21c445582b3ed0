"""Hold chains over a network: plans, costs from ore to market, dependence, failures, and what is refused."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import DalizError, PlaceError, SupplyError
from daliz.supplychain.exposure import shares_by_way
from daliz.supplychain.premium import fit_premium, split
from small_chains import chain, changed, names, place_network, tables

COMMON = {"chain_id": "c"}


def plan(rows: dict[str, list[dict[str, Any]]] | None = None, **terms: Any) -> daliz.Supply:
    made = chain(rows)
    return daliz.supply(made.network, made, **terms)


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
    one = daliz.routes(found.chain.network, "n0", "n1", cargo="container-40", k=1, draws=0).itineraries[0]
    assert ways["mine", "smelter"]["usd"] == pytest.approx(one.usd / 20.0)


def test_the_stack_sums_to_what_is_paid() -> None:
    """Cost parts from ore to market, times what is delivered, are the whole cost of the plan."""
    found = plan(carbon_usd_t=50.0)
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
    found = plan(changed("markets", "town", demand=100.0), objective="profit")
    assert found.markets()[0]["delivered"] == pytest.approx(40.0)
    assert {r["recipe"]: r["units"] for r in found.facilities()}["rival-metal"] == pytest.approx(0.0)


def test_a_demand_curve_meets_the_marginal_cost() -> None:
    """With elasticity, what is sold is worth at least what it costs, and a step more would not be."""
    rows = changed("markets", "town", elasticity=-1.0, demand=20.0)
    found = plan(rows, objective="profit")
    market = found.markets()[0]
    worth = 2000.0 * 20.0 / market["delivered"]
    assert worth >= market["marginal_usd"] * 0.9


def test_a_candidate_is_built_when_it_pays_and_not_else() -> None:
    """A second smelter that is cheap to build takes over; a dear one is left."""
    new = names("new") | COMMON | {"stage": "smelter", "country": "CC", "node_id": "n2", "candidate": True}
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
    found = plan(base | none | {"stocks": stock}, years=2)
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
    found = plan(rows, years=2)
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
    free, taxed = plan(), plan(duties={("metal", "BB", "town"): 0.25})
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


def test_dependence_counts_what_crosses_and_what_is_mined() -> None:
    """With 5 of 45 t from the rival, BB is crossed by 8 in 9 and ZZ mines 1 in 9."""
    found = plan(changed("markets", "town", demand=45.0))
    by = {r["name"]: r for r in daliz.dependence(found, "R")}
    assert by["BB"]["share"] == pytest.approx(40 / 45)
    assert by["AA"]["made"] == pytest.approx(40 / 45)
    assert by["ZZ"]["share"] == pytest.approx(5 / 45)
    assert by["YY"]["made"] == pytest.approx(0.0)
    assert by["CC"]["share"] == pytest.approx(1.0)
    (metal,) = [r for r in daliz.concentration(found) if r["stage"] == "smelter"]
    assert metal["hhi"] == pytest.approx(10_000.0)


def test_without_each_agrees_with_asking_one_by_one() -> None:
    """The warm sweep finds what separate plans find."""
    found = plan(changed("markets", "town", demand=20.0))
    for row in daliz.without_each(found, "R"):
        alone = plan(changed("markets", "town", demand=20.0), without=[row["name"]])
        assert row["unmet"] == pytest.approx(alone.lacking(), abs=1e-9)
        assert row["extra_usd"] == pytest.approx(alone.cost_usd() - found.cost_usd(), rel=1e-6, abs=1e-6)


def test_cordons_divide_what_moves() -> None:
    """Shares over cordons sum to one."""
    found = plan()
    rows = shares_by_way(found, {"bb": ("BB",)}, "metal")
    assert sum(r["share"] for r in rows) == pytest.approx(1.0)
    assert rows[0]["units"] == pytest.approx(30.0)


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from("ABCD")), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_the_least_failures_are_the_smallest_set_that_cuts(pairs: list[tuple[str, str]]) -> None:
    """For lanes over given countries, no smaller set of countries cuts the market off, and this one does."""
    base = tables()
    rivals = [names(f"r{i}") | COMMON | {"stage": "mine", "country": a} for i, (a, _) in enumerate(pairs)]
    recipes = [
        {"id": f"m{i}", "facility_id": f"r{i}", "commodity_id": "metal", "capacity": 50.0, "cost_usd": 1.0}
        for i in range(len(pairs))
    ]
    lanes = [
        {
            "id": f"l{i}",
            "chain_id": "c",
            "from_id": f"r{i}",
            "to_id": "town",
            "commodity_id": "metal",
            "usd": 1.0,
            "hours": 1.0,
            "countries": f"{a} {b} CC",
        }
        for i, (a, b) in enumerate(pairs)
    ]
    found = plan(base | {"facilities": rivals, "recipes": recipes, "recipe_parts": [], "lanes": lanes})
    answer = daliz.least_failures(found, "R")

    def cuts(closed: tuple[str, ...]) -> bool:
        return all(set(p) & set(closed) for p in pairs)

    assert cuts(answer.names)
    assert not any(cuts(s) for n in range(len(answer.names)) for s in combinations("ABCD", n))


def test_what_cannot_fail_cannot_be_cut() -> None:
    """A way that touches only the market's own country leaves nothing to cut, and says so."""
    base = tables()
    home = names("home") | COMMON | {"stage": "mine", "country": "CC", "node_id": "n2"}
    recipe = {"id": "m", "facility_id": "home", "commodity_id": "metal", "capacity": 50.0, "cost_usd": 1.0}
    found = plan(base | {"facilities": [home], "recipes": [recipe], "recipe_parts": [], "lanes": []})
    answer = daliz.least_failures(found, "R")
    assert answer.names == ()
    assert "may fail" in answer.reason


def test_a_premium_is_fitted_to_what_went_round() -> None:
    """The mean premium found gives the observed quantity back, to a part of the buyers."""
    lane = {
        "id": "cheap",
        "chain_id": "c",
        "from_id": "rival",
        "to_id": "town",
        "commodity_id": "metal",
        "usd": 10.0,
        "hours": 1.0,
        "countries": "ZZ XX CC",
    }
    base = tables()
    rival = [
        r | {"capacity": 100.0, "cost_usd": 1.0} if r["id"] == "rival-metal" else r for r in base["recipes"]
    ]
    premium = {
        "id": "p",
        "chain_id": "c",
        "kind": "premium",
        "to_ids": "R",
        "via": "XX",
        "premium_usd": 0.0,
        "rule": "x",
        "source_id": "s",
    }
    rows = base | {"recipes": rival, "lanes": [*base["lanes"], lane], "contracts": [premium]}
    network = place_network(**dict(rows.items()))
    assert split(network, "c", "p", ("YY",), 0.0).round == pytest.approx(0.0)
    fitted = fit_premium(network, "c", "p", ("YY",), 12.0)
    assert fitted.round == pytest.approx(12.0, abs=0.31)
    # the ways differ by 40 USD, so the share that goes round is exp(-40 / P)
    assert fitted.premium_usd == pytest.approx(-40.0 / np.log(12.0 / 30.0), rel=0.05)
    with pytest.raises(SupplyError, match="cannot be reached"):
        fit_premium(network, "c", "p", ("YY",), 31.0)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            changed("commodities", "ore", content=0.3),
            "recipes.csv, row smelt: it gives 1 t X a unit and takes 0.66; mass comes from nothing",
        ),
        (
            changed("recipe_parts", "smelt-ore", amount=-1.0),
            "recipe_parts, row smelt-ore, column amount: -1.0 must be at least 0",
        ),
        (
            changed("recipe_parts", "smelt-ore", commodity_id="or"),
            "recipe_parts.csv, recipe smelt: 'or' is no row of this kind in the chain c. Did you mean ore",
        ),
        (
            changed("recipes", "dig", commodity_id="metal")
            | {"facilities": changed("facilities", "mine", stage="plant")["facilities"]},
            (
                "recipes.csv, row dig: it makes metal from nothing, which only a mine, lumped, store, "
                "power, water may"
            ),
        ),
        (
            changed("recipe_parts", "smelt-ore", commodity_id="metal"),
            "recipes.csv, row smelt: metal is made from itself",
        ),
        (
            changed("recipes", "smelt", cost_usd=-2.0),
            "recipes, row smelt, column cost_usd: -2.0 must be at least 0 USD",
        ),
        (
            changed("markets", "town", commodity_id="gold"),
            "markets.csv, row town: 'gold' is no row of this kind",
        ),
        (changed("markets", "town", node_id="n9"), "markets, row town: node_id 'n9' is no place of"),
        (
            changed("lanes", "far", to_id="twon"),
            "lanes.csv, row far: to_id 'twon' is no facility and no market of the chain c. Did you mean town",
        ),
        (
            changed("commodities", "ore", mass_t=0.0),
            "commodities.csv, row ore: it moves as container-40 but mass_t is 0",
        ),
        (
            tables(contracts=[{"id": "q", "chain_id": "c", "kind": "quota", "rule": "x", "source_id": "s"}]),
            "contracts.csv, row q: a contract of the kind quota needs maximum",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(rows: dict[str, list[dict[str, Any]]], sentence: str) -> None:
    """Each mistake is a sentence that names table, row and value."""
    with pytest.raises(DalizError) as error:
        plan(rows)
    assert sentence in str(error.value)


def test_a_cycle_without_a_source_is_refused() -> None:
    """Two recipes that wait for each other name each other."""
    base = tables()
    back = {
        "id": "unsmelt",
        "facility_id": "smelter",
        "commodity_id": "ore",
        "capacity": 9.0,
        "cost_usd": 1.0,
    }
    part = {
        "id": "unsmelt-metal",
        "recipe_id": "unsmelt",
        "role": "input",
        "commodity_id": "metal",
        "amount": 0.6,
    }
    recipes = [r for r in base["recipes"] if r["id"] == "smelt"]
    rows = base | {"recipes": [*recipes, back], "recipe_parts": [*base["recipe_parts"], part]}
    with pytest.raises(SupplyError, match="a cycle without a source"):
        plan(rows)


def test_a_market_nobody_can_reach_is_told_as_unmet() -> None:
    """Without lanes and smelter the demand is unmet and the repr says so; the plan exists."""
    base = tables()
    found = plan(
        base | {"recipes": [r for r in base["recipes"] if r["id"] == "dig"], "recipe_parts": [], "lanes": []}
    )
    assert found.markets()[0]["unmet"] == pytest.approx(30.0)
    assert "100.00% of demand unmet" in repr(found)
    assert found.unmet_reasons()["town"] == "no facility of the year makes metal"


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"objective": "glory"}, "There is no objective 'glory'"),
        ({"penalty": 0.0}, "A penalty of 0"),
        ({"carbon_usd_t": -1.0}, "A carbon price of -1"),
        ({"years": 0}, "0 years cannot be planned"),
        ({"gap": 2.0}, "A gap of 2"),
    ],
)
def test_terms_out_of_range_are_refused(terms: dict[str, Any], sentence: str) -> None:
    """Each term says what it may be."""
    with pytest.raises(SupplyError) as error:
        plan(**terms)
    assert sentence in str(error.value)


def test_unknown_chains_and_regions_are_refused_with_what_there_is() -> None:
    """The sentence names what was meant and what there is."""
    network = daliz.open("eurasia", year=2024)
    with pytest.raises(SupplyError, match="Did you mean uranium"):
        daliz.supply(network, "uranum")
    with pytest.raises(SupplyError, match="has no market 'XX'"):
        daliz.dependence(plan(), "XX")
    with pytest.raises(SupplyError, match="Dependence on 'colour' cannot be told"):
        daliz.dependence(plan(), "R", "colour")
