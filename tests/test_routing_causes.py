"""The true cause of a way that does not exist is told, found by lifting one cause at a time."""

from __future__ import annotations

from typing import Any

import pytest

import daliz
from daliz.errors import RouteError
from route_cases import best, open_case, ways
from tiny_package import tiny_network

ROAD_ONLY: dict[str, Any] = {"r2": None, "r3": None}
RAIL = {
    "links": {
        "t1": {
            "from_node": "alba",
            "to_node": "bora",
            "mode": "rail",
            "gauge_mm": 1520,
            "length_km": 300,
            "speed_class": "rail",
        },
        "t2": {
            "from_node": "bora",
            "to_node": "dene",
            "mode": "rail",
            "gauge_mm": 1435,
            "length_km": 300,
            "speed_class": "rail",
        },
    },
    "terminals": {
        f"{n}-rail": {"node_id": n, "mode": "rail", "operation": "handling", "class_id": "depot"}
        for n in ("alba", "dene")
    },
}


def said(network: daliz.Network, a: str, b: str, **words: Any) -> str:
    """Return what is said of a way that does not exist."""
    with pytest.raises(RouteError) as error:
        ways(network, a, b, **words)
    return str(error.value)


def test_a_service_that_runs_one_way_is_told() -> None:
    """The only service runs from alba to dene; back there is none, and forth there is."""
    network = open_case("19-one-way")
    assert "service line runs only alba to dene" in said(network, "dene", "alba")
    assert best(network, "alba", "dene").km == 600


@pytest.mark.parametrize(
    ("stop", "call", "words"), [(0, "alight", "only unloads at alba"), (1, "board", "only loads at dene")]
)
def test_a_call_that_only_loads_or_unloads_is_told(stop: int, call: str, words: str) -> None:
    """A service that does not take goods at the one end, or leave them at the other, is named with the place."""
    network = open_case("19-one-way")
    row = str(network.store["stops"].ids[stop])
    assert words in said(open_case("19-one-way", stops={row: {"call": call}}), "alba", "dene")


def test_rows_left_out_by_the_half_rule_are_told() -> None:
    """Both links that hand over in the year are named with their share, and the way out."""
    text = said(open_case("02b-handover"), "alba", "dene")
    assert "link r4 is open 42 % of the year" in text
    assert "link r5 is open 33 % of the year" in text
    assert "--date" in text
    assert "run `daliz check`" not in text
    for day, row in (("2024-05-31", "r4"), ("2024-09-01", "r5")):
        way = best(open_case("02b-handover"), "alba", "dene", date=day)
        assert way.km == 600
        assert row in way.graph.network.table("links").position


def test_what_is_closed_on_a_day_is_told_with_its_dates() -> None:
    """Between the two links there is none, and both dates are told."""
    text = said(open_case("02b-handover"), "alba", "dene", date="2024-07-01")
    assert "link r4 is closed since 2024-06-01" in text
    assert "link r5 opens only on 2024-09-01" in text


def test_what_the_user_closes_is_told() -> None:
    """A link closed by the question is no mystery."""
    network = open_case("00-base").change(daliz.Close("links", "r4"))
    assert "link r4 is closed by the question" in said(network, "alba", "dene")


def test_what_an_event_closes_is_told() -> None:
    """An event that closes a link is named."""
    network = tiny_network().under("storm")
    assert "closed by storm" in said(network, "port", "quay", avoid=["mode:road"])


def test_a_closed_terminal_or_service_is_told() -> None:
    """Dated rows of all tables that ways run over count: terminals and services too."""
    closed = {"to_date": "2024-03-01"}
    assert "terminal dene-road is open 16 % of the year" in said(
        open_case("00-base", terminals={"dene-road": closed}), "alba", "dene"
    )
    assert "service line is open 16 % of the year" in said(
        open_case("19-one-way", services={"line": closed}), "alba", "dene"
    )


