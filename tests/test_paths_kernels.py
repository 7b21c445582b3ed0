"""Hold the compiled loops to their bounds, and mended trees and route sets to those made from nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.paths.kernels import repair, trees
from small_networks import many_mode_network

RUN = """
import daliz, sys
sys.path.insert(0, {tests!r})
from small_networks import many_mode_network
network, demand = many_mode_network({modes})
flows = daliz.assign(network, demand)
assert flows.converged
flows = daliz.assign_model(flows.model.under(daliz.Shock(close=("link:m0-0",))))
for method in ("due", "so"):
    daliz.assign(network, demand, method=method)
print(sorted({{c["corridor"] for c in flows.corridors() if c["kt"] > 0}}))
"""
BEYOND = """
import numpy
from daliz.paths.kernels import route_arcs
route_arcs.marks_of(numpy.array([0, 1]), numpy.array([5], numpy.uint32), numpy.ones(2, numpy.uint64))
"""


def checked(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run code with bounds checking, in a cache of its own, since a warm one makes the switch do nothing."""
    env = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(folder)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)  # noqa: S603


def test_a_read_beyond_the_end_raises(tmp_path: Path) -> None:
    """The switch works: a loop of ours that is made to read beyond its array ends with an error."""
    assert "IndexError" in checked(BEYOND, tmp_path).stderr


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("numba")


@pytest.mark.parametrize("modes", [1, 3, 6])
def test_loops_stay_within_their_arrays(modes: int, cache: Path) -> None:
    """Assignments of networks of one to six modes read and write no place beyond their arrays."""
    done = checked(RUN.format(tests=str(Path(__file__).parent), modes=modes), cache)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("modes", range(1, 7))
def test_routes_of_any_number_of_modes_have_their_corridor(modes: int) -> None:
    """Each route belongs to the corridor of the mode with most of its km, however many modes there are."""
    network, demand = many_mode_network(modes)
    model = daliz.Model(network, demand)
    links, routes = network.table("links"), model.plain
    ids = model.ground.corridors.ids
    for r in range(len(routes)):
        km: dict[str, float] = {}
        for a in routes.arcs[routes.begin[r] : routes.begin[r + 1]]:
            for link, _ in model.ground.arcs[a].links:
                mode = str(links["mode"][link])
                km[mode] = km.get(mode, 0.0) + float(links["length_km"][link])
        assert ids[routes.corridor[r]] == f"by-{max(km, key=lambda m: km[m])}"
    assert len(set(routes.corridor.tolist())) == modes


@given(st.integers(0, 10_000))
@settings(max_examples=150, deadline=None)
def test_a_mended_tree_is_the_tree_grown_from_nothing(seed: int) -> None:
    """After any costs rose, fell or became infinite, distances and entering arcs are those of Dijkstra's method."""
    rng = np.random.default_rng(seed)
    nodes, links = int(rng.integers(2, 12)), int(rng.integers(1, 40))
    tail = np.sort(rng.integers(0, nodes, links)).astype(np.uint32)
    head = rng.integers(0, nodes, links).astype(np.uint32)
    cost = rng.integers(1, 6, links).astype(np.float64)
    every = np.arange(nodes + 1)
    start = np.searchsorted(tail, every).astype(np.uint32)
    by_head = np.argsort(head, kind="stable").astype(np.uint32)
    in_start = np.searchsorted(head[by_head], every).astype(np.uint32)
    after = cost.copy()
    some = rng.random(links) < 0.3
    after[some] = rng.choice([0.5, 2.0, 4.0, 9.0, np.inf], int(some.sum()))

    def grown(weight: np.ndarray) -> list[np.ndarray]:
        tree = [
            np.empty((1, nodes)),
            *(np.empty((1, nodes), np.uint32) for _ in range(2)),
            np.zeros(1, np.uint32),
        ]
        one = np.zeros(1, np.uint32)
        trees.grow(start, head, weight[None].copy(), one, one, 0, *tree, False, 0, 1)
        return tree

    dist, pred, order, settled = grown(cost)
    raised, lowered = (np.flatnonzero(x).astype(np.uint32) for x in (after > cost, after < cost))
    moved = np.zeros((1, nodes), np.uint8)
    room = np.empty((3, nodes), np.uint32)
    ends = (start, head, tail, in_start, tail[by_head], by_head)
    repair.repair_all(*ends, after, raised, lowered, dist, pred, order, settled, moved, *room)
    new = grown(after)
    np.testing.assert_array_equal(dist, new[0])
    assert settled[0] == new[3][0]
    reached = np.isfinite(dist[0])
    for s in np.flatnonzero(reached):
        a = pred[0, s]
        if s:
            assert dist[0, s] == dist[0, tail[a]] + after[a]
