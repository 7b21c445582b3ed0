"""One alternative of a shipment, with its totals, legs and causes."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.routing.components import by_cause, components_of
from daliz.routing.iso14083 import chain_of
from daliz.routing.legs import legs_of, stops_of
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from daliz.emissions.chain import Chain
    from daliz.paths.ground import Ground
    from daliz.routing.components import Component
    from daliz.routing.legs import Leg
    from daliz.routing.query import Query
    from daliz.routing.spread import Spread


FAR = 3.0
"""Times the great circle from which the length of a way is told as absurd."""


@dataclass(frozen=True)
class Itinerary:
    """One alternative of a shipment, from door to door or place to place.

    The totals are sums over the legs. `spread` holds p50, p95 and the intervals where draws were asked for.
    """

    query: Query = field(repr=False)
    arcs: tuple[int, ...] = field(repr=False)
    generalised_usd: float
    spread: Spread | None = None

    @property
    def graph(self) -> Ground:
        """Return the graph that the alternative lies in."""
        return self.query.graph

    @property
    def parts(self) -> tuple[int, ...]:
        """Return the arcs with each through arc unfolded into those that it stands for (see `Component.part`)."""
        ways = self.graph.ways
        return tuple(p for a in self.arcs for p in ways.get(a, (a,)))

    @functools.cached_property
    def legs(self) -> list[Leg]:
        """Return the legs in order."""
        return legs_of(self.query, self.arcs, self.components)

    @functools.cached_property
    def components(self) -> list[Component]:
        """List every hour, dollar, kilogram and risk with its cause and cell."""
        return components_of(self.query, self.arcs)

    def _sum(self, of: str) -> float:
        values: Any = getattr(self.query.costs, of)
        return float(values[list(self.arcs)].sum())

    @property
    def km(self) -> float:
        """Return the length in km."""
        return float(self.graph.km[list(self.arcs)].sum())

    @property
    def great_circle_km(self) -> float:
        """Return the length of the great circles from the origin through the places to pass to the destination."""
        nodes, query = self.graph.network.table("nodes"), self.query
        points = [(nodes["lat"][v], nodes["lon"][v]) for v in query.via]
        points = [
            (query.origin.lat, query.origin.lon),
            *points,
            (query.destination.lat, query.destination.lon),
        ]
        lat, lon = np.array(points, np.float64).T
        return float(great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())

    @property
    def detour(self) -> float:
        """Return how many times the great circle the alternative is long; infinite where that has no length."""
        return self.km / self.great_circle_km if self.great_circle_km else float("inf")

    @property
    def far(self) -> bool:
        """Check whether the alternative is more than three times as long as the great circle."""
        return self.detour > FAR

    @property
    def hours(self) -> float:
        """Return the mean hours."""
        return self._sum("hours")

    @property
    def days(self) -> float:
        """Return the mean days."""
        return self.hours / 24.0

    @property
    def hours_sd(self) -> float:
        """Return the standard deviation of the hours of one shipment."""
        return float(np.sqrt(self._sum("variance")))

    @property
    def usd(self) -> float:
        """Return the price in USD of the network's year for one unit of the cargo."""
        return self._sum("usd")

    @property
    def kg_co2e(self) -> float:
        """Return the well-to-wheel emissions in kg CO2e for one unit of the cargo."""
        return self._sum("kg")

    @property
    def risk(self) -> float:
        """Return the probability of being caught by a disruption or a hold."""
        return float(-np.expm1(-self._sum("risk")))

    @property
    def borders(self) -> tuple[str, ...]:
        """Return the countries entered in order."""
        return tuple(c for leg in self.legs for c in leg.borders)

    @property
    def gauge_changes(self) -> tuple[str, ...]:
        """Return the places where the gauge changes."""
        return tuple(p for leg in self.legs for p in leg.gauge_changes)

    @functools.cached_property
    def corridor(self) -> str:
        """Name the corridor that the alternative belongs to: the first row of `corridors` that it satisfies."""
        return self.graph.corridors.name(list(self.arcs))

    def hours_by_cause(self) -> dict[str, float]:
        """Sum the hours by cause."""
        return by_cause(self.components, "hours")

    def usd_by_cause(self) -> dict[str, float]:
        """Sum the dollars by cause."""
        return by_cause(self.components, "usd")

    def emissions(self) -> Chain:
        """Report the emissions as a transport chain after ISO 14083, an element per run and hub.

        Tonne-km are tonnes of goods times the km of the links run over (no great circle, no distance
        adjustment: a factor that holds one, as those of GLEC sea lanes do, keeps it). Electricity counts
        as well to tank.

        Examples
        --------
        >>> import daliz
        >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1)[0]
        >>> abs(way.emissions().wtw_kg - way.kg_co2e) < 1e-6
        True
        """
        return chain_of(self.query, self.arcs, self.components)

    def stops(self, language: str = "en") -> list[str]:
        """Name the places where the shipment changes carrier, and in brackets the waters between them.

        Parameters
        ----------
        language
            "en", "kk" or "ru".
        """
        return stops_of(self.query, self.arcs, language)

    def summary(self, language: str = "en") -> str:
        """Describe in a line where the shipment changes carrier and which waters it crosses.

        Examples
        --------
        >>> import daliz
        >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1)[0]
        >>> "(Caspian Sea)" in way.summary(), "(Каспий теңізі)" in way.summary("kk")
        (True, True)
        """
        return " - ".join(self.stops(language))

    def as_dict(self) -> dict[str, Any]:
        """Return totals, legs and spread as plain values."""
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
            "great_circle_km": self.great_circle_km,
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

    @property
    def km_told(self) -> str:
        """Write the length, and how many times the great circle it is where that is more than three."""
        told = f"{self.km:,.0f} km"
        return f"{told} ({self.detour:,.1f} times the great circle)" if self.far else told

    def __repr__(self) -> str:
        return (
            f"<Itinerary {self.corridor}: {self.summary()}, {self.km_told}, {self.days:.1f} d, "
            f"{self.usd:,.0f} USD, {self.kg_co2e:,.0f} kg CO2e>"
        )
