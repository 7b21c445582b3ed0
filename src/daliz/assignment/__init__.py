"""Assign demand to the network: equilibria and their certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.lazy import attribute_getter

if TYPE_CHECKING:
    from daliz.assignment.flows import Flows
    from daliz.assignment.link_equilibrium import user_equilibrium
    from daliz.assignment.methods import assign, assign_model
    from daliz.assignment.outcome import Terms
    from daliz.assignment.problem import Problem, make_problem

__all__ = ["Flows", "Problem", "Terms", "assign", "assign_model", "make_problem", "user_equilibrium"]

__getattr__ = attribute_getter(
    __name__,
    {
        "Flows": "flows",
        "Problem": "problem",
        "Terms": "outcome",
        "assign": "methods",
        "assign_model": "methods",
        "make_problem": "problem",
        "user_equilibrium": "link_equilibrium",
    },
    light=("outcome", "problem"),
)
