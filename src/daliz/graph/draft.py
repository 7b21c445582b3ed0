"""Collect states, arcs and entries while a graph is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.graph import GROUPS, Arc, Graph, State
from daliz.graph.ledger import Book

if TYPE_CHECKING:
    from collections.abc import Collection

    from daliz.graph.ledger import Ledger
    from daliz.tables import Network

ALL_GROUPS = frozenset(GROUPS)
NO_GROUPS: frozenset[str] = frozenset()


class Stretch(NamedTuple):
    """Links that an arc runs over as (link row, forward), the places passed, ends included, and the km."""

    links: tuple[tuple[int, bool], ...] = ()
    places: tuple[int, ...] = ()
    km: float = 0.0


NOWHERE = Stretch()


class Draft:
    """Graph in the making.

    Parameters
    ----------
    network
        The network that it is made of.

    Attributes
    ----------
    book
        What is booked on the arcs so far.
    unpriced
        Groups that an arc would admit if there were a rate for them, by arc.
    idle
        Services and through rates that cannot be used, with the reason.
    ways
        The arcs that a through arc stands for, by through arc.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.book = Book()
        self.states = [State(i, "yard", "") for i in range(len(network.table("nodes")))]
        self.index = {s: i for i, s in enumerate(self.states)}
        self.arcs: list[Arc] = []
        self.groups: list[frozenset[str]] = []
        self.unpriced: dict[int, frozenset[str]] = {}
        self.idle: dict[str, str] = {}
        self.ways: dict[int, tuple[int, ...]] = {}

    def state(self, node: int, mode: str, detail: str) -> int:
        """Return the number of a state, making it if there is none."""
        state = State(node, mode, detail)
        if state not in self.index:
            self.index[state] = len(self.states)
            self.states.append(state)
        return self.index[state]

    def arc(
        self,
        tail: int,
        head: int,
        role: str,
        groups: Collection[str] = NO_GROUPS,
        *,
        service: int = -1,
        over: Stretch = NOWHERE,
    ) -> int:
        """Make an arc that admits some groups of cargo and return its number."""
        places = over.places or tuple(dict.fromkeys((self.states[tail].node, self.states[head].node)))
        self.arcs.append(Arc(tail, head, role, service, over.links, places, over.km))
        self.groups.append(frozenset(groups))
        return len(self.arcs) - 1

    def price(self, arc: int, groups: frozenset[str], lacking: Collection[str]) -> None:
        """Admit the groups for which there is a rate, and remember the others."""
        self.groups[arc] = groups.difference(lacking)
        if not groups.isdisjoint(lacking):
            self.unpriced[arc] = groups.intersection(lacking)

    def admitted(self) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Return which groups each arc admits, shape (groups, arcs)."""
        rows = {g: tuple(name in g for name in GROUPS) for g in set(self.groups)}
        table = np.array([rows[g] for g in self.groups], dtype=np.bool_).reshape(-1, len(GROUPS))
        return np.ascontiguousarray(table.T)

    def graph(self, month: int | None, running: Ledger) -> Graph:
        """Return the graph as it stands, with the entries of running over links."""
        return Graph(
            self.network,
            month,
            self.states,
            self.arcs,
            self.book.close().joined(running),
            self.admitted(),
            self.idle,
            np.array([a.tail for a in self.arcs], dtype=np.int64),
            np.array([a.head for a in self.arcs], dtype=np.int64),
            self.unpriced,
            self.ways,
        )
