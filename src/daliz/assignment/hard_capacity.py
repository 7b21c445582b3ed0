"""Find the least-cost flow of a network within hard capacities, what goes unserved, and the price of capacity."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from daliz.paths.model import Model
    from daliz.paths.route_sets import RouteSets

ROUNDS = 200
HEAVY = 1e12
"""USD of a unit of weight while a cut is sought."""
PENALTY = 20.0
"""Penalty for a unit unserved: this many times the dearest route of all pairs without queues."""
SERVED = 1e-9
"""Share of demand below which what is unserved is rounding."""


def assign_capacity(model: Model, terms: Terms) -> Flows:
    """Assign to the least-cost flow within the capacities, of USD, time and reliability without queues.

    Columns are the route sets, joined by the best routes at the prices of capacity, round by round.
    """
    need("highspy", extra="assign")
    routes, room = model.routes, model.capacities.room
    loading = Loading.of(model, routes)
    penalty = np.full(len(loading.units), PENALTY * float(loading.base.max(initial=0.0)))
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
        if gap <= terms.target or not fresh.any():
            break
        routes = _kept(routes, more, fresh)
        loading = Loading.of(model, routes)
        master = _master(loading, room, penalty, loading.base)
        found = master.solve()
    cut = None
    if found.unserved.sum() > SERVED * loading.units.sum():
        cut = _cut(model, routes, room)
    outcome = Outcome(
        found.flow,
        found.unserved,
        loading.loads.T @ found.flow,
        np.zeros(len(room)),
        found.price,
        {"relative_gap": gap, "target": terms.target},
        gap <= terms.target,
        cut,
    )
    return Flows(model.routed(routes), "capacity", terms, outcome)


def _cut(model: Model, routes: RouteSets, room: Floats) -> Cut:
    """Prove what cannot be served: the least unserved demand is the programme without costs; its duals are weights."""
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
    return Cut(found.price, least, float(wider.units @ least - found.price @ room))


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
