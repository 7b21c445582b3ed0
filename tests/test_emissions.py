"""Emissions agree with the worked examples of the GLEC Framework v3, Modules 4 and 5."""

from __future__ import annotations

import math

import pytest

from daliz.emissions import (
    allocate_belly,
    allocate_hub,
    chain_emissions,
    electric_train,
    hub_element,
    transport_element,
)
from daliz.errors import QueryError


@pytest.mark.parametrize(
    ("kwh", "net", "per_tkm", "per_train_km", "grams"),
    [(27, 1320, 0.021, 8765, 6.64), (23, 792, 0.030, 7557, 9.53), (25, 1056, 0.024, 8183, 7.75)],
)
def test_electric_train(kwh: float, net: float, per_tkm: float, per_train_km: float, grams: float) -> None:
    """E1: a wagon train south, north and both; the source prints rounded kWh, so within 2 %."""
    train = electric_train(kwh_per_train_km=kwh, net_t=net, g_per_kwh=322)
    assert train.kwh_per_tkm == pytest.approx(per_tkm, abs=0.0011)
    assert train.g_per_train_km == pytest.approx(per_train_km, rel=0.025)
    assert train.g_per_tkm == pytest.approx(grams, rel=0.025)


def test_electric_train_from_its_unrounded_energy() -> None:
    """E1: 8,183 g per train-km over 1,056 t is 7.75 g per tkm and 0.024 kWh exactly."""
    train = electric_train(kwh_per_train_km=8183 / 322, net_t=1056, g_per_kwh=322)
    assert round(train.g_per_tkm, 2) == 7.75
    assert round(train.kwh_per_tkm, 3) == 0.024


def test_shipper_by_rail() -> None:
    """E1b: 50 t over 400 km at 7.75 g per tkm are 155 kg."""
    chain = chain_emissions([transport_element("rail", "rail", tonnes=50, km=400, wtw_kg=0.00775)])
    assert chain.wtw_kg == pytest.approx(155)
    assert chain.tonne_km == 20_000


@pytest.mark.parametrize(
    ("teu", "dry", "reefer", "tonnes"), [(10, 10, 0, 10.48), (10, 5, 5, None), (5, 0, 5, 13.51)]
)
def test_deep_sea(teu: int, dry: int, reefer: int, tonnes: float | None) -> None:
    """E3: 10 TEU over 21,000 km at 49.9 g are 10.48 t; the five that are reefers alone at 128.7 g are 13.51 t."""
    parts = [
        transport_element("dry", "sea", tonnes=10.0 * dry, km=21_000, wtw_kg=0.0499, teu=dry),
        transport_element("reefer", "sea", tonnes=10.0 * reefer, km=21_000, wtw_kg=0.1287, teu=reefer),
    ]
    chain = chain_emissions(parts)
    assert chain.wtw_kg == pytest.approx(21_000 * (0.0499 * dry + 0.1287 * reefer))
    assert chain.tonne_km == 10.0 * teu * 21_000
    assert tonnes is None or round(chain.wtw_kg / 1000, 2) == tonnes


def test_air_belly() -> None:
    """E6: freight and passengers share the fuel by mass; 275 kg over 1,000 km are 432.3 kg (90.2 + 342.1)."""
    share = allocate_belly(
        fuel_kg=400 * 7000, km=400 * 1000, passengers=180 * 0.8, freight_t=5 * 0.7, passenger_t=0.1
    )
    assert share.tkm == pytest.approx(7_160_000)
    assert share.freight_share == pytest.approx(0.2, abs=0.005)
    kg_per_tkm = share.fuel_kg_per_tkm * 4.02
    assert round(kg_per_tkm, 3) == 1.572
    # The source parts 432.3 kg as 90.2 well to tank and 342.1 tank to wheel.
    wtt = share.fuel_kg_per_tkm * 4.02 * 90.2 / 432.3
    element = transport_element(
        "air", "air", tonnes=0.275, km=1000, wtw_kg=kg_per_tkm, wtt_kg=wtt, ttw_kg=kg_per_tkm - wtt
    )
    assert round(element.wtw_kg, 1) == 432.3
    assert (round(element.wtt_kg, 1), round(element.ttw_kg, 1)) == (90.2, 342.1)


