"""Explain what a plan leaves unmet: who is shut, what has no way, which capacity or contract or cost is in it.

The capacities that bound all markets together are a cut: the most that can be delivered is the programme with
all costs 0 and every unit sold worth 1, whose duals weigh capacities and demands so that the most is exactly
the sum of weight times capacity. No plan whatever passes it. What keeps one market from more is found by
relaxing one cause at a time (`relaxing`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.supplychain.build import build
from daliz.supplychain.causes import ORDER, causes
from daliz.supplychain.cut_off import why_cut_off
from daliz.supplychain.programme import Limits, Moves, Sales, Works, paid, plan
from daliz.supplychain.relaxing import GAIN, Atom, Pool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.supplychain.build import Built
    from daliz.supplychain.chain import Chain
    from daliz.supplychain.solved import Solved
    from daliz.supplychain.ways import Trip

WEIGHT = 1e-7
"""Duals below this are rounding."""
SHOWN = 4
"""Causes that a sentence names; the rest are counted."""
DEAR = 1e6
"""Times the worth of a unit at which a plan shows what a further unit would cost."""


def unmet_reasons(supply: Solved, lacking: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Explain the unmet demand of each market in a sentence.

    Parameters
    ----------
    supply
        The plan.
    lacking
        Markets with unmet demand, rows of `Supply.markets`.
    """
    if not lacking:
        return {}
    pool = Pool(supply)
    return {m["market"]: _reason(supply, pool, m) for m in lacking}


def _reason(supply: Solved, pool: Pool, market: dict[str, Any]) -> str:
    found = causes(pool, market["market"])
    if found.more:
        return _too_dear(supply, market)
    if found.alone:
        return _joined(_sentences(pool, [[a] for a in found.alone]), "; or ")
    if found.together:
        parts = _sentences(pool, [list(found.together)])
        rooms = [a for a in found.together if a.kind not in ORDER]
        return ("only together: " if len(parts) > 1 or len(rooms) > 1 else "") + _joined(parts, "; and ")
    return _nobody_makes(pool.chain, market["commodity"])


def _joined(parts: list[str], between: str) -> str:
    more = f"{between.rstrip()} {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return between.join(parts[:SHOWN]) + more


def _sentences(pool: Pool, sets: list[list[Atom]]) -> list[str]:
    """Write sets of atoms as parts of a sentence.

    All capacities come in one part. Trips of one set that one and the same thing closes come in one, since lifting
    it mends them all.
    """
    atoms = [a for some in sets for a in some]
    rooms = [a for a in atoms if a.kind not in ORDER]
    found = [_room(pool, rooms)] if rooms else []
    found += [_shut(pool, a) for a in atoms if a not in rooms and a.kind != "way"]
    for some in sets:
        trips: dict[str, list[Trip]] = {}
        for atom in some:
            if atom.kind == "way":
                trip = pool.lost[int(atom.name)]
                trips.setdefault(why_cut_off(pool.chain, trip).rstrip("."), []).append(trip)
        for reason, cut in trips.items():
            ends = [f"from {t.start} to {t.end} for {t.commodity}" for t in cut]
            more = f" and {len(ends) - SHOWN} more" if len(ends) > SHOWN else ""
            found.append(f"no way leads {', nor '.join(ends[:SHOWN])}{more}: {reason}")
    return found


def _room(pool: Pool, rooms: Sequence[Atom]) -> str:
    """Name the capacities and quotas that nothing passes."""
    capacity = {r.id: (r.capacity, "") for r in pool.chain.recipes}
    limits = pool.built.programme.limits.most
    load = {(k, n): (float(limits[i]), u) for i, (_, k, n, u) in enumerate(pool.built.limits)}
    said = []
    for kind, name in rooms[:SHOWN]:
        size, unit = capacity[name] if kind == "facility" else load[kind, name]
        what = "" if kind in {"facility", "link"} else f"{kind} "
        said.append(f"{what}{name} ({size:,.6g}{f' {unit}' if unit else ''} a year)")
    more = f" and {len(rooms) - SHOWN} more" if len(rooms) > SHOWN else ""
    traffic = any(k not in {"facility", "quota"} for k, _ in rooms) and pool.supply.taken is not None
    left = ", which is what other traffic leaves" if traffic else ""
    return f"no more gets past {', '.join(said)}{more}{left}"


