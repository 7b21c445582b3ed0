"""Protect the embedded chains: plans are proved, Russia can be avoided, uranium divides as was seen."""

from __future__ import annotations

import functools

import numpy as np
import pytest

import daliz
from daliz.supplychain import chains
from daliz.supplychain.column_generation import Trade, least_costs, plan_wide

CHAINS = (
    "uranium",
    "chromite",
    "copper",
    "titanium",
    "tungsten",
    "gallium",
    "be-ta-nb",
    "rhenium",
    "antimony",
    "ammonia",
)


@functools.cache
def network(year: int) -> daliz.Network:
    return daliz.open("eurasia", year=year)


@functools.cache
def planned(name: str, year: int = 2024) -> daliz.Supply:
    return daliz.supply(network(year), name)


def test_the_package_has_the_chains_asked_for() -> None:
    """Nine chains of minerals and one of energy."""
    assert set(chains(network(2024))) == set(CHAINS)


@pytest.mark.parametrize("name", CHAINS)
def test_every_chain_is_planned_and_proved(name: str) -> None:
    """Gap, mass balance, bounds and complementary slackness hold to 1e-9; what is unmet has a reason; the stack sums to the cost."""
    found = planned(name)
    assert found.converged
    proof = found.certificate()
    assert proof["gap"] <= 1e-9
    assert proof["balance"] <= 1e-9
    assert proof["slackness"] <= 1e-9
    unmet = {m["market"] for m in found.markets() if m["unmet"] > 0}
    assert unmet == set(found.unmet_reasons())
    paid = sum(m["cost_usd"] * m["delivered"] for m in found.markets() if m["delivered"] > 0)
    left = {found.built.stocks[i][2] for i in np.flatnonzero(found.plan.left > 1e-6)}
    # by-products that are left over bear a share of cost that no market pays
    if not left:
        assert paid == pytest.approx(found.cost_usd(), rel=1e-6)
    assert paid <= found.cost_usd() * (1 + 1e-6)


@pytest.mark.parametrize("name", CHAINS)
def test_shares_lie_between_nothing_and_all(name: str) -> None:
    """What a supply crosses is at least what is mined there; shares of one market's own country are all."""
    found = planned(name)
    for kind in ("country", "owner", "link", "port", "operator"):
        for r in daliz.dependence(found, "", kind):
            assert -1e-9 <= r["made"] <= r["share"] + 1e-9 <= 1 + 2e-9


@pytest.mark.parametrize("name", ["uranium", "chromite", "titanium"])
def test_without_russia_nothing_touches_russia(name: str) -> None:
    """No way, lane or facility of the plan without Russia is Russian, and no Russian market is asked for."""
    found = daliz.supply(network(2023), name, without=["RU"])
    assert all("RU" not in r["countries"].split() for r in found.itineraries())
    assert all(r["country"] != "RU" for r in (*found.facilities(), *found.markets()))


def test_the_sweep_agrees_with_separate_plans() -> None:
    """Without each country in turn, warm, finds what a plan of its own finds."""
    found = planned("titanium")
    for row in daliz.without_each(found, "US")[:4]:
        alone = daliz.supply(network(2024), "titanium", without=[row["name"]])
        markets = alone.markets()
        lost = sum(m["unmet"] * m["price_usd"] for m in markets if m["region"] == "US")
        # markets share a shortage by twentieths, within which ties are open
        step = sum(m["demand"] * m["price_usd"] for m in markets if m["region"] == "US") / 20
        assert row["unmet_usd"] == pytest.approx(lost, abs=step)


def test_uranium_divides_as_seen_and_is_forecast() -> None:
    """A premium fitted on the 2,200 t of 2022 forecasts 2023 within a quarter; cost alone sends everything one way."""
    ask = ("uranium", "uranium-ru-premium", ("AZ",))
    assert daliz.split(network(2022), *ask, 0.0).round == pytest.approx(0.0, abs=1e-6)
    fitted = daliz.fit_premium(network(2022), *ask, 2200.0)
    assert fitted.round == pytest.approx(2200.0, rel=0.02)
    premium = network(2022).table("contracts").row("uranium-ru-premium")["premium_usd"]
    assert fitted.premium_usd == pytest.approx(premium, rel=0.02)
    assert daliz.split(network(2023), *ask, fitted.premium_usd).round == pytest.approx(2300.0, rel=0.25)


def test_the_quota_over_azerbaijan_holds() -> None:
    """Whatever the premium, no more than 3,500 t U pass Azerbaijan."""
    found = daliz.split(network(2023), "uranium", "uranium-ru-premium", ("AZ",), 90_000.0)
    assert found.round <= 3500.0 + 1e-6


