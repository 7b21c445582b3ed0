"""Hold user equilibrium and system optimum over routes of the embedded package."""

from __future__ import annotations

import numpy as np
import pytest

import daliz
from daliz import AssignmentTerms
from daliz.paths.kernels import delays


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("eurasia", year=2024)


def test_user_equilibrium_leaves_no_better_way(network: daliz.Network) -> None:
    """The gap of user equilibrium over enlarged route sets is that asked for."""
    rows = [
        {"origin": "xian", "destination": d, "cargo": "container-40", "units": 40000}
        for d in ("poti", "duisburg")
    ]
    found = daliz.assign(
        network, daliz.demand_from_rows(network, rows), method="due", terms=AssignmentTerms(target=1e-5)
    )
    assert found.converged
    assert found.certificate["relative_gap"] <= 1e-5


def test_the_system_optimum_costs_all_less_than_the_user_equilibrium(network: daliz.Network) -> None:
    """Both converge where queues are long, and what all pay in price, time and queues is less at the optimum."""
    rows = [
        {"origin": "xian", "destination": d, "cargo": c, "units": u}
        for d, u in (("poti", 60000), ("halkali", 60000), ("duisburg", 300000), ("tashkent", 60000))
        for c in ("container-40", "container-20")
    ]
    demand = daliz.demand_from_rows(network, rows)

    def cost(flows: daliz.Flows) -> float:
        loading = flows.loading
        return float(flows.flow @ (loading.base + loading.time * (loading.waits @ flows.delay)))

    user, system = (daliz.assign(network, demand, method=m) for m in ("due", "so"))
    assert user.converged
    assert system.converged
    assert user.delay.max() > 24.0
    assert cost(system) < cost(user) * (1 - 1e-3)


def test_a_terminal_takes_only_the_cargo_it_handles(network: daliz.Network) -> None:
    """Oil from Aktau loads the oil terminal and not the berths for boxes and dry bulk beside it."""
    rows = [{"origin": "aktau", "destination": "baku", "cargo": "liquid-bulk", "units": 1e6}]
    flows = daliz.assign(
        network, daliz.demand_from_rows(network, rows), values={"constant-middle-loose": 0.0}
    )
    volume = dict(zip(flows.capacities.name, flows.volume.tolist(), strict=True))
    assert volume["aktau-oil"] > 0
    assert volume["aktau-bulk"] == volume["aktau-sea"] == 0


def test_a_trickle_beside_a_flood_leaves_numbers(network: daliz.Network) -> None:
    """Elements that hardly anything reaches have no delay, and not none that is a number."""
    rows = [
        {"origin": "xian", "destination": "duisburg", "cargo": "container-40", "units": 10},
        {"origin": "aktau", "destination": "baku", "cargo": "liquid-bulk", "units": 1e7},
    ]
    assert np.isfinite(daliz.assign(network, daliz.demand_from_rows(network, rows)).delay).all()
    assert np.isfinite(delays.delay(delays.QUEUE, 1e-264, 1.0, 1.0, 0.7, 3.0)).all()
