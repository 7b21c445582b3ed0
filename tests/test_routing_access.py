"""Hold how addresses given as coordinates join the network by road, and what that road is taken to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daliz.errors import RouteError
from daliz.graph.ledger import Cause, Kind
from daliz.paths.ground import ground_of
from daliz.paths.places import find_place
from daliz.routing.access import ACCESS_LIMIT_KM, road_places, with_access
from daliz.tables.geo import great_circle_km
from questions import routes_of
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
    ground, state = with_access(ground_of(network), find_place(network, address), outward=True)
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
    ((node, km),) = road_places(network, place)
    assert str(network.table("nodes").ids[node]) == "mid"
    assert km * WINDING == pytest.approx(km_to_mid())
    plain = ground_of(network)
    out, state = with_access(plain, place, outward=True)
    back, goal = with_access(plain, place, outward=False)
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
    ground, _ = with_access(ground_of(network), find_place(network, NEAR_MID), outward=True)
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
    with pytest.raises(RouteError, match=f"within {ACCESS_LIMIT_KM:.0f} km of 0,0; give a nearer place"):
        road_places(network, find_place(network, "0,0"))
    names = ("east", "mid", "port", "quay", "west")
    bare = tiny_network(terminals=dict.fromkeys([f"{n}-road" for n in names]))
    with pytest.raises(RouteError, match="No place with a road terminal lies"):
        road_places(bare, find_place(bare, NEAR_MID))


def test_access_crosses_no_border() -> None:
    """Of places within reach only those in the country of the nearest are joined."""
    network = tiny_network(nodes={"east": {"lat": 45.6, "lon": 76.0}})
    found = road_places(network, find_place(network, NEAR_MID))
    assert [str(network.table("nodes").ids[n]) for n, _ in found] == ["east"]
