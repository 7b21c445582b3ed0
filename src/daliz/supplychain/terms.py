"""State the terms of a plan: objective, penalty, price of carbon, years and duties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import SupplyError

if TYPE_CHECKING:
    from collections.abc import Mapping

OBJECTIVES = ("cost", "profit")
MOST_YEARS = 30


@dataclass(frozen=True)
class Terms:
    """Terms of a plan, checked when they are made.

    Attributes
    ----------
    objective
        `cost`: serve all demand at least cost, a unit unmet costing `penalty` times its price; `profit`:
        sell what pays at the prices of the markets, along demand curves where an elasticity is given.
    penalty
        What a unit unmet costs under `cost`, times the price at its market.
    carbon_usd_t
        USD a tonne CO2e on facilities and transport.
    years
        Years planned together, joined by stocks; demand and capacity are those of the network's year in
        each. In one year alone stocks stay as they are. What is left of an opening stock at the end counts
        at its value, so that stocks are drawn only for what nothing else can serve.
    capacities
        Whether capacities of links, borders, terminals and services bind; those of facilities do in any case.
    duties
        Share of value by commodity, country of the sender and id of the market.

    Raises
    ------
    SupplyError
        If a term is out of its range.

    Examples
    --------
    >>> Terms(carbon_usd_t=50).carbon_usd_t
    50.0
    """

    objective: str = "cost"
    penalty: float = 10.0
    carbon_usd_t: float = 0.0
    years: int = 1
    capacities: bool = True
    duties: Mapping[tuple[str, str, str], float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise SupplyError(
                f"There is no objective {self.objective!r}; the objectives are {', '.join(OBJECTIVES)}."
            )
        if not (np.isfinite(self.penalty) and self.penalty > 0):
            raise SupplyError(
                f"A penalty of {self.penalty:g} times the price cannot be used; give a number above 0."
            )
        if not (np.isfinite(self.carbon_usd_t) and self.carbon_usd_t >= 0):
            raise SupplyError(
                f"A carbon price of {self.carbon_usd_t:g} USD/t cannot be used; give 0 or more."
            )
        if not 1 <= self.years <= MOST_YEARS:
            raise SupplyError(f"{self.years} years cannot be planned together; give 1 to {MOST_YEARS}.")
        object.__setattr__(self, "penalty", float(self.penalty))
        object.__setattr__(self, "carbon_usd_t", float(self.carbon_usd_t))
        object.__setattr__(self, "years", int(self.years))
        object.__setattr__(self, "duties", dict(self.duties))
