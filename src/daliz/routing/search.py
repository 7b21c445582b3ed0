"""Find shortest ways in layers, and say what separates two places that no way joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daliz.errors import RouteError

if TYPE_CHECKING:
    from daliz.routing.query import Query

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
TINY = 1e-9


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
        self.start = query.start + self.size * (
            self._passed(query.start) * (1 if borders is None else borders + 1)
        )
        last = vias * (1 if borders is None else borders + 1)
        self.goals = [
            query.goal + self.size * (last + b) for b in range(1 if borders is None else borders + 1)
        ]
        key = self.tail * (self.size * self.count) + self.head
        self.order = np.argsort(key, kind="stable")
        sorted_key = key[self.order]
        self.first = (
            np.flatnonzero(np.r_[True, sorted_key[1:] != sorted_key[:-1]])
            if len(key)
            else np.zeros(0, dtype=np.int64)
        )
        pair_tail, self.indices = self.tail[self.order][self.first], self.head[self.order][self.first]
        self.keys = sorted_key[self.first]
        self.indptr = np.searchsorted(pair_tail, np.arange(self.size * self.count + 1))
        self.shape = (self.size * self.count,) * 2

    def _passed(self, state: int) -> int:
        node = self.query.graph.states[state].node
        return int(bool(self.query.via) and self.query.via[0] == node)

    def _spread(self, arcs: Ints, tail: Ints, head: Ints) -> tuple[Ints, Ints, Ints]:
        graph, via = self.query.graph, self.query.via
        borders = 0 if self.query.max_borders is None else self.query.max_borders
        crossed = (
            graph.borders[arcs] if self.query.max_borders is not None else np.zeros(len(arcs), dtype=np.int64)
        )
        parts: list[tuple[Ints, Ints, Ints]] = []
        for v in range(len(via) + 1):
            gained = (
                np.array([self._gain(int(a), v) for a in arcs])
                if via
                else np.zeros(len(arcs), dtype=np.int64)
            )
            for b in range(borders + 1):
                keep = b + crossed <= borders
                from_layer = v * (borders + 1) + b
                to_layer = (v + gained) * (borders + 1) + b + crossed
                parts.append(
                    (arcs[keep], tail[keep] + self.size * from_layer, (head + self.size * to_layer)[keep])
                )
        a, t, h = (np.concatenate(x) for x in zip(*parts, strict=True))
        return a, t, h

    def _gain(self, arc: int, passed: int) -> int:
        """Count the places to pass that an arc passes next, in order."""
        via, gained = self.query.via, 0
        for place in self.query.graph.arcs[arc].places:
            if passed + gained < len(via) and via[passed + gained] == place:
                gained += 1
        return gained

    def weighted(self, weight: Floats) -> Weighted:
        """Give the layered graph under a weight of shape (all arcs,); of parallel arcs the least counts."""
        return Weighted(self, weight)


class Weighted:
    """Be the layered graph under one weight."""

    def __init__(self, layers: Layers, weight: Floats) -> None:
        self.layers = layers
        ordered = np.maximum(weight[layers.arc[layers.order]], TINY)
        least = np.minimum.reduceat(ordered, layers.first) if len(layers.first) else ordered
        self.matrix = csr_array((least, layers.indices, layers.indptr), shape=layers.shape)
        self._ordered, self._least = ordered, least
        self._best: Ints | None = None

    @property
    def reverse(self) -> csr_array:
        """Give the graph with all arcs turned round."""
        return self.matrix.T.tocsr()

    def arcs(self, pairs: list[tuple[int, int]]) -> list[int]:
        """Give the least arcs between pairs of layered states."""
        ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return [int(a) for a in self.least(ends[:, 0], ends[:, 1])]

    def least(self, tail: Ints, head: Ints) -> Ints:
        """Give the least arcs between layered states, shapes (pairs,)."""
        layers = self.layers
        if self._best is None:
            group = np.repeat(np.arange(len(layers.first)), np.diff(np.r_[layers.first, len(layers.order)]))
            hits = np.flatnonzero(self._ordered == self._least[group])
            best = np.empty(len(layers.first), dtype=np.int64)
            best[group[hits[::-1]]] = layers.arc[layers.order[hits[::-1]]]
            self._best = best
        rows = np.searchsorted(layers.keys, tail * (layers.size * layers.count) + head)
        return np.asarray(self._best[rows])


def shortest(layers: Layers, weight: Floats) -> list[int] | None:
    """Give the arcs of the shortest way, or None if there is none."""
    graph = layers.weighted(weight)
    distance, previous = dijkstra(graph.matrix, indices=layers.start, return_predecessors=True)
    goal = min(layers.goals, key=lambda g: distance[g])
    return graph.arcs(trace(previous, goal, layers.start)) if np.isfinite(distance[goal]) else None


def trace(previous: Ints, state: int, root: int) -> list[tuple[int, int]]:
    """Give the pairs of states from the root of a tree to a state."""
    pairs = []
    while state != root:
        before = int(previous[state])
        pairs.append((before, state))
        state = before
    return pairs[::-1]


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
        return RouteError(
            f"{label}: no links or services join them at all; run `daliz check` on the network for parts that nothing joins."
        )
    if flow.flow_value >= free:
        return RouteError(f"{label}; loosen the places to pass.")
    residual = matrix - flow.flow
    residual.eliminate_zeros()
    reach = np.isfinite(dijkstra(residual, indices=query.start, unweighted=True))
    cut = [i for i in np.flatnonzero(~query.open) if reach[graph.tail[i]] and not reach[graph.head[i]]]
    reasons = list(dict.fromkeys(_closure(query, int(i)) for i in cut))
    more = f" and {len(reasons) - 4} more" if len(reasons) > 4 else ""
    return RouteError(
        f"{label}: the cut is {'; '.join(reasons[:4])}{more}. Lift one of these or choose another cargo or place."
    )


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
