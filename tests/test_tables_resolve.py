"""Protect resolution: dated evidence, changes, inheritance and rates moved to the year."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from daliz.errors import CheckError, DataError, PlaceError
from daliz.tables import Cell, Network
from tiny_package import network_of, rows_as_written, tiny_network, tiny_tables

KZ = "grids-kz-g-co2e-kwh"
SETS = {
    "name_en": "S",
    "name_kk": "S",
    "name_ru": "S",
    "kind": "policy",
    "source_id": "atlas",
    "description": "S",
}


def _change(
    set_id: str, cell: str, op: str, value: float | None = None, start: str = "2020-01-01", end: str = ""
) -> dict[str, Any]:
    table, row, column = cell.split(".")
    return {
        "set_id": set_id,
        "table": table,
        "row_id": row,
        "column": column,
        "op": op,
        "value": value,
        "from_date": start,
        "to_date": end,
    }


def _kz(network: Network) -> float:
    return float(network.table("grids").row("kz")["g_co2e_kwh"])


def _with(year: int = 2024, *, history: bool = True, **changes: dict[str, Any]) -> Network:
    """Make the tiny network with changes, each in a set of its own name, or of the set that it names."""
    sets = {
        name: SETS | {"history": history} for name in dict.fromkeys(row["set_id"] for row in changes.values())
    }
    return tiny_network(year, change_sets=sets, changes=changes)


def _dated(year: int = 2024) -> Network:
    later = {
        "table": "grids",
        "row_id": "kz",
        "column": "g_co2e_kwh",
        "unit": "g/kWh",
        "used": True,
        "value": 700.0,
        "from_date": "2024-07-01",
        "grade": "measured",
    }
    return tiny_network(year, evidence={KZ: {"to_date": "2024-07-01"}, "later": later})


def test_a_day_takes_the_figure_of_that_day() -> None:
    """On a day a cell has the figure in force on it; to_date is the first day no longer in force."""
    days = ("2023-05-01", "2024-06-30", "2024-07-01", "2026-01-01")
    assert [821.0, 821.0, 700.0, 700.0] == [_kz(_dated().at(day)) for day in days]


def test_a_year_is_the_mean_over_its_days() -> None:
    """In a year that a figure changes, the cell is the mean weighted by days: 182 and 184 in 2024."""
    assert pytest.approx((182 * 821.0 + 184 * 700.0) / 366) == _kz(_dated())
    assert [821.0, 700.0] == [_kz(_dated(year)) for year in (2023, 2025)]


def test_dated_evidence_that_is_not_used_changes_nothing() -> None:
    """Evidence that is kept for comparison has no effect."""
    other = {
        "table": "grids",
        "row_id": "kz",
        "column": "g_co2e_kwh",
        "value": 1.0,
        "from_date": "2020-01-01",
        "used": False,
    }
    assert 821.0 == _kz(tiny_network(evidence={"other": other}))


@pytest.mark.parametrize(
    ("op", "value", "expected"), [("set", 500.0, 500.0), ("add", -21.0, 800.0), ("multiply", 0.5, 410.5)]
)
def test_operations(op: str, value: float, expected: float) -> None:
    """A change sets, adds to or multiplies the figure of a cell."""
    assert expected == _kz(_with(c=_change("s", "grids.kz.g_co2e_kwh", op, value)))


def test_changes_follow_their_order() -> None:
    """Changes of one set apply by their dates, and sets in the order of the table."""
    network = _with(
        b=_change("s", "grids.kz.g_co2e_kwh", "multiply", 0.5, "2022-01-01"),
        a=_change("s", "grids.kz.g_co2e_kwh", "set", 400.0, "2021-01-01"),
        c=_change("t", "grids.kz.g_co2e_kwh", "add", 1.0, "2020-01-01"),
    )
    assert 400.0 * 0.5 + 1.0 == _kz(network)


def test_history_applies_by_its_dates() -> None:
    """A change of history is in force from from_date to the day before to_date, and in a year by its days."""
    network = _with(c=_change("s", "grids.kz.g_co2e_kwh", "set", 455.0, "2024-01-01", "2024-03-01"))
    assert [821.0, 455.0, 455.0, 821.0] == [
        _kz(network.at(d)) for d in ("2023-12-31", "2024-01-01", "2024-02-29", "2024-03-01")
    ]
    assert pytest.approx((60 * 455.0 + 306 * 821.0) / 366) == _kz(network)


def test_what_is_no_history_waits_to_be_named() -> None:
    """A set that is no history applies only under its name, then for the whole period whatever its dates."""
    network = _with(history=False, c=_change("s", "grids.kz.g_co2e_kwh", "set", 455.0, "2029-01-01"))
    assert [821.0, 455.0] == [_kz(network), _kz(network.under("s"))]


def test_without_takes_history_out() -> None:
    """Without a set of history the cell is as if it had not happened, and under brings it back."""
    network = _with(c=_change("s", "grids.kz.g_co2e_kwh", "set", 455.0, "2024-07-01"))
    assert [821.0, 455.0] == [_kz(network.without("s")), _kz(network.without("s").under("s"))]


def test_under_is_idempotent() -> None:
    """Naming a set twice, in one call or two, is naming it once."""
    network = _with(history=False, c=_change("s", "grids.kz.g_co2e_kwh", "multiply", 0.5))
    once = network.under("s")
    assert [once.digest] * 2 == [network.under("s", "s").digest, once.under("s").digest]
    assert 410.5 == _kz(once.under("s"))


def test_two_named_sets_may_not_set_one_cell() -> None:
    """Two sets that both set a cell are refused together, with the cell and a way out; one of them is not."""
    cell = "grids.kz.g_co2e_kwh"
    network = _with(history=False, a=_change("one", cell, "set", 1.0), b=_change("two", cell, "set", 2.0))
    with pytest.raises(DataError, match=r"one and two both set grids.kz.g_co2e_kwh; add only one of them"):
        network.under("one", "two")
    assert [1.0, 2.0] == [_kz(network.under("one")), _kz(network.under("two"))]


def test_a_named_set_comes_after_history() -> None:
    """A set that is named overrides what history set."""
    network = _with(c=_change("s", "grids.kz.g_co2e_kwh", "set", 455.0))
    tables = rows_as_written(network)
    tables["change_sets"].append(SETS | {"id": "mine", "history": False})
    tables["changes"].append({"id": "d"} | _change("mine", "grids.kz.g_co2e_kwh", "set", 300.0))
    assert 300.0 == _kz(network_of(tables).under("mine"))


@pytest.mark.parametrize("verb", ["under", "without"])
def test_an_unknown_set_suggests_near_ones(verb: str) -> None:
    """A set that does not exist is refused with the nearest name and the verb that lists them."""
    with pytest.raises(PlaceError, match=r"named 'strom'. Did you mean storm\? `daliz changes` lists them"):
        getattr(tiny_network(), verb)("strom")


def test_open_and_close_by_share_of_the_year() -> None:
    """A row is in the network of a year if it exists on at least half of its days."""
    closed = {
        day: _with(c=_change("s", "links.sea-port-quay.", "close", None, "2023-01-01", day))
        for day in ("2023-07-02", "2023-07-03")
    }
    there = {
        day: "sea-port-quay" in network.at("2023-07-02").table("links").position
        for day, network in closed.items()
    }
    assert {"2023-07-02": True, "2023-07-03": False} == there
    in_2023 = {
        day: "sea-port-quay" in _year(network, 2023).table("links").position
        for day, network in closed.items()
    }
    assert {"2023-07-02": True, "2023-07-03": False} == in_2023


def _year(network: Network, year: int) -> Network:
    return network_of(rows_as_written(network), year)


def test_rows_exist_between_their_dates() -> None:
    """A row with dates is there from its first day to the day before to_date, and its share of the year is told."""
    network = tiny_network(
        2024, links={"rail-mid-port": {"from_date": "2024-04-01", "to_date": "2025-03-01"}}
    )
    links = network.resolved.tables["links"]
    share = network.resolved.open_share["links"][links.position["rail-mid-port"]]
    assert pytest.approx(275 / 366) == share
    there = {
        day: "rail-mid-port" in network.at(day).table("links").position
        for day in ("2024-03-31", "2024-04-01", "2025-02-28", "2025-03-01")
    }
    assert [False, True, True, False] == list(there.values())


def test_a_named_closure_holds_for_the_whole_year() -> None:
    """Under an event a row is closed for the year though the event lasted a month; on history it is not."""
    network = tiny_network()
    assert "sea-port-quay" in network.table("links").position
    assert "sea-port-quay" not in network.under("storm").table("links").position


@pytest.mark.parametrize(
    ("cell", "op", "message"),
    [
        (
            "nodes.mid.",
            "close",
            "only links, terminals, services, restrictions, contracts, tariffs open and close",
        ),
        ("grids.kz.country", "set", "which is no column of figures"),
    ],
)
def test_changes_of_what_cannot_change_are_refused(cell: str, op: str, message: str) -> None:
    """A change may close only rows that can have dates, and set only figures."""
    with pytest.raises(DataError, match=message):
        _ = _with(c=_change("s", cell, op, 1.0)).resolved


def test_blank_cells_inherit_from_their_class() -> None:
    """A blank cell has the class's figure and draws with it; a cell with a figure of its own keeps it."""
    resolved = tiny_network().resolved
    terminals, cells = resolved.tables["terminals"], resolved.cells["terminals", "hours"]
    hours = {name: terminals["hours"][i] for name, i in terminals.position.items()}
    assert (12.0, 24.0, 9.0) == (hours["east-rail"], hours["port-sea"], hours["gate-gauge"])
    figure = {name: resolved.figures.cells[cells[i]] for name, i in terminals.position.items()}
    assert Cell("terminal_classes", "yard", "hours") == figure["east-rail"] == figure["mid-rail"]
    assert Cell("terminals", "gate-gauge", "hours") == figure["gate-gauge"]


