"""Evaluate what a stochastic user equilibrium must fulfil, and take Newton's steps towards it.

The conditions and their sources stand in `daliz.assignment.sue`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.assignment.kernels import nested
from daliz.errors import DemandError

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.assignment.loading import Loading

REACH_PRICE = 2.0
"""Largest change of a price in one step, in its unit."""
NEWTON_STEPS = 60
HALVINGS = 25
DESCENT = 1e-4
"""Least share of a step's promise that a search along it must keep (Armijo)."""
TINY = 1e-300


class Loaded(NamedTuple):
    """What delays and prices bring: shares of routes, units that go, inclusive values, volumes and their slopes."""

    share: Floats
    units: Floats
    inclusive: Floats
    volume: Floats
    bend: Floats
    give: Floats


@dataclass(frozen=True)
class FixedPoint:
    """Volumes that reproduce themselves, and how nearly.

    Attributes
    ----------
    volume, delay, price
        float64 (capacities,): volume of demand (which the flows load within the residual), hours that it adds (0 where
        capacity is hard), USD per unit of capacity (NaN where it is soft).
    share
        float64 (routes,): of the units that go.
    units
        float64 (pairs,): units that go.
    residual
        sum |v - F(v)| / sum F(v) of the volumes shown, as they are or each over its capacity, whichever is more; what
        is beyond a hard capacity counts too.
    target, steps
        Residual asked for, and evaluations made.
    """

    volume: Floats
    delay: Floats
    price: Floats
    share: Floats
    units: Floats
    residual: float
    target: float
    steps: int

    @property
    def converged(self) -> bool:
        """Whether the residual asked for was reached."""
        return self.residual <= self.target


