"""Protect what the verbs write: on a full disk the old stands, nothing lies beside it, and a sentence says why."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import daliz
from case_folders import CASES, case
from command_line import run
from daliz.errors import WriteError
from daliz.paths import demand_from_rows
from daliz.report import brief, save_chart
from daliz.report.document import Document, Paragraph
from small_networks import many_mode_network

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL = r"could not be written: No space left on device; nothing was changed; make room there or choose another place"


@pytest.fixture
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Bring the smallest case into the present form."""
    return str(case("00-base", tmp_path_factory.mktemp("base")))


@pytest.fixture
def full(base: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Let the disk be full after ten kilobytes, once the base is there."""
    assert base
    room, write = [10_000], os.write

    def scant(descriptor: int, content: bytes) -> int:
        room[0] -= len(content)
        if room[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, content)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", scant)
        yield patch


@pytest.mark.parametrize(("option", "ending"), [("--map", "svg"), ("--map", "html"), ("--diagram", "png")])
@pytest.mark.usefixtures("full")
def test_a_chart_that_finds_no_room_keeps_the_old(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    base: str,
    option: str,
    ending: str,
) -> None:
    """A map or diagram for which the disk has no room leaves the earlier one byte for byte."""
    path = tmp_path / f"chart.{ending}"
    path.write_bytes(b"old")
    words = ("routes", "alba", "dene", "-n", base, option, str(path))
    code, _, err = run(capsys, *words)
    assert code == 2
    assert err.startswith(f"daliz: {path} could not be written: No space left on device; nothing was changed")
    assert (b"old", [path]) == (path.read_bytes(), list(tmp_path.iterdir()))


def test_a_run_that_finds_no_room_keeps_the_old(tmp_path: Path, full: pytest.MonkeyPatch) -> None:
    """`Flows.save` on a full disk leaves the earlier run whole, and no folder where there was none."""
    network, _ = many_mode_network(2)
    rows = [{"origin": "n0", "destination": "n3", "cargo": "bulk", "units": 3000}]
    flows = daliz.assign(network, demand_from_rows(network, rows))
    flows.save(tmp_path / "run")
    before = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}

    def save_often() -> None:
        for _ in range(40):
            flows.save(tmp_path / "run")

    with pytest.raises(WriteError, match=FULL):
        save_often()
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}
    assert {
        "run.json",
        *(f"{n}.csv" for n in ("links", "services", "corridors", "skims", "bottlenecks")),
    } == {p.name for p in (tmp_path / "run").iterdir()}
    with pytest.raises(WriteError, match=FULL):
        flows.save(tmp_path / "up" / "other")
    assert ["run"] == [p.name for p in tmp_path.iterdir()]
    full.undo()
    flows.save(tmp_path / "run")
    with pytest.raises(WriteError, match="is no run, so it is left as it is"):
        flows.save(CASES)


def test_a_folder_for_a_run_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`assign --out` into a folder of others is refused before anything is assigned."""
    (tmp_path / "thesis.txt").write_text("years of work")
    monkeypatch.setattr("daliz.assignment.assign", None)
    code, out, err = run(capsys, "assign", "-n", "eurasia", "--out", str(tmp_path))
    assert (code, out) == (2, "")
    assert err == (
        f"daliz: {tmp_path} exists and is no run, so it is left as it is (it holds thesis.txt); choose another "
        "folder.\n"
    )


def short(monkeypatch: pytest.MonkeyPatch, page: Document) -> None:
    """Let the pages of a brief be short ones that need no answers."""
    module = sys.modules["daliz.report.brief"]
    monkeypatch.setattr(module, "Document", lambda *_: page)
    for name in ("brief_answers", "brief_strings", "summary", "details", "brief_plan"):
        monkeypatch.setattr(module, name, lambda *_, **__: {})


@pytest.mark.usefixtures("full")
def test_a_brief_that_finds_no_room_leaves_none_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the four files of a brief all are new, or all are as before, beside the files of others."""
    page = Document("Title", "en", [Paragraph("text " * 100)])
    short(monkeypatch, page)
    network = daliz.open("eurasia")
    (tmp_path / "brief.html").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(WriteError, match=FULL):
        brief(network, tmp_path)
    assert {"brief.html": "old", "notes.txt": "mine"} == {p.name: p.read_text() for p in tmp_path.iterdir()}
    with pytest.raises(WriteError, match=FULL):
        brief(network, tmp_path / "new" / "brief")
    assert not (tmp_path / "new").exists()


def test_a_brief_is_written_beside_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A brief may go into a folder of one's own: its four files are new, the others stay."""
    page = Document("Title", "en", [Paragraph("text")])
    short(monkeypatch, page)
    (tmp_path / "notes.txt").write_text("mine")
    files = brief(daliz.open("eurasia"), tmp_path)
    assert ["brief.html", "brief.pdf", "summary-kk.html", "summary-kk.pdf"] == [f.name for f in files]
    assert files[1].read_bytes().startswith(b"%PDF")
    assert {f.name for f in files} | {"notes.txt"} == {p.name for p in tmp_path.iterdir()}


def test_a_package_is_saved_over_kills(tmp_path: Path) -> None:
    """A package saved again and again and killed at odd times opens whole, as one of the two that were saved."""
    one, two = (case(n, tmp_path / "from") for n in ("00-base", "11-parallel"))
    script = (
        "import itertools, sys, daliz\n"
        "both = [daliz.open(sys.argv[1]), daliz.open(sys.argv[2])]\n"
        "print('ready', flush=True)\n"
        "for n in itertools.count(): both[n % 2].save(sys.argv[3])\n"
    )
    kinds = {daliz.open(n).store.digest() for n in (one, two)}
    path = tmp_path / "to" / "p"
    path.parent.mkdir()
    daliz.open(one).save(path)
    (path / "README.md").write_text("mine")
    for readme in (True, False):
        for wait in (0.005, 0.03):
            command = [sys.executable, "-c", script, str(one), str(two), str(path)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(wait)
                process.kill()
            assert daliz.open(path).store.digest() in kinds
            assert [path] == list(path.parent.iterdir())
            assert (path / "README.md").exists() == readme
        (path / "README.md").unlink(missing_ok=True)


def test_a_chart_in_a_folder_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """A chart for a folder that does not exist says which, and makes none."""
    from daliz.report import comparison_chart

    row = dict.fromkeys(("days", "days_low", "days_high", "usd", "usd_low", "usd_high"), 1.0)
    with pytest.raises(WriteError, match=r"The folder .*nowhere does not exist; make it or choose another"):
        save_chart(comparison_chart([row | {"colour": "", "label": "M"}]), tmp_path / "nowhere" / "c.svg")
