"""Turn what a shipment avoids and passes into the course that services are led on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.graph import build_graph
from daliz.graph.courses import SHIPS, STRAIGHT, Course
from daliz.paths.eligibility import thing_named
from daliz.paths.ground import grounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.paths.ground import Ground
    from daliz.tables import Network


def ground_on_course(ground: Ground, avoid: Sequence[str], via: Sequence[int]) -> Ground:
    """Return the ground on which ships go round what is avoided, and can be led through passages.

    A ship that would sail over an avoided link, or through an avoided place or country, goes from one call to the
    next by the quickest way that is left; trains and trucks of a service go round avoided links alone. Where no way
    is left the service keeps its own, which the consignment may not use. A place that ships pass, and where nothing
    is loaded, can be asked for: then ships can be led through it from one call to the next.

    Parameters
    ----------
    ground
        The ground of the network.
    avoid
        What is avoided, as `arcs_touching` reads it.
    via
        Rows of places to pass, in order.

    Raises
    ------
    PlaceError, QueryError
        If something to avoid is unknown.
    """
    course = _course(ground.network, avoid, via)
    if course == STRAIGHT or not _matters(ground, course):
        return ground
    return grounded(build_graph(ground.network, ground.month, course))


def _course(network: Network, avoid: Sequence[str], via: Sequence[int]) -> Course:
    """Collect links and places avoided, and passages to be led through."""
    links, nodes = network.table("links"), network.table("nodes")
    alone: set[int] = set()
    waters: set[int] = set()
    places: set[int] = set()
    for word in avoid:
        kind, name = thing_named(network, word)
        if kind == "link":
            alone.add(links.position[name])
        elif kind == "operator":
            waters |= set(np.flatnonzero(links["operator_id"] == name).tolist())
        elif kind in {"node", "country"}:
            some = {name} if kind == "node" else set(nodes.ids[nodes["country"] == name].tolist())
            places |= {nodes.position[i] for i in some}
            ends = zip(links["from_node"].tolist(), links["to_node"].tolist(), strict=True)
            waters |= {row for row, (a, b) in enumerate(ends) if a in some or b in some}
    return Course(
        frozenset(alone),
        frozenset(waters),
        frozenset(places),
        tuple(v for v in via if _is_passage(network, v)),
    )


def _is_passage(network: Network, node: int) -> bool:
    """Check whether ships pass a place where nothing can be loaded."""
    links, name = network.table("links"), network.table("nodes").ids[node]
    touching = (links["from_node"] == name) | (links["to_node"] == name)
    afloat = bool(np.isin(links["mode"][touching].astype(str), SHIPS).any())
    return afloat and not (network.table("terminals")["node_id"] == name).any()


def _matters(ground: Ground, course: Course) -> bool:
    """Check whether a service runs over what is avoided, or ships are to be led."""
    if course.through:
        return True
    modes = ground.network.table("links")["mode"]
    return any(
        ground.arcs[a].service >= 0
        for row in course.links | course.waters
        if row in course.links or str(modes[row]) in SHIPS
        for a in ground.link_arcs.get(row, ())
    )
