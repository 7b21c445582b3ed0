"""Keep the three figures of an emission together, and hold that the parts sum to the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass

from daliz.errors import QueryError
from daliz.tables.emission_rules import sums_up


@dataclass(frozen=True, slots=True)
class Emitted:
    """Emissions in kg CO2e: well to tank, tank to wheel, and well to wheel, which is their sum.

    Attributes
    ----------
    wtt_kg, ttw_kg
        The parts; NaN where a source prints the whole alone.
    wtw_kg
        The whole.

    Examples
    --------
    >>> Emitted(wtt_kg=0.96, ttw_kg=3.17, wtw_kg=4.13) * 2
    Emitted(wtt_kg=1.92, ttw_kg=6.34, wtw_kg=8.26)
    """

    wtt_kg: float
    ttw_kg: float
    wtw_kg: float

    def __add__(self, other: Emitted) -> Emitted:
        return Emitted(self.wtt_kg + other.wtt_kg, self.ttw_kg + other.ttw_kg, self.wtw_kg + other.wtw_kg)

    def __mul__(self, factor: float) -> Emitted:
        return Emitted(self.wtt_kg * factor, self.ttw_kg * factor, self.wtw_kg * factor)


def checked(name: str, *, wtw_kg: float, wtt_kg: float = math.nan, ttw_kg: float = math.nan) -> Emitted:
    """Put the figures of one factor together, and refuse those that cannot be.

    Raises
    ------
    QueryError
        If a figure is no number of at least 0, one part is given alone, or the parts do not sum to the whole.
    """
    for what, value in {"wtw": wtw_kg, "wtt": wtt_kg, "ttw": ttw_kg}.items():
        if not (math.isnan(value) and what != "wtw") and not 0 <= value < math.inf:
            raise QueryError(f"{what} of {name!r} is {value}; it must be a number of at least 0.")
    if math.isnan(wtt_kg) != math.isnan(ttw_kg):
        lone = "ttw" if math.isnan(wtt_kg) else "wtt"
        raise QueryError(f"{name!r} has {lone} alone of its parts; give both wtt and ttw, or neither.")
    if not math.isnan(wtt_kg) and not sums_up(wtt_kg, ttw_kg, wtw_kg):
        raise QueryError(
            f"wtt {wtt_kg:g} and ttw {ttw_kg:g} of {name!r} sum to {wtt_kg + ttw_kg:g}, but wtw is {wtw_kg:g}; "
            "correct the one of the three that is wrong."
        )
    return Emitted(wtt_kg, ttw_kg, wtw_kg)
