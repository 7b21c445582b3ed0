"""Carry a change of trade onto the network: tonnes by corridor, and the effects of all policies in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.assignment.methods import assign
from daliz.errors import TariffError, refuse_bare_text
from daliz.paths.demand import demand_of, joined
from daliz.paths.given_demand import demand_from_rows
from daliz.supplychain.chain import chains
from daliz.supplychain.exposure import dependence
from daliz.supplychain.planning import supply
from daliz.supplychain.terms import Terms
from daliz.tables.defaults import chosen, default_values
from daliz.trade.policy_effect import Tariff, tariff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.assignment.flows import Flows
    from daliz.paths.demand import Demand
    from daliz.tables import Network

TRADES = "followed trades"
"""Tag of the rows of demand that a policy's trades are."""


def demand_under(answer: Tariff, *, after: bool = True) -> Demand:
    """Return the demand of the network's year with the followed trades of a policy, before or after it.

    The trades stand beside the markets.

    The markets of a package may hold some of these tonnes already; the difference between before and
    after does not.
    """
    rows = trade_rows(answer, after=after)
    markets = demand_of(answer.network)
    return joined(markets, demand_from_rows(answer.network, rows)) if rows else markets


def trade_rows(answer: Tariff, *, after: bool) -> list[dict[str, Any]]:
    """Return the trades whose route is followed as rows of demand, in units of their cargo class."""
    products, cargoes, trades = (answer.network.table(t) for t in ("products", "cargoes", "trades"))
    tonnes = answer.tonnes()
    found = []
    for r in trades.rows():
        cargo = str(products["cargo_id"][products.position[r["product_id"]]])
        key = (r["importer"], r["product_id"])
        if (
            r["exporter"] != answer.exporter
            or key not in tonnes
            or not (cargo and r["origin"] and r["destination"])
        ):
            continue
        payload = float(cargoes["payload_t"][cargoes.position[cargo]])
        found.append(
            {
                "origin": r["origin"],
                "destination": r["destination"],
                "cargo": cargo,
                "units": tonnes[key][1 if after else 0] / payload,
                "tag": TRADES,
            }
        )
    return found


def corridor_effect(answer: Tariff, *, start: Flows | None = None) -> list[dict[str, Any]]:
    """Compute tonnes a year of the followed trades by corridor before and after, and kt of all traffic.

    Both are equilibria of all demand, the second from the first.

    Parameters
    ----------
    answer
        What a policy does.
    start
        Flows of the same network to begin from.
    """
    network = answer.network
    if not trade_rows(answer, after=False):
        raise TariffError(
            "No trade of this policy has a class of cargo and both places, so none can be followed "
            "over the network."
        )
    before = assign(network, demand_under(answer, after=False), start=start)
    after = assign(network, demand_under(answer), start=before)
    tables = [_by_corridor(f) for f in (before, after)]
    whole = {c["corridor"]: c["kt"] for c in before.corridors()}
    return [
        {
            "corridor": c,
            "t_before": tables[0][c],
            "t_after": tables[1][c],
            "change_t": tables[1][c] - tables[0][c],
            "all_kt": whole[c],
            "converged": before.converged and after.converged,
        }
        for c in tables[0]
        if tables[0][c] or tables[1][c]
    ]


def _by_corridor(flows: Flows) -> dict[str, float]:
    """Sum the tonnes of the followed trades by corridor; 0 where none moves."""
    ids = [*flows.model.ground.corridors.ids, "none"]
    tags = flows.demand.tags
    if TRADES not in tags:
        return dict.fromkeys(ids, 0.0)
    at, corridor = tags.index(TRADES), flows.routes.corridor
    tonnes = flows.network.table("cargoes")["payload_t"][flows.routes.cargo]
    # the last corridor is none, which routes bear as -1
    row = np.where(corridor < 0, len(ids) - 1, corridor)
    return {name: float(flows.by_tag(tonnes * (row == i))[at]) for i, name in enumerate(ids)}


