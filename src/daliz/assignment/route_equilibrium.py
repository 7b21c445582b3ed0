"""Find deterministic user equilibrium and system optimum of the network over route sets.

All use a cheapest route at the delays that all make (user), or at marginal costs (system). Flow is
shifted between the known routes of each pair by projected Newton steps, then the best routes at the new
delays join the sets, until the relative gap sum f (c - c_min) / sum f c, with c_min over the sets so
enlarged, is reached. Shippers differ in value of time and cargo in what it loads, so an equilibrium need
not be the only one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.assignment.flows import Flows
from daliz.assignment.kernels import shifts
from daliz.paths.route_sets import load_tolls, merged, queue_tolls, route_sets

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.arrays import Floats, Ints
    from daliz.assignment.sue import Choice
    from daliz.paths.demand import Demand
    from daliz.paths.route_sets import RouteSets
    from daliz.tables import Network

ROUNDS = 12
SWEEPS = 400


class _Entries(NamedTuple):
    """List what each route loads and what it waits for, route by route."""

    begin: Ints
    element: Ints
    load: Floats
    wait: Floats


def _entries(choice: Choice) -> _Entries:
    bears, waits = choice.bears, choice.waits
    route = np.concatenate([np.repeat(np.arange(m.shape[0]), np.diff(m.indptr)) for m in (bears, waits)])
    element = np.concatenate([bears.indices, waits.indices]).astype(np.int64)
    load = np.concatenate([bears.data, np.zeros(waits.nnz)])
    wait = np.concatenate([np.zeros(bears.nnz), waits.data])
    order = np.lexsort((element, route))
    begin = np.searchsorted(route[order], np.arange(bears.shape[0] + 1))
    return _Entries(begin.astype(np.int64), element[order], load[order], wait[order])


@dataclass
class _State:
    """Carry flows and what they do to elements."""

    routes: RouteSets
    choice: Choice
    entries: _Entries
    flow: Floats
    volume: Floats
    borne: Floats
    state: Floats

    def shift(self, marginal: bool, move: bool) -> tuple[float, float]:
        c, e, x = self.choice, self.choice.elements, self.entries
        return shifts.shift(  # type: ignore[no-any-return]
            self.routes.first.astype(np.int64),
            self.flow,
            c.base,
            c.time,
            x.begin,
            x.element,
            x.load,
            x.wait,
            self.volume,
            self.borne,
            e.background,
            self.state,
            e.form,
            e.parameters,
            marginal,
            move,
        )

    def reload(self) -> None:
        c = self.choice
        self.volume[:] = c.loads @ self.flow
        self.borne[:] = c.waits.T @ (self.flow * c.time)


def assign_exact(
    network: Network,
    demand: Demand,
    routes: RouteSets,
    row_pair: Ints,
    make: Callable[[RouteSets], Choice],
    target: float,
    asked: dict[str, Any],
    values: dict[str, float],
    *,
    marginal: bool,
) -> Flows:
    """Assign by deterministic user equilibrium or to the system optimum."""
    run = _begin(routes, make(routes), None)
    gap = np.inf
    for _ in range(ROUNDS):
        gap = _settle(run, target, marginal)
        toll = _tolls(run, marginal)
        more = merged(run.routes, route_sets(network, demand, reference_sd=values["reference-sd"], toll=toll))
        run = _begin(more, make(more), run)
        excess, total = run.shift(marginal, move=False)
        gap = excess / total if total else 0.0
        if gap <= target:
            break
    c = run.choice
    return Flows(
        network,
        demand,
        run.routes,
        c.elements,
        "system" if marginal else "user",
        row_pair,
        run.flow,
        np.zeros(len(c.units)),
        run.volume,
        run.state[:, 0].copy(),
        np.full(len(run.volume), np.nan),
        {"relative gap": max(gap, 0.0), "target": target},
        gap <= target,
        asked,
    )


def _begin(routes: RouteSets, choice: Choice, before: _State | None) -> _State:
    """Put all on the cheapest route, or the flows of before on the same routes in a larger set."""
    flow = np.zeros(len(routes.usd))
    if before is None:
        order = np.lexsort((choice.base, routes.pair))
        best = order[routes.first[:-1]]
        flow[best] = choice.units
    else:
        # the routes of before come first within each pair, in the same order
        old = before.routes
        start = routes.first[:-1]
        rank = np.arange(len(old.usd)) - old.first[old.pair]
        flow[start[old.pair] + rank] = before.flow
    count = len(choice.elements)
    run = _State(
        routes, choice, _entries(choice), flow, np.zeros(count), np.zeros(count), np.zeros((count, 3))
    )
    run.reload()
    shifts.refresh_all(
        run.volume, choice.elements.background, run.state, choice.elements.form, choice.elements.parameters
    )
    return run


def _settle(run: _State, target: float, marginal: bool) -> float:
    gap = np.inf
    for n in range(SWEEPS):
        excess, total = run.shift(marginal, move=True)
        gap = excess / total if total else 0.0
        if gap <= 0.3 * target:
            break
        if n % 50 == 49:
            run.reload()
    run.reload()
    return gap


def _tolls(run: _State, marginal: bool) -> Floats:
    """Give the USD that delays (and for the optimum what they do to others) add to each arc for each class."""
    toll = queue_tolls(run.routes, run.state[:, 0])
    return toll + load_tolls(run.routes, run.state[:, 1] * run.borne) if marginal else toll