def _shut(pool: Pool, atom: Atom) -> str:
    """Describe what is closed, left out or kept."""
    chain = pool.chain
    if atom.kind == "without":
        still = [
            f
            for f, r in chain.facilities.items()
            if atom.name in {f, r["country"], r["node_id"], r["operator_id"]}
        ]
        what = (
            f"{', '.join(still[:SHOWN])} stand still"
            if len(still) > 1
            else f"{still[0]} stands still"
            if still
            else ""
        )
        return f"{atom.name} is left out{f', so that {what}' if what else ', over which the way would go'}"
    if atom.kind == "closed":
        row = chain.facilities[atom.name]
        when = (
            f"opens only in {row['opens']:.0f}"
            if row["opens"] > chain.network.year
            else f"closed in {row['closes']:.0f}"
        )
        made = sorted(
            {c for r in chain.recipes if r.facility["id"] == atom.name for c in (r.output, *r.others)}
        )
        return f"{atom.name}, which makes {' and '.join(made) or 'nothing'}, {when}"
    row = next(r for r in chain.stocks if r["id"] == atom.name)
    return (
        f"{row['at_id']} keeps {row['opening']:,.6g} of {row['commodity_id']}, which only a plan of several "
        "years draws"
    )


def _nobody_makes(chain: Chain, commodity: str) -> str:
    """Name what nobody makes in any year, from what a market buys down to what is lacking."""
    line = [commodity]
    while True:
        makers = [r for r in chain.recipes if line[-1] in {r.output, *r.others}]
        if not makers:
            break
        made = {c for r in chain.recipes for c in (r.output, *r.others)}
        lacks = [c for r in makers for c in r.inputs if c not in made and c not in line]
        below = lacks or [c for r in makers for c in r.inputs if c not in line]
        if not below:
            break
        line.append(below[0])
    needs = "".join(f", which {c} is made of" for c in line[-2:-1])
    return f"no facility makes {line[-1]}{needs}; add a recipe"


def _too_dear(supply: Solved, market: dict[str, Any]) -> str:
    """Explain why a market is not sold what could be brought to it: contracts, prices, duties or the cost itself."""
    name, demand = market["market"], market["demand"] * supply.terms.years
    chain, terms = supply.chain, supply.terms
    sold = _sold(supply.built, supply.plan.sales, name)

    def helps(other: Built) -> bool:
        return _sold(other, plan(other.programme).sales, name) > sold + GAIN * float(demand)

    found = []
    for row in chain.contracts:
        fewer = replace(chain, contracts=tuple(r for r in chain.contracts if r["id"] != row["id"]))
        if row["kind"] != "quota" and helps(build(fewer, supply.ways, terms, supply.taken)):
            found.append(f"the {row['kind']} {row['id']} takes it")
    for words, changed in (
        (f"the carbon price of {terms.carbon_usd_t:g} USD/t makes it too dear", {"carbon_usd_t": 0.0}),
        ("duties make it too dear", {"duties": {}}),
    ):
        other = replace(terms, **changed)
        if other != terms and helps(build(chain, supply.ways, other, supply.taken)):
            found.append(words)
    return _joined([*found, _cost(supply, market, sold, contracts=bool(found))], "; or ")


def _cost(supply: Solved, market: dict[str, Any], sold: float, *, contracts: bool) -> str:
    """Say what a further unit at a market would cost, against what the plan may spend on it."""
    price, penalty = market["price_usd"], supply.terms.penalty
    if not price > 0:
        return "its price is 0 USD, so that no cost is worth it; give price_usd in markets.csv"
    p = supply.built.programme
    mine = np.array([m == market["market"] for _, m in supply.built.sales], np.bool_)
    worth = np.where(mine, DEAR * p.sales.value, p.sales.value)
    other = replace(p, sales=Sales(p.sales.stock, p.sales.most, worth))
    found = plan(other)
    more = float(found.sales[mine].sum()) - sold
    spent = paid(p, found) - paid(p, supply.plan)
    each = spent / more if more > 0 else float("inf")
    if contracts and each <= penalty * price:
        return "other markets would lack it"
    return (
        f"it could be met, but only at {each:,.0f} USD a unit, more than the penalty of {penalty:g} times its "
        f"price of {price:,.6g} USD"
    )


def _sold(built: Built, sales: Any, market: str) -> float:
    return float(sum(s for (_, m), s in zip(built.sales, sales, strict=True) if m == market))


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
