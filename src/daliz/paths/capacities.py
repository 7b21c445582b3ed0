"""Find what has a capacity: legs of services, terminals, borders and links, in units of their own."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from daliz.errors import DemandError
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.arrays import Bytes, Flags, Floats, Ints
    from daliz.graph import Graph
    from daliz.tables import Network, Table

HOURS_PER_WEEK, DAYS_PER_YEAR = 168.0, 365.0
WEEKS_PER_YEAR = DAYS_PER_YEAR / 7.0
FORMS = ("bpr", "conical", "queue")
UNITS = ("TEU", "t", "wagons", "trucks", "trains")
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
_RESOURCES = {"TEU": "TEU-slot", "t": "tonne", "wagons": "wagon", "trucks": "truck", "trains": "train-path"}
TABLES = {"link": "links", "terminal": "terminals", "border": "borders", "service": "services"}


class Place(NamedTuple):
    """One thing with a capacity: what it is, and which side of it.

    Attributes
    ----------
    kind, row
        link, terminal, border or service, and the id of its row.
    side
        forward or backward, in or out; blank for both together and for legs.
    start, end
        Places between which a leg of a service runs; blank for all else.
    """

    kind: str
    row: str
    side: str = ""
    start: str = ""
    end: str = ""

    @property
    def name(self) -> str:
        """Name as it is printed."""
        return f"{self.row} {self.start} - {self.end}" if self.start else f"{self.row} {self.side}".rstrip()


@dataclass(frozen=True)
class Capacities:
    """What has a capacity on a graph.

    Attributes
    ----------
    places
        What each is.
    unit
        Unit of its volumes.
    capacity, background
        float64 arrays of shape (capacities,): a year, in the unit; the part that traffic outside demand takes.
    hard
        bool (capacities,): whether no more can pass; else more pass with more delay.
    form
        uint8 array of shape (capacities,): form of the delay.
    parameters
        float64 array of shape (capacities, 4) for `kernels.delays`: 0, capacity, b times the place's own hours, power.
    load
        float64 array of shape (cargo classes, capacities): what one unit of a class takes.
    bears, waits
        int64 arrays of shape (pairs, 2): arc and capacity that it loads; arc and capacity whose delay it bears.
    cells
        The cells whose product each capacity is.
    admits
        bool array of shape (cargo classes, capacities): whether a class is handled there, so that it loads and waits.
    """

    places: tuple[Place, ...]
    unit: tuple[str, ...]
    capacity: Floats
    background: Floats
    hard: Flags
    form: Bytes
    parameters: Floats
    load: Floats
    bears: Ints
    waits: Ints
    cells: tuple[tuple[Cell, ...], ...]
    admits: Flags

    def __len__(self) -> int:
        return len(self.places)

    @property
    def name(self) -> list[str]:
        """Name of each as it is printed."""
        return [p.name for p in self.places]

    @property
    def kind(self) -> list[str]:
        """Kind of each: link, terminal, border or service."""
        return [p.kind for p in self.places]

    @property
    def room(self) -> Floats:
        """What is left a year beside traffic outside demand, shape (capacities,)."""
        return np.maximum(self.capacity - self.background, 0.0)

    def more_congested(self, factor: float) -> Capacities:
        """Multiply the delays that volumes add by a factor."""
        if factor == 1.0:
            return self
        parameters = self.parameters.copy()
        # the conical form is scaled by its time, of which only what volumes add counts
        conical = self.form == FORMS.index("conical")
        parameters[conical, 0] *= factor
        parameters[~conical, 2] *= factor
        return replace(self, parameters=parameters)

    def scaled(self, factor: Floats) -> Capacities:
        """Multiply each capacity, and what other traffic takes of it, by a factor above 0, shape (capacities,)."""
        parameters = self.parameters.copy()
        parameters[:, 1] *= factor
        return replace(
            self, capacity=self.capacity * factor, background=self.background * factor, parameters=parameters
        )

    def hardened(self, hard: Flags) -> Capacities:
        """Return the capacities with others of them hard."""
        return replace(self, hard=np.asarray(hard, np.bool_))

    def __getstate__(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


class Traffic(Protocol):
    """Volumes on the capacities of a network, as an assignment finds them."""

    @property
    def network(self) -> Network:
        """Network that the volumes are of."""

    @property
    def volume(self) -> Floats:
        """Volume a year by capacity, in its unit."""


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

    def of_table(self, place: Place, table: Table, r: int, hours: float) -> int:
        """Add a row of links, terminals or borders."""
        unit, factor = _PARTS[str(table["capacity_unit"][r])]
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
                departures * WEEKS_PER_YEAR * float(services["payload"][arc.service]),
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
    weak = {
        str(evidence["row_id"][i])
        for i in np.flatnonzero(of_services)
        if not sourced[str(evidence["grade"][i])]
    }
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
            for forward, side in ((True, "forward"), (False, "backward")):
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
    for cargo, resource, value in zip(loads["cargo_id"], loads["resource"], loads["amount"], strict=True):
        if resource == _RESOURCES[unit]:
            amount[cargoes.position[str(cargo)]] = value
    return amount
