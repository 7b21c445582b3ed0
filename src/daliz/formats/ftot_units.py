"""Convert the units of FTOT into tonnes: masses as they are, volumes by their density."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daliz.errors import FormatError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

TONNES = {
    "ton": 0.90718474,
    "short_ton": 0.90718474,
    "us_ton": 0.90718474,
    "thousand_ton": 907.18474,
    "kiloton": 907.18474,
    "tonne": 1.0,
    "metric_ton": 1.0,
    "t": 1.0,
    "mg": 1.0,
    "megagram": 1.0,
    "kilotonne": 1000.0,
    "kt": 1000.0,
    "kg": 1e-3,
    "kilogram": 1e-3,
    "lb": 0.45359237e-3,
    "pound": 0.45359237e-3,
}
CUBIC_METRES = {
    "gallon": 3.785411784e-3,
    "gal": 3.785411784e-3,
    "kgal": 3.785411784,
    "thousand_gallon": 3.785411784,
    "thousand_gal": 3.785411784,
    "liter": 1e-3,
    "litre": 1e-3,
    "l": 1e-3,
    "m3": 1.0,
    "m**3": 1.0,
    "meter**3": 1.0,
    "bbl": 0.158987294928,
    "oil_bbl": 0.158987294928,
    "barrel": 0.158987294928,
}
SHORT = {"ton", "short_ton", "us_ton", "thousand_ton", "kiloton"}
METRIC = {"tonne", "metric_ton", "t", "mg", "megagram", "kilotonne", "kt"}
NONE = {"", "none", "n/a"}
DOLLARS = {"usd", "us_dollar", "dollar", "$"}
QUANTITY = re.compile(r"\s*([-+0-9.eE]+)\s*(.*?)\s*$")


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
        key = unit.casefold().replace(" ", "_")
        where = f"{file}, line {line}"
        if phase not in {"solid", "liquid"}:
            raise FormatError(f"{where}: phase_of_matter is {phase!r}; it must be solid or liquid.")
        if key in TONNES:
            self.seen.setdefault(key, (file.name, line))
            return TONNES[key]
        if key not in CUBIC_METRES:
            known = [*TONNES, *CUBIC_METRES]
            raise FormatError(f"{where}: the unit {unit!r} is not known.{did_you_mean(key, known)}")
        if phase == "solid":
            raise FormatError(f"{where}: {commodity} is solid, but {unit} is a volume; give its mass.")
        weight = self.density.get(commodity, self._default())
        if weight is None:
            raise FormatError(
                f"{where}: {commodity} is given in {unit}, but neither Commodity_Density_Data nor "
                "Density_Conversion_Factor tells its density."
            )
        return CUBIC_METRES[key] * weight

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
    parts = [p.strip().casefold().replace(" ", "_") for p in match.group(2).split("/")] if match else []
    if match is None or len(parts) != 2 or parts[0] not in TONNES or parts[1] not in CUBIC_METRES:
        raise FormatError(
            f"{where}: {text!r} is no density; write a mass over a volume, such as 0.8 tonne/m3."
        )
    try:
        value = float(match.group(1))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise FormatError(f"{where}: the density is {text!r}; its number must be above 0.")
    return value * TONNES[parts[0]] / CUBIC_METRES[parts[1]]
