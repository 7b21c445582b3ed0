"""Run every command of docs/data.md in the order of the page, and hold what the page says they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "data.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUN = "import sys; from daliz.cli import main; main()"


@dataclass
class Step:
    """Commands of one block of the page, and lines that they must print."""

    commands: str
    lines: list[str] = field(default_factory=list)


def steps() -> list[Step]:
    """Collect the blocks of commands, each with the block of text that follows it."""
    found: list[Step] = []
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "sh":
            found.append(Step(text))
        elif kind == "text":
            found[-1].lines += text.splitlines()
    return found


def plain(text: str) -> str:
    """Leave out the lines of tables and repeated blanks."""
    return " ".join(re.sub(r"[│┃]", " ", text).split())


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[subprocess.CompletedProcess[str]]:
    """Run all blocks one after the other in an empty folder, each in a shell that stops at the first failure."""
    folder = tmp_path_factory.mktemp("page")
    program = folder / "bin" / "daliz"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{RUN}\n", encoding="utf-8")
    program.chmod(0o755)
    own = {"PATH": f"{program.parent}:{os.environ['PATH']}", "COLUMNS": "160", "PYTHONUTF8": "1"}
    source = str(PAGE.parent.parent / "src")
    return [
        subprocess.run(  # noqa: S603
            ["/bin/bash", "-euo", "pipefail", "-c", step.commands],
            cwd=folder,
            env={**os.environ, **own, "PYTHONPATH": source},
            capture_output=True,
            text=True,
            check=False,
        )
        for step in steps()
    ]


def test_every_command_of_the_page_runs(printed: list[subprocess.CompletedProcess[str]]) -> None:
    """Whoever pastes the page from top to bottom meets no refusal and no fault."""
    assert len(printed) > 5
    for step, done in zip(steps(), printed, strict=True):
        assert done.returncode == 0, f"{step.commands}\n{done.stdout}\n{done.stderr}"
        assert done.stdout


def test_the_page_shows_what_is_printed(printed: list[subprocess.CompletedProcess[str]]) -> None:
    """Each line of a block of text stands in what the commands before it print."""
    for step, done in zip(steps(), printed, strict=True):
        assert [line for line in step.lines if plain(line) not in plain(done.stdout)] == [], done.stdout


def test_no_command_stands_outside_the_blocks_that_are_run() -> None:
    """A block without a language would be shown and never run."""
    kinds = {kind for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if "daliz " in text}
    assert kinds <= {"sh", "python"}
