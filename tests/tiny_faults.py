"""Find the faults of the tiny package with some of its cells changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daliz.tables.check import check_store
from tiny_package import tiny_network

if TYPE_CHECKING:
    from tiny_package import Row

KZ = "grids-kz-g-co2e-kwh"
PLACE = {"name_en": "P", "name_kk": "P", "name_ru": "P", "kind": "city", "position_source": "atlas"}
NAMES = {"name_en": "S", "name_kk": "S", "name_ru": "S", "description": "S", "source_id": "atlas"}
SETS = {n: NAMES | {"kind": "event", "history": True} for n in ("one", "two")}


def faults(**changes: dict[str, Row | None]) -> list[str]:
    """Return the faults of the tiny package with rows changed, as sentences."""
    return [str(fault) for fault in check_store(tiny_network(**changes).store).faults]


def faults_beside(sentence: str, **changes: dict[str, Row | None]) -> list[str]:
    """Return the faults that stand at the place which a sentence names."""
    place = sentence.partition(": ")[0]
    return [fault for fault in faults(**changes) if fault.startswith(f"{place}:")]


def change_of(set_id: str, **cells: Any) -> Row:
    """Make a change of the grid of KZ in a set."""
    return {
        "set_id": set_id,
        "table": "grids",
        "row_id": "kz",
        "column": "g_co2e_kwh",
        "op": "set",
        "value": 1.0,
        "from_date": "2022-01-01",
    } | cells
