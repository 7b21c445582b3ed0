"""Make a new package."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from daliz.cli.common import print_lines

NAME = "new"
HELP = "Make a package of your own: the smallest that answers, with a README on each of its files."
EXAMPLE = "Example: daliz new my-network"


def run(path: Annotated[Path, typer.Argument(help="Folder to make; an empty one may exist.")]) -> None:
    """Run the verb."""
    from daliz.tables.new import new_package

    new_package(path)
    folder = shlex.quote(str(path))
    print_lines([f"Made {path}. Read {path / 'README.md'}, then try:"])
    typer.echo(f"  daliz check {folder}\n  daliz routes west east -n {folder}")
