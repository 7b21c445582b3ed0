"""Write a package to disk, whole or not at all."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import DataError
from daliz.tables.cells import cell_text
from daliz.tables.descriptor import describe
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    stream = io.StringIO()
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


def _fill_folder(
    scratch: Path, tables: Mapping[str, Table], package: Mapping[str, Any], target: Path
) -> None:
    texts = {path: table_text(table) for path, table in tables.items()}
    (scratch / EVIDENCE).mkdir()
    for path, text in texts.items():
        (scratch / f"{path}.csv").write_text(text, encoding="utf-8", newline="")
    (scratch / DESCRIPTOR).write_text(describe(package, tables, texts), encoding="utf-8")
    scratch.chmod(0o755)
    ours = {DESCRIPTOR, EVIDENCE, *(f"{name}.csv" for name in schema())}
    for other in sorted(target.iterdir()) if target.exists() else ():
        if other.name not in ours and other.is_dir():
            shutil.copytree(other, scratch / other.name, symlinks=True)
        elif other.name not in ours:
            shutil.copy2(other, scratch / other.name, follow_symlinks=False)
    known = {f"{name}.csv" for name in schema()}
    for other in sorted((target / EVIDENCE).iterdir()) if (target / EVIDENCE).is_dir() else ():
        if other.name not in known and other.is_file():
            shutil.copy2(other, scratch / EVIDENCE / other.name, follow_symlinks=False)


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
