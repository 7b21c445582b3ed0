"""Compute emission intensities of trains and hubs from their energy."""

from __future__ import annotations

from dataclasses import dataclass

from daliz.errors import QueryError

G_PER_KG = 1000.0


@dataclass(frozen=True, slots=True)
class ElectricTrain:
    """Hold the intensity of an electric train: per train-km and per net tonne-km."""

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
    if min(kwh_per_train_km, net_t, g_per_kwh) <= 0:
        raise QueryError("Energy, net load and grid intensity of a train must be positive.")
    return ElectricTrain(
        kwh_per_train_km / net_t, kwh_per_train_km * g_per_kwh, kwh_per_train_km / net_t * g_per_kwh
    )


def allocate_hub(
    *, total_kg: float, reefer_only_kg: float, throughput_t: float, reefer_t: float
) -> tuple[float, float]:
    """Split the yearly emissions of a hub over its throughput: kg per tonne, ambient and temperature-controlled.

    What serves temperature-controlled cargo alone is carried by that cargo; all cargo carries the rest alike.

    Raises
    ------
    QueryError
        If the parts do not fit their wholes.

    Examples
    --------
    >>> ambient, reefer = allocate_hub(total_kg=1062455, reefer_only_kg=73980, throughput_t=4250000, reefer_t=50000)
    >>> round(ambient, 3), round(reefer, 2)
    (0.233, 1.71)
    """
    if not 0 <= reefer_only_kg <= total_kg or not 0 < reefer_t <= throughput_t:
        raise QueryError(
            "The part of temperature-controlled cargo must lie within the whole, and throughput must be positive."
        )
    ambient = (total_kg - reefer_only_kg) / throughput_t
    return ambient, ambient + reefer_only_kg / reefer_t
