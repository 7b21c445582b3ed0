"""Find defaults of verbs that no verb takes, or that name what the package does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.tables.faults import Fault, Hints, faults_of
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.table import Table

YEARS = "matrix-years"
PLACES = (
    ("nodes", "country"),
    ("facilities", "country"),
    ("markets", "country"),
    ("markets", "region"),
    ("trades", "exporter"),
    ("trades", "importer"),
    ("unions", "code"),
)
"""Columns that hold codes of countries and unions."""


def default_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find the faults of the table `defaults`: names, corridors, countries and years."""
    fault, table = faults_of("defaults"), tables["defaults"]
    names = schema()["defaults"].columns["id"].words
    corridors = set(tables["corridors"].ids.tolist())
    countries = {str(v) for of, column in PLACES for v in tables[of][column]}
    hints = {"corridor": Hints(corridors), "country": Hints(countries)}
    for name, cell in zip(table.ids, table["value"], strict=True):
        if name not in names:
            yield fault(
                name, "id", name, "no verb takes this default", Hints(names).add("name one of them", name)
            )
            continue
        kind = "corridor" if name == "corridor" else "country"
        for word in str(cell).split():
            if name == YEARS and not word.isdecimal():
                yield fault(name, "value", word, "must be years", "write them in figures with spaces between")
            elif name != YEARS and word not in (corridors if kind == "corridor" else countries):
                yield fault(
                    name,
                    "value",
                    word,
                    f"the package has no such {kind}",
                    hints[kind].add("name one it has", word),
                )
