"""Protect the check of what cannot be on the ground: parts, distances, speeds, gauges, borders and lines."""

from __future__ import annotations

from typing import Any

import pytest

from daliz.tables.check import check_store
from tiny_faults import PLACE, faults, faults_beside
from tiny_package import network_of


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        # disconnected parts, with the nearest place to join
        (
            {"nodes": {"isle": PLACE | {"country": "KZ", "lat": 43.0, "lon": 51.0}}},
            (
                "links.csv: 'isle': no link joins this part to the rest; join isle to port, the nearest "
                "place at 69 km."
            ),
        ),
        # speeds and distances
        (
            {"speeds": {"rail-kz": {"speed_km_h": 250.0}}},
            (
                "speeds.csv, row rail-kz, column speed_km_h: '250': rail goes at 160 km/h at most; "
                "correct the figure or its unit."
            ),
        ),
        (
            {"services": {"ferry": {"speed_km_h": 90.0}}},
            (
                "services.csv, row ferry, column speed_km_h: '90': sea goes at 50 km/h at most; "
                "correct the figure or its unit."
            ),
        ),
        (
            {"links": {"sea-port-quay": {"length_km": 300.0}}},
            (
                "links.csv, row sea-port-quay, column length_km: '300': must be at least the great "
                "circle of 371.7 km; "
                "correct the length or the places."
            ),
        ),
        (
            {"links": {"rail-east-gate": {"length_km": 1500.0}}},
            (
                "links.csv, row rail-east-gate, column length_km: '1500': may be 6 times the great "
                "circle of 119.8 km at most; "
                "correct the length or its unit."
            ),
        ),
        (
            {"links": {"road-mid-port": {"to_node": "mid"}}},
            "links.csv, row road-mid-port, column to_node: 'mid': a link joins two places; correct one end.",
        ),
        # gauges
        (
            {"terminals": {"gate-gauge": None}},
            (
                "links.csv, row rail-east-gate, column gauge_mm: '1435': gauges 1435 and 1520 meet "
                "at gate without a change "
                "of gauge; add a gauge-change row to terminals.csv or end one line at another place."
            ),
        ),
        (
            {"links": {"rail-mid-port": {"gauge_mm": None}}},
            (
                "links.csv, row rail-mid-port, column gauge_mm: a rail link needs its gauge; "
                "give 1435, 1520 or 1676 for rail alone."
            ),
        ),
        (
            {"links": {"road-mid-port": {"gauge_mm": 1520.0}}},
            (
                "links.csv, row road-mid-port, column gauge_mm: '1520': only rail has a gauge; "
                "give 1435, 1520 or 1676 for rail alone."
            ),
        ),
        (
            {
                "terminals": {
                    "mid-gauge": {
                        "node_id": "mid",
                        "mode": "rail",
                        "operation": "gauge-change",
                        "class_id": "gauge",
                    }
                }
            },
            (
                "terminals.csv, row mid-gauge, column operation: 'gauge-change': two gauges must meet here; "
                "add the line of the other gauge or remove the row."
            ),
        ),
        # units
        (
            {"links": {"rail-mid-port": {"capacity": 20.0}}},
            (
                "links.csv, row rail-mid-port, column capacity_unit: capacity 20 has no unit; "
                "give one of train-pairs/day Mt/year TEU/year t/year trucks/day."
            ),
        ),
        # borders
        (
            {"borders": {"road-mid-west-forward": None}},
            (
                "borders.csv, column link_id: 'road-mid-west': mid is in KZ and west in AZ, but the "
                "way forward is missing; "
                "add a row for each direction."
            ),
        ),
        (
            {
                "borders": {
                    "b": {"link_id": "rail-gate-mid", "direction": "forward", "class_id": "rail-border"}
                }
            },
            (
                "borders.csv, row b, column link_id: 'rail-gate-mid': both ends lie in KZ; "
                "remove the row or correct the country."
            ),
        ),
        (
            {
                "borders": {
                    "b": {"link_id": "road-mid-west", "direction": "forward", "class_id": "road-border"}
                }
            },
            (
                "borders.csv, row road-mid-west-forward, column link_id: row b is the same border of a link in a "
                "direction (road-mid-west, forward); put the two into one row."
            ),
        ),
        # lines drawn elsewhere
        (
            {"shapes": {"rail-mid-port": {"geometry": "LINESTRING (75 45, 51.2 45)"}}},
            (
                "shapes.csv, row rail-mid-port, column geometry: '51.2 45': ends 156 km from port; "
                "draw the line from from_node to to_node as lon lat."
            ),
        ),
    ],
)
def test_each_fault_of_geography_is_told_once(changes: dict[str, Any], sentence: str) -> None:
    """One mistake in a clean package gives this sentence, and no other sentence of the same place."""
    assert [sentence] == faults_beside(sentence, **changes)


def test_a_part_of_several_places_is_joined_where_it_is_nearest() -> None:
    """A part of two places is one fault, which names the pair of places with the least distance."""
    isles = {
        "far": PLACE | {"country": "KZ", "lat": 50.0, "lon": 60.0},
        "near": PLACE | {"country": "KZ", "lat": 45.0, "lon": 74.0},
    }
    link = {"from_node": "far", "to_node": "near", "mode": "road", "length_km": 1500.0, "speed_class": "road"}
    expected = (
        "links.csv: 'far and 1 more': no link joins this part to the rest; join near to mid, the nearest "
        "place at 79 km."
    )
    assert [expected] == faults(nodes=isles, links={"road-far-near": link})


def test_places_without_coordinates_are_told_as_such() -> None:
    """Parts that nothing joins are told even where no place has coordinates."""
    found = check_store(
        network_of({"nodes": [PLACE | {"id": name, "country": "KZ"} for name in ("a", "b")]}).store
    ).faults
    assert ["b"] == [fault.value for fault in found if fault.allowed == "no link joins this part to the rest"]
