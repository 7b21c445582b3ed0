"""Tell of minerals: what reaches the West without Russia, where the chains are thin, and how uranium divides over its ways."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from math import isnan
from typing import TYPE_CHECKING, Any

from daliz.report.chain_charts import balance_chart, dependence_chart, flow_map, sankey_chart
from daliz.report.charts import corridor_names
from daliz.report.document import Block, Bullets, Figure, Heading, Paragraph, TableBlock
from daliz.tables.network import network_of
from daliz.trade.policy_effect import EXPORTER
from daliz.validation.quality import share_sourced

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.report.translate import Speech
    from daliz.supplychain import Failures, Split, Supply
    from daliz.tables import Network

ORIGIN = EXPORTER
REGIONS = ("EU", "US")
FITTED, FORETOLD = 2022, 2023
"""Years on which the premium of the Russian way is fitted, and for which it foretells."""
AVOIDED = "RU"
CORDON = "AZ"
CORDONS = ("AZ", "RU", "CN")
TABLES = (
    "commodities",
    "recipes",
    "recipe_parts",
    "facilities",
    "markets",
    "lanes",
    "contracts",
    "stocks",
    "products",
    "trades",
    "tariffs",
)
DRAWS = 500


@dataclass(frozen=True)
class Chain:
    """Hold what is told of one chain."""

    plan: Supply
    round: list[tuple[str, dict[str, Any]]]
    concentration: list[dict[str, Any]]
    without: list[dict[str, Any]]
    failures: Failures | None
    ranges: dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Minerals:
    """Hold what is told of all chains, and how the commodity of a premium divides: by cost alone, as fitted, and foretold with what was seen."""

    chains: list[Chain]
    leaning: list[dict[str, Any]]
    splits: tuple[Split, Split, Split] | None
    observed: dict[int, float]
    balance: list[dict[str, Any]]
    sourced: float


def mineral_answers(network: Network, step: Callable[[], None]) -> Minerals | None:
    """Compute what the brief tells of minerals; nothing without chains or the extra `assign`."""
    if not len(network.store["chains"]) or find_spec("numba") is None or find_spec("highspy") is None:
        return None
    from daliz.supplychain import (
        balance_of_ways,
        chains,
        concentration,
        dependence,
        supply,
        supply_ranges,
        ways_round,
        without_each,
    )

    found = []
    for name in chains(network):
        plan = supply(network, name)
        regions = {str(r["region"]) for r in plan.chain.markets.values()}
        pairs = [
            (region, row)
            for region in REGIONS
            if region in regions
            for row in ways_round(network, name, origin=ORIGIN, avoid=AVOIDED, region=region, draws=DRAWS)
        ]
        first = _first_region(plan)
        spread = {(r["measure"], r["name"]): r for r in supply_ranges(plan, first)}
        found.append(
            Chain(
                plan,
                pairs,
                concentration(plan),
                without_each(plan, first) if first else [],
                _failures(plan, first),
                spread,
            )
        )
        step()
    leaning = dependence(found[0].plan, _first_region(found[0].plan))
    splits, observed = _splits(network)
    step()
    balance = balance_of_ways(found[0].plan, ORIGIN, CORDONS)
    return Minerals(found, leaning, splits, observed, balance, _sourced(network))


def _first_region(plan: Supply) -> str:
    """Give the first of the western regions that the chain has a market in; blank for none."""
    regions = {str(r["region"]) for r in plan.chain.markets.values()}
    return next((r for r in REGIONS if r in regions), "")


def _sourced(network: Network) -> float:
    """Give the share of the distinct figures of chains and duties that stand on sources or on arithmetic from sources."""
    cells = [c for c in network.resolved.figures.cells if c.table in TABLES]
    return share_sourced(network, cells)[1]


def _failures(plan: Supply, region: str) -> Failures | None:
    from daliz.errors import SupplyError
    from daliz.supplychain import least_failures

    if not region:
        return None
    try:
        return least_failures(plan, region, origin=ORIGIN)
    except SupplyError:
        # the origin has neither mine nor last plant in this chain and year
        return None


def seen_round(network: Network) -> dict[int, float]:
    """Give the tonnes of uranium seen over Azerbaijan by year."""
    rows = network.store["observations"].rows()
    return {
        r["from_date"].year: 1e3 * float(r["value"])
        for r in rows
        if r["id"].startswith("v-uranium-azerbaijan-kt")
    }


def _splits(network: Network) -> tuple[tuple[Split, Split, Split] | None, dict[int, float]]:
    from daliz.supplychain import fit_premium, split

    premiums = [r for r in network.store["contracts"].rows() if r["kind"] == "premium"]
    observed = seen_round(network)
    if not premiums or FITTED not in observed:
        return None, {}
    chain, contract = str(premiums[0]["chain_id"]), str(premiums[0]["id"])
    past, later = (network_of(network, y) for y in (FITTED, FORETOLD))
    plain = split(past, chain, contract, (CORDON,), 0.0)
    fitted = fit_premium(past, chain, contract, (CORDON,), observed[FITTED])
    return (plain, fitted, split(later, chain, contract, (CORDON,), fitted.premium_usd)), observed


def mineral_points(minerals: Minerals | None, speech: Speech) -> list[str]:
    """Say in a line for the summary which minerals reach the West without Russia, and at what cost."""
    if minerals is None:
        return []
    rows = [(c, region, r) for c in minerals.chains for region, r in c.round]
    ways = [r for _, region, r in rows if r["corridor_round"] and region == "EU"]
    if not ways:
        return []
    names = list(
        dict.fromkeys(
            speech.name(c.plan.chain.commodities[r["commodity"]])
            for c, region, r in rows
            if r["corridor_round"] and region == "EU"
        )
    )
    days = [r["more_days"] for r in ways]
    share = [100 * r["more_share"] for r in ways if not isnan(r["more_share"])]
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
    """Tell of minerals."""
    if minerals is None:
        return []
    network = minerals.chains[0].plan.chain.network
    names = corridor_names(network, speech.language)
    first = minerals.chains[0].plan
    name = speech.name(first.chain.row)
    blocks: list[Block] = [
        Heading(speech("minerals_title")),
        Paragraph(speech("minerals_text", year=str(network.year))),
        TableBlock(
            [
                speech(k)
                for k in (
                    "mineral",
                    "to_region",
                    "best_way",
                    "way_round",
                    "more_days",
                    "more_usd",
                    "of_value",
                    "yearly",
                )
            ],
            [_round_row(c, region, r, speech, names) for c in minerals.chains for region, r in c.round],
            right=(4, 5, 6, 7),
        ),
        Paragraph(speech("minerals_none", names=_missing(minerals, speech)), small=True),
        Heading(speech("thin_title"), 3),
        Paragraph(speech("thin_text")),
        TableBlock(
            [
                speech(k)
                for k in ("chain", "thinnest_stage", "hhi_range", "russia_range", "worst_without", "cut_by")
            ],
            [_thin_row(c, speech) for c in minerals.chains],
            right=(2,),
        ),
        Figure(
            sankey_chart(first, speech.language), speech("sankey_caption", chain=name, year=str(network.year))
        ),
        Figure(dependence_chart(minerals.leaning, speech.language), speech("dependence_caption", chain=name)),
        Figure(
            balance_chart(minerals.balance, first, speech.language), speech("balance_caption", chain=name)
        ),
        Figure(flow_map(first, speech.language), speech("flow_map_caption", chain=name)),
    ]
    return [
        *blocks,
        *_split_blocks(minerals, speech),
        Paragraph(speech("candidates_text", names=_unbuilt(minerals, speech))),
        Paragraph(speech("chain_sources", share=speech.percent(minerals.sourced))),
        Paragraph(speech("minerals_certificate", runs=_certificates(minerals, speech)), small=True),
    ]


def _unbuilt(minerals: Minerals, speech: Speech) -> str:
    """Name the candidates that no plan builds."""
    built = {r["facility"] for c in minerals.chains for r in c.plan.facilities() if r["built"]}
    rows = minerals.chains[0].plan.chain.network.table("facilities").rows()
    return ", ".join(speech.name(r) for r in rows if r["candidate"] and r["id"] not in built) or "–"


def _missing(minerals: Minerals, speech: Speech) -> str:
    return ", ".join(speech.name(c.plan.chain.row) for c in minerals.chains if not c.round) or "–"


def _round_row(
    chain: Chain, region: str, r: dict[str, Any], speech: Speech, names: dict[str, str]
) -> list[str]:
    number, read = speech.number, chain.plan.chain
    commodity = read.commodities[r["commodity"]]
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
    if not r["corridor_round"]:
        return [what, to, way(""), speech("no_way_round"), "–", "–", "–", made]
    return [
        what,
        to,
        way(""),
        way("_round"),
        speech.ranged(r, "more_days"),
        speech.ranged(r, "more_usd", digits),
        speech.percent(r["more_share"], 2),
        made,
    ]


def _thin_row(chain: Chain, speech: Speech) -> list[str]:
    from daliz.report.chain_charts import STAGES

    # a stage that the tables give one facility says nothing of concentration
    makers: dict[str, set[str]] = {}
    for r in chain.plan.chain.recipes:
        makers.setdefault(r.output, set()).add(r.facility["id"])
    stages = [c for c in chain.concentration if c["units"] > 0 and len(makers[c["output"]]) > 1]
    thin = max(stages, key=lambda c: c["hhi"], default=None)
    commodities = chain.plan.chain.commodities
    stage = "–"
    if thin:
        leaders = ", ".join(f"{speech.country(k)} {speech.percent(s)}" for k, s in thin["leaders"])
        stage = f"{speech.name(commodities[thin['output']])}, {speech(STAGES[thin['stage']])} ({leaders})"
    worst = next(iter(chain.without), None)
    loss = (
        speech(
            "without_cell",
            country=speech.country(worst["name"]),
            share=speech.percent(worst["unmet"]),
            loss=speech.number(worst["loss_usd"] / 1e6),
        )
        if worst
        else "–"
    )
    cut = "–"
    if chain.failures is not None:
        cut = (
            ", ".join(speech.country(n) for n in chain.failures.names)
            if chain.failures.names
            else speech("cannot_cut")
        )
    spread = chain.ranges.get(("hhi", f"{thin['stage']} {thin['output']}")) if thin else None
    hhi = speech.estimate(spread["value"], spread["low"], spread["high"]) if spread else "–"
    over = chain.ranges.get(("share", AVOIDED))
    russia = speech.share(over["value"], over["low"], over["high"]) if over else speech.percent(0.0)
    return [speech.name(chain.plan.chain.row), stage, hhi, russia, loss, cut]


def _split_blocks(minerals: Minerals, speech: Speech) -> list[Block]:
    if minerals.splits is None:
        return []
    plain, fitted, foretold = minerals.splits
    number, contracts = speech.number, minerals.chains[0].plan.chain.network.store["contracts"]
    seen, past = minerals.observed.get(FORETOLD, float("nan")), minerals.observed[FITTED]
    makes = " ".join(str(contracts.row(c)["rule"]) for c in foretold.makes)
    return [
        Heading(speech("split_title"), 3),
        Bullets(
            [
                speech("split_plain", year=str(FITTED), round=number(plain.round), total=number(plain.total)),
                speech(
                    "split_fitted", year=str(FITTED), seen=number(past), premium=number(fitted.premium_usd)
                ),
                speech(
                    "split_foretold",
                    year=str(FORETOLD),
                    round=number(foretold.round),
                    seen=number(seen),
                    error=number(100 * (foretold.round / seen - 1), signed=True),
                ),
                speech(
                    "split_naive",
                    year=str(FITTED),
                    seen=number(past),
                    error=number(abs(100 * (past / seen - 1))),
                ),
                speech("split_makes", makes=speech("quoted", text=makes)),
                speech("split_units", factor=number(_metal_share(minerals), 3)),
            ]
        ),
    ]


def _metal_share(minerals: Minerals) -> float:
    """Give tonnes of the metal in a tonne of what the premium is on."""
    chain = minerals.chains[0].plan.chain
    commodity = next(chain.commodities[r["commodity_id"]] for r in chain.contracts if r["kind"] == "premium")
    return float(commodity["content"]) / float(commodity["mass_t"])


def _certificates(minerals: Minerals, speech: Speech) -> str:
    parts = []
    for c in minerals.chains:
        proof = c.plan.certificate()
        state = speech("converged" if c.plan.converged else "not_converged")
        gap, balance = (speech.power(proof[k]) for k in ("gap", "balance"))
        parts.append(f"{speech.name(c.plan.chain.row)}: {gap}, {balance}, {state}")
    return "; ".join(parts)
