"""Find how the commodities of a chain move: routes over the network, lanes outside it, steps in a place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import coo_array, csr_array

from daliz.errors import PlaceError, SupplyError, did_you_mean
from daliz.paths.choice import table_values
from daliz.paths.cost import values_of
from daliz.paths.eligibility import arcs_touching
from daliz.paths.ground import ground_of
from daliz.paths.loads import loads_of_routes
from daliz.paths.route_sets import Pairs, merged
from daliz.paths.search import PairSearch, find_routes
from daliz.paths.tolls import load_tolls
from daliz.paths.touches import OPEN_SEA

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.paths.ground import Ground
    from daliz.paths.route_sets import RouteSets
    from daliz.supplychain.chain import Chain
    from daliz.tables import Network

__all__ = ["OPEN_SEA", "Trip", "Ways"]


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


def reference_sd(network: Network) -> float:
    """Return the standard deviation of hours at which reliability has its value.

    Raises
    ------
    SupplyError
        If the table `choice` has no such row, or it is not above 0.
    """
    found = table_values(network).get("reference-sd", float("nan"))
    if not 0 < found < float("inf"):
        raise SupplyError(
            "choice.csv needs a row reference-sd above 0, the hours of standard deviation by which ways are "
            "compared; add it with its evidence."
        )
    return found


def closed_arcs(ground: Ground, names: tuple[str, ...], also: frozenset[str] = frozenset()) -> Flags:
    """Flag the arcs that touch any of some countries, places, links or operators, shape (arcs,).

    Names of `also` may touch none.

    Raises
    ------
    PlaceError
        If a name is none of them.
    """
    nodes, links, operators = (ground.network.table(t) for t in ("nodes", "links", "operators"))
    known = {str(c): "country" for c in nodes["country"]}
    for kind, table in (("operator", operators), ("link", links), ("node", nodes)):
        known |= {name: kind for name in table.position if name not in known}
    shut = np.zeros(len(ground.arcs), np.bool_)
    for name in names:
        if name in known:
            shut[arcs_touching(ground, f"{known[name]}:{name}")] = True
        elif name not in also:
            raise PlaceError(
                f"{name!r} is no country, place, link or operator of {ground.network.name}."
                f"{did_you_mean(name, known)} Countries are ISO codes of two capitals."
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
        Ways found before, to be joined by the new ones; those of a chain with fewer facilities may be.
    """
    ground = ground_of(chain.network)
    trips = trips_of(chain)
    routed, pairs = _pairs(chain, trips)
    found: RouteSets | None = None
    if len(pairs):
        shape = (len(chain.network.table("cargoes")), len(ground.arcs))
        toll = np.zeros(shape)
        if prices is not None and known is not None and known.routes is not None:
            toll += load_tolls(ground, ground.capacities, prices)
        if without:
            toll += np.where(closed_arcs(ground, without, chain.named), np.inf, 0.0)
        search = PairSearch.of(ground, pairs, reference_sd(chain.network))
        found = find_routes(search, toll=toll if toll.any() else None)
        if known is not None and known.routes is not None:
            found = merged(_over(known.routes, pairs), found)
    return _listed(chain, trips, routed, found)


def _over(routes: RouteSets, pairs: Pairs) -> RouteSets:
    """Return route sets as those of more pairs, all of theirs among them in the same order."""
    if len(routes.pairs) == len(pairs):
        return routes
    every, fewer = pairs.keys(), routes.pairs.keys()
    at = {key: i for i, key in enumerate(every)}
    mine = np.array([at[key] for key in fewer], np.int64)
    return replace(routes, pairs=pairs, first=np.searchsorted(mine[routes.pair], np.arange(len(pairs) + 1)))


def _pairs(chain: Chain, trips: list[Trip]) -> tuple[dict[Trip, tuple[int, int, int]], Pairs]:
    """Return the pair of nodes and class of each trip over the network, and the pairs."""
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
    origin, destination, cargo = (keys[:, i].copy() for i in range(3))
    return routed, Pairs(origin, destination, cargo, np.zeros(len(keys), np.int64), ((),))


def _listed(
    chain: Chain, trips: list[Trip], routed: dict[Trip, tuple[int, int, int]], routes: RouteSets | None
) -> Ways:
    at = {}
    if routes is not None:
        keys = zip(*(x.tolist() for x in routes.pairs[:3]), strict=True)
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
        cargo = routes.cargo[route[on]]
        mass = np.array(
            [chain.commodities[t.commodity]["mass_t"] for t, o in zip(trips, on, strict=True) if o],
            np.float64,
        )
        per_unit[on] = mass / cargoes["payload_t"][cargo]
        for target, source in ((usd, routes.sums.usd), (kg, routes.sums.kg)):
            target[on] = source[route[on]] * per_unit[on]
        hours[on], variance[on], km[on] = (
            routes.sums.hours[route[on]],
            routes.sums.variance[route[on]],
            routes.sums.km[route[on]],
        )
        of = values_of(cargoes, cargo)
        sd = reference_sd(chain.network)
        bears = of.time_usd_h * hours[on] + of.reliability_usd_h * variance[on] / (2.0 * sd)
        value[on] = per_unit[on] * bears
    for i in np.flatnonzero(lane >= 0):
        row = chain.lanes[lane[i]]
        usd[i], hours[i], kg[i] = row["usd"], row["hours"], np.nan_to_num(row["kg_co2e"])
    return Ways(tuple(trips), usd, value, hours, variance, kg, km, route, lane, per_unit, routes)


def loads_of(ways: Ways, network: Network) -> tuple[csr_array, Ints]:
    """Return the load of a unit on each capacity, sparse (ways, capacities), and the capacities that any way loads."""
    capacities = ground_of(network).capacities
    if ways.routes is None:
        return csr_array((len(ways), len(capacities))), np.zeros(0, np.int64)
    on = np.flatnonzero(ways.route >= 0)
    shape = (len(ways), len(ways.routes))
    pick = coo_array((ways.per_unit[on], (on, ways.route[on])), shape=shape).tocsr()
    loads = (pick @ loads_of_routes(ways.routes, capacities)).tocsr()
    loads.eliminate_zeros()
    return loads, np.unique(loads.indices).astype(np.int64)


def touches(chain: Chain, ways: Ways, kind: str) -> tuple[list[str], csr_array]:
    """Return what routes touch of a kind: names, and sparse (ways, names) of 1 and 0."""
    ground = ground_of(chain.network)
    names, arcs = ground.touches.of(kind)
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
    steps = csr_array((np.ones(len(r.arcs)), r.arcs, r.begin), shape=(len(r), len(ground.arcs)))
    some = (steps @ arcs).tocsr()[ways.route[on]].tocoo()
    routed = coo_array((np.ones(len(some.data)), (on[some.row], some.col)), shape=shape).tocsr()
    return names, (routed + lanes).tocsr()
