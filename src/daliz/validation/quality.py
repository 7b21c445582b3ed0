"""Measure the evidence behind the figures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.routing.by_corridor import best_by_corridor
from daliz.routing.provenance import grade_weights
from daliz.routing.shipment import Shipment
from daliz.tables.defaults import default_values
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.routing import Itinerary
    from daliz.tables import Network

_CALL = re.compile(r'cell\(\s*"([^"]+)"\s*,\s*"([^"]+)"\s*,\s*"([^"]+)"')
MEASURED_COLUMNS = (
    "length_km",
    "speed_km_h",
    "single_speed_km_h",
    "hours",
    "document_hours",
    "border_hours",
    "departures_per_week",
    "run_hours",
    "dwell_hours",
    "closed_share",
    "usd_fixed",
    "usd_per_km",
    "usd_40",
    "usd_t",
    "fee_usd",
    "capacity",
    "payload",
    "vessels",
)


def share_sourced(network: Network, cells: Iterable[Cell] | None = None) -> tuple[int, float]:
    """Count distinct figures in use and the share that rests on a source or on arithmetic from sources.

    A value from one source in one column counts once, however many cells repeat it. A derived figure
    whose arithmetic calls on a figure that is an assumption, directly or further down, counts as an
    assumption.

    Parameters
    ----------
    network
        The network.
    cells
        Cells to count; all unless given.
    """
    evidence = network.store["evidence"]
    stands = _standing(network)
    wanted = None if cells is None else set(cells)
    seen: dict[tuple[Any, ...], bool] = {}
    for i in np.flatnonzero(evidence["used"]):
        cell = Cell(evidence["table"][i], evidence["row_id"][i], evidence["column"][i])
        if wanted is None or cell in wanted:
            key = (cell.table, cell.column, float(evidence["value"][i]), evidence["source_id"][i])
            seen[key] = seen.get(key, True) and stands[int(i)]
    return len(seen), float(np.mean(list(seen.values()))) if seen else float("nan")


def _standing(network: Network) -> dict[int, bool]:
    """Check for each row of evidence in use whether it rests on sources all the way down."""
    evidence, grades = network.store["evidence"], network.store["grades"]
    used = [int(i) for i in np.flatnonzero(evidence["used"])]
    rows: dict[Cell, list[int]] = {}
    for i in used:
        rows.setdefault(Cell(evidence["table"][i], evidence["row_id"][i], evidence["column"][i]), []).append(
            i
        )
    known: dict[int, bool] = {}

    def stands(i: int) -> bool:
        if i not in known:
            known[i] = bool(grades["sourced"][grades.position[str(evidence["grade"][i])]])
            called = [Cell(*c) for c in _CALL.findall(str(evidence["arithmetic"][i]))]
            known[i] = known[i] and all(stands(j) for c in called for j in rows.get(c, []))
        return known[i]

    return {i: stands(i) for i in used}


def itineraries(network: Network) -> list[tuple[dict[str, Any], Itinerary]]:
    """Find the named itineraries: the corridor of the table `defaults` where it serves a pair, else the best route."""
    followed = next(iter(default_values(network, "corridor")), "")
    found = []
    for pair in network.store["pairs"].rows():
        best = best_by_corridor(network, pair["origin"], pair["destination"], Shipment(pair["cargo_id"]))
        if best:
            found.append((pair, best.get(followed) or min(best.values(), key=lambda w: w.generalised_usd)))
    return found


def corridor_cells(network: Network, corridor: str) -> set[Cell]:
    """Collect the figures for km, hours, rates and capacities on a corridor.

    These are the figures behind the hours and dollars of the named itineraries that belong to it, with
    the lengths and capacities of the links, terminals, borders and services that they use.
    """
    cells: set[Cell] = set()
    for _, way in itineraries(network):
        if way.corridor != corridor:
            continue
        cells |= {c.cell for c in way.components if c.cell is not None and c.measure in {"hours", "usd"}}
        links, services = network.table("links"), network.table("services")
        for a in way.arcs:
            arc = way.graph.arcs[a]
            rows = [("links", str(links.ids[link])) for link, _ in arc.links]
            rows += [("services", str(services.ids[arc.service]))] if arc.service >= 0 else []
            cells |= {Cell(t, r, c) for t, r in rows for c in MEASURED_COLUMNS}
    touched = {(c.table, c.row) for c in cells if c.table in {"terminals", "borders"}}
    cells |= {Cell(t, r, "capacity") for t, r in touched}
    return {c for c in cells if c.column in MEASURED_COLUMNS}


def weights(network: Network) -> list[tuple[str, str, str, dict[str, dict[str, float]]]]:
    """Compute the shares of hours and dollars by grade for the named itineraries.

    Origin, destination and corridor come with them.
    """
    return [
        (pair["origin"], pair["destination"], way.corridor, grade_weights(way))
        for pair, way in itineraries(network)
    ]
