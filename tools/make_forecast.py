"""Write the forecast of the year after the last one counted, once."""

from __future__ import annotations

import sys
from pathlib import Path

import daliz
from daliz.calibration.fit import calibrate, year_models
from daliz.calibration.year_ahead import forecast, inputs_hash, save_forecast

TRIPS = (("Xi'an", "Baku", "RU", 12),)


def main(year: int) -> None:
    """Fit to all years before and write docs/forecast-YEAR.csv."""
    network = daliz.open("eurasia", year=year - 1)
    first = min(int(y) for y in network.table("flow_years")["year"])
    models = year_models(network, range(first, year + 1))
    fit = calibrate(models, years=range(first, year))
    digest = inputs_hash([m.network for m in models.values()], fit)
    path = Path(__file__).parents[1] / "docs" / f"forecast-{year}.csv"
    print(save_forecast(forecast(models, fit, year - 1, TRIPS), digest, path))


if __name__ == "__main__":
    main(int(sys.argv[1]))
