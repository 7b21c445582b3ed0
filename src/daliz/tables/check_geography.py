"""Find what cannot be on the ground: distances, speeds, gauges, borders and parts that nothing joins."""

from __future__ import annotations

import csv
import functools
from collections import Counter
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.check_references import components
from daliz.tables.faults import Fault
from daliz.tables.geo import great_circle_km, parse_line

if TYPE_CHECKING:
    from daliz.tables.table import Array, Table

Tables = dict[str, "Table"]
ROUNDING = 0.995
SHAPE_END_KM = 30.0


@dataclass(frozen=True, slots=True)
class Limit:
    """Hold what a mode can do."""

    fastest_km_h: float
    longest_detour: float
    land: bool


@functools.cache
def limits() -> dict[str, Limit]:
    """Read what each mode can do, from `limits.csv`."""
    text = resources.files("daliz.tables").joinpath("limits.csv").read_text(encoding="utf-8")
    return {
        r["mode"]: Limit(float(r["fastest_km_h"]), float(r["longest_detour"]), r["land"] == "yes")
        for r in csv.DictReader(text.splitlines())
    }


def geography_faults(tables: Tables) -> list[Fault]:
    """Find all faults of geography."""
    nodes, links = tables["nodes"], tables["links"]
    known = np.array(
        [
            a in nodes.position and b in nodes.position
            for a, b in zip(links["from_node"], links["to_node"], strict=True)
        ],
        dtype=bool,
    )
    links = links.take(known) if len(links) else links
    return [
        *_distances(tables, links),
        *_speeds(tables),
        *_gauges(tables, links),
        *_borders(tables, links),
        *_parts(tables, links),
        *_shapes(tables),
    ]


def _direct_km(tables: Tables, links: Table) -> Array:
    nodes = tables["nodes"]
    a = [nodes.position[n] for n in links["from_node"]]
    b = [nodes.position[n] for n in links["to_node"]]
    return great_circle_km(nodes["lat"][a], nodes["lon"][a], nodes["lat"][b], nodes["lon"][b])


def _distances(tables: Tables, links: Table) -> list[Fault]:
    found = []
    for i, direct in enumerate(_direct_km(tables, links) if len(links) else []):
        row, km = str(links.ids[i]), links["length_km"][i]
        limit = limits().get(str(links["mode"][i]))
        if links["from_node"][i] == links["to_node"][i]:
            found.append(
                Fault(
                    "links.csv",
                    row,
                    "to_node",
                    str(links["to_node"][i]),
                    "a link joins two places",
                    "correct one end",
                )
            )
        elif np.isnan(km):
            found.append(
                Fault(
                    "links.csv", row, "length_km", "", "a link needs its length", "give it with its evidence"
                )
            )
        elif km < direct * ROUNDING:
            found.append(
                Fault(
                    "links.csv",
                    row,
                    "length_km",
                    f"{km:g}",
                    f"must be at least the great circle of {direct:.1f} km",
                    "correct the length or the places",
                )
            )
        elif limit and km > max(direct, 20.0) * limit.longest_detour:
            found.append(
                Fault(
                    "links.csv",
                    row,
                    "length_km",
                    f"{km:g}",
                    f"may be {limit.longest_detour:g} times the great circle of {direct:.1f} km at most",
                    "correct the length or its unit",
                )
            )
    return found


def _speeds(tables: Tables) -> list[Fault]:
    found = []
    services = tables["services"]
    for table, columns in (
        (tables["speeds"], ("speed_km_h", "single_speed_km_h")),
        (tables["links"], ("speed_km_h", "single_speed_km_h")),
        (services, ("speed_km_h",)),
    ):
        for column in columns:
            for row, mode, speed in zip(table.ids, table["mode"], table[column], strict=True):
                limit = limits().get(str(mode))
                if limit and speed > limit.fastest_km_h:
                    found.append(
                        Fault(
                            f"{table.name}.csv",
                            str(row),
                            column,
                            f"{speed:g}",
                            f"{mode} goes at {limit.fastest_km_h:g} km/h at most",
                            "correct the figure or its unit",
                        )
                    )
    return found


