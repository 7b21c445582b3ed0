"""Write a chain of production as a linear programme.

    min  sum_a c_a x_a + sum_m c_m f_m - sum_k v_k s_k + sum_b F_b y_b + sum_r P u_r + sum_gt p_t g_gt
    s.t. for every stock i
             opening_i + sum_a n_ia x_a + sum_m (into i) f_m
                 - sum_m (out of i) f_m - sum_k (at i) s_k - w_i = 0
         for every limit r
             least_r <= sum_m l_mr f_m + u_r,  sum_m l_mr f_m <= most_r
         for every aversion g
             sum_m (in G) f_m = sum_t g_gt,  g_gt <= sum_m (of g) f_m / T
         for every building b
             x_a <= capacity_a y_b(a),  y_b whole

A stock is a commodity at a place. Works turn stocks into stocks, moves carry them, sales take them out, w
is what is left over. An aversion prices a route by what its buyers would pay to avoid it: they differ as by
an exponential law of mean P, the least averse go first, and so the premium of the t-th of T equal parts
is -P ln(1 - (t - 1/2) / T).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, csc_array, csr_array, vstack

from daliz.optimise.linear import Linear, Optimum, Solver

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints

PARTS = 100
"""Equal parts into which the buyers of an aversion are cut."""


@dataclass(frozen=True)
class Works:
    """Works, which turn stocks into stocks.

    Attributes
    ----------
    cost, capacity
        float64 (works,): USD a run, most runs.
    parts
        Sparse (stocks, works): what a run adds to each stock; inputs are negative.
    building
        int64 (works,): the building that it needs, -1 for none.
    """

    cost: Floats
    capacity: Floats
    parts: csc_array
    building: Ints


@dataclass(frozen=True)
class Moves:
    """Moves of stocks: from, to, USD a unit, most units, and sparse loads on limits, (moves, limits)."""

    start: Ints
    end: Ints
    cost: Floats
    most: Floats
    loads: csr_array

    def __len__(self) -> int:
        return len(self.start)


@dataclass(frozen=True)
class Sales:
    """Sales, which take stocks out: stock, most units, and what a unit is worth in USD."""

    stock: Ints
    most: Floats
    value: Floats


@dataclass(frozen=True)
class Limits:
    """Bounds on loads of moves, and what a unit short of the least costs."""

    least: Floats
    most: Floats
    penalty: Floats


@dataclass(frozen=True)
class Aversion:
    """Aversion of buyers: moves that use a route, moves that count, and the mean premium in USD a unit."""

    used: Flags
    counted: Flags
    premium: float


@dataclass(frozen=True)
class Programme:
    """Programme of a whole chain.

    Attributes
    ----------
    stocks
        Names of the stocks.
    opening
        float64 (stocks,): units there at the beginning.
    buildings
        float64 (buildings,): cost of each.
    """

    stocks: tuple[str, ...]
    opening: Floats
    works: Works
    moves: Moves
    sales: Sales
    limits: Limits
    aversions: tuple[Aversion, ...]
    buildings: Floats


@dataclass(frozen=True)
class Plan:
    """Solution of a programme with its proof.

    Attributes
    ----------
    works, moves, sales
        float64: runs, units moved, units sold.
    left
        float64 (stocks,): units left over.
    short
        float64 (limits,): units short of the least.
    built
        bool (buildings,).
    worth
        float64 (stocks,): USD that a further unit of each stock would save.
    price
        float64 (limits,): USD that a further unit of a limit's most would save; negative where its least
        binds.
    rent
        float64 (works,): USD that a further run of capacity would save.
    premium_usd
        What aversions cost in the plan.
    optimum
        The proof: gap, residual, slackness.
    """

    works: Floats
    moves: Floats
    sales: Floats
    left: Floats
    short: Floats
    built: Flags
    worth: Floats
    price: Floats
    rent: Floats
    premium_usd: float
    optimum: Optimum


class Layout:
    """Slices of the columns: works, sales, left over, short, parts of aversions, buildings, moves."""

    def __init__(self, p: Programme) -> None:
        self.needs = np.flatnonzero(p.limits.least > 0)
        counts = (
            len(p.works.cost),
            len(p.sales.stock),
            len(p.stocks),
            len(self.needs),
            PARTS * len(p.aversions),
            len(p.buildings),
            len(p.moves),
        )
        ends = np.cumsum([0, *counts])
        self.works, self.sales, self.left, self.short, self.parts, self.built, self.moves = (
            slice(a, b) for a, b in pairwise(ends.tolist())
        )
        self.columns = int(ends[-1])
        self.limit_rows = len(p.stocks)
        self.tied = np.flatnonzero(p.works.building >= 0)
        self.aversion_rows = self.limit_rows + len(p.limits.least)
        self.building_rows = self.aversion_rows + len(p.aversions) * (PARTS + 1)
        self.rows = self.building_rows + len(self.tied)


def premiums(mean: float) -> Floats:
    """Compute the premium of each part of the buyers, in USD a unit, shape (PARTS,)."""
    return np.asarray(-mean * np.log1p(-(np.arange(PARTS) + 0.5) / PARTS))


def linear(p: Programme) -> Linear:
    """Write a programme as columns and rows."""
    at = Layout(p)
    whole = np.zeros(at.columns, np.bool_)
    whole[at.built] = True
    cost, upper = np.zeros(at.columns), np.full(at.columns, np.inf)
    cost[at.works], upper[at.works] = p.works.cost, p.works.capacity
    cost[at.sales], upper[at.sales] = -p.sales.value, p.sales.most
    cost[at.short] = p.limits.penalty[at.needs]
    for i, aversion in enumerate(p.aversions):
        cost[at.parts.start + i * PARTS : at.parts.start + (i + 1) * PARTS] = premiums(aversion.premium)
    cost[at.built], upper[at.built] = p.buildings, 1.0
    cost[at.moves], upper[at.moves] = p.moves.cost, p.moves.most
    lower_row, upper_row = np.zeros(at.rows), np.zeros(at.rows)
    lower_row[: len(p.stocks)] = upper_row[: len(p.stocks)] = -p.opening
    limits = slice(at.limit_rows, at.aversion_rows)
    lower_row[limits] = np.where(p.limits.least > 0, p.limits.least, -np.inf)
    upper_row[limits] = p.limits.most
    for i in range(len(p.aversions)):
        lower_row[at.aversion_rows + i * (PARTS + 1) + 1 : at.aversion_rows + (i + 1) * (PARTS + 1)] = -np.inf
    lower_row[at.building_rows :] = -np.inf
    return Linear(cost, np.zeros(at.columns), upper, _matrix(p, at), lower_row, upper_row, whole)


def _matrix(p: Programme, at: Layout) -> csc_array:
    rows, columns, values = [], [], []

    def put(row: Ints, column: Ints, value: Floats) -> None:
        rows.append(np.asarray(row, np.int64))
        columns.append(np.asarray(column, np.int64))
        values.append(np.asarray(value, np.float64))

    parts = p.works.parts.tocoo()
    put(parts.row, parts.col + at.works.start, parts.data)
    put(p.sales.stock, np.arange(at.sales.start, at.sales.stop), -np.ones(len(p.sales.stock)))
    put(np.arange(len(p.stocks)), np.arange(at.left.start, at.left.stop), -np.ones(len(p.stocks)))
    put(at.limit_rows + at.needs, np.arange(at.short.start, at.short.stop), np.ones(len(at.needs)))
    for i, aversion in enumerate(p.aversions):
        first = at.aversion_rows + i * (PARTS + 1)
        mine = at.parts.start + i * PARTS + np.arange(PARTS)
        put(np.full(PARTS, first), mine, -np.ones(PARTS))
        put(first + 1 + np.arange(PARTS), mine, np.ones(PARTS))
        used, counted = np.flatnonzero(aversion.used), np.flatnonzero(aversion.counted)
        put(np.full(len(used), first), at.moves.start + used, np.ones(len(used)))
        put(
            np.repeat(first + 1 + np.arange(PARTS), len(counted)),
            np.tile(at.moves.start + counted, PARTS),
            np.full(PARTS * len(counted), -1.0 / PARTS),
        )
    ties = at.building_rows + np.arange(len(at.tied))
    put(ties, at.works.start + at.tied, np.ones(len(at.tied)))
    put(ties, at.built.start + p.works.building[at.tied], -p.works.capacity[at.tied])
    each = np.arange(at.moves.start, at.moves.stop)
    loads = p.moves.loads.tocoo()
    put(p.moves.start, each, -np.ones(len(each)))
    put(p.moves.end, each, np.ones(len(each)))
    put(at.limit_rows + loads.col, at.moves.start + loads.row, loads.data)
    places = (np.concatenate(rows), np.concatenate(columns))
    return coo_array((np.concatenate(values), places), shape=(at.rows, at.columns)).tocsc()


class Planner:
    """Programme in the solver, whose next solve starts from the last solution."""

    def __init__(self, programme: Programme, *, gap: float = 1e-9, seconds: float = 600.0) -> None:
        self.programme, self.at = programme, Layout(programme)
        self.solver = Solver(linear(programme), gap=gap, seconds=seconds)

    def close(self, moves: Flags, works: Flags, sales: Flags) -> None:
        """Close some moves, works and sales, and open all others."""
        p, at = self.programme, self.at
        each = np.concatenate([np.arange(s.start, s.stop) for s in (at.works, at.sales, at.moves)])
        most = np.concatenate(
            [
                np.where(works, 0.0, p.works.capacity),
                np.where(sales, 0.0, p.sales.most),
                np.where(moves, 0.0, p.moves.most),
            ]
        )
        self.solver.bounds(each, np.zeros(len(each)), most)

    def extend(self, moves: Moves) -> None:
        """Add moves behind those there are."""
        p, rows = self.programme, self.at.rows
        each = np.arange(len(moves))
        loads = moves.loads.tocoo()
        place = np.concatenate([moves.start, moves.end, self.at.limit_rows + loads.col])
        column = np.concatenate([each, each, loads.row])
        value = np.concatenate([-np.ones(len(moves)), np.ones(len(moves)), loads.data])
        matrix = coo_array((value, (place, column)), shape=(rows, len(moves))).tocsc()
        self.solver.extend(moves.cost, moves.most, matrix)
        self.programme = replace(p, moves=joined(p.moves, moves))
        self.at = Layout(self.programme)

    def premium(self, row: int, mean: float) -> None:
        """Set the mean premium of an aversion."""
        first = self.at.parts.start + row * PARTS
        self.solver.costs(np.arange(first, first + PARTS), premiums(mean))
        aversions = list(self.programme.aversions)
        aversions[row] = replace(aversions[row], premium=mean)
        self.programme = replace(self.programme, aversions=tuple(aversions))

    def solve(self) -> Plan:
        """Solve the programme as it stands."""
        return plan_of(self.programme, self.solver.solve())


def plan_of(p: Programme, found: Optimum) -> Plan:
    """Read a plan from the columns of an optimum."""
    at = Layout(p)
    x = np.maximum(found.x, 0.0)
    short = np.zeros(len(p.limits.least))
    short[at.needs] = x[at.short]
    ties = np.zeros(len(p.works.cost))
    ties[at.tied] = np.maximum(-found.dual[at.building_rows :], 0.0)
    rent = np.maximum(-found.reduced[at.works], 0.0)
    rent[at.tied] = ties[at.tied]
    means = np.concatenate([premiums(a.premium) for a in p.aversions]) if p.aversions else np.zeros(0)
    return Plan(
        x[at.works],
        x[at.moves],
        x[at.sales],
        x[at.left],
        short,
        x[at.built] > 0.5,
        found.dual[: len(p.stocks)],
        -found.dual[at.limit_rows : at.aversion_rows],
        rent,
        float(means @ x[at.parts]) if len(means) else 0.0,
        found,
    )


def plan(programme: Programme, *, gap: float = 1e-9, seconds: float = 600.0) -> Plan:
    """Solve a programme once.

    Raises
    ------
    SupplyError
        If no plan exists.
    """
    return Planner(programme, gap=gap, seconds=seconds).solve()


def joined(one: Moves, other: Moves) -> Moves:
    """Append moves to others."""
    return Moves(
        np.concatenate([one.start, other.start]),
        np.concatenate([one.end, other.end]),
        np.concatenate([one.cost, other.cost]),
        np.concatenate([one.most, other.most]),
        vstack([one.loads, other.loads]).tocsr(),
    )


def balance(p: Programme, found: Plan) -> float:
    """Compute the largest breach of a stock's balance over the throughput."""
    flow = np.asarray(p.works.parts @ found.works) + p.opening
    moved = np.bincount(p.moves.end, found.moves, len(p.stocks)) - np.bincount(
        p.moves.start, found.moves, len(p.stocks)
    )
    sold = np.bincount(p.sales.stock, found.sales, len(p.stocks))
    through = float(found.moves.sum() + found.sales.sum() + found.works.sum())
    return float(np.abs(flow + moved - sold - found.left).max(initial=0.0)) / max(through, 1.0)


def paid(p: Programme, found: Plan) -> float:
    """Compute what a plan costs in USD.

    Penalties for what is unmet or short, and premiums that nobody pays, are left out.
    """
    return float(p.works.cost @ found.works + p.moves.cost @ found.moves + p.buildings @ found.built)
