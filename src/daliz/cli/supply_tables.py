"""Print the answers about a chain of production."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import typer

from daliz.cli.common import print_table

if TYPE_CHECKING:
    from daliz.supplychain import Failures, Supply


@dataclass(frozen=True)
class Found:
    """Answers about a chain: its plan, that of the whole network, and what else was asked."""

    plan: Supply
    whole: Supply | None
    leaning: list[dict[str, Any]]
    balance: list[dict[str, Any]]
    ranges: list[dict[str, Any]]
    swept: list[dict[str, Any]]
    failures: Failures | None


def show_found(found: Found, market: str, by: str, top: int, title: str, taken: str = "") -> None:
    """Print all tables of an answer for people; `title` is of what leaves a country, blank if not asked."""
    plan = found.plan
    _show_markets(plan, found.whole, market)
    _show_candidates(plan)
    _show_largest(plan, top)
    _show_leaning(found.leaning, market, by, top)
    _show_limits(plan, top)
    _tell(plan, market)
    _show_balance(found.balance, title, taken)
    _show_ranges(found.ranges, top)
    if found.swept:
        _show_each(found.swept, by, top)
    if found.failures:
        typer.echo(repr(found.failures))
    typer.echo(repr(plan))


def _show_markets(plan: Supply, whole: Supply | None, market: str) -> None:
    """Print what markets get and pay, beside the plan of the whole network."""
    shown, stack = set(plan.of_region(market)), plan.stack()
    before = {m["market"]: m for m in whole.markets()} if whole else {}
    print_table(
        "Markets, a year",
        (
            "market",
            "delivered",
            "unmet",
            "USD/unit",
            *(["more"] if whole else []),
            "freight",
            "hours' worth",
            "next unit",
        ),
        [
            [
                m["market"],
                f"{m['delivered']:,.0f}",
                f"{m['unmet']:,.0f}",
                _usd(m["cost_usd"]),
                *([_more(m, before)] if whole else []),
                f"{stack[m['market']]['freight']:,.0f}",
                f"{stack[m['market']]['time']:,.0f}",
                "cannot be had" if m["unmet"] > 0 else f"{m['marginal_usd']:,.0f}",
            ]
            for m in plan.markets()
            if m["market"] in shown
        ],
        right=(1, 2, 3, 4, 5, 6, 7),
    )


def _usd(value: float) -> str:
    """Write dollars; a hyphen where nothing is delivered, so that there is no mean."""
    return "-" if isnan(value) else f"{value:,.0f}"


def _show_candidates(plan: Supply) -> None:
    """Print which candidates are built."""
    rows = [r for r in plan.facilities() if plan.chain.facilities[r["facility"]]["candidate"]]
    if rows:
        print_table(
            "Candidates",
            ("facility", "built", "makes", "of capacity"),
            [
                [
                    r["facility"],
                    "yes" if r["built"] else "no",
                    f"{r['units']:,.0f} {r['output']}",
                    "-" if isnan(r["use"]) else f"{r['use']:.0%}",
                ]
                for r in rows
            ],
            right=(2, 3),
        )


def _show_largest(plan: Supply, top: int) -> None:
    """Print the ways that take most tonnes."""
    rows = plan.itineraries()
    if not rows:
        typer.echo("Nothing moves in this plan.")
        return
    print_table(
        "Largest ways, a year",
        ("from", "to", "what", "t", "corridor", "days", "USD/unit", "over"),
        [
            [
                r["from"],
                r["to"],
                r["commodity"],
                f"{r['t']:,.0f}",
                r["corridor"],
                f"{r['days']:.0f}",
                f"{r['usd']:,.0f}",
                r["countries"],
            ]
            for r in rows[:top]
        ],
        right=(3, 5, 6),
    )


def _show_leaning(rows: list[dict[str, Any]], market: str, by: str, top: int) -> None:
    """Print what a market's supply crosses; a market without supply, or that pays nothing, leans on nothing."""
    if rows:
        print_table(
            f"{market or 'All markets'}: share of supply by {by}",
            (by, "crosses", "mined there", "USD a year"),
            [
                [r["name"], f"{r['share']:.0%}", f"{r['made']:.0%}", f"{r['value_usd']:,.0f}"]
                for r in rows[:top]
            ],
            right=(1, 2, 3),
        )


