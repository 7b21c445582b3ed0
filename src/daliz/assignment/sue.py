"""Find the stochastic user equilibrium: nested path-size logit over route sets with queues and prices of capacity.

A shipper of pair k takes route r with the probability

    P(r) = P(nest) P(corridor | nest) P(r | corridor),   each a logit over the level's inclusive values,
    V(r) = -theta c(r) + ln PS(r),                        PS(r) = sum_a (l_a / L_r) / N_a,

theta in 1/USD per 20 t, PS the path size of Ben-Akiva and Bierlaire [1]_ over the pair's routes, and dissimilarities as
in the table `choice`. Costs hold the delays of soft capacities and the prices of hard ones. Volumes and prices solve

    v_e = F_e(c(v, p))                     where capacity is soft [2]_,
    0 <= p_e  and  F_e <= C_e, one of them an equality,   where it is hard [3]_,

found by Anderson's acceleration [4]_ of Newton steps with the Jacobian at the start (its diagonal where nothing is
known to start from), and where that fails by Newton's method from shippers who hardly choose by cost to those who do,
by degrees.

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
from typing import TYPE_CHECKING

import numpy as np

from daliz.assignment.sue_conditions import REACH_PRICE, FixedPoint, Solver

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats
    from daliz.assignment.loading import Loading

MEMORY = 8
REACH = 0.25
"""Largest change of a volume in one step, over its capacity."""
ASTRAY = 2.0
"""Growth of the step at which past ones are forgotten."""
STEPS = 300
RENEWED = 40
"""Evaluations after which steps are taken with a whole Jacobian, computed anew."""
NEWTON_SIZE = 400
"""Capacities above which the whole Jacobian is not tried."""
FIRST_DEGREE, LEAST_DEGREE = 1e-4, 1e-30
LARGEST_STEP, SMALLEST_STEP = 8.0, 1.0005
"""Where the scale begins, and the largest and least factor by which it rises (see `_by_degrees`)."""


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
        """Derivative of what must be 0 (see `Solver.newton_matrix`); None where it is not known."""
        return None if self.loading is None else Solver(self.loading, 0.0, np.inf).newton_matrix(self.at)

    def __getstate__(self) -> dict[str, object]:
        return dict(at=self.at, loading=None)


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
    solver = Solver(loading, elasticity, unserved_usd_t)
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

    With a small scale shares hardly hang on delays and Newton's method is sure; each solution begins the next, at a
    scale higher by a factor that shrinks where Newton's method fails and grows where it succeeds.
    """
    point = np.zeros(len(loading.capacities))
    degree, before, factor, done = FIRST_DEGREE, 0.0, LARGEST_STEP, known.steps
    while True:
        solver = Solver(replace(loading, scale=loading.scale * degree), elasticity, unserved_usd_t)
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
