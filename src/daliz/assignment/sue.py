"""Find the stochastic user equilibrium: nested path-size logit over route sets with queues and prices of capacity.

A shipper of pair k takes route r with the probability

    P(r) = P(nest) P(corridor | nest) P(r | corridor),   each a logit over the level's inclusive values,
    V(r) = -theta c(r) + ln PS(r),                        PS(r) = sum_a (l_a / L_r) / N_a,

theta in 1/USD per 20 t, PS the path size of Ben-Akiva and Bierlaire [1]_ over the pair's routes, and dissimilarities as
in the table `choice`. Costs hold the delays of soft capacities and the prices of hard ones. Volumes and prices solve

    v_e = F_e(c(v, p))                     where capacity is soft [2]_,
    0 <= p_e  and  F_e <= C_e, one of them an equality,   where it is hard [3]_,

found by Anderson's acceleration [4]_ of diagonal Newton steps, and where that fails by Newton's method with the whole
Jacobian by differences.

References
----------
.. [1] M. Ben-Akiva, M. Bierlaire, Discrete choice methods and their applications to short term travel decisions, 1999.
.. [2] C. Daganzo, Y. Sheffi, On stochastic models of traffic assignment, Transportation Science 11, 1977.
.. [3] M. Bell, Stochastic user equilibrium assignment in networks with queues, Transportation Research B 29, 1995.
.. [4] H. Walker, P. Ni, Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49, 2011.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.assignment.kernels import nested
from daliz.errors import DemandError

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats
    from daliz.assignment.loading import Loading

MEMORY = 8
REACH = 0.25
"""Largest change of a volume in one step, over its capacity."""
ASTRAY = 2.0
"""Growth of the step at which past ones are forgotten."""
STEPS = 300
NEWTON_STEPS = 60
NEWTON_SIZE = 400
"""Capacities above which the whole Jacobian is not tried."""
DIFFERENCE = 1e-6
HALVINGS = 25
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
        float64 (capacities,): volume of demand, hours that it adds (0 where capacity is hard), USD per unit of capacity (NaN
        where it is soft).
    share
        float64 (routes,): of the units that go.
    units
        float64 (pairs,): units that go.
    residual
        sum |v - F(v)| / sum F(v), each over its capacity, of the volumes shown; what is beyond a hard capacity counts too.
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


def fixed_point(
    loading: Loading,
    *,
    target: float = 1e-6,
    steps: int = STEPS,
    start: Floats | None = None,
    elasticity: float = 0.0,
    unserved_usd_t: float = np.inf,
) -> FixedPoint:
    """Find volumes and prices that reproduce themselves.

    With an elasticity e the units of a pair are q0 exp(-e (S - S0) / c0), S = -I / theta being the expected least cost,
    S0 its value without queues and c0 the cost of the cheapest route without them.

    Parameters
    ----------
    loading
        Routes and capacities.
    target
        Residual to reach.
    steps
        Evaluations after which to give up; the result then says that it has not converged.
    start
        Volumes (prices, where capacity is hard) to begin from, shape (capacities,).
    elasticity
        Of demand to generalised cost, 0 or more.
    unserved_usd_t
        USD per tonne at which shippers rather stay at home; infinite for never.
    """
    solver = _Solver(loading, elasticity, unserved_usd_t)
    point = solver.begin(start)
    best = (np.inf, point)
    mixer = _Mixer(solver.unit)
    for n in range(1, steps + 1):
        step, residual = solver.step(point)
        if residual < best[0]:
            best = (residual, point)
        if residual <= target:
            found = solver.shown(point, target, n)
            if found.converged:
                return found
        point = mixer.next(point, step, solver.hard)
    if len(point) <= NEWTON_SIZE and steps >= STEPS:
        return solver.newton(best[1], target, steps)
    return solver.shown(best[1], target, steps)


class _Solver:
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
        zero = np.zeros(len(c))
        at_rest = self.loaded(zero, zero)
        if self.any_hard:
            self._set_price_unit(at_rest)
        if elasticity:
            # least cost of each pair without queues, and the scale of its class
            least = np.ones(len(none))
            least[some] = np.maximum(np.minimum.reduceat(loading.base, first[some]), 1.0)
            self.free = at_rest.inclusive
            self.weight = np.divide(elasticity, scale * least, out=np.zeros(len(none)), where=some)
        self.at_rest = at_rest

    def _set_price_unit(self, at_rest: Loaded) -> None:
        """Measure prices in what would take about all of a capacity's volume away."""
        price = np.divide(at_rest.volume, at_rest.give, out=np.ones(len(self.room)), where=at_rest.give > 0)
        self.unit[self.hard] = np.maximum(price[self.hard], TINY)

    def begin(self, start: Floats | None) -> Floats:
        """Return the volumes, and prices of hard capacities, to begin from."""
        if start is None:
            return np.zeros(len(self.hard))
        return np.maximum(np.nan_to_num(start), 0.0)

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
        """Sum what is missed over the capacities, relative to all volumes."""
        capacity = self.loading.capacities.capacity
        shown = np.where(self.hard, volume, point)
        whole = max(float((volume / capacity).sum()), float((shown / capacity).sum()))
        return float(np.abs(excess / capacity).sum()) / whole if whole > 0 else 0.0

    def step(self, point: Floats) -> tuple[Floats, float]:
        """Return the diagonal Newton step from a point, and the residual there."""
        found, _, slope = self.at(point)
        excess = self.excess(point, found.volume)
        step = excess / (1.0 + found.bend * slope)
        h = self.hard
        if self.any_hard:
            # a price moves by what brings the volume to the room left, at most to e times less or more of it
            move = np.full(int(h.sum()), np.inf) * np.sign(found.volume[h] - self.room[h])
            some = found.give[h] > TINY
            move[some] = (found.volume[h] - self.room[h])[some] / found.give[h][some]
            step[h] = np.maximum(np.clip(np.nan_to_num(move), -self.unit[h], self.unit[h]), -point[h])
        return step, self.residual(excess, found.volume, point)

    def shown(self, point: Floats, target: float, steps: int) -> FixedPoint:
        """Return the volumes that a point loads, with the delays and the residual of these very volumes."""
        found, _, _ = self.at(point)
        told = np.where(self.hard, point, found.volume)
        again, delay, _ = self.at(told)
        excess = np.where(self.hard, self.excess(point, found.volume), self.excess(told, again.volume))
        residual = self.residual(excess, found.volume, told)
        price = np.where(self.hard, point, np.nan)
        return FixedPoint(found.volume, delay, price, found.share, found.units, residual, target, steps)

    def newton(self, point: Floats, target: float, steps: int) -> FixedPoint:
        """Solve by Newton's method with the whole Jacobian by differences and a search along the step."""
        best = self.shown(point, target, steps)
        done = steps
        for _ in range(NEWTON_STEPS):
            value = self._function(point)
            size = float(np.linalg.norm(value))
            jacobian = np.empty((len(point), len(point)))
            for e in range(len(point)):
                moved = point.copy()
                moved[e] += DIFFERENCE * self.unit[e]
                jacobian[:, e] = (self._function(moved) - value) / DIFFERENCE
            step = np.linalg.lstsq(jacobian, -value, rcond=None)[0] * self.unit
            done += len(point) + 1
            length = 1.0
            for _ in range(HALVINGS):
                tried = np.maximum(point + length * step, 0.0)
                done += 1
                if np.linalg.norm(self._function(tried)) < size:
                    break
                length *= 0.5
            else:
                break
            point = tried
            found = self.shown(point, target, done)
            if found.residual < best.residual:
                best = found
            if best.converged:
                break
        return best

    def _function(self, point: Floats) -> Floats:
        """Return what must become 0: v - F(v) over capacity, and min(price, room left), both scaled."""
        found, _, _ = self.at(point)
        capacity = self.loading.capacities.capacity
        left = (self.room - found.volume) / capacity
        return np.where(self.hard, np.minimum(point / self.unit, left), (point - found.volume) / capacity)


