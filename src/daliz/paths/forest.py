"""Grow shortest-path trees for all pairs of a class, and mend them when arcs close or change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.paths.kernels import repair, trees, via

if TYPE_CHECKING:
    import numpy.typing as npt

    from daliz.arrays import Bytes, Flags, Floats, Ints, Singles, Words
    from daliz.paths.corridors import Marks
    from daliz.paths.ground import SortedArcs
    from daliz.paths.via import Alternatives


@dataclass(frozen=True)
class Trees:
    """Trees of some roots: distance, entering arc, order of settling and its length, shapes (roots, states)."""

    root: Words
    dist: Floats
    pred: Words
    order: Words
    settled: Words

    @classmethod
    def empty(cls, root: Words, states: int) -> Trees:
        """Make room for the trees of some roots."""
        shape = (len(root), states)
        dist, pred, order = np.empty(shape), np.empty(shape, np.uint32), np.empty(shape, np.uint32)
        return cls(root, dist, pred, order, np.zeros(len(root), np.uint32))

    @property
    def arrays(self) -> tuple[Floats, Words, Words, Words]:
        """What compiled loops write, in their order."""
        return self.dist, self.pred, self.order, self.settled

    def copied(self) -> Trees:
        """Return trees that can be mended."""
        return Trees(self.root, self.dist.copy(), self.pred.copy(), self.order.copy(), self.settled.copy())


@dataclass(frozen=True)
class Thresholds:
    """What a new path must beat, by pair and corridor (see `kernels.via.alternatives`)."""

    kept: Floats
    via: Words
    bound: Floats
    window: Floats
    slack: Ints

    @classmethod
    def empty(cls, pairs: int, corridors: int, rule: Alternatives) -> Thresholds:
        """Make room for some pairs."""
        shape = (pairs, corridors + 1)
        most = (*shape, rule.per_corridor)
        return cls(
            np.empty(most),
            np.zeros(most, np.uint32),
            np.empty(shape),
            np.empty(shape),
            np.zeros(shape, np.int64),
        )

    @property
    def arrays(self) -> tuple[Floats, Words, Floats, Floats, Ints]:
        """The arrays that compiled loops take, in their order."""
        return self.kept, self.via, self.bound, self.window, self.slack

    def copied(self) -> Thresholds:
        """Return thresholds that can be written anew."""
        return Thresholds(
            self.kept.copy(), self.via.copy(), self.bound.copy(), self.window.copy(), self.slack.copy()
        )


class Passed(NamedTuple):
    """What the path to each state passes.

    Attributes
    ----------
    km
        Km by mode, float32 (roots, modes, states).
    bits
        Marks, uint64 (roots, states).
    before
        The last place before that of the state, uint32 (roots, states).
    step
        The last state before the state, uint32 (roots, states); the root itself at the root.
    """

    km: Singles
    bits: npt.NDArray[np.uint64]
    before: Words
    step: Words


@dataclass(frozen=True)
class Field:
    """Pairs of one class under one set of costs, with the trees from their origins and to their destinations.

    Attributes
    ----------
    weight
        float64 (arcs,): cost of each arc of the graph, infinite where closed.
    ahead, behind
        int64 (pairs,): tree of the origin and of the destination of each pair.
    out, back
        The trees; arcs are numbered by tail in `out` and by head in `back`.
    thresholds
        Of the alternatives found.
    passed
        What the paths of both pass, where it is known.
    """

    weight: Floats
    ahead: Ints
    behind: Ints
    out: Trees
    back: Trees
    thresholds: Thresholds
    passed: tuple[Passed, Passed] | None = None


@dataclass(frozen=True)
class Found:
    """Paths of pairs: pair, corridor (-1 for none), number of arcs, and the arcs of the graph one after the other."""

    pair: Ints
    corridor: Ints
    count: Ints
    arcs: Words


class Forester:
    """Grows and mends the trees of one ground, and finds alternatives in them."""

    def __init__(self, arcs: SortedArcs, marks: Marks, length: Floats, rule: Alternatives) -> None:
        self.arcs, self.marks, self.rule = arcs, marks, rule
        self.out_order = arcs.out.astype(np.uint32)
        self.length = np.ascontiguousarray(length[arcs.out])
        self.km = tuple(np.ascontiguousarray(marks.km[o], np.float32) for o in (arcs.out, arcs.back))
        self.bits = tuple(np.ascontiguousarray(marks.bits[o]) for o in (arcs.out, arcs.back))

    def grow(self, weight: Floats, origins: Ints, destinations: Ints) -> Field:
        """Grow the trees of pairs, given the states of their ends."""
        a = self.arcs
        sources, ahead = np.unique(origins, return_inverse=True)
        goals, behind = np.unique(destinations, return_inverse=True)
        out = _grown(sources, weight[a.out], a.start, a.head)
        back = self.back(weight, goals)
        none = Thresholds.empty(len(ahead), len(self.marks.need), self.rule)
        return Field(weight, ahead.astype(np.int64), behind.astype(np.int64), out, back, none)

    def back(self, weight: Floats, goals: Ints) -> Trees:
        """Grow the trees to some states."""
        a = self.arcs
        return _grown(goals, weight[a.back], a.back_start, a.back_head)

    def alternatives(self, field: Field, pairs: Ints) -> Found:
        """Find the alternatives of some pairs of a field, and write its thresholds."""
        a, m, t = self.arcs, self.marks, field.thresholds
        (out_km, out_bits, came, from_state), (back_km, back_bits, goes, to_state) = field.passed or (
            self._gathered(field.out, 0, field.ahead[pairs]),
            self._gathered(field.back, 1, field.behind[pairs]),
        )
        pair, corridor, count, arcs = via.alternatives(
            pairs.astype(np.int64),
            field.ahead,
            field.behind,
            field.out.root,
            field.back.root,
            field.out.dist,
            field.back.dist,
            field.out.pred,
            field.back.pred,
            out_km,
            back_km,
            out_bits,
            back_bits,
            a.tail,
            a.back_tail,
            a.arc_back,
            came,
            goes,
            from_state,
            to_state,
            a.place,
            a.pass_first,
            a.passes,
            self.length,
            m.need,
            m.bar,
            m.main,
            self.rule.numbers,
            *t.arrays,
        )
        return Found(pair, corridor, count, self.out_order[arcs])

    def mend(self, field: Field, weight: Floats, marked: Flags) -> tuple[Field, Ints]:
        """Mend a field to new costs, and return it with the pairs whose alternatives may differ.

        Pairs in `marked`, whose known routes changed, are among them.
        """
        rose, fell = (np.flatnonzero(x) for x in (weight > field.weight, weight < field.weight))
        out, out_moved = self._mended(field.out, weight, (rose, fell), forward=True)
        back, back_moved = self._mended(field.back, weight, (rose, fell), forward=False)
        thresholds = field.thresholds.copied()
        mended = Field(weight, field.ahead, field.behind, out, back, thresholds)
        if not (out_moved.any() or back_moved.any()):
            return mended, np.flatnonzero(marked)
        out_any, back_any = (np.asarray(x.any(axis=1), np.bool_) for x in (out_moved, back_moved))
        active = marked | out_any[field.ahead] | back_any[field.behind]
        ahead, behind = field.ahead[active], field.behind[active]
        passed = self._gathered(out, 0, ahead), self._gathered(back, 1, behind)
        (out_km, out_bits, came, from_state), (back_km, back_bits, goes, to_state) = passed
        found = marked.copy()
        m, t = self.marks, field.thresholds
        via.touched(
            field.ahead,
            field.behind,
            field.out.root,
            field.back.root,
            out.dist,
            back.dist,
            out.pred,
            back.pred,
            self.arcs.tail,
            self.arcs.back_tail,
            self.arcs.arc_back,
            came,
            goes,
            from_state,
            to_state,
            self.arcs.place,
            self.arcs.pass_first,
            self.arcs.passes,
            self.length,
            field.out.dist,
            field.back.dist,
            out_moved,
            back_moved,
            out_km,
            back_km,
            out_bits,
            back_bits,
            m.need,
            m.bar,
            m.main,
            self.rule.numbers,
            *t.arrays,
            out_any,
            back_any,
            found,
        )
        return replace(mended, passed=passed), np.flatnonzero(found)

    def _mended(
        self, old: Trees, weight: Floats, changed: tuple[Ints, Ints], *, forward: bool
    ) -> tuple[Trees, Bytes]:
        a = self.arcs
        number = np.empty(len(weight), np.uint32)
        number[a.out if forward else a.back] = np.arange(len(weight), dtype=np.uint32)
        moved = np.zeros(old.dist.shape, np.uint8)
        raised, lowered = (number[c] for c in changed)
        head = a.head if forward else a.back_head
        if not len(lowered) and not (old.pred[:, head[raised]] == raised).any():
            return old, moved
        new = old.copied()
        ends = (a.start, a.head, a.tail, a.back_start, a.back_head, a.arc_back)
        if not forward:
            ends = (a.back_start, a.back_head, a.back_tail, a.start, a.head, a.arc_out)
        cost = np.ascontiguousarray(weight[a.out if forward else a.back])
        room = np.empty((3, old.dist.shape[1]), np.uint32)
        repair.repair_all(
            *ends,
            cost,
            raised,
            lowered,
            *new.arrays,
            moved,
            room[0],
            room[1],
            room[2],
        )
        return new, moved

    def _gathered(self, of: Trees, side: int, rows: Ints) -> Passed:
        """Sum km by mode and join marks along the trees in some rows."""
        tail = self.arcs.back_tail if side else self.arcs.tail
        shape = of.dist.shape
        modes = self.marks.km.shape[1]
        km = np.empty((shape[0], modes, shape[1]), np.float32)
        bits, before, step = (
            np.empty(shape, np.uint64),
            np.empty(shape, np.uint32),
            np.empty(shape, np.uint32),
        )
        passed = Passed(km, bits, before, step)
        via.gather_all(
            np.unique(rows),
            tail,
            of.pred,
            of.settled,
            of.order,
            self.km[side],
            self.bits[side],
            self.arcs.place,
            *passed,
        )
        return passed


def _grown(roots: Ints, cost: Floats, start: Words, head: Words) -> Trees:
    tree = Trees.empty(roots.astype(np.uint32), len(start) - 1)
    trees.grow(
        start,
        head,
        np.ascontiguousarray(cost[None]),
        tree.root,
        np.zeros(len(roots), np.uint32),
        0,
        *tree.arrays,
        False,
        0,
        len(roots),
    )
    return tree
