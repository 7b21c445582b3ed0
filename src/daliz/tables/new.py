"""Make a new package to begin with, whole or not at all."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from daliz.errors import DataError
from daliz.tables.write import DESCRIPTOR, package_kind
from daliz.writing import write_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    return write_folder(path, _template(target.name), package_kind())


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


def _template(name: str) -> dict[str, bytes]:
    """Return the files of the template under a name that the standard of data packages allows."""
    files = dict(_files(resources.files("daliz.tables").joinpath(TEMPLATE)))
    descriptor = json.loads(files[DESCRIPTOR])
    descriptor["name"] = NOT_IN_NAMES.sub("-", name.lower()).strip("-") or descriptor["name"]
    files[DESCRIPTOR] = (json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n").encode()
    return files


def _files(source: Traversable, before: str = "") -> Iterator[tuple[str, bytes]]:
    """Go through the files of a folder and of those in it, by their path."""
    for entry in source.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{before}{entry.name}/")
        else:
            yield f"{before}{entry.name}", entry.read_bytes()
