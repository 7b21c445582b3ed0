"""Find paths and keep sets of routes: cost, eligibility, trees, alternatives, capacities; models and shocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.lazy import attribute_getter

if TYPE_CHECKING:
    from daliz.paths.choice import ChoiceParameters
    from daliz.paths.demand import Demand, demand_of
    from daliz.paths.given_demand import demand_from_rows, read_demand
    from daliz.paths.model import Model
    from daliz.paths.shock import Scale, Shock
    from daliz.paths.via import Alternatives

__all__ = [
    "Alternatives",
    "ChoiceParameters",
    "Demand",
    "Model",
    "Scale",
    "Shock",
    "demand_from_rows",
    "demand_of",
    "read_demand",
]

__getattr__ = attribute_getter(
    __name__,
    {
        "Alternatives": "via",
        "ChoiceParameters": "choice",
        "Demand": "demand",
        "Model": "model",
        "Scale": "shock",
        "Shock": "shock",
        "demand_from_rows": "given_demand",
        "demand_of": "demand",
        "read_demand": "given_demand",
    },
    light=("choice", "demand", "given_demand", "shock", "via"),
)
