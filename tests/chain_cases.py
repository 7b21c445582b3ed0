"""Copy a small package of a chain from the cases, without one of its tables or rows."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from case_folders import cases
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHAINS = cases() / "16-chain"
ALL = "all rows"


def copied(case: str, folder: Path) -> Path:
    """Copy a case into a folder that is not there yet."""
    return Path(shutil.copytree(CHAINS / case, folder))


def rows_of(case: str) -> Iterator[tuple[str, str]]:
    """List the tables of a case with a blank id for the whole file, `ALL` for its rows, and the id of each row."""
    for file in sorted((CHAINS / case).glob("*.csv")):
        yield from ((file.stem, ""), (file.stem, ALL))
        with file.open(encoding="utf-8", newline="") as stream:
            yield from ((file.stem, row[0]) for row in list(csv.reader(stream))[1:])


def without_row(package: Path, table: str, row: str) -> None:
    """Take out a file, all its rows or one row, with the evidence of each."""
    file, evidence = package / f"{table}.csv", package / "evidence" / f"{table}.csv"
    if not row:
        file.unlink()
    else:
        _keep(file, lambda cells: cells if row != ALL and cells[0] != row else None)
    if evidence.is_file() and row in {"", ALL}:
        evidence.unlink()
    elif evidence.is_file():
        _keep(evidence, lambda cells: _without_id(cells, row))


def with_row(package: Path, table: str, **cells: object) -> None:
    """Add a row with evidence of its figures, with its file if there is none; columns that the file lacks join it."""
    _add(package / f"{table}.csv", cells)
    figures = [c for c in cells if c in schema()[table].figures]
    if figures:
        made = {"row_id": cells["id"], "column": " ".join(figures), "source_id": "assumption"}
        file = package / "evidence" / f"{table}.csv"
        _add(file, made | {"grade": "assumption", "note": "Made for a test."}, key="row_id")


def _add(file: Path, cells: dict[str, object], key: str = "id") -> None:
    rows: list[dict[str, object]] = []
    if file.exists():
        with file.open(encoding="utf-8", newline="") as stream:
            rows = [dict(r) for r in csv.DictReader(stream)]
    rows.append(dict(cells))
    columns = list(dict.fromkeys([key, *(c for r in rows for c in r)]))
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _without_id(cells: list[str], row: str) -> list[str] | None:
    left = [name for name in cells[0].split() if name != row]
    return [" ".join(left), *cells[1:]] if left else None


def _keep(file: Path, keeps: Callable[[list[str]], list[str] | None]) -> None:
    with file.open(encoding="utf-8", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    with file.open("w", encoding="utf-8", newline="") as stream:
        kept = [row for row in map(keeps, rows) if row is not None]
        csv.writer(stream, lineterminator="\n").writerows([head, *kept])
