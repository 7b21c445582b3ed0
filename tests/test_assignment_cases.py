"""Protect the assignment of small packages on which it once failed, by every method."""

from __future__ import annotations

import csv
import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import daliz
from case_folders import CASES, case
from command_line import run
from daliz.assignment import Terms
from daliz.errors import CheckError, DalizError, DemandError
from daliz.graph import build_graph
from daliz.paths import demand_from_rows
from daliz.paths.demand import quantities
from daliz.tables.period import Period
from daliz.tables.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

METHODS = ("sue", "due", "so", "capacity")


def edit(folder: Path, table: str, change: Callable[[list[dict[str, str]]], Any]) -> Path:
    """Change the rows of a table of a package in place."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    change(rows)
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return folder


def opened(folder: Path) -> daliz.Network:
    return daliz.open(folder, year=2024)


def unchecked(folder: Path) -> daliz.Network:
    """Open a package as it is, as if it had been made in memory."""
    return daliz.Network(open_store(folder), Period.of_year(2024))


def volumes(flows: daliz.Flows) -> dict[str, float]:
    return dict(zip(flows.capacities.name, flows.volume.tolist(), strict=True))


def kt(flows: daliz.Flows, link: str) -> tuple[float, float]:
    """Return kt on a link forward and backward."""
    for row in flows.links():
        if row["link"] == link:
            return row["kt_forward"], row["kt_backward"]
    return 0.0, 0.0


@pytest.mark.parametrize("method", METHODS)
def test_cargo_whose_load_is_not_said_is_refused(method: str, tmp_path: Path) -> None:
    """Grain without a row in `loads` loads a link of 50,000 t by nobody knows what; the row to add is named."""
    network = opened(case("08d-no-loads", tmp_path))
    with pytest.raises(DemandError, match="mini lacks what assign needs: loads"):
        daliz.assign(network, method=method)
    folder = case("08c-half", tmp_path)
    edit(folder, "loads", lambda rows: [r.update(resource="wagon") for r in rows if r["id"] == "g-t"])
    words = "Cargo grain comes to link r1 forward, whose capacity is in t, .* cargo_id grain, resource tonne"
    with pytest.raises(DemandError, match=words):
        daliz.assign(opened(folder), method=method)


def test_a_load_of_nothing_is_a_row_of_0(tmp_path: Path) -> None:
    """A class that takes nothing says so, and one outside containers takes no slot without saying."""
    folder = case("08c-half", tmp_path)
    edit(folder, "loads", lambda rows: [r.update(amount="0") for r in rows if r["cargo_id"] == "grain"])
    assert volumes(daliz.assign(opened(folder), method="capacity"))["r1 forward"] == 0.0
    bare = case("08d-no-loads", tmp_path)
    for part in ("loads.csv", "evidence/loads.csv"):
        (bare / part).write_bytes((folder / part).read_bytes())
    edit(bare, "loads", lambda rows: [r.update(resource="wagon") for r in rows if r["id"] == "g-t"])
    edit(bare, "links", lambda rows: rows[0].update(capacity="5000", capacity_unit="TEU/year"))
    assert volumes(daliz.assign(opened(bare)))["r1 forward"] == 0.0


def test_two_rows_of_one_load_are_refused(tmp_path: Path) -> None:
    """What one unit takes of one resource stands once; the last does not win."""
    folder = case("08c-half", tmp_path)
    edit(folder, "loads", lambda rows: rows.append({**rows[0], "id": "again", "amount": "0.5"}))
    with pytest.raises(CheckError, match="is the same load of a class"):
        daliz.assign(unchecked(folder))


def test_half_goes_round_what_is_full(tmp_path: Path) -> None:
    """Of 100,000 t a link of 50,000 takes half, and half goes by cita."""
    flows = daliz.assign(opened(case("08c-half", tmp_path)), method="capacity")
    assert volumes(flows)["r1 forward"] == pytest.approx(50_000)
    assert kt(flows, "r2")[0] == pytest.approx(50)
    assert flows.unserved.sum() == pytest.approx(0, abs=1e-6)


def test_the_logit_reproduces_its_volumes_where_delays_are_steep(tmp_path: Path) -> None:
    """With bulk at 0.005 USD/km and a link of 5,000 t the volume shown is what its delay brings, and not 0."""
    folder = case("08c-half", tmp_path)
    edit(
        folder,
        "rates",
        lambda rows: [r.update(usd_per_km="0.005") for r in rows if r["cargo_group"] == "bulk"],
    )
    edit(folder, "links", lambda rows: rows[0].update(capacity="0.005"))
    flows = daliz.assign(opened(folder))
    loaded = flows.loading.loads.T @ flows.flow
    np.testing.assert_allclose(flows.volume, loaded, rtol=1e-5)
    assert flows.converged
    assert volumes(flows)["r1 forward"] > 10_000


@pytest.mark.parametrize("dearest", [900, 9_000])
def test_what_can_be_served_is_served(dearest: float, tmp_path: Path) -> None:
    """A detour many times as long as the first way takes what does not fit; nothing is left beside it."""
    folder = case("08c-half", tmp_path)
    km = {"r1": 40, "r2": dearest, "r3": dearest}
    edit(folder, "links", lambda rows: [r.update(length_km=str(km[r["id"]])) for r in rows if r["id"] in km])
    flows = daliz.assign(opened(folder), method="capacity")
    assert flows.converged
    assert flows.cut is None
    assert flows.unserved.sum() == pytest.approx(0, abs=1e-6)
    assert kt(flows, "r1")[0] == pytest.approx(50)
    assert kt(flows, "r2")[0] == pytest.approx(50)


def test_what_cannot_be_served_has_its_cut(tmp_path: Path) -> None:
    """Without the detour half is left, and the full link proves it."""
    network = opened(case("08c-half", tmp_path)).change(daliz.Close("links", "r2"))
    flows = daliz.assign(network, method="capacity")
    assert flows.unserved.sum() == pytest.approx(50_000)
    assert [row["name"] for row in flows.cut_rows()] == ["r1 forward"]
    assert flows.found.notes == ()


def test_equal_links_in_opposite_order_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two rows that may be the directions of one line are a fault of check, and a note beside the flows."""
    folder = case("31-directed-pair", tmp_path)
    note = "Links r1 and r1back say the same of alba and bora, in opposite order"
    code, out, _ = run(capsys, "check", str(folder))
    assert code != 0
    assert "link r1 again in opposite order" in " ".join(out.split())
    code, _, err = run(capsys, "assign", "-n", str(folder), "--method", "capacity")
    assert code == 0
    assert note in err
    assert any(note in n for n in daliz.assign(opened(folder)).as_dict()["notes"])


