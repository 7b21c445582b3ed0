"""Read one chain of production from the tables, and refuse what cannot be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import SupplyError, did_you_mean
from daliz.tables.check_chains import SLACK, SOURCES, element_balance, waiting_circle
from daliz.tables.check_one_chain import faults_of_chain
from daliz.tables.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from daliz.tables import Network

Row = dict[str, Any]
TABLES = (
    "chains",
    "commodities",
    "facilities",
    "recipes",
    "recipe_parts",
    "markets",
    "lanes",
    "contracts",
    "stocks",
)


@dataclass(frozen=True)
class Recipe:
    """One recipe of a facility: a unit of the main output from inputs, with by-products."""

    id: str
    facility: Row
    output: str
    capacity: float
    cost_usd: float
    kwh: float
    kg_co2e: float
    inputs: dict[str, float] = field(default_factory=dict)
    others: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Chain:
    """Chain of production in force in the period of a network.

    Attributes
    ----------
    commodities, facilities, markets
        Rows by id.
    recipes
        Of facilities in work, and of candidates.
    lanes, contracts, stocks
        Rows in force.
    named
        Countries that its rows name, whether the network has a place there or not.
    every
        The same chain with the facilities of all years; the chain itself if left out.
    """

    network: Network
    id: str
    row: Row
    commodities: dict[str, Row]
    facilities: dict[str, Row]
    recipes: tuple[Recipe, ...]
    markets: dict[str, Row]
    lanes: tuple[Row, ...]
    contracts: tuple[Row, ...]
    stocks: tuple[Row, ...]
    named: frozenset[str] = frozenset()
    every: Chain | None = field(default=None, repr=False, compare=False)

    def __repr__(self) -> str:
        return (
            f"<Chain {self.id} of {self.network.name} {self.network.year}: {len(self.facilities)} "
            f"facilities, {len(self.recipes)} recipes, "
            f"{len(self.commodities)} commodities, {len(self.markets)} markets>"
        )

    def owner(self, facility: str) -> str:
        """Return the country of a facility's owner.

        It is its own, else that of its operator, else the country where it stands.
        """
        row = self.facilities[facility]
        if row["owner_country"]:
            return str(row["owner_country"])
        if row["operator_id"]:
            operators = self.network.table("operators")
            found = str(operators["owner_country"][operators.position[row["operator_id"]]])
            if found:
                return found
        return str(row["country"])


def chains(network: Network) -> list[str]:
    """List the chains of a network."""
    return [str(i) for i in network.table("chains").ids]


def read_chain(network: Network, name: str, *, policy: str = "") -> Chain:
    """Read a chain as it stands in the period of a network.

    Parameters
    ----------
    network
        Network with the tables of chains.
    name
        Id of the chain.
    policy
        Policy whose contracts hold too.

    Raises
    ------
    SupplyError
        If there is no such chain, or one of its rows cannot be; it names table, row and value.
    """
    table = network.table("chains")
    if name not in table.position:
        known = f" The chains are {', '.join(chains(network))}." if len(table) else ""
        raise SupplyError(f"{network.name} has no chain {name!r}.{did_you_mean(name, table.position)}{known}")
    found = _made(network, name, {t: network.table(t) for t in TABLES}, policy)
    _refuse_faults(name, {t: network.table(t) for t in TABLES}, network)
    return found


def chain_from_tables(
    network: Network, name: str, tables: Mapping[str, Iterable[Mapping[str, Any]]]
) -> Chain:
    """Make a chain from rows of plain values, over the places of a network.

    Parameters
    ----------
    network
        Network whose places the facilities and markets name.
    name
        Chain to take from the rows.
    tables
        Rows of the tables of chains; those left out are empty.

    Raises
    ------
    SupplyError
        If a place is unknown or a row cannot be.
    """
    made = {t: Table.from_rows(t, list(tables.get(t, ()))) for t in TABLES}
    if name not in made["chains"].position:
        raise SupplyError(f"The rows hold no chain {name!r}.{did_you_mean(name, made['chains'].position)}")
    nodes = network.table("nodes").position
    for t in ("facilities", "markets"):
        for row in made[t].rows():
            if row["node_id"] and row["node_id"] not in nodes:
                raise SupplyError(
                    f"{t}, row {row['id']}: node_id {row['node_id']!r} is no place of "
                    f"{network.name}.{did_you_mean(row['node_id'], nodes)}"
                )
    cargoes = network.table("cargoes").position
    for row in made["commodities"].rows():
        if row["cargo_id"] and row["cargo_id"] not in cargoes:
            raise SupplyError(
                f"commodities, row {row['id']}: cargo_id {row['cargo_id']!r} is no class of cargo of "
                f"{network.name}.{did_you_mean(row['cargo_id'], cargoes)} Add it to cargoes.csv."
            )
    found = _made(network, name, made, "")
    _refuse_faults(name, made, network)
    return found


def _refuse_faults(name: str, tables: Mapping[str, Table], network: Network) -> None:
    """Refuse what else `daliz check` finds in the rows of a chain, such as contracts that would bind nobody."""
    faults = [
        f
        for f in faults_of_chain(name, tables, network.store)
        if f.file not in {"chains.csv", "constants.csv"}
    ]
    if faults:
        raise SupplyError(str(faults[0]))


def _made(network: Network, name: str, tables: Mapping[str, Table], policy: str) -> Chain:
    def rows(which: str) -> list[Row]:
        return _sorted(r for r in tables[which].rows() if r["chain_id"] == name)

    commodities = {r["id"]: r for r in rows("commodities")}
    facilities = {r["id"]: r for r in rows("facilities")}
    every = Chain(
        network,
        name,
        tables["chains"].row(name),
        commodities,
        facilities,
        _recipes(tables, facilities, commodities, network.year),
        {r["id"]: r for r in rows("markets")},
        tuple(rows("lanes")),
        tuple(r for r in rows("contracts") if not r["policies"] or policy in r["policies"].split()),
        tuple(rows("stocks")),
        _named(rows),
    )
    _check(every)
    working = {k: r for k, r in facilities.items() if works_in(r, network.year)}
    idle = set(facilities) - set(working)
    if not idle:
        return every
    return replace(
        every,
        facilities=working,
        recipes=tuple(r for r in every.recipes if r.facility["id"] in working),
        lanes=tuple(r for r in every.lanes if not {r["from_id"], r["to_id"]} & idle),
        stocks=tuple(r for r in every.stocks if r["at_id"] not in idle),
        every=every,
    )


def _sorted(rows: Iterable[Row]) -> list[Row]:
    """Sort rows by id, so that of plans that cost the same the same is found whatever the order of the tables."""
    return sorted(rows, key=lambda r: str(r["id"]))


def _named(rows: Callable[[str], list[Row]]) -> frozenset[str]:
    lanes = {c for r in rows("lanes") for c in str(r["countries"]).split()}
    return frozenset({*lanes, *(str(r["country"]) for t in ("facilities", "markets") for r in rows(t))})


def works_in(facility: Row, year: int) -> bool:
    """Return whether a facility is open in a year."""
    opens, closes = facility["opens"], facility["closes"]
    return not (opens > 0 and year < opens) and not (closes > 0 and year >= closes)


def _recipes(
    tables: Mapping[str, Table], facilities: dict[str, Row], commodities: dict[str, Row], year: int
) -> tuple[Recipe, ...]:
    parts: dict[str, list[Row]] = {}
    for r in _sorted(tables["recipe_parts"].rows()):
        parts.setdefault(r["recipe_id"], []).append(r)
    return tuple(
        _recipe(r, parts.get(r["id"], []), facilities[r["facility_id"]], commodities, year)
        for r in _sorted(tables["recipes"].rows())
        if r["facility_id"] in facilities
    )


def _recipe(row: Row, parts: list[Row], facility: Row, commodities: dict[str, Row], year: int) -> Recipe:
    """Read a recipe; one that stands idle in the year may lack figures."""
    named = [("recipes", row["commodity_id"]), *(("recipe_parts", p["commodity_id"]) for p in parts)]
    for table, commodity in named:
        _known(commodity, commodities, f"{table}.csv, recipe {row['id']}", facility["chain_id"])
    _check_parts(row["id"], parts)
    inputs, others = (
        {p["commodity_id"]: float(p["amount"]) for p in parts if p["role"] == role}
        for role in ("input", "output")
    )
    figure = _number if works_in(facility, year) else _figure
    return Recipe(
        row["id"],
        facility,
        row["commodity_id"],
        figure(row, "recipes", "capacity"),
        figure(row, "recipes", "cost_usd"),
        _or_zero(row["kwh"]),
        _or_zero(row["kg_co2e"]),
        inputs,
        others,
    )


def _check_parts(recipe: str, parts: list[Row]) -> None:
    for k, p in enumerate(parts):
        twins = [
            q["id"] for q in parts[:k] if (q["role"], q["commodity_id"]) == (p["role"], p["commodity_id"])
        ]
        if twins:
            raise SupplyError(
                f"recipe_parts.csv: rows {twins[0]} and {p['id']} are both {p['role']} "
                f"{p['commodity_id']} of {recipe}; put them into one."
            )
        if not p["amount"] > 0:
            raise SupplyError(
                f"recipe_parts.csv, row {p['id']}: amount is {p['amount']:g}; it must be more "
                "than 0. Take the row out if nothing is used or made."
            )


def _number(row: Row, table: str, column: str) -> float:
    value = float(row[column])
    if not np.isfinite(value) or value < 0:
        raise SupplyError(
            f"{table}.csv, row {row['id']}, column {column}: {value:g} is no number of 0 or more; "
            "give one with its evidence."
        )
    return value


def _figure(row: Row, table: str, column: str) -> float:
    """Read a figure of what does not work in the year; 0 if it has none for it."""
    return _or_zero(row[column]) if not row[column] >= 0 else _number(row, table, column)


def _or_zero(value: float) -> float:
    return 0.0 if np.isnan(value) else float(value)


def _known(name: str, known: dict[str, Row], where: str, chain: str) -> None:
    if name not in known:
        raise SupplyError(
            f"{where}: {name!r} is no row of this kind in the chain "
            f"{chain}.{did_you_mean(name, known)} Units of other chains do not match."
        )


def _end(row: Row, column: str, where: str, ends: set[str], chain: str) -> None:
    if row[column] not in ends:
        raise SupplyError(
            f"{where}: {column} {row[column]!r} is no facility and no market of the chain "
            f"{chain}.{did_you_mean(row[column], ends)}"
        )


def _check(chain: Chain) -> None:
    for row in chain.commodities.values():
        for column in ("mass_t", "content"):
            _number(row, "commodities", column)
        if row["cargo_id"] and not row["mass_t"] > 0:
            raise SupplyError(
                f"commodities.csv, row {row['id']}: it moves as {row['cargo_id']} but mass_t is "
                f"{row['mass_t']:g}; give its mass, or leave cargo_id blank."
            )
    for row in chain.markets.values():
        _known(row["commodity_id"], chain.commodities, f"markets.csv, row {row['id']}", chain.id)
        for column in ("demand", "price_usd"):
            _number(row, "markets", column)
    ends = {*chain.facilities, *chain.markets}
    for row in chain.lanes:
        where = f"lanes.csv, row {row['id']}"
        _known(row["commodity_id"], chain.commodities, where, chain.id)
        _known(row["from_id"], chain.facilities, where, chain.id)
        _end(row, "to_id", where, ends, chain.id)
    for row in chain.stocks:
        where = f"stocks.csv, row {row['id']}"
        _known(row["commodity_id"], chain.commodities, where, chain.id)
        _end(row, "at_id", where, ends, chain.id)
        if row["opening"] > row["maximum"]:
            raise SupplyError(
                f"{where}: opening {row['opening']:g} is more than the maximum {row['maximum']:g}; "
                "mend one of them."
            )
    for recipe in chain.recipes:
        _check_recipe(chain, recipe)
    _check_sources(chain)


def _check_recipe(chain: Chain, recipe: Recipe) -> None:
    content = {k: float(r["content"]) for k, r in chain.commodities.items()}
    if recipe.output in recipe.inputs:
        raise SupplyError(
            f"recipes.csv, row {recipe.id}: {recipe.output} is made from itself; name another input "
            "or output."
        )
    if not recipe.inputs and recipe.facility["stage"] not in SOURCES:
        raise SupplyError(
            f"recipes.csv, row {recipe.id}: it makes {recipe.output} from nothing, which only a "
            f"{', '.join(SOURCES)} may; give its inputs in recipe_parts.csv."
        )
    taken, given = element_balance(content, recipe.output, recipe.inputs, recipe.others)
    if recipe.facility["stage"] not in SOURCES and given > taken * (1 + SLACK):
        raise SupplyError(
            f"recipes.csv, row {recipe.id}: it gives {given:.6g} t {chain.row['element']} a unit and "
            f"takes {taken:.6g}; mass comes from nothing. Mend amounts in "
            "recipe_parts.csv or contents in commodities.csv."
        )


def _check_sources(chain: Chain) -> None:
    """Refuse recipes that wait for each other.

    An input that nobody makes is no fault of the table: the facility stands idle and the plan says what is unmet.
    """
    kept = {r["commodity_id"] for r in chain.stocks if r["opening"] > 0}
    recipes = [(r.id, set(r.inputs), {r.output, *r.others}) for r in chain.recipes]
    circle, lacks = waiting_circle(recipes, kept)
    if circle:
        raise SupplyError(
            f"recipes.csv, row {circle[0]}: its input {lacks} is made only by {' and '.join(circle)}, which "
            "wait for each other: a cycle without a source. Add a recipe without inputs or a stock."
        )
