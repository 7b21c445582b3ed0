"""Assign demand to the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.assignment.flows import Flows
from daliz.errors import DemandError, need
from daliz.graph import build_graph
from daliz.paths.capacities import elements_of, more_congested
from daliz.paths.corridors import corridors_of
from daliz.paths.demand import choice_values, demand_of

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.assignment.sue import Choice
    from daliz.paths.demand import Demand
    from daliz.paths.route_sets import RouteSets
    from daliz.tables import Network

METHODS = ("logit", "user", "system", "capacity")
TARGET = 1e-6
NEEDED = ("scale", "nest-rail", "nest-route", "reference-sd", "aversion", "aversion-decay")
POSITIVE = (
    "scale",
    "reference-sd",
    "congestion",
    "time-spread",
    "aversion",
    "aversion-decay",
    "gravity-deterrence",
)
ROUGH = 1e-3
"""Residual of the first equilibrium, which only shows where queues are."""
RAIL = ("north", "middle", "south", "rail")


def assign(
    network: Network,
    demand: Demand | None = None,
    *,
    method: str = "logit",
    target: float | None = None,
    values: dict[str, float] | None = None,
    elasticity: float = 0.0,
    start: Flows | None = None,
    steps: int = 300,
) -> Flows:
    """Send all demand over the network.

    Parameters
    ----------
    network
        Network of a year, with its changes.
    demand
        Who sends what; the markets of the network's year if left out.
    method
        `logit` for stochastic user equilibrium over route sets with queues; `user` for deterministic user
        equilibrium and `system` for the system optimum over them; `capacity` for the least-cost flow
        within hard capacities.
    target
        Residual (logit) or relative gap (the others) at which to stop; 1e-6 if left out.
    values
        Parameters in place of those of the table `choice`.
    elasticity
        Percent of demand lost per percent of generalised cost gained over that without queues; `logit` only.
    start
        Flows of a like run to begin from; its routes are used again.
    steps
        Steps after which to give up; the result then says that it has not converged.

    Raises
    ------
    DemandError
        If demand cannot be reached, or an argument is out of range.
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
    if method not in METHODS:
        raise DemandError(f"There is no method {method!r}; the methods are {', '.join(METHODS)}.")
    if elasticity < 0 or (elasticity and method != "logit"):
        raise DemandError(
            f"An elasticity of {elasticity:g} cannot be used with {method}; give 0 or more, with logit."
        )
    if not np.isfinite(elasticity) or steps < 1:
        raise DemandError(
            f"An elasticity of {elasticity:g} or {steps} steps cannot be used; give a finite number "
            "of 0 or more, and a step at least."
        )
    goal = TARGET if target is None else target
    if not 0 < goal < 1:
        raise DemandError(
            f"A target of {goal:g} cannot be reached; give a number between 0 and 1, such as 1e-6."
        )
    values = choice_values(network) | (values or {})
    check_values(values)
    demand = demand_of(network, values=values) if demand is None else demand
    if not np.isfinite(demand.units).all() or (demand.units < 0).any():
        raise DemandError("The demand holds negative quantities or none; all must be numbers of 0 or more.")
    if not len(demand) or not demand.units.any():
        raise DemandError("There is no demand to assign; all quantities are 0.")
    asked = {"method": method, "target": goal, "elasticity": elasticity, "values": values}
    if method == "capacity":
        from daliz.assignment.hard_capacity import assign_capacity

        return assign_capacity(network, demand, values, goal, asked)
    routes, row_pair = routes_of(network, demand, values, start)
    if method in {"user", "system"}:
        from daliz.assignment.route_equilibrium import assign_exact

        def make(sets: RouteSets) -> Choice:
            return choice_of(network, sets, demand, row_pair, values)

        return assign_exact(
            network, demand, routes, row_pair, make, goal, asked, values, marginal=method == "system"
        )
    return _assign_logit(network, demand, routes, row_pair, values, goal, elasticity, start, steps, asked)


def check_values(values: dict[str, float]) -> None:
    """Refuse parameters of choice that are missing or out of range.

    Raises
    ------
    DemandError
        It names the parameter.
    """
    for name in NEEDED:
        if name not in values:
            raise DemandError(f"The table choice lacks the row {name!r}; add it with its evidence.")
    for name, value in values.items():
        low = 0.0 if name in POSITIVE else -np.inf
        if not np.isfinite(value) or value < low or (name in POSITIVE[:4] and value == 0):
            raise DemandError(
                f"The parameter {name} is {value:g}; it must be a finite "
                f"number{' above 0' if name in POSITIVE[:4] else ''}{' of 0 or more' if name in POSITIVE[4:] else ''}."
            )


