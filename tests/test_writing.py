"""Protect what is written: whole or not at all, under kills at every step and on a full disk."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daliz.errors import WriteError
from daliz.writing import (
    FolderKind,
    check_folder,
    csv_text,
    folders,
    recover,
    working_folder,
    write_file,
    write_folder,
    write_new_file,
)
from daliz.writing.scratch import NEW, WHOLE, held

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OWN = frozenset({"mark", "a", "b", "gone", "in/c"})
PACKAGE = FolderKind("package", OWN.__contains__, mark="mark")
RUN = FolderKind("run", OWN.__contains__, mark="mark", shared=False, parents=True)
BRIEF = FolderKind("brief", OWN.__contains__, parents=True)
OLD = {"mark": "old", "a": "old a", "gone": "old gone"}
FRESH = {"mark": "new", "a": "new a" * 1000, "b": "new b", "in/c": "new c"}
STEPS = ("open", "write", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir", "link", "chmod", "close")
"""Calls of the system before each of which a kill may come."""


@pytest.fixture(scope="module", autouse=True)
def without_flushing() -> Iterator[list[int]]:
    """Count what is flushed to disk and do not wait for it: a kill loses nothing of what the system has."""
    flushed: list[int] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", flushed.append)
        yield flushed


def contents(folder: Path) -> dict[str, str]:
    """Read all files of a folder by path."""
    return {
        p.relative_to(folder).as_posix(): p.read_text("utf-8")
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do work in a process that dies before its n-th call of the system; return whether it died."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child calls the system and nothing else
        child = os.fork()
    if child == 0:
        count = 0

        def dying(call: Callable[..., object]) -> Callable[..., object]:
            def step_or_die(*given: object, **named: object) -> object:
                nonlocal count
                count += 1
                if count > step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*given, **named)

            return step_or_die

        for name in STEPS:
            setattr(os, name, dying(getattr(os, name)))
        folders._exchange = dying(folders._exchange)
        work()
        os._exit(0)
    _, state = os.waitpid(child, 0)
    return os.WIFSIGNALED(state)


def test_files_and_folders_are_flushed(tmp_path: Path, without_flushing: list[int]) -> None:
    """Each file and its folder are flushed before and after the new takes the place of the old."""
    for work, least in (
        (lambda: write_file(tmp_path / "f", "x"), 2),
        (lambda: write_folder(tmp_path / "p", FRESH, PACKAGE), len(FRESH) + 2),
    ):
        without_flushing.clear()
        work()
        assert len(without_flushing) >= least


def test_a_kill_at_any_step_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    """A file that was to be replaced is the old or the new after a kill, and the next writing clears up."""
    path, seen, step = tmp_path / "chart.svg", set(), 0
    write_file(path, "old")
    while killed_at(step, lambda: write_file(path, "new" * 1000)):
        seen.add(path.read_text())
        path.write_text("old")
        step += 1
    assert ({"old", "new" * 1000}, "new" * 1000) == (seen, path.read_text())
    assert step > 5
    write_file(path, "last")
    assert ["chart.svg"] == [p.name for p in tmp_path.iterdir()]


@pytest.mark.parametrize("foreign", [False, True])
@pytest.mark.parametrize("exchange", [True, False])
def test_a_kill_at_any_step_leaves_the_old_folder_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, foreign: bool, exchange: bool
) -> None:
    """A folder is all old or all new after a kill and the next reading, with and without files of others."""
    if not exchange:
        monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    beside = {"README.md": "mine", "notes/x": "mine too"} if foreign else {}
    seen, step = [], 0
    while True:
        path = tmp_path / f"at{step}" / "package"
        path.parent.mkdir()
        write_folder(path, OLD, PACKAGE)
        for name, text in beside.items():
            (path / name).parent.mkdir(exist_ok=True)
            (path / name).write_text(text)
        if not killed_at(step, lambda path=path: write_folder(path, FRESH, PACKAGE)):
            break
        if exchange and not foreign:
            assert contents(path) in (OLD, FRESH)  # whole for any reader, even before Daliz comes by
        recover(path)
        assert contents(path) in (OLD | beside, FRESH | beside)
        seen.append(contents(path)["mark"])
        assert ["package"] == [p.name for p in path.parent.iterdir()]
        step += 1
    assert contents(path) == FRESH | beside
    assert seen == sorted(seen, reverse=True)
    assert {"old", "new"} == set(seen)


def test_a_kill_while_a_folder_is_first_written_leaves_none_or_all(tmp_path: Path) -> None:
    """Where no folder was, there is none or the whole after a kill."""
    step = 0
    while killed_at(step, lambda: write_folder(tmp_path / "up" / "run", FRESH, RUN)):
        if (tmp_path / "up" / "run").exists():
            assert contents(tmp_path / "up" / "run") == FRESH
        step += 1
    assert step > len(FRESH)
    assert ["run"] == [p.name for p in (tmp_path / "up").iterdir()]


def test_a_kill_while_a_folder_is_restored_is_made_good(tmp_path: Path) -> None:
    """Restoring may itself be killed at any step; the next reading carries on."""
    whole = tmp_path / "package" / f"{WHOLE}0"
    step = 0
    while True:
        write_folder(tmp_path / "package", OLD, PACKAGE)
        whole.mkdir()
        folders._fill(whole / "files", {n: t.encode() for n, t in FRESH.items()})
        folders._fill(whole / "gone", {"gone": b""})
        if not killed_at(step, lambda: recover(tmp_path / "package")):
            break
        step += 1
        recover(tmp_path / "package")
        assert contents(tmp_path / "package") == FRESH
    assert step > len(FRESH)


SAVING = """
import itertools, sys
from pathlib import Path
from daliz.writing import FolderKind, write_folder, write_file
kind = FolderKind("run", frozenset({"mark", *map(str, range(9))}).__contains__, mark="mark")
print("ready", flush=True)
for n in itertools.count():
    write_folder(Path(sys.argv[1]), {"mark": str(n)} | {str(i): f"{n}," * 20000 for i in range(9)}, kind)
    write_file(Path(sys.argv[1] + ".svg"), f"{n}," * 20000)
