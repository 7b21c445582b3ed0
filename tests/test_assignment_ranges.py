"""Hold the ranges of volumes to their evidence."""

from __future__ import annotations

import numpy as np
import pytest

import daliz
from daliz.errors import DemandError
from daliz.studies.volume_draws import Drawing
from daliz.studies.volume_ranges import corridor_ranges
from daliz.tables.figures import Cell


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("corridor-mini")


@pytest.fixture(scope="module")
def flows(network: daliz.Network) -> daliz.Flows:
    return daliz.assign(network)


def test_ranges_hold_the_volumes_and_come_again(flows: daliz.Flows) -> None:
    """The range of a corridor holds its volume, is the same from the same seed, and all draws converge."""
    ranges = corridor_ranges(flows, draws=12)
    assert ranges == corridor_ranges(flows, draws=12)
    assert ranges[0]["converged"] == 12
    for c, r in zip(flows.corridors(), ranges, strict=True):
        if c["teu"] > 10_000:
            assert r["teu_low"] < c["teu"] < r["teu_high"]


def test_draws_keep_the_mean_of_hours_and_prices_and_move_capacities(flows: daliz.Flows) -> None:
    """Over many draws routes cost and take what they do without, nothing is negative, and capacities move with their evidence."""
    cell = Cell("rates", "rail-container-xg", "usd_per_km")
    drawing = Drawing(flows, [cell], 60, 1)
    runs = [drawing.drawn(d) for d in range(60)]
    busy = flows.flow > 10.0
    for name in ("usd", "hours"):
        plain = getattr(flows.routes.sums, name)[busy]
        drawn = np.array([getattr(r.routes.sums, name)[busy] for r in runs])
        assert drawn.min() > 0
        assert drawn.std(axis=0).max() > 0
        assert np.median(np.abs(drawn.mean(axis=0) / plain - 1.0)) < 0.03
    room = np.array([r.capacities.capacity / flows.capacities.capacity for r in runs])
    assert room.std(axis=0).max() > 0.01
    assert room.min() > 0
    # somewhere the drawn rate is what makes the price
    by_cell, usd = drawing.of_cell(cell), np.array([r.routes.sums.usd[busy] for r in runs])
    moved = usd[:, usd.std(axis=0) > 0]
    assert max(np.corrcoef(by_cell, moved[:, i])[0, 1] for i in range(moved.shape[1])) > 0.5


def test_ranges_of_given_demand_are_refused(network: daliz.Network) -> None:
    """Demand given without evidence has no ranges to draw from."""
    rows = [{"origin": "tolma", "destination": "hadel", "cargo": "container-40", "units": 10}]
    with pytest.raises(DemandError, match="of another kind"):
        corridor_ranges(daliz.assign(network, daliz.demand_from_rows(network, rows)))
