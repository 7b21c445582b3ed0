"""Turn the words of a question into masks and weights on the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.paths.eligibility import Shipment, eligibility
from daliz.paths.ground import ground_of
from daliz.paths.places import find_place
from daliz.routing.access import with_access

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph.graph import ClassCosts
    from daliz.paths.ground import Ground
    from daliz.paths.places import Place
    from daliz.tables import Network

Flags = npt.NDArray[np.bool_]
MOST_BORDERS = 40
HIGHEST_VALUE = 1e6


@dataclass(frozen=True)
class Query:
    """Hold a question in the terms of the graph.

    Attributes
    ----------
    graph
        The graph, with access arcs of addresses.
    origin, destination
        Places; `start` and `goal` are their states.
    costs, plain
        Costs of the cargo class by arc, with the expected holds of this shipment and without.
    open
        bool array of shape (arcs,): arcs that this shipment may use.
    closed_by
        Why an arc that is not open is closed, by arc.
    conditions
        What was asked beside the ends, the cargo and the month, as plain values.
    """

    graph: Ground
    origin: Place
    destination: Place
    start: int
    goal: int
    cargo: dict[str, Any]
    costs: ClassCosts
    plain: ClassCosts
    open: Flags
    closed_by: dict[int, str]
    via: tuple[int, ...]
    max_borders: int | None
    value_of_time: float
    value_of_reliability: float
    carbon_usd_t: float
    conditions: dict[str, Any]


def make_query(
    network: Network,
    origin: str,
    destination: str,
    *,
    cargo: str,
    month: int | None = None,
    via: Sequence[str] = (),
    avoid: Sequence[str] = (),
    max_borders: int | None = None,
    carbon_usd_t: float = 0.0,
    value_of_time: float | None = None,
    carrier: str = "",
    product: str = "",
    only: Sequence[str] = (),
) -> Query:
    """Check a question and put it in the terms of the graph.

    Raises
    ------
    PlaceError, QueryError, RouteError
        If a name is unknown, origin and destination are one, a number is out of range, or no terminal
        serves an end.
    """
    start_place, goal_place = find_place(network, origin), find_place(network, destination)
    if (start_place.node, start_place.lat, start_place.lon) == (
        goal_place.node,
        goal_place.lat,
        goal_place.lon,
    ):
        raise QueryError(f"Origin and destination are both {start_place.label}; give two places.")
    _check_numbers(month, max_borders, carbon_usd_t, value_of_time)
    cargoes = network.table("cargoes")
    if cargo not in cargoes.position:
        hint = did_you_mean(cargo, cargoes.position)
        raise PlaceError(
            f"There is no cargo class {cargo!r}.{hint} The classes are {', '.join(cargoes.position)}."
        )
    vias = tuple(find_place(network, name).node for name in via)
    if -1 in vias:
        raise QueryError("A place to pass must be a place of the network, not coordinates.")
    countries = set(network.table("nodes")["country"].astype(str))
    if carrier and carrier not in countries:
        raise QueryError(
            f"There is no country {carrier!r} for the carrier; give one of {', '.join(sorted(countries))}."
        )
    row = cargoes.row(cargo)
    graph, start = with_access(ground_of(network, month), start_place, outward=True)
    graph, goal = with_access(graph, goal_place, outward=False)
    country = network.table("nodes")["country"]
    ends = str(country[graph.states[start].node]), str(country[graph.states[goal].node])
    shipment = Shipment(cargo, ends, carrier, product, tuple(avoid), tuple(only))
    costs, plain, is_open, closed_by = eligibility(graph, shipment)
    time = float(row["value_of_time_usd_h"]) if value_of_time is None else value_of_time
    return Query(
        graph,
        start_place,
        goal_place,
        start,
        goal,
        row,
        costs,
        plain,
        is_open,
        closed_by,
        vias,
        max_borders,
        time,
        time * float(row["reliability_ratio"]),
        carbon_usd_t,
        {
            "period": [str(network.period.start), str(network.period.end)],
            "under": list(network.added),
            "without": list(network.removed),
            "via": list(via),
            "avoid": list(avoid),
            "only": list(only),
            "max_borders": max_borders,
            "carbon_usd_t": carbon_usd_t,
            "value_of_time_usd_h": time,
            "carrier": carrier,
            "product": product,
        },
    )


def _check_numbers(
    month: int | None, max_borders: int | None, carbon_usd_t: float, value_of_time: float | None
) -> None:
    if month is not None and month not in range(1, 13):
        raise QueryError(f"Month {month} does not exist; give 1 to 12.")
    if max_borders is not None and not 0 <= max_borders <= MOST_BORDERS:
        raise QueryError(f"max_borders is {max_borders}; give 0 to {MOST_BORDERS}.")
    if not 0 <= carbon_usd_t <= HIGHEST_VALUE:
        raise QueryError(
            f"A carbon price of {carbon_usd_t} USD/t cannot be used; give 0 to {HIGHEST_VALUE:,.0f}."
        )
    if value_of_time is not None and not 0 <= value_of_time <= HIGHEST_VALUE:
        raise QueryError(
            f"A value of time of {value_of_time} USD/h cannot be used; give 0 to {HIGHEST_VALUE:,.0f}."
        )
