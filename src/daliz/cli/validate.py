"""Compare the model with observations."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from daliz.cli.common import AsCsv, AsJson, Package, open_for, print_csv, print_json, print_table, progress

NAME = "validate"
HELP = "Put every published observation beside the model's answer; exit code 1 if too few hold."
EXAMPLE = "Example: daliz validate --need 0.8"


def run(
    package: Package = "eurasia",
    need: Annotated[float, typer.Option(help="Share of scored observations that must hold.")] = 0.8,
    every: Annotated[bool, typer.Option("--all", help="Show those that are not scored too.")] = False,
    tuned: Annotated[
        bool, typer.Option("--tuned", help="Tell how many could be met at best by tuning hours to them.")
    ] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run the verb."""
    if not 0 <= need <= 1:
        raise typer.BadParameter(f"--need is {need}; give a share between 0 and 1.")
    from daliz.validation import best_tuned, validate

    advance, stop = progress("asking")
    try:
        result = validate(open_for(package, None, (), ()), advance)
    finally:
        stop()
    if not (result.scores if every else result.scored):
        from daliz.errors import QueryError

        raise QueryError(
            f"The package {package} has no observation of days, prices or emissions between two places to be held "
            "against; add some to observations."
        )
    best = best_tuned(result) if tuned else None
    shown = result.scores if every else result.scored
    if as_json or as_csv:
        rows = result.table.to_dict("records")
        told = {"share": result.share, "need": need} | ({"tuned": asdict(best)} if best else {})
        print_json(told | {"scores": rows}) if as_json else print_csv(
            [{str(k): v for k, v in r.items()} for r in rows]
        )
    else:
        print_table(
            "Observations and answers",
            ("observation", "kind", "measure", "published", "model", "error", "met", "remark"),
            [
                [
                    s.observation["id"],
                    s.observation["kind"],
                    s.observation["measure"],
                    _published(s.observation),
                    f"{s.answer:,.1f}",
                    f"{s.error:+.0%}",
                    "yes" if s.inside else "no",
                    s.remark,
                ]
                for s in shown
            ],
            right=(3, 4, 5),
        )
        typer.echo(repr(result))
        if best:
            typer.echo(repr(best))
    if not result.share >= need:
        raise typer.Exit(1)


def _published(row: dict[str, float]) -> str:
    from math import isnan

    low, high = ("" if isnan(row[k]) else f"{row[k]:,g}" for k in ("low", "high"))
    return f"{row['value']:,g}" + (f" ({low}-{high})" if low or high else "")
