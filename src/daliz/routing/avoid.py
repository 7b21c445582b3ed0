"""Close what a question avoids or leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.paths.eligibility import country_arcs
from daliz.paths.places import find_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph import Graph

MODES = ("rail", "road", "sea", "air", "waterway")


def close_avoided(graph: Graph, avoid: Sequence[str], closed_by: dict[int, str]) -> None:
    """Close the arcs that touch what is to be avoided.

    Raises
    ------
    PlaceError, QueryError
        If something to avoid is unknown or of no known kind.
    """
    for word in avoid:
        closed_by |= dict.fromkeys(_avoided(graph, word), f"avoid {word}")


def close_others(graph: Graph, only: Sequence[str], closed_by: dict[int, str]) -> None:
    """Close the other services, and single consignments by the modes of the services named.

    Where none is named, those that only operators can book are closed.

    Raises
    ------
    PlaceError
        If a service is unknown.
    """
    services, links = graph.network.table("services"), graph.network.table("links")
    if not only:
        for row in np.flatnonzero(services["operators_only"]):
            arcs = graph.service_arcs.get(int(row), [])
            closed_by |= dict.fromkeys(arcs, f"service {services.ids[row]} is sold to operators only")
        return
    for name in only:
        if name not in services.position:
            raise PlaceError(f"There is no service {name!r}.{did_you_mean(name, services.position)}")
    rows = {services.position[name] for name in only}
    modes = {str(services["mode"][row]) for row in rows}
    for i, arc in enumerate(graph.arcs):
        other = arc.service >= 0 and arc.service not in rows
        single = arc.service < 0 and any(links["mode"][link] in modes for link, _ in arc.links)
        if other or single:
            closed_by[i] = f"only {' '.join(only)}"


def _avoided(graph: Graph, word: str) -> list[int]:
    network = graph.network
    links, services = network.table("links"), network.table("services")
    countries = set(network.table("nodes")["country"])
    kind, _, name = word.rpartition(":")
    if word in MODES or (kind == "mode" and name in MODES):
        return [i for i, a in enumerate(graph.arcs) if any(links["mode"][k] == name for k, _ in a.links)]
    if kind == "service" or (not kind and name in services.position):
        if name not in services.position:
            raise PlaceError(f"There is no service {name!r}.{did_you_mean(name, services.position)}")
        return graph.service_arcs.get(services.position[name], [])
    if kind == "link" or (not kind and name in links.position):
        if name not in links.position:
            raise PlaceError(
                f"There is no link {name!r} in force in {network.year}.{did_you_mean(name, links.position)}"
            )
        return graph.link_arcs.get(links.position[name], [])
    if kind in {"", "country"} and name.upper() in countries:
        return country_arcs(graph, name.upper())
    if kind in {"", "node"}:
        return graph.place_arcs.get(find_place(network, name).node, [])
    raise QueryError(
        f"{word!r} cannot be avoided; give a place, country:XX, mode:sea, link:ID or service:ID "
        f"(modes are {', '.join(MODES)}; countries are ISO codes)."
    )
