"""Explain what separates two places that no path joins."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from daliz.errors import RouteError
from daliz.graph.shortest import Star
from daliz.routing.layers import Layers, shortest

if TYPE_CHECKING:
    from daliz.routing.query import Query

SHOWN = 4


def explain_no_way(query: Query) -> RouteError:
    """Name the closed things that separate origin and destination: the least cut of what is shut."""
    from scipy.sparse.csgraph import maximum_flow

    graph = query.graph
    size = len(graph.states)
    free = len(graph.arcs)
    ends = f"from {query.origin.label} to {query.destination.label}"
    label = f"No way leads {ends} for {query.cargo['id']} in {graph.network.year}"
    if (query.via or query.max_borders is not None) and _open_without_conditions(query):
        return RouteError(f"{label}{_conditions(query)}; ways without this condition exist, so loosen it.")
    capacity = np.where(query.open, free, 1).astype(np.int32)
    matrix = csr_array((capacity, (graph.tail, graph.head)), shape=(size, size)).tocsr().astype(np.int32)
    flow = maximum_flow(matrix, query.start, query.goal)
    if flow.flow_value == 0:
        return RouteError(
            f"{label}: no links or services join them at all; "
            "run `daliz check` on the network for parts that nothing joins."
        )
    tail, head = (matrix - flow.flow).nonzero()
    free_ways = Star(tail.astype(np.int64), head.astype(np.int64), size).weighted(np.ones(len(tail)))
    reach = np.isfinite(free_ways.grow(query.start).distance)
    cut = np.flatnonzero(~query.open & reach[graph.tail] & ~reach[graph.head])
    reasons = list(dict.fromkeys(_closure(query, int(i)) for i in cut))
    more = f" and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return RouteError(
        f"{label}: the cut is {'; '.join(reasons[:SHOWN])}{more}. "
        "Lift one of these or choose another cargo or place."
    )


def _conditions(query: Query) -> str:
    through = " through the places to pass" if query.via else ""
    return through + (f" with at most {query.max_borders} borders" if query.max_borders is not None else "")


def _open_without_conditions(query: Query) -> bool:
    """Check whether a way exists without places to pass and limits on borders."""
    plain = Layers(replace(query, via=(), max_borders=None))
    return shortest(plain, np.ones(len(query.open))) is not None


def _closure(query: Query, arc: int) -> str:
    graph = query.graph
    ids = graph.network.table("nodes").ids
    tail, head = (graph.states[s] for s in (graph.arcs[arc].tail, graph.arcs[arc].head))
    ends = str(ids[tail.node]) if tail.node == head.node else f"{ids[tail.node]} to {ids[head.node]}"
    reason = query.closed_by.get(arc) or _not_admitted(query, arc)
    return f"{ends} ({graph.arcs[arc].role}): {reason}"


def _not_admitted(query: Query, arc: int) -> str:
    """Explain why an arc does not admit the rate group of the cargo: the service, the rates or the terminal."""
    graph, group = query.graph, str(query.cargo["rate_group"])
    services = graph.network.table("services")
    step = graph.arcs[arc]
    if step.role == "through":
        return f"this through rate is not for {group} cargo"
    if step.service >= 0:
        carried = str(services["cargo_groups"][step.service])
        if group not in carried.split():
            return f"service {services.ids[step.service]} carries {carried} and not {group} cargo"
    if group in graph.unpriced.get(arc, ()) or step.role in {"run", "access", "ride"}:
        return f"rates has no price for {group} cargo here"
    return f"the terminal does not admit {group} cargo"
