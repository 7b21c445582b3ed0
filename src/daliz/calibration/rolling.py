"""Foretell the year after each origin from what was known then, and score it beside two naive forecasts.

The model tells growth: the forecast of a series is its last observed value times the model's ratio
between the two years,

    ln y = ln o_T + ln m_{T+1} - ln m_T,    var = g' S g + s^2,

with S the covariance of the parameters fitted up to the origin, g the slope of the log ratio, and s the
root mean square of the model's one-step errors up to the origin (of the series, or of all where it has
fewer than three). Naive forecasts are the last value and the last growth again, each with the root mean
square of its own past errors. Forecasts are scored on logs by the interval score of their 90 % interval
and the CRPS of a normal distribution [1]_; less is better.

The year's prices, openings and events are taken as known, volumes are not.

References
----------
.. [1] T. Gneiting, A. Raftery, Strictly proper scoring rules, JASA 102, 2007.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from daliz.calibration.fit import SPREAD, Calibration, YearModel, calibrate, forward_values
from daliz.calibration.series import observed
from daliz.errors import DemandError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from daliz.arrays import Floats

Z90 = 1.6448536269514722
SLOPE_STEP = 0.25
"""Step of slopes of growth, in standard deviations of the prior."""
FEWEST = 3
"""Past errors below which the spread of a good fit is taken for them."""


@dataclass(frozen=True)
class Rolling:
    """Forecasts beside what came.

    Attributes
    ----------
    rows
        One per origin, series and method: median, low_90, high_90, observed, error, interval_score, crps.
    fits
        The calibration of each origin.
    """

    rows: tuple[dict[str, Any], ...]
    fits: dict[int, Calibration]

    def scores(self) -> list[dict[str, Any]]:
        """Return the mean scores by method over the forecasts that all methods made."""
        methods = ("model", "last year", "trend")
        made = [{(r["origin"], r["series"]) for r in self.rows if r["method"] == m} for m in methods]
        shared = set.intersection(*made)
        if not shared:
            return []
        found = []
        for method in methods:
            rows = [r for r in self.rows if r["method"] == method and (r["origin"], r["series"]) in shared]
            found.append(
                {
                    "method": method,
                    "forecasts": len(rows),
                    "interval_score": float(np.mean([r["interval_score"] for r in rows])),
                    "crps": float(np.mean([r["crps"] for r in rows])),
                    "inside_90": float(np.mean([r["low_90"] <= r["observed"] <= r["high_90"] for r in rows])),
                    "mean_absolute_error": float(np.mean([abs(r["error"]) for r in rows])),
                }
            )
        return found


def interval_score(low: float, high: float, value: float, level: float = 0.9) -> float:
    """Return the width of an interval and the penalty for a value outside it.

    S = (u - l) + 2/a (l - y)+ + 2/a (y - u)+ with a = 1 - level.

    Examples
    --------
    >>> round(interval_score(0.0, 1.0, 2.0), 6)
    21.0
    """
    a = 1.0 - level
    return (high - low) + 2.0 / a * max(low - value, 0.0) + 2.0 / a * max(value - high, 0.0)


def crps_normal(mean: float, deviation: float, value: float) -> float:
    """Return the continuous ranked probability score of a normal forecast.

    s (z (2 F(z) - 1) + 2 f(z) - 1/sqrt(pi)), z = (y - m) / s.

    Examples
    --------
    >>> round(crps_normal(0.0, 1.0, 0.0), 6)
    0.233695
    """
    z = (value - mean) / deviation
    return float(deviation * (z * (2.0 * norm.cdf(z) - 1.0) + 2.0 * norm.pdf(z) - 1.0 / np.sqrt(np.pi)))


def forecast_growth(
    models: dict[int, YearModel], fit: Calibration, origin: int, ahead: int = 1
) -> dict[str, tuple[float, float, float]]:
    """Return ln ratio, its deviation, and the modelled value of the year ahead, by series.

    Parameters
    ----------
    models
        Models of all years up to `origin + ahead`.
    fit
        Parameters fitted up to the origin.
    origin, ahead
        Last year known; years ahead.
    """

    def ratio(values: dict[str, float]) -> tuple[tuple[str, ...], Floats, Floats]:
        count, now = models[origin].series(values)
        then = models[origin + ahead].series(values)[1]
        return count.ids, np.log(np.maximum(then, 1e-9)) - np.log(np.maximum(now, 1e-9)), then

    ids, centre, level = ratio(fit.values)
    slopes = []
    for i, name in enumerate(fit.names):
        step = SLOPE_STEP * fit.priors[name].deviation
        moved = ratio(forward_values(fit, i, step))[1]
        slopes.append((moved - centre) / step)
    slope = np.array(slopes)
    errors = own_errors(models, fit, origin)
    variance = np.einsum("is,ij,js->s", slope, fit.covariance, slope) + np.square(
        [_own_spread(errors, s) for s in ids]
    )
    return {s: (float(centre[n]), float(np.sqrt(variance[n])), float(level[n])) for n, s in enumerate(ids)}


def own_errors(models: dict[int, YearModel], fit: Calibration, origin: int) -> list[tuple[str, float]]:
    """Return the model's one-step errors ln(o'/o) - ln(m'/m) up to an origin, with fitted parameters."""
    seen = observed(models[origin].network)
    modelled: dict[tuple[str, int], float] = {}
    for year, model in models.items():
        if year <= origin:
            count, values = model.series(fit.values)
            modelled |= {(s, year): max(float(v), 1e-9) for s, v in zip(count.ids, values, strict=True)}
    return [
        (s, float(np.log(seen[s, y + 1] / seen[s, y]) - np.log(modelled[s, y + 1] / modelled[s, y])))
        for s, y in sorted(seen)
        if y + 1 <= origin and (s, y + 1) in seen and (s, y) in modelled and (s, y + 1) in modelled
    ]


def _own_spread(errors: list[tuple[str, float]], series: str) -> float:
    """Return the spread of a series' own past errors, or of all where it has too few."""
    own = [e for s, e in errors if s == series]
    return _spread(own if len(own) >= FEWEST else [e for _, e in errors])


def _spread(errors: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(errors)))) if len(errors) >= FEWEST else SPREAD


