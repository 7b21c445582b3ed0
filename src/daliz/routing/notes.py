"""Say what is odd about the best way: that it is absurdly long, or that a shorter one is left out, with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import DalizError
from daliz.graph.shortest import Star
from daliz.routing.absent import absent_rows, rows_of_arcs, why_absent, with_rows
from daliz.routing.causes import lifts
from daliz.routing.layers import Layers, shortest
from daliz.routing.pricing import search_weight
from daliz.routing.query import query_between
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.routing.absent import Rows
    from daliz.routing.itinerary import Itinerary
    from daliz.routing.query import Query

MUCH = 0.8
"""Share of the km of the best way below which a way that is left out is much shorter."""
HALF = 0.5
"""Share of the km of an absurd way below which what opens a shorter one is its reason."""
SHOWN = 3


def notes_of(best: Itinerary) -> tuple[str, ...]:
    """Say what is odd about the best way of a shipment, in sentences; nothing if it is as one would expect.

    Told are a way of more than three times the great circle, with what keeps the shipment from a shorter one, and a
    way a quarter longer than one over links, services and terminals that the year or month leaves out, since these
    are open on less than half of its days.
    """
    left_out = _left_out(best)
    absurd = _absurd(best, known=bool(left_out))
    return (*absurd, *left_out)


def _absurd(best: Itinerary, *, known: bool) -> list[str]:
    if not best.far:
        return []
    text = (
        f"The best way is {best.km:,.0f} km, {best.detour:.1f} times the great circle of "
        f"{best.great_circle_km:,.0f} km"
    )
    reasons = [] if known else _reasons(best)
    if known:
        return [f"{text}."]
    return [
        f"{text}: {'; or '.join(reasons[:SHOWN])}." if reasons else f"{text}: the network has no shorter way."
    ]


def _reasons(best: Itinerary) -> list[str]:
    """Find what keeps a shipment from a way of less than half the km."""
    query, most = best.query, HALF * best.km
    graph = query.graph
    if query.via or query.max_borders is not None:
        plain = replace(query, via=(), max_borders=None)
        way = shortest(Layers(plain), graph.km)
        if way and graph.km[way].sum() <= most:
            return ["the places to pass or the limit of borders keep it from a shorter one"]
    way = shortest(Layers(query), graph.km)
    if way and graph.km[way].sum() <= most:
        usd, km = float(query.costs.usd[way].sum()), float(graph.km[way].sum())
        days = float(query.costs.hours[way].sum()) / 24.0
        return [f"a way of {km:,.0f} km is open, and takes {usd:,.0f} USD and {days:,.1f} days"]
    found = [x for lift in lifts(query) if (x := _opened(query, lift.passages, most))]
    rows = absent_rows(graph.network, partly=False)
    if rows:
        shorter = _with(query, rows, by_km=True)
        if shorter and shorter.km <= most:
            found.append(_named(query, shorter))
    return found


def _opened(query: Query, passages: Sequence[tuple[int, int, float, str]], most: float) -> str:
    """Return why the steps of a shorter way are shut; nothing if they open none."""
    graph, on = query.graph, np.flatnonzero(query.open)
    ends = np.array([p[:2] for p in passages], np.int64).reshape(-1, 2)
    tail, head = np.concatenate([graph.tail[on], ends[:, 0]]), np.concatenate([graph.head[on], ends[:, 1]])
    km = np.concatenate([graph.km[on], [p[2] for p in passages]])
    # a little for every step, so that of ways of the same km the one with the fewest steps is told
    paths = Star(tail, head, len(graph.states)).weighted(km + 1e-3)
    tree = paths.grow(query.start)
    if not tree.distance[query.goal] <= most:
        return ""
    used = paths.arcs(tree.nodes(query.goal)[::-1])
    reasons = [passages[i - len(on)][3] for i in used.tolist() if i >= len(on)]
    return " and ".join(dict.fromkeys(reasons))


class _Shorter(NamedTuple):
    """Way over rows that are not in force: its km, and these rows."""

    km: float
    rows: list[tuple[str, str]]


def _with(query: Query, rows: Rows, *, by_km: bool) -> _Shorter | None:
    """Find the best way with rows in force that are not."""
    try:
        other = query_between(
            with_rows(query.graph.network, rows), query.origin, query.destination, query.shipment
        )
    except DalizError:
        return None
    layers = Layers(other)
    weight = other.graph.km if by_km else search_weight(other, layers)
    way = None if weight is None else shortest(layers, weight)
    if not way:
        return None
    of = rows_of_arcs(other.graph, rows)
    used = list(dict.fromkeys(of[a] for a in way if a in of))
    return _Shorter(float(other.graph.km[way].sum()), used) if used else None


def _named(query: Query, shorter: _Shorter) -> str:
    return " and ".join(why_absent(query.graph.network, *row) for row in shorter.rows)


def _left_out(best: Itinerary) -> list[str]:
    """Name a much shorter way over what is open on less than half of the days."""
    query = best.query
    rows = _on_the_way(query, absent_rows(query.graph.network, partly=True), MUCH * best.km)
    if not rows:
        return []
    shorter = _with(query, rows, by_km=False)
    if not shorter or not shorter.km <= MUCH * best.km:
        return []
    return [
        (
            f"{_named(query, shorter)}; with it the best way would be {shorter.km:,.0f} km and not {best.km:,.0f}. "
            "What is open on less than half of the days is left out of a year or month: ask for a day (--date, "
            "Shipment(date=...))."
        )
    ]


def _on_the_way(query: Query, rows: Rows, most: float) -> Rows:
    """Keep the rows that lie so that a way over them may be short enough, by great circles."""
    if not rows:
        return {}
    network = query.graph.network
    nodes, store = network.table("nodes"), network.store
    ends = {
        row: [store["links"].row(row)[c] for c in ("from_node", "to_node")] for row in rows.get("links", ())
    }
    stops = zip(store["stops"]["service_id"].tolist(), store["stops"]["node_id"].tolist(), strict=True)
    for service, node in stops:
        if service in rows.get("services", ()):
            ends.setdefault(service, []).append(node)
    ends |= {row: [store["terminals"].row(row)["node_id"]] for row in rows.get("terminals", ())}
    lat, lon = nodes["lat"], nodes["lon"]

    def near(places: list[str]) -> bool:
        if not places:
            return False
        at = [nodes.position[p] for p in places]
        km = [
            great_circle_km(lat[at], lon[at], np.array(p.lat), np.array(p.lon))
            for p in (query.origin, query.destination)
        ]
        return bool((km[0] + km[1]).min() <= most)

    kept = {table: [row for row in some if near(ends.get(row, []))] for table, some in rows.items()}
    return {table: some for table, some in kept.items() if some}