@pytest.mark.parametrize("method", METHODS)
def test_a_one_way_link_carries_one_way(method: str, tmp_path: Path) -> None:
    """Each row of a directed pair takes its own direction: 50,000 t of capacity from alba to bora and no more."""
    folder = case("31-directed-pair", tmp_path)
    edit(
        folder, "links", lambda rows: [r.update(directed="yes") for r in rows if r["id"] in {"r1", "r1back"}]
    )
    flows = daliz.assign(opened(folder), method=method)
    assert flows.notes == []
    assert set(volumes(flows)) == {"r1 forward", "r1back forward"}
    assert volumes(flows)["r1back forward"] == 0.0
    assert kt(flows, "r1")[0] + kt(flows, "r2")[0] == pytest.approx(100)
    if method == "capacity":
        assert volumes(flows)["r1 forward"] == pytest.approx(50_000)
        assert kt(flows, "r2")[0] == pytest.approx(50)


def test_routes_keep_to_the_direction_of_a_link(tmp_path: Path) -> None:
    """Over one-way links there and back differ, and no way back is none."""
    folder = case("00-base", tmp_path)
    edit(folder, "links", lambda rows: [r.update(directed="yes") for r in rows if r["id"] in {"r1", "r4"}])
    network = opened(folder)
    there, back = daliz.routes(network, "alba", "bora"), daliz.routes(network, "bora", "alba")
    assert [round(found.itineraries[0].km) for found in (there, back)] == [300, 560]
    with pytest.raises(DalizError):
        daliz.routes(network, "dene", "bora")


