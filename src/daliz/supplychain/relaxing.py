"""Find what keeps a market from more by relaxing one cause at a time.

The most that a market can be delivered, all others keeping what they have, is a linear programme over the
facilities of all years and the ways that were left out. A cause is an atom: a facility that is not open, a
name that the question leaves out, a capacity or quota, a stock, a trip that no way leads over. A set of
atoms is a cause if the market can have more once all of them are relaxed and no more without any of them
(deletion filter [1]_).

References
----------
.. [1] J. Chinneck, Feasibility and Infeasibility in Optimization, Springer, 2008, chapter 2.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from daliz.optimise.linear import solve
from daliz.supplychain.build import build
from daliz.supplychain.contract_matching import passing
from daliz.supplychain.programme import Layout, Limits, Moves, Works, joined, linear, plan_of
from daliz.supplychain.terms import Terms
from daliz.supplychain.ways import Trip, trips_of, ways_of

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.supplychain.build import Built
    from daliz.supplychain.chain import Chain
    from daliz.supplychain.programme import Plan, Programme
    from daliz.supplychain.solved import Solved
    from daliz.supplychain.ways import Ways

GAIN = 1e-6
"""Share of a market's demand that it must gain for a cause to be one."""
PRICED = 1e-7
"""Duals below this are rounding."""
KEPT = 1e-8
"""Share by which the others may have less than in the plan, for rounding."""
STEP = 1e-7
"""What an atom costs a unit, so that the fewest are used; far below the worth of a unit delivered."""


class Atom(NamedTuple):
    """One thing that may be relaxed.

    Kinds: closed (a facility that is not open in the year), without (a name that the question leaves out),
    facility, quota, link and the other kinds of capacity, stock, way (a trip; `name` is its number).
    """

    kind: str
    name: str


Atoms = frozenset[Atom]
NONE: Atoms = frozenset()


@dataclass(frozen=True)
class Relaxed:
    """The most that a market can have under some atoms.

    Attributes
    ----------
    more
        Units beyond what the plan delivers, over all years.
    used
        Atoms of ways, facilities and stocks that carry it.
    binding
        Capacities and quotas at which it stops.
    over
        Capacities and quotas beyond which it goes, being relaxed.
    """

    more: float
    used: Atoms
    binding: tuple[Atom, ...]
    over: Atoms


