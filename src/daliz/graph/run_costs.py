"""Compute what running over links costs on all arcs at once: hours, emissions, dollars, borders, hazards."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import DataError
from daliz.graph.ledger import USD_KINDS, Cause, Kind, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from daliz.arrays import Flags, Floats, Ints
    from daliz.graph.links import Crossing, Link
    from daliz.tables import Network

BASIS_KINDS = {"tkm": Kind.KG_T, "teu-km": Kind.KG_TEU, "container": Kind.KG_CONTAINER, "t": Kind.KG_LOOSE}
HOURS_PER_YEAR = 8760.0
HOURS_PER_DAY = 24.0
G_PER_KG = 1000.0
DEFAULT_FEE_TONNES = 20.0


class Ride(NamedTuple):
    """Manner in which a stretch is run.

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


class Runs:
    """Arcs that run over links, collected while a graph is made."""

    def __init__(self) -> None:
        self.arc: list[int] = []
        self.ride: list[Ride] = []
        self.count: list[int] = []
        self.link: list[int] = []
        self.forward: list[bool] = []

    def add(self, arc: int, links: Sequence[tuple[int, bool]], ride: Ride) -> None:
        """Add an arc with its links, as rows and whether they are run forward."""
        self.arc.append(arc)
        self.ride.append(ride)
        self.count.append(len(links))
        for link, forward in links:
            self.link.append(link)
            self.forward.append(forward)


