"""Say what the routes of a model cost and what they load, in flat arrays."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from daliz.paths.cost import Amounts, additive_cost, values_of
from daliz.paths.kernels import delays, route_arcs
from daliz.paths.loads import entries_of

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.paths.capacities import Capacities
    from daliz.paths.model import Model
    from daliz.paths.route_sets import RouteSets

TONNES_OF_SCALE = 20.0
"""Load of a unit to which scale and constants of the choice refer."""


@dataclass(frozen=True)
class Loading:
    """What routes cost, load and wait for.

    Attributes
    ----------
    first
        int64 (pairs + 1,): where the routes of each pair begin.
    corridor, nest
        int64 (routes,): those of one nest of a pair stand together, and in it those of one corridor.
    base
        float64 (routes,): USD of each route without delays, with constants.
    time
        float64 (routes,): USD per hour of one unit.
    scale
        float64 (routes,): theta per USD of one unit.
    log_size
        float64 (routes,): logarithm of the path size.
    units
        float64 (pairs,): units a year.
    begin, at, load, wait
        Entries by route: capacity, what a unit loads it with, how often it bears its delay.
    capacities
        What is loaded.
    within_corridor, within_nest
        Dissimilarities of routes in a corridor and of corridors in a nest.
    tonnes
        float64 (pairs,): tonnes of one unit.
    """

    first: Ints
    corridor: Ints
    nest: Ints
    base: Floats
    time: Floats
    scale: Floats
    log_size: Floats
    units: Floats
    begin: Ints
    at: Ints
    load: Floats
    wait: Floats
    capacities: Capacities
    within_corridor: float
    within_nest: float
    tonnes: Floats

    @classmethod
    def of(cls, model: Model, routes: RouteSets) -> Loading:
        """Compute what the routes of a model cost and load."""
        cargoes, choice = model.network.table("cargoes"), model.choice
        cargo = routes.cargo
        payload = cargoes["payload_t"][cargo] / TONNES_OF_SCALE
        values = values_of(cargoes, cargo, choice.get("time-spread", 1.0))
        sums = routes.sums
        amounts = Amounts(sums.usd, sums.hours, sums.variance, sums.kg)
        corridors = model.ground.corridors
        constant = choice.constants(corridors.ids)[
            (cargoes["teu"][cargo] == 0).astype(np.int64), routes.corridor
        ]
        capacities = model.capacities.more_congested(choice.get("congestion", 1.0))
        return cls(
            routes.first,
            routes.corridor,
            corridors.nest[routes.corridor],
            additive_cost(amounts, values, choice["reference-sd"]) + constant * payload,
            np.ascontiguousarray(values.time_usd_h),
            choice["scale"] / payload,
            np.log(_path_sizes(routes)),
            model.units,
            *entries_of(routes, capacities),
            capacities,
            choice["nest-route"],
            choice["nest-corridor"],
            cargoes["payload_t"][routes.pairs.cargo],
        )

    @functools.cached_property
    def pair(self) -> Ints:
        """The pair of each route, shape (routes,)."""
        return np.repeat(np.arange(len(self.units)), np.diff(self.first))

    @functools.cached_property
    def loads(self) -> csr_array:
        """What a unit on each route loads each capacity with, sparse (routes, capacities)."""
        return csr_array((self.load, self.at, self.begin), shape=(len(self.base), len(self.capacities)))

    @functools.cached_property
    def waits(self) -> csr_array:
        """How often a unit on each route bears the delay of each capacity, sparse (routes, capacities)."""
        return csr_array((self.wait, self.at, self.begin), shape=(len(self.base), len(self.capacities)))

    def delays(self, volume: Floats) -> tuple[Floats, Floats]:
        """Compute the hours that each capacity adds at a volume, background included, and their slope."""
        c = self.capacities
        state = np.zeros((len(c), 3))
        delays.added(volume + c.background, c.form, c.parameters, state)
        return state[:, 0].copy(), state[:, 1].copy()


def _path_sizes(routes: RouteSets) -> Floats:
    size = np.ones(len(routes))
    every = np.arange(len(routes.pairs))
    route_arcs.path_sizes(every, routes.first, routes.begin, routes.arcs, routes.ground.km, size)
    return size
