"""Add shortest paths as columns and shift flow between paths, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from daliz.paths.kernels.delays import area, delay
from daliz.paths.kernels.trees import NONE

V, T, D = 0, 1, 2
"""Columns of the state of a link: volume, delay (or marginal delay), its derivative."""
_u = nb.uint32
_U1 = nb.uint32[::1]
_F1 = nb.float64[::1]
_F2 = nb.float64[:, ::1]
_K1 = nb.uint8[::1]
_I1 = nb.int64[::1]


@nb.njit(nb.void(_F2, _K1, _F2, nb.boolean, _u), cache=True, nogil=True, error_model="numpy")
def refresh(link: np.ndarray, kind: np.ndarray, form: np.ndarray, marginal: bool, a: int) -> None:
    """Compute delay and derivative of one link at its volume; marginal delays t + v t' for the system optimum."""
    v = link[a, V]
    v = max(v, 0.0)
    t, d, d2 = delay(kind[a], v, form[a, 0], form[a, 1], form[a, 2], form[a, 3])
    if marginal:
        link[a, T] = t + v * d
        link[a, D] = 2.0 * d + v * d2
    else:
        link[a, T] = t
        link[a, D] = d


@nb.njit(nb.void(_F2, _K1, _F2, nb.boolean), cache=True, nogil=True, error_model="numpy")
def refresh_all(link: np.ndarray, kind: np.ndarray, form: np.ndarray, marginal: bool) -> None:
    """Compute the delays of all links at their volumes."""
    for a in range(link.shape[0]):
        refresh(link, kind, form, marginal, _u(a))


@nb.njit(nb.void(_F1, _U1, _I1, _F1), cache=True, nogil=True, error_model="numpy")
def load(volume: np.ndarray, links: np.ndarray, begin: np.ndarray, flow: np.ndarray) -> None:
    """Add the flows of paths to the volumes of links."""
    for p in range(flow.shape[0]):
        f = flow[p]
        if f > 0.0:
            for i in range(begin[p], begin[p + 1]):
                volume[links[i]] += f


_STORE = nb.types.Tuple((_I1, _I1, _U1, _F1, _F1, nb.float64, nb.float64, nb.int64))


