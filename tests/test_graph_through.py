"""A through rate is an arc of its own and replaces just what it covers."""

from __future__ import annotations

from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import pytest

import daliz
from daliz.graph import Cause, Graph, build_graph
from daliz.routing.provenance import reasons
from daliz.routing.time_cost_distance import profile
from questions import routes_of
from small_networks import Link, ask, every_way, places_of, road_network
from tiny_package import tiny_network

if TYPE_CHECKING:
    from daliz.graph.graph import ClassCosts

RATE: dict[str, Any] = {
    "mode": "rail",
    "cargo_group": "container",
    "direction": "both",
    "basis": "through",
    "from_node": "east",
    "to_node": "west",
    "kind": "price",
    "usd_fixed": 1000.0,
    "price_year": 2024,
}
CAUSES = {
    "line-haul": (Cause.LINE_HAUL,),
    "handling": (Cause.HANDLING,),
    "gauge-change": (Cause.GAUGE_CHANGE,),
    "border-fee": (Cause.BORDER,),
}
EXTRAS = ("handling", "gauge-change", "border-fee")
SUBSETS = [" ".join(s) for s in chain.from_iterable(combinations(EXTRAS, n) for n in range(4))]


def graph_with(**rate: Any) -> tuple[Graph, int]:
    """Make the tiny graph with one through rate and find its arc."""
    graph = build_graph(tiny_network(rates={"through": RATE | rate}))
    return graph, next((i for i, a in enumerate(graph.arcs) if a.role == "through"), -1)


def dollars(graph: Graph, arc: int, causes: tuple[Cause, ...]) -> float:
    """Sum the dollars of some causes on an arc for the container."""
    way = routes_of(graph.network, "east", "west", k=1, draws=0, pareto=False)[0]
    whole = type(way)(way.query, (arc,), 0.0)
    return sum(c.amount for c in whole.components if c.measure == "usd" and c.cause in causes)


@pytest.mark.parametrize("covers", SUBSETS)
def test_it_replaces_exactly_what_it_covers(covers: str) -> None:
    """Dollars are those of the way less the covered ones plus the rate; hours, kg, risk and spread are the way's."""
    graph, arc = graph_with(covers=covers, usd_per_km=0.1)
    costs: ClassCosts = graph.costs("container-40")
    way = list(graph.ways[arc])
    causes = tuple(c for name in ("line-haul", *covers.split()) for c in CAUSES[name])
    covered = sum(dollars(graph, a, causes) for a in way)
    assert covered > 0
    assert graph.arcs[arc].km == pytest.approx(sum(graph.arcs[a].km for a in way))
    assert costs.usd[arc] == pytest.approx(costs.usd[way].sum() - covered + 1000.0 + 0.1 * graph.arcs[arc].km)
    for name in ("hours", "kg", "risk", "variance"):
        values = getattr(costs, name)
        assert values[arc] == pytest.approx(values[way].sum()), name


def test_it_stands_for_the_way_of_least_hours() -> None:
    """No way on admitted rail, water and terminals takes fewer hours (all ways tried)."""
    graph, arc = graph_with()
    query = ask(graph.network, "east", "west", avoid=["mode:road"])
    hours = query.plain.hours
    best = min(
        hours[w].sum() for w in every_way(query) if not any(query.graph.arcs[a].role == "through" for a in w)
    )
    assert hours[arc] == pytest.approx(best)


def test_it_passes_the_places_in_their_order() -> None:
    """With places to pass, the least-hours way is that through them; backwards it would be another."""
    square = [
        Link(0, 1, 110),
        Link(1, 2, 100),
        Link(2, 3, 100),
        Link(3, 0, 100),
        Link(0, 2, 900),
        Link(1, 3, 900),
    ]
    rate = RATE | {"id": "through", "mode": "road", "from_node": "n0", "to_node": "n3"}
    for via, wanted in (
        ("", [0, 3]),
        ("n1", [0, 1, 2, 3]),
        ("n2 n1", [0, 3, 2, 1, 2, 3]),
        ("n1 n2", [0, 1, 2, 3]),
    ):
        graph = build_graph(road_network(square, rates=[rate | {"via": via}]))
        arc = next(a for a in graph.arcs if a.role == "through")
        assert list(arc.places) == wanted, via


@pytest.mark.parametrize(
    ("rate", "reason"),
    [
        ({"via": "gate quay gate"}, None),
        ({"cargo_group": "liquid"}, "admits liquid"),
        ({"service_id": "block"}, "service block does not run"),
        ({"service_id": "ferry", "mode": "sea"}, "on service ferry"),
        ({"to_node": "east"}, "no way"),
    ],
)
def test_a_rate_without_a_way_is_told(rate: dict[str, Any], reason: str | None) -> None:
    """A through rate that has no way goes to `idle` with the reason, and no arc is made."""
    network = tiny_network(rates={"through": RATE | rate}, services={"block": {"from_date": "2027-01-01"}})
    graph = build_graph(network)
    arc = next((i for i, a in enumerate(graph.arcs) if a.role == "through"), -1)
    assert (arc < 0) == (reason is not None)
    assert reason is None or reason in graph.idle["through"]


def test_a_rate_of_a_service_needs_no_other_rate() -> None:
    """A service's through rate stands for boarding, riding and alighting; its fixed line-haul is not paid twice."""
    graph, arc = graph_with(service_id="ferry", mode="sea", from_node="port", to_node="quay")
    roles = [graph.arcs[a].role for a in graph.ways[arc]]
    assert roles == ["board", "ride", "alight"]
    assert dollars(graph, arc, (Cause.LINE_HAUL,)) == 0
    assert dollars(graph, arc, (Cause.THROUGH_RATE,)) == 1000.0
    bare = tiny_network(
        rates={
            "ferry-container": None,
            "through": RATE | {"service_id": "ferry", "mode": "sea", "from_node": "port", "to_node": "quay"},
        }
    )
    assert routes_of(bare, "port", "quay", k=1, draws=0)[0].usd > 1000.0
    with pytest.raises(daliz.errors.RouteError, match="no price for container"):
        routes_of(bare, "quay", "port", k=1, draws=0, avoid=["mode:road"])


