"""Protect users from tracebacks: whatever stands in the files, only errors of Daliz come out."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daliz import check
from daliz.errors import DalizError
from daliz.tables import open_network
from questions import routes_of
from tiny_package import tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path

NASTY = [
    "",
    " ",
    "x",
    "-1",
    "0",
    "1e308",
    "-1e308",
    "1e-308",
    "99999999999999999999",
    "NaN",
    "inf",
    "1,5",
    "1;5",
    "1_0",
    "٣",
    "2024-01-01",
    "45657",
    "yes",
    "no",
    "a b c",
    "a;b",
    '"',
    "\u202e",
    "é" * 300,
    "'; DROP TABLE links",
    "../../etc/passwd",
    "port",
    "quay",
    "rail",
    "LINESTRING (0 0)",
    "__import__('os')",
    "1/0",
    "set",
    "close",
    "multiply",
    "links",
    "nodes",
    "kz",
    "block",
    "ferry",
    "storm",
]


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """Give the cells of the tiny package by file, header first."""
    folder = write_package(tmp_path_factory.mktemp("clean") / "tiny", tiny_tables())
    return {
        path.relative_to(folder).as_posix(): list(
            csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))
        )
        for path in sorted(folder.rglob("*.csv"))
    }


def _survive(folder: Path) -> None:
    """Use a package in every way; errors of Daliz are fine, all others are not."""
    sentences: list[str] = []
    for use in (
        lambda: check(folder),
        lambda: repr(open_network(folder, 2026)),
        lambda: open_network(folder).under("storm", "dear-sea").resolved,
        lambda: routes_of(open_network(folder, 2026), "East", "West", k=2, draws=100, pareto=False),
        lambda: routes_of(open_network(folder), "West", "East", k=2, draws=0, cargo="grain", pareto=False),
    ):
        try:
            use()
        except DalizError as error:
            sentences.append(str(error))
    assert all(sentences)


def _write(folder: Path, files: dict[str, list[list[str]]]) -> Path:
    write_package(folder, {})
    for name, rows in files.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    return folder


FAST = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@given(data=st.data())
@FAST
def test_any_cell_may_be_anything(
    data: st.DataObject, clean: dict[str, list[list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Cells with text, huge numbers, blanks and names of other rows raise nothing but errors of Daliz."""
    files = {name: [list(row) for row in rows] for name, rows in clean.items()}
    for _ in range(data.draw(st.integers(1, 3))):
        rows = files[data.draw(st.sampled_from(sorted(files)))]
        row = data.draw(st.integers(0, len(rows) - 1))
        column = data.draw(st.integers(0, len(rows[0]) - 1))
        rows[row][column] = data.draw(
            st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
        )
    _survive(_write(tmp_path_factory.mktemp("broken") / "tiny", files))


@given(data=st.data())
@FAST
def test_columns_may_be_exchanged_and_rows_lost(
    data: st.DataObject, clean: dict[str, list[list[str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Exchanged columns, lost, doubled and cut rows, and lost files raise nothing but errors of Daliz."""
    files = {name: [list(row) for row in rows] for name, rows in clean.items()}
    name = data.draw(st.sampled_from(sorted(files)))
    rows = files[name]
    some = st.integers(0, len(rows) - 1)
    a, b = data.draw(st.integers(0, len(rows[0]) - 1)), data.draw(st.integers(0, len(rows[0]) - 1))
    deed = data.draw(
        st.sampled_from(
            ["exchange", "lose row", "double row", "cut row", "lose column", "lose file", "blank column"]
        )
    )
    if deed == "exchange":
        for row in rows[data.draw(st.integers(0, 1)) :]:
            row[a], row[b] = row[b], row[a]
    elif deed == "lose row":
        del rows[data.draw(some)]
    elif deed == "double row":
        rows.append(rows[data.draw(some)])
    elif deed == "cut row":
        del rows[data.draw(some)][a:]
    elif deed == "lose column":
        for row in rows:
            del row[a]
    elif deed == "blank column":
        for row in rows[1:]:
            row[a] = ""
    else:
        del files[name]
    _survive(_write(tmp_path_factory.mktemp("broken") / "tiny", files))


@given(raw=st.binary(max_size=200), name=st.sampled_from(["nodes.csv", "links.csv", "datapackage.json"]))
@FAST
def test_any_bytes_may_stand_in_a_file(
    raw: bytes, name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A file of any bytes raises nothing but errors of Daliz."""
    folder = write_package(tmp_path_factory.mktemp("bytes") / "tiny", {})
    (folder / name).write_bytes(raw)
    _survive(folder)


EDGES = [
    ("nodes.csv", "country", ""),
    ("links.csv", "speed_class", "road"),
    ("links.csv", "mode", "air"),
    ("links.csv", "to_node", "east"),
    ("grids.csv", "country", "XX"),
    ("speeds.csv", "factor_id", "ship"),
    ("emission_factors.csv", "basis", "t"),
    ("emission_factors.csv", "wtw_kg", ""),
    ("cargoes.csv", "rate_group", "wagon"),
    ("cargoes.csv", "value_of_time_usd_h", "0"),
    ("services.csv", "departures_per_week", "0.01"),
    ("services.csv", "factor_id", "rail-electric"),
    ("services.csv", "mode", "air"),
    ("stops.csv", "sequence", "1"),
    ("stops.csv", "call", "pass"),
    ("rates.csv", "usd_per_km", ""),
    ("rates.csv", "usd_fixed", "-20000"),
    ("rates.csv", "from_node", "east"),
    ("rates.csv", "service_id", "block"),
    ("terminals.csv", "mode", "road"),
    ("terminals.csv", "operation", "gauge-change"),
    ("terminals.csv", "hours", "0"),
    ("weather.csv", "closed_share", "0.95"),
    ("borders.csv", "link_id", "sea-port-quay"),
    ("hazards.csv", "scope", "link"),
    ("constants.csv", "id", "other"),
    ("corridors.csv", "order", "1"),
    ("grades.csv", "id", "other"),
    ("evidence/grids.csv", "grade", "other"),
    ("evidence/grids.csv", "low", "0"),
    ("evidence/grids.csv", "used", "no"),
    ("evidence/grids.csv", "value", "0"),
    ("indices.csv", "year", "2024"),
    ("links.csv", "length_km", "0.1"),
    ("links.csv", "from_date", "2025-01-01"),
    ("links.csv", "gauge_mm", "1676"),
    ("sources.csv", "id", "other"),
]


@pytest.mark.parametrize(("file", "column", "value"), EDGES)
def test_a_whole_column_may_be_wrong(
    file: str, column: str, value: str, clean: dict[str, list[list[str]]], tmp_path: Path
) -> None:
    """A column filled with one allowed but unfit value raises nothing but errors of Daliz."""
    files = {name: [list(row) for row in rows] for name, rows in clean.items()}
    at = files[file][0].index(column)
    for row in files[file][1:]:
        row[at] = value
    _survive(_write(tmp_path / "tiny", files))


@pytest.mark.parametrize(("file", "column", "value"), EDGES)
def test_the_first_cell_of_a_column_may_be_wrong(
    file: str, column: str, value: str, clean: dict[str, list[list[str]]], tmp_path: Path
) -> None:
    """One cell with an allowed but unfit value raises nothing but errors of Daliz."""
    files = {name: [list(row) for row in rows] for name, rows in clean.items()}
    files[file][1][files[file][0].index(column)] = value
    _survive(_write(tmp_path / "tiny", files))
