"""Show the evidence behind a figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.tables.figures import Cell
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from daliz.tables.network import Network

OWN = "grade: the user's own figure, without evidence and range"


@dataclass(frozen=True)
class Reason:
    """Evidence and arithmetic of one figure.

    Attributes
    ----------
    cell, root
        The cell asked for, and the cell that holds the figure if the first inherits it.
    value, low, high, unit
        The figure in force with its interval.
    evidence
        Rows of evidence with the title and address of their source, those in force first; none for a
        figure of the user's own.
    changes
        Changes of scenarios and events applied to it.
    note
        What else was done to it, such as the move of a rate to another year.
    """

    cell: Cell
    root: Cell
    value: float
    low: float
    high: float
    unit: str
    evidence: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    note: str = ""

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        lines = [f"{self.cell} = {self.value:g}{unit} (from {self.low:g} to {self.high:g})"]
        if self.root != self.cell:
            lines.append(f"  inherited from {self.root}")
        lines += [f"  {self.note}"] if self.note else []
        for row in self.evidence:
            lines += _lines(row)
        lines += [f"  changed by {c['change']}: {c['op']} {c['value']:g}" for c in self.changes]
        return "\n".join(lines)


def _lines(row: dict[str, Any]) -> list[str]:
    span = " to ".join(str(d) if d else "..." for d in (row["from_date"], row["to_date"]))
    when = f" for {span}" if row["from_date"] or row["to_date"] else ""
    year = f", {row['year']:.0f}" if not np.isnan(row["year"]) else ""
    mark = "used" if row["used"] else "not used"
    lines = [f"  {row['value']:g} {row['unit']}{when}: {row['grade']}{year}, {mark}"]
    lines += [f"    arithmetic: {row['arithmetic']}"] if row["arithmetic"] else []
    lines.append(f"    source {row['source_id']}: {row['title']}")
    lines += [f"    {row['address']}"] if row["address"] else []
    lines += [f"    note: {row['note']}"] if row["note"] else []
    return lines


def parse_cell(network: Network, text: str) -> Cell:
    """Read `table.row.column` as a cell.

    Raises
    ------
    QueryError
        If the text has not three parts or the column holds no figure.
    PlaceError
        If the table, row or column is unknown.
    """
    parts = text.split(".")
    if len(parts) != 3:
        raise QueryError(
            f"{text!r} does not name a cell; write table.row.column such as speeds.rail-kz.speed_km_h."
        )
    table, row, column = parts
    if table not in schema():
        raise PlaceError(f"There is no table {table!r}.{did_you_mean(table, schema())}")
    if column not in schema()[table].columns:
        raise PlaceError(f"{table} has no column {column!r}.{did_you_mean(column, schema()[table].columns)}")
    if not schema()[table].columns[column].figure:
        raise QueryError(
            f"{table}.{column} is not a figure; {', '.join(schema()[table].figures) or 'none'} are."
        )
    network.store[table].row(row)
    return Cell(table, row, column)


def why(network: Network, cell: str) -> Reason:
    """Show value, interval, evidence and arithmetic of one figure of a network.

    Parameters
    ----------
    network
        The network; its year decides which dated figure is in force.
    cell
        `table.row.column`.

    Raises
    ------
    PlaceError, QueryError
        If the cell does not exist, holds no figure, is blank or is not in force in this period.

    Examples
    --------
    >>> import daliz
    >>> print(str(why(daliz.open("eurasia"), "grids.kz.g_co2e_kwh")).splitlines()[0])
    grids.kz.g_co2e_kwh = 821 g/kWh (from ... to ...)
    """
    asked = parse_cell(network, cell)
    resolved = network.resolved
    table = resolved.tables[asked.table]
    if asked.row not in table.position:
        raise QueryError(f"{asked.table}.{asked.row} is not in force in {network.year}; choose another year.")
    i = int(resolved.cells[asked.table, asked.column][table.position[asked.row]])
    if i < 0:
        raise QueryError(f"{asked} is blank: no figure is known.")
    figures = resolved.figures
    root = figures.cells[i]
    unit = schema()[root.table].columns[root.column].unit
    return Reason(
        asked,
        root,
        float(figures.value[i]),
        float(figures.low[i]),
        float(figures.high[i]),
        unit,
        [] if root in resolved.own else _evidence(network, root),
        resolved.changes.get(asked, []) + (resolved.changes.get(root, []) if root != asked else []),
        _note(network, root),
    )


def _evidence(network: Network, root: Cell) -> list[dict[str, Any]]:
    evidence, sources = network.store["evidence"], network.store["sources"]
    cells = [root] + [Cell("changes", c["change"], "value") for c in network.resolved.changes.get(root, [])]
    rows = []
    for cell in cells:
        match = (
            (evidence["table"] == cell.table)
            & (evidence["row_id"] == cell.row)
            & (evidence["column"] == cell.column)
        )
        for row in evidence.take(match).rows():
            source = (
                sources.row(row["source_id"])
                if row["source_id"] in sources.position
                else {"title": "", "address": ""}
            )
            rows.append(row | {"title": source["title"], "address": source["address"]})
    middle = str(network.period.start + (network.period.end - network.period.start) // 2)

    def rank(row: dict[str, Any]) -> tuple[bool, bool]:
        start, end = str(row["from_date"] or ""), str(row["to_date"] or "9999")
        return (not row["used"], not start <= middle < end)

    return sorted(rows, key=rank)


def _note(network: Network, root: Cell) -> str:
    """Explain that a figure is the user's own, and how a rate was moved to the year of the network."""
    notes = [OWN] if root in network.resolved.own else []
    moved = _move(network, root) if root.table == "rates" else ""
    return "; ".join([*notes, moved] if moved else notes)


def _move(network: Network, root: Cell) -> str:
    """Explain how a rate was moved from the year of its prices to the year of the network."""
    row, indices = network.store["rates"].row(root.row), network.table("indices")
    series, base = row["index_id"], row["price_year"]
    if not series or base == network.year:
        return ""
    keys = zip(indices["series"].tolist(), indices["year"].tolist(), strict=True)
    value = dict(zip(keys, indices["value"].tolist(), strict=True))
    factor = value[series, network.year] / value[series, base]
    return f"moved from {base:.0f} to {network.year} by index {series}: x {factor:.4f}"
