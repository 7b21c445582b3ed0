"""Turn the words of a question into masks and weights on the graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.errors import PlaceError, QueryError, RouteError, did_you_mean
from daliz.graph import Cause, Kind, build_graph
from daliz.graph.graph import GROUPS, Arc, ClassCosts, Graph, State
from daliz.graph.ledger import USD_KINDS, Book, Ledger
from daliz.graph.pricing import Tariff
from daliz.routing.places import Place, find_place, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.tables import Network

ACCESS_PLACES = 3
ACCESS_LIMIT_KM = 400.0
MODES = ("rail", "road", "sea", "air", "waterway")
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Query:
    """Hold a question in the terms of the graph.

    Attributes
    ----------
    graph
        The graph, with access arcs of addresses.
    origin, destination
        Places; `start` and `goal` are their states.
    costs
        Costs of the cargo class by arc.
    open
        bool array of shape (arcs,): arcs that this shipment may use.
    closed_by
        Why an arc that is not open is closed, by arc.
    """

    graph: Graph
    origin: Place
    destination: Place
    start: int
    goal: int
    cargo: dict[str, Any]
    costs: ClassCosts
    open: Flags
    closed_by: dict[int, str]
    via: tuple[int, ...]
    max_borders: int | None
    value_of_time: float
    value_of_reliability: float
    carbon_usd_t: float


def make_query(
    network: Network,
    origin: str,
    destination: str,
    *,
    cargo: str,
    month: int | None,
    via: Sequence[str],
    avoid: Sequence[str],
    max_borders: int | None,
    carbon_usd_t: float,
    value_of_time: float | None,
    carrier: str,
) -> Query:
    """Check a question and put it in the terms of the graph.

    Raises
    ------
    PlaceError, QueryError, RouteError
        If a name is unknown, origin and destination are one, a number is out of range, or no terminal serves an end.
    """
    start_place, goal_place = find_place(network, origin), find_place(network, destination)
    if (start_place.node, start_place.lat, start_place.lon) == (
        goal_place.node,
        goal_place.lat,
        goal_place.lon,
    ):
        raise QueryError(f"Origin and destination are both {start_place.label}; give two places.")
    if month is not None and not 1 <= month <= 12:
        raise QueryError(f"Month {month} does not exist; give 1 to 12.")
    if max_borders is not None and max_borders < 0:
        raise QueryError(f"max_borders {max_borders} must be 0 or more.")
    if not np.isfinite(carbon_usd_t) or carbon_usd_t < 0:
        raise QueryError(f"A carbon price of {carbon_usd_t} USD/t cannot be used; give 0 or more.")
    if value_of_time is not None and not (np.isfinite(value_of_time) and value_of_time >= 0):
        raise QueryError(f"A value of time of {value_of_time} USD/h cannot be used; give 0 or more.")
    cargoes = network.table("cargoes")
    if cargo not in cargoes.position:
        raise PlaceError(
            f"There is no cargo class {cargo!r}.{did_you_mean(cargo, cargoes.position)} The classes are {', '.join(cargoes.position)}."
        )
    row = cargoes.row(cargo)
    graph, start = _with_access(build_graph(network, month), start_place, outward=True)
    graph, goal = _with_access(graph, goal_place, outward=False)
    costs = graph.costs(cargo)
    closed_by: dict[int, str] = {}
    _close_avoided(graph, avoid, closed_by)
    costs = _restrict(graph, row, start_place, goal_place, carrier, costs, closed_by)
    _close_heavy(graph, row, closed_by)
    is_open = costs.admitted.copy()
    is_open[list(closed_by)] = False
    vias = tuple(find_place(network, name).node for name in via)
    if -1 in vias:
        raise QueryError("A place to pass must be a place of the network, not coordinates.")
    time = float(row["value_of_time_usd_h"]) if value_of_time is None else value_of_time
    return Query(
        graph,
        start_place,
        goal_place,
        start,
        goal,
        row,
        costs,
        is_open,
        closed_by,
        vias,
        max_borders,
        time,
        time * float(row["reliability_ratio"]),
        carbon_usd_t,
    )


def _with_access(graph: Graph, place: Place, *, outward: bool) -> tuple[Graph, int]:
    if place.node >= 0:
        return graph, place.node
    network = graph.network
    terminals = network.table("terminals")
    served = [
        network.table("nodes").position[str(n)]
        for n, m, o in zip(terminals["node_id"], terminals["mode"], terminals["operation"], strict=True)
        if m == "road" and o == "handling"
    ]
    near = [(n, km) for n, km in nearest(network, place, served, ACCESS_PLACES) if km <= ACCESS_LIMIT_KM]
    if not near:
        raise RouteError(
            f"No place with a road terminal lies within {ACCESS_LIMIT_KM:.0f} km of {place.label}; give a nearer place."
        )
    state = len(graph.states)
    book, arcs, groups = Book(), list(graph.arcs), [graph.groups]
    for node, km in near:
        tail, head = (state, node) if outward else (node, state)
        arcs.append(Arc(tail, head, "access", -1, (), (node,), 0.0))
        lacking, km_road = _book_access(book, network, len(arcs) - 1, node, km)
        arcs[-1] = arcs[-1]._replace(km=km_road)
        groups.append(np.array([[g not in lacking] for g in GROUPS]))
    extra = book.close()
    ledger = Ledger(
        *(np.concatenate([getattr(graph.ledger, f), getattr(extra, f)]) for f in Ledger.__dataclass_fields__)
    )
    larger = replace(
        graph,
        states=[*graph.states, State(near[0][0], "address", place.label)],
        arcs=arcs,
        ledger=ledger,
        groups=np.hstack(groups),
        tail=np.array([a.tail for a in arcs]),
        head=np.array([a.head for a in arcs]),
    )
    return larger, state


def _book_access(book: Book, network: Network, arc: int, node: int, km: float) -> tuple[list[str], float]:
    """Book road access: great circle times the road winding, at the road speed and rate of the country."""
    resolved = network.resolved
    country = str(network.table("nodes")["country"][node])
    speeds = network.table("speeds")
    rows = [
        i
        for i, (m, c) in enumerate(zip(speeds["mode"], speeds["country"], strict=True))
        if m == "road" and c in {country, ""}
    ]
    rows = rows or [i for i, m in enumerate(speeds["mode"]) if m == "road"]
    links = network.table("links")
    here = [
        str(links["speed_class"][i])
        for i, (m, a, b) in enumerate(zip(links["mode"], links["from_node"], links["to_node"], strict=True))
        if m == "road" and network.table("nodes").ids[node] in {a, b}
    ]
    speed = speeds.position[here[0]] if here else rows[0]
    road_km = km * float(network.table("constants").row("road-winding")["value"])
    figure = int(resolved.cells["speeds", "single_speed_km_h"][speed])
    hours = road_km / float(speeds["single_speed_km_h"][speed])
    book.add(arc, Kind.HOURS, Cause.ACCESS, road_km, figure, -1, hours * float(speeds["speed_cv"][speed]))
    factors = network.table("emission_factors")
    factor = factors.position[str(speeds["factor_id"][speed])]
    book.add(arc, Kind.KG_T, Cause.ACCESS, road_km, int(resolved.cells["emission_factors", "wtw_kg"][factor]))
    tariff, lacking = Tariff(resolved), []
    for group in GROUPS:
        rates = tariff.rates("road", "", country, group, "out")
        lacking += [] if rates else [group]
        for rate in rates:
            if rate.per_km >= 0:
                book.add(arc, USD_KINDS[group], Cause.ACCESS, road_km, rate.per_km)
    return lacking, road_km


def _close_avoided(graph: Graph, avoid: Sequence[str], closed_by: dict[int, str]) -> None:
    network = graph.network
    nodes, links, services = network.table("nodes"), network.table("links"), network.table("services")
    for word in avoid:
        kind, _, name = word.rpartition(":")
        if word in MODES or kind == "mode":
            arcs = [i for i, a in enumerate(graph.arcs) if any(links["mode"][k] == name for k, _ in a.links)]
        elif kind == "service" or (not kind and name in services.position):
            if name not in services.position:
                raise PlaceError(f"There is no service {name!r}.{did_you_mean(name, services.position)}")
            arcs = [i for i, a in enumerate(graph.arcs) if a.service == services.position[name]]
        elif kind == "link" or (not kind and name in links.position):
            if name not in links.position:
                raise PlaceError(
                    f"There is no link {name!r} in force in {network.year}.{did_you_mean(name, links.position)}"
                )
            arcs = graph.link_arcs.get(links.position[name], [])
        elif kind in {"", "country"} and name.upper() in set(nodes["country"]):
            inside = [i for i, c in enumerate(nodes["country"]) if c == name.upper()]
            arcs = [k for i in inside for k in graph.place_arcs.get(i, [])]
        elif kind in {"", "node"}:
            arcs = graph.place_arcs.get(find_place(network, name).node, [])
        else:
            raise QueryError(
                f"{word!r} cannot be avoided; give a place, country:XX, mode:sea, link:ID or service:ID."
            )
        closed_by |= dict.fromkeys(arcs, f"avoid {word}")


def _restrict(
    graph: Graph,
    cargo: dict[str, Any],
    origin: Place,
    destination: Place,
    carrier: str,
    costs: ClassCosts,
    closed_by: dict[int, str],
) -> ClassCosts:
    """Close what a rule prohibits; add the expected hours, dollars and risk of holds where a rule holds up."""
    network = graph.network
    country = network.table("nodes")["country"]
    ends = (
        {str(country[p.node]) if p.node >= 0 else "" for p in (origin,)},
        {str(country[p.node]) if p.node >= 0 else "" for p in (destination,)},
    )
    hours, usd, risk, variance = (a.copy() for a in (costs.hours, costs.usd, costs.risk, costs.variance))
    for rule in network.table("restrictions").rows():
        if not _applies(rule, cargo, ends, carrier):
            continue
        arcs = _scope_arcs(graph, rule, entering=rule["effect"] == "hold")
        if rule["effect"] == "prohibit":
            closed_by |= dict.fromkeys(arcs, f"rule {rule['id']}: {rule['rule']}")
            continue
        p, held = (0.0 if np.isnan(rule[k]) else float(rule[k]) for k in ("probability", "hold_days"))
        fee = 0.0 if np.isnan(rule["hold_usd"]) else float(rule["hold_usd"])
        hours[arcs] += p * held * 24.0
        variance[arcs] += p * (1 - p) * (held * 24.0) ** 2
        usd[arcs] += p * fee * (1.0 if cargo["rate_group"] == "container" else 0.0)
        risk[arcs] += -np.log1p(-min(p, 0.99))
    return replace(costs, hours=hours, usd=usd, risk=risk, variance=variance)


def _applies(
    rule: dict[str, Any], cargo: dict[str, Any], ends: tuple[set[str], set[str]], carrier: str
) -> bool:
    if rule["product"]:
        return False
    if rule["carrier_country"] and carrier not in rule["carrier_country"].split():
        return False
    if rule["cargo_id"] and rule["cargo_id"] != cargo["id"]:
        return False
    for column, here in (("origin_country", ends[0]), ("destination_country", ends[1])):
        if rule[column] and not here & set(rule[column].split()):
            return False
    return True


def _scope_arcs(graph: Graph, rule: dict[str, Any], *, entering: bool) -> list[int]:
    nodes, links = graph.network.table("nodes"), graph.network.table("links")
    country = nodes["country"]
    if rule["scope"] == "link":
        arcs = graph.link_arcs.get(links.position.get(rule["scope_id"], -1), [])
    elif rule["scope"] == "node":
        arcs = graph.place_arcs.get(nodes.position.get(rule["scope_id"], -1), [])
        arcs = [
            i
            for i in arcs
            if not entering or graph.states[graph.arcs[i].tail].node != nodes.position[rule["scope_id"]]
        ]
    else:
        inside = {i for i, c in enumerate(country) if c == rule["scope_id"]}
        arcs = sorted({k for i in inside for k in graph.place_arcs.get(i, [])})
        if entering:
            arcs = [
                k
                for k in arcs
                if any(
                    a not in inside and b in inside
                    for a, b in zip(graph.arcs[k].places[:-1], graph.arcs[k].places[1:], strict=True)
                )
            ]
    if rule["mode"]:
        arcs = [
            k for k in arcs if any(links["mode"][link] == rule["mode"] for link, _ in graph.arcs[k].links)
        ]
    return list(arcs)


def _close_heavy(graph: Graph, cargo: dict[str, Any], closed_by: dict[int, str]) -> None:
    links = graph.network.table("links")
    for i in np.flatnonzero(links["max_unit_t"] < cargo["gross_t"]):
        reason = f"{links.ids[i]} admits {links['max_unit_t'][i]:g} t and one unit of {cargo['id']} weighs {cargo['gross_t']:g} t"
        closed_by |= dict.fromkeys(graph.link_arcs.get(int(i), []), reason)