def _show_limits(plan: Supply, top: int) -> None:
    """Print the limits that bind, with what a unit more would save."""
    binding = plan.limits()
    if binding:
        print_table(
            "What binds",
            ("kind", "name", "load", "USD for a unit more"),
            [
                [r["kind"], r["name"], f"{r['load']:,.0f} {r['unit']}", f"{r['price_usd']:+,.2f}"]
                for r in binding[:top]
            ],
            right=(2, 3),
        )


def _tell(plan: Supply, market: str) -> None:
    """Print sentences on what is unmet, brought in excess or left unserved."""
    shown = set(plan.of_region(market))
    for name, reason in plan.unmet_reasons().items():
        if name in shown:
            typer.echo(f"Unmet at {name}: {reason}.")
    for name, units in plan.oversupplied().items():
        typer.echo(f"Contracts bring {units:,.0f} more to {name} than it asks for.")
    if plan.built.idle:
        typer.echo(f"Nothing is left that could serve these contracts: {', '.join(plan.built.idle)}.")


def _more(market: dict[str, Any], before: dict[str, dict[str, Any]]) -> str:
    """Describe what a unit costs more; a mean over less than all demand does not compare."""
    if market["unmet"] > 0 and before[market["market"]]["unmet"] <= 0:
        return f"{market['unmet'] / market['demand']:.1%} unmet"
    more = market["cost_usd"] - before[market["market"]]["cost_usd"]
    return "-" if isnan(more) else f"{more:+,.0f}"


def leaving_title(leaving: str, over: list[str]) -> str:
    """Write the title of what leaves a country."""
    what = f"What leaves {leaving}" if leaving else "What leaves its country"
    return f"{what}, by the first that it passes{'' if over else ' (of all, the most used first)'}"


def _show_balance(rows: list[dict[str, Any]], title: str, taken: str) -> None:
    some = [r for r in rows if r["units"] > 0]
    if some:
        print_table(
            title,
            ("what", "over", "units", "share"),
            [[r["commodity"], r["way"], f"{r['units']:,.0f}", f"{r['share']:.0%}"] for r in some],
            right=(2, 3),
        )
        if taken:
            typer.echo(taken)
    elif title:
        typer.echo(f"{title}: nothing does in this plan.")


def _show_ranges(rows: list[dict[str, Any]], top: int) -> None:
    if rows:
        shown = [r for r in rows if r["measure"] != "share"] + [r for r in rows if r["measure"] == "share"][
            :top
        ]
        print_table(
            f"Ranges, 5 to 95 % over {rows[0]['draws']} draws of capacities, costs, demands and contracts",
            ("measure", "of", "value", "low", "high"),
            [
                [r["measure"], r["name"], *(_shown(r["measure"], r[k]) for k in ("value", "low", "high"))]
                for r in shown
                if r["measure"] != "unmet" or r["high"] > 0
            ],
            right=(2, 3, 4),
        )


def _shown(measure: str, value: float) -> str:
    return f"{value:.1%}" if measure in {"unmet", "share"} and not isnan(value) else _usd(value)


def _show_each(rows: list[dict[str, Any]], by: str, top: int) -> None:
    print_table(
        f"Without each {by} in turn",
        (by, "unmet", "more cost, M USD", "loss in all, M USD"),
        [
            [r["name"], f"{r['unmet']:.1%}", f"{r['extra_usd'] / 1e6:+,.1f}", f"{r['loss_usd'] / 1e6:+,.1f}"]
            for r in rows[:top]
        ],
        right=(1, 2, 3),
    )
