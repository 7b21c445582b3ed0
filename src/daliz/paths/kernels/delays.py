"""Compute delays of congested elements and their derivatives and integrals, compiled.

Four kinds, each a function of the volume v and of an element's own t0 (time when empty), capacity c, and two
parameters b and p:

- BPR [1]_: t = t0 (1 + b (v/c)^p).
- CONICAL [2]_: t = t0 (2 + sqrt(p^2 (1-x)^2 + q^2) - p (1-x) - q), x = v/c, q = (2p - 1) / (2p - 2), p > 1.
- QUEUE: t = t0 + b x^p / (1 - x), the form of Sakasegawa [3]_ for p servers' exponent (p = 1 gives M/M/1 with mean
  service time b); beyond x = `QUEUE_EDGE` it goes on as its tangent plane of second order, so that a run
  can pass through overload and still be driven out of it.
- EXCESS: what a shipper gives up who does not ship; the inverse demand at d - v, with d in `capacity` and the
  elasticity parameter in b (cost at full demand in t0): t = t0 + b ln(d / (d - v)), exponential demand, p
  = 0; or t = t0 + b v / d, linear demand, p = 1.

References
----------
.. [1] Bureau of Public Roads, Traffic Assignment Manual, 1964.
.. [2] H. Spiess, Conical volume-delay functions, Transportation Science 24(2), 1990.
.. [3] H. Sakasegawa, An approximation formula L_q = alpha rho^beta / (1 - rho), AISM 29, 1977.
"""

from __future__ import annotations

import math
from typing import Final

import numba as nb
import numpy as np  # noqa: TC002 - a compiler reads the annotations

BPR: Final = 0
CONICAL: Final = 1
QUEUE: Final = 2
EXCESS: Final = 3
QUEUE_EDGE: Final = 0.95
"""Share of capacity beyond which the queueing delay goes on as a parabola."""
EXCESS_EDGE: Final = 1.0 - 1e-9

_DELAY = nb.types.UniTuple(nb.float64, 3)(
    nb.uint8, nb.float64, nb.float64, nb.float64, nb.float64, nb.float64
)


@nb.njit(_DELAY, cache=True, nogil=True, error_model="numpy")
def _bpr(_kind: int, v: float, t0: float, c: float, b: float, p: float) -> tuple[float, float, float]:
    if p == 0.0 or b == 0.0 or t0 == 0.0:
        return (t0 * (1.0 + b) if p == 0.0 else t0), 0.0, 0.0
    x = v / c
    if p == 4.0:
        x2 = x * x
        k = t0 * b
        return t0 + k * x2 * x2, 4.0 * k * x2 * x / c, 12.0 * k * x2 / (c * c)
    if p == 1.0:
        return t0 + t0 * b * x, t0 * b / c, 0.0
    if x <= 0.0:
        return t0, 0.0, 0.0
    k = t0 * b * x**p
    return t0 + k, p * k / v, p * (p - 1.0) * k / (v * v)


@nb.njit(_DELAY, cache=True, nogil=True, error_model="numpy")
def _conical(_kind: int, v: float, t0: float, c: float, b: float, p: float) -> tuple[float, float, float]:
    q = (2.0 * p - 1.0) / (2.0 * p - 2.0)
    u = 1.0 - v / c
    root = math.sqrt(p * p * u * u + q * q)
    t = t0 * (2.0 + root - p * u - q)
    d = t0 * (p - p * p * u / root) / c
    d2 = t0 * (p * p / root - p * p * p * p * u * u / (root * root * root)) / (c * c)
    return t, d, d2


