"""Find what has a capacity on a graph: legs of services, terminals, borders and links."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import DemandError
from daliz.paths.capacities import (
    DAYS_PER_YEAR,
    FORMS,
    HOURS_PER_WEEK,
    TABLES,
    UNITS,
    WEEKS_PER_YEAR,
    Capacities,
    Place,
)
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.graph import Graph
    from daliz.tables import Table

_PARTS = {
    "TEU/year": ("TEU", 1.0),
    "TEU/day": ("TEU", DAYS_PER_YEAR),
    "Mt/year": ("t", 1e6),
    "t/year": ("t", 1.0),
    "trains/day": ("trains", DAYS_PER_YEAR),
    "train-pairs/day": ("trains", DAYS_PER_YEAR),
    "trucks/day": ("trucks", DAYS_PER_YEAR),
    "wagons/day": ("wagons", DAYS_PER_YEAR),
}
RESOURCES = {"TEU": "TEU-slot", "t": "tonne", "wagons": "wagon", "trucks": "truck", "trains": "train-path"}


class _Row(NamedTuple):
    place: Place
    unit: str
    capacity: float
    background: float
    hours: float
    hard: bool
    cells: tuple[Cell, ...]


class _Draft:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.rows: list[_Row] = []
        self.groups: dict[int, str] = {}
        self.bears: list[tuple[int, int]] = []
        self.waits: list[tuple[int, int]] = []

    def add(self, row: _Row) -> int:
        """Add what has a capacity and return its number."""
        place = row.place
        if not row.capacity > 0:
            raise DemandError(
                f"{place.kind} {place.name}: its capacity is {row.capacity:g}; it must be more than 0. "
                "Close it by a change instead."
            )
        self.rows.append(row)
        return len(self.rows) - 1

    def open_share(self, table: str, row: str) -> float:
        """Return the share of the period for which a row is open; 1 where it is not in force."""
        resolved = self.graph.network.resolved
        at = resolved.tables[table].position.get(row)
        return 1.0 if at is None else float(resolved.open_share[table][at])

    def of_table(self, place: Place, table: Table, r: int, hours: float) -> int:
        """Add a row of links, terminals or borders, with the part of its capacity for which it is open.

        A border is open as its link is.
        """
        unit, factor = _PARTS[str(table["capacity_unit"][r])]
        dated = ("links", str(table["link_id"][r])) if place.kind == "border" else (table.name, place.row)
        factor *= self.open_share(*dated)
        capacity, used = float(table["capacity"][r]) * factor, float(table["background_use"][r])
        cell = Cell(TABLES[place.kind], place.row, "capacity")
        background = 0.0 if np.isnan(used) else used * capacity
        return self.add(
            _Row(place, unit, capacity, background, hours, bool(table["capacity_hard"][r]), (cell,))
        )

    def on(self, number: int, arcs: list[int]) -> None:
        """Let arcs load a capacity and bear its delay."""
        self.bears += [(a, number) for a in arcs]
        self.waits += [(a, number) for a in arcs]


def capacities_of(graph: Graph) -> Capacities:
    """Find what has a capacity on a graph.

    A terminal whose capacity is in vessels a week is left out, since what a vessel holds is told by the services.
    What is open for a part of the period has that part of its capacity.

    Raises
    ------
    DemandError
        If a capacity is not positive.
    """
    draft = _Draft(graph)
    _add_services(draft)
    _add_terminals(draft)
    _add_borders(draft)
    _add_links(draft)
    return _closed(draft)


def _add_services(draft: _Draft) -> None:
    """Add each leg; what boards at its first stop waits for the leg."""
    graph = draft.graph
    services = graph.network.table("services")
    fleets = _fleets(graph)
    boards: dict[int, list[int]] = {}
    for i, arc in enumerate(graph.arcs):
        if arc.role == "board":
            boards.setdefault(arc.head, []).append(i)
    nodes = graph.network.table("nodes").ids
    for i, arc in enumerate(graph.arcs):
        if arc.role != "ride" or arc.service not in fleets:
            continue
        row = str(services.ids[arc.service])
        back = f"{row}/back/" in graph.states[arc.tail].detail
        column = "return_departures_per_week" if back else "departures_per_week"
        departures = float(services[column][arc.service])
        place = Place("service", row, "", str(nodes[arc.places[0]]), str(nodes[arc.places[-1]]))
        e = draft.add(
            _Row(
                place,
                str(services["payload_unit"][arc.service]),
                departures
                * WEEKS_PER_YEAR
                * float(services["payload"][arc.service])
                * draft.open_share("services", row),
                0.0,
                HOURS_PER_WEEK / departures,
                bool(services["capacity_hard"][arc.service]),
                (Cell("services", row, column), Cell("services", row, "payload")),
            )
        )
        draft.bears.append((i, e))
        draft.waits += [(b, e) for b in boards.get(arc.tail, [])]


def _fleets(graph: Graph) -> set[int]:
    """Return the services whose capacity binds: ships with a payload and departures that stand on sources.

    Trains are put on as they are wanted, and what binds them are lines, borders and terminals; a number of ships
    that is an assumption would ration demand in the name of nobody.
    """
    services, evidence, grades = (
        graph.network.table("services"),
        graph.network.store["evidence"],
        graph.network.store["grades"],
    )
    sourced = dict(zip(grades.ids.astype(str), grades["sourced"], strict=True))
    of_services = (
        evidence["used"]
        & (evidence["table"] == "services")
        & np.isin(evidence["column"], ["payload", "departures_per_week"])
    )
    weak = set()
    for i in np.flatnonzero(of_services):
        row, grade = str(evidence["row_id"][i]), str(evidence["grade"][i])
        if grade not in sourced:
            raise DemandError(
                f"The evidence of service {row}, column {evidence['column'][i]}, bears the grade {grade!r}, which "
                "grades.csv lacks; add the row, with yes under sourced if such figures stand on sources."
            )
        if not sourced[grade]:
            weak.add(row)
    by_ship = np.isin(services["mode"].astype(str), ["sea", "waterway"]) & ~np.isnan(services["payload"])
    return {int(i) for i in np.flatnonzero(by_ship) if str(services.ids[i]) not in weak}


def _add_terminals(draft: _Draft) -> None:
    graph = draft.graph
    table, position = graph.network.table("terminals"), graph.network.table("nodes").position
    at: dict[tuple[int, str], list[tuple[int, bool]]] = {}
    for i, arc in enumerate(graph.arcs):
        if arc.role in {"load", "unload", "board", "alight"}:
            inward = arc.role in {"load", "board"}
            state = graph.states[arc.head if inward else arc.tail]
            at.setdefault((state.node, state.mode), []).append((i, inward))
    for r in _with_capacity(table):
        arcs = at.get((position[str(table["node_id"][r])], str(table["mode"][r])), [])
        for side, chosen in _sides(str(table["capacity_per"][r]), arcs):
            place = Place("terminal", str(table.ids[r]), side)
            e = draft.of_table(place, table, r, float(table["hours"][r]))
            draft.on(e, chosen)
            draft.groups[e] = str(table["cargo_groups"][r])


def _sides(per: str, arcs: list[tuple[int, bool]]) -> list[tuple[str, list[int]]]:
    if per == "direction":
        return [
            ("in", [a for a, inward in arcs if inward]),
            ("out", [a for a, inward in arcs if not inward]),
        ]
    return [("", [a for a, _ in arcs])]


def _with_capacity(table: Table) -> list[int]:
    known = ~np.isnan(table["capacity"]) & np.isin(table["capacity_unit"].astype(str), list(_PARTS))
    return [int(i) for i in np.flatnonzero(known)]


def _runs(graph: Graph) -> dict[tuple[int, bool], list[int]]:
    runs: dict[tuple[int, bool], list[int]] = {}
    for i, arc in enumerate(graph.arcs):
        if i not in graph.ways:
            for link, forward in arc.links:
                runs.setdefault((link, forward), []).append(i)
    return runs


def _add_borders(draft: _Draft) -> None:
    graph = draft.graph
    table, links = graph.network.table("borders"), graph.network.table("links").position
    runs = _runs(graph)
    for r in _with_capacity(table):
        forward = bool(table["direction"][r] == "forward")
        e = draft.of_table(Place("border", str(table.ids[r])), table, r, float(table["border_hours"][r]))
        draft.on(e, runs.get((links.get(str(table["link_id"][r]), -1), forward), []))


def _add_links(draft: _Draft) -> None:
    graph = draft.graph
    table, runs = graph.network.table("links"), _runs(graph)
    for r in _with_capacity(table):
        hours = float(table["length_km"][r]) / float(table["speed_km_h"][r])
        row = str(table.ids[r])
        if table["capacity_per"][r] == "direction":
            sides = {True: "forward", False: "backward"}
            for forward in (True,) if table["directed"][r] else (True, False):
                side = sides[forward]
                e = draft.of_table(Place("link", row, side), table, r, hours)
                draft.on(e, runs.get((r, forward), []))
        else:
            e = draft.of_table(Place("link", row), table, r, hours)
            draft.on(e, [*runs.get((r, True), []), *runs.get((r, False), [])])


def _closed(draft: _Draft) -> Capacities:
    network = draft.graph.network
    delays = network.table("delays")
    rows = draft.rows
    lacking = sorted({r.place.kind for r in rows} - set(delays.position))
    if lacking:
        raise DemandError(f"The table delays has no row {lacking[0]!r}; add it with its evidence.")
    which = [delays.position[r.place.kind] for r in rows]
    capacity, background, hours = (
        np.array([getattr(r, n) for r in rows], np.float64) for n in ("capacity", "background", "hours")
    )
    b, power = (delays[n][which].astype(np.float64) for n in ("b", "power"))
    parameters = np.column_stack([np.zeros(len(rows)), capacity, b * hours, power])
    forms = np.array([FORMS.index(str(delays["form"][w])) for w in which], np.uint8)
    # a bpr or conical delay is t0 times a factor; t0 itself is in the route's hours, and the conical one has no b
    bpr, conical = (forms == FORMS.index(f) for f in ("bpr", "conical"))
    parameters[bpr, 0] = hours[bpr]
    parameters[bpr, 2] = b[bpr]
    parameters[conical, 0] = parameters[conical, 2]
    by_unit = np.stack([_amounts(draft.graph, u) for u in UNITS], axis=1)
    load = by_unit[:, [UNITS.index(r.unit) for r in rows]] if rows else np.zeros((by_unit.shape[0], 0))
    admits = np.ones(load.shape, np.bool_)
    for e, groups in draft.groups.items():
        if groups:
            admits[:, e] = np.isin(network.table("cargoes")["rate_group"].astype(str), groups.split())
    return Capacities(
        tuple(r.place for r in rows),
        tuple(r.unit for r in rows),
        capacity,
        background,
        np.array([r.hard for r in rows], np.bool_),
        forms,
        np.ascontiguousarray(parameters),
        load * admits,
        _spread(draft.graph, draft.bears),
        _spread(draft.graph, draft.waits),
        tuple(r.cells for r in rows),
        admits,
    )


def _spread(graph: Graph, pairs: list[tuple[int, int]]) -> Ints:
    """Let a through arc load and bear what the arcs do for which it stands."""
    of: dict[int, list[int]] = {}
    for arc, number in pairs:
        of.setdefault(arc, []).append(number)
    more = [(through, e) for through, way in graph.ways.items() for a in way for e in of.get(a, [])]
    return np.array(sorted([*pairs, *more]), np.int64).reshape(-1, 2)


def _amounts(graph: Graph, unit: str) -> Floats:
    """Return what one unit of each class takes of a resource, 0 where the table `loads` has no row."""
    cargoes, loads = graph.network.table("cargoes"), graph.network.table("loads")
    amount = np.zeros(len(cargoes))
    row: dict[str, str] = {}
    for i, cargo in enumerate(loads["cargo_id"].astype(str)):
        if loads["resource"][i] != RESOURCES[unit]:
            continue
        if cargo in row:
            raise DemandError(
                f"The rows {row[cargo]} and {loads.ids[i]} of loads both say what a unit of {cargo} takes of "
                f"{RESOURCES[unit]}; leave one of them."
            )
        row[cargo] = str(loads.ids[i])
        amount[cargoes.position[cargo]] = loads["amount"][i]
    return amount
