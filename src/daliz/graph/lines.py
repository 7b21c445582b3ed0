"""Make the arcs of services: boarding, riding, staying aboard and alighting."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind
from daliz.graph.draft import Stretch
from daliz.graph.links import Step
from daliz.graph.run_costs import Ride

if TYPE_CHECKING:
    from daliz.graph.draft import Draft
    from daliz.graph.pricing import Tariff
    from daliz.graph.running import Running
    from daliz.graph.terminals import Terminals

HOURS_PER_WEEK = 168.0
TURNED = {"board": "alight", "alight": "board"}


@dataclass(frozen=True)
class _Line:
    """One direction of a service: its row, its stops in order, the column of its departures, its cargo."""

    at: int
    service: dict[str, Any]
    stops: list[dict[str, Any]]
    direction: str
    column: str
    groups: frozenset[str]


def add_lines(draft: Draft, running: Running, tariff: Tariff, terminals: Terminals) -> None:
    """Make the arcs of all services in both directions; those that cannot run go to `idle`."""
    maker = _Maker(draft, running, tariff, terminals)
    lines = _lines(draft)
    maker.prepare(lines)
    for line in lines:
        maker.add(line)


def _lines(draft: Draft) -> list[_Line]:
    """List both directions of all services with at least two stops."""
    stops: dict[str, list[dict[str, Any]]] = {}
    for at, row in enumerate(draft.network.table("stops").rows()):
        stops.setdefault(row["service_id"], []).append(row | {"at": at, "run_at": at})
    lines = []
    for i, service in enumerate(draft.network.table("services").rows()):
        line = sorted(stops.get(service["id"], []), key=lambda r: r["sequence"])
        if len(line) < 2:
            draft.idle[service["id"]] = "it has fewer than two stops"
            continue
        groups = frozenset(service["cargo_groups"].split())
        lines.append(_Line(i, service, line, "out", "departures_per_week", groups))
        if service["return_departures_per_week"] > 0:
            lines.append(_Line(i, service, _turned(line), "back", "return_departures_per_week", groups))
    return lines


def _turned(line: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the stops against their order, with calls and published hours turned round."""
    back = [r | {"call": TURNED.get(r["call"], r["call"])} for r in line[::-1]]
    for here, before in zip(back[1:], line[:0:-1], strict=True):
        here["run_hours"], here["run_at"] = before["run_hours"], before["at"]
    return back


