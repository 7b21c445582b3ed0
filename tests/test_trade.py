"""Compare the models of duties with their stated properties, cases by hand and other formulations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import fsolve

import daliz
from daliz.errors import TariffError
from daliz.trade.armington import armington
from daliz.trade.duties import duty
from daliz.trade.elasticities import Elasticities
from daliz.trade.smart import smart

SHARE = st.floats(0.0, 1.0)
VALUE = st.floats(1.0, 1e4)


@pytest.fixture(scope="module")
def eurasia() -> daliz.Network:
    return daliz.open("eurasia", year=2024)


def test_a_rise_of_25_per_cent_by_hand() -> None:
    """100 of 1,000 at 25 %, elasticities -1 and 1.5: creation -25, diversion -33.75 / 0.9625, imports 39.935, revenue 9.984."""
    found = smart(100.0, 900.0, 0.0, 0.25)
    assert found.creation == pytest.approx(-25.0)
    assert found.diversion == pytest.approx(-35.064935, rel=1e-7)
    assert found.imports == pytest.approx(39.935065, rel=1e-7)
    assert 0.25 * found.imports == pytest.approx(9.983766, rel=1e-6)


def test_a_preference_by_hand() -> None:
    """200 of 1,000 from 10 % to free, elasticity -1.2: creation 21.818, diversion 21.239, revenue -22.124, welfare 1.091; 17.595 with supply 5."""
    others = {"others_before": 0.1, "others_after": 0.1}
    found = smart(200.0, 800.0, 0.1, 0.0, **others, elasticities=Elasticities(demand=-1.2))
    assert found.creation == pytest.approx(21.818182, rel=1e-7)
    assert found.diversion == pytest.approx(21.238938, rel=1e-6)
    assert found.revenue == pytest.approx(-22.123894, rel=1e-6)
    assert found.welfare == pytest.approx(1.0909091, rel=1e-6)
    finite = smart(200.0, 800.0, 0.1, 0.0, **others, elasticities=Elasticities(demand=-1.2, supply=5.0))
    assert finite.creation == pytest.approx(17.595308, rel=1e-6)


def test_the_exposed_basket_of_2024_at_a_uniform_25_per_cent() -> None:
    """95.2 M USD, 2 % of imports, elasticities -1 and 1.5: creation -23.8, diversion -35.3 M USD."""
    found = smart(95.2, 95.2 * 49, 0.0, 0.25)
    assert round(float(found.creation), 1) == -23.8
    assert round(float(found.diversion), 1) == -35.3


@given(VALUE, VALUE, SHARE, SHARE, st.floats(-4.0, -0.1), st.floats(0.1, 5.0))
def test_twice_the_elasticity_is_twice_the_creation(
    m: float, n: float, t0: float, t1: float, e: float, s: float
) -> None:
    """Creation is in proportion to the elasticity of demand as long as no trade ends altogether."""
    once = smart(m, n, t0, t1, elasticities=Elasticities(demand=e, substitution=s))
    twice = smart(m, n, t0, t1, elasticities=Elasticities(demand=2 * e, substitution=s))
    if twice.creation > -m:
        assert twice.creation == pytest.approx(2 * once.creation)


@given(VALUE, VALUE, SHARE, SHARE, SHARE, SHARE, st.floats(0.0, 5.0))
def test_diversion_sums_to_nothing_and_no_trade_turns_negative(
    m: float, n: float, t0: float, t1: float, u0: float, u1: float, s: float
) -> None:
    """What the partner loses others gain; imports stay 0 or more."""
    given_ = Elasticities(substitution=s)
    found = smart(m, n, t0, t1, others_before=u0, others_after=u1, elasticities=given_)
    assert found.imports - m - found.creation == pytest.approx(
        -(found.others - n - found.others_creation), abs=1e-6
    )
    assert found.imports >= -1e-9
    assert found.others >= -1e-9


@given(VALUE, SHARE, SHARE, st.floats(-4.0, -0.1), st.floats(0.5, 50.0))
def test_prices_move_only_if_supply_is_finite(m: float, t0: float, t1: float, e: float, mu: float) -> None:
    """With infinite supply the price stays; with finite supply it falls under a rise and creation is smaller."""
    infinite = smart(m, m, t0, t1, elasticities=Elasticities(demand=e))
    assert infinite.price == 0.0
    found = smart(m, m, t0, t1, elasticities=Elasticities(demand=e, supply=mu))
    assert found.price * (t1 - t0) <= 0
    assert abs(found.creation) <= abs(infinite.creation) + 1e-9


@given(SHARE)
def test_no_change_of_duties_changes_nothing(t: float) -> None:
    """The same duties before and after have no effect in either model."""
    found = smart(10.0, 90.0, t, t, others_before=t, others_after=t)
    assert (found.creation, found.diversion, found.revenue, found.welfare) == (0, 0, 0, 0)
    same = armington(
        np.array([10.0, 80.0, 10.0]),
        np.array([t, t, 0.0]),
        np.array([t, t, 0.0]),
        demand=-1.0,
        substitution=3.0,
        supply=np.full(3, 2.0),
    )
    assert same.price == pytest.approx(np.ones(3))


def test_a_rise_for_all_alike_diverts_nothing() -> None:
    """Where everybody pays the same duty, relative prices stand."""
    assert smart(10.0, 90.0, 0.0, 0.25, others_after=0.25).diversion == pytest.approx(0.0)


def _by_fsolve(value: np.ndarray, tax: np.ndarray, e: float, s: float, m: np.ndarray) -> np.ndarray:
    share = value / value.sum()

    def excess(p: np.ndarray) -> np.ndarray:
        index = (share @ (p * tax) ** (1 - s)) ** (1 / (1 - s))
        return (p * tax / index) ** -s * index**e - p**m

    found, told, _, _ = fsolve(excess, np.ones(3), xtol=1e-13, full_output=True)
    assert np.abs(told["fvec"]).max() < 1e-11
    return np.asarray(found)


@given(
    st.floats(0.0, 0.6),
    st.floats(-3.0, -0.2),
    st.floats(1.5, 8.0),
    st.lists(st.floats(0.5, 20.0), min_size=3, max_size=3),
)
@settings(max_examples=40)
def test_the_armington_model_agrees_with_another_solver(t: float, e: float, s: float, m: list[float]) -> None:
    """Bisection on one equation gives the prices that a solver of three equations gives (inputs of the small model in the R package emr)."""
    value, supply = np.array([60.0, 30.0, 10.0]), np.array(m)
    found = armington(value, np.zeros(3), np.array([0.0, t, 0.0]), demand=e, substitution=s, supply=supply)
    other = _by_fsolve(value, np.array([1.0, 1.0 + t, 1.0]), e, s, supply)
    assert found.price == pytest.approx(other, rel=1e-7)


def test_the_inputs_of_the_small_armington_model_are_settled() -> None:
    """Values (60, 30, 10), supply (1, 10, 10), demand -1, substitution 4, a subsidy's inverse of 10 % on the second: demand is supply."""
    m = np.array([1.0, 10.0, 10.0])
    found = armington(
        np.array([60.0, 30.0, 10.0]),
        np.array([0.0, 0.1, 0.0]),
        np.zeros(3),
        demand=-1.0,
        substitution=4.0,
        supply=m,
    )
    assert found.quantity == pytest.approx(found.price**m, rel=1e-9)
    assert found.quantity[1] > 1 > found.quantity[0]
    assert found.consumers > 0