@pytest.mark.parametrize("method", METHODS)
def test_no_demand_is_a_sentence(method: str, tmp_path: Path) -> None:
    """No rows and a volume of 0 end in a sentence by every method."""
    network = opened(case("08c-half", tmp_path))
    for rows in ([], [{"origin": "alba", "destination": "bora", "cargo": "grain", "units": 0}]):
        with pytest.raises(DemandError, match="no demand to assign"):
            daliz.assign(network, demand_from_rows(network, rows), method=method)


def test_terms_hold_on_few_units(tmp_path: Path) -> None:
    """A millionth of a tonne converges as a megatonne does."""
    network = opened(case("08c-half", tmp_path))
    for units in (1e-6, 1e6):
        row = {"origin": "alba", "destination": "bora", "cargo": "grain", "units": units}
        flows = daliz.assign(network, demand_from_rows(network, [row]), terms=Terms(target=1e-6))
        assert flows.totals()["kt"] == pytest.approx(units / 1e3)


TABLES = sorted(p.stem for p in (CASES / "08c-half").glob("*.csv") if p.stem != "evidence")


def answered(folder: Path, method: str) -> str:
    """Assign, and return the sentence of a refusal, or nothing of an answer whose books are whole."""
    try:
        flows = daliz.assign(opened(folder), method=method)
    except DalizError as error:
        return str(error)
    assert np.isfinite(flows.volume).all()
    assert flows.totals()["kt"] + flows.totals()["unserved_kt"] == pytest.approx(100)
    return ""


@pytest.mark.parametrize("table", TABLES)
def test_a_table_that_is_not_there_is_answered_or_refused(table: str, tmp_path: Path) -> None:
    """Without a table of a small package every method answers, or refuses in a sentence that names what to add."""
    folder = case("08c-half", tmp_path)
    (folder / f"{table}.csv").unlink()
    (folder / "evidence" / f"{table}.csv").unlink(missing_ok=True)
    said = {answered(folder, m) for m in METHODS}
    assert len(said) == 1
    (sentence,) = said
    if table in {"choice", "delays", "loads"}:
        assert table in sentence
    assert sentence == "" or sentence.endswith(".")


@pytest.mark.parametrize(
    "name", ["scale", "nest-corridor", "nest-route", "reference-sd", "gravity-deterrence"]
)
def test_a_row_of_choice_that_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    """Each parameter that every method needs is asked for by name."""
    folder = case("08c-half", tmp_path)
    edit(folder, "choice", lambda rows: rows.__setitem__(slice(None), [r for r in rows if r["id"] != name]))
    evidence = folder / "evidence" / "choice.csv"
    evidence.write_text(re.sub(rf"\b{name}(?![-\w]) ?", "", evidence.read_text("utf-8")), "utf-8")
    (said,) = {answered(folder, m) for m in METHODS}
    assert f"mini lacks what assign needs: choice ({name}). Add it with its evidence" in said


def test_growth_is_asked_for_only_where_a_market_is_carried_on(tmp_path: Path) -> None:
    """A year after the figures needs `growth-share` and is refused without; the year of the figures is not."""
    folder = case("08c-half", tmp_path)
    edit(
        folder,
        "choice",
        lambda rows: rows.__setitem__(slice(None), [r for r in rows if r["id"] != "growth-share"]),
    )
    evidence = folder / "evidence" / "choice.csv"
    evidence.write_text(evidence.read_text("utf-8").replace(" growth-share", ""), "utf-8")
    network = opened(folder)
    assert quantities(network, 2024) == {"f": 100.0}
    with pytest.raises(
        DemandError, match="lacks the row 'growth-share', by which it would be carried on to 2025"
    ):
        quantities(network, 2025)


def test_no_way_for_any_flow_is_a_sentence(tmp_path: Path) -> None:
    """With all ways closed each method names the pair."""
    network = opened(case("08c-half", tmp_path))
    shut = network.change(daliz.Close("links", "r1"), daliz.Close("links", "r2"))
    for method in METHODS:
        with pytest.raises(DemandError, match="No way leads for alba - bora"):
            daliz.assign(shut, method=method)


