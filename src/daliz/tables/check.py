"""Find all faults of a package in one pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import CheckError
from daliz.tables.check_chains import chain_faults
from daliz.tables.check_defaults import default_faults
from daliz.tables.check_duties import duty_faults
from daliz.tables.check_evidence import evidence_faults, grade_shares
from daliz.tables.check_geography import geography_faults, links_with_ends
from daliz.tables.check_parts import part_faults
from daliz.tables.check_references import reference_faults
from daliz.tables.check_sums import index_faults, sum_faults, twin_faults
from daliz.tables.evidence import spread_evidence
from daliz.tables.faults import Fault, Hints
from daliz.tables.needs import missing, package_faults
from daliz.tables.schema import schema
from daliz.tables.store import Store, open_store
from daliz.tables.write import EVIDENCE

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.tables.table import Table

OF_EVIDENCE = ("table", "row_id", "column")
"""Columns that name a row of evidence as written, which has no id."""


@dataclass(frozen=True)
class Check:
    """Outcome of a check: the faults, and the share of figures by grade."""

    name: str
    faults: list[Fault]
    rows: dict[str, int]
    shares: list[tuple[str, int, float]]

    @property
    def clean(self) -> bool:
        """Return whether there are no faults."""
        return not self.faults

    def __repr__(self) -> str:
        state = "clean" if self.clean else f"{len(self.faults)} fault{'s' * (len(self.faults) > 1)}"
        return f"<Check {self.name}: {state}, {sum(self.rows.values()):,} rows in {len(self.rows)} tables>"


def check(name_or_path: str | Path, verb: str = "") -> Check:
    """Find all faults of an embedded package or a folder, in one pass.

    Parameters
    ----------
    name_or_path
        Name of an embedded package, or a folder.
    verb
        A verb that it is to serve, such as ``assign``: what that needs is told too if it is missing.

    Raises
    ------
    DataError
        If the path is no package at all.
    QueryError
        If there is no such verb.

    Examples
    --------
    >>> check("eurasia").clean
    True
    """
    store = open_store(name_or_path)
    found = check_store(store)
    if not verb:
        return found
    tables = {name: store.read(name)[0] for name in schema()}
    lacks = [
        fault
        for fault in missing(tables, verb)
        if fault.file not in {f.file for f in found.faults if not f.row}
    ]
    return replace(found, faults=[*found.faults, *lacks])


def check_store(store: Store) -> Check:
    """Find all faults of a store.

    A cell that cannot be read is told once, for that, and not again for what follows from its being blank; what
    cannot be read comes before what does not fit. The order of rows in a file makes no difference: rows are looked
    at in the order of their ids.
    """
    written: dict[str, Table] = {}
    unread: list[Fault] = []
    for name in schema():
        table, found = store.read(name)
        written[name] = in_order(table)
        unread += found
    places = {(f.file, f.row, f.column) for f in unread if f.row and f.column}
    spread = spread_evidence(written, written["evidence"], store.descriptor["years"])
    tables = spread.tables | {"evidence": spread.evidence}
    links = links_with_ends(tables)
    faults = [
        *_missing(store, tables),
        *spread.faults,
        *reference_faults(tables),
        *default_faults(tables),
        *geography_faults(tables, links),
        *part_faults(tables, links),
        *chain_faults(tables),
        *duty_faults(tables),
        *twin_faults(tables),
        *sum_faults(tables),
        *index_faults(tables, store.descriptor["years"]),
        *evidence_faults(tables, store.descriptor),
    ]
    causes = set(unread)
    unique = sorted(
        causes | {f for f in faults if not places & {(f.file, f.row, f.column), _cell_of(f)}},
        key=lambda f: (bool(f.row), f not in causes, f),
    )
    rows = {name: len(table) for name, table in tables.items() if len(table)}
    return Check(str(store.descriptor["name"]), unique, rows, grade_shares(tables))


def demand_clean(store: Store, name: str) -> tuple[Fault, ...]:
    """Refuse a package in which `check` finds a fault that stops, and return the others, to be told with answers.

    Raises
    ------
    CheckError
        Naming the first fault, and how many others there are.
    """
    every = check_store(store).faults
    faults = [fault for fault in every if fault.stops]
    if faults:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        raise CheckError(f"{faults[0]}{more} Run `daliz check {name}` to see all faults.")
    return tuple(every)


def in_order(table: Table) -> Table:
    """Return the rows in the order of their ids, those of one id in that of their cells.

    Examples
    --------
    >>> from daliz.tables.table import Table
    >>> in_order(Table.from_rows("grids", [{"id": "kz"}, {"id": "cn"}])).ids.tolist()
    ['cn', 'kz']
    """
    names = OF_EVIDENCE if table.name == EVIDENCE else (table.schema.key,)
    keys = list(zip(*(table[n].tolist() for n in names), strict=True))
    order = sorted(range(len(keys)), key=keys.__getitem__)
    if len(set(keys)) < len(keys):
        whole = [
            [str(cell) for cell in row]
            for row in zip(*(v.tolist() for v in table.columns.values()), strict=True)
        ]
        order.sort(key=lambda i: (keys[i], whole[i]))
    return table if order == list(range(len(keys))) else table.take(np.array(order, dtype=np.int64))


def _cell_of(fault: Fault) -> tuple[str, str, str]:
    """Return file, row and column of the cell of which a fault of evidence speaks."""
    row, _, column = fault.row.rpartition(".")
    return fault.file.removeprefix("evidence/"), row, column


def _missing(store: Store, tables: dict[str, Table]) -> list[Fault]:
    hints = Hints([f"{name}.csv" for name in schema()])
    mend = "correct its name, or begin it with x_ to keep a file of your own"
    return package_faults(tables) + [
        Fault(file, "", "", "", "no table has this name", hints.add(mend, file)) for file in store.strangers()
    ]
