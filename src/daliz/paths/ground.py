"""Prepare a network for searching: its graph with what all searches share."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from daliz.graph import Graph, build_graph
from daliz.paths.capacity_rows import capacities_of
from daliz.paths.corridors import Corridors
from daliz.paths.rules import Rule, rules_of
from daliz.paths.touches import Touches

if TYPE_CHECKING:
    from daliz.arrays import Ints, Words
    from daliz.paths.capacities import Capacities
    from daliz.tables import Network


@dataclass(frozen=True, repr=False)
class Ground(Graph):
    """A graph with its corridors, capacities, rules and sorted arcs, each made when first used."""

    OF_ARCS: ClassVar[tuple[str, ...]] = (*Graph.OF_ARCS, "corridors", "touches", "rules", "by_tail")

    @functools.cached_property
    def corridors(self) -> Corridors:
        """Corridors that paths belong to."""
        return Corridors(self)

    @functools.cached_property
    def touches(self) -> Touches:
        """Countries, ports, links, operators and owners that arcs touch."""
        return Touches(self)

    @functools.cached_property
    def rules(self) -> list[Rule]:
        """Rows of `restrictions` with the arcs that each binds."""
        return rules_of(self)

    @functools.cached_property
    def capacities(self) -> Capacities:
        """What has a capacity."""
        return capacities_of(self)

    @functools.cached_property
    def by_tail(self) -> SortedArcs:
        """Arcs sorted by tail and by head."""
        return SortedArcs.of(self)


@dataclass(frozen=True)
class SortedArcs:
    """Arcs of a graph sorted by tail (`out`) and by head (`back`), for growing trees from and to places.

    Attributes
    ----------
    out, back
        int64 (arcs,): numbers of the arcs in the graph.
    start, head, tail
        uint32: first arc of each state, and the ends of the arcs by tail.
    back_start, back_head, back_tail
        The same by head, with the ends exchanged.
    arc_back, arc_out
        uint32 (arcs,): where the arc of the order by head lies in the order by tail, and the other way round.
    place
        uint32 (states,): node of each state.
    pass_first, passes
        Nodes that each arc passes, ends too: those of arc a by tail are `passes[pass_first[a] : pass_first[a + 1]]`.
    """

    out: Ints
    back: Ints
    start: Words
    head: Words
    tail: Words
    back_start: Words
    back_head: Words
    back_tail: Words
    arc_back: Words
    arc_out: Words
    place: Words
    pass_first: Ints
    passes: Words

    @classmethod
    def of(cls, graph: Graph) -> SortedArcs:
        """Sort the arcs of a graph."""
        out, back = np.argsort(graph.tail, kind="stable"), np.argsort(graph.head, kind="stable")
        every = np.arange(len(graph.states) + 1)
        tail, back_tail = (x.astype(np.uint32) for x in (graph.tail[out], graph.head[back]))
        position = np.empty((2, len(out)), np.int64)
        position[0, out] = position[1, back] = np.arange(len(out))
        return cls(
            out,
            back,
            np.searchsorted(tail, every).astype(np.uint32),
            graph.head[out].astype(np.uint32),
            tail,
            np.searchsorted(back_tail, every).astype(np.uint32),
            graph.tail[back].astype(np.uint32),
            back_tail,
            position[0, back].astype(np.uint32),
            position[1, out].astype(np.uint32),
            np.array([s.node for s in graph.states], np.uint32),
            np.concatenate([[0], np.cumsum([len(graph.arcs[a].places) for a in out])]).astype(np.int64),
            np.array([p for a in out for p in graph.arcs[a].places], np.uint32),
        )


def grounded(graph: Graph) -> Ground:
    """Return a graph with what searches share."""
    return Ground(**{f.name: getattr(graph, f.name) for f in fields(graph)})


def ground_of(network: Network, month: int | None = None) -> Ground:
    """Return the ground of a network in a month, made once.

    Parameters
    ----------
    network
        Network of a year or day.
    month
        1 to 12 for the weather of that month; None for the mean of the year.

    Examples
    --------
    >>> import daliz
    >>> ground_of(daliz.open("eurasia")).corridors.ids[:2]
    ['air', 'middle']
    """
    found: Any = network.once(f"ground {month}", lambda: grounded(build_graph(network, month)))
    return found  # type: ignore[no-any-return]
