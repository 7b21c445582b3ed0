"""Record the spread of days, dollars and emissions of one alternative."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Spread:
    """Spread of days, dollars and emissions of one alternative over the draws.

    Attributes
    ----------
    p50_days, p95_days
        Days that one shipment in two, and nineteen in twenty, do not exceed.
    p50_se, p95_se
        Standard errors of these from the number of draws.
    days_low, days_high, usd_low, usd_high, kg_low, kg_high
        5th and 95th percentile of the mean days, the price and the emissions over the ranges of the evidence.
    draws, seed
        How often and from which seed was drawn.
    """

    p50_days: float
    p95_days: float
    p50_se: float
    p95_se: float
    days_low: float
    days_high: float
    usd_low: float
    usd_high: float
    kg_low: float
    kg_high: float
    draws: int
    seed: int

    def as_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)
