"""Solve linear and mixed-integer programmes on HiGHS and prove the answer apart from the solver.

    min c'x   s.t.  l <= A x <= u,  a <= x <= b,  some x whole

With duals y of the rows and reduced costs d = c - A'y, the value

    sum_i (y_i > 0 ? y_i l_i : y_i u_i) + sum_j (d_j > 0 ? d_j a_j : d_j b_j)

bounds every feasible plan from below (weak duality), so each optimum carries a gap that rests on no claim
of the solver [1]_.

References
----------
.. [1] V. Chvatal, Linear Programming, Freeman, 1983, chapter 9 (bounded variables).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import hstack

from daliz.errors import SupplyError, need

if TYPE_CHECKING:
    from scipy.sparse import csc_array

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TIGHT = 1e-9
"""Tolerance of HiGHS for feasibility and reduced costs, after scaling."""


@dataclass(frozen=True)
class Linear:
    """Linear programme, with whole columns where wanted.

    Attributes
    ----------
    cost, lower, upper
        float64 (columns,).
    matrix
        Sparse (rows, columns).
    row_lower, row_upper
        float64 (rows,).
    whole
        bool (columns,): columns that must be whole numbers.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    matrix: csc_array
    row_lower: Floats
    row_upper: Floats
    whole: Flags


@dataclass(frozen=True)
class Optimum:
    """Solution of a programme with its proof.

    Attributes
    ----------
    x
        float64 (columns,).
    dual
        float64 (rows,): what a further unit of the row's bound would change; of the programme with whole
        columns fixed.
    reduced
        float64 (columns,): c - A'y.
    value, bound, gap
        Cost, proven lower bound and (value - bound) / max(|value|, 1).
    residual
        Largest breach of a row or bound.
    slackness
        Largest product of a dual and the slack of its row or bound, over max(|value|, 1).
    complete
        False if the solver stopped before the gap that was asked for.
    """

    x: Floats
    dual: Floats
    reduced: Floats
    value: float
    bound: float
    gap: float
    residual: float
    slackness: float
    complete: bool


