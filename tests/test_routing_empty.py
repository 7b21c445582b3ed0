"""Empty and degenerate packages and questions are answered in sentences, whatever is asked of them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from case_folders import case
from command_line import run
from daliz.errors import DalizError, QueryError, RouteError
from route_cases import CASES, open_case, ways

if TYPE_CHECKING:
    from pathlib import Path

TABLES = sorted(p.name for p in (CASES / "00-base").glob("*.csv"))
OPTIONS = [
    [],
    ["--json", "--pareto"],
    ["--legs", "--csv"],
    ["--why", "--max-borders", "1"],
    ["--via", "bora"],
]


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a verb, which ends with an answer or one sentence."""
    code, out, said = run(capsys, *words)
    assert code in {0, 2}, (words, said)
    assert (code == 0) == bool(out), words
    if code == 2:
        assert said.startswith("daliz: "), (words, said)
        assert said.rstrip().endswith("."), (words, said)
    return code, out, said


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", ["gone", "no rows", "a row less"])
def test_a_package_without_a_table_is_answered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, table: str, how: str
) -> None:
    """Each table is deleted, emptied, or loses its first row in turn: an answer, or a sentence that says what lacks."""
    folder = tmp_path / "package"
    shutil.copytree(CASES / "00-base", folder)
    file = folder / table
    lines = file.read_text(encoding="utf-8").splitlines()
    if how == "gone":
        file.unlink()
    else:
        kept = lines[:1] if how == "no rows" else [lines[0], *lines[2:]]
        file.write_text("\n".join(kept) + "\n", encoding="utf-8")
    for options in OPTIONS:
        for ends in (("alba", "dene"), ("50.2,60", "dene")):
            asked(capsys, "routes", *ends, "-n", str(folder), "--draws", "0", *options)
    asked(capsys, "matrix", "-n", str(folder))
    asked(capsys, "places", "-n", str(folder), "--csv")


@pytest.mark.parametrize(
    "words",
    [
        {"max_borders": 0},
        {"via": ["bora"]},
        {"via": ["bora", "cita"], "max_borders": 3},
        {"only": []},
        {"k": 50, "overlap": 1.0},
    ],
)
def test_where_everything_is_shut_each_option_ends_in_a_sentence(words: dict[str, object]) -> None:
    """With the country avoided no arc is open; conditions on the way do not trip over that."""
    with pytest.raises(RouteError, match="avoid country:KZ"):
        ways(open_case("00-base"), "alba", "dene", avoid=["country:KZ"], **words)


def test_without_cargo_classes_nothing_is_sent() -> None:
    """A package without cargoes says so, and lists none."""
    network = open_case("00-base", cargoes={"container-40": None, "grain": None})
    with pytest.raises(QueryError, match="mini lacks what routes needs: cargoes"):
        ways(network, "alba", "dene")


def test_a_terminal_without_a_link_is_told_as_such() -> None:
    """A place with a terminal that no link touches lacks the link and not the terminal."""
    network = open_case("00-base", links={"r4": None})
    with pytest.raises(
        RouteError, match="Dene has a terminal for road, but no link or service in force by road"
    ):
        ways(network, "alba", "dene")


@pytest.mark.parametrize(
    "options",
    [[], ["--json"], ["--csv"], ["--year", "2024"], ["--year", "2024", "--year", "2024", "--json"]],
)
def test_a_matrix_of_pairs_that_nothing_joins(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str]
) -> None:
    """Pairs without a way have a row with no figures; without pairs or corridors the matrix is refused or empty."""
    folder = case("00-base", tmp_path)
    links = (folder / "links.csv").read_text("utf-8").splitlines()
    kept = [line for line in links if "dene" not in line]
    (folder / "links.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    evidence = folder / "evidence" / "links.csv"
    evidence.write_text(evidence.read_text("utf-8").replace(" r4", ""), encoding="utf-8")
    assert asked(capsys, "matrix", "-n", str(folder), *options)[0] == 2
    header = "id,origin,destination,cargo_id,flagship\n"
    (folder / "pairs.csv").write_text(f"{header}p,alba,dene,container-40,no\n", encoding="utf-8")
    assert "no corridors" in asked(capsys, "matrix", "-n", str(folder), *options)[2]
    (folder / "corridors.csv").write_text(
        "id,name_en,name_kk,name_ru,order,shown,main_mode\nland,Land,Land,Land,1,yes,road\n", encoding="utf-8"
    )
    code, out, _ = asked(capsys, "matrix", "-n", str(folder), *options)
    assert code == 0
    assert "alba" in out
    (folder / "pairs.csv").write_text(f"{header}p,alba,nowhere,container-40,no\n", encoding="utf-8")
    assert asked(capsys, "matrix", "-n", str(folder), *options)[0] == 2


def test_one_place_is_no_pair() -> None:
    """Both ends in one place are refused before anything else is looked at."""
    with pytest.raises(DalizError, match="both Alba"):
        ways(open_case("00-base"), "alba", "Alba")
