"""Hold balancing, gravity and growth against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daliz.errors import DemandError
from daliz.paths.distribution import balance, fit_gravity, gravity, grow


@given(st.integers(0, 2**32 - 1))
def test_balanced_matrix_has_its_sums_and_the_seed_s_cross_ratios(seed: int) -> None:
    """Row and column sums are met, and T11 T22 / T12 T21 stays that of the seed."""
    rng = np.random.default_rng(seed)
    start, rows = rng.uniform(0.1, 3, (3, 4)), rng.uniform(1, 5, 3)
    columns = rng.uniform(1, 5, 4)
    columns *= rows.sum() / columns.sum()
    table = balance(start, rows, columns)
    np.testing.assert_allclose(table.sum(axis=1), rows)
    np.testing.assert_allclose(table.sum(axis=0), columns)
    ratio = [m[0, 0] * m[1, 1] / (m[0, 1] * m[1, 0]) for m in (table, start)]
    assert ratio[0] == pytest.approx(ratio[1], rel=1e-6)


@pytest.mark.parametrize(
    ("seed", "rows", "columns", "words"),
    [
        (np.ones((2, 2)), [1.0, 1.0], [1.0, 2.0], "must be equal"),
        (np.zeros((2, 2)), [1.0, 1.0], [1.0, 1.0], "nothing in row 0"),
        (np.ones((2, 2)), [-1.0, 1.0], [0.0, 0.0], "negative"),
        (np.ones((2, 3)), [1.0, 1.0], [1.0, 1.0], "shape"),
        (np.eye(2), [2.0, 1.0], [1.0, 2.0], "cannot be brought"),
    ],
)
def test_what_cannot_be_balanced_is_named(
    seed: np.ndarray, rows: list[float], columns: list[float], words: str
) -> None:
    """Unequal totals, empty rows, negative sums and zeros in the way end in a sentence."""
    with pytest.raises(DemandError, match=words):
        balance(seed, np.array(rows), np.array(columns))


def test_gravity_fit_finds_the_power_that_made_the_flows() -> None:
    """Flows made with a power of 1.7 give it back."""
    rng = np.random.default_rng(1)
    distance = rng.uniform(100, 5000, (6, 7))
    rows, columns = rng.uniform(1, 5, 6), rng.uniform(1, 5, 7)
    made = gravity(rows, columns * rows.sum() / columns.sum(), distance, 1.7)
    power, error = fit_gravity(made, distance)
    assert power == pytest.approx(1.7, abs=1e-6)
    assert error == pytest.approx(0.0, abs=1e-6)


def test_growth_of_nothing_is_nothing() -> None:
    """Without a past value a quantity is held, and half of the growth grows less than all."""
    assert grow(5.0, 0.0, 5, 6, 1.0) == 5.0
    assert grow(2.0, 1.0, 5, 5, 0.5) < grow(2.0, 1.0, 5, 5, 1.0) == pytest.approx(4.0)
