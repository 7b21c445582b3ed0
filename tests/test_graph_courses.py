"""Ships go round what is closed or avoided, over links that admit them, and what they take follows the longer way."""

from __future__ import annotations

from typing import Any

import pytest

import daliz
from daliz.errors import RouteError
from route_cases import best, open_case, ways


def passage(name: str, country: str = "XZ", **where: float) -> dict[str, Any]:
    """Make a place at sea where nothing is loaded."""
    names = {f"name_{x}": name.title() for x in ("en", "kk", "ru")}
    return {**names, "country": country, "kind": "passage", "position_source": "src", **where}


def sea(a: str, b: str, km: float, **more: Any) -> dict[str, Any]:
    """Make a sea link."""
    return {"from_node": a, "to_node": b, "mode": "sea", "length_km": km, "speed_class": "sea", **more}


def two_ways(**changes: dict[str, Any]) -> daliz.Network:
    """Return alba and dene joined by a canal (600 km), a cape (1,800 km) and a service."""
    stops = open_case("19-one-way").store["stops"]
    tables: dict[str, Any] = {
        "nodes": {
            "canal": passage("canal", "EG", lat=49, lon=64),
            "cape": passage("cape", lat=40, lon=64),
        },
        "links": {
            "s1": None,
            "in": sea("alba", "canal", 300),
            "out": sea("canal", "dene", 300),
            "far-in": sea("alba", "cape", 900),
            "far-out": sea("cape", "dene", 900),
        },
    }
    assert stops["service_id"].tolist() == ["line", "line"]
    for table, rows in changes.items():
        tables[table] = {**tables.get(table, {}), **rows}
    return open_case("19-one-way", **tables)


@pytest.mark.parametrize("word", ["canal", "node:canal", "link:in", "link:out", "country:EG"])
def test_a_ship_goes_round_what_is_avoided(word: str) -> None:
    """Its own rate per km, hours at its speed and emissions follow the longer way; the same as under a closure."""
    network = two_ways()
    plain, round_ = best(network, "alba", "dene"), best(network, "alba", "dene", avoid=[word])
    assert (plain.km, round_.km) == (600, 1800)
    assert round_.usd - plain.usd == pytest.approx(0.1 * 1200)
    assert round_.hours - plain.hours == pytest.approx(1200 / 25)
    assert round_.kg_co2e > plain.kg_co2e
    assert [leg.service for leg in round_.legs] == ["line"]
    closed = best(network.change(daliz.Close("links", "in")), "alba", "dene")
    assert (closed.km, closed.usd, closed.hours) == (round_.km, round_.usd, round_.hours)


def test_where_no_way_is_left_the_service_is_not_led() -> None:
    """Both ways avoided leave none, and the words are told."""
    with pytest.raises(RouteError, match="avoid"):
        best(two_ways(), "alba", "dene", avoid=["canal", "cape"])


def test_a_port_of_call_that_is_avoided_is_no_way_round() -> None:
    """Who avoids the port itself does not get there."""
    with pytest.raises(RouteError, match="avoid dene"):
        best(two_ways(), "alba", "dene", avoid=["dene"])


def test_a_passage_that_is_avoided_is_left_out_of_the_stops() -> None:
    """A service whose row names the canal as a pass sails round it too."""
    stops = open_case("19-one-way").store["stops"]
    second = str(stops.ids[1])
    at = {"service_id": "line", "sequence": 2, "node_id": "canal", "call": "pass"}
    network = two_ways(stops={second: {"sequence": 3}, "line-pass": at})
    assert best(network, "alba", "dene").km == 600
    assert best(network, "alba", "dene", avoid=["canal"]).km == 1800


