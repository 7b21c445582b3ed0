"""Find the quickest path between places over the open links of one mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.links import Step
from daliz.graph.shortest import Star, Tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from daliz.arrays import Floats
    from daliz.graph.links import Link

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
        self._steps: list[Step] = []
        self._ends: list[tuple[int, int]] = []
        self._hours: list[float] = []
        table = hours.tolist()
        for row in rows:
            gauge = links[row].gauge
            for forward in links[row].ways:
                tail, head = links[row].ends_along(forward=forward)
                ends = self._states[tail, gauge], self._states[head, gauge]
                self._add(ends, table[row][forward], Step(row, forward, head))
        for place, change in gauge_change.items():
            here = self.at.get(place, [])
            for ends in ((a, b) for a in here for b in here if a != b):
                self._add(ends, change, Step(-1, True, place))
        tails, heads = np.array(self._ends, dtype=np.int64).reshape(-1, 2).T
        weight = np.maximum(np.array(self._hours, dtype=np.float64), LEAST_HOURS)
        self._paths = Star(tails, heads, len(self._states)).weighted(weight)
        self._trees: dict[int, Tree] = {}

    def _add(self, ends: tuple[int, int], hours: float, step: Step) -> None:
        """Add a step between two states if its hours are known."""
        if np.isfinite(hours):
            self._steps.append(step)
            self._ends.append(ends)
            self._hours.append(hours)

    def prepare(self, places: Iterable[int]) -> None:
        """Grow the trees from all states of some places at once."""
        self._grow({s for p in places for s in self.at.get(p, ())})

    def _grow(self, states: Iterable[int]) -> None:
        starts = sorted(s for s in states if s not in self._trees)
        if starts:
            hours, after = self._paths.grow_each(starts)
            self._trees |= {s: Tree(hours[i], after[i]) for i, s in enumerate(starts)}

    def path(self, starts: Sequence[int], place: int) -> tuple[list[Step], int] | None:
        """Return the quickest steps from any of some states to a place, and the state of arrival."""
        self._grow(starts)
        ends = self.at.get(place, [])
        options = [(float(self._trees[s].distance[e]), s, e) for s in starts for e in ends]
        hours, start, end = min(options, default=(np.inf, -1, -1))
        if not np.isfinite(hours):
            return None
        states = self._trees[start].nodes(end)[::-1]
        return [self._steps[a] for a in self._paths.arcs(states)], end
