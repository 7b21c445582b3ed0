"""Compare answers for small made-up networks with slow ones of a few lines: all ways, linear programmes, arithmetic."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linprog

import daliz
from daliz.assignment import make_problem, user_equilibrium
from daliz.assignment.link_capacity import capacity_flow
from daliz.supplychain.chain import chain_from_tables
from questions import routes_of
from small_chains import CHAIN, names, place_network
from small_networks import Link, road_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


HOUR_USD, HANDLING_USD, HANDLING_HOURS, HANDLING_KG, PAYLOAD_T = 20.0, 10.0, 3.0, 2.0, 20.0
"""Of `road_network`: the value of an hour, and what a terminal takes of a container."""
SAME = 1e-9
EQUAL = 1e-7
STEPS = 20
"""Parts of a market's demand, of which each weighs more when unmet."""


def simple_ways(ends: Sequence[tuple[int, int]], start: int, goal: int, *, both: bool) -> Iterator[list[int]]:
    """Find every way of links that passes no place twice, by trying all."""

    def on(place: int, links: list[int], seen: frozenset[int]) -> Iterator[list[int]]:
        if place == goal:
            yield links
            return
        for i, (a, b) in enumerate(ends):
            for here, there in ((a, b), (b, a))[: 1 + both]:
                if here == place and there not in seen:
                    yield from on(there, [*links, i], seen | {there})

    yield from on(start, [], frozenset({start}))


def best_way(rng: random.Random) -> str:
    """Compare the best way, its km, USD, hours and kg CO2e, with all simple ways reckoned by hand."""
    places = rng.randint(2, 5)
    # places 0, 3, 6 ... of `road_network` lie in one country, where a km costs 1 USD
    pairs = [(rng.randrange(i), i) for i in range(1, places)]
    pairs += [(a, b) for a, b in (rng.sample(range(places), 2) for _ in range(rng.randint(0, 5)))]
    links = [
        Link(3 * a, 3 * b, rng.randint(1, 90) * 10.0, rng.randint(2, 9) * 10.0, rng.randint(1, 9) / 50.0)
        for a, b in pairs
    ]
    value, carbon = rng.choice((None, 0.0, 35.0)), rng.choice((0.0, 0.0, 120.0))
    found = routes_of(
        road_network(links),
        "n0",
        f"n{3 * (places - 1)}",
        draws=0,
        pareto=False,
        k=3,
        value_of_time_usd_h=value,
        carbon_usd_t=carbon,
    )
    hour = HOUR_USD if value is None else value
    told = {}
    for way in simple_ways(pairs, 0, places - 1, both=True):
        km = sum(links[i].km for i in way)
        hours = sum(links[i].km / links[i].speed for i in way) + 2 * HANDLING_HOURS
        kg = sum(links[i].km * links[i].kg for i in way) * PAYLOAD_T + 2 * HANDLING_KG
        usd = km + 2 * HANDLING_USD
        told[tuple(way)] = (usd + hour * hours + carbon * kg / 1000.0, km, usd, hours, kg)
    best = min(told.values())
    first = found[0]
    if not math.isclose(first.generalised_usd, best[0], rel_tol=1e-6):
        return f"best way costs {first.generalised_usd}, of all ways {best[0]}"
    for i in found.itineraries:
        mine = (i.generalised_usd, i.km, i.usd, i.hours, i.kg_co2e)
        if not any(np.allclose(mine, way, rtol=SAME) for way in told.values()):
            return f"a way of {mine} is none of all simple ways"
    return ""


def _links(
    rng: random.Random, power: Callable[[], float]
) -> tuple[int, list[tuple[int, int]], list[list[float]]]:
    nodes = rng.randint(3, 5)
    ends = [(i, (i + 1) % nodes) for i in range(nodes)]
    ends += [(a, b) for a, b in (rng.sample(range(nodes), 2) for _ in range(rng.randint(1, 5)))]
    form = [
        [rng.uniform(1, 20), rng.choice((5.0, 20.0, 60.0)), rng.choice((0.15, 1.0)), power()] for _ in ends
    ]
    return nodes, ends, form


def _trips(rng: random.Random, nodes: int) -> list[tuple[int, int, float]]:
    pairs = {(a, b) for a, b in (rng.sample(range(nodes), 2) for _ in range(rng.randint(1, 4)))}
    return [(a, b, rng.choice((1.0, 8.0, 40.0))) for a, b in sorted(pairs)]


