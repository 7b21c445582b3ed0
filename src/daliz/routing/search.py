"""Find shortest ways and good, different alternatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daliz.errors import RouteError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daliz.routing.query import Query

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TINY = 1e-9
CANDIDATES = 600
PENALTY_ROUNDS = 12
PENALTY = 1.4


class Layers:
    """Lay the open arcs of a query out in layers, one for each place to pass and each border allowed.

    With neither there is one layer. Searching in layers keeps the search a plain shortest path.
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        graph = query.graph
        self.size = len(graph.states)
        open_arcs = np.flatnonzero(query.open)
        tail, head = graph.tail[open_arcs], graph.head[open_arcs]
        vias, borders = len(query.via), query.max_borders
        self.count = (vias + 1) * (1 if borders is None else borders + 1)
        if self.count == 1:
            self.arc, self.tail, self.head = open_arcs, tail, head
        else:
            self.arc, self.tail, self.head = self._spread(open_arcs, tail, head)
        self.start = query.start + self.size * (self._passed(query.start) * (1 if borders is None else borders + 1))
        last = vias * (1 if borders is None else borders + 1)
        self.goals = [query.goal + self.size * (last + b) for b in range(1 if borders is None else borders + 1)]
        key = self.tail * (self.size * self.count) + self.head
        self.order = np.argsort(key, kind="stable")
        sorted_key = key[self.order]
        self.first = np.flatnonzero(np.r_[True, sorted_key[1:] != sorted_key[:-1]]) if len(key) else np.zeros(0, dtype=np.int64)
        pair_tail, self.indices = self.tail[self.order][self.first], self.head[self.order][self.first]
        self.indptr = np.searchsorted(pair_tail, np.arange(self.size * self.count + 1))
        self.shape = (self.size * self.count,) * 2

    def _passed(self, state: int) -> int:
        node = self.query.graph.states[state].node
        return int(bool(self.query.via) and self.query.via[0] == node)

    def _spread(self, arcs: Ints, tail: Ints, head: Ints) -> tuple[Ints, Ints, Ints]:
        graph, via = self.query.graph, self.query.via
        borders = 0 if self.query.max_borders is None else self.query.max_borders
        crossed = graph.borders[arcs] if self.query.max_borders is not None else np.zeros(len(arcs), dtype=np.int64)
        parts: list[tuple[Ints, Ints, Ints]] = []
        for v in range(len(via) + 1):
            gained = np.array([self._gain(int(a), v) for a in arcs]) if via else np.zeros(len(arcs), dtype=np.int64)
            for b in range(borders + 1):
                keep = b + crossed <= borders
                from_layer = v * (borders + 1) + b
                to_layer = (v + gained) * (borders + 1) + b + crossed
                parts.append((arcs[keep], tail[keep] + self.size * from_layer, (head + self.size * to_layer)[keep]))
        a, t, h = (np.concatenate(x) for x in zip(*parts, strict=True))
        return a, t, h

    def _gain(self, arc: int, passed: int) -> int:
        """Count the places to pass that an arc passes next, in order."""
        via, gained = self.query.via, 0
        for place in self.query.graph.arcs[arc].places:
            if passed + gained < len(via) and via[passed + gained] == place:
                gained += 1
        return gained

    def matrix(self, weight: Floats) -> csr_array:
        """Give the layered graph with the least weight of parallel arcs; `weight` has shape (all arcs,)."""
        ordered = np.maximum(weight[self.arc[self.order]], TINY)
        least = np.minimum.reduceat(ordered, self.first) if len(self.first) else ordered
        return csr_array((least, self.indices, self.indptr), shape=self.shape)

    def arc_between(self, tail: int, head: int, weight: Floats) -> int:
        """Give the cheapest arc between two layered states."""
        row = self.indptr[tail] + int(np.searchsorted(self.indices[self.indptr[tail] : self.indptr[tail + 1]], head))
        last = self.first[row + 1] if row + 1 < len(self.first) else len(self.order)
        arcs = self.arc[self.order[self.first[row] : last]]
        return int(arcs[np.argmin(weight[arcs])]) if len(arcs) > 1 else int(arcs[0])


def shortest(layers: Layers, weight: Floats) -> list[int] | None:
    """Give the arcs of the shortest way, or None if there is none."""
    distance, previous = dijkstra(layers.matrix(weight), indices=layers.start, return_predecessors=True)
    goal = min(layers.goals, key=lambda g: distance[g])
    if not np.isfinite(distance[goal]):
        return None
    return [layers.arc_between(t, h, weight) for t, h in _trace(previous, goal, layers.start)]


def _trace(previous: Ints, state: int, root: int) -> list[tuple[int, int]]:
    pairs = []
    while state != root:
        before = int(previous[state])
        pairs.append((before, state))
        state = before
    return pairs[::-1]


class Overlap:
    """Measure how alike two ways are: shared km over the km of the shorter.

    Km are shared where both run over the same link, whatever service carries them; a way without links (all km zero)
    shares nothing.
    """

    def __init__(self, query: Query) -> None:
        self._graph = query.graph
        self._km = query.graph.network.table("links")["length_km"]

    def links(self, arcs: list[int]) -> frozenset[int]:
        """Give the links of a way."""
        return frozenset(link for a in arcs for link, _ in self._graph.arcs[a].links)

    def share(self, a: frozenset[int], b: frozenset[int]) -> float:
        """Give the share of km in common, 0 to 1."""
        km_a, km_b = (float(self._km[list(x)].sum()) for x in (a, b))
        common = float(self._km[list(a & b)].sum())
        return common / min(km_a, km_b) if min(km_a, km_b) > 0 else 0.0


