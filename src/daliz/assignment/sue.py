"""Find the stochastic user equilibrium: nested path-size logit over route sets with queues and prices of capacity.

A shipper of pair k takes route r with the probability

    P(r) = P(nest) P(corridor | nest) P(r | corridor),   each a logit over the level's inclusive values,
    V(r) = -theta c(r) + ln PS(r),                        PS(r) = sum_a (l_a / L_r) / N_a,

theta in 1/USD per 20 t, PS the path size of Ben-Akiva and Bierlaire [1]_ over the pair's routes, and dissimilarities as
in the table `choice`. Costs hold the delays of soft capacities and the prices of hard ones. Volumes and prices solve

    v_e = F_e(c(v, p))                     where capacity is soft [2]_,
    0 <= p_e  and  F_e <= C_e, one of them an equality,   where it is hard [3]_,

found by Anderson's acceleration [4]_ of Newton steps with the Jacobian at the start (its diagonal where nothing is known
to start from), and where that fails by Newton's method from shippers who hardly choose by cost to those who do, by degrees.

References
----------
.. [1] M. Ben-Akiva, M. Bierlaire, Discrete choice methods and their applications to short term travel decisions, 1999.
.. [2] C. Daganzo, Y. Sheffi, On stochastic models of traffic assignment, Transportation Science 11, 1977.
.. [3] M. Bell, Stochastic user equilibrium assignment in networks with queues, Transportation Research B 29, 1995.
.. [4] H. Walker, P. Ni, Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49, 2011.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
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
REACH_PRICE = 2.0
"""Largest change of a price in one step, in its unit."""
ASTRAY = 2.0
"""Growth of the step at which past ones are forgotten."""
STEPS = 300
RENEWED = 40
"""Evaluations after which steps are taken with a whole Jacobian, computed anew."""
NEWTON_STEPS = 60
NEWTON_SIZE = 400
"""Capacities above which the whole Jacobian is not tried."""
HALVINGS = 25
DESCENT = 1e-4
"""Least share of a step's promise that a search along it must keep (Armijo)."""
FIRST_DEGREE, LEAST_DEGREE = 1e-4, 1e-30
LARGEST_STEP, SMALLEST_STEP = 8.0, 1.0005
"""Where the scale begins, and the largest and least factor by which it rises (see `_by_degrees`)."""
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
        sum |v - F(v)| / sum F(v) of the volumes shown, as they are or each over its capacity, whichever is more; what is
        beyond a hard capacity counts too.
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


@dataclass(frozen=True)
class Point:
    """Volumes, and prices of hard capacities, that an equilibrium begins from.

    Attributes
    ----------
    at
        float64 (capacities,).
    loading
        What they are an equilibrium of, for the derivative there; it is left out of a pickle.
    """

    at: Floats
    loading: Loading | None = field(default=None, repr=False)

    @functools.cached_property
    def matrix(self) -> Floats | None:
        """Derivative of what must be 0 (see `_Solver.newton_matrix`); None where it is not known."""
        return None if self.loading is None else _Solver(self.loading, 0.0, np.inf).newton_matrix(self.at)

    def __getstate__(self) -> dict[str, object]:
        return {"at": self.at, "loading": None}


def fixed_point(
    loading: Loading,
    *,
    target: float = 1e-6,
    steps: int = STEPS,
    start: Point | None = None,
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
        What to begin from; steps are Newton's where the derivative there is known.
    elasticity
        Of demand to generalised cost, 0 or more.
    unserved_usd_t
        USD per tonne at which shippers rather stay at home; infinite for never.
    """
    solver = _Solver(loading, elasticity, unserved_usd_t)
    point = np.zeros(len(solver.hard)) if start is None else np.maximum(np.nan_to_num(start.at), 0.0)
    best = (np.inf, point)
    mixer = _Mixer(solver.unit)
    newton = None if start is None else start.matrix
    for n in range(1, steps + 1):
        found, _, slope = solver.at(point)
        excess = solver.excess(point, found.volume)
        residual = solver.residual(excess, found.volume, point)
        if residual < best[0]:
            best = (residual, point)
        if residual <= target:
            return solver.shown(point, target, n)
        step = (
            solver.diagonal_step(point, found, slope)
            if newton is None
            else solver.solved(newton, point, found)
        )
        point = mixer.next(point, step, solver.hard)
        if n % RENEWED == 0 and len(point) <= NEWTON_SIZE:
            # where the mixture of diagonal steps is slow, whole ones are not
            newton, mixer = solver.newton_matrix(best[1]), _Mixer(solver.unit)
            point = best[1]
    if len(point) <= NEWTON_SIZE and steps >= STEPS:
        sure, _ = solver.newton(best[1], target, steps)
        return sure if sure.converged else _by_degrees(loading, sure, elasticity, unserved_usd_t)
    return solver.shown(best[1], target, steps)


def _by_degrees(loading: Loading, known: FixedPoint, elasticity: float, unserved_usd_t: float) -> FixedPoint:
    """Solve for shippers who hardly choose by cost, and let them do so more and more, from solution to solution.

    With a small scale shares hardly hang on delays and Newton's method is sure; each solution begins the next, at a scale
    higher by a factor that shrinks where Newton's method fails and grows where it succeeds.
    """
    point = np.zeros(len(loading.capacities))
    degree, before, factor, done = FIRST_DEGREE, 0.0, LARGEST_STEP, known.steps
    while True:
        solver = _Solver(replace(loading, scale=loading.scale * degree), elasticity, unserved_usd_t)
        found, steps = solver.newton(point, known.target, done)
        done += steps
        if found.converged:
            if degree == 1.0:
                return found
            point = np.where(solver.hard, np.nan_to_num(found.price), found.volume)
            factor = min(factor**2, LARGEST_STEP)
            degree, before = min(degree * factor, 1.0), degree
            continue
        if before == 0.0 and degree > LEAST_DEGREE:
            degree *= FIRST_DEGREE
            continue
        factor = np.sqrt(factor)
        if factor < SMALLEST_STEP:
            return replace(known, steps=done)
        degree = min(before * factor, 1.0)


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
        """Measure prices in what makes a route e times less chosen beside one that does without, shape (capacities,)."""
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
            reach = np.where(hard, REACH_PRICE, REACH)
            moved = self.points[-1] + np.clip(mixed - self.points[-1], -reach, reach)
        return np.maximum(moved, 0.0) * self.unit
