"""Find the causes that keep a market from more: each that would bring more on its own, else the fewest together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from daliz.supplychain.relaxing import GAIN, KEPT, NONE, Atom, Atoms, Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROUNDS = 30
ORDER = {"without": 0, "closed": 1, "stock": 2, "way": 3}
"""Kinds of causes that are no capacities or quotas, in the order in which they are told after these."""
MOST = 12
"""Causes of one kind that are looked for."""


def least(helps: Callable[[Atoms], bool], atoms: Iterable[Atom]) -> Atoms:
    """Return a smallest set of atoms that still helps: none can be left out.

    Parameters
    ----------
    helps
        Whether relaxing a set helps; more atoms never help less.
    atoms
        A set that helps.
    """
    kept = sorted(atoms)
    for atom in list(kept):
        rest = [a for a in kept if a != atom]
        if helps(frozenset(rest)):
            kept = rest
    return frozenset(kept)


class Causes(NamedTuple):
    """What keeps a market from more.

    Attributes
    ----------
    more
        Whether it can have more as things stand, so that cost or contracts keep it.
    alone
        Atoms of which each one alone would bring more.
    together
        Atoms that bring more only if all are relaxed; none where one alone does, or where nothing does.
    """

    more: bool
    alone: tuple[Atom, ...]
    together: tuple[Atom, ...]


def causes(pool: Pool, market: str) -> Causes:
    """Find what keeps a market from more, relaxing one cause at a time, and if none alone does, the fewest.

    Capacities and what is shut come first; a trip that no way leads over is a cause only if these are not.
    """
    demand = float(pool.chain.markets[market]["demand"]) * pool.terms.years
    # what others may lose by rounding is no gain
    least_gain = GAIN * demand + 2.0 * KEPT * float(pool.supply.plan.sales.sum())

    def helps(atoms: Atoms) -> bool:
        return pool.most(market, atoms).more > least_gain

    if helps(NONE):
        return Causes(True, (), ())
    joint: list[Atoms] = []
    alone = _rooms(pool, market, helps, joint) + _each(pool, market, helps, pool.atoms["shut"], joint)
    if not alone:
        alone = _each(pool, market, helps, pool.atoms["ways"], joint)
    if alone:
        return Causes(False, tuple(sorted(alone, key=lambda a: ORDER.get(a.kind, -1))), ())
    if not joint:
        every = frozenset().union(*pool.atoms.values())
        if helps(every):
            found = pool.most(market, every)
            joint.append(least(helps, found.used | found.over))
    fewest = sorted(joint, key=lambda c: (len(c), sorted(c)))[:1]
    return Causes(False, (), tuple(sorted(fewest[0])) if fewest else ())


def _rooms(pool: Pool, market: str, helps: Callable[[Atoms], bool], joint: list[Atoms]) -> list[Atom]:
    """Find capacities of which one more unit is one more sold; several in a row go to `joint`.

    Whatever brings more on its own has a price in every dual solution, so that those with a price in one are enough.
    """
    first = pool.most(market, NONE).binding
    relaxed = NONE
    for _ in range(ROUNDS):
        binding = pool.most(market, relaxed).binding
        if not binding:
            return []
        relaxed |= frozenset(binding)
        if helps(relaxed):
            break
    else:
        return []
    alone = [a for a in first if helps(frozenset([a]))]
    if alone:
        return sorted(alone, key=lambda a: (-pool.size(a), a))
    cause = least(helps, relaxed)
    if len(cause) == 1:
        return list(cause)
    joint.append(cause)
    return []


def _each(
    pool: Pool, market: str, helps: Callable[[Atoms], bool], atoms: Atoms, joint: list[Atoms]
) -> list[Atom]:
    """Find atoms of which each alone helps; several that do so together go to `joint`."""
    alone: list[Atom] = []
    left = atoms
    while left and len(alone) < MOST and helps(left):
        cause = least(helps, pool.most(market, left).used & left)
        if len(cause) == 1:
            alone += cause
        else:
            joint.append(cause)
        left -= cause
    return sorted(alone)