def test_small_changes_agree_with_the_slope() -> None:
    """A duty of a millionth moves quantities as the derivative says: q = -s z (1 - a) + e a z with infinite supply."""
    z, s, e, a = 1e-6, 3.0, -1.2, 0.25
    found = armington(
        np.array([25.0, 75.0]),
        np.zeros(2),
        np.array([z, 0.0]),
        demand=e,
        substitution=s,
        supply=np.full(2, np.inf),
    )
    assert (found.quantity[0] - 1) / z == pytest.approx(-s * (1 - a) + e * a, rel=1e-4)


def test_substitution_of_one_is_the_limit() -> None:
    """At 1 the index is a product of powers, and neighbours agree."""
    near = [
        armington(
            np.array([40.0, 60.0]),
            np.zeros(2),
            np.array([0.3, 0.0]),
            demand=-1.0,
            substitution=s,
            supply=np.full(2, 4.0),
        ).price
        for s in (1.0, 1.0 + 1e-6)
    ]
    assert near[0] == pytest.approx(near[1], rel=1e-5)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"demand": 1.0}, "The elasticity of import demand is 1; it must be 0 or less."),
        ({"substitution": -1.0}, "The elasticity of substitution is -1; it must be 0 or more."),
        ({"supply": 0.0}, "The elasticity of supply is 0; it must be above 0."),
    ],
)
def test_elasticities_of_the_wrong_sign_are_refused(wrong: dict[str, Any], sentence: str) -> None:
    """The sentence says which and what it may be."""
    with pytest.raises(TariffError) as error:
        smart(1.0, 1.0, 0.0, 0.1, elasticities=Elasticities(**wrong))
    assert str(error.value) == sentence


