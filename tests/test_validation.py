"""Hold validation to its rules: what is scored, what is met, what an answer counts."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import daliz
from daliz.errors import DalizError
from daliz.validation import Validation, best_tuned
from small_networks import Link, road_network

ROW: dict[str, Any] = {
    "kind": "measured",
    "measure": "days",
    "statistic": "mean",
    "origin": "n0",
    "destination": "n2",
    "cargo_id": "container-40",
    "from_date": dt.date(2024, 1, 1),
    "to_date": dt.date(2025, 1, 1),
    "scope": "terminal to terminal",
}
LINKS = [Link(0, 1, 600.0), Link(1, 2, 600.0)]
"""A day of road, 1,200 km at 50 km/h."""

EARLY = dt.date(int(road_network(LINKS).store.descriptor["years"]["first"]) - 2, 1, 1)


def scores(*rows: dict[str, Any]) -> Validation:
    """Validate a road network of two links against some observations."""
    made = [{"id": f"o{i}", "independent": True} | ROW | r for i, r in enumerate(rows)]
    return daliz.validate(road_network(LINKS, observations=made))


@pytest.mark.parametrize(
    ("row", "inside"),
    [
        ({"value": 1.1}, True),
        ({"value": 1.2}, False),
        ({"value": 1.4, "low": 0.9, "high": 1.9}, True),
        ({"value": 2.0, "low": 0.5}, True),
        ({"value": 2.0, "high": 0.9}, False),
    ],
)
def test_an_answer_is_met_inside_the_range_or_within_15_percent(row: dict[str, Any], inside: bool) -> None:
    """Ranges may be open on one side; without one 15 % of the value count."""
    score = scores(row).scores[0]
    assert score.answer == pytest.approx(1.0)
    assert score.inside is inside
    assert score.error == pytest.approx(1.0 / row["value"] - 1.0)


def test_the_door_counts_the_ends_and_the_departure_does_not() -> None:
    """Two terminals with two hours of handling and one of documents make the way from door to door six hours longer."""
    inner, outer = scores({"value": 1.0}, {"value": 1.0, "clock": "door"}).scores
    assert outer.answer - inner.answer == pytest.approx(6.0 / 24.0)
    assert sum(inner.hours_by_cause.values()) == pytest.approx(24.0 * inner.answer)
    assert sum(outer.hours_by_cause.values()) == pytest.approx(24.0 * outer.answer)


def test_a_best_time_is_held_against_a_fast_run() -> None:
    """The answer to a record lies below the mean."""
    mean, best = scores({"value": 1.0}, {"value": 1.0, "statistic": "best"}).scores
    assert best.answer < mean.answer


@pytest.mark.parametrize(
    ("row", "eligible", "scored"),
    [
        ({}, True, True),
        ({"kind": "schedule"}, True, True),
        ({"kind": "claim"}, False, False),
        ({"independent": False}, False, False),
        ({"askable": False}, True, False),
        ({"from_date": EARLY, "to_date": EARLY + dt.timedelta(365)}, False, False),
        ({"measure": "usd", "from_date": dt.date(2024, 3, 1), "to_date": dt.date(2024, 3, 8)}, True, False),
        ({"measure": "usd"}, True, True),
    ],
)
def test_what_counts(row: dict[str, Any], eligible: bool, scored: bool) -> None:
    """Claims, dependent and early figures are not eligible; spot prices and what cannot be asked are not scored."""
    score = scores({"value": 1.0} | row).scores[0]
    assert (score.eligible, score.scored) == (eligible, scored)


def test_an_observation_that_cannot_be_answered_is_shown_as_missed() -> None:
    """A way that is not there gives no answer and no hit, with the reason."""
    score = scores({"value": 1.0, "avoid": "node:n1"}).scores[0]
    assert score.scored
    assert not score.inside
    assert score.remark.startswith("no answer")


def test_tuning_finds_the_factor_that_makes_all_met() -> None:
    """Where all published days are twice the model's, a factor of about two meets them, and nothing is changed by it."""
    found = scores({"value": 2.0}, {"value": 2.1})
    best = best_tuned(found)
    assert (best.met_before, best.met, best.scored) == (0, 2, 2)
    assert best.factors["run"] == pytest.approx(2.0, rel=0.2)
    assert [s.inside for s in found.scores] == [False, False]


def test_tuning_needs_days() -> None:
    """Without a scored observation of days there is nothing to tune, and it is said."""
    with pytest.raises(DalizError, match="nothing to tune"):
        best_tuned(scores({"value": 1.0, "kind": "claim"}))


@pytest.fixture(scope="module")
def embedded() -> Validation:
    return daliz.validate(daliz.open("eurasia"))


def test_forty_observations_are_scored_and_every_miss_is_explained(embedded: Validation) -> None:
    """At least 40 count, each has an answer, and each that is missed says why."""
    assert len(embedded.scored) >= 40
    assert [s.observation["id"] for s in embedded.scored if not s.answer > 0] == []
    unexplained = [
        s.observation["id"] for s in embedded.scored if not s.inside and not s.observation["explanation"]
    ]
    assert unexplained == []


def test_no_observation_is_later_than_2024() -> None:
    """Outcomes after 2024 are kept for blind tests."""
    rows = daliz.open("eurasia").store["observations"].rows()
    assert max(r["from_date"] for r in rows) < dt.date(2025, 1, 1)
