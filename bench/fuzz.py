"""Try Daliz on broken input by the hundred thousand, and count what comes of it.

    python bench/fuzz.py FOLDER                 all kinds of case; goes on where it was ended
    python bench/fuzz.py FOLDER --minutes 5     as far as it comes in that time
    python bench/fuzz.py --case packages:1234   one case again, with what was done to it
    python bench/fuzz.py FOLDER --report        writes docs/robustness.md from the counts of the folder

A case is made from its number alone. Counts are appended to `counts.jsonl` of the folder, one line for a chunk of
cases; what may not be is told there with the number of its first case. The cases are those of `tests/test_fuzz.py`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzz_packages import Result

COUNTS = "counts.jsonl"
PAGE, TEMPLATE = ROOT / "docs" / "robustness.md", ROOT / "bench" / "robustness.md"


class Kind(NamedTuple):
    """A kind of case: how many make a full run, how many a chunk, and what they are."""

    count: int
    chunk: int
    what: str


KINDS = {
    "packages": Kind(100_000, 250, "whole packages, each with a twin whose rows stand in another order"),
    "files": Kind(360_000, 5_000, "single files: TNTP, FTOT, demand"),
    "commands": Kind(40_000, 250, "command lines in one process"),
    "processes": Kind(2_000, 25, "command lines in processes of their own"),
    "references": Kind(20_000, 250, "small networks and chains against slow references"),
}


def runner(kind: str, scratch: Path) -> Callable[[int], Result]:
    """Return how to run a case of a kind."""
    import fuzz_files
    import fuzz_packages

    fuzz_packages.warm(fuzz_packages.Place(scratch / "warm"))
    if kind == "packages":
        place = fuzz_packages.Place(scratch)
        return lambda number: fuzz_packages.run_case(number, place)
    if kind == "references":
        return _reference
    desk = fuzz_files.Desk(scratch)
    run = {
        "files": fuzz_files.run_file,
        "commands": fuzz_files.run_command,
        "processes": fuzz_files.run_process,
    }[kind]
    return lambda number: run(number, desk)


def _reference(number: int) -> Result:
    from fuzz_packages import Finding, Result
    from fuzzing import outcome
    from references import compared

    told = outcome(lambda: compared(number))
    if told.kind != "answer":
        return Result(told.kind, "reference", [], [Finding("reference", told.kind, str(told.told))])
    kind, differs = told.told
    return Result("answer", kind, [], [Finding("reference", kind, differs)] if differs else [])


def run_chunk(kind: str, start: int, stop: int) -> dict[str, Any]:
    """Run a chunk of cases and count what came of them."""
    from fuzzing import template

    began = time.perf_counter()
    outcomes: Counter[str] = Counter()
    verbs: Counter[str] = Counter()
    findings: dict[str, dict[str, Any]] = {}
    sentences: dict[str, str] = {}
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as scratch:
        run = runner(kind, Path(scratch))
        for number in range(start, stop):
            result = run(number)
            outcomes[result.outcome] += 1
            verbs.update(result.asked or (f"{result.verb} {result.outcome}",))
            for sentence in result.refusals:
                sentences.setdefault(template(sentence), sentence.replace(scratch, "FOLDER"))
            for f in result.findings:
                found = findings.setdefault(
                    f"{f.kind}: {f.key}", {"count": 0, "case": number, "text": f.text[:900]}
                )
                found["count"] += 1
    return {
        "kind": kind,
        "start": start,
        "stop": stop,
        "seconds": round(time.perf_counter() - began, 2),
        "outcomes": outcomes,
        "verbs": verbs,
        "findings": findings,
        "refusals": sentences,
    }


def chunks(folder: Path, kinds: list[str], share: float) -> Iterator[tuple[str, int, int]]:
    """List the chunks that are not done yet, the kinds by turns."""
    done = {(c["kind"], c["start"], c["stop"]) for c in counted(folder)}
    queues = []
    for kind in kinds:
        count = round(KINDS[kind].count * share)
        steps = range(0, count, KINDS[kind].chunk)
        queues.append([(kind, a, min(a + KINDS[kind].chunk, count)) for a in steps])
    longest = max(map(len, queues))
    order = sorted((i / len(q) * longest, k, c) for k, q in enumerate(queues) for i, c in enumerate(q))
    yield from (c for _, _, c in order if c not in done)


def counted(folder: Path) -> list[dict[str, Any]]:
    """Read the counts of a folder; a line that was cut by a kill is left out, and its chunk is run again."""
    path = folder / COUNTS
    found = []
    for line in path.read_text("utf-8").splitlines() if path.is_file() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def run_all(folder: Path, kinds: list[str], share: float, workers: int, minutes: float) -> None:
    """Run the chunks that are left in some processes, and tell how far it has come."""
    folder.mkdir(parents=True, exist_ok=True)
    left = list(chunks(folder, kinds, share))
    began, total = time.monotonic(), len(left)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=40) as pool:
        running = {pool.submit(run_chunk, *left.pop(0)) for _ in range(min(workers, len(left)))}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                result = future.result()
                with (folder / COUNTS).open("a", encoding="utf-8") as file:
                    file.write(json.dumps(result, ensure_ascii=False) + "\n")
                spent = time.monotonic() - began
                if left and spent < minutes * 60:
                    running.add(pool.submit(run_chunk, *left.pop(0)))
                count = sum(f["count"] for f in result["findings"].values())
                rate = (result["stop"] - result["start"]) / result["seconds"]
                print(
                    f"{spent / 60:5.1f} min  {total - len(left) - len(running)}/{total} chunks  {result['kind']} "
                    f"to {result['stop']:,}: {rate:.0f} a second, {count} findings",
                    flush=True,
                )
    show(folder)


def show(folder: Path) -> None:
    """Print the counts of a folder, and what may not be with the case to run again."""
    for kind in KINDS:
        rows = [c for c in counted(folder) if c["kind"] == kind]
        if not rows:
            continue
        outcomes: Counter[str] = sum((Counter(c["outcomes"]) for c in rows), Counter())
        seconds = sum(c["seconds"] for c in rows)
        print(
            f"\n{kind}: {sum(outcomes.values()):,} cases in {seconds:,.0f} s of one process: {dict(outcomes)}"
        )
        for key, found in sorted(_findings(rows).items()):
            print(f"  {found['count']} {key} (--case {kind}:{found['case']}): {found['text'][:300]}")


def _findings(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    whole: dict[str, dict[str, Any]] = {}
    for row in rows:
        for key, found in row["findings"].items():
            known = whole.setdefault(key, found | {"count": 0})
            known["count"] += found["count"]
            if found["case"] < known["case"]:
                known.update(case=found["case"], text=found["text"])
    return whole


def report(folder: Path) -> None:
    """Write docs/robustness.md: its text from the template beside this file, its counts from a folder."""
    rows = counted(folder)
    head = (
        "| kind of case | cases | answers | refusals | tracebacks | hangs | findings | a second and process |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for kind, (_, _, what) in KINDS.items():
        some = [r for r in rows if r["kind"] == kind]
        outcomes: Counter[str] = sum((Counter(r["outcomes"]) for r in some), Counter())
        count, seconds = sum(outcomes.values()), sum(r["seconds"] for r in some) or 1.0
        found = sum(f["count"] for f in _findings(some).values())
        cells = [f"{outcomes[o]:,}" for o in ("answer", "refusal", "traceback", "hang")]
        lines.append(f"| {what} | {count:,} | {' | '.join(cells)} | {found:,} | {count / seconds:,.0f} |")
    sorts: Counter[str] = Counter()
    for kind in KINDS:
        for key, found in _findings([r for r in rows if r["kind"] == kind]).items():
            sorts[key.split(":")[0]] += found["count"]
    told = [f"| {name} | {sorts[key]:,} |" for key, name in FOUND.items()]
    templates = {t for r in rows for t in r["refusals"]}
    parts = {
        "counts": "\n".join(lines),
        "findings": "\n".join(["| what may not be | found |", "|---|---|", *told]),
        "machine": f"{os.cpu_count()} cores, Python {sys.version_info.major}.{sys.version_info.minor}",
        "sentences": f"{len(templates):,}",
    }
    text = TEMPLATE.read_text("utf-8")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    PAGE.write_text(text, encoding="utf-8")


FOUND = {
    "traceback": "a traceback, or a warning of numpy that reached the answer",
    "hang": "over 10 seconds",
    "order": "another answer, or another refusal, for the same rows in another order",
    "not finite": "a number that is not finite in an answer, a table or JSON",
    "json": "output of `--json` that is no JSON",
    "exit code": "an exit code other than 0, 1 and 2",
    "warning": "a warning printed to standard error",
    "sentence": "a refusal that is no sentence, names nothing, or sends to a command that finds nothing",
    "reference": "a figure other than that of the slow reference",
}


def run_one(case: str) -> None:
    """Run one case again and print what was done and what came of it."""
    kind, _, number = case.partition(":")
    with tempfile.TemporaryDirectory() as scratch:
        if kind == "packages":
            from broken import broken, write

            made = broken(int(number))
            print(made.whole.base, *made.deeds, sep="\n  ")
            kept = write(made.package, Path(tempfile.mkdtemp()) / "package")
            print(f"The package is in {kept}")
        elif kind in {"commands", "processes"}:
            from broken_commands import command_line
            from fuzz_files import Desk

            print(*command_line(int(number), Desk(Path(scratch)).folders))
        result = runner(kind, Path(scratch))(int(number))
    print(result.outcome, result.verb, *result.refusals, sep="\n  ")
    for finding in result.findings:
        print(f"FOUND {finding.kind}: {finding.text}")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, help="folder of the counts")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--share", type=float, default=1.0, help="share of a full run")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no chunk after these")
    parser.add_argument("--case", help="KIND:NUMBER: one case again")
    parser.add_argument("--show", action="store_true", help="print the counts of the folder")
    parser.add_argument("--report", action="store_true", help="write docs/robustness.md")
    given = parser.parse_args()
    if given.case:
        run_one(given.case)
    elif given.folder is None:
        parser.error("give the folder of the counts")
    elif given.report:
        report(given.folder)
    elif given.show:
        show(given.folder)
    else:
        run_all(given.folder, given.kinds, given.share, given.workers, given.minutes)


if __name__ == "__main__":
    main()
