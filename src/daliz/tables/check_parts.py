"""Find disconnected parts of a network, and services that cannot run."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.faults import Fault, faults_of
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daliz.tables.table import Array, Table

Row = dict[str, Any]
Tables = dict[str, "Table"]


def part_faults(tables: Tables, links: Table) -> list[Fault]:
    """Find all faults of connection; `links` are those whose ends are known."""
    return [*_parts(tables["nodes"], links), *_stops(tables, links)]


def components(ends: list[str], others: list[str]) -> dict[str, int]:
    """Find the number of the connected component of each node of an undirected graph.

    Examples
    --------
    >>> components(["a", "c"], ["b", "d"])
    {'a': 0, 'b': 0, 'c': 1, 'd': 1}
    """
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            root[name] = root[root[name]]
            name = root[name]
        return name

    for a, b in zip(ends, others, strict=True):
        here, there = find(a), find(b)
        root[here] = there
    numbers: dict[str, int] = {}
    return {name: numbers.setdefault(find(name), len(numbers)) for name in list(root)}


def _parts(nodes: Table, links: Table) -> Iterator[Fault]:
    # a row without an id is told for that, and nothing can name it
    nodes = nodes.take(nodes.ids != "")
    names = nodes.ids.tolist()
    part = components([*names, *links["from_node"].tolist()], [*names, *links["to_node"].tolist()])
    number = np.array([part[name] for name in names], dtype=np.int64)
    placed = ~(np.isnan(nodes["lat"]) | np.isnan(nodes["lon"]))
    sizes = Counter(number.tolist())
    main = sizes.most_common(1)[0][0] if sizes else 0
    outside = np.flatnonzero(number != main)
    inside = np.flatnonzero((number == main) & placed)
    if not len(outside):
        return
    nearest = _nearest(nodes, outside, inside)
    members: dict[int, list[int]] = defaultdict(list)
    for at, i in enumerate(outside):
        members[int(number[i])].append(at)
    for some in members.values():
        at = min(some, key=lambda a: nearest[a][0])
        km, there = nearest[at]
        more = f" and {len(some) - 1} more" if len(some) > 1 else ""
        mend = f"join {names[outside[at]]} to {names[there]}, the nearest place at {km:.0f} km"
        value = f"{names[outside[some[0]]]}{more}"
        fault = faults_of("links")("", "", value, "no link joins this part to the rest", mend)
        yield replace(fault, stops=False)


def _nearest(nodes: Table, outside: Array, inside: Array) -> list[tuple[float, int]]:
    """Find for each place outside the nearest one inside, by a tree of points on the sphere."""
    if not len(inside):
        return [(np.inf, int(i)) for i in outside]
    from scipy.spatial import cKDTree

    lat, lon = np.radians(np.nan_to_num(nodes["lat"])), np.radians(np.nan_to_num(nodes["lon"]))
    points = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
    _, found = cKDTree(points[inside]).query(points[outside])
    there = inside[found]
    km = great_circle_km(
        nodes["lat"][outside], nodes["lon"][outside], nodes["lat"][there], nodes["lon"][there]
    )
    return list(zip(np.nan_to_num(km, nan=np.inf).tolist(), there.tolist(), strict=True))


def _stops(tables: Tables, links: Table) -> Iterator[Fault]:
    """Find services whose stops no links of their mode join, or where nothing handles their cargo."""
    terminals, services = tables["terminals"], tables["services"]
    here = terminals.take(terminals["operation"] == "handling")
    handled = set(zip(here["node_id"].tolist(), here["mode"].tolist(), strict=True))
    modes = dict(zip(services.ids.tolist(), services["mode"].tolist(), strict=True))
    parts = {mode: _parts_of(links, mode) for mode in set(modes.values())}
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in tables["stops"].rows():
        lines[row["service_id"]].append(row)
    for service, mode in modes.items():
        line = sorted(lines.get(service, []), key=lambda r: r["sequence"])
        if len(line) < 2:
            yield faults_of("services")(service, "", "", "needs at least two stops", "add them to stops.csv")
        if len({row["sequence"] for row in line}) < len(line):
            allowed = f"{service} has two stops of one sequence"
            yield faults_of("stops")(line[0]["id"], "sequence", "", allowed, "number them anew")
        for row in line:
            yield from _stop(row, line[0], mode, parts[mode], handled)


def _stop(
    row: Row, first: Row, mode: str, part: dict[str, int], handled: set[tuple[str, str]]
) -> Iterator[Fault]:
    fault, node = faults_of("stops"), row["node_id"]
    if part.get(node, -1) != part.get(first["node_id"], -2):
        allowed = f"no {mode} links join it to the first stop of {row['service_id']}"
        yield fault(row["id"], "node_id", node, allowed, "add the links or correct the stop")
    if row["call"] != "pass" and (node, mode) not in handled:
        allowed = f"no {mode} terminal handles cargo here"
        yield fault(row["id"], "node_id", node, allowed, "add it to terminals.csv or make the call a pass")


def _parts_of(links: Table, mode: str) -> dict[str, int]:
    some = links.take(links["mode"] == mode)
    return components(some["from_node"].tolist(), some["to_node"].tolist())
