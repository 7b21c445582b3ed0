"""Make small random networks with delays of many kinds."""

from __future__ import annotations

import numpy as np

from daliz.assignment import Problem, make_problem

POWERS = {
    "whole": (0.0, 1.0, 2.0, 4.0, 6.0, 8.0),
    "halves": (0.0, 0.5, 1.0, 2.0, 4.0, 8.0),
    "steep and flat": (0.1, 0.25, 0.5, 0.75, 3.3, 4.0, 8.0),
    "below 1": (0.05, 0.1, 0.3, 0.5, 0.7, 0.9),
}
"""Powers of delays by the name of a kind of network; `any` draws them from 0 to 8."""


def random_network(seed: int, powers: str) -> Problem:
    """Make a network of 2 to 8 nodes, parallel links among them, and 1 to 6 pairs that have a way."""
    rng = np.random.default_rng([seed, *powers.encode()])
    nodes = int(rng.integers(2, 9))
    ring = np.arange(nodes)
    more = int(rng.integers(0, 3 * nodes + 1))
    tail = np.concatenate([ring, rng.integers(0, nodes, more)])
    # all come to all by the ring
    head = np.concatenate([(ring + 1) % nodes, (tail[nodes:] + rng.integers(1, nodes, more)) % nodes])
    count = len(tail)
    power = rng.uniform(0, 8, count) if powers == "any" else rng.choice(POWERS[powers], count)
    form = np.column_stack(
        [
            rng.choice([0.0, 0.3, 1.0, 2.5, 10.0], count, p=[0.1, 0.2, 0.3, 0.3, 0.1]),
            rng.integers(1, 21, count),
            rng.choice([0.0, 0.15, 1.0, 5.0], count, p=[0.15, 0.4, 0.35, 0.1]),
            power,
        ]
    )
    pairs = int(rng.integers(1, 7))
    origin = rng.integers(0, nodes, pairs)
    target = (origin + rng.integers(1, nodes, pairs)) % nodes
    trips = np.column_stack([origin, target, rng.integers(1, 31, pairs)]).astype(np.float64)
    return make_problem(nodes, (tail, head), form, trips)


def spread_network(seed: int) -> Problem:
    """Make a network of 2 to 12 nodes whose times, capacities and demands span six and seven powers of ten."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(2, 13))
    ring = np.arange(nodes)
    more = int(rng.integers(0, 3 * nodes + 1))
    tail = np.concatenate([ring, rng.integers(0, nodes, more)])
    head = np.concatenate([(ring + 1) % nodes, (tail[nodes:] + rng.integers(1, nodes, more)) % nodes])
    count = len(tail)
    form = np.column_stack(
        [
            10 ** rng.uniform(-3, 3, count) * (rng.random(count) > 0.1),
            10 ** rng.uniform(-2, 5, count),
            10 ** rng.uniform(-2, 2, count) * (rng.random(count) > 0.1),
            np.where(
                rng.random(count) < 0.3, rng.choice([0, 0.01, 0.2, 4, 8], count), rng.uniform(0, 8, count)
            ),
        ]
    )
    pairs = int(rng.integers(1, 13))
    origin = rng.integers(0, nodes, pairs)
    target = (origin + rng.integers(1, nodes, pairs)) % nodes
    trips = np.column_stack([origin, target, 10 ** rng.uniform(-2, 5, pairs)])
    return make_problem(nodes, (tail, head), form, trips)
