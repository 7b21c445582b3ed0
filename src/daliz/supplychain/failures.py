"""Find the least set of failures that cuts a market off.

A market is cut off if no whole tree of supply to it is left: a tree of trips and recipes from the ground
to the market. A set of failures must hit every such tree. The least set that hits the trees found so far
is a lower bound; where it leaves a tree standing, that tree joins, and where it leaves none, the set is
the answer. (Hitting sets by generation of constraints [1]_.)

References
----------
.. [1] E. Moreno-Centeno, R. Karp, The implicit hitting set approach to solve combinatorial optimization
   problems, Operations Research 61, 2013.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csc_array

from daliz.errors import NoMarketError, SupplyError
from daliz.optimise.linear import Linear, solve
from daliz.supplychain.exposure import CLOSED, check_kind, stands_on
from daliz.supplychain.planning import plan_chain
from daliz.supplychain.terms import Terms
from daliz.supplychain.ways import touches

if TYPE_CHECKING:
    from daliz.supplychain.chain import Chain
    from daliz.supplychain.results import Supply

ROUNDS = 200
LEAST = 1e-6
"""Share of a market's demand below which it counts as cut off."""


@dataclass(frozen=True)
class Failures:
    """Least set of failures that cuts a market off.

    Attributes
    ----------
    names
        What fails; none if the market cannot be cut off by this kind.
    kind, market
        What was asked.
    bound
        Proven least number of failures.
    trees
        Ways of supply that the set hits, as the names on each.
    reason
        Why there is no such set; blank if there is one.
    """

    names: tuple[str, ...]
    kind: str
    market: str
    bound: int
    trees: tuple[tuple[str, ...], ...]
    reason: str = ""

    def __repr__(self) -> str:
        what = ", ".join(self.names) if self.names else f"none: {self.reason}"
        return (
            f"<Failures that cut {self.market} off by {self.kind}: {what}; at least {self.bound} proven "
            f"over {len(self.trees)} ways of supply>"
        )


def least_failures(supply: Supply, region: str, kind: str = "country", *, origin: str = "") -> Failures:
    """Find the fewest countries, ports, links or operators whose failure cuts a region off.

    Parameters
    ----------
    supply
        A plan; its network and chain are asked again, without what it does without and beside the same
        traffic.
    region
        Region, country or market.
    kind
        country, port, link or operator. Countries of the region's own markets, and of the origin, cannot
        fail.
    origin
        Country whose mines alone count, or where it has none, whose plants alone make what the market
        buys; all if blank.

    Raises
    ------
    SupplyError
        If region, kind or origin is unknown.
    """
    check_kind(kind, CLOSED)
    markets = supply.of_region(region)
    chain = _of_origin(_asked_for(supply.chain, markets), origin)
    spared = {str(chain.markets[m][k]) for m in markets for k in ("country", "node_id")} | {origin}
    trees: list[tuple[str, ...]] = []
    failed: tuple[str, ...] = ()
    for _ in range(ROUNDS):
        fresh = _standing(chain, supply, failed, markets, kind, spared)
        if not fresh:
            if not trees:
                return Failures((), kind, region, 0, (), _nothing_reaches(supply, markets, origin))
            return Failures(failed, kind, region, len(failed), tuple(trees))
        trees += fresh
        if not fresh[-1]:
            return Failures(
                (), kind, region, len(failed), tuple(trees), f"one way of supply has no {kind} that may fail"
            )
        failed = _least(trees)
    return Failures((), kind, region, len(failed), tuple(trees), f"not settled in {ROUNDS} rounds")


def _standing(
    chain: Chain, base: Supply, failed: tuple[str, ...], markets: list[str], kind: str, spared: set[str]
) -> list[tuple[str, ...]]:
    """Find trees of supply that a set of failures leaves standing and that share nothing which may fail.

    The last one is empty if nothing on it may fail.
    """
    found: list[tuple[str, ...]] = []
    while True:
        tree = _tree(chain, base, tuple(sorted({*failed, *(n for t in found for n in t)})), markets, kind)
        if tree is None:
            return found
        found.append(tuple(sorted(set(tree) - spared)))
        if not found[-1]:
            return found


def _asked_for(chain: Chain, markets: list[str]) -> Chain:
    """Take out all other markets, stocks, and all contracts but those that close a route.

    What is left tells what can reach the markets, not what is agreed.
    """
    quotas = tuple(r for r in chain.contracts if r["kind"] == "quota" and r["maximum"] == 0)
    return replace(
        chain, markets={m: r for m, r in chain.markets.items() if m in markets}, contracts=quotas, stocks=()
    )


def _nothing_reaches(supply: Supply, markets: list[str], origin: str) -> str:
    """Explain that nothing reaches some markets to begin with."""
    told = [f"{m}: {why}" for m, why in supply.unmet_reasons().items() if m in markets]
    because = f" ({'; '.join(told[:1])})" if told else ""
    return f"nothing reaches it{f' from {origin}' if origin else ''} to begin with{because}"


