"""Draw how long ways take and what they cost: for one shipment, and for what is not known of the figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.graph.ledger import Cause
from daliz.tables.figures import inverse_factors

if TYPE_CHECKING:
    from daliz.routing.itinerary import Component, Itinerary
    from daliz.tables.figures import Figures

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
LOW, HIGH = 0.05, 0.95
COLUMN = {"hours": 0, "usd": 1, "kg": 2}
NEGLIGIBLE = 1e-4


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

    The figures are drawn from their evidence (those of one group together); on top of the hours that follow,
    one shipment's own luck: causes are independent and gamma distributed with the ledger's means and standard
    deviations; a weather closure is met with its probability and then lasts an exponential time. Figures that
    bear less than a ten-thousandth of each total stand at their value.
    """
    if not itineraries:
        return []
    rng = np.random.default_rng(seed)
    totals = _drawn(itineraries, draws, rng)
    return [_spread(totals[w], i, draws, seed, rng) for w, i in enumerate(itineraries)]


def difference(one: Itinerary, other: Itinerary, draws: int, seed: int) -> dict[str, float]:
    """Give the 5th and 95th percentile of what one way takes more than another in mean days and USD, drawn with the same figures."""
    totals = _drawn([one, other], draws, np.random.default_rng(seed))
    apart = (totals[0] - totals[1]).astype(np.float64)
    low, high = np.quantile(apart, [LOW, HIGH], axis=1).tolist()
    return {"days_low": low[0] / 24.0, "days_high": high[0] / 24.0, "usd_low": low[1], "usd_high": high[1]}


def _drawn(itineraries: list[Itinerary], draws: int, rng: np.random.Generator) -> Singles:
    """Draw hours, dollars and kilograms of ways of one network, shape (ways, 3, draws)."""
    figures = itineraries[0].graph.network.resolved.figures
    # Amounts by figure and power (1 or -1), measure and way: what hangs on each figure or on its inverse.
    amounts: dict[tuple[int, int], Floats] = {}
    rest = np.zeros((len(itineraries), 3))
    for w, itinerary in enumerate(itineraries):
        for c in itinerary.components:
            if c.measure not in COLUMN:
                continue
            if c.figure < 0:
                rest[w, COLUMN[c.measure]] += c.amount
                continue
            key = (c.figure, -1 if c.power < 0 else 1)
            if key not in amounts:
                amounts[key] = np.zeros((len(itineraries), 3))
            amounts[key][w, COLUMN[c.measure]] += c.amount
    return _totals(figures, amounts, rest, draws, rng)


def _totals(
    figures: Figures,
    amounts: dict[tuple[int, int], Floats],
    rest: Floats,
    draws: int,
    rng: np.random.Generator,
) -> Singles:
    """Draw hours, dollars and kilograms of each way, shape (ways, 3, draws)."""
    keys = np.array(list(amounts), dtype=np.int64).reshape(-1, 2)
    weight = np.array(list(amounts.values())).reshape(-1, rest.size)
    whole = np.abs(weight).sum(axis=0)
    heavy = (np.abs(weight) > NEGLIGIBLE * whole).any(axis=1) & figures.varies[keys[:, 0]]
    fixed = rest.ravel() + weight[~heavy].sum(axis=0)
    keys, weight = keys[heavy], weight[heavy]
    which, at = np.unique(keys[:, 0], return_inverse=True)
    factor = figures.draw(which, draws, rng)
    # Rows of `factor` are figures: each way's totals are one matrix product over them and their inverses.
    direct = keys[:, 1] > 0
    total = weight[direct].T.astype(np.float32) @ factor[at[direct]]
    if not direct.all():
        total += weight[~direct].T.astype(np.float32) @ inverse_factors(factor[at[~direct]])
    total += fixed.astype(np.float32)[:, None]
    return np.asarray(total.reshape(*rest.shape, draws))


def luck(components: list[Component], draws: int, rng: np.random.Generator) -> Floats:
    """Draw one shipment's deviation from the mean hours, shape (draws,).

    Weather is drawn for each terminal by itself: with E[w] = m and E[w^2] = v + m^2 a closure of mean length
    s = (v + m^2) / (2 m) is met with probability m / s.
    """
    mean: dict[tuple[Cause, int], float] = {}
    variance: dict[tuple[Cause, int], float] = {}
    for c in components:
        if c.measure == "hours":
            key = (c.cause, c.part if c.cause == Cause.WEATHER else -1)
            mean[key] = mean.get(key, 0.0) + c.amount
            variance[key] = variance.get(key, 0.0) + c.sd**2
    deviation = np.zeros(draws)
    for key, m in mean.items():
        v = variance[key]
        if v <= 0 or m <= 0:
            continue
        if key[0] == Cause.WEATHER:
            spell = (v + m * m) / (2 * m)
            met = rng.random(draws) < min(m / spell, 1.0)
            deviation[met] += rng.exponential(spell, int(met.sum()))
        else:
            deviation += rng.gamma(m * m / v, v / m, draws)
        deviation -= m
    return deviation


def _spread(totals: Singles, itinerary: Itinerary, draws: int, seed: int, rng: np.random.Generator) -> Spread:
    hours = np.maximum(totals[0] + luck(itinerary.components, draws, rng), 0.0)
    (p50, se50), (p95, se95) = quantiles_of(hours / 24.0, (0.5, 0.95))
    low, high = np.quantile(totals, [LOW, HIGH], axis=1).astype(np.float64).tolist()
    return Spread(
        p50_days=p50,
        p95_days=p95,
        p50_se=se50,
        p95_se=se95,
        days_low=low[0] / 24.0,
        days_high=high[0] / 24.0,
        usd_low=low[1],
        usd_high=high[1],
        kg_low=low[2],
        kg_high=high[2],
        draws=draws,
        seed=seed,
    )


def quantiles_of(drawn: Floats, shares: tuple[float, ...]) -> list[tuple[float, float]]:
    """Give quantiles of draws with their standard errors from the binomial spread of their ranks."""
    asked = []
    for q in shares:
        half = np.sqrt(q * (1 - q) / len(drawn))
        asked += [max(q - half, 0.0), q, min(q + half, 1.0)]
    found = np.quantile(drawn, asked).reshape(-1, 3).tolist()
    return [(middle, (high - low) / 2.0) for low, middle, high in found]
