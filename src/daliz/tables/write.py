"""Write a package to disk, whole or not at all."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import DataError
from daliz.tables.cells import cell_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.table import Table

DESCRIPTOR = "datapackage.json"


def write_table(table: Table, path: Path) -> None:
    """Write one table as CSV with the columns of the schema, blank columns left out."""
    kinds = {name: column.type for name, column in table.schema.columns.items()}
    texts = {name: [cell_text(v, kinds[name]) for v in values] for name, values in table.columns.items()}
    kept = [n for n, cells in texts.items() if any(cells) or table.schema.columns[n].required]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(kept)
        writer.writerows(zip(*(texts[n] for n in kept), strict=True))


def save_package(tables: Mapping[str, Table], package: str, path: str | Path) -> Path:
    """Write all tables and `datapackage.json` into a new folder in one step.

    Raises
    ------
    DataError
        If something stands at `path` that is not an earlier package.
    """
    target = Path(path)
    if target.exists() and not (target / DESCRIPTOR).is_file():
        raise DataError(f"{target} exists and is no package, so it is left as it is; choose another folder.")
    if not target.parent.is_dir():
        raise DataError(f"The folder {target.parent} does not exist; make it or choose another.")
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for table in tables.values():
            write_table(table, scratch / f"{table.name}.csv")
        (scratch / DESCRIPTOR).write_text(package, encoding="utf-8")
        old = None
        if target.exists():
            old = scratch.with_name(scratch.name + "-old")
            target.rename(old)
        scratch.chmod(0o755)
        os.replace(scratch, target)  # noqa: PTH105
        if old is not None:
            shutil.rmtree(old)
    except OSError as error:
        shutil.rmtree(scratch, ignore_errors=True)
        raise DataError(
            f"{target} could not be written: {error.strerror or error}; nothing was changed."
        ) from error
    return target
