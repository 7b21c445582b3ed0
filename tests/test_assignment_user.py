"""Hold the user equilibrium and the system optimum against printed results and theory."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.assignment import Problem, link_passes, make_problem, user_equilibrium
from daliz.errors import DemandError
from daliz.paths.kernels import delays
from printed_networks import braess, sioux_falls


def balance(problem: Problem, volume: np.ndarray) -> float:
    """Give the largest amount by which flow into a node, out of it and its trips disagree."""
    net = np.zeros(problem.nodes)
    np.add.at(net, problem.head, volume)
    np.add.at(net, problem.tail, -volume)
    np.add.at(net, problem.target, -problem.demand)
    np.add.at(net, problem.origin, problem.demand)
    return float(np.abs(net).max())


def test_braess_sends_two_on_each_way() -> None:
    """All three ways of Braess carry 2 and cost 92."""
    flow = user_equilibrium(braess(), gap=1e-12)
    assert flow.converged
    np.testing.assert_allclose(flow.volume[flow.problem.names.argsort()], [4, 2, 2, 2, 4], atol=1e-6)
    assert flow.total_cost / 6 == pytest.approx(92, abs=1e-5)


@pytest.mark.parametrize("lanes", [False, True])
def test_sioux_falls_reaches_the_best_known_objective(lanes: bool) -> None:
    """Beckmann's objective is 4,231,335.287 to the last printed digit, at a gap of 1e-12, in order or in two lanes."""
    with mock.patch.object(link_passes, "LARGE", 1 if lanes else 1_000):
        flow = user_equilibrium(sioux_falls(), gap=1e-12, threads=2)
    assert flow.gap <= 1e-12
    assert flow.objective == pytest.approx(4_231_335.287, abs=6e-4)
    assert balance(flow.problem, flow.volume) < 1e-6


def test_marginal_costs_give_the_system_optimum() -> None:
    """The optimum costs less in all than the equilibrium, and no marginal path is cheaper than one used."""
    all_for_all = user_equilibrium(sioux_falls(), gap=1e-10, marginal=True)
    assert all_for_all.total_cost < user_equilibrium(sioux_falls(), gap=1e-10).total_cost
    assert all_for_all.total_cost == pytest.approx(7_194_256, rel=1e-5)  # printed by several authors


def test_a_run_cut_short_says_so() -> None:
    """After one pass the result has not converged and its repr says it."""
    flow = user_equilibrium(sioux_falls(), gap=1e-12, passes=1)
    assert not flow.converged
    assert "NOT CONVERGED" in repr(flow)


def test_flows_of_a_like_run_are_a_start() -> None:
    """A start at the solution is known for one."""
    first = user_equilibrium(sioux_falls(), gap=1e-10)
    again = user_equilibrium(sioux_falls(), gap=1e-9, start=first.store)
    assert len(again.passes) <= 2
    np.testing.assert_allclose(again.volume, first.volume, rtol=1e-4)


def test_centroids_are_not_passed() -> None:
    """A node below the first through node may end a way and not lie on it."""
    links = ([0, 1, 0, 3], [1, 2, 3, 2])
    form = [[1, 1, 0, 1], [1, 1, 0, 1], [5, 1, 0, 1], [5, 1, 0, 1]]
    free = user_equilibrium(make_problem(4, links, form, [(0, 2, 1.0)]))
    barred = user_equilibrium(make_problem(4, links, form, [(0, 2, 1.0)], first_through=3))
    assert (free.total_cost, barred.total_cost) == (2.0, 10.0)


def test_one_way_sink_keeps_the_books() -> None:
    """A node with two links in and none out takes what is sent to it and gives nothing back."""
    problem = make_problem(4, ([0, 0, 1, 1], [1, 3, 3, 2]), [[1, 1, 0.15, 4]] * 4, [(0, 3, 5.0), (0, 2, 2.0)])
    flow = user_equilibrium(problem, gap=1e-10)
    assert balance(problem, flow.volume) < 1e-9
    assert flow.volume[problem.head == 3].sum() == pytest.approx(5)


