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


def _old(tmp_path: Path, *changes: tuple[str, str, str]) -> Path:
    """Copy the base case in its old form, with texts of its files exchanged."""
    folder = tmp_path / "old"
    shutil.copytree(CASES / "08c-half", folder, dirs_exist_ok=False)
    for file, old, new in changes:
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
    return folder


R1 = "links-r1-length-km,links,r1,length_km,300,km,2024,src,measured,yes"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            [("flows.csv", ",no,", ",yes,")],
            "averse says 'yes', but not to which countries; name them in a column",
        ),
        (
            [("evidence.csv", "links,r1,length_km", "links,r1,mode")],
            "links.mode is no column of figures; correct or",
        ),
        (
            [("evidence.csv", "links,r1,length_km", "lincs,r1,length_km")],
            "lincs.length_km is no column of figures",
        ),
        ([("evidence.csv", ",300,km", ",300 km,km")], "'300 km' must be a number"),
        ([("evidence.csv", R1, f"{R1},more")], "has 11 cells where the header has 10"),
        (
            [("datapackage.json", "{", '{"form": "0.05", ')],
            "is of form '0.05'; this version brings form 0.1 to",
        ),
    ],
)
def test_what_cannot_be_upgraded_is_told(
    changes: list[tuple[str, str, str]], sentence: str, tmp_path: Path
) -> None:
    """Each thing that would need a guess stops the upgrade, with the file and the way out."""
    with pytest.raises(DataError) as caught:
        upgrade(_old(tmp_path, *changes))
    assert sentence in str(caught.value)


def test_names_of_parameters_that_changed_are_exchanged(tmp_path: Path) -> None:
    """The nest of corridors had another name; its row and its evidence have the new one."""
    folder = _old(tmp_path)
    assert upgrade(folder) == []
    choice = open_store(folder)["choice"].position
    assert "nest-corridor" in choice
    assert "nest-rail" not in choice


def test_each_difference_of_cell_and_evidence_is_decided_and_told(tmp_path: Path) -> None:
    """A blank cell takes its evidence, arithmetic that disagrees goes, and dated figures stay beside no cell."""
    header = "id,table,row_id,column,value,unit,year,source_id,grade,used"
    folder = _old(
        tmp_path,
        ("links.csv", "r2,alba,cita,road,280", "r2,alba,cita,road,"),
        ("evidence.csv", header, f"{header},arithmetic,from_date"),
    )
    path = folder / "evidence.csv"
    head, *lines = path.read_text("utf-8").splitlines()
    lines = [
        f"{line},,"
        for line in lines
        if ",links,r1,length_km," not in line and ",links,r3,length_km," not in line
    ]
    lines.append("a,links,r1,length_km,310,km,2024,src,derived,yes,300 + 10,")
    lines.append("b,links,r3,length_km,290,km,2024,src,measured,yes,,2000-01-01")
    path.write_text("\n".join([head, *lines]) + "\n", "utf-8")
    told = "\n".join(upgrade(folder))
    assert "links.r1.length_km: the cell 300 is kept, and not what the arithmetic of a gives." in told
    assert "links.r2.length_km: the blank cell takes 280 from " in told
    assert "links.r3.length_km: the dated figures are kept, and not the cell, which is none of them." in told
    links = open_store(folder)["links"]
    assert [links.row(r)["length_km"] for r in ("r1", "r2", "r3")] == [300.0, 280.0, 290.0]


def test_arithmetic_that_cannot_be_computed_is_left_for_check(tmp_path: Path) -> None:
    """An old package without evidence, or with arithmetic of nothing, comes through, and check tells."""
    folder = _old(
        tmp_path, ("evidence.csv", "used\n", "used,arithmetic\n"), ("evidence.csv", R1, f"{R1},1 / 0")
    )
    path = folder / "evidence.csv"
    head, *lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join([head, *(x if x.startswith(R1) else f"{x}," for x in lines)]) + "\n", "utf-8")
    assert upgrade(folder) == []
    assert any("cannot be computed" in str(f) for f in check(folder).faults)
    bare = _old(tmp_path / "bare")
    (bare / "evidence.csv").unlink()
    assert upgrade(bare) == []
    assert not (bare / "evidence").exists()
