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
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.assignment.equilibrium import Equilibrium
from daliz.assignment.kernels import columns
from daliz.assignment.link_passes import Passes
from daliz.errors import DemandError

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.assignment.equilibrium import Store
    from daliz.assignment.problem import Problem

WARM_FROM = 2e-4
"""Relative gap below which trees are grown in the order of the last ones."""
PATIENCE = 10
"""Sweeps after which a large problem looks whether its lanes get on."""
GETS_NOWHERE = 0.9
"""Share of the excess of then that is left if they do not; the rest of the pass goes in order."""


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
    >>> pigou = make_problem(2, ([0, 0], [1, 1]), [[1, 1, 0, 1], [1e-9, 1, 1e9, 1]], [(0, 1, 1.0)])
    >>> user_equilibrium(pigou).volume.round(6)
    array([0., 1.])
    >>> user_equilibrium(pigou, marginal=True).volume.round(6)
    array([0.5, 0.5])
    """
    _check(problem, gap, passes, excess)
    run = Passes(problem, threads, marginal, excess, start)
    if threads > 1 and run.large:
        with ThreadPoolExecutor(threads - 1) as run.pool:
            log = _iterate(run, gap, passes, start is None)
    else:
        log = _iterate(run, gap, passes, start is None)
    volume, cost = _volume_and_cost(run)
    store = run.store()
    objective = columns.beckmann(run.link, run.kind, run.form, store.flow, store.toll)
    reached = log[-1][0] if log else 0.0
    return Equilibrium(problem, store, volume, cost, reached, gap, np.array(log).reshape(-1, 3), objective)


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


def _volume_and_cost(run: Passes) -> tuple[Floats, Floats]:
    """Return the volume of each link and its delay, which is not the marginal one."""
    link = run.link[: run.graph_links]
    volume = np.maximum(link[:, columns.V], 0.0)
    if not run.marginal:
        return volume, link[:, columns.T].copy()
    plain = np.ascontiguousarray(np.column_stack([volume, volume, volume]))
    columns.refresh_all(plain, run.problem.kind, run.problem.form, False)
    return volume, plain[:, columns.T]


def _iterate(run: Passes, gap: float, passes: int, empty: bool) -> list[tuple[float, int, int]]:
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


def _refuse_unreached(run: Passes) -> None:
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


def _equilibrate(run: Passes, reached: float, total: float, gap: float) -> int:
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
