"""Measure assignment beside its peers on the same networks in one run, by CPU and wall time.

    make bench TNTP=folder-of-networks

The folder holds NAME_net.tntp and NAME_trips.tntp of the Transportation Networks for Research collection,
which is for academic use and not shipped; without it only made networks are measured.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

os.environ.setdefault("AEQ_SHOW_PROGRESS", "FALSE")

import numpy as np

from daliz.assignment import Problem, link_passes, make_problem, user_equilibrium
from daliz.formats import Tntp, read_tntp

if TYPE_CHECKING:
    from collections.abc import Callable

GAPS = (1e-4, 1e-6, 1e-8, 1e-10)
NAMES = ("SiouxFalls", "Anaheim", "Winnipeg", "ChicagoSketch")
PATIENCE_S = 120.0
"""Seconds after which a peer is given no smaller gap."""


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Measure CPU and wall seconds of some work, and return what it gave."""
    gc.collect()
    cpu, wall = time.process_time(), time.perf_counter()
    found = work()
    return time.process_time() - cpu, time.perf_counter() - wall, found


def problem_of(t: Tntp, per_length: float = 0.0) -> Problem:
    """Make the problem of a TNTP network."""
    form = np.column_stack([t.free_flow_time, t.capacity, t.b, t.power])
    return make_problem(
        t.nodes,
        (t.tail, t.head),
        form,
        t.trips,
        fixed=per_length * t.length if per_length else None,
        first_through=t.first_through,
    )


def by_pytraf(t: Tntp, gap: float) -> float:
    """Assign with pytraf on one thread and return its gap."""
    import pytraf

    # it refuses exponents of 0, which are constant times
    still = t.power == 0
    time_0, b, power = (
        t.free_flow_time * np.where(still, 1 + t.b, 1.0),
        np.where(still, 0.0, t.b),
        np.where(still, 4.0, t.power),
    )
    network = pytraf.Network(
        t.nodes,
        t.tail,
        t.head,
        time_0,
        t.capacity,
        b,
        power,
        np.arange(t.nodes) < t.first_through,
        allow_u_turns=True,
    )
    trips = t.trips[t.trips[:, 0] != t.trips[:, 1]]
    demand = pytraf.Demand(
        t.nodes, trips[:, 0].astype(np.int64), trips[:, 1].astype(np.int64), np.ascontiguousarray(trips[:, 2])
    )
    return float(network.assign(demand, gap=gap, max_iter=2000, threads=1).relative_gap)


def by_aequilibrae(t: Tntp, gap: float) -> float:
    """Assign with the biconjugate Frank-Wolfe of AequilibraE on one core and return its gap."""
    import pandas as pd
    from aequilibrae.matrix import AequilibraeMatrix
    from aequilibrae.paths import Graph, TrafficAssignment, TrafficClass

    frame = pd.DataFrame(
        {
            "link_id": np.arange(1, len(t.tail) + 1),
            "a_node": t.tail + 1,
            "b_node": t.head + 1,
            "direction": np.ones(len(t.tail), np.int8),
            "id": np.arange(1, len(t.tail) + 1),
            "capacity": t.capacity,
            "fft": np.maximum(t.free_flow_time, 1e-6),
            "b": t.b,
            "power": np.maximum(t.power, 1.0),
        }
    )
    zones = np.arange(1, t.zones + 1)
    graph = Graph()
    graph.network = frame
    graph.prepare_graph(zones)
    graph.set_graph("fft")
    graph.set_skimming([])
    graph.set_blocked_centroid_flows(t.first_through > 1)
    matrix = AequilibraeMatrix()
    matrix.create_empty(zones=t.zones, matrix_names=["cars"], memory_only=True)
    matrix.index[:] = zones
    table = np.zeros((t.zones, t.zones))
    np.add.at(table, (t.trips[:, 0].astype(int), t.trips[:, 1].astype(int)), t.trips[:, 2])
    matrix.matrices[:, :, 0] = table
    matrix.computational_view(["cars"])
    run = TrafficAssignment()
    run.set_classes([TrafficClass("cars", graph, matrix)])
    run.set_vdf("BPR")
    run.set_vdf_parameters({"alpha": "b", "beta": "power"})
    run.set_capacity_field("capacity")
    run.set_time_field("fft")
    run.set_cores(1)
    run.set_algorithm("bfw")
    run.max_iter, run.rgap_target = 3000, gap
    run.execute(log_specification=False)
    return float(run.assignment.rgap)


