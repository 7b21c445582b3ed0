"""What is told of a way sums to its totals, and totals move as the figures do."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.errors import QueryError
from daliz.graph import build_graph
from daliz.routing.provenance import grade_weights, reasons
from daliz.routing.time_cost_distance import profile
from daliz.tables import Set
from questions import routes_of
from small_networks import Link, road_links, road_network
from tiny_package import network_of, rows_as_written, tiny_network, tiny_tables

if TYPE_CHECKING:
    import daliz

EVERYWHERE = [
    ("east", "west"),
    ("west", "east"),
    ("port", "mid"),
    ("44.5,75.5", "quay"),
    ("quay", "44.5,83.5"),
]
HELD = {
    "scope": "country",
    "scope_id": "KZ",
    "effect": "hold",
    "probability": 0.1,
    "hold_days": 3.0,
    "hold_usd": 100.0,
    "rule": "Inspected",
    "source_id": "atlas",
}


def ways_of(a: str, b: str, cargo: str = "container-40") -> list[daliz.Itinerary]:
    """Give alternatives and Pareto set in a tiny network with a rule that holds."""
    network = tiny_network(restrictions={"held": HELD})
    found = routes_of(network, a, b, cargo=cargo, draws=0, overlap=0.9)
    return [*found.itineraries, *found.pareto]


@pytest.mark.parametrize("ends", EVERYWHERE)
@pytest.mark.parametrize("cargo", ["container-40", "grain"])
def test_legs_and_components_sum_to_the_totals(ends: tuple[str, str], cargo: str) -> None:
    """Hours, dollars, kilograms and km: once by leg, once by cause, once by entry, always the same sum."""
    for way in ways_of(*ends, cargo):
        for name in ("hours", "usd", "kg_co2e", "km"):
            assert sum(getattr(leg, name) for leg in way.legs) == pytest.approx(getattr(way, name)), name
        for measure, total in (
            ("hours", way.hours),
            ("usd", way.usd),
            ("kg", way.kg_co2e),
            ("risk", -math.log1p(-way.risk)),
        ):
            assert sum(c.amount for c in way.components if c.measure == measure) == pytest.approx(total), (
                measure
            )
        assert math.sqrt(sum(c.sd**2 for c in way.components if c.measure == "hours")) == pytest.approx(
            way.hours_sd
        )
        assert sum(way.hours_by_cause().values()) == pytest.approx(way.hours)
        assert sum(way.usd_by_cause().values()) == pytest.approx(way.usd)
        for leg in way.legs:
            assert sum(leg.hours_by_cause.values()) == pytest.approx(leg.hours)
            assert sum(leg.usd_by_cause.values()) == pytest.approx(leg.usd)
        assert [a for leg in way.legs for a in leg.arcs] == list(way.arcs)
        assert all(a.destination == b.origin for a, b in pairwise(way.legs))


def test_a_way_names_its_ports_and_its_seas() -> None:
    """The summary names where the carrier changes, both ports and the sea between them, in a language."""
    way = routes_of(tiny_network(), "east", "west", k=1, draws=0, avoid=["mode:road"])[0]
    assert way.summary() == "East - Port - (Caspian Sea) - Quay - West"
    assert way.stops("kk") == ["Шығыс", "Айлақ", "(Каспий теңізі)", "Жағалау", "Батыс"]
    assert [leg.waters for leg in way.legs] == [(), ("Caspian Sea",), ()]
    assert way.stops() == [
        *(n for leg in way.legs for n in (leg.origin, *(f"({w})" for w in leg.waters))),
        way.legs[-1].destination,
    ]
    with pytest.raises(QueryError, match="no names in 'fr'; choose en, kk, ru"):
        way.stops("fr")
    nameless = tiny_network(link_waters={"sea-port-quay": None})
    way = routes_of(nameless, "east", "west", k=1, draws=0, avoid=["mode:road"])[0]
    assert way.summary() == "East - Port - Quay - West"


@pytest.mark.parametrize("ends", EVERYWHERE)
def test_the_profile_ends_at_the_totals_and_never_falls(ends: tuple[str, str]) -> None:
    """Km, hours, dollars and spread rise from nothing to the totals of the way."""
    for way in ways_of(*ends):
        points = profile(way)
        assert (points[0].km, points[0].hours, points[0].usd, points[0].event) == (0, 0, 0, "start")
        for name, total in (
            ("km", way.km),
            ("hours", way.hours),
            ("usd", way.usd),
            ("hours_sd", way.hours_sd),
        ):
            values = [getattr(p, name) for p in points]
            assert values[-1] == pytest.approx(total), name
            assert all(b >= a - 1e-9 for a, b in pairwise(values)), name


def test_the_profile_puts_stops_where_they_are() -> None:
    """The block train meets its border, then its gauge change, at Gate, and dwells at Mid."""
    way = routes_of(tiny_network(), "east", "port", k=1, draws=0, avoid=["mode:road"])[0]
    events = [(p.place, p.event) for p in profile(way)]
    assert events.index(("Gate", "border")) < events.index(("Gate", "gauge change"))
    assert ("Mid", "dwell") in events
    border = next(b.hours - a.hours for a, b in pairwise(profile(way)) if b.event == "border")
    assert border == pytest.approx(16 + 4)


def test_the_profile_puts_a_border_after_the_link_that_crosses_it() -> None:
    """On the way back the border lies at the end of the last link of the run, after the gauge change."""
    way = routes_of(tiny_network(), "port", "east", k=1, draws=0, avoid=["mode:road"])[0]
    events = [(p.place, p.event) for p in profile(way)]
    assert ("Gate", "border") not in events
    assert events.index(("Gate", "gauge change")) < events.index(("East", "border"))


@pytest.mark.parametrize(
    ("ends", "countries"), [(("east", "west"), ("KZ", "AZ")), (("west", "east"), ("KZ", "CN"))]
)
def test_borders_and_gauge_changes_are_told_once(ends: tuple[str, str], countries: tuple[str, str]) -> None:
    """By rail and sea the way enters two countries and changes gauge at Gate alone."""
    way = routes_of(tiny_network(), *ends, k=1, draws=0, avoid=["mode:road"])[0]
    assert way.borders == countries
    assert way.gauge_changes == ("gate",)


def test_reasons_carry_all_hours_and_dollars() -> None:
    """Grades weigh the whole of the hours and dollars; every figure is told with its cell."""
    way = routes_of(tiny_network(), "east", "west", k=1, draws=0)[0]
    for shares in grade_weights(way).values():
        assert sum(shares.values()) == pytest.approx(1.0)
    lines = reasons(way)
    cells = {c.cell for c in way.components if c.cell and c.measure in {"hours", "usd"} and c.amount}
    assert all(any(str(cell) in line for line in lines) for cell in cells)


def test_an_answer_is_plain_values() -> None:
    """An answer with its spread can be written as JSON, and its text names every alternative."""
    found = routes_of(tiny_network(), "east", "west", draws=200)
    again = json.loads(json.dumps(found.as_dict()))
    assert len(again["itineraries"]) == len(found) == len(found.table) == repr(found).count("\n")
    assert again["inputs_sha256"] == found.digest


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 10.0))
def test_rates_times_c_make_dollars_times_c(c: float) -> None:
    """If every price is c times as high, so are the dollars of every way."""
    links = [Link(0, 1, 100), Link(1, 2, 300), Link(0, 2, 500)]
    plain = road_network(links)
    tables = rows_as_written(plain)
    for row in tables["rates"]:
        row["usd_per_km"] *= c
    for row in tables["terminal_classes"]:
        row["usd_40"] *= c
    dearer = type(plain).from_tables(tables, 2024)
    a, b = build_graph(plain).costs("container-40"), build_graph(dearer).costs("container-40")
    assert b.usd == pytest.approx(c * a.usd)
    assert b.hours == pytest.approx(a.hours)


@settings(max_examples=25, deadline=None)
@given(road_links(), st.data())
def test_closing_an_unused_link_changes_nothing_and_a_new_one_never_harms(
    links: list[Link], data: st.DataObject
) -> None:
    """Without a link that the best way does not use the best stays; with one link more it is no worse."""
    found = routes_of(road_network(links), "n0", "n5", k=1, draws=0, pareto=False)[0]
    ids = found.graph.network.table("links").ids  # rows stand in the order of ids, l10 before l2
    used = {int(ids[link][1:]) for a in found.arcs for link, _ in found.graph.arcs[a].links}
    free = [i for i in range(5, len(links)) if i not in used]  # the first five join all places
    if free:
        out = data.draw(st.sampled_from(free))
        fewer = routes_of(
            road_network([x for i, x in enumerate(links) if i != out]), "n0", "n5", k=1, draws=0
        )[0]
        assert fewer.generalised_usd == pytest.approx(found.generalised_usd)
    more = [
        *links,
        Link(
            data.draw(st.integers(0, 2)), data.draw(st.integers(3, 5)), 50.0 * data.draw(st.integers(1, 20))
        ),
    ]
    better = routes_of(road_network(more), "n0", "n5", k=1, draws=0)[0]
    assert better.generalised_usd <= found.generalised_usd + 1e-9


def test_emissions_are_the_ways_own() -> None:
    """Elements sum to the way's kg; electricity is well to tank alone; tonne-km are tonnes times km run."""
    factors = {
        "rail-diesel": {"wtt_kg": 0.0052, "ttw_kg": 0.0224},
        "truck": {"wtt_kg": 0.018, "ttw_kg": 0.077},
        "ship": {"wtt_kg": 0.003, "ttw_kg": 0.017},
    }
    tables = tiny_tables(emission_factors=factors)
    for ends in EVERYWHERE:
        for way in routes_of(network_of(tables), *ends, draws=0, overlap=0.9):
            chain = way.emissions()
            assert chain.wtw_kg == pytest.approx(way.kg_co2e)
            assert chain.tonne_km == pytest.approx(20 * way.km)
            for e in chain.elements:
                assert (
                    math.isnan(e.ttw_kg)
                    if e.mode == "hub"
                    else e.wtt_kg + e.ttw_kg == pytest.approx(e.wtw_kg)
                )
    electric = routes_of(
        network_of(tiny_tables(emission_factors=factors, services={"block": {"departures_per_week": 100}})),
        "east",
        "mid",
        k=1,
        draws=0,
        avoid=["mode:road"],
    )[0].emissions()
    (run,) = (e for e in electric.elements if e.mode == "rail")
    assert run.ttw_kg == pytest.approx(0.0224 * 20 * 700)
    assert run.wtw_kg - run.ttw_kg == pytest.approx(
        0.0052 * 20 * 700 + 0.024 * 20 * 150 * (0.560 + 0.821) / 2
    )


