"""Shift flow between every two paths of a pair with a search along each shift, compiled.

Newton steps towards the cheapest path alone stall where a path whose delay hardly grows stands beside a steep one,
and where a delay has no finite slope: a power below 1 rises from an empty link like a wall. Here each two paths of
a pair are made equally dear, by Newton steps kept between bounds that close in on the flow sought. The smaller of
the two flows is what is sought, so that it may be far below the rounding of the larger. Volumes are kept as sums of
two numbers [1]_ for the same reason.

References
----------
.. [1] D. Knuth, The Art of Computer Programming 2, 4.2.2, theorem B.
"""

from __future__ import annotations

import math

import numba as nb
import numpy as np

from daliz.assignment.kernels.columns import D, T, V
from daliz.paths.kernels.delays import delay

EVALUATIONS = 80
"""Most evaluations of one search; bisection of exponents alone ends in fewer."""
CLOSE = 1e-3
"""Share of the difference of two costs that a search leaves."""
NEAR = 0.1
"""Share of the difference of two costs after a plain Newton step up to which it stands."""
LEAST = 1e-300
"""Flow below which there is none."""
_u = nb.uint32
_U1 = nb.uint32[::1]
_F1 = nb.float64[::1]
_F2 = nb.float64[:, ::1]
_K1 = nb.uint8[::1]
_I1 = nb.int64[::1]


