"""Hold the reasons of unmet demand, and plans of wide chains at their ends: nothing to send, nothing bounded, no gap left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from daliz.errors import SupplyError
from daliz.supplychain.column_generation import Trade, least_costs, plan_wide
from daliz.supplychain.programme import Limits, Moves, Programme, Sales, Works
from daliz.supplychain.programme import plan as solve
from daliz.supplychain.shortage import unmet_cut
from small_chains import Row, changed, plan, shipping, tables


def dear() -> dict[str, list[Row]]:
    """Write the chain with makers whose cost is far above the penalty."""
    return tables(recipes=[r | {"cost_usd": 1e7} for r in tables()["recipes"]])


def test_a_market_that_no_way_leads_to_is_told() -> None:
    """Metal is made, but the town has neither place nor lane."""
    found = plan(changed("markets", "town", node_id="") | {"lanes": []})
    assert found.markets()[0]["unmet"] == pytest.approx(30.0)
    told = found.unmet_reasons()["town"]
    assert "no way leads from smelter to town for metal: town stands at no place of the network" in told


def test_what_would_cost_more_than_the_penalty_is_told() -> None:
    """No capacity is to blame, and the sentence names cost, penalty and price."""
    found = plan(dear())
    assert unmet_cut(found) == []
    told = found.unmet_reasons()["town"]
    assert told.startswith("it could be met, but only at ")
    assert told.endswith("more than the penalty of 10 times its price of 2,000 USD")


def test_a_plan_that_lacks_nothing_has_no_reasons() -> None:
    """All demand met, there is nothing to explain."""
    found = plan()
    assert found.markets()[0]["unmet"] == pytest.approx(0.0)
    assert found.unmet_reasons() == {}


def test_more_than_four_bounds_are_counted() -> None:
    """Of six rivals at their bounds four are named and the others counted."""
    base = tables()
    rival = next(r for r in base["facilities"] if r["id"] == "rival")
    recipe = next(r for r in base["recipes"] if r["id"] == "rival-metal")
    lane = base["lanes"][0]
    some = range(6)
    rows = changed("markets", "town", demand=1000.0) | {
        "facilities": [rival | {"id": f"r{i}"} for i in some],
        "recipes": [recipe | {"id": f"m{i}", "facility_id": f"r{i}", "cost_usd": 1.0} for i in some],
        "recipe_parts": [],
        "lanes": [lane | {"id": f"l{i}", "from_id": f"r{i}"} for i in some],
    }
    told = plan(rows).unmet_reasons()["town"]
    assert told.startswith("no more gets past m")
    assert told.endswith(" and 2 more")
    assert told.count("(5 a year)") == 4


def one_maker(capacity: float = 9.0) -> Programme:
    """Write a maker and a taker of 5 units, with no move between them yet."""
    none = np.zeros(0)
    made = Works(np.zeros(1), np.full(1, capacity), csc_array(np.array([[1.0], [0.0]])), np.full(1, -1))
    empty = Moves(np.zeros(0, np.int64), np.zeros(0, np.int64), none, none, csr_array((0, 0)))
    sales = Sales(np.array([1]), np.array([5.0]), np.array([100.0]))
    return Programme(("a", "b"), np.zeros(2), made, empty, sales, Limits(none, none, none), (), none)


def trade(cost: float) -> Trade:
    """Offer the one move."""
    return Trade(np.array([0]), np.array([1]), np.array([[cost]]))


def test_a_wide_plan_says_what_it_proved() -> None:
    """The repr counts stocks and moves, and says whether the gap is proved."""
    wide = plan_wide(one_maker(), [trade(3.0)])
    assert wide.plan.optimum.value == pytest.approx(-5.0 * 97.0)
    assert repr(wide).startswith("<Wide: 2 stocks, 1 moves after 1 rounds; converged (gap ")
    unproved = plan_wide(one_maker(), [trade(3.0)], rounds=0)
    assert "0 rounds; NOT CONVERGED (gap inf)" in repr(unproved)


def test_trades_without_makers_or_takers_add_no_moves() -> None:
    """An empty trade beside another changes nothing, and a trade without routes moves nothing."""
    nobody = Trade(np.zeros(0, np.int64), np.array([1]), np.zeros((0, 1)))
    both = plan_wide(one_maker(), [nobody, trade(3.0)])
    np.testing.assert_allclose(both.plan.moves, [5.0])
    assert both.converged
    closed = plan_wide(one_maker(), [trade(np.inf)])
    assert len(closed.programme.moves) == 0
    assert closed.plan.sales.sum() == pytest.approx(0.0)
    assert closed.converged


@pytest.mark.parametrize("gap", [1e-9, 1e-12])
def test_moves_join_while_they_pay(gap: float) -> None:
    """Twelve of each side all prefer the same four, so that others join by price; the plan is that of all moves."""
    n = 12
    first = np.arange(n, dtype=float)
    cost = 1.0 + first[:, None] + first[None, :] + 0.01 * (7.0 * first[:, None] * first[None, :] % 11)
    whole = shipping([1.0] * n, [1.0] * n, cost.tolist())
    none = np.zeros(0)
    empty = Moves(np.zeros(0, np.int64), np.zeros(0, np.int64), none, none, csr_array((0, 0)))
    bare = replace(whole, moves=empty)
    nobody = Trade(np.zeros(0, np.int64), np.arange(n, 2 * n), np.zeros((0, n)))
    wide = plan_wide(bare, [Trade(np.arange(n), np.arange(n, 2 * n), cost), nobody], gap=gap)
    assert wide.converged
    assert wide.rounds > 1
    assert len(wide.programme.moves) < n * n
    assert wide.plan.optimum.value == pytest.approx(solve(whole).optimum.value, rel=1e-9)


def test_a_stock_made_and_brought_is_refused() -> None:
    """Who takes a commodity may not send it on."""
    with pytest.raises(SupplyError, match="The stock a is made and brought"):
        plan_wide(one_maker(), [trade(3.0), Trade(np.array([1]), np.array([0]), np.array([[1.0]]))])


def test_links_below_nothing_are_refused() -> None:
    """The sentence names the cost; of links at 0 or more the least is found."""
    tail, head = np.array([0, 1, 0]), np.array([1, 2, 2])
    ends = np.array([0, 0]), np.array([2, 1])
    with pytest.raises(SupplyError, match="A link costs -2; it must be 0 or more"):
        least_costs(3, tail, head, np.array([1.0, -2.0, 9.0]), *ends)
    np.testing.assert_allclose(least_costs(3, tail, head, np.array([1.0, 2.0, 9.0]), *ends), [[3, 1], [3, 1]])
