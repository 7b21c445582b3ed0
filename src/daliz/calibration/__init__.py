"""Fit the parameters of choice to counts, and forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.lazy import attribute_getter

if TYPE_CHECKING:
    from daliz.calibration.fit import Calibration, calibrate, year_models
    from daliz.calibration.rolling import Rolling, roll
    from daliz.calibration.year_ahead import forecast

__all__ = ["Calibration", "Rolling", "calibrate", "forecast", "roll", "year_models"]

__getattr__ = attribute_getter(
    __name__,
    {
        "Calibration": "fit",
        "Rolling": "rolling",
        "calibrate": "fit",
        "forecast": "year_ahead",
        "roll": "rolling",
        "year_models": "fit",
    },
)
