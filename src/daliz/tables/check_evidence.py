"""Find figures without evidence, evidence without a figure, and figures that their evidence does not support."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import FormulaError
from daliz.tables.arithmetic import Arithmetic
from daliz.tables.faults import Fault
from daliz.tables.figures import Cell
from daliz.tables.resolve import NOT_FIGURES
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.table import Table

Tables = dict[str, "Table"]
TOLERANCE = 1e-4


def evidence_faults(tables: Tables, descriptor: Mapping[str, Any]) -> list[Fault]:
    """Find all faults of evidence."""
    rows = tables["evidence"].rows()
    used: dict[Cell, list[dict[str, Any]]] = defaultdict(list)
    found: list[Fault] = []
    for row in rows:
        found += _row_faults(row, tables)
        if row["used"]:
            used[Cell(row["table"], row["row_id"], row["column"])].append(row)
    found += _arithmetic(rows, tables)
    for cell, some in used.items():
        found += _coverage(cell, some, descriptor)
    return found + _cells(tables, used, np.datetime64(f"{descriptor['years']['observed']}-07-01"))


def _row_faults(row: dict[str, Any], tables: Tables) -> list[Fault]:
    def fault(column: str, value: object, allowed: str, mend: str) -> Fault:
        return Fault("evidence.csv", row["id"], column, str(value), allowed, mend)

    table = schema().get(row["table"])
    column = table.columns.get(row["column"]) if table else None
    if column is None or not column.figure:
        return [
            fault(
                "column",
                f"{row['table']}.{row['column']}",
                "must be a column of figures",
                "correct table and column",
            )
        ]
    found = []
    if row["row_id"] not in tables[row["table"]].position:
        found.append(
            fault(
                "row_id",
                row["row_id"],
                f"{row['table']}.csv has no such row: the evidence is an orphan",
                "correct the id or remove the row",
            )
        )
    if column.unit and row["unit"] != column.unit:
        found.append(
            fault(
                "unit",
                row["unit"],
                f"{row['table']}.{row['column']} is in {column.unit}",
                "convert the figure and give the unit",
            )
        )
    value, low, high = row["value"], row["low"], row["high"]
    if low > value or high < value:
        found.append(
            fault("value", value, f"must lie between low {low:g} and high {high:g}", "correct the range")
        )
    guess = row["grade"] == "assumption"
    if guess and not row["note"]:
        found.append(fault("note", "", "an assumption needs its reason", "say in the note why this value"))
    if not guess and row["source_id"] == "assumption":
        found.append(
            fault(
                "source_id",
                "assumption",
                f"a {row['grade']} figure needs a source",
                "name it or grade the figure as assumption",
            )
        )
    return found


def _arithmetic(rows: list[dict[str, Any]], tables: Tables) -> list[Fault]:
    calculator = Arithmetic(tables)
    found = []
    for row in rows:
        if not row["arithmetic"]:
            continue
        try:
            value = calculator.compute(row["arithmetic"])
        except FormulaError as error:
            found.append(
                Fault(
                    "evidence.csv",
                    row["id"],
                    "arithmetic",
                    row["arithmetic"][:60],
                    str(error).rstrip("."),
                    "correct the arithmetic",
                )
            )
            continue
        if abs(value - row["value"]) > TOLERANCE * max(abs(value), 1e-9):
            found.append(
                Fault(
                    "evidence.csv",
                    row["id"],
                    "value",
                    f"{row['value']:g}",
                    f"its arithmetic gives {value:.6g}",
                    "run `daliz fill` on the package",
                )
            )
    return found


def _coverage(cell: Cell, rows: list[dict[str, Any]], descriptor: Mapping[str, Any]) -> list[Fault]:
    """Hold that exactly one row is used per cell and day."""
    spans = sorted((str(r["from_date"] or "0000"), str(r["to_date"] or "9999"), r["id"]) for r in rows)
    found = []
    for (_, end, first), (start, _, second) in zip(spans[:-1], spans[1:], strict=True):
        if start < end:
            found.append(
                Fault(
                    "evidence.csv",
                    second,
                    "used",
                    "yes",
                    f"{first} is used for {cell} in the same days",
                    "keep one, or give each its dates",
                )
            )
        elif start > end:
            found.append(
                Fault(
                    "evidence.csv",
                    second,
                    "from_date",
                    start,
                    f"no figure of {cell} is used from {end}",
                    "close the gap",
                )
            )
    years = descriptor["years"]
    if spans[0][0] > f"{years['first']}-01-01" or spans[-1][1] <= f"{years['last']}-12-31":
        found.append(
            Fault(
                "evidence.csv",
                spans[0][2],
                "from_date",
                spans[0][0],
                f"no figure of {cell} is used in a part of {years['first']} to {years['last']}",
                "leave the first from_date and the last to_date blank",
            )
        )
    return found


def _cells(tables: Tables, used: Mapping[Cell, list[dict[str, Any]]], middle: np.datetime64) -> list[Fault]:
    found = []
    for name, table in tables.items():
        if name in NOT_FIGURES:
            continue
        for column in table.schema.columns.values():
            if not column.figure:
                continue
            for row, value in zip(table.ids, table[column.name], strict=True):
                cell = Cell(name, str(row), column.name)
                if np.isnan(value):
                    if column.required:
                        found.append(
                            Fault(
                                f"{name}.csv",
                                str(row),
                                column.name,
                                "",
                                "this figure may not be blank",
                                "give it with its evidence",
                            )
                        )
                elif cell not in used:
                    found.append(
                        Fault(
                            f"{name}.csv",
                            str(row),
                            column.name,
                            f"{value:g}",
                            "no row of evidence is used for this figure",
                            "add one, or label it an assumption",
                        )
                    )
                elif not _supported(value, used[cell], middle):
                    found.append(
                        Fault(
                            f"{name}.csv",
                            str(row),
                            column.name,
                            f"{value:g}",
                            "differs from the evidence that is used",
                            "run `daliz fill` on the package",
                        )
                    )
    return found


def _supported(value: float, rows: list[dict[str, Any]], middle: np.datetime64) -> bool:
    day = str(middle)
    now = [r["value"] for r in rows if str(r["from_date"] or "") <= day < str(r["to_date"] or "9999")] or [
        r["value"] for r in rows
    ]
    return any(abs(value - v) <= TOLERANCE * max(abs(value), 1e-9) for v in now)


def grade_shares(tables: Tables) -> list[tuple[str, int, float]]:
    """Count distinct figures in use by grade: the same value from the same source in one column counts once."""
    evidence = tables["evidence"]
    keep = np.flatnonzero(evidence["used"]) if len(evidence) else []
    seen = {
        (
            evidence["table"][i],
            evidence["column"][i],
            float(evidence["value"][i]),
            evidence["source_id"][i],
            evidence["grade"][i],
        )
        for i in keep
    }
    counts = Counter(str(key[4]) for key in seen)
    grades = tables["grades"]
    total = max(len(seen), 1)
    order = sorted(counts, key=lambda g: grades["order"][grades.position[g]] if g in grades.position else 99)
    return [(grade, counts[grade], counts[grade] / total) for grade in order]
