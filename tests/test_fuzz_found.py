"""Hold what fuzzing found: each test is one kind of input that once gave other words, another answer, or a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import daliz
from broken import broken, shuffled, whole_package, write
from command_line import run
from daliz.errors import DataError, DemandError, PlaceError, QueryError
from daliz.paths import demand_of, read_demand
from daliz.tables import open_network
from daliz.tables.check import check, check_store, in_order
from daliz.tables.faults import Fault
from daliz.tables.store import open_store
from daliz.tables.table import Table
from questions import routes_of
from tiny_package import tiny_network, tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path


def _sentences(folder: Path, name: str, **changes: Any) -> list[str]:
    tables = tiny_tables(**changes)
    return [str(f) for f in check(write_package(folder / name, tables)).faults]


def _backwards(folder: Path, **changes: Any) -> list[str]:
    tables = {name: rows[::-1] for name, rows in tiny_tables(**changes).items()}
    return [str(f) for f in check(write_package(folder / "backwards", tables)).faults]


RATE = {
    "mode": "rail",
    "cargo_group": "container",
    "direction": "both",
    "kind": "price",
    "basis": "line-haul",
    "usd_per_km": 1.0,
}
PLACE = {
    "name_en": "x",
    "name_kk": "x",
    "name_ru": "x",
    "country": "KZ",
    "kind": "city",
    "lat": 50.0,
    "lon": 60.0,
    "position_source": "atlas",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"rates": {"z": RATE, "a": RATE}},
        {"stops": {"block-04": {"sequence": 3}}},
        {"nodes": {"z": PLACE, "a": PLACE}},
        {"weather": {"port-a": {"site": "port", "month": 1, "closed_share": 0.1, "spell_days": 1.0}}},
        {
            "emission_factors": {
                "other": {"mode": "rail", "basis": "kwh-tkm", "wtw_kg": 0.02, "energy_kwh": 0.03}
            }
        },
    ],
)
def test_faults_are_told_alike_in_any_order_of_rows(changes: dict[str, Any], tmp_path: Path) -> None:
    """Which of two rows is named first does not hang on their places in the file."""
    told = _sentences(tmp_path, "forwards", **changes)
    assert told
    assert told == _backwards(tmp_path, **changes)


def test_rows_of_one_id_are_looked_at_in_the_order_of_their_cells() -> None:
    """Rows that share an id have an order of their own, whatever that of the file."""
    rows = [{"id": "kz", "country": "KZ", "g_co2e_kwh": g} for g in (900.0, 800.0, 700.0)]
    assert (
        in_order(Table.from_rows("grids", rows)).rows()
        == in_order(Table.from_rows("grids", rows[::-1])).rows()
    )


def test_faults_of_evidence_name_the_file_that_is_there(tmp_path: Path) -> None:
    """Evidence has a file for each table, and its rows are told by their cell."""
    found = _sentences(
        tmp_path, "tiny", evidence={"grids-kz-g-co2e-kwh": {"grade": "guessed", "source_id": "lost"}}
    )
    assert [
        (
            "evidence/grids.csv, row kz.g_co2e_kwh, column grade: 'guessed': must be an id of grades.csv; correct it or add "
            "the row to grades.csv."
        ),
        (
            "evidence/grids.csv, row kz.g_co2e_kwh, column source_id: 'lost': must be an id of sources.csv; correct it or "
            "add the row to sources.csv."
        ),
    ] == [f for f in found if f.startswith("evidence")]


def test_a_long_cell_does_not_fill_the_message() -> None:
    """A cell, an id or a code of hundreds of letters is cut in what is told of it."""
    long = "é" * 300
    for fault in (
        Fault("links.csv", "a", "id", long, "is wrong", "mend it"),
        Fault("links.csv", long, "id", "a", "is wrong", "mend it"),
        Fault("links.csv", "a", "id", "a", f"is in {long}, or not", "mend it"),
    ):
        assert len(str(fault)) < 200
        assert "ééé..." in str(fault)


def test_a_place_without_an_id_is_joined_to_nothing(tmp_path: Path) -> None:
    """A blank id is told for that; no message asks to join what has no name."""
    package = whole_package("00-base")
    rows = [["", *r[1:]] if r[0] == "dene" else r for r in package.tables["nodes.csv"]]
    tables = package.tables | {"nodes.csv": rows}
    found = [
        str(f)
        for f in check(write(type(package)("00-base", tables, package.descriptor), tmp_path / "a")).faults
    ]
    assert any("this cell may not be blank" in f for f in found)
    assert not [f for f in found if "join  to" in f or "to ," in f]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("10 ** 400", "a number is too large"),
        ("9" * 400, "a number is too large"),
        ("1 +", "it is no arithmetic that can be read"),
    ],
)
def test_arithmetic_that_fails_says_so_in_plain_words(text: str, reason: str, tmp_path: Path) -> None:
    """The words of the interpreter are not those of a message."""
    evidence = {"grids-kz-g-co2e-kwh": {"arithmetic": text}}
    found = [f for f in _sentences(tmp_path, "tiny", evidence=evidence) if "arithmetic:" in f]
    assert [True] == [reason in f for f in found]


@pytest.mark.parametrize("years", ["[]", "2024", '"x"', "null"])
def test_years_of_a_descriptor_are_an_object(years: str, tmp_path: Path) -> None:
    """Years that are no object are named as such."""
    folder = write_package(tmp_path / "tiny", {})
    (folder / "datapackage.json").write_text(
        f'{{"name": "a", "version": "1", "years": {years}}}', encoding="utf-8"
    )
    with pytest.raises(DataError, match="years must be an object"):
        open_store(folder)


def test_further_faults_of_a_file_are_a_sentence(tmp_path: Path) -> None:
    """How many more faults a file has follows as a sentence of its own."""
    path = tmp_path / "demand.csv"
    path.write_text("origin,target,units,extra\neast,west,1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"[.?] This file has 3 more faults\.$"):
        read_demand(tiny_network(), path)


def test_a_market_of_one_place_is_a_fault_and_a_refusal(tmp_path: Path) -> None:
    """A market whose origins and destinations are one place sends nothing, which is told and no division by zero."""
    package = whole_package("08c-half")
    rows = [[*r[:3], "alba", r[4]] if r[2] == "destination" else r for r in package.tables["flow_ends.csv"]]
    tables = package.tables | {"flow_ends.csv": rows}
    folder = write(type(package)("08c-half", tables, package.descriptor), tmp_path / "a")
    assert [
        "flows.csv, row f, column id: 'f': the market sends from alba to itself alone; give it two places in flow_ends.csv."
    ] == [str(f) for f in check(folder).faults]
    base = open_network(write(package, tmp_path / "b"))
    store = base.store.replace(
        flow_ends=base.store["flow_ends"].replace(node_id=np.array(["alba", "alba"], object))
    )
    with pytest.raises(DemandError, match="sends from alba to alba alone"):
        demand_of(type(base)(store, base.period))


def test_a_range_of_another_size_than_the_figure_is_a_fault(tmp_path: Path) -> None:
    """An end a billion times the figure is a slip of the unit, and no range to draw from."""
    found = _sentences(
        tmp_path,
        "tiny",
        hazards={
            "storms": {
                "scope": "link",
                "scope_id": "sea-port-quay",
                "events_per_year": 1e-12,
                "mean_days": 1.0,
            }
        },
    )
    assert not [f for f in found if "times the figure" in f]
    wide = {"hazards-storms-events-per-year": {"low": 0.0, "high": 1.0}}
    found = _sentences(
        tmp_path,
        "wide",
        hazards={
            "storms": {
                "scope": "link",
                "scope_id": "sea-port-quay",
                "events_per_year": 1e-12,
                "mean_days": 1.0,
            }
        },
        evidence=wide,
    )
    assert ["the range goes to over 1,000,000,000 times the figure" in f for f in found if "storms" in f] == [
        True
    ]


def test_validate_without_observations_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where nothing is observed there is no share, rather than one that is no number."""
    folder = write(whole_package("00-base"), tmp_path / "a")
    for option in ((), ("--csv",), ("--json",), ("--all",), ("--tuned",)):
        code, out, err = run(capsys, "validate", "-n", str(folder), *option)
        assert (2, "") == (code, out.strip())
        assert "observations" in err


