"""Find the rows that a network leaves out in its period, say why, and put them in force to see what they would open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.changes import USER
from daliz.tables.edits import Open
from daliz.tables.figures import Cell
from daliz.tables.network import Network

if TYPE_CHECKING:
    from daliz.graph.graph import Graph

KINDS = {"links": "link", "services": "service", "terminals": "terminal"}
"""Tables of dated rows that ways run over."""
Rows = dict[str, list[str]]


def absent_rows(network: Network, *, partly: bool) -> Rows:
    """List links, services and terminals that are not in force; if asked, only those that exist on some days."""
    left_out = network.resolved.left_out
    found = {
        table: [row for row, share in left_out.get(table, {}).items() if share > 0 or not partly]
        for table in KINDS
    }
    return {table: rows for table, rows in found.items() if rows}


def told_left_out(network: Network) -> str:
    """Say what a network leaves out because it is open on less than half of its days; nothing if there is nothing.

    Examples
    --------
    >>> import daliz
    >>> told_left_out(daliz.open("eurasia", year=2024))
    ''
    >>> print(told_left_out(daliz.open("eurasia", year=2019)))
    Left out of 2019, being open on less than half of its days: service poti-constanta-feeder (33 %), ...
    """
    rows = absent_rows(network, partly=True)
    share = network.resolved.left_out
    named = [f"{KINDS[t]} {row} ({share[t][row]:.0%})" for t, some in rows.items() for row in sorted(some)]
    text = ", ".join(named).replace("%", " %")
    return f"Left out of {network.when}, being open on less than half of its days: {text}." if named else ""


def with_rows(network: Network, rows: Rows) -> Network:
    """Return the network with rows in force on all days, made once."""
    opened = tuple(Open(table, row) for table, some in rows.items() for row in some)
    edits = (*network.edits, *opened)
    made: Network = network.once(
        f"with {' '.join(map(str, opened))}",
        lambda: Network(network.store, network.period, network.added, network.removed, edits),
    )
    return made


def rows_of_arcs(graph: Graph, rows: Rows) -> dict[int, tuple[str, str]]:
    """Map the arcs of a graph in which some rows are in force to the first of these rows that each needs."""
    found: dict[int, tuple[str, str]] = {}
    terminals = graph.network.table("terminals")
    new = set(rows.get("terminals", ()))
    columns = (terminals[c].tolist() for c in ("node_id", "mode", "operation"))
    at: dict[tuple[str, str], list[str]] = {}
    for name, node, mode, operation in zip(terminals.ids.tolist(), *columns, strict=True):
        if operation == "handling":
            at.setdefault((node, mode), []).append(name)
    ids = graph.network.table("nodes").ids
    lone = {key: names[0] for key, names in at.items() if new.issuperset(names)}
    for i, arc in enumerate(graph.arcs if lone else ()):
        state = graph.states[arc.head if arc.role in {"load", "board"} else arc.tail]
        name = lone.get((str(ids[state.node]), state.mode))
        if arc.role in {"load", "unload", "board", "alight"} and name is not None:
            found[i] = ("terminals", name)
    for table, arcs in (("services", graph.service_arcs), ("links", graph.link_arcs)):
        position = graph.network.table(table).position
        for row in rows.get(table, ()):
            found |= dict.fromkeys(arcs.get(position[row], ()), (table, row))
    return found


def why_absent(network: Network, table: str, row: str) -> str:
    """Say why a row is not in force in the period of a network."""
    resolved, period = network.resolved, network.period
    name, share = f"{KINDS[table]} {row}", resolved.left_out[table][row]
    if share > 0:
        of = "of the year" if period.month is None else "of the month"
        return f"{name} is open {max(share, 0.01):.0%} {of}".replace("%", " %")
    changes = resolved.changes.get(Cell(table, row, ""), [])
    if changes and changes[-1]["op"] == "close":
        by = changes[-1]["change"]
        sets = network.store["changes"]
        who = "the question" if by == USER else str(sets["set_id"][sets.position[by]])
        return f"{name} is closed by {who}"
    absent = resolved.absent[table]
    start, end = (absent[c][absent.position[row]] for c in ("from_date", "to_date"))
    if not np.isnat(end) and end <= period.start:
        return f"{name} is closed since {end}"
    if not np.isnat(start) and start >= period.end:
        return f"{name} opens only on {start}"
    return f"{name} is not in force"
