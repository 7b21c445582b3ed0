"""Shift the flows of all pairs at once by Newton steps with the slopes of all links.

Shifts within one pair at a time stall where pairs must move against each other: one leaves a link just as another
comes to it. A projected Newton step [1]_ over all known paths does not.

References
----------
.. [1] D. Bertsekas, Projected Newton methods for optimization problems with simple constraints, SIAM Journal on
   Control and Optimization 20(2), 1982.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.assignment.kernels import columns

if TYPE_CHECKING:
    from daliz.arrays import Bytes, Flags, Floats
    from daliz.assignment.equilibrium import Store

MOST_PATHS = 300
"""Paths above which the matrix of a step is too large."""
STEPS = 40
SEARCHES = 30
"""Evaluations along one step."""
ENOUGH = 0.1
"""Share of the slope at its beginning at which a search along a step ends."""
BOUNDS = 30
"""Rounds in which paths are held at no flow, or let go."""
DAMPING = 1e-12
"""What is added to the scaled slopes, so that a step along which nothing rises is long and not without end."""
LEAST_SCALE = 1e-10
ROUNDING = 1e-15
"""Share of the cost of a step below which its slope is rounding."""


class WholeStep:
    """Newton's method over the known paths of all pairs."""

    def __init__(self, store: Store, kind: Bytes, form: Floats, *, marginal: bool) -> None:
        used, at = np.unique(store.links, return_inverse=True)
        self.kind, self.form, self.marginal = kind[used], np.ascontiguousarray(form[used]), marginal
        count, pairs = len(store.flow), len(store.first) - 1
        self.uses = np.zeros((count, len(used)))
        self.uses[np.repeat(np.arange(count), np.diff(store.begin)), at] = 1.0
        self.pair = np.repeat(np.arange(pairs), np.diff(store.first))
        self.first, self.toll = store.first, store.toll
        self.demand = np.bincount(self.pair, store.flow, pairs)

    def settled(self, flow: Floats, enough: float) -> Floats:
        """Return the flows after steps until the excess of all paths is no more than enough, or none lessens costs."""
        for _ in range(STEPS):
            moved = self._step(flow)
            if moved is None:
                break
            flow = moved
            if self._excess(flow) <= enough:
                break
        return flow

    def _costs(self, flow: Floats) -> tuple[Floats, Floats]:
        """Return the costs of paths, and the slopes of links, at flows of paths."""
        link = np.zeros((len(self.kind), 3))
        link[:, columns.V] = flow @ self.uses
        columns.refresh_all(link, self.kind, self.form, self.marginal)
        slope = link[:, columns.D]
        return self.uses @ link[:, columns.T] + self.toll, np.where(np.isfinite(slope), slope, 0.0)

    def _excess(self, flow: Floats) -> float:
        """Sum over all paths flow times what they cost above the cheapest of their pair."""
        cost, _ = self._costs(flow)
        least = np.full(len(self.demand), np.inf)
        np.minimum.at(least, self.pair, cost)
        return float(flow @ (cost - least[self.pair]))

    def _step(self, flow: Floats) -> Floats | None:
        """Return the flows after one step, or None where no step lessens the objective by more than rounding."""
        cost, slope = self._costs(flow)
        # against the largest flow of each pair the others move
        order = np.lexsort((-flow, self.pair))
        base = np.full(len(self.demand), -1)
        some = np.diff(self.first) > 0
        base[some] = order[self.first[:-1][some]]
        of_path = base[self.pair]
        gain = cost - cost[of_path]
        free = np.flatnonzero((of_path != np.arange(len(flow))) & ((flow > 0.0) | (gain < 0.0)))
        if not len(free):
            return None
        turn = self.uses[free] - self.uses[of_path[free]]
        move = np.zeros(len(flow))
        move[free] = _bounded((turn * slope) @ turn.T, gain[free], -flow[free])
        # a step that would take the base below nothing is bent or cut short, whichever promises more
        ways = self._bent(flow, base[some], move), self._cut_short(flow, base[some], move)
        way = min(ways, key=lambda x: float(x @ cost))
        if float(way @ cost) >= -ROUNDING * float(np.abs(way) @ cost):
            return None
        return self._along(flow, way, float(way @ cost))

    def _along(self, flow: Floats, way: Floats, begun: float) -> Floats:
        """Go along a way as far as the objective falls, by its slope."""
        low, high, f_low, f_high, at = 0.0, 1.0, begun, 0.0, 1.0
        for n in range(SEARCHES):
            slope = float(way @ self._costs(flow + at * way)[0])
            if abs(slope) <= ENOUGH * abs(begun) or (n == 0 and slope <= 0.0):
                break
            if slope <= 0.0:
                low, f_low = at, slope
            else:
                high, f_high = at, slope
            # a secant that creeps is helped by halves
            at = low + (high - low) * f_low / (f_low - f_high) if n % 3 != 2 else 0.5 * (low + high)
        return np.maximum(flow + at * way, 0.0)

    def _bent(self, flow: Floats, base: Floats, move: Floats) -> Floats:
        """Return a move with no flow below 0 and each pair's demand kept, by shares where it is more than that."""
        moved = np.maximum(flow + move, 0.0)
        moved[base] = 0.0
        others = np.bincount(self.pair, moved, len(self.demand))
        share = np.divide(self.demand, others, out=np.ones(len(others)), where=others > self.demand)
        moved *= share[self.pair]
        moved[base] = np.maximum(self.demand - np.bincount(self.pair, moved, len(others)), 0.0)[
            self.pair[base]
        ]
        return np.asarray(moved - flow)

    def _cut_short(self, flow: Floats, base: Floats, move: Floats) -> Floats:
        """Return a move cut short for all pairs where the first flow is used up."""
        step = move.copy()
        step[base] = -np.bincount(self.pair, step, len(self.demand))[self.pair[base]]
        falls = step < 0.0
        return np.asarray(step * min(1.0, float((flow[falls] / -step[falls]).min(initial=1.0))))


def _bounded(matrix: Floats, gain: Floats, floor: Floats) -> Floats:
    """Return the move z of least gain @ z + z @ matrix @ z / 2 that is nowhere below its floor, by active sets."""
    scale = np.sqrt(np.diag(matrix))
    scale = np.maximum(scale, max(LEAST_SCALE * float(scale.max()), 1e-300))
    matrix = matrix / (scale[:, None] * scale[None, :]) + DAMPING * np.eye(len(scale))
    gain, floor = gain / scale, floor * scale
    held: Flags = np.zeros(len(gain), np.bool_)
    move = np.zeros(len(gain))
    for _ in range(BOUNDS):
        some, rest = np.flatnonzero(~held), np.flatnonzero(held)
        move[rest] = floor[rest]
        right = -gain[some] - matrix[np.ix_(some, rest)] @ floor[rest]
        move[some] = _solved(matrix[np.ix_(some, some)], right)
        below = ~held & (move < floor)
        freed = held & (matrix @ move + gain < 0.0)
        if not (below.any() or freed.any()):
            break
        held = (held | below) & ~freed
    return np.asarray(np.maximum(move, floor) / scale)


def _solved(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(matrix, right, rcond=None)[0])
