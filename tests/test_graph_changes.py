"""Protect the graph of a changed network: it is the one that building from nothing gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import DalizError
from daliz.graph import Graph, build_graph
from daliz.tables import Cell, Close, Multiply, Network, Set
from daliz.tables.network import open_network
from tiny_package import tiny_network

TINY = tiny_network()
EURASIA = open_network("eurasia", 2024)
FIELDS = ("arc", "kind", "cause", "figure", "quantity", "power", "sd", "part")


def anew(network: Network) -> Network:
    """Return the same network without anything that it could take over."""
    return Network(network.store, network.period, network.added, network.removed, network.edits)


def assert_same(graph: Graph, other: Graph) -> None:
    """Compare all that a graph holds."""
    for name in ("states", "arcs", "idle", "unpriced", "ways", "shut", "month"):
        assert getattr(other, name) == getattr(graph, name)
    for name in ("groups", "tail", "head", "base", "variance", "km", "borders", "arc_links"):
        for mine, yours in zip(arrays(graph, name), arrays(other, name), strict=True):
            np.testing.assert_array_equal(mine, yours)
    for name in ("link_arcs", "place_arcs", "service_arcs", "yard"):
        assert getattr(other, name) == getattr(graph, name)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(graph.ledger, name), getattr(other.ledger, name))


def arrays(graph: Graph, name: str) -> tuple[Any, ...]:
    """Return one array or several."""
    found = getattr(graph, name)
    return found if isinstance(found, tuple) else (found,)


def assert_as_from_nothing(base: Network, cell: Cell, factor: float) -> None:
    """Compare the graph of a network with one cell changed with a build from nothing."""
    build_graph(base)
    try:
        changed = base.change(Multiply(*cell, factor))
    except DalizError:
        return
    assert_same(build_graph(anew(changed)), build_graph(changed))


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_one_cell_of_the_tiny_package(data: st.DataObject) -> None:
    """Whatever figure is changed, the graph equals one built from nothing, array by array."""
    cell = data.draw(st.sampled_from(TINY.resolved.figures.cells))
    assert_as_from_nothing(TINY, cell, data.draw(st.floats(0.05, 4.0)))


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_one_cell_of_the_embedded_package(data: st.DataObject) -> None:
    """The same holds for cells of the tables that a graph is made of in the embedded package."""
    made_of = {"links", "speeds", "terminals", "terminal_classes", "borders", "border_classes", "services"}
    made_of |= {"stops", "rates", "indices", "hazards", "emission_factors", "grids", "weather", "cargoes"}
    cells = [cell for cell in EURASIA.resolved.figures.cells if cell.table in made_of]
    by_table: dict[str, list[Cell]] = {}
    for cell in cells:
        by_table.setdefault(cell.table, []).append(cell)
    table = data.draw(st.sampled_from(sorted(by_table)))
    cell = data.draw(st.sampled_from(by_table[table]))
    assert_as_from_nothing(EURASIA, cell, data.draw(st.floats(0.05, 4.0)))


@pytest.mark.parametrize(
    "edit",
    [
        Close("links", "sea-port-quay"),
        Close("services", "block"),
        Close("terminals", "mid-rail"),
        Set("links", "rail-mid-port", "capacity", 60),
        Set("links", "rail-mid-port", "speed_km_h", 1),
        Set("stops", "block-02", "run_hours", 5),
        Set("rates", "rail-bulk", "usd_fixed", 5),
    ],
)
def test_what_changes_the_arcs_is_laid_out_anew(edit: Any) -> None:
    """Rows that close, blanks that are filled and figures that move a path give the graph built from nothing."""
    build_graph(TINY)
    changed = TINY.change(edit)
    assert_same(build_graph(anew(changed)), build_graph(changed))


def test_a_quicker_detour_is_taken() -> None:
    """A service runs over the quickest links: where the straight one slows down, it goes round."""
    detour = {
        "rail-mid-by": {
            "from_node": "mid",
            "to_node": "by",
            "mode": "rail",
            "gauge_mm": 1520.0,
            "length_km": 1200.0,
            "speed_class": "rail-kz",
        },
    }
    detour["rail-by-port"] = detour["rail-mid-by"] | {"from_node": "by", "to_node": "port"}
    node = dict.fromkeys(("name_en", "name_kk", "name_ru"), "By") | {"country": "KZ", "kind": "city"}
    base = tiny_network(nodes={"by": node | {"lat": 44.0, "lon": 60.0}}, links=detour)
    build_graph(base)
    changed = base.change(Multiply("links", "rail-mid-port", "speed_km_h", 0.5))
    graph = build_graph(changed)
    rides = [[len(a.links) for a in g.arcs if a.role == "ride"] for g in (build_graph(base), graph)]
    assert sum(rides[0]) + 2 == sum(rides[1])
    assert_same(build_graph(anew(changed)), graph)


def test_a_longer_link_leads_round() -> None:
    """Where a length makes a service go round, its arcs are new and all others are measured anew."""
    row = {"from_node": "mid", "to_node": "port", "mode": "rail", "gauge_mm": 1520.0, "length_km": 2300.0}
    base = tiny_network(links={"rail-second": row | {"speed_class": "rail-kz"}})
    build_graph(base)
    for factor in (1.02, 1.5):
        changed = base.change(Multiply("links", "rail-mid-port", "length_km", factor))
        assert_same(build_graph(anew(changed)), build_graph(changed))


def test_what_costs_alone_leave_is_shared() -> None:
    """A price leaves states, arcs and what is computed from them alone; a second change shares them too."""
    graph = build_graph(TINY)
    _ = graph.link_arcs
    dearer = TINY.change(Multiply("rates", "road-bulk", "usd_per_km", 2.0))
    again = dearer.change(Set("links", "rail-mid-port", "capacity", 9))
    for other in (dearer, again):
        assert build_graph(other).arcs is graph.arcs
        assert build_graph(other).link_arcs is graph.link_arcs
        assert build_graph(other).network is other


def test_lengths_are_measured_anew() -> None:
    """A longer link lengthens each arc over it, and no other."""
    longer = TINY.change(daliz.Add("links", "rail-gate-mid", "length_km", 100.0))
    graph, other = build_graph(TINY), build_graph(longer)
    row = TINY.table("links").position["rail-gate-mid"]
    for arc, mine in zip(graph.arcs, other.arcs, strict=True):
        times = sum(link == row for link, _ in arc.links)
        assert mine.km == pytest.approx(arc.km + 100.0 * times)
