"""Find the best different ways of each corridor through single states, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from daliz.paths.kernels.trees import NONE

_u = nb.uint32
_U1 = nb.uint32[::1]
_F1 = nb.float64[::1]
_F2 = nb.float64[:, ::1]
MODES = 5
KEPT = 24
"""Ways of a corridor that are looked at, in the order of cost."""


@nb.njit(
    nb.void(_U1, _U1, _u, _U1, _F2, _U1, _F2, _U1),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def gather(
    tail: np.ndarray,
    pred: np.ndarray,
    settled: int,
    order: np.ndarray,
    arc_km: np.ndarray,
    arc_bits: np.ndarray,
    km: np.ndarray,
    bits: np.ndarray,
) -> None:
    """Sum km by mode and join the marks of arcs along a tree, state by state in the order of settling."""
    for i in range(settled):
        s = order[i]
        a = pred[s]
        if a == NONE:
            km[s, :] = 0.0
            bits[s] = 0
            continue
        t = tail[a]
        for m in range(MODES):
            km[s, m] = km[t, m] + arc_km[a, m]
        bits[s] = bits[t] | arc_bits[a]


@nb.njit(
    nb.int64(_F1, _F1, _u, nb.uint32[::1], nb.uint32[::1], nb.int64[::1]),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def corridor(
    out: np.ndarray, back: np.ndarray, bits: int, need: np.ndarray, bar: np.ndarray, main: np.ndarray
) -> int:
    """Give the first corridor that a way satisfies, -1 for none."""
    best = 0
    most = -1.0
    for m in range(MODES):
        value = out[m] + back[m]
        if value > most:
            most = value
            best = m
    for c in range(need.shape[0]):
        if (bits & need[c]) == need[c] and (bits & bar[c]) == 0 and (main[c] < 0 or main[c] == best):
            return c
    return -1


@nb.njit(
    nb.int64(_u, _u, _u, _U1, _U1, _U1, _U1, _U1, _U1, _U1, nb.uint32[::1], nb.int64),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def trace(
    origin: int,
    state: int,
    goal: int,
    pred: np.ndarray,
    follow: np.ndarray,
    tail: np.ndarray,
    back_tail: np.ndarray,
    arc_back: np.ndarray,
    place: np.ndarray,
    seen: np.ndarray,
    way: np.ndarray,
    stamp: int,
) -> int:
    """Write the arcs of the way through a state; return their number, or -1 if it comes to a place twice."""
    n = 0
    s = state
    while s != origin:
        a = pred[s]
        way[n] = a
        n += 1
        s = tail[a]
    for i in range(n // 2):
        way[i], way[n - 1 - i] = way[n - 1 - i], way[i]
    s = state
    while s != goal:
        b = follow[s]
        way[n] = arc_back[b]
        n += 1
        s = back_tail[b]
    last = place[origin]
    seen[last] = stamp
    for i in range(1, n + 1):
        p = place[tail[way[i]]] if i < n else place[goal]
        if p != last:
            if seen[p] == stamp:
                return -1
            seen[p] = stamp
            last = p
    return n


_WAYS = nb.types.Tuple((nb.int64[::1], nb.int64[::1], nb.int64[::1], _U1))


@nb.njit(
    _WAYS(
        nb.int64[::1],
        nb.int64[::1],
        _U1,
        _U1,
        _F2,
        _F2,
        nb.uint32[:, ::1],
        nb.uint32[:, ::1],
        nb.float64[:, :, ::1],
        nb.float64[:, :, ::1],
        nb.uint32[:, ::1],
        nb.uint32[:, ::1],
        _U1,
        _U1,
        _U1,
        _U1,
        _F1,
        nb.uint32[::1],
        nb.uint32[::1],
        nb.int64[::1],
        nb.int64,
        nb.float64,
        nb.float64,
        nb.float64,
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def ways(
    ahead: np.ndarray,
    behind: np.ndarray,
    origin: np.ndarray,
    goal: np.ndarray,
    out: np.ndarray,
    back: np.ndarray,
    pred: np.ndarray,
    follow: np.ndarray,
    out_km: np.ndarray,
    back_km: np.ndarray,
    out_bits: np.ndarray,
    back_bits: np.ndarray,
    tail: np.ndarray,
    back_tail: np.ndarray,
    arc_back: np.ndarray,
    place: np.ndarray,
    arc_length: np.ndarray,
    need: np.ndarray,
    bar: np.ndarray,
    main: np.ndarray,
    most: int,
    shared: float,
    stretch: float,
    limit: float,
) -> tuple:
    """Give up to `most` ways in each corridor for each pair: pair, corridor, number of arcs, and the arcs one after the other.

    Pair k grows from tree `ahead[k]` and to tree `behind[k]`. A further way of a corridor costs at most
    `stretch` times its best and shares at most the share `shared` of its km with each one kept; the best
    of a corridor costs at most `limit` times the best of all.
    """
    pairs = ahead.shape[0]
    states = out.shape[1]
    corridors = need.shape[0] + 1
    pair_of = np.empty(pairs * corridors * most, np.int64)
    corridor_of = np.empty(pairs * corridors * most, np.int64)
    count_of = np.empty(pairs * corridors * most, np.int64)
    arcs = np.empty(1024, np.uint32)
    used = 0
    found = 0
    cost = np.empty((corridors, KEPT))
    via = np.empty((corridors, KEPT), np.uint32)
    size = np.empty(corridors, np.int64)
    way = np.empty(2 * states, np.uint32)
    seen = np.zeros(states, np.uint32)
    stamp = _u(0)
    mark = np.zeros(tail.shape[0], np.uint32)
    for k in range(pairs):
        f = ahead[k]
        b = behind[k]
        best = out[f, goal[b]]
        if not best < np.inf:
            continue
        size[:] = 0
        for s in range(states):
            total = out[f, s] + back[b, s]
            if not total <= limit * best:
                continue
            c = corridor(out_km[f, s], back_km[b, s], out_bits[f, s] | back_bits[b, s], need, bar, main)
            c = corridors - 1 if c < 0 else c
            n = size[c]
            if n == KEPT and total >= cost[c, KEPT - 1]:
                continue
            i = n if n < KEPT else KEPT - 1
            while i > 0 and cost[c, i - 1] > total:
                i -= 1
            if i > 0 and total - cost[c, i - 1] <= 1e-9 * total:
                continue
            if i < n and cost[c, i] - total <= 1e-9 * total:
                continue
            for j in range(min(n, KEPT - 1), i, -1):
                cost[c, j] = cost[c, j - 1]
                via[c, j] = via[c, j - 1]
            cost[c, i] = total
            via[c, i] = s
            size[c] = min(n + 1, KEPT)
        for c in range(corridors):
            kept = 0
            first = used
            least = np.inf
            for i in range(size[c]):
                if kept == most or cost[c, i] > stretch * least:
                    break
                stamp = _u(stamp + _u(1))
                n = trace(
                    origin[f],
                    via[c, i],
                    goal[b],
                    pred[f],
                    follow[b],
                    tail,
                    back_tail,
                    arc_back,
                    place,
                    seen,
                    way,
                    stamp,
                )
                if n < 0:
                    continue
                length = 0.0
                for j in range(n):
                    mark[way[j]] = stamp
                    length += arc_length[way[j]]
                near = False
                at = first
                for r in range(found - kept, found):
                    common = 0.0
                    other = 0.0
                    for j in range(at, at + count_of[r]):
                        other += arc_length[arcs[j]]
                        if mark[arcs[j]] == stamp:
                            common += arc_length[arcs[j]]
                    at += count_of[r]
                    if common > shared * min(length, other):
                        near = True
                        break
                if near:
                    continue
                if used + n > arcs.shape[0]:
                    more = np.empty(2 * (used + n), np.uint32)
                    more[:used] = arcs[:used]
                    arcs = more
                arcs[used : used + n] = way[:n]
                used += n
                pair_of[found] = k
                corridor_of[found] = c if c < corridors - 1 else -1
                count_of[found] = n
                found += 1
                kept += 1
                least = min(least, cost[c, i])
    return pair_of[:found].copy(), corridor_of[:found].copy(), count_of[:found].copy(), arcs[:used].copy()


@nb.njit(
    nb.float64[::1](nb.int64[::1], nb.int64[::1], nb.int64[::1], _F1),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def path_sizes(first: np.ndarray, begin: np.ndarray, arcs: np.ndarray, km: np.ndarray) -> np.ndarray:
    """Give the path size of each route: the mean over its km of one over the number of the pair's routes there."""
    size = np.ones(begin.shape[0] - 1)
    count = np.zeros(km.shape[0], np.int64)
    for k in range(first.shape[0] - 1):
        for i in range(begin[first[k]], begin[first[k + 1]]):
            count[arcs[i]] += 1
        for r in range(first[k], first[k + 1]):
            total = 0.0
            shared = 0.0
            for i in range(begin[r], begin[r + 1]):
                total += km[arcs[i]]
                shared += km[arcs[i]] / count[arcs[i]]
            if total > 0.0:
                size[r] = shared / total
        for i in range(begin[first[k]], begin[first[k + 1]]):
            count[arcs[i]] = 0
    return size
