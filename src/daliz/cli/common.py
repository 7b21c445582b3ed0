"""Share options and ways of printing among the verbs."""

from __future__ import annotations

import csv
import io
import json
import sys
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.tables import Network

Package = Annotated[str, typer.Option("--network", "-n", help="Embedded package or folder of tables.")]
Year = Annotated[int | None, typer.Option("--year", "-y", help="Year; the last observed one unless given.")]
Under = Annotated[
    list[str], typer.Option("--under", help="Project, event or policy to put in force; may be repeated.")
]
Without = Annotated[
    list[str], typer.Option("--without", help="Event or project to take out; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV for programs.")]


def open_for(package: str, year: int | None, under: Sequence[str], without: Sequence[str]) -> Network:
    """Open a network as the options say."""
    from daliz.errors import QueryError
    from daliz.tables import open_network

    both = sorted({*under} & {*without})
    if both:
        raise QueryError(
            f"{', '.join(both)} cannot be put in force and taken out at once; give --under or --without."
        )
    network = open_network(package, year)
    if without:
        network = network.without(*without)
    return network.under(*under) if under else network


def print_json(value: Any) -> None:
    """Print plain values as JSON; a number that is not known or beyond all bounds becomes null."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=1, default=str) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value.item() if hasattr(value, "item") else value


def print_csv(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as CSV."""
    out = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    sys.stdout.write(out.getvalue())


def print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], right: Sequence[int] = ()
) -> None:
    """Print a table for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold", expand=False)
    for i, column in enumerate(columns):
        table.add_column(column, justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console(width=terminal_width()).print(table)


def terminal_width() -> int:
    """Give the columns of the terminal; wide where there is none, as in a pipe."""
    from shutil import get_terminal_size

    return get_terminal_size((160, 24)).columns


def print_lines(paragraphs: Sequence[str]) -> None:
    """Print text in lines that fit the terminal; what follows the first is indented."""
    from textwrap import fill

    width = terminal_width()
    for n, text in enumerate(paragraphs):
        indent = "  " if n else ""
        sys.stdout.write(fill(text, width, initial_indent=indent, subsequent_indent=indent or "  ") + "\n")


def progress(label: str) -> tuple[Callable[[int, int], None], Callable[[], None]]:
    """Give a callback that shows a bar on standard error, and one that ends it."""
    import gc

    from rich.console import Console
    from rich.progress import Progress

    # What takes long makes and leaves whole networks: here circles are worth collecting.
    gc.enable()
    bar = Progress(console=Console(stderr=True), transient=True)
    bar.start()
    task = bar.add_task(label, total=None)

    def advance(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    return advance, bar.stop
