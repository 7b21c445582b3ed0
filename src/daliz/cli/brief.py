"""Write the brief."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from daliz.cli.common import Edits, Package, Under, Without, Year, open_for, progress, takes_edits

NAME = "brief"
HELP = "Write the brief: HTML that opens offline and PDF, with the summary in Kazakh."
EXAMPLE = "Example: daliz brief --out brief"


@takes_edits
def run(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write into.")] = Path("brief"),
    package: Package = "eurasia",
    year: Year = None,
    under: Under = [],
    without: Without = [],
    name: Annotated[
        str, typer.Option("--brief", help="Which of the package's briefs, as its file is named.")
    ] = "brief",
    edits: Edits = (),
) -> None:
    """Run the verb."""
    from daliz.errors import need
    from daliz.report import brief

    need("altair", "vl_convert", "typst", "babel", extra="report")
    advance, stop = progress("writing the brief")
    try:
        files = brief(open_for(package, year, under, without, edits), out, advance, name=name)
    finally:
        stop()
    for file in files:
        typer.echo(str(file.resolve()))
