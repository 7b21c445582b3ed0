"""Protect the word of the command line when it is standard output that fails."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from daliz.errors import OutputError, ReaderGoneError
from daliz.writing import StandardOutput

SENTENCE = (
    "daliz: Standard output could not be written: No space left on device; the answer is not whole; make "
    "room there or send it elsewhere.\n"
)
needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")


def ended(words: str, to: str, before: str = "") -> tuple[int, str]:
    """Run `daliz` in a shell with its standard output sent somewhere; return the code and what it says of errors."""
    run = f"{before} '{sys.executable}' -c 'from daliz.cli import main; main()' {words} {to}"
    done = subprocess.run(["/bin/bash", "-c", run], stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603
    return done.returncode, done.stderr


@needs_full
@pytest.mark.parametrize("words", ["places --json", "--version", "places"])
def test_a_full_standard_output_is_told_as_such(words: str) -> None:
    """On a full disk behind standard output the message names it, for what is printed for people and programs."""
    assert ended(words, "> /dev/full") == (2, SENTENCE)


@pytest.mark.parametrize("buffered", ["", "1"])
def test_an_answer_cut_short_is_told(tmp_path: Path, buffered: str) -> None:
    """A file behind standard output that takes a part of the answer alone is told, with and without a buffer."""
    before = f"ulimit -f 1; PYTHONUNBUFFERED={buffered}"
    code, told = ended("places -n eurasia --json", f"> '{tmp_path}/out.json'", before)
    assert (code, told) == (2, SENTENCE.replace("No space left on device", "File too large"))


@pytest.mark.parametrize("buffered", ["", "1"])
def test_an_answer_is_whole_with_and_without_a_buffer(tmp_path: Path, buffered: str) -> None:
    """All of an answer reaches a file, in any language, whether standard output has a buffer or not."""
    before = f"PYTHONUNBUFFERED={buffered}"
    assert ended("places -n eurasia --json", f"> '{tmp_path}/out.json'", before) == (0, "")
    assert "Ақтау" in str(json.loads((tmp_path / "out.json").read_text("utf-8")))


def test_a_closed_standard_output_is_told() -> None:
    """Without any standard output there is a sentence and no traceback."""
    code, told = ended("places --json", ">&-")
    assert (code, told) == (
        2,
        "daliz: Standard output is closed, so the answer has nowhere to go; leave it open.\n",
    )


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    """A reader that has enough, as head, is no error, before and after the first line."""
    for reader in ("| true; exit ${PIPESTATUS[0]}", "| head -n 1 > /dev/null; exit ${PIPESTATUS[0]}"):
        assert ended("places --json", reader) == (0, "")


@needs_full
def test_a_full_standard_error_leaves_the_code() -> None:
    """When not even the message can be written the exit code tells, without a traceback."""
    assert ended("routes nowhere noplace", "2> /dev/full")[0] == 2
    assert ended("places --json", "> /dev/full 2>&-")[0] == 2


def test_a_letter_that_cannot_be_shown_is_told() -> None:
    """Standard output in an encoding that lacks a letter is told with the way out."""
    stream = StandardOutput(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with pytest.raises(OutputError, match=r"cannot show 'қ' in ascii; set PYTHONIOENCODING=utf-8\."):
        stream.write("қ")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (BrokenPipeError(32, "Broken pipe"), ReaderGoneError),
        (OSError(28, "No space left on device"), OutputError),
    ],
)
def test_lines_and_flushing_are_told_too(fault: OSError, kind: type[OutputError]) -> None:
    """All ways in which texts reach standard output have the same errors, and what is asked of it is answered."""

    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise fault

        def flush(self) -> None:
            raise fault

    stream = StandardOutput(Gone())
    with pytest.raises(kind):
        stream.writelines(["a"])
    with pytest.raises(kind):
        stream.flush()
    assert stream.writable()
    assert StandardOutput(None).flush() is None
    with pytest.raises(OutputError, match="Standard output is closed"):
        StandardOutput(None).write("a")
