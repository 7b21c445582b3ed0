"""Find how the commodities of a chain move: routes over the network, lanes outside it, steps in a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array

from daliz.errors import PlaceError, did_you_mean
from daliz.graph import build_graph
from daliz.paths.capacities import elements_of, incidence
from daliz.paths.demand import Demand, choice_values
from daliz.paths.eligibility import country_arcs
from daliz.paths.route_sets import load_tolls, merged, route_sets

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.graph import Graph
    from daliz.paths.route_sets import RouteSets
    from daliz.supplychain.chain import Chain
    from daliz.tables import Network

KINDS = ("country", "port", "link", "operator", "owner")
"""What a route can touch.

Countries, places where it changes to or from a ship, links, operators, and their owners' countries.
"""
OPEN_SEA = "XZ"


class Trip(NamedTuple):
    """One trip of a commodity, from a facility to a facility or market."""

    start: str
    end: str
    commodity: str


@dataclass(frozen=True)
class Ways:
    """All routes of a chain; costs are of one unit of the commodity.

    Attributes
    ----------
    trips
        The trip of each route.
    usd, time_usd, hours, variance, kg, km
        float64 (ways,): freight, what the hours and their spread are worth, h, h2, kg CO2e, km.
    route, lane
        int64 (ways,): route of `routes` or row of the chain's lanes; -1 for neither.
    per_unit
        float64 (ways,): cargo units for one unit of the commodity; 0 for lanes.
    routes
        Route sets of the network; none if nothing moves on it.
    """

    trips: tuple[Trip, ...]
    usd: Floats
    time_usd: Floats
    hours: Floats
    variance: Floats
    kg: Floats
    km: Floats
    route: Ints
    lane: Ints
    per_unit: Floats
    routes: RouteSets | None

    def __len__(self) -> int:
        return len(self.trips)


def node_of(chain: Chain, place: str) -> str:
    """Return the node of the network where a facility or market stands; blank for none."""
    row = chain.facilities.get(place) or chain.markets[place]
    return str(row["node_id"])


def trips_of(chain: Chain) -> list[Trip]:
    """List the trips of a chain: from who makes or keeps a commodity to who uses, keeps or buys it."""
    makers: dict[str, list[str]] = {}
    takers: dict[str, list[str]] = {}
    for r in chain.recipes:
        for c in (r.output, *r.others):
            _add(makers, c, r.facility["id"])
        for c in r.inputs:
            _add(takers, c, r.facility["id"])
    for m in chain.markets.values():
        _add(takers, m["commodity_id"], m["id"])
    # what a market keeps is for itself
    for s in chain.stocks:
        if s["at_id"] in chain.facilities:
            _add(makers, s["commodity_id"], s["at_id"])
    return [
        Trip(a, b, c) for c, starts in makers.items() for a in starts for b in takers.get(c, []) if a != b
    ]


def _add(known: dict[str, list[str]], key: str, value: str) -> None:
    if value not in known.setdefault(key, []):
        known[key].append(value)


def closed_arcs(graph: Graph, names: tuple[str, ...], also: frozenset[str] = frozenset()) -> Flags:
    """Flag the arcs that touch any of some countries, places, links or operators, shape (arcs,).

    Names of `also` may touch none.

    Raises
    ------
    PlaceError
        If a name is none of them.
    """
    nodes, links, operators = (graph.network.table(t) for t in ("nodes", "links", "operators"))
    countries = {str(c) for c in nodes["country"]}
    shut = np.zeros(len(graph.arcs), np.bool_)
    for name in names:
        if name in countries:
            shut[country_arcs(graph, name)] = True
        elif name in nodes.position:
            shut[graph.place_arcs.get(nodes.position[name], [])] = True
        elif name in links.position:
            shut[graph.link_arcs.get(links.position[name], [])] = True
        elif name in operators.position:
            known, touched = _arc_touches(graph, "operator")
            if name in known:
                shut[touched[:, [known.index(name)]].tocoo().row] = True
        elif name not in also:
            every = [*countries, *nodes.position, *links.position, *operators.position]
            raise PlaceError(
                f"{name!r} is no country, place, link or operator of "
                f"{graph.network.name}.{did_you_mean(name, every)} Countries are ISO codes such as "
                "RU."
            )
    return shut


def ways_of(
    chain: Chain, *, without: tuple[str, ...] = (), prices: Floats | None = None, known: Ways | None = None
) -> Ways:
    """Find the routes of a chain.

    Parameters
    ----------
    chain
        Chain with facilities and markets at places.
    without
        Countries, places, links and operators that no route may touch.
    prices
        USD of a unit of capacity by element, shape (elements,): routes that avoid dear ones join those known.
    known
        Ways found before, to be joined by the new ones.
    """
    graph = build_graph(chain.network, None)
    trips = trips_of(chain)
    routed, pairs = _pairs(chain, trips)
    found: RouteSets | None = None
    if len(pairs.units):
        toll = (
            None
            if prices is None or known is None or known.routes is None
            else load_tolls(known.routes, prices)
        )
        if without:
            classes = len(chain.network.table("cargoes"))
            toll = (np.zeros((classes, len(graph.arcs))) if toll is None else toll) + np.where(
                closed_arcs(graph, without, chain.named), np.inf, 0.0
            )
        values = choice_values(chain.network)
        found = route_sets(chain.network, pairs, reference_sd=values["reference-sd"], toll=toll, whole=False)
        if known is not None and known.routes is not None:
            found = merged(known.routes, found)
    return _listed(chain, trips, routed, found)


def _pairs(chain: Chain, trips: list[Trip]) -> tuple[dict[Trip, tuple[int, int, int]], Demand]:
    """Return the pair of nodes and class of each trip over the network, and the pairs as demand of 0."""
    nodes, cargoes = chain.network.table("nodes").position, chain.network.table("cargoes").position
    routed = {}
    for t in trips:
        a, b, cargo = (
            node_of(chain, t.start),
            node_of(chain, t.end),
            chain.commodities[t.commodity]["cargo_id"],
        )
        if a and b and a != b and cargo:
            routed[t] = (nodes[a], nodes[b], cargoes[cargo])
    keys = np.array(sorted(set(routed.values())), np.int64).reshape(-1, 3)
    none = np.zeros(0)
    pairs = Demand(
        keys[:, 0].copy(),
        keys[:, 1].copy(),
        keys[:, 2].copy(),
        np.ones(len(keys)),
        np.full(len(keys), -1),
        np.zeros(len(keys), np.bool_),
        none,
        none,
        (),
        chain.network.year,
    )
    return routed, pairs


def _listed(
    chain: Chain, trips: list[Trip], routed: dict[Trip, tuple[int, int, int]], routes: RouteSets | None
) -> Ways:
    at = {}
    if routes is not None:
        keys = zip(routes.origin.tolist(), routes.destination.tolist(), routes.cargo.tolist(), strict=True)
        at = {key: k for k, key in enumerate(keys)}
    lanes: dict[Trip, list[int]] = {}
    for i, row in enumerate(chain.lanes):
        lanes.setdefault(Trip(row["from_id"], row["to_id"], row["commodity_id"]), []).append(i)
    listed: list[Trip] = []
    route, lane = [], []
    for t in trips:
        key = routed.get(t)
        some = (
            range(int(routes.first[at[key]]), int(routes.first[at[key] + 1]))
            if routes is not None and key in at
            else range(0)
        )
        near = node_of(chain, t.start) != "" and node_of(chain, t.start) == node_of(chain, t.end)
        rows = [*((r, -1) for r in some), *((-1, i) for i in lanes.get(t, [])), *([(-1, -1)] if near else [])]
        listed += [t] * len(rows)
        route += [r for r, _ in rows]
        lane += [i for _, i in rows]
    return _priced(chain, listed, np.array(route, np.int64), np.array(lane, np.int64), routes)


def _priced(chain: Chain, trips: list[Trip], route: Ints, lane: Ints, routes: RouteSets | None) -> Ways:
    cargoes = chain.network.table("cargoes")
    usd, hours, variance, kg, km, per_unit, value = (np.zeros(len(trips)) for _ in range(7))
    on = route >= 0
    if routes is not None and on.any():
        cargo = routes.cargo[routes.pair[route[on]]]
        mass = np.array(
            [chain.commodities[t.commodity]["mass_t"] for t, o in zip(trips, on, strict=True) if o],
            np.float64,
        )
        per_unit[on] = mass / cargoes["payload_t"][cargo]
        for target, source in ((usd, routes.usd), (kg, routes.kg)):
            target[on] = source[route[on]] * per_unit[on]
        hours[on], variance[on], km[on] = (
            routes.hours[route[on]],
            routes.variance[route[on]],
            routes.km[route[on]],
        )
        time = cargoes["value_of_time_usd_h"][cargo]
        sd = choice_values(chain.network)["reference-sd"]
        value[on] = (
            per_unit[on]
            * time
            * (hours[on] + cargoes["reliability_ratio"][cargo] * variance[on] / (2.0 * sd))
        )
    for i in np.flatnonzero(lane >= 0):
        row = chain.lanes[lane[i]]
        usd[i], hours[i], kg[i] = row["usd"], row["hours"], np.nan_to_num(row["kg_co2e"])
    return Ways(tuple(trips), usd, value, hours, variance, kg, km, route, lane, per_unit, routes)


def loads_of(ways: Ways, network: Network) -> tuple[csr_array, Ints]:
    """Compute what a unit loads each element with, sparse (ways, elements), and the loaded elements."""
    elements = elements_of(build_graph(network, None))
    if ways.routes is None:
        return csr_array((len(ways), len(elements))), np.zeros(0, np.int64)
    bears, _ = incidence(ways.routes, elements)
    of = ways.routes.cargo[ways.routes.pair]
    bears.data = bears.data * elements.load[np.repeat(of, np.diff(bears.indptr)), bears.indices]
    on = np.flatnonzero(ways.route >= 0)
    pick = coo_array(
        (ways.per_unit[on], (on, ways.route[on])), shape=(len(ways), len(ways.routes.usd))
    ).tocsr()
    loads = (pick @ bears).tocsr()
    loads.eliminate_zeros()
    return loads, np.unique(loads.indices).astype(np.int64)


def touches(chain: Chain, ways: Ways, kind: str) -> tuple[list[str], csr_array]:
    """Return what routes touch of a kind: names, and sparse (ways, names) of 1 and 0."""
    graph = build_graph(chain.network, None)
    names, arcs = _arc_touches(graph, kind)
    rows: list[int] = []
    columns: list[int] = []
    position = {n: i for i, n in enumerate(names)}
    if kind == "country":
        for i in np.flatnonzero(ways.lane >= 0):
            for code in str(chain.lanes[ways.lane[i]]["countries"]).split():
                rows.append(int(i))
                columns.append(position.setdefault(code, len(position)))
    names = list(position)
    shape = (len(ways), len(names))
    lanes = coo_array((np.ones(len(rows)), (rows, columns)), shape=shape).tocsr()
    if ways.routes is None:
        return names, lanes
    on = np.flatnonzero(ways.route >= 0)
    r = ways.routes
    steps = csr_array((np.ones(len(r.arcs)), r.arcs, r.begin), shape=(len(r.usd), len(graph.arcs)))
    some = (steps @ arcs).tocsr()[ways.route[on]].tocoo()
    routed = coo_array((np.ones(len(some.data)), (on[some.row], some.col)), shape=shape).tocsr()
    return names, (routed + lanes).tocsr()


def _arc_touches(graph: Graph, kind: str) -> tuple[list[str], csr_array]:
    """Return what arcs touch of a kind; remembered with the graph."""
    memo: dict[str, tuple[list[str], csr_array]] = graph.memo.setdefault("touches", {})
    if kind in memo:
        return memo[kind]
    names: dict[str, int] = {}
    found: set[tuple[int, int]] = set()

    def put(arc: int, name: str) -> None:
        if name and name != OPEN_SEA:
            found.add((arc, names.setdefault(name, len(names))))

    touch = {"country": _countries, "port": _ports}.get(kind, _lines)
    for i in range(len(graph.arcs)):
        for name in touch(graph, i, kind):
            put(i, name)
    pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
    matrix = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(graph.arcs), len(names)))
    memo[kind] = (list(names), matrix)
    return memo[kind]


def _countries(graph: Graph, i: int, _: str) -> list[str]:
    country = graph.network.table("nodes")["country"]
    return [str(country[p]) for p in graph.arcs[i].places]


def _ports(graph: Graph, i: int, _: str) -> list[str]:
    ids, found = graph.network.table("nodes").ids, []
    for a in graph.ways.get(i, (i,)):
        step = graph.arcs[a]
        afloat = any(s == "sea" for s in (graph.states[step.tail].mode, graph.states[step.head].mode))
        if afloat and step.role in {"load", "unload", "board", "alight"}:
            found.append(str(ids[step.places[0]]))
    return found


def _lines(graph: Graph, i: int, kind: str) -> list[str]:
    """List the links of an arc, or the operators of links and service, or their owners' countries."""
    links, services, operators = (graph.network.table(t) for t in ("links", "services", "operators"))
    arc = graph.arcs[i]
    if kind == "link":
        return [str(links.ids[link]) for link, _ in arc.links]
    names = [str(links["operator_id"][link]) for link, _ in arc.links]
    if arc.service >= 0:
        names.append(str(services["operator_id"][arc.service]))
    if kind == "operator":
        return names
    return [str(operators["owner_country"][operators.position[n]]) for n in names if n]