"""


def test_real_kills_leave_whole_runs(tmp_path: Path) -> None:
    """A process killed from outside at any time leaves one whole run and one whole chart."""
    path = tmp_path / "run"
    for pause in (0.0, 0.003, 0.007, 0.011, 0.017, 0.023):
        command = [sys.executable, "-c", SAVING, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(pause)
            process.kill()
        recover(path)
        if path.exists():
            found = contents(path)
            assert {f"{found['mark']},"[: len(found["mark"]) + 1] * 20000} == {
                found[str(i)] for i in range(9)
            }
        if (chart := path.with_name("run.svg")).exists():
            text = chart.read_text()
            assert text == f"{text.partition(',')[0]}," * 20000
        assert {p.name for p in tmp_path.iterdir()} <= {"run", "run.svg"}


FULL = """
import resource, sys
from daliz.errors import WriteError
from daliz.writing import FolderKind, write_folder, write_file
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
kind = FolderKind("run", frozenset({"mark", "a", "b"}).__contains__, mark="mark")
for work in (
    lambda: write_file(sys.argv[1] + "/f", "x" * 10000),
    lambda: write_folder(sys.argv[1] + "/run", {"mark": "new", "a": "x", "b": "x" * 10000}, kind),
    lambda: write_folder(sys.argv[1] + "/fresh", {"mark": "new", "b": "x" * 10000}, kind),
):
    try:
        work()
    except WriteError as error:
        print(error)
"""


def test_a_full_disk_keeps_the_old_byte_for_byte(tmp_path: Path) -> None:
    """Where no room is left the old stays as it is, nothing lies beside it, and a sentence says so."""
    write_file(tmp_path / "f", "old")
    write_folder(tmp_path / "run", {"mark": "old", "a": "old a"}, RUN)
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S603
    assert [
        f"{tmp_path}/{name} could not be written: File too large; nothing was changed; make room there or "
        "choose another place."
        for name in ("f", "run", "fresh")
    ] == told
    assert {"f": "old", "run/mark": "old", "run/a": "old a"} == contents(tmp_path)


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "replace"])
def test_no_space_at_any_call_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """Whichever call of the system finds the disk full, the old stays and no scratch is left."""
    write_file(tmp_path / "f", "old")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        if call != "rename":
            with pytest.raises(
                WriteError, match="could not be written: No space left on device; nothing was"
            ):
                write_file(tmp_path / "f", "new")
        if call != "replace":
            with pytest.raises(
                WriteError, match="could not be written: No space left on device; nothing was"
            ):
                write_folder(tmp_path / "out" / "run", FRESH, RUN)
    assert {"f": "old"} == contents(tmp_path)
    assert ["f"] == [p.name for p in tmp_path.iterdir()]


def test_files_that_could_not_be_put_in_place_are_put_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the last moves fail, the message says what is half done, and the next reading ends it."""
    write_folder(tmp_path, {"a": "old"}, BRIEF)
    (tmp_path / "other").write_text("mine")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(WriteError, match="is half written: Input/output error; the rest lies whole in"):
            write_folder(tmp_path, {"a": "new"}, BRIEF)
        with pytest.raises(WriteError, match="is half written"):
            recover(tmp_path)
    recover(tmp_path)
    assert {"a": "new", "other": "mine"} == contents(tmp_path)


