"""Protect draws: within the interval, about the value, together where they belong together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.tables import Cell, Figures
from tiny_package import tiny_network

N = 20_000


def _figures(
    *rows: tuple[float, float, float], kind: str = "triangular", groups: tuple[int, ...] = ()
) -> Figures:
    value, low, high = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    count, numbers = len(rows), groups or tuple(range(len(rows)))
    cells = [Cell("grids", f"g{i}", "g_co2e_kwh") for i in range(count)]
    uniform, fixed = np.full(count, kind == "uniform"), np.full(count, kind == "fixed")
    return Figures(
        cells,
        value,
        low,
        high,
        -1 - np.array(numbers),
        (),
        uniform,
        fixed,
        {c: i for i, c in enumerate(cells)},
    )


def _draw(figures: Figures, seed: int = 1, draws: int = N) -> np.ndarray:
    return figures.draw(np.arange(len(figures.value)), draws, seed).T.astype(float)


@given(
    value=st.floats(-1e6, 1e6).filter(lambda v: abs(v) > 1e-6),
    below=st.floats(0, 1e6),
    above=st.floats(0, 1e6),
    kind=st.sampled_from(["triangular", "uniform", "fixed"]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=100, deadline=None)
def test_factors_stay_within_the_interval(
    value: float, below: float, above: float, kind: str, seed: int
) -> None:
    """A drawn value lies between the low and the high end, whatever its sign and distribution, to single precision."""
    figures = _figures((value, value - below, value + above), kind=kind)
    drawn = _draw(figures, seed, 50) * value
    slack = 1e-6 * (abs(value) + below + above)
    assert drawn.min() >= value - below - slack
    assert drawn.max() <= value + above + slack


def test_the_mean_of_a_triangle() -> None:
    """A triangular figure is drawn with its own value as mean and (v - low) (high - v) / 6 as variance."""
    drawn = _draw(_figures((100.0, 80.0, 180.0)), draws=200_000)[:, 0] * 100.0
    assert pytest.approx((100.0, 20.0 * 80.0 / 6), rel=0.02) == (drawn.mean(), drawn.var())


def test_the_mean_of_an_even_draw() -> None:
    """A uniform figure is drawn with the mean and variance of an even distribution between its ends."""
    drawn = _draw(_figures((100.0, 80.0, 180.0), kind="uniform"))[:, 0] * 100.0
    assert pytest.approx((130.0, 100.0**2 / 12), rel=0.02) == (drawn.mean(), drawn.var())


def test_groups_move_together() -> None:
    """Figures of one group share their quantile: equal intervals give equal factors; others are independent."""
    rows = [(100.0, 80.0, 120.0), (10.0, 8.0, 12.0), (100.0, 80.0, 120.0)]
    drawn = _draw(_figures(*rows, groups=(0, 0, 2)))
    np.testing.assert_allclose(drawn[:, 0], drawn[:, 1])
    assert pytest.approx(0.0, abs=0.03) == np.corrcoef(drawn[:, 0], drawn[:, 2])[0, 1]


def test_what_is_fixed_never_moves() -> None:
    """Fixed figures, figures without an interval and zeros have the factor 1 in every draw."""
    assert {1.0} == set(_draw(_figures((5.0, 1.0, 9.0), kind="fixed"), draws=100).ravel())
    assert {1.0} == set(_draw(_figures((5.0, 5.0, 5.0), (0.0, 0.0, 3.0)), draws=100).ravel())


def test_a_seed_gives_the_same_draws() -> None:
    """Equal seeds give equal draws, and different seeds others."""
    figures = _figures((100.0, 80.0, 120.0))
    np.testing.assert_array_equal(_draw(figures, 5), _draw(figures, 5))
    assert not np.array_equal(_draw(figures, 5), _draw(figures, 6))


def test_intervals_come_from_evidence_or_grade() -> None:
    """A printed range is the interval; without one the factors of the grade are; low stays below high."""
    evidence = {
        "grids-kz-g-co2e-kwh": {"low": 700.0, "high": 1000.0},
        "grids-az-g-co2e-kwh": {"grade": "assumption"},
        "grids-cn-g-co2e-kwh": {"low": 500.0},
    }
    figures = tiny_network(evidence=evidence).resolved.figures
    at = [figures.index[Cell("grids", name, "g_co2e_kwh")] for name in ("kz", "az", "cn")]
    assert pytest.approx([700.0, 470.0 * 0.6, 500.0]) == figures.low[at].tolist()
    assert pytest.approx([1000.0, 470.0 * 1.6, 560.0 * 1.05]) == figures.high[at].tolist()


def test_a_negative_figure_has_its_ends_in_order() -> None:
    """A subsidy of 100 USD that may be 5 % more or less lies between -105 and -95."""
    figures = tiny_network(rates={"ferry-container": {"usd_fixed": -100.0}}).resolved.figures
    i = figures.index[Cell("rates", "ferry-container", "usd_fixed")]
    assert pytest.approx((-105.0, -95.0)) == (figures.low[i], figures.high[i])


def test_groups_of_evidence_are_groups_of_figures() -> None:
    """Rows of evidence that name one group give figures of one number; all others have their own."""
    evidence = {f"grids-{name}-g-co2e-kwh": {"group": "coal"} for name in ("kz", "cn")}
    figures = tiny_network(evidence=evidence).resolved.figures
    kz, cn, az = (
        int(figures.group[figures.index[Cell("grids", name, "g_co2e_kwh")]]) for name in ("kz", "cn", "az")
    )
    assert (True, False) == (kz == cn, kz == az)
    assert len(figures.cells) - 1 == len(set(figures.group.tolist()))
