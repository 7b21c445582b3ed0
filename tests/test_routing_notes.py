"""What is odd about the best way is told in the answer: absurd length with its reason, and shorter ways left out."""

from __future__ import annotations

import json

import pytest

import daliz
from command_line import run
from route_cases import CASES, best, open_case, ways


def far_case() -> daliz.Network:
    """Return the base with no road to bora but one of 1,400 km by cita."""
    return open_case("00-base", links={"r1": None, "r2": {"length_km": 700}, "r3": {"length_km": 700}})


def test_an_absurd_way_is_told_with_the_great_circle() -> None:
    """A best way of more than three times the great circle is told in Python and JSON, and in the length itself."""
    found = ways(far_case(), "alba", "bora")
    (note,) = found.notes
    assert "1,400 km, 4.9 times the great circle of 286 km" in note
    assert note in repr(found)
    assert found.as_dict()["notes"] == [note]
    assert found[0].detour == pytest.approx(1400 / 286, rel=0.01)
    assert "4.9 times the great circle" in repr(found[0])
    assert found.as_dict()["itineraries"][0]["great_circle_km"] == pytest.approx(286, abs=1)


def test_a_way_that_is_not_absurd_has_no_note() -> None:
    """Twice the great circle is no note."""
    assert ways(open_case("00-base"), "alba", "bora").notes == ()


def test_the_reason_of_an_absurd_way_is_what_keeps_the_shipment_from_a_shorter_one() -> None:
    """What is avoided, forbidden or closed is told where lifting it alone opens a way of less than half the km."""
    network = open_case("00-base", links={"r2": {"length_km": 700}, "r3": {"length_km": 700}})
    (avoided,) = ways(network, "alba", "bora", avoid=["link:r1"]).notes
    assert "avoid link:r1" in avoided
    (closed,) = ways(network.change(daliz.Close("links", "r1")), "alba", "bora").notes
    assert "link r1 is closed by the question" in closed
    slow = network.change(daliz.Set("links", "r1", "single_speed_km_h", 1))
    (dear,) = ways(slow, "alba", "bora", value_of_time_usd_h=1e4).notes
    assert "a way of 300 km is open, and takes" in dear


def test_a_call_that_only_unloads_is_the_reason_of_a_long_way() -> None:
    """Where the ship calls but does not load, the way round says so."""
    network = open_case("19-one-way")
    first = str(network.store["stops"].ids[0])
    far = {
        "x": {
            "from_node": "cita",
            "to_node": "dene",
            "mode": "road",
            "length_km": 2000,
            "speed_class": "road",
        },
    }
    found = ways(open_case("19-one-way", stops={first: {"call": "alight"}}, links=far), "alba", "dene")
    assert "service line towards dene only unloads at alba" in found.notes[0]


def test_a_much_shorter_way_left_out_of_the_year_is_told() -> None:
    """A link open on a third of the year is left out, and the note says how much shorter it would be."""
    network = open_case("02-closed-month", links={"r1": {"to_date": "2024-05-01"}})
    (note,) = ways(network, "alba", "bora").notes
    assert "link r1 is open 33 % of the year; with it the best way would be 300 km and not 560" in note
    assert "--date" in note
    assert ways(network, "alba", "bora", date="2024-04-30").notes == ()
    assert ways(network, "alba", "bora", date="2024-05-01").notes == ()
    assert ways(network, "alba", "dene", k=1).notes != ()
    assert ways(network, "alba", "cita").notes == ()


def test_notes_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Text, JSON and CSV all tell them."""
    folder = str(CASES / "00-base")
    asked = (
        "routes",
        "alba",
        "bora",
        "-n",
        folder,
        "--draws",
        "0",
        "--avoid",
        "link:r1",
        "--set",
        "links.r2.length_km=900",
    )
    code, out, _ = run(capsys, *asked)
    assert code == 0
    assert "times the great circle" in out
    assert "avoid link:r1" in " ".join(out.split())
    _, out, _ = run(capsys, *asked, "--json")
    assert "times the great circle" in json.loads(out)["notes"][0]
    _, out, err = run(capsys, *asked, "--csv")
    assert "times the great circle" in err
    assert "great_circle_km" in out.splitlines()[0]


def test_the_best_of_all_ways_is_given_even_if_it_comes_back_to_a_place() -> None:
    """A way over a branch is cheaper than one round the world, and no other is told as the best."""
    network = open_case("00-base")
    way = best(network, "alba", "dene", via=["cita", "alba"])
    assert way.km == 280 + 280 + 300 + 300
