"""Assign a network of the literature, given as TNTP."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from daliz.cli.common import print_csv, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.assignment import Problem
    from daliz.formats import Tntp

METHODS = ("due", "so", "capacity")
PASSES = 200
GAPS = {"capacity": 1e-9}
GAP = 1e-10
NOTES = 5
"""Notes that are printed before the rest is counted."""


class Asked(NamedTuple):
    """What is to be assigned, and how: files, method, gap, costs of length and toll, threads, passes, ways out."""

    files: tuple[Path, Path]
    method: str
    gap: float
    per_length: float
    per_toll: float
    threads: int
    passes: int
    unreachable: str


class Answer(NamedTuple):
    """A flow, facts about the whole, columns by link beside the volume, and the pairs that are not served."""

    flow: Any
    facts: dict[str, Any]
    columns: dict[str, Any]


def refuse_with_tntp(options: list[str]) -> None:
    """Refuse options that ask something of a package."""
    from daliz.errors import DemandError

    if options:
        raise DemandError(
            f"{', '.join(options)} cannot be used with --tntp, which stands for a whole problem; "
            "leave out one or the other."
        )


def asked(
    files: tuple[Path, Path],
    method: str,
    gap: float | None,
    costs: tuple[float, float],
    effort: tuple[int, int | None],
    unreachable: str,
) -> Asked:
    """Check the options of a TNTP network; effort is threads and passes."""
    from daliz.errors import DemandError

    method = method or METHODS[0]
    if method not in METHODS:
        raise DemandError(
            f"A TNTP network cannot be assigned by {method!r}; the methods are due, so and capacity."
        )
    target, passes = GAPS.get(method, GAP) if gap is None else gap, PASSES if effort[1] is None else effort[1]
    if not 0 < target < 1 or effort[0] < 1 or passes < 1 or not all(0 <= c < float("inf") for c in costs):
        raise DemandError(
            f"A gap of {target:g}, {effort[0]} threads, {passes} passes and costs of {costs[0]:g} and {costs[1]:g} "
            "cannot be used; give a gap between 0 and 1, a thread and a pass at least "
            "and costs of 0 or more."
        )
    return Asked(files, method, target, *costs, effort[0], passes, unreachable)


def run_tntp(question: Asked, *, as_json: bool, as_csv: bool) -> None:
    """Assign a network and print what came of it; the exit code is 1 if the gap is not reached."""
    import numpy as np

    from daliz.formats import read_tntp

    t = read_tntp(*question.files)
    for note in t.notes[:NOTES]:
        typer.echo(f"Note: {note}", err=True)
    if len(t.notes) > NOTES:
        typer.echo(f"Note: {len(t.notes) - NOTES:,} more like these.", err=True)
    problem = _problem(t, question)
    flow, facts, columns = _answer(problem, question)
    rows = [
        {
            "from": int(problem.tail[a]) + 1,
            "to": int(problem.head[a]) + 1,
            "volume": float(flow.volume[a]),
            **{k: float(v[a]) for k, v in columns.items()},
        }
        for a in np.argsort(problem.names)
    ]
    if as_json:
        told = {
            "network": t.name,
            "method": question.method,
            "relative_gap": flow.gap,
            "converged": flow.converged,
        }
        print_json({**told, **facts, "unserved_pairs": _unserved(problem, flow), "links": rows})
    elif as_csv:
        print_csv(rows)
        typer.echo(repr(flow), err=True)
    else:
        typer.echo(repr(flow))
    if not flow.converged:
        raise typer.Exit(1)


def _problem(t: Tntp, question: Asked) -> Problem:
    """Make the problem of a TNTP network with the costs of length and toll."""
    import numpy as np

    from daliz.assignment import make_problem
    from daliz.errors import DemandError

    with np.errstate(over="ignore"):
        fixed = question.per_length * t.length + question.per_toll * t.toll
    if not np.isfinite(fixed).all():
        a = int(np.flatnonzero(~np.isfinite(fixed))[0])
        raise DemandError(
            f"The link {t.tail[a] + 1} to {t.head[a] + 1} of length {t.length[a]:g} and toll {t.toll[a]:g} costs "
            f"beyond all numbers at {question.per_length:g} a unit of length and "
            f"{question.per_toll:g} a unit of toll; give "
            "smaller costs."
        )
    problem = make_problem(
        t.nodes,
        (t.tail, t.head),
        np.column_stack([t.free_flow_time, t.capacity, t.b, t.power]),
        t.trips,
        fixed=fixed if fixed.any() else None,
        first_through=t.first_through,
    )
    return replace(problem, first_node=1, zones=t.zones)


def _answer(problem: Problem, question: Asked) -> Answer:
    """Solve a problem."""
    flow: Any
    method, target, way_out = question.method, question.gap, question.unreachable
    if method == "capacity":
        from daliz.assignment.link_capacity import capacity_flow

        flow = capacity_flow(problem, gap=target, rounds=question.passes, unreachable=way_out)
        served = {"served": float(flow.served.sum()), "unserved": float(flow.unserved.sum())}
        return Answer(flow, served | {"cost": flow.cost, "bound": flow.bound}, {"price": flow.price})
    from daliz.assignment import user_equilibrium

    flow = user_equilibrium(
        problem,
        gap=target,
        passes=question.passes,
        threads=question.threads,
        marginal=method == "so",
        unreachable=way_out,
    )
    least = flow.total_cost if method == "so" else flow.objective
    facts: dict[str, Any] = {
        "objective": least,
        "objective_is": "total cost" if method == "so" else "Beckmann value",
        "beckmann": flow.objective,
        "total_cost": flow.total_cost,
        "passes": len(flow.passes),
        "served": float(flow.served.sum()),
        "unserved": float(flow.unserved.sum()),
    }
    return Answer(flow, facts, {"cost": flow.cost})


def _unserved(problem: Problem, flow: Any) -> list[dict[str, Any]]:
    """List the pairs of which something is not served, most first, in the numbers of the file."""
    import numpy as np

    left = np.where(flow.unserved > 1e-9 * problem.demand, flow.unserved, 0.0)
    lost = set(flow.unreached.tolist())
    return [
        {
            "from": int(problem.origin[k]) + 1,
            "to": int(problem.target[k]) + 1,
            "unserved": float(left[k]),
            "why": "no way" if k in lost else "no room",
        }
        for k in np.argsort(-left, kind="stable").tolist()
        if left[k] > 0
    ]
