"""Join an address to the network by road."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import QueryError, RouteError
from daliz.graph.graph import GROUPS, Arc, State
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind
from daliz.graph.pricing import Tariff
from daliz.graph.run_costs import BASIS_KINDS
from daliz.paths.places import Place, nearest
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from daliz.paths.ground import Ground
    from daliz.tables import Network

ACCESS_PLACES = 3
ACCESS_LIMIT_KM = 400.0
SAME_PLACE_KM = 5.0
"""What lies nearer than this is one place: a town has no smaller extent, and its terminals lie apart as far."""


def settled(network: Network, place: Place, group: str) -> Place:
    """Take coordinates that lie in a place with a road terminal as that place.

    Parameters
    ----------
    network
        Where the places are.
    place
        A place or coordinates.
    group
        Rate group of the cargo, which the terminal must admit.
    """
    if place.node >= 0:
        return place
    nodes = network.table("nodes")
    for node, km in nearest(network, place, _served(network, group), 1):
        if km <= SAME_PLACE_KM:
            label = f"{nodes['name_en'][node]} ({place.label})"
            return Place(label, node, float(nodes["lat"][node]), float(nodes["lon"][node]))
    return place


def demand_two(start: Place, goal: Place) -> None:
    """Refuse two ends that are one place.

    Raises
    ------
    QueryError
        If both are one node, or one is given by coordinates and the other lies within 5 km.
    """
    km = float(great_circle_km(*(np.array(x) for x in (start.lat, start.lon, goal.lat, goal.lon))))
    given = start.node < 0 or goal.node < 0
    if (start.node == goal.node and start.node >= 0) or (given and km <= SAME_PLACE_KM):
        if start.label == goal.label:
            raise QueryError(f"Origin and destination are both {start.label}; give two places.")
        raise QueryError(
            f"Origin and destination are one place: {start.label} and {goal.label} lie {km:.1f} km apart. "
            "Give two places."
        )


def with_access(graph: Ground, place: Place, group: str, *, outward: bool) -> tuple[Ground, int]:
    """Add road access to an address, and return the graph with the state of the address; a node is its own yard.

    Access leads to those of the nearest three places with a road terminal for the cargo within 400 km that lie in
    the country of the nearest. Its length is the great circle times the constant `road-winding`; hours,
    dollars and emissions are those of the road there.

    Raises
    ------
    RouteError
        If no place with a road terminal is near enough.
    """
    if place.node >= 0:
        return graph, place.node
    state = len(graph.states)
    book, arcs, groups = Book(), list(graph.arcs), [graph.groups]
    near = road_places(graph.network, place, group)
    for node, km in near:
        ends = (state, node) if outward else (node, state)
        road_km, lacking = _book_access(book, graph.network, len(arcs), node, km)
        arcs.append(Arc(*ends, "access", -1, (), (node,), road_km))
        groups.append(np.array([[g not in lacking] for g in GROUPS]))
    larger = replace(
        graph,
        states=[*graph.states, State(near[0][0], "address", place.label)],
        arcs=arcs,
        ledger=graph.ledger.joined(book.close()),
        groups=np.hstack(groups),
        tail=np.array([a.tail for a in arcs], dtype=np.int64),
        head=np.array([a.head for a in arcs], dtype=np.int64),
    )
    return larger, state


def road_places(network: Network, place: Place, group: str) -> list[tuple[int, float]]:
    """Find the nearest nodes with a road terminal for a group, in the country of the nearest, and great-circle km.

    Raises
    ------
    RouteError
        If there is none within 400 km.
    """
    served = _served(network, group)
    found = nearest(network, place, served, ACCESS_PLACES)
    country = network.table("nodes")["country"]
    # Access crosses no border: a border has a post, which a straight line to the next place would leave out.
    near = [(n, km) for n, km in found if km <= ACCESS_LIMIT_KM and country[n] == country[found[0][0]]]
    if near:
        return near
    wanted = f"place with a road terminal for {group} cargo"
    if not found:
        raise RouteError(
            f"{place.label} cannot be reached: {network.name} has no {wanted} in {network.when}; "
            "give a place of the network."
        )
    name = str(network.table("nodes")["name_en"][found[0][0]])
    raise RouteError(
        f"No {wanted} lies within {ACCESS_LIMIT_KM:.0f} km of {place.label}: the nearest is {name}, "
        f"{found[0][1]:,.0f} km away. Give a nearer place."
    )


def _served(network: Network, group: str) -> list[int]:
    """Find the nodes with a road terminal that admits a group, in order."""
    terminals, position = network.table("terminals"), network.table("nodes").position
    columns = (terminals[c] for c in ("node_id", "mode", "operation", "cargo_groups"))
    return sorted(
        {
            position[str(n)]
            for n, mode, operation, groups in zip(*columns, strict=True)
            if mode == "road" and operation == "handling" and (not groups or group in groups.split())
        }
    )


def _road_speed(network: Network, node: int) -> int:
    """Find the row of `speeds` for road at a place: that of a road there, of its country, or of all."""
    links, nodes, speeds = network.table("links"), network.table("nodes"), network.table("speeds")
    name, country = str(nodes.ids[node]), str(nodes["country"][node])
    here = (links["mode"] == "road") & ((links["from_node"] == name) | (links["to_node"] == name))
    if here.any():
        return speeds.position[str(links["speed_class"][np.flatnonzero(here)[0]])]
    road = speeds["mode"] == "road"
    for wanted in (country, ""):
        rows = np.flatnonzero(road & (speeds["country"] == wanted))
        if len(rows):
            return int(rows[0])
    if not road.any():
        raise RouteError(
            "speeds has no row for road, so no address can be reached; add one, or give a place."
        )
    return int(np.flatnonzero(road)[0])


def _book_access(book: Book, network: Network, arc: int, node: int, km: float) -> tuple[float, list[str]]:
    """Book road access to a node; give its km and the groups without a rate."""
    resolved = network.resolved
    speeds, factors = network.table("speeds"), network.table("emission_factors")
    speed = _road_speed(network, node)
    road_km = km * float(network.table("constants").row("road-winding")["value"])
    figure = int(resolved.cells["speeds", "single_speed_km_h"][speed])
    hours = road_km / float(speeds["single_speed_km_h"][speed])
    book.add(arc, Kind.HOURS, Cause.ACCESS, road_km, figure, -1, hours * float(speeds["speed_cv"][speed]))
    factor = factors.position[str(speeds["factor_id"][speed])]
    kind = BASIS_KINDS[str(factors["basis"][factor])]
    book.add(arc, kind, Cause.ACCESS, road_km, int(resolved.cells["emission_factors", "wtw_kg"][factor]))
    tariff, lacking = Tariff(resolved), []
    country = str(network.table("nodes")["country"][node])
    for group in GROUPS:
        rates = tariff.rates("road", "", country, group, "out")
        lacking += [] if rates else [group]
        for rate in rates:
            if rate.per_km >= 0:
                book.add(arc, USD_KINDS[group], Cause.ACCESS, road_km, rate.per_km)
            if rate.fixed >= 0:
                book.add(arc, USD_KINDS[group], Cause.ACCESS, 1.0, rate.fixed)
    return road_km, lacking
