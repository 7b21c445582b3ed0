"""Protect networks: opened for a year or a day, described in four lines, known by their digest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from daliz.errors import DalizError, DataError, PlaceError, QueryError
from daliz.tables import Network, open_network, why
from tiny_package import tiny_network, tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the tiny package on disk."""
    return write_package(tmp_path_factory.mktemp("packages") / "tiny", tiny_tables())


def test_the_last_observed_year_is_opened(folder: Path) -> None:
    """Without a year the last observed one is opened; later years are projected."""
    assert (2024, False) == (open_network(folder).year, open_network(folder).projected)
    assert [False, True] == [open_network(folder, year).projected for year in (2024, 2025)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"year": 2019}, "2019 lies outside the data of tiny; choose a year from 2020 to 2030"),
        ({"year": 2031}, "2031 lies outside"),
        ({"date": "2019-12-31"}, "2019 lies outside"),
        ({"date": "2024-02-30"}, "'2024-02-30' is not a date; write it as 2024-12-31"),
        ({"date": 20240101}, "20240101 is not a date"),
        ({"year": 2024, "date": "2024-01-01"}, "Give a year or a date, not both"),
        ({"year": -5}, "-5 is not a year"),
        ({"year": 10_000}, "10000 is not a year"),
        ({"year": 2024.5}, "2024.5 is not a year"),
        ({"year": "soon"}, "'soon' is not a year"),
    ],
)
def test_years_that_cannot_be_opened(folder: Path, asked: dict[str, Any], message: str) -> None:
    """A year or day outside the data, both at once, or what is neither, is refused in a sentence."""
    with pytest.raises(QueryError, match=message):
        open_network(folder, **asked)


def test_a_day_is_opened_from_text_or_date(folder: Path) -> None:
    """A day may be given as text, a date or a time of that day, on opening and later."""
    days = [
        open_network(folder, date=day)
        for day in ("2024-11-22", dt.date(2024, 11, 22), dt.datetime(2024, 11, 22, 8, tzinfo=dt.UTC))
    ]
    days.append(open_network(folder, 2020).at("2024-11-22"))
    assert 1 == len({network.digest for network in days})
    assert (1, 2024) == (days[0].period.days, days[0].year)


def test_repr_of_an_observed_year() -> None:
    """The repr has four lines: year, what there is, what is in force, and on what evidence it stands."""
    figures = len(tiny_tables()["evidence"])
    expected = (
        "<Network tiny 2024 (observed), data 1.0\n"
        "  6 places in 3 countries, 10 links (road 5, rail 4, sea 1), 2 services\n"
        "  0 of 3 projects, events and policies in force; added none; removed none\n"
        f"  {figures} figures on {figures} rows of evidence from 2 sources>"
    )
    assert expected == repr(tiny_network())


def test_repr_of_a_projected_year_with_changes() -> None:
    """The repr tells that a year is projected, what is in force, and what was added and removed."""
    lines = repr(tiny_network(2027).under("dear-sea").without("storm")).splitlines()
    assert 4 == len(lines)
    assert "<Network tiny 2027 (projected), data 1.0" == lines[0]
    assert "  2 of 3 projects, events and policies in force; added dear-sea; removed storm" == lines[2]


def test_repr_of_a_day() -> None:
    """The repr of a day tells the day."""
    assert (
        "<Network tiny 2024-11-22 (observed), data 1.0"
        == repr(tiny_network().at("2024-11-22")).splitlines()[0]
    )


def test_equal_content_has_an_equal_digest(folder: Path) -> None:
    """The digest is of the content and the period, wherever the package lies."""
    assert tiny_network().digest == open_network(folder).digest


def test_the_digest_tells_views_apart() -> None:
    """A year, a day, a named set, a set taken out and a changed cell each give another digest."""
    network = tiny_network()
    others = [
        network,
        network.at("2024-01-01"),
        network.under("storm"),
        network.without("storm"),
        tiny_network(2025),
    ]
    others.append(tiny_network(grids={"kz": {"g_co2e_kwh": 820.0}}))
    assert len(others) == len({other.digest for other in others})


def test_verbs_leave_the_network_as_it_was() -> None:
    """under, without and at give other networks; the first one stays."""
    network = tiny_network()
    digest = network.digest
    network.under("storm").without("dear-sea").at("2022-01-01")
    assert (digest, (), (), 2024) == (network.digest, network.added, network.removed, network.year)


