"""Conditions of a question are kept, and a question that cannot be asked or answered says why."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import PlaceError, QueryError, RouteError
from daliz.routing.layers import Layers, shortest
from daliz.tables.geo import great_circle_km
from questions import routes_of
from small_networks import Link, ask, every_way, places_of, road_links, road_network
from tiny_package import tiny_network


def best(network: daliz.Network, a: str, b: str, **words: Any) -> daliz.Itinerary:
    """Give the best way without draws or Pareto set."""
    return routes_of(network, a, b, **({"k": 1, "draws": 0, "pareto": False} | words))[0]


@settings(max_examples=30, deadline=None)
@given(road_links(), st.permutations([1, 2, 3]), st.integers(1, 2))
def test_places_to_pass_are_passed_in_order(links: list[Link], order: list[int], count: int) -> None:
    """Ways pass them in the order asked, and no way that does is shorter than the shortest found (each tried)."""
    via = order[:count]
    network = road_network(links)
    words = {"via": [f"n{v}" for v in via]}
    query = ask(network, "n0", "n5", **words)
    weight = query.costs.usd + query.value_of_time * query.costs.hours
    least = shortest(Layers(query), weight)
    assert least is not None
    for arcs in (least, best(network, "n0", "n5", **words).arcs):
        places = iter(places_of(query, arcs))
        assert all(any(p == v for p in places) for v in via)
    for other in every_way(query):
        passed = iter(places_of(query, other))
        if all(any(p == v for p in passed) for v in via):
            assert weight[least].sum() <= weight[other].sum() + 1e-6


@settings(max_examples=30, deadline=None)
@given(road_links(), st.integers(0, 5))
def test_no_more_borders_than_asked(links: list[Link], most: int) -> None:
    """The best way with at most n borders is the best of all ways that cross so many (each way tried)."""
    network = road_network(links)
    query = ask(network, "n0", "n5")
    weight = query.costs.usd + query.value_of_time * query.costs.hours
    fitting = [weight[w].sum() for w in every_way(query) if query.graph.borders[w].sum() <= most]
    if not fitting:
        with pytest.raises(RouteError, match=f"at most {most} borders; ways without this condition exist"):
            best(network, "n0", "n5", max_borders=most)
        return
    way = best(network, "n0", "n5", max_borders=most)
    assert len(way.borders) <= most
    assert way.generalised_usd == pytest.approx(min(fitting))


def test_borders_are_counted_through_the_places_to_pass() -> None:
    """A limit on borders holds for the whole way, whatever places it passes."""
    chain = road_network([Link(0, 1, 100), Link(1, 2, 100), Link(2, 3, 100)])
    assert len(best(chain, "n0", "n3", via=["n1", "n2"], max_borders=3).borders) == 3
    for most in (0, 1, 2):
        with pytest.raises(RouteError, match=f"through the places to pass with at most {most} borders"):
            best(chain, "n0", "n3", via=["n1", "n2"], max_borders=most)


@pytest.mark.parametrize(
    "word",
    [
        "quay",
        "Жағалау",
        "node:quay",
        "country:AZ",
        "az",
        "mode:sea",
        "sea",
        "link:sea-port-quay",
        "service:ferry",
        "ferry",
    ],
)
def test_what_is_avoided_is_not_used(word: str) -> None:
    """A place in any language, country, mode, link or service can be avoided; others stay."""
    destination = "west" if word not in {"country:AZ", "az"} else "port"
    way = best(tiny_network(), "east", destination, avoid=[word])
    graph = way.graph
    ids, links = graph.network.table("nodes").ids, graph.network.table("links")
    assert "quay" not in {ids[p] for a in way.arcs for p in graph.arcs[a].places}
    assert "sea" not in {links["mode"][k] for a in way.arcs for k, _ in graph.arcs[a].links}
    assert "ferry" not in {leg.service for leg in way.legs}


@pytest.mark.parametrize(
    ("word", "error", "said"),
    [
        ("service:fery", PlaceError, "Did you mean ferry"),
        ("link:sea-port-quai", PlaceError, "Did you mean sea-port-quay"),
        ("Middd", PlaceError, "Did you mean Mid"),
        ("country:QQ", QueryError, "cannot be avoided"),
        ("mode:see", QueryError, "cannot be avoided"),
        ("colour:red", QueryError, "cannot be avoided"),
    ],
)
def test_what_cannot_be_avoided_is_told(word: str, error: type[Exception], said: str) -> None:
    """An unknown thing to avoid is refused and not passed over."""
    with pytest.raises(error, match=said):
        best(tiny_network(), "east", "west", avoid=[word])


def test_the_month_brings_its_weather() -> None:
    """In January the port is shut a quarter of the time with spells of 36 hours, in May a twentieth."""
    waits = {
        m: best(tiny_network(), "port", "quay", month=m, avoid=["mode:road"]).hours_by_cause()["weather"]
        for m in (1, 5)
    }
    # Only the terminal at Port has weather: one load there.
    assert waits == {1: pytest.approx(0.25 * 36), 5: pytest.approx(0.05 * 36)}


def test_a_date_resolves_everything_dated() -> None:
    """On a day of the storm the sea is closed; on another it is open; the month is that of the day."""
    storm = tiny_network().under("storm")
    assert best(tiny_network(), "port", "quay", date="2024-05-02", avoid=["mode:road"]).graph.month == 5
    with pytest.raises(RouteError, match="No way leads from Port to Quay"):
        best(storm, "port", "quay", avoid=["mode:road"])
    assert best(tiny_network(), "port", "quay", date=dt.date(2024, 3, 2), month=3).graph.month == 3


def rule(**cells: Any) -> daliz.Network:
    """Make the tiny network with one restriction."""
    base = {
        "scope": "country",
        "scope_id": "KZ",
        "effect": "prohibit",
        "rule": "No such goods through here",
        "source_id": "atlas",
    }
    return tiny_network(restrictions={"the-rule": base | cells}, cargoes={"class-7": CLASS_7})


CLASS_7 = {
    "name_en": "Class 7",
    "name_kk": "7-сынып",
    "name_ru": "Класс 7",
    "rate_group": "container",
    "unit": "one flask",
    "containers": 1,
    "teu": 1,
    "payload_t": 10,
    "gross_t": 30,
    "rate_units": 1,
    "value_usd": 5e6,
    "value_of_time_usd_h": 10,
    "reliability_ratio": 1,
    "dangerous_class": "7",
}


def test_a_prohibition_binds_those_it_names() -> None:
    """A ban on class 7 closes the country to it, and the message names the rule; other cargo passes."""
    network = rule(cargo_id="class-7")
    assert best(network, "east", "west").days > 0
    with pytest.raises(RouteError, match="rule the-rule: No such goods through here"):
        best(network, "east", "west", cargo="class-7")


@pytest.mark.parametrize(
    ("cells", "bound"),
    [
        ({"carrier_country": "RU BY"}, False),
        ({"carrier_country": "AZ RU"}, True),
        ({"origin_country": "CN"}, True),
        ({"origin_country": "DE"}, False),
        ({"destination_country": "AZ CN"}, True),
        ({"destination_country": "KZ"}, False),
        ({"product": "a product within the class"}, False),
        ({"mode": "air"}, False),
        ({"scope": "node", "scope_id": "gate"}, True),
        ({"scope": "link", "scope_id": "sea-port-quay"}, False),
        ({"to_date": "2023-01-01"}, False),
        ({"from_date": "2023-01-01"}, True),
    ],
)
def test_a_prohibition_binds_by_its_cells(cells: dict[str, Any], bound: bool) -> None:
    """Carrier, origin, destination, product, mode, scope and dates each narrow a rule."""
    if bound:
        with pytest.raises(RouteError, match="rule the-rule"):
            best(rule(**cells), "east", "west", carrier="AZ")
    else:
        assert best(rule(**cells), "east", "west", carrier="AZ").days > 0


def test_an_address_lies_in_the_country_of_its_nearest_place() -> None:
    """A rule on origins binds an address too."""
    with pytest.raises(RouteError, match="rule the-rule"):
        best(rule(origin_country="CN"), "45.01,84.01", "west")


@pytest.mark.parametrize("cargo", ["container-40", "grain"])
def test_a_hold_adds_what_it_costs_on_average(cargo: str) -> None:
    """Probability p of d days: 24 p d hours once on entering, p times the cost, and its variance and risk."""
    held = rule(effect="hold", probability=0.2, hold_days=5.0, hold_usd=300.0)
    words = {"cargo": cargo, "avoid": ["mode:sea"]}
    way, free = best(held, "east", "west", **words), best(tiny_network(), "east", "west", **words)
    assert way.hours - free.hours == pytest.approx(0.2 * 120)
    assert way.usd - free.usd == pytest.approx(60.0)
    assert way.hours_sd**2 - free.hours_sd**2 == pytest.approx(0.2 * 0.8 * 120**2)
    assert (1 - way.risk) / (1 - free.risk) == pytest.approx(0.8)
    assert way.hours_by_cause()["hold"] == pytest.approx(24.0)
    assert way.usd_by_cause()["hold"] == pytest.approx(60.0)


def test_a_link_bears_no_heavier_unit_than_it_admits() -> None:
    """A unit heavier than `max_unit_t` takes another way or is told what stopped it."""
    light = tiny_network(links={"rail-east-gate": {"max_unit_t": 20.0}})
    way = best(light, "east", "port")
    ids = light.table("links").ids
    assert "rail-east-gate" not in {ids[k] for a in way.arcs for k, _ in way.graph.arcs[a].links}
    both = tiny_network(links={n: {"max_unit_t": 20.0} for n in ("rail-east-gate", "road-east-gate")})
    with pytest.raises(
        RouteError, match="rail-east-gate admits 20 t and one unit of container-40 weighs 24 t"
    ):
        best(both, "east", "port")
    assert best(both, "east", "port", cargo="grain").days > 0


def test_what_joins_nothing_is_told() -> None:
    """Places that no links join at all have no cut to name; a service that would join them is."""
    alone = tiny_network(
        links=dict.fromkeys(("rail-east-gate", "road-east-gate")),
        borders={
            f"{n}-{w}": None for n in ("rail-east-gate", "road-east-gate") for w in ("forward", "backward")
        },
    )
    with pytest.raises(
        RouteError, match="service block cannot run: no open rail links lead from gate to east"
    ):
        best(alone, "east", "west")
    alone = tiny_network(
        services={"block": None},
        stops={f"block-0{i}": None for i in range(1, 5)},
        links=dict.fromkeys(("rail-east-gate", "road-east-gate")),
        borders={
            f"{n}-{w}": None for n in ("rail-east-gate", "road-east-gate") for w in ("forward", "backward")
        },
    )
    with pytest.raises(RouteError, match=r"no link or service in force by rail or road"):
        best(alone, "east", "west")


def test_the_cut_is_named() -> None:
    """Avoiding all ways out of a place names each word that would open a way, with the words of the asker."""
    with pytest.raises(
        RouteError,
        match=r"To lift one of these would open a way: .*avoid mode:rail; or .*avoid mode:road",
    ):
        best(tiny_network(), "east", "mid", avoid=["mode:rail", "mode:road"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"services": {"ferry": {"cargo_groups": "container"}}},
            "service ferry carries container and not bulk cargo",
        ),
        ({"rates": {"ferry-bulk": None}}, "no price for bulk cargo"),
        (
            {
                "terminals": {
                    "port-sea": {"cargo_groups": "container"},
                    "quay-sea": {"cargo_groups": "container"},
                }
            },
            "the terminal does not admit bulk cargo",
        ),
    ],
)
def test_cargo_that_is_not_admitted_says_by_what(changes: dict[str, Any], said: str) -> None:
    """Service, missing rate or terminal: the message says which of them keeps the cargo out."""
    with pytest.raises(RouteError, match=said):
        best(tiny_network(**changes), "port", "quay", cargo="grain", avoid=["mode:road"])


def test_origin_and_destination_must_differ() -> None:
    """One place under two names is still one place."""
    for a, b in (("port", "Айлақ"), ("43.6,51.2", "43.60, 51.20")):
        with pytest.raises(QueryError, match="Origin and destination are both"):
            best(tiny_network(), a, b)


@pytest.mark.parametrize(
    ("word", "near"), [("Poort", "Port"), ("Айлак", "Айлақ"), ("Середна", "Середина"), ("kzpr", "Port")]
)
def test_an_unknown_place_suggests_near_names(word: str, near: str) -> None:
    """A name misspelt in English, Kazakh or Russian brings the near names of the network."""
    with pytest.raises(
        PlaceError,
        match=f"no place named {word!r}.*Did you mean.*{near}" if word != "kzpr" else "no place named",
    ):
        best(tiny_network(), word, "west")


def test_an_address_is_reached_by_road() -> None:
    """Great circle times 1.25, at the road's 45 km/h, 1.5 USD/km and 0.095 kg/tkm, to the place that costs least."""
    way = best(tiny_network(), "44.5,75.5", "port")
    km = 1.25 * float(great_circle_km(44.5, 75.5, 45.0, 75.0))
    access = way.legs[0]
    assert access.origin == "44.5,75.5"
    assert access.destination == "Mid"
    assert access.km == pytest.approx(km)
    assert access.hours == pytest.approx(km / 45.0)
    assert access.usd == pytest.approx(1.5 * km)
    assert access.kg_co2e == pytest.approx(0.095 * 20 * km)
    assert way.usd == pytest.approx(sum(leg.usd for leg in way.legs))
    both = best(tiny_network(), "44.5,75.5", "44.4,75.4")
    assert len(both.legs) >= 2
    with pytest.raises(RouteError, match="within 400 km of 10,10"):
        best(tiny_network(), "10,10", "port")
    with pytest.raises(QueryError, match="not on the globe"):
        best(tiny_network(), "100,10", "port")


