"""Protect sums and the place of rows: shares add up, no row wins by its order, markets can be assigned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import daliz
from case_folders import case
from command_line import run
from daliz.errors import CheckError
from daliz.tables.check import check, check_store
from daliz.tables.check_sums import unique_columns
from daliz.tables.schema import schema
from tiny_faults import faults
from tiny_package import network_of, tiny_tables

if TYPE_CHECKING:
    from pathlib import Path

MARKET = {
    "name_en": "Grain",
    "unit": "kt",
    "commodity": "grain",
    "contestable_share": 1.0,
    "description": "Grain",
}


def _market(**changes: Any) -> list[str]:
    """Return the faults of a market of the tiny package, those of evidence aside."""
    rows: dict[str, Any] = {
        "flows": {"grain": MARKET},
        "flow_years": {"g-2024": {"flow_id": "grain", "year": 2024.0, "quantity": 100.0}},
        "flow_ends": {
            "g-o": {"flow_id": "grain", "end": "origin", "node_id": "east", "weight": 1.0},
            "g-d": {"flow_id": "grain", "end": "destination", "node_id": "mid", "weight": 1.0},
        },
        "flow_cargoes": {"g-c": {"flow_id": "grain", "cargo_id": "container-40", "share": 1.0}},
    }
    for table, some in changes.items():
        rows[table] = {k: v for k, v in (rows[table] | some).items() if v is not None}
    return faults(**rows)


def test_a_whole_market_is_clean() -> None:
    """Shares that add up to 1 are no fault."""
    assert _market() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"flow_cargoes": {"g-c": {"flow_id": "grain", "cargo_id": "container-40", "share": 0.5}}},
            (
                "flows.csv, row grain, column id: 'grain': the shares of its classes add up to 0.5, not to 1; correct them "
                "in flow_cargoes.csv."
            ),
        ),
        (
            {"flow_ends": {"g-x": {"flow_id": "grain", "end": "origin", "node_id": "port", "weight": 0.5}}},
            (
                "flows.csv, row grain, column id: 'grain': the shares of its origins add up to 1.5, not to 1; correct them "
                "in flow_ends.csv."
            ),
        ),
        (
            {"flow_ends": {"g-d": None}},
            "flows.csv, row grain, column id: 'grain': the market has no destinations; add rows to flow_ends.csv.",
        ),
        (
            {"flow_years": {"g-2024": None}},
            (
                "flows.csv, row grain, column id: 'grain': the market has no quantity of a year; add rows to "
                "flow_years.csv."
            ),
        ),
        (
            {"flow_years": {"g-b": {"flow_id": "grain", "year": 2024.0, "quantity": 7.0}}},
            (
                "flow_years.csv, row g-b, column flow_id: row g-2024 is the same year of a market (grain, 2024); put the "
                "two into one row."
            ),
        ),
    ],
)
def test_each_fault_of_a_market_is_told(changes: dict[str, Any], sentence: str) -> None:
    """A market that loses or doubles a part of its quantity is a fault that names the sum and the file."""
    assert _market(**changes) == [sentence]


def test_a_market_in_teu_goes_in_containers() -> None:
    """A class that is no container cannot carry a market counted in TEU."""
    found = _market(
        flows={"grain": MARKET | {"unit": "TEU"}},
    )
    assert found == []
    found = faults(
        flows={"grain": MARKET | {"unit": "TEU"}},
        flow_cargoes={"g-c": {"flow_id": "grain", "cargo_id": "bulk", "share": 1.0}},
        cargoes={"bulk": {"teu": 0.0}},
    )
    assert any("grain is counted in TEU, and this class is no container" in line for line in found)


def test_two_rates_for_the_same_are_a_fault_in_any_order() -> None:
    """A second price of the same mode, country, group and direction never wins by its place."""
    rows = {r["id"]: r for r in tiny_tables()["rates"]}
    twin = rows["rail-container"] | {"id": "a-twin", "usd_per_km": 9.0}
    (fault,) = [f for f in faults(rates={"a-twin": twin}) if "same price" in f]
    assert (
        "row rail-container, column mode: row a-twin is the same price (rail, blank, blank, container, both, price, blank, blank, blank)"
        in fault
    )
    tables = tiny_tables(rates={"a-twin": twin})
    tables["rates"].reverse()
    with pytest.raises(CheckError, match="is the same price"):
        _ = network_of(tables).resolved


def test_an_index_has_every_year_of_the_package() -> None:
    """A rate that would be refused in some year is a fault before it is asked for."""
    found = faults(indices={"railway-2022": None})
    assert any(
        "series railway has no value above 0 for 2022, to which the rate is moved" in line for line in found
    )


def test_a_country_is_a_code_of_the_standard() -> None:
    """A code that ISO 3166 does not have is told, also inside a list; codes left to users are taken."""
    found = faults(corridors={"middle": {"any_countries": "KZ UK XA"}})
    assert [line for line in found if "'UK'" in line and "is no code of ISO 3166" in line]
    assert not [line for line in found if "'XA'" in line]


def test_columns_that_tell_rows_apart_exist() -> None:
    """Every rule of uniqueness names a table and its columns, and `eurasia` keeps it."""
    for unique in unique_columns():
        assert {*unique.columns, unique.only[0]} - {""} <= set(schema()[unique.table].columns)
    assert check_store(daliz.open("eurasia").store).clean


def test_half_a_market_is_refused_by_check_and_by_assign(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The share 0.5 alone is a fault that names the flow and its sum; the verb says the same."""
    folder = case("08e-shares-half", tmp_path)
    told = [str(f) for f in check(folder).faults]
    assert any(
        "row f, column id: 'f': the shares of its classes add up to 0.5, not to 1" in line for line in told
    )
    code, out, err = run(capsys, "assign", "-n", str(folder))
    assert (code, out) == (2, "")
    assert "the shares of its classes add up to 0.5, not to 1" in err
