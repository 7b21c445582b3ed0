"""Find what has a capacity: legs of services, terminals, borders and links, in units of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.sparse import csr_array

from daliz.errors import DemandError
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.arrays import Bytes, Flags, Floats, Ints
    from daliz.graph import Graph
    from daliz.paths.route_sets import RouteSets
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


@dataclass(frozen=True)
class Elements:
    """Hold the elements of a graph that have a capacity.

    Attributes
    ----------
    kind, name, unit
        Lists: link, terminal, border or service; what it is; unit of its volumes.
    capacity, background
        float64 arrays of shape (elements,): a year, in the unit; the part that traffic outside demand takes.
    form
        uint8 array of shape (elements,): form of the delay.
    parameters
        float64 array of shape (elements, 4) for `kernels.delays`: 0, capacity, b times the element's own
        hours, power.
    load
        float64 array of shape (cargo classes, elements): what one unit of a class takes.
    bears, waits
        int64 arrays of shape (pairs, 2): arc and element that it loads; arc and element whose delay it bears.
    cells
        The cells whose product each capacity is.
    admits
        bool array of shape (cargo classes, elements): whether a class is handled there, so that it loads
        and waits.
    """

    kind: list[str]
    name: list[str]
    unit: list[str]
    capacity: Floats
    background: Floats
    form: Bytes
    parameters: Floats
    load: Floats
    bears: Ints
    waits: Ints
    cells: list[tuple[Cell, ...]]
    admits: Flags

    def __len__(self) -> int:
        return len(self.name)


def more_congested(elements: Elements, factor: float) -> Elements:
    """Multiply the delays that volumes add by a factor."""
    if factor == 1.0:
        return elements
    parameters = elements.parameters.copy()
    # the conical form is scaled by its time, of which only what volumes add counts
    conical = elements.form == FORMS.index("conical")
    parameters[conical, 0] *= factor
    parameters[~conical, 2] *= factor
    return replace(elements, parameters=parameters)


def with_capacity(elements: Elements, factor: Floats) -> Elements:
    """Multiply the capacity of each element, and what other traffic takes of it, by a factor, shape (elements,)."""
    parameters = elements.parameters.copy()
    parameters[:, 1] *= factor
    return replace(
        elements,
        capacity=elements.capacity * factor,
        background=elements.background * factor,
        parameters=parameters,
    )


class Traffic(Protocol):
    """Volumes on the capacities of a network, as an assignment finds them."""

    @property
    def network(self) -> Network:
        """Network that the volumes are of."""

    @property
    def volume(self) -> Floats:
        """Volume a year by capacity, in its unit."""


class _Draft:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.rows: list[tuple[str, str, str, float, float, float]] = []
        self.cells: list[tuple[Cell, ...]] = []
        self.groups: dict[int, str] = {}
        self.bears: list[tuple[int, int]] = []
        self.waits: list[tuple[int, int]] = []

    def add(
        self, kind: str, name: str, unit: str, capacity: float, used: float, hours: float, *cells: Cell
    ) -> int:
        if not capacity > 0:
            raise DemandError(
                f"{kind} {name}: its capacity is {capacity:g}; it must be more than 0. Close it by a "
                "change instead."
            )
        self.rows.append((kind, name, unit, capacity, 0.0 if np.isnan(used) else used * capacity, hours))
        self.cells.append(cells)
        return len(self.rows) - 1

    def on(self, element: int, arcs: list[int]) -> None:
        """Say that arcs load the element and bear its delay."""
        self.bears += [(a, element) for a in arcs]
        self.waits += [(a, element) for a in arcs]


def elements_of(graph: Graph) -> Elements:
    """Give the elements of a graph that have a capacity, made once.

    A terminal whose capacity is in vessels a week is left out, since what a vessel holds is told by the
    services.

    Raises
    ------
    DemandError
        If a capacity is not positive.
    """
    if "elements" not in graph.memo:
        draft = _Draft(graph)
        _add_services(draft)
        _add_terminals(draft)
        _add_borders(draft)
        _add_links(draft)
        graph.memo["elements"] = _closed(draft)
    found: Elements = graph.memo["elements"]
    return found


def _add_services(draft: _Draft) -> None:
    """Make an element of each leg; what boards at its first stop waits for the leg."""
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
        back = f"{services.ids[arc.service]}/back/" in graph.states[arc.tail].detail
        column = "return_departures_per_week" if back else "departures_per_week"
        departures, row = float(services[column][arc.service]), str(services.ids[arc.service])
        name = f"{services.ids[arc.service]} {nodes[arc.places[0]]} - {nodes[arc.places[-1]]}"
        capacity = departures * WEEKS_PER_YEAR * float(services["payload"][arc.service])
        e = draft.add(
            "service",
            name,
            str(services["payload_unit"][arc.service]),
            capacity,
            0.0,
            HOURS_PER_WEEK / departures,
            Cell("services", row, column),
            Cell("services", row, "payload"),
        )
        draft.bears.append((i, e))
        draft.waits += [(b, e) for b in boards.get(arc.tail, [])]


def _fleets(graph: Graph) -> set[int]:
    """Give the services whose capacity binds: ships with a payload and departures that stand on sources.

    Trains are put on as they are wanted, and what binds them are lines, borders and terminals; a number
    of ships that is an assumption would ration demand in the name of nobody.
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
        unit, factor = _PARTS[str(table["capacity_unit"][r])]
        arcs = at.get((position[str(table["node_id"][r])], str(table["mode"][r])), [])
        hours = float(table["hours"][r])
        for label, chosen in _sides(str(table["capacity_per"][r]), arcs):
            e = draft.add(
                "terminal",
                f"{table.ids[r]}{label}",
                unit,
                float(table["capacity"][r]) * factor,
                float(table["background_use"][r]),
                hours,
                Cell("terminals", str(table.ids[r]), "capacity"),
            )
            draft.on(e, chosen)
            draft.groups[e] = str(table["cargo_groups"][r])


