"""Write evidence by cell as its author would: one row for a family of cells, and no figure twice."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.evidence import holds_value
from daliz.tables.schema import schema
from daliz.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IDS_A_ROW = 8
FAMILY = 10
"""Cells from which on the rest of a column is written as a pattern."""
WHERE = ("id", "table", "row_id", "column")


def cells_as_written(tables: Mapping[str, Table], evidence: Table) -> dict[str, Table]:
    """Blank the cells whose figures stand in evidence, since they are dated or derived."""
    waiting = evidence.take(holds_value(evidence) & evidence["used"])
    cells: dict[tuple[str, str], list[str]] = defaultdict(list)
    for table, row, column in zip(*(waiting[n].tolist() for n in WHERE[1:]), strict=True):
        cells[table, column].append(row)
    result = dict(tables)
    for (name, column), rows in cells.items():
        table = result[name]
        values = table[column].copy()
        values[[table.position[row] for row in rows if row in table.position]] = np.nan
        result[name] = table.replace(**{column: values})
    return result


def evidence_as_written(tables: Mapping[str, Table], evidence: Table) -> dict[str, Table]:
    """Join rows of evidence that say the same of several cells, by table.

    Cells of one row come together, and rows with the same columns, up to eight a line. What is assumed of most
    cells of a column is written with the pattern `*`; cells with a source are named, so that a new one does not
    inherit it.

    Parameters
    ----------
    tables
        The tables of the package, which tell whether a pattern would speak of more cells than it may.
    evidence
        Evidence by cell.
    """
    by_table: dict[str, dict[tuple[Any, ...], dict[str, list[str]]]] = defaultdict(dict)
    columns = [n for n in evidence.columns if n not in WHERE]
    stated = _stated(evidence)
    cells = zip(*(evidence[n].tolist() for n in WHERE[1:]), strict=True)
    texts = zip(*(stated[n] for n in columns), strict=True)
    for (table, row, column), text in zip(cells, texts, strict=True):
        by_table[table].setdefault(text, {}).setdefault(row, []).append(column)
    found = {}
    for name in (n for n in schema() if n in by_table):
        rows = _lines(tables[name], by_table[name], columns)
        found[name] = Table.from_rows("evidence", [r | {"table": name} for r in rows])
    return found


def _stated(evidence: Table) -> dict[str, list[Any]]:
    """Return the cells of evidence as plain values, blank where the cell or its column says the same."""
    value = np.where(holds_value(evidence) & (evidence["arithmetic"] == ""), evidence["value"], np.nan)
    own = [
        schema()[table].columns[column].unit
        for table, column in zip(evidence["table"].tolist(), evidence["column"].tolist(), strict=True)
    ]
    unit = np.where(evidence["unit"] == np.array(own, dtype=object), "", evidence["unit"])
    plain = evidence.replace(value=value, unit=unit)
    return {n: [None if _unknown(v) else v for v in values.tolist()] for n, values in plain.columns.items()}


def _unknown(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _lines(
    table: Table, groups: Mapping[tuple[Any, ...], Mapping[str, list[str]]], columns: list[str]
) -> list[dict[str, Any]]:
    """Write the groups of cells of one table, each by as few rows as have all their columns in common."""
    rest = _families(table, groups, columns)
    lines = []
    for text, rows in groups.items():
        what = dict(zip(columns, text, strict=True))
        ours = [column for column, winner in rest.items() if winner == text]
        if ours:
            lines.append(what | {"row_id": "*", "column": " ".join(ours)})
        alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row, some in rows.items():
            left = tuple(c for c in some if c not in ours)
            if left:
                alike[left].append(row)
        for left, ids in alike.items():
            for at in range(0, len(ids), IDS_A_ROW):
                part = " ".join(ids[at : at + IDS_A_ROW])
                lines.append(what | {"row_id": part, "column": " ".join(left)})
    return lines


def _families(
    table: Table, groups: Mapping[tuple[Any, ...], Mapping[str, list[str]]], columns: list[str]
) -> dict[str, tuple[Any, ...]]:
    """Return the group that speaks of the rest of a column, for the columns that have one."""
    told: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, dict[tuple[Any, ...], int]] = defaultdict(lambda: defaultdict(int))
    for text, rows in groups.items():
        what = dict(zip(columns, text, strict=True))
        if not what["used"]:
            continue
        may = what["grade"] == "assumption" and not _holds(what)
        for row, column in ((row, c) for row, some in rows.items() for c in some):
            told[column].add(row)
            if may:
                counts[column][text] += 1
    found = {}
    for column, some in counts.items():
        text, count = max(some.items(), key=lambda pair: pair[1])
        filled = table.ids[~np.isnan(table[column])].tolist()
        if count >= FAMILY and told[column].issuperset(filled):
            found[column] = text
    return found


def _holds(what: Mapping[str, Any]) -> bool:
    return bool(what["from_date"] or what["to_date"] or what["arithmetic"])


def joined(tables: Iterable[Table]) -> Table:
    """Put tables of the same schema under one another; columns of one's own are blank where one has none.

    Examples
    --------
    >>> joined([])
    <evidence: 0 rows>
    """
    parts = list(tables)
    if not parts:
        return Table("evidence", {})
    own = {n: "" for part in parts for n in part.columns}
    columns = {
        n: np.concatenate([part.columns.get(n, np.full(len(part), "", dtype=object)) for part in parts])
        for n in own
    }
    return Table(parts[0].name, columns)
