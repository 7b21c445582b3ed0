"""Write a package to disk, whole or not at all."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from daliz.tables.cells import cell_text
from daliz.tables.descriptor import describe
from daliz.tables.schema import schema
from daliz.writing import FolderKind, write_folder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from daliz.tables.schema import Column
    from daliz.tables.table import Table

DESCRIPTOR = "datapackage.json"
EVIDENCE = "evidence"


def table_text(table: Table) -> str:
    """Write one table as CSV with the columns of the schema, those left out that say no more than their default."""
    columns = table.schema.columns
    texts = {
        name: [cell_text(value, table.kind(name)) for value in values]
        for name, values in table.columns.items()
    }
    kept = [name for name, cells in texts.items() if name not in columns or _tells(columns[name], cells)]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(kept)
    writer.writerows(zip(*(texts[name] for name in kept), strict=True))
    return stream.getvalue()


def _tells(column: Column, cells: list[str]) -> bool:
    """Return whether a column has to be written: it is needed, or says more than its default."""
    return column.type != "made" and (column.required or any(cell != column.default for cell in cells))


def save_package(
    tables: Mapping[str, Table],
    package: Mapping[str, Any],
    path: str | Path,
    folders: Mapping[str, Mapping[str, str]] | None = None,
) -> Path:
    """Write all tables, `datapackage.json` and folders of text files into a folder in one step.

    An earlier package at `path` is replaced; files in it that are no tables, such as a README, are kept.

    Parameters
    ----------
    tables
        The tables as written, by the path of their file without ``.csv``.
    package
        Name, version and years of the package.
    path
        The folder.
    folders
        Texts of other files, by folder and name.

    Raises
    ------
    WriteError
        If something stands at `path` that is not an earlier package, or it cannot be written.
    """
    texts = {place: table_text(table) for place, table in tables.items()}
    files = {f"{place}.csv": text for place, text in texts.items()}
    files[DESCRIPTOR] = describe(package, tables, texts)
    for folder, inside in (folders or {}).items():
        files |= {f"{folder}/{name}": text for name, text in inside.items()}
    return write_folder(path, files, package_kind())


def package_kind() -> FolderKind:
    """Return what a package is among folders: its descriptor marks it, and its tables are Daliz's own."""
    tables = [f"{name}.csv" for name in schema()]
    own = frozenset({DESCRIPTOR, *tables, *(f"{EVIDENCE}/{name}" for name in tables)})
    return FolderKind("package", own.__contains__, mark=DESCRIPTOR)