def test_hubs_keep_their_parts() -> None:
    """Where the classes of terminals say what is well to tank, the chain has both parts, and they sum to the whole."""
    factors = {
        "rail-diesel": {"wtt_kg": 0.0052, "ttw_kg": 0.0224},
        "truck": {"wtt_kg": 0.018, "ttw_kg": 0.077},
        "ship": {"wtt_kg": 0.003, "ttw_kg": 0.017},
    }
    shares = {row["id"]: {"wtt_share": 0.25} for row in tiny_tables()["terminal_classes"]}
    network = network_of(tiny_tables(emission_factors=factors, terminal_classes=shares))
    for ends in EVERYWHERE:
        for way in routes_of(network, *ends, draws=0, overlap=0.9):
            chain = way.emissions()
            assert chain.wtt_kg + chain.ttw_kg == pytest.approx(chain.wtw_kg) == pytest.approx(way.kg_co2e)
            assert chain.parts.unparted_kg == 0
            for hub in (e for e in chain.elements if e.mode == "hub"):
                assert hub.wtt_kg == pytest.approx(0.25 * hub.wtw_kg)
    own = {row["id"]: {"kg_co2e_container": 9.0} for row in tiny_tables()["terminals"]}
    network = network_of(tiny_tables(emission_factors=factors, terminal_classes=shares, terminals=own))
    hubs = [
        e for e in routes_of(network, *EVERYWHERE[0], k=1, draws=0)[0].emissions().elements if e.mode == "hub"
    ]
    assert all(hub.wtt_kg == pytest.approx(0.25 * hub.wtw_kg) for hub in hubs)


