"""Find shortest ways in layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daliz.graph.through import passed

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
        borders = 0 if query.max_borders is None else query.max_borders
        self.count = (len(query.via) + 1) * (borders + 1)
        open_arcs = np.flatnonzero(query.open)
        self.arc, self.tail, self.head = open_arcs, graph.tail[open_arcs], graph.head[open_arcs]
        if self.count > 1 or query.max_borders is not None:
            self.arc, self.tail, self.head = self._spread(open_arcs, borders)
        begun = int(bool(query.via) and query.via[0] == graph.states[query.start].node)
        self.start = query.start + self.size * begun * (borders + 1)
        last = len(query.via) * (borders + 1)
        self.goals = [query.goal + self.size * (last + b) for b in range(borders + 1)]
        self._compress()

    def _compress(self) -> None:
        """Sort the arcs by their ends, so that parallel ones lie together, and the other way round."""
        width = self.size * self.count
        key = self.tail * width + self.head
        self.order = np.argsort(key, kind="stable")
        sorted_key = key[self.order]
        fresh = np.ones(len(key), dtype=np.bool_)
        fresh[1:] = sorted_key[1:] != sorted_key[:-1]
        self.first = np.flatnonzero(fresh)
        self.keys = sorted_key[self.first]
        tail, head = self.tail[self.order][self.first], self.head[self.order][self.first]
        every = np.arange(width + 1)
        self.indices, self.indptr = head.astype(np.int32), np.searchsorted(tail, every).astype(np.int32)
        self.back_order = np.argsort(head, kind="stable")
        self.back_indices = tail[self.back_order].astype(np.int32)
        self.back_indptr = np.searchsorted(head[self.back_order], every).astype(np.int32)
        self.shape = (width, width)

    def _spread(self, arcs: Ints, borders: int) -> tuple[Ints, Ints, Ints]:
        """Repeat the arcs in every layer; an arc leads up by the places it passes and the borders it crosses."""
        graph, via = self.query.graph, self.query.via
        tail, head = graph.tail[arcs], graph.head[arcs]
        crossed = np.zeros(len(arcs), dtype=np.int64)
        if self.query.max_borders is not None:
            crossed = graph.borders[arcs]
        gained = passed(graph, arcs, via)
        parts: list[tuple[Ints, Ints, Ints]] = []
        for v in range(len(via) + 1):
            for b in range(borders + 1):
                keep = b + crossed <= borders
                layer = v * (borders + 1) + b
                above = (v + gained[v]) * (borders + 1) + b + crossed
                parts.append((arcs[keep], tail[keep] + self.size * layer, (head + self.size * above)[keep]))
        a, t, h = (np.concatenate(x) for x in zip(*parts, strict=True))
        return a, t, h

    def weighted(self, weight: Floats) -> Weighted:
        """Give the layered graph under a weight of shape (all arcs,); of parallel arcs the least counts."""
        return Weighted(self, weight)


class Weighted:
    """Be the layered graph under one weight."""

    def __init__(self, layers: Layers, weight: Floats) -> None:
        self.layers = layers
        self._ordered = np.maximum(weight[layers.arc[layers.order]], TINY)
        self._least = np.minimum.reduceat(self._ordered, layers.first) if len(layers.first) else self._ordered
        self._best: Ints | None = None

    def ahead(self) -> tuple[Floats, Ints]:
        """Give the distance of every state from the start and the state before it."""
        layers = self.layers
        matrix = csr_array((self._least, layers.indices, layers.indptr), shape=layers.shape)
        distance, previous = dijkstra(matrix, indices=layers.start, return_predecessors=True)
        return distance, previous

    def behind(self) -> tuple[Floats, Ints, Ints]:
        """Give the distance of every state to the nearest goal, the state after it, and the goal."""
        layers = self.layers
        data = self._least[layers.back_order]
        matrix = csr_array((data, layers.back_indices, layers.back_indptr), shape=layers.shape)
        distance, following, goal = dijkstra(
            matrix, indices=layers.goals, return_predecessors=True, min_only=True
        )
        return distance, following, goal

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
    distance, previous = graph.ahead()
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