@pytest.mark.parametrize("word", ["mode:road", "country:KZ", "node:bora", "link:r4"])
def test_what_is_avoided_is_told_by_its_word(word: str) -> None:
    """The word alone is to blame, and no other cause is."""
    text = said(open_case("00-base"), "alba", "dene", avoid=[word])
    assert f"avoid {word}" in text
    assert "one of these" not in text


def test_two_words_that_close_one_link_are_told_together() -> None:
    """To lift one of them would open nothing, so the cut names both."""
    text = said(open_case("00-base"), "alba", "dene", avoid=["mode:road", "bora"])
    assert "the cut is bora to dene (run): avoid mode:road and avoid bora" in text


def test_a_rule_and_a_weight_are_told() -> None:
    """A prohibition is told in its words, a limit with both weights."""
    rule = {
        "scope": "link",
        "scope_id": "r4",
        "effect": "prohibit",
        "rule": "No boxes here",
        "source_id": "src",
    }
    assert "rule ban: No boxes here" in said(open_case("00-base", restrictions={"ban": rule}), "alba", "dene")
    text = said(open_case("00-base", links={"r4": {"max_unit_t": 20}}), "alba", "dene")
    assert "r4 admits 20 t and one unit of container-40 weighs 24 t" in text


def test_a_change_of_gauge_without_a_terminal_is_told() -> None:
    """Two railways of different gauge meet where nothing changes them."""
    text = said(open_case("00-base", **RAIL), "alba", "dene", avoid=["mode:road"])
    assert "at bora the gauge changes from 1520 to 1435 mm and no terminal changes it" in text


def test_a_terminal_that_is_missing_or_not_for_the_cargo_is_told() -> None:
    """A place without a terminal, and one for bulk alone."""
    none = open_case("00-base", terminals={"dene-road": None})
    assert "dene has no road terminal" in said(none, "alba", "dene")
    bulk = open_case("00-base", terminals={"dene-road": {"cargo_groups": "bulk"}})
    assert "the terminal does not admit container cargo" in said(bulk, "alba", "dene")
    port = open_case("19-one-way", terminals={"dene-sea": None})
    assert "dene has no sea terminal for container cargo, where service line calls" in said(
        port, "alba", "dene"
    )


def test_a_missing_price_and_an_unfit_service_are_told() -> None:
    """A class without a rate, and a service that does not carry it."""
    unpriced = open_case("00-base", rates={"road-c": None})
    assert "rates has no price for container cargo" in said(unpriced, "alba", "dene")
    bulk = open_case("19-one-way", services={"line": {"cargo_groups": "bulk"}})
    assert "service line carries bulk and not container cargo" in said(bulk, "alba", "dene")


def test_a_service_that_cannot_run_is_told() -> None:
    """A service without links between its stops says so."""
    text = said(open_case("19-one-way", links={"s1": None}), "alba", "dene")
    assert "service line cannot run: no open sea links lead from alba to dene" in text


def test_a_service_for_operators_and_a_confinement_are_told() -> None:
    """Services sold to operators only, and a shipment confined to a service that does not lead there."""
    sold = open_case("19-one-way", services={"line": {"operators_only": True}})
    assert "service line is sold to operators only" in said(sold, "alba", "dene")
    text = said(tiny_network(), "east", "west", only=["block"], avoid=["mode:road"])
    assert "only block" in text
    assert "avoid mode:road" in text


def test_a_place_without_anything_is_told() -> None:
    """A place that no link, service or terminal touches is named."""
    lone = {
        "name_en": "Lone",
        "name_kk": "L",
        "name_ru": "L",
        "country": "KZ",
        "kind": "city",
        "lat": 40,
        "lon": 40,
        "position_source": "src",
    }
    network = open_case("00-base", nodes={"lone": lone})
    assert "loads or unloads at Lone, so nothing reaches it" in said(network, "alba", "lone")
    assert "loads or unloads at Lone, so nothing leaves it" in said(network, "lone", "alba")


def test_an_address_out_of_reach_is_told_with_the_nearest_place() -> None:
    """The nearest terminal and how far it is."""
    assert "the nearest is Alba" in said(open_case("00-base"), "50,50", "dene")
