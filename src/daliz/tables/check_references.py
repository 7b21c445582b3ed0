"""Find references that lead nowhere, wrong dates and changes that contradict each other."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import did_you_mean
from daliz.tables.faults import Fault
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.tables.table import Table

Tables = dict[str, "Table"]


def reference_faults(tables: Tables) -> list[Fault]:
    """Find all faults of reference, date and contradiction."""
    found: list[Fault] = []
    for table in tables.values():
        found += _unknown(table, tables)
        found += _dates(table)
    return found + _countries(tables) + _scopes(tables) + _changes(tables) + _stops(tables) + _units(tables)


def _unknown(table: Table, tables: Tables) -> list[Fault]:
    found = []
    for column in table.schema.columns.values():
        if not column.references or column.type not in {"ref", "list"}:
            continue
        known = tables[column.references].position
        for row_id, cell in zip(table.ids, table[column.name], strict=True):
            for name in str(cell).split() if column.type == "list" else [str(cell)]:
                if name and name not in known:
                    found.append(
                        _missing(table.name, str(row_id), column.name, name, column.references, known)
                    )
    return found


def _missing(table: str, row: str, column: str, name: str, target: str, known: Iterable[str]) -> Fault:
    return Fault(
        f"{table}.csv",
        row,
        column,
        name,
        f"must be an id of {target}.csv",
        f"correct it or add the row to {target}.csv{did_you_mean(name, known, 1)}".rstrip("?."),
    )


def _dates(table: Table) -> list[Fault]:
    if "from_date" not in table.schema.columns:
        return []
    start, end = table["from_date"], table["to_date"]
    return [
        Fault(
            f"{table.name}.csv",
            str(table.ids[i]),
            "to_date",
            str(end[i]),
            f"must lie after from_date {start[i]}",
            "to_date is the first day no longer in force",
        )
        for i in np.flatnonzero(end <= start)
    ]


def _countries(tables: Tables) -> list[Fault]:
    found = []
    for name in ("nodes", "speeds", "rates", "grids", "operators"):
        for row_id, code in zip(tables[name].ids, tables[name]["country"], strict=True):
            if code and not (len(code) == 2 and code.isalpha() and code.isupper()):
                found.append(
                    Fault(
                        f"{name}.csv",
                        str(row_id),
                        "country",
                        str(code),
                        "must be a two-letter ISO 3166 code",
                        "write it as KZ",
                    )
                )
    return found


def _scopes(tables: Tables) -> list[Fault]:
    found = []
    countries = set(tables["nodes"]["country"].tolist())
    for name in ("restrictions", "hazards"):
        for row in tables[name].rows():
            if row["scope"] not in {"node", "link", "country"}:
                continue
            known: Any = countries if row["scope"] == "country" else tables[f"{row['scope']}s"].position
            if row["scope_id"] not in known:
                found.append(
                    _missing(
                        name,
                        row["id"],
                        "scope_id",
                        row["scope_id"],
                        f"{row['scope']}s" if row["scope"] != "country" else "nodes",
                        known,
                    )
                )
    for row in tables["observations"].rows():
        for name in row["via"].split():
            if name not in tables["nodes"].position:
                found.append(
                    _missing("observations", row["id"], "via", name, "nodes", tables["nodes"].position)
                )
    sites = set(tables["weather"]["site"].tolist())
    for row_id, site in zip(tables["terminals"].ids, tables["terminals"]["weather_id"], strict=True):
        if site and site not in sites:
            found.append(_missing("terminals", str(row_id), "weather_id", str(site), "weather", sites))
    series = set(tables["indices"]["series"].tolist())
    for row_id, name in zip(tables["rates"].ids, tables["rates"]["index_id"], strict=True):
        if name and name not in series:
            found.append(_missing("rates", str(row_id), "index_id", str(name), "indices", series))
    return found


def _changes(tables: Tables) -> list[Fault]:
    found = []
    for row in tables["changes"].rows():
        target = schema().get(row["table"])
        if target is None or row["table"] in {"changes", "evidence", "sources"}:
            found.append(
                Fault(
                    "changes.csv",
                    row["id"],
                    "table",
                    row["table"],
                    "must be a table that may change",
                    "name one of the tables",
                )
            )
            continue
        if row["row_id"] not in tables[row["table"]].position:
            found.append(
                _missing(
                    "changes", row["id"], "row_id", row["row_id"], row["table"], tables[row["table"]].position
                )
            )
        switch = row["op"] in {"open", "close"}
        if switch and row["column"]:
            found.append(
                Fault(
                    "changes.csv",
                    row["id"],
                    "column",
                    row["column"],
                    f"{row['op']} concerns a row",
                    "leave the column blank",
                )
            )
        if not switch and row["column"] not in target.figures:
            found.append(
                Fault(
                    "changes.csv",
                    row["id"],
                    "column",
                    row["column"],
                    f"must be a column of figures of {row['table']}",
                    f"choose one of {' '.join(target.figures)}",
                )
            )
        if not switch and np.isnan(row["value"]):
            found.append(
                Fault(
                    "changes.csv",
                    row["id"],
                    "value",
                    "",
                    f"{row['op']} needs a value",
                    "give it with its evidence",
                )
            )
    return found + _two_sets(tables)


def _two_sets(tables: Tables) -> list[Fault]:
    history = {row["id"] for row in tables["change_sets"].rows() if row["history"]}
    cells: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in tables["changes"].rows():
        if row["op"] == "set":
            cells.setdefault((row["table"], row["row_id"], row["column"]), []).append(row)
    found = []
    for cell, rows in cells.items():
        for a, b in combinations(rows, 2):
            together = a["set_id"] == b["set_id"] or {a["set_id"], b["set_id"]} <= history
            overlap = str(a["from_date"]) < str(b["to_date"] or "9999") and str(b["from_date"]) < str(
                a["to_date"] or "9999"
            )
            if together and overlap:
                found.append(
                    Fault(
                        "changes.csv",
                        b["id"],
                        "op",
                        "set",
                        f"{a['id']} sets {'.'.join(cell)} in the same days",
                        "make their dates disjoint or turn one into multiply",
                    )
                )
    return found


def _stops(tables: Tables) -> list[Fault]:
    found = []
    handled = {
        (n, m)
        for n, m, o in zip(*(tables["terminals"][c] for c in ("node_id", "mode", "operation")), strict=True)
        if o == "handling"
    }
    modes = dict(zip(tables["services"].ids, tables["services"]["mode"], strict=True))
    parts = {mode: _components(tables, mode) for mode in set(modes.values())}
    lines: dict[str, list[dict[str, Any]]] = {}
    for row in tables["stops"].rows():
        lines.setdefault(row["service_id"], []).append(row)
    for service, mode in modes.items():
        rows = sorted(lines.get(service, []), key=lambda r: r["sequence"])
        if len(rows) < 2:
            found.append(
                Fault("services.csv", service, "", "", "needs at least two stops", "add them to stops.csv")
            )
        if len({r["sequence"] for r in rows}) < len(rows):
            found.append(
                Fault(
                    "stops.csv",
                    rows[0]["id"],
                    "sequence",
                    "",
                    f"{service} has two stops of one sequence",
                    "number them anew",
                )
            )
        for row in rows:
            if parts[mode].get(row["node_id"], -1) != parts[mode].get(rows[0]["node_id"], -2):
                found.append(
                    Fault(
                        "stops.csv",
                        row["id"],
                        "node_id",
                        row["node_id"],
                        f"no {mode} links join it to the first stop of {service}",
                        "add the links or correct the stop",
                    )
                )
            if row["call"] != "pass" and (row["node_id"], mode) not in handled:
                found.append(
                    Fault(
                        "stops.csv",
                        row["id"],
                        "node_id",
                        row["node_id"],
                        f"no {mode} terminal handles cargo here",
                        "add it to terminals.csv or make the call a pass",
                    )
                )
    return found


def _components(tables: Tables, mode: str) -> dict[str, int]:
    links = tables["links"]
    keep = links["mode"] == mode
    return components(links["from_node"][keep].tolist(), links["to_node"][keep].tolist())


def components(ends: list[str], others: list[str]) -> dict[str, int]:
    """Number the connected parts of an undirected graph, by node.

    Examples
    --------
    >>> components(["a", "c"], ["b", "d"])["a"] == components(["a", "c"], ["b", "d"])["c"]
    False
    """
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for a, b in zip(ends, others, strict=True):
        root[find(a)] = find(b)
    numbers: dict[str, int] = {}
    return {name: numbers.setdefault(find(name), len(numbers)) for name in list(root)}


def _units(tables: Tables) -> list[Fault]:
    found = []
    for name, figure, unit in (
        ("links", "capacity", "capacity_unit"),
        ("terminals", "capacity", "capacity_unit"),
        ("borders", "capacity", "capacity_unit"),
        ("services", "payload", "payload_unit"),
    ):
        table = tables[name]
        for i in np.flatnonzero(~np.isnan(table[figure]) & (table[unit] == "")):
            found.append(
                Fault(
                    f"{name}.csv",
                    str(table.ids[i]),
                    unit,
                    "",
                    f"{figure} {table[figure][i]:g} has no unit",
                    f"give one of {' '.join(table.schema.columns[unit].allowed)}",
                )
            )
    return found
