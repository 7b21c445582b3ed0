"""Hold what the verbs print about observations, fits, briefs, corridors and lists, and how `daliz` ends."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import daliz
from command_line import run
from daliz.calibration.fit import Calibration, Prior
from daliz.calibration.rolling import Rolling
from daliz.cli import main
from daliz.validation import Score, Tuned, Validation
from tiny_package import tiny_tables, write_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print on a terminal that breaks no line of a table, whatever the one that runs the tests."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the tiny package on disk, with one pair to compare."""
    pairs = {
        "mid-west": {"origin": "mid", "destination": "west", "cargo_id": "container-40", "flagship": True}
    }
    path: Path = tmp_path_factory.mktemp("packages") / "tiny"
    return str(write_package(path, tiny_tables(pairs=pairs)))


def score(name: str, value: float, answer: float, *, inside: bool, scored: bool = True) -> Score:
    """Make the score of an observation of days with a range where it is met."""
    row = {"id": name, "kind": "measured", "measure": "days", "statistic": "mean", "value": value}
    row |= {"origin": "mid", "destination": "west", "via": ""}
    row |= {"low": value - 2, "high": value + 2} if inside else {"low": np.nan, "high": np.nan}
    return Score(row, answer, inside, eligible=True, scored=scored, remark=f"by {name}")


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer three observations: one met, one not, one that is not scored."""
    scores = [
        score("kept", 10.0, 11.0, inside=True),
        score("missed", 20.0, 30.0, inside=False),
        score("claimed", 5.0, 9.0, inside=False, scored=False),
    ]

    def fake(_: daliz.Network, progress: Callable[[int, int], None]) -> Validation:
        progress(3, 3)
        return Validation(scores)

    monkeypatch.setattr("daliz.validation.validate", fake)
    monkeypatch.setattr("daliz.validation.best_tuned", lambda _: Tuned(2, 1, 2, {"wait": 1.5}))


@pytest.mark.usefixtures("observed")
def test_validation_ends_with_1_where_too_few_hold(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """Half of the scored hold: enough at a need of 0.5, too few at 0.8."""
    code, out, _ = run(capsys, "validate", "--network", folder, "--need", "0.5")
    assert code == 0
    assert "1 of 2 scored observations met (50%)" in out
    cells = {c[1].strip(): [x.strip() for x in c] for c in (r.split("│") for r in out.splitlines()) if c[1:]}
    assert cells["kept"][4:8] == ["10 (8-12)", "11.0", "+10%", "yes"]
    assert cells["missed"][4:8] == ["20", "30.0", "+50%", "no"]
    assert "claimed" not in cells
    assert run(capsys, "validate", "--network", folder)[0] == 1


@pytest.mark.usefixtures("observed")
def test_validation_shows_unscored_and_tuned_if_asked(
    capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    """`--all` shows what is not scored; `--tuned` what tuning to the observations would meet."""
    words = ("validate", "--network", folder, "--need", "0.5", "--all", "--tuned")
    code, out, _ = run(capsys, *words)
    assert (code, "claimed" in out) == (0, True)
    assert "would meet 2 of 2 of days (100%) instead of 1: wait 1.5" in " ".join(out.split())


@pytest.mark.usefixtures("observed")
def test_validation_has_forms_for_programs(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """JSON has the share, the need and the tuning, unknown bounds as null; CSV a row per observation."""
    code, out, _ = run(capsys, "validate", "--network", folder, "--json", "--tuned")
    told = json.loads(out)
    assert (code, told["share"], told["need"], told["tuned"]["met"]) == (1, 0.5, 0.8, 2)
    assert [(s["id"], s["low"], s["inside"]) for s in told["scores"]] == [
        ("kept", 8.0, True),
        ("missed", None, False),
        ("claimed", None, False),
    ]
    _, out, _ = run(capsys, "validate", "--network", folder, "--json")
    assert "tuned" not in json.loads(out)
    _, out, _ = run(capsys, "validate", "--network", folder, "--csv")
    assert [r["answer"] for r in csv.DictReader(out.splitlines())] == ["11.0", "30.0", "9.0"]


def fitted(*, converged: bool = True) -> Calibration:
    """Make a fit of two parameters of which the data tell one."""
    priors = {n: Prior("linear", 0.0, 1.0) for n in ("scale", "aversion")}
    row = {"series": "sea", "year": 2024, "observed": 1000.0, "model": 1100.0}
    return Calibration(
        values={"scale": 0.5, "aversion": 0.0},
        priors=priors,
        mode=np.array([0.5, 0.0]),
        deviation=np.array([0.5, 1.0]),
        covariance=np.diag([0.25, 1.0]),
        eigenvalues=np.array([3.0, 0.2]),
        directions=np.eye(2),
        rows=(row,),
        years=(2023, 2024),
        converged=converged,
    )


def forecast(method: str, median: float) -> dict[str, Any]:
    """Make the forecast of one series for 2024 by a method."""
    row = {"origin": 2023, "series": "sea", "method": method, "median": median, "observed": 1000.0}
    span = {"low_90": median - 150, "high_90": median + 150, "error": median / 1000 - 1}
    return row | span | {"interval_score": 0.25, "crps": 0.125}


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Calibration]:
    """Stand a made fit in for the search; the test may put another in its place."""
    made = [fitted()]
    rows = [forecast("model", 1100.0), forecast("last year", 800.0), forecast("trend", 900.0)]

    def models(_: daliz.Network, years: range, tell: Callable[[int], None]) -> list[int]:
        for year in years:
            tell(year)
        return list(years)

    def rolled(models: list[int], progress: Callable[[str], None]) -> Rolling:
        progress(f"forecast for {models[-1]}")
        return Rolling(tuple(rows), {})

    monkeypatch.setattr("daliz.calibration.fit.year_models", models)
    monkeypatch.setattr("daliz.calibration.fit.calibrate", lambda _: made[-1])
    monkeypatch.setattr("daliz.calibration.rolling.roll", rolled)
    return made


@pytest.mark.usefixtures("fits")
def test_a_fit_tells_parameters_counts_and_what_the_prior_tells(
    capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    """Parameters have their 90 % interval, counts the model beside them; weak directions are named."""
    code, out, err = run(capsys, "calibrate", "--network", folder, "--first", "2023")
    assert (code, err) == (0, "routes of 2023\nroutes of 2024\n")
    rows = [[c.strip() for c in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    assert ["scale", "0.5", "-0.3225", "1.323", "75%"] in rows
    assert ["sea", "2024", "1,000", "1,100", "+10%"] in rows
    assert "Directions that the prior tells more than the data: +1.0 aversion\n" in out
    assert "1 of 2 directions told by data>" in out
    assert "Foretold" not in out


@pytest.mark.usefixtures("fits")
def test_rolling_forecasts_stand_beside_naive_ones(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """Each forecast has its year, interval, what came and its error; each method its scores."""
    code, out, err = run(capsys, "calibrate", "--network", folder, "--rolling")
    assert (code, err.splitlines()[-1]) == (0, "forecast for 2024")
    assert err.startswith("routes of 2020\n")
    rows = [[c.strip() for c in line.split("│")[1:-1]] for line in out.splitlines() if "│" in line]
    assert ["2024", "sea", "model", "1,100", "950", "1,250", "1,000", "+10%"] in rows
    assert ["model", "1", "0.25", "0.125", "100%", "10%"] in rows
    assert ["last year", "1", "0.25", "0.125", "0%", "20%"] in rows


def test_a_fit_that_does_not_converge_ends_with_1(
    capsys: pytest.CaptureFixture[str], folder: str, fits: list[Calibration]
) -> None:
    """JSON says so, with the forecasts if asked for and none else; people read it too."""
    _, out, _ = run(capsys, "calibrate", "--network", folder, "--json", "--rolling")
    told = json.loads(out)
    assert (told["converged"], len(told["rolling"]), len(told["scores"])) == (True, 3, 3)
    fits.append(fitted(converged=False))
    code, out, _ = run(capsys, "calibrate", "--network", folder, "--json")
    told = json.loads(out)
    assert (code, told["converged"], told["rolling"], told["scores"]) == (1, False, [], [])
    assert told["eigenvalues"] == [3.0, 0.2]
    code, out, _ = run(capsys, "calibrate", "--network", folder)
    assert (code, "NOT CONVERGED" in out) == (1, True)


def test_years_that_are_none_are_not_fitted(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """The first year lies before the last, and both within the counts."""
    for first, last, said in (
        ("2024", "2023", "give a first year before the last"),
        ("2019", "2024", "the counts of tiny are of 2020 to 2024"),
    ):
        code, out, err = run(capsys, "calibrate", "-n", folder, "--first", first, "--last", last)
        assert (code, out) == (2, "")
        assert f"Years {first} to {last} cannot be fitted" in err
        assert said in err


def test_the_brief_prints_the_files_it_wrote(
    capsys: pytest.CaptureFixture[str], folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verb hands on folder, year and which brief, and prints one whole path a line."""

    def written(
        network: daliz.Network, out: Path, progress: Callable[[int, int], None], *, name: str
    ) -> list[Path]:
        progress(1, 1)
        return [out / f"{name}-{network.year}.{kind}" for kind in ("html", "pdf")]

    monkeypatch.setattr("daliz.report.brief", written)
    words = ("brief", "--network", folder, "--year", "2023", "--brief", "short")
    code, out, _ = run(capsys, *words, "--out", str(tmp_path))
    assert code == 0
    assert out.splitlines() == [str(tmp_path / f"short-2023.{kind}") for kind in ("html", "pdf")]


