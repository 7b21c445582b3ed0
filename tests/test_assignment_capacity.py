"""Hold the flow within hard capacities against theory and another formulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import daliz
from daliz.assignment import make_problem
from daliz.assignment.link_capacity import capacity_flow
from daliz.errors import DemandError
from printed_networks import sioux_falls
from small_networks import Link, road_network


def test_sioux_falls_with_doubled_capacities_is_served() -> None:
    """All 360,600 trips find room within doubled capacities."""
    flow = capacity_flow(sioux_falls(2.0))
    assert flow.converged
    assert flow.served.sum() == pytest.approx(360_600, abs=1e-6)
    assert (flow.volume <= flow.problem.form[:, 1] * (1 + 1e-9)).all()
    assert flow.cut is None


def test_what_does_not_fit_has_its_proof() -> None:
    """At single capacities the cut's weights show that just the unserved trips cannot be served."""
    problem = sioux_falls()
    flow = capacity_flow(problem)
    cut = flow.cut
    assert cut is not None
    assert (cut.weight >= 0).all()
    # the proof: demand times distance exceeds weight times capacity by what is unserved
    assert problem.demand @ cut.distance - cut.weight @ problem.form[:, 1] == pytest.approx(cut.short)
    assert cut.short == pytest.approx(flow.unserved.sum(), rel=1e-7)
    assert flow.served.sum() + flow.unserved.sum() == pytest.approx(360_600)


