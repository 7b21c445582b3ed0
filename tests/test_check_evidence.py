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
                "evidence.csv, row lost, column row_id: 'kzz': grids.csv has no such row: the "
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
                "evidence.csv, row lost, column column: 'grids.country': must be a column of figures; "
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
            {"evidence": {KZ: {"value": 800.0}}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': differs from the evidence that is used; "
                "run `daliz fill` on the package."
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
                "links.csv, row rail-mid-port, column speed_km_h: the cell is blank, but blank is "
                "used for it; "
                "run `daliz fill` on the package."
            ),
        ),
        (
            {"evidence": {KZ: {"unit": "kg/kWh"}}},
            (
                f"evidence.csv, row {KZ}, column unit: 'kg/kWh': grids.g_co2e_kwh is in g/kWh; "
                "convert the figure and give the unit."
            ),
        ),
        (
            {"evidence": {KZ: {"low": 900.0, "high": 1000.0}}},
            (
                f"evidence.csv, row {KZ}, column value: '821': must be at least its low end 900; "
                "correct the figure or its range."
            ),
        ),
        (
            {"evidence": {KZ: {"high": 800.0}}},
            (
                f"evidence.csv, row {KZ}, column value: '821': must be at most its high end 800; "
                "correct the figure or its range."
            ),
        ),
        (
            {"evidence": {KZ: {"grade": "assumption"}}},
            (
                f"evidence.csv, row {KZ}, column note: an assumption needs its reason; say in the note "
                "why this value."
            ),
        ),
        (
            {"evidence": {KZ: {"source_id": "assumption"}}},
            (
                f"evidence.csv, row {KZ}, column source_id: 'assumption': a measured figure needs a source; "
                "name it or grade the figure as assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"arithmetic": "800 + 20"}}},
            (
                f"evidence.csv, row {KZ}, column value: '821': its arithmetic gives 820; run `daliz "
                "fill` on the package."
            ),
        ),
        (
            {"evidence": {KZ: {"arithmetic": "800 + x"}}},
            (
                f"evidence.csv, row {KZ}, column arithmetic: '800 + x': 'x' is not allowed in "
                "arithmetic; use numbers, "
                "+ - * / ** and gc, shape, cell, index, min, max; correct the arithmetic."
            ),
        ),
        (
            {"evidence": {KZ: {"from_date": "2022-01-01"}}},
            (
                f"evidence.csv, row {KZ}, column from_date: '2022-01-01': no figure of "
                "grids.kz.g_co2e_kwh is used "
                "from 2020-01-01 to 2022-01-01; leave the first from_date blank."
            ),
        ),
        (
            {"evidence": {KZ: {"to_date": "2029-01-01"}}},
            (
                f"evidence.csv, row {KZ}, column to_date: '2029-01-01': no figure of "
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
    found = faults(evidence={"more": _more_evidence(from_date="2022-01-01")})
    expected = (
        f"evidence.csv, row more, column used: 'yes': {KZ} is used for grids.kz.g_co2e_kwh in the same days; "
        "keep one, or give each its dates."
    )
    assert [expected] == found


def test_evidence_with_a_gap() -> None:
    """Days on which no row is used for a cell are a fault of the row after them."""
    found = faults(evidence={KZ: {"to_date": "2022-01-01"}, "more": _more_evidence(from_date="2022-03-01")})
    expected = (
        "evidence.csv, row more, column from_date: '2022-03-01': no figure of grids.kz.g_co2e_kwh is used "
        "from 2022-01-01; close the gap."
    )
    assert [expected] == found


def test_overlaps_hide_no_gap_and_make_none() -> None:
    """A row within the days of another is one overlap, not also a gap."""
    inner = {
        name: _more_evidence(from_date=f"{year}-01-01", to_date=f"{year}-02-01")
        for name, year in (("a", 2022), ("b", 2024))
    }
    found = check_store(tiny_network(evidence=inner).store).faults
    assert [("a", "used"), ("b", "used")] == [(fault.row, fault.column) for fault in found]


def test_dated_evidence_that_follows_on_is_clean() -> None:
    """Rows whose dates follow each other without gap or overlap are no fault."""
    assert [] == faults(
        evidence={KZ: {"to_date": "2022-01-01"}, "more": _more_evidence(from_date="2022-01-01")}
    )


def test_grades_are_counted_by_distinct_figures() -> None:
    """The same value from the same source in one column counts once, and grades come best first."""
    shares = check_store(tiny_network(evidence={KZ: {"grade": "assumption", "note": "because"}}).store).shares
    assert ["measured", "assumption"] == [grade for grade, _, _ in shares]
    assert (1, pytest.approx(1.0)) == (shares[1][1], sum(share for _, _, share in shares))
