"""Write the page of minerals: what goes round a country, where chains are thin, how a premium divides one."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

from daliz.report.chain_charts import STAGES, balance_chart, dependence_chart, flow_map, sankey_chart
from daliz.report.charts import corridor_names
from daliz.report.document import Block, Bullets, Figure, Heading, Paragraph, TableBlock

if TYPE_CHECKING:
    from daliz.report.translate import Speech
    from daliz.studies.mineral_dependence import MineralChain, Minerals

ROUND_HEADER = (
    "mineral",
    "to_region",
    "best_way",
    "way_round",
    "more_days",
    "more_usd",
    "of_value",
    "yearly",
)
THIN_HEADER = ("chain", "thinnest_stage", "hhi_range", "avoided_range", "worst_without", "cut_by")


def mineral_points(minerals: Minerals | None, speech: Speech) -> list[str]:
    """Write a line on which minerals reach the first region round the country, and at what cost."""
    if minerals is None:
        return []
    rows = [
        (c, r)
        for c in minerals.chains
        for region, r in c.round
        if r["corridor_round"] and region == minerals.region
    ]
    if not rows:
        return []
    names = list(dict.fromkeys(speech.name(c.plan.chain.commodities[r["commodity"]]) for c, r in rows))
    days = [r["more_days"] for _, r in rows]
    share = [100 * r["more_share"] for _, r in rows if not isnan(r["more_share"])]
    return [
        speech(
            "minerals_point",
            sourced=speech.percent(minerals.sourced),
            names=", ".join(names),
            count=speech.number(len(names)),
            arrival=speech.signed_range(
                "arrival_less", "arrival_more", "arrival_either", (min(days), max(days))
            ),
            freight=speech.signed_range(
                "freight_less", "freight_more", "freight_either", (min(share), max(share)), 1
            ),
        )
    ]


def mineral_blocks(minerals: Minerals | None, speech: Speech) -> list[Block]:
    """Write the page of minerals; nothing where there are none."""
    if minerals is None:
        return []
    network = minerals.chains[0].plan.chain.network
    names = corridor_names(network, speech.language)
    unbuilt = ", ".join(speech.name(r) for r in minerals.unbuilt) or "–"
    return [
        Heading(speech("minerals_title")),
        Paragraph(speech("minerals_text", year=str(network.year))),
        TableBlock(
            [speech(k) for k in ROUND_HEADER],
            [_round_row(c, region, r, speech, names) for c in minerals.chains for region, r in c.round],
            right=(4, 5, 6, 7),
        ),
        Paragraph(speech("minerals_none", names=_missing(minerals, speech)), small=True),
        Heading(speech("thin_title"), 3),
        Paragraph(speech("thin_text")),
        TableBlock(
            [speech(k) for k in THIN_HEADER],
            [_thin_row(c, minerals.avoided, speech) for c in minerals.chains],
            right=(2,),
        ),
        *_figures(minerals, speech),
        *_split_blocks(minerals, speech),
        Paragraph(speech("candidates_text", names=unbuilt)),
        Paragraph(speech("chain_sources", share=speech.percent(minerals.sourced))),
        Paragraph(speech("minerals_certificate", runs=_certificates(minerals, speech)), small=True),
    ]


def _figures(minerals: Minerals, speech: Speech) -> list[Block]:
    """Draw the first chain: its flows, on whom it depends, what it leaves over, and the map."""
    first, language = minerals.chains[0].plan, speech.language
    name = speech.name(first.chain.row)
    year = str(first.chain.network.year)
    return [
        Figure(sankey_chart(first, language), speech("sankey_caption", chain=name, year=year)),
        Figure(dependence_chart(minerals.leaning, language), speech("dependence_caption", chain=name)),
        Figure(balance_chart(minerals.balance, first, language), speech("balance_caption", chain=name)),
        Figure(flow_map(first, language), speech("flow_map_caption", chain=name)),
    ]


def _missing(minerals: Minerals, speech: Speech) -> str:
    return ", ".join(speech.name(c.plan.chain.row) for c in minerals.chains if not c.round) or "–"


def _round_row(
    chain: MineralChain, region: str, r: dict[str, Any], speech: Speech, names: dict[str, str]
) -> list[str]:
    number = speech.number
    digits = 0 if abs(r["usd"]) >= 10 else 2

    def way(which: str) -> str:
        corridor, days, usd = (r[f"{k}{which}"] for k in ("corridor", "days", "usd"))
        named = names.get(corridor, corridor)
        return speech("way_cell", corridor=named, days=number(days), usd=number(usd, digits))

    made = (
        number(r["units"])
        if r["quota"] == float("inf")
        else speech("under_quota", units=number(r["units"]), quota=number(r["quota"]))
    )
    ends = _ends(chain, region, r, speech)
    if not r["corridor_round"]:
        return [*ends, way(""), speech("no_way_round"), "–", "–", "–", made]
    more = [speech.ranged(r, "more_days"), speech.ranged(r, "more_usd", digits)]
    return [*ends, way(""), way("_round"), *more, speech.percent(r["more_share"], 2), made]


def _ends(chain: MineralChain, region: str, r: dict[str, Any], speech: Speech) -> list[str]:
    """Write what is sent by whom, and to where."""
    read = chain.plan.chain
    commodity = read.commodities[r["commodity"]]
    what = speech(
        "sent_from",
        what=speech.name(commodity),
        unit=speech.unit(commodity["unit"]),
        sender=speech.name(read.facilities[r["from"]]),
    )
    # what a plant elsewhere takes reaches the region only as what it makes
    to = (
        speech.country(region)
        if r["to"] in read.markets
        else speech("by_plant", region=speech.country(region), plant=speech.name(read.facilities[r["to"]]))
    )
    return [what, to]


def _thin_row(chain: MineralChain, avoided: str, speech: Speech) -> list[str]:
    thin, stage, hhi = chain.thinnest, "–", "–"
    if thin:
        leaders = ", ".join(f"{speech.country(k)} {speech.percent(s)}" for k, s in thin["leaders"])
        commodity = chain.plan.chain.commodities[thin["output"]]
        stage = f"{speech.name(commodity)}, {speech(STAGES[thin['stage']])} ({leaders})"
        spread = chain.ranges.get(("hhi", f"{thin['stage']} {thin['output']}"))
        hhi = speech.estimate(spread["value"], spread["low"], spread["high"]) if spread else "–"
    over = chain.ranges.get(("share", avoided))
    crossing = speech.share(over["value"], over["low"], over["high"]) if over else speech.percent(0.0)
    return [
        speech.name(chain.plan.chain.row),
        stage,
        hhi,
        crossing,
        _worst(chain, speech),
        _cut(chain, speech),
    ]


def _worst(chain: MineralChain, speech: Speech) -> str:
    """Write the country that is worst to lose."""
    worst = next(iter(chain.without), None)
    if worst is None:
        return "–"
    return speech(
        "without_cell",
        country=speech.country(worst["name"]),
        share=speech.percent(worst["unmet"]),
        loss=speech.number(worst["loss_usd"] / 1e6),
    )


def _cut(chain: MineralChain, speech: Speech) -> str:
    """Write the fewest countries that cut the market off."""
    if chain.failures is None:
        return "–"
    return ", ".join(speech.country(n) for n in chain.failures.names) or speech("cannot_cut")


def _split_blocks(minerals: Minerals, speech: Speech) -> list[Block]:
    told = minerals.premium
    if told is None:
        return []
    number, contracts = speech.number, minerals.chains[0].plan.chain.network.store["contracts"]
    makes = " ".join(str(contracts.row(c)["rule"]) for c in told.forecast.makes)
    first, second = map(str, told.years)
    past, came = (number(seen) for seen in told.seen)
    points = [
        speech("split_plain", year=first, round=number(told.plain.round), total=number(told.plain.total)),
        speech("split_fitted", year=first, seen=past, premium=number(told.fitted.premium_usd)),
        speech(
            "split_forecast",
            year=second,
            round=number(told.forecast.round),
            seen=came,
            error=number(100 * told.error, signed=True),
        ),
        speech("split_naive", year=first, seen=past, error=number(abs(100 * told.error_of_repeat))),
        speech("split_makes", makes=speech("quoted", text=makes)),
        speech("split_units", factor=number(told.metal_share, 3)),
    ]
    return [Heading(speech("split_title"), 3), Bullets(points)]


def _certificates(minerals: Minerals, speech: Speech) -> str:
    parts = []
    for c in minerals.chains:
        proof = c.plan.certificate()
        state = speech("converged" if c.plan.converged else "not_converged")
        gap, balance = (speech.power(proof[k]) for k in ("gap", "balance"))
        parts.append(f"{speech.name(c.plan.chain.row)}: {gap}, {balance}, {state}")
    return "; ".join(parts)
