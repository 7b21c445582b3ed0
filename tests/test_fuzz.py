"""Hold what is promised to whoever brings a network: a right answer or a refusal, in seconds, whatever stands in the files.

The cases are the first of those that `bench/fuzz.py` counts by the hundred thousand; each can be made again by its number,
as `python bench/fuzz.py --case packages:17`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broken import SHARES, broken, generated, shuffled, whole_package
from daliz.tables.check import check
from fuzz_files import Desk, run_command, run_file, run_process
from fuzz_packages import Place, judged, run_case, warm
from fuzzing import (
    ANSWER,
    HANG,
    REFUSAL,
    TRACEBACK,
    Outcome,
    difference,
    fault_of_sentence,
    not_finite,
    outcome,
)
from references import REFERENCES, compared

if TYPE_CHECKING:
    from collections.abc import Callable

    from fuzz_packages import Result

PACKAGES, FILES, COMMANDS, PROCESSES, COMPARED = 500, 1100, 200, 3, 200


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Make the folders of a package and its twin, with all loops compiled."""
    found = Place(tmp_path_factory.mktemp("fuzz"))
    warm(found)
    return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Make the folder in which commands are run."""
    return Desk(tmp_path_factory.mktemp("desk"))


def _tried(kind: str, run: Callable[[int], Result], count: int) -> list[str]:
    """Run cases and list what may not be; both answers and refusals must be among them."""
    found, outcomes = [], set()
    for number in range(count):
        result = run(number)
        outcomes.add(result.outcome)
        found += [f"{kind}:{number}: {f.kind}: {f.text}" for f in result.findings]
    if count > 100:
        assert outcomes >= {ANSWER, REFUSAL}
    return found


def test_broken_packages_are_answered_or_refused(place: Place) -> None:
    """A broken package, and the same with its rows shuffled, gives one right answer or one refusal in words."""
    assert [] == _tried("packages", lambda n: run_case(n, place), PACKAGES)


def test_broken_files_are_read_or_refused(desk: Desk) -> None:
    """A broken file of TNTP, FTOT or demand is read, or refused in words."""
    assert [] == _tried("files", lambda n: run_file(n, desk), FILES)


def test_command_lines_end_with_an_answer_or_a_sentence(desk: Desk) -> None:
    """Whatever stands on a command line, its exit code is 0, 1 or 2, and an error is a sentence."""
    assert [] == _tried("commands", lambda n: run_command(n, desk), COMMANDS)


def test_processes_end_as_commands_do(desk: Desk) -> None:
    """A process of its own ends with the same exit codes and sentences."""
    assert [] == _tried("processes", lambda n: run_process(n, desk), PROCESSES)


@pytest.mark.parametrize("kind", REFERENCES)
def test_answers_are_those_of_slow_references(kind: str) -> None:
    """Ways, flows and plans of small networks are those of all simple ways, linear programmes and arithmetic."""
    cases = [compared(n) for n in range(COMPARED) if n % len(REFERENCES) == list(REFERENCES).index(kind)]
    assert [(kind, "")] * (COMPARED // len(REFERENCES)) == cases


@pytest.mark.parametrize("base", SHARES)
def test_what_is_broken_was_whole(base: str, place: Place) -> None:
    """Each package that cases begin from is clean, and stays clean with its rows shuffled."""
    import random

    whole = generated(random.Random(1)) if base == "generated" else whole_package(base)  # noqa: S311
    for one in (whole, shuffled(whole, 1)):
        assert [] == [str(f) for f in check(place.write(one, 0)).faults]


def test_a_case_is_made_again_by_its_number() -> None:
    """The same number makes the same package."""
    assert [broken(n).package for n in range(30)] == [broken(n).package for n in range(30)]
    assert len({str(broken(n).package) for n in range(30)}) >= 27


def _hangs() -> None:
    while True:
        pass


def test_what_may_not_be_is_seen() -> None:
    """Tracebacks, hangs, numbers that are not finite, other answers and bad sentences are told from good ones."""
    assert outcome(lambda: 1 // 0).kind == TRACEBACK
    assert outcome(_hangs, 0.05).kind == HANG
    assert list(not_finite({"usd": [1.0, float("inf")], "price_usd": float("nan")})) == [".usd is inf"]
    assert (
        difference(
            [{"id": "a", "v": 1.0}, {"id": "b", "v": 2.0}], [{"id": "b", "v": 2.0}, {"id": "a", "v": 1.0}]
        )
        == ""
    )
    assert difference({"v": 1.0}, {"v": 1.0 + 1e-6})
    assert difference(
        {"itineraries": [{"km": 1.0}, {"km": 2.0}]}, {"itineraries": [{"km": 2.0}, {"km": 1.0}]}
    )
    for sentence in (
        "KeyError",
        "list index out of range",
        "The way <class 'int'> is 1.",
        "Row a-b is None here.",
        "A  figure needs the source a-b.",
        "It is 1 no",
    ):
        assert fault_of_sentence(sentence)
    assert not fault_of_sentence(
        "links.csv, row a-b, column length_km: '-5': must be at least 0.1 km; correct the figure."
    )
    assert judged(Outcome(REFUSAL, ["list index out of range"]), "routes")