def alternatives(layers: Layers, weight: Floats, k: int, max_overlap: float, stretch: float) -> list[list[int]]:
    """Give up to k good and different ways, best first.

    Ways through single places (Abraham et al. 2013, alternative routes in road networks) are taken in the order of
    their cost; a way is kept if it passes no place twice, costs at most `stretch` times the best, and shares at most
    `max_overlap` of its km with each one kept. If too few are found, the links of those kept are made dearer
    step by step.
    """
    overlap = Overlap(layers.query)
    kept: list[list[int]] = []
    sets: list[frozenset[int]] = []
    best = np.inf
    for arcs in _candidates(layers, weight, stretch):
        cost = float(weight[arcs].sum())
        best = min(best, cost)
        if cost > stretch * best or _returns(layers.query, arcs):
            continue
        links = overlap.links(arcs)
        if all(overlap.share(links, other) <= max_overlap for other in sets):
            kept.append(arcs)
            sets.append(links)
            if len(kept) == k:
                break
    return sorted(kept, key=lambda arcs: float(weight[arcs].sum()))


def _candidates(layers: Layers, weight: Floats, stretch: float) -> Iterator[list[int]]:
    forward = layers.matrix(weight)
    distance, previous = dijkstra(forward, indices=layers.start, return_predecessors=True)
    back_all, following_all = dijkstra(forward.T.tocsr(), indices=layers.goals, return_predecessors=True)
    nearest_goal = np.argmin(back_all, axis=0)
    back = back_all[nearest_goal, np.arange(back_all.shape[1])]
    total = distance + back
    best = float(total.min())
    if not np.isfinite(best):
        return
    order = np.argsort(total)
    seen = np.zeros(len(total), dtype=bool)
    tried = 0
    for state in order[total[order] <= stretch * best]:
        if seen[state] or tried >= CANDIDATES:
            continue
        tried += 1
        first = _trace(previous, int(state), layers.start)
        second = _follow(following_all[nearest_goal[state]], int(state), layers.goals[nearest_goal[state]])
        seen[[s for pair in (*first, *second) for s in pair]] = True
        yield [layers.arc_between(t, h, weight) for t, h in (*first, *second)]
    yield from _penalised(layers, weight)


def _penalised(layers: Layers, weight: Floats) -> Iterator[list[int]]:
    dearer = weight.copy()
    for _ in range(PENALTY_ROUNDS):
        arcs = shortest(layers, dearer)
        if arcs is None:
            return
        yield arcs
        links = {link for a in arcs for link, _ in layers.query.graph.arcs[a].links}
        touched = {k for link in links for k in layers.query.graph.link_arcs[link]} | set(arcs)
        dearer[list(touched)] *= PENALTY


def _follow(following: Ints, state: int, goal: int) -> list[tuple[int, int]]:
    pairs = []
    while state != goal:
        after = int(following[state])
        pairs.append((state, after))
        state = after
    return pairs


def _returns(query: Query, arcs: list[int]) -> bool:
    """Tell whether a way comes back to a place that it has left."""
    graph = query.graph
    visited = [graph.arcs[arcs[0]].places[0]]
    for a in arcs:
        visited += [p for p in graph.arcs[a].places if p != visited[-1]]
    return len(set(visited)) < len(visited)


def explain_no_way(query: Query) -> RouteError:
    """Say which closed things separate origin and destination: the least cut of what is shut."""
    from scipy.sparse.csgraph import maximum_flow

    graph = query.graph
    size = len(graph.states)
    free = len(graph.arcs)
    capacity = np.where(query.open, free, 1).astype(np.int32)
    matrix = csr_array((capacity, (graph.tail, graph.head)), shape=(size, size)).tocsr().astype(np.int32)
    flow = maximum_flow(matrix, query.start, query.goal)
    label = f"No way leads from {query.origin.label} to {query.destination.label} for {query.cargo['id']} in {graph.network.year}"
    if query.via or query.max_borders is not None:
        through = " through the places to pass" if query.via else ""
        limit = f" with at most {query.max_borders} borders" if query.max_borders is not None else ""
        if _open_without_conditions(query):
            return RouteError(f"{label}{through}{limit}; ways without this condition exist, so loosen it.")
    if flow.flow_value == 0:
        return RouteError(f"{label}: no links or services join them at all; run `daliz check` on the network for parts that nothing joins.")
    if flow.flow_value >= free:
        return RouteError(f"{label}; loosen the places to pass.")
    residual = matrix - flow.flow
    residual.eliminate_zeros()
    reach = np.isfinite(dijkstra(residual, indices=query.start, unweighted=True))
    cut = [i for i in np.flatnonzero(~query.open) if reach[graph.tail[i]] and not reach[graph.head[i]]]
    reasons = list(dict.fromkeys(_closure(query, int(i)) for i in cut))
    more = f" and {len(reasons) - 4} more" if len(reasons) > 4 else ""
    return RouteError(f"{label}: the cut is {'; '.join(reasons[:4])}{more}. Lift one of these or choose another cargo or place.")


def _open_without_conditions(query: Query) -> bool:
    """Tell whether a way exists without places to pass and limits on borders."""
    from dataclasses import replace

    plain = Layers(replace(query, via=(), max_borders=None))
    return shortest(plain, np.ones(len(query.open))) is not None


def _closure(query: Query, arc: int) -> str:
    graph = query.graph
    ids = graph.network.table("nodes").ids
    tail, head = (graph.states[s] for s in (graph.arcs[arc].tail, graph.arcs[arc].head))
    ends = str(ids[tail.node]) if tail.node == head.node else f"{ids[tail.node]} to {ids[head.node]}"
    reason = query.closed_by.get(arc, f"not admitted for {query.cargo['rate_group']} cargo")
    return f"{ends} ({graph.arcs[arc].role}): {reason}"
