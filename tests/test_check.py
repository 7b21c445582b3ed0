"""Protect the check: every kind of fault is found, named with its place, and all of them in one pass."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daliz.tables import Check, check
from daliz.tables.check import check_store
from daliz.tables.read import read_table
from tiny_package import DESCRIPTOR, Row, network_of, tiny_network, tiny_tables, write_csv, write_package

if TYPE_CHECKING:
    from pathlib import Path

KZ = "grids-kz-g-co2e-kwh"
PLACE = {"name_en": "P", "name_kk": "P", "name_ru": "P", "kind": "city", "position_source": "atlas"}
NAMES = {"name_en": "S", "name_kk": "S", "name_ru": "S", "description": "S", "source_id": "atlas"}
SETS = {n: NAMES | {"kind": "event", "history": True} for n in ("one", "two")}


def _faults(**changes: dict[str, Row | None]) -> list[str]:
    return [str(fault) for fault in check_store(tiny_network(**changes).store).faults]


def _set(set_id: str, **cells: Any) -> Row:
    return {
        "set_id": set_id,
        "table": "grids",
        "row_id": "kz",
        "column": "g_co2e_kwh",
        "op": "set",
        "value": 1.0,
        "from_date": "2022-01-01",
    } | cells


def test_the_tiny_package_is_clean(tmp_path: Path) -> None:
    """A package without faults is clean, and its rows and grades are counted."""
    found = check(write_package(tmp_path / "tiny", tiny_tables()))
    assert ([], True) == (found.faults, found.clean)
    assert {name: len(rows) for name, rows in tiny_tables().items()} == found.rows
    assert [("measured", 1.0)] == [(grade, share) for grade, _, share in found.shares]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        # unknown references
        (
            {"links": {"rail-mid-port": {"operator_id": "railwy"}}},
            (
                "links.csv, row rail-mid-port, column operator_id: 'railwy': must be an id of operators.csv; "
                "correct it or add the row to operators.csv. Did you mean railway?"
            ),
        ),
        (
            {
                "restrictions": {
                    "r": {
                        "scope": "node",
                        "scope_id": "prot",
                        "effect": "prohibit",
                        "rule": "No",
                        "source_id": "atlas",
                    }
                }
            },
            (
                "restrictions.csv, row r, column scope_id: 'prot': must be an id of nodes.csv; "
                "correct it or add the row to nodes.csv. Did you mean port?"
            ),
        ),
        (
            {"terminals": {"port-sea": {"weather_id": "prot"}}},
            (
                "terminals.csv, row port-sea, column weather_id: 'prot': must be an id of weather.csv; "
                "correct it or add the row to weather.csv. Did you mean port?"
            ),
        ),
        (
            {"rates": {"rail-container-kz": {"index_id": "rail"}}},
            (
                "rates.csv, row rail-container-kz, column index_id: 'rail': must be an id of indices.csv; "
                "correct it or add the row to indices.csv. Did you mean railway?"
            ),
        ),
        (
            {"corridors": {"middle": {"any_links": "sea-port-quay sea-prot"}}},
            (
                "corridors.csv, row middle, column any_links: 'sea-prot': must be an id of links.csv; "
                "correct it or add the row to links.csv. Did you mean sea-port-quay?"
            ),
        ),
        (
            {"changes": {"storm-sea": {"row_id": "sea-port-qay"}}},
            (
                "changes.csv, row storm-sea, column row_id: 'sea-port-qay': must be an id of links.csv; "
                "correct it or add the row to links.csv. Did you mean sea-port-quay?"
            ),
        ),
        # changes of what cannot change
        (
            {"changes": {"storm-sea": {"table": "link"}}},
            (
                "changes.csv, row storm-sea, column table: 'link': must be a table that may change; "
                "name one of the tables. Did you mean links?"
            ),
        ),
        (
            {"changes": {"storm-sea": {"column": "length_km"}}},
            (
                "changes.csv, row storm-sea, column column: 'length_km': close concerns a row; leave the "
                "column blank."
            ),
        ),
        (
            {"changes": {"storm-sea": {"table": "nodes", "row_id": "port"}}},
            (
                "changes.csv, row storm-sea, column op: 'close': rows of nodes do not open and close; "
                "choose one of links, terminals, services, restrictions, contracts, tariffs."
            ),
        ),
        (
            {"changes": {"dear-sea-price": {"column": "usd"}}},
            (
                "changes.csv, row dear-sea-price, column column: 'usd': must be a column of figures "
                "of rates; "
                "choose one of usd_fixed usd_per_km."
            ),
        ),
        (
            {"changes": {"dear-sea-price": {"value": None}}},
            (
                "changes.csv, row dear-sea-price, column value: multiply needs a value; give it with its "
                "evidence."
            ),
        ),
        # two sets on one cell
        (
            {"change_sets": SETS, "changes": {"a": _set("one"), "b": _set("two", from_date="2023-01-01")}},
            (
                "changes.csv, row b, column op: 'set': a sets grids.kz.g_co2e_kwh in the same days; "
                "make their dates disjoint or turn one into multiply."
            ),
        ),
        # dates and codes
        (
            {"links": {"rail-mid-port": {"from_date": "2024-01-01", "to_date": "2023-01-01"}}},
            (
                "links.csv, row rail-mid-port, column to_date: '2023-01-01': must lie after "
                "from_date 2024-01-01; "
                "to_date is the first day no longer in force."
            ),
        ),
        (
            {"operators": {"line": {"country": "АZ"}}},
            (
                "operators.csv, row line, column country: 'АZ': must be a two-letter ISO 3166 code "
                "in Latin capitals; "
                "write it as KZ."
            ),
        ),
        # disconnected parts, with the nearest place to join
        (
            {"nodes": {"isle": PLACE | {"country": "KZ", "lat": 43.0, "lon": 51.0}}},
            (
                "links.csv: 'isle': no link joins this part to the rest; join isle to port, the nearest "
                "place at 69 km."
            ),
        ),
        # speeds and distances
        (
            {"speeds": {"rail-kz": {"speed_km_h": 250.0}}},
            (
                "speeds.csv, row rail-kz, column speed_km_h: '250': rail goes at 160 km/h at most; "
                "correct the figure or its unit."
            ),
        ),
        (
            {"services": {"ferry": {"speed_km_h": 90.0}}},
            (
                "services.csv, row ferry, column speed_km_h: '90': sea goes at 50 km/h at most; "
                "correct the figure or its unit."
            ),
        ),
        (
            {"links": {"sea-port-quay": {"length_km": 300.0}}},
            (
                "links.csv, row sea-port-quay, column length_km: '300': must be at least the great "
                "circle of 371.7 km; "
                "correct the length or the places."
            ),
        ),
        (
            {"links": {"rail-east-gate": {"length_km": 1500.0}}},
            (
                "links.csv, row rail-east-gate, column length_km: '1500': may be 6 times the great "
                "circle of 119.8 km at most; "
                "correct the length or its unit."
            ),
        ),
        (
            {"links": {"road-mid-port": {"to_node": "mid"}}},
            "links.csv, row road-mid-port, column to_node: 'mid': a link joins two places; correct one end.",
        ),
        # gauges
        (
            {"terminals": {"gate-gauge": None}},
            (
                "links.csv, row rail-east-gate, column gauge_mm: '1435': gauges 1435 and 1520 meet "
                "at gate without a change "
                "of gauge; add a gauge-change row to terminals.csv or end one line at another place."
            ),
        ),
        (
            {"links": {"rail-mid-port": {"gauge_mm": None}}},
            (
                "links.csv, row rail-mid-port, column gauge_mm: a rail link needs its gauge; "
                "give 1435, 1520 or 1676 for rail alone."
            ),
        ),
        (
            {"links": {"road-mid-port": {"gauge_mm": 1520.0}}},
            (
                "links.csv, row road-mid-port, column gauge_mm: '1520': only rail has a gauge; "
                "give 1435, 1520 or 1676 for rail alone."
            ),
        ),
        (
            {
                "terminals": {
                    "mid-gauge": {
                        "node_id": "mid",
                        "mode": "rail",
                        "operation": "gauge-change",
                        "class_id": "gauge",
                    }
                }
            },
            (
                "terminals.csv, row mid-gauge, column operation: 'gauge-change': two gauges must meet here; "
                "add the line of the other gauge or remove the row."
            ),
        ),
        # units
        (
            {"links": {"rail-mid-port": {"capacity": 20.0}}},
            (
                "links.csv, row rail-mid-port, column capacity_unit: capacity 20 has no unit; "
                "give one of train-pairs/day Mt/year TEU/year t/year trucks/day."
            ),
        ),
        # borders
        (
            {"borders": {"road-mid-west-forward": None}},
            (
                "borders.csv, column link_id: 'road-mid-west': mid is in KZ and west in AZ, but the "
                "way forward is missing; "
                "add a row for each direction."
            ),
        ),
        (
            {
                "borders": {
                    "b": {"link_id": "rail-gate-mid", "direction": "forward", "class_id": "rail-border"}
                }
            },
            (
                "borders.csv, row b, column link_id: 'rail-gate-mid': both ends lie in KZ; "
                "remove the row or correct the country."
            ),
        ),
        (
            {
                "borders": {
                    "b": {"link_id": "road-mid-west", "direction": "forward", "class_id": "road-border"}
                }
            },
            (
                "borders.csv, row road-mid-west-forward, column direction: 'forward': the crossing "
                "of road-mid-west stands "
                "2 times; keep one row a direction."
            ),
        ),
        # emission factors
        (
            {"services": {"ferry": {"factor_id": "rail-electric"}}},
            (
                "services.csv, row ferry, column factor_id: 'rail-electric': is a factor per "
                "kwh-tkm, but what moves needs one "
                "per tkm or teu-km; choose another factor."
            ),
        ),
        (
            {"emission_factors": {"truck": {"wtw_kg": None}}},
            (
                "speeds.csv, row road, column factor_id: 'truck': this factor has no wtw_kg; give it "
                "with its evidence."
            ),
        ),
        # services
        (
            {"stops": {"ferry-02": None}},
            "services.csv, row ferry: needs at least two stops; add them to stops.csv.",
        ),
        (
            {"stops": {"ferry-02": {"sequence": 1.0}}},
            (
                "stops.csv, row ferry-01, column sequence: ferry has two stops of one sequence; number "
                "them anew."
            ),
        ),
        (
            {"terminals": {"quay-sea": None}},
            (
                "stops.csv, row ferry-02, column node_id: 'quay': no sea terminal handles cargo here; "
                "add it to terminals.csv or make the call a pass."
            ),
        ),
        (
            {"stops": {"block-04": {"node_id": "west"}}},
            (
                "stops.csv, row block-04, column node_id: 'west': no rail links join it to the first "
                "stop of block; "
                "add the links or correct the stop."
            ),
        ),
        (
            {"stops": {"block-04": {"call": "pass"}}},
            (
                "stops.csv, row block-04, column call: 'pass': block begins or ends here, where it "
                "can only be boarded or left; "
                "choose both, board or alight."
            ),
        ),
        # lines drawn elsewhere
        (
            {"shapes": {"rail-mid-port": {"geometry": "LINESTRING (75 45, 51.2 45)"}}},
            (
                "shapes.csv, row rail-mid-port, column geometry: '51.2 45': ends 156 km from port; "
                "draw the line from from_node to to_node as lon lat."
            ),
        ),
        # evidence
        (
            {
                "evidence": {
                    "lost": {
                        "table": "grids",
                        "row_id": "kzz",
                        "column": "g_co2e_kwh",
                        "value": 1.0,
                        "unit": "g/kWh",
                        "source_id": "atlas",
                        "grade": "measured",
                    }
                }
            },
            (
                "evidence.csv, row lost, column row_id: 'kzz': grids.csv has no such row: the "
                "evidence is an orphan; "
                "correct the id or remove the row. Did you mean kz?"
            ),
        ),
        (
            {
                "evidence": {
                    "lost": {
                        "table": "grids",
                        "row_id": "kz",
                        "column": "country",
                        "value": 1.0,
                        "unit": "g/kWh",
                        "source_id": "atlas",
                        "grade": "measured",
                    }
                }
            },
            (
                "evidence.csv, row lost, column column: 'grids.country': must be a column of figures; "
                "correct table and column."
            ),
        ),
        (
            {"evidence": {KZ: None}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': no row of evidence is used for this figure; "
                "add one, or label it an assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"used": False}}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': no row of evidence is used for this figure; "
                "add one, or label it an assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"value": 800.0}}},
            (
                "grids.csv, row kz, column g_co2e_kwh: '821': differs from the evidence that is used; "
                "run `daliz fill` on the package."
            ),
        ),
        (
            {
                "evidence": {
                    "blank": {
                        "table": "links",
                        "row_id": "rail-mid-port",
                        "column": "speed_km_h",
                        "value": 44.0,
                        "unit": "km/h",
                        "source_id": "atlas",
                        "grade": "measured",
                        "used": True,
                    }
                }
            },
            (
                "links.csv, row rail-mid-port, column speed_km_h: the cell is blank, but blank is "
                "used for it; "
                "run `daliz fill` on the package."
            ),
        ),
        (
            {"evidence": {KZ: {"unit": "kg/kWh"}}},
            (
                f"evidence.csv, row {KZ}, column unit: 'kg/kWh': grids.g_co2e_kwh is in g/kWh; "
                "convert the figure and give the unit."
            ),
        ),
        (
            {"evidence": {KZ: {"low": 900.0, "high": 1000.0}}},
            (
                f"evidence.csv, row {KZ}, column value: '821': must be at least its low end 900; "
                "correct the figure or its range."
            ),
        ),
        (
            {"evidence": {KZ: {"high": 800.0}}},
            (
                f"evidence.csv, row {KZ}, column value: '821': must be at most its high end 800; "
                "correct the figure or its range."
            ),
        ),
        (
            {"evidence": {KZ: {"grade": "assumption"}}},
            (
                f"evidence.csv, row {KZ}, column note: an assumption needs its reason; say in the note "
                "why this value."
            ),
        ),
        (
            {"evidence": {KZ: {"source_id": "assumption"}}},
            (
                f"evidence.csv, row {KZ}, column source_id: 'assumption': a measured figure needs a source; "
                "name it or grade the figure as assumption."
            ),
        ),
        (
            {"evidence": {KZ: {"arithmetic": "800 + 20"}}},
            (
                f"evidence.csv, row {KZ}, column value: '821': its arithmetic gives 820; run `daliz "
                "fill` on the package."
            ),
        ),
        (
            {"evidence": {KZ: {"arithmetic": "800 + x"}}},
            (
                f"evidence.csv, row {KZ}, column arithmetic: '800 + x': 'x' is not allowed in "
                "arithmetic; use numbers, "
                "+ - * / ** and gc, shape, cell, index, min, max; correct the arithmetic."
            ),
        ),
        (
            {"evidence": {KZ: {"from_date": "2022-01-01"}}},
            (
                f"evidence.csv, row {KZ}, column from_date: '2022-01-01': no figure of "
                "grids.kz.g_co2e_kwh is used "
                "from 2020-01-01 to 2022-01-01; leave the first from_date blank."
            ),
        ),
        (
            {"evidence": {KZ: {"to_date": "2029-01-01"}}},
            (
                f"evidence.csv, row {KZ}, column to_date: '2029-01-01': no figure of "
                "grids.kz.g_co2e_kwh is used "
                "from 2029-01-01 to 2030-12-31; leave the last to_date blank."
            ),
        ),
        # needed figures
        (
            {"grids": {"kz": {"g_co2e_kwh": None}}},
            "grids.csv, row kz, column g_co2e_kwh: this figure may not be blank; give it with its evidence.",
        ),
    ],
)
def test_each_kind_of_fault_is_told_once(changes: dict[str, Any], sentence: str) -> None:
    """One mistake in a clean package gives this sentence, and no other sentence of the same place."""
    found = _faults(**changes)
    place = sentence.partition(": ")[0]
    assert [sentence] == [fault for fault in found if fault.startswith(f"{place}:")]


def _more_evidence(**cells: Any) -> Row:
    return {
        "table": "grids",
        "row_id": "kz",
        "column": "g_co2e_kwh",
        "unit": "g/kWh",
        "source_id": "atlas",
        "grade": "measured",
        "used": True,
        "value": 821.0,
    } | cells


def test_evidence_that_overlaps() -> None:
    """Two rows used for one cell on the same days are a fault of the second."""
    found = _faults(evidence={"more": _more_evidence(from_date="2022-01-01")})
    expected = (
        f"evidence.csv, row more, column used: 'yes': {KZ} is used for grids.kz.g_co2e_kwh in the same days; "
        "keep one, or give each its dates."
    )
    assert [expected] == found


def test_evidence_with_a_gap() -> None:
    """Days on which no row is used for a cell are a fault of the row after them."""
    found = _faults(evidence={KZ: {"to_date": "2022-01-01"}, "more": _more_evidence(from_date="2022-03-01")})
    expected = (
        "evidence.csv, row more, column from_date: '2022-03-01': no figure of grids.kz.g_co2e_kwh is used "
        "from 2022-01-01; close the gap."
    )
    assert [expected] == found


def test_overlaps_hide_no_gap_and_make_none() -> None:
    """A row within the days of another is one overlap, not also a gap."""
    inner = {
        name: _more_evidence(from_date=f"{year}-01-01", to_date=f"{year}-02-01")
        for name, year in (("a", 2022), ("b", 2024))
    }
    found = check_store(tiny_network(evidence=inner).store).faults
    assert [("a", "used"), ("b", "used")] == [(fault.row, fault.column) for fault in found]


def test_dated_evidence_that_follows_on_is_clean() -> None:
    """Rows whose dates follow each other without gap or overlap are no fault."""
    assert [] == _faults(
        evidence={KZ: {"to_date": "2022-01-01"}, "more": _more_evidence(from_date="2022-01-01")}
    )


def test_sets_on_one_cell_that_may_stand() -> None:
    """Sets on other days, a set of no history and a multiplication do not contradict each other."""
    apart = {"a": _set("one", to_date="2023-01-01"), "b": _set("two", from_date="2023-01-01")}
    times = {"a": _set("one"), "b": _set("two", op="multiply")}
    other = {"a": _set("one"), "b": _set("dear-sea")}
    for changes in (apart, times, other):
        assert [] == _faults(change_sets=SETS, changes=changes)


def test_duplicated_ids_are_told() -> None:
    """An id that stands twice is told with its count."""
    tables = tiny_tables()
    tables["operators"].append(dict(tables["operators"][0]))
    found = [str(fault) for fault in check_store(network_of(tables).store).faults]
    assert [
        (
            "operators.csv, row line, column id: 'line': stands 2 times and may stand once; rename or "
            "remove the others."
        )
    ] == found


def test_a_part_of_several_places_is_joined_where_it_is_nearest() -> None:
    """A part of two places is one fault, which names the pair of places with the least distance."""
    isles = {
        "far": PLACE | {"country": "KZ", "lat": 50.0, "lon": 60.0},
        "near": PLACE | {"country": "KZ", "lat": 45.0, "lon": 74.0},
    }
    link = {"from_node": "far", "to_node": "near", "mode": "road", "length_km": 1500.0, "speed_class": "road"}
    expected = (
        "links.csv: 'far and 1 more': no link joins this part to the rest; join near to mid, the nearest "
        "place at 79 km."
    )
    assert [expected] == _faults(nodes=isles, links={"road-far-near": link})


def test_places_without_coordinates_are_told_as_such() -> None:
    """Parts that nothing joins are told even where no place has coordinates."""
    found = check_store(
        network_of({"nodes": [PLACE | {"id": name, "country": "KZ"} for name in ("a", "b")]}).store
    ).faults
    assert ["b"] == [fault.value for fault in found if fault.allowed == "no link joins this part to the rest"]


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
        ("evidence.csv", "grids-az-g-co2e-kwh", "note"),
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


def test_grades_are_counted_by_distinct_figures() -> None:
    """The same value from the same source in one column counts once, and grades come best first."""
    shares = check_store(tiny_network(evidence={KZ: {"grade": "assumption", "note": "because"}}).store).shares
    assert ["measured", "assumption"] == [grade for grade, _, _ in shares]
    assert (1, pytest.approx(1.0)) == (shares[1][1], sum(share for _, _, share in shares))


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