def peers_table(folder: Path, gaps_of_peers: tuple[float, ...]) -> None:
    """Compare with pytraf and AequilibraE to several gaps; tolls left out, since pytraf has none."""
    print(
        "\n| network, time only | gap | daliz CPU s | wall s | pytraf CPU s | ratio | AequilibraE "
        "bfw CPU s | ratio |\n|---|---|---|---|---|---|---|---|"
    )
    for name in NAMES:
        t = read_tntp(folder / f"{name}_net.tntp", folder / f"{name}_trips.tntp")
        problem = problem_of(t)
        slow = {"pytraf": False, "aequilibrae": False}
        for gap in GAPS:
            runs = [
                timed(lambda problem=problem, gap=gap: user_equilibrium(problem, gap=gap)) for _ in range(3)
            ]
            cpu, wall, _ = min(runs, key=lambda r: r[0])
            cells = []
            for peer, work in (("pytraf", by_pytraf), ("aequilibrae", by_aequilibrae)):
                if slow[peer] or (peer == "aequilibrae" and gap not in gaps_of_peers):
                    cells += ["–", "–"]
                    continue
                try:
                    spent, other_wall, reached = timed(lambda work=work, t=t, gap=gap: work(t, gap))
                except Exception as error:  # noqa: BLE001
                    cells += [type(error).__name__, "–"]
                    slow[peer] = True
                    continue
                slow[peer] = other_wall > PATIENCE_S or reached > gap
                cells += [
                    f"{spent:.3f}" if reached <= gap else f"{spent:.1f} (stops at {reached:.1e})",
                    f"{spent / cpu:.1f}",
                ]
            print(f"| {name} | {gap:g} | {cpu:.4f} | {wall:.4f} | {' | '.join(cells)} |", flush=True)


def objectives_table(folder: Path) -> None:
    """Show the objectives at a gap of 1e-12."""
    print("\n| network | objective at a gap of 1e-12 | gap reached | CPU s | paths |\n|---|---|---|---|---|")
    for name in ("Braess", *NAMES):
        t = read_tntp(folder / f"{name}_net.tntp", folder / f"{name}_trips.tntp")
        problem = problem_of(t, 0.04 if name == "ChicagoSketch" else 0.0)
        cpu, _, flow = min(
            (timed(lambda problem=problem: user_equilibrium(problem, gap=1e-12)) for _ in range(3)),
            key=lambda r: r[0],
        )
        print(
            f"| {name} | {flow.objective:,.3f} | {flow.gap:.1e} | {cpu:.4f} | {len(flow.store.flow):,} |",
            flush=True,
        )


def made_network(
    zones: int = 1000,
    width: int = 100,
    height: int = 75,
    per_zone: int = 100,
    trips: float = 150_000.0,
    classes: int = 1,
    seed: int = 0,
) -> Problem:
    """Make a grid of streets, one in five fast, with trips from each zone to some others."""
    rng = np.random.default_rng(seed)
    nodes = width * height
    at = np.arange(nodes).reshape(height, width)
    pairs = np.concatenate(
        [np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()]), np.stack([at[:-1].ravel(), at[1:].ravel()])],
        axis=1,
    )
    tail, head = np.concatenate([pairs[0], pairs[1]]), np.concatenate([pairs[1], pairs[0]])
    fast = np.tile(rng.random(pairs.shape[1]) < 0.2, 2)
    time_h = np.tile(rng.uniform(1, 3, pairs.shape[1]), 2) * np.where(fast, 0.5, 1.0)
    form = np.column_stack(
        [time_h, np.where(fast, 4000.0, 1500.0), np.full(len(tail), 0.15), np.full(len(tail), 4.0)]
    )
    places = rng.choice(nodes, zones, replace=False)
    rows, group = [], []
    for c in range(classes):
        for i in range(zones):
            others = rng.choice(np.delete(np.arange(zones), i), min(per_zone, zones - 1), replace=False)
            rows.append(
                np.column_stack(
                    [np.full(len(others), places[i]), places[others], rng.uniform(0.2, 1.8, len(others))]
                )
            )
            group.append(np.full(len(others), c))
    demand = np.concatenate(rows)
    demand[:, 2] *= trips / demand[:, 2].sum()
    fixed = np.stack([c * 0.1 * time_h for c in range(classes)])
    return make_problem(nodes, (tail, head), form, demand, fixed=fixed, group=np.concatenate(group))