@pytest.mark.parametrize("power", [0.0, 1.0, 4.0])
def test_power_zero_and_free_links_are_taken(power: float) -> None:
    """Links of constant or no cost and pairs without volume end at a gap of 1e-12 and not in an endless loop."""
    form = [[0, 1, 0.15, power], [0, 1, 0.15, power], [1, 1, 1, power], [1, 2, 1, power]]
    problem = make_problem(3, ([0, 0, 1, 1], [1, 1, 2, 2]), form, [(0, 2, 3.0), (1, 2, 0.0), (1, 1, 4.0)])
    flow = user_equilibrium(problem, gap=1e-12)
    assert flow.converged
    assert flow.volume[problem.tail == 1].sum() == pytest.approx(3)


def test_elastic_demand_has_its_closed_form() -> None:
    """Linear inverse demand 10 - q against a link of time 1 + q meets at q = 4.5."""
    # q of d = 10 is shipped while the cost is below 10 - q; the rest v = d - q goes on the link of
    # excess, which costs v
    problem = make_problem(2, ([0], [1]), [[1.0, 1.0, 1.0, 1.0]], [(0, 1, 10.0)])
    flow = user_equilibrium(problem, gap=1e-12, excess=np.array([[0.0, 10.0, 10.0, 1.0]]))
    assert flow.served[0] == pytest.approx(4.5, abs=1e-9)


def test_exponential_demand_has_its_closed_form() -> None:
    """With q = d exp(-(c - c0) / b) and a constant cost the quantity is the formula's."""
    problem = make_problem(2, ([0], [1]), [[3.0, 1.0, 0.0, 1.0]], [(0, 1, 10.0)])
    flow = user_equilibrium(problem, gap=1e-12, excess=np.array([[1.0, 10.0, 2.0, 0.0]]))
    assert flow.served[0] == pytest.approx(10 * np.exp(-(3.0 - 1.0) / 2.0), rel=1e-6)


