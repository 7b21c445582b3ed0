"""Count flows as the yearly series of the table `series` count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats
    from daliz.paths.model import Model
    from daliz.paths.route_sets import RouteSets
    from daliz.tables import Network


@dataclass(frozen=True)
class Counter:
    """Counts of series from the flows of routes: `fixed` + `weight` times flow, for each series."""

    ids: tuple[str, ...]
    weight: csr_array
    fixed: Floats

    def count(self, flow: Floats) -> Floats:
        """Return the value of each series, shape (series,)."""
        return np.asarray(self.weight @ flow + self.fixed)


def counter(model: Model) -> Counter:
    """Make the counter of a network's series for the routes of a model."""
    network, demand, routes = model.network, model.demand, model.routes
    rows = network.table("series").rows()
    cargoes, of = network.table("cargoes"), routes.cargo
    per_unit = {
        "kt": cargoes["payload_t"][of] / 1e3,
        "TEU": cargoes["teu"][of],
        "trains": cargoes["teu"][of] / float(network.table("constants").row("block-train-teu")["value"]),
    }
    weights, fixed = [], []
    for row in rows:
        part = np.ones(len(model.units))
        if row["flows"]:
            chosen = demand.tagged(row["flows"].split())
            mine = np.bincount(model.of_row[chosen], demand.units[chosen], len(part))
            part = mine / np.maximum(model.units, 1e-300)
        on = _on(routes, row)
        if row["containers"]:
            on &= cargoes["teu"][of] > 0
        weights.append(np.where(on, per_unit[row["unit"]] * part[routes.pair], 0.0))
        captive = np.isin(demand.tags, row["captive_flows"].split())
        bound = demand.captive_teu if row["unit"] == "TEU" else demand.captive_t / 1e3
        fixed.append(float(bound[captive].sum()))
    table = csr_array(np.array(weights)) if rows else csr_array((0, len(routes)))
    return Counter(tuple(str(r["id"]) for r in rows), table, np.array(fixed))


def _on(routes: RouteSets, row: dict[str, Any]) -> Flags:
    on = np.ones(len(routes), np.bool_)
    ground = routes.ground
    if row["links"]:
        position = ground.network.table("links").position
        # a link that is not open yet carries nothing
        on &= routes.on_links([position[n] for n in row["links"].split() if n in position])
    if row["corridors"]:
        ids = ground.corridors.ids
        on &= np.isin(routes.corridor, [ids.index(c) for c in row["corridors"].split()])
    return on


def observed(network: Network) -> dict[tuple[str, int], float]:
    """Return the observed values of series by series and year."""
    table = network.store["observations"]
    found = {}
    for name, start, value in zip(table["series_id"], table["from_date"], table["value"], strict=True):
        if name:
            found[str(name), int(str(start)[:4])] = float(value)
    return found
