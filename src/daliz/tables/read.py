"""Read the CSV tables of a package and find the faults of form."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.tables.cells import ID, Array, blanks, parse_cell_text
from daliz.tables.faults import Fault, Hints
from daliz.tables.schema import TableSchema, schema
from daliz.tables.table import OWN_COLUMN, Table

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from daliz.tables.schema import Column

LARGEST_FILE_MB = 64
SHOWN = 60


def read_table(path: Path | Traversable, name: str) -> tuple[Table, list[Fault]]:
    """Read one table and its faults; faulty cells are left blank.

    Accepts a byte-order mark and Windows line ends, which leave no doubt; refuses what would need a guess
    (semicolons, decimal commas, dates in other forms than 2024-12-31).
    """
    file, table = path.name, schema()[name]
    text, fault = _text(path, file)
    if fault:
        return Table(name, {}), [fault]
    header, rows, uneven, faults = _rows(file, text)
    faults = _header_faults(file, header, table) + faults
    columns, cell_faults = _columns(file, header, rows, uneven, table)
    return Table(name, columns), faults + cell_faults


def _text(path: Path | Traversable, file: str) -> tuple[str, Fault | None]:
    most = LARGEST_FILE_MB * 1_000_000
    try:
        with path.open("rb") as stream:
            raw = stream.read(most + 1)
            size = len(raw) if len(raw) <= most else stream.seek(0, os.SEEK_END)
    except OSError as error:
        return "", Fault(file, "", "", "", f"cannot be read ({error.strerror})", "give the right to read it")
    if size > most:
        return "", Fault(
            file,
            "",
            "",
            f"{size / 1e6:.1f} MB",
            f"a table may be {LARGEST_FILE_MB} MB at most",
            "split the network or leave out rows that no route needs",
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        value = f"byte {error.start} on line {line}"
        return "", Fault(file, "", "", value, "files are UTF-8", "save the file as CSV UTF-8")
    return text, _text_fault(file, text)


def _text_fault(file: str, text: str) -> Fault | None:
    if not text.strip():
        return Fault(
            file,
            "",
            "",
            "",
            "the file is empty",
            "remove it, or give the names of the columns in its first line",
        )
    if "\x00" in text:
        return Fault(file, "", "", "NUL", "files are plain text", "save the file as CSV UTF-8")
    head = text.lstrip("\r\n").split("\n", 1)[0].strip()
    if "," not in head and (";" in head or "\t" in head):
        return Fault(
            file,
            "1",
            "",
            head[:SHOWN],
            "columns are separated by commas",
            "save with commas, and with a point as decimal mark",
        )
    return None


def _rows(file: str, text: str) -> tuple[list[str], list[list[str]], set[int], list[Fault]]:
    """Split a file into its header, rows of the header's length, odd rows, and the faults of rows."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: list[list[str]] = []
    uneven: set[int] = set()
    faults: list[Fault] = []
    while True:
        start = reader.line_num + 1
        try:
            for row in reader:
                if not header:
                    header, start = row, reader.line_num + 1
                    continue
                if len(row) != len(header):
                    faults += _length_fault(file, start, row, header)
                    uneven.add(len(rows))
                    row = (row + [""] * len(header))[: len(header)]  # noqa: PLW2901
                if row[0] or any(map(str.strip, row)):
                    rows.append(row)
                else:
                    uneven.discard(len(rows))
                start = reader.line_num + 1
        except csv.Error as error:
            allowed = f"cannot be split into cells ({error})"
            mend = "close every quote, and write a quote inside a cell twice"
            faults.append(Fault(file, f"on line {start}", "", "", allowed, mend))
            if "limit" not in str(error):
                continue
        return [name.strip() for name in header], rows, uneven, faults


def _length_fault(file: str, line: int, row: list[str], header: list[str]) -> list[Fault]:
    if not any(map(str.strip, row)):
        return []
    count = f"{len(row)} cell{'s' * (len(row) != 1)}"
    allowed = f"has {count} where the header has {len(header)}"
    mend = "put cells with commas in quotes and fill the row up"
    return [Fault(file, f"on line {line}", "", ",".join(row)[:SHOWN], allowed, mend)]


