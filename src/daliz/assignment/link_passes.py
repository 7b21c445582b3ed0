"""Carry the state of links and of known paths, block of trees by block, through the passes of an equilibrium."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from daliz.assignment.equilibrium import Store
from daliz.assignment.kernels import columns, pairwise
from daliz.assignment.problem import roots_of
from daliz.assignment.whole_step import MOST_PATHS, WholeStep
from daliz.paths.forest import Trees
from daliz.paths.kernels import trees
from daliz.paths.kernels.delays import BPR, EXCESS

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor

    from daliz.arrays import Bytes, Flags, Floats, Ints
    from daliz.assignment.problem import Problem

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

_T = TypeVar("_T")


class _Tally(NamedTuple):
    excess: float
    total: float
    added: int


class _Hand(NamedTuple):
    """Marks that one sweep leaves on links."""

    mark: Ints
    stamp: Ints


class _Block:
    """A share of the trees with their pairs and paths."""

    def __init__(self, low: int, high: int, first: int, last: int, store: Store) -> None:
        self.low, self.high = low, high
        self.pairs = slice(first, last)
        self.store = store
        self.several: Ints = np.zeros(0, np.int64)


class Passes:
    """State of links and blocks from pass to pass."""

    def __init__(
        self, problem: Problem, threads: int, marginal: bool, excess: Floats | None, start: Store | None
    ) -> None:
        self.problem, self.marginal, self.threads = problem, marginal, threads
        self.fresh = start is None
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
        self.trees = Trees.empty(self.root, problem.nodes)
        self.large = len(problem.demand) >= LARGE
        lanes = 2 if self.large else 0
        self.hands = [
            _Hand(np.zeros(len(kind), np.uint32), np.zeros(1, np.uint32)) for _ in range(max(lanes, 1))
        ]
        self.link = np.zeros((len(kind), 3))
        self.lanes = [np.empty_like(self.link) for _ in range(lanes)]
        self.in_lanes = self.large
        self.steep = bool(_rises_like_a_wall(kind, form).any())
        self.searching = self.steep and not self.large
        self.rest = np.zeros(len(kind))
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

    def unreached(self) -> Ints:
        """List the pairs without a path, which have no way once trees have grown."""
        lost = [np.flatnonzero(np.diff(b.store.first) == 0) + b.pairs.start for b in self.blocks]
        return np.concatenate([np.zeros(0, np.int64), *lost])

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
            *self.trees.arrays,
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
            self.trees.dist,
            self.trees.pred,
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
        if self.searching:
            total = sum(self._search(b) for b in blocks)
        elif not self.in_lanes:
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

    def search_harder(self) -> bool:
        """Leave lanes, or in a small problem steps to the cheapest path; return whether a harder way was left."""
        if self.in_lanes:
            self.in_lanes = False
        elif self.searching or self.large:
            return False
        else:
            self.search()
        return True

    def search(self) -> None:
        """Search along each shift from now on; a large problem without steep delays only till volumes are summed."""
        if not self.searching:
            self.searching = True
            self._sum_exactly()

    def _search(self, block: _Block) -> float:
        s = block.store
        return float(
            pairwise.sweep(
                block.several,
                s.first,
                s.begin,
                s.links,
                s.flow,
                s.toll,
                self.link,
                self.rest,
                self.kind,
                self.form,
                self.marginal,
                self.hands[0].mark,
                self.hands[0].stamp,
                self.worth,
            )
        )

    def reload(self) -> None:
        """Sum volumes from paths anew, so that no rounding piles up."""
        if self.searching and (self.steep or not self.large):
            self._sum_exactly()
            return
        volume = np.zeros(len(self.link))
        for block in self.blocks:
            s = block.store
            columns.load(volume, s.links, s.begin, s.flow)
        self.searching = False
        self.link[:, columns.V] = volume
        columns.refresh_all(self.link, self.kind, self.form, self.marginal)
        for lane in self.lanes:
            lane[:] = self.link
        self.in_lanes = self.large

    def _sum_exactly(self) -> None:
        self.link[:, columns.V] = self.rest[:] = 0.0
        for block in self.blocks:
            s = block.store
            pairwise.load(self.link, self.rest, s.links, s.begin, s.flow)
        columns.refresh_all(self.link, self.kind, self.form, self.marginal)

    def step(self, enough: float) -> None:
        """Take Newton steps over the paths of all pairs of a small problem, until the excess is no more than enough."""
        whole = self.store()
        if len(whole.flow) > MOST_PATHS:
            return
        step = WholeStep(whole, self.kind, self.form, marginal=self.marginal)
        whole.flow[:] = step.settled(whole.flow, enough)
        for block in self.blocks:
            block.store = whole.part(block.pairs.start, block.pairs.stop)

    def store(self) -> Store:
        """Join the paths of all blocks."""
        return Store.join([b.store for b in self.blocks])


def _rises_like_a_wall(kind: Bytes, form: Floats) -> Flags:
    """Find the links whose delay has no finite slope when they are empty."""
    return np.asarray(
        (kind == BPR) & (form[:, 0] > 0) & (form[:, 2] > 0) & (form[:, 3] > 0) & (form[:, 3] < 1)
    )
