"""Protect the user's own changes: validated as rows of `changes`, part of the network, told by `why`."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import DalizError, DataError, PlaceError, QueryError
from daliz.tables import Add, Cell, Close, Multiply, Network, Open, Set, why
from daliz.tables.network import network_of
from daliz.tables.schema import schema
from tiny_package import tiny_network

KZ = ("grids", "kz", "g_co2e_kwh")
PORT = ("links", "rail-mid-port", "speed_km_h")


def value(network: Network, table: str, row: str, column: str) -> float:
    """Return the figure of a cell in force."""
    return float(network.table(table).row(row)[column])


def test_the_classes_are_public() -> None:
    """A user finds the five changes beside `open`."""
    assert (Set, Add, Multiply, Open, Close) == (
        daliz.Set,
        daliz.Add,
        daliz.Multiply,
        daliz.Open,
        daliz.Close,
    )


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ((Set(*KZ, 500),), 500.0),
        ((Add(*KZ, -21),), 800.0),
        ((Multiply(*KZ, 0.5),), 410.5),
        ((Set(*KZ, 500), Multiply(*KZ, 0.5), Add(*KZ, 1)), 251.0),
        ((Add(*KZ, 1), Multiply(*KZ, 0.5)), 411.0),
        ((Multiply(*KZ, 0.5), Add(*KZ, 1)), 411.5),
    ],
)
def test_changes_apply_in_the_order_given(edits: tuple[Any, ...], expected: float) -> None:
    """A change sets, adds to or multiplies, one after the other, in one call or in several."""
    one = tiny_network().change(*edits)
    several = tiny_network()
    for edit in edits:
        several = several.change(edit)
    assert [expected] * 2 == [value(n, *KZ) for n in (one, several)]
    assert one.digest == several.digest


def test_a_change_holds_on_all_days_after_history_and_named_sets() -> None:
    """The user's own changes override what history set within the year, and follow those of `under`."""
    assert 50.0 == value(tiny_network(2026).change(Set(*PORT, 50)), *PORT)
    dear = ("rates", "ferry-container", "usd_fixed")
    for network in (
        tiny_network().under("dear-sea").change(Add(*dear, 50.0)),
        tiny_network().change(Add(*dear, 50.0)).under("dear-sea"),
    ):
        assert 900.0 * 1.5 + 50.0 == value(network, *dear)


def test_rows_open_and_close() -> None:
    """Close takes a row out on all days, Open brings back what is closed, in order."""
    network = tiny_network()
    closed = network.change(Close("links", "sea-port-quay"))
    assert "sea-port-quay" not in closed.table("links").position
    for again in (
        closed.change(Open("links", "sea-port-quay")),
        network.under("storm").change(Open("links", "sea-port-quay")),
        network.change(Close("links", "sea-port-quay"), Open("links", "sea-port-quay")),
    ):
        assert "sea-port-quay" in again.table("links").position


