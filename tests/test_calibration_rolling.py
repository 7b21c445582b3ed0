"""Hold the scores of forecasts against their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import norm

import daliz
from daliz.calibration.fit import SPREAD, calibrate, priors_of
from daliz.calibration.rolling import crps_normal, interval_score, roll
from daliz.calibration.series import Counter, observed
from daliz.calibration.year_ahead import forecast, inputs_hash, save_forecast
from daliz.errors import DemandError, WriteError
from daliz.paths.choice import table_priors, table_values
from daliz.tables.network import network_of

if TYPE_CHECKING:
    from pathlib import Path


@given(st.floats(-3, 3), st.floats(0.1, 3), st.floats(-5, 5))
@settings(deadline=None)
def test_crps_is_the_integral_of_squared_differences(mean: float, deviation: float, value: float) -> None:
    """The closed form equals the integral of (F(x) - 1{x >= y})^2."""
    x = np.linspace(-40, 40, 400_001)
    integral = np.trapezoid((norm.cdf(x, mean, deviation) - (x >= value)) ** 2, x)
    assert crps_normal(mean, deviation, value) == pytest.approx(integral, abs=1e-3)


def test_the_true_interval_scores_best() -> None:
    """Of central 90 % intervals the one of the true spread has the least mean score."""
    draws = np.random.default_rng(0).normal(size=20_000)
    means = {s: np.mean([interval_score(-1.645 * s, 1.645 * s, y) for y in draws]) for s in (0.5, 1.0, 2.0)}
    assert means[1.0] == min(means.values())


def test_a_forecast_is_written_once(tmp_path: Path) -> None:
    """A second writing is refused."""
    rows = [{"series": "a", "unit": "kt", "low_90": 1.0, "median": 2.0, "high_90": 3.0, "definition": "d"}]
    path = save_forecast(rows, "0" * 64, tmp_path / "f.csv")
    assert path.read_text("utf-8").splitlines()[0] == "series,unit,low_90,median,high_90,definition"
    with pytest.raises(WriteError, match="exists and is left as it is"):
        save_forecast(rows, "0" * 64, path)


class MadeModel:
    """A year whose series follow from the parameters by a formula: exp(level + growth years - slope x).

    x is what the first fitted parameter is moved from its prior, in its deviations.
    """

    converged = True

    def __init__(self, network: daliz.Network, growth: float = 0.1) -> None:
        self.network = network
        self.growth = growth
        self.priors = priors_of(network)
        self.ids = tuple(str(i) for i in network.table("series").ids)

    def series(self, values: dict[str, float]) -> tuple[Counter, np.ndarray]:
        """Compute the series at parameters, with what counts them."""
        name, prior = next(iter(self.priors.items()))
        moved = (np.log(values[name]) - prior.centre) / prior.deviation
        level = np.arange(1.0, len(self.ids) + 1) + self.growth * (self.network.year - 2019) - 0.2 * moved
        return Counter(self.ids, csr_array((len(self.ids), 0)), np.zeros(len(self.ids))), np.exp(level)


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[int, MadeModel]:
    """Make six years whose counts are those of the formula at one deviation from the prior, and a little noise."""
    network = daliz.open("eurasia")
    made = {y: MadeModel(network_of(network, y)) for y in range(2019, 2025)}
    name, prior = next(iter(made[2019].priors.items()))
    true = (
        table_values(network) | table_priors(network) | {name: float(np.exp(prior.centre + prior.deviation))}
    )
    rng = np.random.default_rng(0)
    counts = {
        (s, y): float(v * np.exp(0.02 * rng.normal()))
        for y, m in made.items()
        for s, v in zip(m.ids, m.series(true)[1], strict=True)
    }
    for module in ("fit", "rolling", "year_ahead"):
        monkeypatch.setattr(f"daliz.calibration.{module}.observed", lambda _: counts)
    return made


def test_a_model_that_is_right_is_found_and_forecasts_best(models: dict[int, MadeModel]) -> None:
    """Fitted up to each origin the parameter comes near the truth, and growth told by the model beats last year's value."""
    heard: list[str] = []
    rolled = roll(models, (2022, 2023), heard.append)  # type: ignore[arg-type]
    fit = rolled.fits[2023]
    assert fit.converged
    assert [2019, 2020, 2021, 2022, 2023] == list(fit.years)
    name = fit.names[0]
    assert fit.mode[0] == pytest.approx(fit.priors[name].centre + fit.priors[name].deviation, abs=0.1)
    told = {r["parameter"]: r["told_by_data"] for r in fit.table()}
    # the variance of a linear model with n counts of spread s and slope b: 1 / (1 + n b^2 / s^2) of the prior's
    information = len(fit.rows) * (0.2 / SPREAD) ** 2
    assert told[name] == pytest.approx(1.0 - 1.0 / (1.0 + information), rel=1e-3)
    assert all(abs(told[n]) < 1e-6 for n in fit.names[1:])
    assert "typical factor 1.0" in repr(fit)
    scores = {s["method"]: s for s in rolled.scores()}
    assert scores["model"]["mean_absolute_error"] < scores["last year"]["mean_absolute_error"]
    assert scores["model"]["interval_score"] < scores["last year"]["interval_score"]
    assert {"model", "last year", "trend"} == set(scores)
    assert heard[-1].endswith("2024")


def test_a_forecast_grows_the_last_count_and_tells_what_was_never_counted(
    models: dict[int, MadeModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted series grow from their last count; others are told at the model's level with the error of the fit."""
    fit = calibrate({y: m for y, m in models.items() if y <= 2023})  # type: ignore[arg-type]
    counts = observed(models[2023].network)
    known = {k: v for k, v in counts.items() if k[0] != models[2023].ids[-1] and k[1] <= 2023}
    monkeypatch.setattr("daliz.calibration.year_ahead.observed", lambda _: known)
    rows = {r["series"]: r for r in forecast(models, fit, 2023)}  # type: ignore[arg-type]
    first, last = models[2023].ids[0], models[2023].ids[-1]
    assert rows[first]["median"] == pytest.approx(known[first, 2023] * np.exp(0.1), rel=1e-2)
    assert rows[first]["low_90"] < rows[first]["median"] < rows[first]["high_90"]
    assert "by the growth that the model tells" in rows[first]["definition"]
    assert "not counted up to 2023" in rows[last]["definition"]
    wide, narrow = (np.log(rows[s]["high_90"] / rows[s]["low_90"]) for s in (last, first))
    assert wide > narrow


def test_a_fit_to_nothing_is_refused(models: dict[int, MadeModel], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a count in the years asked for there is nothing to fit to."""
    monkeypatch.setattr("daliz.calibration.fit.observed", lambda _: {})
    with pytest.raises(DemandError, match="No series that is fitted has a value in 2019-2024"):
        calibrate(models)  # type: ignore[arg-type]


def test_forecasts_of_days_hold_their_interval(models: dict[int, MadeModel]) -> None:
    """The mean days of a trip stand between the ends of the evidence, by a way that keeps off the country named."""
    fit = calibrate({y: m for y, m in models.items() if y <= 2023})  # type: ignore[arg-type]
    rows = forecast(models, fit, 2023, [("Aktau", "Baku", "RU", 6)])  # type: ignore[arg-type]
    days = next(r for r in rows if r["unit"] == "days")
    assert days["low_90"] <= days["median"] <= days["high_90"]
    same = inputs_hash([models[2023].network], fit)
    assert same == inputs_hash([models[2023].network], fit) != inputs_hash([models[2022].network], fit)
