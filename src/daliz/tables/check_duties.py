"""Find inconsistent rows of duties: circles of bases, codes that are none, rows that stand twice."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.tables.faults import Fault, Hints, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.table import Table

Row = dict[str, Any]
Tables = dict[str, "Table"]
COUNTRY = re.compile(r"[A-Z]{2}")
CODES = (
    ("tariffs", "importers"),
    ("tariffs", "exporters"),
    ("trades", "importer"),
    ("trades", "exporter"),
    ("policies", "importer"),
)
"""Columns of countries and unions."""
FOREVER = "9999"


def duty_faults(tables: Tables) -> list[Fault]:
    """Find all faults of duties, trades and policies."""
    return [
        *_codes(tables),
        *_bases(tables),
        *_tariffs(tables),
        *_twice(tables),
        *_carbon(tables),
        *_trades(tables),
    ]


def circle_of_bases(bases: Mapping[str, str], name: str) -> list[str]:
    """Follow the bases of a policy, and return the policies of a circle; none if they end.

    Examples
    --------
    >>> circle_of_bases({"a": "b", "b": "c", "c": "b"}, "a")
    ['b', 'c']
    """
    line: list[str] = []
    while name and name not in line:
        line.append(name)
        name = bases.get(name, "")
    return line[line.index(name) :] if name else []


def same_goods(one: Row, other: Row) -> bool:
    """Return whether two rows of `tariffs` may hold for the same goods on the same day under one policy."""
    for column in ("importers", "exporters", "product_ids", "policies"):
        a, b = (set(str(r[column]).split()) for r in (one, other))
        # blank stands for all, except of policies: a row of these takes the place of the record
        if (a and b and not a & b) or (column == "policies" and bool(a) != bool(b)):
            return False
    starts = [str(r["from_date"] or "") for r in (one, other)]
    ends = [str(r["to_date"] or FOREVER) for r in (one, other)]
    return max(starts) < min(ends)


def _codes(tables: Tables) -> Iterator[Fault]:
    """Find codes of countries and unions that are none."""
    unions = {str(c) for c in tables["unions"]["code"]}
    hints = Hints(unions)
    for name, column in CODES:
        for row, cell in zip(tables[name].ids, tables[name][column], strict=True):
            for code in str(cell).split():
                if not COUNTRY.fullmatch(code) and code not in unions:
                    allowed = "must be a two-letter ISO 3166 code in Latin capitals or a code of unions.csv"
                    yield faults_of(name)(row, column, code, allowed, hints.add("write it as KZ", code))


def _bases(tables: Tables) -> Iterator[Fault]:
    """Find policies that are held against each other in a circle, each circle once."""
    policies = tables["policies"]
    bases = dict(zip(policies.ids.tolist(), policies["base"].tolist(), strict=True))
    seen: set[str] = set()
    for name in bases:
        circle = circle_of_bases(bases, name)
        if circle and not seen & set(circle):
            seen |= set(circle)
            allowed = f"the bases of {', '.join(circle)} go round in a circle"
            yield faults_of("policies")(circle[0], "base", bases[circle[0]], allowed, "leave one blank")


def _tariffs(tables: Tables) -> Iterator[Fault]:
    """Find quotas without a value, and two duties of MFN or two quotas for the same goods."""
    fault = faults_of("tariffs")
    kinds: dict[str, list[Row]] = defaultdict(list)
    for row in tables["tariffs"].rows():
        if row["kind"] == "quota" and np.isnan(row["quota_usd"]):
            yield fault(row["id"], "quota_usd", "", "a quota needs it", "give it with its evidence")
        if row["kind"] in {"mfn", "quota"}:
            kinds[row["kind"]].append(row)
    words = {"mfn": "a duty of MFN", "quota": "a quota"}
    for kind, rows in kinds.items():
        for k, row in enumerate(rows):
            other = next((r["id"] for r in rows[:k] if same_goods(r, row)), "")
            if other:
                yield fault(
                    row["id"],
                    "kind",
                    kind,
                    f"{other} gives {words[kind]} for the same goods on the same days",
                    "leave one, or make goods, days or policies disjoint",
                )


def _twice(tables: Tables) -> Iterator[Fault]:
    """Find rows of duties that are the same but for their ids, and would be added up."""
    seen: dict[tuple[str, ...], str] = {}
    for row in tables["tariffs"].rows():
        key = tuple(str(v) for c, v in sorted(row.items()) if c != "id")
        if key in seen:
            yield faults_of("tariffs")(
                row["id"], "", "", f"is the same as {seen[key]} and would count twice", "leave one"
            )
        seen.setdefault(key, row["id"])


def _carbon(tables: Tables) -> Iterator[Fault]:
    """Find products whose carbon is charged and not known."""
    products, trades = tables["products"], tables["trades"]
    lacks = {i for i, kg in zip(products.ids, products["kg_co2e_per_t"], strict=True) if np.isnan(kg)}
    for row in tables["tariffs"].rows():
        if row["kind"] != "carbon":
            continue
        for trade in trades.rows():
            product, exporters = trade["product_id"], str(row["exporters"]).split()
            if (
                product in lacks
                and trade["importer"] in str(row["importers"]).split()
                and (not exporters or trade["exporter"] in exporters)
                and product in (str(row["product_ids"]).split() or [product])
                and trade["importer"] != trade["exporter"]
            ):
                lacks.discard(product)
                allowed = f"{row['id']} of tariffs.csv charges its carbon"
                yield faults_of("products")(
                    product, "kg_co2e_per_t", "", allowed, "give it with its evidence"
                )


def _trades(tables: Tables) -> Iterator[Fault]:
    """Find trades that stand twice."""
    seen: dict[tuple[str, str, str], str] = {}
    for row in tables["trades"].rows():
        key = (row["importer"], row["exporter"], row["product_id"])
        if key in seen:
            yield faults_of("trades")(
                row["id"], "product_id", row["product_id"], f"the same trade as {seen[key]}", "leave one"
            )
        seen[key] = row["id"]