def made_table() -> None:
    """Measure a made network of about 30,000 links and 1,000 zones on one and two threads."""
    problem = made_network()
    print(
        f"\n| made network: {len(problem.tail):,} links, 1,000 zones, {len(problem.demand):,} pairs "
        "| gap | CPU s | wall s | passes |\n|---|---|---|---|---|"
    )
    walls, volumes = [], []
    for threads in (1, 2):
        cpu, wall, flow = timed(lambda threads=threads: user_equilibrium(problem, gap=1e-10, threads=threads))
        print(
            (
                f"| {threads} thread{'s' if threads > 1 else ''} | {flow.gap:.1e} | {cpu:.1f} | "
                f"{wall:.1f} | {len(flow.passes)} |"
            ),
            flush=True,
        )
        walls.append(wall)
        volumes.append(flow.volume)
    print(
        f"\nTwo threads are {walls[0] / walls[1]:.2f} times as fast as one; volumes are "
        f"{'the same to the last bit' if np.array_equal(*volumes) else 'NOT the same'}."
    )


def with_powers(problem: Problem, kind: str) -> Problem:
    """Give the links of a problem delays of another kind, by chance or by direction."""
    rng = np.random.default_rng(1)
    form, ahead = problem.form.copy(), problem.tail < problem.head
    if kind == "powers 1 to 8":
        form[:, 3] = rng.choice([1, 2, 4, 6, 8], len(form))
        form[:, 2] = rng.choice([0.15, 0.5, 1.0], len(form))
    elif kind == "power 8 there, 1 back":
        form[:, 3], form[:, 2] = np.where(ahead, 8, 1), np.where(ahead, 0.15, 2.0)
        form[:, 1] *= np.where(ahead, 1.0, 0.3)
    elif kind == "power 8 there, 0.5 back":
        form[:, 3], form[:, 2] = np.where(ahead, 8, 0.5), np.where(ahead, 1.0, 2.0)
        form[:, 0] *= np.where(ahead, 1.0, 3.0)
    elif kind == "powers 0.3 to 8":
        form[:, 3] = rng.choice([0.3, 0.5, 0.8, 1, 2, 4, 8], len(form))
        form[:, 2] = rng.choice([0.15, 0.5, 1.0], len(form))
    return replace(problem, form=form)


def kinds_table() -> None:
    """Measure networks of 2,000 links with delays of several kinds, swept in lanes and in order."""
    print(
        "\n| 2,008 links, 60,000 pairs, to 1e-10 | CPU s in lanes | CPU s in order | gap |\n|---|---|---|---|"
    )
    made = made_network(300, 25, 21, 200, 90_000.0)
    for kind in (
        "power 4",
        "powers 1 to 8",
        "power 8 there, 1 back",
        "power 8 there, 0.5 back",
        "powers 0.3 to 8",
    ):
        problem = with_powers(made, kind)
        lanes = timed(lambda problem=problem: user_equilibrium(problem))
        never = property(lambda _: False, lambda *_: None)
        with mock.patch.object(link_passes.Passes, "in_lanes", never, create=True):
            order = timed(lambda problem=problem: user_equilibrium(problem))
        print(
            f"| {kind} | {lanes[0]:.2f} | {order[0]:.2f} | {max(lanes[2].gap, order[2].gap):.1e} |",
            flush=True,
        )


