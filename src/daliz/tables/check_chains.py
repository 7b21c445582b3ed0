"""Find inconsistent rows of chains and duties: unknown ends, mixed chains, candidates without a cost."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.faults import Fault, Hints, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.table import Table

Row = dict[str, Any]
Tables = dict[str, "Table"]
SOURCES = ("mine", "lumped", "store", "power", "water")
"""Stages that take what no table holds: from the ground, old stocks, the air or the sea.

`lumped` is a mine with its works.
"""
SLACK = 1e-6
"""Share by which a recipe may give more of the element than it takes, for figures that are rounded."""


def element_balance(
    content: Mapping[str, float], output: str, inputs: Mapping[str, float], others: Mapping[str, float]
) -> tuple[float, float]:
    """Return the tonnes of the element that a run of a recipe takes and gives."""
    taken = sum(a * content.get(c, 0.0) for c, a in inputs.items())
    given = content.get(output, 0.0) + sum(a * content.get(c, 0.0) for c, a in others.items())
    return taken, given


def chain_faults(tables: Tables) -> list[Fault]:
    """Find all faults of chains and duties."""
    return [
        *_mixed(tables),
        *_ends(tables),
        *_contracts(tables),
        *_recipes(tables),
        *_facilities(tables),
        *_tariffs(tables),
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
    for row in tables["recipes"].rows():
        if stage.get(row["facility_id"], "mine") in SOURCES:
            continue
        inputs, others = (
            {p["commodity_id"]: p["amount"] for p in parts[row["id"]] if p["role"] == role}
            for role in ("input", "output")
        )
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


def _tariffs(tables: Tables) -> Iterator[Fault]:
    """Find quotas without a value, and trades that stand twice."""
    for row in tables["tariffs"].rows():
        if row["kind"] == "quota" and np.isnan(row["quota_usd"]):
            yield faults_of("tariffs")(
                row["id"], "quota_usd", "", "a quota needs it", "give it with its evidence"
            )
    seen: dict[tuple[str, str, str], str] = {}
    for row in tables["trades"].rows():
        key = (row["importer"], row["exporter"], row["product_id"])
        if key in seen:
            yield faults_of("trades")(
                row["id"], "product_id", row["product_id"], f"the same trade as {seen[key]}", "leave one"
            )
        seen[key] = row["id"]
