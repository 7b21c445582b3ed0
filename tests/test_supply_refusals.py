"""Protect the refusals of chains: each mistake is a sentence that names table, row and value."""

from __future__ import annotations

from typing import Any

import pytest

import daliz
from daliz.errors import DalizError, SupplyError
from small_chains import changed, plan, tables


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            changed("commodities", "ore", content=0.3),
            "recipes.csv, row smelt: it gives 1 t X a unit and takes 0.66; mass comes from nothing",
        ),
        (
            changed("recipe_parts", "smelt-ore", amount=-1.0),
            "recipe_parts, row smelt-ore, column amount: -1.0 must be at least 0",
        ),
        (
            changed("recipe_parts", "smelt-ore", commodity_id="or"),
            "recipe_parts.csv, recipe smelt: 'or' is no row of this kind in the chain c. Did you mean ore",
        ),
        (
            changed("recipes", "dig", commodity_id="metal")
            | {"facilities": changed("facilities", "mine", stage="plant")["facilities"]},
            (
                "recipes.csv, row dig: it makes metal from nothing, which only a mine, lumped, store, "
                "power, water may"
            ),
        ),
        (
            changed("recipe_parts", "smelt-ore", commodity_id="metal"),
            "recipes.csv, row smelt: metal is made from itself",
        ),
        (
            changed("recipes", "smelt", cost_usd=-2.0),
            "recipes, row smelt, column cost_usd: -2.0 must be at least 0 USD",
        ),
        (
            changed("markets", "town", commodity_id="gold"),
            "markets.csv, row town: 'gold' is no row of this kind",
        ),
        (changed("markets", "town", node_id="n9"), "markets, row town: node_id 'n9' is no place of"),
        (
            changed("lanes", "far", to_id="twon"),
            "lanes.csv, row far: to_id 'twon' is no facility and no market of the chain c. Did you mean town",
        ),
        (
            changed("commodities", "ore", mass_t=0.0),
            "commodities.csv, row ore: it moves as container-40 but mass_t is 0",
        ),
        (
            tables(contracts=[{"id": "q", "chain_id": "c", "kind": "quota", "rule": "x", "source_id": "s"}]),
            "contracts.csv, row q, column maximum: a contract of the kind quota needs it",
        ),
        (changed("facilities", "mine", country="Atlantis"), "facilities.csv, row mine, column country: 'Atlantis'"),
        (changed("lanes", "far", countries="ZZ cc"), "lanes.csv, row far, column countries: 'cc': must be a two"),
        (
            tables(
                contracts=[
                    {"id": "q", "chain_id": "c", "kind": "quota", "maximum": 1.0, "to_ids": "n2", "rule": "x",
                     "source_id": "s"}
                ]
            ),
            "contracts.csv, row q, column to_ids: 'n2': names nothing of the chain c, so the contract would bind nobody",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_row(rows: dict[str, list[dict[str, Any]]], sentence: str) -> None:
    """Each mistake is a sentence that names table, row and value."""
    with pytest.raises(DalizError) as error:
        plan(rows)
    assert sentence in str(error.value)


def test_a_cycle_without_a_source_is_refused() -> None:
    """Two recipes that wait for each other name each other."""
    base = tables()
    back = {
        "id": "unsmelt",
        "facility_id": "smelter",
        "commodity_id": "ore",
        "capacity": 9.0,
        "cost_usd": 1.0,
    }
    part = {
        "id": "unsmelt-metal",
        "recipe_id": "unsmelt",
        "role": "input",
        "commodity_id": "metal",
        "amount": 0.6,
    }
    recipes = [r for r in base["recipes"] if r["id"] == "smelt"]
    rows = base | {"recipes": [*recipes, back], "recipe_parts": [*base["recipe_parts"], part]}
    with pytest.raises(SupplyError, match="a cycle without a source"):
        plan(rows)


@pytest.mark.parametrize(
    ("terms", "sentence"),
    [
        ({"objective": "glory"}, "There is no objective 'glory'"),
        ({"penalty": 0.0}, "A penalty of 0"),
        ({"carbon_usd_t": -1.0}, "A carbon price of -1"),
        ({"years": 0}, "0 years cannot be planned"),
    ],
)
def test_terms_out_of_range_are_refused(terms: dict[str, Any], sentence: str) -> None:
    """Each term says what it may be."""
    with pytest.raises(SupplyError) as error:
        plan(terms=daliz.SupplyTerms(**terms))
    assert sentence in str(error.value)


def test_a_gap_out_of_range_is_refused() -> None:
    """The gap to prove says what it may be."""
    with pytest.raises(SupplyError, match="A gap of 2"):
        plan(gap=2.0)


def test_unknown_chains_and_regions_are_refused_with_what_there_is() -> None:
    """The sentence names what was meant and what there is."""
    network = daliz.open("eurasia", year=2024)
    with pytest.raises(SupplyError, match="Did you mean uranium"):
        daliz.supply(network, "uranum")
    with pytest.raises(SupplyError, match="has no market 'XX'"):
        daliz.dependence(plan(), "XX")
    with pytest.raises(SupplyError, match="Dependence on 'colour' cannot be told"):
        daliz.dependence(plan(), "R", "colour")
