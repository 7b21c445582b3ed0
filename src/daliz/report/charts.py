"""Draw the charts: one specification for the page and for paper."""

from __future__ import annotations

import functools
import itertools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.report.translate import Speech
from daliz.routing.time_cost_distance import profile
from daliz.studies.brief_plan import Frame, first_frame
from daliz.tables.geo import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from daliz.routing import Itinerary
    from daliz.tables import Network

SPARE = (
    "#0a7e8c",
    "#c0504d",
    "#1f4e9c",
    "#c98a1b",
    "#7b5ea7",
    "#3f8f4f",
    "#8c564b",
    "#17becf",
    "#bcbd22",
    "#e377c2",
)
"""Colours in turn where the tables name none."""
FONT = "Noto Sans, DejaVu Sans, Segoe UI, sans-serif"
BAND = (0.05, 0.95)
ROOM = 0.9
"""Share of a map that the places take at most."""
ENDS = frozenset({"start", "terminal", "terminal and wait", "gauge change"})
STOPS = ENDS | {"border", "stop"}


@functools.cache
def land() -> dict[str, Any]:
    """Return the land of the map as GeoJSON."""
    text = resources.files("daliz.report").joinpath("assets/land.json").read_text(encoding="utf-8")
    shapes: dict[str, Any] = json.loads(text)
    return shapes


def finished(chart: Any, language: str) -> alt.LayerChart:
    """Set the fonts and colours of all charts, and numbers as the language writes them."""
    done: alt.LayerChart = (
        chart.configure(font=FONT, background="white", locale={"number": Speech(language).marks()})
        .configure_view(strokeWidth=0)
        .configure_axis(labelFontSize=11, titleFontSize=11, gridColor="#e6e6e6")
        .configure_legend(labelFontSize=11, titleFontSize=11, symbolStrokeWidth=3, labelLimit=400)
    )
    return done


def colour_scale(names: Sequence[str], given: Sequence[str]) -> dict[str, list[str]]:
    """Pair names with their colours; a name without one takes the next spare colour that no other has.

    Examples
    --------
    >>> colour_scale(["a", "b"], ["#0a7e8c", ""])
    {'domain': ['a', 'b'], 'range': ['#0a7e8c', '#c0504d']}
    """
    free = [c for c in SPARE if c not in given] or list(SPARE)
    spare = itertools.cycle(free)
    return {"domain": list(names), "range": [c or next(spare) for c in given]}


def corridor_colours(network: Network) -> dict[str, str]:
    """Return the colours of corridors as the tables name them; blank where they name none."""
    return {str(row["id"]): str(row["colour"]) for row in network.table("corridors").rows()}


def corridor_names(network: Network, language: str) -> dict[str, str]:
    """Name the corridors in a language; modes stand for themselves."""
    speech = Speech(language)
    return {row["id"]: speech.name(row) for row in network.table("corridors").rows()}


def time_cost_distance(ways: Sequence[Itinerary], language: str = "en") -> alt.LayerChart:
    """Draw the time-cost-distance diagram (UNESCAP) of one or several ways.

    Cumulative days (above) and USD (below) against km; a vertical step is a stop and carries its place.
    The band holds nine shipments in ten: the gamma distribution with the mean and standard deviation of
    the hours until there.

    Parameters
    ----------
    ways
        Itineraries.
    language
        "en" or "kk".
    """
    import altair as alt

    speech = Speech(language)
    labels = [f"{n}. {corridor_label(way, language)}" for n, way in enumerate(ways, 1)]
    rows, stops = [], []
    for way, label in zip(ways, labels, strict=True):
        points = profile(way, language)
        rows += _profile_rows(label, points)
        stops += _labels(label, points, ENDS if len(ways) > 1 else STOPS)
    colour = alt.Color(
        "way:N",
        scale=alt.Scale(**colour_scale(labels, [_colour(way) for way in ways])),
        title=None,
        legend=alt.Legend(orient="top", symbolOpacity=1, symbolType="stroke"),
    )
    plain = alt.Chart(alt.Data(values=rows)).encode(x=alt.X("km:Q", title=speech("km")), color=colour)
    base = plain.encode(order="order:Q")
    # An area with an order is drawn as a tangle: it goes by km alone.
    band = plain.mark_area(opacity=0.15).encode(y=alt.Y("low:Q", title=speech("days")), y2="high:Q")
    days = base.mark_line(strokeWidth=2).encode(y="days:Q")
    marks = (
        alt.Chart(alt.Data(values=stops))
        .mark_text(align="left", dx=4, dy=8, fontSize=9)
        .encode(x="km:Q", y="days:Q", text="place:N", color=alt.Color("way:N", legend=None))
    )
    dots = (
        alt.Chart(alt.Data(values=stops))
        .mark_circle(size=22)
        .encode(x="km:Q", y="days:Q", color=alt.Color("way:N", legend=None))
    )
    usd = base.mark_line(strokeWidth=2).encode(y=alt.Y("usd:Q", title=speech("usd")))
    upper = alt.layer(band, days, dots, marks).properties(width=640, height=330)
    return finished(
        alt.vconcat(upper, usd.properties(width=640, height=170)).resolve_scale(color="shared"), language
    )


def corridor_label(way: Itinerary, language: str) -> str:
    """Name the corridor of an itinerary in a language."""
    return corridor_names(way.graph.network, language).get(way.corridor, way.corridor)


def _colour(way: Itinerary) -> str:
    return corridor_colours(way.graph.network).get(way.corridor, "")


