"""Sum emissions of transport chains after ISO 14083 and the GLEC Framework."""

from daliz.emissions.chain import Chain, Element, chain_emissions, hub_element, transport_element
from daliz.emissions.intensity import Belly, ElectricTrain, allocate_belly, allocate_hub, electric_train

__all__ = [
    "Belly",
    "Chain",
    "ElectricTrain",
    "Element",
    "allocate_belly",
    "allocate_hub",
    "chain_emissions",
    "electric_train",
    "hub_element",
    "transport_element",
]
