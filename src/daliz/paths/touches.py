"""Find what arcs touch: countries, ports, links, operators and the countries of owners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.arrays import Flags
    from daliz.graph import Graph

KINDS = ("country", "port", "link", "operator", "owner")
"""Countries, places of change to or from a ship, links, operators, and their owners' countries."""
OPEN_SEA = "XZ"
"""Code of ISO 3166 for what is no country: places at sea."""


class Touches:
    """What the arcs of a graph touch, by kind; each kind is made when first asked for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[str, tuple[list[str], csr_array]] = {}

    def of(self, kind: str) -> tuple[list[str], csr_array]:
        """Return the names of a kind, and a sparse matrix (arcs, names) of 1 where an arc touches one."""
        if kind not in self._known:
            self._known[kind] = self._made(kind)
        return self._known[kind]

    def by(self, kind: str, name: str) -> Flags:
        """Find which arcs touch one thing of a kind, shape (arcs,)."""
        names, touched = self.of(kind)
        found = np.zeros(len(self.graph.arcs), np.bool_)
        if name in names:
            found[touched[:, [names.index(name)]].tocoo().row] = True
        return found

    def _made(self, kind: str) -> tuple[list[str], csr_array]:
        names: dict[str, int] = {}
        found: set[tuple[int, int]] = set()
        touch = _TOUCH[kind]
        for i in range(len(self.graph.arcs)):
            for name in touch(self.graph, i):
                if name and name != OPEN_SEA:
                    found.add((i, names.setdefault(name, len(names))))
        pairs = np.array(sorted(found), np.int64).reshape(-1, 2)
        shape = (len(self.graph.arcs), len(names))
        return list(names), csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)


def _countries(graph: Graph, arc: int) -> list[str]:
    country = graph.network.table("nodes")["country"]
    return [str(country[p]) for p in graph.arcs[arc].places]


def _ports(graph: Graph, arc: int) -> list[str]:
    ids, found = graph.network.table("nodes").ids, []
    for a in graph.ways.get(arc, (arc,)):
        step = graph.arcs[a]
        afloat = any(s == "sea" for s in (graph.states[step.tail].mode, graph.states[step.head].mode))
        if afloat and step.role in {"load", "unload", "board", "alight"}:
            found.append(str(ids[step.places[0]]))
    return found


def _links(graph: Graph, arc: int) -> list[str]:
    ids = graph.network.table("links").ids
    return [str(ids[link]) for link, _ in graph.arcs[arc].links]


def _operators(graph: Graph, arc: int) -> list[str]:
    links, services = (graph.network.table(t) for t in ("links", "services"))
    names = [str(links["operator_id"][link]) for link, _ in graph.arcs[arc].links]
    if graph.arcs[arc].service >= 0:
        names.append(str(services["operator_id"][graph.arcs[arc].service]))
    return names


def _owners(graph: Graph, arc: int) -> list[str]:
    operators = graph.network.table("operators")
    return [str(operators["owner_country"][operators.position[n]]) for n in _operators(graph, arc) if n]


_TOUCH: dict[str, Callable[[Graph, int], list[str]]] = {
    "country": _countries,
    "port": _ports,
    "link": _links,
    "operator": _operators,
    "owner": _owners,
}
