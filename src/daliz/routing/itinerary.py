"""Tell a way as legs, each with its hours, dollars and emissions by cause."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.graph.ledger import Cause, Kind
from daliz.graph.graph import multipliers

if TYPE_CHECKING:
    from daliz.graph import Graph
    from daliz.routing.query import Query
    from daliz.routing.reliability import Spread
    from daliz.tables import Cell

WAITING = (Cause.WAIT, Cause.WEATHER)
BORDER = (Cause.BORDER, Cause.BORDER_DOCUMENTS)
TERMINAL = (Cause.HANDLING, Cause.TERMINAL_DOCUMENTS)
_USD = (Kind.USD_CONTAINER, Kind.USD_BULK, Kind.USD_LIQUID, Kind.USD_WAGON, Kind.PREMIUM)
_KG = (Kind.KG_T, Kind.KG_TEU, Kind.KG_CONTAINER, Kind.KG_LOOSE)


class Component(NamedTuple):
    """Be one amount with its cause and the cell of the figure behind it."""

    arc: int
    measure: str
    cause: Cause
    amount: float
    sd: float
    cell: Cell | None
    figure: int
    power: float


@dataclass(frozen=True)
class Leg:
    """Be one ride, or one stretch by a mode without a timetable, with its loading and unloading.

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
    places
        Ids of the places passed in order.
    arcs
        Arcs of the graph.
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
    places: tuple[str, ...]
    arcs: tuple[int, ...] = field(repr=False)


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
    def graph(self) -> Graph:
        """Give the graph that the way lies in."""
        return self.query.graph

    @functools.cached_property
    def legs(self) -> list[Leg]:
        """Give the legs in order."""
        return _legs(self)

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
        from daliz.routing.alternatives import corridors_of

        return corridors_of(self.graph).name(list(self.arcs))

    def hours_by_cause(self) -> dict[str, float]:
        """Sum the hours by cause."""
        return _by_cause(self.components, "hours")

    def usd_by_cause(self) -> dict[str, float]:
        """Sum the dollars by cause."""
        return _by_cause(self.components, "usd")

    def summary(self) -> str:
        """Name the places where the shipment changes from one carrier to another."""
        stops = [self.legs[0].origin, *(leg.destination for leg in self.legs)]
        return " - ".join(dict.fromkeys(stops))

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
        return f"<Itinerary {self.corridor}: {self.summary()}, {self.km:,.0f} km, {self.days:.1f} d, {self.usd:,.0f} USD, {self.kg_co2e:,.0f} kg CO2e>"


def _components(query: Query, arcs: tuple[int, ...]) -> list[Component]:
    graph = query.graph
    ledger, figures = graph.ledger, graph.network.resolved.figures
    order, starts = graph.entries_of
    cargoes = graph.network.table("cargoes")
    scale = multipliers(cargoes)[cargoes.position[query.cargo["id"]]]
    rows = np.concatenate([order[starts[a] : starts[a + 1]] for a in arcs])
    amounts = ledger.amounts(figures.value)[rows]
    found = []
    for e, amount in zip(rows.tolist(), amounts.tolist(), strict=True):
        kind = int(ledger.kind[e])
        if scale[kind] == 0:
            continue
        measure = (
            "hours"
            if kind == Kind.HOURS
            else "risk"
            if kind == Kind.RISK
            else "usd"
            if kind in _USD
            else "kg"
        )
        figure = int(ledger.figure[e])
        found.append(
            Component(
                int(ledger.arc[e]),
                measure,
                Cause(int(ledger.cause[e])),
                amount * float(scale[kind]),
                float(ledger.sd[e]),
                figures.cells[figure] if figure >= 0 else None,
                figure,
                float(ledger.power[e]),
            )
        )
    return found + _holds(query, arcs, found)


