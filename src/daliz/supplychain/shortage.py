"""Explain what a plan leaves unmet: no maker, no route, or capacities that no plan can get past.

The most that can be delivered is the programme with all costs 0 and every unit sold worth 1. Its duals
weigh capacities and demands so that the most is exactly the sum of weight times capacity: these are the
cut, and no plan whatever passes it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.supplychain.programme import Limits, Moves, Sales, Works, plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.supplychain.solved import Solved

WEIGHT = 1e-7
"""Duals below this are rounding."""


def unmet_reasons(
    supply: Solved, lacking: Sequence[dict[str, Any]], contracts: Sequence[str]
) -> dict[str, str]:
    """Explain the unmet demand of each market in a sentence.

    Parameters
    ----------
    supply
        The plan.
    lacking
        Markets with unmet demand, rows of `Supply.markets`.
    contracts
        Names of the contracts that bind.
    """
    if not lacking:
        return {}
    made = {c for r in supply.chain.recipes for c in (r.output, *r.others)}
    kept = {r["commodity_id"] for r in supply.chain.stocks}
    reached = {t.end for t in supply.ways.trips}
    rows = unmet_cut(supply)
    named = ", ".join(f"{r['name']} ({r['capacity']:,.6g} {r['unit']})" for r in rows[:4])
    found = {}
    for m in lacking:
        if m["commodity"] not in made | kept:
            found[m["market"]] = f"no facility of the year makes {m['commodity']}"
        elif m["market"] not in reached and m["market"] not in {r["at_id"] for r in supply.chain.stocks}:
            found[m["market"]] = f"no way leads to it from those who make {m['commodity']}"
        elif rows:
            more = f" and {len(rows) - 4} more" if len(rows) > 4 else ""
            found[m["market"]] = f"all markets together can get no more past {named}{more}"
        else:
            bound = f"; contracts that bind: {', '.join(contracts[:6])}" if contracts else ""
            found[m["market"]] = (
                f"it could be met, but only at more than the penalty of {supply.terms.penalty:g} "
                f"times its price, or against a contract{bound}"
            )
    return found


def unmet_cut(supply: Solved) -> list[dict[str, Any]]:
    """Find the capacities that bound what can be delivered to all markets, heaviest first.

    Their weights come with them; there are none if more could be delivered.

    Contracts that ask for a least quantity are left out, since they take and do not bound.
    """
    p = supply.built.programme
    none = np.zeros(0)
    freed = replace(
        p,
        works=Works(
            np.zeros(len(p.works.cost)), p.works.capacity, p.works.parts, np.full(len(p.works.cost), -1)
        ),
        moves=Moves(p.moves.start, p.moves.end, np.zeros(len(p.moves)), p.moves.most, p.moves.loads),
        sales=Sales(p.sales.stock, p.sales.most, np.ones(len(p.sales.stock))),
        limits=Limits(np.zeros(len(p.limits.least)), p.limits.most, np.zeros(len(p.limits.least))),
        aversions=(),
        buildings=none,
    )
    found = plan(freed)
    if found.sales.sum() > supply.plan.sales.sum() * (1 + WEIGHT):
        return []  # more could be delivered: no capacity is to blame
    rows: list[dict[str, Any]] = [
        {
            "kind": "facility",
            "name": supply.chain.recipes[r].id,
            "unit": "a year",
            "capacity": supply.chain.recipes[r].capacity,
            "weight": float(found.rent[k]),
        }
        for k, (_, r) in enumerate(supply.built.works)
        if found.rent[k] > WEIGHT
    ]
    rows += [
        {
            "kind": kind,
            "name": name,
            "unit": unit,
            "capacity": float(p.limits.most[i]),
            "weight": float(found.price[i]),
        }
        for i, (_, kind, name, unit) in enumerate(supply.built.limits)
        if found.price[i] > WEIGHT
    ]
    merged: dict[tuple[str, str], dict[str, Any]] = {}
    for r in rows:  # one capacity in several years is one row
        known = merged.setdefault((r["kind"], r["name"]), r | {"weight": 0.0})
        known["weight"] += r["weight"] / supply.terms.years
    return sorted(merged.values(), key=lambda r: -r["weight"] * r["capacity"])
