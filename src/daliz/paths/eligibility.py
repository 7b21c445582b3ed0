"""Close what rules prohibit to a shipment, and add what they hold up."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from daliz.graph.graph import ClassCosts, Graph


def country_arcs(graph: Graph, code: str) -> list[int]:
    """Give the arcs that touch a country."""
    inside = np.flatnonzero(graph.network.table("nodes")["country"] == code).tolist()
    return sorted({k for i in inside for k in graph.place_arcs.get(i, [])})


def close_heavy(graph: Graph, cargo: dict[str, Any], closed_by: dict[int, str]) -> None:
    """Close the links that do not admit the weight of one unit."""
    links = graph.network.table("links")
    for i in np.flatnonzero(links["max_unit_t"] < cargo["gross_t"]):
        limit, weight = f"{links['max_unit_t'][i]:g} t", f"{cargo['gross_t']:g} t"
        reason = f"{links.ids[i]} admits {limit} and one unit of {cargo['id']} weighs {weight}"
        closed_by |= dict.fromkeys(graph.link_arcs.get(int(i), []), reason)


def restrict(
    graph: Graph,
    cargo: dict[str, Any],
    ends: tuple[str, str],
    carrier: str,
    product: str,
    costs: ClassCosts,
    closed_by: dict[int, str],
) -> ClassCosts:
    """Close what a rule prohibits; add the expected hours, dollars and risk of holds where a rule holds up.

    A hold of probability p and mean d days adds 24 p d hours with variance p (1 - p) (24 d)^2, p times
    its cost per unit, and the risk of being caught once. `ends` are the countries of origin and
    destination.
    """
    hours, usd, risk, variance = (a.copy() for a in (costs.hours, costs.usd, costs.risk, costs.variance))
    for rule in _rules(graph):
        if not _applies(rule, cargo, ends, carrier, product):
            continue
        arcs = _arcs_under(graph, rule)
        if rule["effect"] == "prohibit":
            closed_by |= dict.fromkeys(arcs, f"rule {rule['id']}: {rule['rule']}")
            continue
        p, days, fee = (_known(rule[k]) for k in ("probability", "hold_days", "hold_usd"))
        hours[arcs] += p * days * 24.0
        variance[arcs] += p * (1 - p) * (days * 24.0) ** 2
        usd[arcs] += p * fee
        risk[arcs] += -np.log1p(-min(p, 0.99))
    return replace(costs, hours=hours, usd=usd, risk=risk, variance=variance)


def _rules(graph: Graph) -> list[dict[str, Any]]:
    """Give the rows of `restrictions`; remembered with the graph."""
    if "restrictions" not in graph.memo:
        graph.memo["restrictions"] = graph.network.table("restrictions").rows()
    found: list[dict[str, Any]] = graph.memo["restrictions"]
    return found


def _known(value: float) -> float:
    return 0.0 if np.isnan(value) else float(value)


def bound_by(graph: Graph, cargo: dict[str, Any], ends: tuple[str, str]) -> tuple[str, ...]:
    """Name the rules narrowed to countries of origin or destination that bind a shipment between two countries."""
    narrow = (r for r in _rules(graph) if r["origin_country"] or r["destination_country"])
    return tuple(r["id"] for r in narrow if _applies(r, cargo, ends, "", ""))


def _applies(
    rule: dict[str, Any], cargo: dict[str, Any], ends: tuple[str, str], carrier: str, product: str
) -> bool:
    """Tell whether a rule binds a shipment; one narrowed to a product binds only what is named so."""
    if rule["product"] and product.casefold() not in rule["product"].casefold().split(", "):
        return False
    if rule["carrier_country"] and carrier not in rule["carrier_country"].split():
        return False
    if rule["cargo_id"] and rule["cargo_id"] != cargo["id"]:
        return False
    columns = ("origin_country", "destination_country")
    return all(not rule[c] or here in rule[c].split() for c, here in zip(columns, ends, strict=True))


def _arcs_under(graph: Graph, rule: dict[str, Any]) -> list[int]:
    """Give the arcs that a rule binds; remembered with the graph."""
    known: dict[str, list[int]] = graph.memo.setdefault("arcs under rules", {})
    if rule["id"] not in known:
        known[rule["id"]] = _scope_arcs(graph, rule, entering=rule["effect"] == "hold")
    return known[rule["id"]]


def _scope_arcs(graph: Graph, rule: dict[str, Any], *, entering: bool) -> list[int]:
    nodes, links = graph.network.table("nodes"), graph.network.table("links")
    if rule["scope"] == "link":
        arcs = graph.link_arcs.get(links.position.get(rule["scope_id"], -1), [])
    elif rule["scope"] == "node":
        place = nodes.position.get(rule["scope_id"], -1)
        arcs = graph.place_arcs.get(place, [])
        if entering:
            arcs = [k for k in arcs if graph.states[graph.arcs[k].tail].node != place]
    else:
        arcs = country_arcs(graph, rule["scope_id"])
        if entering:
            inside = set(np.flatnonzero(nodes["country"] == rule["scope_id"]).tolist())
            arcs = [k for k in arcs if _enters(graph.arcs[k].places, inside)]
    if rule["mode"]:
        arcs = [
            k for k in arcs if any(links["mode"][link] == rule["mode"] for link, _ in graph.arcs[k].links)
        ]
    return list(arcs)


def _enters(places: tuple[int, ...], inside: set[int]) -> bool:
    return any(a not in inside and b in inside for a, b in pairwise(places))
