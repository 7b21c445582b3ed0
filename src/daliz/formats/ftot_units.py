"""Convert the units of FTOT into tonnes: masses as they are, volumes by their density."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daliz.errors import FormatError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

TONNES = {
    "ton": 0.90718474,
    "short_ton": 0.90718474,
    "us_ton": 0.90718474,
    "thousand_ton": 907.18474,
    "kiloton": 907.18474,
    "long_ton": 1.0160469088,
    "tonne": 1.0,
    "metric_ton": 1.0,
    "t": 1.0,
    "megagram": 1.0,
    "kilotonne": 1000.0,
    "kt": 1000.0,
    "kg": 1e-3,
    "kilogram": 1e-3,
    "gram": 1e-6,
    "lb": 0.45359237e-3,
    "pound": 0.45359237e-3,
}
CUBIC_METRES = {
    "gallon": 3.785411784e-3,
    "gal": 3.785411784e-3,
    "kgal": 3.785411784,
    "kilogallon": 3.785411784,
    "thousand_gallon": 3.785411784,
    "thousand_gal": 3.785411784,
    "million_gallon": 3785.411784,
    "liter": 1e-3,
    "litre": 1e-3,
    "l": 1e-3,
    "kiloliter": 1.0,
    "kilolitre": 1.0,
    "m3": 1.0,
    "m**3": 1.0,
    "m^3": 1.0,
    "meter**3": 1.0,
    "metre**3": 1.0,
    "cubic_meter": 1.0,
    "cubic_metre": 1.0,
    "bbl": 0.158987294928,
    "oil_bbl": 0.158987294928,
    "barrel": 0.158987294928,
}
SHORT = {"ton", "short_ton", "us_ton", "thousand_ton", "kiloton"}
METRIC = {"tonne", "metric_ton", "t", "megagram", "kilotonne", "kt"}
NONE = {"", "none", "n/a", "na", "null"}
DOLLARS = {"usd", "us_dollar", "dollar", "$"}
QUANTITY = re.compile(r"\s*([-+0-9.eE]+)\s*(.*?)\s*$")
PREFIXED = {"Mg": "megagram"}
"""Units whose meaning hangs on capitals: Mg is a tonne and mg a milligram."""
PHASES = ("solid", "liquid")


def unit_key(text: str, known: Collection[str]) -> str:
    """Return the name of a unit among those known, in the singular; blank if it is none.

    Examples
    --------
    >>> unit_key("Thousand gallons", CUBIC_METRES), unit_key("tons", TONNES), unit_key("mg", TONNES)
    ('thousand_gallon', 'ton', '')
    """
    key = PREFIXED.get(text.strip(), "_".join(text.strip().casefold().split()))
    return next((k for k in (key, key.removesuffix("s")) if k in known), "")


def dollars_per(text: str) -> str:
    """Return the unit under USD, such as `ton` of `usd/ton`; blank if the text is no USD over anything."""
    currency, _, unit = text.partition("/")
    return unit.strip() if unit_key(currency, DOLLARS) else ""


@dataclass(frozen=True)
class Units:
    """Units of a scenario, with the densities it gives and the units of mass met so far.

    Attributes
    ----------
    density
        Tonnes in a cubic metre by commodity.
    default
        Density of other commodities as the scenario writes it; blank for none.
    seen
        File and line where each unit of mass was first met.
    """

    density: dict[str, float]
    default: str
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)

    def tonnes(self, unit: str, phase: str, commodity: str, file: Path, line: int) -> float:
        """Return the tonnes in one unit of a commodity.

        Raises
        ------
        FormatError
            If the unit or the phase is unknown, or a volume has no density.
        """
        where = f"{file}, line {line}"
        if phase not in PHASES:
            raise FormatError(f"{where}: phase_of_matter is {phase!r}; it must be solid or liquid.")
        if self.is_mass(unit, file, line):
            return TONNES[unit_key(unit, TONNES)]
        if phase == "solid":
            raise FormatError(f"{where}: {commodity} is solid, but {unit} is a volume; give its mass.")
        return self.volume(unit, commodity, where)

    def is_mass(self, unit: str, file: Path, line: int) -> bool:
        """Return whether a unit is one of mass, else it is one of volume; what it was is kept.

        Raises
        ------
        FormatError
            If it is neither.
        """
        mass = unit_key(unit, TONNES)
        if mass:
            self.seen.setdefault(mass, (file.name, line))
        elif not unit_key(unit, CUBIC_METRES):
            hint = did_you_mean(unit, [*TONNES, *CUBIC_METRES])
            raise FormatError(f"{file}, line {line}: the unit {unit!r} is not known.{hint}")
        return bool(mass)

    def volume(self, unit: str, commodity: str, where: str) -> float:
        """Return the tonnes in a unit of volume of a commodity.

        Raises
        ------
        FormatError
            If its density is not known.
        """
        weight = self.density.get(commodity, self._default())
        if weight is None:
            raise FormatError(
                f"{where}: {commodity} is given in {unit}, but neither Commodity_Density_Data nor "
                "Density_Conversion_Factor tells its density."
            )
        return CUBIC_METRES[unit_key(unit, CUBIC_METRES)] * weight

    def _default(self) -> float | None:
        blank = self.default.casefold() in NONE
        return None if blank else density(self.default, "Density_Conversion_Factor")

    def refuse_mixed(self) -> None:
        """Refuse a scenario that counts in US tons and in tonnes."""
        short, metric = ([u for u in self.seen if u in group] for group in (SHORT, METRIC))
        if short and metric:
            (a, i), (b, j) = self.seen[short[0]], self.seen[metric[0]]
            raise FormatError(
                f"The scenario counts in {short[0]} ({a}, line {i}) and in {metric[0]} ({b}, line {j}): "
                "a US ton is 0.907 tonnes. Write all rows in one of them, or in kg."
            )


def density(text: str, where: str) -> float:
    """Return tonnes in a cubic metre from a quantity such as `3.33 ton/kgal`."""
    match = QUANTITY.match(text)
    mass, _, volume = match.group(2).partition("/") if match else ("", "", "")
    over, under = unit_key(mass, TONNES), unit_key(volume, CUBIC_METRES)
    if match is None or not over or not under:
        raise FormatError(
            f"{where}: {text!r} is no density; write a mass over a volume, such as 0.8 tonne/m3."
        )
    try:
        value = float(match.group(1))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise FormatError(f"{where}: the density is {text!r}; its number must be above 0.")
    return value * TONNES[over] / CUBIC_METRES[under]
