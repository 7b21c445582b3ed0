"""Hold the scores of forecasts against their definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from daliz.calibration.rolling import crps_normal, interval_score
from daliz.calibration.year_ahead import save_forecast

if TYPE_CHECKING:
    from pathlib import Path


@given(st.floats(-3, 3), st.floats(0.1, 3), st.floats(-5, 5))
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
    with pytest.raises(FileExistsError):
        save_forecast(rows, "0" * 64, path)
