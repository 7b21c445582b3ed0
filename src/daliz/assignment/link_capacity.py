"""Find the least-cost flow of a problem within hard capacities, what goes unserved, and the price of each capacity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from daliz.assignment.kernels import columns
from daliz.assignment.outcome import Cut
from daliz.assignment.problem import roots_of
from daliz.assignment.reach import check_way_out, unreached_error
from daliz.errors import DemandError, need
from daliz.optimise.path_master import Master, Solution
from daliz.paths.forest import Trees
from daliz.paths.kernels import trees

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.assignment.problem import Problem

ROUNDS = 200


@dataclass(frozen=True)
class CapacityFlow:
    """A flow within capacities.

    Attributes
    ----------
    volume, price
        float64 (links,): volume, and what a further unit of capacity would save.
    served, unserved
        float64 (pairs,).
    cost, bound, gap
        Cost with penalties, its lower bound, and (cost - bound) / cost.
    cut
        Proof that what is unserved though it has a way cannot be served; None if all such is.
    unreached
        Pairs that have no way and were to be dropped, int64 array; they are in no cost.
    """

    problem: Problem
    volume: Floats
    price: Floats
    served: Floats
    unserved: Floats
    cost: float
    bound: float
    gap: float
    converged: bool
    cut: Cut | None
    unreached: Ints

    def __repr__(self) -> str:
        state = "" if self.converged else ", NOT CONVERGED"
        lost = len(self.unreached)
        state += f", {lost:,} pair{'' if lost == 1 else 's'} without a way unserved" if lost else ""
        return (
            f"<CapacityFlow: served {self.served.sum():,.1f}, unserved {self.unserved.sum():,.1f}, cost "
            f"{self.cost:,.2f}, gap {self.gap:.2g}{state}>"
        )


def capacity_flow(
    problem: Problem,
    capacity: Floats | None = None,
    *,
    gap: float = 1e-9,
    rounds: int = ROUNDS,
    unreachable: str = "refuse",
) -> CapacityFlow:
    """Find the least-cost flow of a problem within capacities, at the times when empty.

    Parameters
    ----------
    problem
        Links and demand; delays are not used.
    capacity
        float64 (links,) in the order of `problem`; those of the problem's delays if left out.
    gap
        Relative gap to prove.
    rounds
        Rounds of columns after which to give up; the result then says so.
    unreachable
        `refuse` pairs that have no way, or `drop` them: they are then unserved in the books.

    Raises
    ------
    DemandError
        If a pair has no way at all and is not to be dropped.

    Examples
    --------
    >>> from daliz.assignment import make_problem
    >>> from daliz.assignment.link_capacity import capacity_flow
    >>> two = make_problem(2, ([0, 0], [1, 1]), [[1, 3, 0, 1], [2, 3, 0, 1]], [(0, 1, 4.0)])
    >>> flow = capacity_flow(two)
    >>> flow.volume, flow.price
    (array([3., 1.]), array([1., 0.]))
    """
    need("numba", "highspy", extra="assign")
    limit = problem.form[:, 1] if capacity is None else np.asarray(capacity, np.float64)
    _check(problem, limit, gap, rounds)
    check_way_out(unreachable)
    free = _empty_times(problem)
    pricer = _Pricer(problem)
    lost = pricer.unreached(free + problem.fixed)
    if len(lost) and unreachable == "refuse":
        raise unreached_error(problem, lost)
    kept = np.setdiff1d(np.arange(len(problem.demand)), lost)
    if not len(kept):
        none = np.zeros(len(limit))
        return CapacityFlow(
            problem, none, none, np.zeros(len(lost)), problem.demand, 0.0, 0.0, 0.0, True, None, lost
        )
    pricer = _Pricer(_part(problem, kept)) if len(lost) else pricer
    costs = _Costs(limit, free, problem.fixed, _penalty(pricer, free))
    return _within(problem, kept, pricer, costs, (gap, rounds))


def _penalty(pricer: _Pricer, free: Floats) -> Floats:
    """Return a cost beyond that of any way that comes to no node twice, so that nothing is left that fits."""
    dear = free + pricer.problem.fixed
    most = pricer.problem.nodes * float(dear[np.isfinite(dear)].max(initial=0.0))
    return np.full(len(pricer.problem.demand), max(most, 1.0))


def _within(
    problem: Problem, kept: Ints, pricer: _Pricer, costs: _Costs, effort: tuple[float, int]
) -> CapacityFlow:
    """Find the flow of the pairs that have a way, and tell the others as unserved."""
    limit, (gap, rounds) = costs.capacity, effort
    start = pricer.routes(costs.free + costs.fixed)
    pool, found, bound = _columns(pricer, costs, start, gap, rounds)
    short = found.unserved.sum() > 1e-9 * pricer.problem.demand.sum()
    reached = max(found.cost - bound, 0.0) / max(abs(found.cost), 1e-300)
    unserved = problem.demand.copy()
    unserved[kept] = found.unserved
    return CapacityFlow(
        problem,
        pool.loads(len(limit)).T @ found.flow,
        found.price,
        problem.demand - unserved,
        unserved,
        found.cost,
        bound,
        reached,
        reached <= gap,
        _proof(pricer, limit, gap, rounds) if short else None,
        np.setdiff1d(np.arange(len(problem.demand)), kept),
    )


def _check(problem: Problem, limit: Floats, gap: float, rounds: int) -> None:
    if rounds < 1 or not 0 < gap < 1:
        raise DemandError(
            f"{rounds} rounds to a gap of {gap:g} cannot be run; give at least one round and a gap "
            "between 0 and 1."
        )
    if limit.shape != problem.tail.shape:
        raise DemandError(f"Capacities are given for {limit.size} links, but there are {len(problem.tail)}.")
    if not (limit > 0).all():
        a = int(np.flatnonzero(~(limit > 0))[0])
        raise DemandError(
            f"{problem.link(a)}: its capacity is {limit[a]:g}; a flow within capacities needs more than 0. "
            "Leave a closed link out, or write what it can carry."
        )


def _empty_times(problem: Problem) -> Floats:
    """Return the time of each link when it is empty, shape (links,)."""
    link = np.zeros((len(problem.tail), 3))
    columns.refresh_all(link, problem.kind, problem.form, False)
    return np.ascontiguousarray(link[:, columns.T])


def _part(problem: Problem, kept: Ints) -> Problem:
    """Return a problem with some of its pairs."""
    return replace(
        problem,
        origin=problem.origin[kept],
        target=problem.target[kept],
        group=problem.group[kept],
        demand=np.ascontiguousarray(problem.demand[kept]),
        rows=problem.rows[kept],
    )


def _proof(pricer: _Pricer, limit: Floats, gap: float, rounds: int) -> Cut:
    """Prove that demand does not fit: weigh links so that the lightest routes weigh more than the limits hold."""
    demand, barred = pricer.problem.demand, np.where(np.isinf(pricer.problem.fixed), np.inf, 0.0)
    start = pricer.routes(1e-12 + barred)
    costs = _Costs(limit, np.zeros(len(limit)), barred, np.ones(len(demand)))
    _, tight, _ = _columns(pricer, costs, start, gap, rounds)
    least = np.minimum(pricer.routes(tight.price + barred).cost, 1.0)
    return Cut(tight.price, least, float(demand @ least - tight.price @ limit))


class _Costs(NamedTuple):
    """Capacity and cost of links, shapes (links,) and by class (classes, links), and the penalty of each pair."""

    capacity: Floats
    free: Floats
    fixed: Floats
    penalty: Floats


@dataclass(frozen=True)
class _Routes:
    """A route of each pair: cost and links."""

    pair: Ints
    cost: Floats
    begin: Ints
    links: Ints

    def loads(self, count: int) -> csr_array:
        return csr_array((np.ones(len(self.links)), self.links, self.begin), shape=(len(self.pair), count))

    def take(self, rows: Ints) -> _Routes:
        size = np.diff(self.begin)[rows]
        begin = np.concatenate([[0], np.cumsum(size)])
        index = np.repeat(self.begin[rows] - begin[:-1], size) + np.arange(begin[-1])
        return _Routes(self.pair[rows], self.cost[rows], begin, self.links[index])

    def joined(self, other: _Routes) -> _Routes:
        return _Routes(
            np.concatenate([self.pair, other.pair]),
            np.concatenate([self.cost, other.cost]),
            np.concatenate([self.begin, self.begin[-1] + other.begin[1:]]),
            np.concatenate([self.links, other.links]),
        )


class _Pricer:
    """Finder of the shortest routes of all pairs at given costs of links, with the trees of the equilibrium."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.tree, self.root, self.group = roots_of(problem)
        self.trees = Trees.empty(self.root, problem.nodes)

    def unreached(self, cost: Floats) -> Ints:
        """List the pairs that have no way at finite costs."""
        if not len(self.problem.demand):
            return np.zeros(0, np.int64)
        self._grow(cost)
        return np.flatnonzero(~np.isfinite(self.trees.dist[self.tree, self.problem.target]))

    def _grow(self, cost: Floats) -> None:
        p = self.problem
        by_class = np.array(np.broadcast_to(np.atleast_2d(cost), p.fixed.shape), order="C")
        trees.grow(
            p.start,
            p.head,
            by_class,
            self.root,
            self.group,
            p.first_through,
            *self.trees.arrays,
            False,
            0,
            len(self.root),
        )

    def routes(self, cost: Floats) -> _Routes:
        """Return the shortest route of each pair at costs of shape (links,) or (classes, links)."""
        self._grow(cost)
        p = self.problem
        pairs = len(p.demand)
        none = np.zeros(pairs + 1, np.int64)
        _, begin, links, *_ = columns.extend(
            p.tail,
            self.tree,
            p.target,
            p.demand,
            self.group,
            p.fixed,
            self.trees.dist,
            self.trees.pred,
            np.zeros((len(p.tail), 3)),
            none,
            np.zeros(1, np.int64),
            np.zeros(0, np.uint32),
            np.zeros(0),
            np.zeros(0),
            True,
        )
        return _Routes(np.arange(pairs), self.trees.dist[self.tree, p.target], begin, links.astype(np.int64))