class _Maker:
    """Maker of the arcs of lines."""

    def __init__(self, draft: Draft, running: Running, tariff: Tariff, terminals: Terminals) -> None:
        self.draft, self.running, self.tariff, self.terminals = draft, running, tariff, terminals
        self.position = draft.network.table("nodes").position
        self.dwell = running.cells["stops", "dwell_hours"].tolist()

    def prepare(self, lines: list[_Line]) -> None:
        """Find the quickest paths from the stops of all lines, mode by mode."""
        places: dict[str, set[int]] = {}
        for line in lines:
            here = places.setdefault(line.service["mode"], set())
            here.update(self.position[row["node_id"]] for row in line.stops)
        for mode, some in places.items():
            self.running.paths(mode).prepare(some)

    def add(self, line: _Line) -> None:
        """Make the arcs of one line, or note why it cannot run."""
        legs = self._legs(line)
        if legs is None:
            return
        arrive, leave = self._states(line)
        lacking = self._rides(line, legs, arrive, leave)
        last = len(line.stops) - 1
        for k, row in enumerate(line.stops):
            if row["call"] == "pass":
                continue
            yard = self.position[row["node_id"]]
            departure: Book | None = None
            for terminal in self.terminals.at.get((row["node_id"], line.service["mode"]), []):
                groups = self.terminals.groups(terminal) & line.groups
                if not groups:
                    continue
                if row["call"] in {"both", "board"} and k < last:
                    arc = self.draft.arc(yard, leave[k], "board", service=line.at)
                    self.draft.price(arc, groups, lacking)
                    self.terminals.book(arc, terminal)
                    departure = departure or self._departure(line, self.running.country[yard])
                    self.draft.book.put(arc, departure)
                if row["call"] in {"both", "alight"} and k > 0:
                    arc = self.draft.arc(arrive[k], yard, "alight", groups, service=line.at)
                    self.terminals.book(arc, terminal)

    def _states(self, line: _Line) -> tuple[list[int], list[int]]:
        """Return the states of arriving and leaving at each stop; between the two what stays aboard waits."""
        arrive, leave = [], []
        for k, row in enumerate(line.stops):
            if row["call"] == "pass":
                arrive.append(-1)
                leave.append(-1)
                continue
            node, mode = self.position[row["node_id"]], line.service["mode"]
            name = f"{line.service['id']}/{line.direction}/{row['sequence']:.0f}"
            arrive.append(self.draft.state(node, mode, name))
            leave.append(arrive[-1])
            if self.dwell[row["at"]] >= 0 and 0 < k < len(line.stops) - 1:
                leave[-1] = self.draft.state(node, mode, f"{name}/leaving")
                arc = self.draft.arc(arrive[-1], leave[-1], "stay", line.groups, service=line.at)
                self.draft.book.add(arc, Kind.HOURS, Cause.DWELL, 1.0, self.dwell[row["at"]])
        return arrive, leave

    def _legs(self, line: _Line) -> list[list[Step]] | None:
        """Return the steps over links between neighbouring stops, None if some stop cannot be reached."""
        mode = line.service["mode"]
        paths = self.running.paths(mode)
        places = [self.position[r["node_id"]] for r in line.stops]
        at = paths.at.get(places[0], [])
        legs = []
        for before, place in pairwise(places):
            found = paths.path(at, place) if at else None
            if found is None:
                ids = self.draft.network.table("nodes").ids
                self.draft.idle[line.service["id"]] = (
                    f"no open {mode} links lead from {ids[before]} to {ids[place]}"
                )
                return None
            steps, end = found
            legs.append(steps)
            at = [end]
        return legs

    def _rides(
        self, line: _Line, legs: list[list[Step]], arrive: list[int], leave: list[int]
    ) -> frozenset[str]:
        """Make the ride arcs between stops that are no mere passes; return the groups without a rate."""
        lacking: frozenset[str] = frozenset()
        start, steps, published = 0, list[Step](), list[int]()
        for k in range(1, len(line.stops)):
            steps = [*steps, *legs[k - 1]]
            if not np.isnan(line.stops[k]["run_hours"]):
                published.append(line.stops[k]["run_at"])
            if arrive[k] < 0:
                continue
            whole = bool(published) and k - start == len(published)
            arc = self._ride(line, leave[start], arrive[k], steps)
            lacking |= self.running.run(arc, steps, Ride(line.at, line.direction, published=whole))
            if whole:
                self._book_published(arc, published)
            start, steps, published = k, [], []
        return lacking

    def _ride(self, line: _Line, tail: int, head: int, steps: list[Step]) -> int:
        links = tuple((s.link, s.forward) for s in steps if s.link >= 0)
        places = (self.draft.states[tail].node, *(s.place for s in steps if s.link >= 0))
        km = sum(self.running.links[link].km for link, _ in links)
        over = Stretch(links, places, km)
        return self.draft.arc(tail, head, "ride", line.groups, service=line.at, over=over)

    def _book_published(self, arc: int, stops: list[int]) -> None:
        hours = self.draft.network.table("stops")["run_hours"]
        cells = self.running.cells["stops", "run_hours"]
        cv = max((self.running.links[link].cv for link, _ in self.draft.arcs[arc].links), default=0.0)
        for at in stops:
            sd = float(hours[at]) * cv
            self.draft.book.add(arc, Kind.HOURS, Cause.RUN, 1.0, int(cells[at]), 1, sd)

    def _departure(self, line: _Line, country: str) -> Book:
        """Make a sheet of the fixed rate and of the wait for a departure by a random arrival.

        The mean wait is headway/2 * (1 + cv^2) (Osuna and Newell 1972). Its variance takes headways as gamma
        distributed: E[w^2] = E[h^3] / (3 E[h]).
        """
        sheet, service = Book(), line.service
        headway, cv2 = HOURS_PER_WEEK / service[line.column], service["headway_cv"] ** 2
        mean = headway / 2 * (1 + cv2)
        variance = headway**2 * (1 + cv2) * (1 + 2 * cv2) / 3 - mean**2
        figure = int(self.running.cells["services", line.column][line.at])
        sd = float(np.sqrt(max(variance, 0.0)))
        sheet.add(0, Kind.HOURS, Cause.WAIT, HOURS_PER_WEEK / 2 * (1 + cv2), figure, -1, sd)
        for group in sorted(line.groups):
            for rate in self.tariff.rates(service["mode"], service["id"], country, group, line.direction):
                if rate.fixed >= 0:
                    sheet.add(0, USD_KINDS[group], Cause.LINE_HAUL, 1.0, rate.fixed)
        return sheet