def routes_of(
    network: Network, demand: Demand, values: dict[str, float], start: Flows | None
) -> tuple[RouteSets, Ints]:
    """Give the route sets of a demand, and the pair of each of its rows; those of `start` again if they hold all."""
    from daliz.paths.route_sets import route_sets

    keys = np.stack([demand.origin, demand.destination, demand.cargo, demand.averse.astype(np.int64)])
    if start is not None and start.network is network:
        known = {
            p: k
            for k, p in enumerate(
                zip(
                    start.routes.origin.tolist(),
                    start.routes.destination.tolist(),
                    start.routes.cargo.tolist(),
                    start.routes.averse.tolist(),
                    strict=True,
                )
            )
        }
        rows = [known.get((o, d, c, bool(a)), -1) for o, d, c, a in keys.T.tolist()]
        if min(rows) >= 0:
            return start.routes, np.array(rows, np.int64)
    routes = route_sets(network, demand, reference_sd=values["reference-sd"])
    _, row_pair = np.unique(keys, axis=1, return_inverse=True)
    return routes, row_pair.ravel()


def corridor_constants(network: Network, values: dict[str, float]) -> Floats:
    """Give the constant of each corridor row in USD per 20 t for containers and for loose cargo, shape (2, corridors + 1).

    Loose cargo takes `constant-<corridor>-loose` where there is one. Ways of no corridor have 0.
    """
    ids = corridors_of(build_graph(network, None)).ids
    boxes = [values.get(f"constant-{i}", 0.0) for i in ids]
    loose = [values.get(f"constant-{i}-loose", b) for i, b in zip(ids, boxes, strict=True)]
    return np.array([[*boxes, 0.0], [*loose, 0.0]])


def choice_of(
    network: Network, routes: RouteSets, demand: Demand, row_pair: Ints, values: dict[str, float]
) -> Choice:
    """Give the choice of routes, with the constants of corridors and the nests of the modes."""
    from daliz.assignment.sue import make_choice

    ids = corridors_of(routes.graph).ids
    # rail corridors share one nest, every other corridor is one of its own
    nest = np.array([0 if i in RAIL else n for n, i in enumerate(ids, 1)] + [len(ids) + 1])
    units = np.asarray(np.bincount(row_pair, demand.units, len(routes.first) - 1), np.float64)
    return make_choice(
        routes,
        more_congested(elements_of(routes.graph), values.get("congestion", 1.0)),
        units,
        corridor_constants(network, values),
        values,
        lambda c: nest[c],
    )


def round_queues(
    routes: RouteSets, network: Network, demand: Demand, values: dict[str, float], delay: Floats
) -> RouteSets:
    """Join to route sets the best ways at the delays of elements, which lead round the queues."""
    from daliz.paths.route_sets import merged, queue_tolls, route_sets

    more = route_sets(
        network, demand, reference_sd=values["reference-sd"], toll=queue_tolls(routes, delay), bent=("",)
    )
    return merged(routes, more)


def _assign_logit(
    network: Network,
    demand: Demand,
    routes: RouteSets,
    row_pair: Ints,
    values: dict[str, float],
    goal: float,
    elasticity: float,
    start: Flows | None,
    steps: int,
    asked: dict[str, Any],
) -> Flows:
    from daliz.assignment.sue import fixed_point

    choice = choice_of(network, routes, demand, row_pair, values)
    begin = start.volume if start is not None and len(start.volume) == len(choice.elements) else None
    if start is None or start.routes is not routes:
        rough = fixed_point(choice, target=max(goal, ROUGH), steps=steps, start=begin, elasticity=elasticity)
        routes = round_queues(routes, network, demand, values, rough.delay)
        choice = choice_of(network, routes, demand, row_pair, values)
        begin = rough.volume
    found = fixed_point(choice, target=goal, steps=steps, start=begin, elasticity=elasticity)
    flow = found.share * found.units[choice.pair]
    return Flows(
        network,
        demand,
        routes,
        choice.elements,
        "logit",
        row_pair,
        flow,
        choice.units - found.units,
        found.volume,
        found.delay,
        np.full(len(choice.elements), np.nan),
        {"residual": found.residual, "target": goal},
        found.converged,
        asked,
    )