def story(
    network: Network,
    *,
    model: str = "smart",
    draws: int = 400,
    corridors: bool = True,
    exporter: str | None = None,
) -> list[dict[str, Any]]:
    """Compute the effects of all policies of the table in their order.

    A row says what a policy exposes, what trade it costs and diverts, its revenue, and tonnes by
    corridor.
    """
    rows = sorted(network.table("policies").rows(), key=lambda r: r["order"])
    if not rows:
        raise TariffError(
            f"{network.name} has no policies, so there is no story to tell; add rows to policies.csv."
        )
    found, start = [], None
    for r in rows:
        answer = tariff(network, r["id"], model=model, draws=draws, exporter=exporter)
        t = answer.totals()
        row = {
            "policy": r["id"],
            "date": r["date"].isoformat(),
            "kind": r["kind"],
            "base": answer.base,
            "exposed_usd": t["exposed_usd"],
        }
        row |= {
            k: t[k]
            for m in ("change", "creation", "diversion", "revenue", "tonnes")
            for k in (m, f"{m}_low", f"{m}_high")
        }
        if corridors and trade_rows(answer, after=False):
            if start is None:
                start = assign(network, demand_under(answer, after=False))
            effect = corridor_effect(answer, start=start)
            row |= {f"t_{e['corridor']}": e["change_t"] for e in effect} | {
                "converged": all(e["converged"] for e in effect)
            }
        found.append(row)
    names = list(dict.fromkeys(k for row in found for k in row))
    # a policy none of whose trades is followed moves nothing over the network, and there is nothing to prove
    return [{k: row.get(k, True if k == "converged" else 0.0) for k in names} for row in found]


def talks(
    network: Network,
    *,
    model: str = "smart",
    draws: int = 400,
    region: str = "",
    exporter: str | None = None,
    rivals: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Compare what a round of talks might yield.

    It compares trade in USD and tonnes, minerals of contract, and dependence of the buyers.

    Each policy of the kind `talks` is asked on the network with its projects. Chains are those with
    contracts of these policies: what moves under them, and the share of the region's supply that comes
    from or through the exporter, and over each rival.

    Parameters
    ----------
    network, model, draws
        As for `tariff`.
    region
        Region or country that buys; the importer of each policy unless given.
    exporter, rivals
        Countries whose shares are told; those of the table `defaults` unless given.

    Returns
    -------
    One row for each policy and chain; the trade is the same in all rows of a policy. The share over a rival
    stands in a column of its own, as `over_xx`.
    """
    refuse_bare_text(rivals=rivals)
    exporter = chosen(network, "exporter", exporter, "--exporter, in Python exporter=")
    rivals = default_values(network, "rivals") if rivals is None else rivals
    found = []
    policies = sorted(
        (r for r in network.table("policies").rows() if r["kind"] == "talks"), key=lambda r: r["order"]
    )
    wanted = [
        c
        for c in chains(network)
        if any(c == r["chain_id"] and r["policies"] for r in network.table("contracts").rows())
    ]
    for r in policies:
        sets = str(r["sets"]).split()
        changed = network.under(*sets) if sets else network
        answer = tariff(changed, r["id"], model=model, draws=draws, exporter=exporter)
        t = answer.totals()
        trade = {"policy": r["id"], "sets": " ".join(sets)} | {
            k: t[k] for m in ("change", "tonnes") for k in (m, f"{m}_low", f"{m}_high")
        }
        buyer = region or str(r["importer"])
        found += [trade | _under_talks(answer, chain, buyer, rivals) for chain in wanted]
    return found


def _under_talks(answer: Tariff, chain: str, buyer: str, rivals: Sequence[str]) -> dict[str, Any]:
    """Plan a chain under the contracts and duties of a policy: what is bought, from whom and over whom."""
    network, policy = answer.network, answer.policy
    terms = Terms(duties=answer.chain_duties(chain))
    plan = supply(network, chain, policy=policy, terms=terms)
    share = {d["name"]: d["share"] for d in dependence(plan, buyer)}
    named = _of_policy(network, policy)
    quotas = [q for q in plan.quotas() if q["contract"] in named]
    market = [m for m in plan.markets() if m["market"] in plan.of_region(buyer)]
    return {
        "chain": chain,
        "contract_units": sum(min(q["units"], q["least"]) for q in quotas),
        "from_share": share.get(answer.exporter, 0.0),
        **{f"over_{c.lower()}": share.get(c, 0.0) for c in rivals},
        "unit_usd": _mean_cost(market),
        "converged": plan.converged,
    }


def _of_policy(network: Network, policy: str) -> set[str]:
    return {str(r["id"]) for r in network.table("contracts").rows() if policy in str(r["policies"]).split()}


def _mean_cost(markets: list[dict[str, Any]]) -> float:
    """Compute the mean cost of a unit over what is delivered; NaN if nothing is."""
    served = [(m["cost_usd"], m["delivered"]) for m in markets if m["delivered"] > 0]
    total = sum(d for _, d in served)
    return sum(c * d for c, d in served) / total if total else float("nan")
