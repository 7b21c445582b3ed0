"""Draw the hours, prices and capacities behind flows from the ranges of their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.graph import multipliers
from daliz.graph.ledger import KINDS, USD_KINDS, Kind
from daliz.tables.figures import inverse_factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats, Ints
    from daliz.assignment.flows import Flows
    from daliz.paths.model import Model
    from daliz.tables.figures import Cell

_USD = [*USD_KINDS.values(), Kind.PREMIUM]


class Drawing:
    """Drawn factors of all figures that flows rest on, with what hangs on each.

    Figures of one group are drawn together, as are those of parameters and markets asked for by `more`, so
    that a speed, a capacity and a quantity of one group move as one.
    """

    def __init__(self, flows: Flows, more: Sequence[Cell], draws: int, seed: int) -> None:
        self.model = flows.model
        ground, routes = flows.model.ground, flows.routes
        figures = flows.network.resolved.figures
        ledger = ground.ledger
        used = np.zeros(len(ground.arcs), np.bool_)
        used[routes.arcs] = True
        wanted = np.isin(ledger.kind, [Kind.HOURS, *_USD]) & (ledger.figure >= 0) & used[ledger.arc]
        rows = np.flatnonzero(wanted)
        rows = rows[figures.varies[ledger.figure[rows]]]
        cells = [*more, *(c for of in flows.capacities.cells for c in of)]
        # a figure of 0 has no cell to draw and stands
        named = np.array([figures.index[c] for c in cells if c in figures.index], np.int64)
        which = np.unique(np.concatenate([ledger.figure[rows], named]))
        self.index, self.which = figures.index, which
        self.factor = figures.draw(which, draws, seed).astype(np.float64)
        self.amount = ledger.amounts(figures.value)[rows]
        self.slot = (ledger.kind * len(ground.arcs) + ledger.arc)[rows]
        self.of = np.searchsorted(which, ledger.figure[rows])
        self.inverse = ledger.power[rows] < 0
        self.inverse_factor = inverse_factors(self.factor)
        self.cargo = np.repeat(routes.cargo, np.diff(routes.begin))
        self.multipliers = multipliers(flows.network.table("cargoes"))

    def of_cell(self, cell: Cell) -> Floats:
        """Return the factors of a figure, shape (draws,); 1 where it is not drawn."""
        if cell not in self.index:
            return np.ones(self.factor.shape[1])
        at = int(np.searchsorted(self.which, self.index[cell]))
        found: Floats = self.factor[at]
        return found

    def drawn(self, draw: int) -> Model:
        """Return the model with the hours, prices and capacities of one draw, on the routes that it has."""
        model, sums = self.model, self.model.routes.sums
        arcs = len(model.ground.arcs)
        factor = np.where(self.inverse, self.inverse_factor[self.of, draw], self.factor[self.of, draw])
        change = self.amount * (factor - 1.0)
        by_kind = np.bincount(self.slot, change, KINDS * arcs).reshape(KINDS, -1)
        usd = self.multipliers[:, _USD] @ by_kind[_USD]
        hours = self.multipliers[:, [Kind.HOURS]] * by_kind[Kind.HOURS]
        room = np.ones(len(model.capacities))
        for e, cells in enumerate(model.capacities.cells):
            for cell in cells:
                room[e] *= self.of_cell(cell)[draw]
        begin = model.routes.begin
        return model.costing(
            model.capacities.scaled(room),
            np.maximum(sums.usd + self._summed(usd, begin), 0.0),
            np.maximum(sums.hours + self._summed(hours, begin), 0.0),
        )

    def _summed(self, of_arc: Floats, begin: Ints) -> Floats:
        """Sum what one unit of each route's class takes on its arcs, shape (routes,)."""
        return np.asarray(np.add.reduceat(of_arc[self.cargo, self.model.routes.arcs], begin[:-1]))
