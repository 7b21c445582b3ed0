"""Measure Daliz and its peers on the same work in one run, by CPU and wall time.

    python bench/run.py

prints Markdown tables, which `make bench` puts into docs/performance.md.
"""

from __future__ import annotations

import importlib.metadata
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

BIN = Path(sys.executable).parent
ROUNDS = 5


def timed(work: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Measure the median CPU and wall milliseconds of some work."""
    cpu, wall = [], []
    for _ in range(rounds):
        a, b = time.process_time(), time.perf_counter()
        work()
        cpu.append((time.process_time() - a) * 1000)
        wall.append((time.perf_counter() - b) * 1000)
    return statistics.median(cpu), statistics.median(wall)


def command_cpu(*words: str) -> float:
    """Measure the median CPU seconds of a whole command, children included."""
    import resource

    spent = []
    for _ in range(ROUNDS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(spent)


def routes_table() -> None:
    """Measure routes in process."""
    import daliz

    network = daliz.open("eurasia")
    pairs = [(p["origin"], p["destination"]) for p in network.store["pairs"].rows()]
    daliz.routes(network, *pairs[0])
    print(
        "\n| routes in process, k = 5, twelve pairs | median CPU ms | median wall ms | slowest CPU "
        "ms |\n|---|---|---|---|"
    )
    for label, search in (
        ("with Pareto set", daliz.Search(draws=0)),
        ("with Pareto set and 10,000 draws", daliz.Search(draws=10_000)),
        ("alternatives alone", daliz.Search(draws=0, pareto=False)),
    ):
        spent = [
            timed(lambda o=o, d=d, search=search: daliz.routes(network, o, d, search=search), ROUNDS)
            for o, d in pairs
        ]
        print(
            f"| {label} | {statistics.median(s[0] for s in spent):.1f} | "
            f"{statistics.median(s[1] for s in spent):.1f} | {max(s[0] for s in spent):.1f} |"
        )


def command_table() -> None:
    """Measure whole commands."""
    print("\n| command | median CPU s |\n|---|---|")
    print(f"| python -c 'import daliz' | {command_cpu(sys.executable, '-c', 'import daliz'):.2f} |")
    print(f"| python -c pass | {command_cpu(sys.executable, '-c', 'pass'):.2f} |")
    print(
        "| daliz routes Xi'an Duisburg | "
        f"{command_cpu(str(BIN / 'daliz'), 'routes', 'xian', 'duisburg'):.2f} |"
    )
    print(f"| daliz check eurasia | {command_cpu(str(BIN / 'daliz'), 'check', 'eurasia'):.2f} |")


def peers_table() -> None:
    """Measure shortest paths by hours over the same arcs beside networkx and scgraph."""
    import networkx as nx

    import daliz
    from daliz.graph import build_graph
    from daliz.routing.layers import Layers, shortest
    from daliz.routing.query import make_query

    network = daliz.open("eurasia")
    graph = build_graph(network)
    costs = graph.costs("container-40")
    usable = np.flatnonzero(costs.admitted)
    best: dict[tuple[int, int], float] = {}
    for a in usable:
        ends = (int(graph.tail[a]), int(graph.head[a]))
        best[ends] = min(best.get(ends, np.inf), max(float(costs.hours[a]), 1e-9))
    other = nx.DiGraph()
    other.add_weighted_edges_from((t, h, w) for (t, h), w in best.items())
    lists: list[dict[int, float]] = [{} for _ in graph.states]
    for (t, h), w in best.items():
        lists[t][h] = w
    pairs = [(p["origin"], p["destination"]) for p in network.store["pairs"].rows()]
    queries = [make_query(network, o, d) for o, d in pairs]
    ready = [(q, Layers(q)) for q in queries]
    print("\n| shortest way by hours, twelve pairs, same arcs | CPU ms | ratio to daliz |\n|---|---|---|")
    own, _ = timed(lambda: [shortest(layers, q.costs.hours) for q, layers in ready], ROUNDS)
    print(f"| daliz (search alone) | {own:.1f} | 1 |")
    theirs, _ = timed(lambda: [nx.dijkstra_path(other, q.start, q.goal) for q in queries], ROUNDS)
    print(f"| networkx {importlib.metadata.version('networkx')} | {theirs:.1f} | {theirs / own:.1f} |")
    try:
        from scgraph import Graph as Scgraph
    except ImportError as error:
        print(f"| scgraph | not run: {error} | |")
    else:
        version = importlib.metadata.version("scgraph")
        engine = Scgraph(lists) if isinstance(Scgraph, type) else Scgraph
        theirs, _ = timed(
            lambda: [engine.dijkstra(origin_id=q.start, destination_id=q.goal) for q in queries], ROUNDS
        )
        print(f"| scgraph {version} | {theirs:.1f} | {theirs / own:.1f} |")


def sea_table() -> None:
    """Compare sea distances and times of asking with searoute."""
    import searoute

    import daliz

    network = daliz.open("eurasia", year=2021)
    nodes = network.table("nodes")
    print(
        "\n| sea way, 2021 | daliz km | searoute km | daliz CPU ms (routes, k = 1) | searoute CPU ms "
        "|\n|---|---|---|---|---|"
    )
    for origin, destination in (("shanghai", "rotterdam"), ("poti", "constanta"), ("aktau", "alat")):
        ends = [[float(nodes.row(n)["lon"]), float(nodes.row(n)["lat"])] for n in (origin, destination)]

        def ask(o: str = origin, d: str = destination) -> daliz.Routes:
            sea_alone = daliz.Shipment(avoid=("mode:rail", "mode:road", "mode:air"))
            return daliz.routes(network, o, d, sea_alone, k=1, search=daliz.Search(draws=0, pareto=False))

        mine, _ = timed(ask, ROUNDS)
        theirs, _ = timed(lambda ends=ends: searoute.searoute(*ends), ROUNDS)
        km = searoute.searoute(*ends)["properties"]["length"]
        print(f"| {origin} - {destination} | {ask()[0].km:,.0f} | {km:,.0f} | {mine:.1f} | {theirs:.1f} |")


def dependencies_table() -> None:
    """Show what each package of the core environment weighs."""
    earns = {
        "numpy": "arrays everywhere",
        "scipy": "shortest paths",
        "pandas": "tables for users",
        "typer": "command line",
        "rich": "tables in the terminal",
    }
    print("\n| core dependency | MB installed | what it earns |\n|---|---|---|")
    for name, why in earns.items():
        files = importlib.metadata.files(name) or []
        size = sum(Path(str(f.locate())).stat().st_size for f in files if Path(str(f.locate())).is_file())
        print(f"| {name} {importlib.metadata.version(name)} | {size / 1e6:.0f} | {why} |")


if __name__ == "__main__":
    for part in (routes_table, command_table, peers_table, sea_table, dependencies_table):
        part()