def _sides(per: str, arcs: list[tuple[int, bool]]) -> list[tuple[str, list[int]]]:
    if per == "direction":
        return [
            (" in", [a for a, inward in arcs if inward]),
            (" out", [a for a, inward in arcs if not inward]),
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
        unit, factor = _PARTS[str(table["capacity_unit"][r])]
        forward = table["direction"][r] == "forward"
        e = draft.add(
            "border",
            str(table.ids[r]),
            unit,
            float(table["capacity"][r]) * factor,
            float(table["background_use"][r]),
            float(table["border_hours"][r]),
            Cell("borders", str(table.ids[r]), "capacity"),
        )
        draft.on(e, runs.get((links.get(str(table["link_id"][r]), -1), bool(forward)), []))


def _add_links(draft: _Draft) -> None:
    graph = draft.graph
    table, runs = graph.network.table("links"), _runs(graph)
    for r in _with_capacity(table):
        unit, factor = _PARTS[str(table["capacity_unit"][r])]
        hours = float(table["length_km"][r]) / float(table["speed_km_h"][r])
        capacity, used = float(table["capacity"][r]) * factor, float(table["background_use"][r])
        cell = Cell("links", str(table.ids[r]), "capacity")
        if table["capacity_per"][r] == "direction":
            for forward, label in ((True, " forward"), (False, " backward")):
                draft.on(
                    draft.add("link", f"{table.ids[r]}{label}", unit, capacity, used, hours, cell),
                    runs.get((r, forward), []),
                )
        else:
            draft.on(
                draft.add("link", str(table.ids[r]), unit, capacity, used, hours, cell),
                [*runs.get((r, True), []), *runs.get((r, False), [])],
            )


def _closed(draft: _Draft) -> Elements:
    network = draft.graph.network
    delays = network.table("delays")
    kinds, names, units, capacity, background, hours = (
        (list(x) for x in zip(*draft.rows, strict=True)) if draft.rows else ([],) * 6
    )
    lacking = sorted(set(kinds) - set(delays.position))
    if lacking:
        raise DemandError(f"The table delays has no row {lacking[0]!r}; add it with its evidence.")
    which = [delays.position[k] for k in kinds]
    parameters = np.column_stack(
        [
            np.zeros(len(kinds)),
            np.array(capacity, np.float64),
            delays["b"][which] * np.array(hours, np.float64),
            delays["power"][which],
        ]
    )
    forms = np.array([FORMS.index(str(delays["form"][w])) for w in which], np.uint8)
    by_unit = np.stack([_amounts(draft.graph, u) for u in UNITS], axis=1)
    load = by_unit[:, [UNITS.index(str(u)) for u in units]] if units else np.zeros((by_unit.shape[0], 0))
    admits = np.ones(load.shape, np.bool_)
    for e, groups in draft.groups.items():
        if groups:
            admits[:, e] = np.isin(network.table("cargoes")["rate_group"].astype(str), groups.split())
    # a bpr or conical delay is t0 times a factor; t0 itself is in the route's hours already, and the
    # conical one has no b
    bpr, conical = (forms == FORMS.index(f) for f in ("bpr", "conical"))
    parameters[bpr, 0] = np.array(hours)[bpr]
    parameters[bpr, 2] = delays["b"][which][bpr]
    parameters[conical, 0] = parameters[conical, 2]
    return Elements(
        kinds,
        names,
        units,
        np.array(capacity, np.float64),
        np.array(background, np.float64),
        forms,
        np.ascontiguousarray(parameters),
        load * admits,
        _spread(draft.graph, draft.bears),
        _spread(draft.graph, draft.waits),
        draft.cells,
        admits,
    )


def _spread(graph: Graph, pairs: list[tuple[int, int]]) -> Ints:
    """Let a through arc load and bear what the arcs do for which it stands."""
    of: dict[int, list[int]] = {}
    for arc, element in pairs:
        of.setdefault(arc, []).append(element)
    more = [(through, e) for through, way in graph.ways.items() for a in way for e in of.get(a, [])]
    return np.array(sorted([*pairs, *more]), np.int64).reshape(-1, 2)


def _amounts(graph: Graph, unit: str) -> Floats:
    """Give what one unit of each class takes of a resource, 0 where the table `loads` has no row."""
    cargoes, loads = graph.network.table("cargoes"), graph.network.table("loads")
    amount = np.zeros(len(cargoes))
    for cargo, resource, value in zip(loads["cargo_id"], loads["resource"], loads["amount"], strict=True):
        if resource == _RESOURCES[unit]:
            amount[cargoes.position[str(cargo)]] = value
    return amount


def incidence(routes: RouteSets, elements: Elements) -> tuple[csr_array, csr_array]:
    """Count how often each route loads each element that handles its class, and bears its delay, shapes (routes, elements)."""
    found = []
    shape = (len(routes.graph.arcs), len(elements))
    steps = csr_array(
        (np.ones(len(routes.arcs)), routes.arcs, routes.begin), shape=(len(routes.usd), shape[0])
    )
    for pairs in (elements.bears, elements.waits):
        arcs = csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=shape)
        counts = (steps @ arcs).tocsr()
        of = np.repeat(routes.cargo[routes.pair], np.diff(counts.indptr))
        counts.data *= elements.admits[of, counts.indices]
        found.append(counts)
    return found[0], found[1]
