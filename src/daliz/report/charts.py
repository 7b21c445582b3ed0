"""Draw the charts: one specification for the page and for paper."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.report.translate import Speech
from daliz.routing.time_cost_distance import profile
from daliz.tables.geo import parse_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from daliz.routing import Itinerary
    from daliz.tables import Network

PALETTE = {
    "middle": "#0a7e8c",
    "north": "#c0504d",
    "sea": "#1f4e9c",
    "south": "#c98a1b",
    "air": "#7b5ea7",
    "road": "#6b6b6b",
    "rail": "#3f8f4f",
}
FONT = "Noto Sans, DejaVu Sans, Segoe UI, sans-serif"
BAND = (0.05, 0.95)
ENDS = frozenset({"start", "terminal", "terminal and wait", "gauge change"})
STOPS = ENDS | {"border", "stop"}


@dataclass(frozen=True, slots=True)
class Frame:
    """Be the frame of a map: centre in degrees, pixels per radian, width and height in pixels, room for labels in degrees."""

    lon: float
    lat: float
    scale: float
    width: int
    height: int
    apart_deg: float


OVERVIEW = Frame(62.0, 22.0, 240.0, 680, 560, 5.0)
HEARTLAND = Frame(62.0, 45.5, 560.0, 680, 380, 1.6)


@functools.cache
def land() -> dict[str, Any]:
    """Give the land of the map as GeoJSON."""
    text = resources.files("daliz.report").joinpath("assets/land.json").read_text(encoding="utf-8")
    shapes: dict[str, Any] = json.loads(text)
    return shapes


def finished(chart: Any, language: str) -> alt.LayerChart:
    """Give a chart the fonts and colours of all, and numbers as the language writes them."""
    done: alt.LayerChart = (
        chart.configure(font=FONT, background="white", locale={"number": Speech(language).marks()})
        .configure_view(strokeWidth=0)
        .configure_axis(labelFontSize=11, titleFontSize=11, gridColor="#e6e6e6")
        .configure_legend(labelFontSize=11, titleFontSize=11, symbolStrokeWidth=3, labelLimit=400)
    )
    return done


def _colours(names: Sequence[str], ids: Sequence[str]) -> dict[str, list[str]]:
    spare = ["#8c564b", "#17becf", "#bcbd22", "#e377c2"]
    return {
        "domain": list(names),
        "range": [PALETTE.get(i, spare[n % len(spare)]) for n, i in enumerate(ids)],
    }


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
    rows, stops = [], []
    for number, way in enumerate(ways, 1):
        names = corridor_names(way.graph.network, language)
        label = f"{number}. {names.get(way.corridor, way.corridor)}"
        points = profile(way, language)
        for order, p in enumerate(points):
            low, high = _band(p.hours, p.hours_sd)
            rows.append(
                {
                    "way": label,
                    "order": order,
                    "km": p.km,
                    "days": p.hours / 24,
                    "low": low / 24,
                    "high": high / 24,
                    "usd": p.usd,
                }
            )
        stops += _labels(label, points, ENDS if len(ways) > 1 else STOPS)
    colour = alt.Color(
        "way:N",
        scale=alt.Scale(
            **_colours(
                [
                    f"{n}. {corridor_names(w.graph.network, language).get(w.corridor, w.corridor)}"
                    for n, w in enumerate(ways, 1)
                ],
                [w.corridor for w in ways],
            )
        ),
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
    network: Network, ways: Sequence[Itinerary], language: str = "en", frame: Frame = OVERVIEW
) -> alt.LayerChart:
    """Draw ways on a map with the names of the places where shipments change carriers, as far as they have room."""
    import altair as alt

    names = corridor_names(network, language)
    ids = list(dict.fromkeys(w.corridor for w in ways))
    labels = [names.get(i, i) for i in ids]
    lines, places = [], {}
    column = f"name_{language}"
    nodes = network.table("nodes")
    for way in ways:
        label = names.get(way.corridor, way.corridor)
        lines.append(
            {
                "type": "Feature",
                "properties": {"way": label},
                "geometry": {"type": "MultiLineString", "coordinates": _lines(way)},
            }
        )
        for leg in way.legs:
            for place in (leg.places[0], leg.places[-1]):
                i = nodes.position[place]
                places[place] = {
                    "name": str(nodes[column][i]),
                    "lon": float(nodes["lon"][i]),
                    "lat": float(nodes["lat"][i]),
                }
    projection = {
        "type": "mercator",
        "center": (frame.lon, frame.lat),
        "scale": frame.scale,
        "translate": [frame.width / 2, frame.height / 2],
    }
    ground = alt.Chart(alt.Data(values=land()["features"])).mark_geoshape(
        fill="#eef0ea", stroke="#b9bfb3", strokeWidth=0.4
    )
    tracks = (
        alt.Chart(alt.Data(values=lines))
        .mark_geoshape(filled=False, strokeWidth=2.2, opacity=0.9)
        .encode(
            color=alt.Color(
                "properties.way:N",
                scale=alt.Scale(**_colours(labels, ids)),
                title=None,
                legend=alt.Legend(orient="bottom"),
            )
        )
    )
    points = alt.Chart(alt.Data(values=list(places.values())))
    dots = points.mark_circle(size=20, color="#222222").encode(longitude="lon:Q", latitude="lat:Q")
    named = alt.Chart(alt.Data(values=_spaced(list(places.values()), frame.apart_deg)))
    texts = named.mark_text(dy=-8, fontSize=10, color="#222222").encode(
        longitude="lon:Q", latitude="lat:Q", text="name:N"
    )
    chart = (
        alt.layer(ground, tracks, dots, texts)
        .project(**projection)
        .properties(width=frame.width, height=frame.height)
    )
    return finished(chart, language)


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
    """Give the line of a link as points of longitude and latitude: its shape, or straight between its ends."""
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
        Dicts with corridor (id), label, days, days_low, days_high, usd, usd_low, usd_high.
    """
    import altair as alt

    speech = Speech(language)
    colours = _colours([r["label"] for r in rows], [r["corridor"] for r in rows])
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
