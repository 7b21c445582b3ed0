"""Run one case of a broken package: check it, ask a question, and the same of a twin whose rows stand in another order."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import daliz
from broken import DESCRIPTOR, Package, broken, shuffled, text_of, whole_package
from daliz.assignment.methods import METHODS
from daliz.tables.check import check, check_store
from daliz.tables.network import Network, year_within
from daliz.tables.store import open_store
from fuzz_questions import UNSURE, altered, question
from fuzzing import (
    ANSWER,
    REFUSAL,
    TRACEBACK,
    Outcome,
    difference,
    fault_of_sentence,
    not_finite,
    outcome,
    plain,
)

if TYPE_CHECKING:
    from pathlib import Path

OPENED_TOO = 10
"""Of so many packages that check condemns, one is opened all the same."""
QUESTIONS = 3
"""How many questions a package is asked that check lets pass."""
LOOSE = 1e-3
"""Digits to which a run that ends at a gap is compared."""


class Finding(NamedTuple):
    """What may not be: its kind, what tells it from others of the kind, and the whole."""

    kind: str
    key: str
    text: str


class Result(NamedTuple):
    """What came of a case: the outcome of its first question, and what was asked with what outcome."""

    outcome: str
    verb: str
    refusals: list[str]
    findings: list[Finding]
    asked: tuple[str, ...] = ()


def warm(place: Place) -> None:
    """Ask each verb that compiles its loops once, so that no case is charged for it."""
    for base, methods in (("08c-half", METHODS), ("16-chain/good", ())):
        network = daliz.open(place.write(whole_package(base), 0))
        for method in methods:
            daliz.assign(network, method=method)
        if not methods:
            daliz.supply(network, "c")


class Place:
    """Two folders in which packages are written one after the other; files that stay are not written again."""

    def __init__(self, scratch: Path) -> None:
        self.folders = (scratch / "package", scratch / "twin")
        self._there: tuple[dict[str, str], ...] = ({}, {})
        for folder in self.folders:
            (folder / "evidence").mkdir(parents=True, exist_ok=True)

    def write(self, package: Package, which: int) -> Path:
        """Write a package, or its twin."""
        folder, there = self.folders[which], self._there[which]
        texts = {name: text_of(rows) for name, rows in package.tables.items()} | {
            DESCRIPTOR: package.descriptor
        }
        for name in set(there) - set(texts):
            (folder / name).unlink()
            del there[name]
        for name, text in texts.items():
            if there.get(name) != text:
                (folder / name).write_text(text, encoding="utf-8", newline="")
                there[name] = text
        return folder


def run_case(number: int, place: Place) -> Result:
    """Run the case of a number."""
    whole, package, _ = broken(number)
    findings: list[Finding] = []
    told: list[list[Asked]] = []
    for which, one in enumerate((package, shuffled(package, number))):
        rng = random.Random(f"question {number}")  # noqa: S311
        told.append(_asked(rng, whole, place.write(one, which), open_too=number % OPENED_TOO == 0))
    if len(told[0]) != len(told[1]):
        findings.append(
            Finding(
                "order", "condemned in one order", f"{told[0][0].outcome.told} | {told[1][0].outcome.told}"
            )
        )
    for a, b in zip(*told, strict=False):
        findings += [
            *judged(a.outcome, a.verb),
            *judged(b.outcome, b.verb),
            *_compared((a.outcome, b.outcome), a.verb),
        ]
    first = told[0][0]
    refusals = [s for a in told[0] if a.outcome.kind == REFUSAL for s in _list(a.outcome.told)]
    asked = tuple(f"{a.verb} {a.outcome.kind}" for a in told[0])
    return Result(first.outcome.kind, first.verb, refusals, findings, asked)


class Asked(NamedTuple):
    """A question by its verb, and what came of it."""

    verb: str
    outcome: Outcome


def _asked(rng: random.Random, whole: Package, folder: Path, *, open_too: bool) -> list[Asked]:
    """Check a package, and where no fault stops it ask some questions."""
    faults: list[Any] = []
    opened: list[Any] = []

    def look() -> None:
        opened.append(open_store(folder))
        faults.extend(check_store(opened[0]).faults)

    looked = outcome(look)
    if looked.kind != ANSWER:
        return [Asked("open", looked)]
    if any(f.stops for f in faults):
        told = outcome(lambda: daliz.open(folder)) if open_too else Outcome(REFUSAL, "")
        if told.kind != REFUSAL:
            return [
                Asked(
                    "open",
                    Outcome(TRACEBACK, "it opened although check condemns it")
                    if told.kind == ANSWER
                    else told,
                )
            ]
        return [Asked("check", Outcome(REFUSAL, [str(f) for f in faults]))]
    network = Network(opened[0], year_within(opened[0], opened[0].descriptor["years"]["observed"]))
    found = []
    for _ in range(QUESTIONS):
        verb, ask = question(rng, whole)
        view = altered(rng, whole)
        told = outcome(lambda ask=ask, view=view: ask(view(network)))  # type: ignore[misc]
        found.append(Asked(verb, _led(told, faults, opened[0], folder)))
    return found


def _led(told: Outcome, faults: list[Any], store: Any, folder: Path) -> Outcome:
    """Follow a refusal to the command that it names, which must find something."""
    named = re.search(r"`daliz (\w+)([^`]*)`", told.told) if told.kind == REFUSAL else None
    if not named:
        return told
    verb = named[2].partition("--for ")[2].strip()
    finds = {
        "check": lambda: check(folder, verb).faults if verb else faults,
        "changes": lambda: len(store["change_sets"]),
        "places": lambda: len(store["nodes"]),
    }
    if finds.get(named[1], lambda: True)():
        return told
    return Outcome(TRACEBACK, f"{named[0]} finds nothing: {told.told}")


def judged(told: Outcome, verb: str) -> list[Finding]:
    """Find what is wrong with one outcome by itself."""
    if told.kind == ANSWER:
        return [Finding("not finite", f"{verb} {p}", p) for p in dict.fromkeys(not_finite(told.told))][:3]
    if told.kind == REFUSAL:
        sentences = told.told if isinstance(told.told, list) else [told.told]
        wrong = [(s, fault_of_sentence(s)) for s in sentences]
        return [
            Finding("sentence", f"{verb}: {re.sub('[0-9]+', '0', w)}", f"{w}: {s}") for s, w in wrong if w
        ]
    return [Finding(told.kind, f"{verb} {told.where} {re.split('[:(]', str(told.told))[0]}", str(told.told))]


def _compared(outcomes: tuple[Outcome, Outcome], verb: str) -> list[Finding]:
    """Find where a twin is told another thing."""
    a, b = outcomes
    if a.kind != b.kind:
        return [Finding("order", f"{verb} {a.kind} {b.kind}", f"{str(a.told)[:300]} | {str(b.told)[:300]}")]
    if a.kind == REFUSAL:
        one, two = ({plain(s).replace("/twin", "/package") for s in _list(o.told)} for o in outcomes)
        other = sorted(one ^ two)
        return (
            [Finding("order", f"{verb} refusal {_first_words(other[0])}", " | ".join(other)[:900])]
            if other
            else []
        )
    if a.kind != ANSWER:
        return []
    told = difference(a.told, b.told, LOOSE if verb in UNSURE else 1e-9)
    return [Finding("order", f"{verb} {told.split(' is ')[0][:60]}", told[:500])] if told else []


def _list(told: Any) -> list[str]:
    return told if isinstance(told, list) else [str(told)]


def _first_words(text: str) -> str:
    return re.sub(r"'[^']*'|[\d.]+|row \S+", "", text)[:50]
