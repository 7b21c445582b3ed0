"""Build the graph of a network: yards, common rail and road, services and through rates."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.graph.graph import GROUPS, Arc, Graph, State
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind
from daliz.graph.pricing import Tariff
from daliz.graph.running import Ride, Running, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.tables import Network

COMMON_MODES = ("rail", "road")
HOURS_PER_WEEK = 168.0
HOURS_PER_DAY = 24.0
RATE_MENDING = "add a rate for the mode and group, or leave the group out of cargo_groups"


def build_graph(network: Network, month: int | None = None) -> Graph:
    """Build the graph of a network.

    Parameters
    ----------
    network
        Network of a year or day.
    month
        1 to 12 for the weather of that month; None for the mean of the year.

    Raises
    ------
    DataError
        If a figure that an arc needs is missing.

    Examples
    --------
    >>> import daliz
    >>> build_graph(daliz.open("eurasia"))
    <Graph of eurasia 2024: ... states, ... arcs, ... entries>
    """
    key = ("graph", month)
    if key not in network._cache:  # noqa: SLF001
        network._cache[key] = _Builder(network, month).build()  # noqa: SLF001
    graph: Graph = network._cache[key]  # noqa: SLF001
    return graph


class _Builder:
    def __init__(self, network: Network, month: int | None) -> None:
        self.network, self.month = network, month
        self.book = Book()
        self.tariff = Tariff(network.resolved)
        self.running = Running(network, self.tariff, self.book)
        self.nodes = network.table("nodes")
        self.states: list[State] = [State(i, "yard", "") for i in range(len(self.nodes))]
        self.index: dict[State, int] = {s: i for i, s in enumerate(self.states)}
        self.arcs: list[Arc] = []
        self.groups: list[tuple[bool, ...]] = []
        self.idle: dict[str, str] = {}
        terminals = network.table("terminals")
        self.terminals = terminals
        self.handling: dict[tuple[str, str], list[int]] = {}
        for i, (n, m, o) in enumerate(
            zip(terminals["node_id"], terminals["mode"], terminals["operation"], strict=True)
        ):
            if o == "handling":
                self.handling.setdefault((str(n), str(m)), []).append(i)
        weather = network.table("weather")
        self.weather: dict[str, list[int]] = {}
        for i, (site, m) in enumerate(zip(weather["site"], weather["month"], strict=True)):
            if month is None or int(m) == month:
                self.weather.setdefault(str(site), []).append(i)

    def build(self) -> Graph:
        self._common()
        self._services()
        return Graph(
            self.network,
            self.month,
            self.states,
            self.arcs,
            self.book.close(),
            np.array(self.groups, dtype=np.bool_).reshape(-1, len(GROUPS)).T,
            self.idle,
            np.array([a.tail for a in self.arcs], dtype=np.int64),
            np.array([a.head for a in self.arcs], dtype=np.int64),
        )

    def _state(self, node: int, mode: str, detail: str) -> int:
        state = State(node, mode, detail)
        if state not in self.index:
            self.index[state] = len(self.states)
            self.states.append(state)
        return self.index[state]

    def _arc(
        self,
        tail: int,
        head: int,
        role: str,
        groups: Iterable[str],
        *,
        service: int = -1,
        links: tuple[tuple[int, bool], ...] = (),
        places: tuple[int, ...] = (),
        km: float = 0.0,
    ) -> int:
        admitted = set(groups)
        places = places or tuple(dict.fromkeys((self.states[tail].node, self.states[head].node)))
        self.arcs.append(Arc(tail, head, role, service, links, places, km))
        self.groups.append(tuple(g in admitted for g in GROUPS))
        return len(self.arcs) - 1

    def _common(self) -> None:
        """Make the network of single consignments: any stretch of rail or road without a timetable."""
        gauges = self.network.table("links")["gauge_mm"]
        for i, link in enumerate(self.running.links):
            if link.mode not in COMMON_MODES:
                continue
            gauge = "" if np.isnan(gauges[i]) else str(int(gauges[i]))
            a, b = link.ends
            for forward in (True, False):
                tail, head = (a, b) if forward else (b, a)
                arc = self._arc(
                    self._state(tail, link.mode, gauge),
                    self._state(head, link.mode, gauge),
                    "run",
                    (),
                    links=((i, forward),),
                    places=(tail, head),
                    km=link.km,
                )
                lacking = self.running.book_steps(arc, [Step(i, forward, head)], Ride())
                self.groups[arc] = tuple(g not in lacking for g in GROUPS)
        for place in self.running.gauge_change:
            here = [s for s in self.states if s.node == place and s.mode == "rail"]
            for a in here:
                for b in here:
                    if a != b:
                        arc = self._arc(self.index[a], self.index[b], "gauge-change", GROUPS)
                        self.running.book_gauge_change(arc, place, money=True)
        common: dict[tuple[int, str], list[State]] = {}
        for state in self.states:
            common.setdefault((state.node, state.mode), []).append(state)
        for (node, mode), rows in self.handling.items():
            states = common.get((self.nodes.position[node], mode), []) if mode in COMMON_MODES else []
            for row in rows:
                for state in states:
                    yard, on = state.node, self.index[state]
                    for tail, head, role in ((yard, on, "load"), (on, yard, "unload")):
                        self._book_handling(self._arc(tail, head, role, self._admitted(row)), row)

    def _admitted(self, terminal: int) -> list[str]:
        return str(self.terminals["cargo_groups"][terminal]).split() or list(GROUPS)

    def _book_handling(self, arc: int, row: int) -> None:
        self.running.book_terminal(arc, row, Cause.HANDLING, money=True)
        self._book_weather(arc, str(self.terminals["weather_id"][row]))

    def _book_weather(self, arc: int, site: str) -> None:
        """Book the expected wait at a port that weather closes.

        A ship comes at a random time to a two-state Markov process: with probability p it is shut and opens after an
        exponential time of mean s, so the mean is p s and the variance 2 p s^2 - (p s)^2.
        """
        rows = self.weather.get(site, []) if site else []
        table = self.network.table("weather")
        for row in rows:
            share, spell = float(table["closed_share"][row]), float(table["spell_days"][row]) * HOURS_PER_DAY
            sd = float(np.sqrt(max(2 * share * spell**2 - (share * spell) ** 2, 0.0) / len(rows)))
            self.book.add(
                arc,
                Kind.HOURS,
                Cause.WEATHER,
                spell / len(rows),
                int(self.running.cells["weather", "closed_share"][row]),
                1,
                sd,
            )

    def _services(self) -> None:
        stops: dict[str, list[dict[str, Any]]] = {}
        for at, row in enumerate(self.network.table("stops").rows()):
            stops.setdefault(row["service_id"], []).append(row | {"at": at})
        for i, service in enumerate(self.network.table("services").rows()):
            line = sorted(stops.get(service["id"], []), key=lambda r: r["sequence"])
            self._line(i, service, line, "out", "departures_per_week")
            if service["return_departures_per_week"] > 0:
                back = [
                    r | {"call": {"board": "alight", "alight": "board"}.get(r["call"], r["call"])}
                    for r in line[::-1]
                ]
                for here, before in zip(back, [None, *line[::-1]][: len(back)], strict=True):
                    here["run_hours"] = before["run_hours"] if before else np.nan
                    here["run_at"] = before["at"] if before else -1
                self._line(i, service, back, "back", "return_departures_per_week")

    def _line(
        self, i: int, service: dict[str, Any], line: list[dict[str, Any]], direction: str, column: str
    ) -> None:
        mode, name = service["mode"], service["id"]
        groups = service["cargo_groups"].split()
        legs = self._legs(name, mode, line)
        if legs is None:
            return
        states = [
            self._state(self.nodes.position[r["node_id"]], mode, f"{name}/{direction}/{r['sequence']:.0f}")
            if r["call"] != "pass"
            else -1
            for r in line
        ]
        lacking = self._runs(i, service, line, states, legs, direction, groups)
        for position, (row, state) in enumerate(zip(line, states, strict=True)):
            if state < 0:
                continue
            yard = self.nodes.position[row["node_id"]]
            for terminal in self.handling.get((row["node_id"], mode), []):
                calls = set(self._admitted(terminal)) & set(groups)
                if calls - lacking and row["call"] in {"both", "board"} and position < len(line) - 1:
                    arc = self._arc(yard, state, "board", calls - lacking, service=i)
                    self._book_handling(arc, terminal)
                    self._book_departure(arc, i, service, direction, column)
                if calls and row["call"] in {"both", "alight"} and position > 0:
                    self._book_handling(self._arc(state, yard, "alight", calls, service=i), terminal)
        self._through(i, service, line, states, legs, direction, groups)

    def _legs(self, name: str, mode: str, line: list[dict[str, Any]]) -> list[list[Step]] | None:
        ways = self.running.ways(mode)
        places = [self.nodes.position[r["node_id"]] for r in line]
        ways.prepare(set(places))
        at = ways.at.get(places[0], [])
        legs = []
        for before, place in pairwise(places):
            found = ways.way(at, place) if at else None
            if found is None:
                self.idle[name] = (
                    f"no open {mode} links lead from {self.nodes.ids[before]} to {self.nodes.ids[place]}"
                )
                return None
            steps, end = found
            legs.append(steps)
            at = [end]
        return legs

    def _runs(
        self,
        i: int,
        service: dict[str, Any],
        line: list[dict[str, Any]],
        states: list[int],
        legs: list[list[Step]],
        direction: str,
        groups: list[str],
    ) -> set[str]:
        """Make the run arcs between stops that are no mere passes; give the groups without a rate."""
        lacking: set[str] = set()
        start, steps, hours_at = 0, list[Step](), list[int]()
        for k in range(1, len(line)):
            steps = [*steps, *legs[k - 1]]
            published = line[k]["run_at"] if "run_at" in line[k] else line[k]["at"]
            if not np.isnan(line[k]["run_hours"]):
                hours_at.append(int(published))
            if states[k] < 0:
                continue
            whole = bool(hours_at) and k - start == len(hours_at)
            arc = self._run_arc(i, states[start], states[k], steps, groups)
            lacking |= self.running.book_steps(arc, steps, Ride(i, direction, published=whole))
            if whole:
                self._book_published(arc, hours_at)
            dwell = int(self.running.cells["stops", "dwell_hours"][line[k]["at"]])
            if dwell >= 0 and k < len(line) - 1:
                self.book.add(arc, Kind.HOURS, Cause.DWELL, 1.0, dwell)
            start, steps, hours_at = k, [], []
        return lacking

    def _run_arc(self, service: int, tail: int, head: int, steps: list[Step], groups: Iterable[str]) -> int:
        links = tuple((s.link, s.forward) for s in steps if s.link >= 0)
        places = (self.states[tail].node, *(s.place for s in steps if s.link >= 0))
        km = sum(self.running.links[link].km for link, _ in links)
        return self._arc(tail, head, "ride", groups, service=service, links=links, places=places, km=km)

    def _book_published(self, arc: int, stops: list[int]) -> None:
        table, cv = self.network.table("stops"), 0.0
        for link, _ in self.arcs[arc].links:
            cv = max(cv, self.running.links[link].cv)
        for at in stops:
            sd = float(table["run_hours"][at]) * cv
            self.book.add(
                arc, Kind.HOURS, Cause.RUN, 1.0, int(self.running.cells["stops", "run_hours"][at]), 1, sd
            )

    def _book_departure(self, arc: int, i: int, service: dict[str, Any], direction: str, column: str) -> None:
        """Book the wait for a departure: mean headway/2 * (1 + cv^2) for a random arrival (Osuna and Newell 1972).

        Its variance takes headways as gamma distributed: E[w^2] = E[h^3] / (3 E[h]).
        """
        headway, cv2 = HOURS_PER_WEEK / service[column], service["headway_cv"] ** 2
        mean = headway / 2 * (1 + cv2)
        variance = headway**2 * (1 + cv2) * (1 + 2 * cv2) / 3 - mean**2
        figure = int(self.running.cells["services", column][i])
        self.book.add(
            arc,
            Kind.HOURS,
            Cause.WAIT,
            HOURS_PER_WEEK / 2 * (1 + cv2),
            figure,
            -1,
            float(np.sqrt(max(variance, 0.0))),
        )
        country = self.running.country[self.states[self.arcs[arc].tail].node]
        for group in service["cargo_groups"].split():
            for rate in self.tariff.rates(service["mode"], service["id"], country, group, direction):
                if rate.fixed >= 0:
                    self.book.add(arc, USD_KINDS[group], Cause.LINE_HAUL, 1.0, rate.fixed)

    def _through(
        self,
        i: int,
        service: dict[str, Any],
        line: list[dict[str, Any]],
        states: list[int],
        legs: list[list[Step]],
        direction: str,
        groups: list[str],
    ) -> None:
        """Make an arc for each through rate of this service; it replaces just what the rate covers."""
        stops = {r["node_id"]: k for k, r in enumerate(line) if states[k] >= 0}
        for row in self.tariff.through:
            a, b = stops.get(row["from_node"]), stops.get(row["to_node"])
            mine = (
                row["service_id"] == service["id"]
                and row["direction"] in {direction, "both"}
                and row["cargo_group"] in groups
            )
            if not mine or a is None or b is None or a >= b:
                continue
            steps = [s for leg in legs[a:b] for s in leg]
            arc = self._run_arc(i, states[a], states[b], steps, [row["cargo_group"]])
            covers = frozenset(row["covers"].split()) | {"line-haul"}
            self.running.book_steps(arc, steps, Ride(i, direction, covers))
            for k in range(a + 1, b):
                dwell = int(self.running.cells["stops", "dwell_hours"][line[k]["at"]])
                if dwell >= 0:
                    self.book.add(arc, Kind.HOURS, Cause.DWELL, 1.0, dwell)
            self._book_through(arc, row)

    def _book_through(self, arc: int, row: dict[str, Any]) -> None:
        rate = self.tariff.rate(row)
        kind = USD_KINDS[row["cargo_group"]]
        if rate.fixed >= 0:
            self.book.add(arc, kind, Cause.THROUGH_RATE, 1.0, rate.fixed)
        if rate.per_km >= 0:
            self.book.add(arc, kind, Cause.THROUGH_RATE, self.arcs[arc].km, rate.per_km)