@nb.njit(_DELAY, cache=True, nogil=True, error_model="numpy")
def _queue(_kind: int, v: float, t0: float, c: float, b: float, p: float) -> tuple[float, float, float]:
    x = v / c
    y = min(x, QUEUE_EDGE)
    # a volume whose square underflows is none
    if y <= 0.0 or y * y == 0.0:
        return t0, (b / c if p == 1.0 else 0.0), 0.0
    s = 1.0 / (1.0 - y)
    f = b * y**p
    w = f * s
    w1 = p * f / y * s + f * s * s
    w2 = p * (p - 1.0) * f / (y * y) * s + 2.0 * p * f / y * s * s + 2.0 * f * s * s * s
    z = x - y
    return t0 + w + w1 * z + 0.5 * w2 * z * z, (w1 + w2 * z) / c, w2 / (c * c)


@nb.njit(_DELAY, cache=True, nogil=True, error_model="numpy")
def _excess(_kind: int, v: float, t0: float, c: float, b: float, p: float) -> tuple[float, float, float]:
    if p == 1.0:
        return t0 + b * v / c, b / c, 0.0
    x = v / c
    y = min(x, EXCESS_EDGE)
    s = 1.0 / (1.0 - y)
    z = x - y
    return t0 + b * (math.log(s) + s * z), b * s / c, b * s * s / (c * c)


@nb.njit(_DELAY, cache=True, nogil=True, error_model="numpy")
def delay(kind: int, v: float, t0: float, c: float, b: float, p: float) -> tuple[float, float, float]:
    """Compute the delay of one element with its first and second derivative by volume."""
    if kind == BPR:
        return _bpr(kind, v, t0, c, b, p)
    if kind == CONICAL:
        return _conical(kind, v, t0, c, b, p)
    if kind == QUEUE:
        return _queue(kind, v, t0, c, b, p)
    return _excess(kind, v, t0, c, b, p)


@nb.njit(
    nb.float64(nb.uint8, nb.float64, nb.float64, nb.float64, nb.float64, nb.float64),
    cache=True,
    nogil=True,
    error_model="numpy",
)
def area(kind: int, v: float, t0: float, c: float, b: float, p: float) -> float:
    """Integrate the delay of one element from no volume to v."""
    if kind == BPR:
        if p == 0.0:
            return t0 * (1.0 + b) * v
        if b == 0.0 or t0 == 0.0:
            return t0 * v
        return t0 * v + (t0 * b * v * (v / c) ** p / (p + 1.0) if v > 0.0 else 0.0)
    if kind == EXCESS and p == 1.0:
        return t0 * v + 0.5 * b * v * v / c
    if kind == EXCESS:
        rest = max(1.0 - v / c, 1.0 - EXCESS_EDGE)
        return t0 * v + b * c * (rest * math.log(rest) + 1.0 - rest)
    # Gauss-Legendre on pieces that end at the edge of the queue, where the second derivative breaks
    edge = min(v, QUEUE_EDGE * c) if kind == QUEUE else v
    total = 0.0
    for piece in range(2):
        low = 0.0 if piece == 0 else edge
        high = edge if piece == 0 else v
        pieces = 32
        step = (high - low) / pieces
        if step <= 0.0:
            continue
        for i in range(pieces):
            mid = low + (i + 0.5) * step
            for x, w in (
                (0.0, 0.5688888888888889),
                (0.5384693101056831, 0.47862867049936647),
                (0.9061798459386640, 0.23692688505618908),
            ):
                total += 0.5 * step * w * delay(kind, mid + 0.5 * step * x, t0, c, b, p)[0]
                if x > 0.0:
                    total += 0.5 * step * w * delay(kind, mid - 0.5 * step * x, t0, c, b, p)[0]
    return total


@nb.njit(cache=True, nogil=True, error_model="numpy")
def added(volume: np.ndarray, form: np.ndarray, parameters: np.ndarray, state: np.ndarray) -> None:
    """Write the hours that volumes add, and their first and second derivative, shape (capacities, 3)."""
    for e in range(volume.shape[0]):
        t, d, d2 = delay(
            form[e],
            max(volume[e], 0.0),
            parameters[e, 0],
            parameters[e, 1],
            parameters[e, 2],
            parameters[e, 3],
        )
        state[e, 0] = t - parameters[e, 0]
        state[e, 1] = d
        state[e, 2] = d2
