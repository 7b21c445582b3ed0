"""Fit what buyers would pay to avoid a route to what was seen to go round it, and forecast another year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import SupplyError, did_you_mean, refuse_bare_text
from daliz.supplychain.contract_matching import matching
from daliz.supplychain.planning import supply
from daliz.supplychain.programme import Planner

if TYPE_CHECKING:
    from daliz.supplychain.results import Supply
    from daliz.tables import Network

HALVINGS = 60
DEAREST = 1e5
"""USD a unit above which no premium is looked for."""


@dataclass(frozen=True)
class Split:
    """Division of a commodity over a route that some buyers avoid and the routes round it.

    Attributes
    ----------
    contract
        The contract of the kind premium.
    premium_usd
        Mean premium in USD a unit.
    round, total
        Units a year that go over the cordon, and all that the contract counts.
    makes
        What makes the split: the premium, and each other contract that binds on these routes.
    """

    contract: str
    premium_usd: float
    round: float
    total: float
    makes: tuple[str, ...]


def _aversion(plan: Supply, contract: str) -> int:
    names = [name for _, name in plan.built.aversions]
    if contract not in names:
        raise SupplyError(
            f"The chain {plan.chain.id} has no contract of the kind premium "
            f"{contract!r}.{did_you_mean(contract, names)}"
        )
    return names.index(contract)


class _Splitter:
    """Plan of a chain that is solved again with other premiums, to count what goes over a cordon."""

    def __init__(self, network: Network, chain: str, contract: str, via: tuple[str, ...]) -> None:
        self.plan = supply(network, chain)
        self.row = _aversion(self.plan, contract)
        self.contract = contract
        terms = next(r for r in self.plan.chain.contracts if r["id"] == contract)
        ways = self.plan.ways
        counted = matching(self.plan.chain, ways, terms | {"via": ""})
        over = matching(self.plan.chain, ways, terms | {"via": " ".join(via)})
        at = [w for _, w in self.plan.built.moves]
        self.counted, self.over = counted[at], over[at]
        self.planner = Planner(self.plan.built.programme)

    def at(self, premium: float) -> Split:
        """Compute the split at a mean premium."""
        self.planner.premium(self.row, premium)
        found = self.planner.solve()
        load = np.asarray(self.plan.built.programme.moves.loads[self.counted].T @ found.moves[self.counted])
        binding = tuple(
            name
            for i, (_, kind, name, _) in enumerate(self.plan.built.limits)
            if kind in {"quota", "offtake"} and abs(found.price[i]) > 1e-6 and load[i] > 1e-6
        )
        return Split(
            self.contract,
            premium,
            float(found.moves[self.over].sum()),
            float(found.moves[self.counted].sum()),
            (self.contract, *binding) if premium > 0 else binding,
        )


def split(network: Network, chain: str, contract: str, via: tuple[str, ...], premium_usd: float) -> Split:
    """Compute what goes over a cordon at a mean premium.

    Parameters
    ----------
    network, chain
        As for `supply`.
    contract
        Contract of the kind premium.
    via
        Countries, places or links that make the cordon round the avoided route.
    premium_usd
        Mean premium in USD a unit; 0 gives the plan that only counts cost.

    Raises
    ------
    SupplyError
        If the contract is unknown or the premium is negative.
    """
    refuse_bare_text(via=via)
    if not premium_usd >= 0:
        raise SupplyError(f"A premium of {premium_usd:g} USD cannot be used; give 0 or more.")
    return _Splitter(network, chain, contract, via).at(premium_usd)


def fit_premium(network: Network, chain: str, contract: str, via: tuple[str, ...], observed: float) -> Split:
    """Find the mean premium at which as much goes over a cordon as was observed.

    Parameters
    ----------
    network, chain, contract, via
        As for `split`.
    observed
        Units a year over the cordon.

    Raises
    ------
    SupplyError
        If no premium gives the observed quantity; it says what the least and the most are.
    """
    refuse_bare_text(via=via)
    splitter = _Splitter(network, chain, contract, via)
    low, high = 0.0, DEAREST
    least, most = splitter.at(low).round, splitter.at(high).round
    if not least <= observed <= most:
        raise SupplyError(
            f"{observed:g} units over {' '.join(via)} cannot be reached by a premium on {contract}: "
            f"without it {least:g} go there, and with {DEAREST:g} USD {most:g}."
        )
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if splitter.at(middle).round < observed:
            low = middle
        else:
            high = middle
        if high - low < 0.01:
            break
    return splitter.at((low + high) / 2)
