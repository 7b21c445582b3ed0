"""Count, copy and compare the arcs of routes that lie one after the other, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, error_model="numpy")
def path_sizes(
    pairs: np.ndarray,
    first: np.ndarray,
    begin: np.ndarray,
    arcs: np.ndarray,
    km: np.ndarray,
    size: np.ndarray,
) -> None:
    """Write the path size of each route of some pairs: the mean over its km of one over the pair's routes there."""
    count = np.zeros(km.shape[0], np.int64)
    for q in range(pairs.shape[0]):
        k = pairs[q]
        low = begin[first[k]]
        high = begin[first[k + 1]]
        for i in range(low, high):
            count[arcs[i]] += 1
        for r in range(first[k], first[k + 1]):
            total = 0.0
            shared = 0.0
            for i in range(begin[r], begin[r + 1]):
                total += km[arcs[i]]
                shared += km[arcs[i]] / count[arcs[i]]
            size[r] = shared / total if total > 0.0 else 1.0
        for i in range(low, high):
            count[arcs[i]] = 0


@nb.njit(cache=True, nogil=True, error_model="numpy")
def rows_of(begin: np.ndarray, arcs: np.ndarray, rows: np.ndarray) -> tuple:
    """Copy some routes: where each begins, and their arcs."""
    out_begin = np.empty(rows.shape[0] + 1, np.int64)
    out_begin[0] = 0
    for i in range(rows.shape[0]):
        out_begin[i + 1] = out_begin[i] + begin[rows[i] + 1] - begin[rows[i]]
    out = np.empty(out_begin[-1], arcs.dtype)
    for i in range(rows.shape[0]):
        b = begin[rows[i]]
        o = out_begin[i]
        for j in range(begin[rows[i] + 1] - b):
            out[o + j] = arcs[b + j]
    return out_begin, out


@nb.njit(cache=True, nogil=True, error_model="numpy")
def sums_of(
    rows: np.ndarray,
    begin: np.ndarray,
    arcs: np.ndarray,
    group: np.ndarray,
    values: np.ndarray,
    sums: np.ndarray,
) -> None:
    """Sum values of shape (groups, arcs, columns) over the arcs of some routes into `sums`, shape (routes, columns)."""
    columns = values.shape[2]
    for q in range(rows.shape[0]):
        r = rows[q]
        g = group[q]
        sums[r, :] = 0.0
        for i in range(begin[r], begin[r + 1]):
            for c in range(columns):
                sums[r, c] += values[g, arcs[i], c]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def marks_of(begin: np.ndarray, arcs: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Compute a fingerprint of each route: the sum of random numbers that stand for its arcs."""
    mark = np.zeros(begin.shape[0] - 1, np.uint64)
    for r in range(mark.shape[0]):
        for i in range(begin[r], begin[r + 1]):
            mark[r] += sign[arcs[i]]
    return mark


@nb.njit(cache=True, nogil=True, error_model="numpy")
def any_on(begin: np.ndarray, arcs: np.ndarray, flag: np.ndarray) -> np.ndarray:
    """Find which routes use any of the arcs flagged."""
    found = np.zeros(begin.shape[0] - 1, np.bool_)
    for r in range(found.shape[0]):
        for i in range(begin[r], begin[r + 1]):
            if flag[arcs[i]]:
                found[r] = True
                break
    return found


@nb.njit(cache=True, nogil=True, error_model="numpy")
def rows_of_two(
    begin: np.ndarray, arcs: np.ndarray, more_begin: np.ndarray, more_arcs: np.ndarray, rows: np.ndarray
) -> tuple:
    """Copy some routes of two sets, those of the second numbered behind those of the first."""
    count = begin.shape[0] - 1
    out_begin = np.empty(rows.shape[0] + 1, np.int64)
    out_begin[0] = 0
    for i in range(rows.shape[0]):
        r = rows[i]
        n = begin[r + 1] - begin[r] if r < count else more_begin[r - count + 1] - more_begin[r - count]
        out_begin[i + 1] = out_begin[i] + n
    out = np.empty(out_begin[-1], arcs.dtype)
    for i in range(rows.shape[0]):
        r = rows[i]
        o = out_begin[i]
        if r < count:
            for j in range(begin[r + 1] - begin[r]):
                out[o + j] = arcs[begin[r] + j]
        else:
            b = more_begin[r - count]
            for j in range(more_begin[r - count + 1] - b):
                out[o + j] = more_arcs[b + j]
    return out_begin, out
