"""Explain why no way leads from one facility to another: what would have to be lifted for one to lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import DalizError
from daliz.graph.shortest import Star
from daliz.paths.eligibility import Consignment, Eligibility, eligibility
from daliz.paths.ground import ground_of
from daliz.supplychain.ways import node_of
from daliz.tables.edits import Open

if TYPE_CHECKING:
    from daliz.paths.ground import Ground
    from daliz.supplychain.chain import Chain
    from daliz.supplychain.ways import Trip
    from daliz.tables import Network

Row = dict[str, Any]
SWITCHED = ("links", "terminals", "services")
"""Tables whose rows are closed in some years."""
SMALL = 1e-6
SHOWN = 4


class _Way(NamedTuple):
    """Ends and class of a trip over the network."""

    start: str
    end: str
    cargo: str


def why_cut_off(chain: Chain, trip: Trip) -> str:
    """Return why no way leads over a trip, as a part of a sentence: what would have to be lifted."""
    cargo = str(chain.commodities[trip.commodity]["cargo_id"])
    if not cargo:
        return (
            f"{trip.commodity} has no class of cargo (commodities.csv, cargo_id), and lanes.csv has no lane"
        )
    for place in (trip.start, trip.end):
        if not node_of(chain, place):
            return (
                f"{place} stands at no place of the network (node_id), and lanes.csv has no lane between them"
            )
    way = _Way(node_of(chain, trip.start), node_of(chain, trip.end), cargo)
    return (
        _lifted(chain.network, chain.network, way)
        or _lifted(chain.network, _all_open(chain.network), way)
        or _one_way(chain.network, way)
        or _not_joined(chain.network, way)
    )


def _all_open(network: Network) -> Network:
    """Return the network with all links, terminals and services open, as far as they can stand together."""
    edits = [Open(t, str(i)) for t in SWITCHED for i in network.store[t].ids if _shut(network, t, str(i))]
    try:
        return network.change(*edits) if edits else network
    except DalizError:  # some of them exclude each other, so that no answer can be had from all at once
        return network


def _shut(network: Network, table: str, row: str) -> bool:
    at = network.table(table).position.get(row)
    return at is None or float(network.resolved.open_share[table][at]) < 1.0


def _least_lifted(ground: Ground, way: _Way, opened: dict[int, list[str]]) -> list[int] | None:
    """Return the arcs of the way on which least is closed; None if no way leads there at all."""
    start, end = (ground.yard.get(n) for n in (way.start, way.end))
    if start is None or end is None:
        return None
    weight = np.where(_eligible(ground, way).open, SMALL, 1.0)
    for arc, rows in opened.items():
        weight[arc] += len(rows)
    paths = Star(ground.tail, ground.head, len(ground.states)).weighted(weight)
    tree = paths.grow(start)
    if not np.isfinite(tree.distance[end]):
        return None
    return [int(a) for a in paths.arcs(tree.nodes(end)[::-1])]


def _eligible(ground: Ground, way: _Way) -> Eligibility:
    nodes = ground.network.table("nodes")
    a, b = (str(nodes["country"][nodes.position[n]]) for n in (way.start, way.end))
    return eligibility(ground, Consignment(way.cargo, (a, b)))


def _lifted(now: Network, network: Network, way: _Way) -> str:
    """Return what is to be lifted on the way over a network of which least is; blank if no way leads there at all."""
    ground = ground_of(network)
    opened = _opened(now, network, ground) if network is not now else {}
    arcs = _least_lifted(ground, way, opened)
    if arcs is None:
        return ""
    found, reasons = _eligible(ground, way), []
    for arc in arcs:
        reasons += opened.get(arc, [])
        if not found.open[arc]:
            reasons.append(found.closed_by.get(arc) or _not_admitted(ground, arc, way.cargo))
    reasons = list(dict.fromkeys(reasons))
    if not reasons:
        return "a way is open, but none that is short and cheap enough to be kept among the routes"
    more = f" and {len(reasons) - SHOWN} more" if len(reasons) > SHOWN else ""
    return " and ".join(reasons[:SHOWN]) + more


def _one_way(network: Network, way: _Way) -> str:
    """Return what runs in the other direction alone; blank if no way leads back either."""
    ground = ground_of(network)
    arcs = _least_lifted(ground, _Way(way.end, way.start, way.cargo), {})
    if arcs is None:
        return ""
    services = network.table("services")
    used = dict.fromkeys(ground.arcs[p].service for a in arcs for p in ground.ways.get(a, (a,)))
    single = [
        f"service {services.ids[i]}"
        for i in used
        if i >= 0 and not services["return_departures_per_week"][i] > 0
    ]
    return f"{', '.join(single) or 'what joins them'} runs only from {way.end} to {way.start}"


def _opened(now: Network, network: Network, ground: Ground) -> dict[int, list[str]]:
    """Describe the rows on each arc that are closed now and open in another network."""
    found: dict[int, list[str]] = {}
    closed = {t: {str(i) for i in network.table(t).ids} & _closed(now, t) for t in SWITCHED}
    links, services, terminals = (network.table(t) for t in SWITCHED[:1] + SWITCHED[2:] + SWITCHED[1:2])
    at = {
        (str(terminals["node_id"][i]), str(terminals["mode"][i])): str(row)
        for i, row in enumerate(terminals.ids)
        if row in closed["terminals"]
    }
    ids = network.table("nodes").ids
    for k, arc in enumerate(ground.arcs):
        rows = [("links", str(links.ids[i])) for i, _ in arc.links]
        if arc.service >= 0:
            rows.append(("services", str(services.ids[arc.service])))
        if arc.role in {"load", "unload", "board", "alight", "gauge-change"}:
            for state in (ground.states[arc.tail], ground.states[arc.head]):
                row = at.get((str(ids[state.node]), state.mode))
                rows += [("terminals", row)] if row else []
        some = [_closure(now, t, r) for t, r in rows if r in closed[t]]
        if some:
            found[k] = list(dict.fromkeys(some))
    return found


def _closed(network: Network, table: str) -> set[str]:
    return {str(i) for i in network.store[table].ids if _shut(network, table, str(i))}


def _closure(network: Network, table: str, row: str) -> str:
    """Describe a row that is closed: since when or until when."""
    of = network.store[table].row(row)
    days = [f"{word} {of[c]}" for c, word in (("from_date", "opens"), ("to_date", "closes")) if of[c]]
    said = f" ({', '.join(days)})" if days else ""
    return f"{table[:-1]} {row} is closed in {network.year}{said}"


def _not_admitted(ground: Ground, arc: int, cargo: str) -> str:
    """Explain why an arc does not admit a class: the service, the rates or the terminal."""
    step, network = ground.arcs[arc], ground.network
    group = str(network.table("cargoes").row(cargo)["rate_group"])
    ids = network.table("nodes").ids
    a, b = (str(ids[ground.states[s].node]) for s in (step.tail, step.head))
    where = f"at {a}" if a == b else f"from {a} to {b}"
    if step.service >= 0:
        services = network.table("services")
        if group not in str(services["cargo_groups"][step.service]).split():
            return f"service {services.ids[step.service]} carries no {group} cargo"
    if group in ground.unpriced.get(arc, ()) or step.role in {"run", "access", "ride"}:
        rates, modes = network.table("rates"), {str(network.table("links")["mode"][i]) for i, _ in step.links}
        priced = {str(m) for m, g in zip(rates["mode"], rates["cargo_group"], strict=True) if g == group}
        lacking = sorted(modes - priced)
        return f"rates.csv has no price for {group} cargo {f'by {lacking[0]}' if lacking else where}"
    return f"the terminal {where} does not admit {group} cargo"


def _not_joined(network: Network, way: _Way) -> str:
    """Explain what separates two places that nothing joins, whatever is lifted or opened."""
    from daliz.tables.check_parts import components

    links, terminals = network.store["links"], network.store["terminals"]
    part = components(links["from_node"].tolist(), links["to_node"].tolist())
    for node in (way.start, way.end):
        if node not in part:
            return f"no link of links.csv touches {node}"
    if part[way.start] != part[way.end]:
        return f"no links join {way.start} and {way.end}"
    handled = {str(n) for n in terminals["node_id"]}
    for node in (way.start, way.end):
        if node not in handled:
            return f"terminals.csv has no terminal at {node}"
    return (
        f"links join {way.start} and {way.end}, but no terminals, services and rates on them take {way.cargo} "
        "all the way"
    )
