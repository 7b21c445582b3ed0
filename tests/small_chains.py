"""Make small chains of production whose best plans are known or can be found another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csc_array, csr_array

import daliz
from daliz.supplychain.chain import Chain, chain_from_tables
from daliz.supplychain.programme import Limits, Moves, Programme, Sales, Works
from small_networks import Link, road_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.tables import Network

Row = dict[str, Any]
PENALTY = 1e4
CHAIN = {"chain_id": "c"}


def shipping(
    supply: Sequence[float],
    demand: Sequence[float],
    cost: Sequence[Sequence[float]],
    *,
    most: float = np.inf,
    build: Sequence[float] = (),
) -> Programme:
    """Write a transportation problem: stocks of sources and sinks, one move between each two; `build` makes the sources candidates."""
    m, n = len(supply), len(demand)
    start, end = np.repeat(np.arange(m), n), np.tile(np.arange(m, m + n), m)
    works = Works(
        np.zeros(m),
        np.array(supply, float),
        csc_array(np.vstack([np.eye(m), np.zeros((n, m))])),
        np.arange(m) if len(build) else np.full(m, -1),
    )
    moves = Moves(start, end, np.array(cost, float).ravel(), np.full(m * n, most), csr_array((m * n, 0)))
    sales = Sales(np.arange(m, m + n), np.array(demand, float), np.full(n, PENALTY))
    none = np.zeros(0)
    names = tuple([f"s{i}" for i in range(m)] + [f"t{j}" for j in range(n)])
    return Programme(
        names, np.zeros(m + n), works, moves, sales, Limits(none, none, none), (), np.array(build, float)
    )


def cost_of(programme: Programme, value: float) -> float:
    """Compute what a plan costs when all is sold: its value without what the sales are worth."""
    return value + float(programme.sales.most @ programme.sales.value)


def place_network(**extra: list[Row]) -> Network:
    """Make three places in a row, n0 in AA, n1 in BB, n2 in CC, with the parameters that routing needs, and a dear way from n0 to n2."""
    links = [Link(0, 1, 100.0), Link(1, 2, 100.0), Link(0, 2, 900.0)]
    choice = [
        {"id": "reference-sd", "value": 100.0, "unit": "h", "fitted": False, "description": "x"},
    ]
    return road_network(links, choice=choice, **extra)


def names(word: str) -> Row:
    """Name a row in three languages."""
    return {"id": word, "name_en": word, "name_kk": word, "name_ru": word}


def tables(**changes: list[Row]) -> dict[str, list[Row]]:
    """Write a chain: ore from a mine at n0 to a smelter at n1, metal to a market at n2; another mine sends metal by a lane."""
    base: dict[str, list[Row]] = {
        "chains": [names("c") | {"element": "X", "description": "x"}],
        "commodities": [
            names("ore")
            | CHAIN
            | {"unit": "t", "cargo_id": "container-40", "mass_t": 1.0, "content": 0.5, "value_usd": 10.0},
            names("metal")
            | CHAIN
            | {"unit": "t", "cargo_id": "container-40", "mass_t": 1.0, "content": 1.0, "value_usd": 100.0},
        ],
        "facilities": [
            names("mine") | CHAIN | {"stage": "mine", "country": "AA", "node_id": "n0"},
            names("smelter") | CHAIN | {"stage": "smelter", "country": "BB", "node_id": "n1"},
            names("rival") | CHAIN | {"stage": "mine", "country": "ZZ"},
        ],
        "recipes": [
            {"id": "dig", "facility_id": "mine", "commodity_id": "ore", "capacity": 100.0, "cost_usd": 5.0},
            {
                "id": "smelt",
                "facility_id": "smelter",
                "commodity_id": "metal",
                "capacity": 40.0,
                "cost_usd": 20.0,
            },
            {
                "id": "rival-metal",
                "facility_id": "rival",
                "commodity_id": "metal",
                "capacity": 5.0,
                "cost_usd": 9000.0,
            },
        ],
        "recipe_parts": [
            {"id": "smelt-ore", "recipe_id": "smelt", "role": "input", "commodity_id": "ore", "amount": 2.2}
        ],
        "markets": [
            names("town")
            | CHAIN
            | {
                "region": "R",
                "country": "CC",
                "node_id": "n2",
                "commodity_id": "metal",
                "demand": 30.0,
                "price_usd": 2000.0,
            }
        ],
        "lanes": [
            {
                "id": "far",
                "chain_id": "c",
                "from_id": "rival",
                "to_id": "town",
                "commodity_id": "metal",
                "usd": 50.0,
                "hours": 100.0,
                "countries": "ZZ YY CC",
            }
        ],
    }
    return base | changes


def changed(table: str, row: str, **cells: Any) -> dict[str, list[Row]]:
    """Return the tables with cells of one row changed."""
    whole = tables()
    return whole | {table: [r | cells if r["id"] == row else r for r in whole[table]]}


def chain(rows: dict[str, list[Row]] | None = None, network: Network | None = None) -> Chain:
    """Make the small chain."""
    return chain_from_tables(network or place_network(), "c", rows or tables())


def plan(rows: dict[str, list[Row]] | None = None, **arguments: Any) -> daliz.Supply:
    """Plan the small chain over the network of three places."""
    made = chain(rows)
    return daliz.supply(made.network, made, **arguments)