def _holds(query: Query, arcs: tuple[int, ...], found: list[Component]) -> list[Component]:
    """Book what restrictions add to the arcs of this shipment beyond the ledger."""
    booked = dict.fromkeys(("hours", "usd"), None)
    extra = []
    for measure in booked:
        by_arc: dict[int, float] = {}
        for c in found:
            if c.measure == measure:
                by_arc[c.arc] = by_arc.get(c.arc, 0.0) + c.amount
        values = getattr(query.costs, measure)
        for a in arcs:
            more = float(values[a]) - by_arc.get(a, 0.0)
            if more > 1e-6 * max(1.0, float(values[a])):
                sd = (
                    float(np.sqrt(max(query.costs.variance[a] - query.graph.variance[a], 0.0)))
                    if measure == "hours"
                    else 0.0
                )
                extra.append(Component(a, measure, Cause.HOLD, more, sd, None, -1, 1.0))
    return extra


def _by_cause(components: list[Component], measure: str) -> dict[str, float]:
    sums: dict[str, float] = {}
    for c in components:
        if c.measure == measure and c.amount:
            name = c.cause.name.lower()
            sums[name] = sums.get(name, 0.0) + c.amount
    return sums


def _legs(itinerary: Itinerary) -> list[Leg]:
    graph = itinerary.graph
    groups: list[list[int]] = []
    for a in itinerary.arcs:
        role = graph.arcs[a].role
        if not groups or role in {"load", "board", "access"}:
            groups.append([a])
        else:
            groups[-1].append(a)
    return [_leg(itinerary, tuple(arcs)) for arcs in groups]


def _leg(itinerary: Itinerary, arcs: tuple[int, ...]) -> Leg:
    graph, query = itinerary.graph, itinerary.query
    nodes, links = graph.network.table("nodes"), graph.network.table("links")
    steps = [graph.arcs[a] for a in arcs]
    places = [
        p
        for i, s in enumerate(steps)
        for p in (
            s.places if i == 0 else s.places[1:] if s.places[0] == steps[i - 1].places[-1] else s.places
        )
    ]
    countries = [str(nodes["country"][p]) for p in places]
    lands = [c for c in countries if c != "XZ"]
    modes = [str(links["mode"][link]) for s in steps for link, _ in s.links]
    services = graph.network.table("services")
    service = next((str(services.ids[s.service]) for s in steps if s.service >= 0), "")
    components = [c for c in itinerary.components if c.arc in arcs]
    costs, rows = query.costs, list(arcs)
    changes = [str(nodes.ids[p]) for p in _gauge_places(graph, steps)]
    ends = [
        query.origin.label
        if graph.states[steps[0].tail].mode == "address"
        else str(nodes["name_en"][places[0]]),
        query.destination.label
        if graph.states[steps[-1].head].mode == "address"
        else str(nodes["name_en"][places[-1]]),
    ]
    return Leg(
        ends[0],
        ends[1],
        modes[0] if modes else "road",
        service,
        float(graph.km[rows].sum()),
        float(costs.hours[rows].sum()),
        float(np.sqrt(costs.variance[rows].sum())),
        float(costs.usd[rows].sum()),
        float(costs.kg[rows].sum()),
        _by_cause(components, "hours"),
        _by_cause(components, "usd"),
        tuple(b for a, b in zip(lands[:-1], lands[1:], strict=True) if a != b),
        tuple(changes),
        tuple(str(nodes.ids[p]) for p in places),
        arcs,
    )


def _gauge_places(graph: Graph, steps: list[Any]) -> list[int]:
    gauges = graph.network.table("links")["gauge_mm"]
    found = []
    for s in steps:
        if s.role == "gauge-change":
            found.append(s.places[0])
        for (a, _), (b, _), place in zip(s.links[:-1], s.links[1:], s.places[1:-1], strict=False):
            if not np.isnan(gauges[a]) and not np.isnan(gauges[b]) and gauges[a] != gauges[b]:
                found.append(place)
    return found
