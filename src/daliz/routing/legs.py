"""Divide an alternative into legs, and name the places and waters that it passes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import QueryError
from daliz.routing.components import by_cause
from daliz.routing.unfold import components_by_step, steps_of
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph.graph import Arc, Graph
    from daliz.routing.components import Component
    from daliz.routing.query import Query
    from daliz.routing.unfold import Step
    from daliz.tables import Table

BEGINNINGS = frozenset({"load", "board", "access"})


@dataclass(frozen=True)
class Leg:
    """One ride, or one stretch by a mode without a timetable, with its loading and unloading.

    What goes at a through rate is told leg by leg like all else.

    Attributes
    ----------
    origin, destination
        Names of the ends in English.
    mode, service
        Mode, and the service's name or "" for single consignments.
    km, hours, hours_sd, usd, kg_co2e
        Totals of the leg; hours include loading, waiting, borders and unloading.
    hours_by_cause, usd_by_cause
        The same hours and dollars by cause; they sum to the totals.
    borders, gauge_changes
        Countries entered in order, and places where the gauge changes.
    waters
        Names in English of the seas, lakes, canals and rivers crossed in order.
    places
        Ids of the places passed in order.
    arcs
        Arcs of the graph, a through arc unfolded into those that it stands for.
    components
        What arises on them; a through rate is spread over their km.
    """

    origin: str
    destination: str
    mode: str
    service: str
    km: float
    hours: float
    hours_sd: float
    usd: float
    kg_co2e: float
    hours_by_cause: dict[str, float]
    usd_by_cause: dict[str, float]
    borders: tuple[str, ...]
    gauge_changes: tuple[str, ...]
    waters: tuple[str, ...]
    places: tuple[str, ...]
    arcs: tuple[int, ...] = field(repr=False)
    components: tuple[Component, ...] = field(repr=False)


def legs_of(query: Query, arcs: Sequence[int], components: Sequence[Component]) -> list[Leg]:
    """Divide an alternative where it is loaded, boarded, or goes by access; what goes at a through rate too."""
    graph = query.graph
    found = components_by_step(graph, components)
    legs, gauge = [], np.nan
    for steps in _stretches(graph, arcs):
        parts = tuple(s.part for s in steps)
        changes, gauge = _gauge_places(graph, parts, gauge)
        legs.append(_leg(query, parts, [c for s in steps for c in found.get(s, [])], changes))
    return legs


def stops_of(query: Query, arcs: Sequence[int], language: str) -> list[str]:
    """Name the places where the shipment changes carrier, with the waters crossed between them in brackets.

    Raises
    ------
    QueryError
        If the tables have no column of names in the language.
    """
    graph, column = query.graph, f"name_{language}"
    known = [c.removeprefix("name_") for c in schema()["nodes"].columns if c.startswith("name_")]
    if language not in known:
        raise QueryError(f"Places have no names in {language!r}; choose {', '.join(known)}.")
    places, waters = graph.network.table("nodes")[column], graph.network.store["waters"]
    stops: list[str] = []
    for steps in _stretches(graph, arcs):
        parts = [graph.arcs[s.part] for s in steps]
        crossed = [str(waters[column][w]) for w in _waters(graph, parts)]
        stops += [
            _end(graph, parts[0].tail, str(places[parts[0].places[0]]), query.origin.label),
            *([f"({', '.join(crossed)})"] if crossed else []),
            _end(graph, parts[-1].head, str(places[parts[-1].places[-1]]), query.destination.label),
        ]
    return [name for name, _ in groupby(stops)]


def _stretches(graph: Graph, arcs: Sequence[int]) -> list[list[Step]]:
    """Group the steps by leg."""
    groups: list[list[Step]] = []
    for step in steps_of(graph, arcs):
        after_access = bool(groups) and graph.arcs[groups[-1][-1].part].role == "access"
        if not groups or after_access or graph.arcs[step.part].role in BEGINNINGS:
            groups.append([step])
        else:
            groups[-1].append(step)
    return groups


def _end(graph: Graph, state: int, name: str, asked: str) -> str:
    """Name an end of a leg; an address is named as it was asked for."""
    return asked if graph.states[state].mode == "address" else name


def _leg(query: Query, parts: tuple[int, ...], components: list[Component], changes: list[int]) -> Leg:
    graph = query.graph
    nodes, services = graph.network.table("nodes"), graph.network.table("services")
    arcs = [graph.arcs[p] for p in parts]
    places = list(arcs[0].places)
    for arc in arcs[1:]:
        places += arc.places[1:] if arc.places[0] == places[-1] else arc.places
    lands = [str(nodes["country"][p]) for p in places if nodes["country"][p] != "XZ"]
    names = nodes["name_en"]
    waters = graph.network.store["waters"]
    return Leg(
        origin=_end(graph, arcs[0].tail, str(names[places[0]]), query.origin.label),
        destination=_end(graph, arcs[-1].head, str(names[places[-1]]), query.destination.label),
        mode=_main_mode(graph, arcs),
        service=next((str(services.ids[a.service]) for a in arcs if a.service >= 0), ""),
        km=float(graph.km[list(parts)].sum()),
        hours=_sum(components, "hours"),
        hours_sd=float(np.sqrt(sum(c.sd**2 for c in components if c.measure == "hours"))),
        usd=_sum(components, "usd"),
        kg_co2e=_sum(components, "kg"),
        hours_by_cause=by_cause(components, "hours"),
        usd_by_cause=by_cause(components, "usd"),
        borders=tuple(b for a, b in pairwise(lands) if a != b),
        gauge_changes=tuple(str(nodes.ids[p]) for p in changes),
        waters=tuple(str(waters["name_en"][w]) for w in _waters(graph, arcs)),
        places=tuple(str(nodes.ids[p]) for p in places),
        arcs=parts,
        components=tuple(components),
    )


def _sum(components: Sequence[Component], measure: str) -> float:
    return float(sum(c.amount for c in components if c.measure == measure))


def _main_mode(graph: Graph, arcs: list[Arc]) -> str:
    """Return the mode with the most km; road for mere access."""
    links = graph.network.table("links")
    km: dict[str, float] = {}
    for arc in arcs:
        for link, _ in arc.links:
            mode = str(links["mode"][link])
            km[mode] = km.get(mode, 0.0) + float(links["length_km"][link])
    return max(km, key=lambda m: km[m]) if km else "road"


def _waters(graph: Graph, arcs: list[Arc]) -> list[int]:
    """List the rows of the waters that arcs cross, in order and each stretch of water once."""
    network = graph.network
    tables = (network.table("links"), network.store["link_waters"], network.store["waters"])
    water: dict[int, int] = network.once("waters of links", lambda: _water_of_link(*tables))
    crossed = [water[link] for arc in arcs for link, _ in arc.links if link in water]
    return [row for row, _ in groupby(crossed)]


def _water_of_link(links: Table, link_waters: Table, waters: Table) -> dict[int, int]:
    """Map the rows of links to those of the waters that they cross."""
    return {
        links.position[link]: waters.position[water]
        for link, water in zip(link_waters["link_id"], link_waters["water_id"], strict=True)
        if link in links.position
    }


def _gauge_places(graph: Graph, parts: Sequence[int], last: float) -> tuple[list[int], float]:
    """Find the places where rail goes on in another gauge than it came in, and the gauge at the end.

    A change counts wherever it happens: in the train, or because the goods leave one train and take
    another. `last` is the gauge of the rail before, NaN for none.
    """
    gauges = graph.network.table("links")["gauge_mm"]
    found = []
    for part in parts:
        arc = graph.arcs[part]
        for (link, _), place in zip(arc.links, arc.places, strict=False):
            gauge = float(gauges[link])
            if np.isnan(gauge):
                continue
            if not np.isnan(last) and gauge != last:
                found.append(place)
            last = gauge
    return found, last