def test_duties_of_the_record_follow_their_dates(eurasia: daliz.Network) -> None:
    """Phosphorus of Kazakhstan pays 0, 10, 25 and again 10 %; uranium pays nothing under any of them."""
    rates = [
        duty(eurasia, p, "US", "KZ", "phosphorus").rate
        for p in ("us-mfn", "us-2025-04", "us-2025-08", "us-2026-02")
    ]
    assert rates == pytest.approx([0.0, 0.10, 0.25, 0.10])
    assert all(
        duty(eurasia, p, "US", "KZ", "uranium").rate == 0.0
        for p in ("us-mfn", "us-2025-04", "us-2025-08", "us-2026-02")
    )
    assert duty(eurasia, "us-25-no-exemptions", "US", "KZ", "uranium").rate == pytest.approx(0.25)
    assert duty(eurasia, "talks-2025-partial", "US", "KZ", "phosphorus").rate == pytest.approx(0.125)
    assert duty(eurasia, "us-full-relief", "US", "KZ", "ferrosilicon").rate == 0.0


def test_the_exposed_value_is_the_published_one(eurasia: daliz.Network) -> None:
    """In August 2025 goods of 95.2 M USD bear a higher duty, and no more."""
    totals = daliz.tariff(eurasia, "us-2025-08", draws=0).totals()
    assert totals["exposed_usd"] == pytest.approx(95.2e6, rel=1e-6)
    assert totals["change"] == pytest.approx(totals["creation"] + totals["diversion"])


@pytest.mark.parametrize("model", ["smart", "armington"])
def test_ranges_hold_the_answer(eurasia: daliz.Network, model: str) -> None:
    """The answer lies within its 5th and 95th percentile, and the same seed gives the same range."""
    one, two = (daliz.tariff(eurasia, "us-2025-08", model=model, draws=200) for _ in range(2))
    t = one.totals()
    assert t["change_low"] < t["change"] < t["change_high"] < 0
    assert one.totals() == two.totals()


def test_a_quota_binds_between_its_rates(eurasia: daliz.Network) -> None:
    """Under the EU safeguard imports of ferrosilicon fall to the quota or below, never under what the full rate leaves."""
    answer = daliz.tariff(eurasia, "eu-2025-11", base="", draws=0)
    for i, line in enumerate(answer.lines):
        if np.isfinite(line.after.quota_usd):
            left = answer.trade[i, 0] + answer.effects["change"][i, 0]
            assert left <= max(line.after.quota_usd, 0.0) * (1 + 1e-6)


def test_relief_and_exemptions_point_the_right_way(eurasia: daliz.Network) -> None:
    """Relief adds trade, duties without exemptions take far more than those with them, and talks order as they should."""
    change = {
        p: daliz.tariff(eurasia, p, draws=0).totals()["change"]
        for p in (
            "us-full-relief",
            "us-25-no-exemptions",
            "us-2025-08",
            "talks-2025-none",
            "talks-2025-partial",
            "talks-2025-full",
        )
    }
    assert change["us-full-relief"] > 0
    assert change["us-25-no-exemptions"] < 5 * change["us-2025-08"] < 0
    assert change["talks-2025-none"] < change["talks-2025-partial"] < change["talks-2025-full"]


