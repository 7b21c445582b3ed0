"""Read the CSV tables of a package and find the faults of form."""

from __future__ import annotations

import csv
import datetime
import io
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import did_you_mean
from daliz.tables.faults import Fault
from daliz.tables.schema import Column, TableSchema, schema
from daliz.tables.table import Array, Table, blanks

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable
    from pathlib import Path

LARGEST_FILE_MB = 64
_ID = re.compile(r"^[a-z0-9][a-z0-9-]*$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}$")
_BOOLEANS = {"yes": True, "no": False}


def read_table(path: Path | Traversable, name: str) -> tuple[Table, list[Fault]]:
    """Read one table; give it with the faults found, the faulty cells being left blank.

    Accepts a byte-order mark and Windows line ends, which leave no doubt; refuses what would need a guess
    (semicolons, decimal commas, dates in other forms than 2024-12-31).
    """
    file = path.name
    text, fault = _text(path, file)
    if fault:
        return Table(name, {}), [fault]
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    faults = _header_faults(file, header, schema()[name])
    if faults and any(not f.row and f.column == "" for f in faults):
        return Table(name, {}), faults
    rows = []
    for row in reader:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            faults.append(
                Fault(file, str(reader.line_num), "", ",".join(row)[:60], f"has {len(row)} cells where the header has {len(header)}",
                      "put cells with commas in quotes and fill the row up")
            )
            row = (row + [""] * len(header))[: len(header)]  # noqa: PLW2901
        rows.append(row)
    columns, cell_faults = _columns(file, header, rows, schema()[name])
    return Table(name, columns), faults + cell_faults


def _text(path: Path | Traversable, file: str) -> tuple[str, Fault | None]:
    raw = path.read_bytes()
    if len(raw) > LARGEST_FILE_MB * 1_000_000:
        return "", Fault(file, "", "", f"{len(raw) / 1e6:.0f} MB", f"a table may be {LARGEST_FILE_MB} MB at most",
                         "split the network or leave out rows that no route needs")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", Fault(file, "", "", f"byte {error.start}", "files are UTF-8", "save the file as CSV UTF-8")
    if "\x00" in text:
        return "", Fault(file, "", "", "NUL", "files are plain text", "save the file as CSV UTF-8")
    head = text.split("\n", 1)[0]
    if ";" in head and "," not in head:
        return "", Fault(file, "1", "", head[:60], "columns are separated by commas",
                         "save with commas, and with a point as decimal mark")
    return text, None


def _header_faults(file: str, header: list[str], table: TableSchema) -> list[Fault]:
    faults = [
        Fault(file, "", name, "", "this column is required", "add it")
        for name, column in table.columns.items()
        if column.required and name not in header
    ]
    faults += [
        Fault(file, "1", name, name, f"{table.name} has no such column{did_you_mean(name, table.columns)}",
              "correct the name, or begin it with x_ to keep a column of your own")
        for name in header
        if name not in table.columns and not name.startswith("x_")
    ]
    repeated = {name for name in header if header.count(name) > 1}
    return faults + [Fault(file, "1", name, name, "a column stands once", "remove the second") for name in repeated]


def _columns(
    file: str, header: list[str], rows: list[list[str]], table: TableSchema
) -> tuple[dict[str, Array], list[Fault]]:
    columns: dict[str, Array] = {table.key: blanks("id", len(rows))}
    faults: list[Fault] = []
    keys = [row[header.index(table.key)] for row in rows] if table.key in header else [""] * len(rows)
    for j, name in enumerate(header):
        column = table.columns.get(name)
        if column is None:
            continue
        cells = [row[j].strip() for row in rows]
        columns[name] = _parse(file, column, cells, keys, faults)
    return columns, faults


def _parse(file: str, column: Column, cells: list[str], keys: list[str], faults: list[Fault]) -> Array:
    if column.default:
        cells = [cell or column.default for cell in cells]
    values = blanks(column.type, len(cells))
    parse = _PARSERS[column.type]
    for i, cell in enumerate(cells):
        if not cell:
            if column.required and not column.figure:
                faults.append(Fault(file, keys[i], column.name, "", "this cell may not be blank", column.description.lower()))
            continue
        try:
            values[i] = parse(cell, column)
        except ValueError as error:
            allowed, _, mend = str(error).partition("; ")
            faults.append(Fault(file, keys[i], column.name, cell[:60], allowed, mend or "correct the cell"))
    return values


def _number(cell: str, column: Column) -> float:
    try:
        value = float(cell)
    except ValueError:
        unit = f" in {column.unit}" if column.unit else ""
        raise ValueError(f"must be a number{unit}; write it with a point and without unit or spaces") from None
    if not math.isfinite(value):
        raise ValueError("must be a finite number; leave the cell blank if the figure is not known")
    if column.minimum is not None and value < column.minimum:
        raise ValueError(f"must be at least {column.minimum:g} {column.unit}; correct the figure or its unit".replace(" ;", ";"))
    if column.maximum is not None and value > column.maximum:
        raise ValueError(f"must be at most {column.maximum:g} {column.unit}; correct the figure or its unit".replace(" ;", ";"))
    if column.allowed and cell not in column.allowed:
        raise ValueError(f"must be one of {' '.join(column.allowed)}; choose one")
    return value


def _integer(cell: str, column: Column) -> float:
    value = _number(cell, column)
    if value != round(value):
        raise ValueError("must be a whole number; round or correct it")
    return value


def _date(cell: str, _column: Column) -> np.datetime64:
    if not _DATE.match(cell):
        raise ValueError("must be a date such as 2024-12-31; a spreadsheet may have changed it, so write it as text")
    try:
        return np.datetime64(datetime.date.fromisoformat(cell))
    except ValueError:
        raise ValueError("must be a day of the calendar such as 2024-12-31; correct it") from None


def _boolean(cell: str, _column: Column) -> bool:
    if cell not in _BOOLEANS:
        raise ValueError("must be yes or no; choose one")
    return _BOOLEANS[cell]


def _choice(cell: str, column: Column) -> str:
    if cell not in column.allowed:
        raise ValueError(f"must be one of {' '.join(column.allowed)}; choose one{did_you_mean(cell, column.allowed)}")
    return cell


def _list(cell: str, column: Column) -> str:
    items = cell.replace(";", " ").split()
    wrong = [item for item in items if column.allowed and item not in column.allowed]
    if wrong:
        raise ValueError(f"may hold {' '.join(column.allowed)} separated by spaces; remove {' '.join(wrong)}")
    return " ".join(items)


def _id(cell: str, _column: Column) -> str:
    if not _ID.match(cell):
        raise ValueError("must be made of a-z, 0-9 and hyphens; rename it")
    return cell


def _text_cell(cell: str, _column: Column) -> str:
    return cell


def _wkt(cell: str, _column: Column) -> str:
    from daliz.tables.geo import parse_line

    points = parse_line(cell)
    if np.abs(points[:, 1]).max() > 90 or np.abs(points[:, 0]).max() > 360:
        raise ValueError("must hold lon lat pairs in degrees; exchange them if they are the wrong way round")
    return cell


_PARSERS: dict[str, Callable[[str, Column], Any]] = {
    "number": _number,
    "integer": _integer,
    "date": _date,
    "boolean": _boolean,
    "choice": _choice,
    "list": _list,
    "id": _id,
    "ref": _text_cell,
    "text": _text_cell,
    "wkt": _wkt,
}