def test_only_full_links_have_a_price() -> None:
    """Complementary slackness: a link with room costs nothing more."""
    flow = capacity_flow(sioux_falls(2.0))
    room = flow.problem.form[:, 1] - flow.volume
    assert (flow.price * room <= 1e-6 * flow.cost).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_columns_agree_with_the_arc_formulation(seed: int) -> None:
    """The cost of random flows equals that of one programme over all arcs and commodities."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 7))
    ring = np.arange(n)
    tail = np.concatenate([ring, (ring + 1) % n, rng.integers(0, n, n)])
    head = np.concatenate([(ring + 1) % n, ring, rng.integers(0, n, n)])
    tail, head = tail[tail != head], head[tail != head]
    cost, room = rng.uniform(1, 5, len(tail)), rng.uniform(0.5, 3, len(tail))
    form = np.column_stack([cost, room, np.zeros(len(tail)), np.ones(len(tail))])
    ends = rng.choice(n, 2, replace=False), rng.choice(n, 2, replace=False)
    trips = [(int(a), int(b), float(rng.uniform(0.5, 3))) for a, b in ends]
    problem = make_problem(n, (tail, head), form, trips)
    flow = capacity_flow(problem)
    pairs, links = len(problem.demand), len(problem.tail)
    penalty = (
        (flow.cost - flow.volume @ problem.form[:, 0]) / flow.unserved.sum()
        if flow.unserved.sum() > 1e-9
        else 1e4
    )
    c = np.concatenate([np.tile(problem.form[:, 0], pairs), np.full(pairs, penalty)])
    equal = np.zeros((pairs * n, len(c)))
    sums = np.zeros(pairs * n)
    for k in range(pairs):
        for a in range(links):
            equal[k * n + problem.head[a], k * links + a] += 1
            equal[k * n + problem.tail[a], k * links + a] -= 1
        equal[k * n + problem.target[k], pairs * links + k] = 1
        equal[k * n + problem.origin[k], pairs * links + k] = -1
        sums[k * n + problem.target[k]] = problem.demand[k]
        sums[k * n + problem.origin[k]] = -problem.demand[k]
    within = np.hstack([np.tile(np.eye(links), pairs), np.zeros((links, pairs))])
    other = linprog(c, within, problem.form[:, 1], equal, sums)
    assert flow.cost == pytest.approx(other.fun, rel=1e-7)
    assert flow.gap <= 1e-9


def test_a_dear_way_is_taken_before_anyone_is_left() -> None:
    """What does not fit on a cheap link goes by one a thousand times dearer."""
    flow = capacity_flow(make_problem(2, ([0, 0], [1, 1]), [[1, 3, 0, 1], [1000, 100, 0, 1]], [(0, 1, 4.0)]))
    assert flow.unserved.sum() == 0
    assert flow.cut is None


def test_no_capacity_is_refused() -> None:
    """A capacity of 0 is named and a closed link asked to be left out."""
    problem = make_problem(2, ([0], [1]), [[1, 1, 0, 1]], [(0, 1, 1.0)])
    with pytest.raises(DemandError, match="capacity is 0"):
        capacity_flow(problem, np.zeros(1))


CHOICE = {
    "reference-sd": 100,
    "scale": 0.001,
    "nest-route": 1,
    "nest-corridor": 1,
    "aversion": 0,
    "aversion-decay": 0,
}


def network_to_assign(*roads: Link) -> daliz.Network:
    """Make a network of roads with what an assignment needs."""
    return road_network(
        roads,
        loads=[{"id": "t", "cargo_id": "container-40", "resource": "truck", "amount": 1}],
        delays=[
            {"id": k, "form": "bpr", "b": 1, "power": 4} for k in ("link", "terminal", "border", "service")
        ],
        choice=[{"id": k, "value": v} for k, v in CHOICE.items()],
    )


def narrow_network(trucks_a_day: float) -> daliz.Network:
    """Make two roads from n0 to n3, by n1 and by n2, each of some trucks a day in both directions together."""
    network = network_to_assign(Link(0, 1, 300), Link(1, 3, 300), Link(0, 2, 400), Link(2, 3, 400))
    links = network.store["links"]
    count = len(links)
    narrow = links.replace(
        capacity=np.full(count, trucks_a_day),
        capacity_unit=np.array(["trucks/day"] * count, object),
        capacity_per=np.array(["both"] * count, object),
    )
    return daliz.Network(network.store.replace(links=narrow), network.period)


def test_a_network_that_is_full_tells_price_and_cut() -> None:
    """What two roads cannot take is unserved, the cut holds one link of each road, and the books are whole."""
    network = narrow_network(10.0)
    rows = [{"origin": "n0", "destination": "n3", "cargo": "container-40", "units": 10_000}]
    flows = daliz.assign(network, daliz.demand_from_rows(network, rows), method="capacity")
    assert flows.unserved.sum() == pytest.approx(10_000 - 2 * 3650)
    assert flows.cut is not None
    assert flows.cut.short == pytest.approx(flows.unserved.sum())
    assert sum(r["capacity"] * r["weight"] for r in flows.cut_rows()) == pytest.approx(2 * 3650)
    assert (flows.price[flows.volume < 3649] == 0).all()


def test_the_network_s_user_equilibrium_evens_out_two_roads() -> None:
    """With room for all no cut is made, and at equilibrium both roads cost the same."""
    network = narrow_network(30.0)
    rows = [{"origin": "n0", "destination": "n3", "cargo": "container-40", "units": 20_000}]
    demand = daliz.demand_from_rows(network, rows)
    assert daliz.assign(network, demand, method="capacity").cut is None
    found = daliz.assign(network, demand, method="due", terms=daliz.AssignmentTerms(target=1e-9))
    assert found.converged
    waits = found._waits
    routes = found.routes
    cost = routes.sums.usd + 20 * (routes.sums.hours + waits)
    used = found.flow > 1
    assert used.sum() >= 2
    assert np.ptp(cost[used]) < 1e-4 * cost[used].mean()


def test_demand_that_cannot_be_reached_is_named() -> None:
    """Two parts that no road joins: the pair and the class are told."""
    network = network_to_assign(Link(0, 1, 100), Link(2, 3, 100))
    rows = [{"origin": "n0", "destination": "n3", "cargo": "container-40", "units": 5}]
    with pytest.raises(DemandError, match=r"n0 - n3 \(container-40\)"):
        daliz.assign(network, daliz.demand_from_rows(network, rows))


def test_a_network_without_markets_is_told() -> None:
    """Without demand and without markets there is nothing to assign, and the error says what to give."""
    with pytest.raises(
        DemandError, match=r"lacks what assign needs: .*flows; flow_years; .* or bring a demand"
    ):
        daliz.assign(network_to_assign(Link(0, 1, 100)))
