"""Find the quickest path between places over the open links of one mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daliz.graph.links import Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from daliz.arrays import Floats
    from daliz.graph.links import Link
    from daliz.tables.table import Array

LEAST_HOURS = 1e-6


class LinkPaths:
    """Quickest paths between places over the links of one mode, with changes of gauge where there are any.

    Parameters
    ----------
    mode, links
        The mode, and all links in order.
    hours
        Hours of each link backward and forward, shape (links, 2).
    gauge_change
        Hours of a change of gauge by place.

    Attributes
    ----------
    at
        States of each place: one for each gauge there.
    """

    def __init__(
        self,
        mode: str,
        links: Sequence[Link],
        hours: Floats,
        gauge_change: Mapping[int, float],
    ) -> None:
        self._states: dict[tuple[int, int], int] = {}
        rows = [i for i, link in enumerate(links) if link.mode == mode]
        for row in rows:
            for node in links[row].ends:
                self._states.setdefault((node, links[row].gauge), len(self._states))
        self.at: dict[int, list[int]] = {}
        for (node, _), state in self._states.items():
            self.at.setdefault(node, []).append(state)
        self._step: dict[tuple[int, int], Step] = {}
        self._hours: dict[tuple[int, int], float] = {}
        table = hours.tolist()
        for row in rows:
            gauge = links[row].gauge
            for forward in (True, False):
                tail, head = links[row].ends_along(forward=forward)
                ends = self._states[tail, gauge], self._states[head, gauge]
                self._offer(ends, table[row][forward], Step(row, forward, head))
        for place, change in gauge_change.items():
            here = self.at.get(place, [])
            for ends in ((a, b) for a in here for b in here if a != b):
                self._offer(ends, change, Step(-1, True, place))
        size = len(self._states)
        ends_of = np.array(list(self._hours), dtype=np.int64).reshape(-1, 2)
        weight = np.maximum(list(self._hours.values()), LEAST_HOURS)
        self._graph = csr_array((weight, (ends_of[:, 0], ends_of[:, 1])), shape=(size, size))
        self._trees: dict[int, tuple[Array, Array]] = {}

    def _offer(self, ends: tuple[int, int], hours: float, step: Step) -> None:
        """Take a step between two states if it is the quickest so far."""
        if hours < self._hours.get(ends, np.inf):
            self._hours[ends] = hours
            self._step[ends] = step

    def prepare(self, places: Iterable[int]) -> None:
        """Grow the trees from all states of some places at once."""
        self._grow({s for p in places for s in self.at.get(p, ())})

    def _grow(self, states: Iterable[int]) -> None:
        starts = sorted(s for s in states if s not in self._trees)
        if starts:
            hours, previous = dijkstra(self._graph, indices=starts, return_predecessors=True)
            self._trees |= {s: (hours[i], previous[i]) for i, s in enumerate(starts)}

    def path(self, starts: Sequence[int], place: int) -> tuple[list[Step], int] | None:
        """Return the quickest steps from any of some states to a place, and the state of arrival."""
        self._grow(starts)
        ends = self.at.get(place, [])
        options = [(float(self._trees[s][0][e]), s, e) for s in starts for e in ends]
        hours, start, end = min(options, default=(np.inf, -1, -1))
        if not np.isfinite(hours):
            return None
        steps: list[Step] = []
        previous, state = self._trees[start][1], end
        while state != start:
            before = int(previous[state])
            steps.append(self._step[before, state])
            state = before
        return steps[::-1], end