def test_published_hours_hold_for_the_own_way_alone() -> None:
    """A timetable of 20 hours is kept on the canal; round the cape hours follow the km, avoided or closed."""
    second = str(open_case("19-one-way").store["stops"].ids[1])
    network = two_ways(stops={second: {"run_hours": 20.0}})
    run = {
        name: best(n, "alba", "dene", **words).hours_by_cause()["run"]
        for name, n, words in (
            ("own", network, {}),
            ("avoided", network, {"avoid": ["canal"]}),
            ("closed", network.change(daliz.Close("links", "out")), {}),
            (
                "ended",
                two_ways(
                    stops={second: {"run_hours": 20.0}},
                    links={"in": sea("alba", "canal", 300, to_date="2020-01-01")},
                ),
                {},
            ),
            (
                "to come",
                two_ways(
                    stops={second: {"run_hours": 20.0}},
                    links={"new": sea("alba", "dene", 100, from_date="2090-01-01")},
                ),
                {},
            ),
        )
    }
    assert run == {"own": 20.0, "avoided": 72.0, "closed": 72.0, "ended": 72.0, "to come": 20.0}


def test_a_ship_goes_only_over_links_that_admit_it() -> None:
    """A ship of 10,000 TEU does not fit a canal for 5,000, whatever it avoids; one of 4,000 does."""
    limit = {"in": sea("alba", "canal", 300, max_ship_teu=5000)}
    for teu, km in ((10_000, 1800), (4_000, 600), (5_000, 600)):
        ship = {"line": {"payload": teu, "payload_unit": "TEU"}}
        assert best(two_ways(links=limit, services=ship), "alba", "dene").km == km
    big = {"line": {"payload": 10_000, "payload_unit": "TEU"}}
    with pytest.raises(RouteError, match="avoid cape"):
        best(two_ways(links=limit, services=big), "alba", "dene", avoid=["cape"])


def test_ships_can_be_led_through_a_passage() -> None:
    """A cape that no service passes on its quickest way can be asked for; a port where it does not call cannot."""
    network = two_ways()
    way = best(network, "alba", "dene", via=["cape"])
    assert way.km == 1800
    assert "cape" in way.legs[0].places
    assert best(network, "alba", "dene", via=["canal"]).km == 600
    with pytest.raises(RouteError, match="through the places to pass"):
        best(network, "alba", "dene", via=["cape"], avoid=["link:far-in", "link:far-out"])


def test_two_passages_are_passed_in_their_order() -> None:
    """Ships are led through several passages between two calls, in the order asked."""
    network = two_ways(links={"between": sea("canal", "cape", 700)})
    assert best(network, "alba", "dene", via=["canal", "cape"]).km == 300 + 700 + 900
    assert best(network, "alba", "dene", via=["cape", "canal"]).km == 900 + 700 + 300


def test_trains_go_round_links_and_not_round_places() -> None:
    """A train of a service takes the other of two tracks, but a place that it passes is its way."""
    rail = {"mode": "rail", "gauge_mm": 1520, "speed_class": "rail"}
    network = open_case(
        "19-one-way",
        links={
            "t1": {"from_node": "alba", "to_node": "bora", "length_km": 300, **rail},
            "t2": {"from_node": "bora", "to_node": "dene", "length_km": 300, **rail},
            "t3": {"from_node": "alba", "to_node": "dene", "length_km": 900, **rail},
        },
        terminals={
            f"{n}-rail": {"node_id": n, "mode": "rail", "operation": "handling", "class_id": "depot"}
            for n in ("alba", "dene")
        },
        services={"line": {"mode": "rail"}},
    )
    asked = {"only": ["line"]}
    assert best(network, "alba", "dene", **asked).km == 600
    assert best(network, "alba", "dene", avoid=["link:t1"], **asked).km == 900
    with pytest.raises(RouteError, match="avoid bora"):
        best(network, "alba", "dene", avoid=["bora"], **asked)


