"""Draw how long alternatives take and what they cost: for one shipment, and over the ranges of the figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.ensemble import generator
from daliz.graph.ledger import Cause
from daliz.routing.spread import Spread
from daliz.tables.figures import inverse_factors

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.graph.graph import Graph
    from daliz.routing.components import Component
    from daliz.routing.itinerary import Itinerary
    from daliz.tables.figures import Figures

LOW, HIGH = 0.05, 0.95
COLUMN = {"hours": 0, "usd": 1, "kg": 2}
NEGLIGIBLE = 1e-4


def spreads(itineraries: list[Itinerary], draws: int, seed: int) -> list[Spread]:
    """Draw the spread of several ways with the same random figures, so that they compare.

    The figures are drawn from their evidence (those of one group together); on top of the hours that follow,
    one shipment's own luck: causes are independent and gamma distributed with the ledger's means and standard
    deviations; a weather closure is met with its probability and then lasts an exponential time. Figures that
    bear less than a ten-thousandth of each total stand at their value. What is drawn of a way does not hang
    on the others.
    """
    totals = _drawn(itineraries, draws, seed)
    return [_spread(t, i, draws, seed) for t, i in zip(totals, itineraries, strict=True)]


def difference(one: Itinerary, other: Itinerary, draws: int, seed: int) -> dict[str, float]:
    """Compute the 5th and 95th percentile of what one way takes more than another in mean days and USD.

    Both are drawn with the same figures.
    """
    mine, others = _drawn([one, other], draws, seed)
    apart = (mine - others).astype(np.float64)
    low, high = np.quantile(apart, [LOW, HIGH], axis=1).tolist()
    return {"days_low": low[0] / 24.0, "days_high": high[0] / 24.0, "usd_low": low[1], "usd_high": high[1]}


@dataclass(frozen=True)
class _Weights:
    """What hangs on each figure that bears much of an alternative, and what on none.

    Attributes
    ----------
    figure, direct
        int64 and bool (entries,): the figure, and whether its value counts or its inverse.
    amount
        float64 (3, entries): hours, dollars and kilograms.
    fixed
        float64 (3,): the rest.
    """

    figure: Ints
    direct: Flags
    amount: Floats
    fixed: Floats


def _drawn(itineraries: list[Itinerary], draws: int, seed: int) -> list[Floats]:
    """Draw hours, dollars and kilograms of ways of one network, shape (3, draws) each."""
    if not itineraries:
        return []
    figures = itineraries[0].graph.network.resolved.figures
    weights = [_weights(i, figures) for i in itineraries]
    which = np.unique(np.concatenate([w.figure for w in weights]))
    factor = figures.draw(which, draws, seed).astype(np.float64)
    found = []
    for w in weights:
        at = np.searchsorted(which, w.figure)
        total = w.amount[:, w.direct] @ factor[at[w.direct]]
        if not w.direct.all():
            total += w.amount[:, ~w.direct] @ inverse_factors(factor[at[~w.direct]])
        found.append(np.asarray(total + w.fixed[:, None], np.float64))
    return found


def _weights(itinerary: Itinerary, figures: Figures) -> _Weights:
    """Sum the amounts of a way by figure and power (1 or -1); figures that bear little stand at their value."""
    amounts: dict[tuple[int, bool], Floats] = {}
    fixed = np.zeros(3)
    for c in itinerary.components:
        if c.measure not in COLUMN:
            continue
        if c.figure < 0:
            fixed[COLUMN[c.measure]] += c.amount
            continue
        key = (c.figure, c.power > 0)
        amounts.setdefault(key, np.zeros(3))[COLUMN[c.measure]] += c.amount
    # by cell and not by number, so that sums are taken in one order whatever the order of rows
    keys = sorted(amounts, key=lambda k: (figures.cells[k[0]], k[1]))
    figure = np.array([k[0] for k in keys], np.int64)
    weight = np.array([amounts[k] for k in keys]).reshape(-1, 3)
    heavy = (np.abs(weight) > NEGLIGIBLE * np.abs(weight).sum(axis=0)).any(axis=1) & figures.varies[figure]
    fixed += weight[~heavy].sum(axis=0)
    direct = np.array([k[1] for k in keys], np.bool_)
    amount = np.ascontiguousarray(weight[heavy].T)
    return _Weights(figure[heavy], direct[heavy], amount, fixed)


def luck(components: list[Component], draws: int, seed: int, graph: Graph | None = None) -> Floats:
    """Draw one shipment's deviation from the mean hours, shape (draws,).

    Each cause is keyed by the seed and its name, and weather by its place, mode and handling too: with E[w] = m and
    E[w^2] = v + m^2 a closure of mean length s = (v + m^2) / (2 m) is met there with probability m / s.
    """
    mean: dict[tuple[Cause, str], float] = {}
    variance: dict[tuple[Cause, str], float] = {}
    for c in components:
        if c.measure == "hours":
            key = (c.cause, _site(graph, c.part) if c.cause == Cause.WEATHER else "")
            mean[key] = mean.get(key, 0.0) + c.amount
            variance[key] = variance.get(key, 0.0) + c.sd**2
    deviation = np.zeros(draws)
    for key, m in sorted(mean.items()):
        v = variance[key]
        if v <= 0 or m <= 0:
            continue
        rng = generator(seed, f"luck {key[0].name} {key[1]}")
        if key[0] == Cause.WEATHER:
            spell = (v + m * m) / (2 * m)
            met = rng.random(draws) < min(m / spell, 1.0)
            deviation[met] += rng.exponential(spell, int(met.sum()))
        else:
            deviation += rng.gamma(m * m / v, v / m, draws)
        deviation -= m
    return deviation


def _site(graph: Graph | None, part: int) -> str:
    """Name where a shipment is handled, by ids and not by numbers, which follow the order of rows."""
    if graph is None:
        return str(part)
    arc, ids = graph.arcs[part], graph.network.table("nodes").ids
    modes = {graph.states[s].mode for s in (arc.tail, arc.head)} - {"yard"}
    return " ".join([str(ids[arc.places[0]]), *sorted(modes), arc.role])


def _spread(totals: Floats, itinerary: Itinerary, draws: int, seed: int) -> Spread:
    hours = np.maximum(totals[0] + luck(itinerary.components, draws, seed, itinerary.graph), 0.0)
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
    """Compute quantiles of draws with their standard errors from the binomial spread of their ranks."""
    asked = []
    for q in shares:
        half = np.sqrt(q * (1 - q) / len(drawn))
        asked += [max(q - half, 0.0), q, min(q + half, 1.0)]
    found = np.quantile(drawn, asked).reshape(-1, 3).tolist()
    return [(middle, (high - low) / 2.0) for low, middle, high in found]
