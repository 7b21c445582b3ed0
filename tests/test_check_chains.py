"""Protect the check of chains and duties: each mistake is told with its row."""

from __future__ import annotations

from typing import Any

import pytest

from daliz.tables.check_chains import chain_faults, waiting_circle
from daliz.tables.check_duties import circle_of_bases, duty_faults
from daliz.tables.schema import schema
from daliz.tables.table import Table
from small_chains import changed, names, place_network, tables

Rows = dict[str, list[dict[str, Any]]]
CONTRACT = {"id": "k", "chain_id": "c", "kind": "quota", "maximum": 1.0, "rule": "x", "source_id": "s"}

DUTY = {"kind": "additional", "importers": "US", "rate": 0.1, "rule": "x", "source_id": "s"}
UNSMELT = {
    "id": "unsmelt",
    "facility_id": "smelter",
    "commodity_id": "ore",
    "capacity": 9.0,
    "cost_usd": 1.0,
}


def part(recipe: str, commodity: str, amount: float) -> dict[str, Any]:
    """Write an input of a recipe."""
    return {
        "id": f"{recipe}-{commodity}",
        "recipe_id": recipe,
        "role": "input",
        "commodity_id": commodity,
        "amount": amount,
    }


def policy(name: str, base: str) -> dict[str, Any]:
    """Write a policy that is held against another."""
    return names(name) | {"kind": "counterfactual", "base": base, "order": 1}


def faults(rows: Rows) -> list[str]:
    base = place_network()
    made = {name: base.table(name) for name in schema()}
    made |= {name: Table.from_rows(name, some) for name, some in rows.items()}
    return [str(f) for f in (*chain_faults(made), *duty_faults(made))]