class _Mixer:
    """Mixes past points and the steps they asked for into the next point."""

    def __init__(self, unit: Floats) -> None:
        self.unit = unit
        self.points: list[Floats] = []
        self.steps: list[Floats] = []
        self.damping = 1.0

    def next(self, point: Floats, step: Floats, hard: Flags) -> Floats:
        """Return the point whose mixture of steps is least, moved on by that step."""
        step = np.where(hard, step / self.unit, np.clip(step / self.unit, -REACH, REACH))
        if self.steps and np.linalg.norm(step) > ASTRAY * min(np.linalg.norm(x) for x in self.steps):
            # the mixture led astray: forget it and go on from here in shorter steps
            self.points, self.steps = [], []
            self.damping = max(0.7 * self.damping, 0.2)
        self.points = [*self.points, point / self.unit][-MEMORY:]
        self.steps = [*self.steps, step][-MEMORY:]
        moved = self.points[-1] + self.damping * step
        if len(self.steps) > 1:
            turns, moves = np.diff(np.array(self.steps), axis=0).T, np.diff(np.array(self.points), axis=0).T
            weight, *_ = np.linalg.lstsq(turns, step, rcond=1e-8)
            mixed = moved - (moves + self.damping * turns) @ weight
            reach = np.where(hard, 1.0, REACH)
            moved = self.points[-1] + np.clip(mixed - self.points[-1], -reach, reach)
        return np.maximum(moved, 0.0) * self.unit
