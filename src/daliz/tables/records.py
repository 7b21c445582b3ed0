"""Read a CSV file that somebody brings, by the columns that it must and may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daliz.errors import DataError
from daliz.tables.faults import Fault, Hints
from daliz.tables.read import read_sheet
from daliz.tables.table import OWN_COLUMN

if TYPE_CHECKING:
    from collections.abc import Collection
    from importlib.resources.abc import Traversable
    from pathlib import Path


class Record(NamedTuple):
    """One row of a file: the line on which it begins, and its cells by column, blank ones as ''."""

    line: int
    cells: dict[str, str]


def read_records(
    path: Path | Traversable, needed: Collection[str], known: Collection[str] = ()
) -> list[Record]:
    r"""Read the rows of a CSV file, or say what is wrong with it and on which line.

    A file is read as strictly as a table of a package: UTF-8, commas, quotes that close, as many cells in every row
    as names in the header. A column stands once and under a known name; a name that begins with x_ is the
    author's own, and left out.

    Parameters
    ----------
    path
        The file.
    needed, known
        Columns that must be there, and those that may be.

    Raises
    ------
    DataError
        If the file cannot be read, has no rows, or a row or a name in the header is wrong; the first is told, with the
        number of others.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("origin,units\nalba,12,5\n")
    >>> read_records(path, ["origin", "units"])
    Traceback (most recent call last):
    daliz.errors.DataError: a.csv, line 2: 'alba,12,5': has 3 cells where the header has 2; put cells with ...
    """
    sheet = read_sheet(path, numbered=True)
    faults = (
        [*_header_faults(sheet.file, sheet.header, needed, known), *sheet.faults]
        if sheet.header
        else sheet.faults
    )
    if not faults and not sheet.rows:
        columns = ", ".join(needed)
        faults = [Fault(sheet.file, "", "", "", "the file holds no rows", f"write some under {columns}")]
    if faults:
        more = (
            f" This file has {len(faults) - 1} more fault{'s' * (len(faults) > 2)}."
            if len(faults) > 1
            else ""
        )
        raise DataError(f"{faults[0]}{more}")
    return [
        Record(line, {n: cell.strip() for n, cell in zip(sheet.header, row, strict=True) if _is_read(n)})
        for line, row in zip(sheet.lines, sheet.rows, strict=True)
    ]


def _is_read(name: str) -> bool:
    return not name.startswith(OWN_COLUMN)


def _header_faults(
    file: str, header: list[str], needed: Collection[str], known: Collection[str]
) -> list[Fault]:
    every = [*needed, *known]
    hints = Hints(every)
    found = []
    for i, name in enumerate(header):
        if not name:
            found.append(Fault(file, "line 1", "", "", f"column {i + 1} has no name", "name or remove it"))
        elif name not in every and _is_read(name):
            mend = hints.add(f"the columns are {', '.join(every)}; begin one of your own with x_", name)
            found.append(Fault(file, "line 1", name, name, "there is no such column", mend))
        elif name in header[:i]:
            found.append(Fault(file, "line 1", name, name, "a column stands once", "remove one of the two"))
    missing = [name for name in needed if name not in header]
    return found + [Fault(file, "line 1", name, "", "this column is needed", "add it") for name in missing]
