"""Measure chains: every embedded one, the sweep without each country, and a made one of 2,000 facilities.

Usage: python bench/chains.py [facilities]
"""

from __future__ import annotations

import resource
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import coo_array, csr_array

import daliz
from daliz.graph import build_graph
from daliz.supplychain.column_generation import Trade, Wide, least_costs, plan_wide
from daliz.supplychain.programme import Limits, Moves, Programme, Sales, Works

if TYPE_CHECKING:
    from collections.abc import Callable

STAGES, KINDS, NODES = 5, 4, 5000
"""Stages, commodities that each makes (20 in all), places."""
PENALTY = 1e5


def embedded() -> None:
    """Print seconds for each chain of the package, first and again, with the sweep without each country."""
    network = daliz.open("eurasia", year=2024)
    build_graph(network, None)
    daliz.supply(network, "rhenium")  # loads the libraries
    print("| chain | first plan, s | again, s | without each country in turn, s | countries | gap |")
    print("|---|---|---|---|---|---|")
    for name in daliz.supplychain.chains(network):
        times = []
        for _ in range(2):
            start = time.perf_counter()
            plan = daliz.supply(network, name)
            times.append(time.perf_counter() - start)
        start = time.perf_counter()
        rows = daliz.without_each(plan)
        print(
            f"| {name} | {times[0]:.2f} | {times[1]:.2f} | {time.perf_counter() - start:.2f} | "
            f"{len(rows)} | {plan.certificate()['gap']:.1g} |"
        )


def _recipes(
    rng: np.random.Generator, stage: np.ndarray, stock: Callable[[int, int], int]
) -> tuple[list[tuple[int, int, float]], list[float], list[float]]:
    """Draw two recipes of each plant: (stock, recipe, amount), costs and capacities."""
    entries, price, capacity = [], [], []
    for f in range(len(stage)):
        for kind in rng.choice(KINDS, 2, replace=False):
            k = len(price)
            parts = {(f, int(stage[f] * KINDS + kind)): 1.0}
            if stage[f]:
                for other in rng.choice(KINDS, 2, replace=False):
                    parts[f, int((stage[f] - 1) * KINDS + other)] = -float(rng.uniform(0.6, 1.2))
            entries += [(stock(place, c), k, amount) for (place, c), amount in parts.items()]
            price.append(float(rng.uniform(5, 50)))
            capacity.append(float(rng.uniform(50, 150)) * 3.0 ** (STAGES - 1 - stage[f]))
    return entries, price, capacity


def made(facilities: int, seed: int = 1) -> tuple[Programme, dict[str, Any]]:
    """Make a chain of plants in five stages.

    Each has two recipes that turn two commodities of the stage before into one of its own.
    """
    rng = np.random.default_rng(seed)
    xy = rng.random((NODES, 2)) * 1000
    from scipy.spatial import cKDTree

    near = cKDTree(xy).query(xy, k=5)[1][:, 1:]
    tail, head = np.repeat(np.arange(NODES), 4), near.ravel()
    tail, head = np.concatenate([tail, head]), np.concatenate([head, tail])
    cost = np.hypot(*(xy[tail] - xy[head]).T) * rng.uniform(0.8, 1.4, len(tail))
    stage = np.arange(facilities) % STAGES
    node = rng.integers(0, NODES, facilities)
    stocks: dict[tuple[int, int], int] = {}

    def stock(place: int, kind: int) -> int:
        return stocks.setdefault((place, kind), len(stocks))

    entries, price, capacity = _recipes(rng, stage, stock)
    markets = facilities // 10
    places = [(facilities + m, int((STAGES - 1) * KINDS + m % KINDS)) for m in range(markets)]
    sold = np.array([stock(*p) for p in places])
    demand = rng.uniform(50, 150, markets)
    node = np.concatenate([node, rng.integers(0, NODES, markets)])
    rows, columns, values = zip(*entries, strict=True)
    parts = coo_array((values, (rows, columns)), shape=(len(stocks), len(price))).tocsc()
    none = np.zeros(0)
    empty = Moves(np.zeros(0, np.int64), np.zeros(0, np.int64), none, none, csr_array((0, 0)))
    programme = Programme(
        tuple(f"{a}:{b}" for a, b in stocks),
        np.zeros(len(stocks)),
        Works(np.array(price), np.array(capacity), parts, np.full(len(price), -1)),
        empty,
        Sales(sold, demand, np.full(markets, PENALTY)),
        Limits(none, none, none),
        (),
        none,
    )
    return programme, {
        "nodes": NODES,
        "tail": tail,
        "head": head,
        "cost": cost,
        "node": node,
        "stocks": stocks,
        "stage": stage,
        "facilities": facilities,
    }


def wide(facilities: int) -> Wide:
    """Plan the made chain and print how long it took."""
    programme, net = made(facilities)
    begin = time.perf_counter(), time.process_time()
    place = np.array([p for p, _ in net["stocks"]])
    kind = np.array([c for _, c in net["stocks"]])
    count = net["facilities"]
    stage = np.concatenate([net["stage"], np.full(len(net["node"]) - count, STAGES)])
    trades = []
    for c in range(STAGES * KINDS):
        mine = np.flatnonzero(kind == c)
        makers = mine[(place[mine] < count) & (stage[place[mine]] == c // KINDS)]
        takers = mine[stage[place[mine]] != c // KINDS]
        cost = least_costs(
            net["nodes"],
            net["tail"],
            net["head"],
            net["cost"],
            net["node"][place[makers]],
            net["node"][place[takers]],
        )
        trades.append(Trade(makers, takers, cost))
    paths = time.perf_counter() - begin[0]
    answer = plan_wide(programme, trades)
    wall, cpu = time.perf_counter() - begin[0], time.process_time() - begin[1]
    pairs = sum(t.cost.size for t in trades)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"\nA made chain of {facilities:,} facilities, {STAGES * KINDS} commodities and {STAGES} "
        f"stages on {NODES:,} places with {pairs:,} possible moves: {wall:.1f} s wall, {cpu:.1f} s "
        "CPU"
    )
    print(
        f"(least costs {paths:.1f} s), {memory:.1f} GB at most, gap {answer.gap:.1e} against all "
        f"moves; {1 - answer.plan.sales.sum() / programme.sales.most.sum():.2%} of demand unmet."
    )
    return answer


if __name__ == "__main__":
    embedded()
    wide(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
