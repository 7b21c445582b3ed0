"""Name every hour, dollar, kilogram and risk of an alternative by its cause and the cell behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.graph.graph import multipliers
from daliz.graph.ledger import USD_KINDS, Cause, Kind, Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats
    from daliz.routing.query import Query
    from daliz.tables.figures import Cell

_USD = (*USD_KINDS.values(), Kind.PREMIUM)
CAUSES = tuple(Cause)
MEASURES = tuple(
    "hours" if k == Kind.HOURS else "risk" if k == Kind.RISK else "usd" if k in _USD else "kg" for k in Kind
)


class Component(NamedTuple):
    """One amount with its cause and the cell of the figure behind it.

    `part` is the arc where it arises: `arc` itself, or the one of those that a through arc stands for.
    """

    arc: int
    measure: str
    cause: Cause
    amount: float
    sd: float
    cell: Cell | None
    figure: int
    power: float
    part: int


class Entries(NamedTuple):
    """Entries of the ledger that count for a cargo, with their amounts for one unit."""

    ledger: Ledger
    amount: Floats


def components_of(query: Query, arcs: Sequence[int]) -> list[Component]:
    """List what arises on the arcs of an alternative."""
    graph = query.graph
    cells = graph.network.resolved.figures.cells
    entries = entries_of(query, arcs)
    ledger = entries.ledger
    columns = (
        ledger.arc,
        ledger.kind,
        ledger.cause,
        entries.amount,
        ledger.sd,
        ledger.figure,
        ledger.power,
        ledger.part,
    )
    found = [
        Component(
            arc,
            MEASURES[kind],
            CAUSES[cause],
            amount,
            sd,
            cells[figure] if figure >= 0 else None,
            figure,
            power,
            part,
        )
        for arc, kind, cause, amount, sd, figure, power, part in zip(
            *(c.tolist() for c in columns), strict=True
        )
    ]
    return found + _holds(query, arcs)


def entries_of(query: Query, arcs: Sequence[int]) -> Entries:
    """Return the entries of some arcs in order; the holds of rules are no entries."""
    graph = query.graph
    order, starts = graph.entries_of
    cargoes = graph.network.table("cargoes")
    scale = multipliers(cargoes)[cargoes.position[query.cargo["id"]]]
    rows = np.concatenate([order[starts[a] : starts[a + 1]] for a in arcs])
    ledger = graph.ledger.take(rows[scale[graph.ledger.kind[rows]] != 0])
    amount = ledger.amounts(graph.network.resolved.figures.value) * scale[ledger.kind]
    return Entries(ledger, amount)


def _holds(query: Query, arcs: Sequence[int]) -> list[Component]:
    """List what rules add to the arcs of this shipment beyond the ledger."""
    rows = list(arcs)
    variance = np.maximum(query.costs.variance[rows] - query.plain.variance[rows], 0.0)
    found = []
    for measure in ("hours", "usd", "risk"):
        more = getattr(query.costs, measure)[rows] - getattr(query.plain, measure)[rows]
        for i in np.flatnonzero(more):
            sd = float(np.sqrt(variance[i])) if measure == "hours" else 0.0
            found.append(Component(rows[i], measure, Cause.HOLD, float(more[i]), sd, None, -1, 1.0, rows[i]))
    return found


def by_cause(components: list[Component], measure: str) -> dict[str, float]:
    """Sum the components of one measure by cause."""
    sums: dict[str, float] = {}
    for c in components:
        if c.measure == measure and c.amount:
            name = c.cause.name.lower()
            sums[name] = sums.get(name, 0.0) + c.amount
    return sums
