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


def read_table(path: Path | Traversable, name: str, file: str = "") -> tuple[Table, list[Fault]]:
    """Read one table and its faults; faulty cells are left blank. Faults name the `file`, or that of the path.

    Accepts a byte-order mark and Windows line ends, which leave no doubt; refuses what would need a guess
    (semicolons, decimal commas, dates in other forms than 2024-12-31).
    """
    return table_of(read_sheet(path, file), name)


def table_of(sheet: Sheet, name: str) -> tuple[Table, list[Fault]]:
    """Make a table of the cells of a file, and tell the faults; faulty cells are left blank."""
    table = schema()[name]
    if not sheet.header:
        return Table(name, {}), sheet.faults
    faults = _header_faults(sheet.file, sheet.header, table) + sheet.faults
    columns, cell_faults = _columns(sheet, table)
    return Table(name, columns), faults + cell_faults


class Sheet(NamedTuple):
    """Cells of a CSV file as text.

    Attributes
    ----------
    file
        Name of the file in messages.
    header
        Names of the columns; none if the file cannot be read at all.
    rows
        Cells by row, each as long as the header; lines without any are left out.
    lines
        Line of the file on which each row begins; none if the file has nothing wrong and no numbers were asked for.
    uneven
        Positions of rows that were too short or too long.
    faults
        What is wrong with the file, its header's names excepted.
    """

    file: str
    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    uneven: set[int]
    faults: list[Fault]


def read_sheet(path: Path | Traversable, file: str = "", *, numbered: bool = False) -> Sheet:
    """Read a CSV file of any columns, as strictly as a table of a package.

    UTF-8 with or without a byte-order mark, commas, quotes that close, as many cells in every row as names in the
    header. Lines are counted where `numbered` asks for it.
    """
    file = file or path.name
    text, fault = _text(path, file)
    if fault:
        return Sheet(file, [], [], [], set(), [fault])
    return (None if numbered else _whole_sheet(file, text)) or sheet_of(text, file)


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
            "line 1",
            "",
            head[:SHOWN],
            "columns are separated by commas",
            "save with commas, and with a point as decimal mark",
        )
    return None


def sheet_of(text: str, file: str) -> Sheet:
    """Split the text of a file into its header and rows of the header's length, line by line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    sheet = Sheet(file, [], [], [], set(), [])
    while True:
        start = reader.line_num + 1
        try:
            for row in reader:
                _take_row(sheet, start, row)
                start = reader.line_num + 1
        except csv.Error as error:
            allowed = f"cannot be split into cells ({error})"
            mend = "close every quote, and write a quote inside a cell twice"
            sheet.faults.append(Fault(file, f"line {start}", "", "", allowed, mend))
            if "limit" not in str(error):
                continue
        return sheet


def _whole_sheet(file: str, text: str) -> Sheet | None:
    """Split a file at once; None if a row is not as long as the header, or blank."""
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    except (csv.Error, ValueError):
        return None
    count = len(header)
    if not header or any(len(row) != count or not (row[0] or any(map(str.strip, row))) for row in rows):
        return None
    return Sheet(file, [name.strip() for name in header], rows, [], set(), [])


def _take_row(sheet: Sheet, line: int, row: list[str]) -> None:
    """Take the next row of a file: the header, a line without cells, or a row."""
    if not sheet.header:
        sheet.header.extend(name.strip() for name in row)
        return
    if not any(map(str.strip, row)):
        return
    if len(row) != len(sheet.header):
        sheet.faults.append(_length_fault(sheet.file, line, row, sheet.header))
        sheet.uneven.add(len(sheet.rows))
        row = (row + [""] * len(sheet.header))[: len(sheet.header)]
    sheet.rows.append(row)
    sheet.lines.append(line)


def _length_fault(file: str, line: int, row: list[str], header: list[str]) -> Fault:
    count = f"{len(row)} cell{'s' * (len(row) != 1)}"
    allowed = f"has {count} where the header has {len(header)}"
    mend = "put cells with commas in quotes and fill the row up"
    return Fault(file, f"line {line}", "", ",".join(row)[:SHOWN], allowed, mend)


def _header_faults(file: str, header: list[str], table: TableSchema) -> list[Fault]:
    hints = Hints(table.columns)
    mend = "correct the name, or begin it with x_ to keep a column of your own"
    made = [
        Fault(file, "line 1", name, name, "this column is made on reading", "remove it")
        for name in header
        if name in table.columns and table.columns[name].type == "made"
    ]
    missing = [
        Fault(file, "", name, "", "this column is required", "add it")
        for name, column in table.columns.items()
        if column.required and name not in header
    ]
    unknown = [
        Fault(file, "line 1", name, name, f"{table.name} has no such column", hints.add(mend, name))
        if name
        else Fault(file, "line 1", "", "", f"column {i + 1} of {table.name} has no name", "name or remove it")
        for i, name in enumerate(header)
        if name not in table.columns and not name.startswith(OWN_COLUMN)
    ]
    repeated = [name for name in dict.fromkeys(header) if name and header.count(name) > 1]
    return (
        missing
        + made
        + unknown
        + [
            Fault(file, "line 1", name, name, "a column stands once", "remove the second")
            for name in repeated
        ]
    )


def _columns(sheet: Sheet, table: TableSchema) -> tuple[dict[str, Array], list[Fault]]:
    header, rows = sheet.header, sheet.rows
    columns: dict[str, Array] = {table.label: blanks("text", len(rows))}
    faults: list[Fault] = []
    cells = {
        name: list(map(str.strip, column))
        for name, column in zip(header, zip(*rows, strict=True), strict=rows != [])
    }
    origin = _Origin(sheet.file, cells.get(table.label, [""] * len(rows)), sheet.uneven)
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
