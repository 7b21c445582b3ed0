"""Search shortest paths over flat arrays: from one root or many, forward or backward, in layers where that is asked."""

from __future__ import annotations

import copy
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats, Ints

LEAST = 1e-12
"""Least weight that an arc counts with."""


class Star:
    """Arcs sorted by their ends, so that parallel ones lie together (the forward and the backward star).

    Parameters
    ----------
    tail, head
        int64 (arcs,): ends; arcs are known by their positions here.
    nodes
        How many nodes there are.
    """

    def __init__(self, tail: Ints, head: Ints, nodes: int) -> None:
        self.nodes = nodes
        key = tail * nodes + head
        self.order = np.argsort(key, kind="stable")
        ordered = key[self.order]
        fresh = np.ones(len(key), dtype=np.bool_)
        fresh[1:] = ordered[1:] != ordered[:-1]
        self.first = np.flatnonzero(fresh)
        self._key = ordered[self.first]
        group = np.cumsum(fresh) - 1
        size = np.diff(np.r_[self.first, len(key)])
        self.doubled = np.flatnonzero(size[group] > 1)
        self.group = group[self.doubled]
        self._ends = tail[self.order][self.first], head[self.order][self.first]

    @functools.cached_property
    def forward(self) -> csr_array:
        """Sparse matrix (nodes, nodes) of the arcs by tail, one for all parallel ones, without their weights."""
        return self._matrix(*self._ends)

    @functools.cached_property
    def turn(self) -> Ints:
        """Order of the arcs by head."""
        return np.argsort(self._ends[1], kind="stable")

    @functools.cached_property
    def backward(self) -> csr_array:
        """Sparse matrix (nodes, nodes) of the arcs by head, as `forward`."""
        tail, head = (x[self.turn] for x in self._ends)
        return self._matrix(head, tail)

    def _matrix(self, rows: Ints, columns: Ints) -> csr_array:
        begin = np.searchsorted(rows, np.arange(self.nodes + 1)).astype(np.int32)
        held = (np.ones(len(rows)), columns.astype(np.int32), begin)
        return csr_array(held, shape=(self.nodes, self.nodes))

    def groups(self, tail: Ints, head: Ints) -> Ints:
        """Find the groups of parallel arcs between pairs of nodes that arcs join, shape (pairs,)."""
        return np.searchsorted(self._key, tail * self.nodes + head)

    def parallel(self, group: int) -> Ints:
        """Return the arcs of a group."""
        end = self.first[group + 1] if group + 1 < len(self.first) else len(self.order)
        return np.asarray(self.order[self.first[group] : end])

    def weighted(self, weight: Floats) -> ShortestPaths:
        """Return the shortest paths under the weights of the arcs, shape (arcs,)."""
        return ShortestPaths(self, weight)


class Tree(NamedTuple):
    """Tree of shortest paths from a root or to it; several trees if arrays have a row for each root.

    Attributes
    ----------
    distance
        float64 (nodes,): infinite where no path leads.
    after
        int (nodes,): next node on the path to the root, negative at the root and where no path leads.
    """

    distance: Floats
    after: Ints

    def nodes(self, node: int) -> list[int]:
        """List the nodes from one on to the root, both included."""
        found, after = [], self.after
        while node >= 0:
            found.append(node)
            node = int(after[node])
        return found


class ShortestPaths:
    """Shortest paths under one weight; of parallel arcs the least counts, and the first of those.

    Examples
    --------
    >>> paths = Star(np.array([0, 0, 1]), np.array([1, 1, 2]), 3).weighted(np.array([5.0, 4.0, 1.0]))
    >>> tree = paths.grow(0)
    >>> tree.distance.tolist(), paths.arcs(tree.nodes(2)[::-1]).tolist()
    ([0.0, 4.0, 5.0], [1, 2])
    >>> paths.grow(2, backward=True).nodes(0)
    [0, 1, 2]
    """

    def __init__(self, star: Star, weight: Floats) -> None:
        self.star = star
        self._ordered = np.maximum(weight[star.order], LEAST)
        self._least = self._ordered
        if len(star.doubled):
            self._least = np.fmin.reduceat(self._ordered, star.first)  # an unknown weight is no least one

    def grow(self, root: int, *, backward: bool = False, limit: float = np.inf) -> Tree:
        """Grow the tree from a root, or backward to it; nodes farther than a limit are left out."""
        return self._grown(root, backward=backward, limit=limit)

    def grow_each(self, roots: Sequence[int] | Ints, *, backward: bool = False) -> Tree:
        """Grow a tree for each of some roots; arrays have the shape (roots, nodes)."""
        return self._grown(roots, backward=backward)

    def grow_nearest(
        self, roots: Sequence[int] | Ints, *, backward: bool = False, limit: float = np.inf
    ) -> Tree:
        """Grow one tree in which every node hangs on the nearest of some roots."""
        return self._grown(roots, backward=backward, limit=limit, min_only=True)

    def arcs(self, nodes: Sequence[int]) -> Ints:
        """Return the arcs along some nodes in the order of travel."""
        at = np.array(nodes, dtype=np.int64)
        return self.least(at[:-1], at[1:])

    def least(self, tail: Ints, head: Ints) -> Ints:
        """Return the least arc between each pair of nodes that arcs join, shape (pairs,)."""
        return np.asarray(self._best[self.star.groups(tail, head)])

    @functools.cached_property
    def _best(self) -> Ints:
        """The least arc of each group."""
        star = self.star
        best = star.order[star.first]
        hits = np.flatnonzero(self._ordered[star.doubled] == self._least[star.group])[::-1]
        best[star.group[hits]] = star.order[star.doubled[hits]]
        return best

    def _grown(self, roots: int | Sequence[int] | Ints, *, backward: bool, **how: Any) -> Tree:
        star = self.star
        matrix = copy.copy(star.backward if backward else star.forward)
        matrix.data = self._least[star.turn] if backward else self._least
        return Tree(*dijkstra(matrix, indices=roots, return_predecessors=True, **how)[:2])


def in_layers(tail: Ints, head: Ints, nodes: int, up: Ints) -> tuple[Ints, Ints, Ints]:
    """Repeat arcs in layers, so that a path that must pass places in order or cross few borders is a plain one.

    Parameters
    ----------
    tail, head, nodes
        As for `Star`.
    up
        int64 (layers, arcs): by how many layers an arc leads up from each, negative where it may not be used.

    Returns
    -------
    Positions, tails and heads of the repeated arcs; node n of layer l is n + nodes l.
    """
    layer, arc = np.nonzero(up >= 0)
    return arc, tail[arc] + nodes * layer, head[arc] + nodes * (layer + up[layer, arc])
