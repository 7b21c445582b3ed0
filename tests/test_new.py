"""Hold what `daliz new` writes: a package that is clean and answers, whole or not at all."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from command_line import cells, run
from daliz.errors import DataError
from daliz.tables.new import new_package
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from pathlib import Path

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40
)


def test_the_new_package_is_clean_and_answers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The three commands that the page begins with end with 0, and both ways are found; the commands told are right."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    code, out, _ = run(capsys, "new", "my network")
    assert code == 0
    assert "  daliz check 'my network'\n  daliz routes west east -n 'my network'\n" in out
    assert run(capsys, "check", "my network")[0] == 0
    code, out, _ = run(capsys, "routes", "west", "east", "-n", "my network", "--draws", "0")
    assert code == 0
    # 400 + 410 km by road and rail; 400 + 427 by road alone
    assert [[row[1], row[3]] for row in cells(out)] == [["rail", "810"], ["road", "827"]]


def test_days_and_dollars_of_the_first_answer_add_up(tmp_path: Path) -> None:
    """Road and rail by hand: 400 / 55 + 410 / 20 h run, (4 + 1) x 2 and (10 + 2) x 2 in the terminals.

    400 x 1.5 + 410 x 0.6 USD, of which the tariff was 0.5 for the 91 days before April, and 2 x 20 + 2 x 50.
    """
    network = daliz.open(new_package(tmp_path / "mine"))
    way = daliz.routes(network, "west", "east", search=daliz.Search(draws=0, pareto=False))[0]
    assert way.hours == pytest.approx(400 / 55 + 410 / 20 + 10 + 24)
    tariff = (91 * 0.5 + 275 * 0.6) / 366
    assert way.usd == pytest.approx(400 * 1.5 + 410 * tariff + 40 + 100)


def test_each_kind_of_evidence_has_a_row(tmp_path: Path) -> None:
    """A reader finds a row of each grade, and one with each of what a row of evidence may hold."""
    network = daliz.open(new_package(tmp_path / "mine"))
    evidence = network.store["evidence"]
    rows = evidence.rows()
    assert set(evidence["grade"].tolist()) == set(network.store["grades"].ids.tolist())
    assert {r["distribution"] for r in rows} == {"triangular", "uniform", "fixed"}
    lacking = [
        c
        for c in schema()["evidence"].columns
        if not any(str(r[c]) not in {"", "nan", "NaT", "None"} for r in rows)
    ]
    assert lacking == []
    assert [(r["table"], r["row_id"], r["column"]) for r in rows if not r["used"]] == [
        ("rates", "road-container", "usd_per_km")
    ]


def test_the_readme_tells_every_file_and_names_rows_that_are_there(tmp_path: Path) -> None:
    """Each file of the folder stands in its README, and each row whose evidence it points to exists and has some."""
    folder = new_package(tmp_path / "mine")
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in folder.iterdir() if p.name != "README.md" and f"`{p.name}`" not in text] == []
    evidence = daliz.open(folder).store["evidence"].rows()
    has = {(r["table"], r["row_id"], r["column"]) for r in evidence}
    told = re.findall(r"\| (\w+), `([\w-]+)`, `(\w+)`", text)
    assert len(told) == 7
    assert set(told) <= has


@settings(max_examples=60, deadline=None)
@given(NAMES)
def test_any_name_of_a_folder_makes_a_package_with_a_valid_name(
    tmp_path_factory: pytest.TempPathFactory, name: str
) -> None:
    """The name in the descriptor has what the standard of data packages allows, whatever the folder is called."""
    folder = tmp_path_factory.mktemp("x") / name
    try:
        made = new_package(folder)
    except DataError as error:
        assert str(folder) in str(error) or "is the folder" in str(error) or "not empty" in str(error)  # noqa: PT017
        return
    found = json.loads((made / "datapackage.json").read_text(encoding="utf-8"))["name"]
    assert found
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")


def test_what_stands_there_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a file, a file, the folder one is in and one without a parent are refused, each in a sentence."""
    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine", encoding="utf-8")
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    before = sorted(tmp_path.rglob("*"))
    for place, said in (
        (full, "exists and is not empty"),
        (file, "is a file"),
        (".", "is the folder that you are in"),
        (tmp_path / "no" / "where", "does not exist"),
    ):
        with pytest.raises(DataError, match=said):
            new_package(place)
    assert sorted(tmp_path.rglob("*")) == before
    assert (full / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    """A folder that somebody made before is taken if nothing is in it."""
    (tmp_path / "empty").mkdir()
    assert daliz.check(new_package(tmp_path / "empty")).clean
