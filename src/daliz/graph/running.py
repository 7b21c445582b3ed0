"""Find the way of a line over the links of its mode and book what running over links costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from daliz.graph.graph import GROUPS
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind

if TYPE_CHECKING:
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


class Running:
    """Know links, borders, gauge changes, factors and hazards of a network, and book running over them."""

    def __init__(self, network: Network, tariff: Tariff, book: Book) -> None:
        self.network, self.tariff, self.book = network, tariff, book
        resolved = network.resolved
        self.cells = resolved.cells
        self.links, self.nodes = resolved.tables["links"], resolved.tables["nodes"]
        position = self.nodes.position
        self.ends = [(position[str(a)], position[str(b)]) for a, b in zip(self.links["from_node"], self.links["to_node"], strict=True)]
        self.country = [str(c) for c in self.nodes["country"]]
        borders = resolved.tables["borders"]
        self.border = {
            (self.links.position[str(link)], str(d) == "forward"): i
            for i, (link, d) in enumerate(zip(borders["link_id"], borders["direction"], strict=True))
            if str(link) in self.links.position
        }
        self.borders = borders
        terminals = resolved.tables["terminals"]
        self.terminals = terminals
        self.gauge_change = {
            position[str(n)]: i
            for i, (n, o) in enumerate(zip(terminals["node_id"], terminals["operation"], strict=True))
            if o == "gauge-change"
        }
        self._hazards()
        self._factors()
        self._ways: dict[str, _Ways] = {}

    def _hazards(self) -> None:
        table = self.network.table("hazards")
        self.hazards: dict[tuple[str, str], list[int]] = {}
        for i, (scope, scope_id) in enumerate(zip(table["scope"], table["scope_id"], strict=True)):
            self.hazards.setdefault((str(scope), str(scope_id)), []).append(i)
        self.hazard_table = table

    def _factors(self) -> None:
        factors, grids = self.network.table("emission_factors"), self.network.table("grids")
        wtw, energy = self.cells["emission_factors", "wtw_kg"], self.cells["emission_factors", "energy_kwh"]
        self.factor = {
            str(f): (str(b), int(w)) for f, b, w in zip(factors.ids, factors["basis"], wtw, strict=True)
        }
        electric = [i for i, b in enumerate(factors["basis"]) if b == "kwh-tkm"]
        self.energy = (int(energy[electric[0]]), float(factors["energy_kwh"][electric[0]])) if electric else None
        self.grid = {str(c): int(g) for c, g in zip(grids["country"], self.cells["grids", "g_co2e_kwh"], strict=True)}

    def ways(self, mode: str) -> _Ways:
        """Give the shortest-time ways over the links of a mode."""
        if mode not in self._ways:
            self._ways[mode] = _Ways(self, mode)
        return self._ways[mode]

    def hours(self, link: int, forward: bool) -> float:
        """Give the hours of a through service on a link with its border, for finding ways."""
        total = float(self.links["length_km"][link] / self.links["speed_km_h"][link])
        row = self.border.get((link, forward))
        if row is not None:
            total += float(self.borders["border_hours"][row] + self.borders["document_hours"][row])
        return total

    def book_link(self, arc: int, step: Step, service: int, direction: str, *, money: bool, fee: bool, single: bool) -> list[str]:
        """Book running over one link; give the rate groups for which no rate is known."""
        link = step.link
        km = float(self.links["length_km"][link])
        tail, head = self.ends[link] if step.forward else self.ends[link][::-1]
        hours = self._book_hours(arc, link, km, service, single=single)
        lacking = self._book_money(arc, link, km, service, direction) if money else []
        self._book_emissions(arc, link, km, service)
        self._book_border(arc, link, step.forward, fee=fee)
        self._book_hazards(arc, link, tail, head, hours)
        return lacking

    def _book_hours(self, arc: int, link: int, km: float, service: int, *, single: bool) -> float:
        column = "single_speed_km_h" if single else "speed_km_h"
        figure, speed = int(self.cells["links", column][link]), float(self.links[column][link])
        if service >= 0:
            own = int(self.cells["services", "speed_km_h"][service])
            if own >= 0:
                figure, speed = own, float(self.network.table("services")["speed_km_h"][service])
        hours = km / speed
        cv = float(self.links["speed_cv"][link])
        self.book.add(arc, Kind.HOURS, Cause.RUN, km, figure, -1, hours * (0.0 if np.isnan(cv) else cv))
        return hours

    def _book_money(self, arc: int, link: int, km: float, service: int, direction: str) -> list[str]:
        lacking = []
        name = str(self.network.table("services").ids[service]) if service >= 0 else ""
        mode = str(self.links["mode"][link])
        ends = [self.country[n] for n in self.ends[link]]
        parts = [(ends[0], km)] if ends[0] == ends[1] else [(c, km / 2) for c in ends]
        for group in GROUPS:
            for country, part in parts:
                rates = self.tariff.rates(mode, name, country, group, direction)
                if not rates:
                    lacking.append(group)
                for rate in rates:
                    if rate.per_km >= 0:
                        self.book.add(arc, USD_KINDS[group], Cause.LINE_HAUL, part, rate.per_km)
        return lacking

    def _book_emissions(self, arc: int, link: int, km: float, service: int) -> None:
        name = str(self.network.table("services")["factor_id"][service]) if service >= 0 else ""
        if not name:
            speeds = self.network.table("speeds")
            name = str(speeds["factor_id"][speeds.position[str(self.links["speed_class"][link])]])
        basis, figure = self.factor[name]
        share = float(self.links["electrified_share"][link]) if self.links["mode"][link] == "rail" else 0.0
        share = 0.0 if np.isnan(share) or self.energy is None else share
        if share < 1.0:
            self.book.add(arc, BASIS_KINDS[basis], Cause.RUN, km * (1.0 - share), figure)
        if share > 0.0 and self.energy is not None:
            ends = self.ends[link]
            for node in ends:
                grid = self.grid.get(self.country[node], -1)
                if grid < 0:
                    raise KeyError(self.country[node])
                self.book.add(arc, Kind.KG_T, Cause.RUN, km * share * self.energy[1] / G_PER_KG / len(ends), grid)

    def _book_border(self, arc: int, link: int, forward: bool, *, fee: bool) -> None:
        row = self.border.get((link, forward))
        if row is None:
            return
        sd = float(self.borders["border_hours_sd"][row])
        self.book.add(arc, Kind.HOURS, Cause.BORDER, 1.0, int(self.cells["borders", "border_hours"][row]), 1, sd)
        self.book.add(arc, Kind.HOURS, Cause.BORDER_DOCUMENTS, 1.0, int(self.cells["borders", "document_hours"][row]))
        if fee:
            figure = int(self.cells["borders", "fee_usd"][row])
            self.book.add(arc, Kind.USD_CONTAINER, Cause.BORDER, 1.0, figure)
            self._fee_per_tonne(arc, figure)

    def _fee_per_tonne(self, arc: int, figure: int) -> None:
        """Spread a fee per FEU or truck over the tonnes of a default FEU for cargo outside containers."""
        cargoes = self.network.table("cargoes")
        boxes = cargoes.take(cargoes["rate_units"] == 1.0) if len(cargoes) else cargoes
        tonnes = float(boxes["payload_t"].max()) if len(boxes) else 20.0
        for group in GROUPS[1:]:
            self.book.add(arc, USD_KINDS[group], Cause.BORDER, 1.0 / tonnes, figure)

    def _book_hazards(self, arc: int, link: int, tail: int, head: int, hours: float) -> None:
        mode = str(self.links["mode"][link])
        keys = [("link", str(self.links.ids[link])), ("node", str(self.nodes.ids[head])), ("country", self.country[head])]
        for scope, name in keys:
            for row in self.hazards.get((scope, name), ()):
                if self.hazard_table["mode"][row] not in {"", mode}:
                    continue
                entering = scope != "country" or self.country[tail] != self.country[head]
                days = float(self.hazard_table["mean_days"][row]) if entering else 0.0
                exposure = days * 24.0 + (hours if scope != "node" else 0.0)
                figure = int(self.cells["hazards", "events_per_year"][row])
                self.book.add(arc, Kind.RISK, Cause.HAZARD, exposure / HOURS_PER_YEAR, figure)
                premium = int(self.cells["hazards", "premium_share"][row])
                if premium >= 0 and entering:
                    self.book.add(arc, Kind.PREMIUM, Cause.HAZARD, 1.0, premium)

    def book_gauge_change(self, arc: int, place: int, *, money: bool) -> None:
        """Book a change of gauge on the way."""
        row = self.gauge_change[place]
        sd = float(self.terminals["hours_sd"][row])
        self.book.add(arc, Kind.HOURS, Cause.GAUGE_CHANGE, 1.0, int(self.cells["terminals", "hours"][row]), 1, sd)
        self.book.add(arc, Kind.HOURS, Cause.TERMINAL_DOCUMENTS, 1.0, int(self.cells["terminals", "document_hours"][row]))
        self.book.add(arc, Kind.KG_CONTAINER, Cause.GAUGE_CHANGE, 1.0, int(self.cells["terminals", "kg_co2e_container"][row]))
        self.book.add(arc, Kind.KG_LOOSE, Cause.GAUGE_CHANGE, 1.0, int(self.cells["terminals", "kg_co2e_t"][row]))
        if money:
            self.book.add(arc, Kind.USD_CONTAINER, Cause.GAUGE_CHANGE, 1.0, int(self.cells["terminals", "usd_40"][row]))
            for group in GROUPS[1:]:
                self.book.add(arc, USD_KINDS[group], Cause.GAUGE_CHANGE, 1.0, int(self.cells["terminals", "usd_t"][row]))


class _Ways:
    """Find the quickest way between places over the open links of one mode."""

    def __init__(self, running: Running, mode: str) -> None:
        self.running = running
        links = running.links
        self.rows = [int(i) for i in np.flatnonzero(links["mode"] == mode)]
        gauges = [0 if np.isnan(links["gauge_mm"][i]) else int(links["gauge_mm"][i]) for i in self.rows]
        self.states: dict[tuple[int, int], int] = {}
        for row, gauge in zip(self.rows, gauges, strict=True):
            for node in running.ends[row]:
                self.states.setdefault((node, gauge), len(self.states))
        self.at: dict[int, list[int]] = {}
        for (node, _), state in self.states.items():
            self.at.setdefault(node, []).append(state)
        self.node_of = [node for node, _ in self.states]
        tails, heads, hours = self._edges(gauges)
        self._matrix(tails, heads, hours)

    def _edges(self, gauges: list[int]) -> tuple[list[int], list[int], list[float]]:
        tails, heads, hours = [], [], []
        self.step: dict[tuple[int, int], Step] = {}
        best: dict[tuple[int, int], float] = {}

        def edge(tail: int, head: int, cost: float, step: Step) -> None:
            if cost < best.get((tail, head), np.inf):
                best[tail, head] = cost
                self.step[tail, head] = step

        for row, gauge in zip(self.rows, gauges, strict=True):
            a, b = self.running.ends[row]
            for forward in (True, False):
                tail, head = (a, b) if forward else (b, a)
                edge(self.states[tail, gauge], self.states[head, gauge], self.running.hours(row, forward), Step(row, forward, head))
        for place, terminal in self.running.gauge_change.items():
            change = float(self.running.terminals["hours"][terminal] + self.running.terminals["document_hours"][terminal])
            for a in self.at.get(place, []):
                for b in self.at.get(place, []):
                    if a != b:
                        edge(a, b, change, Step(-1, True, place))
        for (tail, head), cost in best.items():
            tails.append(tail)
            heads.append(head)
            hours.append(max(cost, 1e-6))
        return tails, heads, hours

    def _matrix(self, tails: list[int], heads: list[int], hours: list[float]) -> None:
        size = len(self.states)
        self.graph = csr_array((hours, (tails, heads)), shape=(size, size))
        self.trees: dict[int, tuple[Array, Array]] = {}

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
        options = [(self.trees[s][0][e], s, e) for s in starts for e in ends if np.isfinite(self.trees[s][0][e])]
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
