"""Write the page of chains: what goes round Russia, on whom markets depend, and how uranium divides."""

from __future__ import annotations

from typing import Any

import daliz
from daliz.studies.mineral_dependence import tonnes_seen
from daliz.supplychain import chains
from docs_table import MADE, table

Rows = list[list[object]]
SHOWN = 6
"""Countries shown on which a market depends."""
WORST = 3
"""Countries shown that are worst to lose."""


def minerals_page(network: daliz.Network) -> str:
    """Write the page of chains of minerals."""
    rounds, leaning, thin, worst, left, costs = [], [], [], [], [], []
    for name in chains(network):
        plan = daliz.supply(network, name)
        regions = [r for r in ("EU", "US") if r in {m["region"] for m in plan.chain.markets.values()}]
        for region in regions:
            rounds += _rounds(network, name, region)
            leaning += _leaning(plan, region)
            worst += _worst(plan, region)
        ranges = daliz.supply_ranges(plan, regions[0] if regions else "")
        spread = {(r["measure"], r["name"]): r for r in ranges}
        thin += _thin(plan, spread)
        costs += _costs(plan, spread)
        left += _left(plan)
    return "".join(
        (MADE, _opening(network, rounds, left), _dependence(leaning, worst, thin, costs), _uranium())
    )


def _rounds(network: daliz.Network, chain: str, region: str) -> Rows:
    """Write the best route of each commodity to a region beside the best one round Russia."""
    return [
        [
            r["commodity"],
            region,
            r["corridor"],
            f"{r['days']:.0f}",
            f"{r['usd']:,.2f}",
            r["corridor_round"] or "none",
            f"{r['days_round']:.0f}",
            f"{r['usd_round']:,.2f}",
            f"{r['more_days']:.0f} ({r['more_days_low']:.0f} to {r['more_days_high']:.0f})",
            f"{r['more_usd']:,.2f} ({r['more_usd_low']:,.2f} to {r['more_usd_high']:,.2f})",
            f"{r['more_share']:.2%}",
        ]
        for r in daliz.ways_round(network, chain, region=region)
    ]


def _leaning(plan: daliz.Supply, region: str) -> Rows:
    top = daliz.dependence(plan, region)[:SHOWN]
    return [[plan.chain.id, region, ", ".join(f"{r['name']} {r['share']:.0%}" for r in top)]]


def _worst(plan: daliz.Supply, region: str) -> Rows:
    return [
        [
            plan.chain.id,
            region,
            r["name"],
            f"{r['unmet']:.1%}",
            f"{r['extra_usd'] / 1e6:,.1f}",
            f"{r['loss_usd'] / 1e6:,.1f}",
        ]
        for r in daliz.without_each(plan, region)[:WORST]
    ]


def _thin(plan: daliz.Supply, spread: dict[tuple[str, str], dict[str, Any]]) -> Rows:
    """Write the concentration of each stage with its range."""
    found: Rows = []
    for c in daliz.concentration(plan):
        r = spread["hhi", f"{c['stage']} {c['output']}"]
        span = f"{c['hhi']:,.0f} ({r['low']:,.0f} to {r['high']:,.0f})"
        found.append([plan.chain.id, c["stage"], c["output"], span, c["largest"]])
    return found


def _costs(plan: daliz.Supply, spread: dict[tuple[str, str], dict[str, Any]]) -> Rows:
    return [
        [plan.chain.id, r["name"], _span(r, ",.0f"), _span(spread["unmet", r["name"]], ".1%")]
        for r in spread.values()
        if r["measure"] == "cost_usd"
    ]


def _left(plan: daliz.Supply) -> Rows:
    return [
        [plan.chain.id, r["commodity"], r["way"], f"{r['units']:,.0f}", f"{r['share']:.0%}"]
        for r in daliz.balance_of_ways(plan, "KZ", ("AZ", "RU", "CN"))
        if r["units"] > 0
    ]


def _opening(network: daliz.Network, rounds: Rows, left: Rows) -> str:
    header = ["commodity", "to", "best way", "days", "USD", "without Russia", "days", "USD"]
    header += ["days more (5 to 95 %)", "USD more (5 to 95 %)", "of value"]
    return (
        f"# Minerals in {network.year}\n\nWhat the plans of least cost say; [supply.md](supply.md) "
        "tells how. USD and days are of freight for one unit of the commodity.\n\n"
        "## From Kazakhstan without Russia\n\n"
        + table(header, rounds)
        + "\n## What leaves Kazakhstan, by the first of Azerbaijan, Russia and China that it touches\n\n"
        + table(["chain", "commodity", "over", "units", "share"], left)
    )


def _dependence(leaning: Rows, worst: Rows, thin: Rows, costs: Rows) -> str:
    lost = ["chain", "market", "without", "unmet", "extra cost, M USD", "loss in all markets, M USD"]
    return (
        "\n## What the supply of a market crosses\n\n"
        + table(["chain", "market", "countries"], leaning)
        + "\n## Worst countries to lose\n\n"
        + table(lost, worst)
        + "\n## Concentration by stage\n\n"
        + table(["chain", "stage", "output", "HHI (5 to 95 %)", "largest"], thin)
        + "\n## What a unit costs at the market\n\nRanges over draws of capacities, costs, demands, "
        "lanes and contracts; freight stands.\n\n"
        + table(["chain", "market", "USD a unit (5 to 95 %)", "unmet"], costs)
    )


def _span(row: dict[str, Any], form: str) -> str:
    return f"{row['value']:{form}} ({row['low']:{form}} to {row['high']:{form}})"


def _uranium() -> str:
    contract = ("uranium", "uranium-ru-premium", ("AZ",))
    seen = tonnes_seen(daliz.open("eurasia"), "v-uranium-azerbaijan-kt")
    past, later = daliz.open("eurasia", year=2022), daliz.open("eurasia", year=2023)
    rows = []
    u3o8 = past.table("commodities").row("u3o8")
    for label, factor in (("tonnes read as U", 1.0), ("read as U3O8", u3o8["content"] / u3o8["mass_t"])):
        fit = daliz.fit_premium(past, *contract, seen[2022] * factor)
        told = daliz.split(later, *contract, fit.premium_usd)
        rows.append(
            [
                label,
                f"{seen[2022] * factor:,.0f}",
                f"{fit.premium_usd:,.0f}",
                f"{fit.round:,.0f} of {fit.total:,.0f}",
                f"{told.round:,.0f} of {told.total:,.0f}",
                f"{seen[2023] * factor:,.0f}",
                f"{told.round / (seen[2023] * factor) - 1:+.0%}",
                ", ".join(told.makes),
            ]
        )
    plain = daliz.split(past, *contract, 0.0)
    habit = (
        "To repeat the tonnes of 2022 would have missed those of 2023 by "
        f"{seen[2022] / seen[2023] - 1:+.0%}: one year does not show that the premium tells more than "
        "habit."
    )
    return (
        "\n## Uranium over Azerbaijan: fitted on 2022, forecast for 2023\n\n"
        f"By cost alone {plain.round:,.0f} of {plain.total:,.0f} t U would take the Caspian in 2022: "
        f"a plan of least cost is all or nothing.\n\n{habit}\n\n"
        + table(
            [
                "reading",
                "seen in 2022, t U",
                "mean premium, USD/t U",
                "fit of 2022, t U",
                "forecast for 2023, t U",
                "seen in 2023",
                "error",
                "what makes the split",
            ],
            rows,
        )
    )
