"""Make sets of routes: for each pair of places and class of cargo the best different ways of each corridor."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import DemandError
from daliz.graph import build_graph
from daliz.paths.capacities import elements_of
from daliz.paths.corridors import corridors_of
from daliz.paths.demand import AVOIDED
from daliz.paths.eligibility import bound_by, close_heavy, country_arcs, restrict
from daliz.paths.kernels import trees, via

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daliz.arrays import Flags, Floats, Ints, Words
    from daliz.graph import Graph
    from daliz.paths.demand import Demand
    from daliz.tables import Network

MOST, SHARED, STRETCH, LIMIT = 2, 0.7, 1.5, 2.5
"""Ways of a corridor; share of km in common; cost over the corridor's best; cost of a corridor over the best of all."""
BENT = ("", "rail", "road")
PREFERENCE = 4.0
"""Cost of other modes, times, when one is preferred to find ways wholly by it."""


@dataclass(frozen=True)
class RouteSets:
    """Hold the routes of all pairs; those of pair k are `first[k]` to `first[k + 1]`.

    Attributes
    ----------
    graph
        Where arcs are numbered.
    first
        int64 array of shape (pairs + 1,).
    begin, arcs
        The arcs of route r are `arcs[begin[r] : begin[r + 1]]`.
    corridor
        Row of the corridor of each route, -1 for none.
    usd, hours, variance, kg, km
        float64 arrays of shape (routes,), for one unit of the pair's class.
    origin, destination, cargo, averse
        What each pair is, shapes (pairs,).
    """

    graph: Graph
    first: Ints
    begin: Ints
    arcs: Ints
    corridor: Ints
    usd: Floats
    hours: Floats
    variance: Floats
    kg: Floats
    km: Floats
    origin: Ints
    destination: Ints
    cargo: Ints
    averse: Flags
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    @functools.cached_property
    def pair(self) -> Ints:
        """Give the pair of each route, shape (routes,)."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def __repr__(self) -> str:
        return (
            f"<RouteSets of {self.graph.network.name} {self.graph.network.year}: {len(self.usd):,} "
            f"routes of {len(self.first) - 1:,} pairs>"
        )


class _Ways(NamedTuple):
    """Hold pair, corridor and number of arcs of each way, the arcs one after the other, and sums of shape (5, ways)."""

    pair: Ints
    corridor: Ints
    length: Ints
    steps: Ints
    sums: Floats


class _Arcs:
    """Hold the arcs of a graph sorted by tail and by head, with what counts for corridors."""

    def __init__(self, graph: Graph) -> None:
        self.out = np.argsort(graph.tail, kind="stable")
        self.back = np.argsort(graph.head, kind="stable")
        every = np.arange(len(graph.states) + 1)
        self.tail, self.head = graph.tail[self.out].astype(np.uint32), graph.head[self.out].astype(np.uint32)
        self.start = np.searchsorted(self.tail, every).astype(np.uint32)
        self.back_tail = graph.head[self.back].astype(np.uint32)
        self.back_head = graph.tail[self.back].astype(np.uint32)
        self.back_start = np.searchsorted(self.back_tail, every).astype(np.uint32)
        # where the arc of the order by head lies in the order by tail
        position = np.empty(len(self.out), np.int64)
        position[self.out] = np.arange(len(self.out))
        self.arc_back = position[self.back].astype(np.uint32)
        self.place = np.array([s.node for s in graph.states], np.uint32)
        marks = corridors_of(graph).marks()
        self.km, self.bits = marks.km, marks.bits
        self.need, self.bar, self.main = marks.need, marks.bar, marks.main
        self.length = graph.km


def arc_weight(cargo: dict[str, Any], costs: Any, reference_sd: float) -> Floats:
    """Give the generalised cost of each arc in USD; the standard deviation enters linearised at `reference_sd` hours.

    c = usd + v h + v r s^2 / (2 s0), so that arcs add up; at s = s0 it bears half of the value of
    reliability, and its slope by variance is the right one.
    """
    time = float(cargo["value_of_time_usd_h"])
    reliability = time * float(cargo["reliability_ratio"])
    weight: Floats = np.maximum(
        costs.usd + time * costs.hours + reliability * costs.variance / (2.0 * reference_sd), 0.0
    )
    return weight


def route_sets(
    network: Network,
    demand: Demand,
    *,
    reference_sd: float,
    toll: Floats | None = None,
    bent: tuple[str, ...] = BENT,
    threads: int = 2,
    whole: bool = True,
) -> RouteSets:
    """Make the routes of all pairs that demand names.

    Parameters
    ----------
    network
        Network of a year.
    demand
        Pairs with classes.
    reference_sd
        See `arc_weight`.
    toll
        USD to add for one unit of each class on each arc, shape (classes, arcs), as of queues or prices
        of capacity.
    bent
        Modes to prefer in turn, "" for none.
    threads
        Threads that work on classes; the result does not depend on them.
    whole
        Refuse pairs without a way; else they have no routes. Under tolls they are never refused.

    Raises
    ------
    DemandError
        If a pair has no route; it names the pair and the class.
    """
    graph = build_graph(network, None)
    if "sorted arcs" not in graph.memo:
        graph.memo["sorted arcs"] = _Arcs(graph)
    arcs: _Arcs = graph.memo["sorted arcs"]
    keys = np.stack([demand.origin, demand.destination, demand.cargo, demand.averse.astype(np.int64)])
    pairs = np.unique(keys, axis=1)
    found: list[_Ways] = []
    with ThreadPoolExecutor(threads) as pool:
        tasks = pool.map(
            lambda g: _group_ways(graph, arcs, pairs[:, g.rows], g, reference_sd, toll, bent),
            list(_groups(graph, pairs)),
        )
        for ways in tasks:
            found += ways
    # under tolls the best way of a pair may come to a place twice and be left out; its plain routes are known
    return _joined(graph, pairs, found, whole=whole and toll is None)


@dataclass(frozen=True)
class _Group:
    """Be the pairs of one class that are bound by the same rules."""

    cargo: dict[str, Any]
    ends: tuple[str, str]
    averse: bool
    rows: Ints


def _groups(graph: Graph, pairs: Ints) -> Iterator[_Group]:
    network = graph.network
    cargoes, country = network.table("cargoes"), network.table("nodes")["country"].astype(str)
    known: dict[tuple[Any, ...], list[int]] = {}
    rules: dict[tuple[int, str, str], tuple[str, ...]] = {}
    ends: dict[tuple[Any, ...], tuple[str, str]] = {}
    for k, (o, d, c, a) in enumerate(pairs.T.tolist()):
        between = (c, country[o], country[d])
        if between not in rules:
            rules[between] = bound_by(graph, cargoes.row(str(cargoes.ids[c])), between[1:])
        key = (c, a, rules[between])
        known.setdefault(key, []).append(k)
        ends.setdefault(key, between[1:])
    for key, rows in known.items():
        yield _Group(cargoes.row(str(cargoes.ids[key[0]])), ends[key], bool(key[1]), np.array(rows))


def _group_ways(
    graph: Graph,
    arcs: _Arcs,
    pairs: Ints,
    group: _Group,
    reference_sd: float,
    toll: Floats | None,
    bent: tuple[str, ...],
) -> list[_Ways]:
    """Find the ways of a group of pairs under plain costs and with each of some modes preferred."""
    closed: dict[int, str] = {}
    costs = restrict(graph, group.cargo, group.ends, "", "", graph.costs(str(group.cargo["id"])), closed)
    close_heavy(graph, group.cargo, closed)
    shut = ~costs.admitted
    shut[list(closed)] = True
    only = graph.network.table("services")["operators_only"]
    for row in np.flatnonzero(only):
        shut[graph.service_arcs.get(int(row), [])] = True
    if group.averse:
        shut[country_arcs(graph, AVOIDED)] = True
    weight = arc_weight(group.cargo, costs, reference_sd)
    if toll is not None:
        weight = weight + toll[graph.network.table("cargoes").position[group.cargo["id"]]]
    weight[shut] = np.inf
    values = np.stack([costs.usd, costs.hours, costs.variance, costs.kg, graph.km])
    found = []
    for mode in bent:
        leaning = (
            weight if not mode else weight * np.where(corridors_of(graph).foreign_to(mode), PREFERENCE, 1.0)
        )
        pair, corridor, count, way = _fan(arcs, leaning, pairs)
        steps = arcs.out[way]
        sums = (
            np.add.reduceat(values[:, steps], np.concatenate([[0], np.cumsum(count)[:-1]]), axis=1)
            if len(count)
            else np.zeros((5, 0))
        )
        found.append(_Ways(group.rows[pair], corridor, count, steps, sums))
    return found


def _fan(arcs: _Arcs, weight: Floats, pairs: Ints) -> tuple[Ints, Ints, Ints, Words]:
    sources, ahead = np.unique(pairs[0], return_inverse=True)
    goals, behind = np.unique(pairs[1], return_inverse=True)
    out = _trees(arcs, sources, weight[arcs.out], arcs.start, arcs.head, arcs.tail, arcs.out)
    back = _trees(arcs, goals, weight[arcs.back], arcs.back_start, arcs.back_head, arcs.back_tail, arcs.back)
    return via.ways(
        ahead.astype(np.int64),
        behind.astype(np.int64),
        sources.astype(np.uint32),
        goals.astype(np.uint32),
        out[0],
        back[0],
        out[1],
        back[1],
        out[2],
        back[2],
        out[3],
        back[3],
        arcs.tail,
        arcs.back_tail,
        arcs.arc_back,
        arcs.place,
        arcs.length[arcs.out],
        arcs.need,
        arcs.bar,
        arcs.main,
        MOST,
        SHARED,
        STRETCH,
        LIMIT,
    )


def _trees(
    arcs: _Arcs, roots: Ints, cost: Floats, start: Words, head: Words, tail: Words, order_of: Ints
) -> tuple[Any, ...]:
    states, count = len(start) - 1, len(roots)
    dist, pred, order = (
        np.empty((count, states)),
        np.empty((count, states), np.uint32),
        np.empty((count, states), np.uint32),
    )
    settled = np.zeros(count, np.uint32)
    trees.grow(
        start,
        head,
        np.ascontiguousarray(cost[None]),
        roots.astype(np.uint32),
        np.zeros(count, np.uint32),
        0,
        dist,
        pred,
        order,
        settled,
        False,
        0,
        count,
    )
    km, bits = np.zeros((count, states, via.MODES)), np.zeros((count, states), np.uint32)
    arc_km, arc_bits = np.ascontiguousarray(arcs.km[order_of]), arcs.bits[order_of]
    for r in range(count):
        via.gather(tail, pred[r], settled[r], order[r], arc_km, arc_bits, km[r], bits[r])
    return dist, pred, km, bits


def _joined(graph: Graph, pairs: Ints, found: list[_Ways], *, whole: bool = True) -> RouteSets:
    """Sort routes by pair and leave out those found twice."""
    pair = np.concatenate([f.pair for f in found])
    count = np.concatenate([f.length for f in found])
    steps = np.concatenate([f.steps for f in found])
    sums = np.concatenate([f.sums for f in found], axis=1)
    corridor = np.concatenate([f.corridor for f in found])
    begin = np.concatenate([[0], np.cumsum(count)])
    # a way's fingerprint: the sum of random numbers that stand for its arcs, so that ways of equal sums
    # of arc numbers differ
    signs = np.random.default_rng(0).integers(0, 2**63, len(graph.arcs), dtype=np.uint64)
    prints = np.add.reduceat(signs[steps], begin[:-1])
    _, kept = np.unique(
        np.stack([pair.astype(np.uint64), prints, count.astype(np.uint64)]), axis=1, return_index=True
    )
    kept = kept[np.lexsort((kept, pair[kept]))]
    first = np.searchsorted(pair[kept], np.arange(pairs.shape[1] + 1))
    if whole:
        _refuse_unreached(graph, pairs, first)
    length = count[kept]
    new_begin = np.concatenate([[0], np.cumsum(length)])
    index = np.repeat(begin[kept] - new_begin[:-1], length) + np.arange(new_begin[-1])
    usd, hours, variance, kg, km = sums[:, kept]
    return RouteSets(
        graph,
        first,
        new_begin,
        steps[index],
        corridor[kept],
        usd,
        hours,
        variance,
        kg,
        km,
        pairs[0],
        pairs[1],
        pairs[2],
        pairs[3].astype(bool),
    )


def queue_tolls(routes: RouteSets, delay: Floats) -> Floats:
    """Give the USD that delays of elements add to each arc for one unit of each class, shape (classes, arcs)."""
    graph = routes.graph
    elements, time = elements_of(graph), graph.network.table("cargoes")["value_of_time_usd_h"]
    arc, element = elements.waits.T
    return np.stack(
        [
            v * np.bincount(arc, (delay * admitted)[element], len(graph.arcs))
            for v, admitted in zip(time, elements.admits, strict=True)
        ]
    )


def load_tolls(routes: RouteSets, price: Floats) -> Floats:
    """Give what prices of loading elements add to each arc in USD for one unit of each class, shape (classes, arcs)."""
    elements, arcs = elements_of(routes.graph), len(routes.graph.arcs)
    arc, element = elements.bears.T
    return np.stack([np.bincount(arc, (load * price)[element], arcs) for load in elements.load])


def merged(one: RouteSets, other: RouteSets) -> RouteSets:
    """Join two sets of routes of the same pairs; routes of the first that the second repeats stay once."""
    pairs = np.stack([one.origin, one.destination, one.cargo, one.averse.astype(np.int64)])
    found = [
        _Ways(
            r.pair, r.corridor, np.diff(r.begin), r.arcs, np.stack([r.usd, r.hours, r.variance, r.kg, r.km])
        )
        for r in (one, other)
    ]
    return _joined(one.graph, pairs, found, whole=False)


def taken(routes: RouteSets, rows: Ints) -> RouteSets:
    """Give some of the routes, in their order."""
    length = np.diff(routes.begin)[rows]
    begin = np.concatenate([[0], np.cumsum(length)])
    index = np.repeat(routes.begin[rows] - begin[:-1], length) + np.arange(begin[-1])
    first = np.searchsorted(routes.pair[rows], np.arange(len(routes.first)))
    return replace(
        routes,
        first=first,
        begin=begin,
        arcs=routes.arcs[index],
        corridor=routes.corridor[rows],
        usd=routes.usd[rows],
        hours=routes.hours[rows],
        variance=routes.variance[rows],
        kg=routes.kg[rows],
        km=routes.km[rows],
        memo={},
    )


def _refuse_unreached(graph: Graph, pairs: Ints, first: Ints) -> None:
    lost = np.flatnonzero(np.diff(first) == 0)
    if len(lost):
        nodes, cargoes = graph.network.table("nodes"), graph.network.table("cargoes")
        names = [
            f"{nodes.ids[o]} - {nodes.ids[d]} ({cargoes.ids[c]}{', averse to Russia' if a else ''})"
            for o, d, c, a in pairs[:, lost[:5]].T.tolist()
        ]
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        raise DemandError(
            f"No way leads for {', '.join(names)}{more}. Ask `daliz routes` what separates them, or "
            "take the demand out."
        )
