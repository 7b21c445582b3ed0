"""Protect the check of evidence: figures without it, gaps, overlaps, and what it does not support."""

from __future__ import annotations

from typing import Any

import pytest

from daliz.tables.check import check_store
from tiny_faults import KZ, faults, faults_beside
from tiny_package import Row, tiny_network


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        # evidence
        (
            {
                "evidence": {
                    "lost": {
                        "table": "grids",
                        "row_id": "kzz",
                        "column": "g_co2e_kwh",
                        "value": 1.0,
                        "unit": "g/kWh",
                        "source_id": "atlas",
                        "grade": "measured",
                    }
                }
            },
            (
                "evidence/grids.csv, row kzz.g_co2e_kwh, column row_id: 'kzz': grids.csv has no such row: the "
                "evidence is an orphan; "
                "correct the id or remove the row. Did you mean kz?"
            ),
        ),
        (
            {
                "evidence": {
                    "lost": {
                        "table": "grids",
                        "row_id": "kz",
                        "column": "country",
                        "value": 1.0,
                        "unit": "g/kWh",
                        "source_id": "atlas",
                        "grade": "measured",
                    }
                }
            },
            (
                "evidence/grids.csv, row kz.country, column column: 'grids.country': must be a column of figures; "
                "correct table and column."
            ),
        ),
        (
            {"evidence": {KZ: None}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': no row of evidence is used for this figure; "
                "add one, or label it an assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"used": False}}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': no row of evidence is used for this figure; "
                "add one, or label it an assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"value": 800.0, "used": False}}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': no row of evidence is used for this figure; "
                "add one, or label it an assumption."
            ),
        ),
        (
            {
                "evidence": {
                    "blank": {
                        "table": "links",
                        "row_id": "rail-mid-port",
                        "column": "speed_km_h",
                        "value": 44.0,
                        "unit": "km/h",
                        "source_id": "atlas",
                        "grade": "measured",
                        "used": True,
                    }
                }
            },
            (
                "evidence/links.csv, row rail-mid-port.speed_km_h, column row_id: "
                "the cell links.rail-mid-port.speed_km_h is blank; fill the cell or remove the evidence."
            ),
        ),
        (
            {"evidence": {KZ: {"unit": "kg/kWh"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column unit: 'kg/kWh': grids.g_co2e_kwh is in g/kWh; "
                "convert the figure and give the unit."
            ),
        ),
        (
            {"evidence": {KZ: {"low": 900.0, "high": 1000.0}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column low: '821': the figure must be at least its low end 900; "
                "correct the figure or its range."
            ),
        ),
        (
            {"evidence": {KZ: {"high": 800.0}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column high: '821': the figure must be at most its high end 800; "
                "correct the figure or its range."
            ),
        ),
        (
            {"evidence": {KZ: {"grade": "assumption"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column note: an assumption needs its reason; say in the note "
                "why this value."
            ),
        ),
        (
            {"evidence": {KZ: {"source_id": "assumption"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column source_id: 'assumption': a measured figure needs a source; "
                "name it or grade the figure as assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"arithmetic": "800 + x"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column arithmetic: '800 + x': 'x' is not allowed in "
                "arithmetic; use numbers, "
                "+ - * / ** and gc, shape, cell, index, min, max; correct the arithmetic."
            ),
        ),
        (
            {"evidence": {KZ: {"from_date": "2022-01-01"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column from_date: '2022-01-01': no figure of "
                "grids.kz.g_co2e_kwh is used "
                "from 2020-01-01 to 2022-01-01; leave the first from_date blank."
            ),
        ),
        (
            {"evidence": {KZ: {"to_date": "2029-01-01"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column to_date: '2029-01-01': no figure of "
                "grids.kz.g_co2e_kwh is used "
                "from 2029-01-01 to 2030-12-31; leave the last to_date blank."
            ),
        ),
        # needed figures
        (
            {"grids": {"kz": {"g_co2e_kwh": None}}},
            "grids.csv, row kz, column g_co2e_kwh: this figure may not be blank; give it with its evidence.",
        ),
    ],
)
def test_each_fault_of_evidence_is_told_once(changes: dict[str, Any], sentence: str) -> None:
    """One mistake in a clean package gives this sentence, and no other sentence of the same place."""
    assert [sentence] == faults_beside(sentence, **changes)


def _more_evidence(**cells: Any) -> Row:
    return {
        "table": "grids",
        "row_id": "kz",
        "column": "g_co2e_kwh",
        "unit": "g/kWh",
        "source_id": "atlas",
        "grade": "measured",
        "used": True,
        "value": 821.0,
    } | cells


def test_evidence_that_overlaps() -> None:
    """Two rows used for one cell on the same days are a fault of the second."""
    found = faults(evidence={KZ: {"to_date": "2023-01-01"}, "more": _more_evidence(from_date="2022-01-01")})
    expected = (
        "evidence/grids.csv, row kz.g_co2e_kwh, column used: 'yes': two rows are used for grids.kz.g_co2e_kwh on "
        "2022-01-01; keep one, or give each its dates."
    )
    assert [expected] == found


def test_evidence_with_a_gap() -> None:
    """Days on which no row is used for a cell are a fault of the row after them."""
    found = faults(evidence={KZ: {"to_date": "2022-01-01"}, "more": _more_evidence(from_date="2022-03-01")})
    expected = (
        "evidence/grids.csv, row kz.g_co2e_kwh, column from_date: '2022-03-01': no figure of grids.kz.g_co2e_kwh is used "
        "from 2022-01-01; close the gap."
    )
    assert [expected] == found


def test_overlaps_hide_no_gap_and_make_none() -> None:
    """A row within the days of another is one overlap, not also a gap."""
    inner = {
        name: _more_evidence(from_date=f"{year}-01-01", to_date=f"{year}-02-01")
        for name, year in (("a", 2022), ("b", 2024))
    }
    found = check_store(tiny_network(evidence={KZ: {"to_date": "2031-01-01"}} | inner).store).faults
    assert ["used", "used"] == [fault.column for fault in found]
    assert [fault.allowed[-10:] for fault in found] == ["2022-01-01", "2024-01-01"]


def test_dated_evidence_that_follows_on_is_clean() -> None:
    """Rows whose dates follow each other without gap or overlap are no fault."""
    assert [] == faults(
        evidence={KZ: {"to_date": "2022-01-01"}, "more": _more_evidence(from_date="2022-01-01")}
    )


def test_grades_are_counted_by_cells() -> None:
    """Each cell with a figure counts once, whatever rows of evidence speak of it, and grades come best first."""
    shares = check_store(tiny_network(evidence={KZ: {"grade": "assumption", "note": "because"}}).store).shares
    assert ["measured", "assumption"] == [grade for grade, _, _ in shares]
    assert (1, pytest.approx(1.0)) == (shares[1][1], sum(share for _, _, share in shares))
