"""Protect the code from the case: what is about one region, year or event stands in the data of its package."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

import daliz
from daliz.paths.choice import NEEDED, ChoiceParameters
from daliz.tables.schema import schema

SOURCE = Path(daliz.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
COUNTRIES = re.compile(r"country|countries|importer|exporter|owner_country|region|code|members")
CODE = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class Case:
    """Words of the case: ids and codes that are no words of the schema, what ids begin with, and years."""

    words: set[str]
    begun: set[str]
    years: range

    def named_by(self, value: str | int) -> bool:
        """Tell whether a literal is a year, or a word of the case alone or behind colons and hyphens."""
        if isinstance(value, int):
            return value in self.years
        parts = {value, *(part.strip("-") for part in value.split(":"))}
        years = {p for p in parts if p.isdecimal() and int(p) in self.years}
        return bool(years or parts & self.words or parts & self.begun)


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("eurasia")


@pytest.fixture(scope="module")
def vocabulary() -> set[str]:
    """Collect the words of the schema itself: names of tables and columns, values, units and named rows."""
    words = set(schema())
    for table in schema().values():
        for column in table.columns.values():
            words |= {column.name, column.unit, *column.unit.split("/"), *column.allowed, *column.words}
    return words


@pytest.fixture(scope="module")
def case(network: daliz.Network, vocabulary: set[str]) -> Case:
    """Collect all ids and country codes of the package, and its years."""
    words: set[str] = set()
    for table in network.store.values():
        words |= {str(i) for i in table.ids} if len(table) else set()
        for name in table.columns:
            if COUNTRIES.search(name):
                words |= {w for cell in table[name] for w in str(cell).split() if CODE.fullmatch(w)}
    words -= vocabulary
    years = network.store.descriptor["years"]
    begun = beginnings(words) - vocabulary - beginnings(vocabulary)
    return Case(words, begun, range(years["first"], years["last"] + 1))


def literals(tree: ast.AST) -> list[tuple[int, str | int]]:
    """List the texts and whole numbers of a module with their lines: docstrings are left out, sums joined."""
    said = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    found: list[tuple[int, str | int]] = []
    for node in ast.walk(tree):
        value = joined(node)
        if id(node) not in said and isinstance(value, str | int) and not isinstance(value, bool):
            found.append((node.lineno, value))  # type: ignore[attr-defined]
    return found


def joined(node: ast.AST) -> object:
    """Return the value of a literal or of literals put together by a plus; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        sides = [joined(side) for side in (node.left, node.right)]
        if all(isinstance(side, str) for side in sides):
            return "".join(map(str, sides))
    return None


def beginnings(ids: set[str]) -> set[str]:
    """Return what several ids have before their last parts, of two parts or more: `a-b` for `a-b-2022`."""
    found: set[str] = set()
    for name in ids:
        parts = name.split("-")
        found |= {"-".join(parts[:n]) for n in range(2, len(parts))}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_no_literal_names_the_case(path: Path, case: Case) -> None:
    """No literal is a country, a year of the package, or an id of its rows or the beginning of one."""
    found = literals(ast.parse(path.read_text(encoding="utf-8")))
    assert [] == [f"line {line}: {value!r}" for line, value in found if case.named_by(value)]


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("x = 'KZ'", True),
        ("'''KZ'''", False),
        ("x = 'country:RU'", True),
        ("x = 'constant-' + corridor", False),
        ("x = 'constant-' + 'middle'", True),
        ("x = f'{chain}-RU'", True),
        ("x = f'{chain} {2022}'", True),
        ("x = ('us-', 'us-' '2025-08')", True),
        ("x = f'v-uranium-azerbaijan-kt-{year}'", True),
        ("draws = 2000", False),
        ("mode = 'rail'", False),
    ],
)
def test_the_walk_sees_literals_however_they_are_written(code: str, named: bool, case: Case) -> None:
    """Literals are seen inside f-strings and sums, and docstrings are not."""
    assert named == any(case.named_by(v) for _, v in literals(ast.parse(code)))


def test_named_rows_are_there(network: daliz.Network) -> None:
    """The package has every row that the schema names, but for the defaults, which a package may leave out."""
    lacking = {
        (table.name, word)
        for table in schema().values()
        for word in table.columns[table.key].words
        if word not in network.store[table.name].position
    }
    assert set() == lacking


def test_parameters_asked_for_are_named(network: daliz.Network) -> None:
    """The parameters that the choice of routes needs are named in the schema."""
    assert set(NEEDED) <= set(schema()["choice"].columns["id"].words)
    assert all(ChoiceParameters.of(network)[n] > 0 for n in NEEDED)
