"""Solve the master of a path flow with hard capacities on HiGHS, column by column.

    min  sum_r c_r f_r + sum_k M u_k
    s.t. sum_{r of k} f_r + u_k = q_k        (dual y_k)
         sum_r l_re f_r <= C_e               (dual -p_e, p_e >= 0 the price of capacity)
         f, u >= 0

A route enters while c_r + sum_e l_re p_e < y_k. With D_k the least such cost over all routes, the value
sum_k q_k min(D_k, M) - sum_e p_e C_e is a lower bound (Lagrange), so every solution carries a proven gap
[1]_.

References
----------
.. [1] L. Ford, D. Fulkerson, A suggested computation for maximal multi-commodity network flows, Management
   Science 5, 1958.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DemandError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from daliz.arrays import Floats, Ints


@dataclass(frozen=True)
class Solution:
    """Flows of the columns, unserved quantities, prices of capacity and duals of demand."""

    flow: Floats
    unserved: Floats
    price: Floats
    dual: Floats
    cost: float


class Master:
    """A linear programme of paths that takes more columns."""

    def __init__(self, demand: Floats, capacity: Floats, penalty: Floats) -> None:
        import highspy

        self.pairs, self.rows = len(demand), len(capacity)
        self.demand, self.capacity, self.penalty = demand, capacity, penalty
        self.inf = highspy.kHighsInf
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        solver.setOptionValue("output_flag", False)
        solver.setOptionValue("threads", 1)
        lower = np.concatenate([demand, np.full(self.rows, -self.inf)])
        upper = np.concatenate([demand, capacity])
        none = np.zeros(0, np.int32)
        solver.addRows(len(lower), lower, upper, 0, none, none, np.zeros(0))
        every = np.arange(self.pairs, dtype=np.int32)
        solver.addCols(
            self.pairs,
            penalty,
            np.zeros(self.pairs),
            np.full(self.pairs, self.inf),
            self.pairs,
            every,
            every,
            np.ones(self.pairs),
        )
        self.solver, self.ok = solver, highspy.HighsModelStatus.kOptimal

    def add(self, pair: Ints, cost: Floats, loads: csr_array) -> None:
        """Add routes: their pairs, costs, and loads of shape (routes, elements)."""
        count = len(pair)
        if not count:
            return
        size = np.diff(loads.indptr) + 1
        start = np.concatenate([[0], np.cumsum(size)[:-1]])
        index, value = np.empty(int(size.sum()), np.int32), np.ones(int(size.sum()))
        index[start] = pair
        at = np.ones(len(index), np.bool_)
        at[start] = False
        index[at] = loads.indices + self.pairs
        value[at] = loads.data
        self.solver.addCols(
            count,
            cost,
            np.zeros(count),
            np.full(count, self.inf),
            len(index),
            start.astype(np.int32),
            index,
            value,
        )

    def solve(self) -> Solution:
        """Solve the programme with the columns known.

        Raises
        ------
        DemandError
            If HiGHS finds no optimum, which a programme with penalties always has.
        """
        self.solver.run()
        status = self.solver.getModelStatus()
        if status != self.ok:
            raise DemandError(f"HiGHS did not solve the master: {self.solver.modelStatusToString(status)}.")
        found = self.solver.getSolution()
        value, dual = np.array(found.col_value), np.array(found.row_dual)
        return Solution(
            np.maximum(value[self.pairs :], 0.0),
            np.maximum(value[: self.pairs], 0.0),
            np.maximum(-dual[self.pairs :], 0.0),
            dual[: self.pairs],
            float(self.solver.getInfo().objective_function_value),
        )

    def bound(self, price: Floats, least: Floats) -> float:
        """Return the lower bound at prices from the least cost of a route of each pair under them."""
        return float(self.demand @ np.minimum(least, self.penalty) - price @ self.capacity)
