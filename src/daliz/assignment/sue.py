"""Find the stochastic user equilibrium: nested path-size logit over route sets with queues.

A shipper of pair k takes route r with the probability

    P(r) = P(nest) P(corridor | nest) P(r | corridor),   each a logit over the level's inclusive values,
    V(r) = -theta c(r) + ln PS(r),                        PS(r) = sum_a (l_a / L_r) / N_a,

theta in 1/USD per 20 t, PS the path size of Ben-Akiva and Bierlaire [1]_ over the pair's routes, and
dissimilarities as in the table `choice`. Costs hold the delays of what has a capacity; volumes are a
fixed point v = sum f(P(c(v))) [2]_, found by Anderson's acceleration [3]_ with a fall-back to averages.

References
----------
.. [1] M. Ben-Akiva, M. Bierlaire, Discrete choice methods and their applications to short term travel decisions, 1999.
.. [2] C. Daganzo, Y. Sheffi, On stochastic models of traffic assignment, Transportation Science 11, 1977.
.. [3] H. Walker, P. Ni, Anderson acceleration for fixed-point iterations, SIAM J. Numer. Anal. 49, 2011.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from daliz.assignment.kernels import columns
from daliz.errors import DemandError
from daliz.paths.capacities import incidence
from daliz.paths.cost import values_of_time
from daliz.paths.kernels import via

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_array

    from daliz.arrays import Floats, Ints
    from daliz.paths.capacities import Elements
    from daliz.paths.route_sets import RouteSets

TONNES_OF_SCALE = 20.0
MEMORY = 8
REACH = 0.25
"""Largest change of a volume in one step, over its capacity."""
ASTRAY = 2.0
"""Growth of the step at which past ones are forgotten."""


@dataclass(frozen=True)
class Nesting:
    """Hold routes sorted by pair, nest and corridor, with where each level's groups begin."""

    order: Ints
    route: Ints
    corridor: Ints
    nest: Ints
    of_corridor: Ints
    of_nest: Ints
    of_pair: Ints


def nesting(pair: Ints, corridor: Ints, nest: Ints) -> Nesting:
    """Sort routes by pair, nest and corridor."""
    order = np.lexsort((corridor, nest, pair))
    keys = np.stack([pair[order], nest[order], corridor[order]])
    fresh = np.ones((3, len(order)), np.bool_)
    fresh[0, 1:] = keys[0, 1:] != keys[0, :-1]
    fresh[1, 1:] = fresh[0, 1:] | (keys[1, 1:] != keys[1, :-1])
    fresh[2, 1:] = fresh[1, 1:] | (keys[2, 1:] != keys[2, :-1])
    of_corridor = np.flatnonzero(fresh[2])
    of_nest = np.flatnonzero(fresh[1][of_corridor])
    of_pair = np.flatnonzero(fresh[0][of_corridor][of_nest])
    number = [np.cumsum(f) - 1 for f in fresh]
    return Nesting(
        order,
        number[2],
        number[1][of_corridor],
        number[0][of_corridor][of_nest],
        of_corridor,
        of_nest,
        of_pair,
    )


def probabilities(
    utility: Floats, nests: Nesting, within_corridor: float, within_nest: float
) -> tuple[Floats, Floats]:
    """Give the probability of each route, and the inclusive value of each pair.

    Parameters
    ----------
    utility
        float64 array of shape (routes,), not yet divided by a dissimilarity.
    within_corridor, within_nest
        Dissimilarities of routes in a corridor and of corridors in a nest; 0 < within_corridor <=
        within_nest <= 1.
    """
    value = utility[nests.order] / within_corridor
    route, first = _logit(value, nests.of_corridor, nests.route)
    corridor, second = _logit(first * within_corridor / within_nest, nests.of_nest, nests.corridor)
    nest, third = _logit(second * within_nest, nests.of_pair, nests.nest)
    share = np.empty_like(utility)
    above = (nest[nests.corridor] * corridor)[nests.route]
    share[nests.order] = route * above
    return share, third


def _logit(value: Floats, begin: Ints, group: Ints) -> tuple[Floats, Floats]:
    """Give shares within groups and the log of the sum of each group."""
    top = np.maximum.reduceat(value, begin)
    weight = np.exp(value - top[group])
    total = np.add.reduceat(weight, begin)
    return weight / total[group], top + np.log(total)


