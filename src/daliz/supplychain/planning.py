"""Plan a chain of production over the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import NoMarketError, PlaceError, SupplyError, did_you_mean, need, refuse_bare_text
from daliz.paths.ground import ground_of
from daliz.supplychain.build import build
from daliz.supplychain.chain import Chain, read_chain
from daliz.supplychain.programme import plan
from daliz.supplychain.results import Supply
from daliz.supplychain.terms import Terms
from daliz.supplychain.ways import ways_of
from daliz.tables.needs import demand_needs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daliz.arrays import Floats
    from daliz.paths.capacities import Traffic
    from daliz.supplychain.build import Built
    from daliz.supplychain.programme import Plan
    from daliz.supplychain.ways import Ways
    from daliz.tables import Network

LEAST_COST = Terms()
ROUNDS = 20
"""Rounds of routes round dear capacities after which to give up; the result then says so."""


def supply(
    network: Network,
    chain: str | Chain,
    *,
    without: Iterable[str] = (),
    policy: str = "",
    terms: Terms = LEAST_COST,
    flows: Traffic | None = None,
    gap: float = 1e-9,
) -> Supply:
    """Plan which facility makes what, and over which route it goes to market.

    Parameters
    ----------
    network
        Network of a year, with its changes.
    chain
        Id of a chain in the table `chains`, or a chain that was read.
    without
        Countries, places and links to do without: no route touches them, facilities there stand still and
        markets there are not asked for.
    policy
        Policy whose contracts hold too.
    terms
        Objective, penalty, price of carbon, years and duties; all demand at least cost unless given.
    flows
        Assignment whose volumes take room on links, terminals and services.
    gap
        Relative gap to prove.

    Raises
    ------
    SupplyError
        If the chain is unknown or cannot be, or an argument is out of range.
    PlaceError
        If something to do without is unknown.
    ExtraError
        If numba or highspy is not installed.

    Examples
    --------
    >>> import daliz
    >>> plan = daliz.supply(daliz.open("eurasia", year=2023), "uranium")
    >>> plan.converged
    True
    """
    refuse_bare_text(without=without)
    need("numba", "highspy", extra="assign")
    if not 0 < gap < 1:
        raise SupplyError(f"A gap of {gap:g} cannot be proved; give a number between 0 and 1, such as 1e-9.")
    brought = {"chain"} if isinstance(chain, Chain) else set()
    demand_needs(network.store, "supply", brought, error=SupplyError)
    policies = network.table("policies").position
    if policy and policy not in policies:
        raise SupplyError(f"{network.name} has no policy {policy!r}.{did_you_mean(policy, policies)}")
    read = chain if isinstance(chain, Chain) else read_chain(network, chain, policy=policy)
    closed = tuple(dict.fromkeys(str(w) for w in without))
    asked = _asked(read, closed, policy, terms, gap) | {"other_traffic": flows is not None}
    return plan_chain(read, closed, terms, asked, None if flows is None else _volume(flows, network))


def _asked(chain: Chain, closed: tuple[str, ...], policy: str, terms: Terms, gap: float) -> dict[str, Any]:
    return {
        "chain": chain.id,
        "without": list(closed),
        "objective": terms.objective,
        "penalty": terms.penalty,
        "carbon_usd_t": terms.carbon_usd_t,
        "years": terms.years,
        "capacities": terms.capacities,
        "policy": policy,
        "gap": gap,
        "duties": len(terms.duties),
    }


def plan_chain(
    chain: Chain,
    closed: tuple[str, ...],
    terms: Terms,
    asked: dict[str, Any],
    taken: Floats | None = None,
) -> Supply:
    """Plan a chain that was read without what is closed.

    Parameters
    ----------
    chain, closed, terms
        What is planned, without what, on which terms.
    asked
        The arguments of the caller, the gap among them.
    taken
        float64 (elements,) of capacity that other traffic takes; none if left out.
    """
    gap = float(asked["gap"])
    left = without_places(chain, closed)
    ways, built, found, settled = settle(left, ways_for(left, closed), terms, closed, gap, taken)
    sound = found.optimum.complete and found.optimum.gap <= max(gap, 1e-9) * 10
    return Supply(left, ways, built, found, terms, asked, settled and sound, taken, chain)


def ways_for(chain: Chain, closed: tuple[str, ...], known: Ways | None = None) -> Ways:
    """Find the routes of a chain, with those round what its contracts limit or avoid, however dear."""
    ways = ways_of(chain, without=closed, known=known)
    for row in chain.contracts:
        if row["via"]:
            try:
                ways = ways_of(chain, without=(*closed, *str(row["via"]).split()), known=ways)
            except PlaceError as error:
                raise SupplyError(f"contracts.csv, row {row['id']}, column via: {error}") from error
    return ways


def _volume(flows: Traffic, network: Network) -> Floats:
    if len(flows.volume) != len(ground_of(network).capacities) or flows.network.digest != network.digest:
        raise SupplyError(
            f"The flows are of {flows.network.name} {flows.network.year} with other changes; assign "
            "demand to the network of the chain."
        )
    return flows.volume


def without_places(chain: Chain, closed: tuple[str, ...]) -> Chain:
    """Take out what stands in some countries or at some places, and lanes that pass them.

    Facilities, markets, lanes and stocks are taken out.

    Raises
    ------
    SupplyError
        If no market is left.
    """
    gone = set(closed)
    if not gone:
        return chain

    def stays(row: dict[str, Any]) -> bool:
        return not {row["id"], row["country"], row["node_id"], row.get("operator_id", "")} & gone

    facilities = {k: r for k, r in chain.facilities.items() if stays(r)}
    markets = {k: r for k, r in chain.markets.items() if stays(r)}
    if chain.markets and not markets:
        raise NoMarketError(
            f"Without {', '.join(closed)} the chain {chain.id} has no market left; leave one."
        )
    ends = {*facilities, *markets}
    return replace(
        chain,
        facilities=facilities,
        markets=markets,
        recipes=tuple(r for r in chain.recipes if r.facility["id"] in facilities),
        lanes=tuple(
            r
            for r in chain.lanes
            if r["from_id"] in ends and r["to_id"] in ends and not set(str(r["countries"]).split()) & gone
        ),
        stocks=tuple(r for r in chain.stocks if r["at_id"] in ends),
    )


def settle(
    chain: Chain,
    ways: Ways,
    terms: Terms,
    closed: tuple[str, ...],
    gap: float,
    taken: Floats | None = None,
) -> tuple[Ways, Built, Plan, bool]:
    """Plan, and add routes round dear capacities until none pays.

    The last value says whether that came to an end.
    """
    elements = ground_of(chain.network).capacities
    number = {(k, n): i for i, (k, n) in enumerate(zip(elements.kind, elements.name, strict=True))}
    for _ in range(ROUNDS):
        built = build(chain, ways, terms, taken)
        found = plan(built.programme, gap=gap)
        price = np.zeros(len(elements))
        for (_, kind, name, _), p in zip(built.limits, found.price, strict=True):
            if (kind, name) in number:
                price[number[kind, name]] = max(price[number[kind, name]], p)
        if not (price > 1e-9).any():
            return ways, built, found, True
        more = ways_of(chain, without=closed, prices=price, known=ways)
        if len(more) == len(ways):
            return ways, built, found, True
        ways = more
    return ways, built, found, False
