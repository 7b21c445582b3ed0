"""Find the best way of each corridor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import RouteError
from daliz.routing.alternatives import Fan
from daliz.routing.query import make_query
from daliz.routing.reliability import spreads
from daliz.routing.routes import itinerary_of, search_weight
from daliz.routing.search import Layers

if TYPE_CHECKING:
    from daliz.routing.itinerary import Itinerary
    from daliz.tables import Network

PREFERENCE, LONGEST = 6.0, 3.3


def best_by_corridor(
    network: Network,
    origin: str,
    destination: str,
    *,
    cargo: str = "container-40",
    month: int | None = None,
    draws: int = 0,
    seed: int = 1,
) -> dict[str, Itinerary]:
    """Give the way of least generalised cost in each corridor that connects two places.

    Ways through every single place are sorted by the corridor that they belong to; then the same with
    each mode in turn preferred, so that an all-road way is found beside cheaper mixed ones. A way more
    than 3.3 times as long as the best of all is a detour that nobody takes, and no connection. A corridor
    that is missing in the answer does not connect the two.

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
    query = make_query(
        network,
        origin,
        destination,
        cargo=cargo,
        month=month,
    )
    layers = Layers(query)
    try:
        weight = search_weight(query, layers)
    except RouteError:
        return {}
    corridors = query.graph.corridors
    best: dict[str, list[int]] = {}
    for preferred in ("", *corridors.modes):
        bent = (
            weight if not preferred else weight * np.where(corridors.foreign_to(preferred), PREFERENCE, 1.0)
        )
        fan = Fan(layers, bent)
        rows = corridors.of_states(fan)
        for row, name in enumerate(corridors.ids):
            cost = np.where(rows == row, fan.total, np.inf)
            state = int(np.argmin(cost))
            if np.isfinite(cost[state]):
                arcs = fan.way(state)
                if corridors.name(arcs) == name and (
                    name not in best or weight[arcs].sum() < weight[best[name]].sum()
                ):
                    best[name] = arcs
    found = {name: itinerary_of(query, best[name]) for name in corridors.ids if name in best}
    best_way = min(found.values(), key=lambda i: i.generalised_usd, default=None)
    found = {name: i for name, i in found.items() if best_way and i.km <= LONGEST * best_way.km}
    if draws and found:
        found = {
            name: replace(i, spread=s)
            for (name, i), s in zip(found.items(), spreads(list(found.values()), draws, seed), strict=True)
        }
    return found
