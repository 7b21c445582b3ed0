"""Rules by which alternatives are told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from daliz.errors import QueryError

__all__ = ["FOR_ALL", "FOR_ONE", "Alternatives"]


@dataclass(frozen=True)
class Alternatives:
    """What makes a path an alternative beside those kept before it, cheapest first.

    Attributes
    ----------
    per_corridor
        How many alternatives belong to one corridor at most.
    overlap
        Share of the km of the shorter that two may have in common.
    stretch
        Cost of an alternative over the best of its corridor, at most.
    limit
        Cost of the best of a corridor over the best of all, at most; for one shipment that of every alternative.
    window
        How many states of a corridor are looked at, cheapest first.
    leanings
        Modes preferred in turn, to find paths wholly by them beside cheaper mixed ones.
    preference
        Cost of other modes, times, while one is preferred.
    parallel
        Whether paths are offered too in which one arc of an alternative is exchanged for another one between the
        same states, such as a second road beside the first; a tree of shortest paths holds the cheapest alone.
    """

    per_corridor: int = 2
    overlap: float = 0.7
    stretch: float = 1.5
    limit: float = 2.5
    window: int = 24
    leanings: tuple[str, ...] = ("rail", "road")
    preference: float = 4.0
    parallel: bool = True

    def __post_init__(self) -> None:
        if not self.per_corridor >= 1:
            raise QueryError(f"per_corridor is {self.per_corridor}; give 1 or more.")
        if not 0 <= self.overlap <= 1:
            raise QueryError(f"overlap is {self.overlap}; give a number from 0 to 1.")
        if not (self.stretch >= 1 and self.limit >= 1):
            raise QueryError(f"stretch is {self.stretch} and limit {self.limit}; give 1 or more.")

    @property
    def numbers(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """The numbers that compiled loops take."""
        return np.array([self.per_corridor, self.overlap, self.stretch, self.limit, self.window])


FOR_ALL = Alternatives(parallel=False)
"""For the route sets of many pairs."""
FOR_ONE = Alternatives(overlap=0.5, stretch=3.0, limit=3.0, leanings=())
"""For the alternatives of one shipment."""
