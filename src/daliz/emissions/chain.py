"""Add up transport-chain elements: well to tank, tank to wheel, well to wheel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.emissions.emitted import checked
from daliz.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a transport chain: a movement or a hub operation.

    Attributes
    ----------
    name, mode, basis
        What it is; rail, road, sea, air, waterway or hub; and per what the factor is: tkm, teu-km, t or
        container.
    activity
        Amount of the basis, such as tonne-km.
    tonne_km
        Tonne-km on the shortest feasible distance (or the basis stated), 0 for hubs.
    wtt_kg, ttw_kg, wtw_kg
        kg CO2e; NaN for the first two where a source prints well-to-wheel alone.
    """

    name: str
    mode: str
    basis: str
    activity: float
    tonne_km: float
    wtt_kg: float
    ttw_kg: float
    wtw_kg: float


@dataclass(frozen=True, slots=True)
class Parts:
    """What is known of the parts of a chain, in kg CO2e; the three sum to its well-to-wheel figure.

    Attributes
    ----------
    wtt_kg, ttw_kg
        Sums over the elements that state their parts.
    unparted_kg
        Well to wheel of the elements that state none.
    """

    wtt_kg: float
    ttw_kg: float
    unparted_kg: float


@dataclass(frozen=True)
class Chain:
    """Transport chain: its elements and their sums."""

    elements: tuple[Element, ...]

    @property
    def wtw_kg(self) -> float:
        """Return the well-to-wheel sum in kg CO2e."""
        return float(sum(e.wtw_kg for e in self.elements))

    @property
    def wtt_kg(self) -> float:
        """Return the well-to-tank sum in kg CO2e; NaN if any element states none (see `parts`)."""
        return float(sum(e.wtt_kg for e in self.elements))

    @property
    def ttw_kg(self) -> float:
        """Return the tank-to-wheel sum in kg CO2e; NaN if any element states none (see `parts`)."""
        return float(sum(e.ttw_kg for e in self.elements))

    @property
    def parts(self) -> Parts:
        """Return well to tank and tank to wheel of all elements that state them, and what the others sum to.

        Examples
        --------
        >>> hub = hub_element("terminal", amount=20, wtw_kg=0.6)
        >>> road = transport_element("r", "road", tonnes=20, km=100, wtw_kg=0.095, wtt_kg=0.022, ttw_kg=0.073)
        >>> chain_emissions([road, hub]).parts
        Parts(wtt_kg=44.0, ttw_kg=146.0, unparted_kg=12.0)
        """
        told = [e for e in self.elements if not np.isnan(e.wtt_kg + e.ttw_kg)]
        rest = [e.wtw_kg for e in self.elements if np.isnan(e.wtt_kg + e.ttw_kg)]
        return Parts(float(sum(e.wtt_kg for e in told)), float(sum(e.ttw_kg for e in told)), float(sum(rest)))

    @property
    def tonne_km(self) -> float:
        """Return the transport activity in tonne-km, without hubs."""
        return float(sum(e.tonne_km for e in self.elements))

    @property
    def intensity_kg_tkm(self) -> float:
        """Return the emission intensity of the chain in kg CO2e per tonne-km; NaN for hubs alone."""
        return self.wtw_kg / self.tonne_km if self.tonne_km else float("nan")

    def __repr__(self) -> str:
        return (
            f"<Chain of {len(self.elements)} elements: {self.wtw_kg:,.1f} kg CO2e well to wheel, "
            f"{self.tonne_km:,.0f} tkm>"
        )


def _checked(name: str, **figures: float) -> None:
    for what, value in figures.items():
        if not np.isfinite(value) or value < 0:
            raise QueryError(f"{what} of {name!r} is {value}; it must be a number of at least 0.")


def transport_element(
    name: str,
    mode: str,
    *,
    tonnes: float,
    km: float,
    wtw_kg: float,
    wtt_kg: float = np.nan,
    ttw_kg: float = np.nan,
    teu: float | None = None,
) -> Element:
    """Make the element of a movement.

    kg = activity * factor, with activity = tonnes * km, or TEU * km where `teu` is given and the factor
    is per TEU-km (ISO 14083:2023, 5 and 6).

    Parameters
    ----------
    tonnes, km
        Load in tonnes; distance in km on the basis that the factor is stated for (GLEC sea lanes carry
        the +15 % distance adjustment in the factor: give the shortest feasible distance).
    wtw_kg, wtt_kg, ttw_kg
        Factors in kg CO2e per tkm or TEU-km; the first is the sum of the other two, where these are given.

    Raises
    ------
    QueryError
        If a figure is no number of at least 0, or the parts of the factor do not sum to the whole.

    Examples
    --------
    >>> transport_element("sea", "sea", tonnes=100, km=21000, wtw_kg=0.0499, teu=10).wtw_kg
    10479.0
    """
    _checked(name, tonnes=tonnes, km=km, teu=teu or 0.0)
    emitted = checked(name, wtw_kg=wtw_kg, wtt_kg=wtt_kg, ttw_kg=ttw_kg)
    activity = (tonnes if teu is None else teu) * km
    return Element(
        name,
        mode,
        "tkm" if teu is None else "teu-km",
        activity,
        tonnes * km,
        activity * emitted.wtt_kg,
        activity * emitted.ttw_kg,
        activity * emitted.wtw_kg,
    )


def hub_element(
    name: str,
    *,
    amount: float,
    wtw_kg: float,
    wtt_kg: float = np.nan,
    ttw_kg: float = np.nan,
    basis: str = "t",
) -> Element:
    """Make the element of a hub operation, such as a transhipment of `amount` tonnes or containers.

    kg = amount * factor (ISO 14083:2023); the parts are kept where the hub states them.

    Parameters
    ----------
    amount
        Tonnes, containers or whatever the factor is for.
    wtw_kg, wtt_kg, ttw_kg
        Factors in kg CO2e per unit of the basis; the first is the sum of the other two, where these are given.
    basis
        What the amount counts.

    Raises
    ------
    QueryError
        If a figure is no number of at least 0, or the parts of the factor do not sum to the whole.

    Examples
    --------
    >>> hub_element("transhipment", amount=120, wtw_kg=0.6).wtw_kg
    72.0
    """
    _checked(name, amount=amount)
    emitted = checked(name, wtw_kg=wtw_kg, wtt_kg=wtt_kg, ttw_kg=ttw_kg) * amount
    return Element(name, "hub", basis, amount, 0.0, emitted.wtt_kg, emitted.ttw_kg, emitted.wtw_kg)


def chain_emissions(elements: Sequence[Element]) -> Chain:
    """Add up the elements of a transport chain.

    Raises
    ------
    QueryError
        If there are no elements.

    Examples
    --------
    >>> road = transport_element("pre-carriage", "road", tonnes=120, km=40, wtw_kg=0.0761)
    >>> rail = transport_element("main carriage", "rail", tonnes=120, km=1757.5, wtw_kg=0.010)
    >>> chain_emissions([road, hub_element("terminal", amount=120, wtw_kg=0.6), rail])
    <Chain of 3 elements: 2,546.3 kg CO2e well to wheel, 215,700 tkm>
    """
    if not elements:
        raise QueryError("A chain needs at least one element.")
    return Chain(tuple(elements))
