"""Paths and flows of an equilibrium, with its certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints, Words
    from daliz.assignment.problem import Problem


@dataclass(frozen=True)
class Store:
    """The paths of pairs: `first[k]` is the first path of pair k, `begin[p]` the first link of path p."""

    first: Ints
    begin: Ints
    links: Words
    flow: Floats
    toll: Floats

    @classmethod
    def empty(cls, pairs: int, unserved: Floats | None = None, links: int = 0) -> Store:
        """Make a store without paths, or with each pair's demand on its link of excess, which follow the others."""
        if unserved is None:
            return cls(
                np.zeros(pairs + 1, np.int64),
                np.zeros(1, np.int64),
                np.zeros(0, np.uint32),
                np.zeros(0),
                np.zeros(0),
            )
        each = np.arange(pairs + 1, dtype=np.int64)
        return cls(each, each.copy(), (links + each[:-1]).astype(np.uint32), unserved.copy(), np.zeros(pairs))

    def part(self, low: int, high: int) -> Store:
        """Cut out the pairs low to high."""
        at, to = int(self.first[low]), int(self.first[high])
        links = self.links[int(self.begin[at]) : int(self.begin[to])]
        return Store(
            self.first[low : high + 1] - at,
            self.begin[at : to + 1] - self.begin[at],
            links.copy(),
            self.flow[at:to].copy(),
            self.toll[at:to].copy(),
        )

    @classmethod
    def join(cls, parts: list[Store]) -> Store:
        """Put stores of consecutive pairs together."""
        paths = np.cumsum([0, *(len(s.flow) for s in parts)])
        links = np.cumsum([0, *(len(s.links) for s in parts)])
        return cls(
            np.concatenate([*(s.first[:-1] + n for s, n in zip(parts, paths, strict=False)), paths[-1:]]),
            np.concatenate([*(s.begin[:-1] + n for s, n in zip(parts, links, strict=False)), links[-1:]]),
            np.concatenate([np.zeros(0, np.uint32), *(s.links for s in parts)]),
            np.concatenate([np.zeros(0), *(s.flow for s in parts)]),
            np.concatenate([np.zeros(0), *(s.toll for s in parts)]),
        )


@dataclass(frozen=True)
class Equilibrium:
    """The flows of an equilibrium with its certificate.

    Attributes
    ----------
    problem, store
        What was asked, and the paths with their flows.
    volume, cost
        float64 arrays of shape (links,): in the order of `problem`; cost is delay without fixed cost.
    gap, target_gap
        Relative gap reached and asked for.
    passes
        float64 array (passes, 3): relative gap (exact in the last), columns added, sweeps after it.
    objective
        Beckmann's objective: areas under delays, and fixed costs. User equilibrium makes it least; the system
        optimum makes `total_cost` least.
    marginal
        Whether this is the system optimum.
    """

    problem: Problem
    store: Store
    volume: Floats
    cost: Floats
    gap: float
    target_gap: float
    passes: Floats
    objective: float
    marginal: bool = False

    @property
    def converged(self) -> bool:
        """Return whether the gap asked for was reached."""
        return bool(self.gap <= self.target_gap)

    def __repr__(self) -> str:
        state = "" if self.converged else ", NOT CONVERGED"
        lost = self.unreached
        left = (
            f", {len(lost):,} pair{'' if len(lost) == 1 else 's'} without a way unserved" if len(lost) else ""
        )
        beckmann, total = f"Beckmann value {self.objective:,.3f}", f"total cost {self.total_cost:,.3f}"
        told = f"{total} (minimised), {beckmann}" if self.marginal else f"{beckmann} (minimised), {total}"
        return (
            f"<Equilibrium of {len(self.problem.demand):,} pairs on {len(self.volume):,} links: {told}, "
            f"relative gap {self.gap:.2g}{state}, {len(self.store.flow):,} paths{left}>"
        )

    @property
    def total_cost(self) -> float:
        """What all shippers bear together at these volumes, fixed costs included."""
        return float(self.volume @ self.cost) + float(self.store.flow @ self.store.toll)

    @property
    def unreached(self) -> Ints:
        """Pairs that have no way and were to be dropped, int64 array."""
        return np.flatnonzero(np.diff(self.store.first) == 0)

    @property
    def unserved(self) -> Floats:
        """What each pair does not ship, for want of a way or on its link of excess, shape (pairs,)."""
        return self.problem.demand - self.served

    @property
    def served(self) -> Floats:
        """What each pair ships, shape (pairs,): demand without what went on links of excess."""
        real = np.ones(len(self.store.flow), bool)
        some = np.diff(self.store.begin) > 0
        real[some] = self.store.links[self.store.begin[:-1][some]] < len(self.volume)
        pair = np.repeat(np.arange(len(self.problem.demand)), np.diff(self.store.first))
        return np.asarray(
            np.bincount(pair, np.where(real, self.store.flow, 0.0), len(self.problem.demand)), np.float64
        )
