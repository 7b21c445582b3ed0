"""Draw maps: the land, ways and places in a frame that holds them, also across the 180th meridian."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.report.charts import colour_scale, corridor_colours, corridor_names, finished
from daliz.studies.brief_plan import Frame, first_frame
from daliz.tables.geo import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from daliz.arrays import Floats
    from daliz.routing import Itinerary
    from daliz.tables import Network

ROOM = 0.9
"""Share of a map that the places take at most."""
MOST_LAT = 85.0
"""Latitude up to which Mercator's projection is drawn."""
LEAST_RADIANS = 1e-3
"""Width and height of the smallest map, about 6 km."""


@functools.cache
def land() -> dict[str, Any]:
    """Return the land of the map as GeoJSON."""
    text = resources.files("daliz.report").joinpath("assets/land.json").read_text(encoding="utf-8")
    shapes: dict[str, Any] = json.loads(text)
    return shapes


def map_chart(
    network: Network, ways: Sequence[Itinerary], language: str = "en", frame: Frame | None = None
) -> alt.LayerChart:
    """Draw ways on a map, and the names of places of change as far as they have room.

    Parameters
    ----------
    network
        Network of the ways.
    ways
        Itineraries.
    language
        "en" or "kk".
    frame
        What the map shows; unless given the first map of the package's brief if it holds all ways, else all ways.
    """
    import altair as alt

    ids = list(dict.fromkeys(w.corridor for w in ways))
    names, given = corridor_names(network, language), corridor_colours(network)
    labels = [names.get(i, i) for i in ids]
    lines = [_feature(names.get(w.corridor, w.corridor), _lines(w)) for w in ways]
    places = list(_changes(network, ways, language).values())
    shown = points_of([line for way in ways for line in _lines(way)], places)
    frame = frame or frame_of(network, shown)
    tracks = (
        alt.Chart(alt.Data(values=lines))
        .mark_geoshape(filled=False, strokeWidth=2.2, opacity=0.9)
        .encode(
            color=alt.Color(
                "properties.way:N",
                scale=alt.Scale(**colour_scale(labels, [given.get(i, "") for i in ids])),
                title=None,
                legend=alt.Legend(orient="bottom"),
            )
        )
    )
    dots = point_marks(places, 20)
    texts = name_marks(_spaced(places, frame.apart_deg))
    return framed(alt.layer(ground(frame), tracks, dots, texts), frame, language)


def frame_of(network: Network, points: Floats | None = None) -> Frame:
    """Return the frame of the package's own maps if it holds what is shown, else one around that.

    Parameters
    ----------
    network
        Network of the map.
    points
        Longitude and latitude of what is shown, shape (points, 2); the package's own frame, or all places of the
        network if it has none, unless given.
    """
    own = first_frame(network)
    if points is not None and len(points):
        return own if own is not None and _holds(own, points) else frame_around(points)
    if own is not None:
        return own
    nodes = network.table("nodes")
    return frame_around(np.stack([nodes["lon"], nodes["lat"]], axis=1))


def points_of(lines: Sequence[list[list[float]]], places: Sequence[dict[str, Any]] = ()) -> Floats:
    """Collect the points of lines and places as longitude and latitude, shape (points, 2)."""
    found = [point for line in lines for point in line] + [[p["lon"], p["lat"]] for p in places]
    return np.array(found, np.float64).reshape(-1, 2)


def frame_around(points: Floats) -> Frame:
    """Return the frame that holds some points, over the shorter way round the globe.

    Parameters
    ----------
    points
        Longitude and latitude, shape (points, 2); longitudes may run on beyond 180 degrees.

    Examples
    --------
    >>> frame = frame_around(np.array([[121.6, 31.3], [-118.2, 33.7]]))
    >>> round(frame.lon, 1)
    -178.3
    """
    lon, lat = points[np.isfinite(points).all(axis=1)].T
    if not len(lon):
        lon, lat = np.zeros(1), np.zeros(1)
    turned = np.unique(np.mod(lon, 360.0))
    gaps = np.diff(np.append(turned, turned[0] + 360.0))
    widest = int(np.argmax(gaps))
    west, span = float(turned[(widest + 1) % len(turned)]), 360.0 - float(gaps[widest])
    north = np.arcsinh(np.tan(np.radians(np.clip(lat, -MOST_LAT, MOST_LAT))))
    low, high = float(north.min()), float(north.max())
    plain = Frame(0.0, 0.0, 1.0)
    width, height = max(np.radians(span), LEAST_RADIANS), max(high - low, LEAST_RADIANS)
    scale = ROOM * min(plain.width / width, plain.height / height)
    middle = (west + span / 2 + 180.0) % 360.0 - 180.0
    centre = float(np.degrees(np.arctan(np.sinh((low + high) / 2))))
    return Frame(middle, centre, float(scale), apart_deg=1200.0 / float(scale))


