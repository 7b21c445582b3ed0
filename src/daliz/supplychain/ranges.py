"""Compute the ranges of a plan: draw its figures from their evidence, and plan again each time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import SupplyError
from daliz.supplychain.build import build
from daliz.supplychain.exposure import concentration, dependence
from daliz.supplychain.programme import plan as solve_plan
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.supplychain.chain import Chain, Row
    from daliz.supplychain.results import Supply

DRAWS = 40
DRAWN = {
    "recipes": ("capacity", "cost_usd"),
    "markets": ("demand",),
    "lanes": ("usd",),
    "contracts": ("minimum", "maximum"),
}
"""Figures that are drawn; freight, contents and premiums stand."""
ENDS = (0.05, 0.95)


def supply_ranges(
    supply: Supply, region: str = "", *, draws: int = DRAWS, seed: int = 1
) -> list[dict[str, Any]]:
    """Compute the 5th and 95th percentile of what a plan says, over the ranges of the evidence.

    Capacities, costs of plants, demands, costs of lanes and quantities of contracts are drawn (figures of
    one group together); routes and their freight stand, so what a range of freight does is not in it. Each
    draw is a plan of its own.

    Parameters
    ----------
    supply
        A plan of a chain of the network's tables.
    region
        Region, country or market whose dependence is told; all if blank.
    draws, seed
        How often and from which seed is drawn; the ends of 40 draws are themselves uncertain by about a
        tenth of the range.

    Returns
    -------
    Rows of `measure` (cost_usd and unmet of a market, hhi of a stage, share of a country), `name`, `value`,
    `low`, `high`, `draws`.

    Raises
    ------
    SupplyError
        If there is not one draw, or the chain is not one of the network.
    """
    if draws < 1:
        raise SupplyError(f"{draws} draws cannot be taken; give at least one.")
    if supply.chain.id not in supply.chain.network.table("chains").position:
        raise SupplyError(
            f"The chain {supply.chain.id} has no evidence in {supply.chain.network.name}, so it has "
            "no ranges."
        )
    base = _measures(supply, region)
    found: dict[tuple[str, str], list[float]] = {k: [] for k in base}
    for chain in _drawn(supply.chain, draws, seed):
        told = _measures(_planned_again(supply, chain), region)
        for key, values in found.items():
            values.append(told.get(key, 0.0))
    return [_range(key, value, found[key], draws) for key, value in base.items()]


def _planned_again(supply: Supply, chain: Chain) -> Supply:
    """Plan a drawn chain over the routes and on the terms of a plan."""
    built = build(chain, supply.ways, supply.terms, supply.taken)
    plan = solve_plan(built.programme, gap=supply.asked["gap"])
    return replace(supply, chain=chain, built=built, plan=plan, converged=plan.optimum.complete)


def _range(key: tuple[str, str], value: float, drawn: list[float], draws: int) -> dict[str, Any]:
    """Write one measure with the ends of its draws; NaN where no draw has a figure."""
    known = np.array([v for v in drawn if not np.isnan(v)])
    low, high = np.quantile(known, ENDS) if len(known) else (np.nan, np.nan)
    return {
        "measure": key[0],
        "name": key[1],
        "value": value,
        "low": float(low),
        "high": float(high),
        "draws": draws,
    }


def _measures(plan: Supply, region: str) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for m in plan.markets():
        found["cost_usd", m["market"]] = m["cost_usd"]
        found["unmet", m["market"]] = m["unmet"] / m["demand"] if m["demand"] > 0 else 0.0
    for c in concentration(plan):
        found["hhi", f"{c['stage']} {c['output']}"] = c["hhi"]
    for d in dependence(plan, region):
        found["share", d["name"]] = d["share"]
    return found


def _drawn(chain: Chain, draws: int, seed: int) -> list[Chain]:
    figures = chain.network.resolved.figures
    recipes = {r.id for r in chain.recipes}
    rows: dict[str, set[str]] = {
        "recipes": recipes,
        "markets": set(chain.markets),
        "lanes": {r["id"] for r in chain.lanes},
        "contracts": {r["id"] for r in chain.contracts},
    }
    cells = [
        Cell(t, i, c)
        for t, columns in DRAWN.items()
        for i in sorted(rows[t])
        for c in columns
        if Cell(t, i, c) in figures.index
    ]
    factor = figures.draw(np.array([figures.index[c] for c in cells]), draws, seed).astype(np.float64)
    at = {c: i for i, c in enumerate(cells)}
    return [_scaled(chain, at, factor[:, d]) for d in range(draws)]


def _scaled(chain: Chain, at: dict[Cell, int], factor: Floats) -> Chain:
    def times(table: str, row: str, column: str) -> float:
        i = at.get(Cell(table, row, column))
        return 1.0 if i is None else float(factor[i])

    def row_of(table: str, row: Row) -> Row:
        return row | {c: row[c] * times(table, row["id"], c) for c in DRAWN[table]}

    return replace(
        chain,
        recipes=tuple(
            replace(
                r,
                capacity=r.capacity * times("recipes", r.id, "capacity"),
                cost_usd=r.cost_usd * times("recipes", r.id, "cost_usd"),
            )
            for r in chain.recipes
        ),
        markets={k: row_of("markets", r) for k, r in chain.markets.items()},
        lanes=tuple(row_of("lanes", r) for r in chain.lanes),
        contracts=tuple(row_of("contracts", r) for r in chain.contracts),
    )
