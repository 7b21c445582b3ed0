"""Describe what is wrong with a package, one fault at a time."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daliz.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

HINT_BUDGET = 200_000
SHOWN = 80
"""Letters of a cell or an id that a message shows at most."""
_LONG = re.compile(rf"\S{{{SHOWN + 1},}}")
_NUMBERED = re.compile(r" \(\d+\)$")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault: where it stands, the value, what is allowed and how to mend it.

    Attributes
    ----------
    stops
        Whether no verb answers from a package that has it. Places that nothing joins, lengths that are hard to
        believe, links that stand twice and codes that no country has stop none: they are told beside the answer.

    Examples
    --------
    >>> print(Fault("links.csv", "a-b", "length_km", "-5", "must be at least 0.1 km", "correct the figure"))
    links.csv, row a-b, column length_km: '-5': must be at least 0.1 km; correct the figure.
    """

    file: str
    row: str
    column: str
    value: str
    allowed: str
    mend: str
    stops: bool = True

    def __str__(self) -> str:
        row, column = shortened(self._row), shortened(self.column and f"column {self.column}")
        place = ", ".join(part for part in (self.file, row, column) if part)
        value = f" {shortened(self.value)!r}:" if self.value else ""
        text = f"{place}:{value} {self.allowed}; {self.mend}{'' if self.mend.endswith('?') else '.'}"
        return _LONG.sub(lambda word: shortened(word[0]), text)

    @property
    def _row(self) -> str:
        return self.row if not self.row or self.row.startswith("line ") else f"row {self.row}"


def shortened(text: str) -> str:
    """Cut a text that would fill a message by itself.

    Examples
    --------
    >>> len(shortened("x" * 300))
    80
    """
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def faults_of(table: str) -> Callable[[object, str, object, str, str], Fault]:
    """Return a maker of faults of one table, from row, column, value, what is allowed and how to mend it.

    Examples
    --------
    >>> print(faults_of("grids")("kz", "g_co2e_kwh", 8210.0, "must be at most 2000 g/kWh", "correct it"))
    grids.csv, row kz, column g_co2e_kwh: '8210': must be at most 2000 g/kWh; correct it.
    """

    def make(row: object, column: str, value: object, allowed: str, mend: str) -> Fault:
        file, name = file_and_row(table, str(row))
        return Fault(file, name, column, _shown(value), allowed, mend)

    return make


def file_and_row(table: str, row: str) -> tuple[str, str]:
    """Name the file in which a row stands; evidence has a file for each table, and its rows are told by their cell.

    Examples
    --------
    >>> file_and_row("evidence", "links.a-b.length_km (2)")
    ('evidence/links.csv', 'a-b.length_km')
    """
    if table != "evidence":
        return f"{table}.csv", row
    name, _, cell = _NUMBERED.sub("", row).partition(".")
    return f"evidence/{name}.csv", cell


def _shown(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return "" if math.isnan(value) else f"{value:g}"


class Hints:
    """Suggestions of near words, which stop when the work grows too large for a big broken file.

    Examples
    --------
    >>> Hints(["aktau", "baku"]).add("correct it", "aktua")
    'correct it. Did you mean aktau?'
    """

    def __init__(self, known: Collection[str]) -> None:
        self._known = known
        self._left = HINT_BUDGET // (len(known) + 1)

    def add(self, mend: str, word: str) -> str:
        """Add the nearest known word to an advice, if there is one."""
        self._left -= 1
        hint = did_you_mean(word, self._known, 1) if self._left >= 0 else ""
        return f"{mend}.{hint}" if hint else mend
