"""Find the faults of one chain, for who plans it: what `daliz check` says of its rows, and nothing of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.check_chains import chain_faults
from daliz.tables.check_references import country_faults

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from daliz.tables.faults import Fault
    from daliz.tables.table import Table

OWN = ("commodities", "facilities", "markets", "lanes", "contracts", "stocks")
PLACES = ("nodes", "links", "operators", "constants")


def faults_of_chain(chain: str, tables: Mapping[str, Table], places: Mapping[str, Table]) -> list[Fault]:
    """Find the faults of the rows of a chain.

    Parameters
    ----------
    chain
        Its id.
    tables
        Tables of chains.
    places
        The tables of which chains name rows: nodes, links, operators, constants, as written.

    Examples
    --------
    >>> from daliz.tables.store import open_store
    >>> store = open_store("eurasia")
    >>> faults_of_chain("uranium", store, store)
    []
    """
    some = {name: tables[name].take(tables[name]["chain_id"] == chain) for name in OWN}
    some["chains"] = tables["chains"].take(tables["chains"].ids == chain)
    some["recipes"] = _of(tables["recipes"], "facility_id", some["facilities"].position)
    some["recipe_parts"] = _of(tables["recipe_parts"], "recipe_id", some["recipes"].position)
    found = [f for name in OWN for f in country_faults(some[name]) if f.stops]
    return found + chain_faults(some | {name: places[name] for name in PLACES})


def _of(table: Table, column: str, known: Collection[str]) -> Table:
    return table.take(np.array([v in known for v in table[column]], np.bool_))
