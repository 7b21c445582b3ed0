"""Plan very large chains: moves join by their price, round by round, and the rest is proved not to pay.

A move from stock i to j of cost c pays while c < w_j - w_i, with w the worth of stocks. Once no move is
left that pays, the duals hold for all of them. Until then, what leaves i is at most the capacity U_i of
those who make it, so that

    value - sum_i U_i max(0, max_j (w_j - w_i - c_ij))

with the bound of the programme at hand in place of the value, is a lower bound for the whole (Lagrange).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from daliz.errors import SupplyError
from daliz.graph.shortest import Star
from daliz.supplychain.programme import Moves, Plan, Planner, Programme

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints

NEAREST = 4
"""Makers that each taker, and takers that each maker, begins with."""
FRESH = 3
"""Moves that each taker may add in a round."""
ROUNDS = 100


@dataclass(frozen=True)
class Trade:
    """Makers and takers of one commodity, and what a unit costs between each two.

    Attributes
    ----------
    makers, takers
        int64: stocks.
    cost
        float64 (makers, takers): USD a unit; infinite where no route leads.
    """

    makers: Ints
    takers: Ints
    cost: Floats


@dataclass(frozen=True)
class Wide:
    """Plan of a large chain, with the programme of the moves that were found and what is proved.

    Attributes
    ----------
    gap
        (value - bound) / max(|value|, 1) against all moves, not only those in the programme.
    rounds
        How often moves joined.
    converged
        Whether the gap asked for is proved.
    """

    programme: Programme
    plan: Plan
    gap: float
    rounds: int
    converged: bool

    def __repr__(self) -> str:
        state = "converged" if self.converged else "NOT CONVERGED"
        return (
            f"<Wide: {len(self.programme.stocks):,} stocks, {len(self.programme.moves):,} moves after "
            f"{self.rounds} rounds; {state} (gap {self.gap:.2g})>"
        )


def least_costs(
    nodes: int, tail: Ints, head: Ints, cost: Floats, origins: Ints, destinations: Ints
) -> Floats:
    """Compute the least cost from each origin to each destination over directed links.

    The shape is (origins, destinations).

    Raises
    ------
    SupplyError
        If a link costs less than 0, or an end is no node.
    """
    if len(cost) and not (cost >= 0).all():
        raise SupplyError(f"A link costs {float(cost[~(cost >= 0)][0]):g}; it must be 0 or more.")
    for ends in (tail, head, origins, destinations):
        if len(ends) and not (ends.min() >= 0 and ends.max() < nodes):
            lost = ends[(ends < 0) | (ends >= nodes)][0]
            raise SupplyError(f"There is no node {int(lost)}; the nodes are 0 to {nodes - 1}.")
    some, back = np.unique(origins, return_inverse=True)
    whole = Star(tail, head, nodes).weighted(cost).grow_each(some).distance
    return np.asarray(whole[:, destinations][back])


def plan_wide(programme: Programme, trades: list[Trade], *, gap: float = 1e-9, rounds: int = ROUNDS) -> Wide:
    """Plan a chain whose moves are too many to write down.

    Parameters
    ----------
    programme
        A programme; its moves stay, and those of `trades` join as they pay.
    trades
        Who may send what to whom at which cost.
    gap
        Relative gap to prove against all moves.
    rounds
        Rounds after which to give up; the result then says so.

    Raises
    ------
    SupplyError
        If no plan exists, a maker is also a taker, or trades are missing or do not fit the programme.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csc_array, csr_array
    >>> from daliz.supplychain.programme import Limits, Sales, Works
    >>> none = np.zeros(0)
    >>> made = Works(np.zeros(1), np.full(1, 9.0), csc_array(np.array([[1.0], [0.0]])), np.full(1, -1))
    >>> empty = Moves(np.zeros(0, int), np.zeros(0, int), none, none, csr_array((0, 0)))
    >>> sales, limits = Sales(np.array([1]), np.array([5.0]), np.array([100.0])), Limits(none, none, none)
    >>> one = Programme(("a", "b"), np.zeros(2), made, empty, sales, limits, (), none)
    >>> plan_wide(one, [Trade(np.array([0]), np.array([1]), np.array([[3.0]]))]).plan.moves
    array([5.])
    """
    _check(programme, trades, rounds)
    fed = np.unique(np.concatenate([programme.moves.end, *(t.takers for t in trades)]))
    both = np.intersect1d(fed, np.concatenate([np.zeros(0, np.int64), *(t.makers for t in trades)]))
    if len(both):
        raise SupplyError(
            f"The stock {programme.stocks[int(both[0])]} is made and brought: what leaves it has no "
            "bound. Let a work turn one stock into another."
        )
    known = [np.zeros(t.cost.shape, np.bool_) for t in trades]
    first = [_begin(t) for t in trades]
    planner = Planner(_with(programme, trades, known, first), gap=gap)
    found = planner.solve()
    reached, done = np.inf, 0
    while done < rounds:
        done += 1
        reached = _gap(planner.programme, found, trades)
        if reached <= gap:
            break
        fresh = [_paying(t, found.worth, k) for t, k in zip(trades, known, strict=True)]
        if not any(f.any() for f in fresh):
            break
        planner.extend(_moves(trades, known, fresh, planner.programme.moves.loads.shape[1]))
        found = planner.solve()
    return Wide(planner.programme, found, reached, done, reached <= gap * 10)


def _check(programme: Programme, trades: list[Trade], rounds: int) -> None:
    """Refuse trades that are none, do not fit the programme, or cost what is no cost."""
    if not trades:
        raise SupplyError(
            "No trades are given, so no moves can join; give at least one Trade, or plan the moves there are with "
            "`plan`."
        )
    if rounds < 0:
        raise SupplyError(f"{rounds} rounds cannot be made; give 0 or more.")
    for i, t in enumerate(trades):
        if t.cost.shape != (len(t.makers), len(t.takers)):
            raise SupplyError(
                f"The cost of trade {i} has the shape {t.cost.shape}; it must be ({len(t.makers)}, "
                f"{len(t.takers)}), its makers by its takers."
            )
        ends = np.concatenate([t.makers, t.takers])
        wrong = ends[(ends < 0) | (ends >= len(programme.stocks))]
        if len(wrong):
            raise SupplyError(
                f"Trade {i} names stock {int(wrong[0])}; the programme has stocks 0 to "
                f"{len(programme.stocks) - 1}."
            )
        bad = t.cost[np.isnan(t.cost) | (t.cost == -np.inf)]
        if len(bad):
            raise SupplyError(
                f"A move of trade {i} costs {float(bad[0]):g}; it must be a number, or infinite where no route "
                "leads."
            )


def _begin(trade: Trade) -> np.typing.NDArray[np.bool_]:
    """Choose the nearest of each side."""
    chosen = np.zeros(trade.cost.shape, np.bool_)
    m, n = trade.cost.shape
    if not m or not n:
        return chosen
    near = np.argpartition(trade.cost, min(NEAREST, m) - 1, axis=0)[:NEAREST]
    chosen[near, np.arange(n)] = True
    near = np.argpartition(trade.cost, min(NEAREST, n) - 1, axis=1)[:, :NEAREST]
    chosen[np.arange(m)[:, None], near] = True
    return chosen & np.isfinite(trade.cost)


def _paying(trade: Trade, worth: Floats, known: np.typing.NDArray[np.bool_]) -> np.typing.NDArray[np.bool_]:
    """Choose for each taker the moves that pay most and are not known."""
    reduced = np.where(known, 0.0, trade.cost - worth[trade.takers][None, :] + worth[trade.makers][:, None])
    chosen = np.zeros(trade.cost.shape, np.bool_)
    if not reduced.size:
        return chosen
    best = np.argpartition(reduced, min(FRESH, reduced.shape[0]) - 1, axis=0)[:FRESH]
    columns = np.arange(reduced.shape[1])
    scale = 1e-11 * max(float(np.abs(worth).max(initial=0.0)), 1.0)
    chosen[best, columns] = reduced[best, columns] < -scale
    return chosen


def _moves(
    trades: list[Trade],
    known: list[np.typing.NDArray[np.bool_]],
    fresh: list[np.typing.NDArray[np.bool_]],
    limits: int,
) -> Moves:
    start, end, cost = [], [], []
    for t, k, f in zip(trades, known, fresh, strict=True):
        i, j = np.nonzero(f & ~k)
        np.logical_or(k, f, out=k)
        start.append(t.makers[i])
        end.append(t.takers[j])
        cost.append(t.cost[i, j])
    count = sum(len(s) for s in start)
    return Moves(
        np.concatenate(start),
        np.concatenate(end),
        np.concatenate(cost),
        np.full(count, np.inf),
        csr_array((count, limits)),
    )


def _with(
    programme: Programme,
    trades: list[Trade],
    known: list[np.typing.NDArray[np.bool_]],
    first: list[np.typing.NDArray[np.bool_]],
) -> Programme:
    from daliz.supplychain.programme import joined

    fresh = _moves(trades, known, first, len(programme.limits.least))
    return replace(programme, moves=joined(programme.moves, fresh) if len(programme.moves) else fresh)


def _gap(programme: Programme, found: Plan, trades: list[Trade]) -> float:
    """Compute the gap against all moves."""
    most = np.asarray(programme.works.parts.maximum(0) @ programme.works.capacity) + programme.opening
    lost = 0.0
    for t in trades:
        if t.cost.size:
            gain = (found.worth[t.takers][None, :] - found.worth[t.makers][:, None] - t.cost).max(axis=1)
            lost += float(most[t.makers] @ np.maximum(gain, 0.0))
    scale = max(abs(found.optimum.value), 1.0)
    return found.optimum.gap + lost / scale
