"""Demand of tables what resolving rests on: rows named once, references that lead somewhere, needed figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import CheckError
from daliz.tables.faults import Fault, Hints

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from daliz.tables.schema import Column
    from daliz.tables.table import Table

ADVICE = "Run `daliz check` on the package to see all faults."


def duplicate_faults(table: Table) -> list[Fault]:
    """Find ids that stand more than once."""
    if len(table.position) == len(table):
        return []
    counts: dict[str, int] = {}
    for row in table.ids.tolist():
        counts[row] = counts.get(row, 0) + 1
    return [
        Fault(
            f"{table.name}.csv",
            row,
            table.schema.key,
            row,
            f"stands {count} times and may stand once",
            "rename or remove the others",
        )
        for row, count in counts.items()
        if count > 1 and row
    ]


def unknown_faults(table: Table, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find references to rows that do not exist; tables that are not given are not looked into."""
    for column in table.schema.columns.values():
        if column.references in tables and column.type in {"ref", "list"}:
            cells = table[column.name].tolist()
            known = tables[column.references].position
            several = column.type == "list"
            wrong = {name for cell in set(cells) for name in (cell.split() if several else [cell])} - {
                "",
                *known,
            }
            if wrong:
                yield from _lost(table, column, known, wrong)


def _lost(table: Table, column: Column, known: Collection[str], wrong: set[str]) -> Iterator[Fault]:
    hints = Hints(known)
    for row, cell in zip(table.ids.tolist(), table[column.name].tolist(), strict=True):
        for name in cell.split() if column.type == "list" else [cell]:
            if name in wrong:
                yield missing_fault((table.name, row, column.name), name, column.references, hints)


def missing_fault(place: tuple[str, str, str], name: str, target: str, hints: Hints) -> Fault:
    """Tell that a cell names a row that does not exist."""
    table, row, column = place
    mend = hints.add(f"correct it or add the row to {target}.csv", name)
    return Fault(f"{table}.csv", row, column, name, f"must be an id of {target}.csv", mend)


def demand_rows(tables: Mapping[str, Table]) -> None:
    """Refuse tables whose rows are named twice or refer to rows that do not exist.

    Raises
    ------
    CheckError
        Naming the first fault.
    """
    for table in tables.values():
        for fault in (*duplicate_faults(table), *unknown_faults(table, tables)):
            raise CheckError(f"{fault} {ADVICE}")


def demand_figures(tables: Mapping[str, Table], written: Mapping[str, Table]) -> None:
    """Refuse rows in force that lack a figure which their table or their class must give.

    Raises
    ------
    CheckError
        Naming the first blank figure.
    """
    for name, table in tables.items():
        for column in table.schema.columns.values():
            if not column.figure:
                continue
            reference, _, above = column.inherits.partition(".")
            source = table.schema.columns[reference].references if reference else name
            needed = written[source].schema.columns[above or column.name].required
            blank = np.isnan(table[column.name])
            if needed and blank.any():
                row = str(table.ids[np.argmax(blank)])
                fault = Fault(
                    f"{name}.csv",
                    row,
                    column.name,
                    "",
                    "this figure may not be blank",
                    "give it with its evidence",
                )
                raise CheckError(f"{fault} {ADVICE}")
