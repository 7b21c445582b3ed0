"""Write a package to disk, whole or not at all."""

from __future__ import annotations

import csv
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from daliz.errors import DataError
from daliz.tables.cells import cell_text
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.table import Table

DESCRIPTOR = "datapackage.json"


def write_table(table: Table, path: Path) -> None:
    """Write one table as CSV with the columns of the schema, blank columns left out."""
    columns = table.schema.columns
    texts = {
        name: [cell_text(value, table.kind(name)) for value in values]
        for name, values in table.columns.items()
    }
    kept = [
        name for name, cells in texts.items() if any(cells) or name not in columns or columns[name].required
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(kept)
        writer.writerows(zip(*(texts[name] for name in kept), strict=True))


def save_package(
    tables: Mapping[str, Table],
    package: str,
    path: str | Path,
    folders: Mapping[str, Mapping[str, str]] | None = None,
) -> Path:
    """Write all tables, `datapackage.json` and folders of text files into a folder in one step.

    An earlier package at `path` is replaced; files in it that are no tables, such as a README, are kept.

    Raises
    ------
    DataError
        If something stands at `path` that is not an earlier package, or it cannot be written.
    """
    target = Path(path).resolve()
    if target.exists() and not (target / DESCRIPTOR).is_file():
        raise DataError(f"{path} exists and is no package, so it is left as it is; choose another folder.")
    if not target.parent.is_dir():
        raise DataError(f"The folder {target.parent} does not exist; make it or choose another.")
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise DataError(f"{path} could not be written: {error.strerror}; nothing was changed.") from error
    try:
        _fill_folder(scratch, tables, package, target)
        _write_folders(scratch, folders or {})
        _exchange(scratch, target)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} could not be written: {reason}; nothing was changed.") from error
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Path(path)


def _fill_folder(scratch: Path, tables: Mapping[str, Table], package: str, target: Path) -> None:
    for table in tables.values():
        write_table(table, scratch / f"{table.name}.csv")
    (scratch / DESCRIPTOR).write_text(package, encoding="utf-8")
    scratch.chmod(0o755)
    ours = {DESCRIPTOR, *(f"{name}.csv" for name in schema())}
    for other in sorted(target.iterdir()) if target.exists() else ():
        if other.name not in ours and other.is_dir():
            shutil.copytree(other, scratch / other.name, symlinks=True)
        elif other.name not in ours:
            shutil.copy2(other, scratch / other.name, follow_symlinks=False)


def _write_folders(scratch: Path, folders: Mapping[str, Mapping[str, str]]) -> None:
    """Write text files by folder and name; they take the place of those of an earlier package."""
    for folder, files in folders.items():
        if files:
            (scratch / folder).mkdir(exist_ok=True)
        for name, text in files.items():
            (scratch / folder / name).write_text(text, encoding="utf-8")


def _exchange(scratch: Path, target: Path) -> None:
    """Put the scratch folder in the place of the target; the old one comes back if that fails."""
    if not target.exists():
        scratch.rename(target)
        return
    old = scratch.with_name(f"{scratch.name}-old")
    target.rename(old)
    try:
        scratch.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
