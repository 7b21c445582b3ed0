"""Protect the check as a whole: a clean package, faults of files, all faults in one pass, and its speed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from daliz.tables import Check, check
from daliz.tables.check import check_store
from daliz.tables.read import read_table
from tiny_faults import KZ, PLACE
from tiny_package import DESCRIPTOR, tiny_network, tiny_tables, write_csv, write_package

if TYPE_CHECKING:
    from pathlib import Path


def test_the_tiny_package_is_clean(tmp_path: Path) -> None:
    """A package without faults is clean, and its rows and grades are counted."""
    found = check(write_package(tmp_path / "tiny", tiny_tables()))
    assert ([], True) == (found.faults, found.clean)
    assert {name: len(rows) for name, rows in tiny_tables().items()} == found.rows
    assert [("measured", 1.0)] == [(grade, share) for grade, _, share in found.shares]


def test_missing_and_misnamed_files(tmp_path: Path) -> None:
    """A table that is needed and missing, and a file that no table is called, are told."""
    folder = write_package(tmp_path / "tiny", tiny_tables())
    (folder / "grades.csv").rename(folder / "grade.csv")
    (folder / "x_mine.csv").write_text("my own")
    found = [str(fault) for fault in check(folder).faults if fault.file.startswith(("grade", "x_"))]
    assert [
        (
            "grade.csv: no table has this name; correct its name, or begin it with x_ to keep a file of "
            "your own. Did you mean grades.csv?"
        ),
        "grades.csv: this table is needed and missing or empty; add it with its rows.",
    ] == found


def test_a_cell_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    """A cell that is no number is one fault, not also a blank figure and a link without length."""
    folder = write_package(tmp_path / "tiny", tiny_tables())
    path = folder / "links.csv"
    path.write_text(
        path.read_text().replace(
            "rail-mid-port,mid,port,rail,1520,2200,", "rail-mid-port,mid,port,rail,1520,2200 km,"
        )
    )
    assert [
        (
            "links.csv, row rail-mid-port, column length_km: '2200 km': must be a number in km; "
            "write it with a point and without unit or spaces."
        )
    ] == [str(f) for f in check(folder).faults]


def test_all_faults_come_in_one_pass(tmp_path: Path) -> None:
    """Faults of form, reference, geography and evidence in several files are told together, in order, each once."""
    tables = tiny_tables(
        links={"sea-port-quay": {"length_km": 300.0}, "rail-mid-port": {"operator_id": "nobody"}},
        terminals={"gate-gauge": None},
        borders={"road-mid-west-forward": None},
        evidence={KZ: None, "grids-az-g-co2e-kwh": {"grade": "assumption"}},
        speeds={"road": {"speed_km_h": 150.0}},
    )
    folder = write_package(tmp_path / "tiny", tables)
    write_csv(
        folder / "operators.csv",
        "operators",
        [*tables["operators"], {"id": "x", "name_en": "X", "country": "kz"}],
    )
    path = folder / "cargoes.csv"
    path.write_text(path.read_text().replace(",60000,", ",dear,"))
    found = check(folder)
    assert [
        ("borders.csv", "", "link_id"),
        ("cargoes.csv", "container-40", "value_usd"),
        ("evidence/grids.csv", "az.g_co2e_kwh", "note"),
        ("grids.csv", "kz", "g_co2e_kwh"),
        ("links.csv", "rail-east-gate", "gauge_mm"),
        ("links.csv", "rail-mid-port", "operator_id"),
        ("links.csv", "sea-port-quay", "length_km"),
        ("operators.csv", "x", "country"),
        ("speeds.csv", "road", "speed_km_h"),
    ] == [(fault.file, fault.row, fault.column) for fault in found.faults]
    assert f"<Check tiny: 9 faults, {sum(found.rows.values())} rows in {len(found.rows)} tables>" == repr(
        found
    )


def test_repr_of_a_check() -> None:
    """The repr tells whether a package is clean, and counts in the singular and plural."""
    assert "<Check a: clean, 0 rows in 0 tables>" == repr(Check("a", [], {}, []))
    assert "1 fault," in repr(check_store(tiny_network(evidence={KZ: None}).store))


def test_a_large_broken_table_is_checked_in_seconds(tmp_path: Path) -> None:
    """Twenty thousand places of which none is joined and each link leads nowhere take seconds, not minutes."""
    rng = np.random.default_rng(1)
    count = 20_000
    places = [
        PLACE | {"id": f"p{i}", "country": "KZ", "lat": lat, "lon": lon}
        for i, (lat, lon) in enumerate(rng.uniform(-60, 60, (count, 2)).tolist())
    ]
    links = [
        {
            "id": f"l{i}",
            "from_node": f"p{i}",
            "to_node": f"q{i}",
            "mode": "road",
            "length_km": 10.0,
            "speed_class": "road",
        }
        for i in range(2000)
    ]
    tables = tiny_tables()
    tables["nodes"] += places
    tables["links"] += links
    folder = write_package(tmp_path / "large", tables, DESCRIPTOR)
    begin = time.process_time()
    _, faults = read_table(folder / "nodes.csv", "nodes")
    found = check(folder)
    assert [] == faults
    assert count == sum(fault.allowed == "no link joins this part to the rest" for fault in found.faults)
    assert 2000 == sum(fault.column == "to_node" for fault in found.faults)
    assert time.process_time() - begin < 20
