"""Put in the place of each way of a set one that beats it in everything, if there is one."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from daliz.routing.layers import TINY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats
    from daliz.routing.layers import Layers

Vector = tuple[float, float, float, float]
ALIKE = 1e-9
"""Share below which two amounts are one."""
MOST_LABELS = 50_000
"""Labels of all ways together; a way is taken as unbeaten after its share of them."""


def unbeaten(
    layers: Layers, criteria: Floats, bound: Floats, found: Sequence[tuple[Vector, list[int]]]
) -> list[list[int]]:
    """Return ways of which none is beaten, cheapest in the first criterion first.

    A search that covers all ways within a tolerance may keep a way and pass over one that is better by less than
    that. So each way is held against all that cost no more in any criterion: exact distances to the goal leave few
    arcs for these. Of ways that cost the same the first in the order of arcs stays.

    Parameters
    ----------
    layers
        Open arcs of the query.
    criteria
        float64 array of shape (4, arcs), not negative.
    bound
        Least cost from each layered state to the goal, shape (layered states, 4).
    found
        The ways with their costs.
    """
    if not found:
        return []
    box = _Box(layers, criteria, bound, np.array([vector for vector, _ in found]).max(axis=0))
    box.labels = MOST_LABELS // len(found)
    best: list[tuple[Vector, list[int]]] = []
    for vector, arcs in sorted(found):
        better = box.better(vector)
        while better is not None:
            (vector, arcs), better = better, box.better(better[0])  # noqa: PLW2901 - follows the better way
        best.append((vector, arcs))
    kept: list[tuple[Vector, list[int]]] = []
    for vector, arcs in sorted(best):
        if not any(_at_most(other, vector) for other, _ in kept):
            kept = [x for x in kept if not _at_most(vector, x[0])]
            kept.append((vector, arcs))
    return [arcs for _, arcs in kept]


def _at_most(x: Vector, y: Vector) -> bool:
    return all(a <= b + ALIKE * abs(b) + TINY for a, b in zip(x, y, strict=True))


class _Box:
    """Ways that cost no more than a given one in any criterion."""

    def __init__(self, layers: Layers, criteria: Floats, bound: Floats, most: Floats) -> None:
        self.layers, self.criteria, self.labels = layers, criteria, MOST_LABELS
        weights = np.maximum(criteria, TINY)
        ahead = np.stack([layers.weighted(w).grow(layers.start).distance for w in weights], axis=1)
        cost = criteria[:, layers.arc].T
        with np.errstate(invalid="ignore"):
            least = ahead[layers.tail] + cost + bound[layers.head]
        left = np.flatnonzero((least <= most * (1 + ALIKE) + TINY).all(axis=1))
        self.out: dict[int, list[tuple[int, Vector, Vector, Vector, int]]] = {}
        columns = (layers.tail, layers.head, cost, bound[layers.head], least)
        rows = zip(*(c[left].tolist() for c in columns), left.tolist(), strict=True)
        for tail, head, step, on, low, arc in rows:
            self.out.setdefault(tail, []).append((head, tuple(step), tuple(on), tuple(low), arc))

    def better(self, vector: Vector) -> tuple[Vector, list[int]] | None:
        """Find a way that costs no more in any criterion and less in one; None if there is none.

        Such a way costs less in the sum of all criteria, each over what the given way costs in it.
        """
        scale = np.array([x if x > 0 else 1.0 for x in vector])
        paths = self.layers.weighted((self.criteria / scale[:, None]).sum(axis=0))
        whole = float((np.array(vector) / scale).sum()) * (1 - ALIKE / 8)
        back = paths.grow_nearest(self.layers.goals, backward=True, limit=whole).distance
        return self._search(vector, scale.tolist(), whole, back) if back[self.layers.start] < whole else None

    def _search(
        self, vector: Vector, scale: list[float], whole: float, back: Floats
    ) -> tuple[Vector, list[int]] | None:
        a, b, c, d = (x * (1 + ALIKE) + TINY for x in vector)
        rest = back.tolist()
        heap: list[tuple[float, int, int]] = [(0.0, 0, self.layers.start)]
        labels: list[tuple[Vector, int, int]] = [((0.0, 0.0, 0.0, 0.0), -1, -1)]
        closed: dict[int, list[Vector]] = {}
        goals = set(self.layers.goals)
        while heap and len(labels) < self.labels:
            _, at, state = heapq.heappop(heap)
            p, q, r, s = labels[at][0]
            if state in goals and _less(labels[at][0], vector):
                return labels[at][0], self._way(labels, at)
            for head, (e, f, g, h), (i, j, k, m), (u, v, w, x), arc in self.out.get(state, ()):
                if u > a or v > b or w > c or x > d:
                    continue
                e, f, g, h = p + e, q + f, r + g, s + h  # noqa: PLW2901 - of the way so far
                if e + i > a or f + j > b or g + k > c or h + m > d:
                    continue
                rank = e / scale[0] + f / scale[1] + g / scale[2] + h / scale[3] + rest[head]
                known = closed.setdefault(head, [])
                if rank > whole or _beaten((e, f, g, h), known):
                    continue
                known.append((e, f, g, h))
                labels.append(((e, f, g, h), at, arc))
                heapq.heappush(heap, (rank, len(labels) - 1, head))
        return None

    def _way(self, labels: Sequence[tuple[Vector, int, int]], at: int) -> list[int]:
        arcs: list[int] = []
        while at > 0:
            arcs.append(int(self.layers.arc[labels[at][2]]))
            at = labels[at][1]
        return arcs[::-1]


def _beaten(cost: Vector, known: list[Vector]) -> bool:
    e, f, g, h = cost
    for x in known:  # noqa: SIM110 - a plain loop costs half of what any() costs
        if x[0] <= e and x[1] <= f and x[2] <= g and x[3] <= h:
            return True
    return False


def _less(cost: Vector, vector: Vector) -> bool:
    """Check whether a cost is less in a criterion by more than rounding."""
    return any(x < y * (1 - ALIKE) - TINY for x, y in zip(cost, vector, strict=True))
