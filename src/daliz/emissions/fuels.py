"""Compute energy and emissions from the fuel burnt or the electricity drawn, with the factors of an edition."""

from __future__ import annotations

import csv
import functools
import math
from dataclasses import dataclass
from importlib import resources

from daliz.emissions.emitted import Emitted, checked
from daliz.errors import QueryError, did_you_mean


@dataclass(frozen=True, slots=True)
class FuelFactor:
    """What a unit of a fuel weighs, holds and emits.

    Attributes
    ----------
    fuel
        Short name, such as "diesel-europe".
    unit
        kg, l, us-gallon, kWh or MJ.
    kg, mj
        Mass and energy (lower heating value) of a unit; NaN where the source prints none.
    wtt_kg, ttw_kg, wtw_kg
        kg CO2e of a unit; NaN for the first two where the source prints well to wheel alone.
    edition, source
        Edition of the set of factors, and where it stands there.
    """

    fuel: str
    unit: str
    wtw_kg: float
    wtt_kg: float = math.nan
    ttw_kg: float = math.nan
    kg: float = math.nan
    mj: float = math.nan
    edition: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class FuelUse:
    """Amount of a fuel with its mass, its energy and its emissions.

    Attributes
    ----------
    factor
        The factor that was used, with its edition.
    amount, unit
        What was burnt or drawn, as asked.
    kg, mj
        Its mass and energy; NaN where the edition prints no density or heating value.
    emitted
        Its emissions.
    """

    factor: FuelFactor
    amount: float
    unit: str
    kg: float
    mj: float
    emitted: Emitted


@functools.cache
def fuel_factors() -> tuple[FuelFactor, ...]:
    """List the factors of all fuels that come with Daliz, one for each fuel and printed unit.

    Examples
    --------
    >>> sorted({f.fuel for f in fuel_factors() if f.unit == "l"})
    ['diesel-europe']
    """
    return tuple(
        FuelFactor(
            fuel=row["fuel"],
            unit=row["unit"],
            **{name: float(row[name] or "nan") for name in ("wtw_kg", "wtt_kg", "ttw_kg", "kg", "mj")},
            edition=row["edition"],
            source=row["source"],
        )
        for row in _rows("fuels.csv")
    )


def convention(name: str) -> float:
    """Return a figure that a standard lays down, such as the mass of a passenger in t.

    Examples
    --------
    >>> convention("passenger-mass")
    0.1
    """
    return next(float(row["value"]) for row in _rows("conventions.csv") if row["id"] == name)


@functools.cache
def _rows(file: str) -> tuple[dict[str, str], ...]:
    text = resources.files("daliz.emissions").joinpath(file).read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))


def fuel_emissions(fuel: str | FuelFactor, amount: float, unit: str) -> FuelUse:
    """Compute mass, energy and emissions of an amount of fuel or electricity.

    kg CO2e = amount * factor of the unit; an amount in another unit than the edition prints is brought to one
    that it prints by density, lower heating value or definition (GLEC Framework v3, Module 1).

    Parameters
    ----------
    fuel
        Name of a fuel, see `fuel_factors`, or a factor of one's own.
    amount
        How much, at least 0.
    unit
        kg, l, us-gallon, kWh or MJ.

    Raises
    ------
    QueryError
        If the fuel is unknown, the amount is no number of at least 0, or the unit cannot be brought to one
        for which there is a factor.

    Examples
    --------
    >>> use = fuel_emissions("diesel-europe", 1000, "kg")
    >>> use.mj, round(use.emitted.wtw_kg), round(use.emitted.ttw_kg)
    (42800.0, 4130, 3170)
    """
    if not 0 <= amount < math.inf:
        raise QueryError(f"The amount of fuel is {amount}; it must be a number of at least 0.")
    factors = _factors_of(fuel)
    units = _units(factors)
    if unit not in units:
        raise QueryError(
            f"{factors[0].fuel} cannot be counted in {unit!r}: {factors[0].edition or 'its factor'} leads to "
            f"{', '.join(units)}; give the amount in one of these."
        )
    factor, ratio = units[unit]
    emitted = checked(factor.fuel, wtw_kg=factor.wtw_kg, wtt_kg=factor.wtt_kg, ttw_kg=factor.ttw_kg)
    masses = [r * f.kg for f, r in _chains(factors, unit) if not math.isnan(f.kg)]
    energies = [r * f.mj for f, r in _chains(factors, unit) if not math.isnan(f.mj)]
    return FuelUse(
        factor,
        amount,
        unit,
        amount * masses[0] if masses else math.nan,
        amount * energies[0] if energies else math.nan,
        emitted * (amount * ratio),
    )


def _factors_of(fuel: str | FuelFactor) -> tuple[FuelFactor, ...]:
    if isinstance(fuel, FuelFactor):
        return (fuel,)
    found = tuple(f for f in fuel_factors() if f.fuel == fuel)
    if not found:
        known = sorted({f.fuel for f in fuel_factors()})
        raise QueryError(
            f"There is no fuel {fuel!r}; the fuels are {', '.join(known)}.{did_you_mean(fuel, known)}"
        )
    return found


def _units(factors: tuple[FuelFactor, ...]) -> dict[str, tuple[FuelFactor, float]]:
    """Return all units in which a fuel can be counted: the factor that serves, and its units in one of them."""
    everything = ("kg", "l", "us-gallon", "kWh", "MJ")
    chains = {unit: _chains(factors, unit) for unit in everything}
    return {unit: chain[0] for unit, chain in chains.items() if chain}


def _chains(factors: tuple[FuelFactor, ...], unit: str) -> list[tuple[FuelFactor, float]]:
    """Return the factors that a unit leads to, the printed one first, with how many of their units it is."""
    per_gallon, per_kwh = convention("litres-per-us-gallon"), convention("mj-per-kwh")
    by_unit = {f.unit: f for f in factors}
    found = {unit: 1.0}
    edges = [("us-gallon", "l", per_gallon), ("kWh", "MJ", per_kwh)]
    edges += [(f.unit, "kg", f.kg) for f in factors if f.unit != "kg" and not math.isnan(f.kg)]
    edges += [(f.unit, "MJ", f.mj) for f in factors if f.unit != "MJ" and not math.isnan(f.mj)]
    while True:
        grown = dict(found)
        for one, other, ratio in edges:
            if one in found:
                grown.setdefault(other, found[one] * ratio)
            if other in found:
                grown.setdefault(one, found[other] / ratio)
        if len(grown) == len(found):
            return [(by_unit[name], ratio) for name, ratio in found.items() if name in by_unit]
        found = grown