def _columns(
    pricer: _Pricer, costs: _Costs, start: _Routes, gap: float, rounds: int
) -> tuple[_Routes, Solution, float]:
    """Add columns until the gap is proven."""
    capacity, free, fixed, penalty = costs

    def true_cost(routes: _Routes) -> Floats:
        group = pricer.problem.group[routes.pair]
        of = np.repeat(np.arange(len(routes.pair)), np.diff(routes.begin))
        return np.asarray(
            np.bincount(of, (free + fixed)[group[of], routes.links], len(routes.pair)), np.float64
        )

    master = Master(pricer.problem.demand, capacity, penalty)
    pool = _Routes(start.pair, true_cost(start), start.begin, start.links)
    master.add(pool.pair, pool.cost, pool.loads(len(capacity)))
    best = -np.inf
    found = master.solve()
    for _ in range(rounds):
        routes = pricer.routes(free + found.price + fixed)
        best = max(best, master.bound(found.price, routes.cost))
        if found.cost - best <= gap * max(abs(found.cost), 1e-300):
            break
        better = np.flatnonzero(routes.cost < found.dual - 1e-10 * np.maximum(np.abs(found.dual), 1e-10))
        if not len(better):
            break
        fresh = routes.take(better)
        fresh = _Routes(fresh.pair, true_cost(fresh), fresh.begin, fresh.links)
        master.add(fresh.pair, fresh.cost, fresh.loads(len(capacity)))
        pool = pool.joined(fresh)
        found = master.solve()
    return pool, found, best
