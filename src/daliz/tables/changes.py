"""Collect the changes of projects, events and policies that apply to a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import DataError, PlaceError, did_you_mean
from daliz.tables.cells import cell_text
from daliz.tables.figures import Cell
from daliz.tables.period import NEVER
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from daliz.tables.period import Day
    from daliz.tables.table import Table

SWITCHES = ("open", "close")
UNCHANGING = ("changes", "evidence", "sources", "grades", "observations")
USER = "the user"
"""Stands for the id of a change that a user made with `Network.change`; no row has a space in its id."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a cell, with the days between which it is in force."""

    id: str
    cell: Cell
    op: str
    value: float
    start: Day
    end: Day

    def __str__(self) -> str:
        row = f"{self.op} {self.cell.table}.{self.cell.row}"
        return f"{row}.{self.cell.column}={cell_text(self.value, 'number')}" if self.cell.column else row

    @property
    def own(self) -> bool:
        """Return whether a user made the change, rather than a row of `changes`."""
        return self.id == USER

    def active(self, day: Day) -> bool:
        """Check whether the change is in force on a day."""
        return bool((np.isnat(self.start) or day >= self.start) and (np.isnat(self.end) or day < self.end))

    def apply(self, value: float) -> float:
        """Return the value of a cell after this change."""
        if self.op == "set":
            return self.value
        return value + self.value if self.op == "add" else value * self.value


def first_dates(changes: Table) -> dict[str, str]:
    """Return the date of the first change of each project, event and policy, as ISO text."""
    first: dict[str, str] = {}
    for row in changes.rows():
        day = str(row["from_date"])
        first[row["set_id"]] = min(first.get(row["set_id"], day), day)
    return first


def can_switch(table: str) -> bool:
    """Check whether rows of a table may have a first and a last day, and so can open and close.

    Examples
    --------
    >>> can_switch("links"), can_switch("nodes")
    (True, False)
    """
    return table in schema() and table not in UNCHANGING and "from_date" in schema()[table].columns


def gather_changes(
    store: Mapping[str, Table], added: Iterable[str], removed: Iterable[str], own: Sequence[Change] = ()
) -> list[Change]:
    """Collect the changes that apply: history by its dates, the added sets on all days, the user's own.

    Raises
    ------
    PlaceError
        If a named set is unknown.
    DataError
        If two changes of the added sets or the user set the same cell, or a change concerns what
        cannot change.
    """
    sets = store["change_sets"]
    added, removed = list(added), set(removed)
    for name in [*added, *sorted(removed)]:
        if name not in sets.position:
            hint = did_you_mean(name, sets.position)
            place = getattr(store, "place", "")
            package = f" -n {place}" if place else ""
            rest = f"`daliz changes{package}` lists them." if len(sets) else "The package has none."
            raise PlaceError(f"There is no project, event or policy named {name!r}.{hint} {rest}")
    history = [
        r["id"] for r in sets.rows() if r["history"] and r["id"] not in removed and r["id"] not in added
    ]
    order = {name: i for i, name in enumerate(history + added)}
    rows = sorted(
        (r for r in store["changes"].rows() if r["set_id"] in order),
        key=lambda r: (order[r["set_id"]], str(r["from_date"])),
    )
    _refuse_two_setters([r for r in rows if r["set_id"] in added and r["op"] == "set"], own)
    return [*(_change(row, timeless=row["set_id"] in added) for row in rows), *own]


def _refuse_two_setters(rows: list[dict[str, Any]], own: Sequence[Change]) -> None:
    setters: dict[Cell, str] = {}
    for row in rows:
        cell = Cell(row["table"], row["row_id"], row["column"])
        if setters.setdefault(cell, row["set_id"]) != row["set_id"]:
            raise DataError(
                f"{setters[cell]} and {row['set_id']} both set {cell}; add only one of them, or make "
                "one multiply."
            )
    for change in own:
        if change.op != "set":
            continue
        if change.cell in setters:
            raise DataError(
                f"{setters[change.cell]} and {change} both set {change.cell}; leave one of them out, or "
                "multiply or add instead of setting twice."
            )
        setters[change.cell] = str(change)


def _change(row: dict[str, Any], *, timeless: bool) -> Change:
    cell = Cell(row["table"], row["row_id"], row["column"])
    if row["op"] in SWITCHES:
        if not can_switch(cell.table):
            allowed = ", ".join(name for name in schema() if can_switch(name))
            raise DataError(
                f"Change {row['id']} would {row['op']} a row of {cell.table}, but only {allowed} "
                "open and close."
            )
    elif cell.table not in schema() or cell.column not in schema()[cell.table].figures:
        raise DataError(f"Change {row['id']} would {row['op']} {cell}, which is no column of figures.")
    start, end = (
        (NEVER, NEVER)
        if timeless
        else (np.datetime64(row["from_date"], "D"), np.datetime64(row["to_date"], "D"))
    )
    return Change(row["id"], cell, row["op"], row["value"], start, end)
