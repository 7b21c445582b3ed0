"""Changes of single cells and rows that a user makes on a network, without a row of `changes`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.tables.cells import cell_text, parse_cell_text
from daliz.tables.changes import UNCHANGING, USER, Change, can_switch
from daliz.tables.figures import Cell
from daliz.tables.period import NEVER
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daliz.tables.resolve import Resolved
    from daliz.tables.schema import Column
    from daliz.tables.table import Table


@dataclass(frozen=True, slots=True)
class _OfCell:
    """Change of one figure."""

    table: str
    row: str
    column: str
    value: float
    op: ClassVar[str] = ""

    def __str__(self) -> str:
        number = _number(self.value)
        value = repr(self.value) if number is None else cell_text(number, "number") or "nan"
        return f"{self.op} {self.table}.{self.row}.{self.column}={value}"

    def as_change(self) -> Change:
        """Return the change of a cell that holds on all days."""
        cell = Cell(self.table, self.row, self.column)
        return Change(USER, cell, self.op, float(self.value), NEVER, NEVER)


@dataclass(frozen=True, slots=True)
class _OfRow:
    """Change of one row as a whole."""

    table: str
    row: str
    op: ClassVar[str] = ""
    column: ClassVar[str] = ""

    def __str__(self) -> str:
        return f"{self.op} {self.table}.{self.row}"

    def as_change(self) -> Change:
        """Return the change of a row that holds on all days."""
        return Change(USER, Cell(self.table, self.row, ""), self.op, math.nan, NEVER, NEVER)


class Set(_OfCell):
    """Figure put in the place of what a cell holds; it is the user's own and has no range.

    Parameters
    ----------
    table, row, column
        The cell.
    value
        The figure, in the unit of the column. A rate is in the prices of its `price_year` and moved from
        there by its index, as a row of `changes` is.

    Examples
    --------
    >>> print(Set("links", "rail-dostyk-aktogay", "capacity", 60))
    set links.rail-dostyk-aktogay.capacity=60
    """

    __slots__ = ()
    op: ClassVar[str] = "set"


class Add(_OfCell):
    """Amount added to the figure of a cell; its range keeps its share of the figure.

    Parameters
    ----------
    table, row, column
        The cell.
    value
        The amount, in the unit of the column; below 0 to take away.

    Examples
    --------
    >>> print(Add("services", "ferry", "departures_per_week", -1.5))
    add services.ferry.departures_per_week=-1.5
    """

    __slots__ = ()
    op: ClassVar[str] = "add"


class Multiply(_OfCell):
    """Factor on the figure of a cell and on its range.

    Parameters
    ----------
    table, row, column
        The cell.
    value
        The factor.

    Examples
    --------
    >>> print(Multiply("speeds", "rail-kz", "speed_km_h", 1.1))
    multiply speeds.rail-kz.speed_km_h=1.1
    """

    __slots__ = ()
    op: ClassVar[str] = "multiply"


class Open(_OfRow):
    """Row put in force on all days, whatever its dates.

    Parameters
    ----------
    table, row
        The row, of a table whose rows open and close.

    Examples
    --------
    >>> print(Open("links", "rail-erzurum-divrigi"))
    open links.rail-erzurum-divrigi
    """

    __slots__ = ()
    op: ClassVar[str] = "open"


class Close(_OfRow):
    """Row taken out on all days, whatever its dates.

    Parameters
    ----------
    table, row
        The row, of a table whose rows open and close.

    Examples
    --------
    >>> print(Close("links", "rail-brest-malaszewicze"))
    close links.rail-brest-malaszewicze
    """

    __slots__ = ()
    op: ClassVar[str] = "close"


Edit = Set | Add | Multiply | Open | Close


def demand_valid(edit: Edit, tables: Mapping[str, Table]) -> None:
    """Refuse a change of what does not exist or cannot change, as a row of `changes` would be refused.

    Raises
    ------
    PlaceError
        If the table, row or column is unknown.
    QueryError
        If it is no change, the table or column may not change, or the value cannot stand there.
    """
    if not isinstance(edit, Edit):
        raise QueryError(f"{edit!r} is no change of a network; give Set, Add, Multiply, Open or Close.")
    if not all(isinstance(name, str) for name in (edit.table, edit.row, edit.column)):
        raise QueryError(f"{edit!r} cannot be made: table, row and column are texts; write their names.")
    changing = [name for name in schema() if name not in UNCHANGING]
    if edit.table not in schema():
        hint = did_you_mean(edit.table, changing) or f" The tables are {', '.join(changing)}."
        raise PlaceError(f"{edit} cannot be made: there is no table {edit.table!r}.{hint}")
    if edit.table in UNCHANGING:
        raise QueryError(
            f"{edit} cannot be made: rows of {edit.table} do not change; the tables that do are "
            f"{', '.join(changing)}."
        )
    known = tables[edit.table].position
    if edit.row not in known:
        hint = did_you_mean(edit.row, known) or f" Choose an id of {edit.table}."
        raise PlaceError(f"{edit} cannot be made: {edit.table} has no row {edit.row!r}.{hint}")
    if isinstance(edit, Open | Close):
        _demand_switch(edit)
    else:
        _demand_figure(edit)


def _demand_switch(edit: Open | Close) -> None:
    if not can_switch(edit.table):
        allowed = ", ".join(name for name in schema() if can_switch(name))
        raise QueryError(
            f"{edit} cannot be made: rows of {edit.table} do not open and close; those of {allowed} do."
        )


def _demand_figure(edit: Set | Add | Multiply) -> None:
    table = schema()[edit.table]
    if edit.column not in table.columns:
        hint = did_you_mean(edit.column, table.figures) or f" Choose one of {', '.join(table.figures)}."
        raise PlaceError(f"{edit} cannot be made: {edit.table} has no column {edit.column!r}.{hint}")
    if edit.column not in table.figures:
        raise QueryError(
            f"{edit} cannot be made: {edit.table}.{edit.column} is not a figure; "
            f"{', '.join(table.figures) or 'none'} are."
        )
    # A sum or product is held against the bounds of its column when it is known.
    column = table.columns[edit.column] if edit.op == "set" else schema()["changes"].columns["value"]
    number = _number(edit.value)
    if number is None:
        unit = f" in {column.unit}" if column.unit else ""
        raise QueryError(f"{edit} cannot be made: {edit.value!r} is no number; give one{unit}.")
    try:
        parse_cell_text(repr(number), column)
    except ValueError as error:
        raise QueryError(f"{edit} cannot be made: the value {error}.") from None


def _number(value: object) -> float | None:
    """Return a value as a number, None if it is none; what is beyond all floats is infinite."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf


