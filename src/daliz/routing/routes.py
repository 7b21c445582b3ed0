"""Answer which way a shipment should go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import QueryError
from daliz.routing.alternatives import alternatives
from daliz.routing.itinerary import Itinerary
from daliz.routing.layers import Layers
from daliz.routing.no_path import explain_no_way
from daliz.routing.notes import notes_of
from daliz.routing.pareto import pareto
from daliz.routing.pricing import search_weight
from daliz.routing.query import Query, make_query
from daliz.routing.reliability import spreads
from daliz.routing.search import Search
from daliz.routing.shipment import Shipment

if TYPE_CHECKING:
    import pandas as pd

    from daliz.tables import Network

EPSILON = 0.01


@dataclass(frozen=True)
class Routes:
    """Alternatives of a shipment, its Pareto set, and what was asked.

    Attributes
    ----------
    itineraries
        Good and different alternatives, least generalised cost first.
    pareto
        Alternatives such that every other one (see `Search.pareto_within`) is covered within 1 % in USD, hours,
        CO2e and risk.
    cargo, query
        What was asked.
    notes
        What is odd about the best way: that it is more than three times the great circle, with the reason, or that a
        much shorter one is left out of the year.
    """

    itineraries: list[Itinerary]
    pareto: list[Itinerary]
    cargo: str
    query: Query = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Name the origin."""
        return self.query.origin.label

    @property
    def destination(self) -> str:
        """Name the destination."""
        return self.query.destination.label

    @property
    def year(self) -> int:
        """Return the year of the network."""
        return self.query.graph.network.year

    @property
    def when(self) -> str:
        """Return the year, the month or the day of the network as text."""
        return self.query.graph.network.when

    @property
    def projected(self) -> bool:
        """Check whether the year lies after the last observed one."""
        return self.query.graph.network.projected

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the inputs."""
        return self.query.graph.network.digest

    def __len__(self) -> int:
        return len(self.itineraries)

    def __getitem__(self, i: int) -> Itinerary:
        return self.itineraries[i]

    @property
    def table(self) -> pd.DataFrame:
        """Return one row per alternative as a pandas DataFrame."""
        import pandas as pd

        rows = []
        for i in self.itineraries:
            row: dict[str, Any] = {
                "corridor": i.corridor,
                "way": i.summary(),
                "km": i.km,
                "days": i.days,
                "usd": i.usd,
                "kg_co2e": i.kg_co2e,
                "risk": i.risk,
                "borders": len(i.borders),
                "gauge_changes": len(i.gauge_changes),
                "generalised_usd": i.generalised_usd,
            }
            if i.spread:
                row |= {
                    "p50_days": i.spread.p50_days,
                    "p95_days": i.spread.p95_days,
                    "usd_low": i.spread.usd_low,
                    "usd_high": i.spread.usd_high,
                }
            rows.append(row)
        return pd.DataFrame(rows)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "origin": self.origin,
            "destination": self.destination,
            "cargo": self.cargo,
            "year": self.year,
            "projected": self.projected,
            "month": self.query.graph.month,
            "conditions": self.query.conditions,
            "inputs_sha256": self.digest,
            "notes": list(self.notes),
            "itineraries": [i.as_dict() for i in self.itineraries],
            "pareto": [i.as_dict() for i in self.pareto],
        }

    def __repr__(self) -> str:
        state = ", projected" if self.projected else ""
        lines = [
            (
                f"<Routes {self.origin} to {self.destination}, {self.cargo}, {self.when}{state}: "
                f"{len(self)} alternatives, {len(self.pareto)} in the Pareto set"
            )
        ]
        for n, i in enumerate(self.itineraries, 1):
            p95 = f", p95 {i.spread.p95_days:.0f} d" if i.spread else ""
            lines.append(
                f"  {n}. {i.corridor}: {i.summary()}: {i.km_told}, {i.days:.1f} d{p95}, "
                f"{i.usd:,.0f} USD, {i.kg_co2e:,.0f} kg CO2e"
            )
        lines += [f"  {note}" for note in self.notes]
        return "\n".join(lines) + ">"


def routes(
    network: Network,
    origin: str,
    destination: str,
    shipment: Shipment = Shipment(),
    *,
    k: int = 5,
    month: int | None = None,
    search: Search = Search(),
) -> Routes:
    """Find K good and different alternatives for one unit of cargo, and the Pareto set.

    Generalised cost = USD + value of time * hours + value of reliability * standard deviation + carbon
    price * t CO2e. The standard deviation of a path is not a sum; the search takes its tangent at the best
    path without it, so the ranking by true generalised cost is exact for that path and close for the
    others.

    Parameters
    ----------
    network
        Network of a year or day.
    origin, destination
        Names in English, Kazakh or Russian, ids, UN/LOCODEs, or `lat,lon`.
    shipment
        What is shipped, and under which conditions.
    k
        How many alternatives at most.
    month
        Month 1 to 12 of the network's year, with its weather and what is open on at least half of its days;
        None for the day or the year of the network.
    search
        How alternatives are told apart, whether the Pareto set is wanted, and the draws of the spread.

    Raises
    ------
    PlaceError, QueryError
        If a name is unknown or a number cannot be used.
    RouteError
        If no path exists; the message names the cut.

    Examples
    --------
    >>> import daliz
    >>> found = routes(daliz.open("eurasia"), "Xi'an", "Duisburg", k=3, search=Search(draws=0, pareto=False))
    >>> len(found)
    3
    """
    if not k >= 1:
        raise QueryError(f"k is {k}; give 1 or more.")
    query = make_query(network, origin, destination, shipment, month)
    layers = Layers(query)
    weight = search_weight(query, layers)
    if weight is None:
        raise explain_no_way(query)
    ways = alternatives(layers, weight, k, search.rule)
    found = _itineraries(query, ways, search)
    ahead = _front(query, layers, ways, search.pareto_within) if search.pareto else []
    front = [itinerary_of(query, arcs) for arcs in ahead]
    return Routes(found, front, shipment.cargo, query, notes_of(found[0]))


def _itineraries(query: Query, ways: list[list[int]], search: Search) -> list[Itinerary]:
    """Make the alternatives that cost no more than the limit, with their ranges if draws are asked for."""
    found = sorted((itinerary_of(query, arcs) for arcs in ways), key=lambda i: i.generalised_usd)
    most = search.rule.limit * max(found[0].generalised_usd, 0.0)
    found = [i for i in found if i.generalised_usd <= most] or found[:1]
    if not search.draws:
        return found
    drawn = spreads(found, search.draws, search.seed)
    return [replace(i, spread=s) for i, s in zip(found, drawn, strict=True)]


def _front(query: Query, layers: Layers, ways: list[list[int]], within: float | None) -> list[list[int]]:
    criteria = np.maximum(
        np.stack([query.costs.usd, query.costs.hours, query.costs.kg, query.costs.risk]), 0.0
    )
    price = (1.0, query.value_of_time, query.carbon_usd_t / 1000.0, 0.0)
    if within is None:
        return pareto(layers, criteria, EPSILON, ways)
    best = min(float((np.array(price) @ criteria[:, arcs]).sum()) for arcs in ways)
    return pareto(layers, criteria, EPSILON, ways, (price, within * best))


def itinerary_of(query: Query, arcs: list[int]) -> Itinerary:
    """Make the itinerary of a path with its true generalised cost."""
    costs = query.costs
    usd, hours, kg, variance = (
        float(v[arcs].sum()) for v in (costs.usd, costs.hours, costs.kg, costs.variance)
    )
    generalised = (
        usd
        + query.value_of_time * hours
        + query.value_of_reliability * float(np.sqrt(variance))
        + query.carbon_usd_t * kg / 1000.0
    )
    return Itinerary(query, tuple(arcs), generalised)
