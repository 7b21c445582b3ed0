"""Hold the stochastic equilibrium against closed forms and fixed points found another way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, linprog

from daliz.assignment.loading import Loading
from daliz.assignment.sue import fixed_point
from daliz.assignment.sue_conditions import Solver
from daliz.paths.capacities import Capacities, Place
from daliz.paths.kernels import delays, route_arcs
from small_loadings import loading_of, places_of, random_loading


def two_ways(base: tuple[float, ...], scale: float, demand: float, b: float = 2.0) -> Loading:
    """Make one pair with parallel routes, each with a place of capacity 1 and delay b v."""
    count = len(base)
    none, each = np.zeros(count, np.int64), np.arange(count)
    pairs = np.zeros((0, 2), np.int64)
    capacities = Capacities(
        places=tuple(Place("link", f"e{i}") for i in range(count)),
        unit=("TEU",) * count,
        capacity=np.ones(count),
        background=np.zeros(count),
        hard=np.zeros(count, np.bool_),
        form=np.zeros(count, np.uint8),
        parameters=np.column_stack([np.ones(count), np.ones(count), np.full(count, b), np.ones(count)]),
        load=np.ones((1, count)),
        bears=pairs,
        waits=pairs,
        cells=((),) * count,
        admits=np.ones((1, count), np.bool_),
    )
    return Loading(
        first=np.array([0, count]),
        corridor=none,
        nest=none,
        base=np.array(base, np.float64),
        time=np.ones(count),
        scale=np.full(count, scale),
        log_size=np.zeros(count),
        units=np.array([demand]),
        begin=np.arange(count + 1),
        at=each.astype(np.int32),
        load=np.ones(count),
        wait=np.ones(count),
        capacities=capacities,
        within_corridor=1.0,
        within_nest=1.0,
        tonnes=np.ones(1),
    )


def shares_of(
    utility: np.ndarray, corridor: np.ndarray, nest: np.ndarray, low: float, high: float
) -> tuple[np.ndarray, float]:
    """Load one pair with routes of some utilities, sorted by nest and corridor; return shares and inclusive value."""
    count = len(utility)
    whole = two_ways((0.0,) * count, 1.0, 1.0, 0.0)
    loading = replace(
        whole,
        corridor=corridor.astype(np.int64),
        nest=nest.astype(np.int64),
        base=-utility,
        within_corridor=low,
        within_nest=high,
    )
    found = Solver(loading, 0.0, np.inf).loaded(np.zeros(count), np.zeros(count))
    return found.share, float(found.inclusive[0])


def test_two_routes_meet_where_the_shares_reproduce_the_costs() -> None:
    """The share of the first of two routes solves s = 1 / (1 + exp(theta (c1 - c2)))."""
    theta, b, q = 0.8, 2.0, 3.0
    found = fixed_point(two_ways((1.0, 2.5), theta, q, b), target=1e-12)
    share = brentq(
        lambda s: s - 1 / (1 + np.exp(theta * (1.0 + b * q * s - 2.5 - b * q * (1 - s)))), 0, 1, xtol=1e-14
    )
    assert found.converged
    assert found.share[0] == pytest.approx(share, abs=1e-10)


def test_three_like_routes_share_alike() -> None:
    """Three equal routes carry a third each."""
    np.testing.assert_allclose(fixed_point(two_ways((1.0, 1.0, 1.0), 2.0, 5.0), target=1e-12).share, 1 / 3)


def test_a_large_scale_comes_near_the_user_equilibrium() -> None:
    """With theta large the costs of used routes become equal."""
    found = fixed_point(two_ways((1.0, 2.5), 200.0, 3.0), target=1e-9, steps=2000)
    costs = np.array([1.0, 2.5]) + found.delay
    assert abs(costs[0] - costs[1]) < 0.03


def test_elastic_demand_reproduces_its_formula() -> None:
    """With one route the units are q0 exp(-e (c - c0) / c0) at the cost they make."""
    found = fixed_point(two_ways((1.0,), 1.0, 3.0, 0.5), target=1e-12, elasticity=0.7)
    units = brentq(lambda q: q - 3.0 * np.exp(-0.7 * (0.5 * q) / 1.0), 0, 3, xtol=1e-14)
    assert found.units[0] == pytest.approx(units, abs=1e-9)


def test_a_run_cut_short_says_so() -> None:
    """One step is not enough, and the result knows it."""
    assert not fixed_point(two_ways((1.0, 2.5), 0.8, 3.0), target=1e-12, steps=1).converged


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=8),
    st.floats(0.2, 1.0),
    st.floats(0.2, 1.0),
)
def test_shares_are_those_of_the_nested_logit(
    routes: list[tuple[float, int, int]], one: float, other: float
) -> None:
    """Shares add up to one and equal the three-level formula written out."""
    low, high = min(one, other), max(one, other)
    utility = np.array([r[0] for r in routes])
    nest = np.array([r[2] for r in routes])
    corridor = np.array([r[1] for r in routes]) + 10 * nest
    order = np.lexsort((corridor, nest))
    utility, corridor, nest = utility[order], corridor[order], nest[order]
    routes = [routes[i] for i in order]
    share, inclusive = shares_of(utility, corridor, nest, low, high)
    assert share.sum() == pytest.approx(1.0)
    value = {c: low * np.log(np.exp(utility[corridor == c] / low).sum()) for c in set(corridor)}
    of_nest = {
        m: high * np.log(sum(np.exp(value[c] / high) for c in set(corridor[nest == m]))) for m in set(nest)
    }
    total = np.log(sum(np.exp(v) for v in of_nest.values()))
    assert inclusive == pytest.approx(total)
    for r, (u, _, m) in enumerate(routes):
        c = corridor[r]
        expected = (
            np.exp(of_nest[m] - total) * np.exp((value[c] - of_nest[m]) / high) * np.exp((u - value[c]) / low)
        )
        assert share[r] == pytest.approx(expected, rel=1e-9)


def test_path_size_counts_what_is_shared() -> None:
    """Two routes that share half of their km have a size of three quarters each."""
    sizes = np.ones(2)
    first, begin, arcs = np.array([0, 2]), np.array([0, 2, 4]), np.array([0, 1, 0, 2], np.uint32)
    route_arcs.path_sizes(np.array([0]), first, begin, arcs, np.array([5.0, 5.0, 5.0]), sizes)
    np.testing.assert_allclose(sizes, 0.75)


def test_queue_passes_through_overload() -> None:
    """Demand beyond capacity still finds the point where the wait drives the rest away."""
    choice = two_ways((1.0, 500.0), 0.05, 2.0)
    queue = choice.capacities
    parameters = queue.parameters.copy()
    parameters[:, 0] = 0.0
    parameters[:, 3] = 4.0
    capacities = replace(
        queue,
        capacity=np.array([1.0, 100.0]),
        form=np.full(2, delays.QUEUE, np.uint8),
        parameters=np.column_stack([parameters[:, 0], [1.0, 100.0], parameters[:, 2], parameters[:, 3]]),
    )
    full = replace(choice, capacities=capacities)
    found = fixed_point(full, target=1e-10, steps=500)
    assert found.converged
    assert found.volume.sum() == pytest.approx(2.0)


@given(st.integers(0, 1_000_000))
@settings(max_examples=150, deadline=None)
def test_small_networks_converge_to_what_reproduces_itself(seed: int) -> None:
    """Demand up to thirty times the least capacity, all forms of delay, any scale: the volumes shown reproduce themselves."""
    loading = random_loading(np.random.default_rng(seed))
    loading = replace(loading, units=np.minimum(loading.units, 30 * loading.capacities.capacity.min()))
    found = fixed_point(loading)
    assert found.converged
    again = Solver(loading, 0.0, np.inf).loaded(found.delay, np.zeros(len(found.delay)))
    whole = again.volume.sum()
    assert np.abs(again.volume - found.volume).sum() <= 1.001e-6 * max(whole, found.volume.sum())
    np.testing.assert_allclose(found.delay, loading.delays(found.volume)[0], rtol=1e-12)


def test_nothing_on_what_has_a_capacity_is_no_proof() -> None:
    """Where a first guess sends all away from the only place with a capacity, the volumes shown are still an equilibrium."""
    places = places_of(np.array([5000.0]), np.array([2]), np.array([1.5]), np.array([3.0]))
    loading = loading_of([[[0], []]], [[300.0, 560.0]], [100_000.0], places, 0.005)
    found = fixed_point(loading)
    assert found.converged
    assert found.volume[0] > 0
    share = 1.0 / (1.0 + np.exp(0.005 * (300.0 + found.delay[0] - 560.0)))
    assert found.volume[0] == pytest.approx(100_000.0 * share, rel=1e-5)


def test_prices_ration_what_is_hard() -> None:
    """A hard capacity is kept, its price makes the shares, and what has room has no price."""
    places = places_of(np.array([3.0, 100.0]), np.zeros(2), np.zeros(2), np.ones(2), np.array([True, True]))
    loading = loading_of([[[0], [1]]], [[10.0, 12.0]], [8.0], places, 0.4)
    found = fixed_point(loading, target=1e-10)
    assert found.converged
    np.testing.assert_allclose(found.volume, [3.0, 5.0], atol=1e-8)
    assert found.price[1] == 0
    assert 1 / (1 + np.exp(0.4 * (10.0 + found.price[0] - 12.0))) == pytest.approx(3 / 8, rel=1e-6)


@given(st.integers(0, 1_000_000))
@settings(max_examples=40, deadline=None)
def test_hard_capacities_come_near_the_linear_programme(seed: int) -> None:
    """With a large scale flows cost what the least-cost flow within the capacities does, unserved demand at its price."""
    rng = np.random.default_rng(seed)
    count, pairs = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    capacity = rng.uniform(2, 10, count)
    places = places_of(capacity, np.zeros(count), np.zeros(count), np.ones(count), np.ones(count, np.bool_))
    routes = [
        [[int(e)] for e in rng.choice(count, int(rng.integers(1, count + 1)), replace=False)]
        for _ in range(pairs)
    ]
    base = [rng.uniform(10, 100, len(r)).tolist() for r in routes]
    units = rng.uniform(1, 12, pairs).tolist()
    price = 500.0
    found = fixed_point(loading_of(routes, base, units, places, 2.0), target=1e-8, unserved_usd_t=price)
    flat = [(k, r[0], c) for k in range(pairs) for r, c in zip(routes[k], base[k], strict=True)]
    equal = np.array(
        [[k == j for j, *_ in flat] + [k == j for j in range(pairs)] for k in range(pairs)], float
    )
    within = np.array([[e == f for _, f, _ in flat] + [False] * pairs for e in range(count)], float)
    cost = np.array([c for *_, c in flat] + [price] * pairs)
    best = linprog(cost, within, capacity, equal, np.array(units))
    assert found.converged
    assert (found.volume <= capacity * (1 + 1e-6)).all()
    flow = found.share * np.repeat(found.units, [len(r) for r in routes])
    spent = flow @ cost[: len(flat)] + (np.sum(units) - flow.sum()) * price
    # what shippers lose by choosing at random is at most ln(alternatives) / scale a unit
    assert spent <= best.fun + np.sum(units) * np.log(count + 1) / 2.0 + 1e-6
    assert spent >= best.fun - 1e-4 * best.fun
