"""Parameters of the choice of routes, checked once."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DemandError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daliz.arrays import Floats
    from daliz.tables import Network

NEEDED = ("scale", "nest-corridor", "nest-route", "reference-sd", "aversion", "aversion-decay")
ABOVE_ZERO = ("scale", "reference-sd", "congestion", "time-spread")
NOT_BELOW_ZERO = ("aversion", "aversion-decay", "gravity-deterrence")


@dataclass(frozen=True)
class ChoiceParameters:
    """The parameters of the table `choice`, with values of one's own in place of some.

    Attributes
    ----------
    items
        Name and value of each.
    """

    items: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        for name in NEEDED:
            self[name]
        for name, value in self.items:
            above, below = name in ABOVE_ZERO, name in NOT_BELOW_ZERO
            if not np.isfinite(value) or ((above or below) and value < 0) or (above and value == 0):
                sign = " above 0" if above else " of 0 or more" if below else ""
                raise DemandError(f"The parameter {name} is {value:g}; it must be a finite number{sign}.")
        route, corridor = self["nest-route"], self["nest-corridor"]
        if not 0 < route <= corridor <= 1:
            raise DemandError(
                f"Dissimilarities must rise from routes to corridors within 0 and 1, not {route:g} and {corridor:g}."
            )

    @classmethod
    def of(cls, network: Network, values: Mapping[str, float] | None = None) -> ChoiceParameters:
        """Read the parameters of a network, with some in place of those of its table.

        Raises
        ------
        DemandError
            If one is missing or out of range; it is named.

        Examples
        --------
        >>> import daliz
        >>> ChoiceParameters.of(daliz.open("eurasia"), {"scale": 0.001})["scale"]
        0.001
        """
        return cls(tuple({**table_values(network), **(values or {})}.items()))

    @functools.cached_property
    def values(self) -> dict[str, float]:
        """Values by name."""
        return dict(self.items)

    def __getitem__(self, name: str) -> float:
        if name not in self.values:
            raise DemandError(f"The table choice lacks the row {name!r}; add it with its evidence.")
        return self.values[name]

    def get(self, name: str, default: float) -> float:
        """Return a parameter, or a default where the table has no such row."""
        return self.values.get(name, default)

    def constants(self, corridors: Sequence[str]) -> Floats:
        """Return the constant of each corridor in USD per 20 t, shape (2, corridors + 1).

        The first row is for containers, the second for loose cargo, which takes `constant-<corridor>-loose` where there
        is one. Routes of no corridor, in the last column, have 0.
        """
        boxes = [self.get(f"constant-{i}", 0.0) for i in corridors]
        loose = [self.get(f"constant-{i}-loose", b) for i, b in zip(corridors, boxes, strict=True)]
        return np.array([[*boxes, 0.0], [*loose, 0.0]])


def table_values(network: Network) -> dict[str, float]:
    """Return the parameters of the table `choice`."""
    table = network.table("choice")
    return dict(zip(table.ids.astype(str).tolist(), table["value"].tolist(), strict=True))


def table_priors(network: Network) -> dict[str, float]:
    """Return the centres of the priors of the parameters that calibration fits."""
    table = network.table("choice")
    return {str(i): float(p) for i, p in zip(table.ids, table["prior"], strict=True) if not np.isnan(p)}
