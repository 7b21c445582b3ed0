"""Options and forms of printing that the verbs share."""

from __future__ import annotations

import csv
import functools
import inspect
import io
import json
import sys
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.tables import Network
    from daliz.tables.edits import Edit

Package = Annotated[str, typer.Option("--network", "-n", help="Embedded package or folder of tables.")]
Year = Annotated[
    int | None,
    typer.Option(
        "--year",
        "-y",
        help="Year; the last observed one unless given. It holds what is open on at least half of its days.",
    ),
]
Under = Annotated[
    list[str], typer.Option("--under", help="Project, event or policy to put in force; may be repeated.")
]
Without = Annotated[
    list[str], typer.Option("--without", help="Event or project to take out; may be repeated.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV for programs.")]

Edits = tuple[Any, ...]
"""Changes of cells and rows, as `takes_edits` hands them to a verb."""
OF_CELL, OF_ROW = "TABLE.ROW.COLUMN=VALUE", "TABLE.ROW"
EDITS = {
    "set": (OF_CELL, "Give a cell the user's own figure"),
    "add": (OF_CELL, "Add to the figure of a cell, after --set"),
    "multiply": (OF_CELL, "Multiply the figure of a cell, after --set and --add"),
    "open": (OF_ROW, "Put a row in force on all days"),
    "close": (OF_ROW, "Take a row out on all days"),
}


def takes_edits(run: Callable[..., None]) -> Callable[..., None]:
    """Add to a verb the options that change cells and rows; it gets the changes as its argument `edits`."""
    options = [
        inspect.Parameter(
            f"{op}_edits",
            inspect.Parameter.KEYWORD_ONLY,
            default=[],
            annotation=Annotated[
                list[str], typer.Option(f"--{op}", metavar=form, help=f"{what}; may be repeated.")
            ],
        )
        for op, (form, what) in EDITS.items()
    ]
    hints = get_type_hints(run, include_extras=True)
    signature = inspect.signature(run)
    own = [p.replace(annotation=hints[n]) for n, p in signature.parameters.items() if n != "edits"]
    own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]

    @functools.wraps(run)
    def with_edits(**given: Any) -> None:
        texts = {op: given.pop(f"{op}_edits", []) for op in EDITS}
        run(**given, edits=read_edits(**texts))

    del with_edits.__wrapped__
    with_edits.__signature__ = signature.replace(parameters=[*own, *options])  # type: ignore[attr-defined]
    with_edits.__annotations__ = {p.name: p.annotation for p in [*own, *options]}
    return with_edits


def read_edits(**texts: Sequence[str]) -> tuple[Edit, ...]:
    """Read changes of cells and rows: texts by what is done, as `set=["links.a-b.capacity=60"]`.

    Raises
    ------
    QueryError
        If a text does not name a cell and a number, or a row.
    """
    from daliz.tables import Add, Close, Multiply, Open, Set

    of_cell: dict[str, Callable[..., Edit]] = {"set": Set, "add": Add, "multiply": Multiply}
    of_row: dict[str, Callable[..., Edit]] = {"open": Open, "close": Close}
    cells = [of_cell[op](*_cell(op, text)) for op in of_cell for text in texts.get(op, ())]
    rows = [of_row[op](*_row(op, text)) for op in of_row for text in texts.get(op, ())]
    return (*cells, *rows)


def _cell(op: str, text: str) -> tuple[str, str, str, float]:
    """Read `table.row.column=value`; whatever dots are left belong to the row."""
    from daliz.errors import QueryError

    place, sign, value = (part.strip() for part in text.partition("="))
    table, _, rest = place.partition(".")
    row, _, column = rest.rpartition(".")
    if not (sign and table and row and column):
        raise QueryError(
            f"--{op} {text!r} does not name a cell and a value; write --{op} table.row.column=value."
        )
    try:
        return table, row, column, float(value if value.isascii() and "_" not in value else "no number")
    except ValueError:
        raise QueryError(
            f"--{op} {text!r} gives {value!r}, which is no number; write it with a point and without unit "
            "or spaces."
        ) from None


def _row(op: str, text: str) -> tuple[str, str]:
    """Read `table.row`."""
    from daliz.errors import QueryError

    table, _, row = text.strip().partition(".")
    if not (table and row) or "=" in row:
        raise QueryError(f"--{op} {text!r} does not name a row; write --{op} table.row.")
    return table, row


def open_for(
    package: str,
    year: int | None,
    under: Sequence[str],
    without: Sequence[str],
    edits: Sequence[Edit] = (),
) -> Network:
    """Open a network as the options say."""
    from daliz.errors import QueryError
    from daliz.tables import open_network

    both = sorted({*under} & {*without})
    if both:
        raise QueryError(
            f"{', '.join(both)} cannot be put in force and taken out at once; give --under or --without."
        )
    network = open_network(package, year)
    remarks = network.store.remarks
    if remarks:
        more = f" ({len(remarks) - 1} more)" if len(remarks) > 1 else ""
        typer.echo(f"daliz: note: {remarks[0]}{more} `daliz check {package}` tells all.", err=True)
    if without:
        network = network.without(*without)
    if under:
        network = network.under(*under)
    return network.change(*edits) if edits else network


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
    """Print rows as CSV; a number that is not known or beyond all bounds is a blank cell."""
    out = io.StringIO(newline="")
    if rows:
        writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: "" if _plain(v) is None else v for k, v in r.items()} for r in rows)
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
    """Return the columns of the terminal; wide where there is none, as in a pipe."""
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
    """Return a callback that shows a bar on standard error, and one that ends it."""
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
