"""Unfold the through arcs of an alternative into the arcs that they stand for, with what each of them bears."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daliz.graph.ledger import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.graph.graph import Graph
    from daliz.routing.components import Component


class Step(NamedTuple):
    """Arc of an alternative with one of the arcs that it stands for; the same twice if it is no through arc."""

    arc: int
    part: int


def steps_of(graph: Graph, arcs: Sequence[int]) -> list[Step]:
    """List the steps of an alternative in order."""
    return [Step(arc, part) for arc in arcs for part in graph.ways.get(arc, (arc,))]


def components_by_step(graph: Graph, components: Sequence[Component]) -> dict[Step, list[Component]]:
    """Sort what arises on an alternative by step; the sums over all steps are those of the alternative.

    A through rate is spread over the km of the arcs that it covers. What else a through arc bears as a
    whole, such as the hold of a rule, arises on the last of them.
    """
    found: dict[Step, list[Component]] = {}
    for component in components:
        parts = graph.ways.get(component.arc)
        if parts is None or component.part != component.arc:
            found.setdefault(Step(component.arc, component.part), []).append(component)
        elif component.cause == Cause.THROUGH_RATE:
            for part, share in zip(parts, _shares(graph, parts), strict=True):
                if share:
                    piece = component._replace(amount=component.amount * share)
                    found.setdefault(Step(component.arc, part), []).append(piece)
        else:
            found.setdefault(Step(component.arc, parts[-1]), []).append(component)
    return found


def _shares(graph: Graph, parts: tuple[int, ...]) -> list[float]:
    """Return the share of each part in the km of all; the same for all where there are none."""
    km = [graph.arcs[p].km for p in parts]
    whole = sum(km)
    return [k / whole for k in km] if whole else [1 / len(parts)] * len(parts)
