"""Protect the table of what verbs need: check, verbs and docs say the same, and all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import daliz
from command_line import run
from daliz.errors import DalizError, QueryError
from daliz.studies.corridor_matrix import corridor_matrix
from daliz.tables import Network, check
from daliz.tables.needs import Need, missing, needs, verbs
from daliz.tables.schema import schema
from daliz.tables.store import open_store
from daliz.tables.table import Table
from daliz.validation import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ASK: dict[str, Callable[[Network], Any]] = {
    "routes": lambda n: daliz.routes(n, "tolma", "hadel", k=1, search=daliz.Search(draws=0, pareto=False)),
    "assign": daliz.assign,
    "supply": lambda n: daliz.supply(n, "copper"),
    "tariff": lambda n: daliz.tariff(n, "xu-2024-07", draws=0),
    "matrix": lambda n: corridor_matrix(n, [2024]),
    "validate": validate,
}
LOOKED_FOR = [(verb, need) for verb in ASK for need in needs() if verb in need.verbs]


def _without(table: str, rows: tuple[str, ...]) -> Network:
    """Return the invented package without a table, or without some rows of it."""
    network = daliz.open("corridor-mini", year=2024)
    old = network.store[table]
    kept = ~np.isin(old.ids.astype(str), rows) if rows else np.zeros(len(old), dtype=np.bool_)
    return Network(network.store.replace(**{table: old.take(kept)}), network.period)


@pytest.mark.parametrize(("verb", "need"), LOOKED_FOR, ids=lambda x: x if isinstance(x, str) else x.table)
def test_a_verb_refuses_what_check_misses(verb: str, need: Need) -> None:
    """Without a table or row that a verb needs, the verb names it in the words of the table of needs."""
    network = _without(need.table, need.rows[:1])
    lacks = [f.file for f in missing(network.store, verb)]
    assert f"{need.table}.csv" in lacks
    with pytest.raises(DalizError, match=f"lacks what {verb} needs: .*{need.table}"):
        ASK[verb](network)


@pytest.mark.parametrize("verb", verbs())
def test_the_invented_package_serves_every_verb(verb: str) -> None:
    """Both embedded packages have what every verb needs."""
    for name in ("corridor-mini", "eurasia"):
        assert missing(open_store(name), verb) == []


def test_needs_name_what_is_there() -> None:
    """Every need names a table, columns of figures or flags, and rows that the schema knows as words."""
    for need in needs():
        assert need.table in schema()
        assert all(column in schema()[table].columns for table, column in need.when)
        table = schema()[need.table]
        assert set(need.rows) <= set(table.columns[table.key].words)


def test_check_for_a_verb_names_all_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All that `assign` lacks in a new package is told in one go, and so does the verb, with the command."""
    folder = tmp_path / "mine"
    assert run(capsys, "new", str(folder))[0] == 0
    assert check(folder).clean
    code, out, _ = run(capsys, "check", str(folder), "--for", "assign")
    told = [f.file for f in check(folder, "assign").faults]
    assert code == 1
    assert {"flows.csv", "flow_years.csv", "flow_ends.csv", "flow_cargoes.csv"} <= set(told)
    assert "flows.csv: assign needs this table: the markets; add it with its rows." in out
    code, out, err = run(capsys, "assign", "-n", str(folder))
    assert (code, out) == (2, "")
    assert "flows; flow_years; flow_ends; flow_cargoes" in err
    assert "or bring a demand with the question" in err
    assert f"`daliz check {folder} --for assign` tells" in err


def test_what_nobody_has_a_capacity_for_is_not_needed() -> None:
    """Loads and delays are needed where something has a capacity alone."""
    assert "loads.csv" not in {f.file for f in missing({"nodes": Table("nodes", {})}, "assign")}


def test_an_unknown_verb_is_refused() -> None:
    """A verb of which nothing is known is named, with those that are."""
    with pytest.raises(QueryError, match=r"what 'asign' needs\. Did you mean assign"):
        check("corridor-mini", "asign")
