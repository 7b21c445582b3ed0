"""Draw a chain of production: its flows from ore to market, on whom it depends, and what moves on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.report.charts import colour_scale, corridor_colours, corridor_names, finished
from daliz.report.maps import (
    frame_of,
    framed,
    ground,
    link_line,
    name_marks,
    named_place,
    point_marks,
    points_of,
)
from daliz.report.translate import Speech
from daliz.report.volumes import MODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from daliz.studies.brief_plan import Frame
    from daliz.supplychain import Supply

GREY = "#b4bac2"
WIDTH, HEIGHT = 680, 420
THICK, GAP = 0.03, 0.035
"""Width of a box in columns, and the room between boxes over all."""
CURVE = 24
LARGEST = 14
COLOURS = ("#3f8f4f", "#6b6b6b", "#1f4e9c", "#7b5ea7", "#0a7e8c")
"""Colours of the modes of transport, in the order of `MODES`."""
SHARES = ("#0a7e8c", "#c0504d", "#3f8f4f", "#c98a1b")
"""Colours of the parts of a bar."""
STAGES = {
    "mine": "stage_mine",
    "lumped": "stage_lumped",
    "store": "stage_store",
    "concentrator": "stage_concentrator",
    "smelter": "stage_smelter",
    "refinery": "stage_refinery",
    "converter": "stage_converter",
    "enricher": "stage_enricher",
    "fabricator": "stage_fabricator",
    "power": "stage_power",
    "water": "stage_water",
    "electrolyser": "stage_electrolyser",
    "synthesis": "stage_synthesis",
    "plant": "stage_plant",
    "market": "stage_market",
}
Box = tuple[str, str]


def sankey_chart(plan: Supply, language: str = "en") -> alt.LayerChart:
    """Draw what goes from stage to stage and country to country by content; colours are corridors.

    Parameters
    ----------
    plan
        A plan of `supply`.
    language
        "en" or "kk".
    """
    import altair as alt

    speech = Speech(language)
    flows, depth = _flows(plan)
    boxes = _boxes(flows, depth)
    names, given = corridor_names(plan.chain.network, language), corridor_colours(plan.chain.network)
    bands, used = _bands(flows, boxes, depth), list(dict.fromkeys(c for _, _, c in flows))
    labels = [names.get(c, speech("outside") if c == "lane" else speech("within")) for c in used]
    for b in bands:
        b["corridor"] = labels[used.index(b["corridor"])]
    colour = alt.Color(
        "corridor:N",
        scale=alt.Scale(**colour_scale(labels, [given.get(c, GREY) or "" for c in used])),
        title=None,
        legend=alt.Legend(orient="bottom"),
    )
    rows = [
        {
            "x": depth[k],
            "x2": depth[k] + THICK,
            "top": top,
            "bottom": bottom,
            "level": (top + bottom) / 2,
            "label": f"{speech.country(k[1])} · {speech(STAGES[k[0]])}",
        }
        for k, (bottom, top) in boxes.items()
    ]
    layers = alt.layer(_band_marks(bands, colour), *_box_marks(rows))
    return finished(layers.properties(width=WIDTH, height=HEIGHT), language)


def _band_marks(bands: list[dict[str, Any]], colour: alt.Color) -> alt.Chart:
    """Draw the bands of a Sankey diagram."""
    import altair as alt

    plain = alt.Axis(labels=False, ticks=False, domain=False, grid=False)
    return (
        alt.Chart(alt.Data(values=bands))
        .mark_area(opacity=0.55)
        .encode(
            x=alt.X("x:Q", axis=plain, title=None),
            y=alt.Y("top:Q", axis=plain, title=None),
            y2="bottom:Q",
            color=colour,
            detail="band:N",
        )
    )


def _box_marks(rows: list[dict[str, Any]]) -> tuple[alt.Chart, alt.Chart]:
    """Draw the boxes of a Sankey diagram and their names."""
    import altair as alt

    base = alt.Chart(alt.Data(values=rows))
    rect = base.mark_rect(color="#44505e").encode(x="x:Q", x2="x2:Q", y="top:Q", y2="bottom:Q")
    text = base.mark_text(align="left", dx=5, fontSize=10).encode(x="x2:Q", y="level:Q", text="label:N")
    return rect, text


def _flows(plan: Supply) -> tuple[dict[tuple[Box, Box, str], float], dict[Box, int]]:
    """Compute content that flows between boxes by corridor, and the column of each box."""
    chain = plan.chain

    def box(place: str) -> Box:
        if place in chain.markets:
            return ("market", str(chain.markets[place]["region"]))
        return (str(chain.facilities[place]["stage"]), str(chain.facilities[place]["country"]))

    flows: dict[tuple[Box, Box, str], float] = {}
    for r in plan.itineraries():
        weight = float(chain.commodities[r["commodity"]]["content"]) or float(
            chain.commodities[r["commodity"]]["mass_t"]
        )
        key = (box(r["from"]), box(r["to"]), r["corridor"])
        flows[key] = flows.get(key, 0.0) + r["units"] * weight
    total = max(sum(flows.values()), 1e-300)
    flows = {k: v for k, v in flows.items() if v > 1e-3 * total}
    depth = {b: 0 for k in flows for b in k[:2]}
    for _ in range(len(depth)):
        for a, b, _ in flows:
            depth[b] = max(depth[b], min(depth[a] + 1, len(depth)))
    last = max(depth.values(), default=0)
    return flows, {b: last if b[0] == "market" else d for b, d in depth.items()}


def _boxes(flows: dict[tuple[Box, Box, str], float], depth: dict[Box, int]) -> dict[Box, tuple[float, float]]:
    """Compute the lower and upper end of each box; each column is stacked from the top, the largest first."""
    size = {
        b: max(sum(v for k, v in flows.items() if k[0] == b), sum(v for k, v in flows.items() if k[1] == b))
        for b in depth
    }
    room = GAP * max((sum(size[b] for b in depth if depth[b] == d) for d in set(depth.values())), default=1.0)
    found = {}
    for d in sorted(set(depth.values())):
        top = 0.0
        for b in sorted((b for b in depth if depth[b] == d), key=lambda b: -size[b]):
            found[b] = (top - size[b], top)
            top -= size[b] + room
    return found


def _bands(
    flows: dict[tuple[Box, Box, str], float], boxes: dict[Box, tuple[float, float]], depth: dict[Box, int]
) -> list[dict[str, Any]]:
    leaves, enters = ({b: top for b, (_, top) in boxes.items()} for _ in range(2))
    x = np.linspace(0.0, 1.0, CURVE)
    bend = x * x * (3 - 2 * x)
    found: list[dict[str, Any]] = []
    order = sorted(flows, key=lambda k: (-boxes[k[0]][1], -boxes[k[1]][1]))
    for n, key in enumerate(order):
        a, b, corridor = key
        size = flows[key]
        start, end = leaves[a], enters[b]
        leaves[a] -= size
        enters[b] -= size
        left, right = depth[a] + THICK, float(depth[b])
        top = start + (end - start) * bend
        found += [
            {
                "band": n,
                "corridor": corridor,
                "x": left + (right - left) * float(t),
                "top": float(y),
                "bottom": float(y) - size,
            }
            for t, y in zip(x, top, strict=True)
        ]
    return found


def dependence_chart(
    rows: Sequence[dict[str, Any]], language: str = "en", *, countries: bool = True
) -> alt.LayerChart:
    """Draw the share of supply that crosses, and that is made on, each country or thing as bars.

    Parameters
    ----------
    rows
        From `dependence`.
    language
        "en" or "kk".
    countries
        Whether names are codes of countries.
    """
    import altair as alt

    speech = Speech(language)
    bars = [
        {
            "name": speech.country(r["name"]) if countries else r["name"],
            "share": r["share"],
            "made": r["made"],
            "order": i,
        }
        for i, r in enumerate(rows[:LARGEST])
    ]
    base = alt.Chart(alt.Data(values=bars)).encode(y=alt.Y("name:N", sort=alt.SortField("order"), title=None))
    axis = alt.Axis(format="%")
    whole = base.mark_bar(color="#8fc1c8").encode(x=alt.X("share:Q", axis=axis, title=speech("crosses")))
    made = base.mark_bar(color="#0a5560", height={"band": 0.4}).encode(x="made:Q")
    return finished(alt.layer(whole, made).properties(width=460, height=20 * len(bars) + 10), language)


def flow_map(plan: Supply, language: str = "en", frame: Frame | None = None) -> alt.LayerChart:
    """Draw the tonnes of a plan on the map; the width of a line is the square root of its tonnes.

    Parameters
    ----------
    plan
        A plan of `supply`.
    language
        "en" or "kk".
    frame
        As for `map_chart`.
    """
    import altair as alt

    network, speech = plan.chain.network, Speech(language)
    names = {m: speech(k) for m, k in MODES.items()}
    ends = (*plan.chain.facilities.values(), *plan.chain.markets.values())
    places = [named_place(network, str(row["node_id"]), language) for row in ends if row["node_id"]]
    unique = list({p["name"]: p for p in places}.values())
    lines = _tonnes(plan, names)
    tracks = (
        alt.Chart(alt.Data(values=lines))
        .mark_geoshape(filled=False, opacity=0.85)
        .encode(
            strokeWidth=alt.StrokeWidth("properties.width:Q", scale=None),
            color=alt.Color(
                "properties.mode:N",
                scale=alt.Scale(domain=list(names.values()), range=list(COLOURS)),
                title=None,
                legend=alt.Legend(orient="bottom"),
            ),
        )
    )
    drawn = [line for f in lines for line in f["geometry"]["coordinates"]]
    frame = frame or frame_of(network, points_of(drawn, unique))
    layers = alt.layer(ground(frame), tracks, point_marks(unique, 22), name_marks(unique))
    return framed(layers, frame, language)


def _tonnes(plan: Supply, names: dict[str, str]) -> list[dict[str, Any]]:
    """List the links of a plan as lines with their width and the name of their mode."""
    rows = [(r, r["t_forward"] + r["t_backward"]) for r in plan.links()]
    most = max((t for _, t in rows), default=1.0)
    return [
        {
            "type": "Feature",
            "properties": {"width": 0.6 + 6.0 * float(np.sqrt(t / most)), "mode": names[r["mode"]]},
            "geometry": {
                "type": "MultiLineString",
                "coordinates": [link_line(plan.chain.network, r["link"])],
            },
        }
        for r, t in rows
    ]


def tariff_chart(rows: Sequence[dict[str, Any]], language: str = "en") -> alt.LayerChart:
    """Draw the change of trade under each policy of a story with its range, in million USD a year."""
    import altair as alt

    speech = Speech(language)
    bars = [
        {
            "policy": r["name"],
            "order": i,
            "change": r["change"] / 1e6,
            "low": r["change_low"] / 1e6,
            "high": r["change_high"] / 1e6,
        }
        for i, r in enumerate(rows)
    ]
    base = alt.Chart(alt.Data(values=bars)).encode(
        y=alt.Y("policy:N", sort=alt.SortField("order"), title=None, axis=alt.Axis(labelLimit=260))
    )
    rules = base.mark_rule(strokeWidth=6, opacity=0.35, color="#c0504d").encode(
        x=alt.X("low:Q", title=speech("trade_change")), x2="high:Q"
    )
    dots = base.mark_point(filled=True, size=60, color="#c0504d").encode(x="change:Q")
    return finished(alt.layer(rules, dots).properties(width=400, height=24 * len(bars) + 10), language)


def _parts(count: int) -> list[str]:
    """Return as many colours as there are parts, again from the first where they run out."""
    return [SHARES[n % len(SHARES)] for n in range(count)]


def balance_chart(rows: Sequence[dict[str, Any]], plan: Supply, language: str = "en") -> alt.LayerChart:
    """Draw what leaves a country, by the country it passes, as bars of one length for each commodity.

    Parameters
    ----------
    rows
        From `balance_of_ways`.
    plan
        The plan that they are of.
    language
        "en" or "kk".
    """
    import altair as alt

    speech = Speech(language)
    bars = [
        {
            "commodity": speech.name(plan.chain.commodities[r["commodity"]]),
            "way": speech("over_none") if r["way"] == "other" else speech.country(r["way"]),
            "share": r["share"],
        }
        for r in rows
    ]
    domain = list(dict.fromkeys(b["way"] for b in bars))
    chart = (
        alt.Chart(alt.Data(values=bars))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", stack="normalize", axis=alt.Axis(format="%"), title=speech("leaves_over")),
            y=alt.Y("commodity:N", title=None, axis=alt.Axis(labelLimit=260)),
            color=alt.Color(
                "way:N",
                scale=alt.Scale(domain=domain, range=[*_parts(len(domain) - 1), GREY]),
                title=None,
                legend=alt.Legend(orient="bottom"),
            ),
        )
    )
    return finished(
        chart.properties(width=420, height=30 * len({b["commodity"] for b in bars}) + 10), language
    )
