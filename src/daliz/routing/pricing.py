"""Price the arcs of a question in one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.routing.layers import shortest

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.routing.layers import Layers
    from daliz.routing.query import Query

TIE = 1e-6


def search_weight(query: Query, layers: Layers) -> Floats | None:
    """Price each arc, or return None if no way leads there.

    The standard deviation enters by its tangent at the best path without it.
    """
    costs = query.costs
    plain = np.maximum(
        costs.usd + query.value_of_time * costs.hours + query.carbon_usd_t * costs.kg / 1000.0, 0.0
    )
    # Of ways that cost the same the faster one is taken, also where time has no value.
    plain = plain + TIE * costs.hours
    best = shortest(layers, plain)
    if best is None:
        return None
    sd = float(np.sqrt(costs.variance[best].sum()))
    if sd == 0 or query.value_of_reliability == 0:
        return plain
    return np.asarray(plain + query.value_of_reliability * costs.variance / (2.0 * sd))
