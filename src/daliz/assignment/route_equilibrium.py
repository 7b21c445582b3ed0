"""Find deterministic user equilibrium and system optimum of a network over route sets.

All use a cheapest route at the delays that all make (user), or at marginal costs (system). Flow is shifted between the
known routes of each pair by projected Newton steps, then the best routes at the new delays join the sets, until the
relative gap sum f (c - c_min) / sum f c, with c_min over the sets so enlarged, is reached. Shippers differ in value of
time and cargo in what it loads, so an equilibrium need not be the only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.assignment.flows import Flows
from daliz.assignment.kernels import shifts
from daliz.assignment.loading import Loading
from daliz.assignment.outcome import Outcome
from daliz.paths.route_sets import matched, merged
from daliz.paths.search import find_routes
from daliz.paths.tolls import delay_tolls, load_tolls

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.assignment.outcome import Terms
    from daliz.paths.model import Model
    from daliz.paths.route_sets import RouteSets

ROUNDS = 12
SWEEPS = 400
RELOADED = 50
"""Sweeps after which volumes are added up anew, against rounding."""
WITHIN = 0.3
"""Share of the target to which the known routes are settled before others join."""


@dataclass
class _State:
    """Flows and what they do to capacities, changed in place."""

    routes: RouteSets
    loading: Loading
    at: Ints
    flow: Floats
    volume: Floats
    borne: Floats
    state: Floats

    def shift(self, *, marginal: bool, move: bool) -> tuple[float, float]:
        """Shift flow once over all pairs, or only measure; return excess and total cost."""
        x, c = self.loading, self.loading.capacities
        return shifts.shift(  # type: ignore[no-any-return]
            x.first,
            self.flow,
            x.base,
            x.time,
            x.begin,
            self.at,
            x.load,
            x.wait,
            self.volume,
            self.borne,
            c.background,
            self.state,
            c.form,
            c.parameters,
            marginal,
            move,
        )

    def reload(self) -> None:
        """Add volumes up anew."""
        x = self.loading
        self.volume[:] = x.loads.T @ self.flow
        self.borne[:] = x.waits.T @ (self.flow * x.time)


def assign_routes(model: Model, terms: Terms, *, marginal: bool) -> Flows:
    """Assign by deterministic user equilibrium, or at marginal costs to the system optimum."""
    run = _begun(model, model.routes, None)
    gap = np.inf
    for _ in range(ROUNDS):
        _settle(run, terms.target, marginal=marginal)
        more = merged(run.routes, find_routes(model.search, toll=_tolls(model, run, marginal=marginal)))
        run = _begun(model, more, run)
        excess, total = run.shift(marginal=marginal, move=False)
        gap = excess / total if total else 0.0
        if gap <= terms.target:
            break
    sent = np.bincount(run.routes.pair, run.flow, len(model.units))
    outcome = Outcome(
        run.flow,
        np.where(np.diff(run.routes.first) > 0, 0.0, model.units - sent),
        run.volume,
        run.state[:, 0].copy(),
        np.full(len(run.volume), np.nan),
        {"relative_gap": max(gap, 0.0), "target": terms.target},
        gap <= terms.target,
    )
    return Flows(model.routed(run.routes), "so" if marginal else "due", terms, outcome)


def _begun(model: Model, routes: RouteSets, before: _State | None) -> _State:
    """Put all on the cheapest route, or the flows of before on the same routes in a larger set."""
    loading = Loading.of(model, routes)
    flow = np.zeros(len(routes))
    if before is None:
        order = np.lexsort((loading.base, routes.pair))
        some = np.diff(routes.first) > 0
        flow[order[routes.first[:-1][some]]] = loading.units[some]
    else:
        row = matched(routes, before.routes)
        flow[row >= 0] = before.flow[row[row >= 0]]
    count = len(loading.capacities)
    none = (np.zeros(count), np.zeros(count), np.zeros((count, 3)))
    run = _State(routes, loading, loading.at.astype(np.int64), flow, *none)
    run.reload()
    c = loading.capacities
    shifts.refresh_all(run.volume, c.background, run.state, c.form, c.parameters)
    return run


def _settle(run: _State, target: float, *, marginal: bool) -> None:
    for n in range(SWEEPS):
        excess, total = run.shift(marginal=marginal, move=True)
        if not total or excess / total <= WITHIN * target:
            break
        if n % RELOADED == RELOADED - 1:
            run.reload()
    run.reload()


def _tolls(model: Model, run: _State, *, marginal: bool) -> Floats:
    """Compute the USD that delays (and for the optimum what they do to others) add to each arc for each class."""
    capacities = run.loading.capacities
    toll = delay_tolls(model.ground, capacities, run.state[:, 0])
    return toll + load_tolls(model.ground, capacities, run.state[:, 1] * run.borne) if marginal else toll
