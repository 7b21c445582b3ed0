"""Maps hold all that they show, also across the 180th meridian and for ways beyond the package's own frame."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import daliz
from daliz.report.maps import _holds, frame_around, land, map_chart
from questions import routes_of
from route_cases import open_case, ways

SLACK_DEG = 1e-6


@given(
    st.lists(st.tuples(st.floats(-540, 540), st.floats(-80, 80)), min_size=1, max_size=12),
)
def test_a_frame_holds_all_points(points: list[tuple[float, float]]) -> None:
    """Whatever the points, and however far their longitudes run on, they lie in the frame around them."""
    assert _holds(frame_around(np.array(points)), np.array(points))


@given(st.floats(-180, 180), st.floats(1, 170), st.floats(-60, 60))
def test_a_frame_takes_the_shorter_way_round(lon: float, apart: float, lat: float) -> None:
    """Two places are framed from the one to the other over less than half the globe."""
    frame = frame_around(np.array([[lon, lat], [lon + apart, lat]]))
    away = (frame.lon - lon - apart / 2 + 180) % 360 - 180
    assert abs(away) < SLACK_DEG * 1e3


def test_a_way_over_the_pacific_is_framed_round_its_middle() -> None:
    """From Shanghai to Los Angeles the map lies round the 180th meridian and is turned there."""
    found = routes_of(daliz.open("eurasia"), "Shanghai", "Los Angeles", k=2, draws=0, pareto=False)
    projection = map_chart(found.query.graph.network, found.itineraries).to_dict()["projection"]
    assert abs(-projection["rotate"][0]) > 150
    assert projection["center"][0] == 0


def test_a_way_in_the_frame_of_the_package_keeps_it() -> None:
    """What lies in the package's own map is drawn there."""
    network = daliz.open("eurasia")
    found = routes_of(network, "Aktau", "Baku", k=1, draws=0, pareto=False)
    from daliz.studies.brief_plan import first_frame

    own = first_frame(network)
    assert own is not None
    assert map_chart(network, found.itineraries).to_dict()["projection"]["rotate"][0] == -own.lon


def test_a_small_package_is_framed_by_its_ways() -> None:
    """Without a frame of its own a package is framed by what is shown, and two ways are two colours or one legend."""
    found = ways(open_case("00-base"), "alba", "dene")
    projection: dict[str, Any] = map_chart(found.query.graph.network, found.itineraries).to_dict()[
        "projection"
    ]
    assert -projection["rotate"][0] == pytest.approx(64, abs=0.5)


def test_the_land_goes_round_the_world() -> None:
    """Every continent is there, and no ring runs across the map."""
    rings = [np.array(f["geometry"]["coordinates"][0]) for f in land()["features"]]
    lon = np.concatenate([r[:, 0] for r in rings])
    assert lon.min() < -160
    assert lon.max() > 170
    assert all(abs(a[0] - b[0]) < 180 for r in rings for a, b in pairwise(r.tolist()))
