"""Lay the graphs of candidate projects over that of a network, so that a shock can open them.

A project may open links and services, change hours, prices and capacities, and lead services over other links. So
each candidate's graph is made, and its arcs are held against those of the base: what is the same in ends, links,
places and entries of the ledger is one arc; what differs stands twice, the candidate's own version shut. Opening a
project opens its versions, shuts those of the base that it replaces, and takes its capacities.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import ShockError
from daliz.graph.graph import Arc, Graph, State
from daliz.paths.capacity_rows import capacities_of
from daliz.paths.ground import grounded

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.graph.ledger import Ledger
    from daliz.paths.capacities import Capacities
    from daliz.paths.ground import Ground
    from daliz.tables import Network

DIGITS = 12
"""Digits in which entries of two graphs are compared."""


class Candidate(NamedTuple):
    """What opening a project does to a union.

    Attributes
    ----------
    opens, shuts
        int64: arcs that are the project's own, and arcs of the base that they replace.
    capacity, background, parameters
        Capacities under the project, in the order of the union's.
    """

    opens: Ints
    shuts: Ints
    capacity: Floats
    background: Floats
    parameters: Floats


@dataclass(frozen=True)
class Union:
    """The ground of a network with the arcs of candidate projects, shut.

    Attributes
    ----------
    ground, capacities
        Of the base and all candidates; what only a candidate has is shut.
    candidates
        What opening each project does.
    """

    ground: Ground
    capacities: Capacities
    candidates: dict[str, Candidate]


class _Draft:
    """States, arcs and entries of a union in the making."""

    def __init__(self, whole: Network) -> None:
        self.network = whole
        self.position = {t: whole.table(t).position for t in ("nodes", "links", "services")}
        self.states = {State(i, "yard", ""): i for i in range(len(whole.table("nodes")))}
        self.arcs: list[Arc] = []
        self.groups: list[Any] = []
        self.known: dict[Any, int] = {}
        self.ledgers: list[Ledger] = []
        self.ways: dict[int, tuple[int, ...]] = {}
        self.unpriced: dict[int, frozenset[str]] = {}

    def add(self, graph: Graph) -> Ints:
        """Add what is new of a graph; return the number of each of its arcs in the union."""
        network, figures = graph.network, self.network.resolved.figures
        node, link = ([self.position[t][str(i)] for i in network.table(t).ids] for t in ("nodes", "links"))
        service = [self.position["services"][str(i)] for i in network.table("services").ids]
        states = [State(node[s.node], s.mode, s.detail) for s in graph.states]
        at = [self.states.setdefault(s, len(self.states)) for s in states]
        prints = _prints(graph)
        number = np.empty(len(graph.arcs), np.int64)
        seen: Counter[Any] = Counter()
        for i, a in enumerate(graph.arcs):
            arc = Arc(
                at[a.tail],
                at[a.head],
                a.role,
                service[a.service] if a.service >= 0 else -1,
                tuple((link[k], forward) for k, forward in a.links),
                tuple(node[p] for p in a.places),
                a.km,
            )
            parts = tuple(int(number[p]) for p in graph.ways.get(i, ()))
            like = (arc, tuple(graph.groups[:, i].tolist()), prints[i], parts)
            seen[like] += 1
            key = (like, seen[like])
            if key not in self.known:
                self.known[key] = len(self.arcs)
                self.arcs.append(arc)
                self.groups.append(graph.groups[:, i])
                if parts:
                    self.ways[self.known[key]] = parts
                if i in graph.unpriced:
                    self.unpriced[self.known[key]] = graph.unpriced[i]
            number[i] = self.known[key]
        self._book(graph, number, figures)
        return number

    def _book(self, graph: Graph, number: Ints, figures: Any) -> None:
        """Take over the entries of arcs that are new; a figure whose value differs in the whole is its amount."""
        booked = sum(len(x) for x in self.ledgers)
        old = {int(a) for x in self.ledgers for a in np.unique(x.arc)} if booked else set()
        fresh = np.array([n not in old for n in number.tolist()], np.bool_)
        ledger = graph.ledger.take(np.flatnonzero(fresh[graph.ledger.arc]))
        own = graph.network.resolved.figures
        same = np.full(len(own.cells) + 1, -1, np.int64)
        for i, cell in enumerate(own.cells):
            there = figures.index.get(cell, -1)
            if there >= 0 and figures.value[there] == own.value[i]:
                same[i] = there
        figure = same[ledger.figure]
        lost = (ledger.figure >= 0) & (figure < 0)
        amounts = ledger.amounts(own.value)
        self.ledgers.append(
            replace(
                ledger,
                arc=number[ledger.arc],
                part=number[ledger.part],
                figure=figure,
                quantity=np.where(lost, amounts, ledger.quantity),
                power=np.where(lost, 1.0, ledger.power),
            )
        )

    def graph(self, base: Graph) -> Graph:
        """Return the graph as it stands."""
        return Graph(
            self.network,
            base.month,
            list(self.states),
            self.arcs,
            self.ledgers[0].joined(*self.ledgers[1:]),
            np.array(self.groups, np.bool_).T.copy(),
            base.idle,
            np.array([a.tail for a in self.arcs], np.int64),
            np.array([a.head for a in self.arcs], np.int64),
            self.unpriced,
            self.ways,
        )


def _prints(graph: Graph) -> list[tuple[Any, ...]]:
    """Return what is booked on each arc, rounded, as something that can be compared."""
    ledger = graph.ledger
    amount = ledger.amounts(graph.network.resolved.figures.value)
    order = np.lexsort((amount, ledger.cause, ledger.kind, ledger.arc))
    rows = zip(
        ledger.kind[order].tolist(),
        ledger.cause[order].tolist(),
        (f"{x:.{DIGITS}g}" for x in amount[order].tolist()),
        (f"{x:.{DIGITS}g}" for x in ledger.sd[order].tolist()),
        strict=True,
    )
    entries = list(rows)
    begin = np.searchsorted(ledger.arc[order], np.arange(len(graph.arcs) + 1))
    return [tuple(entries[a:b]) for a, b in zip(begin[:-1].tolist(), begin[1:].tolist(), strict=True)]


def union_of(network: Network, names: tuple[str, ...], month: int | None, base: Ground) -> Union:
    """Lay the graphs of candidate projects over that of a network.

    Parameters
    ----------
    network
        The base.
    names
        Projects, events or policies of the table `change_sets`.
    month, base
        Month, and the ground of the base in it.

    Raises
    ------
    DataError
        If two of the candidates set one cell, so that there is no whole of them.
    """
    from daliz.paths.ground import ground_of

    draft = _Draft(network.under(*names))
    grounds = {name: ground_of(network.under(name), month) for name in names}
    of_base = draft.add(base)
    numbers = {name: draft.add(g) for name, g in grounds.items()}
    graph = draft.graph(base)
    mine = set(of_base.tolist())
    shut = {
        a: f"only with {name}" for name, number in numbers.items() for a in number.tolist() if a not in mine
    }
    ground = grounded(replace(graph, shut=shut))
    capacities = _overlaid(ground, base, of_base, [(grounds[n], numbers[n]) for n in names])
    return Union(
        ground,
        capacities,
        {n: _candidate(capacities, grounds[n], numbers[n], of_base) for n in names},
    )


def _overlaid(ground: Ground, base: Ground, of_base: Ints, others: list[tuple[Ground, Ints]]) -> Capacities:
    """Join the capacities of all graphs, with the values of the base where it has them."""
    whole = capacities_of(ground)
    at = {p: i for i, p in enumerate(whole.places)}
    bears: set[tuple[int, int]] = set()
    waits: set[tuple[int, int]] = set()
    for g, number in [(base, of_base), *others]:
        c = g.capacities
        to = [at[p] for p in c.places]
        for found, pairs in ((bears, c.bears), (waits, c.waits)):
            found.update((int(number[a]), to[e]) for a, e in pairs.tolist())
    of = [at[p] for p in base.capacities.places]
    values = {}
    for name in ("capacity", "background", "parameters"):
        value = getattr(whole, name).copy()
        value[of] = getattr(base.capacities, name)
        values[name] = value
    for name, found in (("bears", bears), ("waits", waits)):
        values[name] = np.array(sorted(found), np.int64).reshape(-1, 2)
    return replace(whole, **values)


def _candidate(union: Capacities, ground: Ground, number: Ints, of_base: Ints) -> Candidate:
    c = ground.capacities
    at = {p: i for i, p in enumerate(union.places)}
    of = [at[p] for p in c.places]
    values = []
    for name in ("capacity", "background", "parameters"):
        value = getattr(union, name).copy()
        value[of] = getattr(c, name)
        values.append(value)
    return Candidate(np.setdiff1d(number, of_base), np.setdiff1d(of_base, number), *values)


def opened(union: Union, names: tuple[str, ...]) -> tuple[Ground, Capacities]:
    """Return the ground and capacities with some candidates open.

    Raises
    ------
    ShockError
        If two of them replace one arc or change one capacity: what both together make is not known.
    """
    shut, capacities = dict(union.ground.shut), union.capacities
    changed: dict[Any, str] = {}
    values = {n: getattr(capacities, n).copy() for n in ("capacity", "background", "parameters")}
    for name in names:
        candidate = union.candidates[name]
        places = np.flatnonzero(
            (candidate.capacity != capacities.capacity)
            | (candidate.parameters != capacities.parameters).any(axis=1)
        )
        for key in [
            *(("arc", a) for a in candidate.shuts.tolist()),
            *(("place", e) for e in places.tolist()),
        ]:
            if changed.setdefault(key, name) != name:
                raise ShockError(
                    f"{changed[key]} and {name} change the same link, terminal or service; make the model "
                    f"of the network under one of them, with the other as a candidate."
                )
        for a in candidate.opens.tolist():
            shut.pop(a, None)
        shut |= dict.fromkeys(candidate.shuts.tolist(), f"replaced by {name}")
        for field, value in values.items():
            value[places] = getattr(candidate, field)[places]
    return union.ground.on_same_arcs(shut=shut), replace(capacities, **values)