def test_a_changed_factor_keeps_its_shares() -> None:
    """A change of the whole alone leaves well to tank and tank to wheel their shares, so that they sum to it."""
    tables = tiny_tables(emission_factors={"truck": {"wtt_kg": 0.018, "ttw_kg": 0.077}})
    network = network_of(tables).change(Set("emission_factors", "truck", "wtw_kg", 0.19))
    way = routes_of(network, "east", "west", k=1, draws=0, avoid=["mode:rail"])[0]
    for road in (e for e in way.emissions().elements if e.mode == "road"):
        assert road.wtt_kg + road.ttw_kg == pytest.approx(road.wtw_kg)
        assert road.wtt_kg == pytest.approx(road.wtw_kg * 0.018 / 0.095)


def test_a_figure_of_the_users_own_cites_no_evidence() -> None:
    """What a user sets is told as the user's own, weighs as such, and stands beside the conditions of the answer."""
    network = tiny_network()
    plain = routes_of(network, "east", "west", k=1, draws=0, avoid=["mode:road"])[0]
    cell = next(
        c.cell for c in plain.components if c.cell and c.cell.table == "speeds" and c.measure == "hours"
    )
    changed = routes_of(network.change(Set(*cell, 20.0)), "east", "west", k=1, draws=0, avoid=["mode:road"])
    (told,) = {line.split(": ", 1)[1] for line in reasons(changed[0]) if f"{cell} =" in line}
    assert told == f"{cell} = 20 (the user's own figure)"
    own = sum(c.amount for c in changed[0].components if c.cell == cell and c.measure == "hours")
    assert grade_weights(changed[0])["hours"]["own"] == pytest.approx(own / changed[0].hours)
    assert "own" not in grade_weights(plain)["hours"]
    assert changed.as_dict()["conditions"]["edits"] == [f"set {cell}=20"]
