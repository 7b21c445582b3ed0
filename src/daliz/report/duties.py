"""Write the page of duties: what a duty touched and did not, the story by date, what talks might yield."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from daliz.report.chain_charts import tariff_chart
from daliz.report.charts import corridor_names
from daliz.report.document import Block, Figure, Heading, Paragraph, TableBlock

if TYPE_CHECKING:
    from daliz.report.translate import Speech
    from daliz.studies.duty_effects import Duties

PRODUCT_HEADER = ("product", "duty_change", "trade_musd", "smart_change", "armington_change", "tonnes")
STORY_HEADER = ("date", "policy", "exposed", "smart_change", "diverted", "revenue")
TALKS_HEADER = ("policy", "smart_change", "chain", "contracts", "made_there")


def duty_points(duties: Duties | None, speech: Speech) -> list[str]:
    """Write whether the effect on the corridor lies inside the noise, and then what was touched."""
    if duties is None:
        return []
    t, o, number = duties.lead.totals(), duties.other.totals(), speech.number
    change = duties.corridor["change_t"]
    # without a range nothing can be said of the noise
    key = (
        "duty_noise"
        if abs(change) < duties.noise_t
        else "duty_signal"
        if not isnan(duties.noise_t)
        else "duty_no_range"
    )
    first = speech(
        key,
        effect=speech.signed("duty_less", "duty_more", change, duties.ends),
        noise=number(duties.noise_t),
        all=number(duties.corridor["all_kt"] * 1e3),
    )
    smart, armington = (
        speech.signed(
            "exports_less",
            "exports_more",
            total["change"] / 1e6,
            (total["change_low"] / 1e6, total["change_high"] / 1e6),
            digits=1,
        )
        for total in (t, o)
    )
    return [
        f"{first} "
        + speech(
            "duty_point",
            exposed=number(t["exposed_usd"] / 1e6, 1),
            whole=number(t["trade_usd"] / 1e6),
            smart=smart,
            armington=armington,
        )
    ]


def duty_blocks(duties: Duties | None, speech: Speech) -> list[Block]:
    """Write the page of duties; nothing where there are none."""
    if duties is None:
        return []
    return [
        Heading(speech("duties_title")),
        Paragraph(speech("duties_text")),
        TableBlock([speech(k) for k in PRODUCT_HEADER], _products(duties, speech), right=(2, 3, 4, 5)),
        Paragraph(speech("untouched", names=_untouched(duties, speech)), small=True),
        Heading(speech("story_title"), 3),
        Paragraph(speech("story_text")),
        *_story(duties, speech),
        Heading(speech("talks_title"), 3),
        Paragraph(speech("talks_text")),
        TableBlock(
            [
                *(speech(k) for k in TALKS_HEADER),
                *(speech("over_country", country=speech.country(c)) for c in duties.rivals),
            ],
            _talks(duties, speech),
            right=(1, 3, 4, *range(5, 5 + len(duties.rivals))),
        ),
    ]


def _story(duties: Duties, speech: Speech) -> list[Block]:
    """Write all policies by date: their trade, their tonnes by corridor, and the chart."""
    network = duties.lead.network
    policies, corridors = network.table("policies"), corridor_names(network, speech.language)
    named = [r | {"name": speech.name(policies.row(r["policy"]))} for r in duties.story]
    keys = [k for k in duties.story[0] if k.startswith("t_") and any(r[k] for r in duties.story)]
    ways = [k.removeprefix("t_") for k in keys]
    number = speech.number
    trade = [
        [
            r["date"],
            r["name"],
            number(r["exposed_usd"] / 1e6),
            _span(r, "change", speech),
            _span(r, "diversion", speech),
            number(r["revenue"] / 1e6),
        ]
        for r in named
    ]
    tonnes = [[r["date"], r["name"], *(number(r[k]) for k in keys)] for r in named]
    header = [
        speech("date"),
        speech("policy"),
        *(speech("tonnes_on", corridor=corridors.get(w, w)) for w in ways),
    ]
    return [
        TableBlock([speech(k) for k in STORY_HEADER], trade, right=range(2, 6)),
        TableBlock(header, tonnes, right=range(2, 2 + len(ways))),
        Figure(tariff_chart(named, speech.language), speech("story_caption")),
    ]


def _span(row: dict[str, Any], key: str, speech: Speech) -> str:
    """Write a change in millions with its range."""
    return speech.ranged(row, key, 1, 1e-6)


def _products(duties: Duties, speech: Speech) -> list[list[str]]:
    products = duties.lead.network.table("products")
    rows = []
    for a, b in zip(duties.lead.rows(), duties.other.rows(), strict=True):
        if a["exposed"]:
            rows.append(
                [
                    speech.name(products.row(a["product"])),
                    f"{speech.percent(a['before'], 1)} → {speech.percent(a['after'], 1)}",
                    speech.number(a["trade_usd"] / 1e6, 1),
                    _span(a, "change", speech),
                    _span(b, "change", speech),
                    speech.number(a["tonnes"]),
                ]
            )
    return rows


def _untouched(duties: Duties, speech: Speech) -> str:
    products = duties.lead.network.table("products")
    return ", ".join(
        f"{speech.name(products.row(r['product']))} ({speech.number(r['trade_usd'] / 1e6, 1)})"
        for r in duties.lead.rows()
        if not r["exposed"]
    )


def _talks(duties: Duties, speech: Speech) -> list[list[str]]:
    policies, chains, commodities = (
        duties.lead.network.table(t) for t in ("policies", "chains", "commodities")
    )
    units = {
        str(c): str(u) for c, u in zip(commodities["chain_id"][::-1], commodities["unit"][::-1], strict=True)
    }
    return [
        [
            speech.name(policies.row(r["policy"])),
            _span(r, "change", speech),
            speech.name(chains.row(r["chain"])),
            speech.quantity(speech.number(r["contract_units"]), speech.unit(units[r["chain"]])),
            speech.percent(r["from_share"]),
            *(speech.percent(r[f"over_{c.lower()}"]) for c in duties.rivals),
        ]
        for r in duties.talks
    ]