def equilibrium(rng: random.Random) -> str:
    """Hold Wardrop's condition: what all spend is demand times the cost of the best of all simple ways, and flow is kept."""
    nodes, ends, form = _links(rng, lambda: rng.choice((1.0, 2.0, 4.0)))
    trips = _trips(rng, nodes)
    problem = make_problem(nodes, tuple(zip(*ends, strict=True)), form, trips)  # type: ignore[arg-type]
    flow = user_equilibrium(problem, gap=1e-10)
    if not flow.converged:
        return "did not converge"
    volume = flow.volume[np.argsort(problem.names)]
    cost = [t * (1 + b * (v / c) ** p) for (t, c, b, p), v in zip(form, volume, strict=True)]
    best = [min(sum(cost[i] for i in w) for w in simple_ways(ends, a, z, both=False)) for a, z, _ in trips]
    spent, least = float(np.dot(volume, cost)), sum(q * c for (_, _, q), c in zip(trips, best, strict=True))
    if not math.isclose(spent, least, rel_tol=EQUAL):
        return f"all spend {spent}, at the best ways {least}"
    lost = _balance(nodes, ends, volume, trips)
    return f"{lost} units are lost at a node" if lost > EQUAL * 100 else ""


def _balance(
    nodes: int, ends: Sequence[tuple[int, int]], volume: np.ndarray, trips: Sequence[tuple[int, int, float]]
) -> float:
    net = np.zeros(nodes)
    for (a, b), v in zip(ends, volume, strict=True):
        net[a] += v
        net[b] -= v
    for a, b, q in trips:
        net[a] -= q
        net[b] += q
    return float(np.abs(net).max())


def within_capacity(rng: random.Random) -> str:
    """Compare the least-cost flow within capacities with a linear programme over all simple ways."""
    nodes, ends, form = _links(rng, lambda: 1.0)
    trips = _trips(rng, nodes)
    problem = make_problem(nodes, tuple(zip(*ends, strict=True)), form, trips)  # type: ignore[arg-type]
    flow = capacity_flow(problem)
    ways = [(k, w) for k, (a, b, _) in enumerate(trips) for w in simple_ways(ends, a, b, both=False)]
    count = len(ways)
    dear = 1e5
    price = np.array([sum(form[i][0] for i in w) for _, w in ways] + [dear] * len(trips))
    serve = np.array(
        [
            [float(k == t) for k, _ in ways] + [float(s == t) for s in range(len(trips))]
            for t in range(len(trips))
        ]
    )
    room = np.array([[float(i in w) for _, w in ways] + [0.0] * len(trips) for i in range(len(ends))])
    best = linprog(price, room, [f[1] for f in form], serve, [q for _, _, q in trips])
    unserved = float(best.x[count:].sum())
    if not math.isclose(float(flow.unserved.sum()), unserved, rel_tol=1e-6, abs_tol=1e-6):
        return f"{flow.unserved.sum()} unserved, by the linear programme {unserved}"
    times = np.array([f[0] for f in form])[problem.names]
    cost, least = float(flow.volume @ times), float(best.fun) - dear * unserved
    if not math.isclose(cost, least, rel_tol=1e-6, abs_tol=1e-5):
        return f"the flow costs {cost}, by the linear programme {least}"
    over = float((flow.volume - np.array([f[1] for f in form])[problem.names]).max())
    return f"a link has {over} over its capacity" if over > EQUAL * 100 else ""


def optimum(rng: random.Random) -> str:
    """Compare the system optimum of constant costs with the linear programme: each trip on its best way."""
    nodes, ends, form = _links(rng, lambda: rng.choice((0.0, 1.0)))
    form = [[t, c, 0.0, p] for t, c, _, p in form]
    trips = _trips(rng, nodes)
    problem = make_problem(nodes, tuple(zip(*ends, strict=True)), form, trips)  # type: ignore[arg-type]
    flow = user_equilibrium(problem, marginal=True)
    least = sum(
        q * min(sum(form[i][0] for i in w) for w in simple_ways(ends, a, b, both=False)) for a, b, q in trips
    )
    return (
        ""
        if math.isclose(flow.total_cost, least, rel_tol=SAME)
        else f"costs {flow.total_cost}, at the best ways {least}"
    )


