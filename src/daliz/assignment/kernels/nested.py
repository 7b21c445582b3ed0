"""Load a network by the nested path-size logit, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np


@nb.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract", "arcp"})
def evaluate(
    first: np.ndarray,
    corridor: np.ndarray,
    nest: np.ndarray,
    base: np.ndarray,
    time: np.ndarray,
    scale: np.ndarray,
    log_size: np.ndarray,
    begin: np.ndarray,
    at: np.ndarray,
    load: np.ndarray,
    wait: np.ndarray,
    demand: np.ndarray,
    outside: np.ndarray,
    free: np.ndarray,
    weight: np.ndarray,
    within_corridor: float,
    within_nest: float,
    delay: np.ndarray,
    price: np.ndarray,
    share: np.ndarray,
    units: np.ndarray,
    inclusive: np.ndarray,
    volume: np.ndarray,
    bend: np.ndarray,
    give: np.ndarray,
    hard: bool,
) -> None:
    """Compute shares, units and volumes at delays and prices of capacities.

    Routes of a pair stand in the order of nests and corridors. `outside` is the utility of not going at all by pair
    (minus infinity for none), `free` the inclusive value without queues and `weight` what demand loses by it. Written
    are the shares of routes, the units that go, the inclusive values of pairs, the volumes of capacities, and for
    each capacity how much of its volume an hour of its delay (`bend`) and a dollar of its price (`give`) would take.
    """
    volume[:] = 0.0
    bend[:] = 0.0
    give[:] = 0.0
    most = 1
    for k in range(first.shape[0] - 1):
        most = max(most, first[k + 1] - first[k])
    value = np.empty(most)
    c_end = np.empty(most + 1, np.int64)
    c_value = np.empty(most)
    n_end = np.empty(most + 1, np.int64)
    n_value = np.empty(most)
    for k in range(first.shape[0] - 1):
        low, high = first[k], first[k + 1]
        for r in range(low, high):
            cost = base[r]
            waited = 0.0
            for j in range(begin[r], begin[r + 1]):
                waited += wait[j] * delay[at[j]]
                if hard:
                    cost += load[j] * price[at[j]]
            cost += time[r] * waited
            value[r - low] = (log_size[r] - scale[r] * cost) / within_corridor
        corridors = 0
        nests = 0
        r = low
        while r < high:
            m = nest[r]
            start = corridors
            while r < high and nest[r] == m:
                c = corridor[r]
                top = -np.inf
                s = r
                while r < high and corridor[r] == c:
                    top = max(top, value[r - low])
                    r += 1
                total = 0.0
                for i in range(s, r):
                    share[i] = np.exp(value[i - low] - top)
                    total += share[i]
                for i in range(s, r):
                    share[i] /= total
                c_value[corridors] = (top + np.log(total)) * within_corridor / within_nest
                c_end[corridors] = r
                corridors += 1
            top = -np.inf
            for i in range(start, corridors):
                top = max(top, c_value[i])
            total = 0.0
            for i in range(start, corridors):
                c_value[i] = np.exp(c_value[i] - top)
                total += c_value[i]
            for i in range(start, corridors):
                c_value[i] /= total
            n_value[nests] = (top + np.log(total)) * within_nest
            n_end[nests] = corridors
            nests += 1
        top = outside[k]
        for i in range(nests):
            top = max(top, n_value[i])
        if top == -np.inf:
            inclusive[k] = -np.inf
            units[k] = 0.0
            continue
        total = np.exp(outside[k] - top)
        for i in range(nests):
            n_value[i] = np.exp(n_value[i] - top)
            total += n_value[i]
        inclusive[k] = top + np.log(total)
        going = demand[k]
        if weight[k] > 0.0:
            going *= np.exp(-weight[k] * max(free[k] - inclusive[k], 0.0))
        units[k] = going
        i = 0
        s = low
        for n in range(nests):
            while i < n_end[n]:
                part = n_value[n] / total * c_value[i]
                for r in range(s, c_end[i]):
                    share[r] *= part
                    flow = share[r] * going
                    lost = flow * scale[r] * (1.0 - share[r]) / within_corridor
                    slow = time[r] * lost
                    for j in range(begin[r], begin[r + 1]):
                        e = at[j]
                        volume[e] += load[j] * flow
                        bend[e] += load[j] * wait[j] * slow
                        if hard:
                            give[e] += load[j] * load[j] * lost
                s = c_end[i]
                i += 1


@nb.njit(cache=True, nogil=True, error_model="numpy")
def slopes(
    first: np.ndarray,
    corridor: np.ndarray,
    nest: np.ndarray,
    time: np.ndarray,
    scale: np.ndarray,
    begin: np.ndarray,
    at: np.ndarray,
    load: np.ndarray,
    wait: np.ndarray,
    within_corridor: float,
    within_nest: float,
    hard: np.ndarray,
    share: np.ndarray,
    units: np.ndarray,
    slope: np.ndarray,
) -> None:
    """Write how volumes change with delays (prices, where capacity is hard), shape (capacities, capacities).

    Column e is the derivative of all volumes by the delay of e. With a = V / mu_c and I the inclusive values,

        d ln P(r) = (da_r - E_c da) + (dw_c - E_n dw) + (dx_n - E dx),   w = I_c mu_c / mu_n,   x = I_n mu_n.
    """
    count = slope.shape[0]
    most = 1
    for k in range(first.shape[0] - 1):
        most = max(most, first[k + 1] - first[k])
    slope[:] = 0.0
    gain = np.empty(most)
    seen = np.zeros(count, np.int64)
    on = np.empty(count, np.int64)
    for k in range(first.shape[0] - 1):
        low, high = first[k], first[k + 1]
        if low == high or units[k] <= 0.0:
            continue
        n = 0
        for j in range(begin[low], begin[high]):
            if seen[at[j]] != k + 1:
                seen[at[j]] = k + 1
                on[n] = at[j]
                n += 1
        for i in range(n):
            e = on[i]
            for r in range(low, high):
                cost = 0.0
                for j in range(begin[r], begin[r + 1]):
                    if at[j] == e:
                        cost += load[j] if hard[e] else time[r] * wait[j]
                gain[r - low] = -scale[r] * cost / within_corridor
            mean = 0.0
            r = low
            while r < high:
                m = nest[r]
                start = r
                of_nest = 0.0
                dw_nest = 0.0
                while r < high and nest[r] == m:
                    c = corridor[r]
                    s = r
                    of_corridor = 0.0
                    da = 0.0
                    while r < high and corridor[r] == c and nest[r] == m:
                        of_corridor += share[r]
                        da += share[r] * gain[r - low]
                        r += 1
                    da = da / of_corridor if of_corridor > 0.0 else 0.0
                    dw = da * within_corridor / within_nest
                    for q in range(s, r):
                        gain[q - low] += dw - da
                    of_nest += of_corridor
                    dw_nest += of_corridor * dw
                dw_nest = dw_nest / of_nest if of_nest > 0.0 else 0.0
                dx = dw_nest * within_nest
                for q in range(start, r):
                    gain[q - low] += dx - dw_nest
                mean += of_nest * dx
            for r in range(low, high):
                change = share[r] * units[k] * (gain[r - low] - mean)
                if change != 0.0:
                    for j in range(begin[r], begin[r + 1]):
                        slope[at[j], e] += load[j] * change
