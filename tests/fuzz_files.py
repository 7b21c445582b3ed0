"""Run single files and command lines, in this process and in one of its own."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import daliz
from broken import whole_package, write
from broken_commands import BASES, command_line
from broken_files import read_some_file
from daliz.cli import main
from fuzz_packages import Finding, Result, judged
from fuzzing import REFUSAL, SECONDS, fault_of_sentence, outcome

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.tables import Network

CODES = (0, 1, 2)
_NO_NUMBER = re.compile(r"(?<![\w'.-])(nan|inf|-inf|NaN|Infinity|-Infinity)(?![\w'-])")


class Desk:
    """A folder to write in, with the whole packages in folders of their own."""

    def __init__(self, scratch: Path) -> None:
        self.folders = {b: write(whole_package(b), scratch / b.replace("/", "-")) for b in BASES}
        self.scratch = scratch / "work"
        self.scratch.mkdir(exist_ok=True)
        self.network: Network = daliz.open(self.folders["tiny"])


def run_file(number: int, desk: Desk) -> Result:
    """Run the case of a number of a single file."""
    kind, read = read_some_file(number, desk.scratch, desk.network)
    told = outcome(read)
    return Result(told.kind, kind, [told.told] if told.kind == REFUSAL else [], judged(told, kind))


def run_command(number: int, desk: Desk) -> Result:
    """Run the command line of a number in this process."""
    words = command_line(number, desk.folders)
    told = outcome(lambda: called(words, desk.scratch))
    if told.kind != "answer":
        return Result(told.kind, words[0], [], judged(told, words[0]))
    return _result(words, *told.told)


def run_process(number: int, desk: Desk) -> Result:
    """Run the command line of a number in a process of its own."""
    words = command_line(number, desk.folders)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "200"}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", "from daliz.cli import main; main()", *words],
            capture_output=True,
            cwd=desk.scratch,
            env=environment,
            timeout=6 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Result("hang", words[0], [], [Finding("hang", words[0], " ".join(words))])
    except ValueError:
        return Result("answer", words[0], [], [])  # the system takes no such word
    return _result(words, done.returncode, done.stdout.decode(), done.stderr.decode())


def called(words: list[str], folder: Path) -> tuple[int, str, str]:
    """Call `daliz` with words; return the exit code, what it prints and what it says of errors."""
    argv, sys.argv = sys.argv, ["daliz", *words]
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    try:
        with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.argv = argv
        gc.enable()
    return 0 if code is None else code, out.getvalue(), err.getvalue()


def _result(words: list[str], code: int, out: str, err: str) -> Result:
    """Judge exit code, output and words of a command."""
    verb, line = words[0], " ".join(words)
    findings = []
    if code not in CODES:
        findings.append(Finding("exit code", f"{verb} {code}", line))
    if "Traceback" in err + out:
        findings.append(
            Finding("traceback", f"{verb} {err.strip().splitlines()[-1][:60]}", f"{line}: {err[-600:]}")
        )
    elif "Warning" in err:
        findings.append(Finding("warning", f"{verb} {err.strip()[:60]}", f"{line}: {err[-600:]}"))
    elif code == 1 and not out.strip():
        findings.append(Finding("sentence", f"{verb} ends with 1 and says nothing", f"{line}: {err[-300:]}"))
    bare = _NO_NUMBER.search(out)
    if code != 2 and bare and not set(words) & {"nan", "inf"}:
        findings.append(
            Finding(
                "not finite",
                f"{verb} prints {bare[0]}",
                f"{line}: {out[max(0, bare.start() - 200) : bare.end() + 50]}",
            )
        )
    if "--json" in words and code != 2:
        findings += _json_faults(verb, line, out)
    refusals = []
    if code == 2 and err.strip().startswith("daliz: "):
        sentence = err.strip().removeprefix("daliz: ")
        refusals = [sentence]
        wrong = "" if set(words) & {"nan", "None"} else fault_of_sentence(sentence)
        findings += (
            [Finding("sentence", f"{verb}: {re.sub('[0-9]+', '0', wrong)}", f"{line}: {wrong}: {sentence}")]
            if wrong
            else []
        )
    elif code == 2 and "Error" not in err + out:
        findings.append(Finding("sentence", f"{verb} silent", f"{line}: {err[-300:]}"))
    return Result("refusal" if code == 2 else "answer", verb, refusals, findings)


def _json_faults(verb: str, line: str, out: str) -> list[Finding]:
    def refuse(word: str) -> None:
        raise ValueError(word)

    try:
        json.loads(out, parse_constant=refuse)
    except ValueError as error:
        return [Finding("json", f"{verb} {str(error)[:40]}", f"{line}: {error}: {out[:100]!r}")]
    return []
