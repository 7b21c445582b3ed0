"""What each verb needs of a package, so that all that is missing can be told at once."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DalizError, DataError, QueryError, did_you_mean
from daliz.tables.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from daliz.tables.store import Store
    from daliz.tables.table import Table

EVERY, PACKAGE = "every", "package"


@dataclass(frozen=True, slots=True)
class Need:
    """A table, or rows of it, that verbs need.

    Attributes
    ----------
    verbs
        Names of the verbs; ``every`` for all, ``package`` for what a folder needs to be one.
    table
        The table, which needs at least one row.
    rows
        Ids that must be there.
    when
        Columns as ``table.column``; if there are some, the need holds where a cell of one is filled, or says yes.
    unless
        What a question may bring instead.
    why
        What it is for.
    """

    verbs: tuple[str, ...]
    table: str
    rows: tuple[str, ...]
    when: tuple[tuple[str, str], ...]
    unless: str
    why: str


@functools.cache
def needs() -> tuple[Need, ...]:
    """Read what verbs need, in the order of the table."""
    text = resources.files("daliz.tables").joinpath("needs.csv").read_text(encoding="utf-8")
    return tuple(
        Need(
            tuple(row["verbs"].split()),
            row["table"],
            tuple(row["rows"].split()),
            tuple((table, column) for table, _, column in (w.partition(".") for w in row["when"].split())),
            row["unless"],
            row["why"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def verbs() -> tuple[str, ...]:
    """List the verbs that need more than every verb does.

    Examples
    --------
    >>> "assign" in verbs()
    True
    """
    return tuple(sorted({v for need in needs() for v in need.verbs} - {EVERY, PACKAGE}))


def missing(tables: Mapping[str, Table], verb: str, brought: Collection[str] = ()) -> list[Fault]:
    """List all that a package lacks for a verb.

    Parameters
    ----------
    tables
        The tables of the package.
    verb
        One of `verbs`.
    brought
        What the question brings, such as ``demand``, or ``choice.scale`` for a row.

    Raises
    ------
    QueryError
        If there is no such verb.
    """
    if verb not in verbs():
        raise QueryError(
            f"Nothing is known of what {verb!r} needs.{did_you_mean(verb, verbs())} The verbs are {', '.join(verbs())}."
        )
    found = []
    for need in needs():
        if {EVERY, verb} & set(need.verbs) and need.unless not in brought and _holds(need, tables):
            found += _lacking(need, tables.get(need.table), verb, brought)
    return list(dict.fromkeys(found))


def package_faults(tables: Mapping[str, Table]) -> list[Fault]:
    """List the tables without which a folder is no package."""
    return [
        Fault(
            f"{need.table}.csv",
            "",
            "",
            "",
            "this table is needed and missing or empty",
            "add it with its rows",
        )
        for need in needs()
        if {EVERY, PACKAGE} & set(need.verbs) and not len(tables[need.table])
    ]


def _lacking(need: Need, table: Table | None, verb: str, brought: Collection[str]) -> list[Fault]:
    rows = [row for row in need.rows if f"{need.table}.{row}" not in brought]
    if need.rows and not rows:
        return []
    if table is None or not len(table):
        allowed = f"{verb} needs this table: {need.why}"
        what = f"its rows {' '.join(rows)}" if rows else "its rows"
        return [Fault(f"{need.table}.csv", "", "", "", allowed, f"add it with {what}")]
    return [
        Fault(
            f"{need.table}.csv", row, "", "", f"{verb} needs this row: {need.why}", "add it with its evidence"
        )
        for row in rows
        if row not in table.position
    ]


def _holds(need: Need, tables: Mapping[str, Table]) -> bool:
    if not need.when:
        return True
    for name, column in need.when:
        table = tables.get(name)
        if table is None or not len(table):
            continue
        cells = table[column]
        if bool(cells.any()) if cells.dtype == np.bool_ else not bool(np.isnan(cells).all()):
            return True
    return False


def demand_needs(
    store: Store, verb: str, brought: Collection[str] = (), error: type[DalizError] = DataError
) -> None:
    """Refuse a package that lacks what a verb needs, and name all of it.

    Raises
    ------
    DalizError
        Naming what is missing; of the kind that the verb raises.
    """
    lacks = missing(store, verb, brought)
    if not lacks:
        return
    parts: dict[str, list[str]] = {}
    for fault in lacks:
        parts.setdefault(fault.file.removesuffix(".csv"), []).extend([fault.row] if fault.row else [])
    said = "; ".join(f"{table} ({' '.join(rows)})" if rows else table for table, rows in parts.items())
    could = {need.unless for need in needs() if need.unless and verb in need.verbs} - set(brought)
    instead = sorted(u for u in could if len(missing(store, verb, {*brought, u})) < len(lacks))
    other = f", or bring a {' and a '.join(instead)} with the question" if instead else ""
    place = store.place
    where = f" `daliz check {place} --for {verb}` tells what each is for." if place else ""
    raise error(
        f"{store.descriptor['name']} lacks what {verb} needs: {said}. Add it with its evidence{other}.{where}"
    )
