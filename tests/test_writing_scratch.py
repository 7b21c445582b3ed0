"""Protect what scratch files do where a system has no locks, or others are in the way."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from daliz.writing import scratch

if TYPE_CHECKING:
    from pathlib import Path


def test_without_locks_age_tells_what_is_left_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there are no locks a scratch file is taken for a dead writer's after a day, and not before."""
    monkeypatch.setattr(scratch, "fcntl", None)
    young, old = (tmp_path / f"{scratch.NEW}{n}" for n in ("young", "old"))
    for path in (young, old):
        path.write_text("x", "utf-8")
    past = time.time() - 2 * scratch.STALE_S
    os.utime(old, (past, past))
    scratch.clear(tmp_path)
    assert (young.exists(), old.exists()) == (True, False)
    assert scratch.lock(None)


def test_a_file_system_without_locks_is_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that the file system does not know is no reason to refuse."""

    def none(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(scratch.fcntl, "flock", none)
    with scratch.scratch_file(tmp_path) as (descriptor, path):
        assert path.exists()
        assert scratch.lock(descriptor)


def test_names_that_are_never_free_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes every name is told of, and nothing is written."""
    monkeypatch.setattr(scratch, "lock", lambda _: False)
    with pytest.raises(FileExistsError, match="no name of 100 drawn"), scratch.scratch_file(tmp_path):
        pass
    with pytest.raises(FileExistsError, match="no name of 100 drawn"), scratch.scratch_folder(tmp_path):
        pass


def test_a_path_that_is_gone_is_not_what_was_opened(tmp_path: Path) -> None:
    """A path names what was opened only while it is there."""
    path = tmp_path / "a"
    path.write_text("x", "utf-8")
    with path.open(encoding="utf-8") as file:
        assert scratch.same(file.fileno(), path)
        path.unlink()
        assert not scratch.same(file.fileno(), path)
    assert not scratch.same(None, path)