def test_volumes_follow_trade(eurasia: daliz.Network) -> None:
    """Tonnes by corridor sum to the tonnes of the trades that are followed, before and after."""
    answer = daliz.tariff(eurasia, "us-2025-08", draws=0)
    rows = daliz.corridor_effect(answer)
    products = eurasia.table("products")
    followed = {p for p, c in zip(products.ids, products["cargo_id"], strict=True) if c}
    tonnes = [t for (_, p), t in answer.tonnes().items() if p in followed]
    assert sum(r["t_before"] for r in rows) == pytest.approx(sum(a for a, _ in tonnes), rel=1e-9)
    assert sum(r["t_after"] for r in rows) == pytest.approx(sum(b for _, b in tonnes), rel=1e-9)
    assert all(r["change_t"] <= 1e-9 for r in rows)
    assert all(r["converged"] for r in rows)


def test_duties_reach_the_chain(eurasia: daliz.Network) -> None:
    """25 % without exemptions stand in the stack of ferrochrome that goes from Kazakhstan to the United States."""
    answer = daliz.tariff(eurasia, "us-25-no-exemptions", draws=0)
    duties = answer.chain_duties("chromite")
    assert duties["ferrochrome", "KZ", "ferrochrome-us"] == pytest.approx(0.25 + 0.019)
    free = daliz.supply(eurasia, "chromite")
    taxed = daliz.supply(eurasia, "chromite", terms=daliz.SupplyTerms(duties=duties))
    assert taxed.cost_usd() > free.cost_usd()


def test_unknown_names_are_refused(eurasia: daliz.Network) -> None:
    """Policy, model, exporter and product are named with what there is."""
    with pytest.raises(TariffError, match="Did you mean us-2025-08"):
        daliz.tariff(eurasia, "us-2025-8")
    with pytest.raises(TariffError, match="no model 'magic'"):
        daliz.tariff(eurasia, "us-2025-08", model="magic")
    with pytest.raises(TariffError, match="no trade of 'FR'"):
        daliz.tariff(eurasia, "us-2025-08", exporter="FR")
    with pytest.raises(TariffError, match="no product 'tea'"):
        duty(eurasia, "us-2025-08", "US", "KZ", "tea")


def test_talks_are_compared_in_trade_minerals_and_dependence(eurasia: daliz.Network) -> None:
    """Each policy of the talks has a row for each chain with contracts; more is bought under contract the more they yield."""
    rows = daliz.talks(eurasia, draws=0)
    uranium = {r["policy"]: r for r in rows if r["chain"] == "uranium"}
    assert list(uranium) == ["talks-2025-none", "talks-2025-partial", "talks-2025-full"]
    contracts = [r["contract_units"] for r in uranium.values()]
    assert contracts == sorted(contracts)
    assert contracts[0] == 0 < contracts[-1]
    assert all(r["converged"] for r in rows)


def test_every_policy_against_itself_changes_nothing(eurasia: daliz.Network) -> None:
    """What a base does to trade comes off, its quotas too: a policy held against itself has no effect in either model."""
    for policy in eurasia.table("policies").ids:
        for model in ("smart", "armington"):
            totals = daliz.tariff(eurasia, str(policy), base=str(policy), model=model, draws=0).totals()
            assert totals["change"] == pytest.approx(0.0, abs=1e-3)
            assert totals["revenue"] == pytest.approx(0.0, abs=1e-3)


def test_steps_of_the_story_add_up(eurasia: daliz.Network) -> None:
    """The carbon charge against the safeguard, and the safeguard against what was before, sum to the one against the other."""
    charge, safeguard, both = (
        daliz.tariff(eurasia, p, base=b, draws=0).totals()["change"]
        for p, b in (("eu-cbam-2026", "eu-2025-11"), ("eu-2025-11", "eu-mfn"), ("eu-cbam-2026", "eu-mfn"))
    )
    assert charge + safeguard == pytest.approx(both, rel=1e-9)
