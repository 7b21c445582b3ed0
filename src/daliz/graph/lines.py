"""Lead the lines of a network over the quickest links between their stops."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.courses import STRAIGHT, Leading
from daliz.graph.services import calls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from daliz.arrays import Floats
    from daliz.graph.courses import Course, Legs
    from daliz.graph.links import Link
    from daliz.graph.services import Line


class Led(NamedTuple):
    """Lines with the ways that they are led.

    Attributes
    ----------
    lines
        The lines; published hours are struck out where a line does not go its own way.
    legs
        Steps of each leg between stops, or the first two places that no links join.
    detours
        Further ways from one call to the next, by the position of the second among the stops.
    pairs
        Lines of services in pairs with their legs, without those that no links join.
    """

    lines: list[Line]
    legs: list[Legs | tuple[int, int]]
    detours: list[dict[int, Legs]]
    pairs: list[tuple[Line, Legs]]


def lead_lines(
    lines: Sequence[Line],
    links: Sequence[Link],
    hours: Floats,
    gauge_change: Mapping[int, float],
    *,
    closed: tuple[list[Link], Floats] = ([], np.zeros((0, 2))),
    course: Course = STRAIGHT,
    pairs: Callable[[Sequence[Line]], Sequence[Line]] = lambda _: (),
) -> Led:
    """Lead each line over the quickest links between its stops that it may use.

    Parameters
    ----------
    lines, links
        All lines and all links in force.
    hours
        Hours of each link backward and forward, shape (links, 2).
    gauge_change
        Hours of a change of gauge by place.
    closed
        Links that are closed, with their hours: a line whose own way leads over one is led round it and does not
        keep its published hours.
    course
        What lines go round, and which places ships are led through.
    pairs
        Gives what services in pairs run beside the lines that run.
    """
    leading = Leading(links, hours, gauge_change)
    leading.prepare(lines)
    before = Leading([*links, *closed[0]], np.concatenate([hours, closed[1]]), gauge_change)
    found = Led([], [], [], [])
    for line in lines:
        legs, turned = leading.lead(line, course)
        if not isinstance(legs[0], int) and closed[0] and any(s.published >= 0 for s in line.stops):
            turned |= _over(before.lead(line, STRAIGHT)[0], line, len(links))
        stops = tuple(s._replace(published=-1) if k in turned else s for k, s in enumerate(line.stops))
        found.lines.append(line._replace(stops=stops) if turned else line)
        found.legs.append(legs)
        through = course.through if not isinstance(legs[0], int) else ()
        found.detours.append(leading.through(line, legs, course) if through else {})
    running = [
        line for line, legs in zip(found.lines, found.legs, strict=True) if not isinstance(legs[0], int)
    ]
    beside = pairs(running)
    leading.prepare(beside)
    for line in beside:
        legs, _ = leading.lead(line, course)
        if not isinstance(legs[0], int):
            found.pairs.append((line, legs))
    return found


def _over(legs: Legs | tuple[int, int], line: Line, count: int) -> set[int]:
    """Find the stops between calls that the own way of a line reaches over a closed link."""
    if isinstance(legs[0], int):
        return set()
    found: set[int] = set()
    for a, b in pairwise(calls_of(line)):
        if any(step.link >= count for k in range(a, b) for step in legs[k]):
            found |= set(range(a + 1, b + 1))
    return found
