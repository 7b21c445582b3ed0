"""Spread the rows of evidence over the cells they speak of, and fill the cells whose figures stand in evidence."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import FormulaError
from daliz.tables.arithmetic import Arithmetic
from daliz.tables.faults import Fault, Hints
from daliz.tables.figures import Cell
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from daliz.tables.table import Array, Table

NOT_FIGURES = ("evidence", "sources", "grades", "observations")
SIGNIFICANT_DIGITS = 6
FOREVER = "9999"


@dataclass(frozen=True)
class Spread:
    """Evidence by cell, the tables with the cells that it fills, and what is wrong with it.

    Attributes
    ----------
    evidence
        One row per cell and period, with the value of the cell where the evidence has none of its own.
    tables
        All tables; cells with dated or derived figures hold that of the last observed year.
    faults
        Evidence of cells that do not exist, figures that stand twice or nowhere, arithmetic that fails.
    """

    evidence: Table
    tables: dict[str, Table]
    faults: list[Fault]


def spread_evidence(tables: Mapping[str, Table], written: Table, years: Mapping[str, int]) -> Spread:
    """Spread evidence as written over cells, compute derived figures, and fill the cells that wait for them.

    The cell is the value. A row of evidence has a value only where it is dated or not used, and arithmetic where
    the figure is derived; the cell is then blank. `row_id` and `column` may name several, and patterns with `*`,
    which speak of the filled cells that no row names by its id.

    Parameters
    ----------
    tables
        The tables as written.
    written
        Rows of evidence as written, each with its `table`.
    years
        The years of the package; a cell with dated figures takes that of the middle of `observed`.
    """
    faults: list[Fault] = []
    evidence, cells = _by_cell(tables, written, faults)
    evidence = _with_cells(tables, evidence, faults)
    evidence = _with_arithmetic(tables, evidence, faults)
    faults += _overlaps(evidence, cells, f"{years['first']}-01-01")
    filled = _fill(tables, evidence, np.datetime64(f"{years['observed']}-07-01"))
    return Spread(evidence, filled, faults)


def evidence_fault(row: Mapping[str, Any], column: str, value: object, allowed: str, mend: str) -> Fault:
    """Describe a fault of one row of evidence, by its file and the cell that it speaks of."""
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return Fault(
        f"evidence/{row['table']}.csv", f"{row['row_id']}.{row['column']}", column, shown, allowed, mend
    )


def holds_value(evidence: Table) -> Array:
    """Return which rows hold a figure of their own, shape (rows,): dated, derived, or not used."""
    dated = ~(np.isnat(evidence["from_date"]) & np.isnat(evidence["to_date"]))
    return np.asarray(dated | (evidence["arithmetic"] != "") | ~evidence["used"])


def _by_cell(tables: Mapping[str, Table], written: Table, faults: list[Fault]) -> tuple[Table, list[Cell]]:
    """Repeat each row for every cell that it names; return the cells too."""
    order = {name: i for i, name in enumerate(schema())}
    written = written.take(np.argsort([order.get(n, -1) for n in written["table"].tolist()], kind="stable"))
    names = [written[n].tolist() for n in ("table", "row_id", "column")]
    owns = holds_value(written)
    cells: list[Cell] = []
    rows: list[int] = []
    families: list[int] = []
    for i, (table, ids, columns) in enumerate(zip(*names, strict=True)):
        if "*" in ids or "*" in columns:
            families.append(i)
            continue
        for row in ids.split():
            for column in columns.split():
                cells.append(Cell(table, row, column))
                rows.append(i)
    kept = _known(tables, cells, faults)
    cells, rows = [cells[k] for k in kept], [rows[k] for k in kept]
    named = {cell for cell, i in zip(cells, rows, strict=True) if written["used"][i]}
    for i in families:
        row = {n: written[n][i] for n in ("table", "row_id", "column")}
        if owns[i]:
            allowed = "a row that holds a figure names the ids of its rows"
            faults.append(evidence_fault(row, "row_id", row["row_id"], allowed, "write the ids without *"))
            continue
        found = [cell for cell in _family(tables, row, faults) if cell not in named]
        cells += found
        rows += [i] * len(found)
    by_table = sorted(range(len(cells)), key=lambda k: order[cells[k].table])
    cells, rows = [cells[k] for k in by_table], [rows[k] for k in by_table]
    taken = written.take(np.array(rows, dtype=np.int64))
    if not cells:
        return taken, cells
    table, row_id, column = (np.array(part, dtype=object) for part in zip(*cells, strict=True))
    return taken.replace(id=_ids(cells), table=table, row_id=row_id, column=column), cells


def _known(tables: Mapping[str, Table], cells: list[Cell], faults: list[Fault]) -> list[int]:
    """Return the positions of cells that exist, and note the others."""
    kept = []
    figures = {name: set(schema()[name].figures) for name in tables if name not in NOT_FIGURES}
    places = {name: table.position for name, table in tables.items()}
    for k, cell in enumerate(cells):
        name, row, column = cell
        if column in figures.get(name, ()) and row in places[name]:
            kept.append(k)
        elif column in figures.get(name, ()):
            allowed = f"{name}.csv has no such row: the evidence is an orphan"
            mend = Hints(places[name]).add("correct the id or remove the row", row)
            faults.append(evidence_fault(_named(cell), "row_id", row, allowed, mend))
        else:
            faults.append(_no_column(_named(cell)))
    return kept


def _named(cell: Cell) -> dict[str, str]:
    return {"table": cell.table, "row_id": cell.row, "column": cell.column}


def _no_column(row: Mapping[str, Any]) -> Fault:
    name = f"{row['table']}.{row['column']}"
    return evidence_fault(row, "column", name, "must be a column of figures", "correct table and column")


def _family(tables: Mapping[str, Table], row: Mapping[str, Any], faults: list[Fault]) -> list[Cell]:
    """Return the filled cells that patterns of a row match."""
    table = tables.get(row["table"])
    figures = table.schema.figures if table is not None and table.name not in NOT_FIGURES else ()
    columns = [c for c in figures if _matches(c, row["column"])]
    if table is None or not columns:
        faults.append(_no_column(row))
        return []
    ids = [(i, r) for i, r in enumerate(table.ids.tolist()) if _matches(r, row["row_id"])]
    found = [Cell(table.name, r, c) for c in columns for i, r in ids if not np.isnan(table[c][i])]
    if not found:
        allowed = f"no filled cell of {row['table']}.csv is matched"
        faults.append(
            evidence_fault(row, "row_id", row["row_id"], allowed, "correct the pattern or remove the row")
        )
    return found


def _matches(name: str, patterns: str) -> bool:
    return patterns == "*" or any(fnmatchcase(name, pattern) for pattern in patterns.split())


def _ids(cells: list[Cell]) -> Array:
    seen: dict[Cell, int] = {}
    ids = np.empty(len(cells), dtype=object)
    for i, cell in enumerate(cells):
        seen[cell] = seen.get(cell, 0) + 1
        ids[i] = str(cell) if seen[cell] == 1 else f"{cell} ({seen[cell]})"
    return ids


def _with_cells(tables: Mapping[str, Table], evidence: Table, faults: list[Fault]) -> Table:
    """Take units from the columns, and figures from the cells, where a row does not state them."""
    value, unit = evidence["value"].copy(), evidence["unit"].copy()
    owns = holds_value(evidence)
    for (name, column), at in _by_column(evidence, range(len(evidence))).items():
        table, here = tables[name], np.array(at)
        cells = table[column][[table.position[r] for r in evidence["row_id"][here].tolist()]]
        waits, plain = here[owns[here]], here[~owns[here]]
        there = cells[~owns[here]]
        mend = "leave the value of the evidence blank"
        stated = plain[~np.isnan(value[plain])].tolist()
        faults += [_twice(evidence, i, "the cell is the value", mend) for i in stated]
        for i in plain[np.isnan(there)].tolist():
            row = _row(evidence, i)
            allowed = f"the cell {row['table']}.{row['row_id']}.{row['column']} is blank"
            faults.append(evidence_fault(row, "row_id", "", allowed, "fill the cell or remove the evidence"))
        value[plain] = there
        filled = waits[~np.isnan(cells[owns[here]]) & evidence["used"][waits]]
        for i in filled.tolist():
            kind = "derived" if evidence["arithmetic"][i] else "dated"
            mend = "leave the cell blank, or take the row of evidence out"
            faults.append(_twice(evidence, i, f"the figure is {kind} here and stands in the cell too", mend))
        unit[here] = np.where(unit[here] == "", table.schema.columns[column].unit, unit[here])
    bare = owns & np.isnan(value) & (evidence["arithmetic"] == "")
    for i in np.flatnonzero(bare).tolist():
        allowed = "a dated figure and one that is not used have a value"
        faults.append(evidence_fault(_row(evidence, i), "value", "", allowed, "write it"))
    both = (evidence["arithmetic"] != "") & ~np.isnan(evidence["value"])
    for i in np.flatnonzero(both).tolist():
        mend = "leave the value of the evidence blank"
        faults.append(_twice(evidence, i, "the arithmetic is the value", mend))
    return evidence.replace(value=value, unit=unit)


def _row(evidence: Table, i: int) -> dict[str, Any]:
    return {n: evidence[n][i] for n in ("table", "row_id", "column")}


def _twice(evidence: Table, i: int, allowed: str, mend: str) -> Fault:
    value = evidence["value"][i]
    return evidence_fault(_row(evidence, i), "value", "" if np.isnan(value) else float(value), allowed, mend)


def _by_column(evidence: Table, rows: Iterable[int]) -> dict[tuple[str, str], list[int]]:
    tables, columns = evidence["table"].tolist(), evidence["column"].tolist()
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i in rows:
        found[tables[i], columns[i]].append(i)
    return found


def _with_arithmetic(tables: Mapping[str, Table], evidence: Table, faults: list[Fault]) -> Table:
    """Compute the figures of derived rows to six digits."""
    derived = np.flatnonzero(evidence["arithmetic"] != "")
    if not len(derived):
        return evidence
    calculator = Arithmetic({n: t for n, t in tables.items() if n != "evidence"} | {"evidence": evidence})
    value = evidence["value"].copy()
    for i in derived.tolist():
        text = str(evidence["arithmetic"][i])
        value[i] = np.nan
        try:
            value[i] = float(f"{calculator.compute(text):.{SIGNIFICANT_DIGITS}g}")
        except FormulaError as error:
            reason = str(error).rstrip(".")
            row = _row(evidence, i)
            faults.append(evidence_fault(row, "arithmetic", text[:60], reason, "correct the arithmetic"))
    return evidence.replace(value=value)


def used_by_cell(evidence: Table) -> dict[Cell, list[int]]:
    """Return the positions of the rows in use by cell, those of one cell in the order of their dates."""
    found: dict[Cell, list[int]] = defaultdict(list)
    names = (evidence[n].tolist() for n in ("table", "row_id", "column", "used"))
    for i, (table, row, column, used) in enumerate(zip(*names, strict=True)):
        if used:
            found[Cell(table, row, column)].append(i)
    start = evidence["from_date"]
    for rows in found.values():
        if len(rows) > 1:
            rows.sort(key=lambda i: "" if np.isnat(start[i]) else str(start[i]))
    return found


def _overlaps(evidence: Table, cells: list[Cell], first: str) -> Iterator[Fault]:
    """Find cells with more than one figure in use on a day."""
    counts = Counter(itertools.compress(cells, evidence["used"].tolist()))
    several = np.array([counts[cell] > 1 for cell in cells], dtype=np.bool_)
    evidence = evidence.take(several)
    for cell, rows in used_by_cell(evidence).items():
        end = ""
        for i in rows:
            start, until = (str(evidence[n][i]).replace("NaT", "") for n in ("from_date", "to_date"))
            if end and start < end:
                allowed = f"two rows are used for {cell} on {max(start, first)}"
                mend = "keep one, or give each its dates"
                yield evidence_fault(_named(cell), "used", "yes", allowed, mend)
            end = max(end, until or FOREVER)


def _fill(tables: Mapping[str, Table], evidence: Table, middle: Any) -> dict[str, Table]:
    """Fill the cells whose figures are dated or derived with what is in force in the middle of the observed year."""
    waiting = np.flatnonzero(holds_value(evidence) & evidence["used"])
    start, end = evidence["from_date"], evidence["to_date"]
    now = ~(start > middle) & ~(end <= middle)
    result = dict(tables)
    columns: dict[str, dict[str, Array]] = defaultdict(dict)
    for (name, column), rows in _by_column(evidence, waiting.tolist()).items():
        table = tables[name]
        values = columns[name][column] = table[column].copy()
        for i in sorted(rows, key=lambda i: (bool(now[i]), str(start[i]))):
            values[table.position[evidence["row_id"][i]]] = evidence["value"][i]
    for name, changed in columns.items():
        result[name] = tables[name].replace(**changed)
    return result
