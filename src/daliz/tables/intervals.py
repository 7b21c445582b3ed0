"""Find the intervals of the figures in force from the evidence and its grades."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.tables.figures import Cell, Figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.period import Period
    from daliz.tables.table import Array, Table

Places = dict[tuple[str, str], "Array"]
MANNERS = ("triangular", "uniform", "fixed")


class Interval(NamedTuple):
    """Ends of a figure as factors on its value, and how it is drawn."""

    low: float
    high: float
    distribution: str
    group: str


@dataclass(frozen=True)
class Intervals:
    """Intervals of all cells of figures as written, in arrays of shape (cells,).

    Attributes
    ----------
    low, high
        Ends as factors on the figure.
    manner
        Position in `MANNERS`.
    group
        Number of the group, -1 for a figure that is drawn alone.
    known
        Whether there is evidence.
    """

    low: Array
    high: Array
    manner: Array
    group: Array
    known: Array

    @classmethod
    def exact(cls, count: int) -> Intervals:
        """Make the intervals of figures without evidence, which are exact and drawn alone."""
        manner = np.zeros(count, dtype=np.int64)
        return cls(np.ones(count), np.ones(count), manner, manner - 1, np.zeros(count, dtype=np.bool_))

    def put(self, numbers: list[int], intervals: list[Interval], groups: Mapping[str, int]) -> Intervals:
        """Return the intervals with some written anew."""
        if not numbers:
            return self
        other = replace(self, **{n: v.copy() for n, v in vars(self).items()})
        low, high, distribution, group = zip(*intervals, strict=True)
        other.low[numbers], other.high[numbers] = low, high
        other.manner[numbers] = [MANNERS.index(d) if d in MANNERS else 0 for d in distribution]
        other.group[numbers] = [groups.get(g, -1) for g in group]
        other.known[numbers] = True
        return other


class Written:
    """Figures of a package as written: their cells, numbered, and their evidence in use.

    Parameters
    ----------
    tables
        The tables as written that hold figures.
    evidence, grades
        The tables of these names.

    Attributes
    ----------
    first
        Number of the first cell of each table and column of figures; blank cells are numbered too.
    dated
        First day, first day no longer in force and figure of each row of evidence with a date, by cell.
    """

    def __init__(self, tables: Mapping[str, Table], evidence: Table, grades: Table) -> None:
        self._tables, self._grades = tables, grades
        self.first: dict[tuple[str, str], int] = {}
        count = 0
        for name, table in tables.items():
            for column in table.schema.figures:
                self.first[name, column] = count
                count += len(table)
        # Made when first asked for, since most cells are blank; networks of one package share them.
        self._cells: list[Cell | None] = [None] * count
        evidence = evidence.take(evidence["used"])
        start, end = evidence["from_date"], evidence["to_date"]
        dated = ~(np.isnat(start) & np.isnat(end))
        told = list(map(Cell, *(evidence[n].tolist() for n in ("table", "row_id", "column"))))
        self.dated: dict[Cell, list[tuple[Any, Any, float]]] = {}
        for i in np.flatnonzero(dated).tolist():
            self.dated.setdefault(told[i], []).append((start[i], end[i], float(evidence["value"][i])))
        varying = np.array([cell in self.dated for cell in told], dtype=np.bool_)
        self._varying = evidence.take(varying)
        names = sorted(set(evidence["group"].tolist()) - {""})
        self.group_names = tuple(names)
        self._groups = {name: i for i, name in enumerate(names)}
        still = evidence.take(~varying)
        self._still = Intervals.exact(count).put(*self._numbered(still), self._groups)

    def cells_in(self, column: tuple[str, str], rows: list[int]) -> list[Cell]:
        """Return the cells of a table and column in some rows."""
        first, ids = self.first[column], self._tables[column[0]].ids
        found = []
        for row in rows:
            cell = self._cells[first + row]
            if cell is None:
                cell = self._cells[first + row] = Cell(column[0], str(ids[row]), column[1])
            found.append(cell)
        return found

    def number(self, cell: Cell) -> int:
        """Return the number of a cell, -1 if there is none."""
        first = self.first.get((cell.table, cell.column), -1)
        row = self._tables[cell.table].position.get(cell.row, -1) if first >= 0 else -1
        return first + row if row >= 0 else -1

    def intervals(self, period: Period) -> Intervals:
        """Find the intervals from the rows of evidence used in the middle of a period."""
        middle = period.start + (period.end - period.start) // 2
        start, end = self._varying["from_date"], self._varying["to_date"]
        now = (np.isnat(start) | (start <= middle)) & (np.isnat(end) | (end > middle))
        return self._still.put(*self._numbered(self._varying.take(now)), self._groups)

    def _numbered(self, evidence: Table) -> tuple[list[int], list[Interval]]:
        """Return the numbers of the cells of rows of evidence with their intervals."""
        cells = map(Cell, *(evidence[n].tolist() for n in ("table", "row_id", "column")))
        pairs = zip(map(self.number, cells), _intervals(evidence, self._grades), strict=True)
        found = {number: interval for number, interval in pairs if number >= 0}
        return list(found), list(found.values())


def _intervals(evidence: Table, grades: Table) -> list[Interval]:
    """Compute the interval of each row of evidence, the grade's where it has no ends of its own."""
    at = np.array([grades.position.get(grade, -1) for grade in evidence["grade"].tolist()], dtype=np.int64)
    value = np.where(evidence["value"] == 0, np.nan, evidence["value"])
    factors = []
    for bound, grade_factor in (("low", grades["low_factor"]), ("high", grades["high_factor"])):
        default = np.append(grade_factor, 1.0)[at]
        factor = evidence[bound] / value
        factors.append(np.where(np.isnan(factor), default, factor).tolist())
    return list(map(Interval, *factors, *(evidence[n].tolist() for n in ("distribution", "group"))))


