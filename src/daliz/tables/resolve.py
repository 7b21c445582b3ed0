"""Resolve the tables of a package for a day or a year under named changes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import DataError
from daliz.tables.changes import SWITCHES, Change
from daliz.tables.evidence import NOT_FIGURES
from daliz.tables.figures import Cell, Figures
from daliz.tables.intervals import Places, Written, make_figures
from daliz.tables.period import NEVER
from daliz.tables.references import demand_figures, demand_rows
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.period import Day, Period
    from daliz.tables.store import Store
    from daliz.tables.table import Array, Table

AS_WRITTEN = (*NOT_FIGURES, "shapes")
OPEN_ENOUGH = 0.5
BY_ID = (
    "nodes",
    "links",
    "speeds",
    "terminals",
    "terminal_classes",
    "weather",
    "borders",
    "border_classes",
    "services",
    "stops",
    "rates",
    "indices",
    "cargoes",
    "restrictions",
    "hazards",
    "emission_factors",
    "grids",
    "constants",
    "operators",
    "corridors",
)
"""Tables that ways are made of: their rows stand by id, so that the order in which they are written decides nothing."""


@dataclass(frozen=True)
class Resolved:
    """Tables as they stand in one period.

    Attributes
    ----------
    tables
        Each table with rows in force only, dated cells averaged by days, blanks inherited.
    open_share
        Share of the period for which each kept row exists, by table.
    left_out
        Rows that are not in force, with the share of the period for which they exist, by table.
    absent
        These rows as written, by table.
    cells
        For each table and figure column the position in `figures` of every row, -1 where blank.
    figures
        All figures with their intervals.
    changes
        The changes applied, by cell.
    own
        Cells whose figure the user gave: they have no evidence, and no range.
    """

    tables: dict[str, Table]
    open_share: dict[str, Array]
    cells: dict[tuple[str, str], Array]
    figures: Figures
    changes: dict[Cell, list[dict[str, Any]]]
    own: frozenset[Cell] = frozenset()
    left_out: dict[str, dict[str, float]] = field(default_factory=dict)
    absent: dict[str, Table] = field(default_factory=dict)


def resolve(store: Store, period: Period, changes: list[Change]) -> Resolved:
    """Resolve all tables for a period.

    Rows of the tables that ways are made of stand in the order of their ids. A cell takes its dated evidence, then
    the changes in their order, day by day; a year is the mean over its days. A row is in force if it exists on at
    least half of the days. A change of a blank cell begins with what the cell inherits; where it inherits nothing,
    adding to the unknown leaves it unknown.

    Raises
    ------
    CheckError
        If a row is named twice, a reference leads nowhere, or a figure that is needed is blank.
    DataError
        If an index lacks a year that a rate needs.
    """
    plain, written = store.once("figures as written", lambda: _as_written(store))
    orders = store.once("order of rows", lambda: {n: _order(t) for n, t in plain.items()})
    calendar = _Calendar(plain, written.dated, period, changes)
    tables: dict[str, Table] = {}
    shares: dict[str, Array] = {}
    rows: dict[str, Array] = {}
    left_out: dict[str, dict[str, float]] = {}
    absent: dict[str, Table] = {}
    for name, table in calendar.tables().items():
        share, order = _open_share(table, period, calendar.switches), orders[name]
        is_open = share[order] >= OPEN_ENOUGH
        rows[name], out = order[is_open], order[~is_open]
        if len(out):
            left_out[name] = dict(zip(table.ids[out].tolist(), share[out].tolist(), strict=True))
            absent[name] = table.take(out)
        tables[name], shares[name] = table.take(rows[name]), share[rows[name]]
    figures, cells = make_figures(tables, rows, written, period, calendar.follows)
    tables = _inherit(tables, cells)
    demand_figures(tables, plain)
    tables, figures = _move_rates(tables, figures, period.year)
    own = frozenset(cell for cell, leader in calendar.follows.items() if leader is None)
    return Resolved(tables, shares, cells, figures, _applied(changes, period), own, left_out, absent)


def _as_written(store: Store) -> tuple[dict[str, Table], Written]:
    """Read what is the same in all periods and under all changes, and refuse what cannot be run on."""
    tables = {name: store[name] for name in schema() if name not in AS_WRITTEN}
    demand_rows(tables)
    return tables, Written(tables, store["evidence"], store["grades"])


def _order(table: Table) -> Array:
    """Return the rows of a table in the order in which they stand when resolved."""
    if table.name not in BY_ID:
        return np.arange(len(table))
    return np.asarray(np.argsort(table.ids.astype(str), kind="stable"))


def _applied(changes: list[Change], period: Period) -> dict[Cell, list[dict[str, Any]]]:
    applied: dict[Cell, list[dict[str, Any]]] = defaultdict(list)
    for change in changes:
        if period.covers(change.start, change.end) > 0:
            applied[change.cell].append({"change": change.id, "op": change.op, "value": change.value})
    return dict(applied)


class _Calendar:
    """Value of every cell on every day: dated evidence, then changes, else the class."""

    def __init__(
        self,
        tables: Mapping[str, Table],
        dated: Mapping[Cell, list[tuple[Day, Day, float]]],
        period: Period,
        changes: list[Change],
    ) -> None:
        self._tables, self._period, self._dated = tables, period, dated
        self._changes: dict[Cell, list[Change]] = defaultdict(list)
        self.switches: dict[str, dict[str, list[Change]]] = defaultdict(lambda: defaultdict(list))
        self.follows: dict[Cell, Cell | None] = {}
        for change in changes:
            if change.op in SWITCHES:
                self.switches[change.cell.table][change.cell.row].append(change)
            else:
                self._changes[change.cell].append(change)

    def tables(self) -> dict[str, Table]:
        """Return the tables with the means over the period of all cells that evidence or changes date."""
        columns: dict[str, dict[str, Array]] = defaultdict(dict)
        for cell in dict.fromkeys([*self._dated, *self._changes]):
            table = self._tables.get(cell.table)
            if table is None or cell.row not in table.position:
                continue
            if cell.column in table.schema.figures and self._concerned(cell):
                values = columns[cell.table].setdefault(cell.column, table[cell.column].copy())
                values[table.position[cell.row]] = self._mean(cell)
        tables = dict(self._tables)
        return tables | {name: tables[name].replace(**values) for name, values in columns.items()}

    def _concerned(self, cell: Cell) -> bool:
        spans = [(c.start, c.end) for c in self._changes.get(cell, ())]
        return cell in self._dated or any(self._period.covers(*span) > 0 for span in spans)

    def _mean(self, cell: Cell) -> float:
        mean = self._period.mean(self._dates(cell), lambda day: self._on(cell, day))
        setters = [c for c in self._changes.get(cell, ()) if c.op == "set"]
        sets = [c for c in setters if self._period.covers(c.start, c.end) >= OPEN_ENOUGH]
        if sets and sets[-1].own:
            self.follows[cell] = None
            return mean
        leader = Cell("changes", sets[-1].id, "value") if sets else self._class_of(cell)
        if leader:
            self.follows[cell] = leader
        return mean

    def _on(self, cell: Cell, day: Day) -> float:
        table = self._tables[cell.table]
        value = float(table[cell.column][table.position[cell.row]])
        for start, end, figure in self._dated.get(cell, ()):
            if (np.isnat(start) or day >= start) and (np.isnat(end) or day < end):
                value = figure
        above = self._class_of(cell)
        if above:
            value = self._on(above, day)
        for change in self._changes.get(cell, ()):
            if change.active(day):
                value = change.apply(value)
        return value

    def _class_of(self, cell: Cell) -> Cell | None:
        """Name the cell from which a blank one inherits."""
        table = self._tables[cell.table]
        reference, _, column = table.schema.columns[cell.column].inherits.partition(".")
        i = table.position[cell.row]
        if not reference or cell in self._dated or not np.isnan(table[cell.column][i]):
            return None
        above = Cell(table.schema.columns[reference].references, str(table[reference][i]), column)
        return above if above.row in self._tables[above.table].position else None

    def _dates(self, cell: Cell) -> list[Day]:
        dates = [day for start, end, _ in self._dated.get(cell, ()) for day in (start, end)]
        dates += [day for change in self._changes.get(cell, ()) for day in (change.start, change.end)]
        above = self._class_of(cell)
        return dates + (self._dates(above) if above else [])


def _open_share(table: Table, period: Period, switches: Mapping[str, dict[str, list[Change]]]) -> Array:
    """Compute the share of the period for which each row exists."""
    share = np.ones(len(table))
    dated = "from_date" in table.schema.columns and table.name != "changes"
    never = np.full(len(table), NEVER)
    starts, ends = (table["from_date"], table["to_date"]) if dated else (never, never)
    named = switches.get(table.name, {})
    # A row whose days hold the whole period, and that nothing switches, is there throughout.
    partly = ~((np.isnat(starts) | (starts <= period.start)) & (np.isnat(ends) | (ends >= period.end)))
    switched = {table.position[row] for row in named if row in table.position}
    for i in sorted({*np.flatnonzero(partly).tolist(), *switched}):
        changes = named.get(str(table.ids[i]), [])
        start, end = starts[i], ends[i]

        def exists(day: Day, start: Day = start, end: Day = end, changes: list[Change] = changes) -> float:
            there = (np.isnat(start) or day >= start) and (np.isnat(end) or day < end)
            for change in changes:
                if change.active(day):
                    there = change.op == "open"
            return float(there)

        share[i] = period.mean([start, end, *(d for c in changes for d in (c.start, c.end))], exists)
    return share


def _inherit(tables: dict[str, Table], cells: Places) -> dict[str, Table]:
    """Fill blank cells from their class rows; `cells` then names the class's figure."""
    result = dict(tables)
    for name, table in tables.items():
        filled: dict[str, Array] = {}
        rows: dict[str, Array] = {}
        for column in table.schema.columns.values():
            if not column.inherits:
                continue
            reference, _, source_column = column.inherits.partition(".")
            source = tables[table.schema.columns[reference].references]
            if reference not in rows:
                found = [source.position.get(row, -1) for row in table[reference].tolist()]
                rows[reference] = np.array(found, dtype=np.int64)
            at, j = cells[name, column.name], rows[reference]
            take = np.flatnonzero((at < 0) & (j >= 0))
            values = table[column.name].copy()
            values[take] = source[source_column][j[take]]
            at[take] = cells[source.name, source_column][j[take]]
            filled[column.name] = values
        if filled:
            result[name] = table.replace(**filled)
    return result


