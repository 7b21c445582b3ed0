"""Find figures without evidence, evidence without a figure, and figures it does not support."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import FormulaError
from daliz.tables.arithmetic import Arithmetic
from daliz.tables.check_arithmetic import ArithmeticFaults
from daliz.tables.faults import Fault, Hints, faults_of
from daliz.tables.figures import Cell
from daliz.tables.resolve import NOT_FIGURES
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.schema import Column
    from daliz.tables.table import Table

Row = dict[str, Any]
Tables = dict[str, "Table"]
TOLERANCE = 1e-4
TINY = 1e-9
FOREVER = "9999"
FILL = "run `daliz fill` on the package"
_fault = faults_of("evidence")


def evidence_faults(tables: Tables, descriptor: Mapping[str, Any]) -> list[Fault]:
    """Find all faults of evidence."""
    rows = tables["evidence"].rows()
    used: dict[Cell, list[Row]] = defaultdict(list)
    hints = {name: Hints(table.position) for name, table in tables.items()}
    found: list[Fault] = []
    for row in rows:
        found += _row_faults(row, tables, hints)
        if row["used"]:
            used[Cell(row["table"], row["row_id"], row["column"])].append(row)
    found += _arithmetic(rows, tables)
    for cell, some in used.items():
        found += _coverage(cell, some, descriptor["years"])
    middle = f"{descriptor['years']['observed']}-07-01"
    for name, table in tables.items():
        if name not in NOT_FIGURES:
            for column in table.schema.figures:
                found += _cells(table, table.schema.columns[column], used, middle)
    return found


def _row_faults(row: Row, tables: Tables, hints: Mapping[str, Hints]) -> Iterator[Fault]:
    table = schema().get(row["table"])
    column = table.columns.get(row["column"]) if table else None
    if column is None or not column.figure:
        name = f"{row['table']}.{row['column']}"
        yield _fault(row["id"], "column", name, "must be a column of figures", "correct table and column")
        return
    if row["row_id"] not in tables[column.table].position:
        orphan = f"{column.table}.csv has no such row: the evidence is an orphan"
        mend = hints[column.table].add("correct the id or remove the row", row["row_id"])
        yield _fault(row["id"], "row_id", row["row_id"], orphan, mend)
    if column.unit and row["unit"] != column.unit:
        allowed = f"{column.table}.{column.name} is in {column.unit}"
        yield _fault(row["id"], "unit", row["unit"], allowed, "convert the figure and give the unit")
    if row["low"] > row["value"]:
        allowed = f"must be at least its low end {row['low']:g}"
        yield _fault(row["id"], "value", row["value"], allowed, "correct the figure or its range")
    if row["high"] < row["value"]:
        allowed = f"must be at most its high end {row['high']:g}"
        yield _fault(row["id"], "value", row["value"], allowed, "correct the figure or its range")
    guess = row["grade"] == "assumption"
    if guess and not row["note"]:
        yield _fault(
            row["id"], "note", "", "an assumption needs its reason", "say in the note why this value"
        )
    if not guess and row["source_id"] == "assumption":
        allowed = f"a {row['grade']} figure needs a source"
        yield _fault(
            row["id"], "source_id", "assumption", allowed, "name it or grade the figure as assumption"
        )


def _arithmetic(rows: list[Row], tables: Tables) -> Iterator[Fault]:
    calculator, made_of = Arithmetic(tables), ArithmeticFaults(rows)
    for row in rows:
        if not row["arithmetic"]:
            continue
        try:
            value = calculator.compute(row["arithmetic"])
        except FormulaError as error:
            reason = str(error).rstrip(".")
            yield _fault(row["id"], "arithmetic", row["arithmetic"][:60], reason, "correct the arithmetic")
            continue
        if not _near(value, row["value"]):
            yield _fault(row["id"], "value", row["value"], f"its arithmetic gives {value:.6g}", FILL)
        yield from made_of.of(row)


def _near(value: float, other: float) -> bool:
    return not abs(value - other) > TOLERANCE * max(abs(value), TINY)


def _coverage(cell: Cell, rows: list[Row], years: Mapping[str, int]) -> Iterator[Fault]:
    """Find cells and days for which no row of evidence, or more than one, is used."""
    spans = sorted((str(r["from_date"] or ""), str(r["to_date"] or FOREVER), r["id"]) for r in rows)
    first, last = f"{years['first']}-01-01", f"{years['last']}-12-31"
    end, holder = "", ""
    for start, until, name in spans:
        if holder and start < end:
            allowed = f"{holder} is used for {cell} in the same days"
            yield _fault(name, "used", "yes", allowed, "keep one, or give each its dates")
        elif holder and start > end:
            yield _fault(name, "from_date", start, f"no figure of {cell} is used from {end}", "close the gap")
        if until > end:
            end, holder = until, name
    if spans[0][0] > first:
        allowed = f"no figure of {cell} is used from {first} to {spans[0][0]}"
        yield _fault(spans[0][2], "from_date", spans[0][0], allowed, "leave the first from_date blank")
    if end <= last:
        allowed = f"no figure of {cell} is used from {end} to {last}"
        yield _fault(holder, "to_date", end, allowed, "leave the last to_date blank")


def _cells(table: Table, column: Column, used: Mapping[Cell, list[Row]], middle: str) -> Iterator[Fault]:
    fault = faults_of(table.name)
    for row, value in zip(table.ids.tolist(), table[column.name].tolist(), strict=True):
        rows = used.get(Cell(table.name, row, column.name), [])
        if np.isnan(value) and rows:
            yield fault(row, column.name, "", f"the cell is blank, but {rows[0]['id']} is used for it", FILL)
        elif np.isnan(value):
            if column.required:
                yield fault(row, column.name, "", "this figure may not be blank", "give it with its evidence")
        elif not rows:
            allowed = "no row of evidence is used for this figure"
            yield fault(row, column.name, value, allowed, "add one, or label it an assumption")
        elif not _supported(value, rows, middle):
            yield fault(row, column.name, value, "differs from the evidence that is used", FILL)


def _supported(value: float, rows: list[Row], day: str) -> bool:
    now = [r for r in rows if str(r["from_date"] or "") <= day < str(r["to_date"] or FOREVER)]
    return any(_near(value, r["value"]) for r in now or rows)


def grade_shares(tables: Tables) -> list[tuple[str, int, float]]:
    """Count distinct figures in use by grade.

    The same value from the same source in one column counts once.
    """
    evidence, grades = tables["evidence"], tables["grades"]
    used = evidence.take(evidence["used"])
    seen = set(
        zip(*(used[n].tolist() for n in ("table", "column", "value", "source_id", "grade")), strict=True)
    )
    counts = Counter(key[-1] for key in seen)
    order = dict(zip(grades.ids.tolist(), grades["order"].tolist(), strict=True))
    return [
        (grade, counts[grade], counts[grade] / len(seen))
        for grade in sorted(counts, key=lambda g: order.get(g, np.inf))
    ]