def test_places_that_cannot_be_are_told(tmp_path: Path) -> None:
    """A missing folder, a folder for a file, a file for a folder and a bad name are each told in a sentence."""
    write_file(tmp_path / "file", "here")
    for work, words in (
        (
            lambda: write_file(tmp_path / "no" / "f", ""),
            r"The folder .*/no does not exist; make it or choose",
        ),
        (lambda: write_file(tmp_path, ""), "is a folder, where a file is to be written; name a file"),
        (lambda: write_file(tmp_path / "file" / "f", ""), "could not be written: Not a directory; nothing"),
        (lambda: write_file(tmp_path / ("x" * 300), ""), "could not be written: File name too long"),
        (lambda: write_file("a\0b", ""), "names no file or folder"),
        (
            lambda: write_file(tmp_path / "s", "\ud800"),
            "could not be written: 'utf-8' codec .*; mend the text",
        ),
        (
            lambda: write_new_file(tmp_path / "file", ""),
            "file exists and is left as it is; choose another name",
        ),
        (lambda: write_folder(tmp_path / "file", OLD, RUN), "exists and is no run, so it is left as it is"),
        (lambda: write_folder(tmp_path / "file", OLD, BRIEF), "cannot be made: it is a file; choose another"),
        (lambda: write_folder(tmp_path / "no" / "p", OLD, PACKAGE), r"The folder .*/no does not exist"),
    ):
        with pytest.raises(WriteError, match=words):
            work()
    assert {"file": "here"} == contents(tmp_path)
    assert ["file"] == [p.name for p in tmp_path.iterdir()]


