"""Hold the command line: exit codes, forms of output, one-sentence errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from command_line import run


def test_routes_prints_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """The default output names the ways."""
    code, out, err = run(capsys, "routes", "Almaty", "Poti", "--k", "2", "--draws", "200", "--legs")
    assert (code, err) == (0, "")
    assert "Almaty" in out
    assert "Poti" in out


def test_json_and_csv_are_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON parses and totals equal the sums of the legs; CSV has a row per way."""
    _, out, _ = run(capsys, "routes", "Almaty", "Poti", "--k", "2", "--draws", "0", "--json")
    answer = json.loads(out)
    for way in answer["itineraries"]:
        assert sum(leg["hours"] for leg in way["legs"]) == pytest.approx(way["hours"])
        assert sum(leg["usd"] for leg in way["legs"]) == pytest.approx(way["usd"])
    assert len(answer["inputs_sha256"]) == 64
    assert answer["conditions"]["avoid"] == []
    _, out, _ = run(capsys, "routes", "Almaty", "Poti", "--k", "2", "--draws", "0", "--csv")
    assert len(list(csv.DictReader(io.StringIO(out)))) == len(answer["itineraries"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("routes", "Xian", "Duisborg"), "Duisburg"),
        (("routes", "Almaty", "Алматы"), "both Almaty"),
        (("routes", "Almaty", "Poti", "--year", "1999"), "1999"),
        (("routes", "Almaty", "Poti", "--month", "13"), "Month 13"),
        (("routes", "Almaty", "Poti", "--date", "31.12.2024"), "2024-12-31"),
        (("routes", "Almaty", "Poti", "--under", "red-see-2024"), "red-sea-2024"),
        (("routes", "Almaty", "Poti", "--cargo", "container-45"), "container-40"),
        (("routes", "Almaty", "Poti", "--avoid", "KZ"), "avoid KZ"),
        (("routes", "Almaty", "Poti", "--max-borders", "0"), "0 borders"),
        (("routes", "Almaty", "Poti", "--carbon-price", "nan"), "carbon"),
        (("routes", "Almaty", "Poti", "--network", "no-such-folder"), "no-such-folder"),
        (("routes", "Almaty", "Poti", "--date", "2023-05-01", "--year", "2022"), "2023-05-01"),
        (("routes", "Almaty", "Poti", "--carrier", "XX"), "carrier"),
        (("routes", "Almaty", "Poti", "--draws", "9999999999"), "1,000,000"),
        (("routes", "Almaty", "Poti", "--max-borders", "99999"), "max_borders"),
        (("routes", "Almaty", "Poti", "--under", "red-sea-2024", "--without", "red-sea-2024"), "at once"),
        (("changes", "--kind", "foo"), "project"),
        (("places", "--country", "QQ"), "KZ"),
        (("matrix", "--year", "1066"), "1066"),
        (("why", "eurasia", "links.rail-dostyk-aktogay"), "table.row.column"),
        (("why", "eurasia", "links.rail-dostyk-aktogai.length_km"), "rail-dostyk-aktogay"),
        (("why", "eurasia", "nodes.aktau.name_en"), "not a figure"),
    ],
)
def test_bad_questions_end_with_one_sentence_and_code_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """A question that cannot be answered names the thing and the way out; nothing else is printed."""
    code, out, err = run(capsys, *words)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.startswith("daliz: ")
    assert "Traceback" not in err


def test_check_of_the_embedded_package_is_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """`daliz check eurasia` finds no fault and prints the shares by grade."""
    code, out, _ = run(capsys, "check", "eurasia")
    assert code == 0, out[:2000]
    assert "assumption" in out


def test_check_of_a_broken_package_lists_faults_and_ends_with_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A package with faults ends with code 1 and names file, row and column."""
    import daliz

    folder = daliz.open("corridor-mini").save(tmp_path / "broken")
    links = (folder / "links.csv").read_text(encoding="utf-8")
    broken = links.replace("rail-zarin-kumla,zarin", "rail-zarin-kumla,zarim", 1)
    (folder / "links.csv").write_text(broken, encoding="utf-8")
    code, out, _ = run(capsys, "check", str(folder))
    assert code == 1
    assert "links.csv, row rail-zarin-kumla, column from_node: 'zarim'" in out


def test_why_tells_the_source(capsys: pytest.CaptureFixture[str]) -> None:
    """A figure comes with its value, range, source and, where derived, its arithmetic."""
    code, out, _ = run(capsys, "why", "eurasia", "links.rail-dostyk-aktogay.length_km")
    assert code == 0
    for part in ("km", "arithmetic:", "source", "derived"):
        assert part in out


def test_whole_way_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """`--why` prints the figure and grade behind the hours and dollars of each leg."""
    code, out, _ = run(capsys, "routes", "Aktau", "Baku", "--k", "1", "--draws", "0", "--why")
    assert code == 0
    assert "source" in out


def test_save_and_ask_again(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A saved package answers as the embedded one does."""
    import daliz

    folder = daliz.open("corridor-mini").save(tmp_path / "copy")
    words = ("routes", "Tolma", "Hadel", "--draws", "100", "--csv", "--network")
    assert run(capsys, *words, str(folder))[1] == run(capsys, *words, "corridor-mini")[1] != ""