def _of_origin(chain: Chain, origin: str) -> Chain:
    if not origin:
        return chain
    if any(not r.inputs and r.facility["country"] == origin for r in chain.recipes):
        kept = tuple(r for r in chain.recipes if r.inputs or r.facility["country"] == origin)
        return replace(chain, recipes=kept)
    sold = {str(m["commodity_id"]) for m in chain.markets.values()}
    if any(r.output in sold and r.facility["country"] == origin for r in chain.recipes):
        kept = tuple(r for r in chain.recipes if r.output not in sold or r.facility["country"] == origin)
        return replace(chain, recipes=kept)
    countries = sorted(
        {str(r.facility["country"]) for r in chain.recipes if not r.inputs or r.output in sold}
    )
    raise SupplyError(
        f"The chain {chain.id} has no mine and no last plant in {origin!r}; the countries are "
        f"{', '.join(countries)}."
    )


def _tree(
    chain: Chain, base: Supply, failed: tuple[str, ...], markets: list[str], kind: str
) -> tuple[str, ...] | None:
    """Find what one whole tree of supply touches after some failures; None if the markets are cut off."""
    # what can reach is asked, not what pays: duties, carbon and prices play no part, the room that is
    # left does
    terms = Terms(penalty=base.terms.penalty, capacities=base.terms.capacities)
    closed = tuple(dict.fromkeys((*base.asked["without"], *failed)))
    try:
        answer = plan_chain(chain, closed, terms, base.asked, base.taken)
    except NoMarketError:
        return None
    rows = {r["market"]: r for r in answer.markets()}
    open_markets = [
        m for m in markets if m in rows and rows[m]["delivered"] > LEAST * max(rows[m]["demand"], 1e-300)
    ]
    if not open_markets:
        return None
    names, of_ways = touches(answer.chain, answer.ways, kind)
    return tuple(sorted(_walk(answer, open_markets[0], names, of_ways, kind)))


def _walk(answer: Supply, market: str, names: list[str], of_ways: Any, kind: str) -> set[str]:
    """Follow the largest flow back from a market, and every input of what made it."""
    p, plan = answer.built.programme, answer.plan
    position = {s: i for i, s in enumerate(answer.built.stocks)}
    into: dict[int, list[int]] = {}
    for m in np.flatnonzero(plan.moves > 0):
        into.setdefault(int(p.moves.end[m]), []).append(int(m))
    columns = p.works.parts.tocsc()
    makers: dict[int, list[int]] = {}
    for k in np.flatnonzero(plan.works > 0):
        some = slice(columns.indptr[k], columns.indptr[k + 1])
        for i, a in zip(columns.indices[some], columns.data[some], strict=True):
            if a > 0:
                makers.setdefault(int(i), []).append(int(k))
    todo = [position[0, market, answer.chain.markets[market]["commodity_id"]]]
    seen: set[int] = set()
    found: set[str] = set()
    while todo:
        stock = todo.pop()
        if stock in seen:
            continue
        seen.add(stock)
        works, moves = makers.get(stock, []), into.get(stock, [])
        best_work = max(works, key=lambda k: float(plan.works[k]), default=-1)
        best_move = max(moves, key=lambda m: float(plan.moves[m]), default=-1)
        if best_move >= 0 and (best_work < 0 or plan.moves[best_move] > plan.works[best_work]):
            way = answer.built.moves[best_move][1]
            found |= {names[j] for j in of_ways[[way]].indices}
            todo.append(int(p.moves.start[best_move]))
        elif best_work >= 0:
            facility = answer.chain.recipes[answer.built.works[best_work][1]].facility["id"]
            found |= {stands_on(answer.chain, facility, kind)} - {""}
            some = slice(columns.indptr[best_work], columns.indptr[best_work + 1])
            todo += [int(i) for i, a in zip(columns.indices[some], columns.data[some], strict=True) if a < 0]
    return found


def _least(trees: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Find the fewest names that hit every tree; among equals the first by name."""
    names = sorted({n for t in trees for n in t})
    column = {n: i for i, n in enumerate(names)}
    rows = [i for i, t in enumerate(trees) for _ in t]
    columns = [column[n] for t in trees for n in t]
    matrix = csc_array((np.ones(len(rows)), (rows, columns)), shape=(len(trees), len(names)))
    # a weight of one and a little settles ties in the order of names without changing the count
    weight = 1.0 + 1e-4 * np.arange(len(names)) / max(len(names), 1)
    programme = Linear(
        weight,
        np.zeros(len(names)),
        np.ones(len(names)),
        matrix,
        np.ones(len(trees)),
        np.full(len(trees), np.inf),
        np.ones(len(names), np.bool_),
    )
    answer = solve(programme)
    return tuple(n for n, x in zip(names, answer.x, strict=True) if x > 0.5)
