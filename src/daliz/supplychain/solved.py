"""Bind a chain to its programme and the answer of that."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.supplychain.build import Built
    from daliz.supplychain.chain import Chain
    from daliz.supplychain.programme import Plan
    from daliz.supplychain.terms import Terms
    from daliz.supplychain.ways import Ways


@dataclass(frozen=True)
class Solved:
    """A chain with its programme and the plan that solves it.

    Attributes
    ----------
    chain, ways, built, plan, terms
        What was asked, what can carry it, the programme, and its answer.
    asked
        The arguments.
    converged
        Whether the gap is proved and no cheaper route is left at the prices of capacity.
    taken
        float64 (elements,) of capacity that other traffic takes; none without it.
    read
        The chain as it was read, before anything was left out; the chain itself if left out.
    """

    chain: Chain
    ways: Ways
    built: Built
    plan: Plan
    terms: Terms
    asked: dict[str, Any]
    converged: bool
    taken: Floats | None = None
    read: Chain | None = None

    @functools.cached_property
    def by_way(self) -> Floats:
        """Compute units a year on each route, mean of the years, shape (ways,)."""
        found = np.zeros(len(self.ways))
        for (_, way), units in zip(self.built.moves, self.plan.moves, strict=True):
            if way >= 0:
                found[way] += units
        return found / self.terms.years

    @functools.cached_property
    def made(self) -> Floats:
        """Compute what works bring into each stock over all years, shape (stocks,)."""
        return np.asarray(self.built.programme.works.parts.maximum(0) @ self.plan.works)
