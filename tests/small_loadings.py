"""Make small loadings: a few pairs with routes that share places of capacity, for equilibria."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.assignment.loading import Loading
from daliz.paths.capacities import Capacities, Place

if TYPE_CHECKING:
    from numpy.random import Generator


def places_of(
    capacity: np.ndarray, form: np.ndarray, b: np.ndarray, power: np.ndarray, hard: np.ndarray | None = None
) -> Capacities:
    """Make places of some capacities with one unit of one class; forms are 0 bpr, 1 conical, 2 queue."""
    count = len(capacity)
    none = np.zeros((0, 2), np.int64)
    time = np.where(form == 2, 0.0, np.where(form == 1, b, 1.0))
    return Capacities(
        places=tuple(Place("link", f"e{i}") for i in range(count)),
        unit=("TEU",) * count,
        capacity=capacity.astype(np.float64),
        background=np.zeros(count),
        hard=np.zeros(count, np.bool_) if hard is None else hard,
        form=form.astype(np.uint8),
        parameters=np.ascontiguousarray(np.column_stack([time, capacity, b, power]), np.float64),
        load=np.ones((1, count)),
        bears=none,
        waits=none,
        cells=((),) * count,
        admits=np.ones((1, count), np.bool_),
    )


def loading_of(
    routes: list[list[list[int]]],
    base: list[list[float]],
    units: list[float],
    places: Capacities,
    scale: float,
) -> Loading:
    """Make a loading of pairs, each with routes given as the places that they load, all in one nest."""
    flat = [r for pair in routes for r in pair]
    count = len(flat)
    begin = np.concatenate([[0], np.cumsum([len(r) for r in flat])]).astype(np.int64)
    at = np.array([e for r in flat for e in r], np.int32)
    none = np.zeros(count, np.int64)
    return Loading(
        first=np.concatenate([[0], np.cumsum([len(p) for p in routes])]).astype(np.int64),
        corridor=none,
        nest=none,
        base=np.array([c for p in base for c in p], np.float64),
        time=np.ones(count),
        scale=np.full(count, scale),
        log_size=np.zeros(count),
        units=np.array(units, np.float64),
        begin=begin,
        at=at,
        load=np.ones(len(at)),
        wait=np.ones(len(at)),
        capacities=places,
        within_corridor=1.0,
        within_nest=1.0,
        tonnes=np.ones(len(units)),
    )


def random_loading(rng: Generator, *, hard: bool = False) -> Loading:
    """Make one to four pairs over two to six places, from slack to many times overloaded, of all forms of delay."""
    count, pairs = int(rng.integers(2, 7)), int(rng.integers(1, 5))
    capacity = 10.0 ** rng.uniform(0, 4, count)
    form = rng.integers(0, 3, count)
    b = 10.0 ** rng.uniform(-1, 3, count)
    power = rng.uniform(1.1, 6.0, count)
    which = rng.random(count) < 0.5 if hard else np.zeros(count, np.bool_)
    routes, base, units = [], [], []
    for _ in range(pairs):
        ways = int(rng.integers(1, 5))
        routes.append(
            [
                sorted(rng.choice(count, int(rng.integers(1, min(count, 3) + 1)), replace=False))
                for _ in range(ways)
            ]
        )
        base.append(rng.uniform(10, 5000, ways).tolist())
        units.append(float(10.0 ** rng.uniform(0, 5)))
    return loading_of(
        routes, base, units, places_of(capacity, form, b, power, which), 10.0 ** rng.uniform(-4, 0)
    )
