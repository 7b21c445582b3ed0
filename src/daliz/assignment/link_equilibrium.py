"""Find the deterministic user equilibrium or the system optimum over paths.

Trees are grown block by block, each at the delays that the blocks before it leave; new shortest paths
become columns, and flow is shifted among the known paths of each pair by Gauss-Seidel projected Newton
steps [1]_ [2]_. A run stops on the exact relative gap (sum f c - sum q c_min) / sum f c at fixed volumes.

References
----------
.. [1] R. Jayakrishnan et al., A faster path-based algorithm for traffic assignment, TRR 1443, 1994.
.. [2] M. Florian, I. Constantin, D. Florian, A new look at projected gradient method, TRR 2090, 2009.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from daliz.assignment.equilibrium import Equilibrium, Store
from daliz.assignment.kernels import columns
from daliz.assignment.problem import roots_of
from daliz.errors import DemandError
from daliz.paths.kernels import trees
from daliz.paths.kernels.delays import EXCESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.arrays import Bytes, Floats, Ints
    from daliz.assignment.problem import Problem

WARM_FROM = 2e-4
"""Relative gap below which trees are grown in the order of the last ones."""
LARGE = 50_000
"""Pairs from which a problem is cut into more blocks, and swept in lanes."""
WORTH = 0.3
"""Share of the mean excess of the last sweep below which a large problem leaves a pair to a later sweep."""
BLOCKS = 64
"""Blocks of origins of a large problem."""
ABREAST = 4
"""Blocks of a large problem whose trees grow at the same delays; fixed, so that results do not depend on threads."""
STRIDE = 4
"""Blocks that each of the two lanes sweeps before they meet."""
PATIENCE = 10
"""Sweeps after which a large problem looks whether its lanes get on."""
GETS_NOWHERE = 0.9
"""Share of the excess of then that is left if they do not; the rest of the pass goes in order."""


class _Effort(NamedTuple):
    """Say when sweeps end: shares of the excess of new trees and of the target that they leave, the least and most of them."""

    left: float
    floor: float
    least: int
    most: int


SMALL_EFFORT = _Effort(0.02, 0.1, 1, 30)
LARGE_EFFORT = _Effort(0.005, 0.02, 15, 100)
"""Trees of a large problem take as long as many sweeps, so more of these are made between them."""


_T = TypeVar("_T")


class _Tally(NamedTuple):
    excess: float
    total: float
    added: int


class _Hand(NamedTuple):
    """Hold the marks that one sweep leaves on links."""

    mark: Ints
    stamp: Ints


class _Block:
    """Be a share of the trees with their pairs and paths."""

    def __init__(self, low: int, high: int, first: int, last: int, store: Store) -> None:
        self.low, self.high = low, high
        self.pairs = slice(first, last)
        self.store = store
        self.several: Ints = np.zeros(0, np.int64)


class _Run:
    """Carry the state of links and the blocks from pass to pass."""

    def __init__(
        self, problem: Problem, threads: int, marginal: bool, excess: Floats | None, start: Store | None
    ) -> None:
        self.problem, self.marginal, self.threads = problem, marginal, threads
        self.pool: ThreadPoolExecutor | None = None
        self.tree, self.root, self.group = roots_of(problem)
        self.start = problem.start
        self.graph_links = len(problem.tail)
        kind, form = problem.kind, problem.form
        if excess is not None:
            kind = np.concatenate([kind, np.full(len(problem.demand), EXCESS, np.uint8)])
            form = np.concatenate([form, excess])
        self.kind: Bytes = kind
        self.form: Floats = np.ascontiguousarray(form)
        shape = (len(self.root), problem.nodes)
        self.dist, self.pred, self.order = (
            np.empty(shape),
            np.empty(shape, np.uint32),
            np.empty(shape, np.uint32),
        )
        self.settled = np.zeros(len(self.root), np.uint32)
        self.large = len(problem.demand) >= LARGE
        lanes = 2 if self.large else 0
        self.hands = [
            _Hand(np.zeros(len(kind), np.uint32), np.zeros(1, np.uint32)) for _ in range(max(lanes, 1))
        ]
        self.link = np.zeros((len(kind), 3))
        self.lanes = [np.empty_like(self.link) for _ in range(lanes)]
        self.in_lanes = self.large
        self.worth = 0.0
        whole = (
            start
            if start is not None
            else Store.empty(
                len(problem.demand), None if excess is None else problem.demand, self.graph_links
            )
        )
        self.blocks = self._divide(whole)
        # the blocks of a round are far from each other, for the same reason as those of the lanes
        count = -(-len(self.blocks) // (ABREAST if self.large else 1))
        self.rounds = [self.blocks[i::count] for i in range(count)]
        self.reload()

    def _divide(self, whole: Store) -> list[_Block]:
        count = len(self.root)
        cuts = np.unique(
            np.linspace(0, count, min(BLOCKS if self.large else 4, count) + 1).astype(int)
        ).tolist()
        ends = np.searchsorted(self.tree, cuts).tolist()
        return [
            _Block(low, high, first, last, whole.part(first, last))
            for low, high, first, last in zip(cuts[:-1], cuts[1:], ends[:-1], ends[1:], strict=True)
        ]

    def renew(self, blocks: list[_Block], *, warm: bool, fill: bool = False, sweeps: int = 0) -> _Tally:
        """Grow the trees of blocks at the same delays, add new shortest paths, measure the excess, then sweep."""
        cost = np.ascontiguousarray(self.link[: self.graph_links, columns.T] + self.problem.fixed)
        found = self.share(lambda block: self._extend(block, cost, warm, fill), blocks)
        if fill:
            self.reload()
        self.expect(sum(f.excess for f in found), blocks)
        for _ in range(sweeps):
            self.sweep(blocks)
        return _Tally(*(sum(x) for x in zip(*found, strict=True)))

    def _extend(self, block: _Block, cost: Floats, warm: bool, fill: bool) -> _Tally:
        p, s, pairs = self.problem, block.store, block.pairs
        trees.grow(
            self.start,
            p.head,
            cost,
            self.root,
            self.group,
            p.first_through,
            self.dist,
            self.pred,
            self.order,
            self.settled,
            warm,
            block.low,
            block.high,
        )
        *store, excess, total, added = columns.extend(
            p.tail,
            self.tree[pairs],
            p.target[pairs],
            p.demand[pairs],
            self.group,
            p.fixed,
            self.dist,
            self.pred,
            self.link,
            s.first,
            s.begin,
            s.links,
            s.flow,
            s.toll,
            fill,
        )
        block.store = Store(*store)
        block.several = np.flatnonzero(np.diff(block.store.first) > 1)
        return _Tally(excess, total, added)

    def share(self, task: Callable[[_Block], _T], blocks: list[_Block]) -> list[_T]:
        """Run a task on each block, in threads where there are any."""
        if self.pool is None or len(blocks) == 1:
            return [task(b) for b in blocks]

        def run(i: int) -> list[_T]:
            return [task(b) for b in blocks[i :: self.threads]]

        # a hand-over costs as much as a short task: each thread takes its share at once, this one the first
        others = [self.pool.submit(run, i) for i in range(1, self.threads)]
        shares = [run(0), *(x.result() for x in others)]
        return [shares[n % self.threads][n // self.threads] for n in range(len(blocks))]

    def expect(self, excess: float, blocks: list[_Block]) -> None:
        """Set the excess from which a pair of a large problem is worth shifting."""
        self.worth = WORTH * excess / max(sum(len(b.several) for b in blocks), 1) if self.large else 0.0

    def sweep(self, blocks: list[_Block]) -> float:
        """Shift flow among the known paths of the blocks' pairs; return the excess found."""
        if not self.in_lanes:
            total = sum(self._sweep(b, self.link, self.hands[0]) for b in blocks)
        else:
            # neighbours shift the same far links, so the lanes take blocks far from each other
            half = -(-len(blocks) // 2)
            total = sum(
                self._in_lanes(blocks[i : min(i + STRIDE, half)], blocks[half + i : half + i + STRIDE])
                for i in range(0, half, STRIDE)
            )
        self.expect(total, blocks)
        return total

    def _in_lanes(self, *parts: list[_Block]) -> float:
        """Sweep two lists of blocks at once, each on a copy of the links, and join what they did."""

        def work(n: int) -> float:
            return sum(self._sweep(b, self.lanes[n], self.hands[n]) for b in parts[n])

        if self.pool is None:
            found = work(0) + work(1)
        else:
            other = self.pool.submit(work, 1)
            found = work(0) + other.result()
        columns.merge(self.link, self.lanes[0], self.lanes[1], self.kind, self.form, self.marginal)
        return found

    def _sweep(self, block: _Block, link: Floats, hand: _Hand) -> float:
        s = block.store
        return float(
            columns.sweep(
                block.several,
                s.first,
                s.begin,
                s.links,
                s.flow,
                s.toll,
                link,
                self.kind,
                self.form,
                self.marginal,
                hand.mark,
                hand.stamp,
                self.worth,
            )
        )

    def reload(self) -> None:
        """Sum volumes from paths anew, so that no rounding piles up."""
        volume = np.zeros(len(self.link))
        for block in self.blocks:
            s = block.store
            columns.load(volume, s.links, s.begin, s.flow)
        self.link[:, columns.V] = volume
        columns.refresh_all(self.link, self.kind, self.form, self.marginal)
        for lane in self.lanes:
            lane[:] = self.link
        self.in_lanes = self.large

    def store(self) -> Store:
        """Join the paths of all blocks."""
        return Store.join([b.store for b in self.blocks])


def user_equilibrium(
    problem: Problem,
    *,
    gap: float = 1e-10,
    passes: int = 200,
    threads: int = 1,
    marginal: bool = False,
    excess: Floats | None = None,
    start: Store | None = None,
) -> Equilibrium:
    """Find the user equilibrium of a problem, or its system optimum.

    Parameters
    ----------
    problem
        Links and demand.
    gap
        Relative gap at which to stop.
    passes
        Passes after which to give up; the result then says that it has not converged.
    threads
        Threads that work on blocks of origins; the result does not depend on them.
    marginal
        Use marginal delays t + v t', which gives the system optimum.
    excess
        float64 array (pairs, 4) of delay parameters of the kind EXCESS for elastic demand.
    start
        Paths with flows to begin from.

    Raises
    ------
    DemandError
        A pair cannot be reached.

    Examples
    --------
    Pigou's example: all take the congested link, the optimum sends one half there.

    >>> from daliz.assignment import make_problem, user_equilibrium
    >>> pigou = make_problem(2, [0, 0], [1, 1], [[1, 1, 0, 1], [1e-9, 1, 1e9, 1]], [(0, 1, 1.0)])
    >>> user_equilibrium(pigou).volume.round(6)
    array([0., 1.])
    >>> user_equilibrium(pigou, marginal=True).volume.round(6)
    array([0.5, 0.5])
    """
    if passes < 1 or not 0 < gap < 1:
        raise DemandError(
            f"{passes} passes to a gap of {gap:g} cannot be run; give at least one pass and a gap "
            "between 0 and 1."
        )
    if excess is not None and (np.shape(excess) != (len(problem.demand), 4) or not np.isfinite(excess).all()):
        raise DemandError(
            f"The delays of excess demand must be finite numbers of shape ({len(problem.demand)}, "
            "4), one row a pair."
        )
    run = _Run(problem, threads, marginal, excess, start)
    if threads > 1 and run.large:
        with ThreadPoolExecutor(threads - 1) as run.pool:
            log = _iterate(run, gap, passes, start is None)
    else:
        log = _iterate(run, gap, passes, start is None)
    link = run.link[: run.graph_links]
    volume = np.maximum(link[:, columns.V], 0.0)
    if marginal:
        plain = np.ascontiguousarray(np.column_stack([volume, volume, volume]))
        columns.refresh_all(plain, problem.kind, problem.form, False)
        cost = plain[:, columns.T]
    else:
        cost = link[:, columns.T].copy()
    store = run.store()
    objective = columns.beckmann(run.link, run.kind, run.form, store.flow, store.toll)
    reached = log[-1][0] if log else 0.0
    return Equilibrium(problem, store, volume, cost, reached, gap, np.array(log).reshape(-1, 3), objective)


def _iterate(run: _Run, gap: float, passes: int, empty: bool) -> list[tuple[float, int, int]]:
    """Pass over the blocks until the exact gap is reached; return gap, columns added and sweeps by pass."""
    log: list[tuple[float, int, int]] = []
    if not len(run.problem.demand):
        return log
    guess = np.inf
    if empty:
        for blocks in run.rounds:
            run.renew(blocks, warm=False, fill=True, sweeps=1 if run.large else 0)
        _refuse_unreached(run)
    for n in range(passes):
        # what the blocks find at delays that move under them is a guess; at the end all look at the same
        # delays
        exact = guess <= gap or n == passes - 1
        found = [run.renew(b, warm=guess < WARM_FROM, sweeps=0 if exact else 2) for b in run.rounds]
        total, added = sum(f.total for f in found), sum(f.added for f in found)
        guess = max(sum(f.excess for f in found) / total, 0.0) if total > 0 else 0.0
        if exact and (guess <= gap or n == passes - 1):
            log.append((guess, added, 0))
            break
        log.append((guess, added, _equilibrate(run, guess, total, gap)))
        run.reload()
    return log


def _refuse_unreached(run: _Run) -> None:
    p = run.problem
    for block in run.blocks:
        lost = np.flatnonzero(np.diff(block.store.first) == 0)
        if len(lost):
            k = block.pairs.start + int(lost[0])
            raise DemandError(
                f"Demand row {p.rows[k] + 1} asks for {p.demand[k]:g} from node {p.origin[k]} to "
                f"node {p.target[k]}, but no way leads there. "
                "Add a link or take the row out."
            )


def _equilibrate(run: _Run, reached: float, total: float, gap: float) -> int:
    """Sweep over the pairs with several paths until little is left of the excess; return the number of sweeps."""
    if not any(len(b.several) for b in run.blocks):
        return 0
    left, floor, least, most = LARGE_EFFORT if run.large else SMALL_EFFORT
    wanted = max(reached * left, gap * floor) * total
    before = np.inf
    for n in range(1, most + 1):
        found = run.sweep(run.blocks)
        if n >= least and found <= wanted:
            return n
        if n % PATIENCE == 0:
            if found > GETS_NOWHERE * before:
                run.in_lanes = False
            before = found
    return most