@pytest.mark.parametrize(
    ("edit", "error", "message"),
    [
        (
            "set links.a.capacity=60",
            QueryError,
            "is no change of a network; give Set, Add, Multiply, Open or",
        ),
        (Set("link", "a", "capacity", 1), PlaceError, r"there is no table 'link'. Did you mean links"),
        (Set("zzz", "a", "capacity", 1), PlaceError, r"no table 'zzz'. The tables are nodes, links"),
        (Set("evidence", "a", "value", 1), QueryError, "rows of evidence do not change; the tables that do"),
        (
            Set("links", "rail-mid-prot", "capacity", 1),
            PlaceError,
            "links has no row 'rail-mid-prot'. Did you mean rail-mid-port",
        ),
        (Close("links", "rail-mid-prot"), PlaceError, r"close links.rail-mid-prot cannot .* Did you mean"),
        (
            Set("links", "rail-mid-port", "capacty", 1),
            PlaceError,
            "links has no column 'capacty'. Did you mean capacity",
        ),
        (Set("links", "rail-mid-port", "mode", 1), QueryError, "links.mode is not a figure; length_km"),
        (
            Set(*PORT, -5),
            QueryError,
            r"set links.rail-mid-port.speed_km_h=-5 .* the value must be at least .* km/h; correct",
        ),
        (Set(*PORT, float("nan")), QueryError, "=nan cannot be made: the value must be a finite number"),
        (Set(*PORT, float("inf")), QueryError, "=inf cannot be made: the value must be a finite number"),
        (Set(*PORT, 10**400), QueryError, "the value must be a finite number"),
        (Set(*PORT, "60"), QueryError, "'60' is no number; give one in km/h"),  # type: ignore[arg-type]
        (Set(*PORT, True), QueryError, "True is no number"),
        (Set(*PORT, None), QueryError, "None is no number"),  # type: ignore[arg-type]
        (Set("links", 3, "capacity", 1), QueryError, "table, row and column are texts"),  # type: ignore[arg-type]
        (Multiply(*PORT, 1e12), QueryError, "the value must be at most 1e.09"),
        (Multiply(*PORT, 0), QueryError, "it gives 0, which must be at least .* km/h; choose another value"),
        (Add(*PORT, 1e6), QueryError, "which must be at most .* km/h"),
        (Add("links", "rail-mid-port", "capacity", 1), QueryError, "no figure is known there in 2024; give"),
        (Close("nodes", "mid"), QueryError, "rows of nodes do not open and close; those of links, terminals"),
        (Open("links", "sea-port-quay"), QueryError, "links.sea-port-quay is open in 2024 already; leave it"),
    ],
)
def test_what_cannot_be_changed_is_refused(edit: Any, error: type[DalizError], message: str) -> None:
    """A change that is wrong is refused with table, row, column, value, what is allowed and what to do."""
    with pytest.raises(error, match=message):
        tiny_network().change(edit)


def test_a_row_closed_already_is_refused() -> None:
    """Closing what is closed, and changing a figure of it, would do nothing and is refused."""
    storm = tiny_network().under("storm")
    with pytest.raises(QueryError, match=r"links\.sea-port-quay is closed in 2024 already"):
        storm.change(Close("links", "sea-port-quay"))
    with pytest.raises(QueryError, match=r"would do nothing: links\.sea-port-quay is not in force in 2024"):
        storm.change(Set("links", "sea-port-quay", "speed_km_h", 30))
    twice = [Close("links", "sea-port-quay")] * 2
    with pytest.raises(QueryError, match="is closed in 2024 already"):
        tiny_network().change(*twice)


def test_two_setters_of_one_cell_are_refused() -> None:
    """One cell is set once: by one change of the user, and not by a set of `under` too."""
    network, again = tiny_network(), "both set grids.kz.g_co2e_kwh; leave one of them out"
    with pytest.raises(DataError, match=f"set grids.kz.g_co2e_kwh=1 and set grids.kz.g_co2e_kwh=2 {again}"):
        network.change(Set(*KZ, 1), Set(*KZ, 2))
    for second in (1, 2):
        with pytest.raises(DataError, match=again):
            network.change(Set(*KZ, 1)).change(Set(*KZ, second))
    track = network.under("second-track")
    with pytest.raises(DataError, match=r"second-track and set links.rail-mid-port.speed_km_h=70 both set"):
        track.change(Set(*PORT, 70))
    with pytest.raises(DataError, match=r"second-track and set links.rail-mid-port.speed_km_h=70 both set"):
        network.change(Set(*PORT, 70)).under("second-track")
    assert 90.0 == value(track.change(Multiply(*PORT, 1.5)), *PORT)


def test_changes_belong_to_the_network() -> None:
    """Digest, repr, year, day, named sets and pickling keep the user's own changes; the first network stays."""
    network = tiny_network()
    digest = network.digest
    edited = network.change(Set(*KZ, 500), Close("links", "sea-port-quay"))
    assert (digest, ()) == (network.digest, network.edits)
    others = [edited, network.change(Set(*KZ, 501)), network.change(Add(*KZ, 500)), network]
    assert 4 == len({other.digest for other in others})
    kept = [
        edited.at("2024-05-01"),
        network_of(edited, 2027),
        edited.under("dear-sea"),
        edited.without("storm"),
        pickle.loads(pickle.dumps(edited)),  # noqa: S301
    ]
    for other in kept:
        assert edited.edits == other.edits
        assert 500.0 == value(other, *KZ)
    assert kept[-1].digest == edited.digest
    assert ["set grids.kz.g_co2e_kwh=500", "close links.sea-port-quay"] == edited.edits_as_text
    assert (
        "removed none; the user's own: set grids.kz.g_co2e_kwh=500, close links.sea-port-quay"
        in repr(edited).splitlines()[2]
    )
    assert "the user's own" not in repr(network)


