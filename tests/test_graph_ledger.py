"""Each hour, dollar and kilogram of an arc has one cause, and is booked once."""

from __future__ import annotations

import numpy as np
import pytest

from daliz.graph import Cause, Graph, Kind, build_graph
from daliz.graph.ledger import Book
from small_networks import Link, ask, road_network
from tiny_package import rows_as_written, tiny_network


def booked(
    graph: Graph, role: str, kind: Kind, cause: Cause, *, ends: tuple[str, str] | None = None
) -> list[float]:
    """Give the amounts of one kind and cause on each arc of a role (and between two places)."""
    amounts = graph.ledger.amounts(graph.network.resolved.figures.value)
    rows = (graph.ledger.kind == kind) & (graph.ledger.cause == cause)
    ids = graph.network.table("nodes").ids
    found = []
    for i, arc in enumerate(graph.arcs):
        if arc.role == role and ends in {None, (ids[arc.places[0]], ids[arc.places[-1]])}:
            found.append(float(amounts[rows & (graph.ledger.arc == i)].sum()))
    return found


@pytest.mark.parametrize("cargo", ["container-40", "grain"])
def test_class_costs_equal_a_loop_over_entries(cargo: str) -> None:
    """Broadcasting gives what adding entry by entry gives, with each class's own multipliers."""
    network = tiny_network()
    graph = build_graph(network)
    goods = network.table("cargoes").row(cargo)
    box = goods["rate_group"] == "container"
    counts = {
        Kind.USD_CONTAINER: goods["rate_units"] if box else 0.0,
        Kind.USD_BULK: 0.0 if box else goods["rate_units"],
        Kind.USD_LIQUID: 0.0,
        Kind.USD_WAGON: 0.0,
        Kind.PREMIUM: goods["value_usd"],
        Kind.HOURS: 1.0,
        Kind.RISK: 1.0,
        Kind.KG_T: goods["payload_t"],
        Kind.KG_TEU: goods["teu"],
        Kind.KG_CONTAINER: goods["containers"],
        Kind.KG_LOOSE: 0.0 if box else goods["payload_t"],
    }
    sums = {name: np.zeros(len(graph.arcs)) for name in ("hours", "usd", "kg", "risk", "variance")}
    ledger, figures = graph.ledger, network.resolved.figures
    for arc, kind, figure, quantity, power, sd in zip(
        ledger.arc, ledger.kind, ledger.figure, ledger.quantity, ledger.power, ledger.sd, strict=True
    ):
        value = 1.0 if figure < 0 else figures.value[figure]
        name = {"HOURS": "hours", "RISK": "risk"}.get(
            Kind(kind).name, "kg" if Kind(kind).name.startswith("KG") else "usd"
        )
        sums[name][arc] += counts[Kind(kind)] * quantity * value**power
        sums["variance"][arc] += sd**2
    costs = graph.costs(cargo)
    for name, wanted in sums.items():
        np.testing.assert_allclose(getattr(costs, name), wanted, rtol=1e-12)


def test_a_sheet_put_on_an_arc_is_as_if_its_entries_were_added() -> None:
    """Booking a sheet and booking its entries one by one give the same ledger."""
    sheet, one, other = Book(), Book(), Book()
    entries = [(Kind.HOURS, Cause.RUN, 2.0, 3, -1, 0.5), (Kind.KG_T, Cause.RUN, 1.5, 4, 1, 0.0)]
    for entry in entries:
        sheet.add(0, *entry)
        other.add(7, *entry)
    one.put(7, sheet)
    for column in Book().close().__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one.close(), column), getattr(other.close(), column))


@pytest.mark.parametrize(("cv", "mean", "variance"), [(0.0, 1 / 2, 1 / 12), (1.0, 1.0, 1.0)])
def test_waiting_for_a_departure(cv: float, mean: float, variance: float) -> None:
    """Osuna and Newell: half a headway for an exact timetable, a whole one for a random one, with its variance."""
    graph = build_graph(tiny_network(services={"ferry": {"headway_cv": cv}}))
    headway = 168.0 / 3.5
    ferry = graph.network.table("services").position["ferry"]
    boards = [i for i, a in enumerate(graph.arcs) if a.role == "board" and a.service == ferry]
    waits = graph.ledger.cause == Cause.WAIT
    for arc in boards:
        row = np.flatnonzero(waits & (graph.ledger.arc == arc))
        assert len(row) == 1
        amount = graph.ledger.take(row).amounts(graph.network.resolved.figures.value)[0]
        assert amount == pytest.approx(headway * mean)
        assert graph.ledger.sd[row[0]] ** 2 == pytest.approx(headway**2 * variance)


