"""Find the way of a line over the links of its mode and book what running over links costs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import DataError
from daliz.graph.graph import GROUPS
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind
from daliz.graph.link_paths import Step, Ways

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.graph.pricing import Tariff
    from daliz.tables import Network

BASIS_KINDS = {"tkm": Kind.KG_T, "teu-km": Kind.KG_TEU, "container": Kind.KG_CONTAINER, "t": Kind.KG_LOOSE}
TERMINAL_FIGURES = ("hours", "document_hours", "usd_40", "usd_t", "kg_co2e_t", "kg_co2e_container")
HOURS_PER_YEAR = 8760.0
G_PER_KG = 1000.0


class Ride(NamedTuple):
    """Say how a stretch is run.

    Attributes
    ----------
    service, direction
        Row of the service, -1 for single consignments; out or back.
    published
        Whether running hours come from a timetable and are booked elsewhere.
    """

    service: int = -1
    direction: str = "out"
    published: bool = False


class Link(NamedTuple):
    """Be one link with the figures that running over it needs."""

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
        self._service_groups = [s["cargo_groups"].split() for s in self.services]
        self._link_ids = [str(x) for x in resolved.tables["links"].ids]
        self._node_ids = [str(x) for x in self.nodes.ids]
        self._met: dict[tuple[int, bool, float], Book] = {}
        self._gauge_sheets: dict[int, Book] = {}
        self._ways: dict[str, Ways] = {}

    def _read_links(self) -> list[Link]:
        resolved = self.network.resolved
        links, speeds = resolved.tables["links"], resolved.tables["speeds"]
        position = self.nodes.position
        through, single = (self.cells["links", c].tolist() for c in ("speed_km_h", "single_speed_km_h"))
        found = []
        for i, row in enumerate(links.rows()):
            ends = (position[row["from_node"]], position[row["to_node"]])
            electrified = row["electrified_share"] if row["mode"] == "rail" else 0.0
            found.append(
                Link(
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
                self.book_gauge_change(arc, step.place)
                continue
            link = self.links[step.link]
            speed, figure = link.single if ride.service < 0 else link.through
            if own >= 0:
                speed, figure = self.services[ride.service]["speed_km_h"], own
            sums = run.setdefault(figure, [0.0, 0.0])
            sums[0] += link.km
            sums[1] += (link.km / speed * link.cv) ** 2
            for country in link.countries:
                km_by_country[link.mode, country] += link.km / 2
            self._emissions(kg, link, own_factor)
            self.book.put(arc, self._met_on(step, speed))
        if not ride.published:
            for figure, (km, variance) in run.items():
                self.book.add(arc, Kind.HOURS, Cause.RUN, km, figure, -1, variance**0.5)
        for (kind, figure), quantity in kg.items():
            self.book.add(arc, kind, Cause.RUN, quantity, figure)
        return self._book_money(arc, km_by_country, ride)

    def _book_money(self, arc: int, km_by_country: dict[tuple[str, str], float], ride: Ride) -> set[str]:
        lacking: set[str] = set()
        name = self.services[ride.service]["id"] if ride.service >= 0 else ""
        groups = self._service_groups[ride.service] if ride.service >= 0 else GROUPS
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

    def _emissions(self, kg: dict[tuple[Kind, int], float], link: Link, own_factor: str) -> None:
        basis, figure = self.factor[own_factor or link.factor]
        share = link.electrified if self.energy_kwh else 0.0
        if share < 1.0:
            kg[BASIS_KINDS[basis], figure] += link.km * (1.0 - share)
        if share > 0.0:
            for country in link.countries:
                if country not in self.grid:
                    raise DataError(
                        f"grids has no row for {country}, where trains run electrically; "
                        "add it with its evidence."
                    )
                kg[Kind.KG_T, self.grid[country]] += link.km / 2 * share * self.energy_kwh / G_PER_KG

    def _met_on(self, step: Step, speed: float) -> Book:
        """Give a sheet of what a link brings beside running: its border and its hazards."""
        key = (step.link, step.forward, speed)
        if key not in self._met:
            sheet = self._met[key] = Book()
            self._enter_border(sheet, step)
            self._enter_hazards(sheet, step, speed)
        return self._met[key]

    def _enter_border(self, sheet: Book, step: Step) -> None:
        border = self.border.get((step.link, step.forward))
        if border is None:
            return
        _, sd, hours, documents, money = border
        sheet.add(0, Kind.HOURS, Cause.BORDER, 1.0, hours, 1, sd)
        sheet.add(0, Kind.HOURS, Cause.BORDER_DOCUMENTS, 1.0, documents)
        for group, kind in USD_KINDS.items():
            sheet.add(0, kind, Cause.BORDER, 1.0 if group == "container" else 1.0 / self.fee_tonnes, money)

    def _enter_hazards(self, sheet: Book, step: Step, speed: float) -> None:
        link = self.links[step.link]
        hours = link.km / speed
        tail, head = link.ends if step.forward else link.ends[::-1]
        entering = self.country[tail] != self.country[head]
        scopes = (
            ("link", self._link_ids[step.link]),
            ("node", self._node_ids[head]),
            ("country", self.country[head]),
        )
        for scope in scopes:
            for mode, mean_days, events, premium in self.hazards.get(scope, ()):
                if mode not in {"", link.mode}:
                    continue
                met = scope[0] != "country" or entering
                exposure = (mean_days * 24.0 if met else 0.0) + (hours if scope[0] != "node" else 0.0)
                sheet.add(0, Kind.RISK, Cause.HAZARD, exposure / HOURS_PER_YEAR, events)
                if premium >= 0 and met:
                    sheet.add(0, Kind.PREMIUM, Cause.HAZARD, 1.0, premium)

    def book_gauge_change(self, arc: int, place: int) -> None:
        """Book a change of gauge on the way."""
        if place not in self._gauge_sheets:
            self._gauge_sheets[place] = self.terminal_sheet(self.gauge_change[place], Cause.GAUGE_CHANGE)
        self.book.put(arc, self._gauge_sheets[place])

    def terminal_sheet(self, row: int, cause: Cause) -> Book:
        """Give a sheet with the entries of one load, one unload or one change of gauge."""
        sheet = Book()
        cell = {c: int(self.cells["terminals", c][row]) for c in TERMINAL_FIGURES}
        sheet.add(0, Kind.HOURS, cause, 1.0, cell["hours"], 1, float(self.terminals["hours_sd"][row]))
        sheet.add(0, Kind.HOURS, Cause.TERMINAL_DOCUMENTS, 1.0, cell["document_hours"])
        sheet.add(0, Kind.KG_CONTAINER, cause, 1.0, cell["kg_co2e_container"])
        sheet.add(0, Kind.KG_LOOSE, cause, 1.0, cell["kg_co2e_t"])
        for group, kind in USD_KINDS.items():
            sheet.add(0, kind, cause, 1.0, cell["usd_40" if group == "container" else "usd_t"])
        return sheet


def _known(value: float) -> float:
    return 0.0 if np.isnan(value) else float(value)
