"""Fill the cells of a package from its evidence, so that each figure is written once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DataError, FormulaError
from daliz.tables.arithmetic import Arithmetic
from daliz.tables.figures import Cell
from daliz.tables.resolve import NOT_FIGURES

if TYPE_CHECKING:
    from daliz.tables.store import Store
    from daliz.tables.table import Array, Table

SIGNIFICANT_DIGITS = 6


def fill(store: Store) -> Store:
    """Compute derived evidence, name the rows of evidence, and write each cell from the row that is used.

    A cell with dated evidence takes the figure in force in the middle of the last observed year. A cell
    without evidence is left as it is; `check` then tells that it needs some.

    Raises
    ------
    DataError
        If evidence names a cell that does not exist or an arithmetic cannot be computed.
    """
    evidence = store["evidence"]
    tables: dict[str, Table] = {n: t for n, t in store.items() if len(t)}
    values, ids = _computed(evidence, Arithmetic(tables)), _ids(evidence)
    evidence = evidence.replace(value=values, id=ids)
    middle = np.datetime64(f"{store.descriptor['years']['observed']}-07-01")
    cells: dict[Cell, float] = {}
    for i in np.flatnonzero(evidence["used"]):
        start, end = evidence["from_date"][i], evidence["to_date"][i]
        cell = Cell(evidence["table"][i], evidence["row_id"][i], evidence["column"][i])
        now = not (start > middle) and not (end <= middle)
        if now or cell not in cells:
            cells[cell] = float(values[i])
    return store.replace(evidence=evidence, **_written(tables, cells))


def _computed(evidence: Table, arithmetic: Arithmetic) -> Array:
    values = evidence["value"].copy()
    for i in np.flatnonzero(evidence["arithmetic"] != ""):
        try:
            value = arithmetic.compute(str(evidence["arithmetic"][i]))
        except FormulaError as error:
            place = f"{evidence['table'][i]}.{evidence['row_id'][i]}.{evidence['column'][i]}"
            raise DataError(f"evidence of {place}: {error}") from error
        values[i] = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return values


def _ids(evidence: Table) -> Array:
    seen: dict[str, int] = {}
    ids = np.empty(len(evidence), dtype=object)
    for i in range(len(evidence)):
        column = str(evidence["column"][i]).replace("_", "-")
        name = f"{str(evidence['table'][i]).replace('_', '-')}-{evidence['row_id'][i]}-{column}"
        seen[name] = seen.get(name, 0) + 1
        ids[i] = name if seen[name] == 1 else f"{name}-v{seen[name]}"
    return ids


def _written(tables: dict[str, Table], cells: dict[Cell, float]) -> dict[str, Table]:
    columns: dict[str, dict[str, Array]] = {}
    for name, table in tables.items():
        if name not in NOT_FIGURES:
            columns[name] = {c: table[c].copy() for c in table.schema.figures}
    for cell, value in cells.items():
        if cell.table not in columns or cell.column not in columns[cell.table]:
            raise DataError(f"evidence names {cell}, but {cell.table}.{cell.column} is no column of figures.")
        table = tables[cell.table]
        if cell.row not in table.position:
            raise DataError(f"evidence names {cell}, but {cell.table} has no row {cell.row!r}.")
        columns[cell.table][cell.column][table.position[cell.row]] = value
    return {name: tables[name].replace(**some) for name, some in columns.items() if some}
