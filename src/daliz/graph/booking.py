"""Book on the arcs of a layout what they cost: terminals, weather, waiting, staying, rates and running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.entries import Entries, expand
from daliz.graph.ledger import USD_KINDS, Cause, Kind
from daliz.graph.run_costs import RunCosts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Ints
    from daliz.graph.draft import Fare, Layout
    from daliz.graph.ledger import Ledger
    from daliz.graph.pricing import Tariff
    from daliz.tables.resolve import Resolved

HOURS_PER_DAY = 24.0
HOURS_PER_WEEK = 168.0
Charges = list[tuple[int, int]]
DEPARTURES = ("departures_per_week", "return_departures_per_week")


def book_layout(layout: Layout, resolved: Resolved, tariff: Tariff, month: int | None) -> Ledger:
    """Book everything on the arcs of a layout.

    Parameters
    ----------
    layout
        States and arcs, laid out from the same tables.
    resolved, tariff
        The tables in force, and their rates.
    month
        Month of the weather, None for the mean of the year.
    """
    booking = _Booking(layout, resolved, tariff)
    booking.terminals(layout.notes.handlings, Cause.HANDLING)
    booking.terminals(layout.notes.gauge_changes, Cause.GAUGE_CHANGE)
    booking.weather(month)
    booking.departures()
    booking.fixed_rates()
    booking.stops()
    RunCosts(resolved, layout.notes, booking.entries).book(booking.per_km)
    return booking.entries.ledger()


class _Booking:
    """Books of one graph."""

    def __init__(self, layout: Layout, resolved: Resolved, tariff: Tariff) -> None:
        self._layout, self._notes = layout, layout.notes
        self._tables, self._cells, self._tariff = resolved.tables, resolved.cells, tariff
        self.entries = Entries()
        self._charges: dict[tuple[str, str, Fare], tuple[Charges, Charges]] = {}

    def terminals(self, pairs: Sequence[tuple[int, int]], cause: Cause) -> None:
        """Book one load, one unload or one change of gauge on each arc."""
        arc, row = _columns(pairs)
        cell = {n: self._cells["terminals", n][row] for n in self._tables["terminals"].schema.figures}
        sd = self._tables["terminals"]["hours_sd"][row]
        book = self.entries.book
        book(arc, Kind.HOURS, cause, cell["hours"], sd=sd)
        book(arc, Kind.HOURS, Cause.TERMINAL_DOCUMENTS, cell["document_hours"])
        book(arc, Kind.KG_CONTAINER, cause, cell["kg_co2e_container"])
        book(arc, Kind.KG_LOOSE, cause, cell["kg_co2e_t"])
        for group, kind in USD_KINDS.items():
            book(arc, kind, cause, cell["usd_40" if group == "container" else "usd_t"])

    def weather(self, month: int | None) -> None:
        """Book the expected wait at a port that weather closes.

        A ship comes at a random time to a two-state Markov process: with probability p it is shut and opens
        after an exponential time of mean s, so E[w] = p s and E[w^2] = 2 p s^2. A year is an even mixture of
        its months: E[w] and E[w^2] are means over them, and the variance is E[w^2] - E[w]^2.
        """
        table = self._tables["weather"]
        months: dict[str, list[int]] = {}
        for i, (site, m) in enumerate(zip(table["site"].tolist(), table["month"].tolist(), strict=True)):
            if month is None or int(m) == month:
                months.setdefault(site, []).append(i)
        spell = table["spell_days"] * HOURS_PER_DAY
        quantity, sd = np.zeros(len(table)), np.zeros(len(table))
        for rows in months.values():
            share, hours = table["closed_share"][rows], spell[rows]
            mean = float(np.mean(share * hours))
            variance = float(np.mean(2.0 * share * hours**2)) - mean**2
            quantity[rows] = hours / len(rows)
            sd[rows] = np.sqrt(max(variance, 0.0) / len(rows))
        sites = self._tables["terminals"]["weather_id"].tolist()
        met = [
            [(arc, row) for row in months.get(sites[t], ())] for arc, t in self._notes.handlings if sites[t]
        ]
        _, arc, row = expand(met)
        figure = self._cells["weather", "closed_share"][row]
        self.entries.book(arc, Kind.HOURS, Cause.WEATHER, figure, quantity[row], sd=sd[row])

    def departures(self) -> None:
        """Book the wait for a departure by a random arrival: mean headway/2 * (1 + cv^2).

        (Osuna and Newell 1972.) Its variance takes headways as gamma distributed: E[w^2] = E[h^3] / (3 E[h]).
        """
        services = self._tables["services"]
        table = np.array(self._notes.departures, dtype=np.int64).reshape(-1, 3)
        cv2 = services["headway_cv"] ** 2
        for back, column in enumerate(DEPARTURES):
            arc, row, _ = table[table[:, 2] == back].T
            headway = HOURS_PER_WEEK / services[column][row]
            one = 1 + cv2[row]
            mean = headway / 2 * one
            variance = headway**2 * one * (1 + 2 * cv2[row]) / 3 - mean**2
            sd = np.sqrt(np.maximum(variance, 0.0))
            figure = self._cells["services", column][row]
            quantity = HOURS_PER_WEEK / 2 * one
            self.entries.book(arc, Kind.HOURS, Cause.WAIT, figure, quantity, sd=sd, power=-1.0)

    def fixed_rates(self) -> None:
        """Book the fixed part of rates, on loading and on boarding."""
        charged = [
            self._charged(mode, country, fare)[0] for _, mode, country, fare in self._notes.fixed_rates
        ]
        each, kind, figure = expand(charged)
        arc = np.array([arc for arc, *_ in self._notes.fixed_rates], dtype=np.int64)[each]
        self.entries.book(arc, kind, Cause.LINE_HAUL, figure)

    def per_km(self, mode: str, country: str, fare: Fare) -> Charges:
        """Return kinds and figures of the rates per km of a fare in a mode and country."""
        return self._charged(mode, country, fare)[1]

    def _charged(self, mode: str, country: str, fare: Fare) -> tuple[Charges, Charges]:
        """Return kinds and figures of the fixed rates of a fare, and of those per km."""
        key = (mode, country, fare)
        if key not in self._charges:
            rates = [
                (int(USD_KINDS[group]), rate)
                for group in fare.groups
                for rate in self._tariff.rates(mode, fare.service, country, group, fare.direction)
            ]
            self._charges[key] = (
                [(kind, rate.fixed) for kind, rate in rates if rate.fixed >= 0],
                [(kind, rate.per_km) for kind, rate in rates if rate.per_km >= 0],
            )
        return self._charges[key]

    def stops(self) -> None:
        """Book the hours of staying at a stop, and those of the timetable."""
        arc, row = _columns(self._notes.stays)
        self.entries.book(arc, Kind.HOURS, Cause.DWELL, self._cells["stops", "dwell_hours"][row])
        arc, row = _columns(self._notes.timetable)
        cv = np.nan_to_num(self._tables["links"]["speed_cv"], nan=0.0).tolist()
        most = [max((cv[link] for link, _ in self._layout.arcs[a].links), default=0.0) for a in arc.tolist()]
        sd = self._tables["stops"]["run_hours"][row] * np.array(most)
        figure = self._cells["stops", "run_hours"][row]
        self.entries.book(arc, Kind.HOURS, Cause.RUN, figure, sd=sd)


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]
