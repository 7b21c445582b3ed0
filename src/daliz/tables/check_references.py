"""Find references that lead nowhere, wrong dates and codes, and changes that contradict each other."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.changes import SWITCHES, UNCHANGING, can_switch
from daliz.tables.countries import countries, is_country
from daliz.tables.emission_rules import emission_faults, recipe_faults
from daliz.tables.faults import Fault, Hints, faults_of
from daliz.tables.references import duplicate_faults, end_faults, missing_fault, unknown_faults
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from daliz.tables.table import Table

Row = dict[str, Any]
Tables = dict[str, "Table"]
LETTERS = re.compile(r"[A-Z]{2}")
COUNTRY_COLUMNS = {"country", "owner_country", "origin_country", "destination_country", "carrier_country"}
COUNTRY_COLUMNS |= {"any_countries", "no_countries", "countries", "members", "avoids"}
FOREVER = "9999"


def reference_faults(tables: Tables) -> list[Fault]:
    """Find all faults of reference, date, code and contradiction."""
    found: list[Fault] = []
    for table in tables.values():
        found += [
            *duplicate_faults(table),
            *unknown_faults(table, tables),
            *_dates(table),
            *country_faults(table),
        ]
    found += [
        *emission_faults(tables),
        *recipe_faults(tables),
        *end_faults(tables),
        *_names(tables),
        *_scopes(tables),
        *_changes(tables),
        *_two_sets(tables),
        *_units(tables),
    ]
    return found


def _dates(table: Table) -> Iterator[Fault]:
    if "from_date" not in table.schema.columns:
        return
    fault, start, end = faults_of(table.name), table["from_date"], table["to_date"]
    for i in np.flatnonzero(end <= start):
        allowed = f"must lie after from_date {start[i]}"
        yield fault(table.ids[i], "to_date", end[i], allowed, "to_date is the first day no longer in force")


def country_faults(table: Table) -> Iterator[Fault]:
    """Find codes of countries that are none, in columns of one code and of several."""
    fault, hints = faults_of(table.name), Hints(countries())
    for column in COUNTRY_COLUMNS & set(table.schema.columns):
        for row, cell in zip(table.ids, table[column], strict=True):
            for code in cell.split():
                if not LETTERS.fullmatch(code):
                    allowed = "must be a two-letter ISO 3166 code in Latin capitals"
                    yield fault(row, column, code, allowed, "write it as KZ")
                elif not is_country(code):
                    allowed = "is no code of ISO 3166, nor one that it leaves to users such as XA to XZ"
                    yield replace(
                        fault(row, column, code, allowed, hints.add("correct it", code)), stops=False
                    )


def _names(tables: Tables) -> Iterator[Fault]:
    """Find names of places, sites and series that stand in columns of text."""
    for table, column, target, values in (
        ("observations", "via", "nodes", tables["nodes"].position),
        ("observations", "services", "services", tables["services"].position),
        ("terminals", "weather_id", "weather", set(tables["weather"]["site"].tolist())),
        ("rates", "index_id", "indices", set(tables["indices"]["series"].tolist())),
    ):
        yield from _lost(tables[table], column, target, values)


def _lost(table: Table, column: str, target: str, known: Collection[str]) -> Iterator[Fault]:
    hints = Hints(known)
    for row, cell in zip(table.ids.tolist(), table[column].tolist(), strict=True):
        for name in cell.split() if table.kind(column) == "list" else [cell]:
            if name and name not in known:
                yield missing_fault((table.name, row, column), name, target, hints)


def _scopes(tables: Tables) -> Iterator[Fault]:
    """Find restrictions and hazards of places, links and countries that do not exist."""
    known: dict[str, tuple[str, Collection[str]]] = {
        "node": ("nodes", tables["nodes"].position),
        "link": ("links", tables["links"].position),
        "country": ("nodes", set(tables["nodes"]["country"].tolist())),
    }
    hints = {scope: Hints(names) for scope, (_, names) in known.items()}
    for name in ("restrictions", "hazards"):
        table = tables[name]
        for row, scope, what in zip(table.ids, table["scope"], table["scope_id"], strict=True):
            if scope in known and what not in known[scope][1]:
                yield missing_fault((name, row, "scope_id"), what, known[scope][0], hints[scope])


def _changes(tables: Tables) -> Iterator[Fault]:
    hints = {name: Hints(table.position) for name, table in tables.items()}
    for row in tables["changes"].rows():
        if row["table"] not in schema() or row["table"] in UNCHANGING:
            allowed = "must be a table that may change"
            mend = Hints(set(schema()).difference(UNCHANGING)).add("name one of the tables", row["table"])
            yield faults_of("changes")(row["id"], "table", row["table"], allowed, mend)
            continue
        if row["row_id"] not in tables[row["table"]].position:
            place = ("changes", row["id"], "row_id")
            yield missing_fault(place, row["row_id"], row["table"], hints[row["table"]])
        yield from _switch(row) if row["op"] in SWITCHES else _figure(row)


def _switch(row: Row) -> Iterator[Fault]:
    fault = faults_of("changes")
    if row["column"]:
        yield fault(
            row["id"], "column", row["column"], f"{row['op']} concerns a row", "leave the column blank"
        )
    if not can_switch(row["table"]):
        allowed = f"rows of {row['table']} do not open and close"
        mend = f"choose one of {', '.join(name for name in schema() if can_switch(name))}"
        yield fault(row["id"], "op", row["op"], allowed, mend)


def _figure(row: Row) -> Iterator[Fault]:
    fault, figures = faults_of("changes"), schema()[row["table"]].figures
    if row["column"] not in figures:
        allowed = f"must be a column of figures of {row['table']}"
        mend = f"choose one of {' '.join(figures)}" if figures else "choose another table"
        yield fault(row["id"], "column", row["column"], allowed, mend)
    if np.isnan(row["value"]):
        yield fault(
            row["id"], "value", "", f"{row['op'] or 'a change'} needs a value", "give it with its evidence"
        )


def _two_sets(tables: Tables) -> Iterator[Fault]:
    """Find two changes that set one cell on the same days: of one set, or both of history."""
    history = {row["id"] for row in tables["change_sets"].rows() if row["history"]}
    cells: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in tables["changes"].rows():
        if row["op"] == "set":
            together = "" if row["set_id"] in history else row["set_id"]
            cells[together, row["table"], row["row_id"], row["column"]].append(row)
    mend = "make their dates disjoint or turn one into multiply"
    for cell, rows in cells.items():
        end, holder = "", ""
        for row in sorted(rows, key=lambda r: str(r["from_date"] or "")):
            if str(row["from_date"] or "") < end:
                allowed = f"{holder} sets {'.'.join(cell[1:])} in the same days"
                yield faults_of("changes")(row["id"], "op", "set", allowed, mend)
            until = str(row["to_date"] or FOREVER)
            if until > end:
                end, holder = until, row["id"]


def _units(tables: Tables) -> Iterator[Fault]:
    for name, figure, unit in (
        ("links", "capacity", "capacity_unit"),
        ("terminals", "capacity", "capacity_unit"),
        ("borders", "capacity", "capacity_unit"),
        ("services", "payload", "payload_unit"),
    ):
        table = tables[name]
        mend = f"give one of {' '.join(table.schema.columns[unit].allowed)}"
        for i in np.flatnonzero(~np.isnan(table[figure]) & (table[unit] == "")):
            allowed = f"{figure} {table[figure][i]:g} has no unit"
            yield faults_of(name)(table.ids[i], unit, "", allowed, mend)
