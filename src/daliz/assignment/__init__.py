"""Send everybody: demand, equilibrium, capacity, calibration."""

from daliz.assignment.problem import Problem, problem

__all__ = ["Problem", "problem", "user_equilibrium"]


def __getattr__(name: str) -> object:
    if name == "user_equilibrium":
        from daliz.assignment.user import user_equilibrium

        return user_equilibrium
    raise AttributeError(name)
