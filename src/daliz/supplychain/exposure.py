"""Measure the dependence of a market: what its supply crosses, and what is left without each in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import SupplyError, did_you_mean, refuse_bare_text
from daliz.paths.ground import ground_of
from daliz.paths.touches import KINDS
from daliz.supplychain.build import build, unmet
from daliz.supplychain.contract_matching import passing
from daliz.supplychain.planning import plan_chain, ways_for
from daliz.supplychain.programme import Planner, paid
from daliz.supplychain.tracing import market_mean, touched
from daliz.supplychain.ways import closed_arcs, touches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Flags, Floats
    from daliz.supplychain.build import Built
    from daliz.supplychain.chain import Chain
    from daliz.supplychain.programme import Plan
    from daliz.supplychain.results import Supply
    from daliz.supplychain.ways import Ways

PRICED = 1e-9
CLOSED = ("country", "port", "link", "operator")
"""Kinds that a plan can be asked to do without."""


def check_kind(kind: str, kinds: tuple[str, ...]) -> None:
    """Refuse an unknown kind of dependence.

    Raises
    ------
    SupplyError
        If it is none of the kinds.
    """
    if kind not in kinds:
        raise SupplyError(f"Dependence on {kind!r} cannot be told; the kinds are {', '.join(kinds)}.")


def stands_on(chain: Chain, facility: str, kind: str) -> str:
    """Return what a facility itself depends on, of a kind; blank for none."""
    row = chain.facilities[facility]
    if kind == "country":
        return str(row["country"])
    if kind == "operator":
        return str(row["operator_id"])
    return chain.owner(facility) if kind == "owner" else ""


def dependence(supply: Supply, region: str = "", kind: str = "country") -> list[dict[str, Any]]:
    """Measure which share of a region's supply crosses, or is made on, each thing of a kind, largest first.

    Parameters
    ----------
    supply
        A plan.
    region
        Region, country or market; all markets if blank.
    kind
        country, port, link, operator, or owner: the country of the companies that own mines, plants,
        lines and ships.

    Returns
    -------
    Rows of `name`, `share` of the value, `value_usd` a year, `units` of the commodities a year, `made`: share
    that is made there in the first stage (country and owner only).

    Raises
    ------
    SupplyError
        If region or kind is unknown.
    """
    check_kind(kind, KINDS)
    markets = supply.of_region(region)
    names, marks, stood = _marks(supply, kind)
    share = touched(supply, marks, stood)
    origin = touched(supply, np.zeros_like(marks), stood * _sources(supply)[:, None])
    value, units, made = (np.zeros(len(names)) for _ in range(3))
    total = 0.0
    for row in supply.markets():
        if row["market"] in markets:
            worth = row["delivered"] * row["price_usd"]
            of = market_mean(supply, share, row["market"])
            total += worth
            value += of * worth
            units += of * row["delivered"]
            made += market_mean(supply, origin, row["market"]) * worth
    if not total:
        return []
    return [
        {
            "name": names[i],
            "share": float(value[i] / total),
            "value_usd": float(value[i]),
            "units": float(units[i]),
            "made": float(made[i] / total),
        }
        for i in np.argsort(-value, kind="stable")
        if value[i] > 1e-9 * total
    ]


def _sources(supply: Supply) -> Floats:
    """Return 1 for works without inputs, which take from the ground, shape (works,)."""
    return np.array([0.0 if supply.chain.recipes[r].inputs else 1.0 for _, r in supply.built.works])


def _marks(supply: Supply, kind: str) -> tuple[list[str], Floats, Floats]:
    """Return names of a kind, and 1 where moves and works touch them.

    The shapes are (moves, names) and (works, names).
    """
    names, of_ways = touches(supply.chain, supply.ways, kind)
    grounds = [
        stands_on(supply.chain, supply.chain.recipes[r].facility["id"], kind) for _, r in supply.built.works
    ]
    every = list(dict.fromkeys([*names, *(g for g in grounds if g)]))
    marks = np.zeros((len(supply.built.moves), len(every)))
    ways = np.array([w for _, w in supply.built.moves], np.int64)
    some = ways >= 0
    marks[np.flatnonzero(some), : len(names)] = of_ways.toarray()[ways[some]]
    stood = np.array([[float(g == name) for name in every] for g in grounds]).reshape(
        len(grounds), len(every)
    )
    return every, marks, stood


def concentration(supply: Supply, by: str = "country") -> list[dict[str, Any]]:
    """Compute the Herfindahl index of each stage and output of the plan, by country or owner.

    It lies from 0 to 10,000; the largest three come with it.

    `largest` names them in a line, `leaders` as pairs of name and share.

    H = 10,000 sum_i s_i^2
    """
    check_kind(by, ("country", "owner"))
    made: dict[tuple[str, str], dict[str, float]] = {}
    for row in supply.facilities():
        entry = made.setdefault((row["stage"], row["output"]), {})
        entry[row[by]] = entry.get(row[by], 0.0) + row["units"]
    found = []
    for (stage, output), parts in made.items():
        total = sum(parts.values())
        if total > 0:
            ranked = sorted(((v / total, k) for k, v in parts.items() if v > 0), reverse=True)
            found.append(
                {
                    "stage": stage,
                    "output": output,
                    "units": total,
                    "hhi": 1e4 * sum(s * s for s, _ in ranked),
                    "largest": ", ".join(f"{k} {s:.0%}" for s, k in ranked[:3]),
                    "leaders": [(k, s) for s, k in ranked[:3]],
                }
            )
    return found


def without_each(
    supply: Supply, region: str = "", kind: str = "country", names: list[str] | None = None
) -> list[dict[str, Any]]:
    """Plan again without each thing of a kind in turn, from the last basis; what hurts most comes first.

    Parameters
    ----------
    supply
        The plan that is held against.
    region
        Region, country or market whose unmet demand is told; all markets if blank.
    kind
        country, port, link or operator.
    names
        What to do without; all that the region's supply touches if left out, except the countries of its
        own markets.

    Returns
    -------
    Rows of `name`, `extra_usd` (cost of the plan without it less that with it, for the same markets; less is
    made where demand goes unmet), `unmet` (share by value of the region's demand), `unmet_usd` of the
    region, `converged`, `loss_usd` (extra cost and, at market prices, what goes newly unmet in all markets)
    and `markets_gone` (markets that stand there, which are not asked for in either plan).

    Raises
    ------
    SupplyError
        If region or kind is unknown.
    """
    refuse_bare_text(names=names)
    check_kind(kind, CLOSED)
    markets = supply.of_region(region)
    chain = supply.chain
    home = {str(chain.markets[m]["country"]) for m in markets}
    if names is None:
        names = [
            r["name"] for r in dependence(supply, region, kind) if kind != "country" or r["name"] not in home
        ]
    ways = supply.ways
    for name in names:
        more = ways_for(chain, (*supply.asked["without"], name), ways)
        ways = more if len(more) > len(ways) else ways
    built = build(chain, ways, supply.terms, supply.taken)
    planner = Planner(built.programme, gap=supply.asked["gap"])
    found = [_without(supply, planner, built, ways, name, markets) for name in names]
    return sorted(found, key=lambda r: (-r["unmet"], -r["loss_usd"]))


def _without(
    supply: Supply, planner: Planner, built: Built, ways: Ways, name: str, markets: list[str]
) -> dict[str, Any]:
    chain = supply.chain
    gone = [m for m, r in chain.markets.items() if name in {m, r["country"], r["node_id"]}]
    sales = np.array([m in gone for _, m in built.sales], np.bool_)
    at = np.array([w for _, w in built.moves], np.int64)
    none = np.zeros(len(built.works), np.bool_)

    def shut(ways_shut: Flags) -> Flags:
        found = np.zeros(len(at), np.bool_)
        found[at >= 0] = ways_shut[at[at >= 0]]
        return found

    to_gone = np.array([t.end in gone for t in ways.trips], np.bool_)
    planner.close(shut(to_gone), none, sales)
    base = planner.solve()
    idle = {f for f, r in chain.facilities.items() if name in _names(r)}
    touched = passing(chain, ways, (name,)) | to_gone
    touched |= np.array([t.start in idle or t.end in idle for t in ways.trips], np.bool_)
    works = np.array([chain.recipes[r].facility["id"] in idle for _, r in built.works], np.bool_)
    planner.close(shut(touched), works, sales)
    plan = planner.solve()
    if _priced(built, plan) and len(gone) < len(chain.markets):
        # where a capacity has a price, routes round it may pay that the pool lacks
        closed = (*supply.asked["without"], name)
        alone = plan_chain(chain, closed, supply.terms, supply.asked, supply.taken)
        return _row(supply, name, markets, gone, (built, base), (alone.built, alone.plan))
    return _row(supply, name, markets, gone, (built, base), (built, plan))


def _priced(built: Built, plan: Plan) -> bool:
    return any(
        abs(p) > PRICED and kind not in {"quota", "offtake"}
        for (_, kind, _, _), p in zip(built.limits, plan.price, strict=True)
    )


def _row(
    supply: Supply,
    name: str,
    markets: list[str],
    gone: list[str],
    before: tuple[Built, Plan],
    after: tuple[Built, Plan],
) -> dict[str, Any]:
    chain = supply.chain
    left = [m for m in markets if m not in gone]
    lost, lost_before = _lost(chain, *after), _lost(chain, *before)
    wanted = (
        sum(float(chain.markets[m]["demand"]) * float(chain.markets[m]["price_usd"]) for m in left)
        * supply.terms.years
    )
    lacking = sum(lost[m] for m in left)
    extra = paid(after[0].programme, after[1]) - paid(before[0].programme, before[1])
    newly = sum(lost[m] - lost_before[m] for m in lost_before if m not in gone)
    return {
        "name": name,
        "extra_usd": extra,
        "unmet": lacking / wanted if wanted else float("nan"),
        "unmet_usd": lacking,
        "loss_usd": extra + newly,
        "markets_gone": " ".join(gone),
        "gap": after[1].optimum.gap,
        "converged": before[1].optimum.complete and after[1].optimum.complete,
    }


def _lost(chain: Chain, built: Built, plan: Plan) -> dict[str, float]:
    """Compute what is unmet at each market at its price, in USD over all years."""
    found: dict[str, float] = {}
    for (_, m), units in unmet(chain, built, plan.sales).items():
        found[m] = found.get(m, 0.0) + units * float(chain.markets[m]["price_usd"])
    return found


def _names(facility: dict[str, Any]) -> tuple[str, ...]:
    return (
        str(facility["id"]),
        str(facility["country"]),
        str(facility["node_id"]),
        str(facility["operator_id"]),
    )


def shares_by_way(
    supply: Supply, cordons: dict[str, tuple[str, ...]], commodity: str = "", senders: Flags | None = None
) -> list[dict[str, Any]]:
    """Divide what moves over cordons.

    Each route counts for the first cordon whose countries, nodes or links it touches; the rest is
    `other`.

    Parameters
    ----------
    supply
        A plan.
    cordons
        Names of cordons with what they are made of, in order.
    commodity
        Commodity; all if blank.
    senders
        bool (ways,): ways that count; all if left out.
    """
    left = np.array([commodity in {"", t.commodity} for t in supply.ways.trips], np.bool_)
    if senders is not None:
        left &= senders
    found: list[tuple[str, float]] = []
    for name, names in cordons.items():
        on = passing(supply.chain, supply.ways, names) & left
        found.append((name, float(supply.by_way[on].sum())))
        left &= ~on
    found.append(("other", float(supply.by_way[left].sum())))
    total = sum(units for _, units in found)
    return [
        {"way": name, "units": units, "share": units / total if total else float("nan")}
        for name, units in found
    ]


def balance_of_ways(supply: Supply, origin: str = "", cordons: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Divide what leaves a country over the countries that it passes.

    Each route counts for the first of the cordons that it touches.

    Parameters
    ----------
    supply
        A plan.
    origin
        Country whose facilities send, every country if blank; what stays in the sender's country does not
        count.
    cordons
        Codes of countries in order, such as AZ, RU and CN for the Caspian, Russia and China; all countries
        that these routes pass if left out, the one that most units pass first.

    Returns
    -------
    Rows of `commodity`, `way` (a code, or `other`), `units` and `share`; none if nothing leaves.

    Raises
    ------
    SupplyError
        If the origin is no country of the network or the chain.
    QueryError
        If cordons are a bare text.
    PlaceError
        If a cordon is unknown.
    """
    refuse_bare_text(cordons=cordons)
    chain = supply.chain
    known = {*chain.network.table("nodes")["country"].tolist(), *chain.named}
    if origin and origin not in known:
        raise SupplyError(
            f"{origin!r} is no country of {chain.network.name} or of the chain {chain.id}."
            f"{did_you_mean(origin, known)} Countries are ISO codes of two capitals."
        )
    home = [str(chain.facilities.get(t.start, {}).get("country", "")) for t in supply.ways.trips]
    takers = [chain.markets.get(t.end) or chain.facilities[t.end] for t in supply.ways.trips]
    senders = np.array(
        [a != "" and origin in {"", a} and r["country"] != a for a, r in zip(home, takers, strict=True)],
        np.bool_,
    )
    passed = list(cordons) or _passed(supply, senders, origin)
    closed_arcs(ground_of(chain.network), tuple(passed), chain.named)  # refuses what is unknown
    found = []
    for commodity in chain.commodities:
        rows = shares_by_way(supply, {c: (c,) for c in passed}, commodity, senders)
        if any(r["units"] > 0 for r in rows):
            found += [{"commodity": commodity} | r for r in rows]
    return found


def _passed(supply: Supply, senders: Flags, origin: str) -> list[str]:
    """List the countries that some routes pass, the one that most units pass first."""
    names, of_ways = touches(supply.chain, supply.ways, "country")
    units = np.asarray(of_ways.T @ np.where(senders, supply.by_way, 0.0))
    return [n for u, n in sorted(zip(-units, names, strict=True)) if u < 0 and n != origin]