def _profile_rows(label: str, points: Sequence[Any]) -> list[dict[str, Any]]:
    """List the corners of a diagram with the band of hours."""
    rows = []
    for order, p in enumerate(points):
        low, high = (end / 24 for end in _band(p.hours, p.hours_sd))
        row = {"way": label, "order": order, "km": p.km, "days": p.hours / 24, "low": low, "high": high}
        rows.append(row | {"usd": p.usd})
    return rows


def _band(hours: float, sd: float) -> tuple[float, float]:
    from scipy.special import gammaincinv

    if hours <= 0 or sd <= 0:
        return hours, hours
    shape, scale = (hours / sd) ** 2, sd**2 / hours
    low, high = (float(gammaincinv(shape, q)) * scale for q in BAND)
    return low, high


def _labels(label: str, points: Sequence[Any], events: frozenset[str]) -> list[dict[str, Any]]:
    """Label each stop once, leaving out those that would lie on one another."""
    found: list[dict[str, Any]] = []
    span = max(points[-1].km, 1.0)
    for p in points:
        if p.event not in events and p is not points[-1]:
            continue
        if found and found[-1]["place"] == p.place:
            found[-1] |= {"km": p.km, "days": p.hours / 24}
        elif not found or p.km - found[-1]["km"] > 0.025 * span or p is points[-1]:
            found.append({"way": label, "place": p.place, "km": p.km, "days": p.hours / 24})
    return found


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
        What the map shows; the first map of the package's brief unless given, else the network whole.
    """
    import altair as alt

    frame = frame or frame_of(network)
    ids = list(dict.fromkeys(w.corridor for w in ways))
    names, given = corridor_names(network, language), corridor_colours(network)
    labels = [names.get(i, i) for i in ids]
    lines = [_feature(names.get(w.corridor, w.corridor), _lines(w)) for w in ways]
    places = list(_changes(network, ways, language).values())
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
    return framed(alt.layer(ground(), tracks, dots, texts), frame, language)


def frame_of(network: Network) -> Frame:
    """Return the frame of the package's own maps, or one that holds all its places."""
    own = first_frame(network)
    if own is not None:
        return own
    nodes = network.table("nodes")
    lon, lat = np.radians(np.array(nodes["lon"])), np.radians(np.clip(nodes["lat"], -85.0, 85.0))
    north = np.arcsinh(np.tan(lat))
    ends = [(float(np.nanmin(v)), float(np.nanmax(v))) for v in (lon, north)]
    (west, east), (low, high) = ends
    plain = Frame(0.0, 0.0, 1.0)
    scale = ROOM * min(plain.width / max(east - west, 1e-3), plain.height / max(high - low, 1e-3))
    centre = np.degrees([(west + east) / 2, np.arctan(np.sinh((low + high) / 2))])
    return Frame(float(centre[0]), float(centre[1]), scale, apart_deg=1200.0 / scale)


def framed(chart: alt.LayerChart, frame: Frame, language: str) -> alt.LayerChart:
    """Set a map into its frame, in Mercator's projection."""
    projection = {
        "type": "mercator",
        "center": (frame.lon, frame.lat),
        "scale": frame.scale,
        "translate": [frame.width / 2, frame.height / 2],
    }
    return finished(chart.project(**projection).properties(width=frame.width, height=frame.height), language)


def ground() -> alt.Chart:
    """Draw the land under a map."""
    import altair as alt

    values = alt.Data(values=land()["features"])
    return alt.Chart(values).mark_geoshape(fill="#eef0ea", stroke="#b9bfb3", strokeWidth=0.4)


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


def comparison_chart(rows: Sequence[dict[str, Any]], language: str = "en") -> alt.LayerChart:
    """Draw days and USD of several ways with their ranges side by side.

    Parameters
    ----------
    rows
        Dicts with label, days, days_low, days_high, usd, usd_low, usd_high, and colour where it has one.
    language
        "en" or "kk".
    """
    import altair as alt

    speech = Speech(language)
    colours = colour_scale([r["label"] for r in rows], [r.get("colour", "") for r in rows])
    charts = []
    for measure in ("days", "usd"):
        base = alt.Chart(alt.Data(values=list(rows))).encode(
            y=alt.Y(
                "label:N",
                sort=[r["label"] for r in rows],
                title=None,
                axis=alt.Axis(labelLimit=180) if measure == "days" else None,
            ),
            color=alt.Color("label:N", scale=alt.Scale(**colours), legend=None),
        )
        kind = "log" if measure == "usd" else "linear"
        scale = alt.Scale(type=kind, nice=True)
        rules = base.mark_rule(strokeWidth=5, opacity=0.35).encode(
            x=alt.X(f"{measure}_low:Q", title=speech(measure), scale=scale), x2=f"{measure}_high:Q"
        )
        dots = base.mark_point(filled=True, size=70).encode(x=alt.X(f"{measure}:Q", scale=scale))
        charts.append(alt.layer(rules, dots).properties(width=280, height=26 * len(rows) + 10))
    return finished(alt.hconcat(*charts), language)


def grade_chart(shares: Sequence[tuple[str, int, float]], language: str = "en") -> alt.LayerChart:
    """Draw the share of figures by grade of evidence."""
    import altair as alt

    speech = Speech(language)
    rows = [{"grade": speech(f"grade_{g}"), "share": s, "order": i} for i, (g, _, s) in enumerate(shares)]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar(color="#0a7e8c")
        .encode(
            x=alt.X("share:Q", axis=alt.Axis(format="%"), title=speech("share")),
            y=alt.Y("grade:N", sort=alt.SortField("order"), title=None),
        )
    )
    return finished(chart.properties(width=420, height=150), language)
