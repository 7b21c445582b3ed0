"""Show the evidence behind a figure."""

from __future__ import annotations

from typing import Annotated

import typer

from daliz.cli.common import AsJson, Edits, Under, Without, Year, open_for, print_json, takes_edits

NAME = "why"
HELP = "Show value, range, source and arithmetic of a figure. For a whole way: daliz routes ... --why."
EXAMPLE = "Example: daliz why eurasia links.rail-dostyk-aktogay.speed_km_h"


@takes_edits
def run(
    package: Annotated[str, typer.Argument(help="Embedded package or folder of tables.")],
    cell: Annotated[str, typer.Argument(help="table.row.column")],
    year: Year = None,
    under: Under = [],
    without: Without = [],
    as_json: AsJson = False,
    edits: Edits = (),
) -> None:
    """Run the verb."""
    from dataclasses import asdict

    from daliz.tables import why

    reason = why(open_for(package, year, under, without, edits), cell)
    if as_json:
        print_json(asdict(reason))
    else:
        typer.echo(str(reason))