def test_places_without_the_right_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A protected file and a protected folder are refused before the work, and left."""
    write_file(tmp_path / "f", "old")
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root may write everywhere
    with pytest.raises(
        WriteError, match="is protected against writing and left as it is; lift that or choose"
    ):
        write_file(tmp_path / "f", "new")
    with pytest.raises(
        WriteError, match="Permission denied; nothing was changed; get the right to write there"
    ):
        check_folder(tmp_path / "run", RUN)
    assert {"f": "old"} == contents(tmp_path)


def test_folders_of_others_are_left(tmp_path: Path) -> None:
    """A folder without the mark, or with files of others where none may be, is neither replaced nor changed."""
    (tmp_path / "a").write_text("not yours")
    for kind in (PACKAGE, RUN):
        with pytest.raises(
            WriteError, match=f"exists and is no {kind.noun}, so it is left as it is.*; choose another"
        ):
            write_folder(tmp_path, OLD, kind)
    (tmp_path / "mark").write_text("m")
    (tmp_path / "mine" / "deep").mkdir(parents=True)
    with pytest.raises(WriteError, match=r"is no run, so it is left as it is \(it holds mine/deep\); choose"):
        write_folder(tmp_path, OLD, RUN)
    assert {"a": "not yours", "mark": "m"} == contents(tmp_path)


def test_links_rights_and_masks_are_kept(tmp_path: Path) -> None:
    """A link stays and leads to the new file; rights of the old are kept, and the mask holds for a new one."""
    write_file(tmp_path / "real", "old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", "new")
    assert (True, "new") == ((tmp_path / "link").is_symlink(), (tmp_path / "real").read_text())
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    (tmp_path / "to").symlink_to("folder")
    mask = os.umask(0o027)
    try:
        write_file(tmp_path / "masked", "")
        write_folder(tmp_path / "to", OLD, PACKAGE)
        write_folder(tmp_path / "to", FRESH, PACKAGE)
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "masked").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750
    assert (True, FRESH) == ((tmp_path / "to").is_symlink(), contents(tmp_path / "folder"))


def test_a_link_out_of_a_folder_is_not_written_through(tmp_path: Path) -> None:
    """A folder inside that is a link to elsewhere is refused, so that nothing outside is changed."""
    write_folder(tmp_path / "p", OLD, PACKAGE)
    (tmp_path / "out").mkdir()
    (tmp_path / "p" / "in").symlink_to(tmp_path / "out")
    with pytest.raises(WriteError, match="in in it is no folder of its own; nothing was changed"):
        write_folder(tmp_path / "p", FRESH, PACKAGE)
    assert ({}, OLD) == (contents(tmp_path / "out"), contents(tmp_path / "p"))


def test_a_pipe_takes_what_is_written(tmp_path: Path) -> None:
    """What is no file, such as a pipe, is written straight and stays what it is."""
    os.mkfifo(tmp_path / "pipe")
    read = f"print(open({str(tmp_path / 'pipe')!r}).read(), end='')"
    command = [sys.executable, "-c", read]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:  # noqa: S603
        write_file(tmp_path / "pipe", "through")
        assert reader.communicate()[0] == "through"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_scratch_of_the_living_is_left(tmp_path: Path) -> None:
    """What another process is writing is not taken for what a kill left; a folder in use is told after a wait."""
    (tmp_path / f"{NEW}living").mkdir()
    (tmp_path / f"{NEW}dead").mkdir()
    with held(tmp_path / f"{NEW}living"):
        write_file(tmp_path / "f", "x")
        assert {f"{NEW}living", "f"} == {p.name for p in tmp_path.iterdir()}
    write_file(tmp_path / "f", "y")
    assert ["f"] == [p.name for p in tmp_path.iterdir()]


def test_a_folder_that_another_keeps_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers of one folder wait for each other, but not for ever."""
    monkeypatch.setattr("daliz.writing.scratch.WAIT_S", 0.05)
    write_folder(tmp_path / "run", OLD, RUN)
    with (
        held(tmp_path / "run"),
        pytest.raises(WriteError, match=r"another process has been writing it .*; wait until it is done"),
    ):
        write_folder(tmp_path / "run", FRESH, RUN)
    write_folder(tmp_path / "run", FRESH, RUN)
    assert FRESH == contents(tmp_path / "run")


def test_one_stays_in_ones_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which the process works is written without taking it away."""
    write_folder(tmp_path / "p", OLD, PACKAGE)
    monkeypatch.chdir(tmp_path / "p")
    write_folder(".", FRESH, PACKAGE)
    assert (FRESH, FRESH) == (contents(Path()), contents(tmp_path / "p"))


def test_many_writers_leave_one_whole_folder(tmp_path: Path) -> None:
    """Processes that write one folder at once leave what one of them wrote, and nothing else."""
    children = []
    for n in range(6):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            done = 1
            try:
                for _ in range(8):
                    write_folder(tmp_path / "run", dict.fromkeys(("mark", "a", "b"), f"{n}"), PACKAGE)
                done = 0
            finally:
                os._exit(done)
        children.append(child)
    assert [0] * 6 == [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    found = contents(tmp_path / "run")
    assert (1, {"mark", "a", "b"}) == (len(set(found.values())), set(found))
    assert ["run"] == [p.name for p in tmp_path.iterdir()]


@given(st.dictionaries(st.sampled_from(sorted(OWN)), st.text(st.characters(codec="utf-8"), max_size=9)))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, files: dict[str, str]) -> None:
    """A folder holds exactly what was last written into it, whatever was there before."""
    path = tmp_path_factory.mktemp("made") / "p"
    write_folder(path, FRESH, BRIEF)
    write_folder(path, files, BRIEF)
    found = {p.relative_to(path).as_posix(): p.read_bytes().decode() for p in path.rglob("*") if p.is_file()}
    assert files == found


def test_a_working_folder_is_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files laid out for a library are there while it works, and neither they nor what a kill left stay."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / f"{NEW}dead").mkdir()
    with working_folder({"a.txt": "a"}) as folder:
        assert ({"a.txt": "a"}, [folder]) == (contents(folder), list(tmp_path.iterdir()))
    assert [] == list(tmp_path.iterdir())


def test_rows_become_csv() -> None:
    """Rows are written under the header of the first row, or under the columns named, with quotes as needed."""
    assert csv_text([{"a": 1, "b": "x,y"}]) == 'a,b\n1,"x,y"\n'
    assert csv_text([], ["none"]) == "none\n"
