"""Find figures without evidence, evidence without a figure, and figures it does not support."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.check_arithmetic import ArithmeticFaults
from daliz.tables.evidence import FOREVER, NOT_FIGURES, evidence_fault, used_by_cell
from daliz.tables.faults import Fault, faults_of
from daliz.tables.figures import Cell
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.schema import Column
    from daliz.tables.table import Table

Row = dict[str, Any]
Tables = dict[str, "Table"]
ASSUMPTION = "assumption"
WIDEST = 1e9
"""Times a figure that an end of its range may lie away: more is a slip of the unit."""


def evidence_faults(tables: Tables, descriptor: Mapping[str, Any]) -> list[Fault]:
    """Find figures without evidence, and evidence that does not support its figure."""
    evidence = tables["evidence"]
    rows = evidence.rows()
    used = used_by_cell(evidence)
    made_of = ArithmeticFaults(rows)
    found: list[Fault] = []
    for row in rows:
        found += _row_faults(row)
        found += made_of.of(row) if row["arithmetic"] and not np.isnan(row["value"]) else ()
    for cell, some in used.items():
        found += _gaps(cell, [rows[i] for i in some], descriptor["years"])
    for name, table in tables.items():
        if name not in NOT_FIGURES:
            for column in table.schema.figures:
                found += _cells(table, table.schema.columns[column], used)
    return found


def _row_faults(row: Row) -> Iterator[Fault]:
    column = schema()[row["table"]].columns[row["column"]]
    if column.unit and row["unit"] != column.unit:
        allowed = f"{column.table}.{column.name} is in {column.unit}"
        yield evidence_fault(row, "unit", row["unit"], allowed, "convert the figure and give the unit")
    if row["low"] > row["value"]:
        allowed = f"the figure must be at least its low end {row['low']:g}"
        yield evidence_fault(row, "low", row["value"], allowed, "correct the figure or its range")
    if row["high"] < row["value"]:
        allowed = f"the figure must be at most its high end {row['high']:g}"
        yield evidence_fault(row, "high", row["value"], allowed, "correct the figure or its range")
    ends = [row[end] for end in ("low", "high") if not np.isnan(row[end])]
    if any(row["value"] and abs(end) > WIDEST * abs(row["value"]) for end in ends):
        allowed = f"the range goes to over {WIDEST:,.0f} times the figure"
        yield evidence_fault(row, "high", row["value"], allowed, "correct the figure or its range")
    guess = row["grade"] == ASSUMPTION
    if guess and not row["note"]:
        mend = "say in the note why this value"
        yield evidence_fault(row, "note", "", "an assumption needs its reason", mend)
    if row["grade"] and not guess and row["source_id"] == ASSUMPTION:
        allowed = f"a {row['grade']} figure needs a source"
        mend = "name it or grade the figure as assumption"
        yield evidence_fault(row, "source_id", row["source_id"], allowed, mend)


def _gaps(cell: Cell, rows: list[Row], years: Mapping[str, int]) -> Iterator[Fault]:
    """Find days for which no row of evidence of a cell is used; rows are in the order of their dates."""
    first, last = f"{years['first']}-01-01", f"{years['last']}-12-31"
    end = ""
    for row in rows:
        start = str(row["from_date"] or "")
        if end and start > end:
            allowed = f"no figure of {cell} is used from {end}"
            yield evidence_fault(row, "from_date", start, allowed, "close the gap")
        end = max(end, str(row["to_date"] or FOREVER))
    start = str(rows[0]["from_date"] or "")
    if start > first:
        allowed = f"no figure of {cell} is used from {first} to {start}"
        yield evidence_fault(rows[0], "from_date", start, allowed, "leave the first from_date blank")
    if end <= last:
        allowed = f"no figure of {cell} is used from {end} to {last}"
        yield evidence_fault(rows[-1], "to_date", end, allowed, "leave the last to_date blank")


def _cells(table: Table, column: Column, used: Mapping[Cell, list[int]]) -> Iterator[Fault]:
    fault = faults_of(table.name)
    for row, value in zip(table.ids.tolist(), table[column.name].tolist(), strict=True):
        if np.isnan(value):
            if column.required and not used.get(Cell(table.name, row, column.name)):
                yield fault(row, column.name, "", "this figure may not be blank", "give it with its evidence")
        elif not used.get(Cell(table.name, row, column.name)):
            allowed = "no row of evidence is used for this figure"
            yield fault(row, column.name, value, allowed, "add one, or label it an assumption")


def grade_shares(tables: Tables) -> list[tuple[str, int, float]]:
    """Count the cells that hold a figure by the grade of their evidence."""
    evidence, grades = tables["evidence"], tables["grades"]
    names = ("table", "row_id", "column", "grade", "used")
    rows = zip(*(evidence[n].tolist() for n in names), strict=True)
    seen = {(Cell(table, row, column), grade) for table, row, column, grade, used in rows if used}
    counts = Counter(grade for _, grade in seen)
    order = dict(zip(grades.ids.tolist(), grades["order"].tolist(), strict=True))
    return [
        (grade, counts[grade], counts[grade] / len(seen))
        for grade in sorted(counts, key=lambda g: order.get(g, np.inf))
    ]
