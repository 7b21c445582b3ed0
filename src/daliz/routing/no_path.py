"""Explain what separates two places that no path joins, by lifting one cause at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from daliz.errors import DalizError, RouteError
from daliz.graph.shortest import Star
from daliz.routing.absent import absent_rows, rows_of_arcs, why_absent, with_rows
from daliz.routing.causes import CLOSING, Passage, all_shut, lifts, standing
from daliz.routing.layers import Layers, shortest
from daliz.routing.query import query_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.routing.query import Query

SHOWN = 4
CLOSED = "what it needs is closed"
HALF = (
    "what is open on less than half of the days is left out of a year or month; ask for a day "
    "(--date, Shipment(date=...))"
)


def explain_no_way(query: Query) -> RouteError:
    """Say what separates origin and destination.

    Each cause alone is lifted: what is closed in the period, avoided, forbidden, too heavy, not admitted, without a
    price, one-way, without a terminal or a change of gauge. Those that would open a way are told, each with the
    least that would have to be lifted. If none alone would, the least cut of all that is shut is told.
    """
    network = query.graph.network
    ends = f"from {query.origin.label} to {query.destination.label}"
    label = f"No way leads {ends} for {query.cargo['id']} in {network.when}"
    if (query.via or query.max_borders is not None) and _open_without_conditions(query):
        return RouteError(f"{label}{_conditions(query)}; ways without this condition exist, so loosen it.")
    known = lifts(query)
    found = [*_absent(query), *((x.cause, _cut(query, x.passages)) for x in known)]
    found = [(cause, reasons) for cause, reasons in found if reasons]
    if found:
        told = [_told(cause, reasons) for cause, reasons in found]
        if len(told) == 1:
            advice = "" if found[0][0] == HALF else " Lift it or choose another cargo or place."
            return RouteError(f"{label}: {told[0]}.{advice}")
        each = "; or ".join(told)
        return RouteError(f"{label}. To lift one of these would open a way: {each}.")
    cut = _cut(query, all_shut(query)) or _cut(
        query, [*all_shut(query), *(p for lift in standing(query) for p in lift.passages)]
    )
    if cut:
        return RouteError(
            f"{label}: the cut is {_listed(cut)}. Lift these together or choose another cargo or place."
        )
    return RouteError(f"{label}: {_apart(query)}.")


def _told(cause: str, reasons: Sequence[str]) -> str:
    if cause == HALF:
        return f"{_listed(reasons)}; {HALF}"
    return f"{cause}: {_listed(reasons)}" if cause in CLOSING.values() else _listed(reasons)


def _listed(reasons: Sequence[str]) -> str:
    more = f" and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return "; ".join(reasons[:SHOWN]) + more


def _absent(query: Query) -> list[tuple[str, list[str]]]:
    """Find the rows that are not in force and alone close all ways: those left out by the half rule, else all."""
    network = query.graph.network
    for partly, cause in ((True, HALF), (False, CLOSED)):
        rows = absent_rows(network, partly=partly)
        if not rows:
            continue
        try:
            other = query_between(with_rows(network, rows), query.origin, query.destination, query.shipment)
        except DalizError:
            continue
        of = rows_of_arcs(other.graph, rows)
        shut = [
            Passage(a.tail, a.head, a.km, why_absent(network, *of[i]))
            for i, a in enumerate(other.graph.arcs)
            if i in of and other.open[i]
        ]
        is_open = other.open.copy()
        is_open[list(of)] = False
        reasons = _cut(replace(other, open=is_open), shut)
        if reasons:
            return [(cause, reasons)]
    return []


def _cut(query: Query, passages: Sequence[Passage]) -> list[str]:
    """Find the fewest passages whose opening joins the ends, by reason; none if even all of them do not."""
    from scipy.sparse.csgraph import maximum_flow

    if not passages:
        return []
    graph = query.graph
    size, on = len(graph.states), np.flatnonzero(query.open)
    ends = np.array([(p.tail, p.head) for p in passages], np.int64).reshape(-1, 2)
    tail, head = np.concatenate([graph.tail[on], ends[:, 0]]), np.concatenate([graph.head[on], ends[:, 1]])
    whole = Star(tail, head, size).weighted(np.ones(len(tail)))
    if not np.isfinite(whole.grow(query.start).distance[query.goal]):
        return []
    free = len(passages) + 1
    capacity = np.concatenate([np.full(len(on), free), np.ones(len(passages), np.int64)]).astype(np.int32)
    matrix = csr_array((capacity, (tail, head)), shape=(size, size)).tocsr().astype(np.int32)
    flow = maximum_flow(matrix, query.start, query.goal)
    left, right = (matrix - flow.flow).nonzero()
    rest = Star(left.astype(np.int64), right.astype(np.int64), size).weighted(np.ones(len(left)))
    reach = np.isfinite(rest.grow(query.start).distance)
    cut = np.flatnonzero(reach[ends[:, 0]] & ~reach[ends[:, 1]])
    return list(dict.fromkeys(passages[i].reason for i in cut.tolist()))


def _apart(query: Query) -> str:
    """Say that nothing joins two places, and at which of them nothing begins."""
    graph = query.graph
    for state, place, side, there in (
        (query.start, query.origin, graph.tail, "leaves"),
        (query.goal, query.destination, graph.head, "reaches"),
    ):
        if not (side == state).any():
            modes = _terminal_modes(query, place.node)
            if not modes:
                return (
                    f"no terminal in force loads or unloads at {place.label}, so nothing {there} it; "
                    "choose another place, or add a terminal and a link"
                )
            return (
                f"{place.label} has a terminal for {' and '.join(modes)}, but no link or service in force by "
                f"{' or '.join(modes)} touches it, so nothing {there} it; add one, or choose another place"
            )
    return (
        "no links or services join them at all; run `daliz check` on the network for parts that nothing joins"
    )


def _terminal_modes(query: Query, node: int) -> list[str]:
    network = query.graph.network
    terminals, ids = network.table("terminals"), network.table("nodes").ids
    here = (terminals["node_id"] == str(ids[node])) & (terminals["operation"] == "handling")
    return sorted(set(terminals["mode"][here].tolist()))


def _conditions(query: Query) -> str:
    through = " through the places to pass" if query.via else ""
    return through + (f" with at most {query.max_borders} borders" if query.max_borders is not None else "")


def _open_without_conditions(query: Query) -> bool:
    """Check whether a way exists without places to pass and limits on borders."""
    plain = Layers(replace(query, via=(), max_borders=None))
    return shortest(plain, np.ones(len(query.open))) is not None