def test_one_way_alone_takes_all(tmp_path: Path) -> None:
    """Where one way leads, equilibria send all over it, however full; within capacities half is left."""
    network = opened(case("08c-half", tmp_path)).change(daliz.Close("links", "r2"))
    for method in METHODS:
        flows = daliz.assign(network, method=method)
        assert flows.converged
        assert kt(flows, "r1")[0] == pytest.approx(50 if method == "capacity" else 100)


def test_room_that_is_all_taken_serves_nothing(tmp_path: Path) -> None:
    """A link full of other traffic takes nothing within capacities and delays equilibria; all numbers are finite."""
    network = opened(case("08c-half", tmp_path)).change(
        daliz.Close("links", "r2"), daliz.Set("links", "r1", "background_use", 1.0)
    )
    for method in METHODS:
        flows = daliz.assign(network, method=method)
        assert np.isfinite(flows.delay).all()
        assert flows.totals()["kt"] == pytest.approx(0 if method == "capacity" else 100)
        assert flows.save(tmp_path / method).is_dir()


def test_draws_of_a_small_package_are_an_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ranges, tables to a folder and JSON come from one call."""
    folder = case("08c-half", tmp_path)
    code, out, _ = run(
        capsys, "assign", "-n", str(folder), "--draws", "3", "--out", str(tmp_path / "o"), "--json"
    )
    told = json.loads(out)
    assert code == 0
    assert told["notes"] == []
    assert told["ranges"][0]["draws"] == 3
    assert (tmp_path / "o" / "links.csv").is_file()


def test_a_grade_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Whether ships ration hangs on the grade of their departures; without its row the grade is asked for."""
    folder, other = case("19-one-way", tmp_path), case("08c-half", tmp_path)
    for table in ("choice", "delays", "loads"):
        for part in (f"{table}.csv", f"evidence/{table}.csv"):
            if not (folder / part).exists() and (other / part).exists():
                (folder / part).write_bytes((other / part).read_bytes())
    (folder / "grades.csv").unlink()
    network = unchecked(folder)
    rows = [{"origin": "alba", "destination": "dene", "cargo": "container-40", "units": 100}]
    with pytest.raises(
        DemandError, match=r"column departures_per_week, bears the grade 'measured', which grades\.csv"
    ):
        daliz.assign(network, demand_from_rows(network, rows))


def test_a_service_sails_only_along_one_way_links(tmp_path: Path) -> None:
    """A ship that goes there and back over a link that runs one way cannot be used; with the link both ways it can."""
    folder = case("19-one-way", tmp_path)
    edit(folder, "services", lambda rows: rows[0].update(return_departures_per_week="7"))
    both = build_graph(unchecked(folder))
    assert "line" not in both.idle
    edit(folder, "links", lambda rows: [r.update(directed="yes") for r in rows if r["mode"] == "sea"])
    one = build_graph(unchecked(folder))
    rides = [sum(a.role == "ride" for a in g.arcs) for g in (both, one)]
    assert rides == [2, 1]
    assert one.idle == {"line": "no open sea links lead from dene to alba"}


def test_a_border_of_a_one_way_link_is_crossed_one_way(tmp_path: Path) -> None:
    """`check` asks a one-way link over a border for its forward crossing alone, and refuses one backward."""
    folder = case("00-base", tmp_path)
    edit(folder, "nodes", lambda rows: [r.update(country="UZ") for r in rows if r["id"] == "dene"])

    def faults() -> list[str]:
        return [str(f) for f in daliz.check(folder).faults if f.file == "borders.csv"]

    missing = {way for f in faults() for way in ("forward", "backward") if f"the way {way} is missing" in f}
    assert missing == {"forward", "backward"}
    edit(folder, "links", lambda rows: [r.update(directed="yes") for r in rows if r["id"] == "r4"])
    assert len(faults()) == 1
    assert "the way forward is missing" in faults()[0]
