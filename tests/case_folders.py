"""The small inputs on which a model once failed, with their packages in the present form."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from daliz.tables.upgrade import upgrade

CASES = Path(__file__).parent / "cases"
"""The cases as they came, in form 0.1."""


@functools.cache
def cases() -> Path:
    """Return a folder with all cases in the present form, to be read and left as it is."""
    folder = Path(tempfile.mkdtemp(prefix="cases-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shutil.copytree(CASES, folder, dirs_exist_ok=True)
    for descriptor in folder.glob("**/datapackage.json"):
        upgrade(descriptor.parent)
    return folder


def case(name: str, folder: Path) -> Path:
    """Copy a case in the present form into a folder, and return the copy."""
    return Path(shutil.copytree(cases() / name, folder / name.replace("/", "-")))
