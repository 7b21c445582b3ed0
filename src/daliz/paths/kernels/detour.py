"""Find paths that beat all known routes of a pair when costs rise, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from daliz.paths.kernels.trees import DONE, NONE, _sift_down, _sift_up
from daliz.paths.kernels.via import returns

_u = nb.uint32
GAIN = 1e-9
"""Relative gain below which a path is none."""


@nb.njit(cache=True, nogil=True, error_model="numpy")
def detours(
    pairs: np.ndarray,
    origin: np.ndarray,
    goal: np.ndarray,
    behind: np.ndarray,
    first: np.ndarray,
    begin: np.ndarray,
    arcs: np.ndarray,
    start: np.ndarray,
    head: np.ndarray,
    tail: np.ndarray,
    number: np.ndarray,
    place: np.ndarray,
    pass_first: np.ndarray,
    passes: np.ndarray,
    cost: np.ndarray,
    cost_of: np.ndarray,
    rest: np.ndarray,
) -> tuple:
    """Find for each pair the best path at some costs, if it is better than all known routes: number of arcs, arcs.

    The search is A* (Hart, Nilsson and Raphael 1968) with the distances to the goal at lower costs, `rest[behind[k]]`,
    and goes no farther than the best known route. A path that comes to a place twice is left out.

    Parameters
    ----------
    pairs, origin, goal, behind
        Pairs as rows of `first`, states of their ends, and the row of `rest` of their goal.
    first, begin, arcs
        Known routes, in arcs of the graph.
    start, head, tail, number, place, pass_first, passes
        Arcs by tail with their numbers in the graph, the node of each state, and the nodes that each arc passes.
    cost, cost_of
        Costs by tail, and by number in the graph.
    rest
        float64 (goals, states).
    """
    states = rest.shape[1]
    count = np.zeros(pairs.shape[0], np.int64)
    path = np.empty(64 * max(pairs.shape[0], 1), np.uint32)
    used = 0
    known = np.empty(states)
    key = np.empty(states)
    pred = np.empty(states, np.uint32)
    heap = np.empty(states, np.uint32)
    at = np.empty(states, np.uint32)
    known[:] = np.inf
    key[:] = np.inf
    at[:] = NONE
    touched = np.empty(states, np.uint32)
    seen = np.zeros(place.max() + 1, np.int64)
    for q in range(pairs.shape[0]):
        k = pairs[q]
        bound = np.inf
        for r in range(first[k], first[k + 1]):
            total = 0.0
            for i in range(begin[r], begin[r + 1]):
                total += cost_of[arcs[i]]
            bound = min(bound, total)
        h = rest[behind[q]]
        s = origin[q]
        bound *= 1.0 - GAIN
        if not h[s] < bound:
            continue
        known[s] = 0.0
        key[s] = h[s]
        pred[s] = NONE
        heap[0] = s
        at[s] = 0
        touched[0] = s
        reached = 1
        size = _u(1)
        found = False
        while size > 0:
            node = heap[0]
            size = _u(size - _u(1))
            if size > 0:
                _sift_down(heap, at, key, size, heap[size])
            at[node] = DONE
            if node == goal[q]:
                found = True
                break
            d = known[node]
            for a in range(start[node], start[node + _u(1)]):
                to = head[a]
                value = d + cost[a]
                if not value + h[to] < bound:
                    continue
                if value < known[to]:
                    if known[to] == np.inf:
                        touched[reached] = to
                        reached += 1
                    known[to] = value
                    key[to] = value + h[to]
                    pred[to] = _u(a)
                    if at[to] == NONE or at[to] == DONE:
                        size = _u(size + _u(1))
                        _sift_up(heap, at, key, _u(size - _u(1)), to)
                    else:
                        _sift_up(heap, at, key, at[to], to)
                elif value == known[to] and a < pred[to] and at[to] != DONE:
                    pred[to] = _u(a)
        if found:
            n = 0
            s = goal[q]
            while pred[s] != NONE:
                if used + n == path.shape[0]:
                    more = np.empty(2 * path.shape[0], np.uint32)
                    more[: used + n] = path[: used + n]
                    path = more
                path[used + n] = pred[s]
                n += 1
                s = tail[pred[s]]
            for i in range(n // 2):
                path[used + i], path[used + n - 1 - i] = path[used + n - 1 - i], path[used + i]
            if not returns(path[used : used + n], n, pass_first, passes, seen, q + 1):
                for i in range(n):
                    path[used + i] = number[path[used + i]]
                count[q] = n
                used += n
        for i in range(reached):
            known[touched[i]] = np.inf
            key[touched[i]] = np.inf
            at[touched[i]] = NONE
    return count, path[:used].copy()
