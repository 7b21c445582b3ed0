"""Protect tables: typed, immutable, and clear about what they do not have."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from daliz.errors import DataError, PlaceError
from daliz.tables.table import Table

GRIDS = [{"id": "kz", "country": "KZ", "g_co2e_kwh": 821.0}, {"id": "az", "country": "AZ"}]


def test_cells_cannot_be_written() -> None:
    """A table does not change in place."""
    with pytest.raises(ValueError, match="read-only"):
        Table.from_rows("grids", GRIDS)["g_co2e_kwh"][0] = 1.0


def test_the_array_of_a_caller_is_copied() -> None:
    """A caller who writes to the array it gave changes nothing, and may go on writing."""
    values = np.array([1.0, 2.0])
    table = Table.from_rows("grids", GRIDS).replace(g_co2e_kwh=values)
    values[0] = 99.0
    assert [1.0, 2.0] == table["g_co2e_kwh"].tolist()


def test_the_frame_is_a_copy() -> None:
    """Writing to a DataFrame leaves the table and the next frame as they were."""
    table = Table.from_rows("grids", GRIDS)
    frame = table.frame
    frame.loc["kz", "g_co2e_kwh"] = 1.0
    assert table.frame.loc["kz", "g_co2e_kwh"] == 821.0


def test_columns_are_typed() -> None:
    """Numbers are float64 with NaN, dates datetime64[D] with NaT, flags bool, the rest text."""
    sets = Table.from_rows("change_sets", [{"id": "a", "history": True}, {"id": "b", "capex_usd_m": 5}])
    dates = Table.from_rows("changes", [{"id": "a", "from_date": dt.date(2024, 2, 29)}, {"id": "b"}])
    assert [True, False] == sets["history"].tolist()
    np.testing.assert_array_equal([np.nan, 5.0], sets["capex_usd_m"])
    assert [dt.date(2024, 2, 29), None] == dates["from_date"].tolist()
    assert ["", ""] == sets["name_en"].tolist()


def test_text_is_read_as_in_a_file() -> None:
    """A flag, number or date given as text means what it means in a file; no is not true."""
    row = {"id": "a", "history": "no", "capex_usd_m": " 5 ", "country": ["KZ", "AZ"]}
    table = Table.from_rows("change_sets", [row])
    assert (False, 5.0, "KZ AZ") == tuple(table.row("a")[c] for c in ("history", "capex_usd_m", "country"))


def test_defaults_are_filled() -> None:
    """An absent cell takes the default of its column, as on reading a file."""
    assert ["triangular"] == Table.from_rows("evidence", [{"id": "a"}])["distribution"].tolist()


@pytest.mark.parametrize(
    ("table", "row", "message"),
    [
        ("grids", {"id": "kz", "g_co2_kwh": 1.0}, "no column 'g_co2_kwh'.* Did you mean g_co2e_kwh"),
        (
            "grids",
            {"id": "kz", "g_co2e_kwh": "a lot"},
            "row kz, column g_co2e_kwh: 'a lot' must be a number in g/kWh",
        ),
        ("grids", {"id": "kz", "g_co2e_kwh": float("inf")}, "finite"),
        ("grids", {"id": "kz", "g_co2e_kwh": -1.0}, "at least 1 g/kWh"),
        ("grids", {"id": "kz", "g_co2e_kwh": True}, "must be a number"),
        ("grids", {"id": "K Z"}, "a-z, 0-9 and hyphens"),
        ("changes", {"id": "a", "from_date": 2024}, "must be a date"),
        ("trains", {"id": "a"}, "no table 'trains'"),
    ],
)
def test_rows_that_do_not_fit_are_refused(table: str, row: dict[str, object], message: str) -> None:
    """A row of plain values is refused with table, row, column and value, never guessed at."""
    with pytest.raises(DataError, match=message):
        Table.from_rows(table, [row])


def test_columns_of_different_length_are_refused() -> None:
    """All columns of a table are of one length."""
    with pytest.raises(DataError, match="g_co2e_kwh of grids has 3 cells, not 2"):
        Table.from_rows("grids", GRIDS).replace(g_co2e_kwh=np.zeros(3))


def test_a_column_that_the_schema_lacks_is_refused() -> None:
    """A table takes no column that it does not have."""
    with pytest.raises(DataError, match=r"grids has no column 'contry'\. Did you mean country"):
        Table.from_rows("grids", GRIDS).replace(contry=np.array(["KZ", "AZ"]))


def test_own_columns_are_kept() -> None:
    """A column that begins with x_ is kept as text through take, replace and rows."""
    table = Table.from_rows("grids", [row | {"x_remark": "mine"} for row in GRIDS])
    kept = table.take(np.array([True, False])).replace(g_co2e_kwh=np.array([1.0]))
    assert [{"id": "kz", "country": "KZ", "g_co2e_kwh": 1.0, "x_remark": "mine"}] == kept.rows()


def test_take_by_mask_and_position() -> None:
    """Take gives the rows of a mask or of positions in their order."""
    table = Table.from_rows("grids", GRIDS)
    assert ["az"] == table.take(table["country"] == "AZ").ids.tolist()
    assert ["az", "kz"] == table.take(np.array([1, 0])).ids.tolist()


def test_row_gives_plain_values() -> None:
    """One row has the same plain values as all rows."""
    table = Table.from_rows("grids", GRIDS)
    assert table.rows()[0] == table.row("kz")
    assert float is type(table.row("kz")["g_co2e_kwh"])


def test_an_unknown_row_suggests_near_ones() -> None:
    """A row that does not exist is refused with the nearest id."""
    table = Table.from_rows("nodes", [{"id": "aktau"}, {"id": "baku"}])
    with pytest.raises(PlaceError, match=r"nodes has no row 'aktua'\. Did you mean aktau"):
        table.row("aktua")


def test_repr_counts_rows() -> None:
    """The repr names the table and counts its rows."""
    assert "<grids: 2 rows>" == repr(Table.from_rows("grids", GRIDS))
    assert "<grids: 0 rows>" == repr(Table.from_rows("grids", []))
