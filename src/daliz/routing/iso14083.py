"""Report the emissions of an alternative as a transport chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from daliz.emissions.chain import Element, chain_emissions
from daliz.graph.ledger import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.emissions.chain import Chain
    from daliz.graph.graph import Graph
    from daliz.routing.components import Component
    from daliz.routing.query import Query
    from daliz.tables import Cell, Network

AT_HUBS = frozenset({Cause.HANDLING, Cause.GAUGE_CHANGE})


@dataclass
class _Piece:
    """What becomes one element: a run by one mode and carrier, or the operations of one visit to a hub."""

    name: str
    mode: str
    service: int
    end: str = ""
    km: float = 0.0
    components: list[Component] = field(default_factory=list)


def chain_of(query: Query, arcs: Sequence[int], components: Sequence[Component]) -> Chain:
    """Sum the emissions by element: one per run with one mode and carrier, one per operation at a hub, in order.

    The factors are those of the ledger: rows of `emission_factors` part their well-to-wheel figure as the row
    says, electricity of `grids` is well to tank alone, and figures of hubs are parted as their class says.
    """
    by_part: dict[tuple[int, int], list[Component]] = {}
    for c in components:
        if c.measure == "kg":
            by_part.setdefault((c.arc, c.part), []).append(c)
    pieces: list[_Piece] = []
    for arc in arcs:
        for part in query.graph.ways.get(arc, (arc,)):
            _add(query.graph, pieces, part, by_part.get((arc, part), []))
    return chain_emissions([_element(query, p) for p in pieces])


def _add(graph: Graph, pieces: list[_Piece], part: int, components: list[Component]) -> None:
    """Put what arises on one arc into pieces: what is done to the goods at a place, and what moves them."""
    names, modes = graph.network.table("nodes")["name_en"], graph.network.table("links")["mode"]
    arc = graph.arcs[part]
    begin, end = str(names[arc.places[0]]), str(names[arc.places[-1]])
    still = [c for c in components if c.cause in AT_HUBS]
    if still:
        what = "gauge change" if arc.role == "gauge-change" or arc.links else arc.role
        pieces.append(
            _Piece(f"{what} at {end}" if not arc.links else f"{what} on the way to {end}", "hub", -1)
        )
        pieces[-1].components += still
    if arc.km > 0:
        mode = str(modes[arc.links[0][0]]) if arc.links else "road"
        if arc.role == "access" or not pieces or (pieces[-1].mode, pieces[-1].service) != (mode, arc.service):
            pieces.append(_Piece(begin, mode, arc.service))
        pieces[-1].end = end
        pieces[-1].km += arc.km
        pieces[-1].components += [c for c in components if c.cause not in AT_HUBS]


def _element(query: Query, piece: _Piece) -> Element:
    network, cargo = query.graph.network, query.cargo
    wtt = ttw = wtw = 0.0
    bases = set()
    for c in (c for c in piece.components if c.amount):
        first, second, basis = _parted(network, c.cell)
        wtt, ttw, wtw = wtt + c.amount * first, ttw + c.amount * second, wtw + c.amount
        bases.add(basis)
    if piece.mode == "hub":
        boxes = float(cargo["containers"]) if cargo["rate_group"] == "container" else 0.0
        basis, amount = ("container", boxes) if boxes else ("t", float(cargo["payload_t"]))
        return Element(piece.name, "hub", basis, amount, 0.0, wtt, ttw, wtw)
    tonne_km = float(cargo["payload_t"]) * piece.km
    by_teu = bases == {"teu-km"}
    return Element(
        name=f"{piece.name} - {piece.end} by {piece.mode}",
        mode=piece.mode,
        basis="teu-km" if by_teu else "tkm",
        activity=float(cargo["teu"]) * piece.km if by_teu else tonne_km,
        tonne_km=tonne_km,
        wtt_kg=wtt,
        ttw_kg=ttw,
        wtw_kg=wtw,
    )


def _parted(network: Network, cell: Cell | None) -> tuple[float, float, str]:
    """Return the shares well to tank and tank to wheel of a figure, and its basis; NaN where it is not parted."""
    if cell is not None and cell.table == "grids":
        return 1.0, 0.0, "tkm"
    if cell is not None and cell.table in {"terminals", "terminal_classes"}:
        own = cell.table == "terminal_classes"
        kind = cell.row if own else str(network.table("terminals").row(cell.row)["class_id"])
        share = float(network.table("terminal_classes").row(kind)["wtt_share"])
        return share, 1.0 - share, ""
    if cell is None or cell.table != "emission_factors":
        return np.nan, np.nan, ""
    row = network.table("emission_factors").row(cell.row)
    parts = float(row["wtt_kg"]), float(row["ttw_kg"])
    # over their own sum: the whole is rounded apart, and may be another under a change
    whole = sum(parts)
    return (parts[0] / whole, parts[1] / whole, str(row["basis"])) if whole else (0.0, 0.0, str(row["basis"]))