def test_a_package_and_its_twin_have_the_same_faults(tmp_path: Path) -> None:
    """Faults of broken packages are the same whatever the order of their rows."""
    for number in (90, 93, 94, 178, 203, 321, 553, 653, 673, 959):
        made = broken(number).package
        told = [
            {
                str(f)
                for f in check_store(open_store(write(p, tmp_path / "a"))).faults
                if "line " not in str(f) and "number " not in str(f)
            }
            for p in (made, shuffled(made, number))
        ]
        assert told[0] == told[1]


@pytest.mark.parametrize(
    ("form", "shown"), [("null", "null"), ("0.3", "0.3"), ("[]", r"\[\]"), ('"9"', '"9"')]
)
def test_an_unknown_form_is_told_as_it_stands(form: str, shown: str, tmp_path: Path) -> None:
    """A form is told in the words of the descriptor, not of the program."""
    folder = write_package(tmp_path / "tiny", {})
    text = (
        f'{{"name": "a", "version": "1", "form": {form}, "years": {{"first": 1, "observed": 1, "last": 1}}}}'
    )
    (folder / "datapackage.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=f"says form {shown}, and this version reads"):
        open_store(folder)


def test_nobody_is_sent_to_a_list_that_is_empty(tmp_path: Path) -> None:
    """An unknown project leads to the list of the same package, where there is one."""
    for base, end in (
        ("00-base", "The package has none."),
        ("tiny", "`daliz changes -n FOLDER` lists them."),
    ):
        folder = write(whole_package(base), tmp_path / base)
        with pytest.raises(PlaceError) as told:
            open_network(folder).under("nothing")
        assert str(told.value).replace(str(folder), "FOLDER").endswith(end)


def test_an_unknown_service_is_refused_with_a_way_out(tmp_path: Path) -> None:
    """A service that is not there leads to the table that lists them, or is told to be one of none."""
    base = open_network(write(whole_package("00-base"), tmp_path / "a"))
    for network, ends, way_out in (
        (tiny_network(), ("east", "west"), "Give an id of the table services."),
        (base, ("alba", "bora"), "The network has none in this period."),
    ):
        with pytest.raises(PlaceError) as told:
            routes_of(network, *ends, only=("nothing",), draws=0)
        assert str(told.value).endswith(way_out)


def test_a_capacity_of_0_is_told_and_stops_only_assignment(tmp_path: Path) -> None:
    """What `assign` refuses is found by `check` too, while ways are found without it."""
    package = whole_package("08c-half")
    rows = package.tables["links.csv"]
    at = rows[0].index("capacity")
    zero = [rows[0], *([*r[:at], "0" if r[at] else "", *r[at + 1 :]] for r in rows[1:])]
    tables = package.tables | {"links.csv": zero}
    folder = write(type(package)("08c-half", tables, package.descriptor), tmp_path / "a")
    assert [
        (
            "links.csv, row r1, column capacity: '0': a capacity is more than 0; give the row its dates, or close it by a "
            "change, if nothing passes."
        )
    ] == [str(f) for f in check(folder).faults]
    network = open_network(folder)
    assert len(routes_of(network, "alba", "bora", draws=0))
    with pytest.raises(DemandError, match="its capacity is 0"):
        daliz.assign(network)


def test_a_point_cannot_be_passed() -> None:
    """Coordinates among the places to pass are named."""
    with pytest.raises(QueryError, match=r"'45\.0,80\.0' is a point"):
        routes_of(tiny_network(), "east", "west", via=("45.0,80.0",), draws=0)


def test_a_missing_grade_is_told_once(tmp_path: Path) -> None:
    """Evidence without a grade is told for that, and no sentence leaves its place empty."""
    package = whole_package("corridor-mini")
    rows = package.tables["evidence/flow_ends.csv"]
    at = rows[0].index("grade")
    tables = package.tables | {
        "evidence/flow_ends.csv": [[c for i, c in enumerate(r) if i != at] for r in rows]
    }
    found = check(write(type(package)("corridor-mini", tables, package.descriptor), tmp_path / "a")).faults
    assert ["evidence/flow_ends.csv, column grade: this column is required; add it."] == [
        str(f) for f in found
    ]
