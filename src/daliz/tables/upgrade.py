"""Bring a package of an earlier form into the present one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from daliz.errors import CheckError, DataError, FormulaError
from daliz.tables.arithmetic import Arithmetic
from daliz.tables.descriptor import FORM
from daliz.tables.evidence import NOT_FIGURES, holds_value
from daliz.tables.families import cells_as_written, evidence_as_written
from daliz.tables.figures import Cell
from daliz.tables.read import Sheet, read_sheet, table_of
from daliz.tables.schema import schema
from daliz.tables.store import OLD_FORM, package_folder, read_descriptor
from daliz.tables.table import Table
from daliz.tables.write import EVIDENCE, save_package

RENAMED = {("choice", "nest-rail"): "nest-corridor"}
TOLERANCE = 1e-4
TINY = 1e-9


def upgrade(folder: str | Path) -> list[str]:
    """Bring a package into the present form, in place and whole or not at all.

    In form 0.1 a figure stood in its cell and in `evidence.csv`. Now it stands once: in the cell, or in the
    evidence where it is dated or derived. Where the two differed the cell is kept, as it is what was shown.

    Parameters
    ----------
    folder
        Folder of the package.

    Returns
    -------
    One sentence for each figure on which cell and evidence differed; none if nothing had to be decided.

    Raises
    ------
    DataError
        If the folder is no package, or of a form that this version does not know.
    CheckError
        If a file cannot be read.
    """
    path = package_folder(Path(folder))
    descriptor = read_descriptor(path, str(folder))
    form = descriptor.get("form", OLD_FORM)
    if form == FORM:
        return []
    if form != OLD_FORM:
        raise DataError(f"{folder} is of form {form!r}; this version brings form {OLD_FORM} to {FORM}.")
    tables = {name: _read(path, name) for name in schema() if name != EVIDENCE}
    evidence, texts = _old_evidence(path)
    evidence, tables, told = _once(tables, evidence, texts)
    files = evidence_as_written(tables, evidence)
    plain = {n: t for n, t in cells_as_written(tables, evidence).items() if len(t)}
    save_package(plain | {f"{EVIDENCE}/{n}": t for n, t in files.items()}, descriptor, folder)
    return told


def _read(path: Any, name: str) -> Table:
    file = path.joinpath(f"{name}.csv")
    if not file.is_file():
        return Table(name, {})
    table, faults = table_of(_without_averse(_renamed(read_sheet(file), name), name), name)
    if faults:
        raise CheckError(f"{faults[0]} Mend it, then upgrade again.")
    return table


def _renamed(sheet: Sheet, table: str) -> Sheet:
    """Exchange ids of rows that have another name now."""
    ids = {old: new for (name, old), new in RENAMED.items() if name == table}
    if not ids or "id" not in sheet.header:
        return sheet
    at = sheet.header.index("id")
    rows = [[ids.get(cell, cell) if i == at else cell for i, cell in enumerate(row)] for row in sheet.rows]
    return sheet._replace(rows=rows)


def _without_averse(sheet: Sheet, table: str) -> Sheet:
    """Leave out the column that only said that shippers are averse, and not to whom.

    Raises
    ------
    CheckError
        If it says so of a market.
    """
    if table != "flows" or "averse" not in sheet.header:
        return sheet
    at = sheet.header.index("averse")
    for row in sheet.rows:
        if row[at].strip() not in {"", "no"}:
            raise CheckError(
                f"flows.csv, row {row[0]}: averse says {row[at]!r}, but not to which countries; name them in a column "
                "avoids, with the year from which in avoids_from, set averse to no, then upgrade again."
            )
    kept = [i for i in range(len(sheet.header)) if i != at]
    return sheet._replace(
        header=[sheet.header[i] for i in kept], rows=[[row[i] for i in kept] for row in sheet.rows]
    )


def _old_evidence(path: Any) -> tuple[Table, list[str]]:
    """Read evidence of form 0.1, in which every row had an id, a table and a value; return the ids too."""
    file = path.joinpath(f"{EVIDENCE}.csv")
    if not file.is_file():
        return Table(EVIDENCE, {}), []
    sheet = read_sheet(file)
    if sheet.faults:
        raise CheckError(f"{sheet.faults[0]} Mend it, then upgrade again.")
    rows = [dict(zip(sheet.header, cells, strict=True)) for cells in sheet.rows]
    for row in rows:
        row["row_id"] = RENAMED.get((row["table"], row["row_id"]), row["row_id"])
    try:
        evidence = Table.from_rows(EVIDENCE, rows)
    except DataError as error:
        raise CheckError(f"{EVIDENCE}.csv: {error} Mend it, then upgrade again.") from None
    for row in rows:
        named = schema().get(row["table"])
        if named is None or row["column"] not in named.figures or row["table"] in NOT_FIGURES:
            raise CheckError(
                f"{EVIDENCE}.csv, row {row.get('id', '')}: {row['table']}.{row['column']} is no column of figures; "
                "correct or remove the row, then upgrade again."
            )
    return evidence, [str(row.get("id", "")) for row in rows]


def _once(
    tables: dict[str, Table], evidence: Table, names: list[str]
) -> tuple[Table, dict[str, Table], list[str]]:
    """Decide for each figure where it stands, and tell where cell and evidence differed."""
    calculator = Arithmetic({n: t for n, t in tables.items() if len(t)} | {EVIDENCE: evidence})
    arithmetic, value = evidence["arithmetic"].copy(), evidence["value"].copy()
    owns = holds_value(evidence)
    cells: dict[Cell, float] = {}
    agree: dict[Cell, bool] = {}
    told = []
    for i in np.flatnonzero(evidence["used"]).tolist():
        cell = Cell(*(str(evidence[n][i]) for n in ("table", "row_id", "column")))
        at = tables[cell.table].position.get(cell.row)
        if at is None:
            continue
        there = float(tables[cell.table][cell.column][at])
        if owns[i] and not _dated(evidence, i):
            if not _is(calculator, str(arithmetic[i]), there):
                arithmetic[i] = ""
                told.append(
                    f"{cell}: the cell {there:g} is kept, and not what the arithmetic of {names[i]} gives."
                )
        elif owns[i]:
            agree[cell] = agree.get(cell, False) or np.isnan(there) or _near(there, float(value[i]))
        elif np.isnan(there):
            cells[cell] = float(value[i])
            told.append(f"{cell}: the blank cell takes {value[i]:g} from {names[i]}.")
        elif not _near(there, float(value[i])):
            told.append(f"{cell}: the cell {there:g} is kept, and not {value[i]:g} of {names[i]}.")
    told += [
        f"{c}: the dated figures are kept, and not the cell, which is none of them."
        for c, y in agree.items()
        if not y
    ]
    derived = arithmetic != ""
    value = np.where(derived, np.nan, value)
    return evidence.replace(arithmetic=arithmetic, value=value), _with(tables, cells), told


def _dated(evidence: Table, i: int) -> bool:
    return not (np.isnat(evidence["from_date"][i]) and np.isnat(evidence["to_date"][i]))


def _is(calculator: Arithmetic, text: str, value: float) -> bool:
    """Return whether arithmetic gives a value; what cannot be computed is left for the check to tell."""
    try:
        return bool(np.isnan(value)) or _near(calculator.compute(text), value)
    except FormulaError:
        return True


def _near(value: float, other: float) -> bool:
    return not abs(value - other) > TOLERANCE * max(abs(value), TINY)


def _with(tables: dict[str, Table], cells: dict[Cell, float]) -> dict[str, Table]:
    result = dict(tables)
    for cell, value in cells.items():
        table = result[cell.table]
        values = table[cell.column].copy()
        values[table.position[cell.row]] = value
        result[cell.table] = table.replace(**{cell.column: values})
    return result
