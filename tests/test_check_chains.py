"""Protect the check of chains and duties: each mistake is told with its row."""

from __future__ import annotations

from typing import Any

import pytest

from daliz.tables.check_chains import chain_faults
from daliz.tables.schema import schema
from daliz.tables.table import Table
from small_chains import changed, place_network, tables

Rows = dict[str, list[dict[str, Any]]]
CONTRACT = {"id": "k", "chain_id": "c", "kind": "quota", "maximum": 1.0, "rule": "x", "source_id": "s"}


def faults(rows: Rows) -> list[str]:
    base = place_network()
    made = {name: base.table(name) for name in schema()}
    made |= {name: Table.from_rows(name, some) for name, some in rows.items()}
    return [str(f) for f in chain_faults(made)]


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
    ],
)
def test_each_mistake_is_told(rows: Rows, sentence: str) -> None:
    """One mistake gives its sentence."""
    assert any(f.startswith(sentence) for f in faults(rows)), faults(rows)
