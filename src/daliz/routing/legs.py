"""Part a way into legs, and name the places and waters that it passes."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import QueryError
from daliz.routing.itinerary import Component, Itinerary, Leg, by_cause
from daliz.routing.unfold import components_by_step, steps_of
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph import Graph
    from daliz.graph.graph import Arc
    from daliz.routing.unfold import Step
    from daliz.tables import Table

BEGINNINGS = frozenset({"load", "board", "access"})


def legs_of(itinerary: Itinerary) -> list[Leg]:
    """Part a way where it is loaded, boarded, or goes by access; what goes at a through rate too."""
    found = components_by_step(itinerary)
    legs, gauge = [], np.nan
    for steps in _stretches(itinerary):
        parts = tuple(s.part for s in steps)
        changes, gauge = _gauge_places(itinerary.graph, parts, gauge)
        legs.append(_leg(itinerary, parts, [c for s in steps for c in found.get(s, [])], changes))
    return legs


def stops_of(itinerary: Itinerary, language: str) -> list[str]:
    """Name the places where the shipment changes carrier, with the waters crossed between them in brackets.

    Raises
    ------
    QueryError
        If the tables have no column of names in the language.
    """
    graph, query, column = itinerary.graph, itinerary.query, f"name_{language}"
    known = [c.removeprefix("name_") for c in schema()["nodes"].columns if c.startswith("name_")]
    if language not in known:
        raise QueryError(f"Places have no names in {language!r}; choose {', '.join(known)}.")
    places, waters = graph.network.table("nodes")[column], graph.network.store["waters"]
    stops: list[str] = []
    for steps in _stretches(itinerary):
        arcs = [graph.arcs[s.part] for s in steps]
        crossed = [str(waters[column][w]) for w in _waters(graph, arcs)]
        stops += [
            _end(graph, arcs[0].tail, str(places[arcs[0].places[0]]), query.origin.label),
            *([f"({', '.join(crossed)})"] if crossed else []),
            _end(graph, arcs[-1].head, str(places[arcs[-1].places[-1]]), query.destination.label),
        ]
    return [name for name, _ in groupby(stops)]


def _stretches(itinerary: Itinerary) -> list[list[Step]]:
    """Give the steps of each leg."""
    arcs = itinerary.graph.arcs
    groups: list[list[Step]] = []
    for step in steps_of(itinerary):
        after_access = bool(groups) and arcs[groups[-1][-1].part].role == "access"
        if not groups or after_access or arcs[step.part].role in BEGINNINGS:
            groups.append([step])
        else:
            groups[-1].append(step)
    return groups


def _end(graph: Graph, state: int, name: str, asked: str) -> str:
    """Name an end of a leg; an address is named as it was asked for."""
    return asked if graph.states[state].mode == "address" else name


def _leg(
    itinerary: Itinerary, parts: tuple[int, ...], components: list[Component], changes: list[int]
) -> Leg:
    graph, query = itinerary.graph, itinerary.query
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
    """Give the mode with the most km; road for mere access."""
    links = graph.network.table("links")
    km: dict[str, float] = {}
    for arc in arcs:
        for link, _ in arc.links:
            mode = str(links["mode"][link])
            km[mode] = km.get(mode, 0.0) + float(links["length_km"][link])
    return max(km, key=lambda m: km[m]) if km else "road"


def _waters(graph: Graph, arcs: list[Arc]) -> list[int]:
    """Give the rows of the waters that arcs cross, in order and each stretch of water once."""
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
    """Give the places where rail goes on in another gauge than it came in, and the gauge at the end.

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
