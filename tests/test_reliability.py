"""Draws say how sure an answer is: reproducible, unbiased, and with an honest standard error."""

from __future__ import annotations

import numpy as np
import pytest

import daliz
from daliz.graph import Cause
from daliz.routing.components import Component
from daliz.routing.reliability import luck, quantiles_of, spreads
from questions import routes_of
from small_networks import Link, road_network
from tiny_package import tiny_network


def part(cause: Cause, amount: float, sd: float, arc: int = 0) -> Component:
    """Make hours that hang on no figure."""
    return Component(arc, "hours", cause, amount, sd, None, -1, 1.0, arc)


def test_the_same_seed_gives_the_same_draws() -> None:
    """An answer can be drawn again bit for bit; another seed differs within its standard error."""
    words = {"k": 3, "pareto": False, "draws": 2000}
    first, again, other = (routes_of(tiny_network(), "east", "west", **words, seed=s) for s in (7, 7, 8))
    assert [i.spread for i in first] == [i.spread for i in again]
    for a, b in zip(first, other, strict=True):
        assert a.spread != b.spread
        assert abs(a.spread.p50_days - b.spread.p50_days) < 5 * np.hypot(a.spread.p50_se, b.spread.p50_se)
        assert a.spread.p50_days <= a.spread.p95_days
        assert a.spread.days_low <= a.days <= a.spread.days_high
        assert a.spread.usd_low <= a.usd <= a.spread.usd_high
        assert a.spread.kg_low <= a.kg_co2e <= a.spread.kg_high


def test_the_standard_error_shrinks_with_the_root_of_the_draws() -> None:
    """A hundred times as many draws give a tenth of the standard error, and it is that of repeated draws."""
    rng = np.random.default_rng(1)
    errors = [
        np.mean([quantiles_of(rng.normal(size=n), (0.5,))[0][1] for _ in range(200)]) for n in (100, 10_000)
    ]
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.15)
    # The median of n normal draws has standard deviation sqrt(pi / 2 / n).
    assert errors[1] == pytest.approx(np.sqrt(np.pi / 2 / 10_000), rel=0.1)


def test_ways_of_one_answer_share_their_figures() -> None:
    """Two ways over the same links have the same totals in every draw, so that they compare."""
    way = routes_of(road_network([Link(0, 1, 100)]), "n0", "n1", k=1, draws=0)[0]
    a, b = spreads([way, way], 500, 1)
    assert (a.usd_low, a.usd_high, a.days_low, a.days_high) == (
        b.usd_low,
        b.usd_high,
        b.days_low,
        b.days_high,
    )
    assert spreads([], 500, 1) == []


def test_weather_is_met_with_its_probability() -> None:
    """Mean, variance and share of ships that wait at all are those of the mixture; two ports are two mixtures."""
    share, spell = 0.2, 36.0
    mean, variance = share * spell, 2 * share * spell**2 - (share * spell) ** 2
    one = part(Cause.WEATHER, mean, np.sqrt(variance))
    drawn = luck([one], 200_000, 1) + mean
    assert drawn.mean() == pytest.approx(mean, rel=0.02)
    assert drawn.var() == pytest.approx(variance, rel=0.03)
    assert (drawn > 1e-9).mean() == pytest.approx(share, rel=0.02)
    many = [one._replace(part=i) for i in range(20)]
    drawn = luck(many, 200_000, 1)
    assert drawn.mean() == pytest.approx(0, abs=1.0)
    assert drawn.var() == pytest.approx(20 * variance, rel=0.03)


def test_luck_has_the_ledgers_variance() -> None:
    """Causes are independent: deviations have mean 0 and the sum of their variances; what has no spread has none."""
    parts = [
        part(Cause.RUN, 100, 10),
        part(Cause.WAIT, 24, 14),
        part(Cause.BORDER, 8, 6),
        part(Cause.DWELL, 5, 0),
    ]
    drawn = luck(parts, 200_000, 1)
    assert drawn.mean() == pytest.approx(0, abs=0.2)
    assert drawn.var() == pytest.approx(10**2 + 14**2 + 6**2, rel=0.02)
    assert (luck(parts[-1:], 100, 1) == 0).all()


def test_the_p50_and_p95_of_a_gamma_are_found() -> None:
    """With no doubt about the figures and one cause of spread, the quantiles are those of the gamma distribution."""
    from scipy.stats import gamma

    way = routes_of(road_network([Link(0, 1, 900, 30)]), "n0", "n1", k=1, draws=0)[0]
    (spread,) = spreads([way], 50_000, 1)
    shape = way.hours**2 / way.hours_sd**2
    for q, found, error in ((0.5, spread.p50_days, spread.p50_se), (0.95, spread.p95_days, spread.p95_se)):
        exact = gamma.ppf(q, shape, scale=way.hours / shape) / 24
        # Handling adds a little spread of its own, so the whole is nearly one gamma.
        assert found == pytest.approx(exact, abs=5 * error + 0.01)
    assert spread.days_low == pytest.approx(way.days)
    assert spread.usd_high == pytest.approx(way.usd)


def test_what_is_drawn_of_a_way_does_not_hang_on_the_others() -> None:
    """With one seed a way has the same median, tail and price range whether one, three or five ways are drawn."""
    network = daliz.open("eurasia")
    asked = {k: routes_of(network, "Xi'an", "Duisburg", k=k, pareto=False) for k in (1, 3, 5)}
    first = {k: found[0].spread for k, found in asked.items()}
    assert first[1] is not None
    assert first[1] == first[3] == first[5]


def test_every_verb_draws_the_same_world() -> None:
    """A group of figures has the same quantiles for a seed, whichever other figures are drawn beside it."""
    figures = daliz.open("eurasia").resolved.figures
    some = np.flatnonzero(figures.varies)[:40]
    whole = figures.draw(some, 50, 7)
    for i in (0, 17, 39):
        np.testing.assert_array_equal(figures.draw(some[i : i + 1], 50, 7)[0], whole[i])
    np.testing.assert_array_equal(figures.draw(some[::-1], 50, 7), whole[::-1])
