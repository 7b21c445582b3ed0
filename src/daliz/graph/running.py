"""Run over the links of a network: the quickest paths, the rates there, and changes of gauge on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.graph.graph import GROUPS
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind, Ledger
from daliz.graph.link_paths import LinkPaths
from daliz.graph.links import read_crossings, read_links
from daliz.graph.run_costs import RunCosts, Runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph.links import Step
    from daliz.graph.pricing import Tariff
    from daliz.graph.run_costs import Ride
    from daliz.tables import Network

TERMINAL_FIGURES = ("hours", "document_hours", "usd_40", "usd_t", "kg_co2e_t", "kg_co2e_container")
Priced = tuple[tuple[tuple[Kind, int], ...], frozenset[str]]


class Running:
    """Links, borders and changes of gauge of a network, and the arcs that run over them.

    Parameters
    ----------
    network, tariff
        The network and its rates.
    book
        Where changes of gauge are booked.

    Attributes
    ----------
    links, country
        All links, and the country of each place.
    gauge_change
        Row of the terminal that changes the gauge, by place.
    """

    def __init__(self, network: Network, tariff: Tariff, book: Book) -> None:
        self.network, self.tariff, self.book = network, tariff, book
        resolved = network.resolved
        self.cells = resolved.cells
        self.nodes = resolved.tables["nodes"]
        self.terminals = resolved.tables["terminals"]
        self.country = [str(c) for c in self.nodes["country"]]
        self.links = read_links(resolved)
        self.border = read_crossings(network)
        self._gauge_changes()
        services = resolved.tables["services"]
        self._service_ids = services.ids.tolist()
        self._service_groups = [groups.split() for groups in services["cargo_groups"].tolist()]
        self._runs = Runs()
        self._priced: dict[tuple[str, str, int, str], Priced] = {}
        self._gauge_sheets: dict[int, Book] = {}
        self._paths: dict[str, LinkPaths] = {}

    def _gauge_changes(self) -> None:
        names = (self.terminals[c].tolist() for c in ("node_id", "operation"))
        self.gauge_change = {
            self.nodes.position[node]: i
            for i, (node, operation) in enumerate(zip(*names, strict=True))
            if operation == "gauge-change"
        }

    def paths(self, mode: str) -> LinkPaths:
        """Return the quickest paths over the links of a mode."""
        if mode not in self._paths:
            hours = self.terminals["hours"] + self.terminals["document_hours"]
            change = {place: float(hours[row]) for place, row in self.gauge_change.items()}
            self._paths[mode] = LinkPaths(mode, self.links, self.hours, change)
        return self._paths[mode]

    def hours(self, link: int, forward: bool) -> float:
        """Return the hours of a through service on a link with its border, for finding paths."""
        border = self.border.get((link, forward))
        return self.links[link].km / self.links[link].through[0] + (border.hours if border else 0.0)

    def run(self, arc: int, steps: Sequence[Step], ride: Ride) -> frozenset[str]:
        """Run an arc over links and changes of gauge; return the rate groups for which no rate is known."""
        for step in steps:
            if step.link < 0:
                self.book_gauge_change(arc, step.place)
        links = [(step.link, step.forward) for step in steps if step.link >= 0]
        self._runs.add(arc, links, ride)
        lacking: frozenset[str] = frozenset()
        for mode, countries in {(self.links[row].mode, self.links[row].countries) for row, _ in links}:
            for country in countries:
                lacking |= self._rates_in(mode, country, ride)[1]
        return lacking

    def ledger(self) -> Ledger:
        """Return the entries of all arcs that run over links."""
        return RunCosts(self.network, self.links, self.border, self._runs, self._per_km).ledger()

    def _per_km(self, mode: str, country: str, ride: Ride) -> Sequence[tuple[Kind, int]]:
        return self._rates_in(mode, country, ride)[0]

    def _rates_in(self, mode: str, country: str, ride: Ride) -> Priced:
        """Return kind and figure of the rates per km in a country, and the groups that have no rate."""
        key = (mode, country, ride.service, ride.direction)
        if key not in self._priced:
            name = self._service_ids[ride.service] if ride.service >= 0 else ""
            groups = self._service_groups[ride.service] if ride.service >= 0 else GROUPS
            rates = {g: self.tariff.rates(mode, name, country, g, ride.direction) for g in groups}
            found = tuple((USD_KINDS[g], r.per_km) for g in groups for r in rates[g] if r.per_km >= 0)
            self._priced[key] = (found, frozenset(g for g in groups if not rates[g]))
        return self._priced[key]

    def book_gauge_change(self, arc: int, place: int) -> None:
        """Book a change of gauge on the way."""
        if place not in self._gauge_sheets:
            self._gauge_sheets[place] = self.terminal_sheet(self.gauge_change[place], Cause.GAUGE_CHANGE)
        self.book.put(arc, self._gauge_sheets[place])

    def terminal_sheet(self, row: int, cause: Cause) -> Book:
        """Make a sheet with the entries of one load, one unload or one change of gauge."""
        sheet = Book()
        cell = {c: int(self.cells["terminals", c][row]) for c in TERMINAL_FIGURES}
        sheet.add(0, Kind.HOURS, cause, 1.0, cell["hours"], 1, float(self.terminals["hours_sd"][row]))
        sheet.add(0, Kind.HOURS, Cause.TERMINAL_DOCUMENTS, 1.0, cell["document_hours"])
        sheet.add(0, Kind.KG_CONTAINER, cause, 1.0, cell["kg_co2e_container"])
        sheet.add(0, Kind.KG_LOOSE, cause, 1.0, cell["kg_co2e_t"])
        for group, kind in USD_KINDS.items():
            sheet.add(0, kind, cause, 1.0, cell["usd_40" if group == "container" else "usd_t"])
        return sheet
