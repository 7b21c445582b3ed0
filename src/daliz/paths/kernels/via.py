"""Find good and different alternatives through single states for very many pairs, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from daliz.paths.kernels.trees import NONE

_u = nb.uint32
SAME = 1e-9
"""Relative difference of costs below which two alternatives through states are one."""


@nb.njit(cache=True, nogil=True, error_model="numpy")
def gather(
    tail: np.ndarray,
    pred: np.ndarray,
    settled: int,
    order: np.ndarray,
    arc_km: np.ndarray,
    arc_bits: np.ndarray,
    place: np.ndarray,
    km: np.ndarray,
    bits: np.ndarray,
    before: np.ndarray,
    step: np.ndarray,
) -> None:
    """Sum km by mode and join marks along a tree, and note the last place and the last state before each state."""
    modes = km.shape[0]
    step[:] = 0
    for i in range(settled):
        s = order[i]
        a = pred[s]
        if a == NONE:
            for m in range(modes):
                km[m, s] = np.float32(0.0)
            bits[s] = 0
            before[s] = NONE
            step[s] = s
            continue
        t = tail[a]
        step[s] = t
        for m in range(modes):
            km[m, s] = km[m, t] + arc_km[a, m]
        bits[s] = bits[t] | arc_bits[a]
        before[s] = place[t] if place[t] != place[s] else before[t]


@nb.njit(cache=True, nogil=True, error_model="numpy")
def gather_all(
    rows: np.ndarray,
    tail: np.ndarray,
    pred: np.ndarray,
    settled: np.ndarray,
    order: np.ndarray,
    arc_km: np.ndarray,
    arc_bits: np.ndarray,
    place: np.ndarray,
    km: np.ndarray,
    bits: np.ndarray,
    before: np.ndarray,
    step: np.ndarray,
) -> None:
    """Sum km and join marks along some trees (see `gather`)."""
    for i in range(rows.shape[0]):
        r = rows[i]
        gather(
            tail, pred[r], settled[r], order[r], arc_km, arc_bits, place, km[r], bits[r], before[r], step[r]
        )


@nb.njit(cache=True, nogil=True, error_model="numpy")
def corridors_of(
    f: int,
    b: int,
    out_km: np.ndarray,
    back_km: np.ndarray,
    out_bits: np.ndarray,
    back_bits: np.ndarray,
    need: np.ndarray,
    bar: np.ndarray,
    main: np.ndarray,
    most: np.ndarray,
    best: np.ndarray,
    found: np.ndarray,
) -> None:
    """Write the first corridor that the path through each state of trees f and b satisfies; their number for none.

    The loops run over states innermost, so that they are vectorised. `most`, `best` and `found` have room for each
    state.
    """
    states = found.shape[0]
    for s in range(states):
        most[s] = np.float32(-1.0)
        best[s] = 0
        found[s] = need.shape[0]
    for m in range(out_km.shape[1]):
        for s in range(states):
            value = out_km[f, m, s] + back_km[b, m, s]
            better = value > most[s]
            most[s] = value if better else most[s]
            best[s] = m if better else best[s]
    for c in range(need.shape[0] - 1, -1, -1):
        wanted, barred, mode = need[c], bar[c], main[c]
        for s in range(states):
            bits = out_bits[f, s] | back_bits[b, s]
            fits = ((bits & wanted) == wanted) & ((bits & barred) == 0) & ((mode < 0) | (best[s] == mode))
            found[s] = c if fits else found[s]


@nb.njit(cache=True, nogil=True, error_model="numpy", inline="always")
def idle(s: int, came: np.ndarray, goes: np.ndarray, from_state: np.ndarray, to_state: np.ndarray) -> bool:
    """Return whether state s adds no path: it is that through the state before it, or turns back where it came from."""
    # trees ahead and behind enter s from the same state by the same one of parallel arcs, the first of the cheapest
    return ((came[s] == goes[s]) & (came[s] != NONE)) | (to_state[from_state[s]] == s)


@nb.njit(cache=True, nogil=True, error_model="numpy")
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
    path: np.ndarray,
    stamp: int,
) -> int:
    """Write the arcs of the path through a state; return their number, or -1 if it comes to a place twice."""
    n = 0
    s = state
    while s != origin:
        a = pred[s]
        path[n] = a
        n += 1
        s = tail[a]
    for i in range(n // 2):
        path[i], path[n - 1 - i] = path[n - 1 - i], path[i]
    s = state
    while s != goal:
        b = follow[s]
        path[n] = arc_back[b]
        n += 1
        s = back_tail[b]
    last = place[origin]
    seen[last] = stamp
    for i in range(1, n + 1):
        p = place[tail[path[i]]] if i < n else place[goal]
        if p != last:
            if seen[p] == stamp:
                return -1
            seen[p] = stamp
            last = p
    return n


@nb.njit(cache=True, nogil=True, error_model="numpy")
def returns(
    path: np.ndarray, n: int, pass_first: np.ndarray, passes: np.ndarray, seen: np.ndarray, stamp: int
) -> bool:
    """Return whether a path comes to a place twice, places passed on the way of an arc included."""
    last = passes[pass_first[path[0]]]
    seen[last] = stamp
    for i in range(n):
        for j in range(pass_first[path[i]], pass_first[path[i] + 1]):
            p = passes[j]
            if p != last:
                if seen[p] == stamp:
                    return True
                seen[p] = stamp
                last = p
    return False


@nb.njit(cache=True, nogil=True, error_model="numpy")
def candidates(
    f: int,
    b: int,
    out: np.ndarray,
    back: np.ndarray,
    came: np.ndarray,
    goes: np.ndarray,
    from_state: np.ndarray,
    to_state: np.ndarray,
    most: float,
    corridor: np.ndarray,
    cost: np.ndarray,
    via: np.ndarray,
    size: np.ndarray,
    spilled: np.ndarray,
    some: np.ndarray,
) -> None:
    """Sort the best states of each corridor by cost into `via` and `cost`, shapes (corridors + 1, window).

    `some` has room for each state.
    """
    window = cost.shape[1]
    size[:] = 0
    spilled[:] = 0
    count = 0
    for s in range(out.shape[1]):
        # no branch: the processor could not predict it
        some[count] = s
        count += (out[f, s] + back[b, s] <= most) & (
            not idle(s, came[f], goes[b], from_state[f], to_state[b])
        )
    for q in range(count):
        s = some[q]
        total = out[f, s] + back[b, s]
        c = corridor[s]
        n = size[c]
        if n == window and total >= cost[c, window - 1]:
            spilled[c] = 1
            continue
        i = min(n, window - 1)
        while i > 0 and cost[c, i - 1] > total:
            i -= 1
        if i > 0 and total - cost[c, i - 1] <= SAME * total:
            continue
        if i < n and cost[c, i] - total <= SAME * total:
            continue
        if n == window:
            spilled[c] = 1
        for j in range(min(n, window - 1), i, -1):
            cost[c, j] = cost[c, j - 1]
            via[c, j] = via[c, j - 1]
        cost[c, i] = total
        via[c, i] = s
        size[c] = min(n + 1, window)


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _alike(
    path: np.ndarray,
    n: int,
    mark: np.ndarray,
    stamp: int,
    arc_length: np.ndarray,
    arcs: np.ndarray,
    first: int,
    counts: np.ndarray,
    kept: int,
    overlap: float,
) -> bool:
    """Return whether a path shares more than a share of its km with one of those kept."""
    length = 0.0
    for j in range(n):
        mark[path[j]] = stamp
        length += arc_length[path[j]]
    at = first
    for r in range(kept):
        common = 0.0
        other = 0.0
        for j in range(at, at + counts[r]):
            other += arc_length[arcs[j]]
            if mark[arcs[j]] == stamp:
                common += arc_length[arcs[j]]
        at += counts[r]
        if common > overlap * min(length, other):
            return True
    return False


@nb.njit(cache=True, nogil=True, error_model="numpy")
def alternatives(
    pairs: np.ndarray,
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
    came: np.ndarray,
    goes: np.ndarray,
    from_state: np.ndarray,
    to_state: np.ndarray,
    place: np.ndarray,
    pass_first: np.ndarray,
    passes: np.ndarray,
    arc_length: np.ndarray,
    need: np.ndarray,
    bar: np.ndarray,
    main: np.ndarray,
    rule: np.ndarray,
    kept_cost: np.ndarray,
    kept_via: np.ndarray,
    bound: np.ndarray,
    window_end: np.ndarray,
    slack: np.ndarray,
) -> tuple:
    """Find the alternatives of some pairs: pair, corridor, number of arcs, and the arcs one after the other.

    Pair k grows from tree `ahead[k]` and to tree `behind[k]`. `rule` holds how many alternatives a corridor has at
    most, the share of km that two may have in common, the cost of one over the best of its corridor, the cost of a
    corridor over the best of all, and how many states of a corridor are looked at.

    Written beside, for each pair and corridor (the last for none): cost (infinite where less) and state of what was
    kept, the cost below which a new path might enter, and the cost up to which the states looked at filled their
    window (minus infinity where they did not), and how many more might stand before the last one kept.
    """
    most, window = int(rule[0]), int(rule[4])
    overlap, stretch, limit = rule[1], rule[2], rule[3]
    corridors = need.shape[0] + 1
    states = out.shape[1]
    rows = pairs.shape[0] * corridors * most
    pair_of = np.empty(rows, np.int64)
    corridor_of = np.empty(rows, np.int64)
    count_of = np.empty(rows, np.int64)
    arcs = np.empty(4096, np.uint32)
    used = 0
    found = 0
    cost = np.empty((corridors, window))
    via = np.empty((corridors, window), np.uint32)
    size = np.empty(corridors, np.int64)
    spilled = np.empty(corridors, np.uint8)
    far, leading, corridor = (
        np.empty(states, np.float32),
        np.empty(states, np.int32),
        np.empty(states, np.int32),
    )
    some = np.empty(states, np.int64)
    path = np.empty(2 * states, np.uint32)
    seen = np.zeros(place.max() + 1, np.uint32)
    mark = np.zeros(tail.shape[0], np.uint32)
    stamp = _u(0)
    for q in range(pairs.shape[0]):
        k = pairs[q]
        f = ahead[k]
        b = behind[k]
        kept_cost[k, :, :] = np.inf
        bound[k, :] = np.inf
        window_end[k, :] = -np.inf
        slack[k, :] = window
        best = out[f, goal[b]]
        if not best < np.inf:
            continue
        most_cost = limit * best
        corridors_of(f, b, out_km, back_km, out_bits, back_bits, need, bar, main, far, leading, corridor)
        candidates(
            f,
            b,
            out,
            back,
            came,
            goes,
            from_state,
            to_state,
            most_cost,
            corridor,
            cost,
            via,
            size,
            spilled,
            some,
        )
        for c in range(corridors):
            kept = 0
            first = used
            least = np.inf
            whole = True
            for i in range(size[c]):
                if kept == most or cost[c, i] > stretch * least:
                    whole = False
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
                    path,
                    stamp,
                )
                if n < 0:
                    continue
                if _alike(
                    path,
                    n,
                    mark,
                    stamp,
                    arc_length,
                    arcs,
                    first,
                    count_of[found - kept : found],
                    kept,
                    overlap,
                ):
                    continue
                stamp = _u(stamp + _u(1))
                if returns(path, n, pass_first, passes, seen, stamp):
                    continue
                if used + n > arcs.shape[0]:
                    more = np.empty(2 * (used + n), np.uint32)
                    more[:used] = arcs[:used]
                    arcs = more
                arcs[used : used + n] = path[:n]
                used += n
                pair_of[found] = k
                corridor_of[found] = c if c < corridors - 1 else -1
                count_of[found] = n
                kept_cost[k, c, kept] = cost[c, i]
                kept_via[k, c, kept] = via[c, i]
                slack[k, c] = window - 1 - i
                found += 1
                kept += 1
                least = min(least, cost[c, i])
            bound[k, c] = kept_cost[k, c, most - 1] if kept == most else min(stretch * least, limit * best)
            if whole and kept < most and spilled[c] == 1:
                window_end[k, c] = cost[c, size[c] - 1]
    return pair_of[:found].copy(), corridor_of[:found].copy(), count_of[:found].copy(), arcs[:used].copy()


@nb.njit(cache=True, nogil=True, error_model="numpy")
def _enters(
    k: int,
    c: int,
    s: int,
    total: float,
    origin: int,
    goal: int,
    pred: np.ndarray,
    follow: np.ndarray,
    tail: np.ndarray,
    back_tail: np.ndarray,
    arc_back: np.ndarray,
    place: np.ndarray,
    pass_first: np.ndarray,
    passes: np.ndarray,
    arc_length: np.ndarray,
    overlap: float,
    kept_cost: np.ndarray,
    kept_via: np.ndarray,
    seen: np.ndarray,
    mark: np.ndarray,
    path: np.ndarray,
    other: np.ndarray,
    count: np.ndarray,
    stamp: np.ndarray,
) -> bool:
    """Return whether the path through state s would enter corridor c of pair k beside what was kept at less cost."""
    stamp[0] += 1
    n = trace(origin, s, goal, pred, follow, tail, back_tail, arc_back, place, seen, path, stamp[0])
    if n < 0:
        return False
    for i in range(kept_cost.shape[2]):
        if kept_cost[k, c, i] > total:
            break
        stamp[0] += 1
        count[0] = trace(
            origin,
            kept_via[k, c, i],
            goal,
            pred,
            follow,
            tail,
            back_tail,
            arc_back,
            place,
            seen,
            other,
            stamp[0],
        )
        if count[0] >= 0 and _alike(path, n, mark, stamp[0], arc_length, other, 0, count, 1, overlap):
            return False
    stamp[0] += 1
    return not returns(path, n, pass_first, passes, seen, stamp[0])


@nb.njit(cache=True, nogil=True, error_model="numpy")
def touched(
    ahead: np.ndarray,
    behind: np.ndarray,
    origin: np.ndarray,
    goal: np.ndarray,
    out: np.ndarray,
    back: np.ndarray,
    pred: np.ndarray,
    follow: np.ndarray,
    tail: np.ndarray,
    back_tail: np.ndarray,
    arc_back: np.ndarray,
    came: np.ndarray,
    goes: np.ndarray,
    from_state: np.ndarray,
    to_state: np.ndarray,
    place: np.ndarray,
    pass_first: np.ndarray,
    passes: np.ndarray,
    arc_length: np.ndarray,
    old_out: np.ndarray,
    old_back: np.ndarray,
    out_moved: np.ndarray,
    back_moved: np.ndarray,
    out_km: np.ndarray,
    back_km: np.ndarray,
    out_bits: np.ndarray,
    back_bits: np.ndarray,
    need: np.ndarray,
    bar: np.ndarray,
    main: np.ndarray,
    rule: np.ndarray,
    kept_cost: np.ndarray,
    kept_via: np.ndarray,
    bound: np.ndarray,
    window_end: np.ndarray,
    slack: np.ndarray,
    out_any: np.ndarray,
    back_any: np.ndarray,
    marked: np.ndarray,
) -> None:
    """Mark the pairs whose alternatives differ on mended trees, beside those marked already.

    A pair is touched if its best path moved or that through a state that was kept, if a state whose path moved stood
    or comes to stand inside a full window, or if a moved path is new, cheap enough for its corridor, and unlike what
    is kept there.
    """
    states = out.shape[1]
    corridors = bound.shape[1]
    overlap, limit = rule[1], rule[3]
    far, leading, corridor = (
        np.empty(states, np.float32),
        np.empty(states, np.int32),
        np.empty(states, np.int32),
    )
    path, other = np.empty(2 * states, np.uint32), np.empty(2 * states, np.uint32)
    seen, mark = np.zeros(place.max() + 1, np.int64), np.zeros(tail.shape[0], np.int64)
    stamp, count = np.zeros(1, np.int64), np.zeros(1, np.int64)
    more = np.zeros(corridors, np.int64)
    for k in range(ahead.shape[0]):
        if marked[k]:
            continue
        f = ahead[k]
        b = behind[k]
        if not (out_any[f] or back_any[b]):
            continue
        if out_moved[f, goal[b]] == 1:
            marked[k] = True
            continue
        best = old_out[f, goal[b]]
        if not best < np.inf:
            continue
        most = limit * best
        full = -np.inf
        for c in range(corridors):
            full = max(full, window_end[k, c])
        for c in range(corridors):
            for i in range(kept_cost.shape[2]):
                if kept_cost[k, c, i] < np.inf:
                    v = kept_via[k, c, i]
                    if out_moved[f, v] == 1 or back_moved[b, v] == 1:
                        marked[k] = True
        if marked[k]:
            continue
        known = False
        more[:] = 0
        for s in range(states):
            if out_moved[f, s] == 0 and back_moved[b, s] == 0:
                continue
            if old_out[f, s] + old_back[b, s] <= full:
                marked[k] = True
                break
            total = out[f, s] + back[b, s]
            if not total <= most or idle(s, came[f], goes[b], from_state[f], to_state[b]):
                continue
            if not known:
                corridors_of(
                    f, b, out_km, back_km, out_bits, back_bits, need, bar, main, far, leading, corridor
                )
                known = True
            c = corridor[s]
            if total <= window_end[k, c]:
                marked[k] = True
                break
            if total > bound[k, c]:
                continue
            more[c] += 1
            if more[c] > slack[k, c]:
                marked[k] = True
                break
            new = True
            for i in range(kept_cost.shape[2]):
                if abs(total - kept_cost[k, c, i]) <= SAME * total:
                    new = False
            if new and _enters(
                k,
                c,
                s,
                total,
                origin[f],
                goal[b],
                pred[f],
                follow[b],
                tail,
                back_tail,
                arc_back,
                place,
                pass_first,
                passes,
                arc_length,
                overlap,
                kept_cost,
                kept_via,
                seen,
                mark,
                path,
                other,
                count,
                stamp,
            ):
                marked[k] = True
                break
