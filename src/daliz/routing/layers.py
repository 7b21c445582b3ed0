"""Lay the arcs of a question out in layers, and find shortest paths there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.shortest import Star, in_layers
from daliz.graph.through import passed

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.graph.shortest import ShortestPaths
    from daliz.routing.query import Query

TINY = 1e-9


class Layers:
    """Open arcs of a query in layers, one for each place to pass and each border allowed.

    With neither there is one layer. Searching in layers keeps the search a plain shortest path.

    Attributes
    ----------
    query
        The question.
    arc, tail, head
        int64 (layered arcs,): arc of the graph, and its ends among the layered states.
    start, goals
        Layered states of the ends; a path may end with fewer borders than allowed.
    star
        The layered arcs, sorted.
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        graph, size = query.graph, len(query.graph.states)
        borders = 0 if query.max_borders is None else query.max_borders
        count = (len(query.via) + 1) * (borders + 1)
        self.arc = np.flatnonzero(query.open)
        self.tail, self.head = graph.tail[self.arc], graph.head[self.arc]
        if count > 1 or query.max_borders is not None:
            up = self._gained(borders)
            position, self.tail, self.head = in_layers(self.tail, self.head, size, up)
            self.arc = self.arc[position]
        begun = int(bool(query.via) and query.via[0] == graph.states[query.start].node)
        self.start = query.start + size * begun * (borders + 1)
        last = len(query.via) * (borders + 1)
        self.goals = [query.goal + size * (last + b) for b in range(borders + 1)]
        self.star = Star(self.tail, self.head, size * count)

    def _gained(self, borders: int) -> Ints:
        """Count the layers that each open arc leads up by the places it passes and the borders it crosses."""
        query = self.query
        crossed = np.zeros(len(self.arc), dtype=np.int64)
        if query.max_borders is not None:
            crossed = query.graph.borders[self.arc]
        up = passed(query.graph, self.arc, query.via)[:, None] * (borders + 1) + crossed
        spent = np.arange(borders + 1)[None, :, None]
        count = (len(query.via) + 1) * (borders + 1)
        return np.where(spent + crossed <= borders, up, -1).reshape(count, len(self.arc))

    def weighted(self, weight: Floats) -> ShortestPaths:
        """Return the shortest paths under a weight of shape (arcs of the graph,)."""
        return self.star.weighted(np.maximum(weight[self.arc], TINY))

    def arcs(self, paths: ShortestPaths, states: list[int]) -> list[int]:
        """Return the arcs of the graph along layered states."""
        return [int(a) for a in self.arc[paths.arcs(states)]]


def shortest(layers: Layers, weight: Floats) -> list[int] | None:
    """Find the arcs of the shortest path; None if there is none."""
    states = shortest_states(layers, paths := layers.weighted(weight))
    return layers.arcs(paths, states) if states else None


def shortest_states(layers: Layers, paths: ShortestPaths) -> list[int]:
    """Find the layered states along the shortest path; none if there is none."""
    tree = paths.grow(layers.start)
    goal = min(layers.goals, key=lambda g: tree.distance[g])
    return tree.nodes(goal)[::-1] if np.isfinite(tree.distance[goal]) else []
