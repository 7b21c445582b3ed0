"""Tell what duties do: what the tariff touched and did not, the story by date, and what relief would move."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from math import isnan
from typing import TYPE_CHECKING, Any

from daliz.report.chain_charts import tariff_chart
from daliz.report.charts import corridor_names
from daliz.report.document import Block, Figure, Heading, Paragraph, TableBlock

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.report.translate import Speech
    from daliz.report.volumes import Case
    from daliz.tables import Network
    from daliz.trade import Tariff

LEAD = "us-2025-08"
"""Policy of the headline: the duty of 25 %."""
FOLLOWED = "middle"
DRAWS = 400


@dataclass(frozen=True)
class Duties:
    """Hold the headline by both models, the story, the talks, and the half width of the corridor's own range in tonnes."""

    lead: Tariff
    other: Tariff
    corridor: dict[str, Any]
    story: list[dict[str, Any]]
    talks: list[dict[str, Any]]
    noise_t: float


def duty_answers(network: Network, volumes: list[Case], step: Callable[[], None]) -> Duties | None:
    """Compute what the brief tells of duties; nothing without the policy of the headline or the extra `assign`."""
    if (
        LEAD not in network.store["policies"].position
        or find_spec("numba") is None
        or find_spec("highspy") is None
    ):
        return None
    from daliz.studies import corridor_effect, story, talks
    from daliz.trade import tariff

    lead, other = (tariff(network, LEAD, model=m, draws=DRAWS) for m in ("smart", "armington"))
    effect = {e["corridor"]: e for e in corridor_effect(lead)}
    step()
    told = story(network, draws=DRAWS)
    step()
    yielded = talks(network, draws=DRAWS)
    step()
    noise = next(
        (
            1e3 * (r["kt_high"] - r["kt_low"]) / 2
            for c in volumes[:1]
            for r in c.ranges
            if r["corridor"] == FOLLOWED
        ),
        float("nan"),
    )
    nothing = {"corridor": FOLLOWED, "t_before": 0.0, "t_after": 0.0, "change_t": 0.0, "all_kt": float("nan")}
    return Duties(lead, other, effect.get(FOLLOWED, nothing), told, yielded, noise)


def duty_points(duties: Duties | None, speech: Speech) -> list[str]:
    """Say first, in tonnes, whether the effect on the corridor lies inside the noise; then what was touched."""
    if duties is None:
        return []
    t, o, number = duties.lead.totals(), duties.other.totals(), speech.number
    change = duties.corridor["change_t"]
    # the corridor's tonnes move with those of all goods, so they take their range
    ends = [change * t[f"tonnes_{e}"] / t["tonnes"] if t["tonnes"] else float("nan") for e in ("low", "high")]
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
        effect=speech.signed("duty_less", "duty_more", change, (ends[0], ends[1])),
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
    """Tell of duties."""
    if duties is None:
        return []
    network = duties.lead.network
    policies = network.table("policies")
    named = [r | {"name": speech.name(policies.row(r["policy"]))} for r in duties.story]
    corridors = corridor_names(network, speech.language)
    ways = [
        k.removeprefix("t_")
        for k in duties.story[0]
        if k.startswith("t_") and any(r[k] for r in duties.story)
    ]
    return [
        Heading(speech("duties_title")),
        Paragraph(speech("duties_text")),
        TableBlock(
            [
                speech(k)
                for k in (
                    "product",
                    "duty_change",
                    "trade_musd",
                    "smart_change",
                    "armington_change",
                    "tonnes",
                )
            ],
            _products(duties, speech),
            right=(2, 3, 4, 5),
        ),
        Paragraph(speech("untouched", names=_untouched(duties, speech)), small=True),
        Heading(speech("story_title"), 3),
        Paragraph(speech("story_text")),
        TableBlock(
            [speech(k) for k in ("date", "policy", "exposed", "smart_change", "diverted", "revenue")],
            [
                [
                    r["date"],
                    r["name"],
                    speech.number(r["exposed_usd"] / 1e6),
                    _span(r, "change", speech),
                    _span(r, "diversion", speech),
                    speech.number(r["revenue"] / 1e6),
                ]
                for r in named
            ],
            right=range(2, 6),
        ),
        TableBlock(
            [
                speech("date"),
                speech("policy"),
                *(speech("tonnes_on", corridor=corridors.get(w, w)) for w in ways),
            ],
            [[r["date"], r["name"], *(speech.number(r[f"t_{w}"]) for w in ways)] for r in named],
            right=range(2, 2 + len(ways)),
        ),
        Figure(tariff_chart(named, speech.language), speech("story_caption")),
        Heading(speech("talks_title"), 3),
        Paragraph(speech("talks_text")),
        TableBlock(
            [
                speech(k)
                for k in (
                    "policy",
                    "smart_change",
                    "chain",
                    "contracts",
                    "made_there",
                    "over_russia",
                    "over_china",
                )
            ],
            _talks(duties, speech),
            right=(1, 3, 4, 5, 6),
        ),
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
            speech.percent(r["over_ru"]),
            speech.percent(r["over_cn"]),
        ]
        for r in duties.talks
    ]
