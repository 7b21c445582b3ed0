"""Find the deterministic user equilibrium or the system optimum over paths.

Trees are grown block by block, each at the delays that the blocks before it leave; new shortest paths
become columns, and flow is shifted among the known paths of each pair by Gauss-Seidel projected Newton
steps [1]_ [2]_. Where these stall, every two paths of a pair are made equally dear by searches
(`kernels.pairwise`), and a small problem takes Newton steps over all pairs at once (`whole_step`). A run
stops on the exact relative gap (sum f c - sum q c_min) / sum f c at fixed volumes.

References
----------
.. [1] R. Jayakrishnan et al., A faster path-based algorithm for traffic assignment, TRR 1443, 1994.
.. [2] M. Florian, I. Constantin, D. Florian, A new look at projected gradient method, TRR 2090, 2009.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.assignment.equilibrium import Equilibrium
from daliz.assignment.kernels import columns
from daliz.assignment.link_passes import Passes
from daliz.assignment.reach import check_way_out, unreached_error
from daliz.errors import DemandError

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.assignment.equilibrium import Store
    from daliz.assignment.problem import Problem

WARM_FROM = 2e-4
"""Relative gap below which trees are grown in the order of the last ones."""
PATIENCE = 10
"""Sweeps after which it is looked whether they get on."""
GETS_NOWHERE = 0.9
"""Share of the excess of then that is left if they do not; what is left of the pass searches harder."""
LANES_GET_NOWHERE = 0.6
"""The same for sweeps in lanes, beside which those in order are at hand; links of very different kinds need them."""
HARDLY = 0.5
"""Share of the gap of the last pass that is left where steps towards the cheapest path bounce off steep delays."""
STRICTER = 0.1
"""Share of what is wanted of sweeps that is left with each pass that brings little."""


class _Effort(NamedTuple):
    """When sweeps end: shares left of the excess of new trees and of the target, the least and most sweeps."""

    left: float
    floor: float
    least: int
    most: int


SMALL_EFFORT = _Effort(0.02, 0.1, 1, 30)
LARGE_EFFORT = _Effort(0.005, 0.02, 15, 100)
"""Trees of a large problem take as long as many sweeps, so more of these are made between them."""


def user_equilibrium(
    problem: Problem,
    *,
    gap: float = 1e-10,
    passes: int = 200,
    threads: int = 1,
    marginal: bool = False,
    excess: Floats | None = None,
    start: Store | None = None,
    unreachable: str = "refuse",
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
    unreachable
        `refuse` pairs that have no way, or `drop` them: they are then unserved in the books.

    Raises
    ------
    DemandError
        A pair has no way, or a delay is beyond all numbers.

    Examples
    --------
    Pigou's example: all take the congested link, the optimum sends one half there.

    >>> from daliz.assignment import make_problem, user_equilibrium
    >>> pigou = make_problem(2, ([0, 0], [1, 1]), [[1, 1, 0, 1], [1e-9, 1, 1e9, 1]], [(0, 1, 1.0)])
    >>> user_equilibrium(pigou).volume.round(6)
    array([0., 1.])
    >>> user_equilibrium(pigou, marginal=True).volume.round(6)
    array([0.5, 0.5])
    """
    _check(problem, gap, passes, excess)
    check_way_out(unreachable)
    if start is not None:
        _check_start(problem, start)
    run = Passes(problem, threads, marginal, excess, start)
    if threads > 1 and run.large:
        with ThreadPoolExecutor(threads - 1) as run.pool:
            log = _iterate(run, gap, passes, drop=unreachable == "drop")
    else:
        log = _iterate(run, gap, passes, drop=unreachable == "drop")
    return _told(run, log, gap)


def _told(run: Passes, log: list[tuple[float, int, int]], gap: float) -> Equilibrium:
    """Return what a run has come to."""
    volume, cost = _volume_and_cost(run)
    store = run.store()
    objective = columns.beckmann(run.link, run.kind, run.form, store.flow, store.toll)
    reached = log[-1][0] if log else 0.0
    passes = np.array(log).reshape(-1, 3)
    return Equilibrium(run.problem, store, volume, cost, reached, gap, passes, objective, run.marginal)


def _check(problem: Problem, gap: float, passes: int, excess: Floats | None) -> None:
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


