"""Turn delays and prices of capacities into costs of arcs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.paths.cost import values_of

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.paths.capacities import Capacities
    from daliz.paths.ground import Ground


def delay_tolls(ground: Ground, capacities: Capacities, delay_h: Floats) -> Floats:
    """Compute the USD that delays add to each arc for one unit of each class, shape (classes, arcs)."""
    cargoes = ground.network.table("cargoes")
    time = values_of(cargoes, np.arange(len(cargoes))).time_usd_h
    arc, at = capacities.waits.T
    count = len(ground.arcs)
    return np.stack(
        [
            v * np.bincount(arc, (delay_h * admitted)[at], count)
            for v, admitted in zip(time, capacities.admits, strict=True)
        ]
    )


def load_tolls(ground: Ground, capacities: Capacities, price_usd: Floats) -> Floats:
    """Compute the USD that prices of loading capacities add to each arc for one unit of each class."""
    arc, at = capacities.bears.T
    return np.stack([np.bincount(arc, (load * price_usd)[at], len(ground.arcs)) for load in capacities.load])
