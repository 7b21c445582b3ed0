"""Plan chains of production over the network: supply, dependence, failures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from daliz.errors import need

if TYPE_CHECKING:
    from daliz.supplychain.chain import Chain, chains, read_chain
    from daliz.supplychain.exposure import balance_of_ways, concentration, dependence, without_each
    from daliz.supplychain.failures import Failures, least_failures
    from daliz.supplychain.planning import supply
    from daliz.supplychain.premium import Split, fit_premium, split
    from daliz.supplychain.ranges import supply_ranges
    from daliz.supplychain.results import Supply
    from daliz.supplychain.roundabout import ways_round
    from daliz.supplychain.terms import Terms

__all__ = [
    "Chain",
    "Failures",
    "Split",
    "Supply",
    "Terms",
    "balance_of_ways",
    "chains",
    "concentration",
    "dependence",
    "fit_premium",
    "least_failures",
    "read_chain",
    "split",
    "supply",
    "supply_ranges",
    "ways_round",
    "without_each",
]

_HOMES = {
    "Chain": "chain",
    "Failures": "failures",
    "Split": "premium",
    "Supply": "results",
    "Terms": "terms",
    "balance_of_ways": "exposure",
    "chains": "chain",
    "concentration": "exposure",
    "dependence": "exposure",
    "least_failures": "failures",
    "fit_premium": "premium",
    "read_chain": "chain",
    "split": "premium",
    "supply": "planning",
    "supply_ranges": "ranges",
    "ways_round": "roundabout",
    "without_each": "exposure",
}


def __getattr__(name: str) -> Any:
    """Import a part when it is first used; compiled loops load only where they are needed."""
    if name not in _HOMES:
        raise AttributeError(f"module 'daliz.supplychain' has no attribute {name!r}")
    if _HOMES[name] not in {"chain", "terms"}:
        need("numba", "highspy", extra="assign")
    return getattr(importlib.import_module(f"daliz.supplychain.{_HOMES[name]}"), name)
