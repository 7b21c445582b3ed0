"""Protect the check of evidence: figures without it, gaps, overlaps, and what it does not support."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daliz.tables.check import check_store
from daliz.tables.check_arithmetic import ArithmeticFaults
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
            {"evidence": {KZ: {"arithmetic": "820 + 1", "note": "One on top, assumed."}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column arithmetic: '820 + 1': its note names an assumption, but it "
                "calls on no figure graded assumption; write the number as a row of assumptions.csv and call "
                'it: cell("assumptions", row, "value").'
            ),
        ),
        (
            {"evidence": {KZ: {"arithmetic": "821 * 1"}}},
            (
                "evidence/grids.csv, row kz.g_co2e_kwh, column arithmetic: '821 * 1': it computes nothing; leave the "
                "arithmetic blank and grade the figure by its source."
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


ASSUMED = {"grade": "assumption", "note": "Nobody counts it."}
AZ, CN = "grids-az-g-co2e-kwh", "grids-cn-g-co2e-kwh"


@pytest.mark.parametrize(
    "evidence",
    [
        {AZ: ASSUMED, KZ: {"arithmetic": 'cell("grids","az","g_co2e_kwh") + 351'}},
        {AZ: ASSUMED, KZ: {"arithmetic": 'max(351 + cell("grids", "az", "g_co2e_kwh", 2024), 0)'}},
        {
            AZ: ASSUMED,
            CN: {"arithmetic": 'cell("grids","az","g_co2e_kwh") + 90'},
            KZ: {"arithmetic": 'cell("grids","cn","g_co2e_kwh") + 261'},
        },
    ],
    ids=["directly", "by year", "further down"],
)
def test_an_assumption_that_is_called_is_no_fault(evidence: dict[str, Row]) -> None:
    """A note may speak of an assumption where the arithmetic calls on one, directly or through other figures."""
    evidence[KZ] |= {"note": "Part of it by ASSUMPTION."}
    assert [] == faults(evidence=evidence)


def test_an_assumed_index_is_called_by_its_year() -> None:
    """Arithmetic that calls on an index calls on the figure of that year alone."""
    index = {"id": "i", "table": "indices", "column": "value", "row_id": "oil-2024", "used": True}
    row = {"id": "a", "table": "grids", "row_id": "kz", "column": "g_co2e_kwh", "used": True}
    row |= {"note": "Share assumed.", "arithmetic": 'index("oil", 2024) / 2', "grade": "derived"}
    for year, told in (("2024", 0), ("2023", 1)):
        rows = [index | {"row_id": f"oil-{year}", "grade": "assumption", "arithmetic": ""}, row]
        assert told == len(list(ArithmeticFaults(rows).of(row)))


def test_a_figure_that_only_calls_on_sources_assumes_nothing() -> None:
    """A call on a measured figure, or on evidence that is not used, does not make good an assumption of the note."""
    unused = _more_evidence(**ASSUMED, row_id="az", used=False, value=400.0)
    found = faults(
        evidence={
            "more": unused,
            KZ: {"arithmetic": 'cell("grids","az","g_co2e_kwh") + 351', "note": "351 g assumed."},
        }
    )
    assert ["evidence/grids.csv, row kz.g_co2e_kwh, column arithmetic"] == [
        fault.partition(":")[0] for fault in found
    ]


def test_a_long_chain_of_figures_is_followed_to_its_end() -> None:
    """An assumption is found behind thousands of figures, and a circle of figures ends."""
    row = {"table": "t", "column": "c", "used": True, "note": "Assumed.", "grade": "derived"}
    chain = [
        row | {"id": str(i), "row_id": str(i), "arithmetic": f'cell("t","{i - 1}","c")'} for i in range(3000)
    ]
    assert 1 == len(list(ArithmeticFaults(chain).of(chain[-1])))
    circle = [chain[0] | {"arithmetic": 'cell("t","2999","c") + index("far", 1e999)'}, *chain[1:]]
    assert 1 == len(list(ArithmeticFaults(circle).of(circle[-1])))
    assumed = [chain[0] | {"arithmetic": "", "grade": "assumption"}, *chain[1:]]
    assert [] == list(ArithmeticFaults(assumed).of(assumed[-1]))


NUMBERS = st.floats(1e-3, 1e6).map(lambda x: f"{x:.6g}") | st.sampled_from(["0", "1", "2840", "0.5293"])
SAME = st.sampled_from(["{} * 1", "1 * {}", "{} / 1.0", "{} + 0", "0 + ({})", "{} - 0", "({}) ** 1", "-({})"])
CHANGED = st.sampled_from(["1 - {}", "1 / {}", "2 * {}", "({}) / 3", "{} + 4", "max({}, 0)", "1 + {} * 1"])


def _computes_nothing(arithmetic: str) -> bool:
    row = {"id": "a", "table": "t", "row_id": "r", "column": "c", "used": True, "note": ""}
    found = list(ArithmeticFaults([]).of(row | {"grade": "derived", "arithmetic": arithmetic}))
    return ["it computes nothing"] == [fault.allowed for fault in found]


@given(NUMBERS, st.lists(SAME, max_size=4))
def test_a_number_with_operands_that_leave_it_as_it_is_computes_nothing(
    number: str, frames: list[str]
) -> None:
    """A plain number is a fault however it is dressed up with ones and zeros."""
    for frame in frames:
        number = frame.format(f"({number})")
    assert _computes_nothing(number)


@given(st.floats(2, 1e6).map(lambda x: f"{x:.6g}"), st.lists(SAME, max_size=2), CHANGED)
def test_arithmetic_that_changes_a_number_is_arithmetic(number: str, frames: list[str], change: str) -> None:
    """A complement, an inverse or a multiple of a number is computed, also between ones and zeros."""
    for frame in [change, *frames]:
        number = frame.format(f"({number})")
    assert not _computes_nothing(number)
