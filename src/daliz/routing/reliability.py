"""Draw how long ways take and what they cost: for one shipment, and for what is not known of the figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.graph.ledger import Cause

if TYPE_CHECKING:
    from daliz.routing.itinerary import Itinerary

Floats = npt.NDArray[np.float64]
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True)
class Spread:
    """Hold what the draws say of one way.

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
        """Give the fields as plain values."""
        return asdict(self)


def spreads(itineraries: list[Itinerary], draws: int, seed: int) -> list[Spread]:
    """Draw the spread of several ways with the same random figures, so that they compare.

    The figures are drawn from their evidence (those of one group together); on top of the hours that follow, one
    shipment's own luck: causes are independent and gamma distributed with the ledger's means and standard deviations;
    a weather closure is met with its probability and then lasts an exponential time.
    """
    rng = np.random.default_rng(seed)
    parts = [_Parts(i) for i in itineraries]
    which = np.unique(np.concatenate([p.figures for p in parts])) if parts else np.zeros(0, dtype=np.int64)
    if not parts:
        return []
    resolved = itineraries[0].graph.network.resolved.figures
    factor = resolved.draw(which, draws, rng)
    both = np.hstack([factor, 1.0 / np.maximum(factor, 1e-9)])
    return [_spread(p, both, which, draws, seed, rng) for p in parts]


class _Parts:
    def __init__(self, itinerary: Itinerary) -> None:
        self.components = itinerary.components
        self.figures = np.array([c.figure for c in self.components if c.figure >= 0], dtype=np.int64)

    def matrix(self, which: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Give how much of each measure hangs on each figure (or its inverse), and what hangs on none."""
        weights, rest = np.zeros((2 * len(which), 3)), np.zeros(3)
        column = {"hours": 0, "usd": 1, "kg": 2}
        at = np.searchsorted(which, [max(c.figure, 0) for c in self.components])
        for c, i in zip(self.components, at.tolist(), strict=True):
            if c.measure in column:
                if c.figure < 0:
                    rest[column[c.measure]] += c.amount
                else:
                    weights[i + (len(which) if c.power < 0 else 0), column[c.measure]] += c.amount
        return weights, rest

    def luck(self, draws: int, rng: np.random.Generator) -> Floats:
        """Draw one shipment's deviation from the mean hours, shape (draws,)."""
        deviation = np.zeros(draws)
        mean: dict[Cause, float] = {}
        variance: dict[Cause, float] = {}
        for c in self.components:
            if c.measure == "hours":
                mean[c.cause] = mean.get(c.cause, 0.0) + c.amount
                variance[c.cause] = variance.get(c.cause, 0.0) + c.sd**2
        for cause, m in mean.items():
            v = variance[cause]
            if v <= 0 or m <= 0:
                continue
            if cause == Cause.WEATHER:
                spell = (v + m * m) / (2 * m)
                met = rng.random(draws) < min(m / spell, 1.0)
                deviation += np.where(met, rng.exponential(spell, draws), 0.0) - m
            else:
                deviation += rng.gamma(m * m / v, v / m, draws) - m
        return deviation


def _spread(
    parts: _Parts, both: Floats, which: npt.NDArray[np.int64], draws: int, seed: int, rng: np.random.Generator
) -> Spread:
    weights, rest = parts.matrix(which)
    used = np.flatnonzero(weights.any(axis=1))
    totals = both[:, used] @ weights[used] + rest
    shipment = np.sort(np.maximum(totals[:, 0] + parts.luck(draws, rng), 0.0)) / 24.0
    low, high = np.quantile(totals, [LOW, HIGH], axis=0)
    (p50, se50), (p95, se95) = (_quantile(shipment, q) for q in (0.5, 0.95))
    return Spread(
        p50, p95, se50, se95, low[0] / 24.0, high[0] / 24.0, low[1], high[1], low[2], high[2], draws, seed
    )


def _quantile(ordered: Floats, q: float) -> tuple[float, float]:
    """Give a quantile of sorted draws with its standard error from the binomial spread of its rank."""
    n = len(ordered)
    half = np.sqrt(q * (1 - q) / n)
    low, middle, high = np.quantile(ordered, [max(q - half, 0.0), q, min(q + half, 1.0)])
    return float(middle), float(high - low) / 2.0
