"""Copy a small package of a chain from the cases, without one of its tables or rows."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHAINS = Path(__file__).parent / "cases" / "16-chain"
ALL = "all rows"


def copied(case: str, folder: Path) -> Path:
    """Copy a case into a folder that is not there yet."""
    return Path(shutil.copytree(CHAINS / case, folder))


def rows_of(case: str) -> Iterator[tuple[str, str]]:
    """List the tables of a case with a blank id for the whole file, `ALL` for its rows, and the id of each row."""
    for file in sorted((CHAINS / case).glob("*.csv")):
        yield from ((file.stem, ""), (file.stem, ALL))
        if file.stem != "evidence":
            with file.open(encoding="utf-8", newline="") as stream:
                yield from ((file.stem, row[0]) for row in list(csv.reader(stream))[1:])


def without_row(package: Path, table: str, row: str) -> None:
    """Take out a file, all its rows or one row with its evidence."""
    file = package / f"{table}.csv"
    if not row:
        file.unlink()
        return
    _keep(file, lambda cells: row != ALL and cells[0] != row)
    if row != ALL and table != "evidence":
        _keep(package / "evidence.csv", lambda cells: cells[1:3] != [table, row])


def with_row(package: Path, table: str, **cells: object) -> None:
    """Add a row, with its file if there is none; columns that the file lacks join it."""
    file = package / f"{table}.csv"
    rows: list[dict[str, object]] = []
    if file.exists():
        with file.open(encoding="utf-8", newline="") as stream:
            rows = [dict(r) for r in csv.DictReader(stream)]
    rows.append(dict(cells))
    columns = list(dict.fromkeys(["id", *(c for r in rows for c in r)]))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _keep(file: Path, keeps: object) -> None:
    with file.open(encoding="utf-8", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([head, *(r for r in rows if keeps(r))])  # type: ignore[operator]
