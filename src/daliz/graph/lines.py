"""Read the services of a network as lines, and lead each over the quickest links between its stops."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.link_paths import LinkPaths

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daliz.arrays import Floats
    from daliz.graph.links import Link, Step
    from daliz.tables.resolve import Resolved

TURNED = {"board": "alight", "alight": "board"}


class Stop(NamedTuple):
    """One stop of a line.

    Attributes
    ----------
    row, node, sequence, call
        As in `stops`; the call is that of the direction of the line.
    dwells
        Whether hours of staying here are known.
    published
        Row of `stops` with the hours of the timetable to here, -1 where there are none.
    """

    row: int
    node: int
    sequence: str
    call: str
    dwells: bool
    published: int


class Line(NamedTuple):
    """One direction, out or back, of a service: row, id and mode, groups of cargo, and stops in order."""

    at: int
    service: str
    mode: str
    direction: str
    groups: tuple[str, ...]
    stops: tuple[Stop, ...]


def read_lines(resolved: Resolved) -> tuple[list[Line], dict[str, str]]:
    """Read both directions of all services, and apart those with fewer than two stops, with the reason."""
    services = resolved.tables["services"]
    stops = _stops(resolved)
    lines: list[Line] = []
    idle: dict[str, str] = {}
    returning = (services["return_departures_per_week"] > 0).tolist()
    columns = (services[c].tolist() for c in ("mode", "cargo_groups"))
    for i, (name, mode, cargo) in enumerate(zip(services.ids.tolist(), *columns, strict=True)):
        line = stops.get(name, [])
        if len(line) < 2:
            idle[name] = "it has fewer than two stops"
            continue
        groups = tuple(cargo.split())
        lines.append(Line(i, name, mode, "out", groups, tuple(line)))
        if returning[i]:
            lines.append(Line(i, name, mode, "back", groups, tuple(_turned(line))))
    return lines, idle


def _stops(resolved: Resolved) -> dict[str, list[Stop]]:
    """Read the stops of each service in their order."""
    table, position = resolved.tables["stops"], resolved.tables["nodes"].position
    order = np.argsort(table["sequence"], kind="stable").tolist()
    dwells = (resolved.cells["stops", "dwell_hours"] >= 0).tolist()
    timed = (~np.isnan(table["run_hours"])).tolist()
    service, node, call, sequence = (table[c].tolist() for c in ("service_id", "node_id", "call", "sequence"))
    found: dict[str, list[Stop]] = {}
    for i in order:
        stop = Stop(i, position[node[i]], f"{sequence[i]:.0f}", call[i], dwells[i], i if timed[i] else -1)
        found.setdefault(service[i], []).append(stop)
    return found


def _turned(line: Sequence[Stop]) -> list[Stop]:
    """Return the stops against their order, with calls and published hours turned round."""
    back = [stop._replace(call=TURNED.get(stop.call, stop.call)) for stop in line[::-1]]
    hours = [back[0].published, *(before.published for before in line[:0:-1])]
    return [stop._replace(published=at) for stop, at in zip(back, hours, strict=True)]


Legs = tuple[tuple["Step", ...], ...]


def lead_lines(
    lines: Sequence[Line], links: Sequence[Link], hours: Floats, gauge_change: Mapping[int, float]
) -> list[Legs | tuple[int, int]]:
    """Lead each line over the quickest links between its stops.

    Parameters
    ----------
    lines, links
        All lines and all links.
    hours
        Hours of each link backward and forward, shape (links, 2).
    gauge_change
        Hours of a change of gauge by place.

    Returns
    -------
    For each line the steps of each leg, or the first two places that no links join.
    """
    places: dict[str, set[int]] = {}
    for line in lines:
        places.setdefault(line.mode, set()).update(stop.node for stop in line.stops)
    paths = {mode: LinkPaths(mode, links, hours, gauge_change) for mode in places}
    for mode, some in places.items():
        paths[mode].prepare(some)
    return [_legs(line, paths[line.mode]) for line in lines]


def _legs(line: Line, paths: LinkPaths) -> Legs | tuple[int, int]:
    at = paths.at.get(line.stops[0].node, [])
    legs = []
    for before, stop in pairwise(line.stops):
        found = paths.path(at, stop.node) if at else None
        if found is None:
            return before.node, stop.node
        steps, end = found
        legs.append(tuple(steps))
        at = [end]
    return tuple(legs)
