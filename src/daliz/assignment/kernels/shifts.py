"""Shift flow between known routes that load elements, compiled."""

from __future__ import annotations

import numba as nb
import numpy as np

from daliz.paths.kernels.delays import delay

_F1 = nb.float64[::1]
_F2 = nb.float64[:, ::1]
_I1 = nb.int64[::1]


@nb.njit(nb.void(_F1, _F1, _F2, nb.uint8[::1], _F2, nb.int64), cache=True, nogil=True, error_model="numpy")
def _refresh(
    volume: np.ndarray,
    background: np.ndarray,
    state: np.ndarray,
    form: np.ndarray,
    parameters: np.ndarray,
    e: int,
) -> None:
    t, d, d2 = delay(
        form[e],
        max(volume[e], 0.0) + background[e],
        parameters[e, 0],
        parameters[e, 1],
        parameters[e, 2],
        parameters[e, 3],
    )
    state[e, 0] = t - parameters[e, 0]
    state[e, 1] = d
    state[e, 2] = d2


@nb.njit(nb.void(_F1, _F1, _F2, nb.uint8[::1], _F2), cache=True, nogil=True, error_model="numpy")
def refresh_all(
    volume: np.ndarray, background: np.ndarray, state: np.ndarray, form: np.ndarray, parameters: np.ndarray
) -> None:
    """Compute delay, slope and curvature of all elements at their volumes."""
    for e in range(volume.shape[0]):
        _refresh(volume, background, state, form, parameters, e)


@nb.njit(
    nb.float64(nb.int64, _F1, _F1, _I1, _I1, _F1, _F1, _F1, _F2, nb.boolean),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def _cost(
    r: int,
    base: np.ndarray,
    time: np.ndarray,
    begin: np.ndarray,
    element: np.ndarray,
    load: np.ndarray,
    wait: np.ndarray,
    borne: np.ndarray,
    state: np.ndarray,
    marginal: bool,
) -> float:
    c = base[r]
    for i in range(begin[r], begin[r + 1]):
        e = element[i]
        c += time[r] * wait[i] * state[e, 0]
        if marginal:
            c += load[i] * state[e, 1] * borne[e]
    return c


@nb.njit(
    nb.types.UniTuple(nb.float64, 2)(
        _I1,
        _F1,
        _F1,
        _F1,
        _I1,
        _I1,
        _F1,
        _F1,
        _F1,
        _F1,
        _F1,
        _F2,
        nb.uint8[::1],
        _F2,
        nb.boolean,
        nb.boolean,
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def shift(
    first: np.ndarray,
    flow: np.ndarray,
    base: np.ndarray,
    time: np.ndarray,
    begin: np.ndarray,
    element: np.ndarray,
    load: np.ndarray,
    wait: np.ndarray,
    volume: np.ndarray,
    borne: np.ndarray,
    background: np.ndarray,
    state: np.ndarray,
    form: np.ndarray,
    parameters: np.ndarray,
    marginal: bool,
    move: bool,
) -> tuple:
    """Shift flow of each pair towards its cheapest route by projected Newton steps; return excess and total.

    A route costs base + time sum_e w_e d_e(v_e); for the system optimum also sum_e l_e d'_e(v_e) B_e,
    where B_e is the value of an hour to all that bear the delay of e.
    """
    excess = 0.0
    total = 0.0
    count = volume.shape[0]
    refresh_all(volume, background, state, form, parameters)
    own_load = np.zeros(count)
    own_wait = np.zeros(count)
    for k in range(first.shape[0] - 1):
        if first[k] == first[k + 1]:
            continue
        best = first[k]
        least = np.inf
        mean = 0.0
        sent = 0.0
        for r in range(first[k], first[k + 1]):
            c = _cost(r, base, time, begin, element, load, wait, borne, state, marginal)
            mean += flow[r] * c
            sent += flow[r]
            if c < least:
                least = c
                best = r
        excess += mean - sent * least
        total += mean
        if not move or mean - sent * least <= 0.0:
            continue
        for r in range(first[k], first[k + 1]):
            if r == best or flow[r] <= 0.0:
                continue
            gain = _cost(r, base, time, begin, element, load, wait, borne, state, marginal) - _cost(
                best, base, time, begin, element, load, wait, borne, state, marginal
            )
            if gain <= 0.0:
                continue
            for i in range(begin[best], begin[best + 1]):
                own_load[element[i]] -= load[i]
                own_wait[element[i]] -= wait[i]
            for i in range(begin[r], begin[r + 1]):
                own_load[element[i]] += load[i]
                own_wait[element[i]] += wait[i]
            slope = 0.0
            for s in (best, r):
                for i in range(begin[s], begin[s + 1]):
                    e = element[i]
                    once = time[r] * abs(own_load[e] * own_wait[e]) * state[e, 1]
                    slope += 2.0 * once + own_load[e] ** 2 * borne[e] * state[e, 2] if marginal else once
                    # counted: an element on both routes must not count twice
                    own_load[e] = 0.0
                    own_wait[e] = 0.0
            step = flow[r] if slope <= 0.0 else min(flow[r], gain / slope)
            flow[r] -= step
            flow[best] += step
            for sign, s in ((-1.0, r), (1.0, best)):
                for i in range(begin[s], begin[s + 1]):
                    e = element[i]
                    volume[e] += sign * step * load[i]
                    borne[e] += sign * step * time[s] * wait[i]
            for s in (best, r):
                for i in range(begin[s], begin[s + 1]):
                    _refresh(volume, background, state, form, parameters, element[i])
    return excess, total
