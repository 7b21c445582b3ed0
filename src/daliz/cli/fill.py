"""Fill the cells of a package from its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "fill"
HELP = "For authors of packages: compute derived figures and write every cell from the evidence that is used."
EXAMPLE = "Example: daliz fill my-network"


def run(path: Annotated[Path, typer.Argument(help="Folder of tables, changed in place.")]) -> None:
    """Run the verb."""
    from daliz.tables.fill import fill
    from daliz.tables.store import describe, open_store
    from daliz.tables.write import save_package

    filled = fill(open_store(path))
    save_package({n: t for n, t in filled.items() if len(t)}, describe(filled), path)
    typer.echo(f"Filled {path}.")
