"""Tell a way as legs, each with its hours, dollars and emissions by cause."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from daliz.graph.graph import multipliers
from daliz.graph.ledger import USD_KINDS, Cause, Kind, Ledger

if TYPE_CHECKING:
    from daliz.emissions import Chain
    from daliz.paths.ground import Ground
    from daliz.routing.query import Query
    from daliz.routing.reliability import Spread
    from daliz.tables import Cell

_USD = (*USD_KINDS.values(), Kind.PREMIUM)
CAUSES = tuple(Cause)
MEASURES = tuple(
    "hours" if k == Kind.HOURS else "risk" if k == Kind.RISK else "usd" if k in _USD else "kg" for k in Kind
)


class Component(NamedTuple):
    """Be one amount with its cause and the cell of the figure behind it.

    `part` is the arc where it arises: `arc` itself, or the one of those that a through arc stands for.
    """

    arc: int
    measure: str
    cause: Cause
    amount: float
    sd: float
    cell: Cell | None
    figure: int
    power: float
    part: int


@dataclass(frozen=True)
class Leg:
    """Be one ride, or one stretch by a mode without a timetable, with its loading and unloading.

    What goes at a through rate is told leg by leg like all else.

    Attributes
    ----------
    origin, destination
        Names of the ends in English.
    mode, service
        Mode, and the service's name or "" for single consignments.
    km, hours, hours_sd, usd, kg_co2e
        Totals of the leg; hours include loading, waiting, borders and unloading.
    hours_by_cause, usd_by_cause
        The same hours and dollars by cause; they sum to the totals.
    borders, gauge_changes
        Countries entered in order, and places where the gauge changes.
    waters
        Names in English of the seas, lakes, canals and rivers crossed in order.
    places
        Ids of the places passed in order.
    arcs
        Arcs of the graph, a through arc unfolded into those that it stands for.
    components
        What arises on them; a through rate is spread over their km.
    """

    origin: str
    destination: str
    mode: str
    service: str
    km: float
    hours: float
    hours_sd: float
    usd: float
    kg_co2e: float
    hours_by_cause: dict[str, float]
    usd_by_cause: dict[str, float]
    borders: tuple[str, ...]
    gauge_changes: tuple[str, ...]
    waters: tuple[str, ...]
    places: tuple[str, ...]
    arcs: tuple[int, ...] = field(repr=False)
    components: tuple[Component, ...] = field(repr=False)


@dataclass(frozen=True)
class Itinerary:
    """Be one way from door to door or place to place.

    The totals are sums over the legs. `spread` holds p50, p95 and the intervals where draws were asked for.
    """

    query: Query = field(repr=False)
    arcs: tuple[int, ...] = field(repr=False)
    generalised_usd: float
    spread: Spread | None = None

    @property
    def graph(self) -> Ground:
        """Give the graph that the way lies in."""
        return self.query.graph

    @property
    def parts(self) -> tuple[int, ...]:
        """Give the arcs with each through arc unfolded into those that it stands for (see `Component.part`)."""
        ways = self.graph.ways
        return tuple(p for a in self.arcs for p in ways.get(a, (a,)))

    @functools.cached_property
    def legs(self) -> list[Leg]:
        """Give the legs in order."""
        from daliz.routing.legs import legs_of

        return legs_of(self)

    @functools.cached_property
    def components(self) -> list[Component]:
        """Give every hour, dollar, kilogram and risk with its cause and cell."""
        return _components(self.query, self.arcs)

    def _sum(self, of: str) -> float:
        values: Any = getattr(self.query.costs, of)
        return float(values[list(self.arcs)].sum())

    @property
    def km(self) -> float:
        """Give the length in km."""
        return float(self.graph.km[list(self.arcs)].sum())

    @property
    def hours(self) -> float:
        """Give the mean hours."""
        return self._sum("hours")

    @property
    def days(self) -> float:
        """Give the mean days."""
        return self.hours / 24.0

    @property
    def hours_sd(self) -> float:
        """Give the standard deviation of the hours of one shipment."""
        return float(np.sqrt(self._sum("variance")))

    @property
    def usd(self) -> float:
        """Give the price in USD of the network's year for one unit of the cargo."""
        return self._sum("usd")

    @property
    def kg_co2e(self) -> float:
        """Give the well-to-wheel emissions in kg CO2e for one unit of the cargo."""
        return self._sum("kg")

    @property
    def risk(self) -> float:
        """Give the probability of being caught by a disruption or a hold."""
        return float(-np.expm1(-self._sum("risk")))

    @property
    def borders(self) -> tuple[str, ...]:
        """Give the countries entered in order."""
        return tuple(c for leg in self.legs for c in leg.borders)

    @property
    def gauge_changes(self) -> tuple[str, ...]:
        """Give the places where the gauge changes."""
        return tuple(p for leg in self.legs for p in leg.gauge_changes)

    @functools.cached_property
    def corridor(self) -> str:
        """Name the corridor that the way belongs to: the first row of `corridors` that it satisfies."""
        return self.graph.corridors.name(list(self.arcs))

    def hours_by_cause(self) -> dict[str, float]:
        """Sum the hours by cause."""
        return by_cause(self.components, "hours")

    def usd_by_cause(self) -> dict[str, float]:
        """Sum the dollars by cause."""
        return by_cause(self.components, "usd")

    def emissions(self) -> Chain:
        """Tell the emissions as a transport chain after ISO 14083, an element per run and hub.

        Tonne-km are tonnes of goods times the km of the links run over (no great circle, no distance
        adjustment: a factor that holds one, as those of GLEC sea lanes do, keeps it). Electricity counts
        as well to tank.

        Examples
        --------
        >>> import daliz
        >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1, draws=0, with_pareto=False)[0]
        >>> abs(way.emissions().wtw_kg - way.kg_co2e) < 1e-6
        True
        """
        from daliz.routing.iso14083 import chain_of

        return chain_of(self)

    def stops(self, language: str = "en") -> list[str]:
        """Name the places where the shipment changes carrier, and in brackets the waters between them.

        Parameters
        ----------
        language
            "en", "kk" or "ru".
        """
        from daliz.routing.legs import stops_of

        return stops_of(self, language)

    def summary(self, language: str = "en") -> str:
        """Say in a line where the shipment changes carrier and which waters it crosses.

        Examples
        --------
        >>> import daliz
        >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1, draws=0, with_pareto=False)[0]
        >>> "(Caspian Sea)" in way.summary(), "(Каспий теңізі)" in way.summary("kk")
        (True, True)
        """
        return " - ".join(self.stops(language))

    def as_dict(self) -> dict[str, Any]:
        """Give totals, legs and spread as plain values."""
        legs = [
            {
                "from": g.origin,
                "to": g.destination,
                "mode": g.mode,
                "service": g.service,
                "km": g.km,
                "hours": g.hours,
                "hours_sd": g.hours_sd,
                "usd": g.usd,
                "kg_co2e": g.kg_co2e,
                "borders": list(g.borders),
                "gauge_changes": list(g.gauge_changes),
                "waters": list(g.waters),
                "hours_by_cause": g.hours_by_cause,
                "usd_by_cause": g.usd_by_cause,
                "places": list(g.places),
            }
            for g in self.legs
        ]
        return {
            "corridor": self.corridor,
            "km": self.km,
            "days": self.days,
            "hours": self.hours,
            "hours_sd": self.hours_sd,
            "usd": self.usd,
            "kg_co2e": self.kg_co2e,
            "risk": self.risk,
            "generalised_usd": self.generalised_usd,
            "borders": list(self.borders),
            "gauge_changes": list(self.gauge_changes),
            "spread": self.spread.as_dict() if self.spread else None,
            "legs": legs,
        }

    def __repr__(self) -> str:
        return (
            f"<Itinerary {self.corridor}: {self.summary()}, {self.km:,.0f} km, {self.days:.1f} d, "
            f"{self.usd:,.0f} USD, {self.kg_co2e:,.0f} kg CO2e>"
        )


