"""Match routes with contracts, and with the countries, places, links and operators that they touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.supplychain.ways import closed_arcs

if TYPE_CHECKING:
    from daliz.arrays import Flags
    from daliz.supplychain.chain import Chain, Row
    from daliz.supplychain.ways import Ways


def matching(chain: Chain, ways: Ways, contract: Row) -> Flags:
    """Flag the routes that a contract is about, shape (ways,)."""
    senders, takers, via = (str(contract[k]).split() for k in ("from_ids", "to_ids", "via"))
    found = np.ones(len(ways), np.bool_)
    for i, t in enumerate(ways.trips):
        sender = chain.facilities.get(t.start)
        here = {t.start, *([sender["operator_id"], sender["country"]] if sender else [])}
        end = chain.markets.get(t.end) or chain.facilities[t.end]
        there = {t.end, str(end["country"]), str(end.get("region", ""))}
        found[i] = (
            contract["commodity_id"] in {"", t.commodity}
            and (not senders or bool(here & set(senders)))
            and (not takers or bool(there & set(takers)))
        )
    return found & passing(chain, ways, tuple(via)) if via else found


def passing(chain: Chain, ways: Ways, names: tuple[str, ...]) -> Flags:
    """Flag the routes that touch any of some countries, places or links, shape (ways,)."""
    found = np.zeros(len(ways), np.bool_)
    for i in np.flatnonzero(ways.lane >= 0):
        found[i] = bool(set(str(chain.lanes[ways.lane[i]]["countries"]).split()) & set(names))
    if ways.routes is not None:
        r = ways.routes
        arcs = closed_arcs(r.ground, names, chain.named)
        on = r.on_arcs(arcs)
        routed = ways.route >= 0
        found[routed] = on[ways.route[routed]]
    return found
