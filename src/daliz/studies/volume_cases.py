"""Compute the volumes of the observed year, and those of a year ahead without and with the projects."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from daliz.studies.projects_ahead import planned_network
from daliz.tables.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.assignment import Flows
    from daliz.tables import Network

PRICE_GAP = 1e-3
"""Gap to which the prices of capacity are proved."""


@dataclass(frozen=True)
class VolumeCase:
    """Equilibrium of a year with the ranges of its volumes, and its least-cost flow within capacities.

    Attributes
    ----------
    label
        `now` for the observed year, `without` and `with` the projects for the year ahead.
    queues, prices
        Flows of the equilibrium and of the least-cost flow.
    ranges
        Of the volumes by corridor, as `corridor_ranges` returns them.
    """

    label: str
    queues: Flows
    prices: Flows
    ranges: list[dict[str, Any]]


def volume_cases(network: Network, ahead: int, step: Callable[[], None]) -> list[VolumeCase]:
    """Compute the observed year, and a year ahead without and with the projects.

    There are none without markets or without the extra `assign`.
    """
    if not len(network.store["flows"]) or find_spec("numba") is None or find_spec("highspy") is None:
        return []
    from daliz.assignment import Terms, assign
    from daliz.studies.volume_ranges import corridor_ranges

    observed = network.store.descriptor["years"]["observed"]
    later = network_of(network, ahead)
    chosen = [("now", network_of(network, observed)), ("without", later), ("with", planned_network(later))]
    cases = []
    for label, case in chosen:
        queues = assign(case)
        prices = assign(case, method="capacity", terms=Terms(target=PRICE_GAP))
        cases.append(VolumeCase(label, queues, prices, corridor_ranges(queues)))
        step()
    return cases
