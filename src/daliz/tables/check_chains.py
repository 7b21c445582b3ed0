"""Find inconsistent rows of chains: unknown ends, mixed chains, circles, candidates without a cost."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.faults import Fault, Hints, faults_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from daliz.tables.table import Table

Row = dict[str, Any]
Tables = dict[str, "Table"]
SOURCES = ("mine", "lumped", "store", "power", "water")
"""Stages that take what no table holds: from the ground, old stocks, the air or the sea.

`lumped` is a mine with its works.
"""
CAPITAL = ("capital-cost-share", "plant-life-years")
"""Rows of `constants` that say what a year of a candidate costs."""
SLACK = 1e-6
"""Share by which a recipe may give more of the element than it takes, for figures that are rounded."""


def element_balance(
    content: Mapping[str, float], output: str, inputs: Mapping[str, float], others: Mapping[str, float]
) -> tuple[float, float]:
    """Return the tonnes of the element that a run of a recipe takes and gives."""
    taken = sum(a * content.get(c, 0.0) for c, a in inputs.items())
    given = content.get(output, 0.0) + sum(a * content.get(c, 0.0) for c, a in others.items())
    return taken, given


def waiting_circle(
    recipes: Iterable[tuple[str, Collection[str], Collection[str]]], kept: Collection[str]
) -> tuple[list[str], str]:
    """Find recipes that wait for each other in a circle, so that none can ever begin.

    What can be made grows from recipes without inputs and from what is kept. A recipe that lacks what nobody
    makes stands idle and is no circle, nor is one that waits for it alone.

    Parameters
    ----------
    recipes
        Id, inputs and outputs of each.
    kept
        Commodities of which there is a stock.

    Returns
    -------
    The recipes of a circle in the order in which they wait, and what the first lacks; none if there is none.

    Examples
    --------
    >>> waiting_circle([("a", {"x"}, {"y"}), ("b", {"y"}, {"x"}), ("c", {"z"}, {"w"})], ())
    (['a', 'b'], 'x')
    """
    made, waiting = set(kept), {name: (set(needs), set(gives)) for name, needs, gives in recipes}
    while ready := [n for n, (needs, _) in waiting.items() if needs <= made]:
        for name in ready:
            made |= waiting.pop(name)[1]
    while lost := [
        n
        for n, (needs, _) in waiting.items()
        if any(all(c not in gives for _, gives in waiting.values()) for c in needs - made)
    ]:
        for name in lost:
            del waiting[name]
    if not waiting:
        return [], ""
    line = [next(iter(waiting))]
    while True:
        lacks = min(waiting[line[-1]][0] - made)
        maker = next(n for n, (_, gives) in waiting.items() if lacks in gives)
        if maker in line:
            circle = line[line.index(maker) :]
            return circle, min(waiting[circle[0]][0] - made)
        line.append(maker)


def chain_faults(tables: Tables) -> list[Fault]:
    """Find all faults of chains."""
    return [
        *_mixed(tables),
        *_ends(tables),
        *_contracts(tables),
        *_recipes(tables),
        *_facilities(tables),
        *_stocks(tables),
        *_circles(tables),
        *_markets(tables),
    ]


def _chain_of(tables: Tables, name: str) -> dict[str, str]:
    return dict(zip(tables[name].ids.tolist(), tables[name]["chain_id"].tolist(), strict=True))


def _mixed(tables: Tables) -> Iterator[Fault]:
    """Find rows that name a commodity of another chain, whose units do not match."""
    commodities, facilities = _chain_of(tables, "commodities"), _chain_of(tables, "facilities")
    recipes = {r["id"]: facilities.get(r["facility_id"], "") for r in tables["recipes"].rows()}
    chains = {
        "markets": _chain_of(tables, "markets"),
        "lanes": _chain_of(tables, "lanes"),
        "stocks": _chain_of(tables, "stocks"),
        "contracts": _chain_of(tables, "contracts"),
        "recipes": recipes,
        "recipe_parts": {r["id"]: recipes.get(r["recipe_id"], "") for r in tables["recipe_parts"].rows()},
    }
    for name, chain_of in chains.items():
        fault = faults_of(name)
        for row in tables[name].rows():
            of, mine = commodities.get(row["commodity_id"], ""), chain_of[row["id"]]
            if of and mine and of != mine:
                yield fault(
                    row["id"],
                    "commodity_id",
                    row["commodity_id"],
                    f"is of the chain {of}, and the row of {mine}; units of other chains do not match",
                    "choose one of its chain",
                )


def _ends(tables: Tables) -> Iterator[Fault]:
    """Find lanes and stocks whose ends are no facility or market of their chain."""
    facilities, markets = _chain_of(tables, "facilities"), _chain_of(tables, "markets")
    hints = Hints([*facilities, *markets])
    for name, columns in (
        ("lanes", {"from_id": facilities, "to_id": facilities | markets}),
        ("stocks", {"at_id": facilities | markets}),
    ):
        fault = faults_of(name)
        for row in tables[name].rows():
            for column, known in columns.items():
                if known.get(row[column]) != row["chain_id"]:
                    what = "facility" if column == "from_id" else "facility or market"
                    yield fault(
                        row["id"],
                        column,
                        row[column],
                        f"must be a {what} of the chain {row['chain_id']}",
                        hints.add("correct it", row[column]),
                    )


def _contracts(tables: Tables) -> Iterator[Fault]:
    """Find contracts that name unknown senders, takers or places, or lack the figure of their kind."""
    facilities, markets = _chain_of(tables, "facilities"), _chain_of(tables, "markets")
    operators = set(tables["operators"].ids.tolist())
    countries = {
        *tables["nodes"]["country"].tolist(),
        *tables["facilities"]["country"].tolist(),
        *tables["markets"]["country"].tolist(),
        *(code for cell in tables["lanes"]["countries"] for code in str(cell).split()),
    }
    regions = set(tables["markets"]["region"].tolist())
    places = {*tables["nodes"].ids.tolist(), *tables["links"].ids.tolist()}
    known = {
        "from_ids": {*facilities, *operators, *countries},
        "to_ids": {*facilities, *markets, *regions, *countries},
        "via": {*countries, *places, *operators},
    }
    kinds = {"offtake": "minimum", "quota": "maximum", "premium": "premium_usd"}
    hints = {c: Hints(k) for c, k in known.items()}
    fault = faults_of("contracts")
    for row in tables["contracts"].rows():
        for column, some in known.items():
            for name in str(row[column]).split():
                chain = facilities.get(name, markets.get(name, row["chain_id"]))
                if name not in some or chain != row["chain_id"]:
                    yield fault(
                        row["id"],
                        column,
                        name,
                        f"names nothing of the chain {row['chain_id']}, so the contract would bind nobody",
                        hints[column].add("correct it", name),
                    )
        need = kinds.get(row["kind"], "")
        if need and np.isnan(row[need]):
            yield fault(
                row["id"],
                need,
                "",
                f"a contract of the kind {row['kind']} needs it",
                "give it with its evidence",
            )


def _recipes(tables: Tables) -> Iterator[Fault]:
    """Find recipes with one part twice, or without mass to make what they make."""
    content = dict(
        zip(tables["commodities"].ids.tolist(), tables["commodities"]["content"].tolist(), strict=True)
    )
    stage = dict(zip(tables["facilities"].ids.tolist(), tables["facilities"]["stage"].tolist(), strict=True))
    parts: dict[str, list[Row]] = defaultdict(list)
    for row in tables["recipe_parts"].rows():
        parts[row["recipe_id"]].append(row)
        if not row["amount"] > 0:
            yield faults_of("recipe_parts")(
                row["id"],
                "amount",
                row["amount"],
                "must be more than 0",
                "take the row out if nothing is used or made",
            )
    yield from _twins(parts)
    for row in tables["recipes"].rows():
        inputs, others = (
            {p["commodity_id"]: p["amount"] for p in parts[row["id"]] if p["role"] == role}
            for role in ("input", "output")
        )
        if row["commodity_id"] in inputs:
            yield faults_of("recipes")(
                row["id"],
                "commodity_id",
                row["commodity_id"],
                "is made from itself",
                "name another input or output",
            )
        if stage.get(row["facility_id"], "mine") in SOURCES:
            continue
        if not inputs:
            yield faults_of("recipes")(
                row["id"],
                "",
                "",
                f"makes {row['commodity_id']} from nothing, which only a {', '.join(SOURCES)} may",
                "give its inputs in recipe_parts.csv",
            )
            continue
        taken, given = element_balance(content, row["commodity_id"], inputs, others)
        if given > taken * (1 + SLACK):
            yield faults_of("recipes")(
                row["id"],
                "",
                "",
                (
                    f"it gives {given:.6g} t of the element a unit and takes {taken:.6g}; mass comes "
                    "from nothing"
                ),
                "mend amounts in recipe_parts.csv or contents in commodities.csv",
            )


def _twins(parts: Mapping[str, list[Row]]) -> Iterator[Fault]:
    """Find commodities that stand twice in one role of a recipe."""
    for some in parts.values():
        seen: set[tuple[str, str]] = set()
        for p in some:
            key = (p["role"], p["commodity_id"])
            if key in seen:
                yield faults_of("recipe_parts")(
                    p["id"],
                    "commodity_id",
                    p["commodity_id"],
                    f"stands twice as {p['role']} of {p['recipe_id']}",
                    "put the rows into one",
                )
            seen.add(key)


def _facilities(tables: Tables) -> Iterator[Fault]:
    fault = faults_of("facilities")
    for row in tables["facilities"].rows():
        if row["candidate"] and np.isnan(row["build_usd"]):
            yield fault(row["id"], "build_usd", "", "a candidate needs it", "give it with its evidence")
        if 0 < row["closes"] <= row["opens"]:
            yield fault(
                row["id"],
                "closes",
                row["closes"],
                f"must lie after opens {row['opens']}",
                "correct one of them",
            )


def _stocks(tables: Tables) -> Iterator[Fault]:
    """Find stocks above their maximum, and commodities that move and weigh nothing."""
    for row in tables["stocks"].rows():
        if row["opening"] > row["maximum"]:
            yield faults_of("stocks")(
                row["id"],
                "opening",
                row["opening"],
                f"is more than the maximum {row['maximum']:g}",
                "mend one of them",
            )
    for row in tables["commodities"].rows():
        if row["cargo_id"] and row["mass_t"] == 0:
            yield faults_of("commodities")(
                row["id"],
                "mass_t",
                row["mass_t"],
                f"it moves as {row['cargo_id']}, so it must weigh something",
                "give its mass, or leave cargo_id blank",
            )


def _circles(tables: Tables) -> Iterator[Fault]:
    """Find recipes of a chain that wait for each other."""
    chain_of = _chain_of(tables, "facilities")
    recipes: dict[str, dict[str, tuple[set[str], set[str]]]] = defaultdict(dict)
    home: dict[str, dict[str, tuple[set[str], set[str]]]] = {}
    for row in tables["recipes"].rows():
        home[row["id"]] = recipes[chain_of.get(row["facility_id"], "")]
        home[row["id"]][row["id"]] = (set(), {row["commodity_id"]})
    for part in tables["recipe_parts"].rows():
        if part["recipe_id"] in home:
            home[part["recipe_id"]][part["recipe_id"]][part["role"] != "input"].add(part["commodity_id"])
    kept: dict[str, set[str]] = defaultdict(set)
    for row in tables["stocks"].rows():
        if row["opening"] > 0:
            kept[row["chain_id"]].add(row["commodity_id"])
    for chain, some in recipes.items():
        circle, lacks = waiting_circle([(k, *v) for k, v in some.items()], kept[chain])
        if len(circle) > 1:  # one that waits for itself is told as made from itself
            yield faults_of("recipes")(
                circle[0],
                "",
                "",
                f"{' and '.join(circle)} wait for each other: {lacks} is made by none else",
                "add a recipe without inputs or a stock",
            )


def _markets(tables: Tables) -> Iterator[Fault]:
    """Find chains without a market, and candidates of which no year's cost can be known."""
    asked = set(tables["markets"]["chain_id"].tolist())
    for name in tables["chains"].ids.tolist():
        if name not in asked:
            yield faults_of("chains")(name, "", "", "has no market", "add one to markets.csv")
    if tables["facilities"]["candidate"].any():
        for name in CAPITAL:
            if name not in tables["constants"].position:
                yield faults_of("constants")(
                    "", "id", name, "candidate facilities need it", "add the row with its evidence"
                )
