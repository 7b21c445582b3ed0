"""Lead services between their stops: over the quickest links, round what is avoided, through what is asked for.

Ships choose their way between two ports, so they go round a strait, a canal, a country or a link that is to be
avoided. Trains and trucks of a service are led round single links alone: the places that they pass are the service.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.link_paths import LinkPaths
from daliz.graph.services import calls_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daliz.arrays import Floats
    from daliz.graph.links import Link, Step
    from daliz.graph.services import Line

SHIPS = ("sea", "waterway")
NONE: frozenset[int] = frozenset()
Legs = tuple[tuple["Step", ...], ...]


class Course(NamedTuple):
    """What services go round, and which places ships are led through.

    Attributes
    ----------
    links
        Rows of links that every service goes round if it can.
    waters
        Rows of further links that ships alone go round: those at places and in countries that are avoided.
    places
        Rows of places avoided, which a ship that would pass them without a call leaves out.
    through
        Rows of places that ships can be led through, in order.
    """

    links: frozenset[int] = NONE
    waters: frozenset[int] = NONE
    places: frozenset[int] = NONE
    through: tuple[int, ...] = ()

    def avoided(self, mode: str) -> frozenset[int]:
        """Return the links that services of a mode go round."""
        return self.links | self.waters if mode in SHIPS else self.links


STRAIGHT = Course()
"""Of services that go round nothing."""


class Leading:
    """Leading of lines over some links.

    Parameters
    ----------
    links
        All links.
    hours
        Hours of each link backward and forward, shape (links, 2).
    gauge_change
        Hours of a change of gauge by place.
    """

    def __init__(self, links: Sequence[Link], hours: Floats, gauge_change: Mapping[int, float]) -> None:
        self._links, self._hours, self._gauge_change = links, hours, gauge_change
        limits = {link.largest_teu for link in links if np.isfinite(link.largest_teu)}
        self._limits = sorted(limits)
        self._paths: dict[tuple[str, frozenset[int]], LinkPaths] = {}
        self._too_small: dict[float, frozenset[int]] = {}

    def prepare(self, lines: Sequence[Line]) -> None:
        """Grow the trees of quickest paths from all stops of some lines at once."""
        places: dict[tuple[str, frozenset[int]], set[int]] = {}
        for line in lines:
            key = line.mode, self._too_small_for(line)
            places.setdefault(key, set()).update(stop.node for stop in line.stops)
        for key, some in places.items():
            self._over(*key).prepare(some)

    def _too_small_for(self, line: Line) -> frozenset[int]:
        """Return the links that do not admit the ship of a line."""
        if line.mode not in SHIPS or not any(most < line.ship_teu for most in self._limits):
            return NONE
        if line.ship_teu not in self._too_small:
            rows = (i for i, link in enumerate(self._links) if link.largest_teu < line.ship_teu)
            self._too_small[line.ship_teu] = frozenset(rows)
        return self._too_small[line.ship_teu]

    def _over(self, mode: str, barred: frozenset[int]) -> LinkPaths:
        """Return the quickest paths over the links of a mode without some of them."""
        key = mode, barred
        if key not in self._paths:
            hours = self._hours
            if barred:
                hours = hours.copy()
                hours[sorted(barred)] = np.inf
            self._paths[key] = LinkPaths(mode, self._links, hours, self._gauge_change)
        return self._paths[key]

    def lead(self, line: Line, course: Course) -> tuple[Legs | tuple[int, int], set[int]]:
        """Lead a line: the steps of its legs, or the first two places that no links join; stops reached on detours."""
        small = self._too_small_for(line)
        plain = self._over(line.mode, small)
        avoided = course.avoided(line.mode)
        around = self._over(line.mode, small | avoided) if avoided else plain
        at = plain.at.get(line.stops[0].node, [])
        legs: list[tuple[Step, ...]] = []
        turned: set[int] = set()
        for a, b in pairwise(calls_of(line)):
            found = _stretch(plain, line, range(a, b), at)
            if isinstance(found, tuple):
                return found, turned
            if avoided and any(step.link in avoided for leg in found.legs for step in leg):
                skipped = course.places if line.mode in SHIPS else NONE
                detour = _stretch(around, line, range(a, b), at, skipped)
                if not isinstance(detour, tuple):
                    found = detour
                    turned |= set(range(a + 1, b + 1))
            legs += found.legs
            at = [found.end]
        return tuple(legs), turned

    def through(self, line: Line, legs: Legs | tuple[int, int], course: Course) -> dict[int, Legs]:
        """Find ways of a ship through each run of the places of a course, from one call to the next."""
        if line.mode not in SHIPS:
            return {}
        barred = self._too_small_for(line) | course.avoided(line.mode)
        paths = self._over(line.mode, barred)
        count = len(course.through)
        runs = [course.through[i:j] for i in range(count) for j in range(i + 1, count + 1)]
        ways: dict[int, Legs] = {}
        for a, b in pairwise(calls_of(line)):
            ends = line.stops[a].node, line.stops[b].node
            known = {tuple(step for k in range(a, b) for step in legs[k])}  # type: ignore[union-attr]
            found = []
            for run in runs:
                if ends[0] in run or ends[1] in run:
                    continue
                way = _by(paths, (ends[0], *run, ends[1]))
                if way and way not in known:
                    known.add(way)
                    found.append(way)
            if found:
                ways[b] = tuple(found)
        return ways


class _Stretch:
    """Legs between two calls, and the state of arrival."""

    def __init__(self, legs: list[tuple[Step, ...]], end: int) -> None:
        self.legs, self.end = legs, end


def _stretch(
    paths: LinkPaths, line: Line, rows: range, at: Sequence[int], skipped: frozenset[int] = NONE
) -> _Stretch | tuple[int, int]:
    """Lead a line from one call to the next through what it passes between them, but for some places."""
    legs: list[tuple[Step, ...]] = []
    last = line.stops[rows[0]].node
    for k in rows:
        stop = line.stops[k + 1]
        if stop.node in skipped and k + 1 < rows.stop:
            legs.append(())
            continue
        found = paths.path(at, stop.node) if at else None
        if found is None:
            return last, stop.node
        legs.append(tuple(found[0]))
        at, last = [found[1]], stop.node
    return _Stretch(legs, at[0])


def _by(paths: LinkPaths, places: Sequence[int]) -> tuple[Step, ...]:
    """Return the steps of the quickest way through places in order; none if there is none."""
    steps: list[Step] = []
    at: Sequence[int] = paths.at.get(places[0], [])
    for place in places[1:]:
        found = paths.path(at, place) if at else None
        if found is None:
            return ()
        steps += found[0]
        at = [found[1]]
    return tuple(steps)