class Solver:
    """Evaluates delays, prices and volumes of one loading."""

    def __init__(self, loading: Loading, elasticity: float, unserved_usd_t: float) -> None:
        self.loading = loading
        c = loading.capacities
        self.hard = c.hard
        self.any_hard = bool(c.hard.any())
        self.room = c.room
        self.unit = c.capacity.copy()
        first = loading.first[:-1]
        some = np.diff(loading.first) > 0
        scale = np.zeros(len(loading.units))
        scale[some] = loading.scale[first[some]]
        with np.errstate(invalid="ignore"):
            outside = -scale * unserved_usd_t * loading.tonnes
        self.outside = np.where(some & np.isfinite(outside), outside, -np.inf)
        none = np.zeros(len(loading.units))
        self.free, self.weight = none, none
        if self.any_hard:
            self.unit = np.where(self.hard, self._price_unit(), self.unit)
        if elasticity:
            zero = np.zeros(len(c))
            at_rest = self.loaded(zero, zero)
            # least cost of each pair without queues, and the scale of its class
            least = np.ones(len(none))
            least[some] = np.maximum(np.minimum.reduceat(loading.base, first[some]), 1.0)
            self.free = at_rest.inclusive
            self.weight = np.divide(elasticity, scale * least, out=np.zeros(len(none)), where=some)

    def _price_unit(self) -> Floats:
        """Measure prices in what makes a route e times less chosen beside one without, shape (capacities,)."""
        x = self.loading
        route = np.repeat(np.arange(len(x.base)), np.diff(x.begin))
        count = len(x.capacities)
        load = np.bincount(x.at, x.load, count)
        felt = np.bincount(x.at, x.load**2 * x.scale[route] / x.within_corridor, count)
        return np.divide(load, felt, out=np.ones(count), where=felt > 0)

    def loaded(self, delay: Floats, price: Floats) -> Loaded:
        """Load the network at delays and prices."""
        x = self.loading
        routes, pairs, count = len(x.base), len(x.units), len(x.capacities)
        found = Loaded(
            np.zeros(routes), np.zeros(pairs), np.zeros(pairs), *(np.zeros(count) for _ in range(3))
        )
        nested.evaluate(
            x.first,
            x.corridor,
            x.nest,
            x.base,
            x.time,
            x.scale,
            x.log_size,
            x.begin,
            x.at,
            x.load,
            x.wait,
            x.units,
            self.outside,
            self.free,
            self.weight,
            x.within_corridor,
            x.within_nest,
            delay,
            price,
            *found,
            self.any_hard,
        )
        if not np.isfinite(found.volume).all():
            raise DemandError(
                "The equilibrium left the range of numbers. Look for quantities or parameters beyond all measure."
            )
        return found

    def at(self, point: Floats) -> tuple[Loaded, Floats, Floats]:
        """Load the network at volumes and prices; return also delays and their slopes."""
        delay, slope = self.loading.delays(np.where(self.hard, 0.0, point))
        delay[self.hard] = slope[self.hard] = 0.0
        return self.loaded(delay, np.where(self.hard, point, 0.0)), delay, slope

    def excess(self, point: Floats, volume: Floats) -> Floats:
        """Return by how much each capacity misses its condition, in its unit."""
        over = volume - self.room
        beyond = np.where(point > 0, over, np.maximum(over, 0.0))
        return np.where(self.hard, beyond, volume - point)

    def residual(self, excess: Floats, volume: Floats, point: Floats) -> float:
        """Sum what is missed over the capacities, relative to all volumes: as they are, and each over its capacity."""
        shown = np.maximum(volume, np.where(self.hard, 0.0, point))
        worst = 0.0
        for unit in (1.0, self.loading.capacities.capacity):
            whole = float((shown / unit).sum())
            worst = max(worst, float(np.abs(excess / unit).sum()) / whole if whole > 0 else 0.0)
        return worst

    def diagonal_step(self, point: Floats, found: Loaded, slope: Floats) -> Floats:
        """Return Newton's step with what each capacity's own delay or price takes from it alone."""
        step = self.excess(point, found.volume) / (1.0 + found.bend * slope)
        h = self.hard
        if self.any_hard:
            # a price moves by what brings the volume to the room left, at most by its unit
            over = found.volume[h] - self.room[h]
            move = np.sign(over) * self.unit[h]
            some = found.give[h] > TINY
            move[some] = np.clip(
                over[some] / found.give[h][some],
                -REACH_PRICE * self.unit[h][some],
                REACH_PRICE * self.unit[h][some],
            )
            step[h] = np.maximum(move, -point[h])
        return step

    def newton_matrix(self, point: Floats) -> Floats:
        """Return the derivative of v - F(v) where capacity is soft, and of -F by prices where it is hard."""
        x = self.loading
        found, _, slope = self.at(point)
        count = len(point)
        matrix = np.zeros((count, count))
        nested.slopes(
            x.first,
            x.corridor,
            x.nest,
            x.time,
            x.scale,
            x.begin,
            x.at,
            x.load,
            x.wait,
            x.within_corridor,
            x.within_nest,
            self.hard,
            found.share,
            found.units,
            matrix,
        )
        matrix *= -np.where(self.hard, 1.0, slope)
        found_matrix: Floats = matrix + np.diag(np.where(self.hard, 0.0, 1.0))
        return found_matrix

    def solved(self, matrix: Floats, point: Floats, found: Loaded) -> Floats:
        """Return Newton's step with a whole matrix; a price that is less than the room left goes to 0 (semismooth)."""
        excess = np.where(self.hard, found.volume - self.room, found.volume - point)
        left = (self.room - found.volume) / self.loading.capacities.capacity
        resting = self.hard & (point / self.unit <= left)
        step = np.where(resting, -point, 0.0)
        rows = np.flatnonzero(~resting)
        excess -= matrix[:, resting] @ step[resting]
        # rows and columns in units of volume and of price, so that least squares weighs them alike
        capacity = self.loading.capacities.capacity[rows]
        scaled = matrix[np.ix_(rows, rows)] * self.unit[rows] / capacity[:, None]
        step[rows] = np.linalg.lstsq(scaled, excess[rows] / capacity, rcond=1e-12)[0] * self.unit[rows]
        reach = REACH_PRICE * self.unit
        return np.where(self.hard, np.maximum(np.clip(step, -reach, reach), -point), step)

    def shown(self, point: Floats, target: float, steps: int) -> FixedPoint:
        """Return a point with what it loads, its delays and its residual."""
        found, delay, _ = self.at(point)
        volume = np.where(self.hard, found.volume, point)
        residual = self.residual(self.excess(point, found.volume), found.volume, point)
        price = np.where(self.hard, point, np.nan)
        pair = self.loading.pair
        going = np.bincount(pair, found.share, len(found.units))
        share = np.divide(found.share, going[pair], out=np.zeros(len(pair)), where=going[pair] > 0)
        return FixedPoint(volume, delay, price, share, found.units * going, residual, target, steps)

    def newton(self, point: Floats, target: float, done: int) -> tuple[FixedPoint, int]:
        """Take Newton's steps with a search along each; return the best point and the evaluations made."""
        best, steps = self.shown(point, target, done), 1
        for _ in range(NEWTON_STEPS):
            if best.converged:
                break
            size = float(np.linalg.norm(self._function(point)))
            step = self.solved(self.newton_matrix(point), point, self.at(point)[0])
            length, tried = 1.0, point
            for _ in range(HALVINGS):
                tried = np.maximum(point + length * step, 0.0)
                steps += 1
                if np.linalg.norm(self._function(tried)) < (1.0 - DESCENT * length) * size:
                    break
                length *= 0.5
            else:
                break
            point = tried
            best = min(best, self.shown(point, target, done + steps), key=lambda f: f.residual)
        return best, steps

    def _function(self, point: Floats) -> Floats:
        """Return what must become 0: v - F(v) over capacity, and min(price, room left), both scaled."""
        found, _, _ = self.at(point)
        capacity = self.loading.capacities.capacity
        left = (self.room - found.volume) / capacity
        return np.where(self.hard, np.minimum(point / self.unit, left), (point - found.volume) / capacity)
