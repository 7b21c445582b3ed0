"""Protect plans of chains from the order of rows: shuffled tables give the same answer to the last name."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.supplychain.chain import chain_from_tables
from small_chains import CHAIN, Row, names, place_network, tables


def twins() -> dict[str, list[Row]]:
    """Write a chain full of ties: two mines, two smelters and two towns of the same figures, all short."""
    base = tables()

    def twin(rows: list[Row], of: str, name: str, **cells: Any) -> list[Row]:
        row = next(r for r in rows if r["id"] == of)
        return [*rows, row | {"id": name} | cells]

    return base | {
        "facilities": twin(twin(base["facilities"], "mine", "adit"), "smelter", "works"),
        "recipes": twin(
            twin(base["recipes"], "dig", "adit-ore", facility_id="adit"),
            "smelt",
            "works-metal",
            facility_id="works",
        ),
        "recipe_parts": twin(base["recipe_parts"], "smelt-ore", "works-ore", recipe_id="works-metal"),
        "markets": [
            r | {"demand": 60.0} for r in (*base["markets"], base["markets"][0] | names("burg") | CHAIN)
        ],
    }


def answer(rows: dict[str, list[Row]]) -> dict[str, Any]:
    """Plan a chain and tell everything of it."""
    network = place_network()
    plan = daliz.supply(network, chain_from_tables(network, "c", rows), without=["l2"])
    return plan.as_dict() | {
        "dependence": daliz.dependence(plan),
        "each": daliz.without_each(plan),
        "balance": daliz.balance_of_ways(plan),
    }


@given(st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_never_decides(random: Any) -> None:
    """Of plans that cost the same the same one is found, and causes are told in the same words."""
    rows = twins()
    shuffled = {t: random.sample(some, len(some)) for t, some in rows.items()}
    assert answer(shuffled) == answer(rows)