def _components(query: Query, arcs: tuple[int, ...]) -> list[Component]:
    graph = query.graph
    cells = graph.network.resolved.figures.cells
    entries = way_entries(query, arcs)
    ledger = entries.ledger
    columns = (
        ledger.arc,
        ledger.kind,
        ledger.cause,
        entries.amount,
        ledger.sd,
        ledger.figure,
        ledger.power,
        ledger.part,
    )
    found = [
        Component(
            arc,
            MEASURES[kind],
            CAUSES[cause],
            amount,
            sd,
            cells[figure] if figure >= 0 else None,
            figure,
            power,
            part,
        )
        for arc, kind, cause, amount, sd, figure, power, part in zip(
            *(c.tolist() for c in columns), strict=True
        )
    ]
    return found + _holds(query, arcs)


class Entries(NamedTuple):
    """Be the entries of a way that count for its cargo, with their amounts for one unit."""

    ledger: Ledger
    amount: npt.NDArray[np.float64]


def way_entries(query: Query, arcs: tuple[int, ...]) -> Entries:
    """Give the entries of a way's arcs in order; holds are no entries (see `hold_hours`)."""
    graph = query.graph
    order, starts = graph.entries_of
    cargoes = graph.network.table("cargoes")
    scale = multipliers(cargoes)[cargoes.position[query.cargo["id"]]]
    rows = np.concatenate([order[starts[a] : starts[a + 1]] for a in arcs])
    ledger = graph.ledger.take(rows[scale[graph.ledger.kind[rows]] != 0])
    amount = ledger.amounts(graph.network.resolved.figures.value) * scale[ledger.kind]
    return Entries(ledger, amount)


def _holds(query: Query, arcs: tuple[int, ...]) -> list[Component]:
    """Tell what rules add to the arcs of this shipment beyond the ledger."""
    rows = list(arcs)
    variance = np.maximum(query.costs.variance[rows] - query.plain.variance[rows], 0.0)
    found = []
    for measure in ("hours", "usd", "risk"):
        more = getattr(query.costs, measure)[rows] - getattr(query.plain, measure)[rows]
        for i in np.flatnonzero(more):
            sd = float(np.sqrt(variance[i])) if measure == "hours" else 0.0
            found.append(Component(rows[i], measure, Cause.HOLD, float(more[i]), sd, None, -1, 1.0, rows[i]))
    return found


def by_cause(components: list[Component], measure: str) -> dict[str, float]:
    """Sum the components of one measure by cause."""
    sums: dict[str, float] = {}
    for c in components:
        if c.measure == measure and c.amount:
            name = c.cause.name.lower()
            sums[name] = sums.get(name, 0.0) + c.amount
    return sums
