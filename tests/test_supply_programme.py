"""Compare the programme of chains with textbooks, other formulations and the theory of linear programmes."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csc_array, csr_array

from daliz.errors import SupplyError
from daliz.optimise.linear import Linear, solve
from daliz.supplychain.programme import (
    Aversion,
    Limits,
    Moves,
    Planner,
    Programme,
    Sales,
    Works,
    balance,
    joined,
    plan,
    premiums,
)
from small_chains import PENALTY, cost_of, shipping

if TYPE_CHECKING:
    from collections.abc import Sequence

NONE = np.zeros(0)


def test_the_transportation_problem_of_dantzig_is_reproduced() -> None:
    """Dantzig 1963, chapter 3-3 (GAMS model trnsport): two canneries, three markets, 90 USD a case and thousand miles; 153.675."""
    miles = [[2.5, 1.7, 1.8], [2.5, 1.8, 1.4]]
    p = shipping([350, 600], [325, 300, 275], [[90 * d / 1000 for d in row] for row in miles])
    found = plan(p)
    assert cost_of(p, found.optimum.value) == pytest.approx(153.675, rel=1e-9)
    assert found.optimum.gap <= 1e-9
    assert balance(p, found) <= 1e-9


def test_the_transshipment_problem_of_winston_is_reproduced() -> None:
    """Winston, Operations Research, 7.6 (Widgetco): Memphis and Denver over New York and Chicago to Los Angeles and Boston; 6,370."""
    cost = {
        (0, 2): 8,
        (0, 3): 13,
        (0, 4): 25,
        (0, 5): 28,
        (1, 2): 15,
        (1, 3): 12,
        (1, 4): 26,
        (1, 5): 25,
        (2, 3): 6,
        (2, 4): 16,
        (2, 5): 17,
        (3, 2): 6,
        (3, 4): 14,
        (3, 5): 16,
    }
    start, end = (np.array([k[i] for k in cost]) for i in (0, 1))
    parts = np.zeros((6, 2))
    parts[0, 0] = parts[1, 1] = 1.0
    p = Programme(
        tuple("MDNCLB"),
        np.zeros(6),
        Works(np.zeros(2), np.array([150.0, 200.0]), csc_array(parts), np.full(2, -1)),
        Moves(
            start,
            end,
            np.array([float(c) for c in cost.values()]),
            np.full(len(cost), np.inf),
            csr_array((len(cost), 0)),
        ),
        Sales(np.array([4, 5]), np.array([130.0, 130.0]), np.full(2, PENALTY)),
        Limits(NONE, NONE, NONE),
        (),
        NONE,
    )
    found = plan(p)
    assert cost_of(p, found.optimum.value) == pytest.approx(6370.0, rel=1e-9)


def test_the_blending_problem_of_dorian_auto_kind_agrees_with_its_vertices() -> None:
    """Two feeds blended to at least 12 protein and 8 fat, 4 and 3 USD: protein 3 and 1, fat 1 and 2 a unit; the vertex (3.2, 2.4) costs 20."""
    one = Linear(
        np.array([4.0, 3.0]),
        np.zeros(2),
        np.full(2, np.inf),
        csc_array([[3.0, 1.0], [1.0, 2.0]]),
        np.array([12.0, 8.0]),
        np.full(2, np.inf),
        np.zeros(2, np.bool_),
    )
    found = solve(one)
    assert found.x == pytest.approx([3.2, 2.4], abs=1e-9)
    assert found.value == pytest.approx(20.0, rel=1e-9)
    assert found.dual == pytest.approx([1.0, 1.0], abs=1e-9)


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_random_instances_agree_with_an_independent_formulation(data: st.DataObject) -> None:
    """What the chain's programme finds, scipy finds from the problem written on its own."""
    m, n = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    whole = st.integers(0, 50)
    supply = data.draw(st.lists(whole, min_size=m, max_size=m))
    demand = data.draw(st.lists(whole, min_size=n, max_size=n))
    cost = data.draw(st.lists(st.lists(st.integers(0, 99), min_size=n, max_size=n), min_size=m, max_size=m))
    p = shipping(supply, demand, cost)
    found = plan(p)
    rows = [[float(k // n == i) for k in range(m * n)] for i in range(m)] + [
        [float(k % n == j) for k in range(m * n)] for j in range(n)
    ]
    other = linprog(
        np.array(cost, float).ravel() - PENALTY, A_ub=np.array(rows), b_ub=np.array(supply + demand, float)
    )
    assert found.optimum.value == pytest.approx(other.fun, rel=1e-9, abs=1e-6)
    assert balance(p, found) <= 1e-9
    assert found.optimum.slackness <= 1e-9
    assert found.optimum.gap <= 1e-9


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_fixed_charge_location_agrees_with_trying_all_sets(data: st.DataObject) -> None:
    """The mixed-integer plan costs what the best of all sets of open plants costs."""
    m, n = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    supply = data.draw(st.lists(st.integers(5, 40), min_size=m, max_size=m))
    demand = data.draw(st.lists(st.integers(1, 15), min_size=n, max_size=n))
    cost = data.draw(st.lists(st.lists(st.integers(1, 40), min_size=n, max_size=n), min_size=m, max_size=m))
    build = data.draw(st.lists(st.integers(0, 500), min_size=m, max_size=m))
    p = shipping(supply, demand, cost, build=build)
    found = plan(p)
    best = min(
        plan(shipping([s * o for s, o in zip(supply, opened, strict=True)], demand, cost)).optimum.value
        + float(np.dot(build, opened))
        for opened in product((0, 1), repeat=m)
    )
    assert found.optimum.value == pytest.approx(best, rel=1e-9, abs=1e-6)
    assert found.optimum.gap <= 1e-8
    used = np.add.reduceat(found.moves, np.arange(0, m * n, n)) > 1e-9
    assert not (used & ~found.built).any()


def test_a_capacitated_location_instance_in_the_form_of_the_or_library_is_solved() -> None:
    """Four plants of 60 with fixed cost 700, five customers; the optimum is that of trying all sixteen sets."""
    demand = [20.0, 30.0, 25.0, 15.0, 40.0]
    cost = [[12, 22, 35, 18, 25], [28, 11, 17, 30, 22], [33, 20, 9, 27, 14], [16, 31, 24, 10, 19]]
    found = plan(shipping([60.0] * 4, demand, cost, build=[700.0] * 4))
    best = min(
        plan(shipping([60.0 * o for o in opened], demand, cost)).optimum.value + 700.0 * sum(opened)
        for opened in product((0, 1), repeat=4)
    )
    assert found.optimum.value == pytest.approx(best, rel=1e-9)
    assert int(found.built.sum()) == 3


def _two_ways(cost: Sequence[float], premium: float) -> Programme:
    """Send ten units from one stock to another over a way that some avoid and one round it."""
    works = Works(np.zeros(1), np.full(1, 10.0), csc_array(np.array([[1.0], [0.0]])), np.full(1, -1))
    moves = Moves(
        np.zeros(2, np.int64), np.ones(2, np.int64), np.array(cost), np.full(2, np.inf), csr_array((2, 0))
    )
    avoided = Aversion(np.array([True, False]), np.ones(2, np.bool_), premium)
    return Programme(
        ("a", "b"),
        np.zeros(2),
        works,
        moves,
        Sales(np.array([1]), np.full(1, 10.0), np.full(1, PENALTY)),
        Limits(NONE, NONE, NONE),
        (avoided,),
        NONE,
    )


@given(st.floats(0.1, 5.0))
@settings(max_examples=30, deadline=None)
def test_an_aversion_divides_as_the_exponential_law_says(ratio: float) -> None:
    """With a premium of mean P and a way dearer by D, the share that goes round is exp(-D / P), to a part of the buyers."""
    found = plan(_two_ways([1.0, 1.0 + 10.0 * ratio], 10.0))
    assert found.moves[1] / 10.0 == pytest.approx(np.exp(-ratio), abs=1.1 / len(premiums(1.0)))


def test_without_an_aversion_a_plan_is_all_or_nothing() -> None:
    """A premium of 0 leaves everything on the cheaper way."""
    assert plan(_two_ways([1.0, 1.5], 0.0)).moves.tolist() == [10.0, 0.0]


def test_a_least_quantity_that_cannot_be_had_is_short_and_priced() -> None:
    """A limit's least that works cannot reach is told as short; the plan still exists."""
    p = shipping([5.0], [5.0], [[1.0]])
    limited = Programme(
        p.stocks,
        p.opening,
        p.works,
        Moves(p.moves.start, p.moves.end, p.moves.cost, p.moves.most, csr_array(np.ones((1, 1)))),
        p.sales,
        Limits(np.array([8.0]), np.array([np.inf]), np.array([1000.0])),
        (),
        NONE,
    )
    found = plan(limited)
    assert found.short == pytest.approx([3.0])


def test_closing_and_opening_again_gives_the_first_plan_back() -> None:
    """Bounds that change between solves leave no trace."""
    p = shipping([10.0, 10.0], [8.0], [[1.0], [3.0]])
    planner = Planner(p)
    first = planner.solve()
    none = np.zeros(2, np.bool_)
    planner.close(np.array([True, False]), none, np.zeros(1, np.bool_))
    assert planner.solve().moves == pytest.approx([0.0, 8.0])
    planner.close(none, none, np.zeros(1, np.bool_))
    assert planner.solve().optimum.value == pytest.approx(first.optimum.value, rel=1e-12)


def test_shadow_prices_are_what_a_unit_more_saves() -> None:
    """The rent of a work and the worth of a stock equal the change of cost when capacity and demand grow by one."""
    cost = [[1.0, 4.0], [6.0, 2.0]]
    base = plan(shipping([6.0, 10.0], [7.0, 8.0], cost))
    more = plan(shipping([7.0, 10.0], [7.0, 8.0], cost))
    assert base.rent[0] == pytest.approx(base.optimum.value - more.optimum.value, rel=1e-9)


def test_moves_can_be_put_behind_others() -> None:
    """Joined moves are those of both, in order."""
    p = shipping([1.0], [1.0], [[2.0]])
    both = joined(p.moves, p.moves)
    assert len(both) == 2
    assert both.loads.shape == (2, 0)


def test_a_programme_without_a_plan_is_refused() -> None:
    """Bounds that contradict each other are told in a sentence."""
    wrong = Linear(
        np.zeros(1),
        np.zeros(1),
        np.ones(1),
        csc_array([[1.0]]),
        np.full(1, 5.0),
        np.full(1, 6.0),
        np.zeros(1, np.bool_),
    )
    with pytest.raises(SupplyError, match="has no plan"):
        solve(wrong)


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_a_proof_holds_for_any_duals(data: st.DataObject) -> None:
    """Whatever the duals, the bound is at most the optimum: weak duality needs no solver."""
    from daliz.optimise.linear import prove

    cost = np.array(data.draw(st.lists(st.floats(0.0, 9.0), min_size=3, max_size=3)))
    one = Linear(
        cost,
        np.zeros(3),
        np.full(3, 10.0),
        csc_array(np.array([[1.0, 1.0, 1.0]])),
        np.array([4.0]),
        np.array([np.inf]),
        np.zeros(3, np.bool_),
    )
    best = solve(one)
    guess = np.array([data.draw(st.floats(0.0, 20.0))])
    assert prove(one, best.x, guess).bound <= best.value + 1e-9
