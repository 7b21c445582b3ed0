"""Open a package as a network of a year or a day, and derive other networks from it."""

from __future__ import annotations

import functools
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import QueryError
from daliz.tables.briefs import FOLDER
from daliz.tables.changes import gather_changes
from daliz.tables.check import demand_clean
from daliz.tables.edits import demand_effect, demand_valid
from daliz.tables.period import Period
from daliz.tables.resolve import Resolved, resolve
from daliz.tables.store import LAST_YEAR, Store, open_store
from daliz.tables.table import Table
from daliz.tables.write import save_package

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from daliz.tables.changes import Change
    from daliz.tables.edits import Edit

SHOWN = 3
"""Changes of cells that a `repr` tells one by one."""


class Network:
    """Package of tables in one period under named changes; immutable.

    Attributes
    ----------
    store
        The tables as written, before anything is resolved.
    period
        The day, month or year that the network stands for.
    added, removed
        Named changes put in force by `under`, and taken out of history by `without`.
    edits
        The user's own changes of cells and rows, made by `change`.

    Examples
    --------
    >>> import daliz
    >>> network = daliz.open("eurasia", year=2024)
    >>> network.year, network.projected
    (2024, False)
    """

    def __init__(
        self,
        store: Store,
        period: Period,
        added: tuple[str, ...] = (),
        removed: tuple[str, ...] = (),
        edits: tuple[Edit, ...] = (),
    ) -> None:
        self.store = store
        self.period = period
        self.added = added
        self.removed = removed
        self.edits = edits
        self._made: dict[str, Any] = {}
        self._before: Callable[[], Network | None] = _nothing

    @classmethod
    def from_tables(
        cls, tables: Mapping[str, Iterable[Mapping[str, Any]]], year: int, name: str = "tables"
    ) -> Network:
        """Make a network of a year, the last observed one, from rows of plain values: for small examples and tests."""
        descriptor = {
            "name": name,
            "version": "0",
            "years": {"first": min(1990, year), "observed": year, "last": max(2100, year)},
        }
        made = {table: Table.from_rows(table, list(rows)) for table, rows in tables.items()}
        return cls(Store(descriptor, None, made), Period.of_year(year))

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Compute what hangs on this network alone when it is first asked for; it is left out of a pickle."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def made_before(self, key: str) -> Any:
        """Return what was computed for the network that this one was derived from, None if there is nothing.

        `change`, `under` and `without` derive a network; who takes something over proves that it is the same.
        """
        before = self._before()
        return None if before is None else before._made.get(key)  # noqa: SLF001 - of another network

    def __getstate__(self) -> dict[str, Any]:
        names = ("store", "period", "added", "removed", "edits")
        return {n: getattr(self, n) for n in names} | {"_made": {}, "_before": _nothing}

    @property
    def name(self) -> str:
        """Return the name of the package."""
        return str(self.store.descriptor["name"])

    @property
    def version(self) -> str:
        """Return the version of the package."""
        return str(self.store.descriptor["version"])

    @property
    def year(self) -> int:
        """Return the year."""
        return self.period.year

    @property
    def projected(self) -> bool:
        """Return whether the year lies after the last observed one."""
        return self.year > int(self.store.descriptor["years"]["observed"])

    @functools.cached_property
    def resolved(self) -> Resolved:
        """Return the tables as they stand in the period."""
        return resolve(self.store, self.period, self._changes())

    def _changes(self) -> list[Change]:
        own = [edit.as_change() for edit in self.edits]
        return gather_changes(self.store, self.added, self.removed, own)

    @property
    def edits_as_text(self) -> list[str]:
        """List the user's own changes as texts such as `set links.a-b.capacity=60`, for results."""
        return [str(edit) for edit in self.edits]

    def in_period(self, period: Period) -> Network:
        """Return the same package under the same changes in another period."""
        return Network(self.store, period, self.added, self.removed, self.edits)

    def table(self, name: str) -> Table:
        """Return one table as it stands in the period."""
        return self.resolved.tables[name] if name in self.resolved.tables else self.store[name]

    def at(self, date: str | dt.date) -> Network:
        """Return the network on one day.

        Raises
        ------
        QueryError
            If the day lies outside the years of the package.

        Examples
        --------
        >>> open_network("eurasia", 2024).at("2023-05-01").period
        Period(start=np.datetime64('2023-05-01'), end=np.datetime64('2023-05-02'))
        """
        return self.in_period(_within(self.store, Period.of_day(date)))

    def in_month(self, month: int) -> Network:
        """Return the network in one month of its year; everything dated is resolved for the days of it.

        Raises
        ------
        QueryError
            If there is no such month, or the network stands for a day or a month that does not lie in it.

        Examples
        --------
        >>> open_network("eurasia", 2024).in_month(11).period
        Period(start=np.datetime64('2024-11-01'), end=np.datetime64('2024-12-01'))
        """
        if not isinstance(month, int | np.integer) or isinstance(month, bool) or not 1 <= month <= 12:
            raise QueryError(f"Month {month} does not exist; give a whole number from 1 to 12.")
        own = self.period.month
        if own is not None:
            if own != month:
                raise QueryError(f"{self.when} does not lie in month {month}; give the one or the other.")
            return self

        def made() -> Network:
            network = self.in_period(Period.of_month(self.year, int(month)))
            network._before = weakref.ref(self)  # noqa: SLF001 - of another network
            return network

        found: Network = self.once(f"month {month}", made)
        return found

    def under(self, *names: str) -> Network:
        """Return the network with named projects, events or policies in force, whatever their dates.

        A set that history applies anyway is put in force for the whole period.

        Raises
        ------
        PlaceError
            If a name is unknown.
        DataError
            If two of them set the same cell, or set one that the user's own changes set.

        Examples
        --------
        >>> open_network("eurasia").under("second-canal")
        Traceback (most recent call last):
        daliz.errors.PlaceError: There is no project, event or policy named 'second-canal'. ...
        """
        added = tuple(dict.fromkeys((*self.added, *names)))
        removed = tuple(r for r in self.removed if r not in names)
        return self._derived(Network(self.store, self.period, added, removed, self.edits))

    def without(self, *names: str) -> Network:
        """Return the network without named sets of changes, as if they had not happened.

        Raises
        ------
        PlaceError
            If a name is unknown.

        Examples
        --------
        >>> network = open_network("eurasia")
        >>> past = network.store["change_sets"].ids[network.store["change_sets"]["history"]]
        >>> network.without(past[0]).digest == network.digest
        False
        """
        removed = tuple(dict.fromkeys((*self.removed, *names)))
        added = tuple(a for a in self.added if a not in names)
        return self._derived(Network(self.store, self.period, added, removed, self.edits))

    def change(self, *edits: Edit) -> Network:
        """Return the network with the user's own changes of cells and rows, in force on all days.

        They follow history and the sets of `under`, in the order given, and earlier ones of the user.

        Parameters
        ----------
        edits
            `Set`, `Add` or `Multiply` for the figure of a cell, `Open` or `Close` for a row. Each is
            validated as a row of `changes` is.

        Raises
        ------
        PlaceError
            If a table, row or column is unknown.
        QueryError
            If something may not change, a value cannot stand in its cell, or a change would do nothing.
        DataError
            If two changes set one cell.

        Examples
        --------
        >>> import daliz
        >>> network = open_network("eurasia", 2024)
        >>> wider = network.change(
        ...     daliz.Set("links", "rail-dostyk-aktogay", "capacity", 60),
        ...     daliz.Close("links", "rail-brest-malaszewicze"),
        ... )
        >>> wider.table("links").row("rail-dostyk-aktogay")["capacity"]
        60.0
        >>> wider.edits_as_text
        ['set links.rail-dostyk-aktogay.capacity=60', 'close links.rail-brest-malaszewicze']
        """
        for edit in edits:
            demand_valid(edit, self.store)
        other = self._derived(
            Network(self.store, self.period, self.added, self.removed, (*self.edits, *edits))
        )
        demand_effect(edits, self.resolved, other.resolved, self.when)
        return other

    def _derived(self, network: Network) -> Network:
        """Return a network made from this one, if its changes go together."""
        network._changes()
        # A network does not keep alive the one that it was made from.
        network._before = weakref.ref(self)
        return network

    @property
    def when(self) -> str:
        """Return the year, the month or the day as text."""
        return str(self.period)

    def save(self, path: str | Path) -> Path:
        """Write the package as a folder of CSV, whole or not at all; history, evidence and briefs go with it.

        The tables are saved as written: a year, `under`, `without` and `change` are a view on them.

        Raises
        ------
        WriteError
            If `path` holds something that is no package, or cannot be written.
        """
        return save_package(
            self.store.written(), self.store.descriptor, path, {FOLDER: self.store.files(FOLDER)}
        )

    @functools.cached_property
    def digest(self) -> str:
        """Compute the SHA-256 of the package with the period, the named changes and the user's own."""
        import hashlib

        view = f"{self.period.start}/{self.period.end}/{'+'.join(self.added)}/{'-'.join(self.removed)}"
        view += "".join(f"/{edit}" for edit in self.edits_as_text)
        return hashlib.sha256(f"{self.store.digest()}|{view}".encode()).hexdigest()

    def __repr__(self) -> str:
        state = "projected" if self.projected else "observed"
        modes = Counter(self.table("links")["mode"])
        mode_text = ", ".join(f"{mode} {count}" for mode, count in modes.most_common())
        nodes = self.table("nodes")
        set_of = self.store["changes"].position
        set_ids = self.store["changes"]["set_id"]
        rows = [row for rows in self.resolved.changes.values() for row in rows]
        in_force = len({set_ids[set_of[row["change"]]] for row in rows if row["change"] in set_of})
        countries, figures = len(set(nodes["country"])), len(self.resolved.figures.cells)
        counts = {name: len(self.store[name]) for name in ("change_sets", "evidence", "sources")}
        added, removed = ", ".join(self.added) or "none", ", ".join(self.removed) or "none"
        more = f" and {len(self.edits) - SHOWN} more" if len(self.edits) > SHOWN else ""
        own = f"; the user's own: {', '.join(self.edits_as_text[:SHOWN])}{more}" if self.edits else ""
        return (
            f"<Network {self.name} {self.when} ({state}), data {self.version}\n"
            f"  {len(nodes)} places in {countries} countries, {len(self.table('links'))} links "
            f"({mode_text}), "
            f"{len(self.table('services'))} services\n"
            f"  {in_force} of {counts['change_sets']} projects, events and policies in force; "
            f"added {added}; removed {removed}{own}\n"
            f"  {figures:,} figures on {counts['evidence']:,} rows of evidence from "
            f"{counts['sources']:,} sources>"
        )


