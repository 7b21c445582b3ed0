"""List what keeps a shipment from going where it might, cause by cause, with what lifting each one would open."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.services import read_lines
from daliz.paths.eligibility import closures_of
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from daliz.graph.graph import Graph, State
    from daliz.graph.services import Line
    from daliz.routing.query import Query

COMMON = ("rail", "road")


class Passage(NamedTuple):
    """A step that is shut: its ends, km, and why."""

    tail: int
    head: int
    km: float
    reason: str


@dataclass
class Lift:
    """What lifting one cause alone would open.

    Attributes
    ----------
    cause
        What is lifted, in words that begin a sentence.
    passages
        The steps that it opens.
    """

    cause: str
    passages: list[Passage] = field(default_factory=list)


CLOSING = {
    "avoid": "what is avoided closes it",
    "only": "what it is confined to does not lead there",
    "rule": "a rule forbids it",
    "weight": "one unit is too heavy",
    "operators": "a service is not for every shipper",
    "shut": "a shock closes it",
}
NAMED = ("rule ", "service ", "only ", "shock: ", "link ")
CARGO = "services do not carry the cargo"
TERMINAL = "a terminal does not admit the cargo"
PRICE = "no price is known"
ONE_WAY = "the way leads only in the other direction"
CALLS = "ships and trains do not load or unload both ways"
GAUGE = "the gauge changes"
NO_TERMINAL = "a terminal is missing"
IDLE = "a service cannot run"


def lifts(query: Query) -> list[Lift]:
    """List the causes that keep a shipment back, each with what it alone closes."""
    return [*(x for x in _merged(_closed(query)) if x.passages), *standing(query)]


def standing(query: Query) -> list[Lift]:
    """List what the network itself does not offer: the other direction, terminals, changes of gauge, services."""
    services = _Services(query)
    found = [
        _one_way_links(query),
        services.one_way(),
        services.calls(),
        _gauges(query),
        _no_terminals(query),
        services.no_terminals(),
        services.idle(),
    ]
    return [x for x in _merged(found) if x.passages]


def _merged(found: list[Lift]) -> list[Lift]:
    """Join what has one cause; what is avoided and what is forbidden stay word by word and rule by rule."""
    merged: dict[object, Lift] = {}
    for i, lift in enumerate(found):
        alone = lift.cause in {CLOSING["avoid"], CLOSING["rule"]}
        merged.setdefault(i if alone else lift.cause, Lift(lift.cause)).passages.extend(lift.passages)
    return list(merged.values())


def _closed(query: Query) -> list[Lift]:
    """List what is closed to the shipment on the graph as it is, by the cause that alone closes it."""
    graph, admitted = query.graph, query.costs.admitted
    causes = _by_cause(query)
    count = np.zeros(len(graph.arcs), np.int64)
    for _, by_arc in causes:
        count[list(by_arc)] += 1
    found = [
        Lift(cause, [_passage(graph, a, why) for a, why in by_arc.items() if count[a] == 1 and admitted[a]])
        for cause, by_arc in causes
    ]
    for arc in np.flatnonzero(~admitted & (count == 0)).tolist():
        cause, why = _not_admitted(query, arc)
        found.append(Lift(cause, [_passage(graph, arc, why)]))
    return found


def _by_cause(query: Query) -> list[tuple[str, dict[int, str]]]:
    """Sort what is closed by what can be lifted alone: each word of what is avoided, each rule, and the rest."""
    causes: dict[tuple[str, str], dict[int, str]] = {}
    for closure in closures_of(query.graph, query.consignment):
        key = closure.cause, closure.reason if closure.cause in {"avoid", "rule"} else ""
        causes.setdefault(key, {}).update(dict.fromkeys(closure.arcs, closure.reason))
    return [(CLOSING[cause], by_arc) for (cause, _), by_arc in causes.items()]


def all_shut(query: Query) -> list[Passage]:
    """List every step that is shut, with all that shuts it."""
    why: dict[int, list[str]] = {}
    for _, by_arc in _by_cause(query):
        for arc, reason in by_arc.items():
            why.setdefault(arc, []).append(reason)
    for arc in np.flatnonzero(~query.costs.admitted).tolist():
        why.setdefault(arc, []).append(_not_admitted(query, arc)[1])
    return [_passage(query.graph, arc, " and ".join(reasons)) for arc, reasons in why.items()]


def _passage(graph: Graph, arc: int, reason: str) -> Passage:
    """Make the passage of an arc; a rule, a service or a link names itself, all else is told with the place."""
    step = graph.arcs[arc]
    if reason.startswith(NAMED):
        return Passage(step.tail, step.head, step.km, reason.rstrip("."))
    ids = graph.network.table("nodes").ids
    here, there = (str(ids[graph.states[s].node]) for s in (step.tail, step.head))
    where = here if here == there else f"{here} to {there}"
    return Passage(step.tail, step.head, step.km, f"{where} ({step.role}): {reason}")


def _not_admitted(query: Query, arc: int) -> tuple[str, str]:
    """Say why an arc does not admit the rate group of the cargo: the service, the rates or the terminal."""
    graph, group = query.graph, str(query.cargo["rate_group"])
    services = graph.network.table("services")
    step = graph.arcs[arc]
    if step.role == "through":
        return CARGO, f"this through rate is not for {group} cargo"
    if step.service >= 0:
        carried = str(services["cargo_groups"][step.service])
        if group not in carried.split():
            return CARGO, f"service {services.ids[step.service]} carries {carried} and not {group} cargo"
    if group in graph.unpriced.get(arc, ()) or step.role in {"run", "access", "ride"}:
        return PRICE, f"rates has no price for {group} cargo here"
    return TERMINAL, f"the terminal does not admit {group} cargo"


def _one_way_links(query: Query) -> Lift:
    """List the links that run one way, the other way round."""
    graph, lift = query.graph, Lift(ONE_WAY)
    runs = {(a.links[0], a.tail, a.head): i for i, a in enumerate(graph.arcs) if a.role == "run"}
    ids, names = graph.network.table("links").ids, graph.network.table("nodes").ids
    for ((row, forward), tail, head), arc in runs.items():
        if ((row, not forward), head, tail) not in runs and query.open[arc]:
            a, b = (names[graph.states[s].node] for s in (tail, head))
            lift.passages.append(
                Passage(head, tail, graph.arcs[arc].km, f"link {ids[row]} leads only {a} to {b}")
            )
    return lift


def _gauges(query: Query) -> Lift:
    """List the places where railways of two gauges meet and nothing changes between them."""
    graph, lift = query.graph, Lift(GAUGE)
    here: dict[int, list[tuple[int, State]]] = {}
    for i, state in enumerate(graph.states):
        if state.mode == "rail" and state.detail.isdigit():
            here.setdefault(state.node, []).append((i, state))
    joined = {(a.tail, a.head) for a in graph.arcs if a.role == "gauge-change"}
    names = graph.network.table("nodes").ids
    for node, states in here.items():
        for (i, a), (j, b) in itertools.permutations(states, 2):
            if (i, j) not in joined:
                why = f"at {names[node]} the gauge changes from {a.detail} to {b.detail} mm and no terminal changes it"
                lift.passages.append(Passage(i, j, 0.0, why))
    return lift


def _no_terminals(query: Query) -> Lift:
    """List the places on a railway or road where nothing is loaded."""
    graph, lift = query.graph, Lift(NO_TERMINAL)
    served = {a.head for a in graph.arcs if a.role == "load"}
    names = graph.network.table("nodes").ids
    for i, state in enumerate(graph.states):
        single = state.mode in COMMON and "/" not in state.detail
        if single and i not in served:
            why = f"{names[state.node]} has no {state.mode} terminal"
            lift.passages += [Passage(state.node, i, 0.0, why), Passage(i, state.node, 0.0, why)]
    return lift


class _Services:
    """What services could carry if they ran, called or turned round otherwise."""

    def __init__(self, query: Query) -> None:
        self.query, self.graph = query, query.graph
        network = self.graph.network
        self.lines, _ = read_lines(network.resolved)
        self.group = str(query.cargo["rate_group"])
        self.names = network.table("nodes").ids
        nodes = network.table("nodes")
        self.lat, self.lon = nodes["lat"], nodes["lon"]
        self.number = {s: i for i, s in enumerate(self.graph.states)}
        terminals = network.table("terminals")
        columns = (terminals[c].tolist() for c in ("node_id", "mode", "operation", "cargo_groups"))
        self.handled = {
            (nodes.position[node], mode)
            for node, mode, operation, groups in zip(*columns, strict=True)
            if operation == "handling" and (not groups or self.group in groups.split())
        }
        open_arcs = np.flatnonzero(query.open).tolist()
        self.running = {self.graph.arcs[a].service for a in open_arcs if self.graph.arcs[a].role == "ride"}

    def _km(self, a: int, b: int) -> float:
        ends = (self.lat[a], self.lon[a], self.lat[b], self.lon[b])
        return float(great_circle_km(*(np.array(x) for x in ends)))

    def _usable(self, line: Line) -> bool:
        return self.group in line.groups and line.at in self.running

    def _served(self, line: Line) -> list[int]:
        """Return the positions of the calls of a line where the cargo can be handled."""
        return [
            k
            for k, stop in enumerate(line.stops)
            if stop.call != "pass" and (stop.node, line.mode) in self.handled
        ]

    def one_way(self) -> Lift:
        """List services that run only out, in the other direction."""
        lift = Lift(ONE_WAY)
        back = {line.service for line in self.lines if line.direction == "back"}
        for line in self.lines:
            if line.service in back or not self._usable(line):
                continue
            ends = (self.names[line.stops[0].node], self.names[line.stops[-1].node])
            why = f"service {line.service} runs only {ends[0]} to {ends[1]}"
            served = [line.stops[k].node for k in self._served(line)]
            lift.passages += [
                Passage(b, a, self._km(a, b), why) for a, b in itertools.combinations(served, 2) if a != b
            ]
        return lift

    def _states(self, line: Line, k: int) -> tuple[int, int]:
        """Return the states of arriving and leaving at a call, -1 where there are none."""
        stop = line.stops[k]
        name = f"{line.service}/{line.direction}/{stop.sequence}"
        found: list[int] = []
        for detail in (name, f"{name}/leaving"):
            key = type(self.graph.states[0])(stop.node, line.mode, detail)
            found.append(self.number.get(key, found[0] if found else -1))
        return found[0], found[1]

    def _step(self, line: Line, k: int, why: str, *, board: bool) -> list[Passage]:
        arrive, leave = self._states(line, k)
        if arrive < 0:
            return []
        yard = line.stops[k].node
        return [Passage(yard, leave, 0.0, why) if board else Passage(arrive, yard, 0.0, why)]

    def calls(self) -> Lift:
        """List the calls at which a service only loads or only unloads, as if it did both."""
        lift = Lift(CALLS)
        for line in self.lines:
            last = len(line.stops) - 1
            for k in self._served(line) if self._usable(line) else []:
                call, there = line.stops[k].call, self.names[line.stops[k].node]
                towards = self.names[line.stops[-1].node]
                if call == "alight" and k < last:
                    why = f"service {line.service} towards {towards} only unloads at {there}"
                    lift.passages += self._step(line, k, why, board=True)
                if call == "board" and k > 0:
                    why = f"service {line.service} towards {towards} only loads at {there}"
                    lift.passages += self._step(line, k, why, board=False)
        return lift

    def no_terminals(self) -> Lift:
        """List the calls of services at places without a terminal of their mode for the cargo."""
        lift = Lift(NO_TERMINAL)
        for line in self.lines:
            served, last = set(self._served(line)), len(line.stops) - 1
            for k, stop in enumerate(line.stops if self._usable(line) else ()):
                if stop.call == "pass" or k in served:
                    continue
                there = self.names[stop.node]
                why = f"{there} has no {line.mode} terminal for {self.group} cargo, where service {line.service} calls"
                if stop.call != "alight" and k < last:
                    lift.passages += self._step(line, k, why, board=True)
                if stop.call != "board" and k > 0:
                    lift.passages += self._step(line, k, why, board=False)
        return lift

    def idle(self) -> Lift:
        """List services that cannot run, as if they did."""
        lift, idle = Lift(IDLE), self.graph.idle
        for line in self.lines:
            if line.service not in idle or self.group not in line.groups:
                continue
            why = f"service {line.service} cannot run: {idle[line.service]}"
            for j, k in itertools.combinations(self._served(line), 2):
                a, b = line.stops[j], line.stops[k]
                if a.call != "alight" and b.call != "board" and a.node != b.node:
                    lift.passages.append(Passage(a.node, b.node, self._km(a.node, b.node), why))
        return lift
