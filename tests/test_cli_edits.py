"""Protect the options that change cells and rows: the same as `Network.change`, with the same refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_line import run
from daliz.cli.common import open_for, read_edits
from daliz.tables import Add, Close, Multiply, Open, Set
from tiny_package import tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path

CELL = "grids.kz.g_co2e_kwh"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the tiny package on disk."""
    path: Path = tmp_path_factory.mktemp("packages") / "tiny"
    return str(write_package(path, tiny_tables()))


def test_options_change_the_network(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """Options may be repeated; figures are set, then added to, then multiplied."""
    words = ("--multiply", f"{CELL}=0.5", "--add", f"{CELL}=100", "--set", f"{CELL}=300")
    code, out, _ = run(capsys, "why", folder, CELL, *words, "--json")
    answer = json.loads(out)
    assert (0, 200.0, []) == (code, answer["value"], answer["evidence"])
    assert ["set", "add", "multiply"] == [change["op"] for change in answer["changes"]]
    code, _, err = run(
        capsys, "why", folder, "links.sea-port-quay.length_km", "--close", "links.sea-port-quay"
    )
    assert (2, True) == (code, "links.sea-port-quay is not in force in 2024" in err)
    code, _, _ = run(
        capsys,
        *(
            "why",
            folder,
            "links.sea-port-quay.length_km",
            "--under",
            "storm",
            "--open",
            "links.sea-port-quay",
        ),
    )
    assert 0 == code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", CELL), "write --set table.row.column=value"),
        (("--set", "grids.kz=3"), "write --set table.row.column=value"),
        (("--add", f"{CELL}=1,5"), "gives '1,5', which is no number; write it with a point"),
        (("--multiply", f"{CELL}=1_5"), "gives '1_5', which is no number"),
        (("--set", f"{CELL}=nan"), "the value must be a finite number"),
        (("--set", f"{CELL}=-1"), "the value must be at least"),
        (("--set", f"{CELL}=1", "--set", f"{CELL}=2"), "both set grids.kz.g_co2e_kwh"),
        (("--close", "links"), "write --close table.row"),
        (("--close", "links.rail-mid-prot"), "Did you mean rail-mid-port"),
        (("--open", "links.rail-mid-port"), "is open in 2024 already"),
    ],
)
def test_what_cannot_be_read_is_refused(
    capsys: pytest.CaptureFixture[str], folder: str, words: tuple[str, ...], said: str
) -> None:
    """An option that names no cell, row or number, or what may not change, ends with a sentence and code 2."""
    code, out, err = run(capsys, "why", folder, CELL, *words)
    assert (2, "") == (code, out)
    assert said in err
    assert err.startswith("daliz: ")


def test_options_tell_all_changes(folder: str) -> None:
    """The network that the options open tells its changes as texts, beside `under` and `without`."""
    edits = read_edits(set=[f"{CELL}=300"], close=["links.sea-port-quay"])
    network = open_for(folder, None, ["dear-sea"], [], edits)
    assert ["set grids.kz.g_co2e_kwh=300", "close links.sea-port-quay"] == network.edits_as_text
    assert ("dear-sea",) == network.added


NAMES = st.text("abz019-_.", min_size=1).filter(lambda s: s.strip(".") == s)


@given(
    table=st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
    row=NAMES,
    column=st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
    value=st.floats(allow_nan=False, allow_infinity=False),
)
def test_a_text_is_read_as_it_is_written(table: str, row: str, column: str, value: float) -> None:
    """The text of a change, without its verb, reads as the same change, whatever dots stand in the row."""
    for kind in (Set, Add, Multiply):
        edit = kind(table, row, column, value)
        assert (edit,) == read_edits(**{edit.op: [str(edit).partition(" ")[2]]})
    for switch in (Open, Close):
        other = switch(table, row)
        assert (other,) == read_edits(**{other.op: [str(other).partition(" ")[2]]})
