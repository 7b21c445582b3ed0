"""Translate a question into masks and weights on the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.paths.course import ground_on_course
from daliz.paths.eligibility import Consignment, eligibility
from daliz.paths.ground import ground_of
from daliz.paths.places import find_place
from daliz.routing.access import demand_two, settled, with_access
from daliz.routing.shipment import Shipment
from daliz.tables.needs import demand_needs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Flags
    from daliz.graph.graph import ClassCosts
    from daliz.paths.ground import Ground
    from daliz.paths.places import Place
    from daliz.tables import Network


@dataclass(frozen=True)
class Query:
    """A question in the terms of the graph.

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
    shipment, consignment
        What is shipped, and what decides where it may go.
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
    shipment: Shipment
    consignment: Consignment


def make_query(
    network: Network,
    origin: str,
    destination: str,
    shipment: Shipment = Shipment(),
    month: int | None = None,
) -> Query:
    """Check a question and put it in the terms of the graph.

    Raises
    ------
    PlaceError, QueryError, RouteError
        If a name is unknown, origin and destination are one, the month does not exist or is not that of the
        date, or no terminal serves an end.
    """
    demand_needs(network.store, "routes", error=QueryError)
    network = network if shipment.date is None else network.at(shipment.date)
    network = network if month is None else network.in_month(month)
    group = str(_cargo(network, shipment.cargo)["rate_group"])
    start, goal = (settled(network, find_place(network, x), group) for x in (origin, destination))
    return query_between(network, start, goal, shipment)


def query_between(network: Network, origin: Place, destination: Place, shipment: Shipment) -> Query:
    """Put a question between two places in the terms of the graph of a network, in the period of this.

    Raises
    ------
    PlaceError, QueryError, RouteError
        As `make_query` does.
    """
    demand_two(origin, destination)
    row = _cargo(network, shipment.cargo)
    group = str(row["rate_group"])
    via = _nodes(network, shipment.via)
    country = network.table("nodes")["country"]
    _check_carrier(shipment.carrier, set(country.astype(str)))
    ground = ground_on_course(ground_of(network, network.period.month), shipment.avoid, via)
    graph, start = with_access(ground, origin, group, outward=True)
    graph, goal = with_access(graph, destination, group, outward=False)
    ends = str(country[graph.states[start].node]), str(country[graph.states[goal].node])
    consignment = Consignment(
        shipment.cargo, ends, shipment.carrier, shipment.product, tuple(shipment.avoid), tuple(shipment.only)
    )
    costs, plain, is_open, closed_by = eligibility(graph, consignment)
    value = shipment.value_of_time_usd_h
    time = float(row["value_of_time_usd_h"]) if value is None else value
    return Query(
        graph,
        origin,
        destination,
        start,
        goal,
        row,
        costs,
        plain,
        is_open,
        closed_by,
        via,
        shipment.max_borders,
        time,
        time * float(row["reliability_ratio"]),
        shipment.carbon_usd_t,
        _conditions(network, shipment, time),
        shipment,
        consignment,
    )


def _nodes(network: Network, via: Sequence[str]) -> tuple[int, ...]:
    found = tuple(find_place(network, name).node for name in via)
    if -1 in found:
        point = via[found.index(-1)]
        raise QueryError(
            f"{point!r} is a point, and a place to pass must be one of the network; give its name or id."
        )
    return found


def _cargo(network: Network, name: str) -> dict[str, Any]:
    cargoes = network.table("cargoes")
    if not len(cargoes):
        raise QueryError(
            f"{network.name} has no cargo classes, so nothing can be sent; add rows to cargoes.csv."
        )
    if name not in cargoes.position:
        raise PlaceError(
            f"There is no cargo class {name!r}.{did_you_mean(name, cargoes.position)} "
            f"The classes are {', '.join(cargoes.position)}."
        )
    return cargoes.row(name)


def _check_carrier(carrier: str, countries: set[str]) -> None:
    if carrier and carrier not in countries:
        raise QueryError(
            f"There is no country {carrier!r} for the carrier; give one of {', '.join(sorted(countries))}."
        )


def _conditions(network: Network, shipment: Shipment, value_of_time_usd_h: float) -> dict[str, Any]:
    """Collect what was asked beside the ends, the cargo and the month."""
    return {
        "period": [str(network.period.start), str(network.period.end)],
        "under": list(network.added),
        "without": list(network.removed),
        "edits": list(network.edits_as_text),
        "via": list(shipment.via),
        "avoid": list(shipment.avoid),
        "only": list(shipment.only),
        "max_borders": shipment.max_borders,
        "carbon_usd_t": shipment.carbon_usd_t,
        "value_of_time_usd_h": value_of_time_usd_h,
        "carrier": shipment.carrier,
        "product": shipment.product,
    }
