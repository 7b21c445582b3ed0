"""Open the small packages of `tests/cases`, whole or with rows changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import daliz
from case_folders import cases
from daliz.tables import Network
from daliz.tables.table import Table
from questions import routes_of
from tiny_package import changed

if TYPE_CHECKING:
    from collections.abc import Mapping

CASES = cases()


def open_case(name: str, year: int = 2024, **changes: Mapping[str, Mapping[str, Any] | None]) -> Network:
    """Open a case; each keyword names a table whose rows are changed, added or (None) taken out by id."""
    network = daliz.open(CASES / name, year=year)
    if not changes:
        return network
    tables = {}
    for table, rows in changes.items():
        plain = [plain_row(row) for row in network.store[table].rows()]
        tables[table] = Table.from_rows(table, changed(table, plain, rows))
    return Network(network.store.replace(**tables), network.period)


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its blank cells left out."""
    return {c: v for c, v in row.items() if v is not None and v == v and v != ""}  # noqa: PLR0124 - NaN


def ways(network: Network, a: str, b: str, **words: Any) -> daliz.Routes:
    """Return the ways of a shipment, without draws and Pareto set unless asked for."""
    return routes_of(network, a, b, **({"draws": 0, "pareto": False} | words))


def best(network: Network, a: str, b: str, **words: Any) -> daliz.Itinerary:
    """Return the best way of a shipment."""
    return ways(network, a, b, **({"k": 1} | words))[0]
