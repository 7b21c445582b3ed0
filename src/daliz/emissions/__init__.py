"""Sum emissions of transport chains after ISO 14083 and the GLEC Framework."""

from daliz.emissions.chain import Chain, Element, Parts, chain_emissions, hub_element, transport_element
from daliz.emissions.emitted import Emitted
from daliz.emissions.fuels import FuelFactor, FuelUse, fuel_emissions, fuel_factors
from daliz.emissions.intensity import Belly, ElectricTrain, allocate_belly, allocate_hub, electric_train
from daliz.emissions.sharing import MassSplit, per_cargo_tonne, split_by_mass

__all__ = [
    "Belly",
    "Chain",
    "ElectricTrain",
    "Element",
    "Emitted",
    "FuelFactor",
    "FuelUse",
    "MassSplit",
    "Parts",
    "allocate_belly",
    "allocate_hub",
    "chain_emissions",
    "electric_train",
    "fuel_emissions",
    "fuel_factors",
    "hub_element",
    "per_cargo_tonne",
    "split_by_mass",
    "transport_element",
]
