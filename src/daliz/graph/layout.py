"""Lay out the states and arcs of a graph, and note what is to be booked on each arc."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from daliz.graph.courses import STRAIGHT
from daliz.graph.draft import ALL_GROUPS, Draft, Fare, Run, Stretch
from daliz.graph.lines import lead_lines
from daliz.graph.links import Step, read_closed, read_links, through_hours
from daliz.graph.pricing import RateRows
from daliz.graph.services import read_lines, read_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph.courses import Course, Legs
    from daliz.graph.draft import Layout
    from daliz.graph.links import Link
    from daliz.graph.services import Line
    from daliz.tables.period import Period
    from daliz.tables.resolve import Resolved

COMMON_MODES = ("rail", "road")


@dataclass(frozen=True)
class Facts:
    """All that states and arcs follow from: networks with equal facts have equal layouts.

    Attributes
    ----------
    places, countries
        Ids of the places, and their countries.
    links, km, lines, legs, detours
        Links and their lengths; directions of services, with the steps of each leg between stops, or the
        places between which there is none, and with further ways from one call to the next.
    pairs
        Lines of services in pairs with their legs.
    idle
        Services that cannot run, with the reason.
    handling, gauge_change
        Rows of terminals that load, by place and mode, and that change the gauge, by place.
    admitted
        Groups of cargo that each terminal admits.
    rates
        What each rate is for.
    """

    places: list[str]
    countries: list[str]
    links: list[Link]
    km: list[float]
    lines: list[Line]
    legs: list[Legs | tuple[int, int]]
    detours: list[dict[int, Legs]]
    pairs: list[tuple[Line, Legs]]
    idle: dict[str, str]
    handling: dict[tuple[int, str], list[int]]
    gauge_change: dict[int, int]
    admitted: list[frozenset[str]]
    rates: RateRows


def read_facts(resolved: Resolved, period: Period, course: Course = STRAIGHT) -> Facts:
    """Read all that the layout of a graph follows from.

    Parameters
    ----------
    resolved, period
        The tables in force, and the period in which they are.
    course
        What services go round, and which places ships can be led through.
    """
    nodes, terminals = resolved.tables["nodes"], resolved.tables["terminals"]
    handling: dict[tuple[int, str], list[int]] = {}
    gauge_change: dict[int, int] = {}
    columns = (terminals[c].tolist() for c in ("node_id", "mode", "operation"))
    for i, (node, mode, operation) in enumerate(zip(*columns, strict=True)):
        if operation == "handling":
            handling.setdefault((nodes.position[node], mode), []).append(i)
        elif operation == "gauge-change":
            gauge_change[nodes.position[node]] = i
    links = read_links(resolved)
    lines, idle = read_lines(resolved)
    change = terminals["hours"] + terminals["document_hours"]
    hours_of_change = {place: float(change[row]) for place, row in gauge_change.items()}
    led = lead_lines(
        lines,
        links,
        through_hours(resolved),
        hours_of_change,
        closed=read_closed(resolved, period),
        course=course,
        pairs=lambda running: read_pairs(resolved, running),
    )
    return Facts(
        places=nodes.ids.tolist(),
        countries=[str(c) for c in nodes["country"].tolist()],
        links=links,
        km=resolved.tables["links"]["length_km"].tolist(),
        lines=led.lines,
        legs=led.legs,
        detours=led.detours,
        pairs=led.pairs,
        idle=idle,
        handling=handling,
        gauge_change=gauge_change,
        admitted=[frozenset(g.split()) or ALL_GROUPS for g in terminals["cargo_groups"].tolist()],
        rates=RateRows.of(resolved.tables["rates"]),
    )


def lay_out(facts: Facts, before: tuple[Facts, Layout] | None = None) -> Layout:
    """Lay out all states and arcs: common rail and road, changes of gauge, loading, services.

    Parameters
    ----------
    facts
        What they follow from.
    before
        Other facts and their layout. Where nothing but lengths and ways of services differs, services that go the
        same way are taken over from it, and so is what comes before them.
    """
    maker = _Maker(facts)
    draft, known, km = maker.draft, None, None
    own = {name: getattr(facts, name) for name in ("km", "lines", "legs", "detours", "pairs")}
    if before is not None and len(facts.lines) == len(before[0].lines) and facts == replace(before[0], **own):
        known = before
        km = None if facts.km == before[0].km else facts.km
    part = draft.begin()
    if known is None or not draft.take(known[1], part, km):
        maker.add_stretches()
        maker.add_gauge_changes()
        maker.add_loading()
    for i, way in enumerate(zip(facts.lines, facts.legs, facts.detours, strict=True)):
        part = draft.begin()
        same = known is not None and _runs(way[1]) and way == tuple(x[i] for x in _ways(known[0]))
        if known is None or not same or not draft.take(known[1], part, km):
            maker.add_line(*way)
    part = draft.begin()
    same = known is not None and facts.pairs == known[0].pairs
    if known is None or not same or not draft.take(known[1], part, km):
        maker.add_pairs()
    return draft.layout()


def _ways(facts: Facts) -> tuple[list[Line], list[Legs | tuple[int, int]], list[dict[int, Legs]]]:
    return facts.lines, facts.legs, facts.detours


def _runs(legs: Legs | tuple[int, int]) -> bool:
    """Check whether a line has a path between all of its stops."""
    return not isinstance(legs[0], int)


class _Maker:
    """Maker of arcs from facts alone."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.draft = Draft(len(facts.places))
        self.draft.idle.update(facts.idle)
        self._lacking: dict[tuple[str, str, Fare], frozenset[str]] = {}

    def add_stretches(self) -> None:
        """Make the network of single consignments: any stretch of rail or road without a timetable."""
        draft, anybody = self.draft, Fare()
        for i, link in enumerate(self.facts.links):
            if link.mode not in COMMON_MODES:
                continue
            gauge = str(link.gauge) if link.gauge else ""
            states = [draft.state(place, link.mode, gauge) for place in link.ends]
            lacking = self._without_rate([link], anybody)
            for forward in (True, False):
                on, off = states if forward else states[::-1]
                over = Stretch(((i, forward),), link.ends_along(forward=forward), self.facts.km[i])
                arc = draft.arc(on, off, "run", over=over)
                draft.notes.runs.append(Run(arc, -1, anybody, False, over.links))
                draft.price(arc, ALL_GROUPS, lacking)

    def add_gauge_changes(self) -> None:
        """Join the states of different gauges at each place that changes the gauge."""
        draft = self.draft
        for place, terminal in self.facts.gauge_change.items():
            here = [i for i, s in enumerate(draft.states) if s.node == place and s.mode == "rail"]
            for tail, head in itertools.permutations(here, 2):
                arc = draft.arc(tail, head, "gauge-change", ALL_GROUPS)
                draft.notes.gauge_changes.append((arc, terminal))

    def add_loading(self) -> None:
        """Join yards and common states by loading and unloading; loading takes the fixed part of the rate."""
        draft = self.draft
        common: dict[tuple[int, str], list[int]] = {}
        for i, known in enumerate(draft.states):
            common.setdefault((known.node, known.mode), []).append(i)
        for (node, mode), rows in self.facts.handling.items():
            states = common.get((node, mode), []) if mode in COMMON_MODES else []
            for row, state in itertools.product(rows, states):
                groups = self.facts.admitted[row]
                load = draft.arc(node, state, "load", groups)
                draft.notes.handlings.append((load, row))
                fare = Fare(groups=tuple(sorted(groups)))
                draft.notes.fixed_rates.append((load, mode, self.facts.countries[node], fare))
                draft.notes.handlings.append((draft.arc(state, node, "unload", groups), row))

    def add_line(self, line: Line, legs: Legs | tuple[int, int], detours: dict[int, Legs]) -> None:
        """Make the arcs of one direction of a service, or note why it cannot run."""
        if isinstance(legs[0], int):
            here, there = (self.facts.places[p] for p in legs)
            self.draft.idle[line.service] = f"no open {line.mode} links lead from {here} to {there}"
            return
        arrive, leave = self._states(line)
        fare = Fare(self.facts.rates.own(line.service), line.direction, line.groups)
        lacking = self._rides(line, legs, (arrive, leave), fare)
        self._detours(line, detours, (arrive, leave), fare)
        last = len(line.stops) - 1
        for k, stop in enumerate(line.stops):
            if stop.call == "pass":
                continue
            country = self.facts.countries[stop.node]
            for terminal in self.facts.handling.get((stop.node, line.mode), ()):
                groups = self.facts.admitted[terminal].intersection(line.groups)
                if not groups:
                    continue
                if stop.call in {"both", "board"} and k < last:
                    arc = self.draft.arc(stop.node, leave[k], "board", service=line.at)
                    self.draft.price(arc, groups, lacking)
                    self.draft.notes.handlings.append((arc, terminal))
                    self.draft.notes.departures.append((arc, line.at, line.direction == "back"))
                    self.draft.notes.fixed_rates.append((arc, line.mode, country, fare))
                if stop.call in {"both", "alight"} and k > 0:
                    arc = self.draft.arc(arrive[k], stop.node, "alight", groups, service=line.at)
                    self.draft.notes.handlings.append((arc, terminal))

    def add_pairs(self) -> None:
        """Make the arcs of services in pairs: each port is boarded and left once, whatever the other end.

        The rate per km is charged on the way, so what lacks one may board and goes nowhere.
        """
        draft, ports = self.draft, dict[tuple[int, int, bool], int]()
        for line, legs in self.facts.pairs:
            fare = Fare(self.facts.rates.own(line.service), line.direction, line.groups)
            ends = [self._port(line, k, ports) for k in (0, 1)]
            arc, links = self._ride(line, (ends[0], ends[1]), [step for leg in legs for step in leg])
            draft.notes.runs.append(Run(arc, line.at, fare, False, links))
            crossed = [self.facts.links[row] for row, _ in links]
            draft.price(arc, frozenset(line.groups), self._without_rate(crossed, fare))

    def _port(self, line: Line, k: int, ports: dict[tuple[int, int, bool], int]) -> int:
        """Return the state of leaving the first stop of a pair or of coming to the second, joined to the yard."""
        stop, leaving = line.stops[k], k == 0
        key = (line.at, stop.node, leaving)
        if key in ports:
            return ports[key]
        detail = f"{line.service}/pairs/{'leaving' if leaving else 'arriving'}"
        state = ports[key] = self.draft.state(stop.node, line.mode, detail)
        country, notes = self.facts.countries[stop.node], self.draft.notes
        for terminal in self.facts.handling.get((stop.node, line.mode), ()):
            groups = self.facts.admitted[terminal]
            ends = (stop.node, state) if leaving else (state, stop.node)
            arc = self.draft.arc(*ends, "board" if leaving else "alight", groups, service=line.at)
            notes.handlings.append((arc, terminal))
            if leaving:
                fare = Fare(self.facts.rates.own(line.service), line.direction, tuple(sorted(groups)))
                notes.departures.append((arc, line.at, False))
                notes.fixed_rates.append((arc, line.mode, country, fare))
        return state

    def _states(self, line: Line) -> tuple[list[int], list[int]]:
        """Return the states of arriving and leaving at each stop; between the two what stays aboard waits."""
        arrive, leave = [], []
        for k, stop in enumerate(line.stops):
            if stop.call == "pass":
                arrive.append(-1)
                leave.append(-1)
                continue
            name = f"{line.service}/{line.direction}/{stop.sequence}"
            arrive.append(self.draft.state(stop.node, line.mode, name))
            leave.append(arrive[-1])
            if stop.dwells and 0 < k < len(line.stops) - 1:
                leave[-1] = self.draft.state(stop.node, line.mode, f"{name}/leaving")
                arc = self.draft.arc(arrive[-1], leave[-1], "stay", frozenset(line.groups), service=line.at)
                self.draft.notes.stays.append((arc, stop.row))
        return arrive, leave

    def _rides(
        self, line: Line, legs: Legs, states: tuple[list[int], list[int]], fare: Fare
    ) -> frozenset[str]:
        """Make the ride arcs between stops that are no mere passes; return the groups without a rate."""
        lacking: frozenset[str] = frozenset()
        arrive, leave = states
        start, steps, published = 0, list[Step](), list[int]()
        for k, stop in enumerate(line.stops[1:], 1):
            steps += legs[k - 1]
            if stop.published >= 0:
                published.append(stop.published)
            if arrive[k] < 0:
                continue
            whole = bool(published) and k - start == len(published)
            arc, links = self._ride(line, (leave[start], arrive[k]), steps)
            self.draft.notes.runs.append(Run(arc, line.at, fare, whole, links))
            lacking |= self._without_rate([self.facts.links[row] for row, _ in links], fare)
            if whole:
                self.draft.notes.timetable += [(arc, row) for row in published]
            start, steps, published = k, [], []
        return lacking

    def _detours(
        self, line: Line, detours: dict[int, Legs], states: tuple[list[int], list[int]], fare: Fare
    ) -> None:
        """Make ride arcs for further ways from one call to the next."""
        draft, (arrive, leave) = self.draft, states
        for k, ways in detours.items():
            start = max(j for j in range(k) if leave[j] >= 0)
            for steps in ways:
                arc, links = self._ride(line, (leave[start], arrive[k]), steps)
                draft.notes.runs.append(Run(arc, line.at, fare, False, links))
                crossed = [self.facts.links[row] for row, _ in links]
                draft.price(arc, frozenset(line.groups), self._without_rate(crossed, fare))

    def _ride(
        self, line: Line, ends: tuple[int, int], steps: Sequence[Step]
    ) -> tuple[int, tuple[tuple[int, bool], ...]]:
        """Make one ride arc over its steps, with the changes of gauge on the way."""
        draft, facts = self.draft, self.facts
        links = tuple((s.link, s.forward) for s in steps if s.link >= 0)
        places = (draft.states[ends[0]].node, *(s.place for s in steps if s.link >= 0))
        over = Stretch(links, places, sum(facts.km[row] for row, _ in links))
        arc = draft.arc(*ends, "ride", frozenset(line.groups), service=line.at, over=over)
        if len(links) < len(steps):
            draft.notes.gauge_changes += [(arc, facts.gauge_change[s.place]) for s in steps if s.link < 0]
        return arc, links

    def _without_rate(self, links: Sequence[Link], fare: Fare) -> frozenset[str]:
        """Return the groups for which some country of some links has no rate."""
        lacking: frozenset[str] = frozenset()
        for mode, countries in {(link.mode, link.countries) for link in links}:
            for country in countries:
                key = (mode, country, fare)
                if key not in self._lacking:
                    find = self.facts.rates.find
                    self._lacking[key] = frozenset(
                        g for g in fare.groups if not find(mode, fare.service, country, g, fare.direction)
                    )
                lacking |= self._lacking[key]
        return lacking
