"""Read the rules of `restrictions` with the arcs that each binds."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from daliz.graph import Graph


class Rule(NamedTuple):
    """One row of `restrictions` with the arcs that it binds."""

    row: dict[str, Any]
    arcs: list[int]


def rules_of(graph: Graph) -> list[Rule]:
    """Read the rows of `restrictions` with the arcs that each binds."""
    rows = graph.network.table("restrictions").rows()
    return [Rule(r, _scope_arcs(graph, r, entering=r["effect"] == "hold")) for r in rows]


def country_arcs(graph: Graph, code: str) -> list[int]:
    """Return the arcs that touch a country."""
    inside = np.flatnonzero(graph.network.table("nodes")["country"] == code).tolist()
    return sorted({k for i in inside for k in graph.place_arcs.get(i, [])})


def _scope_arcs(graph: Graph, rule: dict[str, Any], *, entering: bool) -> list[int]:
    nodes, links = graph.network.table("nodes"), graph.network.table("links")
    if rule["scope"] == "link":
        arcs = graph.link_arcs.get(links.position.get(rule["scope_id"], -1), [])
    elif rule["scope"] == "node":
        place = nodes.position.get(rule["scope_id"], -1)
        arcs = graph.place_arcs.get(place, [])
        if entering:
            arcs = [k for k in arcs if graph.states[graph.arcs[k].tail].node != place]
    else:
        arcs = country_arcs(graph, rule["scope_id"])
        if entering:
            inside = set(np.flatnonzero(nodes["country"] == rule["scope_id"]).tolist())
            arcs = [k for k in arcs if _enters(graph.arcs[k].places, inside)]
    if rule["mode"]:
        by_mode = set(graph.mode_arcs(rule["mode"]))
        arcs = [k for k in arcs if k in by_mode]
    return list(arcs)


def _enters(places: tuple[int, ...], inside: set[int]) -> bool:
    return any(a not in inside and b in inside for a, b in pairwise(places))
