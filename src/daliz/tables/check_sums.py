"""Find rows of which one would win by its place, shares that do not add up, and markets that cannot be assigned."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.tables.faults import Fault, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.table import Table

Tables = dict[str, "Table"]
EXACT = 1e-6
"""Difference from 1 up to which shares add up."""


class Unique(NamedTuple):
    """Columns that tell the rows of a table apart, among those with a value in a column."""

    table: str
    columns: tuple[str, ...]
    only: tuple[str, str]
    what: str


@functools.cache
def unique_columns() -> tuple[Unique, ...]:
    """Read which columns tell rows apart, so that no row wins over another by its place.

    Examples
    --------
    >>> [u.columns for u in unique_columns() if u.table == "grids"]
    [('country',)]
    """
    text = resources.files("daliz.tables").joinpath("unique.csv").read_text(encoding="utf-8")
    found = []
    for row in csv.DictReader(text.splitlines()):
        column, _, value = row["only"].partition("=")
        found.append(Unique(row["table"], tuple(row["columns"].split()), (column, value), row["what"]))
    return tuple(found)


def twin_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find rows that say the same thing twice, so that the place of a row would decide."""
    for unique in unique_columns():
        table = tables.get(unique.table)
        if table is None or not len(table):
            continue
        column, value = unique.only
        among = table[column].tolist() if column else [value] * len(table)
        seen: dict[tuple[Any, ...], str] = {}
        keys = zip(*(table[c].tolist() for c in unique.columns), strict=True)
        # by id, so that which of two rows is named first does not hang on their places
        for row, key, kind in sorted(zip(table.ids.tolist(), keys, among, strict=True), key=lambda r: r[0]):
            if kind != value or all(part in {"", None} or part != part for part in key):  # noqa: PLR0124
                continue
            first = seen.setdefault(key, row)
            if first != row:
                allowed = f"row {first} is the same {unique.what} ({', '.join(map(_plain, key))})"
                yield faults_of(table.name)(row, unique.columns[0], "", allowed, "put the two into one row")


def _plain(part: Any) -> str:
    return f"{part:g}" if isinstance(part, float) else str(part) or "blank"


def sum_faults(tables: Tables) -> Iterator[Fault]:
    """Find shares of a market that do not add up to 1, and markets that lack a part or mix units."""
    flows, classes, ends, years = (tables[n] for n in ("flows", "flow_cargoes", "flow_ends", "flow_years"))
    shares = _sums(classes, ("flow_id",), "share")
    weights = _sums(ends, ("flow_id", "end"), "weight")
    places: dict[str, set[str]] = defaultdict(set)
    for flow, node in zip(*(ends[n].tolist() for n in ("flow_id", "node_id")), strict=True):
        places[flow].add(node)
    known = set(years["flow_id"].tolist())
    fault = faults_of("flows")
    for name in flows.ids.tolist():
        if name not in known:
            yield fault(
                name, "id", name, "the market has no quantity of a year", "add rows to flow_years.csv"
            )
        yield from _whole(name, "classes", shares.get((name,)), "flow_cargoes.csv")
        for end in ("origin", "destination"):
            yield from _whole(name, f"{end}s", weights.get((name, end)), "flow_ends.csv")
        if {(name, "origin"), (name, "destination")} <= set(weights) and len(places[name]) == 1:
            allowed = f"the market sends from {min(places[name])} to itself alone"
            yield fault(name, "id", name, allowed, "give it two places in flow_ends.csv")
    yield from _units(tables)
    yield from _capacities(tables)


def _capacities(tables: Tables) -> Iterator[Fault]:
    """Find capacities of 0, which no assignment takes; other verbs do without them, so that they stop none."""
    for name in ("links", "terminals"):
        table = tables[name]
        for row in table.ids[table["capacity"] == 0].tolist():
            mend = "give the row its dates, or close it by a change, if nothing passes"
            yield replace(
                faults_of(name)(row, "capacity", "0", "a capacity is more than 0", mend), stops=False
            )


def _sums(table: Table, columns: tuple[str, ...], share: str) -> dict[tuple[str, ...], float]:
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    keys = zip(*(table[c].tolist() for c in columns), strict=True)
    for key, value in zip(keys, table[share].tolist(), strict=True):
        sums[key] += value
    return sums


def _whole(name: str, what: str, total: float | None, file: str) -> Iterator[Fault]:
    fault = faults_of("flows")
    if total is None:
        yield fault(name, "id", name, f"the market has no {what}", f"add rows to {file}")
    elif abs(total - 1.0) > EXACT:
        allowed = f"the shares of its {what} add up to {total:g}, not to 1"
        yield fault(name, "id", name, allowed, f"correct them in {file}")


def _units(tables: Tables) -> Iterator[Fault]:
    """Find markets counted in TEU with a class that is no container."""
    unit = dict(zip(tables["flows"].ids.tolist(), tables["flows"]["unit"].tolist(), strict=True))
    teu = dict(zip(tables["cargoes"].ids.tolist(), tables["cargoes"]["teu"].tolist(), strict=True))
    for row in tables["flow_cargoes"].rows():
        if unit.get(row["flow_id"]) == "TEU" and not teu.get(row["cargo_id"], 1.0) > 0:
            allowed = f"{row['flow_id']} is counted in TEU, and this class is no container"
            mend = "count the market in kt, or choose another class"
            yield faults_of("flow_cargoes")(row["id"], "cargo_id", row["cargo_id"], allowed, mend)


def index_faults(tables: Tables, years: Mapping[str, int]) -> Iterator[Fault]:
    """Find rates whose index lacks the year of their prices or a year of the package."""
    rates, indices = tables["rates"], tables["indices"]
    known: dict[str, set[int]] = defaultdict(set)
    for series, year, value in zip(*(indices[n].tolist() for n in ("series", "year", "value")), strict=True):
        if value > 0 and not np.isnan(year):
            known[series].add(int(year))
    asked = set(range(int(years["first"]), int(years["last"]) + 1))
    for row in rates.rows():
        series, year = row["index_id"], row["price_year"]
        if series not in known or np.isnan(year):
            continue
        missing = sorted((asked | {int(year)}) - known[series])
        if missing:
            allowed = f"series {series} has no value above 0 for {missing[0]}, to which the rate is moved"
            yield faults_of("rates")(row["id"], "index_id", series, allowed, "add the year to indices.csv")
