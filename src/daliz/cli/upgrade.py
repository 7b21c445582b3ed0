"""Bring a package into the present form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

NAME = "upgrade"
HELP = "For authors of packages: bring a folder of an earlier form into the present one, in place."
EXAMPLE = "Example: daliz upgrade my-network"


def run(path: Annotated[Path, typer.Argument(help="Folder of tables, changed in place.")]) -> None:
    """Run the verb."""
    from daliz.tables.descriptor import FORM
    from daliz.tables.upgrade import upgrade

    for sentence in upgrade(path):
        typer.echo(sentence)
    typer.echo(f"{path} is of form {FORM}.")
