"""Describe how alternatives are searched, and how often their figures are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from daliz.errors import QueryError
from daliz.paths.via import FOR_ONE, Alternatives

FEWEST_DRAWS, MOST_DRAWS = 100, 1_000_000


@dataclass(frozen=True)
class Search:
    """How the alternatives of a shipment are searched.

    Attributes
    ----------
    draws, seed
        Draws for the spread, 0 for none; seed.
    pareto
        Whether to find the Pareto set.
    pareto_within
        Among which alternatives the Pareto set is sought: those whose USD + value of time * hours + carbon is at
        most this times the least; None for all, which takes minutes on a large network. The cheapest, the
        quickest, the cleanest and the safest alternative are always weighed too.
    rule
        What makes an alternative. `limit` bounds the cost of every alternative over the best of all, `stretch`
        that over the best of its corridor.

    Raises
    ------
    QueryError
        If a number is out of range.

    Examples
    --------
    >>> Search(draws=0, pareto=False).rule.overlap
    0.5
    """

    draws: int = 2000
    seed: int = 1
    pareto: bool = True
    pareto_within: float | None = 1.1
    rule: Alternatives = FOR_ONE

    def __post_init__(self) -> None:
        # written so that NaN is refused too
        if self.draws != 0 and not FEWEST_DRAWS <= self.draws <= MOST_DRAWS:
            raise QueryError(
                f"draws is {self.draws}; give 0 for none, or {FEWEST_DRAWS:,} to {MOST_DRAWS:,}."
            )
        if not self.seed >= 0:
            raise QueryError(f"seed is {self.seed}; give 0 or more.")
        within = self.pareto_within
        if within is not None and not within >= 1:
            raise QueryError(f"pareto_within is {within}; give 1 or more, or None for all ways.")
