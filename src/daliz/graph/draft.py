"""Collect states and arcs while a graph is laid out, and what is to be booked on them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.graph.graph import GROUPS, Arc, State

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from daliz.arrays import Flags, Ints

ALL_GROUPS = frozenset(GROUPS)
NO_GROUPS: frozenset[str] = frozenset()


class Stretch(NamedTuple):
    """Links that an arc runs over as (link row, forward), the places passed, ends included, and the km."""

    links: tuple[tuple[int, bool], ...] = ()
    places: tuple[int, ...] = ()
    km: float = 0.0


NOWHERE = Stretch()


class Fare(NamedTuple):
    """Rates charged: of a service ("" for those of all), in a direction, for some groups of cargo."""

    service: str = ""
    direction: str = "out"
    groups: tuple[str, ...] = GROUPS


class Run(NamedTuple):
    """Arc over links: row of the service or -1, fare, whether a timetable gives the hours, links."""

    arc: int
    service: int
    fare: Fare
    timed: bool
    links: tuple[tuple[int, bool], ...]


@dataclass
class Notes:
    """What is to be booked on the arcs of a layout.

    Attributes
    ----------
    runs
        Arcs that run over links.
    gauge_changes, handlings
        Arc and row of the terminal.
    departures
        Arc, row of the service, and whether it is the direction back.
    fixed_rates
        Arc, mode, country and fare, whose fixed rates are charged.
    stays, timetable
        Arc and row of `stops` with the hours of staying, or with the hours of the timetable.
    """

    runs: list[Run] = field(default_factory=list)
    gauge_changes: list[tuple[int, int]] = field(default_factory=list)
    handlings: list[tuple[int, int]] = field(default_factory=list)
    departures: list[tuple[int, int, bool]] = field(default_factory=list)
    fixed_rates: list[tuple[int, str, str, Fare]] = field(default_factory=list)
    stays: list[tuple[int, int]] = field(default_factory=list)
    timetable: list[tuple[int, int]] = field(default_factory=list)

    def lists(self) -> list[list[Any]]:
        """Return all lists, in one order."""
        return [getattr(self, f.name) for f in fields(self)]

    @functools.cached_property
    def steps(self) -> Steps:
        """Return each link of each run as arrays."""
        links = [run.links for run in self.runs]
        counts = np.array([len(some) for some in links], dtype=np.int64)
        run = np.repeat(np.arange(len(counts)), counts)
        told = [(r.arc, r.service, r.timed) for r in self.runs]
        arc, service, timed = np.array(told, dtype=np.int64).reshape(-1, 3)[run].T
        table = np.array([step for some in links for step in some], dtype=np.int64).reshape(-1, 2)
        return Steps(run, arc, service, timed == 1, table[:, 0], table[:, 1])


class Steps(NamedTuple):
    """Links of all runs one after the other, in arrays of shape (steps,).

    Attributes
    ----------
    run, arc, service, timed
        Position of the run, and what it says.
    link, forward
        Row of the link, and 1 if it is run forward, 0 if backward.
    """

    run: Ints
    arc: Ints
    service: Ints
    timed: Flags
    link: Ints
    forward: Ints


@dataclass(frozen=True)
class Layout:
    """States and arcs of a graph, with what is to be booked on them, made part by part.

    Attributes
    ----------
    states, arcs, tail, head, groups, unpriced, idle
        As in `Graph`.
    admitted
        Groups of cargo that each arc admits.
    notes
        What is to be booked.
    marks
        How long the lists were when each part began, and at the end.
    """

    states: list[State]
    arcs: list[Arc]
    tail: Ints
    head: Ints
    groups: Flags
    unpriced: dict[int, frozenset[str]]
    idle: dict[str, str]
    admitted: list[frozenset[str]]
    notes: Notes
    marks: list[tuple[int, ...]]

    def lists(self) -> list[list[Any]]:
        """Return all lists that grow from part to part, in one order."""
        return [self.states, self.arcs, self.admitted, *self.notes.lists()]


class Draft:
    """Layout in the making.

    Parameters
    ----------
    places
        How many places there are; each has a yard.

    Attributes
    ----------
    states, arcs
        The states and arcs so far.
    groups
        Groups of cargo that each arc admits.
    unpriced
        Groups that an arc would admit if there were a rate for them, by arc.
    idle
        Services that cannot be used, with the reason.
    notes
        What is to be booked on the arcs.
    """

    def __init__(self, places: int) -> None:
        self.states = [State(i, "yard", "") for i in range(places)]
        self._index = {s: i for i, s in enumerate(self.states)}
        self.arcs: list[Arc] = []
        self.groups: list[frozenset[str]] = []
        self.unpriced: dict[int, frozenset[str]] = {}
        self.idle: dict[str, str] = {}
        self.notes = Notes()
        self._marks: list[tuple[int, ...]] = []

    def _lists(self) -> list[list[Any]]:
        return [self.states, self.arcs, self.groups, *self.notes.lists()]

    def begin(self) -> int:
        """Begin a part and return its number."""
        self._marks.append(tuple(map(len, self._lists())))
        return len(self._marks) - 1

    def take(self, other: Layout, part: int, km: Sequence[float] | None) -> bool:
        """Take the part begun last from another layout, if its states and arcs have the same numbers there.

        Parameters
        ----------
        other, part
            The layout and the number of the part; only its numbers are looked at here.
        km
            Length of each link if they differ.
        """
        start, end = other.marks[part], other.marks[part + 1]
        if self._marks[-1] != start:
            return False
        for mine, yours, first, last in zip(self._lists(), other.lists(), start, end, strict=True):
            mine.extend(yours[first:last])
        first, last = start[1], end[1]
        if km is not None:
            self.arcs[first:] = [
                a._replace(km=sum(km[row] for row, _ in a.links)) if a.links else a
                for a in other.arcs[first:last]
            ]
        self.unpriced |= {a: other.unpriced[a] for a in range(first, last) if a in other.unpriced}
        return True

    def state(self, node: int, mode: str, detail: str) -> int:
        """Return the number of a state, making it if there is none."""
        state = State(node, mode, detail)
        number = self._index.setdefault(state, len(self.states))
        if number == len(self.states):
            self.states.append(state)
        return number

    def arc(
        self,
        tail: int,
        head: int,
        role: str,
        groups: frozenset[str] = NO_GROUPS,
        *,
        service: int = -1,
        over: Stretch = NOWHERE,
    ) -> int:
        """Make an arc that admits some groups of cargo and return its number."""
        places = over.places or self._places(tail, head)
        self.arcs.append(Arc(tail, head, role, service, over.links, places, over.km))
        self.groups.append(groups)
        return len(self.arcs) - 1

    def _places(self, tail: int, head: int) -> tuple[int, ...]:
        here, there = self.states[tail].node, self.states[head].node
        return (here,) if here == there else (here, there)

    def price(self, arc: int, groups: frozenset[str], lacking: Collection[str]) -> None:
        """Admit the groups for which there is a rate, and remember the others."""
        self.groups[arc] = groups.difference(lacking) if lacking else groups
        if not groups.isdisjoint(lacking):
            self.unpriced[arc] = groups.intersection(lacking)

    def layout(self) -> Layout:
        """Return the layout as it stands."""
        self.begin()
        rows = {g: tuple(name in g for name in GROUPS) for g in set(self.groups)}
        admitted = np.array([rows[g] for g in self.groups], dtype=np.bool_).reshape(-1, len(GROUPS))
        return Layout(
            self.states,
            self.arcs,
            np.array([a.tail for a in self.arcs], dtype=np.int64),
            np.array([a.head for a in self.arcs], dtype=np.int64),
            np.ascontiguousarray(admitted.T),
            self.unpriced,
            self.idle,
            self.groups,
            self.notes,
            self._marks,
        )
