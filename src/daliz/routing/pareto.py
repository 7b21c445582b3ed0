"""Find the ways that nothing beats in all of several criteria at once."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from daliz.routing.search import Layers

Floats = npt.NDArray[np.float64]
Vector = tuple[float, ...]


def pareto(
    layers: Layers,
    criteria: Floats,
    epsilon: float,
    known: list[list[int]],
    limit: tuple[Vector, float] | None = None,
) -> list[list[int]]:
    """Give ways that cover the Pareto set within `epsilon`.

    For every way from origin to destination one of those given costs at most (1 + epsilon) times as much in each
    criterion. The search is A*pex (Zhang, Salzman, Felner and others 2022): labels pair a real way with the best that
    it stands for, so the error does not grow along the way; exact distances to the goal in each criterion guide and
    prune it.

    Parameters
    ----------
    layers
        Open arcs of the query.
    criteria
        float64 array of shape (criteria, arcs), not negative.
    epsilon
        Tolerance per criterion, such as 0.01.
    known
        Ways found otherwise, which prune from the start.
    """
    search = _Search(layers, criteria, 1.0 + epsilon, limit)
    if search.lost:
        return []
    for arcs in known:
        search.offer(tuple(float(c[arcs].sum()) for c in criteria), arcs)
    for arcs in search.best_single():
        search.offer(tuple(float(c[arcs].sum()) for c in criteria), arcs)
    search.run()
    return search.front()


class _Search:
    def __init__(
        self, layers: Layers, criteria: Floats, factor: float, limit: tuple[Vector, float] | None
    ) -> None:
        self.layers, self.criteria, self.factor, self.limit = layers, criteria, factor, limit
        self.solutions: list[tuple[Vector, list[int]]] = []
        self.trees = [self._tree(c) for c in criteria]
        self.bound = np.stack([t[0] for t in self.trees], axis=1)
        self.lost = not np.isfinite(self.bound[layers.start]).all()
        if not self.lost:
            self._prepare()

    def _tree(self, weight: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        distance, following = dijkstra(
            self.layers.weighted(weight).reverse, indices=self.layers.goals, return_predecessors=True
        )
        nearest = np.argmin(distance, axis=0)
        columns = np.arange(distance.shape[1])
        return distance[nearest, columns], following[nearest, columns]

    def _prepare(self) -> None:
        """Keep the arcs that can lie on a way, with their costs as tuples by tail."""
        layers = self.layers
        alive = np.isfinite(self.bound[layers.head, 0]) & np.isfinite(self.bound[layers.tail, 0])
        cost = self.criteria[:, layers.arc].T
        self.alive = np.flatnonzero(alive)
        self.cost = cost

    def best_single(self) -> list[list[int]]:
        """Give the best way in each criterion alone."""
        ways = []
        for weight, (_, following) in zip(self.criteria, self.trees, strict=True):
            state, pairs = self.layers.start, []
            while state not in self.layers.goals:
                pairs.append((state, int(following[state])))
                state = int(following[state])
            ways.append(self.layers.weighted(weight).arcs(pairs))
        return ways

    def offer(self, vector: Vector, arcs: list[int]) -> None:
        """Add a way unless it is no better than one already there."""
        if not any(all(s <= v for s, v in zip(other, vector, strict=True)) for other, _ in self.solutions):
            self.solutions = [
                x for x in self.solutions if not all(v <= s for v, s in zip(vector, x[0], strict=True))
            ]
            self.solutions.append((vector, arcs))

    def _covered(self, total: Vector) -> bool:
        a, b, c, d = (x * self.factor + 1e-12 for x in total)
        return any(s[0] <= a and s[1] <= b and s[2] <= c and s[3] <= d for s, _ in self.solutions)

    def _narrow(self) -> dict[int, list[tuple[int, Vector, int]]]:
        """Drop the arcs of which even the bound is covered by a known way."""
        layers = self.layers
        ahead = np.stack(
            [dijkstra(layers.weighted(c).matrix, indices=layers.start) for c in self.criteria], axis=1
        )
        tail, head = layers.tail[self.alive], layers.head[self.alive]
        total = ahead[tail] + self.cost[self.alive] + self.bound[head]
        known = np.array([s for s, _ in self.solutions])
        covered = (known[None] <= (total * self.factor + 1e-12)[:, None]).all(axis=2).any(axis=1)
        fits = np.ones(len(total), dtype=bool)
        if self.limit is not None:
            price, most = np.array(self.limit[0]), self.limit[1]
            scalar = np.maximum((self.criteria.T @ price), 0.0)
            graph = layers.weighted(scalar)
            lo = dijkstra(graph.matrix, indices=layers.start)
            self.back = dijkstra(graph.reverse, indices=layers.goals).min(axis=0)
            fits = lo[tail] + scalar[layers.arc[self.alive]] + self.back[head] <= most
        keep = self.alive[~covered & np.isfinite(total).all(axis=1) & fits]
        out: dict[int, list[tuple[int, Vector, int]]] = {}
        for t, h, c, a in zip(
            layers.tail[keep].tolist(),
            layers.head[keep].tolist(),
            self.cost[keep].tolist(),
            layers.arc[keep].tolist(),
            strict=True,
        ):
            out.setdefault(t, []).append((h, tuple(c), a))
        return out

    def run(self) -> None:
        """Search until no label is left."""
        out = self._narrow()
        goals, factor = set(self.layers.goals), self.factor
        price, most = self.limit if self.limit else (None, 0.0)
        back = self.back.tolist() if self.limit else []
        bounds: dict[int, Vector] = {}
        zero = (0.0,) * len(self.criteria)
        # A label: [apex, cost, state, arc, parent]; an entry whose label lost its cost to a merge is skipped.
        first = [zero, zero, self.layers.start, -1, None]
        heap: list[tuple[Vector, int, list[object]]] = [
            (tuple(self.bound[self.layers.start].tolist()), 0, first)
        ]
        waiting: dict[int, list[list[object]]] = {}
        closed: dict[int, list[Vector]] = {}
        count = 1
        while heap:
            total, _, label = heapq.heappop(heap)
            apex, cost, state = label[0], label[1], label[2]
            if cost is None:
                continue
            line = waiting.get(state)  # type: ignore[arg-type]
            if line and label in line:
                line.remove(label)
            if self._covered(total) or _beaten(apex, closed.get(state, ())):  # type: ignore[arg-type]
                continue
            closed.setdefault(state, []).append(apex)  # type: ignore[arg-type]
            if state in goals:
                self.offer(cost, _unwind(label))  # type: ignore[arg-type]
                continue
            for head, step, arc in out.get(state, ()):  # type: ignore[call-overload]
                bound = bounds.get(head)
                if bound is None:
                    bound = bounds[head] = tuple(self.bound[head].tolist())
                new_apex = tuple([x + y for x, y in zip(apex, step)])  # type: ignore[call-overload]  # noqa: B905
                new_total = tuple([x + y for x, y in zip(new_apex, bound)])  # noqa: B905
                if self._covered(new_total) or _beaten(new_apex, closed.get(head, ())):
                    continue
                if price is not None and sum([x * y for x, y in zip(new_apex, price)]) + back[head] > most:  # noqa: B905
                    continue
                new_cost = tuple([x + y for x, y in zip(cost, step)])  # type: ignore[call-overload]  # noqa: B905
                entry: list[object] = [new_apex, new_cost, head, arc, label]
                merged = _merge(entry, waiting.setdefault(head, []), bound, factor)
                if merged is None:
                    continue
                heapq.heappush(heap, (tuple([x + y for x, y in zip(merged[0], bound)]), count, merged))  # type: ignore[call-overload]  # noqa: B905
                count += 1

    def front(self) -> list[list[int]]:
        """Give the ways found, cheapest in the first criterion first, none covered by another."""
        kept: list[tuple[Vector, list[int]]] = []
        for vector, arcs in sorted(self.solutions, key=lambda x: x[0]):
            if not any(all(k <= v * 1.0 for k, v in zip(other, vector, strict=True)) for other, _ in kept):
                kept.append((vector, arcs))
        return [arcs for _, arcs in kept]


def _beaten(apex: Vector, closed: list[Vector] | tuple[()]) -> bool:
    a, b, c, d = apex
    return any(x[0] <= a and x[1] <= b and x[2] <= c and x[3] <= d for x in closed)


def _merge(
    entry: list[object], line: list[list[object]], bound: Vector, factor: float
) -> list[object] | None:
    """Join a label to one that waits at the same state if one of the two ways may stand for both.

    Gives the label to queue, or None if the waiting one already stands for the new one unchanged.
    """
    apex, cost = entry[0], entry[1]
    for i, other in enumerate(line):
        low = tuple([min(x, y) for x, y in zip(apex, other[0])])  # type: ignore[call-overload]  # noqa: B905
        for keep in (other, entry):
            if all(x + h <= factor * (y + h) + 1e-12 for x, y, h in zip(keep[1], low, bound)):  # type: ignore[call-overload]  # noqa: B905
                if keep is other and low == other[0]:
                    return None
                joined = [low, keep[1], keep[2], keep[3], keep[4]]
                other[1] = None
                line[i] = joined
                return joined
    del cost
    line.append(entry)
    return entry


def _unwind(label: list[object]) -> list[int]:
    arcs: list[int] = []
    at: list[object] | None = label
    while at is not None and at[3] != -1:
        arcs.append(at[3])  # type: ignore[arg-type]
        at = at[4]  # type: ignore[assignment]
    return arcs[::-1]
