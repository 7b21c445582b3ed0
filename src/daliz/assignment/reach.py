"""Say which pairs of a problem have no way, and why the largest of them has none."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DemandError

if TYPE_CHECKING:
    from daliz.arrays import Flags, Ints
    from daliz.assignment.problem import Problem

WAYS_OUT = ("refuse", "drop")
"""What may be done with pairs without a way."""


def check_way_out(unreachable: str) -> None:
    """Refuse a word that does not say what to do with pairs without a way.

    Raises
    ------
    DemandError
        If it is none of `WAYS_OUT`.
    """
    if unreachable not in WAYS_OUT:
        raise DemandError(
            f"Pairs without a way cannot be treated by {unreachable!r}; write refuse, or drop to leave them "
            "unserved in the books."
        )


def unreached_error(problem: Problem, lost: Ints) -> DemandError:
    """Make the error that counts the pairs without a way, names the largest and says why it has none.

    Parameters
    ----------
    problem
        Links and demand.
    lost
        int64 array of the pairs without a way, one at least.
    """
    k = int(lost[np.argmax(problem.demand[lost])])
    ends = f"{problem.node(problem.origin[k])} to {problem.node(problem.target[k])}"
    asked = float(problem.demand[lost].sum())
    if len(lost) == 1:
        found = f"1 of {len(problem.demand):,} pairs cannot be served: {ends}"
        found += f", which asks for {problem.demand[k]:,.6g} of {problem.demand.sum():,.6g}"
    else:
        found = (
            f"{len(lost):,} of {len(problem.demand):,} pairs cannot be served, which ask for {asked:,.6g} of "
        )
        found += f"{problem.demand.sum():,.6g}. The largest is {ends} with {problem.demand[k]:,.6g}"
    return DemandError(
        f"{found}: {_cause(problem, k)}. Mend the links, take such pairs out, or leave them unserved in the books "
        "with unreachable='drop' (--unreachable drop)."
    )


def _cause(problem: Problem, k: int) -> str:
    """Say why a pair has no way: the first cause without which it would have one."""
    p, origin, target = problem, int(problem.origin[k]), int(problem.target[k])
    every = np.ones(len(p.tail), np.bool_)
    usable = np.isfinite(p.fixed[p.group[k]])
    barred = np.arange(p.nodes) < p.first_through
    passed = _passed(p, origin, target, usable, np.ones(p.nodes, np.bool_))
    if passed is not None:
        return _barred(p, (origin, target), usable, [n for n in passed if barred[n]])
    if _passed(p, origin, target, every, ~barred) is not None:
        return f"each way uses a link that is closed to class {p.group[k]}"
    if not (p.tail == origin).any():
        return f"no link leaves {p.node(origin)}"
    if not (p.head == target).any():
        return f"no link enters {p.node(target)}"
    back = _passed(p, target, origin, every, ~barred)
    if back is not None:
        return "the links lead only the other way"
    return f"the links that leave {p.node(origin)} never come to those that enter {p.node(target)}"


def _barred(problem: Problem, ends: tuple[int, int], usable: Flags, on_way: list[int]) -> str:
    """Say which nodes that cannot be passed stand in the way."""
    names = " and ".join(problem.node(n) for n in on_way)
    rule = "FIRST THRU NODE" if problem.zones else "first_through"
    limit = f"below {rule} {problem.first_through + problem.first_node}"
    without = np.ones(problem.nodes, np.bool_)
    without[on_way] = False
    if _passed(problem, *ends, usable, without) is None:
        return f"the only way passes {names}, {limit}"
    return f"each way passes nodes {limit}; the shortest passes {names}"


def _passed(problem: Problem, origin: int, target: int, usable: Flags, may_pass: Flags) -> list[int] | None:
    """Find the nodes between two that a way with the fewest links passes, or None where there is no way."""
    start, came = problem.start, np.full(problem.nodes, -1)
    waiting = deque([origin])
    came[origin] = origin
    while waiting and came[target] < 0:
        node = waiting.popleft()
        if node != origin and not may_pass[node]:
            continue
        for a in range(int(start[node]), int(start[node + 1])):
            head = int(problem.head[a])
            if usable[a] and came[head] < 0:
                came[head] = node
                waiting.append(head)
    if came[target] < 0:
        return None
    found = []
    node = int(came[target])
    while node != origin:
        found.append(node)
        node = int(came[node])
    return found[::-1]
