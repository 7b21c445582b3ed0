"""Mend shortest-path trees after the costs of some arcs changed, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from daliz.paths.kernels.trees import DONE, NONE, _sift_down, _sift_up

_u = nb.uint32
_U1 = nb.uint32[::1]
_F1 = nb.float64[::1]
_B1 = nb.uint8[::1]


@nb.njit(
    nb.uint32(_U1, _U1, _U1, _U1, _U1, _U1, _F1, _U1, _U1, _F1, _U1, _U1, _u, _B1, _U1, _U1, _U1),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def repair(
    start: np.ndarray,
    head: np.ndarray,
    tail: np.ndarray,
    in_start: np.ndarray,
    in_tail: np.ndarray,
    in_arc: np.ndarray,
    cost: np.ndarray,
    raised: np.ndarray,
    lowered: np.ndarray,
    dist: np.ndarray,
    pred: np.ndarray,
    order: np.ndarray,
    settled: int,
    moved: np.ndarray,
    heap: np.ndarray,
    place: np.ndarray,
    fresh: np.ndarray,
) -> int:
    """Mend a tree in place, and return its length.

    States below an arc that became dearer lose their paths and are reached anew from the others; arcs that became
    cheaper pull states over (Ramalingam and Reps, J. Algorithms 21, 1996). `moved` marks the states whose path
    changed.

    Parameters
    ----------
    start, head, tail
        Arcs sorted by tail: first arc of each state, ends.
    in_start, in_tail, in_arc
        The same arcs by the state that they lead to: first one, tail, number among the arcs by tail.
    cost
        New costs; infinite for closed arcs.
    raised, lowered
        Arcs whose cost rose or fell.
    dist, pred, order, settled
        The tree at the old costs.
    moved, heap, place, fresh
        Room for one entry a state.
    """
    states = dist.shape[0]
    moved[:] = 0
    cut = False
    for i in range(raised.shape[0]):
        a = raised[i]
        if pred[head[a]] == a:
            moved[head[a]] = 1
            cut = True
    if not cut and lowered.shape[0] == 0:
        return settled
    place[:] = NONE
    size = _u(0)
    if cut:
        for i in range(settled):
            s = order[i]
            a = pred[s]
            if a != NONE and moved[tail[a]] == 1:
                moved[s] = 1
        for s in range(states):
            if moved[s] == 1:
                dist[s] = np.inf
                pred[s] = NONE
        for s in range(states):
            if moved[s] == 1:
                for j in range(in_start[s], in_start[s + 1]):
                    t = in_tail[j]
                    if moved[t] == 0 and dist[t] < np.inf:
                        a = in_arc[j]
                        value = dist[t] + cost[a]
                        if value < dist[s] or (value == dist[s] and value < np.inf and a < pred[s]):
                            dist[s] = value
                            pred[s] = a
                if dist[s] < np.inf:
                    size = _u(size + _u(1))
                    _sift_up(heap, place, dist, _u(size - _u(1)), _u(s))
    for i in range(lowered.shape[0]):
        a = lowered[i]
        t, s = tail[a], head[a]
        value = dist[t] + cost[a]
        if value < dist[s]:
            dist[s] = value
            pred[s] = a
            if place[s] == NONE:
                size = _u(size + _u(1))
                _sift_up(heap, place, dist, _u(size - _u(1)), s)
            else:
                _sift_up(heap, place, dist, place[s], s)
    reached = _u(0)
    while size > 0:
        node = heap[0]
        size = _u(size - _u(1))
        if size > 0:
            _sift_down(heap, place, dist, size, heap[size])
        place[node] = DONE
        moved[node] = 1
        fresh[reached] = node
        reached = _u(reached + _u(1))
        d = dist[node]
        for a in range(start[node], start[node + _u(1)]):
            to = head[a]
            value = d + cost[a]
            if value < dist[to]:
                dist[to] = value
                pred[to] = _u(a)
                if place[to] == NONE:
                    size = _u(size + _u(1))
                    _sift_up(heap, place, dist, _u(size - _u(1)), to)
                else:
                    _sift_up(heap, place, dist, place[to], to)
            elif (
                value == dist[to]
                and value < np.inf
                and a < pred[to]
                and place[to] != DONE
                and place[to] != NONE
            ):
                pred[to] = _u(a)
    kept = _u(0)
    for i in range(settled):
        s = order[i]
        if moved[s] == 0:
            order[kept] = s
            kept = _u(kept + _u(1))
    for i in range(reached):
        order[kept] = fresh[i]
        kept = _u(kept + _u(1))
    return kept


@nb.njit(cache=True, nogil=True, error_model="numpy")
def repair_all(
    start: np.ndarray,
    head: np.ndarray,
    tail: np.ndarray,
    in_start: np.ndarray,
    in_tail: np.ndarray,
    in_arc: np.ndarray,
    cost: np.ndarray,
    raised: np.ndarray,
    lowered: np.ndarray,
    dist: np.ndarray,
    pred: np.ndarray,
    order: np.ndarray,
    settled: np.ndarray,
    moved: np.ndarray,
    heap: np.ndarray,
    place: np.ndarray,
    fresh: np.ndarray,
) -> None:
    """Mend many trees in place (see `repair`)."""
    for r in range(dist.shape[0]):
        settled[r] = repair(
            start,
            head,
            tail,
            in_start,
            in_tail,
            in_arc,
            cost,
            raised,
            lowered,
            dist[r],
            pred[r],
            order[r],
            settled[r],
            moved[r],
            heap,
            place,
            fresh,
        )
