"""Find what cannot be on the ground: distances, speeds, gauges, borders and misplaced lines."""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.equal_links import equal_link_faults
from daliz.tables.faults import Fault, faults_of
from daliz.tables.geo import great_circle_km, parse_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daliz.tables.table import Array, Table

Tables = dict[str, "Table"]
ROUNDING = 0.995
SHORT_KM = 20.0
SHAPE_END_KM = 30.0


@dataclass(frozen=True, slots=True)
class Limit:
    """Physical limits of a mode."""

    fastest_km_h: float
    longest_detour: float
    land: bool


@functools.cache
def limits() -> dict[str, Limit]:
    """Read the physical limits of each mode from `limits.csv`.

    Examples
    --------
    >>> limits()["rail"].fastest_km_h
    160.0
    """
    text = resources.files("daliz.tables").joinpath("limits.csv").read_text(encoding="utf-8")
    return {
        r["mode"]: Limit(float(r["fastest_km_h"]), float(r["longest_detour"]), r["land"] == "yes")
        for r in csv.DictReader(text.splitlines())
    }


def geography_faults(tables: Tables, links: Table) -> list[Fault]:
    """Find all faults of geography; `links` are those whose ends are known."""
    return [
        *_distances(tables, links),
        *_speeds(tables),
        *_gauges(tables, links),
        *_gauge_changes(tables, links),
        *_borders(tables, links),
        *_shapes(tables, links),
        *equal_link_faults(links),
    ]


def links_with_ends(tables: Tables) -> Table:
    """Select the links whose two ends are known nodes."""
    known, links = tables["nodes"].position, tables["links"]
    ends = zip(links["from_node"].tolist(), links["to_node"].tolist(), strict=True)
    return links.take(np.array([a in known and b in known for a, b in ends], dtype=bool))


def _direct_km(nodes: Table, links: Table) -> Array:
    a = [nodes.position[n] for n in links["from_node"].tolist()]
    b = [nodes.position[n] for n in links["to_node"].tolist()]
    return great_circle_km(nodes["lat"][a], nodes["lon"][a], nodes["lat"][b], nodes["lon"][b])


def _distances(tables: Tables, links: Table) -> Iterator[Fault]:
    fault = faults_of("links")
    rows = (links.ids, links["mode"], links["length_km"], links["to_node"], links["from_node"])
    for (row, mode, km, end, start), direct in zip(
        zip(*rows, strict=True), _direct_km(tables["nodes"], links), strict=True
    ):
        limit = limits().get(mode)
        if start == end:
            yield fault(row, "to_node", end, "a link joins two places", "correct one end")
        elif km < direct * ROUNDING:
            allowed = f"must be at least the great circle of {direct:.1f} km"
            found = fault(row, "length_km", float(km), allowed, "correct the length or the places")
            yield replace(found, stops=False)
        elif limit and km > max(direct, SHORT_KM) * limit.longest_detour:
            allowed = f"may be {limit.longest_detour:g} times the great circle of {direct:.1f} km at most"
            found = fault(row, "length_km", float(km), allowed, "correct the length or its unit")
            yield replace(found, stops=False)


def _speeds(tables: Tables) -> Iterator[Fault]:
    for name in ("speeds", "links", "services"):
        table = tables[name]
        fastest = np.array([limits()[m].fastest_km_h if m in limits() else np.inf for m in table["mode"]])
        for column in {"speed_km_h", "single_speed_km_h"} & set(table.schema.columns):
            for i in np.flatnonzero(table[column] > fastest):
                allowed = f"{table['mode'][i]} goes at {fastest[i]:g} km/h at most"
                speed = float(table[column][i])
                yield faults_of(name)(table.ids[i], column, speed, allowed, "correct the figure or its unit")