@dataclass(frozen=True)
class Choice:
    """Hold all that the fixed point needs, in flat arrays.

    Attributes
    ----------
    base
        float64 (routes,): USD of each route without delays, with constants.
    time
        float64 (routes,): USD per hour of one unit.
    scale
        float64 (routes,): theta per USD of one unit.
    log_size
        float64 (routes,): ln PS.
    units
        float64 (pairs,): units a year.
    bears, waits
        Sparse (routes, elements): what a unit on the route loads each element with; how often it bears
        each delay.
    """

    base: Floats
    time: Floats
    scale: Floats
    log_size: Floats
    pair: Ints
    units: Floats
    nests: Nesting
    within_corridor: float
    within_nest: float
    bears: csr_array
    waits: csr_array
    elements: Elements
    loads: csr_array = field(repr=False)
    both: csr_array = field(repr=False)

    def delays(self, volume: Floats) -> tuple[Floats, Floats]:
        """Give the hours that each element adds at a volume, background included, and their slope, shapes (elements,)."""
        e = self.elements
        link = np.zeros((len(e), 3))
        link[:, columns.V] = volume + e.background
        columns.refresh_all(link, e.form, e.parameters, False)
        return link[:, columns.T] - e.parameters[:, 0], link[:, columns.D]

    def cost(self, delay: Floats) -> Floats:
        """Give the USD of each route at delays."""
        return np.asarray(self.base + self.time * (self.waits @ delay))

    def sensitivity(self, flow: Floats, share: Floats) -> Floats:
        """Bound what an hour of its own delay takes from each element's volume, shape (elements,)."""
        lost = flow * self.scale * self.time * (1.0 - share) / self.within_corridor
        return np.asarray(self.both @ lost)

    def shares(self, delay: Floats) -> tuple[Floats, Floats]:
        """Give the shares of routes and the inclusive values of pairs at delays."""
        utility = -self.scale * self.cost(delay) + self.log_size
        return probabilities(utility, self.nests, self.within_corridor, self.within_nest)


@dataclass(frozen=True)
class FixedPoint:
    """Hold the volumes of a fixed point, with its residual sum |v - F(v)| / sum v."""

    volume: Floats
    share: Floats
    units: Floats
    delay: Floats
    residual: float
    target: float
    steps: int

    @property
    def converged(self) -> bool:
        """Tell whether the residual asked for was reached."""
        return self.residual <= self.target


def fixed_point(
    choice: Choice,
    *,
    target: float = 1e-6,
    steps: int = 300,
    start: Floats | None = None,
    elasticity: float = 0.0,
) -> FixedPoint:
    """Find volumes that reproduce themselves.

    With an elasticity e the units of a pair are q0 exp(-e (S - S0) / c0), S = -I / theta being the
    expected least cost, S0 its value without queues and c0 the cost of the cheapest route without them.

    Parameters
    ----------
    choice
        Routes and elements.
    target
        Residual to reach.
    steps
        Evaluations after which to give up; the result then says that it has not converged.
    start
        Volumes to begin from, shape (elements,).
    elasticity
        Of demand to generalised cost, 0 or more.
    """
    free = choice.shares(np.zeros(len(choice.elements)))[1]
    first = np.searchsorted(choice.pair, np.arange(len(choice.units)))
    # least cost of each pair without queues, and the scale of its class
    least = np.maximum(np.minimum.reduceat(choice.base, first), 1.0)
    weight = elasticity / (choice.scale[first] * least)
    volume = np.zeros(len(choice.elements)) if start is None else start
    best: FixedPoint | None = None
    mixer = _Mixer(MEMORY, choice.elements.capacity)
    for n in range(1, steps + 1):
        delay, slope = choice.delays(volume)
        share, inclusive = choice.shares(delay)
        units = (
            choice.units * np.exp(-weight * np.maximum(free - inclusive, 0.0)) if elasticity else choice.units
        )
        flow = share * units[choice.pair]
        found = np.asarray(choice.loads @ flow)
        total = float(np.abs(found).sum())
        if not np.isfinite(total):
            raise DemandError(
                "The equilibrium left the range of numbers. Look for quantities or parameters beyond "
                "all measure."
            )
        residual = float(np.abs(found - volume).sum()) / total if total > 0 else 0.0
        if best is None or residual < best.residual:
            best = FixedPoint(found, share, units, delay, residual, target, n)
        if residual <= target:
            break
        # Newton's step with what each element's own delay takes from it; where queues are steep it is short
        bend = choice.sensitivity(flow, share) * slope
        volume = mixer.next(volume, (found - volume) / (1.0 + bend))
    if best is None:
        raise DemandError("A fixed point needs at least one step.")
    return best


