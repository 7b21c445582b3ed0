"""Elasticities of a product, and the refusal of figures of a model that are out of their range."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import TariffError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Bound = tuple[str, Floats, npt.NDArray[np.bool_], str]


class Elasticities(NamedTuple):
    """Elasticities of one product.

    Attributes
    ----------
    demand
        Of import demand, 0 or less.
    substitution
        Between origins, 0 or more.
    supply
        Of export supply, above 0; np.inf for a fixed price.
    """

    demand: Floats | float = -1.0
    substitution: Floats | float = 1.5
    supply: Floats | float = np.inf


def refuse_out_of_range(bounds: Iterable[Bound]) -> None:
    """Refuse the first figure that is NaN or out of its range.

    Parameters
    ----------
    bounds
        Name, values, whether each value fits, and what is allowed, of each figure.

    Raises
    ------
    TariffError
        If a value does not fit.
    """
    for name, values, fits, allowed in bounds:
        wrong = ~fits | np.isnan(values)
        if wrong.any():
            value = float(values[wrong].ravel()[0])
            raise TariffError(f"{name[0].upper()}{name[1:]} is {value:g}; it must be {allowed}.")