def test_a_change_of_a_class_reaches_its_rows() -> None:
    """What changes a class row changes the rows that inherit it, and no other."""
    network = _with(c=_change("s", "terminal_classes.yard.hours", "multiply", 2.0))
    terminals = network.table("terminals")
    assert (24.0, 6.0) == (terminals.row("mid-rail")["hours"], terminals.row("mid-road")["hours"])


def test_a_blank_cell_set_within_the_year_begins_with_what_it_inherits() -> None:
    """A link whose speed is set from 1 July 2026 has the class's speed before and the mean of both in the year."""
    speeds = [
        tiny_network(year).table("links").row("rail-mid-port")["speed_km_h"] for year in (2025, 2026, 2027)
    ]
    assert pytest.approx([40.0, (181 * 40.0 + 184 * 60.0) / 365, 60.0]) == speeds


def test_a_blank_cell_may_be_multiplied() -> None:
    """A change that multiplies a blank cell multiplies what it inherits, and leaves its class alone."""
    network = _with(c=_change("s", "links.rail-mid-port.speed_km_h", "multiply", 1.5))
    links = network.table("links")
    assert (60.0, 40.0) == (
        links.row("rail-mid-port")["speed_km_h"],
        links.row("rail-gate-mid")["speed_km_h"],
    )


