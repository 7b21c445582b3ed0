"""Share the emissions of a vessel or an aircraft between its passengers and its freight by mass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daliz.emissions.fuels import convention
from daliz.errors import QueryError

if TYPE_CHECKING:
    from daliz.emissions.emitted import Emitted


@dataclass(frozen=True, slots=True)
class MassSplit:
    """Emissions of freight and of passengers, shared by mass.

    Attributes
    ----------
    freight, passengers
        What each carries of the emissions; the two sum to the whole.
    freight_share
        Share of freight in the mass.
    freight_tkm, passenger_tkm
        Tonne-km of each.
    per_tkm
        Emissions of a tonne-km of either.
    """

    freight: Emitted
    passengers: Emitted
    freight_share: float
    freight_tkm: float
    passenger_tkm: float
    per_tkm: Emitted


def split_by_mass(
    emitted: Emitted,
    *,
    km: float,
    freight_t: float,
    passengers: float,
    passenger_t: float | None = None,
    passenger_vehicles_t: float = 0.0,
) -> MassSplit:
    """Share emissions between freight and passengers by mass, as on ferries and in passenger aircraft.

    Share of freight = freight t / (freight t + passengers * t per passenger + t of their vehicles) (ISO
    14083:2023). Well to tank and tank to wheel are shared alike.

    Parameters
    ----------
    emitted
        Emissions of all runs together, as of the fuel burnt.
    km
        Distance of all runs together.
    freight_t, passengers
        Load of one run: tonnes of freight, with its vehicles on a ferry; and count of passengers.
    passenger_t
        Tonnes that a passenger with luggage counts; that of the standard unless given.
    passenger_vehicles_t
        Tonnes of the cars and coaches of the passengers.

    Raises
    ------
    QueryError
        If a figure is no number of at least 0, or nobody and nothing is carried.

    Examples
    --------
    >>> from daliz.emissions import fuel_emissions
    >>> burnt = fuel_emissions("jet-kerosene-europe", 2.8e6, "kg")
    >>> split = split_by_mass(burnt.emitted, km=4e5, freight_t=3.5, passengers=144)
    >>> round(split.freight_share, 3), round(split.per_tkm.wtw_kg, 3)
    (0.196, 1.572)
    """
    each = convention("passenger-mass") if passenger_t is None else passenger_t
    _need_amounts(km=km, freight_t=freight_t, passengers=passengers, passenger_t=each)
    _need_amounts(passenger_vehicles_t=passenger_vehicles_t, wtw_kg=emitted.wtw_kg)
    others = passengers * each + passenger_vehicles_t
    if not (km > 0 and freight_t + others > 0):
        raise QueryError("Nobody and nothing is carried; give a distance and freight or passengers above 0.")
    share = freight_t / (freight_t + others)
    return MassSplit(
        freight=emitted * share,
        passengers=emitted * (others / (freight_t + others)),
        freight_share=share,
        freight_tkm=freight_t * km,
        passenger_tkm=others * km,
        per_tkm=emitted * (1 / (km * (freight_t + others))),
    )


def _need_amounts(**figures: float) -> None:
    for name, figure in figures.items():
        if not 0 <= figure < math.inf:
            raise QueryError(f"{name} is {figure}; it must be a number of at least 0.")


def per_cargo_tonne(factor: Emitted, *, gross_t: float | None = None, net_t: float | None = None) -> Emitted:
    """Turn a factor per tonne-km of load with its vehicle into one per tonne-km of cargo.

    Factor per tonne of cargo = factor * gross / net load of the vehicle (GLEC Framework v3, Module 4): rows
    of RoPax, Ro-Ro and vehicle carriers count the vehicle as load.

    Parameters
    ----------
    factor
        As printed, per tonne-km of load.
    gross_t, net_t
        Tonnes of a vehicle with its cargo, and of the cargo; those of the Framework's truck unless given.

    Raises
    ------
    QueryError
        If the cargo is no part of the load.

    Examples
    --------
    >>> from daliz.emissions import Emitted
    >>> round(per_cargo_tonne(Emitted(0.0174, 0.1106, 0.128)).wtw_kg, 4)
    0.2429
    """
    gross = convention("truck-gross") if gross_t is None else gross_t
    net = convention("truck-net") if net_t is None else net_t
    if not 0 < net <= gross < math.inf:
        raise QueryError(
            f"Cargo of {net:g} t is no part of a load of {gross:g} t; give net above 0 up to gross."
        )
    return factor * (gross / net)