def _move_rates(tables: dict[str, Table], figures: Figures, year: int) -> tuple[dict[str, Table], Figures]:
    """Move rates from the year of their prices to the year of the network by their index."""
    rates, indices = tables["rates"], tables["indices"]
    known = dict(zip(zip(indices["series"], indices["year"], strict=True), indices["value"], strict=True))
    moving = np.flatnonzero((rates["index_id"] != "") & (rates["price_year"] != year))
    factors = np.ones(len(rates))
    for i in moving:
        series, base = rates["index_id"][i], rates["price_year"][i]
        missing = [y for y in (base, year) if not known.get((series, y), 0.0) > 0.0]
        if missing:
            raise DataError(
                f"indices has no value above 0 of series {series!r} for {missing[0]:.0f}, "
                f"which rate {rates.ids[i]} needs; add the row."
            )
        factors[i] = known[series, year] / known[series, base]
    value, low, high = figures.value.copy(), figures.low.copy(), figures.high.copy()
    columns = ("usd_fixed", "usd_per_km")
    for i in moving:
        for column in columns:
            j = figures.index.get(Cell("rates", str(rates.ids[i]), column))
            if j is not None:
                for array in (value, low, high):
                    array[j] *= factors[i]
    moved = {column: rates[column] * factors for column in columns}
    return tables | {"rates": rates.replace(**moved)}, replace(figures, value=value, low=low, high=high)
