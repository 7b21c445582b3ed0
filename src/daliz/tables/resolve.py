"""Resolve the tables of a package for a day or a year under named changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import DataError, PlaceError, did_you_mean
from daliz.tables.figures import Cell, Figures
from daliz.tables.schema import schema
from daliz.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables.period import Day, Period
    from daliz.tables.table import Array

NOT_FIGURES = ("evidence", "sources", "grades", "observations")
OPEN_ENOUGH = 0.5
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Resolved:
    """Hold tables as they stand in one period.

    Attributes
    ----------
    tables
        Each table with rows in force only, dated cells averaged by days, blanks inherited.
    open_share
        Share of the period for which each kept row exists, by table.
    cells
        For each table and figure column the position in `figures` of every row, -1 where blank.
    figures
        All figures with their intervals.
    changes
        The changes applied, by cell.
    """

    tables: dict[str, Table]
    open_share: dict[str, Array]
    cells: dict[tuple[str, str], Array]
    figures: Figures
    changes: dict[Cell, list[dict[str, Any]]]


@dataclass(frozen=True)
class Change:
    """Hold one change with the days between which it is in force."""

    id: str
    cell: Cell
    op: str
    value: float
    start: Day
    end: Day

    def active(self, day: Day) -> bool:
        """Tell whether it is in force on a day."""
        return (np.isnat(self.start) or day >= self.start) and (np.isnat(self.end) or day < self.end)


def gather_changes(store: Mapping[str, Table], added: Iterable[str], removed: Iterable[str]) -> list[Change]:
    """Collect the changes that apply: history by its dates, then the added sets whatever their dates.

    Raises
    ------
    PlaceError
        If a named set is unknown.
    DataError
        If two changes of the added sets set the same cell.
    """
    sets = store["change_sets"]
    added, removed = list(added), set(removed)
    for name in [*added, *removed]:
        if name not in sets.position:
            hint = did_you_mean(name, sets.position)
            raise PlaceError(f"There is no project, event or policy named {name!r}.{hint} `daliz changes` lists them.")
    history = [r["id"] for r in sets.rows() if r["history"] and r["id"] not in removed and r["id"] not in added]
    order = {name: i for i, name in enumerate(history + added)}
    rows = sorted(
        (r for r in store["changes"].rows() if r["set_id"] in order),
        key=lambda r: (order[r["set_id"]], str(r["from_date"])),
    )
    found = []
    setters: dict[Cell, str] = {}
    for row in rows:
        timeless = row["set_id"] in added
        cell = Cell(row["table"], row["row_id"], row["column"])
        if timeless and row["op"] == "set":
            if setters.get(cell, row["set_id"]) != row["set_id"]:
                raise DataError(
                    f"{row['set_id']} and {setters[cell]} both set {cell}; add only one of them, or make one multiply."
                )
            setters[cell] = row["set_id"]
        found.append(
            Change(row["id"], cell, row["op"], row["value"], *( (NEVER, NEVER) if timeless else
                   (np.datetime64(row["from_date"], "D"), _day(row["to_date"]))))
        )
    return found


def _day(value: Any) -> Day:
    return NEVER if value is None else np.datetime64(value, "D")


def resolve(store: Mapping[str, Table], period: Period, changes: list[Change]) -> Resolved:
    """Resolve all tables for a period.

    A cell takes its dated evidence, then the changes in their order, day by day; a year is the mean over its
    days. A row is in force if it exists on at least half of the days.
    """
    applied: dict[Cell, list[dict[str, Any]]] = defaultdict(list)
    spans: dict[tuple[str, str], list[Change]] = defaultdict(list)
    cell_changes: dict[Cell, list[Change]] = defaultdict(list)
    for change in changes:
        if change.op in {"open", "close"}:
            spans[change.cell.table, change.cell.row].append(change)
        else:
            cell_changes[change.cell].append(change)
        if period.covers(change.start, change.end) > 0:
            applied[change.cell].append({"change": change.id, "op": change.op, "value": change.value})
    dated = _dated_evidence(store["evidence"])
    tables: dict[str, Table] = {}
    shares: dict[str, Array] = {}
    for name in schema():
        if name in NOT_FIGURES:
            continue
        table = _with_cells(store[name], period, dated, cell_changes)
        share = _open_share(table, period, spans)
        tables[name], shares[name] = (
            (table.take(share >= OPEN_ENOUGH), share[share >= OPEN_ENOUGH]) if (share < OPEN_ENOUGH).any() else (table, share)
        )
    figures = _figures(tables, store, period, cell_changes)
    tables, cells = _inherit(tables, figures)
    tables, figures = _move_rates(tables, figures, period.year)
    return Resolved(tables, shares, cells, figures, dict(applied))


def _dated_evidence(evidence: Table) -> dict[Cell, list[tuple[Day, Day, float]]]:
    dated = evidence["used"] & ~(np.isnat(evidence["from_date"]) & np.isnat(evidence["to_date"]))
    found: dict[Cell, list[tuple[Day, Day, float]]] = defaultdict(list)
    for i in np.flatnonzero(dated):
        cell = Cell(evidence["table"][i], evidence["row_id"][i], evidence["column"][i])
        found[cell].append((evidence["from_date"][i], evidence["to_date"][i], float(evidence["value"][i])))
    return found


def _with_cells(
    table: Table,
    period: Period,
    dated: dict[Cell, list[tuple[Day, Day, float]]],
    changes: dict[Cell, list[Change]],
) -> Table:
    touched = {c for c in (*dated, *changes) if c.table == table.name}
    if not touched:
        return table
    columns: dict[str, Array] = {}
    for cell in touched:
        if cell.row not in table.position or cell.column not in table.schema.columns:
            continue
        values = columns.setdefault(cell.column, table[cell.column].copy())
        i = table.position[cell.row]
        values[i] = _cell_mean(table, cell, float(values[i]), period, dated.get(cell, []), changes.get(cell, []))
    return table.replace(**columns)


def _cell_mean(
    table: Table, cell: Cell, base: float, period: Period, rows: list[tuple[Day, Day, float]], changes: list[Change]
) -> float:
    inherited = table.schema.columns[cell.column].inherits
    if np.isnan(base) and not rows and changes and changes[0].op != "set" and inherited:
        raise DataError(
            f"Change {changes[0].id} would {changes[0].op} {cell}, which is blank and inherits {inherited}; "
            "change the class row, or give the row a figure of its own."
        )

    def on(day: Day) -> float:
        value = base
        for start, end, figure in rows:
            if (np.isnat(start) or day >= start) and (np.isnat(end) or day < end):
                value = figure
        for change in changes:
            if change.active(day):
                value = {"set": change.value, "add": value + change.value, "multiply": value * change.value}[change.op]
        return value

    dates = [d for start, end, _ in rows for d in (start, end)] + [d for c in changes for d in (c.start, c.end)]
    return period.mean(dates, on)


def _open_share(table: Table, period: Period, spans: dict[tuple[str, str], list[Change]]) -> Array:
    share = np.ones(len(table))
    if "from_date" not in table.schema.columns or table.name == "changes":
        own = np.zeros(len(table), dtype=bool)
    else:
        own = ~(np.isnat(table["from_date"]) & np.isnat(table["to_date"]))
    named = {row for name, row in spans if name == table.name}
    for i in np.flatnonzero(own | np.isin(table.ids.astype(str), list(named) or [""])):
        changes = spans.get((table.name, str(table.ids[i])), [])
        start, end = (table["from_date"][i], table["to_date"][i]) if own[i] else (NEVER, NEVER)

        def exists(day: Day, start: Day = start, end: Day = end, changes: list[Change] = changes) -> float:
            there = (np.isnat(start) or day >= start) and (np.isnat(end) or day < end)
            for change in changes:
                if change.active(day):
                    there = change.op == "open"
            return float(there)

        share[i] = period.mean([start, end, *(d for c in changes for d in (c.start, c.end))], exists)
    return share


def _figures(
    tables: dict[str, Table], store: Mapping[str, Table], period: Period, changes: dict[Cell, list[Change]]
) -> Figures:
    cells: list[Cell] = []
    values: list[float] = []
    for name, table in tables.items():
        for column in table.schema.figures:
            column_values = table[column]
            filled = np.flatnonzero(~np.isnan(column_values))
            cells += [Cell(name, str(r), column) for r in table.ids[filled]]
            values += column_values[filled].tolist()
    index = {cell: i for i, cell in enumerate(cells)}
    value = np.array(values, dtype=np.float64)
    low, high = value.copy(), value.copy()
    uniform, fixed = np.zeros(len(cells), dtype=bool), np.zeros(len(cells), dtype=bool)
    group_name = [f"#{i}" for i in range(len(cells))]
    carriers = {Cell("changes", c.id, "value"): cell for cell, some in changes.items() for c in some
                if c.op == "set" and period.covers(c.start, c.end) >= OPEN_ENOUGH}
    for row, low_factor, high_factor in _intervals(store, period):
        cell = Cell(row["table"], row["row_id"], row["column"])
        for target in {cell, carriers.get(cell, cell)}:
            i = index.get(target)
            if i is None:
                continue
            low[i], high[i] = sorted((value[i] * low_factor, value[i] * high_factor))
            uniform[i], fixed[i] = row["distribution"] == "uniform", row["distribution"] == "fixed"
            group_name[i] = row["group"] or f"#{index[target]}"
    _, group = np.unique(np.array(group_name, dtype=str), return_inverse=True)
    return Figures(cells, value, low, high, group.astype(np.int64), uniform, fixed, index)


def _intervals(store: Mapping[str, Table], period: Period) -> list[tuple[dict[str, Any], float, float]]:
    """Give each used evidence row of the period with its low and high end as factors on the value."""
    evidence, grades = store["evidence"], store["grades"]
    found = []
    names = ("table", "row_id", "column", "distribution", "group", "grade")
    keep = np.flatnonzero(evidence["used"])
    middle = period.start + (period.end - period.start) // 2
    start, end = evidence["from_date"], evidence["to_date"]
    for i in keep:
        if not (np.isnat(start[i]) or middle >= start[i]) or not (np.isnat(end[i]) or middle < end[i]):
            continue
        row = {n: evidence[n][i] for n in names}
        value, low, high = (float(evidence[n][i]) for n in ("value", "low", "high"))
        j = grades.position.get(row["grade"])
        low_factor = low / value if value and not np.isnan(low) else (float(grades["low_factor"][j]) if j is not None else 1.0)
        high_factor = (
            high / value if value and not np.isnan(high) else (float(grades["high_factor"][j]) if j is not None else 1.0)
        )
        found.append((row, low_factor, high_factor))
    return found


def _inherit(tables: dict[str, Table], figures: Figures) -> tuple[dict[str, Table], dict[tuple[str, str], Array]]:
    cells: dict[tuple[str, str], Array] = {}
    for name, table in tables.items():
        for column in table.schema.figures:
            at = np.full(len(table), -1, dtype=np.int64)
            for i in np.flatnonzero(~np.isnan(table[column])):
                at[i] = figures.index[Cell(name, str(table.ids[i]), column)]
            cells[name, column] = at
    result = dict(tables)
    for name, table in tables.items():
        filled: dict[str, Array] = {}
        for column in table.schema.columns.values():
            if not column.inherits:
                continue
            reference, _, source_column = column.inherits.partition(".")
            source = tables[table.schema.columns[reference].references]
            values, at = table[column.name].copy(), cells[name, column.name]
            source_at = cells[source.name, source_column]
            for i in np.flatnonzero(at < 0):
                j = source.position.get(str(table[reference][i]))
                if j is not None and source_at[j] >= 0:
                    values[i], at[i] = source[source_column][j], source_at[j]
            filled[column.name] = values
        if filled:
            result[name] = table.replace(**filled)
    return result, cells


def _move_rates(tables: dict[str, Table], figures: Figures, year: int) -> tuple[dict[str, Table], Figures]:
    """Move rates from the year of their prices to the year of the network by their index."""
    rates, indices = tables["rates"], tables["indices"]
    if not len(rates):
        return tables, figures
    known = {(str(s), int(y)): v for s, y, v in zip(indices["series"], indices["year"], indices["value"], strict=True)}
    factors = np.ones(len(rates))
    for i, (series, base) in enumerate(zip(rates["index_id"], rates["price_year"], strict=True)):
        if series and int(base) != year:
            missing = [y for y in (int(base), year) if (str(series), y) not in known]
            if missing:
                raise DataError(
                    f"indices has no value of series {series!r} for {missing[0]}, which rate {rates.ids[i]} needs; add the row."
                )
            factors[i] = known[str(series), year] / known[str(series), int(base)]
    value, low, high = figures.value.copy(), figures.low.copy(), figures.high.copy()
    for column in ("usd_fixed", "usd_per_km"):
        for i, row_id in enumerate(rates.ids):
            j = figures.index.get(Cell("rates", str(row_id), column))
            if j is not None:
                for array in (value, low, high):
                    array[j] *= factors[i]
    moved = Figures(figures.cells, value, low, high, figures.group, figures.uniform, figures.fixed, figures.index)
    columns = {c: rates[c] * factors for c in ("usd_fixed", "usd_per_km")}
    return tables | {"rates": rates.replace(**columns)}, moved
