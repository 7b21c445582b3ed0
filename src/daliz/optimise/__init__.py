"""Solve linear programmes and path flows on HiGHS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.lazy import attribute_getter

if TYPE_CHECKING:
    from daliz.optimise.linear import Linear, Optimum, Solver, prove, solve
    from daliz.optimise.path_master import Master, Solution

__all__ = ["Linear", "Master", "Optimum", "Solution", "Solver", "prove", "solve"]

__getattr__ = attribute_getter(
    __name__,
    {
        "Linear": "linear",
        "Master": "path_master",
        "Optimum": "linear",
        "Solution": "path_master",
        "Solver": "linear",
        "prove": "linear",
        "solve": "linear",
    },
)
