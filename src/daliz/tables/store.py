"""Keep the tables of a package, read from disk when first asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import CheckError, DataError
from daliz.tables.read import read_table
from daliz.tables.schema import schema
from daliz.tables.table import Table
from daliz.tables.cells import cell_text
from daliz.tables.write import DESCRIPTOR

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from daliz.tables.faults import Fault

EMBEDDED = ("eurasia",)


class Store(Mapping[str, Table]):
    """Hold the tables of one package; a table that has no file is empty."""

    def __init__(
        self, descriptor: Mapping[str, Any], folder: Path | Traversable | None, tables: Mapping[str, Table]
    ) -> None:
        self.descriptor = dict(descriptor)
        self._folder = folder
        self._tables = dict(tables)

    def __getitem__(self, name: str) -> Table:
        if name not in schema():
            raise KeyError(name)
        if name not in self._tables:
            table, faults = self.read(name)
            if faults:
                more = f" ({len(faults) - 1} more in this file)" if len(faults) > 1 else ""
                raise CheckError(f"{faults[0]}{more} Run `daliz check` on the package to see all faults.")
            self._tables[name] = table
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(schema())

    def __len__(self) -> int:
        return len(schema())

    def read(self, name: str) -> tuple[Table, list[Fault]]:
        """Read one table with its faults."""
        if name in self._tables or self._folder is None:
            return self._tables.get(name, Table(name, {})), []
        path = self._folder.joinpath(f"{name}.csv")
        if not path.is_file():
            return Table(name, {}), []
        return read_table(path, name)

    def replace(self, **tables: Table) -> Store:
        """Give a store with some tables exchanged."""
        return Store(self.descriptor, self._folder, self._tables | tables)

    def digest(self) -> str:
        """Compute the SHA-256 of all cells, the same for the same content wherever it lies."""
        total = hashlib.sha256()
        for name in schema():
            table = self[name]
            total.update(f"\x1d{name}".encode())
            for column, values in table.columns.items():
                kind = table.schema.columns[column].type
                total.update(f"\x1e{column}\x1f".encode())
                total.update("\x1f".join(cell_text(v, kind) for v in values).encode())
        return total.hexdigest()


def open_store(name_or_path: str | Path) -> Store:
    """Open an embedded package by name or a folder by path.

    Raises
    ------
    DataError
        If there is no such package, the folder is no package, or its descriptor cannot be read.
    """
    folder: Path | Traversable
    if str(name_or_path) in EMBEDDED:
        folder = resources.files("daliz").joinpath(str(name_or_path))
    else:
        folder = Path(name_or_path)
        if not folder.is_dir():
            known = ", ".join(EMBEDDED)
            raise DataError(
                f"{name_or_path} is neither an embedded package ({known}) nor a folder; check the path."
            )
    path = folder.joinpath(DESCRIPTOR)
    if not path.is_file():
        raise DataError(
            f"{name_or_path} holds no {DESCRIPTOR}, so it is no package; see docs/data.md for how to make one."
        )
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8"))
        years = descriptor["years"]
        if not years["first"] <= years["observed"] <= years["last"]:
            raise ValueError("years must hold first <= observed <= last")
        _ = descriptor["name"], descriptor["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} cannot be used ({error}); it needs name, version and years with first, observed and last."
        ) from error
    return Store(descriptor, folder, {})


def describe(store: Store) -> str:
    """Write the Frictionless descriptor of a store as JSON text."""
    kinds = {
        "id": "string",
        "ref": "string",
        "text": "string",
        "choice": "string",
        "list": "string",
        "wkt": "string",
    }
    found = []
    for name, table in schema().items():
        fields = [
            {"name": c.name, "type": kinds.get(c.type, c.type), "description": c.description}
            | ({"unit": c.unit} if c.unit else {})
            for c in table.columns.values()
        ]
        if len(store[name]):
            found.append(
                {"name": name, "path": f"{name}.csv", "schema": {"fields": fields, "primaryKey": table.key}}
            )
    descriptor = {k: v for k, v in store.descriptor.items() if k != "resources"} | {"resources": found}
    return json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n"
