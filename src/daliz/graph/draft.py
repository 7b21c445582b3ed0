"""Collect states and arcs while a graph is laid out, and what is to be booked on them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

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


class Runs:
    """Arcs that run over links, with what is to be known of each.

    Attributes
    ----------
    arc, service, fare
        The arc, the row of the service or -1, and what is charged.
    timed
        Whether a timetable gives the hours.
    links
        The links as (row, forward).
    """

    def __init__(self) -> None:
        self.arc: list[int] = []
        self.service: list[int] = []
        self.fare: list[Fare] = []
        self.timed: list[bool] = []
        self.links: list[tuple[tuple[int, bool], ...]] = []

    def add(
        self,
        arc: int,
        links: tuple[tuple[int, bool], ...],
        fare: Fare,
        *,
        service: int = -1,
        timed: bool = False,
    ) -> None:
        """Add an arc."""
        self.arc.append(arc)
        self.service.append(service)
        self.fare.append(fare)
        self.timed.append(timed)
        self.links.append(links)

    @functools.cached_property
    def steps(self) -> Steps:
        """Return each link of each run as arrays."""
        counts = np.array([len(links) for links in self.links], dtype=np.int64)
        run = np.repeat(np.arange(len(counts)), counts)
        arc, service, timed = (np.array(x, dtype=np.int64)[run] for x in (self.arc, self.service, self.timed))
        table = np.array([step for links in self.links for step in links], dtype=np.int64).reshape(-1, 2)
        return Steps(run, arc, service, timed == 1, table[:, 0], table[:, 1])


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

    runs: Runs = field(default_factory=Runs)
    gauge_changes: list[tuple[int, int]] = field(default_factory=list)
    handlings: list[tuple[int, int]] = field(default_factory=list)
    departures: list[tuple[int, int, bool]] = field(default_factory=list)
    fixed_rates: list[tuple[int, str, str, Fare]] = field(default_factory=list)
    stays: list[tuple[int, int]] = field(default_factory=list)
    timetable: list[tuple[int, int]] = field(default_factory=list)


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
    """States and arcs of a graph, with what is to be booked on them.

    Attributes
    ----------
    states, arcs, tail, head, groups, unpriced, idle
        As in `Graph`.
    notes
        What is to be booked.
    """

    states: list[State]
    arcs: list[Arc]
    tail: Ints
    head: Ints
    groups: Flags
    unpriced: dict[int, frozenset[str]]
    idle: dict[str, str]
    notes: Notes

    def measured(self, km: Sequence[float]) -> Layout:
        """Return the layout with other km of its links."""
        arcs = [a._replace(km=sum(km[row] for row, _ in a.links)) if a.links else a for a in self.arcs]
        return replace(self, arcs=arcs)


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
            self.notes,
        )