def test_adding_to_the_unknown_leaves_it_unknown() -> None:
    """A blank cell that inherits nothing stays blank when a change adds to it."""
    network = _with(c=_change("s", "links.rail-mid-port.capacity", "add", 10.0))
    assert np.isnan(network.table("links").row("rail-mid-port")["capacity"])


def test_a_change_gives_the_figure_its_interval() -> None:
    """A figure that a change sets takes the range printed in the evidence of the change."""
    network = _with(c=_change("s", "grids.kz.g_co2e_kwh", "set", 500.0))
    tables = rows_as_written(network)
    for row in tables["evidence"]:
        if row["row_id"] == "c":
            row |= {"low": 400.0, "high": 900.0}
    figures = network_of(tables).resolved.figures
    i = figures.index[Cell("grids", "kz", "g_co2e_kwh")]
    assert (500.0, 400.0, 900.0) == (figures.value[i], figures.low[i], figures.high[i])


def test_rates_move_by_their_index() -> None:
    """A rate of 2022 is moved to the year of the network by its series, with its interval; others stay."""
    tables = {year: tiny_network(year).resolved for year in (2020, 2022, 2024, 2030)}
    moved = {year: r.tables["rates"].row("rail-container-kz")["usd_per_km"] for year, r in tables.items()}
    assert {year: pytest.approx(0.5 * 1.05 ** (year - 2022), rel=1e-4) for year in tables} == moved
    still = {year: r.tables["rates"].row("rail-container")["usd_per_km"] for year, r in tables.items()}
    assert dict.fromkeys(tables, 0.6) == still
    figures = tables[2024].figures
    i = figures.index[Cell("rates", "rail-container-kz", "usd_per_km")]
    assert pytest.approx((0.95, 1.05)) == (
        figures.low[i] / figures.value[i],
        figures.high[i] / figures.value[i],
    )


@pytest.mark.parametrize("value", [None, 0.0])
def test_an_index_without_the_year_is_refused(value: float | None) -> None:
    """A rate whose series lacks a year, or has nothing there, is refused by name rather than left as it is."""
    row = None if value is None else {"value": value}
    with pytest.raises(
        DataError, match="series 'railway' for 2022, which rate rail-container-kz needs; add the row"
    ):
        _ = tiny_network(indices={"railway-2022": row}).resolved


@pytest.mark.parametrize(
    ("table", "rows", "message"),
    [
        (
            "links",
            {"rail-mid-port": {"to_node": "prot"}},
            (
                "links.csv, row rail-mid-port, column to_node: 'prot': must be an id of nodes.csv; .* "
                "Did you mean port"
            ),
        ),
        (
            "speeds",
            {"rail-kz": {"speed_km_h": None}},
            "speeds.csv, row rail-kz, column speed_km_h: this figure may not be blank",
        ),
        (
            "terminals",
            {"mid-rail": {"class_id": ""}},
            "terminals.csv, row mid-rail, column hours: this figure may not be blank",
        ),
    ],
)
def test_what_resolving_rests_on_is_demanded(table: str, rows: dict[str, Any], message: str) -> None:
    """References that lead nowhere and needed figures that are blank stop resolving with the first fault."""
    with pytest.raises(CheckError, match=f"{message}.*Run `daliz check`"):
        _ = tiny_network(**{table: rows}).resolved


def test_a_row_named_twice_is_refused() -> None:
    """Two rows of one id would be counted double, so they are refused."""
    tables = tiny_tables()
    tables["grids"].append(dict(tables["grids"][0]))
    with pytest.raises(CheckError, match=r"grids.csv, row cn, column id: 'cn': stands 2 times"):
        _ = network_of(tables).resolved