def _nothing() -> None:
    """Stand for no network."""


def year_within(store: Store, year: int) -> Period:
    """Return the period of a year of the data.

    Raises
    ------
    QueryError
        If it is no year or lies outside the data.
    """
    if not isinstance(year, int | np.integer) or not 1 <= year <= LAST_YEAR:
        raise QueryError(f"{year!r} is not a year; give a whole number such as 2024.")
    return _within(store, Period.of_year(int(year)))


def network_of(network: Network, year: int) -> Network:
    """Return another year of the same package under the same changes."""
    return network.in_period(year_within(network.store, year))


def _within(store: Store, period: Period) -> Period:
    years = store.descriptor["years"]
    if not years["first"] <= period.year <= years["last"]:
        raise QueryError(
            f"{period.year} lies outside the data of {store.descriptor['name']}; choose a year from "
            f"{years['first']} to {years['last']} (projected after {years['observed']})."
        )
    return period


def open_network(
    name_or_path: str | Path, year: int | None = None, *, date: str | dt.date | None = None
) -> Network:
    """Open an embedded package by name, or a folder of CSV tables by path.

    Parameters
    ----------
    name_or_path
        "eurasia" or "corridor-mini", or a folder that holds `datapackage.json`.
    year
        The year that the network stands for; the last observed one unless given. Every dated opening, closure and
        event of that year applies, and annual figures weight their periods by days.
    date
        A day instead of a year.

    Raises
    ------
    DataError, CheckError
        If the package cannot be read; if `check` finds a fault in a folder, of which the first is told.
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
    if not store.embedded:
        store.remarks = demand_clean(store, str(name_or_path))
    if date is not None:
        return Network(store, _within(store, Period.of_day(date)))
    return Network(store, year_within(store, store.descriptor["years"]["observed"] if year is None else year))