def last_origins(years: Collection[int]) -> tuple[int, ...]:
    """List the last years known of the forecasts that are scored: up to three, with two fitted before each.

    Examples
    --------
    >>> last_origins([2019, 2020, 2021, 2022, 2023, 2024]), last_origins([2019, 2020])
    ((2021, 2022, 2023), ())
    """
    first, last = min(years), max(years)
    return tuple(range(max(first + 2, last - 3), last))


def scored_origins(years: Collection[int]) -> tuple[int, ...]:
    """List the last years known of the forecasts that are scored, and refuse years that leave none.

    Raises
    ------
    DemandError
        If there are fewer than four years: two fitted before the origin, the origin, and the year foretold.

    Examples
    --------
    >>> scored_origins([2019, 2020, 2021, 2022])
    (2021,)
    """
    origins = last_origins(years)
    if not origins:
        raise DemandError(
            f"Years {min(years)} to {max(years)} leave no forecast to score; give four years or more with counts, "
            "or leave out --rolling."
        )
    return origins


def roll(
    models: dict[int, YearModel],
    origins: Sequence[int] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Rolling:
    """Fit up to each origin, forecast the next year, and score.

    Parameters
    ----------
    models
        Models of all years.
    origins
        Last years known; the three before the last year of the models unless given, the first two left out.
    progress
        Told of each origin.

    Raises
    ------
    DemandError
        If no origins are given and the years leave none.
    """
    rows: list[dict[str, Any]] = []
    fits = {}
    for origin in scored_origins(models) if origins is None else origins:
        fit = calibrate(models, years=[y for y in models if y <= origin])
        fits[origin] = fit
        seen = observed(models[origin].network)
        told = forecast_growth(models, fit, origin)
        growths = [
            np.log(v / seen[s, y - 1]) for (s, y), v in seen.items() if y <= origin and (s, y - 1) in seen
        ]
        turns = [
            np.log(v / seen[s, y - 1]) - np.log(seen[s, y - 1] / seen[s, y - 2])
            for (s, y), v in seen.items()
            if y <= origin and (s, y - 1) in seen and (s, y - 2) in seen
        ]
        for series, (ratio, deviation, _) in told.items():
            if (series, origin) not in seen or (series, origin + 1) not in seen:
                continue
            last, came = np.log(seen[series, origin]), np.log(seen[series, origin + 1])
            made = {"model": (last + ratio, deviation), "last year": (last, _spread(growths))}
            if (series, origin - 1) in seen:
                made["trend"] = (2.0 * last - np.log(seen[series, origin - 1]), _spread(turns))
            rows += [_row(origin, series, m, mean, d, came) for m, (mean, d) in made.items()]
        if progress:
            progress(f"forecast {origin + 1}")
    return Rolling(tuple(rows), fits)


def _row(origin: int, series: str, method: str, mean: float, deviation: float, came: float) -> dict[str, Any]:
    low, high = mean - Z90 * deviation, mean + Z90 * deviation
    return {
        "origin": origin,
        "series": series,
        "method": method,
        "median": float(np.exp(mean)),
        "low_90": float(np.exp(low)),
        "high_90": float(np.exp(high)),
        "observed": float(np.exp(came)),
        "error": float(np.exp(mean - came) - 1.0),
        "interval_score": interval_score(low, high, came),
        "crps": crps_normal(mean, deviation, came),
    }
