"""Model freight corridors: which way, how long, how much, how sure, and who says so.

>>> import daliz
>>> network = daliz.open("eurasia", year=2024)
>>> answer = daliz.routes(network, "Xi'an", "Duisburg", k=2, search=daliz.Search(draws=0))
>>> answer.itineraries[0].days > 5
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from daliz import errors

if TYPE_CHECKING:
    from daliz.assignment import Flows, assign, assign_model
    from daliz.assignment import Terms as AssignmentTerms
    from daliz.emissions import chain_emissions, fuel_emissions
    from daliz.paths import (
        Alternatives,
        ChoiceParameters,
        Demand,
        Model,
        Scale,
        Shock,
        demand_from_rows,
        demand_of,
    )
    from daliz.report import brief
    from daliz.routing import Itinerary, Leg, Routes, Search, Shipment, routes
    from daliz.studies import corridor_effect, story, talks, ways_round
    from daliz.supplychain import (
        Supply,
        balance_of_ways,
        concentration,
        dependence,
        fit_premium,
        least_failures,
        split,
        supply,
        supply_ranges,
        without_each,
    )
    from daliz.supplychain import Terms as SupplyTerms
    from daliz.tables import Add, Check, Close, Multiply, Network, Open, Reason, Set, check, why
    from daliz.tables import open_network as open  # noqa: A004
    from daliz.trade import Tariff, tariff
    from daliz.validation import Validation, validate

__version__ = "0.1.0"
__all__ = [
    "Add",
    "Alternatives",
    "AssignmentTerms",
    "Check",
    "ChoiceParameters",
    "Close",
    "Demand",
    "Flows",
    "Itinerary",
    "Leg",
    "Model",
    "Multiply",
    "Network",
    "Open",
    "Reason",
    "Routes",
    "Scale",
    "Search",
    "Set",
    "Shipment",
    "Shock",
    "Supply",
    "SupplyTerms",
    "Tariff",
    "Validation",
    "assign",
    "assign_model",
    "balance_of_ways",
    "brief",
    "chain_emissions",
    "check",
    "concentration",
    "corridor_effect",
    "demand_from_rows",
    "demand_of",
    "dependence",
    "errors",
    "fit_premium",
    "fuel_emissions",
    "least_failures",
    "open",
    "routes",
    "split",
    "story",
    "supply",
    "supply_ranges",
    "talks",
    "tariff",
    "validate",
    "ways_round",
    "why",
    "without_each",
]

_HOMES = {
    "Demand": ("paths", "Demand"),
    "Flows": ("assignment", "Flows"),
    "AssignmentTerms": ("assignment", "Terms"),
    "Alternatives": ("paths", "Alternatives"),
    "ChoiceParameters": ("paths", "ChoiceParameters"),
    "Model": ("paths", "Model"),
    "Scale": ("paths", "Scale"),
    "Shock": ("paths", "Shock"),
    "assign": ("assignment", "assign"),
    "assign_model": ("assignment", "assign_model"),
    "demand_from_rows": ("paths", "demand_from_rows"),
    "demand_of": ("paths", "demand_of"),
    "Add": ("tables", "Add"),
    "Check": ("tables", "Check"),
    "Close": ("tables", "Close"),
    "Multiply": ("tables", "Multiply"),
    "Open": ("tables", "Open"),
    "Set": ("tables", "Set"),
    "Network": ("tables", "Network"),
    "Reason": ("tables", "Reason"),
    "check": ("tables", "check"),
    "open": ("tables", "open_network"),
    "why": ("tables", "why"),
    "Itinerary": ("routing", "Itinerary"),
    "Leg": ("routing", "Leg"),
    "Routes": ("routing", "Routes"),
    "Search": ("routing", "Search"),
    "Shipment": ("routing", "Shipment"),
    "routes": ("routing", "routes"),
    "Validation": ("validation", "Validation"),
    "validate": ("validation", "validate"),
    "brief": ("report", "brief"),
    "chain_emissions": ("emissions", "chain_emissions"),
    "fuel_emissions": ("emissions", "fuel_emissions"),
    "Supply": ("supplychain", "Supply"),
    "SupplyTerms": ("supplychain", "Terms"),
    "concentration": ("supplychain", "concentration"),
    "dependence": ("supplychain", "dependence"),
    "least_failures": ("supplychain", "least_failures"),
    "supply": ("supplychain", "supply"),
    "supply_ranges": ("supplychain", "supply_ranges"),
    "without_each": ("supplychain", "without_each"),
    "balance_of_ways": ("supplychain", "balance_of_ways"),
    "fit_premium": ("supplychain", "fit_premium"),
    "split": ("supplychain", "split"),
    "ways_round": ("studies", "ways_round"),
    "Tariff": ("trade", "Tariff"),
    "corridor_effect": ("studies", "corridor_effect"),
    "story": ("studies", "story"),
    "talks": ("studies", "talks"),
    "tariff": ("trade", "tariff"),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import daliz` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'daliz' has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(importlib.import_module(f"daliz.{module}"), attribute)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
