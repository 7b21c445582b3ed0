"""Shortest paths over flat arrays are the least sums of weights, forward, backward, from many roots and in layers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.graph.shortest import Star, in_layers
from daliz.supplychain.column_generation import least_costs

NODES = 6
TINY = 1e-9


class Arcs(NamedTuple):
    """Ends and weights of arcs."""

    tail: np.ndarray
    head: np.ndarray
    weight: np.ndarray


@st.composite
def arcs(draw: st.DrawFn) -> Arcs:
    """Make up arcs between six nodes, some of them parallel and some of no weight."""
    node = st.integers(0, NODES - 1)
    rows = draw(st.lists(st.tuples(node, node, st.integers(0, 9)), max_size=20))
    tail, head, weight = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Arcs(tail, head, weight.astype(np.float64))


def relaxed(a: Arcs, root: int, nodes: int = NODES) -> np.ndarray:
    """Compute the distances from a root by relaxing all arcs again and again (Bellman and Ford)."""
    distance = np.full(nodes, np.inf)
    distance[root] = 0.0
    for _ in range(nodes):
        np.minimum.at(distance, a.head, distance[a.tail] + a.weight)
    return distance


@settings(max_examples=80, deadline=None)
@given(arcs(), st.integers(0, NODES - 1))
def test_distances_are_least_and_paths_bear_them(a: Arcs, root: int) -> None:
    """Distances are those of Bellman and Ford; the arcs along a path join its nodes and sum to the distance."""
    paths = Star(a.tail, a.head, NODES).weighted(a.weight)
    for tree, ends in (
        (paths.grow(root), a),
        (paths.grow(root, backward=True), Arcs(a.head, a.tail, a.weight)),
    ):
        assert tree.distance == pytest.approx(relaxed(ends, root), abs=TINY)
        for node in np.flatnonzero(np.isfinite(tree.distance)).tolist():
            nodes = tree.nodes(node) if ends is not a else tree.nodes(node)[::-1]
            used = paths.arcs(nodes)
            assert (a.tail[used].tolist(), a.head[used].tolist()) == (nodes[:-1], nodes[1:])
            assert a.weight[used].sum() == pytest.approx(tree.distance[node], abs=TINY)


@settings(max_examples=40, deadline=None)
@given(arcs(), st.lists(st.integers(0, NODES - 1), min_size=1, max_size=3, unique=True))
def test_many_roots_are_each_their_own_or_the_nearest(a: Arcs, roots: list[int]) -> None:
    """`grow_each` has the distances of each root, `grow_nearest` the least of them."""
    paths = Star(a.tail, a.head, NODES).weighted(a.weight)
    each = np.stack([relaxed(a, r) for r in roots])
    assert paths.grow_each(roots).distance == pytest.approx(each, abs=TINY)
    assert paths.grow_nearest(roots).distance == pytest.approx(each.min(axis=0), abs=TINY)


@settings(max_examples=40, deadline=None)
@given(arcs(), st.integers(0, NODES - 1), st.integers(0, 9))
def test_a_limit_leaves_out_what_is_farther(a: Arcs, root: int, limit: int) -> None:
    """With a limit nodes farther than it are not reached, and the others are as far as without."""
    free = relaxed(a, root)
    found = Star(a.tail, a.head, NODES).weighted(a.weight).grow(root, limit=limit + 0.5).distance
    assert found == pytest.approx(np.where(free <= limit + 0.5, free, np.inf), abs=TINY)


@settings(max_examples=40, deadline=None)
@given(arcs(), st.data())
def test_layers_make_a_path_pass_what_it_must(a: Arcs, data: st.DataObject) -> None:
    """In two layers the distance above is that over one of the arcs marked."""
    marked = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(a.tail), max_size=len(a.tail))), np.int64
    )
    up = np.stack([marked, np.zeros_like(marked)])
    position, tail, head = in_layers(a.tail, a.head, NODES, up)
    found = Star(tail, head, 2 * NODES).weighted(a.weight[position]).grow(0).distance[NODES:]
    over = [
        relaxed(a, 0)[a.tail[i]] + a.weight[i] + relaxed(a, int(a.head[i])) for i in np.flatnonzero(marked)
    ]
    assert found == pytest.approx(np.min([np.full(NODES, np.inf), *over], axis=0), abs=TINY)


def test_of_parallel_links_the_cheapest_counts() -> None:
    """Two links of a chain between the same places cost what the cheaper one costs, not their sum."""
    ends = np.array([0, 0]), np.array([1, 1])
    cost = least_costs(2, *ends, np.array([5.0, 3.0]), np.array([0]), np.array([1]))
    assert cost.tolist() == [[3.0]]
