"""Copies of the small packages on which a model once failed, in the present form."""

from __future__ import annotations

import shutil
from pathlib import Path

from daliz.tables.upgrade import upgrade

CASES = Path(__file__).parent / "cases"


def case(name: str, folder: Path) -> Path:
    """Copy a case into a folder, bring its package into the present form, and return the copy."""
    copy = folder / name.replace("/", "-")
    shutil.copytree(CASES / name, copy)
    for descriptor in [copy / "datapackage.json", *copy.glob("*/datapackage.json")]:
        if descriptor.is_file():
            upgrade(descriptor.parent)
    return copy
