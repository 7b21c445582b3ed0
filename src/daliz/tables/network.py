"""Open a package as a network for a year or a day, and give other networks from it."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import QueryError
from daliz.tables.period import Period
from daliz.tables.changes import gather_changes
from daliz.tables.resolve import Resolved, resolve
from daliz.tables.store import Store, describe, open_store
from daliz.tables.table import Table
from daliz.tables.write import save_package

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping


class Network:
    """Be a package of tables in one period under named changes; immutable.

    Attributes
    ----------
    store
        The tables as written, before anything is resolved.
    period
        The day or year that the network stands for.
    added, removed
        Named changes put in force by `under`, and taken out of history by `without`.

    Examples
    --------
    >>> import daliz
    >>> network = daliz.open("eurasia", year=2024)
    >>> network.year, network.projected
    (2024, False)
    """

    def __init__(
        self, store: Store, period: Period, added: tuple[str, ...] = (), removed: tuple[str, ...] = ()
    ) -> None:
        self.store = store
        self.period = period
        self.added = added
        self.removed = removed
        self._cache: dict[Any, Any] = {}

    @classmethod
    def from_tables(
        cls, tables: Mapping[str, Iterable[Mapping[str, Any]]], year: int = 2024, name: str = "tables"
    ) -> Network:
        """Make a network from rows of plain values, for small examples and tests."""
        descriptor = {"name": name, "version": "0", "years": {"first": 1990, "observed": 2024, "last": 2100}}
        made = {table: Table.from_rows(table, list(rows)) for table, rows in tables.items()}
        return cls(Store(descriptor, None, made), Period.of_year(year))

    @property
    def name(self) -> str:
        """Give the name of the package."""
        return str(self.store.descriptor["name"])

    @property
    def version(self) -> str:
        """Give the version of the package."""
        return str(self.store.descriptor["version"])

    @property
    def year(self) -> int:
        """Give the year."""
        return self.period.year

    @property
    def projected(self) -> bool:
        """Tell whether the year lies after the last observed one."""
        return self.year > int(self.store.descriptor["years"]["observed"])

    @functools.cached_property
    def resolved(self) -> Resolved:
        """Give the tables as they stand in the period."""
        return resolve(self.store, self.period, gather_changes(self.store, self.added, self.removed))

    def table(self, name: str) -> Table:
        """Give a table as it stands in the period."""
        return self.resolved.tables[name] if name in self.resolved.tables else self.store[name]

    def at(self, date: str | datetime.date) -> Network:
        """Give the network on one day.

        Raises
        ------
        QueryError
            If the day lies outside the years of the package.
        """
        return Network(self.store, _within(self.store, Period.of_day(date)), self.added, self.removed)

    def under(self, *names: str) -> Network:
        """Give the network with named projects, events or policies in force, whatever their dates.

        A set that history applies anyway is put in force for the whole period.

        Raises
        ------
        PlaceError
            If a name is unknown.
        DataError
            If two of them set the same cell.
        """
        added = (*self.added, *(n for n in names if n not in self.added))
        gather_changes(self.store, added, self.removed)
        return Network(self.store, self.period, added, tuple(r for r in self.removed if r not in names))

    def without(self, *names: str) -> Network:
        """Give the network with named sets taken out, as if they had not happened.

        Raises
        ------
        PlaceError
            If a name is unknown.
        """
        removed = (*self.removed, *(n for n in names if n not in self.removed))
        gather_changes(self.store, self.added, removed)
        return Network(self.store, self.period, tuple(a for a in self.added if a not in names), removed)

    def save(self, path: str | Path) -> Path:
        """Write the package as a folder of CSV, whole or not at all; history and evidence go with it.

        The tables are saved as written: a year, `under` and `without` are a view on them.

        Raises
        ------
        DataError
            If `path` holds something that is no package, or cannot be written.
        """
        return save_package({n: t for n, t in self.store.items() if len(t)}, describe(self.store), path)

    @functools.cached_property
    def digest(self) -> str:
        """Compute the SHA-256 of the package with the period and the named changes."""
        import hashlib

        view = f"{self.period.start}/{self.period.end}/{'+'.join(self.added)}/{'-'.join(self.removed)}"
        return hashlib.sha256(f"{self.store.digest()}|{view}".encode()).hexdigest()

    def __repr__(self) -> str:
        state = "projected" if self.projected else "observed"
        when = self.year if self.period.days > 1 else self.period.start
        modes = Counter(self.table("links")["mode"])
        mode_text = ", ".join(f"{mode} {count}" for mode, count in modes.most_common())
        nodes = self.table("nodes")
        in_force = len(
            {
                self.store["changes"].row(c["change"])["set_id"]
                for rows in self.resolved.changes.values()
                for c in rows
            }
        )
        return "\n".join(
            [
                f"<Network {self.name} {when} ({state}), data {self.version}",
                f"  {len(nodes)} places in {len(set(nodes['country']))} countries, "
                f"{len(self.table('links'))} links ({mode_text}), {len(self.table('services'))} services",
                f"  {in_force} of {len(self.store['change_sets'])} projects, events and policies in force; "
                f"added {', '.join(self.added) or 'none'}; removed {', '.join(self.removed) or 'none'}",
                f"  {len(self.resolved.figures.cells):,} figures on {len(self.store['evidence']):,} rows of evidence "
                f"from {len(self.store['sources']):,} sources>",
            ]
        )


def _within(store: Store, period: Period) -> Period:
    years = store.descriptor["years"]
    if not years["first"] <= period.year <= years["last"]:
        raise QueryError(
            f"{period.year} lies outside the data of {store.descriptor['name']}; choose a year from "
            f"{years['first']} to {years['last']} (projected after {years['observed']})."
        )
    return period


def open_network(
    name_or_path: str | Path, year: int | None = None, *, date: str | datetime.date | None = None
) -> Network:
    """Open an embedded package by name, or a folder of CSV tables by path.

    Parameters
    ----------
    name_or_path
        "eurasia", or a folder that holds `datapackage.json`.
    year
        The year that the network stands for; the last observed one unless given. Every dated opening, closure and
        event of that year applies, and annual figures weight their periods by days.
    date
        A day instead of a year.

    Raises
    ------
    DataError
        If the package cannot be read.
    QueryError
        If the year or day lies outside the data, or both are given.

    Examples
    --------
    >>> open_network("eurasia", year=2030).projected
    True
    """
    if year is not None and date is not None:
        raise QueryError("Give a year or a date, not both.")
    store = open_store(name_or_path)
    if date is not None:
        return Network(store, _within(store, Period.of_day(date)))
    chosen = int(store.descriptor["years"]["observed"]) if year is None else int(year)
    if not 1 <= chosen <= 9998:
        raise QueryError(f"{chosen} is not a year.")
    return Network(store, _within(store, Period.of_year(chosen)))
