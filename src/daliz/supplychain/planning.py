"""Plan a chain of production over the network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import NoMarketError, PlaceError, SupplyError, did_you_mean, need
from daliz.graph import build_graph
from daliz.paths.capacities import elements_of
from daliz.supplychain.build import Terms, build
from daliz.supplychain.chain import Chain, read_chain
from daliz.supplychain.programme import plan
from daliz.supplychain.results import Supply
from daliz.supplychain.ways import ways_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from daliz.arrays import Floats
    from daliz.paths.capacities import Traffic
    from daliz.supplychain.build import Built
    from daliz.supplychain.programme import Plan
    from daliz.supplychain.ways import Ways
    from daliz.tables import Network

OBJECTIVES = ("cost", "profit")
ROUNDS = 20
"""Rounds of ways round dear capacities after which to give up; the result then says so."""
MOST_YEARS = 30


def supply(
    network: Network,
    chain: str | Chain,
    *,
    without: Iterable[str] = (),
    objective: str = "cost",
    penalty: float = 10.0,
    carbon_usd_t: float = 0.0,
    years: int = 1,
    policy: str = "",
    duties: Mapping[tuple[str, str, str], float] | None = None,
    flows: Traffic | None = None,
    gap: float = 1e-9,
) -> Supply:
    """Plan which facility makes what, and over which way it goes to market.

    Parameters
    ----------
    network
        Network of a year, with its changes.
    chain
        Id of a chain in the table `chains`, or a chain that was read.
    without
        Countries, places and links to do without: no way touches them, facilities there stand still and
        markets there are not asked for.
    objective
        `cost`: serve all demand at least cost; `profit`: sell what pays at the prices of the markets,
        along demand curves where an elasticity is given.
    penalty
        What a unit unmet costs under `cost`, times the price at its market.
    carbon_usd_t
        USD a tonne CO2e on facilities and ways.
    years
        Years planned together, with stocks carried from one to the next; demand and capacity are those of
        the network's year in each.
    policy
        Policy whose contracts hold too.
    duties
        Share of value by commodity, country of the sender and id of the market.
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
    need("numba", "highspy", extra="assign")
    _check(objective, penalty, carbon_usd_t, years, gap)
    policies = network.table("policies").position
    if policy and policy not in policies:
        raise SupplyError(f"{network.name} has no policy {policy!r}.{did_you_mean(policy, policies)}")
    read = chain if isinstance(chain, Chain) else read_chain(network, chain, policy=policy)
    closed = tuple(dict.fromkeys(str(w) for w in without))
    volume = None if flows is None else _volume(flows, network)
    terms = Terms(objective, float(penalty), float(carbon_usd_t), int(years), dict(duties or {}), volume)
    asked: dict[str, Any] = {
        "chain": read.id,
        "without": list(closed),
        "objective": objective,
        "penalty": float(penalty),
        "carbon_usd_t": float(carbon_usd_t),
        "years": int(years),
        "policy": policy,
        "gap": gap,
        "duties": len(terms.duties),
        "other_traffic": flows is not None,
    }
    return plan_chain(read, closed, terms, asked)


def plan_chain(chain: Chain, closed: tuple[str, ...], terms: Terms, asked: dict[str, Any]) -> Supply:
    """Plan a chain that was read without what is closed; `asked` holds the arguments, the gap among them."""
    gap = float(asked["gap"])
    left = without_places(chain, closed)
    ways, built, found, settled = settle(left, ways_for(left, closed), terms, closed, gap)
    sound = found.optimum.complete and found.optimum.gap <= max(gap, 1e-9) * 10
    return Supply(left, ways, built, found, terms, asked, settled and sound)


def ways_for(chain: Chain, closed: tuple[str, ...], known: Ways | None = None) -> Ways:
    """Give the ways of a chain, with those round what its contracts limit or avoid, however dear."""
    ways = ways_of(chain, without=closed, known=known)
    for row in chain.contracts:
        if row["via"]:
            try:
                ways = ways_of(chain, without=(*closed, *str(row["via"]).split()), known=ways)
            except PlaceError as error:
                raise SupplyError(f"contracts.csv, row {row['id']}, column via: {error}") from error
    return ways


def _check(objective: str, penalty: float, carbon: float, years: int, gap: float) -> None:
    if objective not in OBJECTIVES:
        raise SupplyError(f"There is no objective {objective!r}; the objectives are {', '.join(OBJECTIVES)}.")
    if not (np.isfinite(penalty) and penalty > 0):
        raise SupplyError(f"A penalty of {penalty:g} times the price cannot be used; give a number above 0.")
    if not (np.isfinite(carbon) and carbon >= 0):
        raise SupplyError(f"A carbon price of {carbon:g} USD/t cannot be used; give 0 or more.")
    if not 1 <= years <= MOST_YEARS:
        raise SupplyError(f"{years} years cannot be planned together; give 1 to {MOST_YEARS}.")
    if not 0 < gap < 1:
        raise SupplyError(f"A gap of {gap:g} cannot be proved; give a number between 0 and 1, such as 1e-9.")


def _volume(flows: Traffic, network: Network) -> Floats:
    if (
        len(flows.volume) != len(elements_of(build_graph(network, None)))
        or flows.network.digest != network.digest
    ):
        raise SupplyError(
            f"The flows are of {flows.network.name} {flows.network.year} with other changes; assign "
            "demand to the network of the chain."
        )
    return flows.volume


def without_places(chain: Chain, closed: tuple[str, ...]) -> Chain:
    """Take out facilities, markets, lanes and stocks that stand in some countries or at some places, and lanes that pass them.

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
    chain: Chain, ways: Ways, terms: Terms, closed: tuple[str, ...], gap: float
) -> tuple[Ways, Built, Plan, bool]:
    """Plan, and join ways round dear capacities until none pays; tell whether that came to an end."""
    elements = elements_of(build_graph(chain.network, None))
    number = {(k, n): i for i, (k, n) in enumerate(zip(elements.kind, elements.name, strict=True))}
    for _ in range(ROUNDS):
        built = build(chain, ways, terms)
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
