"""Compute what running over links costs on all arcs at once: hours, emissions, dollars, borders, hazards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DataError
from daliz.graph.entries import expand, sum_by
from daliz.graph.ledger import USD_KINDS, Cause, Kind
from daliz.graph.links import crossings
from daliz.tables.emission_rules import electric_factors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.arrays import Flags, Floats, Ints
    from daliz.graph.draft import Fare, Notes
    from daliz.graph.entries import Entries
    from daliz.tables.resolve import Resolved
    from daliz.tables.table import Array

    Fares = Callable[[str, str, Fare], Sequence[tuple[int, int]]]

BASIS_KINDS = {"tkm": Kind.KG_T, "teu-km": Kind.KG_TEU, "container": Kind.KG_CONTAINER, "t": Kind.KG_LOOSE}
HOURS_PER_YEAR = 8760.0
HOURS_PER_DAY = 24.0
G_PER_KG = 1000.0
DEFAULT_FEE_TONNES = 20.0


class RunCosts:
    """Costs of running over links, with arrays over the steps: each link of each arc.

    Parameters
    ----------
    resolved
        The tables in force.
    notes
        The arcs that run over links.
    entries
        Where the costs are booked.
    """

    def __init__(self, resolved: Resolved, notes: Notes, entries: Entries) -> None:
        self._tables, self._cells, self._entries = resolved.tables, resolved.cells, entries
        steps = notes.steps
        self._fares, self._run, self._arc, self._timed = (
            [run.fare for run in notes.runs],
            steps.run,
            steps.arc,
            steps.timed,
        )
        self._service, self._link, self._forward = steps.service, steps.link, steps.forward
        self._km = self._tables["links"]["length_km"][self._link]
        self._find_ends()
        self._find_speeds()

    def _find_ends(self) -> None:
        """Find the places and countries from which and into which each step leads."""
        nodes, links = self._tables["nodes"], self._tables["links"]
        countries, of_place = np.unique(nodes["country"].astype(str), return_inverse=True)
        self._countries: list[str] = countries.tolist()
        ends = [[nodes.position[n] for n in links[c].tolist()] for c in ("from_node", "to_node")]
        table = np.array(ends, dtype=np.int64).reshape(2, -1)[:, self._link]
        along = self._forward == 1
        self._head = np.where(along, table[1], table[0])
        self._from, self._into = of_place[np.where(along, table[0], table[1])], of_place[self._head]

    def _find_speeds(self) -> None:
        """Find the speed on each step and the figure that it is: the service's own, or the link's."""
        links, services = self._tables["links"], self._tables["services"]
        aboard = self._service >= 0
        speeds, figures = (
            [source["links", c][self._link] for c in ("speed_km_h", "single_speed_km_h")]
            for source in ({("links", c): links[c] for c in links.columns}, self._cells)
        )
        own_speed = np.append(services["speed_km_h"], np.nan)[self._service]
        own_figure = np.append(self._cells["services", "speed_km_h"], -1)[self._service]
        own = own_figure >= 0
        self._speed: Floats = np.where(own, own_speed, np.where(aboard, *speeds))
        self._speed_figure: Ints = np.where(own, own_figure, np.where(aboard, *figures))

    def book(self, fares: Fares) -> None:
        """Book all costs.

        Parameters
        ----------
        fares
            Kinds and figures of the rates per km in a mode and country.
        """
        if not len(self._run):
            return
        self._book_hours()
        self._book_emissions()
        self._book_money(fares)
        self._book_borders()
        self._book_hazards()

    def _book_hours(self) -> None:
        cv = np.nan_to_num(self._tables["links"]["speed_cv"], nan=0.0)[self._link]
        variance = (self._km / self._speed * cv) ** 2
        computed = ~self._timed
        (arc, figure), (km, variance) = sum_by(
            (self._arc[computed], self._speed_figure[computed]), (self._km[computed], variance[computed])
        )
        self._entries.book(arc, Kind.HOURS, Cause.RUN, figure, km, sd=np.sqrt(variance), power=-1.0)

    def _book_emissions(self) -> None:
        basis = self._tables["emission_factors"]["basis"].tolist()
        links = self._tables["links"]
        rail = np.where(links["mode"] == "rail", links["electrified_share"], 0.0)
        share = np.nan_to_num(rail, nan=0.0)[self._link]
        energy = self._energy()[self._link]
        burnt, drawn = share < 1.0, share > 0.0
        self._refuse_without_energy(energy, drawn)
        kinds = np.array([BASIS_KINDS.get(b, Kind.KG_T) for b in basis], dtype=np.int64)
        factor = self._factor()[burnt]
        kwh = (self._km / 2 * share * energy / G_PER_KG)[drawn]
        grid = np.full(len(kwh), int(Kind.KG_T))
        keys = (
            np.concatenate([self._arc[burnt], self._arc[drawn], self._arc[drawn]]),
            np.concatenate([kinds[factor], grid, grid]),
            np.concatenate(
                [
                    self._cells["emission_factors", "wtw_kg"][factor],
                    self._grid(self._from[drawn]),
                    self._grid(self._into[drawn]),
                ]
            ),
        )
        values = (np.concatenate([(self._km * (1.0 - share))[burnt], kwh, kwh]),)
        (arc, kind, figure), (kg,) = sum_by(keys, values)
        self._entries.book(arc, kind, Cause.RUN, figure, kg)

    def _energy(self) -> Floats:
        """Find the kWh per tonne-km of electric traction on each link, NaN where there is no factor for it."""
        factors, speeds = self._tables["emission_factors"], self._tables["speeds"]
        alone = electric_factors(self._tables)
        rest = alone[0] if len(alone) == 1 else ""
        energy = dict(zip(factors.ids.tolist(), factors["energy_kwh"].tolist(), strict=True))
        names = zip(speeds.ids.tolist(), speeds["electric_factor_id"].tolist(), strict=True)
        classes = {kind: energy.get(own or rest, np.nan) for kind, own in names}
        return np.array([classes[kind] for kind in self._tables["links"]["speed_class"]], dtype=np.float64)

    def _refuse_without_energy(self, energy: Floats, drawn: Flags) -> None:
        """Refuse electric traction without a factor, as the user's own changes may make it."""
        lacking = drawn & ~(energy > 0)
        if lacking.any():
            link = self._tables["links"].ids[self._link[np.argmax(lacking)]]
            raise DataError(
                f"There is no one kWh factor for electric rail on {link}; add a row of basis kwh-tkm to "
                "emission_factors.csv, or name one in speeds.electric_factor_id."
            )

    def _factor(self) -> Ints:
        """Find the emission factor of each step: the service's own, or that of the class of the link."""
        position = self._tables["emission_factors"].position
        speeds, services = self._tables["speeds"], self._tables["services"]
        classes = {name: position[f] for name, f in zip(speeds.ids, speeds["factor_id"], strict=True)}
        of_link = np.array([classes[c] for c in self._tables["links"]["speed_class"]], dtype=np.int64)
        own = [position.get(name, -1) for name in services["factor_id"].tolist()]
        of_service = np.append(np.array(own, dtype=np.int64), -1)[self._service]
        return np.where(of_service >= 0, of_service, of_link[self._link])

    def _grid(self, countries: Ints) -> Ints:
        """Find the figure of the grid where trains run electrically."""
        cells = self._cells["grids", "g_co2e_kwh"].tolist()
        known = dict(zip(self._tables["grids"]["country"].tolist(), cells, strict=True))
        figure = np.array([known.get(c, -1) for c in self._countries], dtype=np.int64)[countries]
        if (figure < 0).any():
            country = self._countries[int(countries[np.argmax(figure < 0)])]
            raise DataError(
                f"grids has no row for {country}, where trains run electrically; add it with its evidence."
            )
        return figure

    def _book_money(self, fares: Fares) -> None:
        """Book the rates per km; half of the km of a link are in the country of each end."""
        modes, mode_of = np.unique(self._tables["links"]["mode"].astype(str), return_inverse=True)
        mode = mode_of[self._link]
        fares_of_runs = dict.fromkeys(self._fares)
        number = {fare: i for i, fare in enumerate(fares_of_runs)}
        fare = np.array([number[fare] for fare in self._fares], dtype=np.int64)
        keys = (np.tile(self._arc, 2), np.tile(fare[self._run], 2), np.tile(mode, 2))
        into = np.concatenate([self._from, self._into])
        (arc, fare, mode, country), (km,) = sum_by((*keys, into), (np.tile(self._km / 2, 2),))
        (some, which, where), _ = sum_by((fare, mode, country), ())
        known, names = list(fares_of_runs), modes.tolist()
        table = {
            (f, m, c): fares(names[m], self._countries[c], known[f])
            for f, m, c in zip(some.tolist(), which.tolist(), where.tolist(), strict=True)
        }
        rated = [table[key] for key in zip(fare.tolist(), mode.tolist(), country.tolist(), strict=True)]
        each, kind, figure = expand(rated)
        (arc, kind, figure), (km,) = sum_by((arc[each], kind, figure), (km[each],))
        self._entries.book(arc, kind, Cause.LINE_HAUL, figure, km)

    def _book_borders(self) -> None:
        """Book hours, documents and fees; a fee is per FEU, or spread over the tonnes of a default FEU."""
        at = crossings(self._tables)[self._link, self._forward]
        arc, at = self._arc[at >= 0], at[at >= 0]
        figure = {c: self._cells["borders", c][at] for c in ("border_hours", "document_hours", "fee_usd")}
        sd = self._tables["borders"]["border_hours_sd"][at]
        self._entries.book(arc, Kind.HOURS, Cause.BORDER, figure["border_hours"], sd=sd)
        self._entries.book(arc, Kind.HOURS, Cause.BORDER_DOCUMENTS, figure["document_hours"])
        cargoes = self._tables["cargoes"]
        boxes = cargoes["payload_t"][(cargoes["rate_units"] == 1.0) & (cargoes["rate_group"] == "container")]
        tonnes = float(boxes.max()) if len(boxes) else DEFAULT_FEE_TONNES
        for group, kind in USD_KINDS.items():
            share = 1.0 if group == "container" else 1.0 / tonnes
            self._entries.book(arc, kind, Cause.BORDER, figure["fee_usd"], share)

    def _book_hazards(self) -> None:
        """Book the risk of each hazard by the time of exposure, and its premium where it is met."""
        columns = ("events_per_year", "premium_share")
        events, premium = (self._cells["hazards", c] for c in columns)
        modes = self._tables["links"]["mode"]
        hours = self._km / self._speed
        for i, row in enumerate(self._tables["hazards"].rows()):
            here, met = self._exposed(row["scope"], row["scope_id"])
            if row["mode"]:
                here = here & (modes == row["mode"])[self._link]
            at = np.flatnonzero(here)
            if not len(at):
                continue
            exposure = row["mean_days"] * HOURS_PER_DAY * met[at]
            if row["scope"] != "node":
                exposure = exposure + hours[at]
            figure = np.full(len(at), events[i])
            self._entries.book(self._arc[at], Kind.RISK, Cause.HAZARD, figure, exposure / HOURS_PER_YEAR)
            if premium[i] >= 0:
                arc = self._arc[at[met[at]]]
                self._entries.book(arc, Kind.PREMIUM, Cause.HAZARD, np.full(len(arc), premium[i]))

    def _exposed(self, scope: str, name: str) -> tuple[Flags, Flags]:
        """Return the steps that a hazard concerns, and those where it is met: a country's on entering."""
        if scope == "country":
            number = self._countries.index(name) if name in self._countries else -1
            return self._into == number, self._from != self._into
        here: Array = self._link if scope == "link" else self._head
        row = self._tables["links" if scope == "link" else "nodes"].position.get(name, -1)
        return here == row, np.ones(len(self._run), dtype=np.bool_)
