"""Find the ways that nothing beats in all of four criteria at once."""

from __future__ import annotations

import bisect
import heapq
from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.shortest import Star
from daliz.routing.layers import TINY
from daliz.routing.unbeaten import unbeaten

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.routing.layers import Layers

Vector = tuple[float, float, float, float]
Triple = tuple[float, float, float]
Edge = tuple[int, Vector, int]
SLACK = 1e-12


def pareto(
    layers: Layers,
    criteria: Floats,
    epsilon: float,
    known: list[list[int]],
    limit: tuple[Vector, float] | None = None,
) -> list[list[int]]:
    """Find ways that cover the Pareto set within `epsilon`.

    For every way from origin to destination one of those given costs at most (1 + epsilon) times as much
    in each criterion, and none of these is beaten by any way (see `unbeaten`). The search is A*pex (Zhang, Salzman,
    Felner and others 2022): labels pair a real way with the best that it stands for, so the error does not grow
    along the way; exact distances to the goal in each criterion guide and prune it.

    Parameters
    ----------
    layers
        Open arcs of the query.
    criteria
        float64 array of shape (4, arcs), not negative.
    epsilon
        Tolerance per criterion, such as 0.01.
    known
        Ways found otherwise, which prune from the start.
    limit
        Prices of the criteria and the most that a way may cost in them; None for no limit.
    """
    search = _Search(layers, criteria, 1.0 + epsilon, limit)
    if search.lost:
        return []
    for arcs in [*known, *search.best_single()]:
        search.offer(_vector(criteria[:, arcs].sum(axis=1)), arcs)
    search.run()
    return unbeaten(layers, criteria, search.bound, search.solutions)


def _vector(row: Floats) -> Vector:
    a, b, c, d = row.tolist()
    return (a, b, c, d)


class _Label:
    """A real way to a state with its cost, and the best (apex) of all ways that it stands for."""

    __slots__ = ("apex", "arc", "cost", "parent", "state", "waits")

    def __init__(self, apex: Vector, cost: Vector, state: int, arc: int, parent: _Label | None) -> None:
        self.apex, self.cost, self.state, self.arc, self.parent = apex, cost, state, arc, parent
        self.waits = True

    def unwind(self) -> list[int]:
        arcs: list[int] = []
        at: _Label | None = self
        while at is not None and at.arc >= 0:
            arcs.append(at.arc)
            at = at.parent
        return arcs[::-1]


