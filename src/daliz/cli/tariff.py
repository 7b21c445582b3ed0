"""Say what a duty does."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daliz.cli.common import (
    AsCsv,
    AsJson,
    Package,
    Year,
    open_for,
    print_csv,
    print_json,
    print_lines,
    print_table,
)

if TYPE_CHECKING:
    from daliz.tables import Network
    from daliz.trade import Tariff

NAME = "tariff"
HELP = (
    "Say what the duties of a policy do: trade created and diverted, revenue, welfare, tonnes by "
    "corridor; story for all policies, talks for what talks might yield."
)
EXAMPLE = "Example: daliz tariff us-2025-08 --model armington"


def run(
    policy: Annotated[
        str, typer.Argument(help="Policy of the table policies, or story, or talks.")
    ] = "story",
    package: Package = "eurasia",
    year: Year = None,
    base: Annotated[
        str | None, typer.Option(help="Policy to hold it against; that of its row unless given.")
    ] = None,
    model: Annotated[str, typer.Option(help="smart or armington.")] = "smart",
    exporter: Annotated[
        str | None, typer.Option(help="Country whose trade is followed; that of the package unless given.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Draws for the ranges.")] = 400,
    corridors: Annotated[
        bool, typer.Option(help="Follow the tonnes over the network; takes some seconds.")
    ] = True,
    chart: Annotated[
        Path | None,
        typer.Option(
            help="File for the chart of the story, or of the goods of a policy (html, png, svg, pdf)."
        ),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run the verb."""
    from daliz.studies import corridor_effect, story, talks
    from daliz.studies.policy_timeline import trade_rows
    from daliz.trade import tariff

    _refuse(policy, base, chart)
    network = open_for(package, year, (), ())
    if policy in {"story", "talks"}:
        rows = (
            talks(network, model=model, draws=draws, exporter=exporter)
            if policy == "talks"
            else story(network, model=model, draws=draws, corridors=corridors, exporter=exporter)
        )
        if chart:
            _draw(network, rows, chart)
        _print_all(policy, rows, as_json=as_json, as_csv=as_csv)
        return
    answer = tariff(network, policy, base=base, model=model, exporter=exporter, draws=draws)
    followed = bool(trade_rows(answer, after=False))
    effect = corridor_effect(answer) if corridors and followed else []
    if chart:
        _draw(network, [r for r, m in zip(answer.rows(), answer.moved(), strict=True) if m], chart)
    if as_json:
        print_json(answer.as_dict() | {"corridors": effect})
    elif as_csv:
        print_csv(answer.rows())
        typer.echo(repr(answer), err=True)
    else:
        _show(answer, effect)
        _tell(answer, unfollowed=corridors and not followed)
    if not all(e["converged"] for e in effect):
        raise typer.Exit(1)


def _print_all(policy: str, rows: list[dict[str, Any]], *, as_json: bool, as_csv: bool) -> None:
    """Print the story or the talks in the form asked for."""
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        (_show_talks if policy == "talks" else _show_story)(rows)
    if not all(r.get("converged", True) for r in rows):
        typer.echo(
            "NOT CONVERGED: at least one of these runs has no proof; its rows say converged false.",
            err=True,
        )
        raise typer.Exit(1)


def _refuse(policy: str, base: str | None, chart: Path | None) -> None:
    """Refuse options that the question would leave unused."""
    if policy in {"story", "talks"} and base is not None:
        raise typer.BadParameter(f"--base is for one policy; in the {policy} each is held against its own.")
    if chart and policy == "talks":
        raise typer.BadParameter("--chart draws the story or one policy, not the talks.")


def _span(row: dict[str, Any], key: str, unit: float = 1e6) -> str:
    low, high = row[f"{key}_low"], row[f"{key}_high"]
    text = f"{row[key] / unit:+,.1f}"
    known = low is not None and not isnan(low)
    return f"{text} ({low / unit:+,.1f} to {high / unit:+,.1f})" if known else text


def _show(answer: Tariff, effect: list[dict[str, Any]]) -> None:
    totals = answer.totals()
    moved = answer.moved()
    print_lines(
        [
            (
                f"{totals['exposed_usd'] / 1e6:,.1f} of {totals['trade_usd'] / 1e6:,.1f} million USD a "
                f"year bear a higher duty ({totals['exposed_lines']} of {totals['lines']} products)."
            ),
            (
                f"Trade changes by {_span(totals, 'change')} million USD and "
                f"{_span(totals, 'tonnes', 1e3)} kt a year."
            ),
        ]
    )
    if effect:
        largest = max(effect, key=lambda e: abs(e["change_t"]))
        whole = abs(largest["change_t"]) / max(largest["all_kt"] * 1e3, 1e-9)
        print_lines(
            [
                (
                    f"On the network most of it is on {largest['corridor']}: {largest['change_t']:+,.0f} "
                    f"t, {whole:.2%} of all traffic there."
                )
            ]
        )
    print_table(
        "Products, million USD a year, 5 to 95 % in brackets",
        ("product", "duty", "trade", "creation", "diversion", "revenue, all origins", "t"),
        [
            [
                f"{r['importer']} {r['product']}",
                f"{r['before']:.1%} → {r['after']:.1%}",
                f"{r['trade_usd'] / 1e6:,.1f}",
                _span(r, "creation"),
                _span(r, "diversion"),
                _span(r, "revenue"),
                _span(r, "tonnes", 1.0),
            ]
            for r, m in zip(answer.rows(), moved, strict=True)
            if m
        ],
        right=(2, 3, 4, 5, 6),
    )
    if effect:
        _show_corridors(effect)
    typer.echo(repr(answer))


