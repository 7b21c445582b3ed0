"""Draw the charts: one specification for the page and for paper."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from daliz.report.translate import Speech
from daliz.routing.time_cost_distance import profile

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
ENDS = frozenset({"start", "terminal", "terminal and wait", "gauge change"})
STOPS = ENDS | {"border", "stop"}


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