def _gauges(tables: Tables, links: Table) -> Iterator[Fault]:
    """Find rail without a gauge, gauges without rail, and gauges that meet where nothing changes them."""
    fault, terminals = faults_of("links"), tables["terminals"]
    for row, mode, gauge in zip(links.ids, links["mode"], links["gauge_mm"], strict=True):
        if (mode == "rail") == bool(np.isnan(gauge)):
            allowed = "a rail link needs its gauge" if mode == "rail" else "only rail has a gauge"
            yield fault(row, "gauge_mm", float(gauge), allowed, "give 1435, 1520 or 1676 for rail alone")
    changes = set(terminals["node_id"][terminals["operation"] == "gauge-change"].tolist())
    for node, gauges in _meeting(links).items():
        if len(gauges) > 1 and node not in changes:
            widths = " and ".join(f"{gauge:.0f}" for gauge in sorted(gauges))
            allowed = f"gauges {widths} meet at {node} without a change of gauge"
            mend = "add a gauge-change row to terminals.csv or end one line at another place"
            row = gauges[min(gauges)]
            yield fault(row, "gauge_mm", min(gauges), allowed, mend)


def _gauge_changes(tables: Tables, links: Table) -> Iterator[Fault]:
    """Find changes of gauge where no two gauges meet."""
    terminals, meet = tables["terminals"], _meeting(links)
    for i in np.flatnonzero(terminals["operation"] == "gauge-change"):
        node = terminals["node_id"][i]
        if node in tables["nodes"].position and len(meet.get(node, ())) < 2:
            allowed, mend = "two gauges must meet here", "add the line of the other gauge or remove the row"
            yield faults_of("terminals")(terminals.ids[i], "operation", "gauge-change", allowed, mend)


def _meeting(links: Table) -> dict[str, dict[float, str]]:
    """Collect the gauges that meet at each node, each with one link."""
    rail = links.take((links["mode"] == "rail") & ~np.isnan(links["gauge_mm"]))
    meet: dict[str, dict[float, str]] = defaultdict(dict)
    columns = (rail.ids, rail["gauge_mm"], rail["from_node"], rail["to_node"])
    for row, gauge, a, b in zip(*(column.tolist() for column in columns), strict=True):
        for end in (a, b):
            meet[end].setdefault(gauge, row)
    return meet


def _borders(tables: Tables, links: Table) -> Iterator[Fault]:
    """Find links over a border without their crossings, and crossings within a country."""
    nodes, borders, fault = tables["nodes"], tables["borders"], faults_of("borders")
    country = dict(zip(nodes.ids.tolist(), nodes["country"].tolist(), strict=True))
    rows: dict[tuple[str, str], str] = {}
    for row, link, way in zip(borders.ids, borders["link_id"], borders["direction"], strict=True):
        rows.setdefault((link, way), row)
    rows_of_links = (links[c] for c in ("mode", "from_node", "to_node", "directed"))
    for link, mode, a, b, directed in zip(links.ids, *rows_of_links, strict=True):
        if not (country[a] and country[b]):
            continue  # told for that already
        abroad = country[a] != country[b]
        if directed and (link, "backward") in rows:
            allowed, mend = (
                f"{link} runs from {a} to {b} only",
                "remove the row, or write no under links.directed",
            )
            yield fault(rows[link, "backward"], "direction", "backward", allowed, mend)
        for way in ("forward",) if directed else ("forward", "backward"):
            if abroad and mode in limits() and limits()[mode].land and (link, way) not in rows:
                allowed = f"{a} is in {country[a]} and {b} in {country[b]}, but the way {way} is missing"
                yield fault("", "link_id", link, allowed, "add a row for each direction")
            if not abroad and (link, way) in rows:
                allowed, mend = f"both ends lie in {country[a]}", "remove the row or correct the country"
                yield fault(rows[link, way], "link_id", link, allowed, mend)


def _shapes(tables: Tables, links: Table) -> Iterator[Fault]:
    nodes, fault = tables["nodes"], faults_of("shapes")
    for row, wkt in zip(tables["shapes"].ids, tables["shapes"]["geometry"], strict=True):
        if row not in links.position or not wkt:
            continue
        points, i = parse_line(wkt), links.position[row]
        for at, end in ((points[0], links["from_node"][i]), (points[-1], links["to_node"][i])):
            j = nodes.position[end]
            gap = float(great_circle_km(at[1], at[0], nodes["lat"][j], nodes["lon"][j]))
            if gap > SHAPE_END_KM:
                allowed = f"ends {gap:.0f} km from {end}"
                mend = "draw the line from from_node to to_node as lon lat"
                yield fault(row, "geometry", f"{at[0]:g} {at[1]:g}", allowed, mend)