def test_container_terminal() -> None:
    """E7: 0.25 kg per tonne, parted 0.233 ambient and 1.71 reefer; 87 t are 20.2 kg and 100 t of reefer 171 kg."""
    ambient, reefer = allocate_hub(
        total_kg=1_062_455, reefer_only_kg=73_980, throughput_t=4_250_000, reefer_t=50_000
    )
    assert round(1_062_455 / 4_250_000, 2) == 0.25
    assert (round(ambient, 3), round(reefer, 2)) == (0.233, 1.71)
    # All of it is carried by somebody.
    assert ambient * 4_200_000 + reefer * 50_000 == pytest.approx(1_062_455)
    assert round(hub_element("hub", amount=87, wtw_kg=ambient).wtw_kg, 1) == pytest.approx(20.2, abs=0.05)
    assert round(hub_element("hub", amount=100, wtw_kg=reefer).wtw_kg) == 171


def test_road_rail_road() -> None:
    """E9: 120 t by road, rail and road with two transhipments and seven cleanings are 3.70 t."""
    chain = chain_emissions(
        [
            transport_element("pre-carriage", "road", tonnes=120, km=40, wtw_kg=0.0761),
            hub_element("first transhipment", amount=120, wtw_kg=0.6),
            transport_element("main carriage", "rail", tonnes=120, km=1757.5, wtw_kg=0.010),
            hub_element("second transhipment", amount=120, wtw_kg=0.6),
            transport_element("on-carriage", "road", tonnes=120, km=52.5, wtw_kg=0.0761),
            hub_element("cleaning", amount=7, wtw_kg=86.6, basis="lot"),
        ]
    )
    assert [round(e.wtw_kg / 1000, 2) for e in chain.elements] == [0.37, 0.07, 2.11, 0.07, 0.48, 0.61]
    assert chain.wtw_kg == pytest.approx(3703.91, abs=0.01)
    assert chain.intensity_kg_tkm == pytest.approx(0.0167, abs=0.0001)
    assert math.isnan(chain.wtt_kg)


def test_parts_sum_to_the_whole() -> None:
    """Well to tank and tank to wheel sum to well to wheel, element by element and over the chain."""
    parts = [
        transport_element(str(i), "road", tonnes=10, km=100 * i, wtt_kg=0.02, ttw_kg=0.06, wtw_kg=0.08)
        for i in range(1, 4)
    ]
    chain = chain_emissions(parts)
    assert chain.wtt_kg + chain.ttw_kg == pytest.approx(chain.wtw_kg)
    assert chain.wtw_kg == pytest.approx(10 * 600 * 0.08)
    assert repr(chain) == "<Chain of 3 elements: 480.0 kg CO2e well to wheel, 6,000 tkm>"


@pytest.mark.parametrize("figure", [-1.0, math.nan, math.inf])
def test_figures_that_cannot_be_are_refused(figure: float) -> None:
    """Loads, distances and factors are numbers of at least 0."""
    with pytest.raises(QueryError, match="must be a number of at least 0"):
        transport_element("x", "road", tonnes=figure, km=1, wtw_kg=1)
    with pytest.raises(QueryError, match="must be a number of at least 0"):
        transport_element("x", "road", tonnes=1, km=1, wtw_kg=1, teu=figure)
    with pytest.raises(QueryError, match="must be a number of at least 0"):
        hub_element("x", amount=1, wtw_kg=figure)
    with pytest.raises(QueryError, match="must be positive"):
        electric_train(kwh_per_train_km=figure, net_t=1, g_per_kwh=1)
    with pytest.raises(QueryError):
        allocate_hub(total_kg=1, reefer_only_kg=figure, throughput_t=1, reefer_t=1)
    with pytest.raises(QueryError, match="must be positive"):
        allocate_belly(fuel_kg=1, km=1, passengers=1, freight_t=figure, passenger_t=0.1)


def test_an_empty_chain_is_refused() -> None:
    """A chain has at least one element."""
    with pytest.raises(QueryError, match="at least one element"):
        chain_emissions([])
    assert math.isnan(chain_emissions([hub_element("x", amount=1, wtw_kg=1)]).intensity_kg_tkm)
