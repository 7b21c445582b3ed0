"""Protect the way of packages of an earlier form into the present one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import daliz
from case_folders import CASES, case
from command_line import run
from daliz.errors import CheckError, DataError
from daliz.tables.check import check
from daliz.tables.store import open_store
from daliz.tables.upgrade import upgrade

if TYPE_CHECKING:
    from pathlib import Path

OLD = sorted(path.parent.relative_to(CASES).as_posix() for path in CASES.glob("**/datapackage.json"))


@pytest.mark.parametrize("name", OLD)
def test_every_old_package_opens_after_its_upgrade(name: str, tmp_path: Path) -> None:
    """An old package is refused by name, then upgraded, then read with the figures that its cells had."""
    folder = tmp_path / "old"
    shutil.copytree(CASES / name, folder)
    with pytest.raises(DataError, match=r"is a package of form 0.1, .* bring it there by `daliz upgrade"):
        daliz.open(folder)
    assert upgrade(folder) == []
    assert upgrade(folder) == []
    lengths = open_store(folder)["links"]["length_km"]
    header, *rows = (CASES / name / "links.csv").read_text("utf-8").splitlines()
    at = header.split(",").index("length_km")
    assert lengths.tolist() == [float(row.split(",")[at]) for row in rows]
    assert not (folder / "evidence.csv").exists()


def test_the_base_case_is_clean_after_its_upgrade(tmp_path: Path) -> None:
    """What was sound in the old form is sound in the new one."""
    assert check(case("00-base", tmp_path)).faults == []


def test_a_figure_on_which_cell_and_evidence_differ_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The cell was what was shown, so it is kept, and a sentence says so."""
    folder = tmp_path / "old"
    shutil.copytree(CASES / "00-base", folder)
    path = folder / "links.csv"
    path.write_text(path.read_text("utf-8").replace("300", "310", 1), "utf-8")
    code, out, _ = run(capsys, "upgrade", str(folder))
    assert code == 0
    assert "links.r1.length_km: the cell 310 is kept, and not 300 of " in " ".join(out.split())
    assert daliz.open(folder).store["links"].row("r1")["length_km"] == 310.0


def test_an_old_package_that_cannot_be_read_is_left_as_it_is(tmp_path: Path) -> None:
    """A fault of form stops the upgrade before anything is written."""
    folder = tmp_path / "old"
    shutil.copytree(CASES / "00-base", folder)
    path = folder / "links.csv"
    path.write_text(path.read_text("utf-8").replace("300", "three hundred", 1), "utf-8")
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    with pytest.raises(CheckError, match=r"three hundred.*Mend it, then upgrade again"):
        upgrade(folder)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
