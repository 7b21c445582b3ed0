"""Hold how addresses given as coordinates join the network by road, and what that road is taken to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daliz.errors import QueryError, RouteError
from daliz.graph.ledger import Cause, Kind
from daliz.paths.ground import ground_of
from daliz.paths.places import find_place
from daliz.routing.access import ACCESS_LIMIT_KM, road_places, with_access
from daliz.tables.geo import great_circle_km
from questions import routes_of
from route_cases import best, open_case, ways
from small_networks import ask
from tiny_package import tiny_network

if TYPE_CHECKING:
    from daliz.tables import Network

NEAR_MID = "45.5,75.5"
WINDING = 1.25
NO_ROADS = dict.fromkeys(
    ("road-east-gate", "road-gate-mid", "road-mid-port", "road-quay-west", "road-mid-west"), None
)
NO_POSTS: dict[str, None] = dict.fromkeys(
    [f"{road}-{way}" for road in ("road-east-gate", "road-mid-west") for way in ("forward", "backward")], None
)


def without_roads(**more: dict[str, Any]) -> Network:
    """Make the tiny network without any road, so that the speed of access comes from the table of speeds."""
    return tiny_network(links=NO_ROADS, borders=NO_POSTS, **more)


def speed(mode: str, country: str, km_h: float) -> dict[str, Any]:
    """Write a row of `speeds`."""
    row = {"mode": mode, "speed_km_h": km_h, "single_speed_km_h": km_h, "speed_cv": 0.2, "factor_id": "truck"}
    return row | {"country": country}


def hours_of_access(network: Network, address: str) -> float:
    """Give the hours of the first arc of access from an address."""
    ground, state = with_access(ground_of(network), find_place(network, address), "container", outward=True)
    first = int(np.flatnonzero(ground.tail == state)[0])
    assert ground.arcs[first].role == "access"
    return float(ground.base[Kind.HOURS, first])


def km_to_mid() -> float:
    """Compute the road km from the address to the middle of the network."""
    return WINDING * float(great_circle_km(*map(np.array, (45.5, 75.5, 45.0, 75.0))))


def test_an_address_joins_the_nearest_place_by_a_winding_road() -> None:
    """Length is the great circle times the winding, hours those of the road there, and it is entered and left."""
    network = tiny_network()
    place = find_place(network, NEAR_MID)
    ((node, km),) = road_places(network, place, "container")
    assert str(network.table("nodes").ids[node]) == "mid"
    assert km * WINDING == pytest.approx(km_to_mid())
    plain = ground_of(network)
    out, state = with_access(plain, place, "container", outward=True)
    back, goal = with_access(plain, place, "container", outward=False)
    assert out.arcs[-1][:2] == (state, node)
    assert back.arcs[-1][:2] == (node, goal)
    assert out.arcs[-1].km == pytest.approx(km_to_mid())
    assert hours_of_access(network, NEAR_MID) == pytest.approx(km_to_mid() / 45.0)
    assert len(out.arcs) == len(plain.arcs) + 1


def test_a_route_from_an_address_begins_with_access_and_costs_its_rate() -> None:
    """From coordinates a container pays 1.5 USD a km of access more than from the place that it leads to."""
    network = tiny_network()
    query = ask(network, NEAR_MID, "port")
    access = [i for i, a in enumerate(query.graph.arcs) if a.role == "access"]
    assert query.graph.base[Kind.USD_CONTAINER, access] == pytest.approx(1.5 * km_to_mid())
    best = routes_of(network, NEAR_MID, "port", k=1, draws=0).itineraries[0]
    assert best.graph.arcs[best.arcs[0]].role == "access"


def test_a_fixed_rate_is_paid_once() -> None:
    """A rate with a fixed part adds it to access whatever the km."""
    network = tiny_network(rates={"road-container": {"usd_fixed": 70.0}})
    ground, _ = with_access(ground_of(network), find_place(network, NEAR_MID), "container", outward=True)
    assert ground.base[Kind.USD_CONTAINER, -1] == pytest.approx(70.0 + 1.5 * km_to_mid())
    assert set(ground.ledger.cause[ground.ledger.arc == len(ground.arcs) - 1]) == {int(Cause.ACCESS)}


@pytest.mark.parametrize(
    ("speeds", "km_h"),
    [
        ({"road": speed("road", "", 45.0), "road-kz": speed("road", "KZ", 30.0)}, 30.0),
        ({"road": speed("road", "", 45.0), "road-az": speed("road", "AZ", 30.0)}, 45.0),
        ({"road": speed("road", "AZ", 20.0)}, 20.0),
    ],
)
def test_without_a_road_speed_is_that_of_the_country_then_of_all_then_of_any(
    speeds: dict[str, dict[str, Any]], km_h: float
) -> None:
    """Where no road leads, the row of the country comes before that of all, and any row before none."""
    network = without_roads(speeds=speeds)
    assert hours_of_access(network, NEAR_MID) == pytest.approx(km_to_mid() / km_h)


def test_without_a_speed_for_road_no_address_is_reached() -> None:
    """The sentence names the table."""
    network = without_roads(speeds={"road": None})
    with pytest.raises(RouteError, match="speeds has no row for road, so no address can be reached"):
        hours_of_access(network, NEAR_MID)


def test_addresses_far_from_all_terminals_are_refused() -> None:
    """Beyond 400 km of each road terminal, or where none is, the address is told."""
    network = tiny_network()
    with pytest.raises(RouteError, match=f"within {ACCESS_LIMIT_KM:.0f} km of 0,0: the nearest is"):
        road_places(network, find_place(network, "0,0"), "container")
    names = ("east", "mid", "port", "quay", "west")
    bare = tiny_network(terminals=dict.fromkeys([f"{n}-road" for n in names]))
    with pytest.raises(RouteError, match="has no place with a road terminal for container cargo"):
        road_places(bare, find_place(bare, NEAR_MID), "container")


def test_access_crosses_no_border() -> None:
    """Of places within reach only those in the country of the nearest are joined."""
    network = tiny_network(nodes={"east": {"lat": 45.6, "lon": 76.0}})
    found = road_places(network, find_place(network, NEAR_MID), "container")
    assert [str(network.table("nodes").ids[n]) for n, _ in found] == ["east"]


NEAR = ("50.0,60.0", "50.01,60.02", "49.97,59.98")


@pytest.mark.parametrize("address", NEAR)
def test_coordinates_in_a_place_are_that_place(address: str) -> None:
    """They have no access, no way stands twice, and the place itself is no other end."""
    network = open_case("00-base")
    found = ways(network, address, "bora")
    assert [w.km for w in found.itineraries] == [300, 560]
    assert found.origin == f"Alba ({find_place(network, address).label})"
    for asked in (("alba", address), (address, "alba"), (address, "50.001,60.001")):
        with pytest.raises(QueryError, match=r"Origin and destination are (one place|both)"):
            ways(network, *asked)


@pytest.mark.parametrize(
    "words",
    [
        {"avoid": ["mode:road"]},
        {"avoid": ["road"]},
        {"avoid": ["country:KZ"]},
        {"avoid": ["bora", "dene", "alba", "cita"]},
    ],
)
def test_access_is_by_road_in_its_country(words: dict[str, list[str]]) -> None:
    """Who avoids the road, the country or the places of access has no access."""
    with pytest.raises(RouteError, match=r"No way leads from 50,64\.3 to Dene"):
        ways(open_case("00-base"), "50.0,64.3", "dene", **words)


@pytest.mark.parametrize(
    "scope", [{"scope": "country", "scope_id": "KZ"}, {"scope": "node", "scope_id": "dene"}]
)
@pytest.mark.parametrize("mode", ["", "road"])
def test_a_rule_for_the_road_binds_access(scope: dict[str, str], mode: str) -> None:
    """A prohibition for road traffic, or for all, closes access too."""
    rule = {"effect": "prohibit", "rule": "None", "source_id": "src", "mode": mode, **scope}
    network = open_case("00-base", restrictions={"rule": rule})
    with pytest.raises(RouteError, match="rule rule: None"):
        ways(network, "50.0,64.3", "dene")


def test_access_leads_to_terminals_for_the_cargo() -> None:
    """A road terminal for bulk alone is no access for a container; the next place is."""
    network = open_case("00-base", terminals={"bora-road": {"cargo_groups": "bulk"}})
    assert all(w.km > 300 for w in ways(network, "50.0,64.3", "alba"))
    assert best(network, "50.0,64.3", "alba", cargo="grain").legs[0].km == pytest.approx(25.7, abs=0.1)
    assert [
        road_places(network, find_place(network, "50.0,64.3"), g)[0][0] for g in ("bulk", "container")
    ] == [1, 3]
