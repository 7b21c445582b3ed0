"""Protect chains from what is not there: a table or row taken out gives an answer or a sentence, and so does nothing at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import daliz
from chain_cases import CHAINS, copied, rows_of, without_row
from command_line import run
from daliz.errors import CheckError, QueryError, SupplyError
from daliz.tables import Network
from daliz.tables.period import Period
from daliz.tables.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

ASKED = ("--market", "R", "--each", "--cut", "--draws", "2", "--over", "KZ")
EMPTY = ("no-mine", "mine-cut-off", "opens")
TABLES = sorted({table for table, _ in rows_of("good")})


@pytest.mark.parametrize("table", TABLES)
def test_a_table_or_row_that_is_not_there_is_no_traceback(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without each table, all its rows and each row in turn there is an answer, or one sentence and code 2."""
    gone = [row for of, row in rows_of("good") if of == table and not row.startswith("constant-")]
    for i, row in enumerate(gone):
        package = copied("good", tmp_path / str(i))
        without_row(package, table, row)
        code, out, err = run(capsys, "supply", "c", "-n", str(package), *ASKED)
        assert code in {0, 2}, (table, row, err)
        if code == 2:
            assert out == ""
            assert err.startswith("daliz: ")
        else:
            assert "nan" not in out


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("no-mine", "no facility makes ore, which metal is made of; add a recipe"),
        ("mine-cut-off", "no way leads from mine to smelter for ore: no link of links.csv touches alba"),
        ("opens", "mine, which makes ore, opens only in 2030"),
    ],
)
def test_what_is_not_there_closed_or_cut_off_is_told_apart(
    case: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three chains that deliver nothing for three reasons say which."""
    code, out, _ = run(capsys, "supply", "c", "-n", str(CHAINS / case), "--over", "KZ")
    assert code == 0
    assert f"Unmet at town: {said}." in " ".join(out.split())


@pytest.mark.parametrize("case", EMPTY)
@pytest.mark.parametrize(
    "words",
    [
        ("--csv",),
        ("--each", "--by", "link"),
        ("--market", "R", "--cut"),
        ("--draws", "2", "--by", "owner"),
        ("--years", "3", "--by", "port"),
        ("--objective", "profit"),
        ("--leaving", "KZ"),
        ("--without", "cita"),
        ("--set", "markets.town.demand=0"),
        ("--set", "markets.town.price_usd=0"),
    ],
)
def test_a_plan_of_nothing_is_an_answer(
    case: str, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every option answers where nothing moves, and no figure that is none is printed."""
    for form in ((), ("--json",)):
        code, out, err = run(capsys, "supply", "c", "-n", str(CHAINS / case), *words, *form)
        assert (code, "Traceback" in err) == (0, False), err
        assert "nan" not in out.casefold()
        if form and words != ("--csv",):
            assert json.loads(out)["itineraries"] == []


@pytest.mark.parametrize("case", ["good", *EMPTY])
def test_charts_of_any_plan_are_drawn(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder of charts is written whether goods move or not."""
    words = ("supply", "c", "-n", str(CHAINS / case), "--chart", str(tmp_path / "charts"))
    assert run(capsys, *words)[0] == 0
    assert (tmp_path / "charts" / "flows.html").exists()


def test_no_country_is_built_in(capsys: pytest.CaptureFixture[str]) -> None:
    """A package without defaults answers with --leaving or --over alone, over all countries of the plan."""
    good = str(CHAINS / "good")
    for words in ((), ("--over", "KZ"), ("--leaving", "KZ"), ("--leaving", "KZ", "--over", "KZ")):
        code, out, _ = run(capsys, "supply", "c", "-n", good, *words)
        assert code == 0
        assert ("What leaves" in out) == bool(words)
    plan = daliz.supply(daliz.open("eurasia", year=2024), "uranium")
    rows = daliz.balance_of_ways(plan, "KZ")
    named = daliz.balance_of_ways(plan, "KZ", [r["way"] for r in rows if r["way"] != "other"])
    total = {c: sum(r["units"] for r in rows if r["commodity"] == c) for c in ("u3o8",)}
    assert total["u3o8"] == pytest.approx(sum(r["units"] for r in named if r["commodity"] == "u3o8"))
    assert sum(r["share"] for r in rows if r["commodity"] == "u3o8") == pytest.approx(1.0)


def test_a_bare_text_is_refused_by_name() -> None:
    """Letters of a text are no names: every list of a chain says which argument it is."""
    network = daliz.open(CHAINS / "good")
    plan = daliz.supply(network, "c")
    for name, ask in (
        ("without", lambda: daliz.supply(network, "c", without="KZ")),
        ("cordons", lambda: daliz.balance_of_ways(plan, "KZ", "KZ")),
        ("names", lambda: daliz.without_each(plan, "R", names="KZ")),  # type: ignore[arg-type]
        ("via", lambda: daliz.fit_premium(network, "c", "x", "KZ", 1.0)),  # type: ignore[arg-type]
        ("rivals", lambda: daliz.talks(network, exporter="KZ", rivals="KZ")),
    ):
        with pytest.raises(QueryError, match=f"^{name} is the text 'KZ'; give a list of names"):
            ask()


def test_a_chain_without_a_market_says_so(tmp_path: Path) -> None:
    """There is nothing to plan for, and the sentence names the table, also where the network was made in memory."""
    package = copied("good", tmp_path / "p")
    without_row(package, "markets", "town")
    with pytest.raises(CheckError, match=r"chains.csv, row c: has no market; add one to markets.csv"):
        daliz.open(package)
    with pytest.raises(SupplyError, match=r"lacks what supply needs: markets\. Add it with its evidence"):
        daliz.supply(Network(open_store(package), Period.of_year(2024)), "c")


def test_nothing_to_cut_is_told_with_its_reason() -> None:
    """A region that nothing reaches to begin with needs no failure, and the answer says why."""
    plan = daliz.supply(daliz.open(CHAINS / "opens"), "c")
    found = daliz.least_failures(plan, "R")
    assert (found.names, found.bound) == ((), 0)
    assert found.reason == (
        "nothing reaches it to begin with (town: mine, which makes ore, opens only in 2030)"
    )
