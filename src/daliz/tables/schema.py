"""Schema of every table and column, itself read from a table, `schema.csv`."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Column:
    """One column: type, unit, bounds, reference and where a blank cell inherits from.

    Attributes
    ----------
    allowed
        All values that a cell may have; empty for any.
    words
        Values that the program itself knows, such as the ids of rows that verbs look up by name.
    """

    table: str
    name: str
    type: str
    unit: str
    required: bool
    key: bool
    references: str
    allowed: tuple[str, ...]
    words: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    default: str
    inherits: str
    figure: bool
    description: str

    @property
    def numeric(self) -> bool:
        """Return whether cells are numbers."""
        return self.type in {"number", "integer"}


@dataclass(frozen=True, slots=True)
class TableSchema:
    """Schema of one table."""

    name: str
    columns: dict[str, Column]
    key: str

    @property
    def label(self) -> str:
        """Return the column that names a row in a file: the key, or the first column that is written."""
        return next(c.name for c in (self.columns[self.key], *self.columns.values()) if c.type != "made")

    @property
    def figures(self) -> tuple[str, ...]:
        """List the columns that hold figures about the world, which need evidence."""
        return tuple(c.name for c in self.columns.values() if c.figure)


def _column(row: dict[str, str]) -> Column:
    return Column(
        table=row["table"],
        name=row["column"],
        type=row["type"],
        unit=row["unit"],
        required=row["required"] == "yes",
        key=row["key"] == "yes",
        references=row["references"],
        allowed=tuple(row["allowed"].split()),
        words=tuple(row["words"].split()),
        minimum=float(row["minimum"]) if row["minimum"] else None,
        maximum=float(row["maximum"]) if row["maximum"] else None,
        default=row["default"],
        inherits=row["inherits"],
        figure=row["figure"] == "yes",
        description=row["description"],
    )


@functools.cache
def schema() -> dict[str, TableSchema]:
    """Read the schema of all tables, in the order of `schema.csv`.

    Examples
    --------
    >>> schema()["links"].columns["length_km"].unit
    'km'
    """
    text = resources.files("daliz.tables").joinpath("schema.csv").read_text(encoding="utf-8")
    tables: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = _column(row)
        tables.setdefault(column.table, {})[column.name] = column
    return {
        name: TableSchema(name, columns, next(c.name for c in columns.values() if c.key))
        for name, columns in tables.items()
    }