def test_stocks_carry_europe_when_a_supplier_falls_out() -> None:
    """Without Kazakhstan Europe lacks uranium in one year; over three, its stock makes up for all or part of it."""
    one = daliz.supply(network(2024), "uranium", without=["KZ"])
    three = daliz.supply(network(2024), "uranium", without=["KZ"], terms=daliz.SupplyTerms(years=3))

    def lacking(plan: daliz.Supply) -> float:
        return sum(m["unmet"] for m in plan.markets() if m["region"] == "EU")

    assert lacking(three) <= lacking(one)
    assert three.converged


def test_ways_round_are_dearer_or_longer_and_avoid() -> None:
    """The best way round Russia does not pass it, and is no better than the best way of all."""
    for r in daliz.ways_round(network(2024), "titanium", region="EU", draws=100):
        assert "RU" not in r["countries_round"].split()
        assert r["corridor_round"] == "middle"
        assert r["more_days"] > 0 or r["more_usd"] > 0
        assert r["more_days_low"] <= r["more_days"] <= r["more_days_high"]


def test_what_leaves_kazakhstan_is_divided_whole() -> None:
    """Shares over the Caspian, Russia, China and the rest sum to one for each commodity."""
    rows = daliz.balance_of_ways(planned("uranium", 2023), "KZ", ("AZ", "RU", "CN"))
    for commodity in {r["commodity"] for r in rows}:
        assert sum(r["share"] for r in rows if r["commodity"] == commodity) == pytest.approx(1.0)


def test_a_carbon_price_never_lowers_cost_or_raises_emissions() -> None:
    """With a carbon price the plan costs more and emits no more."""
    free = planned("ammonia", 2032)
    priced = daliz.supply(network(2032), "ammonia", terms=daliz.SupplyTerms(carbon_usd_t=150.0))

    def kg(plan: daliz.Supply) -> float:
        made = sum(r["kg_co2e"] for r in plan.facilities() if r["units"] > 0)
        return made + sum(r["kg_co2e"] * r["units"] for r in plan.itineraries())

    assert priced.cost_usd() >= free.cost_usd()
    assert kg(priced) <= kg(free) * (1 + 1e-9)


def test_other_traffic_takes_room() -> None:
    """Beside all other demand a plan costs no less."""
    flows = daliz.assign(network(2024))
    beside = daliz.supply(network(2024), "chromite", flows=flows)
    assert beside.cost_usd() >= planned("chromite").cost_usd() - 1.0
    assert beside.converged


def test_a_wide_chain_agrees_with_all_moves_written_down() -> None:
    """Moves that join by price give the plan of all moves, on a graph whose least costs are those of a search."""
    from scipy.sparse import csc_array, csr_array

    from daliz.supplychain.programme import Limits, Moves, Programme, Sales, Works, plan

    rng = np.random.default_rng(3)
    m, n = 12, 15
    tail, head = rng.integers(0, 40, 400), rng.integers(0, 40, 400)
    cost = least_costs(40, tail, head, rng.uniform(1, 9, 400), rng.integers(0, 40, m), rng.integers(0, 40, n))
    none = np.zeros(0)
    works = Works(
        rng.uniform(0, 5, m),
        rng.uniform(5, 20, m),
        csc_array(np.vstack([np.eye(m), np.zeros((n, m))])),
        np.full(m, -1),
    )
    sales = Sales(np.arange(m, m + n), rng.uniform(1, 9, n), np.full(n, 1e3))
    empty = Moves(np.zeros(0, np.int64), np.zeros(0, np.int64), none, none, csr_array((0, 0)))
    base = Programme(
        tuple(map(str, range(m + n))),
        np.zeros(m + n),
        works,
        empty,
        sales,
        Limits(none, none, none),
        (),
        none,
    )
    wide = plan_wide(base, [Trade(np.arange(m), np.arange(m, m + n), cost)])
    i, j = np.nonzero(np.isfinite(cost))
    whole = Moves(i, j + m, cost[i, j], np.full(len(i), np.inf), csr_array((len(i), 0)))
    full = plan(Programme(base.stocks, base.opening, works, whole, sales, base.limits, (), none))
    assert wide.converged
    assert wide.plan.optimum.value == pytest.approx(full.optimum.value, rel=1e-9)
    assert len(wide.programme.moves) <= len(whole)


def test_ranges_hold_what_is_drawn() -> None:
    """The same seed gives the same ranges, low is at most high, and a market's share of its own country stays whole."""
    rows = daliz.supply_ranges(planned("titanium"), "EU", draws=8)
    assert rows == daliz.supply_ranges(planned("titanium"), "EU", draws=8)
    for r in rows:
        assert not r["low"] > r["high"]
    home = next(r for r in rows if (r["measure"], r["name"]) == ("share", "FR"))
    assert (home["low"], home["high"]) == (pytest.approx(1.0), pytest.approx(1.0))
    with pytest.raises(daliz.errors.SupplyError, match="0 draws"):
        daliz.supply_ranges(planned("titanium"), draws=0)
