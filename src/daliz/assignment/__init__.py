"""Send everybody: demand, equilibrium, capacity, calibration."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daliz.assignment.demand import Demand, demand_from_rows, demand_of
    from daliz.assignment.flows import Flows
    from daliz.assignment.methods import assign
    from daliz.assignment.problem import Problem, make_problem
    from daliz.assignment.user import user_equilibrium

__all__ = [
    "Demand",
    "Flows",
    "Problem",
    "assign",
    "demand_from_rows",
    "demand_of",
    "make_problem",
    "user_equilibrium",
]

_HOMES = {
    "Demand": "demand",
    "Flows": "flows",
    "Problem": "problem",
    "assign": "methods",
    "demand_from_rows": "demand",
    "demand_of": "demand",
    "make_problem": "problem",
    "user_equilibrium": "user",
}


def __getattr__(name: str) -> Any:
    """Import a part when it is first used, so that compiled loops load only where they are needed."""
    if name not in _HOMES:
        raise AttributeError(f"module 'daliz.assignment' has no attribute {name!r}")
    return getattr(importlib.import_module(f"daliz.assignment.{_HOMES[name]}"), name)
