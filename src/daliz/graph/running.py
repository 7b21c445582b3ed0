"""Find the way of a line over the links of its mode and book what running over links costs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daliz.errors import DataError
from daliz.graph.graph import GROUPS
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.graph.pricing import Tariff
    from daliz.tables import Network
    from daliz.tables.table import Array

BASIS_KINDS = {"tkm": Kind.KG_T, "teu-km": Kind.KG_TEU, "container": Kind.KG_CONTAINER, "t": Kind.KG_LOOSE}
HOURS_PER_YEAR = 8760.0
G_PER_KG = 1000.0


class Step(NamedTuple):
    """Be one link run forward or backward, or (link -1) a change of gauge at a place."""

    link: int
    forward: bool
    place: int


@dataclass(frozen=True, slots=True)
class Ride:
    """Say how a stretch is run.

    Attributes
    ----------
    service, direction
        Row of the service, -1 for single consignments; out or back.
    covers
        What a through rate replaces and is not booked: line-haul, gauge-change, border-fee.
    published
        Whether running hours come from a timetable and are booked elsewhere.
    """

    service: int = -1
    direction: str = "out"
    covers: frozenset[str] = frozenset()
    published: bool = False


class _Link(NamedTuple):
    mode: str
    ends: tuple[int, int]
    countries: tuple[str, str]
    km: float
    through: tuple[float, int]
    single: tuple[float, int]
    cv: float
    electrified: float
    factor: str


class Running:
    """Know links, borders, gauge changes, factors and hazards of a network, and book running over them."""

    def __init__(self, network: Network, tariff: Tariff, book: Book) -> None:
        self.network, self.tariff, self.book = network, tariff, book
        resolved = network.resolved
        self.cells = resolved.cells
        self.nodes = resolved.tables["nodes"]
        self.terminals = resolved.tables["terminals"]
        self.country = [str(c) for c in self.nodes["country"]]
        self.links = self._read_links()
        self._borders()
        self._gauge_changes()
        self._hazards()
        self._factors()
        self.services = resolved.tables["services"].rows()
        self._service_speed = self.cells["services", "speed_km_h"].tolist()
        self._ways: dict[str, Ways] = {}

    def _read_links(self) -> list[_Link]:
        resolved = self.network.resolved
        links, speeds = resolved.tables["links"], resolved.tables["speeds"]
        position = self.nodes.position
        through, single = (self.cells["links", c].tolist() for c in ("speed_km_h", "single_speed_km_h"))
        found = []
        for i, row in enumerate(links.rows()):
            ends = (position[row["from_node"]], position[row["to_node"]])
            electrified = row["electrified_share"] if row["mode"] == "rail" else 0.0
            found.append(
                _Link(
                    row["mode"],
                    ends,
                    (self.country[ends[0]], self.country[ends[1]]),
                    row["length_km"],
                    (row["speed_km_h"], through[i]),
                    (row["single_speed_km_h"], single[i]),
                    _known(row["speed_cv"]),
                    _known(electrified),
                    str(speeds["factor_id"][speeds.position[row["speed_class"]]]),
                )
            )
        return found

    def _borders(self) -> None:
        links, table = self.network.table("links"), self.network.table("borders")
        cells = [self.cells["borders", c].tolist() for c in ("border_hours", "document_hours", "fee_usd")]
        self.border: dict[tuple[int, bool], tuple[float, float, int, int, int]] = {}
        for i, row in enumerate(table.rows()):
            if row["link_id"] in links.position:
                self.border[links.position[row["link_id"]], row["direction"] == "forward"] = (
                    row["border_hours"] + row["document_hours"],
                    row["border_hours_sd"],
                    *(c[i] for c in cells),
                )
        cargoes = self.network.table("cargoes")
        boxes = cargoes["payload_t"][(cargoes["rate_units"] == 1.0) & (cargoes["rate_group"] == "container")]
        # A fee per FEU or truck is spread over the tonnes of a default FEU for cargo outside containers.
        self.fee_tonnes = float(boxes.max()) if len(boxes) else 20.0

    def _gauge_changes(self) -> None:
        self.gauge_change = {
            self.nodes.position[str(n)]: i
            for i, (n, o) in enumerate(
                zip(self.terminals["node_id"], self.terminals["operation"], strict=True)
            )
            if o == "gauge-change"
        }

    def _hazards(self) -> None:
        events, premium = (self.cells["hazards", c].tolist() for c in ("events_per_year", "premium_share"))
        self.hazards: dict[tuple[str, str], list[tuple[str, float, int, int]]] = {}
        for i, row in enumerate(self.network.table("hazards").rows()):
            self.hazards.setdefault((row["scope"], row["scope_id"]), []).append(
                (row["mode"], row["mean_days"], events[i], premium[i])
            )

    def _factors(self) -> None:
        factors, grids = self.network.table("emission_factors"), self.network.table("grids")
        wtw = self.cells["emission_factors", "wtw_kg"].tolist()
        self.factor = {
            str(f): (str(b), w) for f, b, w in zip(factors.ids, factors["basis"], wtw, strict=True)
        }
        electric = [i for i, b in enumerate(factors["basis"]) if b == "kwh-tkm"]
        self.energy_kwh = float(factors["energy_kwh"][electric[0]]) if electric else 0.0
        self.grid = dict(
            zip(grids["country"].tolist(), self.cells["grids", "g_co2e_kwh"].tolist(), strict=True)
        )

    def ways(self, mode: str) -> Ways:
        """Give the shortest-time ways over the links of a mode."""
        if mode not in self._ways:
            self._ways[mode] = Ways(self, mode)
        return self._ways[mode]

    def hours(self, link: int, forward: bool) -> float:
        """Give the hours of a through service on a link with its border, for finding ways."""
        border = self.border.get((link, forward))
        return self.links[link].km / self.links[link].through[0] + (border[0] if border else 0.0)

    def book_steps(self, arc: int, steps: Iterable[Step], ride: Ride) -> set[str]:
        """Book running over links and changes of gauge; give the rate groups for which no rate is known."""
        run: dict[int, list[float]] = {}
        km_by_country: dict[tuple[str, str], float] = defaultdict(float)
        kg: dict[tuple[Kind, int], float] = defaultdict(float)
        own = self._service_speed[ride.service] if ride.service >= 0 else -1
        own_factor = self.services[ride.service]["factor_id"] if ride.service >= 0 else ""
        for step in steps:
            if step.link < 0:
                self.book_gauge_change(arc, step.place, money="gauge-change" not in ride.covers)
                continue
            link = self.links[step.link]
            speed, figure = link.single if ride.service < 0 else link.through
            if own >= 0:
                speed, figure = self.services[ride.service]["speed_km_h"], own
            hours = link.km / speed
            sums = run.setdefault(figure, [0.0, 0.0])
            sums[0] += link.km
            sums[1] += (hours * link.cv) ** 2
            for country in link.countries:
                km_by_country[link.mode, country] += link.km / 2
            self._emissions(kg, link, own_factor)
            self._book_border(arc, step, fee="border-fee" not in ride.covers)
            self._book_hazards(arc, step, link, hours)
        if not ride.published:
            for figure, (km, variance) in run.items():
                self.book.add(arc, Kind.HOURS, Cause.RUN, km, figure, -1, variance**0.5)
        for (kind, figure), quantity in kg.items():
            self.book.add(arc, kind, Cause.RUN, quantity, figure)
        return set() if "line-haul" in ride.covers else self._book_money(arc, km_by_country, ride)

    def _book_money(self, arc: int, km_by_country: dict[tuple[str, str], float], ride: Ride) -> set[str]:
        lacking: set[str] = set()
        name = self.services[ride.service]["id"] if ride.service >= 0 else ""
        groups = self.services[ride.service]["cargo_groups"].split() if ride.service >= 0 else GROUPS
        for group in groups:
            sums: dict[int, float] = defaultdict(float)
            for (mode, country), km in km_by_country.items():
                rates = self.tariff.rates(mode, name, country, group, ride.direction)
                if not rates:
                    lacking.add(group)
                for rate in rates:
                    if rate.per_km >= 0:
                        sums[rate.per_km] += km
            for figure, km in sums.items():
                self.book.add(arc, USD_KINDS[group], Cause.LINE_HAUL, km, figure)
        return lacking

    def _emissions(self, kg: dict[tuple[Kind, int], float], link: _Link, own_factor: str) -> None:
        basis, figure = self.factor[own_factor or link.factor]
        share = link.electrified if self.energy_kwh else 0.0
        if share < 1.0:
            kg[BASIS_KINDS[basis], figure] += link.km * (1.0 - share)
        if share > 0.0:
            for country in link.countries:
                if country not in self.grid:
                    raise DataError(
                        f"grids has no row for {country}, where trains run electrically; add it with its evidence."
                    )
                kg[Kind.KG_T, self.grid[country]] += link.km / 2 * share * self.energy_kwh / G_PER_KG

    def _book_border(self, arc: int, step: Step, *, fee: bool) -> None:
        border = self.border.get((step.link, step.forward))
        if border is None:
            return
        _, sd, hours, documents, money = border
        self.book.add(arc, Kind.HOURS, Cause.BORDER, 1.0, hours, 1, sd)
        self.book.add(arc, Kind.HOURS, Cause.BORDER_DOCUMENTS, 1.0, documents)
        if fee:
            for group, kind in USD_KINDS.items():
                self.book.add(
                    arc, kind, Cause.BORDER, 1.0 if group == "container" else 1.0 / self.fee_tonnes, money
                )

    def _book_hazards(self, arc: int, step: Step, link: _Link, hours: float) -> None:
        tail, head = link.ends if step.forward else link.ends[::-1]
        entering = self.country[tail] != self.country[head]
        for scope, name in (
            ("link", self._link_id(step.link)),
            ("node", self._node_id(head)),
            ("country", self.country[head]),
        ):
            for mode, mean_days, events, premium in self.hazards.get((scope, name), ()):
                if mode not in {"", link.mode}:
                    continue
                met = scope != "country" or entering
                exposure = (mean_days * 24.0 if met else 0.0) + (hours if scope != "node" else 0.0)
                self.book.add(arc, Kind.RISK, Cause.HAZARD, exposure / HOURS_PER_YEAR, events)
                if premium >= 0 and met:
                    self.book.add(arc, Kind.PREMIUM, Cause.HAZARD, 1.0, premium)

    def _link_id(self, link: int) -> str:
        return str(self.network.table("links").ids[link])

    def _node_id(self, node: int) -> str:
        return str(self.nodes.ids[node])

    def book_gauge_change(self, arc: int, place: int, *, money: bool) -> None:
        """Book a change of gauge on the way."""
        self.book_terminal(arc, self.gauge_change[place], Cause.GAUGE_CHANGE, money=money)

    def book_terminal(self, arc: int, row: int, cause: Cause, *, money: bool) -> None:
        """Book one load, one unload or one change of gauge."""
        add = self.book.add
        cell = {
            c: int(self.cells["terminals", c][row])
            for c in ("hours", "document_hours", "usd_40", "usd_t", "kg_co2e_t", "kg_co2e_container")
        }
        add(arc, Kind.HOURS, cause, 1.0, cell["hours"], 1, float(self.terminals["hours_sd"][row]))
        add(arc, Kind.HOURS, Cause.TERMINAL_DOCUMENTS, 1.0, cell["document_hours"])
        add(arc, Kind.KG_CONTAINER, cause, 1.0, cell["kg_co2e_container"])
        add(arc, Kind.KG_LOOSE, cause, 1.0, cell["kg_co2e_t"])
        if money:
            for group, kind in USD_KINDS.items():
                add(arc, kind, cause, 1.0, cell["usd_40" if group == "container" else "usd_t"])


def _known(value: float) -> float:
    return 0.0 if np.isnan(value) else float(value)


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
        self.node_of = [node for node, _ in self.states]
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
        starts = sorted({s for p in places for s in self.at.get(p, [])} - set(self.trees))
        if starts:
            distance, previous = dijkstra(self.graph, indices=starts, return_predecessors=True)
            self.trees |= {s: (distance[i], previous[i]) for i, s in enumerate(starts)}

    def way(self, starts: list[int], place: int) -> tuple[list[Step], int] | None:
        """Give the quickest steps from any of some states to a place, and the state of arrival."""
        self.prepare({self.node_of[s] for s in starts})
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
