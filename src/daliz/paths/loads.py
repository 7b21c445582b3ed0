"""Say what routes load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from daliz.errors import DemandError
from daliz.paths.capacity_rows import RESOURCES
from daliz.paths.kernels import loads

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.paths.capacities import Capacities
    from daliz.paths.route_sets import RouteSets


def entries_of(routes: RouteSets, capacities: Capacities) -> tuple[Ints, Ints, Floats, Floats]:
    """List by route the capacities that it loads and waits for: where entries begin, capacity, load, wait.

    Raises
    ------
    DemandError
        If a route comes to a capacity of which nothing is said what its cargo takes.
    """
    arcs = len(routes.ground.arcs)
    count = max(len(capacities), 1)
    keys = [pairs[:, 0] * count + pairs[:, 1] for pairs in (capacities.bears, capacities.waits)]
    every, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    split = len(keys[0])
    bears, waits = (
        np.bincount(part, minlength=len(every)).astype(np.float64)
        for part in (inverse[:split], inverse[split:])
    )
    first = np.searchsorted(every // count, np.arange(arcs + 1))
    found = loads.entries(
        routes.begin,
        routes.arcs,
        routes.cargo,
        first,
        every % count,
        bears,
        waits,
        np.ascontiguousarray(capacities.load),
        capacities.admits,
    )
    _refuse_unsaid(routes, capacities, found)
    return found


def _refuse_unsaid(
    routes: RouteSets, capacities: Capacities, entries: tuple[Ints, Ints, Floats, Floats]
) -> None:
    """Refuse cargo of which the table `loads` has no row for a capacity that it comes to: none is not nothing."""
    begin, at, load, _ = entries
    light = np.flatnonzero(load == 0.0)
    if not len(light):
        return
    of = np.searchsorted(begin, light, side="right") - 1
    network = routes.ground.network
    table, cargoes = network.table("loads"), network.table("cargoes").ids.astype(str)
    said = set(zip(table["cargo_id"].astype(str), table["resource"].astype(str), strict=True))
    # cargo outside containers takes no slot of one
    said |= {(name, RESOURCES["TEU"]) for name in cargoes[network.table("cargoes")["teu"] == 0]}
    for cargo, e in np.unique(np.column_stack([routes.cargo[of], at[light]]), axis=0).tolist():
        name, resource = str(cargoes[cargo]), RESOURCES[capacities.unit[e]]
        if (name, resource) not in said:
            place = capacities.places[e]
            raise DemandError(
                f"Cargo {name} comes to {place.kind} {place.name}, whose capacity is in {capacities.unit[e]}, but the "
                f"table loads does not say what one unit takes of it. Add a row with cargo_id {name}, resource "
                f"{resource} and the amount, 0 if it takes none."
            )


def loads_of_routes(routes: RouteSets, capacities: Capacities) -> csr_array:
    """Return what a unit on each route loads each capacity with, sparse (routes, capacities)."""
    begin, at, load, _ = entries_of(routes, capacities)
    return csr_array((load, at, begin), shape=(len(routes), len(capacities)))
