"""Find the quickest way between places over the open links of one mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.graph.running import Running
    from daliz.tables.table import Array


class Step(NamedTuple):
    """Be one link run forward or backward, or (link -1) a change of gauge at a place."""

    link: int
    forward: bool
    place: int


class Ways:
    """Find the quickest way between places over the open links of one mode."""

    def __init__(self, running: Running, mode: str) -> None:
        self.running = running
        gauge = running.network.table("links")["gauge_mm"].tolist()
        self.rows = [
            (i, 0 if np.isnan(gauge[i]) else int(gauge[i]))
            for i, link in enumerate(running.links)
            if link.mode == mode
        ]
        self.states: dict[tuple[int, int], int] = {}
        for row, width in self.rows:
            for node in running.links[row].ends:
                self.states.setdefault((node, width), len(self.states))
        self.at: dict[int, list[int]] = {}
        for (node, _), state in self.states.items():
            self.at.setdefault(node, []).append(state)
        self.step: dict[tuple[int, int], Step] = {}
        best = self._edges()
        size = len(self.states)
        ends = np.array(list(best), dtype=np.int64).reshape(-1, 2)
        self.graph = csr_array(
            (np.maximum(list(best.values()), 1e-6), (ends[:, 0], ends[:, 1])), shape=(size, size)
        )
        self.trees: dict[int, tuple[Array, Array]] = {}

    def _edges(self) -> dict[tuple[int, int], float]:
        best: dict[tuple[int, int], float] = {}

        def edge(tail: int, head: int, cost: float, step: Step) -> None:
            if cost < best.get((tail, head), np.inf):
                best[tail, head] = cost
                self.step[tail, head] = step

        for row, width in self.rows:
            a, b = self.running.links[row].ends
            edge(
                self.states[a, width],
                self.states[b, width],
                self.running.hours(row, forward=True),
                Step(row, True, b),
            )
            edge(
                self.states[b, width],
                self.states[a, width],
                self.running.hours(row, forward=False),
                Step(row, False, a),
            )
        terminals = self.running.terminals
        for place, terminal in self.running.gauge_change.items():
            change = float(terminals["hours"][terminal] + terminals["document_hours"][terminal])
            for a in self.at.get(place, []):
                for b in self.at.get(place, []):
                    if a != b:
                        edge(a, b, change, Step(-1, True, place))
        return best

    def prepare(self, places: set[int]) -> None:
        """Grow the trees of many starting states at once."""
        self._grow({s for p in places for s in self.at.get(p, [])})

    def _grow(self, states: Iterable[int]) -> None:
        starts = sorted(s for s in states if s not in self.trees)
        if starts:
            distance, previous = dijkstra(self.graph, indices=starts, return_predecessors=True)
            self.trees |= {s: (distance[i], previous[i]) for i, s in enumerate(starts)}

    def way(self, starts: list[int], place: int) -> tuple[list[Step], int] | None:
        """Give the quickest steps from any of some states to a place, and the state of arrival."""
        self._grow(starts)
        ends = self.at.get(place, [])
        options = [
            (float(self.trees[s][0][e]), s, e)
            for s in starts
            for e in ends
            if np.isfinite(self.trees[s][0][e])
        ]
        if not options:
            return None
        _, start, end = min(options)
        steps: list[Step] = []
        previous, state = self.trees[start][1], end
        while state != start:
            before = int(previous[state])
            steps.append(self.step[before, state])
            state = before
        return steps[::-1], end