def test_waiting_agrees_with_headways_drawn() -> None:
    """For gamma headways between, mean and variance agree with a shipment that comes at a random time."""
    graph = build_graph(tiny_network(services={"ferry": {"headway_cv": 0.5}}))
    rng, headway = np.random.default_rng(1), 168.0 / 3.5
    gaps = rng.gamma(4.0, headway / 4.0, 200_000)
    left = np.cumsum(gaps)
    comes = rng.uniform(0, left[-1], 200_000)
    waits = left[np.searchsorted(left, comes)] - comes
    ferry = graph.network.table("services").position["ferry"]
    arc = next(i for i, a in enumerate(graph.arcs) if a.role == "board" and a.service == ferry)
    row = np.flatnonzero((graph.ledger.cause == Cause.WAIT) & (graph.ledger.arc == arc))
    assert graph.ledger.take(row).amounts(graph.network.resolved.figures.value)[0] == pytest.approx(
        waits.mean(), rel=0.02
    )
    assert graph.ledger.sd[row[0]] ** 2 == pytest.approx(waits.var(), rel=0.03)


@pytest.mark.parametrize("month", [1, 5, None])
def test_weather_is_a_mixture_of_months(month: int | None) -> None:
    """E[w] = p s and E[w^2] = 2 p s^2 in a month; a year mixes its months evenly."""
    graph = build_graph(tiny_network(), month)
    shares = {1: [0.25], 5: [0.05], None: [0.25] * 4 + [0.05] * 8}[month]
    mean = np.mean([p * 36.0 for p in shares])
    square = np.mean([2 * p * 36.0**2 for p in shares])
    rows = graph.ledger.cause == Cause.WEATHER
    for arc in np.unique(graph.ledger.arc[rows]):
        mine = np.flatnonzero(rows & (graph.ledger.arc == arc))
        amounts = graph.ledger.take(mine).amounts(graph.network.resolved.figures.value)
        assert amounts.sum() == pytest.approx(mean)
        assert (graph.ledger.sd[mine] ** 2).sum() == pytest.approx(square - mean**2)


def test_a_ride_takes_the_services_own_rate_and_speed() -> None:
    """A service arc replaces run time and line-haul of the links: 900 USD once, 380 km at 22 km/h."""
    graph = build_graph(tiny_network())
    assert booked(graph, "ride", Kind.HOURS, Cause.RUN, ends=("port", "quay")) == [pytest.approx(380 / 22)]
    assert booked(graph, "ride", Kind.USD_CONTAINER, Cause.LINE_HAUL, ends=("port", "quay")) == [0.0]
    assert booked(graph, "board", Kind.USD_CONTAINER, Cause.LINE_HAUL, ends=("quay", "quay")) == [900.0]


def test_published_hours_replace_computed_ones() -> None:
    """A timetable's 60 hours stand alone, in both directions, with no km over speed beside them."""
    graph = build_graph(tiny_network())
    for ends in (("mid", "port"), ("port", "mid")):
        assert booked(graph, "ride", Kind.HOURS, Cause.RUN, ends=ends) == [60.0]


def test_gauge_changes_once_and_the_border_once_each_way() -> None:
    """On the way from 1435 to 1520 mm the gauge changes once; the border is that of the direction of travel."""
    graph = build_graph(tiny_network())
    for ends, border in ((("east", "mid"), 16.0), (("mid", "east"), 8.0)):
        assert booked(graph, "ride", Kind.HOURS, Cause.GAUGE_CHANGE, ends=ends) == [9.0]
        assert booked(graph, "ride", Kind.HOURS, Cause.BORDER, ends=ends) == [border]
        assert booked(graph, "ride", Kind.USD_CONTAINER, Cause.BORDER, ends=ends) == [100.0]


def test_only_what_stays_aboard_waits_out_a_stop() -> None:
    """Dwell lies between arriving and leaving, so who alights or boards there does not pay it."""
    graph = build_graph(tiny_network())
    assert booked(graph, "stay", Kind.HOURS, Cause.DWELL) == [3.0, 3.0]
    for role in ("ride", "board", "alight"):
        assert sum(booked(graph, role, Kind.HOURS, Cause.DWELL)) == 0.0


def test_the_fixed_part_of_a_common_rate_is_charged_on_loading() -> None:
    """A rate with a fixed part and a part per km costs both, the fixed part once."""
    network = road_network([Link(0, 1, 100), Link(1, 2, 100)])
    store = rows_as_written(network)
    for row in store["rates"]:
        row["usd_fixed"] = 70.0
    dearer = type(network).from_tables(store, 2024)
    for a, b in (("n0", "n1"), ("n0", "n2")):
        loads = [build_graph(n).costs("container-40").usd for n in (network, dearer)]
        query = ask(dearer, a, b)
        load = next(i for i, x in enumerate(query.graph.arcs) if x.role == "load" and x.tail == query.start)
        assert loads[1][load] - loads[0][load] == pytest.approx(70.0)


def test_a_service_of_one_stop_is_told_and_left_out() -> None:
    """Nothing is dropped silently: what cannot run stands in `idle` with the reason."""
    graph = build_graph(tiny_network(stops={"ferry-02": None}, links={"rail-mid-port": None}))
    assert "fewer than two stops" in graph.idle["ferry"]
    assert "no open rail links" in graph.idle["block"]
    assert not any(a.role == "board" for a in graph.arcs)
