"""Plan chains of production over the network: supply, dependence, failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.lazy import attribute_getter

if TYPE_CHECKING:
    from daliz.supplychain.chain import Chain, chains, read_chain
    from daliz.supplychain.exposure import balance_of_ways, concentration, dependence, without_each
    from daliz.supplychain.failures import Failures, least_failures
    from daliz.supplychain.planning import supply
    from daliz.supplychain.premium import Split, fit_premium, split
    from daliz.supplychain.ranges import supply_ranges
    from daliz.supplychain.results import Supply
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
    "without_each",
]

__getattr__ = attribute_getter(
    __name__,
    {
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
        "without_each": "exposure",
    },
    light=("chain", "terms"),
)
