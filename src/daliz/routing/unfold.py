"""Unfold the through arcs of a way into the arcs that they stand for, with what each of them bears."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daliz.graph.ledger import Cause

if TYPE_CHECKING:
    from daliz.routing.itinerary import Component, Itinerary


class Step(NamedTuple):
    """Arc of a way with one of the arcs that it stands for; the same twice if it is no through arc."""

    arc: int
    part: int


def steps_of(itinerary: Itinerary) -> list[Step]:
    """Give the steps of a way in order."""
    ways = itinerary.graph.ways
    return [Step(arc, part) for arc in itinerary.arcs for part in ways.get(arc, (arc,))]


def components_by_step(itinerary: Itinerary) -> dict[Step, list[Component]]:
    """Give what arises on each step; the sums over all steps are those of the way.

    A through rate is spread over the km of the arcs that it covers. What else a through arc bears as a
    whole, such as the hold of a rule, arises on the last of them.
    """
    found: dict[Step, list[Component]] = {}
    ways = itinerary.graph.ways
    for component in itinerary.components:
        parts = ways.get(component.arc)
        if parts is None or component.part != component.arc:
            found.setdefault(Step(component.arc, component.part), []).append(component)
        elif component.cause == Cause.THROUGH_RATE:
            for part, share in zip(parts, _shares(itinerary, parts), strict=True):
                if share:
                    piece = component._replace(amount=component.amount * share)
                    found.setdefault(Step(component.arc, part), []).append(piece)
        else:
            found.setdefault(Step(component.arc, parts[-1]), []).append(component)
    return found


def _shares(itinerary: Itinerary, parts: tuple[int, ...]) -> list[float]:
    """Give the share of each part in the km of all; the same for all where there are none."""
    km = [itinerary.graph.arcs[p].km for p in parts]
    whole = sum(km)
    return [k / whole for k in km] if whole else [1 / len(parts)] * len(parts)