class _Mixer:
    """Mix past volumes and the steps they asked for into the next volumes."""

    def __init__(self, memory: int, capacity: Floats) -> None:
        self.memory, self.capacity = memory, capacity
        self.points: list[Floats] = []
        self.steps: list[Floats] = []
        self.damping = 1.0

    def next(self, volume: Floats, step: Floats) -> Floats:
        """Give the volumes whose mixture of steps is least, moved on by that step."""
        step = np.clip(step / self.capacity, -REACH, REACH)
        if self.steps and np.linalg.norm(step) > ASTRAY * min(np.linalg.norm(x) for x in self.steps):
            # the mixture led astray: forget it and go on from here in shorter steps
            self.points, self.steps = [], []
            self.damping = max(0.7 * self.damping, 0.2)
        self.points = [*self.points, volume / self.capacity][-self.memory :]
        self.steps = [*self.steps, step][-self.memory :]
        moved = self.points[-1] + self.damping * step
        if len(self.steps) > 1:
            turns, moves = np.diff(np.array(self.steps), axis=0).T, np.diff(np.array(self.points), axis=0).T
            weight, *_ = np.linalg.lstsq(turns, step, rcond=1e-8)
            mixed = moved - (moves + self.damping * turns) @ weight
            moved = self.points[-1] + np.clip(mixed - self.points[-1], -REACH, REACH)
        return np.maximum(moved, 0.0) * self.capacity


def make_choice(
    routes: RouteSets,
    elements: Elements,
    units: Floats,
    constants: Floats,
    values: dict[str, float],
    nest_of: Callable[[Ints], Ints],
) -> Choice:
    """Put route sets and elements into the arrays of a choice.

    Parameters
    ----------
    routes, elements
        Of one graph.
    units
        Units a year of each pair.
    constants
        USD per 20 t, shape (2, corridors + 1): for containers and loose cargo; the last column for ways
        of no corridor.
    values
        Parameters of choice.
    nest_of
        Gives the nest of each corridor row.
    """
    cargoes = routes.graph.network.table("cargoes")
    of = routes.cargo[routes.pair]
    tonnes = cargoes["payload_t"][of] / TONNES_OF_SCALE
    time = values_of_time(cargoes, values.get("time-spread", 1.0))[of]
    ratio = cargoes["reliability_ratio"][of]
    base = (
        routes.usd
        + time * routes.hours
        + time * ratio * routes.variance / (2.0 * values["reference-sd"])
        + constants[(cargoes["teu"][of] == 0).astype(np.int64), routes.corridor] * tonnes
    )
    memo = routes.memo
    if "choice" not in memo:
        bears, waits = incidence(routes, elements)
        bears.data *= elements.load[np.repeat(of, np.diff(bears.indptr)), bears.indices]
        sizes = via.path_sizes(routes.first, routes.begin, routes.arcs, routes.graph.km)
        memo["choice"] = (
            bears,
            waits,
            bears.T.tocsr(),
            (bears * waits).T.tocsr(),
            np.log(sizes),
            nesting(routes.pair, routes.corridor, nest_of(routes.corridor)),
        )
    bears, waits, loads, both, log_size, nests = memo["choice"]
    if not 0 < values["nest-route"] <= values["nest-rail"] <= 1:
        raise DemandError(
            "Dissimilarities must rise from routes to corridors within 0 and 1, not "
            f"{values['nest-route']:g} and {values['nest-rail']:g}."
        )
    return Choice(
        base,
        time,
        values["scale"] / tonnes,
        log_size,
        routes.pair,
        units,
        nests,
        values["nest-route"],
        values["nest-rail"],
        bears,
        waits,
        elements,
        loads,
        both,
    )