class RunCosts:
    """Costs of running over links, with arrays over the steps: each link of each arc.

    Parameters
    ----------
    network, links, crossings
        The network with its links and borders.
    runs
        The arcs that run over links.
    per_km
        Kinds and figures of the rates per km of a ride in a mode and country.
    """

    def __init__(
        self,
        network: Network,
        links: Sequence[Link],
        crossings: Mapping[tuple[int, bool], Crossing],
        runs: Runs,
        per_km: Callable[[str, str, Ride], Sequence[tuple[Kind, int]]],
    ) -> None:
        self._network, self._links, self._crossings, self._per_km = network, links, crossings, per_km
        self._rides = runs.ride
        self._run = np.repeat(np.arange(len(runs.arc)), np.array(runs.count, dtype=np.int64))
        self._arc_of = np.array(runs.arc, dtype=np.int64)
        self._link = np.array(runs.link, dtype=np.int64)
        self._forward = np.array(runs.forward, dtype=np.bool_)
        service = np.array([ride.service for ride in runs.ride], dtype=np.int64)
        self._service = service[self._run]
        self._published = np.array([ride.published for ride in runs.ride], dtype=np.bool_)
        self._km = self._of_link([link.km for link in links])
        country = [str(c) for c in network.table("nodes")["country"]]
        self._countries = sorted(set(country))
        number = {c: i for i, c in enumerate(self._countries)}
        of_place = np.array([number[c] for c in country], dtype=np.int64)
        ends = np.array([link.ends for link in links], dtype=np.int64).reshape(-1, 2)[self._link]
        self._tail = np.where(self._forward, ends[:, 0], ends[:, 1])
        self._head = np.where(self._forward, ends[:, 1], ends[:, 0])
        self._from, self._into = of_place[self._tail], of_place[self._head]
        self._speed, self._speed_figure = self._speeds()
        self._parts: list[Ledger] = []

    def ledger(self) -> Ledger:
        """Book everything and return the entries."""
        if len(self._run):
            self._book_hours()
            self._book_emissions()
            self._book_money()
            self._book_borders()
            self._book_hazards()
        empty = np.zeros(0, dtype=np.int64), np.zeros(0)
        none = Ledger(*(empty[n] for n in (0, 0, 0, 0, 1, 1, 1, 0)))
        return none.joined(*self._parts)

    def _of_link(self, values: Sequence[float]) -> Floats:
        return np.array(values, dtype=np.float64)[self._link]

    def _speeds(self) -> tuple[Floats, Ints]:
        """Return the speed on each step, and the figure that it is: the service's own, or the link's."""
        services, cells = self._network.table("services"), self._network.resolved.cells
        single = np.array([link.single for link in self._links]).reshape(-1, 2)[self._link]
        through = np.array([link.through for link in self._links]).reshape(-1, 2)[self._link]
        by_link = np.where(self._service[:, None] >= 0, through, single)
        own_speed = np.append(services["speed_km_h"], np.nan)[self._service]
        own_figure = np.append(cells["services", "speed_km_h"], -1)[self._service]
        own = own_figure >= 0
        speed = np.where(own, own_speed, by_link[:, 0])
        return speed, np.where(own, own_figure, by_link[:, 1].astype(np.int64))

    def _book(
        self,
        run: Ints,
        kind: Ints | Kind,
        cause: Cause,
        amount: tuple[Ints, Floats],
        sd: Floats | None = None,
        power: float = 1.0,
    ) -> None:
        """Book entries on the arcs of runs; the amount is a figure and a quantity."""
        figure, quantity = amount
        count = len(run)
        self._parts.append(
            Ledger(
                self._arc_of[run],
                np.broadcast_to(np.asarray(kind, dtype=np.int64), count),
                np.full(count, int(cause), dtype=np.int64),
                figure,
                quantity,
                np.full(count, power),
                np.zeros(count) if sd is None else sd,
                self._arc_of[run],
            )
        )

    def _book_hours(self) -> None:
        cv = self._of_link([link.cv for link in self._links])
        variance = (self._km / self._speed * cv) ** 2
        timed = ~self._published[self._run]
        (run, figure), (km, variance) = _sums(
            (self._run[timed], self._speed_figure[timed]), (self._km[timed], variance[timed])
        )
        self._book(run, Kind.HOURS, Cause.RUN, (figure, km), np.sqrt(variance), -1.0)

    def _book_emissions(self) -> None:
        factors, services = self._network.table("emission_factors"), self._network.table("services")
        position = factors.position
        of_link = np.array([position[link.factor] for link in self._links], dtype=np.int64)[self._link]
        own = [position.get(name, -1) for name in services["factor_id"].tolist()]
        of_service = np.append(np.array(own, dtype=np.int64), -1)[self._service]
        factor = np.where(of_service >= 0, of_service, of_link)
        basis = factors["basis"].tolist()
        kinds = np.array([BASIS_KINDS.get(b, Kind.KG_T) for b in basis], dtype=np.int64)
        wtw = self._network.resolved.cells["emission_factors", "wtw_kg"]
        electric = [i for i, b in enumerate(basis) if b == "kwh-tkm"]
        energy = float(factors["energy_kwh"][electric[0]]) if electric else 0.0
        share = self._of_link([link.electrified for link in self._links]) * (energy > 0.0)
        burnt, drawn = share < 1.0, share > 0.0
        kwh = self._km / 2 * share * energy / G_PER_KG
        grids = [self._grid(countries, drawn) for countries in (self._from, self._into)]
        run, kind, figure, kg = (
            np.concatenate(x)
            for x in (
                (self._run[burnt], self._run[drawn], self._run[drawn]),
                (kinds[factor[burnt]], *[np.full(np.count_nonzero(drawn), int(Kind.KG_T))] * 2),
                (wtw[factor[burnt]], *grids),
                ((self._km * (1.0 - share))[burnt], kwh[drawn], kwh[drawn]),
            )
        )
        (run, kind, figure), (kg,) = _sums((run, kind, figure), (kg,))
        self._book(run, kind, Cause.RUN, (figure, kg))

    def _grid(self, countries: Ints, drawn: Flags) -> Ints:
        """Return the figure of the grid where trains run electrically."""
        cells = self._network.resolved.cells["grids", "g_co2e_kwh"].tolist()
        known = dict(zip(self._network.table("grids")["country"].tolist(), cells, strict=True))
        figure = np.array([known.get(c, -1) for c in self._countries], dtype=np.int64)[countries[drawn]]
        if (figure < 0).any():
            country = self._countries[int(countries[drawn][np.argmax(figure < 0)])]
            raise DataError(
                f"grids has no row for {country}, where trains run electrically; add it with its evidence."
            )
        return figure

    def _book_money(self) -> None:
        """Book the rates per km; half of the km of a link are in the country of each end."""
        modes = sorted({link.mode for link in self._links})
        number = {mode: i for i, mode in enumerate(modes)}
        mode = np.array([number[link.mode] for link in self._links], dtype=np.int64)[self._link]
        twice = tuple(np.concatenate(x) for x in ([self._run] * 2, [mode] * 2, [self._from, self._into]))
        (run, mode, country), (km,) = _sums(twice, (np.concatenate([self._km / 2] * 2),))
        rated = [
            self._per_km(modes[m], self._countries[c], self._rides[r])
            for r, m, c in zip(run.tolist(), mode.tolist(), country.tolist(), strict=True)
        ]
        each = np.repeat(np.arange(len(run)), [len(rates) for rates in rated])
        table = np.array([rate for rates in rated for rate in rates], dtype=np.int64).reshape(-1, 2)
        (run, kind, figure), (km,) = _sums((run[each], table[:, 0], table[:, 1]), (km[each],))
        self._book(run, kind, Cause.LINE_HAUL, (figure, km))

    def _book_borders(self) -> None:
        """Book hours, documents and fees; a fee is per FEU, or spread over the tonnes of a default FEU."""
        at = np.full((len(self._links), 2), -1, dtype=np.int64)
        crossings = list(self._crossings.items())
        for i, ((link, forward), _) in enumerate(crossings):
            at[link, int(forward)] = i
        found = at[self._link, self._forward.astype(np.int64)]
        run, found = self._run[found >= 0], found[found >= 0]
        if not len(run):
            return
        hours_sd, *figures = (np.array([c[k] for _, c in crossings])[found] for k in (1, 2, 3, 4))
        ones = np.ones(len(run))
        self._book(run, Kind.HOURS, Cause.BORDER, (figures[0], ones), hours_sd)
        self._book(run, Kind.HOURS, Cause.BORDER_DOCUMENTS, (figures[1], ones))
        cargoes = self._network.table("cargoes")
        boxes = cargoes["payload_t"][(cargoes["rate_units"] == 1.0) & (cargoes["rate_group"] == "container")]
        tonnes = float(boxes.max()) if len(boxes) else DEFAULT_FEE_TONNES
        for group, kind in USD_KINDS.items():
            share = ones if group == "container" else ones / tonnes
            self._book(run, kind, Cause.BORDER, (figures[2], share))

    def _book_hazards(self) -> None:
        """Book the risk of each hazard by the time of exposure, and its premium where it is met."""
        resolved = self._network.resolved
        columns = ("events_per_year", "premium_share")
        events, premium = (resolved.cells["hazards", c].tolist() for c in columns)
        mode = np.array([link.mode for link in self._links], dtype=object)[self._link]
        hours = self._km / self._speed
        for i, row in enumerate(self._network.table("hazards").rows()):
            here, met = self._exposed(row["scope"], row["scope_id"])
            here &= mode == row["mode"] if row["mode"] else True
            at = np.flatnonzero(here)
            if not len(at):
                continue
            exposure = row["mean_days"] * HOURS_PER_DAY * met[at]
            if row["scope"] != "node":
                exposure = exposure + hours[at]
            figure = np.full(len(at), events[i], dtype=np.int64)
            self._book(self._run[at], Kind.RISK, Cause.HAZARD, (figure, exposure / HOURS_PER_YEAR))
            if premium[i] >= 0:
                run = self._run[at[met[at]]]
                figure = np.full(len(run), premium[i], dtype=np.int64)
                self._book(run, Kind.PREMIUM, Cause.HAZARD, (figure, np.ones(len(run))))

    def _exposed(self, scope: str, name: str) -> tuple[Flags, Flags]:
        """Return the steps that a hazard concerns, and those where it is met: a country's on entering."""
        everywhere = np.ones(len(self._run), dtype=np.bool_)
        if scope == "country":
            number = self._countries.index(name) if name in self._countries else -1
            return self._into == number, self._from != self._into
        table, column = ("links", self._link) if scope == "link" else ("nodes", self._head)
        return column == self._network.table(table).position.get(name, -1), everywhere


def _sums(keys: Sequence[Ints], values: Sequence[Floats]) -> tuple[list[Ints], list[Floats]]:
    """Sum values over equal keys; return the keys without repeats, in order, and the sums."""
    lows = [int(k.min(initial=0)) for k in keys]
    sizes = [int(k.max(initial=0)) - low + 1 for k, low in zip(keys, lows, strict=True)]
    number = np.zeros(len(keys[0]), dtype=np.int64)
    for key, low, size in zip(keys, lows, sizes, strict=True):
        number = number * size + (key - low)
    found, inverse = np.unique(number, return_inverse=True)
    sums = [np.bincount(inverse, value, len(found)) for value in values]
    parts: list[Ints] = []
    for low, size in zip(lows[::-1], sizes[::-1], strict=True):
        found, part = np.divmod(found, size)
        parts.append(part + low)
    return parts[::-1], sums
