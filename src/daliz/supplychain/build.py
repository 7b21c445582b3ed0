"""Build the programme of a chain: works, moves, sales and limits over one or several years."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import block_diag, coo_array, csr_array, hstack

from daliz.errors import SupplyError
from daliz.paths.ground import ground_of
from daliz.supplychain.contract_matching import matching
from daliz.supplychain.programme import Aversion, Limits, Moves, Programme, Sales, Works
from daliz.supplychain.ways import loads_of

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.supplychain.chain import Chain, Row
    from daliz.supplychain.terms import Terms
    from daliz.supplychain.ways import Ways

STEPS = 20
"""Steps of a demand curve, from nothing to twice the demand at the price."""
WIDTH = 2.0
SHARED = 0.001
"""Share of the penalty by which each further twentieth unmet weighs more.

Markets so share a shortage, and none is cut by chance.
"""


@dataclass(frozen=True)
class Built:
    """Programme of a chain, with what its rows and columns stand for.

    Attributes
    ----------
    programme
        The programme.
    stocks
        (year, place, commodity) of each stock.
    works
        (year, row of the chain's recipes) of each work.
    moves
        (year, row of routes) of each move; row -1 carries a stock into the next year.
    sales
        (year, market) of each sale; (last year, row of stocks) of what is left of an opening stock.
    limits
        (year, kind, name, unit) of each limit.
    duty_usd
        float64 (ways,): duty on a unit of each way.
    buildings
        Candidate facilities.
    aversions
        Contracts of the kind premium, in the order of the programme's aversions (one for each year).
    idle
        Offtakes that no route is left to serve, which bind nobody.
    """

    programme: Programme
    stocks: tuple[tuple[int, str, str], ...]
    works: tuple[tuple[int, int], ...]
    moves: tuple[tuple[int, int], ...]
    sales: tuple[tuple[int, str], ...]
    limits: tuple[tuple[int, str, str, str], ...]
    duty_usd: Floats
    buildings: tuple[str, ...]
    aversions: tuple[tuple[int, str], ...]
    idle: tuple[str, ...]


def build(chain: Chain, ways: Ways, terms: Terms, taken: Floats | None = None) -> Built:
    """Build the programme of a chain over its routes.

    Parameters
    ----------
    chain, ways, terms
        What is planned, over which routes, on which terms.
    taken
        float64 (elements,) of capacity that other traffic takes; none if left out.

    Raises
    ------
    SupplyError
        If a contract lacks the figure that its kind needs.
    """
    years = range(terms.years)
    stocks = [(t, place, c) for t in years for place, c in _places(chain)]
    position = {s: i for i, s in enumerate(stocks)}
    works, of_work = _works(chain, terms, position)
    duty = _duties(chain, ways, terms)
    moves, of_move = _moves(chain, ways, terms, position, duty)
    limits, of_limit, loads, idle = _limits(chain, ways, terms, taken)
    aversions, of_aversion = _aversions(chain, ways, terms, len(of_move))
    sales, of_sale = _sales(chain, terms, position)
    opening = np.zeros(len(stocks))
    if terms.years > 1:
        for row in chain.stocks:
            opening[position[0, row["at_id"], row["commodity_id"]]] += row["opening"]
    carried = len(of_move) - loads.shape[0]
    full = (
        loads
        if not carried
        else csr_array(
            (loads.data, loads.indices, np.concatenate([loads.indptr, np.full(carried, loads.indptr[-1])])),
            shape=(len(of_move), loads.shape[1]),
        )
    )
    moves = Moves(moves.start, moves.end, moves.cost, moves.most, full)
    candidates = [f for f, row in chain.facilities.items() if row["candidate"]]
    charge = _charge(chain) * terms.years
    buildings = np.array([_build_cost(chain.facilities[f]) * charge for f in candidates], np.float64)
    names = tuple(f"{place}: {c}" + (f", year {t + 1}" if terms.years > 1 else "") for t, place, c in stocks)
    return Built(
        Programme(names, opening, works, moves, sales, limits, tuple(aversions), buildings),
        tuple(stocks),
        tuple(of_work),
        tuple(of_move),
        tuple(of_sale),
        tuple(of_limit),
        duty,
        tuple(candidates),
        tuple(of_aversion),
        tuple(idle),
    )


def _places(chain: Chain) -> list[tuple[str, str]]:
    found: dict[tuple[str, str], None] = {}
    for r in chain.recipes:
        for c in (r.output, *r.others, *r.inputs):
            found[r.facility["id"], c] = None
    for m in chain.markets.values():
        found[m["id"], m["commodity_id"]] = None
    for s in chain.stocks:
        found[s["at_id"], s["commodity_id"]] = None
    return list(found)


def _works(
    chain: Chain, terms: Terms, position: dict[tuple[int, str, str], int]
) -> tuple[Works, list[tuple[int, int]]]:
    candidates = [f for f, row in chain.facilities.items() if row["candidate"]]
    rows, columns, values = [], [], []
    of = [(t, r) for t in range(terms.years) for r in range(len(chain.recipes))]
    for k, (t, r) in enumerate(of):
        recipe = chain.recipes[r]
        place = recipe.facility["id"]
        parts = {recipe.output: 1.0}
        for c, a in recipe.others.items():
            parts[c] = parts.get(c, 0.0) + a
        for c, a in recipe.inputs.items():
            parts[c] = parts.get(c, 0.0) - a
        for c, a in parts.items():
            rows.append(position[t, place, c])
            columns.append(k)
            values.append(a)
    cost = np.array(
        [r.cost_usd + _carbon(chain, i, terms) for i, r in enumerate(chain.recipes)] * terms.years
    )
    capacity = np.array([r.capacity for r in chain.recipes] * terms.years, np.float64)
    building = [
        candidates.index(r.facility["id"]) if r.facility["id"] in candidates else -1 for r in chain.recipes
    ]
    parts_of = coo_array((values, (rows, columns)), shape=(len(position), len(of))).tocsc()
    return Works(cost, capacity, parts_of, np.array(building * terms.years, np.int64)), of


def _carbon(chain: Chain, recipe: int, terms: Terms) -> float:
    if not terms.carbon_usd_t:
        return 0.0
    kg = emitted(chain, recipe)
    if np.isnan(kg):
        r = chain.recipes[recipe]
        raise SupplyError(
            f"recipes.csv, row {r.id}: it takes {r.kwh:g} kWh, but grids.csv has no row for "
            f"{r.facility['country']}, so a carbon price cannot be laid on it; add the grid."
        )
    return terms.carbon_usd_t * kg / 1e3


def emitted(chain: Chain, recipe: int) -> float:
    """Compute kg CO2e of a run of a recipe: its own and those of its electricity.

    The electricity is of the grid of the facility's country; NaN if the grid is not known.
    """
    r = chain.recipes[recipe]
    if not r.kwh:
        return r.kg_co2e
    grids = chain.network.table("grids")
    known = dict(zip(grids["country"].tolist(), grids["g_co2e_kwh"].tolist(), strict=True))
    return r.kg_co2e + r.kwh * float(known.get(r.facility["country"], np.nan)) / 1e3


def _charge(chain: Chain) -> float:
    """Compute the share of a cost of building that a year bears: r / (1 - (1 + r)^-n)."""
    constants = chain.network.table("constants")
    try:
        rate, life = (
            float(constants["value"][constants.position[name]])
            for name in ("capital-cost-share", "plant-life-years")
        )
    except KeyError:
        if any(r["candidate"] for r in chain.facilities.values()):
            raise SupplyError(
                "constants.csv lacks capital-cost-share or plant-life-years, which say what a year "
                "of a candidate facility costs; add them with their evidence."
            ) from None
        return 0.0
    return float(rate / (1.0 - (1.0 + rate) ** -life)) if rate else 1.0 / life


def _build_cost(row: Row) -> float:
    if not row["build_usd"] >= 0:
        raise SupplyError(
            f"facilities.csv, row {row['id']}: a candidate needs build_usd; give it with its evidence."
        )
    return float(row["build_usd"])


def _duties(chain: Chain, ways: Ways, terms: Terms) -> Floats:
    found = np.zeros(len(ways))
    if terms.duties:
        for i, t in enumerate(ways.trips):
            sender = chain.facilities.get(t.start)
            if sender is not None:
                share = terms.duties.get((t.commodity, str(sender["country"]), t.end), 0.0)
                found[i] = share * float(np.nan_to_num(chain.commodities[t.commodity]["value_usd"]))
    return found


def _moves(
    chain: Chain, ways: Ways, terms: Terms, position: dict[tuple[int, str, str], int], duty: Floats
) -> tuple[Moves, list[tuple[int, int]]]:
    cost = ways.usd + ways.time_usd + duty + terms.carbon_usd_t * ways.kg / 1e3
    start, end, of = [], [], []
    for t in range(terms.years):
        start += [position[t, w.start, w.commodity] for w in ways.trips]
        end += [position[t, w.end, w.commodity] for w in ways.trips]
        of += [(t, i) for i in range(len(ways))]
    costs, most = [cost] * terms.years, [np.full(len(ways), np.inf)] * terms.years
    for t in range(terms.years - 1):
        for row in chain.stocks:
            start.append(position[t, row["at_id"], row["commodity_id"]])
            end.append(position[t + 1, row["at_id"], row["commodity_id"]])
            of.append((t, -1))
            costs.append(np.array([row["holding_usd"]]))
            most.append(np.array([row["maximum"]]))
    none = csr_array((len(of), 0))
    return Moves(
        np.array(start, np.int64),
        np.array(end, np.int64),
        np.concatenate(costs) if costs else np.zeros(0),
        np.concatenate(most) if most else np.zeros(0),
        none,
    ), of


def _limits(
    chain: Chain, ways: Ways, terms: Terms, taken: Floats | None
) -> tuple[Limits, list[tuple[int, str, str, str]], csr_array, list[str]]:
    """Build the limits of contracts and elements in every year, and the loads of the routes on them.

    Contracts that bind nobody come last.
    """
    least, most, columns, names = [], [], [], []
    idle: list[str] = []
    for row in chain.contracts:
        if row["kind"] == "premium":
            continue
        bounds = {"offtake": ("minimum", row["minimum"], np.inf), "quota": ("maximum", 0.0, row["maximum"])}
        column, low, high = bounds[row["kind"]]
        if not row[column] >= 0:
            raise SupplyError(
                f"contracts.csv, row {row['id']}: a contract of the kind {row['kind']} needs "
                f"{column}; give it with its evidence."
            )
        bound = matching(chain, ways, row)
        if row["kind"] == "offtake" and not bound.any():
            idle.append(str(row["id"]))
            continue
        least.append(low)
        most.append(high)
        columns.append(bound.astype(np.float64))
        names.append((row["kind"], row["id"], "units"))
    loads, used = loads_of(ways, chain.network)
    used = used if terms.capacities else used[:0]
    capacities = ground_of(chain.network).capacities
    other = np.zeros(len(capacities)) if taken is None else taken
    room = np.maximum(capacities.room - other, 0.0)
    contracts = (
        csr_array(np.array(columns).reshape(len(columns), len(ways)).T)
        if columns
        else csr_array((len(ways), 0))
    )
    both = hstack([contracts, loads[:, used]]).tocsr()
    names += [(capacities.places[e].kind, capacities.places[e].name, capacities.unit[e]) for e in used]
    low = np.concatenate([np.array(least, np.float64), np.zeros(len(used))])
    high = np.concatenate([np.array(most, np.float64), room[used]])
    dear = terms.penalty * max((float(m["price_usd"]) for m in chain.markets.values()), default=1.0)
    every = block_diag([both] * terms.years).tocsr() if terms.years > 1 else both
    return (
        Limits(np.tile(low, terms.years), np.tile(high, terms.years), np.full(len(low) * terms.years, dear)),
        [(t, *n) for t in range(terms.years) for n in names],
        csr_array(every),
        idle,
    )


def _aversions(
    chain: Chain, ways: Ways, terms: Terms, count: int
) -> tuple[list[Aversion], list[tuple[int, str]]]:
    found, of = [], []
    for row in chain.contracts:
        if row["kind"] != "premium":
            continue
        if not row["premium_usd"] >= 0:
            raise SupplyError(
                f"contracts.csv, row {row['id']}: a contract of the kind premium needs premium_usd; "
                "give it with its evidence."
            )
        counted = matching(chain, ways, row | {"via": ""})
        used = matching(chain, ways, row)
        for t in range(terms.years):
            mine = slice(t * len(ways), (t + 1) * len(ways))
            flags = np.zeros((2, count), np.bool_)
            flags[0, mine], flags[1, mine] = used, counted
            found.append(Aversion(flags[0], flags[1], float(row["premium_usd"])))
            of.append((t, row["id"]))
    return found, of


def _sales(
    chain: Chain, terms: Terms, position: dict[tuple[int, str, str], int]
) -> tuple[Sales, list[tuple[int, str]]]:
    stock, most, value, of = [], [], [], []
    for t in range(terms.years):
        for m in chain.markets.values():
            for quantity, worth in _steps(m, terms):
                stock.append(position[t, m["id"], m["commodity_id"]])
                most.append(quantity)
                value.append(worth)
                of.append((t, m["id"]))
    if terms.years > 1:
        for row in chain.stocks:
            stock.append(position[terms.years - 1, row["at_id"], row["commodity_id"]])
            most.append(float(row["opening"]))
            value.append(float(np.nan_to_num(chain.commodities[row["commodity_id"]]["value_usd"])))
            of.append((terms.years - 1, row["id"]))
    return Sales(np.array(stock, np.int64), np.array(most, np.float64), np.array(value, np.float64)), of


def _steps(market: Row, terms: Terms) -> list[tuple[float, float]]:
    """Compute the steps of a demand curve: quantities and what a unit of each is worth.

    Steps of a curve of constant elasticity are valued at their middles.

    Under `cost` all of demand is asked for, in steps that weigh a little more the more is unmet.

    p(q) = p0 (q / q0)^(1 / e), at most `penalty` times p0.
    """
    price, demand, elasticity = (float(market[k]) for k in ("price_usd", "demand", "elasticity"))
    if terms.objective == "cost":
        worth = terms.penalty * max(price, 1e-9) * (1.0 + SHARED * np.arange(STEPS)[::-1])
        return [(demand / STEPS, float(w)) for w in worth]
    if np.isnan(elasticity) or elasticity == 0:
        return [(demand, price)]
    width = WIDTH / STEPS
    middles = (np.arange(STEPS) + 0.5) * width
    worth = np.minimum(price * middles ** (1.0 / elasticity), terms.penalty * price)
    return [(demand * width, float(w)) for w in worth]


def unmet(chain: Chain, built: Built, sales: Floats) -> dict[tuple[int, str], float]:
    """Compute what each market lacks by year: its quantity less what it is sold."""
    found: dict[tuple[int, str], float] = {}
    for key, most, sold in zip(built.sales, built.programme.sales.most, sales, strict=True):
        if key[1] in chain.markets:
            found[key] = found.get(key, 0.0) + float(most - sold)
    return found
