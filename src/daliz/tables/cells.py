"""Read and write single cells: each type of column has one way to be written."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.errors import did_you_mean
from daliz.tables.geo import parse_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.tables.schema import Column

Array = npt.NDArray[Any]
ID = re.compile(r"[a-z0-9][a-z0-9-]*")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BOOLEANS = {"yes": True, "no": False}
MOST_WHOLE = 1e15


def blanks(kind: str, count: int) -> Array:
    """Make an array of blank cells of a column type.

    Examples
    --------
    >>> blanks("number", 2)
    array([nan, nan])
    """
    if kind in {"number", "integer"}:
        return np.full(count, np.nan)
    if kind == "boolean":
        return np.zeros(count, dtype=np.bool_)
    if kind == "date":
        return np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
    return np.full(count, "", dtype=object)


def unwritten(column: Column, count: int) -> Array:
    """Make the cells of a column that a file leaves out: its default, or blanks.

    Examples
    --------
    >>> from daliz.tables.schema import schema
    >>> unwritten(schema()["evidence"].columns["used"], 2)
    array([ True,  True])
    """
    values = blanks(column.type, count)
    if column.default:
        values[:] = parse_cell_text(column.default, column)
    return values


def parse_cell_text(cell: str, column: Column) -> Any:
    """Read the text of one cell that is not blank.

    Raises
    ------
    ValueError
        If the text is not as the column wants it: what is allowed, then "; ", then how to mend it.

    Examples
    --------
    >>> from daliz.tables.schema import schema
    >>> parse_cell_text("310.5", schema()["links"].columns["length_km"])
    310.5
    """
    return _PARSERS[column.type](cell, column)


def cell_text(value: Any, kind: str) -> str:
    """Write one cell so that reading it gives the same value.

    Examples
    --------
    >>> cell_text(0.1, "number"), cell_text(1520.0, "integer"), cell_text(True, "boolean")
    ('0.1', '1520', 'yes')
    """
    if kind == "boolean":
        return "yes" if value else "no"
    if kind == "date":
        return "" if np.isnat(value) else str(value)
    if kind in {"number", "integer"}:
        if np.isnan(value):
            return ""
        return str(int(value)) if abs(value) < MOST_WHOLE and value == int(value) else repr(float(value))
    return str(value)


def _number(cell: str, column: Column) -> float:
    try:
        value = float(cell if cell.isascii() and "_" not in cell else "no number")
    except ValueError:
        unit = f" in {column.unit}" if column.unit else ""
        raise ValueError(
            f"must be a number{unit}; write it with a point and without unit or spaces"
        ) from None
    if not math.isfinite(value):
        raise ValueError("must be a finite number; leave the cell blank if the figure is not known")
    unit = f" {column.unit}" if column.unit else ""
    if column.minimum is not None and value < column.minimum:
        raise ValueError(f"must be at least {column.minimum:g}{unit}; correct the figure or its unit")
    if column.maximum is not None and value > column.maximum:
        raise ValueError(f"must be at most {column.maximum:g}{unit}; correct the figure or its unit")
    if column.allowed and not any(value == float(a) for a in column.allowed):
        raise ValueError(f"must be one of {' '.join(column.allowed)}; choose one")
    return value


def _integer(cell: str, column: Column) -> float:
    value = _number(cell, column)
    if value != round(value):
        raise ValueError("must be a whole number; round or correct it")
    return value


def _date(cell: str, _column: Column) -> np.datetime64:
    if not DATE.fullmatch(cell):
        raise ValueError(
            "must be a date such as 2024-12-31; a spreadsheet may have changed it, so write it as text"
        )
    try:
        return np.datetime64(dt.date.fromisoformat(cell))
    except ValueError:
        raise ValueError("must be a day of the calendar such as 2024-12-31; correct it") from None


def _boolean(cell: str, _column: Column) -> bool:
    if cell not in BOOLEANS:
        raise ValueError("must be yes or no; choose one")
    return BOOLEANS[cell]


def _choice(cell: str, column: Column) -> str:
    if cell not in column.allowed:
        hint = did_you_mean(cell, column.allowed)
        raise ValueError(f"must be one of {' '.join(column.allowed)}; choose one{'.' * bool(hint)}{hint}")
    return cell


def _list(cell: str, column: Column) -> str:
    items = cell.replace(";", " ").split()
    wrong = [item for item in items if column.allowed and item not in column.allowed]
    if wrong:
        allowed = " ".join(column.allowed)
        raise ValueError(f"may hold {allowed} separated by spaces; remove {' '.join(wrong)}")
    return " ".join(items)


def _id(cell: str, _column: Column) -> str:
    if not ID.fullmatch(cell):
        raise ValueError("must be made of a-z, 0-9 and hyphens; rename it")
    return cell


def _text(cell: str, _column: Column) -> str:
    return cell


def _wkt(cell: str, _column: Column) -> str:
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
    "made": _text,
    "id": _id,
    "ref": _text,
    "text": _text,
    "wkt": _wkt,
}