def growth_table() -> None:
    """Show how time and memory grow with zones, links and classes, with fitted exponents."""
    print("\n| links | zones | classes | pairs | CPU s to 1e-6 | MB of paths |\n|---|---|---|---|---|---|")
    points = []
    cases = [
        (100, 20, 20, 1),
        (200, 20, 20, 1),
        (400, 20, 20, 1),
        (200, 40, 40, 1),
        (200, 80, 80, 1),
        (200, 20, 20, 2),
        (200, 20, 20, 4),
    ]
    for zones, width, height, classes in cases:
        problem = made_network(zones, width, height, 50, 75.0 * zones, classes)
        cpu, _, flow = timed(lambda problem=problem: user_equilibrium(problem, gap=1e-6, passes=400))
        s = flow.store
        size = sum(x.nbytes for x in (s.first, s.begin, s.links, s.flow, s.toll)) / 1e6
        points.append((len(problem.tail), zones, classes, cpu, size))
        print(
            (
                f"| {len(problem.tail):,} | {zones} | {classes} | {len(problem.demand):,} | "
                f"{cpu:.2f}{'' if flow.converged else ' (not converged)'} | {size:.1f} |"
            ),
            flush=True,
        )
    logs = np.log(np.array(points))
    design = np.column_stack([np.ones(len(points)), logs[:, :3]])
    for column, what in ((3, "CPU"), (4, "memory of paths")):
        power = np.linalg.lstsq(design, logs[:, column], rcond=None)[0][1:]
        print(f"\n{what} grows like links^{power[0]:.1f} zones^{power[1]:.1f} classes^{power[2]:.1f}.")


def eurasia_table() -> None:
    """Measure the embedded package."""
    import daliz

    print("\n| eurasia 2024 | CPU s | wall s | certificate |\n|---|---|---|---|")
    network = daliz.open("eurasia", year=2024)
    first = timed(lambda: daliz.assign(network))
    again = timed(lambda: daliz.assign(network))
    warm = timed(lambda: daliz.assign(network, values={"scale": 0.001}, start=again[2]))
    for label, (cpu, wall, flow) in (
        ("logit, graph and compiled loops loaded too", first),
        ("logit", again),
        ("logit, warm after one change", warm),
    ):
        print(
            f"| {label} | {cpu:.2f} | {wall:.2f} | residual {flow.certificate['residual']:.1e} |", flush=True
        )
    for method in ("user", "system", "capacity"):
        cpu, wall, flow = timed(lambda method=method: daliz.assign(network, method=method))
        print(
            f"| {method} | {cpu:.1f} | {wall:.1f} | gap {flow.certificate['relative gap']:.1e} |", flush=True
        )


def start_table() -> None:
    """Measure the first call ever, compiled loops made anew, and a later process."""
    import tempfile

    code = (
        "from daliz.assignment import make_problem, user_equilibrium as u; u(make_problem(2, ([0], [1]), "
        "[[1, 1, 0, 1]], [(0, 1, 1.0)]))"
    )
    print("\n| start to first result | CPU s | wall s |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as cache:
        for label in ("first call ever, compile included", "later process"):
            before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(
                [sys.executable, "-c", code], check=True, env=os.environ | {"NUMBA_CACHE_DIR": cache}
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"| {label} | {spent:.1f} | {time.perf_counter() - wall:.1f} |", flush=True)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tntp", type=Path, help="Folder of TNTP networks.")
    parser.add_argument(
        "--peer-gaps", type=float, nargs="*", default=[1e-4, 1e-6], help="Gaps that AequilibraE is asked for."
    )
    asked = parser.parse_args()
    start_table()
    if asked.tntp:
        objectives_table(asked.tntp)
        peers_table(asked.tntp, tuple(asked.peer_gaps))
    eurasia_table()
    made_table()
    kinds_table()
    growth_table()


if __name__ == "__main__":
    main()
