"""Follow an alternative km by km: hours and dollars cumulated, each stop labelled.

This is the time-cost-distance method of UNESCAP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.ledger import Cause
from daliz.routing.unfold import components_by_step, steps_of

if TYPE_CHECKING:
    from daliz.routing.components import Component
    from daliz.routing.itinerary import Itinerary

MOVING = frozenset({Cause.RUN, Cause.LINE_HAUL, Cause.THROUGH_RATE, Cause.ACCESS})
ON_THE_WAY = frozenset({Cause.BORDER, Cause.BORDER_DOCUMENTS, Cause.GAUGE_CHANGE, Cause.TERMINAL_DOCUMENTS})
EVENTS = (
    (Cause.GAUGE_CHANGE, "gauge change"),
    (Cause.BORDER, "border"),
    (Cause.BORDER_DOCUMENTS, "border"),
    (Cause.WAIT, "terminal and wait"),
    (Cause.HANDLING, "terminal"),
    (Cause.ACCESS, "access"),
    (Cause.DWELL, "dwell"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One corner of the diagram.

    Attributes
    ----------
    place, event
        Name of the place; what happens: start, run, terminal, wait, border, gauge change, end.
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


def profile(itinerary: Itinerary, language: str = "en") -> list[Point]:
    """Compute the corners of the time-cost-distance diagram, with places named in a language.

    Along a stretch hours and dollars of running rise with km; at a stop the others rise at once. A run over
    several links is split by the links' km, its stops by the borders and gauge changes on it; a through rate
    rises with the km of the way that it stands for.

    Examples
    --------
    >>> import daliz
    >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1)[0]
    >>> points = profile(way)
    >>> abs(points[-1].hours - way.hours) < 1e-6, abs(points[-1].usd - way.usd) < 1e-6
    (True, True)
    """
    found = components_by_step(itinerary.graph, itinerary.components)
    pen = _Pen(itinerary, language)
    for step in steps_of(itinerary.graph, itinerary.arcs):
        pen.part(step.part, found.get(step, []))
    return pen.points


class _Pen:
    def __init__(self, itinerary: Itinerary, language: str) -> None:
        self.graph = itinerary.graph
        network = self.graph.network
        self.names = network.table("nodes")[f"name_{language}"]
        self.length = network.table("links")["length_km"]
        self.gauges, self.gauge = network.table("links")["gauge_mm"], np.nan
        borders, position = network.table("borders"), network.table("links").position
        self.borders = {
            (position[str(link)], way == "forward")
            for link, way in zip(borders["link_id"], borders["direction"], strict=True)
            if link in position
        }
        self.km = self.hours = self.usd = self.variance = 0.0
        first = self.graph.arcs[itinerary.arcs[0]]
        self.points = [Point(str(self.names[first.places[0]]), "start", 0.0, 0.0, 0.0, 0.0)]

    def part(self, index: int, components: list[Component]) -> None:
        """Draw one arc, with what arises on it."""
        arc = self.graph.arcs[index]
        if arc.role not in {"run", "ride", "stay"}:
            self.gauge = np.nan
        if not arc.links:
            self._stop(str(self.names[arc.places[-1]]), components, arc.km)
            return
        moving = [c for c in components if c.cause in MOVING]
        at_borders, at_gauges, at_end = _groups([c for c in components if c.cause not in MOVING])
        whole = sum(float(self.length[link]) for link, _ in arc.links)
        for i, (link, forward) in enumerate(arc.links):
            changed = not np.isnan(self.gauge) and self.gauges[link] != self.gauge
            self.gauge = self.gauges[link]
            if changed and at_gauges:
                self._stop(str(self.names[arc.places[i]]), at_gauges.pop(0), 0.0)
            place, km = str(self.names[arc.places[i + 1]]), float(self.length[link])
            self._move(place, moving, km, km / whole)
            if (link, forward) in self.borders and at_borders:
                self._stop(place, at_borders.pop(0), 0.0)
        rest = [c for group in (*at_borders, *at_gauges, at_end) for c in group]
        if rest:
            self._stop(str(self.names[arc.places[-1]]), rest, 0.0)

    def _add(self, components: list[Component], share: float) -> None:
        for c in components:
            if c.measure == "hours":
                self.hours += c.amount * share
                self.variance += c.sd**2 * share
            elif c.measure == "usd":
                self.usd += c.amount * share

    def _point(self, place: str, event: str) -> None:
        spread = float(np.sqrt(self.variance))
        self.points.append(Point(place, event, self.km, self.hours, self.usd, spread))

    def _move(self, place: str, components: list[Component], km: float, share: float) -> None:
        self.km += km
        self._add(components, share)
        self._point(place, "run")

    def _stop(self, place: str, components: list[Component], km: float) -> None:
        self.km += km
        self._add(components, 1.0)
        causes = {c.cause for c in components if c.amount}
        self._point(place, next((name for cause, name in EVENTS if cause in causes), "stop"))


def _groups(
    components: list[Component],
) -> tuple[list[list[Component]], list[list[Component]], list[Component]]:
    """Sort what happens on a run: border by border, change of gauge by change of gauge, and at its end.

    Entries lie in the order of the way, and each border or change of gauge begins with its hours.
    """
    borders: list[list[Component]] = []
    gauges: list[list[Component]] = []
    end: list[Component] = []
    current = end
    for c in components:
        if c.measure == "hours" and c.cause == Cause.BORDER:
            current = []
            borders.append(current)
        elif c.measure == "hours" and c.cause == Cause.GAUGE_CHANGE:
            current = []
            gauges.append(current)
        (current if c.cause in ON_THE_WAY else end).append(c)
    return borders, gauges, end
