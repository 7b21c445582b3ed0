"""Read the services of a network as lines: one direction of a service with its stops in order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.tables.resolve import Resolved

PAIRS = "pairs"
"""Pattern of a service that runs between any two of its stops."""
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
    """One direction, out or back, of a service: row, id and mode, groups of cargo, stops in order, and ship's TEU."""

    at: int
    service: str
    mode: str
    direction: str
    groups: tuple[str, ...]
    stops: tuple[Stop, ...]
    ship_teu: float = 0.0


def read_lines(resolved: Resolved) -> tuple[list[Line], dict[str, str]]:
    """Read both directions of all services, and apart those with fewer than two stops, with the reason."""
    services = resolved.tables["services"]
    stops = _stops(resolved)
    lines: list[Line] = []
    idle: dict[str, str] = {}
    returning = (services["return_departures_per_week"] > 0).tolist()
    in_lines = (services["pattern"] != PAIRS).tolist()
    in_teu = services["payload_unit"] == "TEU"
    ships = np.where(in_teu, np.nan_to_num(services["payload"], nan=0.0), 0.0).tolist()
    columns = (services[c].tolist() for c in ("mode", "cargo_groups"))
    for i, (name, mode, cargo) in enumerate(zip(services.ids.tolist(), *columns, strict=True)):
        line = stops.get(name, [])
        if len(line) < 2:
            idle[name] = "it has fewer than two stops"
        if len(line) < 2 or not in_lines[i]:
            continue
        groups = tuple(cargo.split())
        lines.append(Line(i, name, mode, "out", groups, tuple(line), ships[i]))
        if returning[i]:
            lines.append(Line(i, name, mode, "back", groups, tuple(_turned(line)), ships[i]))
    return lines, idle


def read_pairs(resolved: Resolved, lines: Sequence[Line]) -> list[Line]:
    """Read what services in pairs run: a line of two stops for each two that no other line joins directly.

    Parameters
    ----------
    resolved
        The tables in force.
    lines
        The lines that run; where one loads at the one stop and unloads at the other later on, no pair is made for
        the groups that it carries.
    """
    services = resolved.tables["services"]
    rows = np.flatnonzero(services["pattern"] == PAIRS).tolist()
    if not rows:
        return []
    joined = {
        (line.mode, group, a.node, b.node)
        for line in lines
        for a, b in itertools.combinations(line.stops, 2)
        if a.call in {"both", "board"} and b.call in {"both", "alight"}
        for group in line.groups
    }
    stops = _stops(resolved)
    found = []
    for i in rows:
        name, mode = str(services.ids[i]), str(services["mode"][i])
        ship = float(services["payload"][i]) if services["payload_unit"][i] == "TEU" else 0.0
        calls = [stop for stop in stops.get(name, ()) if stop.call != "pass"]
        for a, b in itertools.permutations(calls, 2):
            if a.call == "alight" or b.call == "board" or a.node == b.node:
                continue
            groups = services["cargo_groups"][i].split()
            left = tuple(g for g in groups if (mode, g, a.node, b.node) not in joined)
            if left:
                ends = (a._replace(published=-1), b._replace(published=-1))
                found.append(Line(i, name, mode, "out", left, ends, ship if ship > 0 else 0.0))
    return found


def _stops(resolved: Resolved) -> dict[str, list[Stop]]:
    """Read the stops of each service in their order."""
    table, position = resolved.tables["stops"], resolved.tables["nodes"].position
    order = np.lexsort((table.ids.astype(str), table["sequence"])).tolist()
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


def calls_of(line: Line) -> list[int]:
    """Return the positions of the stops that a line does not merely pass, both ends included."""
    last = len(line.stops) - 1
    return [k for k, stop in enumerate(line.stops) if stop.call != "pass" or k in {0, last}]
