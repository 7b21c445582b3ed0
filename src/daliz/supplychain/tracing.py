"""Follow goods back from the market to the ore: what a unit costs, and what it has touched.

What a place receives mixes in proportion, since a plan does not say which tonne went where.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats
    from daliz.supplychain.solved import Solved

COMPONENTS = ("production", "freight", "time", "carbon", "duty", "stock")
"""Parts of what a unit costs; a premium is no cost that anybody pays, and is told apart."""
SWEEPS = 200


def _steps(s: Solved) -> tuple[list[tuple[int, int, float, int]], list[tuple[int, int, float, int]]]:
    """Collect the steps of goods: moves, and the uses of inputs.

    Moves are (from, to, units, move); uses are (input, output, units of input for the output, work).
    """
    p = s.built.programme
    _, lying = _lying(s)
    moved = [
        (int(a), int(b), float(u) - (lying.get((int(a), int(b)), 0.0) if s.built.moves[m][1] < 0 else 0.0), m)
        for m, (a, b, u) in enumerate(zip(p.moves.start, p.moves.end, s.plan.moves, strict=True))
        if u > 0
    ]
    moved = [x for x in moved if x[2] > 0]
    used = []
    columns = p.works.parts.tocsc()
    for k in np.flatnonzero(s.plan.works > 0).tolist():
        some = slice(columns.indptr[k], columns.indptr[k + 1])
        rows, amounts = columns.indices[some], columns.data[some]
        shares = _shares(s, rows[amounts > 0], amounts[amounts > 0])
        for o, share in shares.items():
            used += [
                (int(i), o, float(-a * s.plan.works[k] * share), int(k))
                for i, a in zip(rows, amounts, strict=True)
                if a < 0
            ]
            if not (amounts < 0).any():
                used.append((-1, o, 0.0, int(k)))
    return moved, used


def _shares(s: Solved, rows: Sequence[int], amounts: Sequence[float]) -> dict[int, float]:
    """Divide the cost of a run over its outputs by value.

    It is by amount where a value is not known. What is left over bears nothing.
    """
    made = s.made[list(rows)]
    left = s.plan.left[list(rows)]
    kept = 1.0 - np.minimum(np.divide(left, made, out=np.zeros_like(left), where=made > 0), 1.0)
    amount = np.array(amounts) * (kept if kept.any() else 1.0)
    value = np.array([float(s.chain.commodities[s.built.stocks[i][2]]["value_usd"]) for i in rows])
    worth = amount * value if (value > 0).all() else amount
    return dict(zip((int(i) for i in rows), (worth / worth.sum()).tolist(), strict=True))


def passive(s: Solved) -> dict[int, float]:
    """Compute the units of each row of stocks that lie through all years.

    They pass through the books and nobody draws them.
    """
    if s.terms.years == 1:
        return {}
    place = {(t, a, c): i for i, (t, a, c) in enumerate(s.built.stocks)}
    carried: dict[tuple[int, int], float] = {}
    p = s.built.programme
    for (_, way), a, b, u in zip(s.built.moves, p.moves.start, p.moves.end, s.plan.moves, strict=True):
        if way < 0:
            carried[int(a), int(b)] = carried.get((int(a), int(b)), 0.0) + float(u)
    kept = {
        name: float(u)
        for (_, name), u in zip(s.built.sales, s.plan.sales, strict=True)
        if name not in s.chain.markets
    }
    found = {}
    for n, row in enumerate(s.chain.stocks):
        steps = [
            (place[t, row["at_id"], row["commodity_id"]], place[t + 1, row["at_id"], row["commodity_id"]])
            for t in range(s.terms.years - 1)
        ]
        found[n] = min(
            [float(row["opening"]), kept.get(row["id"], 0.0), *(carried.get(k, 0.0) for k in steps)]
        )
    return found


def _lying(s: Solved) -> tuple[Floats, dict[tuple[int, int], float]]:
    """Compute what lies in each stock without being drawn, shape (stocks,), and on each carrying move."""
    place = {(t, a, c): i for i, (t, a, c) in enumerate(s.built.stocks)}
    lying = np.zeros(len(s.built.stocks))
    moves: dict[tuple[int, int], float] = {}
    for n, units in passive(s).items():
        row = s.chain.stocks[n]
        at = [place[t, row["at_id"], row["commodity_id"]] for t in range(s.terms.years)]
        lying[at] += units
        for a, b in pairwise(at):
            moves[a, b] = moves.get((a, b), 0.0) + units
    return lying, moves


def inflow(s: Solved) -> Floats:
    """Compute what comes into each stock and is used or sold, shape (stocks,).

    It is made, moved in, or drawn from what was there.
    """
    p = s.built.programme
    made = s.made
    lying, _ = _lying(s)
    return np.asarray(
        np.maximum(p.opening + made + np.bincount(p.moves.end, s.plan.moves, len(p.stocks)) - lying, 0.0)
    )


def stack(s: Solved) -> dict[str, dict[str, float]]:
    """Compute the mean cost of a delivered unit at each market, by part, in USD, from ore to market."""
    p, into = s.built.programme, np.maximum(inflow(s) - s.plan.left, 0.0)
    cost = np.zeros((len(p.stocks), len(COMPONENTS)))
    own = np.zeros_like(cost)
    moved, used = _steps(s)
    for k in np.flatnonzero(s.plan.works > 0).tolist():
        _add_work(s, own, k)
    for n, units in passive(s).items():
        # what is drawn counts at its value, since it was paid before and is not there again
        row = s.chain.stocks[n]
        first = s.built.stocks.index((0, row["at_id"], row["commodity_id"]))
        own[first, 5] += (float(row["opening"]) - units) * float(
            np.nan_to_num(s.chain.commodities[row["commodity_id"]]["value_usd"])
        )
    for _, b, u, m in moved:
        own[b] += u * _move_parts(s, m)
    for _ in range(SWEEPS):
        total = own.copy()
        for a, b, u, _ in (*moved, *used):
            if a >= 0:
                total[b] += u * cost[a]
        fresh = np.divide(total, into[:, None], out=np.zeros_like(total), where=into[:, None] > 0)
        if np.abs(fresh - cost).max(initial=0.0) <= 1e-12 * max(float(np.abs(fresh).max(initial=0.0)), 1.0):
            break
        cost = fresh
    return {m: dict(zip(COMPONENTS, market_mean(s, cost, m).tolist(), strict=True)) for m in s.chain.markets}


def market_mean(s: Solved, of_stock: Floats, market: str) -> Floats:
    """Compute the mean over the years of what a market is sold, weighted by units."""
    row = s.chain.markets[market]
    position = {s: i for i, s in enumerate(s.built.stocks)}
    weight = np.zeros(s.terms.years)
    for (t, m), sold in zip(s.built.sales, s.plan.sales, strict=True):
        if m == market:
            weight[t] += sold
    rows = of_stock[[position[t, market, row["commodity_id"]] for t in range(s.terms.years)]]
    total = weight.sum()
    return np.asarray(weight @ rows / total if total > 0 else np.zeros(rows.shape[1]))


def _add_work(s: Solved, own: Floats, work: int) -> None:
    _, recipe = s.built.works[work]
    r = s.chain.recipes[recipe]
    columns = s.built.programme.works.parts.tocsc()
    some = slice(columns.indptr[work], columns.indptr[work + 1])
    rows, amounts = columns.indices[some], columns.data[some]
    runs = float(s.plan.works[work])
    carbon = float(s.built.programme.works.cost[work]) - r.cost_usd
    built = 0.0
    b = int(s.built.programme.works.building[work])
    if b >= 0:
        mine = [k for k in np.flatnonzero(s.built.programme.works.building == b) if s.plan.works[k] > 0]
        total = sum(float(s.plan.works[k]) for k in mine)
        built = float(s.built.programme.buildings[b]) * runs / total
    for o, share in _shares(s, rows[amounts > 0], amounts[amounts > 0]).items():
        own[o, 0] += (r.cost_usd * runs + built) * share
        own[o, 3] += carbon * runs * share


def _move_parts(s: Solved, move: int) -> Floats:
    _, way = s.built.moves[move]
    found = np.zeros(len(COMPONENTS))
    if way < 0:
        found[5] = s.built.programme.moves.cost[move]
        return found
    w = s.ways
    found[1:5] = (
        w.usd[way],
        w.time_usd[way],
        s.terms.carbon_usd_t * w.kg[way] / 1e3,
        s.built.duty_usd[way],
    )
    return found


def touched(s: Solved, marks: Floats, stood: Floats) -> Floats:
    """Compute the share of each stock that touched each thing since the ore, shape (stocks, things).

    Parameters
    ----------
    marks
        float64 (moves, things): 1 where a move touches it.
    stood
        float64 (works, things): 1 where a work stands on it.

    What a recipe makes has touched a thing as far as the element in its inputs has; what mixes in a place
    mixes in proportion.
    """
    p, into = s.built.programme, inflow(s)
    content = np.array([float(s.chain.commodities[c]["content"]) for _, _, c in s.built.stocks])
    moved, used = _steps(s)
    by_work: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for a, o, u, k in used:
        by_work.setdefault((k, o), []).append((a, u))
    for key, inputs in by_work.items():
        weighed = [(a, u * content[a] if a >= 0 else 0.0) for a, u in inputs]
        # where no input holds the element, as when none is followed, all count by their amounts
        by_work[key] = (
            weighed if sum(w for _, w in weighed) > 0 else [(a, u if a >= 0 else 0.0) for a, u in inputs]
        )
    columns = p.works.parts.tocsc()
    made = {(k, o): float(columns[o, k]) * float(s.plan.works[k]) for k, o in by_work}
    none = np.zeros(marks.shape[1])
    share = np.zeros((len(p.stocks), marks.shape[1]))
    for _ in range(SWEEPS):
        total = np.zeros_like(share)
        for a, b, u, m in moved:
            total[b] += u * (marks[m] + (1.0 - marks[m]) * share[a])
        for (k, o), inputs in by_work.items():
            weight = sum(w for _, w in inputs)
            before = sum((w * share[a] for a, w in inputs if a >= 0), none) / weight if weight > 0 else none
            total[o] += made[k, o] * (stood[k] + (1.0 - stood[k]) * before)
        fresh = np.divide(total, into[:, None], out=np.zeros_like(total), where=into[:, None] > 0)
        if np.abs(fresh - share).max(initial=0.0) <= 1e-12:
            break
        share = fresh
    return share