def test_a_whole_chain_has_no_faults() -> None:
    """The small chain is clean."""
    assert faults(tables()) == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            changed("lanes", "far", to_id="twon"),
            "lanes.csv, row far, column to_id: 'twon': must be a facility or market of the chain c",
        ),
        (
            tables(contracts=[CONTRACT | {"from_ids": "nope"}]),
            "contracts.csv, row k, column from_ids: 'nope': names nothing of the chain c",
        ),
        (tables(contracts=[CONTRACT | {"via": "atlantis"}]), "contracts.csv, row k, column via: 'atlantis'"),
        (
            tables(contracts=[{k: v for k, v in CONTRACT.items() if k != "maximum"}]),
            "contracts.csv, row k, column maximum: a contract of the kind quota needs it",
        ),
        (
            changed("commodities", "ore", content=0.3),
            (
                "recipes.csv, row smelt: it gives 1 t of the element a unit and takes 0.66; mass comes "
                "from nothing"
            ),
        ),
        (
            changed("facilities", "smelter", candidate=True),
            "facilities.csv, row smelter, column build_usd: a candidate needs it",
        ),
        (
            changed("facilities", "smelter", opens=2030, closes=2020),
            "facilities.csv, row smelter, column closes",
        ),
        (
            tables(
                stocks=[
                    {
                        "id": "s",
                        "chain_id": "c",
                        "at_id": "moon",
                        "commodity_id": "ore",
                        "opening": 1.0,
                        "maximum": 2.0,
                        "holding_usd": 1.0,
                    }
                ]
            ),
            "stocks.csv, row s, column at_id: 'moon'",
        ),
        (
            changed("markets", "town", chain_id="d"),
            "markets.csv, row town, column commodity_id: 'metal': is of the chain c, and the row of d",
        ),
        (
            tables()
            | {
                "recipe_parts": [
                    *tables()["recipe_parts"],
                    {
                        "id": "twin",
                        "recipe_id": "smelt",
                        "role": "input",
                        "commodity_id": "ore",
                        "amount": 1.0,
                    },
                ]
            },
            "recipe_parts.csv, row twin, column commodity_id: 'ore': stands twice as input of smelt",
        ),
        (
            tables(
                tariffs=[
                    {
                        "id": "q",
                        "kind": "quota",
                        "importers": "US",
                        "rate": 0.1,
                        "rule": "x",
                        "source_id": "s",
                    }
                ]
            ),
            "tariffs.csv, row q, column quota_usd: a quota needs it",
        ),
        (
            tables(
                trades=[
                    {"id": i, "importer": "US", "exporter": "KZ", "product_id": "p", "value_usd": 1.0}
                    for i in ("a", "b")
                ]
            ),
            "trades.csv, row b, column product_id: 'p': the same trade as a",
        ),
        (
            changed("recipe_parts", "smelt-ore", commodity_id="metal"),
            "recipes.csv, row smelt, column commodity_id: 'metal': is made from itself",
        ),
        (
            tables(recipe_parts=[]),
            "recipes.csv, row smelt: makes metal from nothing, which only a mine",
        ),
        (
            tables(
                recipes=[*tables()["recipes"][1:2], UNSMELT],
                recipe_parts=[*tables()["recipe_parts"], part("unsmelt", "metal", 0.5)],
                commodities=[c | {"content": 1.0} for c in tables()["commodities"]],
            ),
            "recipes.csv, row smelt: smelt and unsmelt wait for each other: ore is made by none else",
        ),
        (
            changed("commodities", "ore", mass_t=0.0),
            "commodities.csv, row ore, column mass_t: '0': it moves as container-40",
        ),
        (
            tables(
                stocks=[
                    {
                        "id": "s",
                        "chain_id": "c",
                        "at_id": "smelter",
                        "commodity_id": "ore",
                        "opening": 9.0,
                        "maximum": 5.0,
                        "holding_usd": 0.0,
                    }
                ]
            ),
            "stocks.csv, row s, column opening: '9': is more than the maximum 5",
        ),
        (tables(markets=[]), "chains.csv, row c: has no market; add one to markets.csv"),
        (
            changed("facilities", "smelter", candidate=True, build_usd=1.0),
            "constants.csv, column id: 'capital-cost-share': candidate facilities need it",
        ),
        (
            tables(policies=[policy("a", "b"), policy("b", "a"), policy("d", "a")]),
            "policies.csv, row a, column base: 'b': the bases of a, b go round in a circle",
        ),
        (
            tables(policies=[policy("a", "a")]),
            "policies.csv, row a, column base: 'a': the bases of a go round",
        ),
        (
            tables(tariffs=[DUTY | {"id": "x", "importers": "USA"}]),
            "tariffs.csv, row x, column importers: 'USA': must be a two-letter ISO 3166 code",
        ),
        (
            tables(tariffs=[DUTY | {"id": "x"}, DUTY | {"id": "y"}]),
            "tariffs.csv, row y: is the same as x and would count twice",
        ),
        (
            tables(
                tariffs=[
                    DUTY | {"id": "x", "kind": "mfn"},
                    DUTY | {"id": "y", "kind": "mfn", "exporters": "KZ", "rate": 0.2},
                ]
            ),
            "tariffs.csv, row y, column kind: 'mfn': x gives a duty of MFN for the same goods on the same days",
        ),
        (
            tables(
                tariffs=[DUTY | {"id": "x", "kind": "carbon"}],
                trades=[{"id": "t", "importer": "US", "exporter": "KZ", "product_id": "p", "value_usd": 1.0}],
                products=[
                    names("p") | {"hs": "1", "usd_per_t": 1.0, "import_elasticity": -1.0, "substitution": 1.0}
                ],
            ),
            "products.csv, row p, column kg_co2e_per_t: x of tariffs.csv charges its carbon",
        ),
    ],
)
def test_each_mistake_is_told(rows: Rows, sentence: str) -> None:
    """One mistake gives its sentence."""
    assert any(f.startswith(sentence) for f in faults(rows)), faults(rows)


def test_duties_of_other_days_goods_or_policies_stand_beside_each_other() -> None:
    """Two rows of MFN for disjoint days, exporters or policies are no fault."""
    mfn = DUTY | {"kind": "mfn"}
    for one, other in (
        ({"to_date": "2025-01-01"}, {"from_date": "2025-01-01"}),
        ({"exporters": "KZ"}, {"exporters": "AZ"}),
        ({"importers": "US"}, {"importers": "EU"}),
        ({"policies": "a"}, {}),
    ):
        rows = tables(tariffs=[mfn | {"id": "x"} | one, mfn | {"id": "y", "rate": 0.3} | other])
        assert faults(rows) == []


def test_recipes_that_lack_what_nobody_makes_are_no_circle() -> None:
    """One that waits for a maker that waits for nobody stands idle; only a true circle is told, from any start."""
    assert waiting_circle([("a", {"x"}, {"y"}), ("b", {"z"}, {"x"})], ()) == ([], "")
    ring = [("a", {"x"}, {"y"}), ("b", {"y"}, {"x"}), ("c", {"y"}, {"w"})]
    assert waiting_circle(ring, ()) == (["a", "b"], "x")
    assert waiting_circle(ring, {"x"}) == ([], "")
    assert waiting_circle([*ring, ("d", set(), {"y"})], ()) == ([], "")


def test_bases_that_end_are_no_circle() -> None:
    """A line of bases ends at the one without, or at one that is not there."""
    assert circle_of_bases({"a": "b", "b": ""}, "a") == []
    assert circle_of_bases({"a": "gone"}, "a") == []
    assert circle_of_bases({"a": "b", "b": "a"}, "a") == ["a", "b"]