NAN = math.nan


@pytest.mark.parametrize(
    "words",
    [
        {"k": 0},
        {"k": -1},
        {"k": NAN},
        {"draws": 50},
        {"draws": -1},
        {"draws": NAN},
        {"seed": -1},
        {"overlap": 1.1},
        {"overlap": NAN},
        {"stretch": 0.5},
        {"stretch": NAN},
        {"limit": 0.5},
        {"limit": NAN},
        {"per_corridor": 0},
        {"pareto_within": 0.9},
        {"pareto_within": NAN},
        {"month": 0},
        {"month": 13},
        {"max_borders": -1},
        {"carbon_usd_t": NAN},
        {"carbon_usd_t": -1.0},
        {"carbon_usd_t": math.inf},
        {"value_of_time_usd_h": NAN},
        {"value_of_time_usd_h": -2.0},
        {"value_of_time_usd_h": math.inf},
        {"via": ["43.6,51.2"]},
    ],
)
def test_numbers_that_cannot_be_used_are_refused(words: dict[str, Any]) -> None:
    """Each number out of its range, NaN and infinity among them, is refused with a sentence."""
    with pytest.raises(QueryError, match=r"\w+.*\."):
        best(tiny_network(), "east", "west", **words)


@pytest.mark.parametrize("name", ["via", "avoid", "only"])
def test_a_text_where_names_are_wanted_is_refused(name: str) -> None:
    """A bare text is not read as its letters; the error names the word and shows the tuple."""
    with pytest.raises(QueryError, match=rf"{name} is the text 'quay'; give a tuple .*\('quay',\)"):
        daliz.Shipment(**{name: "quay"})


def test_an_unknown_cargo_brings_the_classes() -> None:
    """A misspelt class brings the near one and all there are."""
    with pytest.raises(PlaceError, match=r"Did you mean grain\? The classes are container-40, grain"):
        best(tiny_network(), "east", "west", cargo="grian")


def test_a_closed_corridor_is_not_taken() -> None:
    """With the sea closed the middle corridor is gone and the road remains."""
    closed = tiny_network().under("storm")
    assert {i.corridor for i in routes_of(closed, "east", "west", k=5, draws=0)} == {"road"}
    assert "middle" in {i.corridor for i in routes_of(tiny_network(), "east", "west", k=5, draws=0)}
