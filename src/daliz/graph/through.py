"""Make an arc for each through rate: one price from end to end that replaces just what it covers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.graph.graph import GROUPS, Arc
from daliz.graph.ledger import USD_KINDS, Book, Cause, Kind
from daliz.graph.shortest import Star, in_layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph.graph import Graph
    from daliz.graph.ledger import Ledger
    from daliz.graph.pricing import Tariff

COVERED = {
    "line-haul": Cause.LINE_HAUL,
    "handling": Cause.HANDLING,
    "gauge-change": Cause.GAUGE_CHANGE,
    "border-fee": Cause.BORDER,
}
ONLY_ON_THEIR_OWN_RATES = ("rail", "road", "air")
TINY = 1e-9
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def add_through(graph: Graph, tariff: Tariff) -> Graph:
    """Add to a graph an arc for each through rate that has a way; the others go to `idle`.

    The arc leads from the yard of the rate's first place to that of its last one and stands for the way
    of least hours between them through the places `via`, in order: over the service that the rate names,
    or over whatever admits the group; rail, road and air only on rates of that mode (a train may take a
    ferry). It bears all that the arcs of that way bear, less the dollars that the rate covers (line-haul
    always), plus the rate.
    """
    if not tariff.through:
        return graph
    drafts, idle = [], dict(graph.idle)
    finder = _Finder(graph)
    for row in tariff.through:
        way = finder.way(row)
        if isinstance(way, str):
            idle[row["id"]] = way
        else:
            drafts.append(_Through(row, tuple(way)))
    arcs = [*graph.arcs, *(_arc(graph, t) for t in drafts)]
    numbered = list(enumerate(drafts, len(graph.arcs)))
    ledger = graph.ledger.joined(*(_entries(graph, tariff, t, arcs[n], n) for n, t in numbered))
    admitted = [[t.row["cargo_group"] == g for t in drafts] for g in GROUPS]
    return replace(
        graph,
        arcs=arcs,
        ledger=ledger,
        idle=idle,
        groups=np.hstack([graph.groups, np.array(admitted, dtype=np.bool_).reshape(len(GROUPS), -1)]),
        tail=np.array([a.tail for a in arcs], dtype=np.int64),
        head=np.array([a.head for a in arcs], dtype=np.int64),
        ways=graph.ways | {n: t.way for n, t in numbered},
    )


@dataclass(frozen=True)
class _Through:
    row: dict[str, Any]
    way: tuple[int, ...]


def _arc(graph: Graph, through: _Through) -> Arc:
    steps = [graph.arcs[a] for a in through.way]
    services = {s.service for s in steps}
    places = [steps[0].places[0]]
    for step in steps:
        places += [p for p in step.places if p != places[-1]]
    return Arc(
        steps[0].tail,
        steps[-1].head,
        "through",
        services.pop() if len(services) == 1 else -1,
        tuple(link for s in steps for link in s.links),
        tuple(places),
        sum(s.km for s in steps),
    )


def _entries(graph: Graph, tariff: Tariff, through: _Through, arc: Arc, number: int) -> Ledger:
    """Copy the entries of the way less what the rate covers, and book the rate."""
    order, starts = graph.entries_of
    copies = graph.ledger.take(np.concatenate([order[starts[a] : starts[a + 1]] for a in through.way]))
    causes = [COVERED[c] for c in {"line-haul", *through.row["covers"].split()}]
    dollars = np.isin(copies.kind, list(USD_KINDS.values()))
    own = USD_KINDS[through.row["cargo_group"]]
    dropped = dollars & (np.isin(copies.cause, causes) | (copies.kind != own))
    kept = copies.take(np.flatnonzero(~dropped))
    kept = replace(kept, arc=np.full(len(kept), number, dtype=np.int64))
    rate, book = tariff.rate(through.row), Book()
    if rate.fixed >= 0:
        book.add(number, Kind(own), Cause.THROUGH_RATE, 1.0, rate.fixed)
    if rate.per_km >= 0:
        book.add(number, Kind(own), Cause.THROUGH_RATE, arc.km, rate.per_km)
    return kept.joined(book.close())


class _Finder:
    """Finder of the ways of least hours for through rates."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.position = graph.network.table("nodes").position
        self.services = graph.network.table("services").position
        self.weight = np.maximum(graph.base[Kind.HOURS], TINY)
        self.service_of = np.array([a.service for a in graph.arcs], dtype=np.int64)
        modes = graph.network.table("links")["mode"]
        arc, link, _ = graph.arc_links
        self.uses = {
            m: np.bincount(arc, modes[link] == m, len(graph.arcs)) > 0 for m in ONLY_ON_THEIR_OWN_RATES
        }

    def way(self, row: dict[str, Any]) -> list[int] | str:
        """Return the arcs of the way, or why there is none."""
        names = [row["from_node"], *row["via"].split(), row["to_node"]]
        absent = [n for n in names if n not in self.position]
        if absent:
            return f"there is no place {absent[0]!r} in this network"
        if row["service_id"] and row["service_id"] not in self.services:
            return f"service {row['service_id']} does not run in this network"
        start, *via, goal = (self.position[n] for n in names)
        found = None if start == goal else self._least(self._usable(row), start, goal, via)
        if found is not None:
            return found
        by = f"on service {row['service_id']}" if row["service_id"] else f"that admits {row['cargo_group']}"
        return f"no way {by} leads {' - '.join(names)}"

    def _usable(self, row: dict[str, Any]) -> Ints:
        """Return the arcs that a through rate may take, in order."""
        group = row["cargo_group"]
        usable = self.graph.groups[GROUPS.index(group)].copy()
        if row["service_id"]:
            service = self.services[row["service_id"]]
            # Boarding may lack a line-haul rate, which the through rate replaces.
            usable[[a for a, groups in self.graph.unpriced.items() if group in groups]] = True
            usable &= self.service_of == service
            if row["direction"] != "both":
                usable &= self._running(row["service_id"], row["direction"])
        for mode, uses in self.uses.items():
            if mode != row["mode"]:
                usable &= ~uses
        return np.flatnonzero(usable)

    def _running(self, service: str, direction: str) -> npt.NDArray[np.bool_]:
        """Return which arcs belong to one direction of a service."""
        states, name = self.graph.states, f"{service}/{direction}/"
        return np.array(
            [
                states[a.tail].detail.startswith(name) or states[a.head].detail.startswith(name)
                for a in self.graph.arcs
            ]
        )

    def _least(self, usable: Ints, start: int, goal: int, via: Sequence[int]) -> list[int] | None:
        """Search in layers, one for each place passed."""
        size = len(self.graph.states)
        up = passed(self.graph, usable, via)
        position, tail, head = in_layers(self.graph.tail[usable], self.graph.head[usable], size, up)
        arc = usable[position]
        paths = Star(tail, head, size * len(up)).weighted(self.weight[arc])
        tree, end = paths.grow(start), goal + size * len(via)
        if not np.isfinite(tree.distance[end]):
            return None
        return [int(a) for a in arc[paths.arcs(tree.nodes(end)[::-1])]]


def passed(graph: Graph, chosen: Ints, via: Sequence[int]) -> Ints:
    """Count the next places that each arc passes, by how many were passed, shape (via + 1, chosen)."""
    gained = np.zeros((len(via) + 1, len(chosen)), dtype=np.int64)
    position = np.full(len(graph.arcs), -1, dtype=np.int64)
    position[chosen] = np.arange(len(chosen))
    arc, node = graph.arc_places
    touching = np.unique(arc[np.isin(node, list(via))])
    touching = touching[position[touching] >= 0]
    for a, i in zip(touching.tolist(), position[touching].tolist(), strict=True):
        hits = [place for place in graph.arcs[a].places if place in via]
        for v in range(len(via)):
            at = v
            for place in hits:
                at += at < len(via) and via[at] == place
            gained[v, i] = at - v
    return gained