def test_a_network_from_rows() -> None:
    """from_tables makes a network of plain rows, and refuses tables that do not exist."""
    network = Network.from_tables(
        {"grids": [{"id": "kz", "country": "KZ", "g_co2e_kwh": 800}]}, year=2023, name="one"
    )
    assert ("one", 2023, 800.0) == (
        network.name,
        network.year,
        network.table("grids").row("kz")["g_co2e_kwh"],
    )
    with pytest.raises(DataError, match="There is no table 'grid'"):
        Network.from_tables({"grid": []}, 2024)


def test_why_shows_value_interval_and_source() -> None:
    """The function why gives the figure in force with its interval, its evidence and the source of that."""
    reason = why(tiny_network(), "grids.kz.g_co2e_kwh")
    assert (821.0, "g/kWh") == (reason.value, reason.unit)
    assert pytest.approx((821.0 * 0.95, 821.0 * 1.05)) == (reason.low, reason.high)
    assert [("measured", "A made-up atlas")] == [(row["grade"], row["title"]) for row in reason.evidence]


def test_why_follows_inheritance_changes_and_indices() -> None:
    """The function why names the cell a figure is inherited from, the changes applied, and the move by an index."""
    assert "terminal_classes.yard.hours" == str(why(tiny_network(), "terminals.mid-rail.hours").root)
    under = why(tiny_network().under("dear-sea"), "rates.ferry-container.usd_fixed")
    assert (1350.0, ["dear-sea-price"]) == (under.value, [change["change"] for change in under.changes])
    assert (
        "moved from 2022 to 2024 by index railway: x 1.1025"
        == why(tiny_network(), "rates.rail-container-kz.usd_per_km").note
    )


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        ("grids.kz", QueryError, "write table.row.column"),
        ("grid.kz.g_co2e_kwh", PlaceError, "Did you mean grids"),
        ("grids.cnn.g_co2e_kwh", PlaceError, "no row 'cnn'. Did you mean cn"),
        ("grids.kz.g_co2_kwh", PlaceError, "Did you mean g_co2e_kwh"),
        ("grids.kz.country", QueryError, "not a figure; g_co2e_kwh are"),
        ("links.rail-mid-port.capacity", QueryError, "is blank"),
    ],
)
def test_why_refuses_what_is_no_figure(cell: str, error: type[DalizError], message: str) -> None:
    """The function why refuses cells that do not exist, hold no figure or are blank, with near names."""
    with pytest.raises(error, match=message):
        why(tiny_network(), cell)


def test_why_tells_that_a_row_is_not_in_force() -> None:
    """The function why of a row that is closed in this year says so."""
    with pytest.raises(QueryError, match=r"links\.sea-port-quay is not in force in 2024"):
        why(tiny_network().under("storm"), "links.sea-port-quay.length_km")


def test_a_reason_reads_as_a_page() -> None:
    """A reason prints the figure with its range, where it is inherited from, its evidence, source and changes."""
    evidence = {
        "terminal-classes-yard-hours": {"arithmetic": "6 * 2", "note": "Two shifts", "to_date": "2027-01-01"}
    }
    later = evidence["terminal-classes-yard-hours"] | {
        "table": "terminal_classes",
        "row_id": "yard",
        "column": "hours",
        "value": 9.0,
        "unit": "h",
        "from_date": "2027-01-01",
        "to_date": None,
        "arithmetic": "",
        "source_id": "gone",
        "grade": "measured",
        "used": True,
    }
    change = {
        "set_id": "storm",
        "table": "terminal_classes",
        "row_id": "yard",
        "column": "hours",
        "op": "multiply",
        "value": 2.0,
        "from_date": "2024-03-01",
    }
    network = tiny_network(evidence=evidence | {"later": later}, changes={"slow": change}).under("storm")
    expected = [
        "terminals.mid-rail.hours = 24 h (from 22.8 to 25.2)",
        "  inherited from terminal_classes.yard.hours",
        "  12 h for ... to 2027-01-01: measured, 2024, used",
        "    arithmetic: 6 * 2",
        "    source atlas: A made-up atlas",
        "    tests/tiny_package.py",
        "    note: Two shifts",
        "  2 ratio: measured, 2024, used",
        "    source atlas: A made-up atlas",
        "    tests/tiny_package.py",
        "  9 h for 2027-01-01 to ...: measured, used",
        "    source gone: ",
        "    note: Two shifts",
        "  changed by slow: multiply 2",
    ]
    assert expected == str(why(network, "terminals.mid-rail.hours")).splitlines()


def test_a_rate_of_nothing_has_a_reason() -> None:
    """A rate of 0 that an index moves is 0, with the factor of the index in its note."""
    reason = why(
        tiny_network(rates={"rail-container-kz": {"usd_per_km": 0.0}}), "rates.rail-container-kz.usd_per_km"
    )
    assert (0.0, "moved from 2022 to 2024 by index railway: x 1.1025") == (reason.value, reason.note)
