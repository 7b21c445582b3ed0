"""Store of the tables of a package, read from disk when first asked for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import CheckError, DataError, did_you_mean
from daliz.tables.cells import cell_text
from daliz.tables.descriptor import FORM
from daliz.tables.evidence import NOT_FIGURES, spread_evidence
from daliz.tables.families import cells_as_written, evidence_as_written, joined
from daliz.tables.read import read_table
from daliz.tables.schema import schema
from daliz.tables.table import OWN_COLUMN, Table
from daliz.tables.write import DESCRIPTOR, EVIDENCE
from daliz.writing import recover

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.resources.abc import Traversable

    from daliz.tables.faults import Fault

OLD_FORM = "0.1"
LAST_YEAR = 9998
EMBEDDED_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class Store(Mapping[str, Table]):
    """Tables of one package; a table that has no file is empty.

    Parameters
    ----------
    descriptor
        The content of `datapackage.json`.
    folder
        Where the tables that are not given are read from; None for nowhere.
    tables
        Tables as written: cells whose figures stand in evidence are blank.
    filled
        The same tables with the cells filled, and evidence by cell, where they are at hand.

    Attributes
    ----------
    embedded
        Whether it came with the program, whose tests hold that it is clean.
    place
        Name or path by which it was opened; blank for tables in memory.
    remarks
        What `check` finds hard to believe and stops nothing.
    """

    def __init__(
        self,
        descriptor: Mapping[str, Any],
        folder: Path | Traversable | None,
        tables: Mapping[str, Table],
        filled: Mapping[str, Table] | None = None,
    ) -> None:
        self.descriptor = dict(descriptor)
        self._folder = folder
        self._written = dict(tables)
        self._tables: dict[str, Table] = dict(filled or {})
        self._read: dict[str, tuple[Table, list[Fault]]] = {}
        self._made: dict[str, Any] = {}
        self.embedded, self.place = False, ""
        self.remarks: tuple[Fault, ...] = ()

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Compute what hangs on this package alone when it is first asked for; it is left out of a pickle."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_made": {}, "_read": {}}

    def __getitem__(self, name: str) -> Table:
        if name not in schema():
            raise KeyError(name)
        if name not in self._tables:
            if (schema()[name].figures and name not in NOT_FIGURES) or name == EVIDENCE:
                self._tables |= self._filled()
            else:
                self._tables[name] = _sound(*self.read(name))
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(schema())

    def __len__(self) -> int:
        return len(schema())

    def _filled(self) -> dict[str, Table]:
        """Return all tables with the cells filled that wait for evidence, and the evidence by cell."""
        rows = self._written[EVIDENCE] = _sound(*self.read(EVIDENCE))
        drawn = any("shape(" in text for text in rows["arithmetic"].tolist())
        needed = [n for n, t in schema().items() if (t.figures and n not in NOT_FIGURES) or n == "nodes"]
        names = [*needed, "shapes"] if drawn else needed
        spread = spread_evidence({n: _sound(*self.read(n)) for n in names}, rows, self.descriptor["years"])
        _sound(spread.evidence, spread.faults)
        self._read = {}
        return spread.tables | {EVIDENCE: spread.evidence}

    def read(self, name: str) -> tuple[Table, list[Fault]]:
        """Read one table as written with its faults."""
        if name in self._written or self._folder is None:
            return self._written.get(name, Table(name, {})), []
        if name not in self._read:
            self._read[name] = self._read_file(self._folder, name)
        return self._read[name]

    def _read_file(self, folder: Path | Traversable, name: str) -> tuple[Table, list[Fault]]:
        if name == EVIDENCE:
            return self._read_evidence(folder)
        path = folder.joinpath(f"{name}.csv")
        return read_table(path, name) if path.is_file() else (Table(name, {}), [])

    def _read_evidence(self, folder: Path | Traversable) -> tuple[Table, list[Fault]]:
        """Read the files of evidence, one for each table that has some."""
        tables, faults = [], []
        for name in schema():
            path = folder.joinpath(EVIDENCE).joinpath(f"{name}.csv")
            if name not in NOT_FIGURES and path.is_file():
                table, found = read_table(path, EVIDENCE, f"{EVIDENCE}/{name}.csv")
                tables.append(table.replace(table=np.full(len(table), name, dtype=object)))
                faults += found
        return joined(tables), faults

    def written(self) -> dict[str, Table]:
        """Return the tables as a package has them in files: figures once, evidence by the path of its file."""
        filled = {name: self[name] for name in schema()}
        evidence = filled.pop(EVIDENCE)
        plain = {n: t for n, t in cells_as_written(filled, evidence).items() if len(t)}
        rows = self._written[EVIDENCE]
        files = {n: rows.take(rows["table"] == n) for n in dict.fromkeys(rows["table"].tolist())}
        return plain | {f"{EVIDENCE}/{name}": table for name, table in files.items()}

    def strangers(self) -> list[str]:
        """List the CSV files of the folder that are no table, except those that begin with x_."""
        if self._folder is None:
            return []
        found = [
            n for n in _csv_files(self._folder) if n.removesuffix(".csv") not in set(schema()) - {EVIDENCE}
        ]
        folder = self._folder.joinpath(EVIDENCE)
        figures = {n for n, table in schema().items() if table.figures} - set(NOT_FIGURES)
        beside = _csv_files(folder) if folder.is_dir() else []
        return found + [f"{EVIDENCE}/{n}" for n in beside if n.removesuffix(".csv") not in figures]

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
        """Return a store with some tables exchanged; their cells are filled, and evidence is by cell."""
        filled = {n: self[n] for n in schema()} | tables
        evidence = filled[EVIDENCE]
        rows = (
            joined(evidence_as_written(filled, evidence).values())
            if EVIDENCE in tables
            else self._written[EVIDENCE]
        )
        return Store(
            self.descriptor, self._folder, cells_as_written(filled, evidence) | {EVIDENCE: rows}, filled
        )

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


def _csv_files(folder: Path | Traversable) -> list[str]:
    """List the files of a folder that end in .csv and do not begin with x_, in order."""
    names = sorted(path.name for path in folder.iterdir() if path.name.endswith(".csv"))
    return [n for n in names if not n.startswith(OWN_COLUMN)]


def _sound(table: Table, faults: list[Fault]) -> Table:
    """Return a table without faults, or say what the first is."""
    if faults:
        same = sum(fault.file == faults[0].file for fault in faults) - 1
        more = f" ({same} more in this file)" if same else ""
        raise CheckError(f"{faults[0]}{more} Run `daliz check` on the package to see all faults.")
    return table


def open_store(name_or_path: str | Path) -> Store:
    """Open an embedded package by name or a folder by path.

    Raises
    ------
    DataError
        If there is no such package, the folder is no package, or its descriptor cannot be read.
    """
    folder = package_folder(name_or_path)
    descriptor = read_descriptor(folder, str(name_or_path))
    form = descriptor.get("form", OLD_FORM)
    if form == OLD_FORM:
        raise DataError(
            f"{name_or_path} is a package of form {OLD_FORM}, and this version reads form {FORM}; bring it there by "
            f"`daliz upgrade {name_or_path}`."
        )
    if form != FORM:
        told = repr(form) if isinstance(form, str) else f"`{json.dumps(form)}`"
        raise DataError(
            f"{name_or_path}/{DESCRIPTOR} says form {told}, and this version reads form {FORM}; take a "
            "version of Daliz that reads it."
        )
    store = Store(descriptor, folder, {})
    store.place = str(name_or_path)
    store.embedded = isinstance(name_or_path, str) and _embedded_folder(name_or_path) is not None
    return store


def read_descriptor(folder: Path | Traversable, name: str) -> dict[str, Any]:
    """Read the descriptor of a package of any form.

    Raises
    ------
    DataError
        If there is none, or it cannot be read or lacks what it needs.
    """
    path = folder.joinpath(DESCRIPTOR)
    if not path.is_file():
        raise DataError(
            f"{name} holds no {DESCRIPTOR}, so it is no package; see docs/data.md for how to make one."
        )
    try:
        descriptor = json.loads(path.read_text(encoding="utf-8-sig"))
        _look_over(descriptor)
    except json.JSONDecodeError as error:
        raise DataError(
            f"{path} cannot be used (line {error.lineno}: {error.msg}); it needs name, version and years with first, "
            "observed and last."
        ) from error
    except RecursionError as error:
        raise DataError(
            f"{path} cannot be used (it is nested too deeply); it needs name, version and years with first, observed "
            "and last."
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise DataError(
            f"{path} cannot be used ({reason}); it needs name, version and years with first, "
            "observed and last."
        ) from error
    return dict(descriptor)


def package_folder(name_or_path: str | Path) -> Path | Traversable:
    """Find the folder of an embedded package by its name, or one's own by its path.

    Raises
    ------
    DataError
        If there is no such folder.
    """
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
    recover(name_or_path)
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
    if not isinstance(descriptor["years"], dict):
        raise TypeError("years must be an object")
    years = [descriptor["years"][name] for name in ("first", "observed", "last")]
    if not all(isinstance(year, int) and not isinstance(year, bool) for year in years):
        raise TypeError("years must be whole numbers")
    if not 1 <= years[0] <= years[1] <= years[2] <= LAST_YEAR:
        raise ValueError("years must hold first <= observed <= last")
    if not all(isinstance(descriptor[name], str) and descriptor[name] for name in ("name", "version")):
        raise TypeError("name and version must be text")
