"""Foretell a year that has not been counted yet, from the last one that has."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.calibration.fit import SPREAD, Calibration, YearModel
from daliz.calibration.rolling import Z90, forecast_growth
from daliz.calibration.series import observed
from daliz.routing import Search, Shipment, routes
from daliz.writing import csv_text, write_new_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from daliz.tables import Network

COLUMNS = ("series", "unit", "low_90", "median", "high_90", "definition")


def forecast(
    models: dict[int, YearModel],
    fit: Calibration,
    origin: int,
    trips: Sequence[tuple[str, str, str, int]] = (),
) -> list[dict[str, Any]]:
    """Foretell every series for the year after the origin, and the mean days of some trips.

    A series with a value at the origin grows from it as the model does (see `daliz.calibration.rolling`);
    one without is the model's own level with the typical error of the fit, and says so.

    Parameters
    ----------
    models
        Models of the years up to the one forecast.
    fit
        Parameters fitted up to the origin.
    origin
        Last year counted.
    trips
        Origin, destination, country to avoid and month of trips whose mean days are forecast; their
        interval is that of the evidence.
    """
    told, seen = forecast_growth(models, fit, origin), observed(models[origin].network)
    table = models[origin].network.table("series")
    typical = float(np.sqrt(np.mean([np.log(r["model"] / r["observed"]) ** 2 for r in fit.rows])))
    rows = []
    for row in table.rows():
        ratio, deviation, level = told[row["id"]]
        known = (row["id"], origin) in seen
        mean = np.log(seen[row["id"], origin]) + ratio if known else np.log(max(level, 1e-9))
        wide = deviation if known else float(np.hypot(deviation, max(typical, SPREAD)))
        how = (
            f"from the count of {origin} by the growth that the model tells"
            if known
            else f"not counted up to {origin}; the model's own level"
        )
        ends = [float(np.exp(mean + z * wide)) for z in (-Z90, 0.0, Z90)]
        rows.append(_row(row["id"], row["unit"], ends, f"{row['definition']}; year {origin + 1}; {how}"))
    return rows + [_days(models[origin + 1].network, trip, origin + 1) for trip in trips]


def _days(network: Network, trip: tuple[str, str, str, int], year: int) -> dict[str, Any]:
    """Forecast the mean days of a trip with the interval of the evidence."""
    start, stop, avoid, month = trip
    best = routes(
        network,
        start,
        stop,
        Shipment(avoid=(f"country:{avoid}",)),
        k=1,
        month=month,
        search=Search(draws=4000, pareto=False),
    )[0]
    low, high = (best.spread.days_low, best.spread.days_high) if best.spread else (np.nan, np.nan)
    definition = (
        f"Mean days {start} - {stop} not through {avoid}, month {month} of {year}, "
        "without the queues of all; interval of the evidence"
    )
    name = f"days-{start}-{stop}-{month:02d}".lower().replace("'", "")
    return _row(name, "days", [low, best.days, high], definition)


def _row(series: str, unit: str, ends: list[float], definition: str) -> dict[str, Any]:
    return {
        "series": series,
        "unit": unit,
        **{k: float(f"{v:.4g}") for k, v in zip(("low_90", "median", "high_90"), ends, strict=True)},
        "definition": definition,
    }


def inputs_hash(networks: Sequence[Network], fit: Calibration) -> str:
    """Return the SHA-256 of the networks and parameters that a forecast rests on."""
    whole = hashlib.sha256()
    for network in networks:
        whole.update(network.digest.encode())
    whole.update(repr(sorted(fit.values.items())).encode())
    return whole.hexdigest()


def save_forecast(rows: list[dict[str, Any]], digest: str, path: str | Path) -> Path:
    """Write a forecast once, with the hash of its inputs in each definition.

    Raises
    ------
    WriteError
        If the file exists: a forecast that is written anew is none.
    """
    whole = [r | {"definition": f"{r['definition']}; inputs {digest[:16]}"} for r in rows]
    return write_new_file(path, csv_text(whole, COLUMNS))
