"""Protect the rule that a figure stands once: in its cell, or in evidence that dates or derives it."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import CheckError, DataError
from daliz.tables.check import check, check_store
from daliz.tables.evidence import spread_evidence
from daliz.tables.families import cells_as_written, evidence_as_written, joined
from daliz.tables.store import open_store
from daliz.tables.table import Table
from tiny_faults import KZ, faults
from tiny_package import tiny_network, tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path

    from tiny_package import Row

YEARS = {"first": 2020, "observed": 2024, "last": 2030}
ROW = {"table": "grids", "source_id": "atlas", "grade": "measured", "used": True, "note": "Read there."}


def _spread(cells: dict[str, float | None], *rows: Row) -> Any:
    grids = [{"id": name, "country": "KZ", "g_co2e_kwh": value} for name, value in cells.items()]
    tables = {"grids": Table.from_rows("grids", grids)}
    evidence = [ROW | {"column": "g_co2e_kwh"} | row for row in rows]
    return spread_evidence(tables, Table.from_rows("evidence", evidence), YEARS)


def _values(spread: Any) -> dict[str, float]:
    evidence = spread.evidence
    return dict(zip(evidence["row_id"].tolist(), evidence["value"].tolist(), strict=True))


def test_the_cell_is_the_value() -> None:
    """Evidence without a figure of its own speaks of the cell, in the unit of the column."""
    spread = _spread({"kz": 821.0}, {"row_id": "kz", "low": 700.0})
    assert (spread.faults, _values(spread)) == ([], {"kz": 821.0})
    assert spread.evidence["unit"].tolist() == ["g/kWh"]


def test_a_row_may_name_several_cells() -> None:
    """A list of ids speaks of each; a pattern of the filled cells that no row names."""
    cells = {"kz-a": 1.0, "kz-b": 2.0, "az": 3.0, "cn": None}
    spread = _spread(cells, {"row_id": "kz-*"}, {"row_id": "az", "grade": "claim"})
    assert _values(spread) == {"az": 3.0, "kz-a": 1.0, "kz-b": 2.0}
    spread = _spread(cells, {"row_id": "*"}, {"row_id": "az kz-a", "grade": "claim"})
    assert _values(spread) == {"az": 3.0, "kz-a": 1.0, "kz-b": 2.0}
    assert sorted(spread.evidence["grade"].tolist()) == ["claim", "claim", "measured"]


def test_two_rows_that_name_a_cell_are_refused() -> None:
    """The order of rows never decides, nor that of two patterns."""
    for first, second in (("kz", "kz"), ("k*", "*z")):
        (fault,) = _spread({"kz": 1.0}, {"row_id": first}, {"row_id": second}).faults
        assert "two rows are used for grids.kz.g_co2e_kwh on 2020-01-01" in str(fault)


def test_a_derived_figure_is_computed_on_loading() -> None:
    """Arithmetic fills the blank cell, to six digits."""
    spread = _spread({"kz": None}, {"row_id": "kz", "arithmetic": "1000 / 3"})
    assert spread.tables["grids"]["g_co2e_kwh"].tolist() == [333.333]
    assert _values(spread) == {"kz": 333.333}


def test_a_dated_figure_fills_the_cell_of_the_last_observed_year() -> None:
    """Of dated evidence the cell takes what is in force on 1 July of that year, in any order of rows."""
    rows = [
        {"row_id": "kz", "to_date": "2024-06-01", "value": 821.0},
        {"row_id": "kz", "from_date": "2024-06-01", "value": 700.0},
    ]
    for some in (rows, rows[::-1]):
        assert _spread({"kz": None}, *some).tables["grids"]["g_co2e_kwh"].tolist() == [700.0]


@pytest.mark.parametrize(
    ("cell", "row", "sentence"),
    [
        (1.0, {"value": 1.0}, "the cell is the value; leave the value of the evidence blank"),
        (
            1.0,
            {"arithmetic": "1 + 2 * 3"},
            "the figure is derived here and stands in the cell too; leave the cell",
        ),
        (
            1.0,
            {"value": 2.0, "from_date": "2021-01-01"},
            "the figure is dated here and stands in the cell too",
        ),
        (None, {}, "the cell grids.kz.g_co2e_kwh is blank; fill the cell or remove the evidence"),
        (None, {"value": 7.0, "arithmetic": "3 + 4 * 1"}, "the arithmetic is the value; leave the value"),
        (1.0, {"used": False}, "a dated figure and one that is not used have a value; write it"),
        (
            1.0,
            {"row_id": "kx"},
            "has no such row: the evidence is an orphan; correct the id or remove the row.",
        ),
        (1.0, {"column": "country"}, "'grids.country': must be a column of figures"),
        (
            1.0,
            {"row_id": "x*"},
            "no filled cell of grids.csv is matched; correct the pattern or remove the row",
        ),
        (None, {"row_id": "*", "arithmetic": "1 / 0"}, "a row that holds a figure names the ids of its rows"),
        (None, {"arithmetic": "1 / 0"}, "'1 / 0': The arithmetic '1 / 0' cannot be computed"),
    ],
)
def test_evidence_that_says_a_figure_twice_or_nowhere(cell: float | None, row: Row, sentence: str) -> None:
    """Each way in which cell and evidence do not fit is told with its file and the way out."""
    spread = _spread({"kz": cell}, {"row_id": "kz"} | row)
    told = [str(f) for f in spread.faults]
    assert any(sentence in line and line.startswith("evidence/grids.csv, row ") for line in told), told


def test_a_package_with_faulty_evidence_does_not_open(tmp_path: Path) -> None:
    """What check tells of a figure that stands twice, opening tells too."""
    folder = write_package(tmp_path / "tiny", tiny_tables())
    path = folder / "evidence" / "grids.csv"
    rows = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    rows[0]["value"] = "5"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    with pytest.raises(CheckError, match="the cell is the value"):
        daliz.open(folder).table("grids")


def test_an_edited_cell_counts(tmp_path: Path) -> None:
    """A cell that its author changes has the new value, and a range that no longer holds it is told."""
    folder = write_package(tmp_path / "tiny", tiny_tables(evidence={KZ: {"low": 700.0, "high": 900.0}}))
    path = folder / "grids.csv"
    path.write_text(path.read_text("utf-8").replace("821", "950"), "utf-8")
    assert open_store(folder)["grids"].row("kz")["g_co2e_kwh"] == 950.0
    (fault,) = check(folder).faults
    assert "the figure must be at most its high end 900" in str(fault)


def test_saving_writes_each_figure_once(tmp_path: Path) -> None:
    """A package is read as it was saved, cell by cell, and check finds nothing."""
    tables = tiny_tables(evidence={KZ: {"arithmetic": "800 + 21 * 1"}})
    network = daliz.open(write_package(tmp_path / "a", tables))
    network.save(tmp_path / "b")
    again = open_store(tmp_path / "b")
    assert again.digest() == network.store.digest()
    assert check_store(again).faults == check_store(network.store).faults
    assert "821" not in (tmp_path / "b" / "grids.csv").read_text("utf-8")


def test_families_of_eurasia_speak_of_the_same_cells() -> None:
    """Evidence written in families and spread again is the same evidence, and far fewer rows."""
    store = open_store("eurasia")
    evidence, tables = store["evidence"], {n: store[n] for n in store}
    written = joined(evidence_as_written(tables, evidence).values())
    spread = spread_evidence(cells_as_written(tables, evidence), written, store.descriptor["years"])
    assert spread.faults == []
    assert _lines(spread.evidence) == _lines(evidence)
    assert len(written) < 0.7 * len(evidence)


def _lines(evidence: Table) -> list[str]:
    return sorted(str({k: v for k, v in row.items() if k != "id"}) for row in evidence.rows())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["assumption", "measured"]),
            st.sampled_from(["", "one", "two"]),
            st.sampled_from(["plain", "derived", "dated", "blank"]),
        ),
        max_size=30,
    )
)
def test_families_speak_of_the_same_cells(cells: list[tuple[str, str, str]]) -> None:
    """Whatever stands in cells and evidence, joining rows and spreading them again gives the same."""
    grids, rows = [], []
    for i, (grade, note, kind) in enumerate(cells):
        grids.append({"id": f"g{i}", "country": "KZ", "g_co2e_kwh": 5.0 if kind == "plain" else None})
        row = ROW | {"row_id": f"g{i}", "column": "g_co2e_kwh", "grade": grade, "note": note}
        parts = {
            "plain": [{}],
            "derived": [{"arithmetic": "2 * 3 + 1"}],
            "dated": [{"value": 1.0, "to_date": "2024-01-01"}, {"value": 2.0, "from_date": "2024-01-01"}],
            "blank": [],
        }
        rows += [row | part for part in parts[kind]]
    tables = {"grids": Table.from_rows("grids", grids)}
    first = spread_evidence(tables, Table.from_rows("evidence", rows), YEARS)
    written = joined(evidence_as_written(first.tables, first.evidence).values())
    again = spread_evidence(cells_as_written(first.tables, first.evidence), written, YEARS)
    assert (first.faults, again.faults) == ([], [])
    assert _lines(again.evidence) == _lines(first.evidence)


def test_what_is_derived_in_a_circle_is_a_fault() -> None:
    """Two figures derived from one another are told, and not computed."""
    to, back = ('cell("grids", "az", "g_co2e_kwh")', 'cell("grids", "kz", "g_co2e_kwh")')
    found = faults(evidence={KZ: {"arithmetic": to}, "grids-az-g-co2e-kwh": {"arithmetic": back}})
    assert any("goes in a circle" in line for line in found)


def test_a_store_with_other_tables_is_checked_as_it_stands() -> None:
    """Exchanged tables take the place of those that were read."""
    store = tiny_network().store
    grids = store["grids"]
    dirty = store.replace(grids=grids.replace(g_co2e_kwh=grids["g_co2e_kwh"] * 2))
    assert dirty.read("grids")[0]["g_co2e_kwh"].tolist() == (2 * grids["g_co2e_kwh"]).tolist()
    assert check_store(dirty).rows == check_store(store).rows


def test_an_unknown_form_is_refused(tmp_path: Path) -> None:
    """A package of a form that does not exist yet is named as such."""
    folder = write_package(
        tmp_path / "new", tiny_tables(), {"name": "n", "version": "1", "years": YEARS, "form": "9"}
    )
    with pytest.raises(DataError, match="says form '9', and this version reads form"):
        daliz.open(folder)
