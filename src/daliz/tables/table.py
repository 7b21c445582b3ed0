"""One table as immutable typed columns."""

from __future__ import annotations

import datetime as dt
import functools
import math
from typing import TYPE_CHECKING, Any, SupportsFloat

import numpy as np

from daliz.errors import DataError, PlaceError, did_you_mean
from daliz.tables.cells import Array, blanks, parse_cell_text, unwritten
from daliz.tables.schema import TableSchema, schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from daliz.tables.schema import Column

__all__ = ["OWN_COLUMN", "Array", "Table"]
OWN_COLUMN = "x_"
WANTED = {"number": "a number", "integer": "a number", "date": "a date", "boolean": "True or False"}


class Table:
    """Typed columns of one table; never changed in place.

    Numbers are float64 with NaN for a blank cell, dates datetime64[D] with NaT, flags bool, the rest str
    with "" for a blank cell.

    Parameters
    ----------
    name
        Name of the table in the schema.
    columns
        One array per column of the schema; missing optional columns have their default, or are blank.

    Examples
    --------
    >>> grids = Table.from_rows("grids", [{"id": "kz", "country": "KZ", "g_co2e_kwh": 821.0}])
    >>> grids
    <grids: 1 row>
    >>> grids.row("kz")["g_co2e_kwh"]
    821.0
    """

    def __init__(self, name: str, columns: Mapping[str, Array]) -> None:
        self.name = name
        self.schema: TableSchema = _schema_of(name)
        count = len(next(iter(columns.values()))) if columns else 0
        self._columns: dict[str, Array] = {}
        for column in self.schema.columns.values():
            values = columns.get(column.name)
            self._columns[column.name] = _frozen(unwritten(column, count) if values is None else values)
        for own, values in columns.items():
            if own.startswith(OWN_COLUMN):
                self._columns[own] = _frozen(values)
            elif own not in self.schema.columns:
                raise DataError(f"{name} has no column {own!r}.{did_you_mean(own, self.schema.columns)}")
        uneven = [n for n, v in self._columns.items() if len(v) != count]
        if uneven:
            raise DataError(
                f"Column {uneven[0]} of {name} has {len(self._columns[uneven[0]])} cells, not {count}."
            )

    @classmethod
    def from_rows(cls, name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
        """Make a table from rows of plain values; absent cells are blank or the default of the column.

        Raises
        ------
        DataError
            If the table or a column is unknown, or a value is not of the type of its column.

        Examples
        --------
        >>> Table.from_rows("grids", [{"id": "kz", "g_co2e_kwh": "821,0"}])
        Traceback (most recent call last):
        daliz.errors.DataError: grids, row kz, column g_co2e_kwh: '821,0' must be a number in g/kWh; ...
        """
        table = _schema_of(name)
        names = dict.fromkeys(column for row in rows for column in row)
        columns: dict[str, Array] = {
            own: np.array([str(row.get(own, "")) for row in rows], dtype=object)
            for own in names
            if own.startswith(OWN_COLUMN)
        }
        unknown = [n for n in names if n not in table.columns and n not in columns]
        if unknown:
            raise DataError(f"{name} has no column {unknown[0]!r}.{did_you_mean(unknown[0], table.columns)}")
        for column in table.columns.values():
            values = blanks(column.type, len(rows))
            for i, row in enumerate(rows):
                value = row.get(column.name)
                if value is None or (isinstance(value, str) and not value.strip()):
                    value = column.default
                if not (isinstance(value, str) and not value):
                    values[i] = _plain_cell(value, column, str(row.get(table.key, i + 1)))
            columns[column.name] = values
        return cls(name, columns or {table.key: blanks("id", len(rows))})

    def __len__(self) -> int:
        return len(self._columns[self.schema.key])

    def __getitem__(self, column: str) -> Array:
        return self._columns[column]

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} row{'s' if len(self) != 1 else ''}>"

    @property
    def columns(self) -> dict[str, Array]:
        """Return the columns by name."""
        return dict(self._columns)

    def kind(self, column: str) -> str:
        """Return the type of a column; columns that the schema does not have are text."""
        return self.schema.columns[column].type if column in self.schema.columns else "text"

    @property
    def ids(self) -> Array:
        """Return the key column."""
        return self._columns[self.schema.key]

    @functools.cached_property
    def position(self) -> dict[str, int]:
        """Map each id to its row number."""
        return {str(k): i for i, k in enumerate(self.ids)}

    def row(self, row_id: str) -> dict[str, Any]:
        """Return one row as a dict of plain values.

        Raises
        ------
        PlaceError
            If there is no such row; the message suggests near ids.
        """
        if row_id not in self.position:
            hint = did_you_mean(row_id, self.position)
            raise PlaceError(f"{self.name} has no row {row_id!r}.{hint}")
        i = self.position[row_id]
        return {name: values[i : i + 1].tolist()[0] for name, values in self._columns.items()}

    def rows(self) -> list[dict[str, Any]]:
        """Return all rows as dicts of plain values; a date that is not known is None."""
        names = list(self._columns)
        return [
            dict(zip(names, cells, strict=True))
            for cells in zip(*(self._columns[n].tolist() for n in names), strict=True)
        ]

    def take(self, keep: Array) -> Table:
        """Return the rows chosen by a mask or by positions."""
        return Table(self.name, {n: v[keep] for n, v in self._columns.items()})

    def replace(self, **columns: Array) -> Table:
        """Return a table with some columns exchanged."""
        return Table(self.name, self._columns | columns)

    @property
    def frame(self) -> pd.DataFrame:
        """Return the table as a pandas DataFrame indexed by its key; a copy."""
        import pandas as pd

        return pd.DataFrame({n: v.copy() for n, v in self._columns.items()}).set_index(self.schema.key)


def _schema_of(name: str) -> TableSchema:
    if name not in schema():
        raise DataError(f"There is no table {name!r}; the tables are {', '.join(schema())}.")
    return schema()[name]


def _frozen(values: Array) -> Array:
    """Return an array that nobody can write to; the array of a caller is copied, not locked."""
    if values.flags.writeable:
        values = values.copy()
        values.flags.writeable = False
    return values


def _plain_cell(value: Any, column: Column, row: str) -> Any:
    """Take a plain value into a column, or read it if it is text."""
    try:
        text = _as_text(value, column)
        return parse_cell_text(text, column) if text else np.nan
    except (TypeError, ValueError) as error:
        wanted = str(error).removeprefix("must be ")
    raise DataError(f"{column.table}, row {row}, column {column.name}: {value!r} must be {wanted}.")


def _as_text(value: Any, column: Column) -> str:
    """Write a plain value as its column has it in a file; a number that is not known is blank."""
    if isinstance(value, str):
        return value.strip()
    if column.numeric and isinstance(value, SupportsFloat) and not isinstance(value, bool):
        return "" if math.isnan(value) else repr(float(value))
    if column.type == "boolean" and isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if column.type == "date" and isinstance(value, dt.date | np.datetime64):
        return str(value)[:10]
    if column.type == "list" and isinstance(value, list | tuple):
        return " ".join(map(str, value))
    raise TypeError(f"{WANTED.get(column.type, 'text')}; correct it")
