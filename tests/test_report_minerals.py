"""Hold what the page of minerals says where there is nothing to say: no way round, no loss, no premium."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import daliz
from daliz.report import minerals as page
from daliz.report.document import Paragraph, TableBlock
from daliz.report.minerals import mineral_blocks, mineral_points
from daliz.report.translate import Speech
from daliz.studies.mineral_dependence import MineralChain, Minerals
from daliz.supplychain import Failures
from daliz.tables.briefs import brief_strings
from small_chains import plan

if TYPE_CHECKING:
    import pytest

EN = Speech("en", brief_strings(daliz.open("eurasia").store))

ROW = {
    "commodity": "ore",
    "from": "mine",
    "to": "smelter",
    "corridor": "by-road",
    "days": 2.0,
    "usd": 8.5,
    "corridor_round": "",
    "more_share": float("nan"),
    "units": 100.0,
    "quota": float("inf"),
}
ROUND = ROW | {"corridor_round": "by-sea", "days_round": 5.0, "usd_round": 12.0, "quota": 40.0}
MORE = {"more_days": 3.0, "more_usd": 3.5, "more_share": 0.35}
RANGES = {f"{k}_{e}": MORE[k] for k in ("more_days", "more_usd") for e in ("low", "high")}


def answers(*rows: dict[str, Any]) -> Minerals:
    """Answer about the small chain alone, with ways round to the region R and nothing else."""
    one = MineralChain(plan(), [("R", r) for r in rows], None, [], None, {})
    return Minerals([one], "R", "BB", [], [], None, 0.5, [])


def tables_of(
    minerals: Minerals, monkeypatch: pytest.MonkeyPatch
) -> tuple[list[list[str]], list[list[str]], str]:
    """Write the page without its charts: rows of both tables, and the sentence on chains without a way."""
    monkeypatch.setattr(page, "_figures", lambda *_: [])
    blocks = mineral_blocks(minerals, EN)
    ways, thin = (b for b in blocks if isinstance(b, TableBlock))
    none = next(b for b in blocks if isinstance(b, Paragraph) and b.small)
    return [[str(c) for c in r] for r in ways.rows], [[str(c) for c in r] for r in thin.rows], none.text


def test_without_minerals_nothing_is_written() -> None:
    """No answers, or no way round to the region, give neither page nor point."""
    assert mineral_blocks(None, EN) == []
    assert mineral_points(None, EN) == []
    assert mineral_points(answers(), EN) == []
    assert mineral_points(answers(ROW), EN) == []


def test_a_point_names_what_goes_round() -> None:
    """A mineral with a way round is named with what it takes more."""
    (point,) = mineral_points(answers(ROW, ROUND | MORE | RANGES), EN)
    assert "ore" in point
    assert "3" in point


def test_no_way_round_is_said_in_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row has the best way, says that none leads round, and leaves what is more blank."""
    (lost, found), _, _ = tables_of(answers(ROW, ROUND | MORE | RANGES), monkeypatch)
    assert lost[3:] == [EN("no_way_round"), "–", "–", "–", "100"]
    assert "by-road" in lost[2]
    assert "by-sea" in found[3]
    assert found[7] == EN("under_quota", units="100", quota="40")


def test_a_chain_that_is_nowhere_thin_has_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a stage, a loss, a cut or a premium the row has dashes, and the chain is named among those without a way."""
    ways, (thin,), none = tables_of(answers(), monkeypatch)
    assert ways == []
    assert thin == ["c", "–", "–", EN.percent(0.0), "–", "–"]
    assert none == EN("minerals_none", names="c")


def test_a_thin_chain_is_told_with_leaders_loss_and_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thinnest stage has its leaders and range, the worst country its loss in millions, and the cut its names."""
    thinnest = {"stage": "smelter", "output": "metal", "leaders": [("KZ", 0.75), ("CN", 0.25)]}
    spread = {"value": 0.6, "low": 0.5, "high": 0.7}
    whole = answers()
    lost = [{"name": "CN", "unmet": 0.4, "loss_usd": 3e6}, {"name": "KZ", "unmet": 0.1, "loss_usd": 1e6}]
    ranges = {("hhi", "smelter metal"): spread, ("share", "BB"): spread}
    cut = Failures(("KZ", "CN"), "country", "R", 2, ())
    chain = replace(whole.chains[0], thinnest=thinnest, without=lost, failures=cut, ranges=ranges)
    _, (row,), _ = tables_of(replace(whole, chains=[chain]), monkeypatch)
    assert f"{EN.country('KZ')} 75%, {EN.country('CN')} 25%" in row[1]
    assert row[2] == EN.estimate(0.6, 0.5, 0.7)
    assert row[3] == EN.share(0.6, 0.5, 0.7)
    assert row[4] == EN("without_cell", country=EN.country("CN"), share="40%", loss="3")
    assert row[5] == f"{EN.country('KZ')}, {EN.country('CN')}"
    safe = replace(chain, failures=replace(cut, names=()))
    _, (row,), _ = tables_of(replace(whole, chains=[safe]), monkeypatch)
    assert row[5] == EN("cannot_cut")
