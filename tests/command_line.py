"""Run `daliz` in this process and read what it prints."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from daliz.cli import main

if TYPE_CHECKING:
    import pytest


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run `daliz` with words; return the exit code, what it prints and what it says of errors."""
    old, sys.argv = sys.argv, ["daliz", *words]
    code = 0
    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = old
    out = capsys.readouterr()
    return code, out.out, out.err


def cells(out: str) -> list[list[str]]:
    """Read the rows of all tables printed."""
    return [[c.strip() for c in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