BY_POLICY = ("tariffs",)
"""Tables whose rows hold on the day of a policy, whatever the period of the network."""


def demand_effect(edits: Sequence[Edit], before: Resolved, after: Resolved, when: str) -> None:
    """Refuse changes that would do nothing in the period, and sums and products that cannot stand.

    Parameters
    ----------
    edits
        The changes, each valid on its own, in their order.
    before, after
        The tables in force without and with all of them.
    when
        The year or day, for the messages.

    Raises
    ------
    QueryError
        Naming the change and what to do.
    """
    is_open: dict[tuple[str, str], bool] = {}
    for edit in edits:
        if edit.table in BY_POLICY:
            continue
        if isinstance(edit, Open | Close):
            share = _share(edit, before)
            default = share >= 1.0 if edit.op == "open" else share > 0.0
            if is_open.get((edit.table, edit.row), default) == (edit.op == "open"):
                state = "open" if edit.op == "open" else "closed"
                raise QueryError(
                    f"{edit} cannot be made: {edit.table}.{edit.row} is {state} in {when} already; leave it "
                    "out."
                )
            is_open[edit.table, edit.row] = edit.op == "open"
        else:
            _demand_result(edit, after, when)


def _share(edit: Open | Close, resolved: Resolved) -> float:
    """Return the share of the period for which a row is open, 0 where it is not in force."""
    at = resolved.tables[edit.table].position.get(edit.row)
    return 0.0 if at is None else float(resolved.open_share[edit.table][at])


def _demand_result(edit: Set | Add | Multiply, after: Resolved, when: str) -> None:
    table = after.tables[edit.table]
    if edit.row not in table.position:
        way = "open it too" if can_switch(edit.table) else "choose another row"
        raise QueryError(
            f"{edit} would do nothing: {edit.table}.{edit.row} is not in force in {when}; {way}, or choose "
            "another year."
        )
    value = float(table[edit.column][table.position[edit.row]])
    if math.isnan(value):
        raise QueryError(f"{edit} would do nothing: no figure is known there in {when}; give one with Set.")
    fault = "" if edit.op == "set" else _beyond(value, table.schema.columns[edit.column])
    if fault:
        raise QueryError(f"{edit} cannot be made: it gives {value:g}, which {fault}; choose another value.")


def _beyond(value: float, column: Column) -> str:
    unit = f" {column.unit}" if column.unit else ""
    if column.minimum is not None and value < column.minimum:
        return f"must be at least {column.minimum:g}{unit}"
    if column.maximum is not None and value > column.maximum:
        return f"must be at most {column.maximum:g}{unit}"
    return "" if math.isfinite(value) else "must be a finite number"
