"""Hold one table as immutable typed columns."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from daliz.errors import PlaceError, did_you_mean
from daliz.tables.schema import TableSchema, schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

Array = npt.NDArray[Any]
DTYPES: dict[str, Any] = {
    "number": np.float64,
    "integer": np.float64,
    "boolean": np.bool_,
    "date": "datetime64[D]",
}


class Table:
    """Hold typed columns of one table; never changed in place.

    Numbers are float64 with NaN for a blank cell, dates datetime64[D] with NaT, flags bool, the rest str
    with "" for a blank cell.

    Parameters
    ----------
    name
        Name of the table in the schema.
    columns
        One array per column of the schema; missing optional columns are filled with blanks.

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
        self.schema: TableSchema = schema()[name]
        count = len(next(iter(columns.values()))) if columns else 0
        self._columns: dict[str, Array] = {}
        for column in self.schema.columns.values():
            values = columns.get(column.name)
            if values is None:
                values = blanks(column.type, count)
            values.flags.writeable = False
            self._columns[column.name] = values

    @classmethod
    def from_rows(cls, name: str, rows: Sequence[Mapping[str, Any]]) -> Table:
        """Make a table from rows of plain values; absent cells are blank."""
        columns: dict[str, Array] = {}
        for column in schema()[name].columns.values():
            values = blanks(column.type, len(rows))
            for i, row in enumerate(rows):
                if row.get(column.name) not in (None, ""):
                    values[i] = row[column.name]
            columns[column.name] = values
        return cls(name, columns)

    def __len__(self) -> int:
        return len(self._columns[self.schema.key])

    def __getitem__(self, column: str) -> Array:
        return self._columns[column]

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} row{'s' if len(self) != 1 else ''}>"

    @property
    def columns(self) -> dict[str, Array]:
        """Give the columns by name."""
        return dict(self._columns)

    @property
    def ids(self) -> Array:
        """Give the key column."""
        return self._columns[self.schema.key]

    @functools.cached_property
    def position(self) -> dict[str, int]:
        """Map each id to its row number."""
        return {str(k): i for i, k in enumerate(self.ids)}

    def row(self, row_id: str) -> dict[str, Any]:
        """Give one row as a dict.

        Raises
        ------
        PlaceError
            If there is no such row; the message suggests near ids.
        """
        if row_id not in self.position:
            hint = did_you_mean(row_id, self.position)
            raise PlaceError(f"{self.name} has no row {row_id!r}.{hint}")
        i = self.position[row_id]
        return {name: values[i] for name, values in self._columns.items()}

    def rows(self) -> list[dict[str, Any]]:
        """Give all rows as dicts."""
        names = list(self._columns)
        return [
            dict(zip(names, cells, strict=True))
            for cells in zip(*(self._columns[n].tolist() for n in names), strict=True)
        ]

    def take(self, keep: Array) -> Table:
        """Give the rows chosen by a mask or by positions."""
        return Table(self.name, {n: v[keep] for n, v in self._columns.items()})

    def replace(self, **columns: Array) -> Table:
        """Give a table with some columns exchanged."""
        return Table(self.name, self._columns | columns)

    @functools.cached_property
    def frame(self) -> pd.DataFrame:
        """Give the table as a pandas DataFrame indexed by its key; a copy."""
        import pandas as pd

        return pd.DataFrame({n: v.copy() for n, v in self._columns.items()}).set_index(self.schema.key)


def blanks(kind: str, count: int) -> Array:
    """Make an array of blank cells of a column type."""
    if kind in {"number", "integer"}:
        return np.full(count, np.nan)
    if kind == "boolean":
        return np.zeros(count, dtype=np.bool_)
    if kind == "date":
        return np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
    return np.full(count, "", dtype=object)
