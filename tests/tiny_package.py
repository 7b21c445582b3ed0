"""Write out one small package for tests, and change cells of it.

Its rows stand in ``tiny_rows.py``.
"""

from __future__ import annotations

import csv
import json
import math
from typing import TYPE_CHECKING, Any

from daliz.tables.cells import cell_text
from daliz.tables.descriptor import FORM
from daliz.tables.evidence import NOT_FIGURES
from daliz.tables.network import Network
from daliz.tables.period import Period
from daliz.tables.schema import Column, TableSchema, schema
from daliz.tables.store import Store
from daliz.tables.table import Table
from tiny_rows import Row, Tables, tiny_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

YEARS = {"first": 2020, "observed": 2024, "last": 2030}
DESCRIPTOR: dict[str, Any] = {"name": "tiny", "version": "1.0", "form": FORM, "years": YEARS}


def tiny_tables(**changes: Mapping[str, Mapping[str, Any] | None]) -> Tables:
    """Make the rows of the tiny package by table, with a row of evidence for every figure.

    Each keyword names a table and changes its rows by id: ``links={"rail-mid-port": {"length_km":
    2300.0}}`` changes a row, an id that is not there yet adds one, and None takes one out. Evidence is
    made after these changes, except that rows named in ``evidence=`` (ids are ``table-row-column`` with
    hyphens) are changed last. A figure that evidence dates or derives stands there alone, any other in its cell.
    """
    tables = tiny_rows()
    on_evidence = changes.pop("evidence", {})
    for name, rows in changes.items():
        tables[name] = changed(name, tables.get(name, []), rows)
    tables["evidence"] = changed("evidence", evidence_for(tables), on_evidence)
    return once(tables)


def once(tables: Tables) -> Tables:
    """Take figures out of evidence that stand in cells, and out of cells those that stand in evidence."""
    for row in (r for r in tables["evidence"] if r.get("used")):
        dated = bool(row.get("from_date") or row.get("to_date"))
        if dated or row.get("arithmetic"):
            for other in tables.get(row["table"], []):
                if other[schema()[row["table"]].key] == row["row_id"]:
                    other[row["column"]] = None
        if not dated or row.get("arithmetic"):
            row["value"] = None
    return tables


def changed(table: str, rows: Sequence[Row], by_id: Mapping[str, Mapping[str, Any] | None]) -> list[Row]:
    """Return rows of a table changed by id: a mapping changes or adds one, None takes one out."""
    key = schema()[table].key
    kept = {row[key]: dict(row) for row in rows}
    for row_id, cells in by_id.items():
        if cells is None:
            kept.pop(row_id)
        else:
            kept[row_id] = kept.get(row_id, {key: row_id}) | dict(cells)
    return list(kept.values())


def evidence_for(tables: Mapping[str, Sequence[Row]]) -> list[Row]:
    """Make one row of evidence, graded as measured, for every figure."""
    found = []
    for name, rows in tables.items():
        table = schema()[name]
        if name in NOT_FIGURES:
            continue
        for row in rows:
            found += [
                evidence_row(table, str(row[table.key]), column, row[column])
                for column in table.figures
                if isinstance(row.get(column), int | float)
            ]
    return found


def evidence_row(table: TableSchema, row_id: str, column: str, value: float) -> Row:
    """Make one row of evidence as the tiny package has them."""
    return {
        "id": f"{table.name}-{row_id}-{column}".replace("_", "-").lower(),
        "table": table.name,
        "row_id": row_id,
        "column": column,
        "value": float(value),
        "unit": table.columns[column].unit or "ratio",
        "distribution": "triangular",
        "year": 2024.0,
        "source_id": "atlas",
        "grade": "measured",
        "used": True,
    }


def network_of(tables: Mapping[str, Sequence[Mapping[str, Any]]], year: int = 2024) -> Network:
    """Make a network from rows with the name and years of the tiny package."""
    made = {name: Table.from_rows(name, list(rows)) for name, rows in tables.items()}
    return Network(Store(DESCRIPTOR, None, made), Period.of_year(year))


def tiny_network(year: int = 2024, **changes: Mapping[str, Mapping[str, Any] | None]) -> Network:
    """Make the tiny network for a year; keywords change its tables as in `tiny_tables`."""
    return network_of(tiny_tables(**changes), year)


def rows_as_written(network: Network) -> Tables:
    """Return the rows of a network from which it can be made again."""
    tables = {name: network.store.read(name)[0].rows() for name in schema()}
    return {name: rows for name, rows in tables.items() if rows}


def write_csv(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as CSV with all columns of the schema; values that are text are written as they are."""
    columns = {name: c for name, c in schema()[table].columns.items() if c.type != "made"}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_cell(row.get(name), column) for name, column in columns.items()])


def _cell(value: Any, column: Column) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value if isinstance(value, str) else cell_text(value, column.type)


def write_package(
    folder: Path,
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    descriptor: Mapping[str, Any] = DESCRIPTOR,
) -> Path:
    """Write rows as a package into a folder and give the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        if name != "evidence":
            write_csv(folder / f"{name}.csv", name, rows)
    (folder / "evidence").mkdir(exist_ok=True)
    for name in dict.fromkeys(row["table"] for row in tables.get("evidence", [])):
        some = [row for row in tables["evidence"] if row["table"] == name]
        write_csv(folder / "evidence" / f"{name}.csv", "evidence", some)
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return folder
