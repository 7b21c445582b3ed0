"""Find the least-cost flow of a network within hard capacities, what goes unserved, and the price of capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.assignment.flows import Flows
from daliz.assignment.loading import Loading
from daliz.assignment.outcome import Cut, Outcome
from daliz.errors import need
from daliz.optimise.path_master import Master
from daliz.paths.route_sets import matched, merged
from daliz.paths.search import find_routes
from daliz.paths.tolls import load_tolls

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats
    from daliz.assignment.outcome import Terms
    from daliz.optimise.path_master import Solution
    from daliz.paths.model import Model
    from daliz.paths.route_sets import RouteSets

ROUNDS = 200
HEAVY = 1e12
"""USD of a unit of weight while a cut is sought."""
PENALTY = 20.0
"""Penalty for a unit unserved: this many times the dearest route of all pairs without queues."""
RAISE = 20.0
"""Factor by which the penalty rises at least where what could be served is not."""
RAISES = 4
"""Times that it rises."""
SERVED = 1e-9
"""Share of demand below which what is unserved is rounding."""


def assign_capacity(model: Model, terms: Terms) -> Flows:
    """Assign to the least-cost flow within the capacities, of USD, time and reliability without queues.

    Columns are the route sets, joined by the best routes at the prices of capacity, round by round. Where more goes
    unserved than must, since ways round what is full are dearer than the penalty, these ways join the sets and the
    penalty rises above them.
    """
    need("highspy", extra="assign")
    room, units = model.capacities.room, model.units
    plan = _planned(model, model.routes, 0.0, terms.target)
    cut, dear = None, 0.0
    for n in range(RAISES + 1):
        if plan.found.unserved.sum() <= SERVED * units.sum():
            cut, dear = None, 0.0
            break
        cut, wider = _cut(model, plan.routes, room)
        dear = float(plan.found.unserved.sum()) - cut.short
        if dear <= SERVED * units.sum() or n == RAISES:
            break
        plan = _planned(model, merged(plan.routes, wider), RAISE * plan.penalty, terms.target)
    loading, found = plan.loading, plan.found
    outcome = Outcome(
        found.flow,
        found.unserved,
        loading.loads.T @ found.flow,
        np.zeros(len(room)),
        found.price,
        {"relative_gap": plan.gap, "target": terms.target},
        plan.gap <= terms.target,
        cut,
        _notes(plan, dear if dear > SERVED * units.sum() else 0.0),
    )
    return Flows(model.routed(plan.routes), "capacity", terms, outcome)


def _notes(plan: _Plan, dear: float) -> tuple[str, ...]:
    """Say what could be served and is not."""
    if not dear:
        return ()
    said = f"{dear:,.6g} units are left unserved that could be served, but only at more than {plan.penalty:,.6g} USD"
    return (f"{said} each, with what others then pay more.",)


class _Plan(NamedTuple):
    """Routes, what they load, the solution over them, the penalty of a unit unserved, and the proven gap."""

    routes: RouteSets
    loading: Loading
    found: Solution
    penalty: float
    gap: float


def _planned(model: Model, routes: RouteSets, least_penalty: float, target: float) -> _Plan:
    """Solve over routes, with the best at the prices of capacity joining them, until the gap is proven."""
    room, loading = model.capacities.room, Loading.of(model, routes)
    most = max(PENALTY * float(loading.base.max(initial=0.0)), least_penalty, 1.0)
    penalty = np.full(len(loading.units), most)
    master = _master(loading, room, penalty, loading.base)
    found, best, gap = master.solve(), -np.inf, np.inf
    for _ in range(ROUNDS):
        toll = load_tolls(model.ground, model.capacities, found.price)
        more = merged(routes, find_routes(model.search, toll=toll))
        wider = Loading.of(model, more)
        reduced = wider.base + wider.loads @ found.price
        best = max(best, master.bound(found.price, _least(wider, reduced, penalty)))
        gap = max(found.cost - best, 0.0) / max(abs(found.cost), 1e-300)
        fresh = _fresh(routes, more, reduced, found.dual)
        if gap <= target or not fresh.any():
            break
        routes = _kept(routes, more, fresh)
        loading = Loading.of(model, routes)
        master = _master(loading, room, penalty, loading.base)
        found = master.solve()
    return _Plan(routes, loading, found, most, gap)


def _cut(model: Model, routes: RouteSets, room: Floats) -> tuple[Cut, RouteSets]:
    """Prove what cannot be served, and return the routes that serve the rest.

    The least unserved demand is the programme without costs; its duals are weights.
    """
    ones = np.ones(len(model.units))
    for _ in range(ROUNDS):
        loading = Loading.of(model, routes)
        found = _master(loading, room, ones, np.zeros(len(routes))).solve()
        # weights so heavy that all other cost is nothing beside them: the routes found are the lightest there are
        toll = HEAVY * load_tolls(model.ground, model.capacities, found.price)
        more = merged(routes, find_routes(model.search, toll=toll))
        wider = Loading.of(model, more)
        weight = wider.loads @ found.price
        fresh = _fresh(routes, more, weight, found.dual)
        if not fresh.any():
            break
        routes = _kept(routes, more, fresh)
    least = _least(wider, weight, ones)
    return Cut(found.price, least, float(wider.units @ least - found.price @ room)), routes


def _master(loading: Loading, room: Floats, penalty: Floats, cost: Floats) -> Master:
    master = Master(loading.units, room, penalty)
    master.add(loading.pair, cost, loading.loads)
    return master


def _least(loading: Loading, cost: Floats, most: Floats) -> Floats:
    """Return the least cost of the routes of each pair, at most `most`, shape (pairs,)."""
    least = most.copy()
    np.minimum.at(least, loading.pair, cost)
    return least


def _fresh(routes: RouteSets, more: RouteSets, reduced: Floats, dual: Floats) -> Flags:
    """Find which routes of the larger set are new and pay, shape (routes,)."""
    pays = reduced < dual[more.pair] - 1e-9 * np.abs(dual[more.pair])
    return np.asarray((matched(more, routes) < 0) & pays)


def _kept(routes: RouteSets, more: RouteSets, fresh: Flags) -> RouteSets:
    """Return the smaller set with the fresh routes of the larger one."""
    return more.take(np.flatnonzero(fresh | (matched(more, routes) >= 0)))