def _header_faults(file: str, header: list[str], table: TableSchema) -> list[Fault]:
    hints = Hints(table.columns)
    mend = "correct the name, or begin it with x_ to keep a column of your own"
    missing = [
        Fault(file, "", name, "", "this column is required", "add it")
        for name, column in table.columns.items()
        if column.required and name not in header
    ]
    unknown = [
        Fault(file, "1", name, name, f"{table.name} has no such column", hints.add(mend, name))
        if name
        else Fault(file, "1", "", "", f"column {i + 1} of {table.name} has no name", "name or remove it")
        for i, name in enumerate(header)
        if name not in table.columns and not name.startswith(OWN_COLUMN)
    ]
    repeated = [name for name in dict.fromkeys(header) if name and header.count(name) > 1]
    return (
        missing
        + unknown
        + [Fault(file, "1", name, name, "a column stands once", "remove the second") for name in repeated]
    )


def _columns(
    file: str, header: list[str], rows: list[list[str]], uneven: set[int], table: TableSchema
) -> tuple[dict[str, Array], list[Fault]]:
    columns: dict[str, Array] = {table.key: blanks("id", len(rows))}
    faults: list[Fault] = []
    cells = {
        name: list(map(str.strip, column))
        for name, column in zip(header, zip(*rows, strict=True), strict=rows != [])
    }
    origin = _Origin(file, cells.get(table.key, [""] * len(rows)), uneven)
    for name, texts in cells.items():
        column = table.columns.get(name)
        if column is not None:
            values = parse_column(texts, column)
            columns[name] = _cell_by_cell(origin, column, texts, faults) if values is None else values
        elif name.startswith(OWN_COLUMN):
            columns[name] = np.array(texts, dtype=object)
    for values in columns.values():
        values.flags.writeable = False
    return columns, faults


def parse_column(cells: list[str], column: Column) -> Array | None:
    """Read a whole column at once; None if any cell may be faulty.

    Examples
    --------
    >>> from daliz.tables.schema import schema
    >>> parse_column(["310.5", ""], schema()["links"].columns["length_km"])
    array([310.5,   nan])
    """
    if column.default:
        cells = [cell or column.default for cell in cells]
    if column.required and not column.figure and "" in cells:
        return None
    if column.numeric:
        return _numbers(cells, column)
    if column.type == "id":
        return np.array(cells, dtype=object) if all(map(ID.fullmatch, filter(None, cells))) else None
    if column.type in {"text", "ref"}:
        return np.array(cells, dtype=object)
    return _few(cells, column)


def _numbers(cells: list[str], column: Column) -> Array | None:
    joined = "".join(cells)
    if not joined.isascii() or "_" in joined:
        return None
    try:
        values = np.array([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)
    except ValueError:
        return None
    known = values[~np.isnan(values)]
    lowest = -np.inf if column.minimum is None else column.minimum
    highest = np.inf if column.maximum is None else column.maximum
    wrong = ~np.isfinite(known) | (known < lowest) | (known > highest)
    if column.type == "integer":
        wrong |= known != np.rint(known)
    if column.allowed:
        wrong |= ~np.isin(known, [float(a) for a in column.allowed])
    return None if wrong.any() or len(known) + cells.count("") != len(cells) else values


def _few(cells: list[str], column: Column) -> Array | None:
    """Read a column whose cells repeat, such as choices, flags and dates, by reading each text once."""
    values = blanks(column.type, len(cells))
    blank = values[:1].tolist()[0] if len(cells) else None
    try:
        known = {cell: parse_cell_text(cell, column) if cell else blank for cell in set(cells)}
    except ValueError:
        return None
    values[:] = [known[cell] for cell in cells]
    return values


class _Origin(NamedTuple):
    """Origin of cells: the file, the key of each row, and the rows that were too short or too long."""

    file: str
    keys: list[str]
    uneven: set[int]

    def fault(self, i: int, column: Column, value: str, allowed: str, mend: str) -> Fault:
        return Fault(self.file, self.keys[i] or f"number {i + 1}", column.name, value[:SHOWN], allowed, mend)


def _cell_by_cell(origin: _Origin, column: Column, cells: list[str], faults: list[Fault]) -> Array:
    """Read a column that has faults: blank the faulty cells and describe each."""
    values = blanks(column.type, len(cells))
    for i, given in enumerate(cells):
        cell = given or column.default
        if not cell:
            if column.required and not column.figure and i not in origin.uneven:
                allowed, mend = "this cell may not be blank", f"give it ({column.description})"
                faults.append(origin.fault(i, column, "", allowed, mend))
            continue
        try:
            values[i] = parse_cell_text(cell, column)
        except ValueError as error:
            allowed, _, mend = str(error).partition("; ")
            faults.append(origin.fault(i, column, cell, allowed, mend or "correct the cell"))
    return values
