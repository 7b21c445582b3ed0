"""Protect the check of references, dates, codes, changes, emission factors and services."""

from __future__ import annotations

from typing import Any

import pytest

from daliz.tables.check import check_store
from tiny_faults import SETS, change_of, faults, faults_beside
from tiny_package import network_of, tiny_tables


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        # unknown references
        (
            {"links": {"rail-mid-port": {"operator_id": "railwy"}}},
            (
                "links.csv, row rail-mid-port, column operator_id: 'railwy': must be an id of operators.csv; "
                "correct it or add the row to operators.csv. Did you mean railway?"
            ),
        ),
        (
            {
                "restrictions": {
                    "r": {
                        "scope": "node",
                        "scope_id": "prot",
                        "effect": "prohibit",
                        "rule": "No",
                        "source_id": "atlas",
                    }
                }
            },
            (
                "restrictions.csv, row r, column scope_id: 'prot': must be an id of nodes.csv; "
                "correct it or add the row to nodes.csv. Did you mean port?"
            ),
        ),
        (
            {"terminals": {"port-sea": {"weather_id": "prot"}}},
            (
                "terminals.csv, row port-sea, column weather_id: 'prot': must be an id of weather.csv; "
                "correct it or add the row to weather.csv. Did you mean port?"
            ),
        ),
        (
            {"rates": {"rail-container-kz": {"index_id": "rail"}}},
            (
                "rates.csv, row rail-container-kz, column index_id: 'rail': must be an id of indices.csv; "
                "correct it or add the row to indices.csv. Did you mean railway?"
            ),
        ),
        (
            {"corridors": {"middle": {"any_links": "sea-port-quay sea-prot"}}},
            (
                "corridors.csv, row middle, column any_links: 'sea-prot': must be an id of links.csv; "
                "correct it or add the row to links.csv. Did you mean sea-port-quay?"
            ),
        ),
        (
            {"changes": {"storm-sea": {"row_id": "sea-port-qay"}}},
            (
                "changes.csv, row storm-sea, column row_id: 'sea-port-qay': must be an id of links.csv; "
                "correct it or add the row to links.csv. Did you mean sea-port-quay?"
            ),
        ),
        # changes of what cannot change
        (
            {"changes": {"storm-sea": {"table": "link"}}},
            (
                "changes.csv, row storm-sea, column table: 'link': must be a table that may change; "
                "name one of the tables. Did you mean links?"
            ),
        ),
        (
            {"changes": {"storm-sea": {"column": "length_km"}}},
            (
                "changes.csv, row storm-sea, column column: 'length_km': close concerns a row; leave the "
                "column blank."
            ),
        ),
        (
            {"changes": {"storm-sea": {"table": "nodes", "row_id": "port"}}},
            (
                "changes.csv, row storm-sea, column op: 'close': rows of nodes do not open and close; "
                "choose one of links, terminals, services, restrictions, contracts, tariffs."
            ),
        ),
        (
            {"changes": {"dear-sea-price": {"column": "usd"}}},
            (
                "changes.csv, row dear-sea-price, column column: 'usd': must be a column of figures "
                "of rates; "
                "choose one of usd_fixed usd_per_km."
            ),
        ),
        (
            {"changes": {"dear-sea-price": {"value": None}}},
            (
                "changes.csv, row dear-sea-price, column value: multiply needs a value; give it with its "
                "evidence."
            ),
        ),
        # two sets on one cell
        (
            {
                "change_sets": SETS,
                "changes": {"a": change_of("one"), "b": change_of("two", from_date="2023-01-01")},
            },
            (
                "changes.csv, row b, column op: 'set': a sets grids.kz.g_co2e_kwh in the same days; "
                "make their dates disjoint or turn one into multiply."
            ),
        ),
        # dates and codes
        (
            {"links": {"rail-mid-port": {"from_date": "2024-01-01", "to_date": "2023-01-01"}}},
            (
                "links.csv, row rail-mid-port, column to_date: '2023-01-01': must lie after "
                "from_date 2024-01-01; "
                "to_date is the first day no longer in force."
            ),
        ),
        (
            {"operators": {"line": {"country": "АZ"}}},
            (
                "operators.csv, row line, column country: 'АZ': must be a two-letter ISO 3166 code in "
                "Latin capitals; write it as KZ."
            ),
        ),
        # emission factors
        (
            {"services": {"block": {"factor_id": "rail-electric"}}},
            (
                "services.csv, row block, column factor_id: 'rail-electric': is a factor per "
                "kwh-tkm, but what moves needs one "
                "per tkm or teu-km; choose another factor."
            ),
        ),
        (
            {"emission_factors": {"truck": {"wtw_kg": None}}},
            (
                "speeds.csv, row road, column factor_id: 'truck': this factor has no wtw_kg; give it "
                "with its evidence."
            ),
        ),
        # services
        (
            {"stops": {"ferry-02": None}},
            "services.csv, row ferry: needs at least two stops; add them to stops.csv.",
        ),
        (
            {"stops": {"ferry-02": {"sequence": 1.0}}},
            (
                "stops.csv, row ferry-01, column sequence: ferry has two stops of one sequence; number "
                "them anew."
            ),
        ),
        (
            {"terminals": {"quay-sea": None}},
            (
                "stops.csv, row ferry-02, column node_id: 'quay': no sea terminal handles cargo here; "
                "add it to terminals.csv or make the call a pass."
            ),
        ),
        (
            {"stops": {"block-04": {"node_id": "west"}}},
            (
                "stops.csv, row block-04, column node_id: 'west': no rail links join it to the first "
                "stop of block; "
                "add the links or correct the stop."
            ),
        ),
        (
            {"stops": {"block-04": {"call": "pass"}}},
            (
                "stops.csv, row block-04, column call: 'pass': block begins or ends here, where it "
                "can only be boarded or left; "
                "choose both, board or alight."
            ),
        ),
    ],
)
def test_each_fault_of_reference_is_told_once(changes: dict[str, Any], sentence: str) -> None:
    """One mistake in a clean package gives this sentence, and no other sentence of the same place."""
    assert [sentence] == faults_beside(sentence, **changes)


def test_sets_on_one_cell_that_may_stand() -> None:
    """Sets on other days, a set of no history and a multiplication do not contradict each other."""
    apart = {"a": change_of("one", to_date="2023-01-01"), "b": change_of("two", from_date="2023-01-01")}
    times = {"a": change_of("one"), "b": change_of("two", op="multiply")}
    other = {"a": change_of("one"), "b": change_of("dear-sea")}
    for changes in (apart, times, other):
        assert [] == faults(change_sets=SETS, changes=changes)


def test_duplicated_ids_are_told() -> None:
    """An id that stands twice is told with its count."""
    tables = tiny_tables()
    tables["operators"].append(dict(tables["operators"][0]))
    found = [str(fault) for fault in check_store(network_of(tables).store).faults]
    assert [
        (
            "operators.csv, row line, column id: 'line': stands 2 times and may stand once; rename or "
            "remove the others."
        )
    ] == found
