"""Say what routes load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from daliz.paths.kernels import loads

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.paths.capacities import Capacities
    from daliz.paths.route_sets import RouteSets


def entries_of(routes: RouteSets, capacities: Capacities) -> tuple[Ints, Ints, Floats, Floats]:
    """List by route the capacities that it loads and waits for: where entries begin, capacity, load, wait."""
    arcs = len(routes.ground.arcs)
    count = max(len(capacities), 1)
    keys = [pairs[:, 0] * count + pairs[:, 1] for pairs in (capacities.bears, capacities.waits)]
    every, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    split = len(keys[0])
    bears, waits = (
        np.bincount(part, minlength=len(every)).astype(np.float64)
        for part in (inverse[:split], inverse[split:])
    )
    first = np.searchsorted(every // count, np.arange(arcs + 1))
    return loads.entries(
        routes.begin,
        routes.arcs,
        routes.cargo,
        first,
        every % count,
        bears,
        waits,
        np.ascontiguousarray(capacities.load),
        capacities.admits,
    )


def loads_of_routes(routes: RouteSets, capacities: Capacities) -> csr_array:
    """Return what a unit on each route loads each capacity with, sparse (routes, capacities)."""
    begin, at, load, _ = entries_of(routes, capacities)
    return csr_array((load, at, begin), shape=(len(routes), len(capacities)))
