"""Require what resolving needs: unique rows, references that lead somewhere, needed figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import CheckError
from daliz.tables.check_sums import twin_faults
from daliz.tables.emission_rules import emission_faults
from daliz.tables.faults import Fault, Hints, faults_of, file_and_row

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
    """Describe a cell that names a row that does not exist."""
    table, row, column = place
    mend = hints.add(f"correct it or add the row to {target}.csv", name)
    file, row = file_and_row(table, row)
    return Fault(file, row, column, name, f"must be an id of {target}.csv", mend)


def end_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find services that begin or end at a place they only pass."""
    stops = tables["stops"]
    order = np.lexsort((stops["sequence"], stops["service_id"].astype(str)))
    service = stops["service_id"][order]
    change = service[1:] != service[:-1]
    first, last = np.append(True, change)[: len(order)], np.append(change, True)[: len(order)]
    for i in np.sort(order[(first | last) & (stops["call"][order] == "pass")]):
        name = stops["service_id"][i]
        allowed = f"{name} begins or ends here, where it can only be boarded or left"
        yield faults_of("stops")(stops.ids[i], "call", "pass", allowed, "choose both, board or alight")


def demand_rows(tables: Mapping[str, Table]) -> None:
    """Refuse tables whose rows are named twice, refer to rows that do not exist, or cannot be run on.

    Raises
    ------
    CheckError
        Naming the first fault.
    """
    for table in tables.values():
        for fault in (*duplicate_faults(table), *unknown_faults(table, tables)):
            raise CheckError(f"{fault} {ADVICE}")
    for fault in (*emission_faults(tables), *end_faults(tables), *twin_faults(tables)):
        raise CheckError(f"{fault} {ADVICE}")


def demand_figures(tables: Mapping[str, Table], written: Mapping[str, Table]) -> None:
    """Refuse rows in force that lack a figure which their table or their class must give.

    Raises
    ------
    CheckError
        Naming the first blank figure.
    """
    columns = [
        (table, column)
        for table in tables.values()
        for column in table.schema.columns.values()
        if column.figure and _needed(column, written)
    ]
    for table, column in sorted(columns, key=lambda pair: pair[1].inherits != ""):
        blank = np.isnan(table[column.name])
        if blank.any():
            fault = faults_of(table.name)(
                table.ids[np.argmax(blank)],
                column.name,
                "",
                "this figure may not be blank",
                "give it with its evidence",
            )
            raise CheckError(f"{fault} {ADVICE}")


def _needed(column: Column, tables: Mapping[str, Table]) -> bool:
    """Check whether a column, or the one it inherits, must hold a figure in every row."""
    reference, _, above = column.inherits.partition(".")
    if not reference:
        return column.required
    source = tables[column.table].schema.columns[reference].references
    return tables[source].schema.columns[above].required