def _gauges(tables: Tables, links: Table) -> list[Fault]:
    found = []
    meet: dict[str, set[int]] = {}
    for row, mode, gauge, a, b in zip(
        links.ids, links["mode"], links["gauge_mm"], links["from_node"], links["to_node"], strict=True
    ):
        if (mode == "rail") == bool(np.isnan(gauge)):
            allowed = "a rail link needs its gauge" if mode == "rail" else "only rail has a gauge"
            found.append(
                Fault(
                    "links.csv",
                    str(row),
                    "gauge_mm",
                    "" if np.isnan(gauge) else f"{gauge:g}",
                    allowed,
                    "give 1435, 1520 or 1676 for rail alone",
                )
            )
        elif mode == "rail":
            for end in (a, b):
                meet.setdefault(str(end), set()).add(int(gauge))
    changes = {
        n
        for n, o in zip(tables["terminals"]["node_id"], tables["terminals"]["operation"], strict=True)
        if o == "gauge-change"
    }
    for node, gauges in meet.items():
        if len(gauges) > 1 and node not in changes:
            found.append(
                Fault(
                    "links.csv",
                    node,
                    "gauge_mm",
                    " ".join(map(str, sorted(gauges))),
                    "gauges meet here without a change of gauge",
                    "add a gauge-change row to terminals.csv or end one line at another place",
                )
            )
    for node in changes:
        if node in tables["nodes"].position and len(meet.get(str(node), ())) < 2:
            found.append(
                Fault(
                    "terminals.csv",
                    str(node),
                    "operation",
                    "gauge-change",
                    "two gauges must meet here",
                    "add the line of the other gauge or remove the row",
                )
            )
    return found


def _borders(tables: Tables, links: Table) -> list[Fault]:
    nodes, borders = tables["nodes"], tables["borders"]
    country = dict(zip(nodes.ids, nodes["country"], strict=True))
    count = Counter(zip(borders["link_id"].tolist(), borders["direction"].tolist(), strict=True))
    found = [
        Fault(
            "borders.csv",
            link,
            "direction",
            direction,
            f"this crossing stands {n} times",
            "keep one row a direction",
        )
        for (link, direction), n in count.items()
        if n > 1
    ]
    for row, mode, a, b in zip(links.ids, links["mode"], links["from_node"], links["to_node"], strict=True):
        abroad = country[a] != country[b]
        land = mode in limits() and limits()[mode].land
        for direction in ("forward", "backward"):
            there = (row, direction) in count
            if abroad and land and not there:
                found.append(
                    Fault(
                        "borders.csv",
                        str(row),
                        "direction",
                        direction,
                        f"{a} is in {country[a]} and {b} in {country[b]}, but this crossing is missing",
                        "add a row for each direction",
                    )
                )
            if there and not abroad:
                found.append(
                    Fault(
                        "borders.csv",
                        str(row),
                        "link_id",
                        str(row),
                        f"both ends lie in {country[a]}",
                        "remove the row or correct the country",
                    )
                )
    return found


def _parts(tables: Tables, links: Table) -> list[Fault]:
    nodes = tables["nodes"]
    if not len(nodes):
        return []
    part = components(
        [*links["from_node"].tolist(), *nodes.ids.tolist()], [*links["to_node"].tolist(), *nodes.ids.tolist()]
    )
    main = Counter(part.values()).most_common(1)[0][0]
    in_main = np.array([part[n] == main for n in nodes.ids])
    found = []
    for number in sorted(set(part.values()) - {main}):
        members = [i for i, n in enumerate(nodes.ids) if part[n] == number]
        far = great_circle_km(
            nodes["lat"][members][:, None],
            nodes["lon"][members][:, None],
            nodes["lat"][in_main][None],
            nodes["lon"][in_main][None],
        )
        i, j = np.unravel_index(np.argmin(far), far.shape)
        here, there = nodes.ids[members[int(i)]], nodes.ids[in_main][int(j)]
        more = f" and {len(members) - 1} more" if len(members) > 1 else ""
        found.append(
            Fault(
                "links.csv",
                "",
                "",
                f"{nodes.ids[members[0]]}{more}",
                "no link joins this part to the rest",
                f"join {here} to {there}, the nearest place at {far[i, j]:.0f} km",
            )
        )
    return found


def _shapes(tables: Tables) -> list[Fault]:
    nodes, links = tables["nodes"], tables["links"]
    found = []
    for row, wkt in zip(tables["shapes"].ids, tables["shapes"]["geometry"], strict=True):
        if row not in links.position or not wkt:
            continue
        points, i = parse_line(wkt), links.position[row]
        for at, end in ((points[0], links["from_node"][i]), (points[-1], links["to_node"][i])):
            if end in nodes.position:
                j = nodes.position[end]
                gap = float(great_circle_km(at[1], at[0], nodes["lat"][j], nodes["lon"][j]))
                if gap > SHAPE_END_KM:
                    found.append(
                        Fault(
                            "shapes.csv",
                            str(row),
                            "geometry",
                            f"{at[0]:g} {at[1]:g}",
                            f"ends {gap:.0f} km from {end}",
                            "draw the line from from_node to to_node as lon lat",
                        )
                    )
    return found
