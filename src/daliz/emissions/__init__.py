"""Sum emissions of transport chains after ISO 14083 and the GLEC Framework."""

from daliz.emissions.chain import Chain, Element, chain_emissions, hub_element, transport_element
from daliz.emissions.intensity import ElectricTrain, allocate_hub, electric_train

__all__ = [
    "Chain",
    "ElectricTrain",
    "Element",
    "allocate_hub",
    "chain_emissions",
    "electric_train",
    "hub_element",
    "transport_element",
]
