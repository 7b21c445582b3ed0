"""Find all faults of a package in one pass."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daliz.tables.check_evidence import evidence_faults, grade_shares
from daliz.tables.check_geography import geography_faults
from daliz.tables.check_references import reference_faults
from daliz.tables.faults import Fault
from daliz.tables.schema import schema
from daliz.tables.store import Store, open_store
from daliz.tables.write import DESCRIPTOR

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.tables.table import Table

NEEDED = ("nodes", "links", "speeds", "cargoes", "rates", "evidence", "sources", "grades")


@dataclass(frozen=True)
class Check:
    """Hold the outcome of a check: the faults, and the share of figures by grade."""

    name: str
    faults: list[Fault]
    rows: dict[str, int]
    shares: list[tuple[str, int, float]]

    @property
    def clean(self) -> bool:
        """Tell whether there are no faults."""
        return not self.faults

    def __repr__(self) -> str:
        state = "clean" if self.clean else f"{len(self.faults)} faults"
        return f"<Check {self.name}: {state}, {sum(self.rows.values()):,} rows in {len(self.rows)} tables>"


def check(name_or_path: str | Path) -> Check:
    """Find all faults of an embedded package or a folder, in one pass.

    Raises
    ------
    DataError
        If the path is no package at all.

    Examples
    --------
    >>> check("eurasia").clean
    True
    """
    return check_store(open_store(name_or_path))


def check_store(store: Store) -> Check:
    """Find all faults of a store."""
    tables: dict[str, Table] = {}
    faults: list[Fault] = []
    for name in schema():
        tables[name], found = store.read(name)
        faults += found
    faults += [
        Fault(
            f"{name}.csv",
            "",
            "",
            "",
            "this table is needed and missing or empty",
            f"add it as {DESCRIPTOR} describes",
        )
        for name in NEEDED
        if not len(tables[name])
    ]
    faults += _duplicates(tables)
    faults += reference_faults(tables)
    faults += geography_faults(tables)
    faults += evidence_faults(tables, store.descriptor)
    unique = sorted(set(faults))
    return Check(
        str(store.descriptor["name"]),
        unique,
        {n: len(t) for n, t in tables.items() if len(t)},
        grade_shares(tables),
    )


def _duplicates(tables: dict[str, Table]) -> list[Fault]:
    return [
        Fault(
            f"{name}.csv",
            str(key),
            table.schema.key,
            str(key),
            f"stands {count} times and may stand once",
            "rename or remove the others",
        )
        for name, table in tables.items()
        for key, count in Counter(table.ids.tolist()).items()
        if count > 1
    ]
