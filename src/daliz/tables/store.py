"""Store of the tables of a package, read from disk when first asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import CheckError, DataError, did_you_mean
from daliz.tables.cells import cell_text
from daliz.tables.read import read_table
from daliz.tables.schema import schema
from daliz.tables.table import OWN_COLUMN, Table
from daliz.tables.write import DESCRIPTOR

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from daliz.tables.faults import Fault

LAST_YEAR = 9998
EMBEDDED_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Store(Mapping[str, Table]):
    """Tables of one package; a table that has no file is empty."""

    def __init__(
        self, descriptor: Mapping[str, Any], folder: Path | Traversable | None, tables: Mapping[str, Table]
    ) -> None:
        self.descriptor = dict(descriptor)
        self._folder = folder
        self._tables = dict(tables)
        self._made: dict[str, Any] = {}

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Compute what hangs on this package alone when it is first asked for; it is left out of a pickle."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_made": {}}

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

    def strangers(self) -> list[str]:
        """List the CSV files of the folder that are no table, except those that begin with x_."""
        if self._folder is None:
            return []
        names = sorted(path.name for path in self._folder.iterdir() if path.name.endswith(".csv"))
        return [n for n in names if n.removesuffix(".csv") not in schema() and not n.startswith(OWN_COLUMN)]

    def files(self, name: str) -> dict[str, str]:
        """Return the texts of the files in a folder of the package by name; none where there is no such folder.

        Raises
        ------
        DataError
            If a file cannot be read as UTF-8.
        """
        return dict(self.once(f"files {name}", lambda: self._files(name)))

    def _files(self, name: str) -> dict[str, str]:
        folder = None if self._folder is None else self._folder.joinpath(name)
        if folder is None or not folder.is_dir():
            return {}
        found = {}
        for path in sorted(folder.iterdir(), key=lambda p: p.name):
            if path.is_file() and not path.name.startswith("."):
                try:
                    found[path.name] = path.read_text(encoding="utf-8-sig")
                except (OSError, UnicodeDecodeError) as error:
                    raise DataError(
                        f"{name}/{path.name} cannot be read: {error}; save it as UTF-8."
                    ) from error
        return found

    def replace(self, **tables: Table) -> Store:
        """Return a store with some tables exchanged."""
        return Store(self.descriptor, self._folder, self._tables | tables)

    def digest(self) -> str:
        """Compute the SHA-256 of all cells, the same for the same content wherever it lies."""
        return str(self.once("digest", self._digest))

    def _digest(self) -> str:
        total = hashlib.sha256()
        for name in schema():
            table = self[name]
            total.update(f"\x1d{name}".encode())
            for column, values in table.columns.items():
                kind = table.kind(column)
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
    folder = _folder(name_or_path)
    path = folder.joinpath(DESCRIPTOR)
    if not path.is_file():
        raise DataError(
            f"{name_or_path} holds no {DESCRIPTOR}, so it is no package; see docs/data.md for how to "
            "make one."
        )
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8-sig"))
        _look_over(descriptor)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise DataError(
            f"{path} cannot be used ({reason}); it needs name, version and years with first, "
            "observed and last."
        ) from error
    return Store(descriptor, folder, {})


def _folder(name_or_path: str | Path) -> Path | Traversable:
    # A Path is always a folder, so that a folder of one's own may bear the name of an embedded package.
    if isinstance(name_or_path, str) and name_or_path:
        # the folder is looked for by its name alone: no list is read where it is there
        embedded = _embedded_folder(name_or_path)
        if embedded is not None:
            return embedded
    try:
        found = Path(name_or_path).is_dir()
    except (OSError, ValueError):
        found = False
    if not found:
        known = embedded_names()
        raise DataError(
            f"{str(name_or_path)!r} is neither an embedded package ({', '.join(known)}) nor a folder; check the "
            f"path, or make a package of your own by `daliz new`.{did_you_mean(str(name_or_path), known)}"
        )
    return Path(name_or_path)


def embedded_names() -> tuple[str, ...]:
    """List the names of the packages that come with Daliz, in alphabetical order.

    They are the folders beside the code that hold a descriptor; `-` in a name is `_` in its folder.

    Examples
    --------
    >>> embedded_names()
    ('corridor-mini', 'eurasia')
    """
    folders = [f for f in resources.files("daliz").iterdir() if f.is_dir()]
    return tuple(sorted(f.name.replace("_", "-") for f in folders if f.joinpath(DESCRIPTOR).is_file()))


def _embedded_folder(name: str) -> Traversable | None:
    """Find the folder of an embedded package; None where no package has this name."""
    if not EMBEDDED_NAME.fullmatch(name):
        return None
    folder = resources.files("daliz").joinpath(name.replace("-", "_"))
    return folder if folder.joinpath(DESCRIPTOR).is_file() else None


def _look_over(descriptor: Any) -> None:
    if not isinstance(descriptor, dict):
        raise TypeError("it is no JSON object")
    years = [descriptor["years"][name] for name in ("first", "observed", "last")]
    if not all(isinstance(year, int) and not isinstance(year, bool) for year in years):
        raise TypeError("years must be whole numbers")
    if not 1 <= years[0] <= years[1] <= years[2] <= LAST_YEAR:
        raise ValueError("years must hold first <= observed <= last")
    if not all(isinstance(descriptor[name], str) and descriptor[name] for name in ("name", "version")):
        raise TypeError("name and version must be text")


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