def test_lists_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Projects and places can be listed."""
    assert "anaklia" in run(capsys, "changes", "--kind", "project")[1]
    assert "Ақтау" in run(capsys, "places", "--country", "KZ", "--csv")[1]


def test_every_verb_has_help_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` shows an example."""
    from daliz.cli.app import app

    for command in app.registered_commands:
        code, out, _ = run(capsys, str(command.name), "--help")
        assert code == 0
        assert "Example" in out, command.name


def test_narrow_terminal_keeps_every_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In 60 columns ways are told in lines that fit, whole words and all."""
    monkeypatch.setenv("COLUMNS", "60")
    code, out, _ = run(capsys, "routes", "Almaty", "Poti", "--k", "1", "--draws", "200", "--legs")
    assert code == 0
    assert max(len(line) for line in out.splitlines()) <= 60
    assert "p95" in out
    assert "Poti" in out


def test_prices_of_a_scenario_are_those_of_the_year(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the question takes something out or puts it in force, the answer says what does not move with it."""
    words = ("routes", "Almaty", "Poti", "--k", "1", "--draws", "0")
    _, out, _ = run(capsys, *words, "--without", "red-sea-2024")
    assert "price level" in out
    _, out, _ = run(capsys, *words)
    assert "price level" not in out


def test_a_folder_may_bear_the_name_of_an_embedded_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path is a folder, whatever its name: filling it leaves the embedded package alone."""
    from daliz.errors import DataError
    from daliz.tables.store import open_store

    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError):
        open_store(Path("eurasia"))


def test_supply_tells_markets_ways_and_dependence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The table names what it costs more without a country; JSON parses; charts are drawn."""
    code, out, err = run(
        capsys, "supply", "titanium", "--market", "EU", "--without", "RU", "--each", "--top", "3"
    )
    assert (code, err) == (0, "")
    assert "more" in out
    assert "Without each country in turn" in out
    code, out, _ = run(
        capsys,
        "supply",
        "titanium",
        "-m",
        "EU",
        "--cut",
        "--origin",
        "KZ",
        "--json",
        "--chart",
        str(tmp_path / "c"),
    )
    answer = json.loads(out)
    assert answer["converged"] is True
    assert answer["least_failures_bound"] == len(answer["least_failures"])
    assert {p.name for p in (tmp_path / "c").iterdir()} == {
        "flows.html",
        "dependence.html",
        "balance.html",
        "map.html",
    }
    code, out, _ = run(capsys, "supply", "rhenium", "--csv")
    assert {"from", "to", "t", "corridor"} <= set(next(csv.DictReader(io.StringIO(out))))


def test_supply_refuses_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Unknown chains, places and terms end with code 2 and a sentence."""
    for words, sentence in (
        (["uranum"], "Did you mean uranium"),
        (["uranium", "--without", "Q"], "'Q' is no country, place, link or operator"),
        (["uranium", "--market", "Mars"], "has no market 'Mars'"),
        (["uranium", "--carbon", "-1"], "A carbon price of -1"),
        (["uranium", "--by", "colour"], "Dependence on 'colour'"),
    ):
        code, _, err = run(capsys, "supply", *words)
        assert code == 2
        assert sentence in err
        assert "Traceback" not in err


def test_tariff_tells_products_story_and_talks(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A policy says first what is exposed; the story has every policy; its chart is drawn."""
    code, out, err = run(capsys, "tariff", "us-2025-08", "--draws", "50", "--no-corridors")
    assert (code, err) == (0, "")
    assert out.startswith("95.2 of")
    code, out, _ = run(
        capsys,
        "tariff",
        "story",
        "--draws",
        "20",
        "--no-corridors",
        "--json",
        "--chart",
        str(tmp_path / "s.svg"),
    )
    assert {"us-2025-04", "us-2025-08", "eu-cbam-2026", "talks-2025-full"} <= {
        r["policy"] for r in json.loads(out)
    }
    assert (tmp_path / "s.svg").read_text().startswith("<svg")
    code, _, err = run(capsys, "tariff", "us-2052")
    assert code == 2
    assert "has no policy 'us-2052'" in err


@pytest.mark.parametrize(
    "words",
    [
        ("validate", "--need", "nan"),
        ("validate", "--need", "-1"),
        ("assign", "--draws", "-1"),
        ("assign", "--method", "due", "--draws", "3"),
        ("assign", "--threads", "0"),
        ("assign", "--per-length", "2"),
        ("calibrate", "--last", "2030"),
        ("calibrate", "--first", "2010"),
    ],
)
def test_options_that_cannot_be_used_are_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """The command ends with code 2 and says what to give, without a result."""
    code, out, err = run(capsys, *words)
    assert (code, out, "Traceback" in err) == (2, "", False)
