"""Emissions agree with the worked examples of the GLEC Framework v3, Modules 4 and 5."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daliz.emissions import (
    Emitted,
    FuelFactor,
    allocate_belly,
    allocate_hub,
    chain_emissions,
    electric_train,
    fuel_emissions,
    fuel_factors,
    hub_element,
    per_cargo_tonne,
    split_by_mass,
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
    assert round(share.fuel_kg_per_tkm * 4.02, 3) == 1.572


def test_air_belly_from_its_fuel() -> None:
    """E6 from 400 x 7,000 kg of kerosene: 7,160,000 tkm, freight 20 %, 1.572 kg/tkm; 432.3 kg, parted to 0.1 kg."""
    burnt = fuel_emissions("jet-kerosene-europe", 400 * 7000, "kg")
    split = split_by_mass(burnt.emitted, km=400 * 1000, freight_t=5 * 0.7, passengers=180 * 0.8)
    assert split.freight_tkm + split.passenger_tkm == pytest.approx(7_160_000)
    assert f"{split.freight_share:.0%}" == "20%"
    assert round(split.per_tkm.wtw_kg, 3) == 1.572
    air = transport_element(
        "air",
        "air",
        tonnes=0.275,
        km=1000,
        wtw_kg=split.per_tkm.wtw_kg,
        wtt_kg=split.per_tkm.wtt_kg,
        ttw_kg=split.per_tkm.ttw_kg,
    )
    assert round(air.wtw_kg, 1) == 432.3
    # The edition prints its factors per kg with two decimals and the example with more behind them.
    assert (air.wtt_kg, air.ttw_kg) == (pytest.approx(90.2, abs=0.15), pytest.approx(342.1, abs=0.15))


def test_double_stack_train_from_its_fuel() -> None:
    """E2: 999.1 ton-miles per gallon at 70 % load and 11,898 g per gallon are 17.0 g; 133,595 ton-miles 2,273 kg."""
    gallon = fuel_emissions("diesel-united-states", 1, "us-gallon").emitted
    grams = gallon.wtw_kg * 1000 / (999.1 * 0.7)
    assert round(grams, 1) == 17.0
    assert round(133_595 * grams / 1000) == 2273
    assert 50 * 2672 == pytest.approx(133_595, rel=1e-4)


@pytest.mark.parametrize(
    ("fuel", "unit", "ttw", "wtw"),
    [
        ("diesel-europe", "kg", 3.17, 4.13),
        ("diesel-europe", "l", 2.64, 3.44),
        ("hfo-europe", "kg", 3.18, 3.86),
        ("hfo-north-america", "kg", 3.23, 3.74),
        ("vlsfo", "kg", 3.23, 3.79),
        ("mdo", "kg", 3.22, 3.78),
        ("mgo", "kg", 3.22, 3.77),
        ("lng-otto-dual-fuel", "kg", 3.61, 4.82),
        ("jet-kerosene-europe", "kg", 3.18, 4.02),
        ("electricity-europe", "kWh", 0.0, 0.3492),
    ],
)
def test_fuels_have_the_factors_of_the_edition(fuel: str, unit: str, ttw: float, wtw: float) -> None:
    """A unit of each fuel emits what GLEC v3.0 prints, parts and whole, and the factor names its edition."""
    use = fuel_emissions(fuel, 1000, unit)
    assert (use.emitted.ttw_kg, use.emitted.wtw_kg) == (pytest.approx(1000 * ttw), pytest.approx(1000 * wtw))
    assert use.emitted.wtt_kg + use.emitted.ttw_kg == pytest.approx(use.emitted.wtw_kg)
    assert use.factor.edition == "GLEC Framework v3.0, edition of April 2024"
    assert use.factor.source


def test_fuel_becomes_energy_and_mass() -> None:
    """Diesel of 0.83 kg per litre and 42.8 MJ per kg: litres, kg, gallons, MJ and kWh lead to each other."""
    use = fuel_emissions("diesel-europe", 1000, "l")
    assert (use.kg, use.mj) == (pytest.approx(830), pytest.approx(830 * 42.8))
    assert fuel_emissions("diesel-europe", 42.8, "MJ").emitted.wtw_kg == pytest.approx(4.13)
    assert fuel_emissions("diesel-europe", 42.8 / 3.6, "kWh").kg == pytest.approx(1)
    gallon = fuel_emissions("diesel-europe", 1, "us-gallon")
    assert gallon.emitted.wtw_kg == pytest.approx(3.785411784 * 3.44)
    drawn = fuel_emissions("electricity-europe", 3.6, "MJ")
    assert (drawn.mj, drawn.emitted.wtw_kg, math.isnan(drawn.kg)) == (3.6, pytest.approx(0.3492), True)


def test_a_fuel_of_ones_own() -> None:
    """A factor that a user brings, such as the grid of a year, counts like those of the edition."""
    grid = FuelFactor("grid", "kWh", wtw_kg=0.322, wtt_kg=0.322, ttw_kg=0.0, mj=3.6)
    train = fuel_emissions(grid, 25.413, "kWh")
    assert round(train.emitted.wtw_kg * 1000) == 8183
    assert train.mj == pytest.approx(25.413 * 3.6)


@pytest.mark.parametrize(
    ("fuel", "amount", "unit", "words"),
    [
        ("diesel-eurpoe", 1, "kg", "There is no fuel 'diesel-eurpoe'; .* Did you mean diesel-europe"),
        (
            "hfo-europe",
            1,
            "l",
            "hfo-europe cannot be counted in 'l': .* leads to kg; give the amount in one of these",
        ),
        ("diesel-europe", 1, "barrel", "cannot be counted in 'barrel'"),
        ("diesel-europe", -1, "kg", "must be a number of at least 0"),
        ("diesel-europe", math.nan, "kg", "must be a number of at least 0"),
        ("diesel-europe", math.inf, "kg", "must be a number of at least 0"),
        (
            FuelFactor("own", "kg", wtw_kg=4.0, wtt_kg=1.0, ttw_kg=2.0),
            1,
            "kg",
            "sum to 3, but wtw is 4; correct",
        ),
    ],
)
def test_fuels_that_cannot_be_are_refused(
    fuel: str | FuelFactor, amount: float, unit: str, words: str
) -> None:
    """An unknown fuel, a unit without density or heating value and a wrong amount or sum are told, never 0."""
    with pytest.raises(QueryError, match=words):
        fuel_emissions(fuel, amount, unit)


def test_every_factor_sums_up() -> None:
    """The table of fuels itself holds: parts sum to the whole, units are known, no fuel has a unit twice."""
    keys = [(f.fuel, f.unit) for f in fuel_factors()]
    assert len(set(keys)) == len(keys)
    for factor in fuel_factors():
        use = fuel_emissions(factor, 1, factor.unit)
        assert use.emitted.wtw_kg > 0


@given(
    st.floats(0, 1e5),
    st.floats(0, 1e4),
    st.floats(0, 1e5),
    st.floats(0.01, 1e5),
    st.floats(0.01, 1e6),
)
def test_a_ferry_is_shared_whole(freight: float, people: float, cars: float, km: float, kg: float) -> None:
    """Freight and passengers carry all of the emissions between them, each by its mass, part by part."""
    if freight + people * 0.1 + cars < 1e-6:
        return
    whole = Emitted(kg * 0.2, kg * 0.8, kg)
    split = split_by_mass(whole, km=km, freight_t=freight, passengers=people, passenger_vehicles_t=cars)
    for part in ("wtt_kg", "ttw_kg", "wtw_kg"):
        shares = getattr(split.freight, part) + getattr(split.passengers, part)
        assert shares == pytest.approx(getattr(whole, part))
    assert split.freight.wtw_kg == pytest.approx(split.per_tkm.wtw_kg * split.freight_tkm)
    assert split.freight_share == pytest.approx(freight / (freight + people * 0.1 + cars))


@pytest.mark.parametrize("figure", [-1.0, math.nan, math.inf])
def test_shares_of_nothing_are_refused(figure: float) -> None:
    """Loads and emissions are numbers of at least 0, and somebody or something is carried."""
    some = Emitted(0.2, 0.8, 1.0)
    with pytest.raises(QueryError, match="must be a number of at least 0"):
        split_by_mass(some, km=1, freight_t=figure, passengers=1)
    with pytest.raises(QueryError, match="Nobody and nothing is carried"):
        split_by_mass(some, km=1, freight_t=0, passengers=0)
    with pytest.raises(QueryError, match="is no part of a load of 2 t"):
        per_cargo_tonne(some, gross_t=2, net_t=3)


def test_a_truck_on_a_ferry() -> None:
    """E5: a factor per tonne of truck becomes one per tonne of cargo by 29.6 over 15.6 t."""
    assert per_cargo_tonne(Emitted(0.0174, 0.1106, 0.128)).wtw_kg == pytest.approx(0.128 * 29.6 / 15.6)


def test_a_hub_from_its_energy() -> None:
    """E7 in part: 75,000 l of diesel are 258,000 kg, 150,000 kWh for reefers 73,980 kg; the hub keeps its parts."""
    reefer = FuelFactor("electricity", "kWh", wtw_kg=0.4932, wtt_kg=0.4932, ttw_kg=0.0)
    diesel, plugs = fuel_emissions("diesel-europe", 75_000, "l"), fuel_emissions(reefer, 150_000, "kWh")
    assert (round(diesel.emitted.wtw_kg), round(plugs.emitted.wtw_kg)) == (258_000, 73_980)
    per_t = (diesel.emitted + plugs.emitted) * (1 / 4_250_000)
    hub = hub_element("hub", amount=87, wtw_kg=per_t.wtw_kg, wtt_kg=per_t.wtt_kg, ttw_kg=per_t.ttw_kg)
    assert hub.wtt_kg + hub.ttw_kg == pytest.approx(hub.wtw_kg)
    assert hub.ttw_kg == pytest.approx(87 * 75_000 * 2.64 / 4_250_000)


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
    assert chain.parts.unparted_kg == pytest.approx(chain.wtw_kg)


def test_a_chain_keeps_the_parts_that_it_knows() -> None:
    """A hub that states its parts leaves the chain whole; of one that states none the figure stands apart."""
    road = transport_element("r", "road", tonnes=20, km=100, wtw_kg=0.095, wtt_kg=0.022, ttw_kg=0.073)
    known = chain_emissions([road, hub_element("h", amount=20, wtw_kg=0.6, wtt_kg=0.5, ttw_kg=0.1), road])
    assert (known.wtt_kg, known.ttw_kg) == (pytest.approx(98), pytest.approx(294))
    assert known.wtt_kg + known.ttw_kg == pytest.approx(known.wtw_kg)
    unknown = chain_emissions([road, hub_element("h", amount=20, wtw_kg=0.6), road])
    assert math.isnan(unknown.wtt_kg)
    parts = unknown.parts
    assert (parts.wtt_kg, parts.ttw_kg, parts.unparted_kg) == tuple(map(pytest.approx, (88, 292, 12)))
    assert parts.wtt_kg + parts.ttw_kg + parts.unparted_kg == pytest.approx(unknown.wtw_kg)


@pytest.mark.parametrize(
    ("wtt", "ttw", "words"),
    [
        (0.02, 0.05, "sum to 0.07, but wtw is 0.095"),
        (0.02, math.nan, "has wtt alone"),
        (math.nan, 0.07, "ttw alone"),
    ],
)
def test_parts_that_do_not_sum_are_refused(wtt: float, ttw: float, words: str) -> None:
    """A movement or a hub whose parts do not sum to the whole, or that has one of them alone, is refused."""
    with pytest.raises(QueryError, match=words):
        transport_element("r", "road", tonnes=1, km=1, wtw_kg=0.095, wtt_kg=wtt, ttw_kg=ttw)
    with pytest.raises(QueryError, match=words):
        hub_element("h", amount=1, wtw_kg=0.095, wtt_kg=wtt, ttw_kg=ttw)
    # as printed: the third figure is rounded for itself
    transport_element("s", "sea", tonnes=1, km=1, wtw_kg=0.0614, wtt_kg=0.0084, ttw_kg=0.0531, teu=1)


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