def supply_plan(rng: random.Random) -> str:
    """Compare the plan of mines, smelters and markets joined by lanes with a linear programme."""
    mines, smelters, markets = rng.randint(1, 3), rng.randint(1, 2), rng.randint(1, 2)
    rows, cost = _chain(rng, mines, smelters, markets)
    made = chain_from_tables(_NETWORK[0], "c", rows)
    penalty = 1e4
    plan = daliz.supply(_NETWORK[0], made, terms=daliz.SupplyTerms(penalty=penalty / 1000.0))
    lanes = [(a, s) for a in range(mines) for s in range(smelters)] + [
        (s, t) for s in range(smelters) for t in range(markets)
    ]
    first = mines * smelters
    dig, smelt = (
        [r["capacity"] for r in rows["recipes"][:mines]],
        [r["capacity"] for r in rows["recipes"][mines:]],
    )
    wanted = [r["demand"] for r in rows["markets"]]
    limits, room, equal, given = [], [], [], []
    for a in range(mines):
        limits.append([float(i < first and w[0] == a) for i, w in enumerate(lanes)] + [0.0] * markets)
        room.append(dig[a])
    for s in range(smelters):
        out = [float(i >= first and w[0] == s) for i, w in enumerate(lanes)]
        into = [float(i < first and w[1] == s) for i, w in enumerate(lanes)]
        limits.append(out + [0.0] * markets)
        room.append(smelt[s])
        equal.append([x - 2.0 * y for x, y in zip(into, out, strict=True)] + [0.0] * markets)
        given.append(0.0)
    for t in range(markets):
        equal.append(
            [float(i >= first and w[1] == t) for i, w in enumerate(lanes)]
            + [float(u == t) for u in range(markets)]
        )
        given.append(wanted[t])
    carry = [
        cost["lane"][i] + cost["works"][w[0] + (mines if i >= first else 0)] for i, w in enumerate(lanes)
    ]
    # what is unmet costs a thousandth more with each twentieth of a market's demand, so that markets share a shortage
    spread = [
        [*row[: len(lanes)], *(x for x in row[len(lanes) :] for _ in range(STEPS))]
        for row in (*limits, *equal)
    ]
    price = np.array(carry + [penalty * (1.0 + k / 1000.0) for _ in wanted for k in range(STEPS)])
    bounds = [(0.0, None)] * len(lanes) + [(0.0, q / STEPS) for q in wanted for _ in range(STEPS)]
    best = linprog(price, spread[: len(limits)], room, spread[len(limits) :], given, bounds)
    short = float(best.x[len(lanes) :].sum())
    paid = plan.cost_usd() + sum(_penalty(penalty, r["demand"], r["unmet"]) for r in plan.markets())
    lacking = short / sum(wanted)
    if not math.isclose(plan.lacking(), lacking, abs_tol=1e-6):
        return f"{plan.lacking()} of demand is unmet, by the linear programme {lacking}"
    same = math.isclose(paid, float(best.fun), rel_tol=1e-8, abs_tol=1e-4)
    return "" if same else f"costs {paid} with penalties, by the linear programme {best.fun}"


def _penalty(most: float, demand: float, unmet: float) -> float:
    """Reckon what a market's unmet demand costs."""
    step = demand / STEPS
    return sum(min(step, max(0.0, unmet - k * step)) * most * (1.0 + k / 1000.0) for k in range(STEPS))


def _chain(
    rng: random.Random, mines: int, smelters: int, markets: int
) -> tuple[dict[str, list[dict]], dict[str, list[float]]]:  # type: ignore[type-arg]
    """Write a chain in which two ore make one metal and all moves go by lanes; return its rows and costs."""
    goods = {"unit": "t", "cargo_id": "container-40", "mass_t": 1.0, "content": 0.5, "value_usd": 0.0}
    makers = [f"mine{a}" for a in range(mines)] + [f"smelter{s}" for s in range(smelters)]
    works = [float(rng.randint(1, 90)) for _ in makers]
    lanes = [(f"mine{a}", f"smelter{s}", "ore") for a in range(mines) for s in range(smelters)]
    lanes += [(f"smelter{s}", f"market{t}", "metal") for s in range(smelters) for t in range(markets)]
    usd = [float(rng.randint(1, 200)) for _ in lanes]
    town = CHAIN | {"region": "R", "country": "CC", "commodity_id": "metal", "price_usd": 1000.0}
    tables = {
        "chains": [names("c") | {"element": "X", "description": "x"}],
        "commodities": [names("ore") | CHAIN | goods, names("metal") | CHAIN | goods | {"content": 1.0}],
        "facilities": [names(m) | CHAIN | {"stage": m[:-1], "country": "AA"} for m in makers],
        "recipes": [
            {
                "id": m,
                "facility_id": m,
                "commodity_id": "ore" if m.startswith("mine") else "metal",
                "capacity": float(rng.choice((10, 40, 100))),
                "cost_usd": c,
            }
            for m, c in zip(makers, works, strict=True)
        ],
        "recipe_parts": [
            {"id": m, "recipe_id": m, "role": "input", "commodity_id": "ore", "amount": 2.0}
            for m in makers[mines:]
        ],
        "markets": [
            names(f"market{t}") | town | {"demand": float(rng.choice((5, 20, 60)))} for t in range(markets)
        ],
        "lanes": [
            {
                "id": f"{a}-{b}",
                "chain_id": "c",
                "from_id": a,
                "to_id": b,
                "commodity_id": c,
                "usd": u,
                "hours": 0.0,
                "countries": "AA CC",
            }
            for (a, b, c), u in zip(lanes, usd, strict=True)
        ],
    }
    return tables, {"works": works, "lane": usd}


_NETWORK: list[daliz.Network] = [place_network()]
REFERENCES = {
    "best way": best_way,
    "equilibrium": equilibrium,
    "within capacity": within_capacity,
    "system optimum": optimum,
    "supply": supply_plan,
}


def compared(number: int) -> tuple[str, str]:
    """Compare the case of a number with its reference: the kind of case, and where they differ."""
    rng = random.Random(f"reference {number}")  # noqa: S311 - cases are to be made again
    kind = list(REFERENCES)[number % len(REFERENCES)]
    return kind, REFERENCES[kind](rng)
