"""Answer which way a shipment should go."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.errors import QueryError
from daliz.routing.alternatives import alternatives
from daliz.routing.itinerary import Itinerary
from daliz.routing.no_path import explain_no_way
from daliz.routing.pareto import pareto
from daliz.routing.query import Query, make_query
from daliz.routing.reliability import spreads
from daliz.routing.search import Layers, shortest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import pandas as pd

    from daliz.tables import Network

MAX_OVERLAP = 0.5
STRETCH = 3.0
PER_CORRIDOR = 2
EPSILON = 0.01
PARETO_WITHIN = 1.1
TIE = 1e-6
FEWEST_DRAWS, MOST_DRAWS = 100, 1_000_000
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Routes:
    """Hold the answer: alternatives, the Pareto set, and what was asked.

    Attributes
    ----------
    itineraries
        Good and different ways, least generalised cost first.
    pareto
        Ways such that every other way (see `pareto_within`) is covered within 1 % in USD, hours, CO2e and
        risk.
    origin, destination, cargo, year, projected
        What was asked, and whether the year lies after the last observed one.
    """

    itineraries: list[Itinerary]
    pareto: list[Itinerary]
    origin: str
    destination: str
    cargo: str
    year: int
    projected: bool
    query: Query = field(repr=False)

    @property
    def digest(self) -> str:
        """Give the SHA-256 of the inputs."""
        return self.query.graph.network.digest

    def __len__(self) -> int:
        return len(self.itineraries)

    def __getitem__(self, i: int) -> Itinerary:
        return self.itineraries[i]

    @property
    def table(self) -> pd.DataFrame:
        """Give one row per alternative as a pandas DataFrame."""
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
        """Give everything as plain values for JSON."""
        return {
            "origin": self.origin,
            "destination": self.destination,
            "cargo": self.cargo,
            "year": self.year,
            "projected": self.projected,
            "month": self.query.graph.month,
            "conditions": self.query.conditions,
            "inputs_sha256": self.digest,
            "itineraries": [i.as_dict() for i in self.itineraries],
            "pareto": [i.as_dict() for i in self.pareto],
        }

    def __repr__(self) -> str:
        state = ", projected" if self.projected else ""
        lines = [
            (
                f"<Routes {self.origin} to {self.destination}, {self.cargo}, {self.year}{state}: "
                f"{len(self)} alternatives, {len(self.pareto)} in the Pareto set"
            )
        ]
        for n, i in enumerate(self.itineraries, 1):
            p95 = f", p95 {i.spread.p95_days:.0f} d" if i.spread else ""
            lines.append(
                f"  {n}. {i.corridor}: {i.summary()}: {i.km:,.0f} km, {i.days:.1f} d{p95}, "
                f"{i.usd:,.0f} USD, {i.kg_co2e:,.0f} kg CO2e"
            )
        return "\n".join(lines) + ">"


def routes(
    network: Network,
    origin: str,
    destination: str,
    *,
    cargo: str = "container-40",
    k: int = 5,
    month: int | None = None,
    date: str | dt.date | None = None,
    via: Sequence[str] = (),
    avoid: Sequence[str] = (),
    max_borders: int | None = None,
    carbon_usd_t: float = 0.0,
    value_of_time_usd_h: float | None = None,
    carrier: str = "",
    product: str = "",
    only: Sequence[str] = (),
    draws: int = 2000,
    seed: int = 1,
    with_pareto: bool = True,
    pareto_within: float | None = PARETO_WITHIN,
    max_overlap: float = MAX_OVERLAP,
    stretch: float = STRETCH,
    per_corridor: int = PER_CORRIDOR,
) -> Routes:
    """Find K good and different ways for one unit of cargo, and the Pareto set.

    Generalised cost = USD + value of time * hours + value of reliability * standard deviation + carbon
    price * t CO2e. The standard deviation of a way is not a sum; the search takes its tangent at the best
    way without it, so the ranking by true generalised cost is exact for that way and close for the
    others.

    Parameters
    ----------
    network
        Network of a year or day.
    origin, destination
        Names in English, Kazakh or Russian, ids, UN/LOCODEs, or `lat,lon`.
    cargo
        Cargo class.
    k
        How many alternatives at most. Two of them share at most `max_overlap` of the km of the shorter,
        none costs more than `stretch` times the best, and at most `per_corridor` of them belong to one
        corridor.
    month, date
        Month 1 to 12 for the weather; or a day, for which everything dated is resolved.
    via, avoid
        Places to pass in order; places, `country:XX`, `mode:sea`, `link:ID` or `service:ID` to avoid.
    max_borders
        How many national borders at most.
    carbon_usd_t, value_of_time_usd_h
        Carbon price; value of time of one unit if not that of the class.
    carrier, product
        Country of the carrier, and name of the product such as grain, for rules that bind only these.
    only
        Services that the shipment is confined to: no others, and no single consignments by their modes.
    draws, seed
        Draws for the spread, 0 for none; seed.
    with_pareto, pareto_within
        Whether to find the Pareto set, and among which ways: those whose USD + value of time * hours +
        carbon is at most this times the least (None for all, which takes minutes on a large network). The
        cheapest, the quickest, the cleanest and the safest way and the alternatives are always weighed
        too.

    Raises
    ------
    PlaceError, QueryError
        If a name is unknown or a number cannot be used.
    RouteError
        If no way exists; the message names the cut.

    Examples
    --------
    >>> import daliz
    >>> found = routes(daliz.open("eurasia"), "Xi'an", "Duisburg", k=3, draws=0, with_pareto=False)
    >>> len(found)
    3
    """
    _check_numbers(k, draws, seed, max_overlap, stretch, per_corridor, pareto_within)
    if date is not None:
        network = network.at(date)
        month = int(str(network.period.start)[5:7]) if month is None else month
    query = make_query(
        network,
        origin,
        destination,
        cargo=cargo,
        month=month,
        via=via,
        avoid=avoid,
        max_borders=max_borders,
        carbon_usd_t=carbon_usd_t,
        value_of_time=value_of_time_usd_h,
        carrier=carrier,
        product=product,
        only=only,
    )
    layers = Layers(query)
    weight = search_weight(query, layers)
    ways = alternatives(layers, weight, k, max_overlap, stretch, per_corridor)
    found = sorted((itinerary_of(query, arcs) for arcs in ways), key=lambda i: i.generalised_usd)
    found = [i for i in found if i.generalised_usd <= stretch * max(found[0].generalised_usd, 0.0)] or found[
        :1
    ]
    front: list[Itinerary] = []
    if with_pareto:
        front = [itinerary_of(query, arcs) for arcs in _front(query, layers, ways, pareto_within)]
    if draws:
        found = [replace(i, spread=s) for i, s in zip(found, spreads(found, draws, seed), strict=True)]
    return Routes(
        found,
        front,
        query.origin.label,
        query.destination.label,
        cargo,
        network.year,
        network.projected,
        query,
    )


def _check_numbers(
    k: int,
    draws: int,
    seed: int,
    max_overlap: float,
    stretch: float,
    per_corridor: int,
    within: float | None,
) -> None:
    """Refuse numbers that cannot be used; written so that NaN is refused too."""
    if not k >= 1:
        raise QueryError(f"k is {k}; give 1 or more.")
    if draws != 0 and not FEWEST_DRAWS <= draws <= MOST_DRAWS:
        raise QueryError(f"draws is {draws}; give 0 for none, or {FEWEST_DRAWS:,} to {MOST_DRAWS:,}.")
    if not seed >= 0:
        raise QueryError(f"seed is {seed}; give 0 or more.")
    if not 0 <= max_overlap <= 1 or not stretch >= 1:
        raise QueryError(
            f"max_overlap is {max_overlap} and stretch {stretch}; "
            "max_overlap must lie between 0 and 1, and stretch must be 1 or more."
        )
    if not per_corridor >= 1:
        raise QueryError(f"per_corridor is {per_corridor}; give 1 or more.")
    if within is not None and not within >= 1:
        raise QueryError(f"pareto_within is {within}; give 1 or more, or None for all ways.")


def _front(query: Query, layers: Layers, ways: list[list[int]], within: float | None) -> list[list[int]]:
    criteria = np.maximum(
        np.stack([query.costs.usd, query.costs.hours, query.costs.kg, query.costs.risk]), 0.0
    )
    price = (1.0, query.value_of_time, query.carbon_usd_t / 1000.0, 0.0)
    if within is None:
        return pareto(layers, criteria, EPSILON, ways)
    best = min(float((np.array(price) @ criteria[:, arcs]).sum()) for arcs in ways)
    return pareto(layers, criteria, EPSILON, ways, (price, within * best))


def search_weight(query: Query, layers: Layers) -> Floats:
    """Give the generalised cost of each arc; the standard deviation enters by its tangent at the best way without it."""
    costs = query.costs
    plain = np.maximum(
        costs.usd + query.value_of_time * costs.hours + query.carbon_usd_t * costs.kg / 1000.0, 0.0
    )
    # Of ways that cost the same the faster one is taken, also where time has no value.
    plain = plain + TIE * costs.hours
    best = shortest(layers, plain)
    if best is None:
        raise explain_no_way(query)
    sd = float(np.sqrt(costs.variance[best].sum()))
    if sd == 0 or query.value_of_reliability == 0:
        return plain
    return np.asarray(plain + query.value_of_reliability * costs.variance / (2.0 * sd))


def itinerary_of(query: Query, arcs: list[int]) -> Itinerary:
    """Make the itinerary of a way with its true generalised cost."""
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