@pytest.mark.parametrize(
    ("words", "through"),
    [
        ({"avoid": ["suez"]}, "cape-of-good-hope"),
        ({"avoid": ["country:EG"]}, "cape-of-good-hope"),
        ({"via": ["cape-of-good-hope"]}, "cape-of-good-hope"),
        ({"avoid": ["sunda"]}, "suez"),
        ({"avoid": ["taiwan-strait"]}, "suez"),
    ],
)
def test_the_straits_of_the_world_can_be_avoided(words: dict[str, list[str]], through: str) -> None:
    """From Shanghai to Rotterdam without land, ships of the same lines sail round what is avoided."""
    network = daliz.open("eurasia", year=2025).without("red-sea-2024")
    overland = ["mode:rail", "mode:road", "mode:air"]
    way = ways(
        network,
        "shanghai",
        "rotterdam",
        k=1,
        via=words.get("via", ()),
        avoid=[*overland, *words.get("avoid", ())],
    )[0]
    places = {p for leg in way.legs for p in leg.places}
    assert through in places
    assert not places & {w for w in words.get("avoid", ()) if ":" not in w}
    assert way.km < 28_000
    assert len(way.legs) == 1


def in_pairs(call: str = "both", **changes: dict[str, Any]) -> daliz.Network:
    """Return two_ways with a service in pairs between alba, dene and cita, beside one that only unloads."""
    stops = open_case("19-one-way").store["stops"]
    pairs = {
        "name_en": "p",
        "kind": "feeder",
        "mode": "sea",
        "pattern": "pairs",
        "cargo_groups": "container bulk",
        "departures_per_week": 1,
        "headway_cv": 1,
    }
    ports = {
        f"pairs-{n}": {"service_id": "pairs", "sequence": i, "node_id": n, "call": call}
        for i, n in enumerate(("alba", "cita", "dene"), 1)
    }
    tables: dict[str, Any] = {
        "links": {"r2": None, "r3": None, "side": sea("cita", "canal", 200)},
        "services": {"pairs": pairs},
        "stops": ports,
        "terminals": {
            "cita-sea": {"node_id": "cita", "mode": "sea", "operation": "handling", "class_id": "depot"}
        },
    }
    assert len(stops) == 2
    for table, rows in changes.items():
        tables[table] = {**tables.get(table, {}), **rows}
    return two_ways(**tables)


def test_a_service_in_pairs_joins_ports_that_no_line_joins() -> None:
    """It runs both ways between any two of its stops, by the quickest way; where a line runs it does not."""
    network = in_pairs()
    found = {(a, b): best(network, a, b) for a, b in (("alba", "cita"), ("cita", "dene"), ("dene", "alba"))}
    assert {k: v.km for k, v in found.items()} == {
        ("alba", "cita"): 500,
        ("cita", "dene"): 500,
        ("dene", "alba"): 600,
    }
    assert {leg.service for w in found.values() for leg in w.legs} == {"pairs"}
    assert [leg.service for leg in best(network, "alba", "dene").legs] == ["line"]
    with pytest.raises(RouteError, match=r"pairs|service"):
        best(network, "alba", "dene", only=["pairs"], avoid=["cita"])


def test_a_service_in_pairs_costs_what_its_row_says() -> None:
    """Rate per km, a week's wait by half the headway times 1 + cv squared, handling at both ends."""
    way = best(in_pairs(), "dene", "alba")
    assert way.usd == pytest.approx(600 * 0.1 + 2 * 20)
    causes = way.hours_by_cause()
    assert causes["wait"] == pytest.approx(168 / 2 * 2)
    assert causes["run"] == pytest.approx(600 / 25)
    assert causes["handling"] == pytest.approx(4)


def test_a_service_in_pairs_goes_round_and_keeps_to_its_calls() -> None:
    """It goes round what is avoided, takes the groups of its terminals, and loads nowhere where it only unloads."""
    assert best(in_pairs(), "dene", "alba", avoid=["canal"]).km == 1800
    bulk = {"alba-sea": {"cargo_groups": "bulk"}}
    with pytest.raises(RouteError):
        best(in_pairs(terminals=bulk), "dene", "alba")
    with pytest.raises(RouteError):
        best(in_pairs(call="alight"), "dene", "alba")


def test_without_the_line_a_service_in_pairs_takes_its_place() -> None:
    """Closing the line leaves the pair that it joined to the service in pairs, as building from nothing does."""
    network = in_pairs()
    best(network, "alba", "dene")
    changed = network.change(daliz.Close("services", "line"))
    assert [leg.service for leg in best(changed, "alba", "dene").legs] == ["pairs"]