def test_a_direction_of_a_service_binds() -> None:
    """A rate for the way out finds no way on the way back."""
    out = {"service_id": "ferry", "mode": "sea", "from_node": "quay", "to_node": "port"}
    assert graph_with(**out, direction="out")[1] < 0
    assert graph_with(**out, direction="back")[1] >= 0


def test_only_its_group_may_use_it() -> None:
    """The arc admits the rate's group of cargo and no other."""
    graph, arc = graph_with()
    assert graph.costs("container-40").admitted[arc]
    assert not graph.costs("grain").admitted[arc]


def test_legs_profile_reasons_and_emissions_work() -> None:
    """A through arc is told as the legs that it stands for, and everything told of it sums to its totals."""
    network = tiny_network(rates={"through": RATE | {"usd_fixed": 1.0, "covers": "line-haul handling"}})
    way = routes_of(network, "east", "west", k=1, draws=0, pareto=False)[0]
    assert way.parts == way.graph.ways[way.arcs[0]]
    assert tuple(a for leg in way.legs for a in leg.arcs) == way.parts
    assert {c.part for c in way.components} <= {*way.parts, *way.arcs}
    assert [(leg.origin, leg.mode, leg.destination) for leg in way.legs] == [
        ("East", "rail", "Port"),
        ("Port", "sea", "Quay"),
        ("Quay", "rail", "West"),
    ]
    assert [leg.borders for leg in way.legs] == [("KZ",), ("AZ",), ()]
    assert [leg.gauge_changes for leg in way.legs] == [("gate",), (), ()]
    assert way.corridor == "middle"
    assert way.summary() == "East - Port - (Caspian Sea) - Quay - West"
    points = profile(way)
    assert points[-1].hours == pytest.approx(way.hours)
    assert points[-1].usd == pytest.approx(way.usd)
    assert points[-1].km == pytest.approx(way.km)
    assert points[-1].hours_sd == pytest.approx(way.hours_sd)
    events = [(p.place, p.event) for p in points]
    assert ("Gate", "gauge change") in events
    assert ("Gate", "border") in events
    assert ("Port", "terminal and wait") in events
    assert any("through.usd_fixed" in line for line in reasons(way))
    assert way.emissions().wtw_kg == pytest.approx(way.kg_co2e)
    assert {e.mode for e in way.emissions().elements} == {"hub", "rail", "sea"}


@pytest.mark.parametrize("covers", SUBSETS)
def test_its_legs_sum_to_the_totals(covers: str) -> None:
    """Each leg bears its own hours and emissions and the rate by its km; all sum to the way, held or not."""
    held = {
        "scope": "country",
        "scope_id": "KZ",
        "effect": "hold",
        "probability": 0.1,
        "hold_days": 3.0,
        "hold_usd": 100.0,
        "rule": "Inspected",
        "source_id": "atlas",
    }
    rates = {"through": RATE | {"usd_fixed": 1.0, "covers": covers}}
    network = tiny_network(rates=rates, restrictions={"held": held})
    way = routes_of(network, "east", "west", k=1, draws=0, pareto=False)[0]
    assert len(way.legs) == 3
    for name in ("km", "hours", "usd", "kg_co2e"):
        assert sum(getattr(leg, name) for leg in way.legs) == pytest.approx(getattr(way, name)), name
    assert sum(leg.hours_sd**2 for leg in way.legs) == pytest.approx(way.hours_sd**2)
    for leg in way.legs:
        assert sum(leg.hours_by_cause.values()) == pytest.approx(leg.hours)
        assert sum(leg.usd_by_cause.values()) == pytest.approx(leg.usd)
        assert leg.usd_by_cause["through_rate"] == pytest.approx(leg.km / way.km)


def test_what_it_stands_for_is_avoided_with_it() -> None:
    """Avoiding a service or a place closes the through arcs that use it."""
    network = tiny_network(rates={"through": RATE})
    for word in ("service:ferry", "port", "link:sea-port-quay", "mode:sea"):
        query = ask(network, "east", "west", avoid=[word])
        arc = next(i for i, a in enumerate(query.graph.arcs) if a.role == "through")
        assert not query.open[arc], word


def test_places_of_a_through_arc_join() -> None:
    """Places and links of the arc are those of its way, one place more than links."""
    graph, arc = graph_with()
    query = ask(graph.network, "east", "west")
    step = graph.arcs[arc]
    assert list(step.places) == places_of(query, graph.ways[arc])
    assert len(step.places) == len(step.links) + 1


def test_goods_loaded_anew_need_no_gauge_works() -> None:
    """Where a through way unloads on one gauge and loads on another, the change counts but only handling is paid."""
    yard = {"node_id": "gate", "mode": "rail", "operation": "handling", "class_id": "yard"}
    network = tiny_network(
        terminals={"gate-gauge": None, "gate-rail": yard},
        services={"block": None},
        stops={f"block-0{i}": None for i in range(1, 5)},
        rates={"through": RATE | {"to_node": "mid", "usd_fixed": 1.0}},
    )
    way = routes_of(network, "east", "mid", k=1, draws=0, pareto=False)[0]
    assert [leg.mode for leg in way.legs] == ["rail", "rail"]
    assert way.gauge_changes == ("gate",)
    assert "gauge_change" not in way.hours_by_cause()
