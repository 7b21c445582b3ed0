"""Year, month and date agree: what is open in them is what a way may use, and what is left out is told."""

from __future__ import annotations

import datetime as dt

import pytest

import daliz
from command_line import run
from daliz.errors import QueryError
from daliz.paths.capacities import open_in_part
from daliz.paths.ground import ground_of
from daliz.routing.absent import told_left_out
from route_cases import CASES, best, open_case
from tiny_package import tiny_network


def test_a_month_closes_what_is_closed_in_it() -> None:
    """A link closed from September is open in August and closed in November, as on a day of these months."""
    network = open_case("02-closed-month")
    assert best(network, "alba", "bora", month=11).km == 560
    assert best(network, "alba", "bora", date="2024-11-15").km == 560
    assert best(network, "alba", "bora", month=8).km == 300
    assert best(network, "alba", "bora").km == 300


def test_a_month_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The option has the month of the year, and says so in the title."""
    folder = str(CASES / "02-closed-month")
    code, out, _ = run(capsys, "routes", "alba", "bora", "-n", folder, "--month", "11", "--draws", "0")
    assert code == 0
    assert "560" in out
    assert "2024-11" in out
    asked = ("--date", "2024-11-15", "--month", "10")
    code, _, said = run(capsys, "routes", "alba", "bora", "-n", folder, *asked)
    assert code == 2
    assert "2024-11-15 does not lie in month 10" in said


@pytest.mark.parametrize("month", [1, 10, 12])
def test_a_date_and_a_month_that_contradict_are_refused(month: int) -> None:
    """A day of November lies in no other month, whoever gives the day."""
    network = open_case("02-closed-month")
    for asked in (network, network.at("2024-11-15")):
        date = "2024-11-15" if asked is network else None
        with pytest.raises(QueryError, match=f"2024-11-15 does not lie in month {month}"):
            best(asked, "alba", "bora", date=date, month=month)
        assert best(asked, "alba", "bora", date=date, month=11).km == 560


@pytest.mark.parametrize("month", [0, 13, -1, 1.5, True, "11"])
def test_a_month_that_does_not_exist_is_refused(month: object) -> None:
    """Months are whole numbers from 1 to 12."""
    with pytest.raises(QueryError, match="does not exist; give a whole number from 1 to 12"):
        best(open_case("00-base"), "alba", "bora", month=month)


def test_a_network_of_a_day_has_the_weather_of_its_month() -> None:
    """A network opened on a day and a shipment of that day are one question."""
    network = tiny_network()
    of_day = best(network.at("2024-01-20"), "port", "quay", avoid=["mode:road"])
    of_date = best(network, "port", "quay", date=dt.date(2024, 1, 20), avoid=["mode:road"])
    assert of_day.hours == of_date.hours
    assert of_day.graph.month == 1


def test_a_model_of_a_month_has_what_is_open_in_it() -> None:
    """Assignment resolves a month as routes do."""
    from daliz.paths.given_demand import demand_from_rows

    network = open_case("02-closed-month", choice={"nest-corridor": {"value": 0.8}})
    demand = demand_from_rows(
        network, [{"origin": "alba", "destination": "bora", "cargo": "container-40", "units": 10.0}]
    )
    model = daliz.Model(network, demand, month=11)
    assert "r1" not in model.network.table("links").position
    with pytest.raises(QueryError, match="does not lie in month 5"):
        daliz.Model(network.at("2024-11-15"), demand, month=5)


def test_what_is_open_for_a_part_of_the_year_has_that_part_of_its_capacity() -> None:
    """A link open on 244 of 366 days has two thirds of its capacity and of what others take of it, and says so."""
    cells = {"capacity": 3660.0, "capacity_unit": "t/year", "capacity_per": "both", "background_use": 0.5}
    network = open_case("02-closed-month", links={"r1": cells})
    capacities = ground_of(network).capacities
    assert capacities.capacity.tolist() == pytest.approx([2440.0])
    assert capacities.background.tolist() == pytest.approx([1220.0])
    assert open_in_part(network, capacities) == ["r1 (67 %)"]
    whole = network.in_month(8)
    assert ground_of(whole).capacities.capacity.tolist() == [3660.0]
    assert open_in_part(whole, ground_of(whole).capacities) == []


def test_what_a_year_leaves_out_is_told_by_other_verbs_too(capsys: pytest.CaptureFixture[str]) -> None:
    """A network of a year lists the rows open on less than half of its days, and a day has none."""
    network = open_case("02b-handover")
    text = "Left out of 2024, being open on less than half of its days: link r4 (42 %), link r5 (33 %)."
    assert told_left_out(network) == text
    assert told_left_out(network.at("2024-07-01")) == ""
    code, out, _ = run(capsys, "matrix", "--help")
    assert code == 0
    assert "at least half of its days" in " ".join(out.replace("│", " ").split())