def _check_start(problem: Problem, start: Store) -> None:
    """Refuse paths that do not carry the demand of a problem."""
    pairs = len(problem.demand)
    fits = len(start.first) == pairs + 1 and int(start.links.max(initial=0)) < len(problem.tail) + pairs
    if fits:
        sent = np.bincount(np.repeat(np.arange(pairs), np.diff(start.first)), start.flow, pairs)
        some = np.diff(start.first) > 0
        fits = bool(np.allclose(sent[some], problem.demand[some], rtol=1e-6))
    if not fits:
        raise DemandError(
            "The paths to start from carry other demand than that of the problem, or use links that it does not "
            "have; begin from an equilibrium of the same links and demand, or without a start."
        )


def _beyond_error(run: Passes) -> DemandError:
    """Make the error that names a link whose delay is beyond all numbers."""
    p, link = run.problem, run.link[: run.graph_links]
    worst = int(np.argmax(np.where(np.isfinite(link[:, columns.T]), link[:, columns.T], np.inf)))
    empty, capacity, b, power = p.form[worst]
    return DemandError(
        f"{p.link(worst)}: its delay is beyond all numbers at a volume of {link[worst, columns.V]:.6g} (time when "
        f"empty {empty:g}, capacity {capacity:g}, b {b:g}, power {power:g}). Look for a capacity or a power in "
        "another unit."
    )


def _volume_and_cost(run: Passes) -> tuple[Floats, Floats]:
    """Return the volume of each link and its delay, which is not the marginal one."""
    link = run.link[: run.graph_links]
    volume = np.maximum(link[:, columns.V], 0.0)
    if not run.marginal:
        return volume, link[:, columns.T].copy()
    plain = np.ascontiguousarray(np.column_stack([volume, volume, volume]))
    columns.refresh_all(plain, run.problem.kind, run.problem.form, False)
    return volume, plain[:, columns.T]


def _iterate(run: Passes, gap: float, passes: int, *, drop: bool) -> list[tuple[float, int, int]]:
    """Pass over the blocks until the exact gap is reached; return gap, columns added and sweeps by pass."""
    log: list[tuple[float, int, int]] = []
    if not len(run.problem.demand):
        return log
    guess, before, stalls = np.inf, np.inf, 0
    if run.fresh:
        for blocks in run.rounds:
            run.renew(blocks, warm=False, fill=True, sweeps=1 if run.large else 0)
    lost = run.unreached()
    if len(lost) and not drop:
        raise unreached_error(run.problem, lost)
    for n in range(passes):
        # what the blocks find at delays that move under them is a guess; at the end all look at the same
        # delays
        exact = guess <= gap or n == passes - 1
        found = [run.renew(b, warm=guess < WARM_FROM, sweeps=0 if exact else 2) for b in run.rounds]
        total, added = sum(f.total for f in found), sum(f.added for f in found)
        if not np.isfinite(total):
            raise _beyond_error(run)
        guess = max(sum(f.excess for f in found) / total, 0.0) if total > 0 else 0.0
        if exact and (guess <= gap or n == passes - 1):
            log.append((guess, added, 0))
            break
        stalls = stalls + 1 if guess > HARDLY * before else 0
        if stalls and (
            run.steep
            or stalls > (3 if run.large else 1)
            or (not run.large and log[-1][2] == SMALL_EFFORT.most)
        ):
            run.search()
        before = guess
        log.append((guess, added, _equilibrate(run, guess, total, gap, stalls)))
        run.reload()
    return log


def _equilibrate(run: Passes, reached: float, total: float, gap: float, stalls: int) -> int:
    """Sweep over the pairs with several paths until little is left of the excess; return the number of sweeps."""
    if not any(len(b.several) for b in run.blocks):
        return 0
    left, floor, least, most = LARGE_EFFORT if run.large else SMALL_EFFORT
    wanted = max(reached * left, gap * floor) * total
    if stalls and run.searching:
        # pairs that undo each other's shifts find little to do, one after the other: sweep on
        least, wanted = min(least + stalls, most), wanted * STRICTER**stalls
    before = np.inf
    for n in range(1, most + 1):
        found = run.sweep(run.blocks)
        if n >= least and found <= wanted:
            break
        if n % PATIENCE == 0:
            nowhere = LANES_GET_NOWHERE if run.in_lanes else GETS_NOWHERE
            if found > nowhere * before and not run.search_harder() and not run.large:
                break
            before = found
    if run.searching and (stalls or found > wanted):
        run.step(wanted)
    return n
