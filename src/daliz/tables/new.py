"""Make a new package to begin with, whole or not at all."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from daliz.errors import DataError
from daliz.tables.write import DESCRIPTOR

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

TEMPLATE = "template"
"""Folder beside this file that holds the package that is written."""
NOT_IN_NAMES = re.compile(r"[^a-z0-9._]+")


def new_package(path: str | Path) -> Path:
    """Write the smallest package that answers into a new folder, to be changed row by row.

    It has three places, three links and one cargo class, enough for `routes` and, with a file of demand, for
    `assign`, and a row of evidence of each kind; its README tells what each file is. The package bears the name
    of the folder.

    Parameters
    ----------
    path
        Folder to make, or an empty one.

    Raises
    ------
    DataError
        If something stands at `path` already, its parent does not exist, or it cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> import daliz
    >>> folder = new_package(Path(tempfile.mkdtemp()) / "mine")
    >>> daliz.check(folder).clean
    True
    """
    target = Path(path).resolve()
    _refuse(path, target)
    scratch = None
    try:
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        _fill(scratch, target.name)
        if target.exists():
            target.rmdir()
        scratch.rename(target)
    except OSError as error:
        raise DataError(f"{path} could not be written: {error.strerror}; nothing was changed.") from error
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
    return Path(path)


def _refuse(path: str | Path, target: Path) -> None:
    """Refuse a place where a new folder would take that of something else."""
    if target == Path.cwd():
        raise DataError(f"{path} is the folder that you are in; give the name of a new one.")
    if target.exists() and not target.is_dir():
        raise DataError(f"{path} is a file; give the name of a new folder.")
    if target.exists() and any(target.iterdir()):
        raise DataError(
            f"{path} exists and is not empty, so it is left as it is; give the name of a new folder."
        )
    if not target.parent.is_dir():
        raise DataError(f"The folder {target.parent} does not exist; make it or choose another.")


def _fill(folder: Path, name: str) -> None:
    """Write the template into a folder under a name that the standard of data packages allows."""
    template = resources.files("daliz.tables").joinpath(TEMPLATE)
    _copy(template, folder)
    descriptor = json.loads(template.joinpath(DESCRIPTOR).read_text(encoding="utf-8"))
    descriptor["name"] = NOT_IN_NAMES.sub("-", name.lower()).strip("-") or descriptor["name"]
    text = json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n"
    folder.joinpath(DESCRIPTOR).write_text(text, encoding="utf-8")
    folder.chmod(0o755)


def _copy(source: Traversable, folder: Path) -> None:
    """Copy the files of a folder and of those in it."""
    for entry in source.iterdir():
        if entry.is_dir():
            inner = folder / entry.name
            inner.mkdir()
            _copy(entry, inner)
        else:
            folder.joinpath(entry.name).write_bytes(entry.read_bytes())
