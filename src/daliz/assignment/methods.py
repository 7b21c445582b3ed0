"""Assign demand to a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from daliz.assignment.flows import Flows
from daliz.assignment.loading import Loading
from daliz.assignment.outcome import Outcome, Terms
from daliz.assignment.sue import Point, fixed_point
from daliz.errors import DemandError, need
from daliz.paths.choice import ChoiceParameters
from daliz.paths.demand import demand_of
from daliz.paths.model import Model, Start
from daliz.paths.route_sets import pairs_of
from daliz.tables.needs import demand_needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.assignment.sue_conditions import FixedPoint
    from daliz.paths.demand import Demand
    from daliz.tables import Network

METHODS = ("sue", "due", "so", "capacity")
FINE = 1e-2
"""Target of the equilibrium without routes round queues, over that of the whole."""


def assign(
    network: Network,
    demand: Demand | None = None,
    *,
    method: str = "sue",
    values: Mapping[str, float] | None = None,
    start: Flows | None = None,
    terms: Terms | None = None,
) -> Flows:
    """Assign all demand to a network.

    Parameters
    ----------
    network
        Network of a year, with its changes.
    demand
        Who sends what; the markets of the network's year if left out.
    method
        `sue` for stochastic user equilibrium over route sets with queues; `due` for deterministic user equilibrium
        and `so` for the system optimum over them; `capacity` for the least-cost flow within hard capacities.
    values
        Parameters of choice in place of those of the table `choice`.
    start
        Flows of the same network to begin from; where they hold all pairs, their routes are used again.
    terms
        When to end, elasticity of demand, price of what is not served; the defaults of `Terms` if left out.

    Raises
    ------
    DemandError
        If demand cannot be reached, an argument is out of range, or the start is of another network.
    ExtraError
        If numba or highspy is not installed.

    Examples
    --------
    >>> import daliz
    >>> flows = daliz.assign(daliz.open("eurasia", year=2024))
    >>> flows.converged, flows.bottlenecks(1)[0]["load"] > 0.5
    (True, True)
    """
    need("numba", extra="assign")
    terms = Terms() if terms is None else terms
    _check(method, terms)
    brought = {f"choice.{name}" for name in values or ()} | ({"demand"} if demand is not None else set())
    demand_needs(network.store, "assign", brought, error=DemandError)
    choice = ChoiceParameters.of(network, values)
    demand = demand_of(network, values=choice.values) if demand is None else demand
    if start is None:
        return assign_model(Model(network, demand, choice=choice), method=method, terms=terms)
    if start.network.digest != network.digest:
        raise DemandError(
            f"The start is of {start.network.name} {start.network.year} with other tables or changes than "
            f"{network.name} {network.year}; begin from flows of the same network, or without a start."
        )
    if set(pairs_of(demand)[0].keys()) <= set(start.routes.pairs.keys()):
        model = start.model.choosing(choice).demanding(demand)
    else:
        model = Model(network, demand, choice=choice)
    return assign_model(model.starting(start.model.start), method=method, terms=terms)


def assign_model(model: Model, *, method: str = "sue", terms: Terms | None = None) -> Flows:
    """Assign the demand of a model.

    Parameters
    ----------
    model
        A model, under a shock or not. One on which an equilibrium was found before keeps its routes.
    method, terms
        As for `assign`.

    Raises
    ------
    DemandError
        If an argument is out of range.
    ExtraError
        If numba or highspy is not installed.

    Examples
    --------
    >>> import daliz
    >>> flows = daliz.assign(daliz.open("eurasia", year=2024))
    >>> shut = daliz.Shock(close=("link:sea-aktau-alat",))
    >>> assign_model(flows.model.under(shut)).converged
    True
    """
    terms = Terms() if terms is None else terms
    _check(method, terms)
    if method == "capacity":
        from daliz.assignment.hard_capacity import assign_capacity

        return assign_capacity(model, terms)
    if method in {"due", "so"}:
        from daliz.assignment.route_equilibrium import assign_routes

        return assign_routes(model, terms, marginal=method == "so")
    return _assign_sue(model, terms)


def _check(method: str, terms: Terms) -> None:
    if method not in METHODS:
        raise DemandError(f"There is no method {method!r}; the methods are {', '.join(METHODS)}.")
    if method != "sue" and (terms.elasticity or np.isfinite(terms.unserved_usd_t)):
        raise DemandError(
            f"An elasticity, or a price of what is not served, cannot be used with {method}; leave it out, or use sue."
        )


def _assign_sue(model: Model, terms: Terms) -> Flows:
    """Find the equilibrium on the routes without queues, join those round its queues, and find it again."""
    start = model.start or Start(None, None)
    plain = start.plain
    if not model.settled:
        # found far beyond the target, so that the routes round queues do not hang on where it began
        rough, plain = _found(model, replace(terms, target=terms.target * FINE), plain)
        model = model.settle(rough.delay)
    found, whole = _found(model, terms, start.whole or plain)
    flow = found.share * found.units[model.routes.pair]
    certificate = {"relative_gap": found.residual, "target": terms.target}
    outcome = Outcome(
        flow, model.units - found.units, found.volume, found.delay, found.price, certificate, found.converged
    )
    return Flows(model.starting(Start(plain, whole)), "sue", terms, outcome)


def _found(model: Model, terms: Terms, start: Point | None) -> tuple[FixedPoint, Point]:
    """Find an equilibrium on the routes of a model, and what another can begin from."""
    loading = Loading.of(model, model.routes)
    found = fixed_point(
        loading,
        target=terms.target,
        steps=terms.steps,
        start=start,
        elasticity=terms.elasticity,
        unserved_usd_t=terms.unserved_usd_t,
    )
    return found, Point(np.where(np.isnan(found.price), found.volume, found.price), loading)
