"""Protect what a plan tells of dependence: shares, sweeps, least failures and the split over a cordon."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import SupplyError
from daliz.supplychain.exposure import shares_by_way
from daliz.supplychain.premium import fit_premium, split
from small_chains import CHAIN, changed, names, place_network, plan, tables

SENDERS = ("AA", "BA", "CA", "DA")


def test_dependence_counts_what_crosses_and_what_is_mined() -> None:
    """With 5 of 45 t from the rival, BB is crossed by 8 in 9 and ZZ mines 1 in 9."""
    found = plan(changed("markets", "town", demand=45.0))
    by = {r["name"]: r for r in daliz.dependence(found, "R")}
    assert by["BB"]["share"] == pytest.approx(40 / 45)
    assert by["AA"]["made"] == pytest.approx(40 / 45)
    assert by["ZZ"]["share"] == pytest.approx(5 / 45)
    assert by["YY"]["made"] == pytest.approx(0.0)
    assert by["CC"]["share"] == pytest.approx(1.0)
    (metal,) = [r for r in daliz.concentration(found) if r["stage"] == "smelter"]
    assert metal["hhi"] == pytest.approx(10_000.0)


def test_without_each_agrees_with_asking_one_by_one() -> None:
    """The warm sweep finds what separate plans find."""
    found = plan(changed("markets", "town", demand=20.0))
    for row in daliz.without_each(found, "R"):
        alone = plan(changed("markets", "town", demand=20.0), without=[row["name"]])
        assert row["unmet"] == pytest.approx(alone.lacking(), abs=1e-9)
        assert row["extra_usd"] == pytest.approx(alone.cost_usd() - found.cost_usd(), rel=1e-6, abs=1e-6)


def test_cordons_divide_what_moves() -> None:
    """Shares over cordons sum to one."""
    found = plan()
    rows = shares_by_way(found, {"bb": ("BB",)}, "metal")
    assert sum(r["share"] for r in rows) == pytest.approx(1.0)
    assert rows[0]["units"] == pytest.approx(30.0)


@given(st.lists(st.tuples(st.sampled_from(SENDERS), st.sampled_from(SENDERS)), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_the_least_failures_are_the_smallest_set_that_cuts(pairs: list[tuple[str, str]]) -> None:
    """For lanes over given countries, no smaller set of countries cuts the market off, and this one does."""
    base = tables()
    rivals = [names(f"r{i}") | CHAIN | {"stage": "mine", "country": a} for i, (a, _) in enumerate(pairs)]
    recipes = [
        {"id": f"m{i}", "facility_id": f"r{i}", "commodity_id": "metal", "capacity": 50.0, "cost_usd": 1.0}
        for i in range(len(pairs))
    ]
    lanes = [
        {
            "id": f"l{i}",
            "chain_id": "c",
            "from_id": f"r{i}",
            "to_id": "town",
            "commodity_id": "metal",
            "usd": 1.0,
            "hours": 1.0,
            "countries": f"{a} {b} CC",
        }
        for i, (a, b) in enumerate(pairs)
    ]
    found = plan(base | {"facilities": rivals, "recipes": recipes, "recipe_parts": [], "lanes": lanes})
    answer = daliz.least_failures(found, "R")

    def cuts(closed: tuple[str, ...]) -> bool:
        return all(set(p) & set(closed) for p in pairs)

    assert cuts(answer.names)
    assert not any(cuts(s) for n in range(len(answer.names)) for s in combinations(SENDERS, n))


def test_what_cannot_fail_cannot_be_cut() -> None:
    """A way that touches only the market's own country leaves nothing to cut, and says so."""
    base = tables()
    home = names("home") | CHAIN | {"stage": "mine", "country": "CC", "node_id": "n2"}
    recipe = {"id": "m", "facility_id": "home", "commodity_id": "metal", "capacity": 50.0, "cost_usd": 1.0}
    found = plan(base | {"facilities": [home], "recipes": [recipe], "recipe_parts": [], "lanes": []})
    answer = daliz.least_failures(found, "R")
    assert answer.names == ()
    assert "may fail" in answer.reason


def test_a_premium_is_fitted_to_what_went_round() -> None:
    """The mean premium found gives the observed quantity back, to a part of the buyers."""
    lane = {
        "id": "cheap",
        "chain_id": "c",
        "from_id": "rival",
        "to_id": "town",
        "commodity_id": "metal",
        "usd": 10.0,
        "hours": 1.0,
        "countries": "ZZ XX CC",
    }
    base = tables()
    rival = [
        r | {"capacity": 100.0, "cost_usd": 1.0} if r["id"] == "rival-metal" else r for r in base["recipes"]
    ]
    premium = {
        "id": "p",
        "chain_id": "c",
        "kind": "premium",
        "to_ids": "R",
        "via": "XX",
        "premium_usd": 0.0,
        "rule": "x",
        "source_id": "s",
    }
    rows = base | {"recipes": rival, "lanes": [*base["lanes"], lane], "contracts": [premium]}
    network = place_network(**dict(rows.items()))
    assert split(network, "c", "p", ("YY",), 0.0).round == pytest.approx(0.0)
    fitted = fit_premium(network, "c", "p", ("YY",), 12.0)
    assert fitted.round == pytest.approx(12.0, abs=0.31)
    # the ways differ by 40 USD, so the share that goes round is exp(-40 / P)
    assert fitted.premium_usd == pytest.approx(-40.0 / np.log(12.0 / 30.0), rel=0.05)
    with pytest.raises(SupplyError, match="cannot be reached"):
        fit_premium(network, "c", "p", ("YY",), 31.0)