def _sides(frame: Frame) -> tuple[float, float, float]:
    """Return half the width of a frame in degrees, and its lowest and highest latitude."""
    middle = float(np.arcsinh(np.tan(np.radians(frame.lat))))
    half = frame.height / 2 / frame.scale
    low, high = (float(np.degrees(np.arctan(np.sinh(middle + s * half)))) for s in (-1, 1))
    return float(np.degrees(frame.width / 2 / frame.scale)), low, high


def _holds(frame: Frame, points: Floats) -> bool:
    """Check whether a frame holds all points."""
    half, low, high = _sides(frame)
    away = np.mod(points[:, 0] - frame.lon + 180.0, 360.0) - 180.0
    return bool((np.abs(away) <= half).all() and (points[:, 1] >= low).all() and (points[:, 1] <= high).all())


def framed(chart: alt.LayerChart, frame: Frame, language: str) -> alt.LayerChart:
    """Set a map into its frame, in Mercator's projection.

    The globe is turned so that its seam lies opposite to the middle of the frame, and lines are split there.
    """
    projection = {
        "type": "mercator",
        "rotate": [-frame.lon, 0, 0],
        "center": (0, frame.lat),
        "scale": frame.scale,
        "translate": [frame.width / 2, frame.height / 2],
    }
    return finished(chart.project(**projection).properties(width=frame.width, height=frame.height), language)


def ground(frame: Frame) -> alt.Chart:
    """Draw the land in the frame of a map."""
    import altair as alt

    values = alt.Data(values=[f for f in land()["features"] if _seen(f, frame)])
    return alt.Chart(values).mark_geoshape(fill="#eef0ea", stroke="#b9bfb3", strokeWidth=0.4)


def _seen(feature: dict[str, Any], frame: Frame) -> bool:
    """Check whether a piece of land reaches into a frame, by the box around it."""
    half, low, high = _sides(frame)
    lon, lat = np.array(feature["geometry"]["coordinates"][0]).T
    if lat.max() < low or lat.min() > high:
        return False
    away = np.mod(lon - frame.lon + 180.0, 360.0) - 180.0
    return bool((np.abs(away) <= half).any() or lon.max() - lon.min() >= half)


def point_marks(places: list[dict[str, Any]], size: int) -> alt.Chart:
    """Draw places with lon and lat as dots."""
    import altair as alt

    points = alt.Chart(alt.Data(values=places))
    return points.mark_circle(size=size, color="#222222").encode(longitude="lon:Q", latitude="lat:Q")


def name_marks(places: list[dict[str, Any]]) -> alt.Chart:
    """Write the names of places with lon and lat above them."""
    import altair as alt

    points = alt.Chart(alt.Data(values=places))
    return points.mark_text(dy=-8, fontSize=10, color="#222222").encode(
        longitude="lon:Q", latitude="lat:Q", text="name:N"
    )


def named_place(network: Network, name: str, language: str) -> dict[str, Any]:
    """Return name, lon and lat of a node for a map."""
    nodes = network.table("nodes")
    i = nodes.position[name]
    return {
        "name": str(nodes[f"name_{language}"][i]),
        "lon": float(nodes["lon"][i]),
        "lat": float(nodes["lat"][i]),
    }


def _changes(network: Network, ways: Sequence[Itinerary], language: str) -> dict[str, dict[str, Any]]:
    """Collect the places where legs begin and end."""
    ends = dict.fromkeys(p for way in ways for leg in way.legs for p in (leg.places[0], leg.places[-1]))
    return {place: named_place(network, place, language) for place in ends}


def _feature(label: str, lines: list[list[list[float]]]) -> dict[str, Any]:
    geometry = {"type": "MultiLineString", "coordinates": lines}
    return {"type": "Feature", "properties": {"way": label}, "geometry": geometry}


def _spaced(places: list[dict[str, Any]], apart_deg: float) -> list[dict[str, Any]]:
    """Keep the places whose labels do not lie on one another."""
    kept: list[dict[str, Any]] = []
    for place in places:
        if all(
            abs(place["lon"] - k["lon"]) > 2 * apart_deg or abs(place["lat"] - k["lat"]) > apart_deg
            for k in kept
        ):
            kept.append(place)
    return kept


def _lines(way: Itinerary) -> list[list[list[float]]]:
    network = way.graph.network
    links = network.table("links")
    return [link_line(network, str(links.ids[link])) for a in way.arcs for link, _ in way.graph.arcs[a].links]


def link_line(network: Network, name: str) -> list[list[float]]:
    """Return the line of a link as longitude and latitude: its shape, or straight between its ends."""
    shapes = network.store["shapes"]
    if name in shapes.position:
        points = parse_line(str(shapes["geometry"][shapes.position[name]]))
    else:
        nodes, link = network.table("nodes"), network.table("links").row(name)
        ends = [nodes.position[link[c]] for c in ("from_node", "to_node")]
        points = np.array([[nodes["lon"][i], nodes["lat"][i]] for i in ends])
    line: list[list[float]] = np.round(points, 3).tolist()
    return line