def test_the_matrix_has_a_row_per_pair_and_year(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """Corridors that connect have days and USD, the others a dash; without years come first, observed, last."""
    code, out, _ = run(capsys, "matrix", "--network", folder, "--json")
    rows = json.loads(out)
    assert (code, [r["year"] for r in rows]) == (0, [2020, 2024, 2030])
    assert {(r["origin"], r["destination"]) for r in rows} == {("mid", "west")}
    assert "USD" in rows[1]["road"]
    assert {r["rail"] for r in rows} == {"-"}
    _, out, _ = run(capsys, "matrix", "--network", folder, "--year", "2024", "--csv")
    assert list(csv.DictReader(out.splitlines())) == [
        {k: str(v) for k, v in r.items()} for r in rows if r["year"] == 2024
    ]
    _, out, _ = run(capsys, "matrix", "--network", folder, "--year", "2024")
    assert "- where it does not connect" in " ".join(out.split())
    assert rows[1]["road"] in out


def test_a_package_without_pairs_has_no_matrix(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The sentence names the table that is empty."""
    bare = write_package(tmp_path / "bare", tiny_tables())
    code, out, err = run(capsys, "matrix", "--network", str(bare), "--year", "2024")
    assert (code, out) == (2, "")
    assert "tiny lacks what matrix needs: pairs. Add it with its evidence." in err
    assert f"`daliz check {bare} --for matrix` tells" in err


def test_lists_have_all_three_forms(capsys: pytest.CaptureFixture[str], folder: str) -> None:
    """Places and changes are the same in JSON, CSV and the table, and `--country` and `--kind` choose."""
    _, out, _ = run(capsys, "places", "-n", folder, "--json", "--country", "kz")
    places = json.loads(out)
    assert [p["id"] for p in places] == ["gate", "mid", "port"]
    _, out, _ = run(capsys, "places", "-n", folder)
    assert all(p["name_kk"] in out for p in places)
    assert "Батыс" in out
    _, out, _ = run(capsys, "changes", "-n", folder, "--json")
    changes = json.loads(out)
    assert [(c["id"], c["from"], c["history"]) for c in changes] == [
        ("second-track", "2026-07-01", "yes"),
        ("storm", "2024-03-01", "no"),
        ("dear-sea", "2025-01-01", "no"),
    ]
    _, out, _ = run(capsys, "changes", "-n", folder, "--csv", "--kind", "event")
    assert list(csv.DictReader(out.splitlines())) == [changes[1]]


def test_routes_show_the_pareto_set_and_draw(
    capsys: pytest.CaptureFixture[str], folder: str, tmp_path: Path
) -> None:
    """`--pareto` adds its own table; the diagram and the map are written where asked."""
    words = ("routes", "mid", "west", "-n", folder, "--draws", "0")
    charts = {"--diagram": tmp_path / "d.svg", "--map": tmp_path / "m.html"}
    code, out, _ = run(capsys, *words, "--pareto", *(str(w) for pair in charts.items() for w in pair))
    assert (code, "Pareto set: nothing is 1 % better" in out) == (0, True)
    assert charts["--diagram"].read_text("utf-8").startswith("<svg")
    assert "<html" in charts["--map"].read_text("utf-8")
    _, out, _ = run(capsys, *words, "--map", str(tmp_path / "only.html"))
    assert "Pareto" not in out
    assert sorted(p.name for p in tmp_path.iterdir()) == ["d.svg", "m.html", "only.html"]
    _, _, _ = run(capsys, *words, "--diagram", str(tmp_path / "one.svg"))
    assert (tmp_path / "one.svg").exists()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints it and ends well."""
    assert run(capsys, "--version") == (0, f"daliz {daliz.__version__}\n", "")


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            PermissionError(13, "Permission denied", "/far/away"),
            "folder /far/away cannot be used: Permission",
        ),
        (OSError("disk on fire"), "folder cannot be used: disk on fire"),
    ],
)
def test_files_that_cannot_be_used_end_in_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, fault: OSError, sentence: str
) -> None:
    """What the system refuses is told in one line with code 2."""

    def refuse(*_: object) -> None:
        raise fault

    monkeypatch.setattr("daliz.tables.open_network", refuse)
    code, out, err = run(capsys, "places")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"daliz: The file or {sentence}")
    assert err.endswith("; choose another.\n")


def test_a_reader_that_leaves_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe closed by the program behind it, as by head, ends with code 0 and no word."""
    import io

    def refuse(*_: object) -> None:
        raise BrokenPipeError

    told = io.StringIO()
    monkeypatch.setattr("daliz.tables.open_network", refuse)
    monkeypatch.setattr(sys, "stderr", told)
    monkeypatch.setattr(sys, "argv", ["daliz", "places"])
    with pytest.raises(SystemExit) as end:
        main()
    assert (end.value.code, told.closed) == (0, True)
