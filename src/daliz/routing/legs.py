"""Part a way into legs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from daliz.routing.itinerary import Itinerary, Leg, by_cause

if TYPE_CHECKING:
    from daliz.graph import Graph
    from daliz.graph.graph import Arc

BEGINNINGS = frozenset({"load", "board", "access", "through"})


def legs_of(itinerary: Itinerary) -> list[Leg]:
    """Part a way where it is loaded, boarded, or goes by access or at a through rate."""
    graph = itinerary.graph
    groups: list[list[int]] = []
    for a in itinerary.arcs:
        alone = bool(groups) and graph.arcs[groups[-1][-1]].role in {"access", "through"}
        if not groups or alone or graph.arcs[a].role in BEGINNINGS:
            groups.append([a])
        else:
            groups[-1].append(a)
    legs, gauge = [], np.nan
    for arcs in groups:
        changes, gauge = _gauge_places(graph, tuple(arcs), gauge)
        legs.append(_leg(itinerary, tuple(arcs), changes))
    return legs


def _leg(itinerary: Itinerary, arcs: tuple[int, ...], changes: list[int]) -> Leg:
    graph, query = itinerary.graph, itinerary.query
    nodes = graph.network.table("nodes")
    services = graph.network.table("services")
    steps = [graph.arcs[a] for a in arcs]
    places = list(steps[0].places)
    for step in steps[1:]:
        places += step.places[1:] if step.places[0] == places[-1] else step.places
    lands = [str(nodes["country"][p]) for p in places if nodes["country"][p] != "XZ"]
    components = [c for c in itinerary.components if c.arc in arcs]
    costs, rows = query.costs, list(arcs)
    origin, destination = str(nodes["name_en"][places[0]]), str(nodes["name_en"][places[-1]])
    return Leg(
        origin=query.origin.label if graph.states[steps[0].tail].mode == "address" else origin,
        destination=query.destination.label
        if graph.states[steps[-1].head].mode == "address"
        else destination,
        mode=_main_mode(graph, steps),
        service=next((str(services.ids[s.service]) for s in steps if s.service >= 0), ""),
        km=float(graph.km[rows].sum()),
        hours=float(costs.hours[rows].sum()),
        hours_sd=float(np.sqrt(costs.variance[rows].sum())),
        usd=float(costs.usd[rows].sum()),
        kg_co2e=float(costs.kg[rows].sum()),
        hours_by_cause=by_cause(components, "hours"),
        usd_by_cause=by_cause(components, "usd"),
        borders=tuple(b for a, b in pairwise(lands) if a != b),
        gauge_changes=tuple(str(nodes.ids[p]) for p in changes),
        places=tuple(str(nodes.ids[p]) for p in places),
        arcs=arcs,
    )


def _main_mode(graph: Graph, steps: list[Arc]) -> str:
    """Give the mode with the most km; road for mere access."""
    links = graph.network.table("links")
    km: dict[str, float] = {}
    for step in steps:
        for link, _ in step.links:
            mode = str(links["mode"][link])
            km[mode] = km.get(mode, 0.0) + float(links["length_km"][link])
    return max(km, key=lambda m: km[m]) if km else "road"


def _gauge_places(graph: Graph, arcs: tuple[int, ...], last: float) -> tuple[list[int], float]:
    """Give the places where rail goes on in another gauge than it came in, and the gauge at the end.

    A change counts wherever it happens: in the train, or because the goods leave one train and take
    another. `last` is the gauge of the rail before, NaN for none.
    """
    gauges = graph.network.table("links")["gauge_mm"]
    found = []
    for part in (p for a in arcs for p in graph.ways.get(a, (a,))):
        step = graph.arcs[part]
        for (link, _), place in zip(step.links, step.places, strict=False):
            gauge = float(gauges[link])
            if np.isnan(gauge):
                continue
            if not np.isnan(last) and gauge != last:
                found.append(place)
            last = gauge
    return found, last
