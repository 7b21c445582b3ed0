"""Find paths and keep sets of routes: cost, eligibility, trees, alternatives, capacities."""

from daliz.paths.demand import Demand, demand_from_rows, demand_of

__all__ = ["Demand", "demand_from_rows", "demand_of"]
