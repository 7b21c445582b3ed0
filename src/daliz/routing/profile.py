"""Follow a way km by km: hours and dollars cumulated, each stop labelled (UNESCAP time-cost-distance method)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.ledger import Cause

if TYPE_CHECKING:
    from daliz.routing.itinerary import Component, Itinerary

MOVING = frozenset({Cause.RUN, Cause.LINE_HAUL, Cause.THROUGH_RATE, Cause.ACCESS})


@dataclass(frozen=True, slots=True)
class Point:
    """Be one corner of the diagram.

    Attributes
    ----------
    place, event
        Name of the place in English; what happens: start, run, terminal, wait, border, gauge change, end.
    km, hours, usd
        Cumulated since the origin.
    hours_sd
        Standard deviation of the hours until here, causes being independent.
    """

    place: str
    event: str
    km: float
    hours: float
    usd: float
    hours_sd: float


def profile(itinerary: Itinerary) -> list[Point]:
    """Give the corners of the time-cost-distance diagram of a way.

    Along a stretch hours and dollars of running rise with km; at a stop the others rise at once. A run over several
    links is split by the links' km, its stops by the borders and gauge changes on it.

    Examples
    --------
    >>> import daliz
    >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1, draws=0, with_pareto=False)[0]
    >>> points = profile(way)
    >>> round(points[-1].hours - way.hours, 6), round(points[-1].usd - way.usd, 6)
    (0.0, 0.0)
    """
    by_arc: dict[int, list[Component]] = {}
    for component in itinerary.components:
        by_arc.setdefault(component.arc, []).append(component)
    pen = _Pen(itinerary)
    for arc in itinerary.arcs:
        pen.arc(arc, by_arc.get(arc, []))
    return pen.points


class _Pen:
    def __init__(self, itinerary: Itinerary) -> None:
        self.graph = itinerary.graph
        self.names = self.graph.network.table("nodes")["name_en"]
        self.km = self.hours = self.usd = self.variance = 0.0
        first = itinerary.graph.arcs[itinerary.arcs[0]]
        self.points = [Point(str(self.names[first.places[0]]), "start", 0.0, 0.0, 0.0, 0.0)]

    def arc(self, index: int, components: list[Component]) -> None:
        arc = self.graph.arcs[index]
        moving = [c for c in components if c.cause in MOVING]
        still = [c for c in components if c.cause not in MOVING]
        if not arc.links:
            self._stop(str(self.names[arc.places[-1]]), components, arc.km)
            return
        length = self.graph.network.table("links")["length_km"]
        parts = [float(length[link]) for link, _ in arc.links]
        stops = self._stops_on(arc.links, arc.places, still)
        for i, (km, place) in enumerate(zip(parts, arc.places[1:], strict=True)):
            self._move(str(self.names[place]), moving, km, km / sum(parts))
            if stops[i]:
                self._stop(str(self.names[place]), stops[i], 0.0)

    def _stops_on(
        self, links: tuple[tuple[int, bool], ...], places: tuple[int, ...], still: list[Component]
    ) -> list[list[Component]]:
        """Put each border and gauge change at the place where it happens; the rest at the end of the run."""
        table = self.graph.network.table("links")
        resolved = self.graph.network.resolved
        terminals, borders = resolved.tables["terminals"], resolved.tables["borders"]
        at: dict[str, int] = {}
        for i, (link, forward) in enumerate(links):
            name = f"{table.ids[link]}-{'forward' if forward else 'backward'}"
            at[name] = i
        nodes = self.graph.network.table("nodes").ids
        where: list[list[Component]] = [[] for _ in links]
        order: dict[str, list[int]] = {}
        for i, place in enumerate(places[1:]):
            order.setdefault(str(nodes[place]), []).append(i)
        crossings = [at[str(b)] for b in borders.ids if str(b) in at]
        queue = sorted(crossings)
        for c in still:
            i = len(links) - 1
            if c.cause in {Cause.BORDER, Cause.BORDER_DOCUMENTS} and queue:
                own = at.get(c.cell.row) if c.cell is not None and c.cell.table == "borders" else None
                i = own if own is not None else queue[0]
            elif c.cause == Cause.GAUGE_CHANGE and c.cell is not None and c.cell.table == "terminals":
                node = (
                    str(terminals["node_id"][terminals.position[c.cell.row]])
                    if c.cell.row in terminals.position
                    else ""
                )
                i = order.get(node, [i])[0]
            where[i].append(c)
        return where

    def _add(self, components: list[Component], share: float) -> None:
        for c in components:
            if c.measure == "hours":
                self.hours += c.amount * share
                self.variance += c.sd**2 * share
            elif c.measure == "usd":
                self.usd += c.amount * share

    def _point(self, place: str, event: str) -> None:
        self.points.append(Point(place, event, self.km, self.hours, self.usd, float(np.sqrt(self.variance))))

    def _move(self, place: str, components: list[Component], km: float, share: float) -> None:
        self.km += km
        self._add(components, share)
        self._point(place, "run")

    def _stop(self, place: str, components: list[Component], km: float) -> None:
        self.km += km
        self._add(components, 1.0)
        causes = {c.cause for c in components if c.amount}
        names = (
            (Cause.GAUGE_CHANGE, "gauge change"),
            (Cause.BORDER, "border"),
            (Cause.BORDER_DOCUMENTS, "border"),
            (Cause.WAIT, "terminal and wait"),
            (Cause.HANDLING, "terminal"),
            (Cause.ACCESS, "access"),
        )
        self._point(place, next((name for cause, name in names if cause in causes), "stop"))
