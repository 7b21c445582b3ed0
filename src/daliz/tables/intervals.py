"""Find the intervals of the figures in force from the evidence and its grades."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.tables.figures import Cell, Figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.period import Period
    from daliz.tables.table import Array, Table

Places = dict[tuple[str, str], "Array"]


class Interval(NamedTuple):
    """Ends of a figure as factors on its value, and how it is drawn."""

    low: float
    high: float
    distribution: str
    group: str


def make_figures(
    tables: Mapping[str, Table], store: Mapping[str, Table], period: Period, follows: Mapping[Cell, Cell]
) -> tuple[Figures, Places]:
    """Assign numbers and intervals to the figures of all tables.

    Parameters
    ----------
    tables
        The tables in force.
    store
        The tables as written, of which evidence and grades are read.
    period
        Its middle decides which dated evidence gives the interval.
    follows
        Cells that take the interval of another one: of the change that sets it, or of the class it inherits.

    Returns
    -------
    The figures, and the number of the figure of every cell by table and column, -1 where blank.
    """
    cells: list[Cell] = []
    places: Places = {}
    values: list[Array] = []
    for name, table in tables.items():
        for column in table.schema.figures:
            filled = np.flatnonzero(~np.isnan(table[column]))
            at = np.full(len(table), -1, dtype=np.int64)
            at[filled] = np.arange(len(cells), len(cells) + len(filled))
            places[name, column] = at
            values.append(table[column][filled])
            cells += [Cell(name, row, column) for row in table.ids[filled].tolist()]
    value = np.concatenate(values) if values else np.zeros(0)
    return _with_intervals(cells, value, _intervals(store, period), follows), places


def _with_intervals(
    cells: list[Cell], value: Array, known: dict[Cell, Interval], follows: Mapping[Cell, Cell]
) -> Figures:
    index = {cell: i for i, cell in enumerate(cells)}
    exact = Interval(1.0, 1.0, "", "")
    intervals = [known.get(cell, exact) for cell in cells]
    group_name = [interval.group or f"#{i}" for i, interval in enumerate(intervals)]
    for cell, leader in follows.items():
        i = index.get(cell)
        if i is not None and leader in known:
            intervals[i] = known[leader]
            group_name[i] = known[leader].group or f"#{index.get(leader, i)}"
    ends = np.array([(interval.low, interval.high) for interval in intervals]).reshape(-1, 2)
    ends = np.sort(value[:, None] * ends, axis=1)
    distribution = np.array([interval.distribution for interval in intervals], dtype=object)
    _, group = np.unique(np.array(group_name, dtype=str), return_inverse=True)
    low, high = np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])
    uniform, fixed = distribution == "uniform", distribution == "fixed"
    return Figures(cells, value, low, high, group.astype(np.int64), uniform, fixed, index)


def _intervals(store: Mapping[str, Table], period: Period) -> dict[Cell, Interval]:
    """Take the interval of each cell from the row of evidence used in the middle of the period."""
    evidence, grades = store["evidence"], store["grades"]
    middle = period.start + (period.end - period.start) // 2
    start, end = evidence["from_date"], evidence["to_date"]
    used = evidence["used"] & (np.isnat(start) | (start <= middle)) & (np.isnat(end) | (end > middle))
    now = evidence.take(used)
    at = np.array([grades.position.get(grade, -1) for grade in now["grade"].tolist()], dtype=np.int64)
    value = np.where(now["value"] == 0, np.nan, now["value"])
    factors = []
    for bound, grade_factor in (("low", grades["low_factor"]), ("high", grades["high_factor"])):
        default = np.append(grade_factor, 1.0)[at]
        factor = now[bound] / value
        factors.append(np.where(np.isnan(factor), default, factor).tolist())
    names = (now[n].tolist() for n in ("table", "row_id", "column"))
    manners = (now[n].tolist() for n in ("distribution", "group"))
    cells = map(Cell, *names)
    return dict(zip(cells, map(Interval, *factors, *manners), strict=True))
