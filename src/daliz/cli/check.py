"""Find all faults of a package."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from daliz.cli.common import AsJson, print_json, print_table

NAME = "check"
HELP = "Find all faults of a package in one pass; exit code 1 if there are any."
EXAMPLE = "Example: daliz check eurasia"


def run(
    path: Annotated[str, typer.Argument(help="Embedded package or folder of tables.")],
    verb: Annotated[
        str,
        typer.Option("--for", help="A verb: tell too what it needs and the package lacks.", metavar="VERB"),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Run the verb."""
    from daliz.tables import check

    found = check(path, verb)
    if as_json:
        print_json(
            {
                "name": found.name,
                "clean": found.clean,
                "faults": [asdict(f) for f in found.faults],
                "rows": found.rows,
                "grades": [{"grade": g, "figures": n, "share": s} for g, n, s in found.shares],
            }
        )
    else:
        for fault in found.faults:
            typer.echo(str(fault))
        typer.echo(repr(found))
        print_table(
            "Figures by grade of evidence",
            ("grade", "figures", "share"),
            [[g, f"{n:,}", f"{s:.1%}"] for g, n, s in found.shares],
            right=(1, 2),
        )
    if not found.clean:
        raise typer.Exit(1)
