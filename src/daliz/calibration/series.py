"""Count flows as the yearly series of the table `series` count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from daliz.paths.corridors import corridors_of

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.paths.demand import Demand
    from daliz.paths.route_sets import RouteSets
    from daliz.tables import Network


@dataclass(frozen=True)
class Counter:
    """Count series from the flows of routes: `fixed` + `weight` times flow, for each series."""

    ids: tuple[str, ...]
    weight: csr_array
    fixed: Floats

    def count(self, flow: Floats) -> Floats:
        """Give the value of each series, shape (series,)."""
        return np.asarray(self.weight @ flow + self.fixed)


def counter(network: Network, demand: Demand, routes: RouteSets, row_pair: Ints) -> Counter:
    """Make the counter of a network's series for the routes of a demand."""
    rows = network.table("series").rows()
    cargoes = network.table("cargoes")
    of = routes.cargo[routes.pair]
    boxes = cargoes["teu"][of] > 0
    per_unit = {
        "kt": cargoes["payload_t"][of] / 1e3,
        "TEU": cargoes["teu"][of],
        "trains": cargoes["teu"][of] / float(network.table("constants").row("block-train-teu")["value"]),
    }
    total = np.bincount(row_pair, demand.units, len(routes.first) - 1)
    weights, fixed = [], []
    for row in rows:
        part = np.ones(len(total))
        if row["flows"]:
            chosen = np.isin(
                demand.flow, [demand.markets.index(f) for f in row["flows"].split() if f in demand.markets]
            )
            part = np.bincount(row_pair[chosen], demand.units[chosen], len(total)) / np.maximum(total, 1e-300)
        on = _on(routes, row)
        if row["containers"]:
            on &= boxes
        weights.append(np.where(on, per_unit[row["unit"]] * part[routes.pair], 0.0))
        captive = [demand.markets.index(f) for f in row["captive_flows"].split() if f in demand.markets]
        fixed.append(
            float((demand.captive_teu if row["unit"] == "TEU" else demand.captive_t / 1e3)[captive].sum())
        )
    shape = (len(rows), len(routes.usd))
    table = csr_array(np.array(weights)) if rows else csr_array(shape)
    return Counter(tuple(str(r["id"]) for r in rows), table, np.array(fixed))


def _on(routes: RouteSets, row: dict[str, Any]) -> Flags:
    on = np.ones(len(routes.usd), np.bool_)
    graph = routes.graph
    if row["links"]:
        position = graph.network.table("links").position
        arcs = np.zeros(len(graph.arcs), np.int64)
        for name in row["links"].split():
            # a link that is not open yet carries nothing
            arcs[graph.link_arcs.get(position.get(name, -1), [])] = 1
        on &= np.add.reduceat(arcs[routes.arcs], routes.begin[:-1]) > 0
    if row["corridors"]:
        ids = corridors_of(graph).ids
        on &= np.isin(routes.corridor, [ids.index(c) for c in row["corridors"].split()])
    return on


def observed(network: Network) -> dict[tuple[str, int], float]:
    """Give the observed values of series by series and year."""
    table = network.store["observations"]
    found = {}
    for name, start, value in zip(table["series_id"], table["from_date"], table["value"], strict=True):
        if name:
            found[str(name), int(str(start)[:4])] = float(value)
    return found