def _tell(answer: Tariff, *, unfollowed: bool) -> None:
    """Print what the figures alone do not say: that nothing changes, rates above 100 %, trade that is not followed."""
    high = dict.fromkeys(r for x in answer.lines if x.after.rate > 1 for r in x.after.rows)
    said = []
    if not answer.moved().any():
        against = answer.base or "free trade"
        said.append(
            f"No duty on these goods differs between {answer.policy} and {against}: no row of tariffs.csv that holds "
            "on their days and under them tells them apart."
        )
    if high:
        said.append(
            f"Some duties are above 100 % of value ({', '.join(high)}); rates are shares, so that 25 % is 0.25."
        )
    if unfollowed:
        said.append(
            "No trade of this policy has a class of cargo and both places, so none is followed over the network."
        )
    for sentence in said:
        print_lines([sentence])


def _show_corridors(effect: list[dict[str, Any]]) -> None:
    """Print the tonnes of a policy's trades by corridor."""
    print_table(
        "Tonnes of these trades by corridor",
        ("corridor", "before", "after", "change", "all traffic, kt"),
        [
            [
                e["corridor"],
                f"{e['t_before']:,.0f}",
                f"{e['t_after']:,.0f}",
                f"{e['change_t']:+,.0f}",
                f"{e['all_kt']:,.0f}",
            ]
            for e in effect
        ],
        right=(1, 2, 3, 4),
    )


def _show_story(rows: list[dict[str, Any]]) -> None:
    """Print the policies in their order."""
    ways = [k for k in (rows[0] if rows else {}) if k.startswith("t_")]
    print_table(
        "Policies, million USD a year; tonnes by corridor",
        (
            "date",
            "policy",
            "exposed",
            "change",
            "diverted",
            "revenue, all origins",
            *(w.removeprefix("t_") for w in ways),
        ),
        [
            [
                r["date"],
                f"{r['policy']}{'' if r['kind'] == 'observed' else ' *'}",
                f"{r['exposed_usd'] / 1e6:,.0f}",
                _span(r, "change"),
                _span(r, "diversion"),
                f"{r['revenue'] / 1e6:+,.0f}",
                *(f"{r[w]:+,.0f}" for w in ways),
            ]
            for r in rows
        ],
        right=range(2, 6 + len(ways)),
    )
    print_lines(
        [
            (
                "* no duty of the record: announced, a what-if or a round of talks. Each row is held "
                "against its base (table policies)."
            )
        ]
    )


def _show_talks(rows: list[dict[str, Any]]) -> None:
    """Print what each round of talks might yield, by chain."""
    if not rows:
        print_lines(
            [
                (
                    "Nothing to tell: no policy of the kind talks, or no chain with a contract that names a policy; "
                    "see policies.csv and contracts.csv."
                )
            ]
        )
        return
    over = [k for k in (rows[0] if rows else {}) if k.startswith("over_")]
    print_table(
        "What talks might yield",
        (
            "policy",
            "trade, M USD",
            "kt",
            "chain",
            "contracts, units",
            "from or through",
            *(f"over {k.removeprefix('over_').upper()}" for k in over),
            "USD/unit",
        ),
        [
            [
                r["policy"],
                _span(r, "change"),
                _span(r, "tonnes", 1e3),
                r["chain"],
                f"{r['contract_units']:,.0f}",
                f"{r['from_share']:.0%}",
                *(f"{r[k]:.0%}" for k in over),
                "-" if isnan(r["unit_usd"]) else f"{r['unit_usd']:,.0f}",
            ]
            for r in rows
        ],
        right=(1, 2, *range(4, 7 + len(over))),
    )


def _draw(network: Network, rows: list[dict[str, Any]], path: Path) -> None:
    from daliz.report.chain_charts import tariff_chart
    from daliz.report.save import save_chart

    policies, products = network.table("policies"), network.table("products")
    names = [
        policies.row(r["policy"])["name_en"] if "policy" in r else products.row(r["product"])["name_en"]
        for r in rows
    ]
    save_chart(tariff_chart([r | {"name": n} for r, n in zip(rows, names, strict=True)]), path)
