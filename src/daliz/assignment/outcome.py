"""Say how an assignment is made, and what an equilibrium found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from daliz.errors import DemandError

if TYPE_CHECKING:
    from daliz.arrays import Floats


@dataclass(frozen=True)
class Cut:
    """Proof that demand does not fit: under weights w each route of pair k costs `y[k]` or more, yet y q > w C in sum.

    Attributes
    ----------
    weight
        float64 (capacities,): 0 or more.
    distance
        float64 (pairs,): least weight of a route, at most 1.
    short
        What cannot be served at least: sum y q - sum w C.
    """

    weight: Floats
    distance: Floats
    short: float


@dataclass(frozen=True)
class Terms:
    """How an assignment is made and when it ends.

    Attributes
    ----------
    target
        Relative gap at which to stop.
    steps
        Evaluations after which `sue` gives up; the result then says that it has not converged.
    elasticity
        Percent of demand lost per percent of generalised cost gained over that without queues; `sue` only.
    unserved_usd_t
        USD per tonne at which shippers rather stay at home; `sue` only, infinite for never.
    """

    target: float = 1e-6
    steps: int = 300
    elasticity: float = 0.0
    unserved_usd_t: float = math.inf

    def __post_init__(self) -> None:
        if not 0 < self.target < 1:
            raise DemandError(
                f"A target of {self.target:g} cannot be reached; give a number between 0 and 1, such as 1e-6."
            )
        if not (math.isfinite(self.elasticity) and self.elasticity >= 0) or self.steps < 1:
            raise DemandError(
                f"An elasticity of {self.elasticity:g} or {self.steps} steps cannot be used; give a finite number "
                "of 0 or more, and a step at least."
            )
        if not self.unserved_usd_t > 0:
            raise DemandError(
                f"A price of {self.unserved_usd_t:g} USD/t for what is not served cannot be used; "
                "give a number above 0."
            )


class Outcome(NamedTuple):
    """What an equilibrium found.

    Attributes
    ----------
    flow
        float64 (routes,): units a year.
    unserved
        float64 (pairs,): units a year that find no room or no route, or choose not to go.
    volume, delay, price
        float64 (capacities,): volume of demand in the capacity's unit, hours added, USD per unit of capacity (NaN
        where the method gives none).
    certificate
        What is measured: relative gap and what was asked for.
    converged
        Whether it was reached.
    cut
        Proof that what is unserved cannot be served, where capacities are hard.
    notes
        What a reader of the result must know, in sentences.
    """

    flow: Floats
    unserved: Floats
    volume: Floats
    delay: Floats
    price: Floats
    certificate: dict[str, float]
    converged: bool
    cut: Cut | None = None
    notes: tuple[str, ...] = ()