def test_classes_weigh_tolls_by_their_own_measure() -> None:
    """Who finds the toll dear takes the slow link, and who does not the fast one."""
    problem = make_problem(
        2,
        ([0, 0], [1, 1]),
        [[1, 1, 0, 1], [2, 1, 0, 1]],
        [(0, 1, 1.0), (0, 1, 1.0)],
        fixed=[[0.5, 0.0], [5.0, 0.0]],
        group=[0, 1],
    )
    flow = user_equilibrium(problem)
    np.testing.assert_allclose(flow.volume, [1.0, 1.0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_wardrop_holds_on_random_networks(seed: int, lanes: bool) -> None:
    """No used path costs more than the shortest, volumes balance, and threads change nothing, in lanes or in order."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 12))
    ring = np.arange(n)
    tail = np.concatenate([ring, (ring + 1) % n, rng.integers(0, n, 2 * n)])
    head = np.concatenate([(ring + 1) % n, ring, rng.integers(0, n, 2 * n)])
    some = tail != head
    tail, head = tail[some], head[some]
    form = np.column_stack(
        [
            rng.uniform(0, 3, len(tail)),
            rng.uniform(1, 5, len(tail)),
            rng.uniform(0, 1, len(tail)),
            rng.choice([0, 1, 2.5, 4], len(tail)),
        ]
    )
    trips = [
        (int(a), int(b), float(q))
        for a, b, q in zip(rng.integers(0, n, 12), rng.integers(0, n, 12), rng.uniform(0, 4, 12), strict=True)
    ]
    problem = make_problem(n, (tail, head), form, trips)
    with mock.patch.object(link_passes, "LARGE", 1 if lanes else len(trips) + 1):
        flow, two = (user_equilibrium(problem, gap=1e-9, passes=500, threads=n) for n in (1, 2))
    assert flow.converged
    assert balance(problem, flow.volume) < 1e-8
    np.testing.assert_array_equal(flow.volume, two.volume)


@pytest.mark.parametrize("kind", [delays.BPR, delays.CONICAL, delays.QUEUE, delays.EXCESS])
@pytest.mark.parametrize("load", [0.05, 0.5, 0.9, 0.97, 1.3])
def test_slopes_and_areas_belong_to_the_delays(kind: int, load: float) -> None:
    """First and second derivative and the integral agree with differences of the delay."""
    if kind == delays.EXCESS and load > 0.99:
        load = 0.99
    form = (2.0, 10.0, 0.7, 3.0) if kind != delays.EXCESS else (2.0, 10.0, 0.7, 0.0)
    v, h = load * 10.0, 1e-4
    t, d, d2 = delays.delay(kind, v, *form)
    up, down = delays.delay(kind, v + h, *form), delays.delay(kind, v - h, *form)
    assert d == pytest.approx((up[0] - down[0]) / (2 * h), rel=1e-5)
    assert d2 == pytest.approx((up[1] - down[1]) / (2 * h), rel=1e-4)
    grid = np.linspace(0, v, 20001)
    table = np.array([delays.delay(kind, x, *form)[0] for x in grid])
    assert delays.area(kind, v, *form) == pytest.approx(np.trapezoid(table, grid), rel=1e-5)
    assert t > 0


def test_a_queue_of_one_server_is_m_m_1() -> None:
    """The wait of M/M/1 is service time times rho over 1 - rho."""
    for rho in (0.1, 0.5, 0.9):
        assert delays.delay(delays.QUEUE, rho, 0.0, 1.0, 2.0, 1.0)[0] == pytest.approx(2.0 * rho / (1 - rho))


def test_conical_delay_doubles_at_capacity() -> None:
    """Spiess asks f(1) = 2, whatever the exponent."""
    for p in (2.0, 4.0, 8.0):
        assert delays.delay(delays.CONICAL, 10.0, 3.0, 10.0, 0.0, p)[0] == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"demand": [(0, 1, -1.0)]}, "row 1: the volume is -1"),
        ({"demand": [(0, 1, float("nan"))]}, "row 1: the volume is nan"),
        ({"demand": [(0, 7, 1.0)]}, "nodes run from 0 to 1"),
        ({"form": [[1, 0, 0.15, 4]]}, "capacity is 0"),
        ({"form": [[1, -1, 0, 1]]}, "capacity is -1"),
        ({"form": [[float("nan"), 1, 0, 1]]}, "must be numbers"),
        ({"ends": ([1], [0])}, "node 0 to node 1, which asks for 1 of 1: no link leaves node 0"),
        ({"fixed": [-1.0]}, "fixed cost is negative"),
        ({"group": [3]}, "there are 1 classes"),
    ],
)
def test_bad_problems_are_named(change: dict[str, object], words: str) -> None:
    """Negative and missing volumes, no capacity, unknown nodes and pairs without a way are told in a sentence."""
    parts: dict[str, object] = {
        "ends": ([0], [1]),
        "form": [[1, 1, 0, 1]],
        "demand": [(0, 1, 1.0)],
    } | change
    with pytest.raises(DemandError, match=words):
        user_equilibrium(make_problem(2, **parts))  # type: ignore[arg-type]


def test_routes_with_equal_sums_of_arc_numbers_are_told_apart() -> None:
    """Two routes whose arc numbers add up alike, or that use the same arcs in part, have marks of their own."""
    from daliz.paths.kernels import route_arcs
    from daliz.paths.route_sets import signs_of

    begin, arcs = np.array([0, 2, 4, 6]), np.array([1, 4, 2, 3, 1, 2], np.uint32)
    assert len(set(route_arcs.marks_of(begin, arcs, signs_of(10)).tolist())) == 3
