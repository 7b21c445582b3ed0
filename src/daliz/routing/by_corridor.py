"""Find the best path of each corridor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from daliz.routing.alternatives import Fan
from daliz.routing.layers import Layers
from daliz.routing.pricing import search_weight
from daliz.routing.query import make_query
from daliz.routing.reliability import spreads
from daliz.routing.routes import itinerary_of
from daliz.routing.search import Search
from daliz.routing.shipment import Shipment

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.routing.itinerary import Itinerary
    from daliz.routing.query import Query
    from daliz.tables import Network

PREFERENCE, LONGEST = 6.0, 3.3


def best_by_corridor(
    network: Network,
    origin: str,
    destination: str,
    shipment: Shipment = Shipment(),
    *,
    month: int | None = None,
    search: Search = Search(draws=0),
) -> dict[str, Itinerary]:
    """Find the path of least generalised cost in each corridor that connects two places.

    Paths through every single place are sorted by the corridor that they belong to; then the same with
    each mode in turn preferred, so that an all-road path is found beside cheaper mixed ones. A path more
    than 3.3 times as long as the best of all is a detour that nobody takes, and no connection. A corridor
    that is missing in the answer does not connect the two. Of `search` only the draws and the seed count.

    Raises
    ------
    PlaceError, QueryError
        As `routes` does.

    Examples
    --------
    >>> import daliz
    >>> "middle" in best_by_corridor(daliz.open("eurasia"), "Xi'an", "Duisburg")
    True
    """
    query = make_query(network, origin, destination, shipment, month)
    layers = Layers(query)
    weight = search_weight(query, layers)
    if weight is None:
        return {}
    best = _cheapest(query, layers, weight)
    found = {name: itinerary_of(query, best[name]) for name in query.graph.corridors.ids if name in best}
    least = min(found.values(), key=lambda i: i.generalised_usd, default=None)
    found = {name: i for name, i in found.items() if least and i.km <= LONGEST * least.km}
    if not search.draws or not found:
        return found
    drawn = spreads(list(found.values()), search.draws, search.seed)
    return {name: replace(i, spread=s) for (name, i), s in zip(found.items(), drawn, strict=True)}


def _cheapest(query: Query, layers: Layers, weight: Floats) -> dict[str, list[int]]:
    """Find the cheapest path of each corridor among those through single states, with each mode preferred in turn."""
    corridors = query.graph.corridors
    best: dict[str, list[int]] = {}
    for preferred in ("", *corridors.modes):
        bent = weight
        if preferred:
            bent = weight * np.where(corridors.foreign_to(preferred), PREFERENCE, 1.0)
        fan = Fan(layers, bent)
        rows = corridors.of_states(fan)
        for row, name in enumerate(corridors.ids):
            cost = np.where(rows == row, fan.total, np.inf)
            state = int(np.argmin(cost))
            if not np.isfinite(cost[state]):
                continue
            arcs = fan.way(state)
            cheaper = name not in best or weight[arcs].sum() < weight[best[name]].sum()
            if corridors.name(arcs) == name and cheaper:
                best[name] = arcs
    return best
