"""Hold what `daliz tariff` prints of a policy, of the story and of the talks."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest

import command_line
from command_line import cells

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print on a terminal that breaks no line of a table, whatever the one that runs the tests."""
    monkeypatch.setenv("COLUMNS", "200")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run `daliz tariff` with words in this process."""
    return command_line.run(capsys, "tariff", *words)


def span(name: str, value: float, low: float | None, high: float | None) -> dict[str, Any]:
    """Make the cells of a figure with its range."""
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def corridor(name: str, before: float, after: float, *, converged: bool = True) -> dict[str, Any]:
    """Make the row of a corridor that carries 200 kt of all traffic."""
    row = {"corridor": name, "t_before": before, "t_after": after, "change_t": after - before}
    return row | {"all_kt": 200.0, "converged": converged}


def step(policy: str, kind: str, *, converged: bool = True) -> dict[str, Any]:
    """Make the row of a policy in the story."""
    row = {"policy": policy, "date": "2025-08-07", "kind": kind, "base": "us-mfn", "exposed_usd": 95e6}
    row |= span("change", -30e6, -40e6, -20e6) | span("diversion", -18e6, None, None) | {"revenue": 12e6}
    return row | {"t_north": -1234.0, "t_middle": 0.0, "converged": converged}


def talk(policy: str) -> dict[str, Any]:
    """Make the row of a policy of the talks."""
    row = {"policy": policy, "chain": "uranium", "contract_units": 1500.0, "from_share": 0.4}
    row |= span("change", 5e6, 4e6, 6e6) | span("tonnes", 2500.0, float("nan"), float("nan"))
    return row | {"over_ru": 0.25, "over_cn": 0.75, "unit_usd": 80.0, "converged": True}


def test_a_policy_tells_where_its_tonnes_go(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The corridor that moves most is told first with its share of all traffic, then all of them."""
    effect = [corridor("north", 5000.0, 1000.0), corridor("middle", 100.0, 90.0)]
    monkeypatch.setattr("daliz.studies.corridor_effect", lambda _: effect)
    code, out, err = run(capsys, "us-2025-08", "--draws", "0")
    assert (code, err) == (0, "")
    assert out.startswith("95.2 of ")
    assert "most of it is on north: -4,000 t, 2.00% of all traffic there." in " ".join(out.split())
    assert ["north", "5,000", "1,000", "-4,000", "200"] in cells(out)
    assert ["middle", "100", "90", "-10", "200"] in cells(out)
    assert any(row[:2] == ["US phosphorus", "0.0% → 25.0%"] for row in cells(out))


def test_a_policy_has_forms_for_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """CSV has a row per product with the sum on standard error; JSON has the corridors; without proof the code is 1."""
    effect = [corridor("north", 5.0, 1.0, converged=False)]
    monkeypatch.setattr("daliz.studies.corridor_effect", lambda _: effect)
    code, out, err = run(capsys, "us-2025-08", "--draws", "0", "--no-corridors", "--csv")
    rows = {r["product"]: r for r in csv.DictReader(out.splitlines()) if r["importer"] == "US"}
    assert (code, err[:8]) == (0, "<Tariff ")
    assert float(rows["phosphorus"]["after"]) == pytest.approx(0.25)
    code, out, _ = run(capsys, "us-2025-08", "--draws", "0", "--json")
    told = json.loads(out)
    assert (code, told["corridors"]) == (1, effect)
    code, out, _ = run(capsys, "us-2025-08", "--draws", "0", "--no-corridors", "--json")
    assert (code, json.loads(out)["corridors"]) == (0, [])


def test_a_chart_shows_the_goods_that_move(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The chart of one policy names products, in a file of the kind asked for."""
    path = tmp_path / "goods.svg"
    words = ("us-2025-08", "--draws", "0", "--no-corridors", "--chart", str(path))
    code, out, _ = run(capsys, *words)
    assert (code, out.startswith("95.2 of ")) == (0, True)
    assert "hosphorus" in path.read_text("utf-8")


def test_the_story_marks_what_is_not_of_the_record(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each policy has a row with ranges where they are known and tonnes by corridor; what-ifs bear a star."""
    rows = [step("us-2025-08", "observed"), step("us-25-no-exemptions", "counterfactual")]
    monkeypatch.setattr("daliz.studies.story", lambda *_, **__: rows)
    code, out, err = run(capsys)
    assert (code, err) == (0, "")
    assert cells(out) == [
        ["2025-08-07", name, "95", "-30.0 (-40.0 to -20.0)", "-18.0", "+12", "-1,234", "+0"]
        for name in ("us-2025-08", "us-25-no-exemptions *")
    ]
    assert "* no duty of the record" in out
    _, out, _ = run(capsys, "--csv")
    assert [r["t_north"] for r in csv.DictReader(out.splitlines())] == ["-1234.0", "-1234.0"]


def test_a_story_without_proof_ends_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard error says that a run did not converge; its row says which."""
    rows = [step("us-mfn", "observed"), step("us-2025-08", "observed", converged=False)]
    monkeypatch.setattr("daliz.studies.story", lambda *_, **__: rows)
    code, out, err = run(capsys, "story", "--json")
    assert (code, [r["converged"] for r in json.loads(out)]) == (1, [True, False])
    assert err.startswith("NOT CONVERGED")


def test_talks_tell_trade_minerals_and_dependence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every rival has a column of its own; tonnes without a range stand alone."""
    monkeypatch.setattr("daliz.studies.talks", lambda *_, **__: [talk("talks-2025-full")])
    code, out, err = run(capsys, "talks")
    assert (code, err) == (0, "")
    assert "over RU" in out
    assert cells(out) == [
        ["talks-2025-full", "+5.0 (+4.0 to +6.0)", "+2.5", "uranium", "1,500", "40%", "25%", "75%", "80"]
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("story", "--base", "us-mfn"), "--base is for one policy; in the story each is held"),
        (("talks", "--base", "us-mfn"), "in the talks each is held against its own"),
        (("talks", "--chart", "t.svg"), "--chart draws the story or one policy, not the talks"),
    ],
)
def test_options_that_would_be_left_unused_are_refused(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """The command ends with code 2 and prints no answer."""
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert said in " ".join(err.replace("│", " ").split())
