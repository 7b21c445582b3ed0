"""List what routes load and wait for, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, error_model="numpy")
def entries(
    begin: np.ndarray,
    arcs: np.ndarray,
    cargo: np.ndarray,
    arc_first: np.ndarray,
    arc_at: np.ndarray,
    arc_bears: np.ndarray,
    arc_waits: np.ndarray,
    loads: np.ndarray,
    admits: np.ndarray,
) -> tuple:
    """List by route which capacities it loads and waits for: where entries begin, capacity, load, wait.

    `arc_first`, `arc_at`, `arc_bears` and `arc_waits` list the same by arc, as counts.
    """
    count = loads.shape[1]
    bears = np.zeros(count)
    waits = np.zeros(count)
    seen = np.zeros(count, np.int64)
    on = np.empty(count, np.int64)
    first = np.empty(begin.shape[0], np.int64)
    first[0] = 0
    at = np.empty(8 * begin.shape[0], np.int32)
    load = np.empty(at.shape[0])
    wait = np.empty(at.shape[0])
    used = 0
    for r in range(begin.shape[0] - 1):
        n = 0
        for i in range(begin[r], begin[r + 1]):
            a = arcs[i]
            for j in range(arc_first[a], arc_first[a + 1]):
                e = arc_at[j]
                if seen[e] != r + 1:
                    seen[e] = r + 1
                    bears[e] = 0.0
                    waits[e] = 0.0
                    on[n] = e
                    n += 1
                bears[e] += arc_bears[j]
                waits[e] += arc_waits[j]
        if used + n > at.shape[0]:
            size = 2 * (used + n)
            more_at, more_load, more_wait = np.empty(size, np.int32), np.empty(size), np.empty(size)
            more_at[:used], more_load[:used], more_wait[:used] = at[:used], load[:used], wait[:used]
            at, load, wait = more_at, more_load, more_wait
        c = cargo[r]
        for i in range(n):
            e = on[i]
            if admits[c, e]:
                at[used] = e
                load[used] = bears[e] * loads[c, e]
                wait[used] = waits[e]
                used += 1
        first[r + 1] = used
    return first, at[:used].copy(), load[:used].copy(), wait[:used].copy()