def make_figures(
    tables: Mapping[str, Table],
    rows: Mapping[str, Array],
    written: Written,
    period: Period,
    follows: Mapping[Cell, Cell | None],
) -> tuple[Figures, Places]:
    """Assign numbers and intervals to the figures of all tables.

    Parameters
    ----------
    tables, rows
        The tables in force, and the row of each row as written.
    written
        The figures as written with their evidence.
    period
        Its middle decides which dated evidence gives the interval.
    follows
        Cells that take the interval of another one: of the change that sets it, or of the class it
        inherits; None for a figure of the user's own, which is exact.

    Returns
    -------
    The figures, and the number of the figure of every cell by table and column, -1 where blank.
    """
    places: Places = {}
    values, numbers = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    cells: list[Cell] = []
    for name, table in tables.items():
        for column in table.schema.figures:
            filled = np.flatnonzero(~np.isnan(table[column]))
            at = np.full(len(table), -1, dtype=np.int64)
            at[filled] = np.arange(len(cells), len(cells) + len(filled))
            there = rows[name][filled]
            cells += written.cells_in((name, column), there.tolist())
            places[name, column] = at
            values.append(table[column][filled])
            numbers.append(written.first[name, column] + there)
    number = np.concatenate(numbers)
    return _with_intervals(cells, np.concatenate(values), number, (written, period), follows), places


def _with_intervals(
    cells: list[Cell],
    value: Array,
    number: Array,
    evidence: tuple[Written, Period],
    follows: Mapping[Cell, Cell | None],
) -> Figures:
    written, period = evidence
    index = {cell: i for i, cell in enumerate(cells)}
    intervals = written.intervals(period)
    source, alone = number.copy(), np.arange(len(cells))
    exact = []
    for cell in follows:
        i, leader = index.get(cell), _leader(cell, follows)
        if i is None:
            continue
        if leader is None:
            exact.append(i)
            continue
        there = written.number(leader)
        if there >= 0 and intervals.known[there]:
            source[i], alone[i] = there, index.get(leader, i)
    low, high, manner, group = (getattr(intervals, n)[source] for n in ("low", "high", "manner", "group"))
    low[exact], high[exact], manner[exact], group[exact] = 1.0, 1.0, 0, -1
    ends = np.sort(np.stack([value * low, value * high]), axis=0)
    together = np.where(group >= 0, group, -1 - alone).astype(np.int64)
    return Figures(
        cells, value, ends[0], ends[1], together, written.group_names, manner == 1, manner == 2, index
    )


def _leader(cell: Cell, follows: Mapping[Cell, Cell | None]) -> Cell | None:
    """Follow a cell to the one that gives its interval: what a class follows, its rows follow too."""
    leader: Cell | None = cell
    while leader is not None and leader in follows:
        leader = follows[leader]
    return leader
