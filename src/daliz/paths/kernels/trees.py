"""Find shortest-path trees, compiled: a four-ary heap when cold, the order of the last tree when warm."""

from __future__ import annotations

import numba as nb
import numpy as np

NONE = np.uint32(0xFFFFFFFF)
"""No link leads here."""
DONE = np.uint32(0xFFFFFFFE)
"""Place of a node that has left the heap for good."""
_u = nb.uint32
_U1 = nb.uint32[::1]
_F1 = nb.float64[::1]


@nb.njit(nb.void(_U1, _U1, _F1, _u, _u), cache=True, nogil=True, error_model="numpy")
def _sift_up(heap: np.ndarray, place: np.ndarray, dist: np.ndarray, i: int, node: int) -> None:
    d = dist[node]
    while i > 0:
        up = _u((i - _u(1)) >> _u(2))
        other = heap[up]
        if dist[other] <= d:
            break
        heap[i] = other
        place[other] = i
        i = up
    heap[i] = node
    place[node] = i


@nb.njit(nb.void(_U1, _U1, _F1, _u, _u), cache=True, nogil=True, error_model="numpy")
def _sift_down(heap: np.ndarray, place: np.ndarray, dist: np.ndarray, size: int, node: int) -> None:
    i = _u(0)
    d = dist[node]
    while True:
        child = _u((i << _u(2)) + _u(1))
        if child >= size:
            break
        best = child
        least = dist[heap[child]]
        for j in range(child + _u(1), min(child + _u(4), size)):
            value = dist[heap[j]]
            if value < least:
                least = value
                best = _u(j)
        if least >= d:
            break
        other = heap[best]
        heap[i] = other
        place[other] = i
        i = best
    heap[i] = node
    place[node] = i


@nb.njit(
    nb.uint32(_U1, _U1, _F1, _u, _u, _F1, _U1, _U1, _U1, _U1), cache=True, nogil=True, error_model="numpy"
)
def dijkstra(
    start: np.ndarray,
    head: np.ndarray,
    cost: np.ndarray,
    origin: int,
    first_through: int,
    dist: np.ndarray,
    pred: np.ndarray,
    order: np.ndarray,
    heap: np.ndarray,
    place: np.ndarray,
) -> int:
    """Grow the tree of one origin; write distances, links of entry and the order of settling, return its length."""
    dist[:] = np.inf
    pred[:] = NONE
    place[:] = NONE
    dist[origin] = 0.0
    heap[0] = origin
    place[origin] = 0
    size = _u(1)
    settled = _u(0)
    while size > 0:
        node = heap[0]
        size = _u(size - _u(1))
        if size > 0:
            _sift_down(heap, place, dist, size, heap[size])
        order[settled] = node
        place[node] = DONE
        settled = _u(settled + _u(1))
        if node < first_through and node != origin:
            continue
        d = dist[node]
        for a in range(start[node], start[node + _u(1)]):
            to = head[a]
            value = d + cost[a]
            if value < dist[to]:
                known = pred[to] != NONE
                dist[to] = value
                pred[to] = a
                if known:
                    _sift_up(heap, place, dist, place[to], to)
                else:
                    size = _u(size + _u(1))
                    _sift_up(heap, place, dist, _u(size - _u(1)), to)
            elif value == dist[to] and value < np.inf and a < pred[to] and place[to] != DONE:
                # of equal entries the first arc counts, so that a tree does not hang on how it was grown
                pred[to] = a
    return settled


@nb.njit(
    nb.boolean(_U1, _U1, _F1, _u, _u, _F1, _U1, _U1, _u, _U1, _U1),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def regrow(
    start: np.ndarray,
    head: np.ndarray,
    cost: np.ndarray,
    origin: int,
    first_through: int,
    dist: np.ndarray,
    pred: np.ndarray,
    order: np.ndarray,
    settled: int,
    queue: np.ndarray,
    place: np.ndarray,
) -> bool:
    """Grow the tree again by scanning nodes in the order of the last one; give up (False) after too many rescans."""
    dist[:] = np.inf
    pred[:] = NONE
    place[:] = 0
    dist[origin] = 0.0
    size = nb.uint64(dist.shape[0])
    front = nb.uint64(0)
    back = nb.uint64(0)
    limit = nb.uint64(8 + (settled >> _u(3)))
    for i in range(settled):
        node = order[i]
        place[node] = 1
        if node < first_through and node != origin:
            continue
        d = dist[node]
        for a in range(start[node], start[node + _u(1)]):
            to = head[a]
            value = d + cost[a]
            if value < dist[to]:
                dist[to] = value
                pred[to] = a
                if place[to] == 1:
                    place[to] = 2
                    queue[back % size] = to
                    back += nb.uint64(1)
    while front < back:
        if back > limit:
            return False
        node = queue[front % size]
        front += nb.uint64(1)
        place[node] = 1
        if node < first_through and node != origin:
            continue
        d = dist[node]
        for a in range(start[node], start[node + _u(1)]):
            to = head[a]
            value = d + cost[a]
            if value < dist[to]:
                dist[to] = value
                pred[to] = a
                if place[to] == 1:
                    place[to] = 2
                    queue[back % size] = to
                    back += nb.uint64(1)
    return True


@nb.njit(
    nb.uint32(
        _U1,
        _U1,
        nb.float64[:, ::1],
        _U1,
        _U1,
        _u,
        nb.float64[:, ::1],
        nb.uint32[:, ::1],
        nb.uint32[:, ::1],
        _U1,
        nb.boolean,
        _u,
        _u,
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def grow(
    start: np.ndarray,
    head: np.ndarray,
    cost: np.ndarray,
    origin: np.ndarray,
    group: np.ndarray,
    first_through: int,
    dist: np.ndarray,
    pred: np.ndarray,
    order: np.ndarray,
    settled: np.ndarray,
    warm: bool,
    low: int,
    high: int,
) -> int:
    """Grow the trees low to high, each at the costs of its class; return how many fell back to the heap."""
    nodes = dist.shape[1]
    heap = np.empty(nodes, np.uint32)
    place = np.empty(nodes, np.uint32)
    cold = _u(0)
    for r in range(low, high):
        done = False
        if warm and settled[r] > 0:
            done = regrow(
                start,
                head,
                cost[group[r]],
                origin[r],
                first_through,
                dist[r],
                pred[r],
                order[r],
                settled[r],
                heap,
                place,
            )
        if not done:
            cold = _u(cold + _u(1))
            settled[r] = dijkstra(
                start, head, cost[group[r]], origin[r], first_through, dist[r], pred[r], order[r], heap, place
            )
    return cold