class _Search:
    def __init__(
        self, layers: Layers, criteria: Floats, factor: float, limit: tuple[Vector, float] | None
    ) -> None:
        self.layers, self.criteria, self.factor, self.limit = layers, criteria, factor, limit
        self.solutions: list[tuple[Vector, list[int]]] = []
        # Labels come out by their first criterion, which never falls. Solutions that cover it are `near`, with
        # the other three criteria and none that another beats in these; the rest are `far`, in order of the
        # first one.
        self.near: list[Triple] = []
        self.far: list[Vector] = []
        self.paths = [layers.weighted(c) for c in criteria]
        self.trees = [p.grow_nearest(layers.goals, backward=True) for p in self.paths]
        self.bound = np.stack([t.distance for t in self.trees], axis=1)
        self.lost = not np.isfinite(self.bound[layers.start]).all()

    def best_single(self) -> list[list[int]]:
        """Find the best way in each criterion alone."""
        start = self.layers.start
        return [self.layers.arcs(p, t.nodes(start)) for p, t in zip(self.paths, self.trees, strict=True)]

    def offer(self, vector: Vector, arcs: list[int]) -> None:
        """Add a way unless it is no better than one already there."""
        if not any(_at_most(other, vector) for other, _ in self.solutions):
            self.solutions = [x for x in self.solutions if not _at_most(vector, x[0])]
            self.solutions.append((vector, arcs))
            bisect.insort(self.far, vector)

    def _advance(self, first: float) -> None:
        """Take near the solutions that cover the first criterion of all labels to come."""
        most = first * self.factor + SLACK
        while self.far and self.far[0][0] <= most:
            _join(self.near, self.far.pop(0)[1:])

    def _covered(self, total: Vector) -> bool:
        a, b, c, d = total
        factor, near = self.factor, self.near
        a, b, c, d = a * factor + SLACK, b * factor + SLACK, c * factor + SLACK, d * factor + SLACK
        for i, s in enumerate(near):
            if s[0] <= b and s[1] <= c and s[2] <= d:
                if i:  # what covered something last is likely to cover the next one too
                    near.insert(0, near.pop(i))
                return True
        for v in self.far:
            if v[0] > a:
                return False
            if v[1] <= b and v[2] <= c and v[3] <= d:
                return True
        return False

    def _narrow(self) -> tuple[dict[int, list[Edge]], list[float]]:
        """Drop the arcs of which even the bound is covered by a known way or lies over the limit."""
        layers = self.layers
        tail, head, arc = layers.tail, layers.head, layers.arc
        back = np.zeros(len(self.bound))
        keep = np.isfinite(self.bound[head, 0])
        if self.limit is not None:
            price, most = np.array(self.limit[0]), self.limit[1]
            scalar = self.criteria.T @ price
            graph = layers.weighted(scalar)
            back = graph.grow_nearest(layers.goals, backward=True, limit=most).distance
            keep &= graph.grow(layers.start, limit=most).distance[tail] + scalar[arc] + back[head] <= most
        left = np.flatnonzero(keep)
        # Only what is left can lie on a path wanted, so distances from the start need no other arcs.
        star = Star(tail[left], head[left], layers.star.nodes)
        weights = np.maximum(self.criteria[:, arc[left]], TINY)
        ahead = np.stack([star.weighted(w).grow(layers.start).distance for w in weights], axis=1)
        cost = self.criteria[:, arc[left]].T
        total = (ahead[tail[left]] + cost + self.bound[head[left]]) * self.factor + SLACK
        covered = np.zeros(len(left), dtype=np.bool_)
        for vector, _ in self.solutions:
            covered |= (np.array(vector) <= total).all(axis=1)
        fine = ~covered & np.isfinite(total).all(axis=1)
        left, cost = left[fine], cost[fine]
        out: dict[int, list[Edge]] = {}
        rows = (tail[left].tolist(), head[left].tolist(), cost.tolist(), arc[left].tolist())
        for t, h, (a, b, c, d), i in zip(*rows, strict=True):
            out.setdefault(t, []).append((h, (a, b, c, d), i))
        return out, back.tolist()

    def run(self) -> None:
        """Search until no label is left."""
        out, back = self._narrow()
        goals = set(self.layers.goals)
        touched = {self.layers.start, *(h for edges in out.values() for h, _, _ in edges)}
        bounds = {h: _vector(self.bound[h]) for h in touched}
        zero = (0.0, 0.0, 0.0, 0.0)
        heap = [(bounds[self.layers.start], 0, _Label(zero, zero, self.layers.start, -1, None))]
        waiting: dict[int, list[_Label]] = {h: [] for h in touched}
        closed: dict[int, list[Triple]] = {h: [] for h in touched}
        while heap:
            total, _, label = heapq.heappop(heap)
            if not label.waits:
                continue
            label.waits = False
            state = label.state
            if label.parent is not None:
                waiting[state].remove(label)
            self._advance(total[0])
            if self._covered(total) or _beaten(label.apex, closed[state]):
                continue
            _add(closed[state], label.apex[1:])
            if state in goals:
                self.offer(label.cost, label.unwind())
                continue
            for edge in out.get(state, ()):
                found = self._extend(label, edge, bounds[edge[0]], closed[edge[0]], back[edge[0]])
                merged = _merge(found, waiting[edge[0]], bounds[edge[0]], self.factor) if found else None
                if merged:
                    heapq.heappush(heap, (_plus(merged.apex, bounds[edge[0]]), self._next(), merged))

    count = 0

    def _next(self) -> int:
        self.count += 1
        return self.count

    def _extend(
        self, label: _Label, edge: Edge, bound: Vector, closed: list[Triple], back: float
    ) -> _Label | None:
        """Return the label at the end of an arc, or None if it cannot matter."""
        head, step, arc = edge
        apex = _plus(label.apex, step)
        if self.limit is not None:
            (p, q, r, s), most = self.limit
            if p * apex[0] + q * apex[1] + r * apex[2] + s * apex[3] + back > most:
                return None
        if _beaten(apex, closed) or self._covered(_plus(apex, bound)):
            return None
        cost = apex if label.cost is label.apex else _plus(label.cost, step)
        return _Label(apex, cost, head, arc, label)


def _plus(x: Vector, y: Vector) -> Vector:
    return (x[0] + y[0], x[1] + y[1], x[2] + y[2], x[3] + y[3])


def _at_most(x: Vector, y: Vector) -> bool:
    return x[0] <= y[0] and x[1] <= y[1] and x[2] <= y[2] and x[3] <= y[3]


def _join(front: list[Triple], new: Triple) -> None:
    """Add to vectors of which none beats another, unless one of them beats the new one."""
    a, b, c = new
    for x in front:
        if x[0] <= a and x[1] <= b and x[2] <= c:
            return
    _add(front, new)


def _add(front: list[Triple], new: Triple) -> None:
    """Add a vector that none beats, and drop those that it beats."""
    a, b, c = new
    front[:] = [x for x in front if a > x[0] or b > x[1] or c > x[2]]
    front.append(new)


def _beaten(apex: Vector, closed: list[Triple]) -> bool:
    """Check whether a label that came out before at the state is as good; in the first criterion it is anyway."""
    _, a, b, c = apex
    for x in closed:  # noqa: SIM110 - a plain loop costs half of what any() costs
        if x[0] <= a and x[1] <= b and x[2] <= c:
            return True
    return False


def _stands_for(cost: Vector, low: Vector, bound: Vector, factor: float) -> bool:
    """Check whether a way's cost on to the goal is within the tolerance of the best it would stand for."""
    for x, y, h in zip(cost, low, bound, strict=True):  # noqa: SIM110 - as above
        if x + h > factor * (y + h) + SLACK:
            return False
    return True


def _merge(entry: _Label, line: list[_Label], bound: Vector, factor: float) -> _Label | None:
    """Join a label to one that waits at the same state if one of the two ways may stand for both.

    Return the label to queue, or None if the waiting one already stands for the new one unchanged.
    """
    a, b, c, d = entry.apex
    for i, other in enumerate(line):
        o = other.apex
        low = (
            min(o[0], a),
            min(o[1], b),
            min(o[2], c),
            min(o[3], d),
        )
        if _stands_for(other.cost, low, bound, factor):
            if low == o:
                return None
            keep = other
        elif _stands_for(entry.cost, low, bound, factor):
            keep = entry
        else:
            continue
        joined = _Label(low, keep.cost, keep.state, keep.arc, keep.parent)
        other.waits = False
        line[i] = joined
        return joined
    line.append(entry)
    return entry