@nb.njit(
    nb.types.UniTuple(nb.float64, 2)(_K1, _F2, nb.boolean, _u, nb.float64),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def _cost(kind: np.ndarray, form: np.ndarray, marginal: bool, a: int, v: float) -> tuple:
    """Compute the cost of a link at a volume and its slope, which may be infinite at none."""
    v = max(v, 0.0)
    t, d, d2 = delay(kind[a], v, form[a, 0], form[a, 1], form[a, 2], form[a, 3])
    if marginal:
        return t + v * d, 2.0 * d + v * d2
    return t, d


@nb.njit(
    nb.types.UniTuple(nb.float64, 2)(
        _K1,
        _F2,
        nb.boolean,
        _U1,
        _F1,
        nb.int64,
        nb.int64,
        nb.float64,
        nb.float64,
        nb.float64,
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def _gain(
    kind: np.ndarray,
    form: np.ndarray,
    marginal: bool,
    own: np.ndarray,
    rest: np.ndarray,
    first: int,
    second: int,
    more: float,
    one: float,
    other: float,
) -> tuple:
    """Compute by how much the first path is dearer than the second at flows of one and other, and the slope.

    `own` holds the links that only the first path uses, then at `first` those that only the second does, and
    `rest` what others load them with.
    """
    gain = more
    slope = 0.0
    for i in range(second):
        c, d = _cost(kind, form, marginal, own[i], rest[i] + (one if i < first else other))
        gain += c if i < first else -c
        slope += d
    return gain, slope


@nb.njit(
    nb.float64(
        _K1,
        _F2,
        nb.boolean,
        _U1,
        _F1,
        nb.int64,
        nb.int64,
        nb.float64,
        nb.float64,
        nb.float64,
        nb.float64,
        nb.float64,
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def _left(
    kind: np.ndarray,
    form: np.ndarray,
    marginal: bool,
    own: np.ndarray,
    rest: np.ndarray,
    first: int,
    second: int,
    more: float,
    one: float,
    other: float,
    gain: float,
    steep: float,
) -> float:
    """Find what the dearer first path keeps, as the flow kept, or as minus what the second then has."""
    both = one + other
    # a plain Newton step does where the costs are near to straight
    step = gain / steep if steep > 0.0 else np.inf
    if step < 0.5 * one:
        kept = one - step
        g, _ = _gain(kind, form, marginal, own, rest, first, second, more, kept, other + step)
        if abs(g) <= NEAR * gain:
            return kept if kept < other + step else -(other + step)
    if _gain(kind, form, marginal, own, rest, first, second, more, 0.0, both)[0] >= 0.0:
        return 0.0
    # the smaller flow is sought: of the first path between 0 and half, or of the second from what it has to half
    low = other
    high = 0.5 * both
    keeps = False
    if other >= high or _gain(kind, form, marginal, own, rest, first, second, more, high, high)[0] > 0.0:
        keeps = True
        low = 0.0
        high = min(one, high)
    goal = CLOSE * gain
    y = low if not keeps else high
    wide = 0
    for _ in range(EVALUATIONS):
        a, b = (y, both - y) if keeps else (both - y, y)
        g, slope = _gain(kind, form, marginal, own, rest, first, second, more, a, b)
        if abs(g) <= goal:
            break
        # a gain above 0 asks for less on the first path
        if (g > 0.0) == keeps:
            high = y
        else:
            low = y
        if high - low <= 1e-16 * high:
            break
        move = g / slope if 0.0 < slope < np.inf else np.inf
        guess = y - move if keeps else y + move
        if not low < guess < high or wide >= 3:
            # bounds of very different size are halved by their exponents
            guess = 0.5 * (low + high) if high < 16.0 * low else math.sqrt(max(low, LEAST) * high)
            if not low < guess < high:
                break
            wide = 0
        wide += 1
        y = guess
    return y if keeps else -y


@nb.njit(nb.void(_F2, _F1, _u, nb.float64), cache=True, nogil=True, error_model="numpy")
def _add(link: np.ndarray, low: np.ndarray, a: int, step: float) -> None:
    """Add to the volume of a link, and what rounding takes off to its low part."""
    v = link[a, V]
    s = v + step
    part = s - v
    low[a] += (v - (s - part)) + (step - part)
    link[a, V] = s + low[a]
    low[a] -= link[a, V] - s


@nb.njit(nb.void(_F2, _F1, _U1, _I1, _F1), cache=True, nogil=True, error_model="numpy")
def load(link: np.ndarray, low: np.ndarray, links: np.ndarray, begin: np.ndarray, flow: np.ndarray) -> None:
    """Add the flows of paths to the volumes of links, without rounding."""
    for p in range(flow.shape[0]):
        if flow[p] > 0.0:
            for i in range(begin[p], begin[p + 1]):
                _add(link, low, links[i], flow[p])


@nb.njit(
    nb.void(
        nb.float64,
        nb.float64,
        nb.int64,
        nb.int64,
        nb.int64,
        nb.int64,
        nb.float64,
        _U1,
        _F1,
        _F1,
        _F2,
        _F1,
        _K1,
        _F2,
        nb.boolean,
    ),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def _level(
    gain: float,
    steep: float,
    p: int,
    r: int,
    split: int,
    count: int,
    more: float,
    own: np.ndarray,
    rest: np.ndarray,
    flow: np.ndarray,
    link: np.ndarray,
    low: np.ndarray,
    kind: np.ndarray,
    form: np.ndarray,
    marginal: bool,
) -> None:
    """Make a dearer path p as dear as r, or take all flow off it."""
    one = flow[p]
    other = flow[r]
    both = one + other
    for i in range(count):
        a = own[i]
        rest[i] = max((link[a, V] - (one if i < split else other)) + low[a], 0.0)
    y = _left(kind, form, marginal, own, rest, split, count, more, one, other, gain, steep)
    # a sign tells which of the two flows was sought, also of 0
    if math.copysign(1.0, y) > 0.0:
        flow[p] = y
        flow[r] = both - y
    else:
        flow[r] = -y
        flow[p] = both + y
    for i in range(count):
        a = own[i]
        _add(link, low, a, -one if i < split else -other)
        _add(link, low, a, flow[p] if i < split else flow[r])
        link[a, T], link[a, D] = _cost(kind, form, marginal, a, link[a, V])


@nb.njit(
    nb.float64(_I1, _I1, _I1, _U1, _F1, _F1, _F2, _F1, _K1, _F2, nb.boolean, _U1, _U1, nb.float64),
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
    low: np.ndarray,
    kind: np.ndarray,
    form: np.ndarray,
    marginal: bool,
    mark: np.ndarray,
    stamp: np.ndarray,
    worth: float,
) -> float:
    """Make every two paths of each listed pair equally dear, one after the other; return the excess found."""
    excess = 0.0
    longest = 0
    for n in range(pairs.shape[0]):
        for p in range(first[pairs[n]], first[pairs[n] + 1]):
            longest = max(longest, begin[p + 1] - begin[p])
    own = np.empty(2 * longest, np.uint32)
    rest = np.empty(2 * longest)
    for n in range(pairs.shape[0]):
        k = pairs[n]
        least = np.inf
        mean = 0.0
        q = 0.0
        for p in range(first[k], first[k + 1]):
            c = toll[p]
            for i in range(begin[p], begin[p + 1]):
                c += link[links[i], T]
            mean += flow[p] * c
            q += flow[p]
            least = min(least, c)
        excess += mean - q * least
        if mean - q * least <= worth:
            continue
        for x in range(first[k], first[k + 1]):
            for z in range(x + 1, first[k + 1]):
                if flow[x] <= 0.0 and flow[z] <= 0.0:
                    continue
                p, r = x, z
                for turn in range(2):
                    stamp[0] += _u(2)
                    s = stamp[0]
                    if s > _u(0xFFFFFFF0):
                        mark[:] = 0
                        stamp[0] = _u(2)
                        s = _u(2)
                    for i in range(begin[r], begin[r + 1]):
                        mark[links[i]] = s
                    gain = toll[p] - toll[r]
                    steep = 0.0
                    count = 0
                    for i in range(begin[p], begin[p + 1]):
                        a = links[i]
                        if mark[a] == s:
                            mark[a] = s + _u(1)
                        else:
                            own[count] = a
                            count += 1
                            gain += link[a, T]
                            steep += link[a, D]
                    split = count
                    for i in range(begin[r], begin[r + 1]):
                        a = links[i]
                        if mark[a] == s:
                            own[count] = a
                            count += 1
                            gain -= link[a, T]
                            steep += link[a, D]
                    if gain >= 0.0 or turn == 1:
                        break
                    p, r = z, x
                if gain > 0.0 and flow[p] > 0.0:
                    _level(
                        gain,
                        steep,
                        p,
                        r,
                        split,
                        count,
                        toll[p] - toll[r],
                        own,
                        rest,
                        flow,
                        link,
                        low,
                        kind,
                        form,
                        marginal,
                    )
    return excess