@nb.njit(
    _STORE(_U1, _U1, _U1, _F1, _U1, _F2, _F2, nb.uint32[:, ::1], _F2, _I1, _I1, _U1, _F1, _F1, nb.boolean),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def extend(
    tail: np.ndarray,
    tree: np.ndarray,
    target: np.ndarray,
    demand: np.ndarray,
    group: np.ndarray,
    fixed: np.ndarray,
    dist: np.ndarray,
    pred: np.ndarray,
    link: np.ndarray,
    first: np.ndarray,
    begin: np.ndarray,
    links: np.ndarray,
    flow: np.ndarray,
    toll: np.ndarray,
    fill: bool,
) -> tuple:
    """Add the shortest path of each pair where it is new, drop paths without flow, measure the exact gap.

    Returns the new store (first path of each pair, first link of each path, links, flows, fixed costs),
    the excess sum f (c - c_min), the total sum f c and the number of columns added. With `fill` the
    demand that has no path yet goes on the new one.
    """
    pairs = demand.shape[0]
    old_paths = flow.shape[0]
    # a first pass decides what stays and what comes, a second one copies
    new_first = np.empty(pairs + 1, np.int64)
    stays = np.zeros(old_paths, np.bool_)
    path_cost = np.empty(old_paths, np.float64)
    comes = np.zeros(pairs, np.bool_)
    length = np.zeros(pairs, np.int64)
    excess = 0.0
    total = 0.0
    count = 0
    size = 0
    added = 0
    for k in range(pairs):
        new_first[k] = count
        least = dist[tree[k], target[k]]
        cheapest = np.inf
        for p in range(first[k], first[k + 1]):
            c = toll[p]
            for i in range(begin[p], begin[p + 1]):
                c += link[links[i], T]
            path_cost[p] = c
            cheapest = min(cheapest, c)
        # the sums run in different orders, so a path known already can seem longer by rounding
        least = min(least, cheapest)
        for p in range(first[k], first[k + 1]):
            c = path_cost[p]
            excess += flow[p] * (c - least)
            total += flow[p] * c
            if flow[p] > 0.0 or c <= cheapest:
                stays[p] = True
                count += 1
                size += begin[p + 1] - begin[p]
        if cheapest - least > 1e-15 * cheapest or (fill and first[k] == first[k + 1] and least < np.inf):
            node = target[k]
            steps = 0
            while pred[tree[k], node] != NONE:
                node = tail[pred[tree[k], node]]
                steps += 1
            known = False
            for p in range(first[k], first[k + 1]):
                if begin[p + 1] - begin[p] == steps and not known:
                    node = target[k]
                    i = begin[p + 1]
                    same = True
                    while pred[tree[k], node] != NONE and same:
                        i -= 1
                        same = links[i] == pred[tree[k], node]
                        node = tail[pred[tree[k], node]]
                    known = same
            if not known:
                comes[k] = True
                length[k] = steps
                count += 1
                size += steps
                added += 1
    new_first[pairs] = count
    new_begin = np.empty(count + 1, np.int64)
    new_links = np.empty(size, np.uint32)
    new_flow = np.empty(count, np.float64)
    new_toll = np.empty(count, np.float64)
    q = 0
    at = 0
    for k in range(pairs):
        for p in range(first[k], first[k + 1]):
            if not stays[p]:
                continue
            new_begin[q] = at
            new_flow[q] = flow[p]
            new_toll[q] = toll[p]
            for i in range(begin[p], begin[p + 1]):
                new_links[at] = links[i]
                at += 1
            q += 1
        if comes[k]:
            new_begin[q] = at
            at += length[k]
            i = at
            node = target[k]
            cost = 0.0
            while pred[tree[k], node] != NONE:
                a = pred[tree[k], node]
                i -= 1
                new_links[i] = a
                cost += fixed[group[tree[k]], a]
                node = tail[a]
            new_toll[q] = cost
            new_flow[q] = 0.0
            if fill and first[k] == first[k + 1]:
                new_flow[q] = demand[k]
            q += 1
    new_begin[count] = at
    return new_first, new_begin, new_links, new_flow, new_toll, excess, total, added


@nb.njit(
    nb.float64(_I1, _I1, _I1, _U1, _F1, _F1, _F2, _K1, _F2, nb.boolean, _U1, _U1, nb.float64),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def sweep(
    pairs: np.ndarray,
    first: np.ndarray,
    begin: np.ndarray,
    links: np.ndarray,
    flow: np.ndarray,
    toll: np.ndarray,
    link: np.ndarray,
    kind: np.ndarray,
    form: np.ndarray,
    marginal: bool,
    mark: np.ndarray,
    stamp: np.ndarray,
    worth: float,
) -> float:
    """Shift flow towards the cheapest path of each listed pair by projected Newton steps; return the excess found.

    Pairs with an excess of `worth` or less are left as they are.

    For paths p and b with costs c_p > c_b the step is min(f_p, (c_p - c_b) / sum of derivatives over the
    links that only one of the two uses); volumes and delays follow at once (Gauss-Seidel).
    """
    excess = 0.0
    for n in range(pairs.shape[0]):
        k = pairs[n]
        low = first[k]
        high = first[k + 1]
        best = low
        least = np.inf
        mean = 0.0
        q = 0.0
        for p in range(low, high):
            c = toll[p]
            for i in range(begin[p], begin[p + 1]):
                c += link[links[i], T]
            mean += flow[p] * c
            q += flow[p]
            if c < least:
                least = c
                best = p
        here = mean - q * least
        excess += here
        if here <= worth:
            continue
        stamp[0] += _u(2)
        s = stamp[0]
        if s > _u(0xFFFFFFF0):
            mark[:] = 0
            stamp[0] = _u(2)
            s = _u(2)
        b_delay = 0.0
        b_slope = 0.0
        for i in range(begin[best], begin[best + 1]):
            a = links[i]
            mark[a] = s
            b_delay += link[a, T]
            b_slope += link[a, D]
        for p in range(low, high):
            if p == best or (flow[p] <= 0.0 and flow[best] <= 0.0):
                continue
            own = 0.0
            slope = b_slope
            shared = 0.0
            for i in range(begin[p], begin[p + 1]):
                a = links[i]
                if mark[a] == s:
                    shared += link[a, T]
                    slope -= link[a, D]
                    mark[a] = s + _u(1)
                else:
                    own += link[a, T]
                    slope += link[a, D]
            gain = own + toll[p] - (b_delay - shared) - toll[best]
            if gain > 0.0:
                step = flow[p] if slope <= 1e-300 else min(flow[p], gain / slope)
            else:
                step = -(flow[best] if slope <= 1e-300 else min(flow[best], -gain / slope))
            if gain == 0.0 or step == 0.0:
                for i in range(begin[best], begin[best + 1]):
                    mark[links[i]] = s
                continue
            flow[p] -= step
            flow[best] += step
            flow[p] = max(flow[p], 0.0)
            for i in range(begin[p], begin[p + 1]):
                a = links[i]
                if mark[a] < s:
                    link[a, V] -= step
                    refresh(link, kind, form, marginal, a)
            b_delay = 0.0
            b_slope = 0.0
            for i in range(begin[best], begin[best + 1]):
                a = links[i]
                if mark[a] == s:
                    link[a, V] += step
                    refresh(link, kind, form, marginal, a)
                mark[a] = s
                b_delay += link[a, T]
                b_slope += link[a, D]
    return excess


@nb.njit(nb.void(_F2, _F2, _F2, _K1, _F2, nb.boolean), cache=True, nogil=True, error_model="numpy")
def merge(
    link: np.ndarray, one: np.ndarray, other: np.ndarray, kind: np.ndarray, form: np.ndarray, marginal: bool
) -> None:
    """Add to the volumes of links what two lanes have changed on their copies; give all three the same delays."""
    for a in range(link.shape[0]):
        v = link[a, V]
        if one[a, V] != v or other[a, V] != v:
            link[a, V] = one[a, V] + (other[a, V] - v)
            refresh(link, kind, form, marginal, _u(a))
            for i in range(3):
                one[a, i] = link[a, i]
                other[a, i] = link[a, i]


@nb.njit(nb.float64(_F2, _K1, _F2, _F1, _F1), cache=True, nogil=True, error_model="numpy")
def beckmann(
    link: np.ndarray, kind: np.ndarray, form: np.ndarray, flow: np.ndarray, toll: np.ndarray
) -> float:
    """Compute the objective of user equilibrium: areas under the delays plus flow times fixed cost [4]_.

    References
    ----------
    .. [4] M. Beckmann, C. McGuire, C. Winsten, Studies in the Economics of Transportation, 1956.
    """
    total = 0.0
    for a in range(link.shape[0]):
        total += area(kind[a], max(link[a, V], 0.0), form[a, 0], form[a, 1], form[a, 2], form[a, 3])
    for p in range(flow.shape[0]):
        total += flow[p] * toll[p]
    return total
