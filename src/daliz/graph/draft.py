"""Collect states and arcs while a graph is laid out, and what is to be booked on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.graph import GROUPS, Arc, State

if TYPE_CHECKING:
    from collections.abc import Collection

    from daliz.arrays import Flags, Ints

ALL_GROUPS = frozenset(GROUPS)
NO_GROUPS: frozenset[str] = frozenset()


class Stretch(NamedTuple):
    """Links that an arc runs over as (link row, forward), the places passed, ends included, and the km."""

    links: tuple[tuple[int, bool], ...] = ()
    places: tuple[int, ...] = ()
    km: float = 0.0


NOWHERE = Stretch()


class Ride(NamedTuple):
    """Manner in which a stretch is run: row and id of the service (-1 for none), direction, groups of cargo."""

    service: int = -1
    name: str = ""
    direction: str = "out"
    groups: tuple[str, ...] = GROUPS


ALONE = Ride()


@dataclass
class Notes:
    """What is to be booked on the arcs of a layout.

    Attributes
    ----------
    runs
        Arc, manner, whether a timetable gives the hours, and the links run over as (row, forward).
    gauge_changes, handlings
        Arc and row of the terminal.
    departures
        Arc, row of the service, and whether it is the direction back.
    fixed_rates
        Arc, mode, country and manner, whose fixed rates are charged.
    stays, timetable
        Arc and row of `stops` with the hours of staying, or with the hours of the timetable.
    """

    runs: list[tuple[int, Ride, bool, tuple[tuple[int, bool], ...]]] = field(default_factory=list)
    gauge_changes: list[tuple[int, int]] = field(default_factory=list)
    handlings: list[tuple[int, int]] = field(default_factory=list)
    departures: list[tuple[int, int, bool]] = field(default_factory=list)
    fixed_rates: list[tuple[int, str, str, Ride]] = field(default_factory=list)
    stays: list[tuple[int, int]] = field(default_factory=list)
    timetable: list[tuple[int, int]] = field(default_factory=list)


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
