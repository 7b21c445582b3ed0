"""Protect duties from tables that cannot be: each mistake is a sentence, edits have effect, and nothing at all is an answer."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import daliz
from chain_cases import copied, with_row, without_row
from command_line import run
from daliz.errors import DalizError, QueryError, SupplyError, TariffError
from daliz.supplychain.column_generation import Trade, least_costs, plan_wide
from daliz.tables import Add, Close, Multiply, Open, Set
from daliz.trade.duties import duty
from small_chains import Row, names, place_network, shipping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METAL = names("metal") | {"hs": "7202", "usd_per_t": 100.0, "import_elasticity": -1.0, "substitution": 1.5}
RULE = {"rule": "r", "source_id": "src"}
MORE = RULE | {"id": "more", "kind": "additional", "importers": "US", "rate": 0.25, "from_date": "2024-05-01"}


def rows(**changes: list[Row]) -> dict[str, list[Row]]:
    """Write trade of metal from KZ and all others to the US, an MFN duty of 2 % and 25 % more since May 2024."""
    base: dict[str, list[Row]] = {
        "products": [METAL],
        "trades": [
            {"id": i, "importer": "US", "exporter": e, "product_id": "metal", "value_usd": v}
            for i, e, v in (("kz", "KZ", 1e6), ("zz", "ZZ", 9e6), ("us", "US", 5e6))
        ],
        "policies": [
            names("then") | {"kind": "observed", "description": "d", "date": "2024-01-01", "order": 1},
            names("now")
            | {
                "kind": "observed",
                "description": "d",
                "importer": "US",
                "date": "2024-06-01",
                "base": "then",
                "order": 2,
            },
        ],
        "tariffs": [RULE | {"id": "mfn", "kind": "mfn", "importers": "US", "rate": 0.02}, MORE],
    }
    return base | changes


def network(**changes: list[Row]) -> daliz.Network:
    """Make a network with these duties."""
    return place_network(**rows(**changes))


def effect(of: daliz.Network, policy: str = "now", **asked: Any) -> daliz.Tariff:
    """Compute what a policy does to the trade of KZ."""
    return daliz.tariff(of, policy, exporter="KZ", draws=0, **asked)


def with_cells(table: str, row: str, **cells: Any) -> dict[str, list[Row]]:
    """Return one table with cells of a row changed."""
    return {table: [r | cells if r["id"] == row else r for r in rows()[table]]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tariffs": []}, "has no duties: its table tariffs has no rows"),
        ({"policies": []}, "lacks what tariff needs: policies. Add it with its evidence"),
        ({"trades": []}, "lacks what tariff needs: trades. Add it with its evidence"),
        (with_cells("tariffs", "more", rate=-0.25), "tariffs, row more, column rate: -0.25 must be at least 0"),
        (with_cells("tariffs", "more", rate=25.0), "tariffs, row more, column rate: 25.0 must be at most 10"),
        (
            with_cells("tariffs", "more", importers="USA"),
            "tariffs.csv, row more, column importers: 'USA' is no ISO code of two capitals",
        ),
        ({"tariffs": [*rows()["tariffs"], MORE | {"id": "again"}]}, "rows more and again are the same and would count twice"),
        (
            {"tariffs": [*rows()["tariffs"], rows()["tariffs"][0] | {"id": "second", "rate": 0.1}]},
            "rows mfn and second both give an MFN duty",
        ),
        (
            {"trades": [*rows()["trades"], rows()["trades"][0] | {"id": "twin"}]},
            "rows kz and twin are of one importer, exporter and product",
        ),
        (with_cells("policies", "then", base="now"), "policies.csv: the bases of then, now go round in a circle"),
        (with_cells("policies", "then", base="then"), "policies.csv: the bases of then go round in a circle"),
        (with_cells("policies", "now", importer="XX"), "has no trade of 'KZ' with XX"),
        (
            {"tariffs": [*rows()["tariffs"], MORE | {"id": "q", "kind": "quota"}]},
            "tariffs.csv, row q: a product has one quota at a time and it needs quota_usd",
        ),
        (
            {"tariffs": [*rows()["tariffs"], MORE | {"id": "co2", "kind": "carbon"}]},
            "products.csv, row metal: co2 charges its carbon, so it needs kg_co2e_per_t",
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_a_sentence(changes: dict[str, list[Row]], sentence: str) -> None:
    """Missing tables, rates out of range, doubled rows, circles and unknown codes are told with their rows."""
    with pytest.raises(DalizError) as error:
        effect(network(**changes))
    assert sentence in str(error.value)


@pytest.mark.parametrize("model", ["smart", "armington"])
def test_trade_of_nothing_is_an_answer(model: str) -> None:
    """Where nothing is traded, at home or from anywhere, no duty does anything, and every figure is a number."""
    nothing = network(trades=[r | {"value_usd": 0.0} for r in rows()["trades"]])
    answer = effect(nothing, model=model)
    assert answer.totals()["change"] == 0.0
    assert answer.totals()["moved_lines"] == 1
    assert all(np.isfinite(v).all() for v in answer.effects.values())


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        ((), 0.27),
        ((Set("tariffs", "more", "rate", 0.5),), 0.52),
        ((Multiply("tariffs", "more", "rate", 0.4),), 0.12),
        ((Add("tariffs", "mfn", "rate", 0.01),), 0.28),
        ((Close("tariffs", "more"),), 0.02),
        ((Set("tariffs", "mfn", "rate", 0.0), Close("tariffs", "more")), 0.0),
    ],
)
def test_edits_of_duties_have_effect(edits: tuple[Any, ...], after: float) -> None:
    """A duty that a user changes, closes or opens is the duty of the policy, and trade falls as it would as written."""
    changed = network().change(*edits) if edits else network()
    assert duty(changed, "now", "US", "KZ", "metal").rate == pytest.approx(after)
    mfn = 0.0 if any(e.row == "mfn" and isinstance(e, Set) for e in edits) else 0.02
    mfn += 0.01 if any(isinstance(e, Add) for e in edits) else 0.0
    tariffs = [r for r in rows()["tariffs"] if r["id"] == "mfn"]
    written = [tariffs[0] | {"rate": mfn}]
    if after > mfn:
        written.append(MORE | {"rate": after - mfn})
    expected = effect(network(tariffs=written)).totals()["change"]
    assert effect(changed).totals()["change"] == pytest.approx(expected)


def test_a_duty_that_is_opened_holds_on_all_days() -> None:
    """Opened by the user, it is in force under the base too, before its own first day."""
    opened = network().change(Open("tariffs", "more"))
    assert [duty(opened, p, "US", "KZ", "metal").rate for p in ("then", "now")] == [pytest.approx(0.27)] * 2
    assert effect(opened).totals()["change"] == 0.0


def test_duties_of_another_year_can_be_edited() -> None:
    """A policy of 2026 is held against the trade of 2024: its rows are edited on the network of 2024."""
    later = network(
        **with_cells("tariffs", "more", from_date="2026-01-01"),
        **with_cells("policies", "now", date="2026-06-01"),
    )
    assert duty(later, "now", "US", "KZ", "metal").rate == pytest.approx(0.27)
    assert duty(
        later.change(Set("tariffs", "more", "rate", 0.1)), "now", "US", "KZ", "metal"
    ).rate == pytest.approx(0.12)
    assert duty(later.change(Close("tariffs", "more")), "now", "US", "KZ", "metal").rate == pytest.approx(
        0.02
    )
    with pytest.raises(
        TariffError, match=r"makes the rate of tariffs\.csv, row more, 1010\.1; it must be from 0 to 10"
    ):
        effect(
            later.change(Set("tariffs", "more", "rate", 10.0), Multiply("tariffs", "more", "rate", 101.01))
        )


def test_sets_of_changes_have_effect_on_duties() -> None:
    """A set that history applies on its days changes the duty of policies on these days alone."""
    sets = [names("deal") | {"kind": "policy", "country": "AA", "history": True, "description": "d"}]
    cut = {"id": "deal-rate", "set_id": "deal", "table": "tariffs", "row_id": "more", "column": "rate", "op": "set",
           "value": 0.05, "from_date": "2024-05-15"}  # fmt: skip
    base = network(change_sets=sets, changes=[cut])
    assert duty(base, "now", "US", "KZ", "metal").rate == pytest.approx(0.07)
    assert duty(base.without("deal"), "now", "US", "KZ", "metal").rate == pytest.approx(0.27)
    late = network(change_sets=sets, changes=[cut | {"from_date": "2024-07-01"}])
    assert duty(late, "now", "US", "KZ", "metal").rate == pytest.approx(0.27)
    assert duty(late.under("deal"), "now", "US", "KZ", "metal").rate == pytest.approx(0.07)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Write these duties into a package on disk."""
    folder = copied("good", tmp_path / "p")
    for table, some in rows().items():
        for row in some:
            with_row(folder, table, **row)
    with_row(folder, "defaults", id="exporter", value="KZ", description="d")
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("now",), "none is followed over the network"),
        (("then",), "No duty on these goods differs between then and free trade"),
        (("now", "--base", "now"), "No duty on these goods differs between now and now"),
        (("now", "--model", "armington", "--draws", "3"), "1.0 of 1.0 million USD"),
        (("story",), "Policies, million USD a year"),
        (("talks",), "Nothing to tell: no policy of the kind talks"),
    ],
)
def test_every_question_has_an_answer_in_every_form(
    package: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Policies that change nothing, talks without talks and trade that no way follows are told, and no figure is nan."""
    if words == ("then",):
        without_row(package, "tariffs", "mfn")
    for form in ((), ("--json",), ("--csv",)):
        code, out, err = run(capsys, "tariff", *words, "-n", str(package), *form)
        assert code == 0, err
        assert "nan" not in out
        if not form:
            assert said in " ".join(out.split())
        elif form == ("--json",):
            json.loads(out)
        else:
            assert all(None not in r.values() for r in csv.DictReader(io.StringIO(out)))


def test_rates_above_100_per_cent_are_told(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Such duties exist, and so do slips of a share for a per cent: the sentence names the rows."""
    without_row(package, "tariffs", "more")
    with_row(package, "tariffs", **(MORE | {"rate": 5}))
    code, out, _ = run(capsys, "tariff", "now", "-n", str(package), "--no-corridors", "--draws", "0")
    assert code == 0
    assert "Some duties are above 100 % of value (mfn, more)" in " ".join(out.split())


@pytest.mark.parametrize("table", ["products", "trades", "policies", "tariffs", "defaults", "nodes"])
@pytest.mark.parametrize("word", ["now", "story", "talks"])
def test_tables_that_are_not_there_are_no_traceback(
    package: Path, table: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without each table there is an answer or a sentence."""
    without_row(package, table, "")
    code, out, err = run(capsys, "tariff", word, "-n", str(package), "--draws", "0")
    assert code in {0, 2}
    assert (code == 2) == err.startswith("daliz: "), err
    assert "nan" not in out


def test_a_story_without_policies_is_refused() -> None:
    """There is nothing to tell, and the sentence names the table."""
    with pytest.raises(TariffError, match="has no policies, so there is no story to tell"):
        daliz.story(network(policies=[]), exporter="KZ")


TRADE = Trade(np.array([0]), np.array([1]), np.array([[3.0]]))


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda p: plan_wide(p, []), "No trades are given, so no moves can join"),
        (lambda p: plan_wide(p, [TRADE], rounds=-1), "-1 rounds cannot be made"),
        (
            lambda p: plan_wide(p, [Trade(TRADE.makers, TRADE.takers, np.ones((2, 1)))]),
            "The cost of trade 0 has the shape (2, 1); it must be (1, 1)",
        ),
        (
            lambda p: plan_wide(p, [Trade(np.array([7]), TRADE.takers, TRADE.cost)]),
            "Trade 0 names stock 7; the programme has stocks 0 to 1",
        ),
        (
            lambda p: plan_wide(p, [Trade(TRADE.makers, TRADE.takers, np.array([[np.nan]]))]),
            "A move of trade 0 costs nan",
        ),
        (
            lambda _: least_costs(2, np.array([0]), np.array([1]), np.array([np.nan]), np.array([0]), np.array([1])),
            "A link costs nan; it must be 0 or more",
        ),
        (
            lambda _: least_costs(2, np.array([0]), np.array([1]), np.array([1.0]), np.array([0]), np.array([5])),
            "There is no node 5; the nodes are 0 to 1",
        ),
    ],
)  # fmt: skip
def test_wide_chains_refuse_what_does_not_fit(ask: Callable[..., Any], sentence: str) -> None:
    """No trades, and trades that do not fit the programme, are sentences."""
    with pytest.raises(SupplyError) as error:
        ask(shipping([1.0], [1.0], [[1.0]]))
    assert sentence in str(error.value)


def test_a_question_without_an_exporter_says_what_to_give() -> None:
    """No country is built in."""
    with pytest.raises(QueryError, match="has no row 'exporter' in the table defaults"):
        daliz.tariff(network(), "now")