class Solver:
    """Programme inside HiGHS, whose bounds may change and whose next solve starts from the last basis.

    Parameters
    ----------
    programme
        What to solve.
    gap
        Relative gap at which a mixed-integer search may stop.
    seconds
        Time after which it must; the answer then says that it is not complete.
    """

    def __init__(self, programme: Linear, *, gap: float = 1e-9, seconds: float = 600.0) -> None:
        need("highspy", extra="assign")
        import highspy

        self.programme = programme
        self.gap = gap
        solver = highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "primal_feasibility_tolerance": TIGHT,
            "dual_feasibility_tolerance": TIGHT,
            "mip_rel_gap": gap,
            "mip_abs_gap": 0.0,
            "time_limit": float(seconds),
        }.items():
            solver.setOptionValue(option, value)
        solver.passModel(_model(programme))
        self.solver, self.kinds = solver, highspy.HighsModelStatus

    def bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of some columns."""
        self.solver.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def extend(self, cost: Floats, upper: Floats, matrix: csc_array) -> None:
        """Add columns bounded below by 0 behind those there are."""
        p, count = self.programme, len(cost)
        none = np.zeros(count)
        self.solver.addCols(
            count,
            cost,
            none,
            upper,
            len(matrix.data),
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )
        self.programme = Linear(
            np.concatenate([p.cost, cost]),
            np.concatenate([p.lower, none]),
            np.concatenate([p.upper, upper]),
            hstack([p.matrix, matrix]).tocsc(),
            p.row_lower,
            p.row_upper,
            np.concatenate([p.whole, np.zeros(count, np.bool_)]),
        )

    def costs(self, columns: Ints, cost: Floats) -> None:
        """Change the costs of some columns."""
        self.solver.changeColsCost(len(columns), columns.astype(np.int32), cost)

    def solve(self) -> Optimum:
        """Solve with the bounds as they stand, and prove the solution.

        Raises
        ------
        SupplyError
            If no plan exists at all, or cost falls without end.
        """
        self.solver.run()
        status, kinds = self.solver.getModelStatus(), self.kinds
        settled = {
            kinds.kOptimal,
            kinds.kInfeasible,
            kinds.kUnboundedOrInfeasible,
            kinds.kUnbounded,
            kinds.kTimeLimit,
        }
        if status not in settled:
            # a start from the last basis may fail where a fresh one does not
            self.solver.clearSolver()
            self.solver.run()
            status = self.solver.getModelStatus()
            if status not in settled:
                raise SupplyError(
                    f"HiGHS did not solve the programme: {self.solver.modelStatusToString(status)}. "
                    "Figures may lie too far apart; look for very large or very small ones."
                )
        if status in {kinds.kInfeasible, kinds.kUnboundedOrInfeasible, kinds.kUnbounded}:
            raise SupplyError(
                f"The programme has no plan ({self.solver.modelStatusToString(status)}): least "
                "quantities, capacities or prices contradict one another."
            )
        now = self._now()
        x = np.array(self.solver.getSolution().col_value)
        if not len(x):
            raise SupplyError(
                "HiGHS found no plan in the time it was given "
                f"({self.solver.modelStatusToString(status)}); give more."
            )
        complete = status == kinds.kOptimal
        if now.whole.any():
            info = self.solver.getInfo()
            return _proved_whole(now, x, float(info.mip_dual_bound), self.gap, complete=complete)
        dual = np.array(self.solver.getSolution().row_dual)
        return prove(now, x, dual, complete=complete)

    def _now(self) -> Linear:
        model = self.solver.getLp()
        p = self.programme
        return Linear(
            np.array(model.col_cost_),
            np.array(model.col_lower_),
            np.array(model.col_upper_),
            p.matrix,
            p.row_lower,
            p.row_upper,
            p.whole,
        )


def _model(programme: Linear) -> Any:
    import highspy

    matrix = programme.matrix.tocsc()
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_, model.col_lower_, model.col_upper_ = programme.cost, programme.lower, programme.upper
    model.row_lower_, model.row_upper_ = programme.row_lower, programme.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.num_row_, model.a_matrix_.num_col_ = matrix.shape
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data
    if programme.whole.any():
        kinds = highspy.HighsVarType
        model.integrality_ = [kinds.kInteger if w else kinds.kContinuous for w in programme.whole]
    return model


def solve(programme: Linear, *, gap: float = 1e-9, seconds: float = 600.0) -> Optimum:
    """Solve a programme once.

    Raises
    ------
    SupplyError
        If no plan exists.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.sparse import csc_array
    >>> most = np.full(1, np.inf)
    >>> rows = csc_array([[1.0]])
    >>> one = Linear(np.array([2.0]), np.zeros(1), most, rows, np.ones(1), most, np.zeros(1, bool))
    >>> answer = solve(one)
    >>> answer.value, answer.dual, answer.gap
    (2.0, array([2.]), 0.0)
    """
    return Solver(programme, gap=gap, seconds=seconds).solve()


def prove(programme: Linear, x: Floats, dual: Floats, *, complete: bool = True) -> Optimum:
    """Bound the optimum from duals, and measure what x breaks."""
    p = programme
    activity = p.matrix @ x
    reduced = p.cost - p.matrix.T @ dual
    value = float(p.cost @ x)
    scale = max(abs(value), 1.0)
    rows, row_break = _sides(dual, p.row_lower, p.row_upper)
    columns, column_break = _sides(reduced, p.lower, p.upper)
    # a multiplier of rounding error beside an endless bound proves nothing and costs at most its size
    # times what flows
    flow = max(float(np.abs(x).max(initial=0.0)), 1.0)
    bound = float(rows.sum() + columns.sum()) - (row_break + column_break) * flow
    slackness = (
        max(_slackness(dual, activity, p.row_lower, p.row_upper), _slackness(reduced, x, p.lower, p.upper))
        / scale
    )
    residual = max(
        _breach(activity, p.row_lower, p.row_upper),
        _breach(x, p.lower, p.upper),
    )
    return Optimum(
        x, dual, reduced, value, bound, max(value - bound, 0.0) / scale, residual, slackness, complete
    )


def _sides(multiplier: Floats, lower: Floats, upper: Floats) -> tuple[Floats, float]:
    """Compute what each multiplier adds to the bound, and the sum of those that meet an infinite bound."""
    side = np.where(multiplier > 0, lower, upper)
    endless = ~np.isfinite(side)
    worth = np.where(endless, 0.0, multiplier * np.where(endless, 0.0, side))
    return worth, float(np.abs(multiplier[endless]).sum())


def _slackness(multiplier: Floats, level: Floats, lower: Floats, upper: Floats) -> float:
    gap = np.where(multiplier > 0, level - lower, upper - level)
    known = np.isfinite(gap)
    return float(np.abs(multiplier[known] * gap[known]).max(initial=0.0))


def _breach(level: Floats, lower: Floats, upper: Floats) -> float:
    return float(max(np.max(lower - level, initial=0.0), np.max(level - upper, initial=0.0)))


def _proved_whole(programme: Linear, x: Floats, bound: float, gap: float, *, complete: bool) -> Optimum:
    """Fix the whole columns where they are, and take the duals of what is left.

    The bound is that of the search.
    """
    fixed = np.round(x[programme.whole])
    lower, upper = programme.lower.copy(), programme.upper.copy()
    lower[programme.whole] = upper[programme.whole] = fixed
    none = np.zeros(len(x), np.bool_)
    rest = Linear(
        programme.cost, lower, upper, programme.matrix, programme.row_lower, programme.row_upper, none
    )
    plan = solve(rest)
    scale = max(abs(plan.value), 1.0)
    reached = max(plan.value - bound, 0.0) / scale
    return Optimum(
        plan.x,
        plan.dual,
        plan.reduced,
        plan.value,
        min(bound, plan.value),
        reached,
        plan.residual,
        plan.slackness,
        complete and reached <= max(gap, 1e-9) * 10,
    )