def test_a_figure_of_the_users_own_has_no_range() -> None:
    """A cell that the user set, and what inherits it, is exact and drawn alone; its evidence does not hold."""
    network = tiny_network(
        evidence={f"grids-{name}-g-co2e-kwh": {"group": "coal", "low": 1.0} for name in ("kz", "cn")}
    )
    figures = network.change(Set(*KZ, 500), Multiply(*KZ, 1.1)).resolved.figures
    i = figures.index[Cell(*KZ)]
    assert [pytest.approx(550.0)] * 3 == [figures.value[i], figures.low[i], figures.high[i]]
    assert 1 == np.count_nonzero(figures.group == figures.group[i])
    yard = network.change(Set("speeds", "rail-kz", "speed_km_h", 60), Multiply(*PORT, 2)).resolved
    j = yard.figures.index[Cell(*PORT)]
    assert [120.0] * 3 == [yard.figures.value[j], yard.figures.low[j], yard.figures.high[j]]


def test_a_range_moves_with_its_figure() -> None:
    """Adding and multiplying keep the range as a share of the figure, as a row of `changes` does."""
    for edit in (Multiply(*KZ, 2), Add(*KZ, 821)):
        figures = tiny_network().change(edit).resolved.figures
        i = figures.index[Cell(*KZ)]
        assert pytest.approx((1642.0, 1642.0 * 0.95, 1642.0 * 1.05)) == (
            figures.value[i],
            figures.low[i],
            figures.high[i],
        )


def test_why_tells_what_the_user_changed() -> None:
    """The function why says that a figure is the user's own, without the evidence it replaces; a factor keeps it."""
    own = why(tiny_network().change(Set(*KZ, 500)), "grids.kz.g_co2e_kwh")
    assert [
        "grids.kz.g_co2e_kwh = 500 g/kWh (from 500 to 500)",
        "  grade: the user's own figure, without evidence and range",
        "  changed by the user: set 500",
    ] == str(own).splitlines()
    moved = why(tiny_network().change(Multiply(*KZ, 2)), "grids.kz.g_co2e_kwh")
    assert (["measured"], ["multiply"]) == (
        [row["grade"] for row in moved.evidence],
        [change["op"] for change in moved.changes],
    )
    below = why(
        tiny_network().change(Set("terminal_classes", "yard", "hours", 9)), "terminals.mid-rail.hours"
    )
    assert ("the user", []) == (below.changes[0]["change"], below.evidence)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_change_of_the_user_equals_a_row_of_changes(data: st.DataObject) -> None:
    """Whatever cell is multiplied or set, all tables are those under a set of changes that does the same."""
    network = tiny_network()
    cells = [c for c in network.resolved.figures.cells if c.table != "changes"]
    cell = data.draw(st.sampled_from(cells))
    op = data.draw(st.sampled_from([Set, Multiply]))
    column = schema()[cell.table].columns[cell.column]
    now = value(network, *cell)
    factor = data.draw(st.floats(0.5, 1.5)) if op is Multiply else 1.0
    amount = factor if op is Multiply else data.draw(st.floats(0.5, 1.5)) * now
    edit = op(*cell, amount)
    row = {
        "set_id": "mine",
        "table": cell.table,
        "row_id": cell.row,
        "column": cell.column,
        "op": edit.op,
        "value": amount,
        "from_date": "2024-01-01",
    }
    sets = {n: n for n in ("name_en", "name_kk", "name_ru", "description")} | {
        "kind": "policy",
        "history": False,
        "source_id": "atlas",
    }
    same = tiny_network(change_sets={"mine": sets}, changes={"mine": row}).under("mine")
    try:
        edited = network.change(edit)
    except QueryError:
        assert column.minimum is not None or column.maximum is not None
        return
    for name, table in edited.resolved.tables.items():
        if name not in {"change_sets", "changes"}:
            for column_name, values in table.columns.items():
                np.testing.assert_array_equal(values, same.resolved.tables[name][column_name])
