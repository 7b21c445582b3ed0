"""Compute emission intensities of trains and hubs from their energy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from daliz.errors import QueryError


@dataclass(frozen=True, slots=True)
class ElectricTrain:
    """Emission intensity of an electric train, per train-km and per net tonne-km."""

    kwh_per_tkm: float
    g_per_train_km: float
    g_per_tkm: float


def electric_train(*, kwh_per_train_km: float, net_t: float, g_per_kwh: float) -> ElectricTrain:
    """Compute the intensity of an electric train.

    kWh per tkm = kWh per train-km / net load; g per tkm = kWh per tkm * grid intensity (GLEC v3, Module 4).

    Raises
    ------
    QueryError
        If a figure is not positive.

    Examples
    --------
    >>> round(electric_train(kwh_per_train_km=25, net_t=1056, g_per_kwh=322).g_per_tkm, 2)
    7.62
    """
    if not all(0 < x < math.inf for x in (kwh_per_train_km, net_t, g_per_kwh)):
        raise QueryError("Energy, net load and grid intensity of a train must be positive.")
    return ElectricTrain(
        kwh_per_train_km / net_t, kwh_per_train_km * g_per_kwh, kwh_per_train_km / net_t * g_per_kwh
    )


def allocate_hub(
    *, total_kg: float, reefer_only_kg: float, throughput_t: float, reefer_t: float
) -> tuple[float, float]:
    """Allocate the yearly emissions of a hub to its throughput.

    The intensities are in kg per tonne, ambient and temperature-controlled.

    What serves temperature-controlled cargo alone is carried by that cargo; all cargo carries the rest alike.

    Raises
    ------
    QueryError
        If the parts do not fit their wholes.

    Examples
    --------
    >>> ambient, reefer = allocate_hub(
    ...     total_kg=1062455, reefer_only_kg=73980, throughput_t=4250000, reefer_t=50000
    ... )
    >>> round(ambient, 3), round(reefer, 2)
    (0.233, 1.71)
    """
    if not 0 <= reefer_only_kg <= total_kg < math.inf or not 0 < reefer_t <= throughput_t < math.inf:
        raise QueryError(
            "The part of temperature-controlled cargo must lie within the whole, and throughput must "
            "be positive."
        )
    ambient = (total_kg - reefer_only_kg) / throughput_t
    return ambient, ambient + reefer_only_kg / reefer_t


@dataclass(frozen=True, slots=True)
class Belly:
    """Shares of freight and passengers of flights in their fuel, by mass.

    Attributes
    ----------
    tkm
        Tonne-km of freight and passengers together.
    freight_share
        Share of freight in them.
    fuel_kg_per_tkm
        kg of fuel per tonne-km of either.
    """

    tkm: float
    freight_share: float
    fuel_kg_per_tkm: float


def allocate_belly(
    *, fuel_kg: float, km: float, passengers: float, freight_t: float, passenger_t: float
) -> Belly:
    """Share the fuel of passenger flights between passengers and freight in the belly by mass.

    tkm = km * (passengers * t per passenger + freight t); kg of fuel per tkm = fuel / tkm (ISO
    14083:2023, which takes 0.1 t per passenger).

    Parameters
    ----------
    fuel_kg, km
        Fuel and distance of all flights together.
    passengers, freight_t
        Load of one flight.
    passenger_t
        Tonnes that one passenger with baggage counts.

    Raises
    ------
    QueryError
        If a figure is not positive.

    Examples
    --------
    >>> belly = allocate_belly(fuel_kg=2.8e6, km=4e5, passengers=144, freight_t=3.5, passenger_t=0.1)
    >>> round(belly.tkm), round(belly.fuel_kg_per_tkm * 4.02, 3)
    (7160000, 1.572)
    """
    if not all(0 < x < math.inf for x in (fuel_kg, km, passengers, freight_t, passenger_t)):
        raise QueryError("Fuel, distance, passengers, freight and tonnes per passenger must be positive.")
    load_t = passengers * passenger_t + freight_t
    return Belly(km * load_t, freight_t / load_t, fuel_kg / (km * load_t))