class Pool:
    """A chain with the facilities of all years and all ways, each column with the atoms that it needs.

    Parameters
    ----------
    supply
        The plan that leaves something unmet.
    """

    def __init__(self, supply: Solved) -> None:
        self.supply = supply
        read = supply.read or supply.chain
        self.chain: Chain = read.every or read
        self.closed: tuple[str, ...] = tuple(supply.asked["without"])
        self.year = set(read.facilities)
        # duties, prices of carbon and premiums play no part in what can be delivered
        terms = supply.terms
        self.terms = Terms(penalty=terms.penalty, years=terms.years, capacities=terms.capacities)
        self.trips = trips_of(self.chain)
        self.ways: Ways = self._ways()
        chain = replace(self.chain, contracts=tuple(r for r in self.chain.contracts if r["kind"] == "quota"))
        self.built: Built = build(_without_cost(chain), self.ways, self.terms, supply.taken)
        self.found: dict[tuple[str, Atoms], Relaxed] = {}

    def _ways(self) -> Ways:
        # those of the plan too, which holds ways round its dear capacities
        known = ways_of(self.chain, without=self.closed, known=self.supply.ways)
        return ways_of(self.chain, known=known) if self.closed else known

    @functools.cached_property
    def of_place(self) -> dict[str, Atoms]:
        """Atoms that a facility or market needs to take part."""
        gone = set(self.closed)
        found: dict[str, Atoms] = {}
        for name, row in (*self.chain.facilities.items(), *self.chain.markets.items()):
            atoms = {
                Atom("without", w)
                for w in gone & {row["id"], row["country"], row["node_id"], row.get("operator_id", "")}
                if w
            }
            if name in self.chain.facilities and name not in self.year:
                atoms.add(Atom("closed", name))
            found[name] = frozenset(atoms)
        return found

    @functools.cached_property
    def of_way(self) -> list[Atoms]:
        """Atoms that each way needs."""
        flags = {w: passing(self.chain, self.ways, (w,)) for w in self.closed}
        return [
            self.of_place[t.start]
            | self.of_place[t.end]
            | {Atom("without", w) for w, on in flags.items() if on[i]}
            for i, t in enumerate(self.ways.trips)
        ]

    @functools.cached_property
    def lost(self) -> list[Trip]:
        """Trips that no way leads over, whatever is open."""
        led = set(self.ways.trips)
        return [t for t in self.trips if t not in led]

    @functools.cached_property
    def moves(self) -> tuple[Moves, list[Atoms]]:
        """Moves of the pool with those of the lost trips behind, and the atoms of each."""
        p, years = self.built.programme, range(self.terms.years)
        position = {s: i for i, s in enumerate(self.built.stocks)}
        atoms = [self.of_way[w] if w >= 0 else NONE for _, w in self.built.moves]
        start = [position[y, t.start, t.commodity] for y in years for t in self.lost]
        end = [position[y, t.end, t.commodity] for y in years for t in self.lost]
        count = len(start)
        more = Moves(
            np.array(start, np.int64),
            np.array(end, np.int64),
            np.zeros(count),
            np.full(count, np.inf),
            csr_array((count, p.moves.loads.shape[1])),
        )
        atoms += [
            self.of_place[t.start] | self.of_place[t.end] | {Atom("way", str(i))}
            for _ in years
            for i, t in enumerate(self.lost)
        ]
        return joined(p.moves, more), atoms

    @functools.cached_property
    def works(self) -> list[Atoms]:
        """Atoms that each work needs."""
        recipes = self.chain.recipes
        return [self.of_place[recipes[r].facility["id"]] for _, r in self.built.works]

    @functools.cached_property
    def stocks(self) -> dict[Atom, Floats]:
        """What each stock would bring in; in a plan of several years it does so without being relaxed."""
        found: dict[Atom, Floats] = {}
        if self.terms.years == 1:
            position = {s: i for i, s in enumerate(self.built.stocks)}
            for row in self.chain.stocks:
                opening = np.zeros(len(position))
                opening[position[0, row["at_id"], row["commodity_id"]]] = row["opening"]
                found[Atom("stock", str(row["id"]))] = opening
        return found

    @functools.cached_property
    def atoms(self) -> dict[str, Atoms]:
        """All atoms by sort: what is shut, ways that are lost, capacities."""
        _, of_moves = self.moves
        every = frozenset().union(*of_moves, *self.works)
        recipes = {Atom("facility", r.id) for r in self.chain.recipes}
        return {
            "shut": frozenset(a for a in every if a.kind != "way") | frozenset(self.stocks),
            "ways": frozenset(a for a in every if a.kind == "way"),
            "rooms": frozenset(recipes | {Atom(k, n) for _, k, n, _ in self.built.limits}),
        }

    @functools.cached_property
    def _sizes(self) -> dict[Atom, float]:
        found = {Atom("facility", r.id): float(r.capacity) for r in self.chain.recipes}
        limits = self.built.programme.limits.most
        return found | {Atom(k, n): float(limits[i]) for i, (_, k, n, _) in enumerate(self.built.limits)}

    def size(self, atom: Atom) -> float:
        """Return the units a year of a capacity or quota."""
        return self._sizes[atom]

    def most(self, market: str, relaxed: Atoms) -> Relaxed:
        """Compute the most that a market can have if some atoms are relaxed."""
        key = market, relaxed
        if key not in self.found:
            self.found[key] = self._most(market, relaxed)
        return self.found[key]

    def _most(self, market: str, relaxed: Atoms) -> Relaxed:
        programme = self._programme(relaxed)
        at = Layout(programme)
        lp = linear(programme)
        sold = self._sold()
        mine = np.array([m == market for _, m in self.built.sales], np.bool_)
        lower, cost = lp.lower.copy(), lp.cost.copy()
        # all others keep what they have
        lower[at.sales] = np.where(mine, 0.0, np.minimum(sold, programme.sales.most) * (1.0 - KEPT))
        cost[at.sales] = np.where(mine, -1.0, 0.0)
        plan = plan_of(programme, solve(replace(lp, lower=lower, cost=cost)))
        return self._read(programme, plan, relaxed, float((plan.sales - sold)[mine].sum()))

    def _sold(self) -> Floats:
        """Compute what the plan sells to each market of the pool, in the order of the pool's sales."""
        built, plan = self.supply.built, self.supply.plan
        left = dict.fromkeys(self.built.sales, 0.0)
        for key, units in zip(built.sales, plan.sales, strict=True):
            if key in left:
                left[key] += float(units)
        found = np.zeros(len(self.built.sales))
        for i, key in enumerate(self.built.sales):
            found[i] = min(left[key], float(self.built.programme.sales.most[i]))
            left[key] -= found[i]
        return found

    def _programme(self, relaxed: Atoms) -> Programme:
        p = self.built.programme
        moves, of_moves = self.moves
        recipes = self.chain.recipes
        capacity = np.array(
            [
                (np.inf if Atom("facility", recipes[r].id) in relaxed else recipes[r].capacity)
                if atoms <= relaxed
                else 0.0
                for (_, r), atoms in zip(self.built.works, self.works, strict=True)
            ]
        )
        work_cost = STEP * np.array([len(a) for a in self.works], np.float64)
        move_cost = STEP * np.array([len(a) for a in of_moves], np.float64)
        most = np.where([a <= relaxed for a in of_moves], moves.most, 0.0)
        free = np.array([Atom(kind, name) in relaxed for _, kind, name, _ in self.built.limits], np.bool_)
        none = np.zeros(len(p.limits.most))
        opening = p.opening + sum(v for a, v in self.stocks.items() if a in relaxed)
        return replace(
            p,
            opening=opening,
            works=Works(work_cost, capacity, p.works.parts, np.full(len(capacity), -1)),
            moves=Moves(moves.start, moves.end, move_cost, most, moves.loads),
            limits=Limits(none, np.where(free, np.inf, p.limits.most), none),
            aversions=(),
            buildings=np.zeros(0),
        )

    def _read(self, programme: Programme, plan: Plan, relaxed: Atoms, more: float) -> Relaxed:
        recipes, (_, of_moves) = self.chain.recipes, self.moves
        used: set[Atom] = set()
        for atoms, units in (
            *zip(of_moves, plan.moves, strict=True),
            *zip(self.works, plan.works, strict=True),
        ):
            if units > 0:
                used |= atoms
        rooms = [
            (Atom("facility", recipes[r].id), recipes[r].capacity, float(plan.works[k]), float(plan.rent[k]))
            for k, (_, r) in enumerate(self.built.works)
            if self.works[k] <= relaxed
        ]
        load = np.asarray(programme.moves.loads.T @ plan.moves)
        given = self.built.programme.limits.most
        rooms += [
            (Atom(kind, name), float(given[i]), float(load[i]), float(plan.price[i]))
            for i, (_, kind, name, _) in enumerate(self.built.limits)
        ]
        binding = sorted(
            ((price * size, a) for a, size, _, price in rooms if price > PRICED and a not in relaxed),
            key=lambda x: (-x[0], x[1]),
        )
        over = {a for a, size, has, _ in rooms if a in relaxed and has > size * (1 + GAIN)}
        stocks = {a for a in self.stocks if a in relaxed}
        return Relaxed(
            more, frozenset(used | stocks), tuple(dict.fromkeys(a for _, a in binding)), frozenset(over)
        )


def _without_cost(chain: Chain) -> Chain:
    """Return a chain of which no candidate needs a cost; what is built plays no part in what can be."""
    free = {k: r | {"candidate": False} for k, r in chain.facilities.items()}
    return replace(
        chain,
        facilities=free,
        recipes=tuple(replace(r, facility=free[r.facility["id"]]) for r in chain.recipes),
        every=None,
    )
