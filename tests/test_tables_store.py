"""Protect packages on disk: opened only if they are packages, saved whole or not at all."""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from daliz.errors import CheckError, DataError
from daliz.tables import Network, open_network
from daliz.tables.period import Period
from daliz.tables.schema import schema
from daliz.tables.store import open_store
from strategies import packages
from tiny_package import DESCRIPTOR, Tables, network_of, tiny_network, tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path


def _cells(network: Network) -> dict[str, list[dict[str, Any]]]:
    """Give all rows; blanks as None, so that they are equal."""
    return {
        name: [
            {c: None if isinstance(v, float) and math.isnan(v) else v for c, v in row.items()}
            for row in table.rows()
        ]
        for name, table in network.store.items()
    }


def test_saved_and_opened_is_equal(tmp_path: Path) -> None:
    """The tiny package comes back from disk with the same rows, name, version and digest."""
    network = tiny_network()
    opened = open_network(network.save(tmp_path / "tiny"))
    assert (network.name, network.version, network.digest) == (opened.name, opened.version, opened.digest)
    assert _cells(network) == _cells(opened)


@given(tables=packages())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_package_comes_back(tables: Tables, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever cells the schema allows, saving and opening gives them back to the last bit."""
    network = network_of(tables)
    opened = open_store(network.save(tmp_path_factory.mktemp("packages") / "made"))
    assert _cells(network) == _cells(Network(opened, network.period))


def test_a_failing_write_leaves_the_old_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk fails half-way the old package stays whole and nothing is left beside it."""
    old = tiny_network()
    old.save(tmp_path / "tiny")
    write, calls = os.write, []

    def full(descriptor: int, content: bytes) -> int:
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        return write(descriptor, content)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(
            DataError, match="could not be written: No space left on device; nothing was changed"
        ):
            tiny_network(grids={"kz": {"g_co2e_kwh": 1.0}}).save(tmp_path / "tiny")
    assert ["tiny"] == [path.name for path in tmp_path.iterdir()]
    assert old.digest == open_network(tmp_path / "tiny").digest


def test_what_a_kill_left_of_a_package_is_restored_on_opening(tmp_path: Path) -> None:
    """A package killed while its files were put in their places is whole when it is next opened."""
    old, new = tiny_network(), tiny_network(grids={"kz": {"g_co2e_kwh": 1.0}})
    old.save(tmp_path / "tiny")
    new.save(tmp_path / "new")
    waiting = tmp_path / "tiny" / ".daliz-whole-0"
    waiting.mkdir()
    (tmp_path / "new").rename(waiting / "files")
    (tmp_path / ".daliz-new-0").mkdir()
    assert new.digest == open_network(tmp_path / "tiny").digest
    assert ["tiny"] == [path.name for path in tmp_path.iterdir()]
    assert not waiting.exists()


def test_text_that_cannot_be_encoded_is_refused(tmp_path: Path) -> None:
    """Half a surrogate pair in a name is refused as data, and no folder is left."""
    network = tiny_network(operators={"line": {"name_en": "\ud800"}})
    with pytest.raises(DataError, match="could not be written"):
        network.save(tmp_path / "tiny")
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_no_package_is_left(tmp_path: Path) -> None:
    """Saving refuses to overwrite a folder without datapackage.json, and a file."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "thesis.txt").write_text("years of work")
    (tmp_path / "file").write_text("a file")
    for name in ("papers", "file"):
        with pytest.raises(DataError, match="exists and is no package, so it is left as it is"):
            tiny_network().save(tmp_path / name)
    assert "years of work" == (tmp_path / "papers" / "thesis.txt").read_text()


def test_a_missing_parent_is_named(tmp_path: Path) -> None:
    """Saving into a folder that does not exist says which."""
    with pytest.raises(DataError, match=r"The folder .*nowhere does not exist"):
        tiny_network().save(tmp_path / "nowhere" / "tiny")


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even a scratch folder can be made, saving says why and changes nothing."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(DataError, match="could not be written: Permission denied; nothing was changed"):
        tiny_network().save(tmp_path / "tiny")


def test_a_store_is_a_mapping_of_all_tables() -> None:
    """A store has every table of the schema, empty if it has no rows, and no other."""
    store = tiny_network().store
    assert (list(schema()), len(schema())) == (list(store), len(store))
    with pytest.raises(KeyError):
        store["trains"]


def test_other_files_of_a_package_are_kept(tmp_path: Path) -> None:
    """Saving over a package replaces its tables and keeps a README and a folder of its author."""
    path = tiny_network().save(tmp_path / "tiny")
    (path / "README.md").write_text("read me")
    (path / "notes").mkdir()
    (path / "notes" / "a.txt").write_text("note")
    tiny_network(operators={"line": None}, services={"ferry": {"operator_id": ""}}).save(path)
    assert ("read me", "note") == ((path / "README.md").read_text(), (path / "notes" / "a.txt").read_text())
    assert ["railway"] == open_network(path).table("operators").ids.tolist()


def test_a_package_is_saved_from_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which one stands can be saved as a point."""
    tiny_network().save(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path / "tiny")
    tiny_network(grids={"kz": {"g_co2e_kwh": 800.0}}).save(".")
    assert 800.0 == open_network(tmp_path / "tiny").table("grids").row("kz")["g_co2e_kwh"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "Expecting"),
        ("[]", "it is no JSON object"),
        ('{"name": "a", "version": "1"}', "'years' is missing"),
        ('{"name": "a", "years": {"first": 2020, "observed": 2024, "last": 2030}}', "'version' is missing"),
        (
            '{"name": "a", "version": "1", "years": {"first": 2020, "observed": 2019, "last": 2030}}',
            "first <= observed",
        ),
        (
            '{"name": "a", "version": "1", "years": {"first": "2020", "observed": "2024", "last": "2030"}}',
            "whole numbers",
        ),
        (
            '{"name": "a", "version": "1", "years": {"first": -1, "observed": 2024, "last": 2030}}',
            "first <= observed",
        ),
        (
            '{"name": 1, "version": "1", "years": {"first": 2020, "observed": 2024, "last": 2030}}',
            "must be text",
        ),
        ("[" * 100_000, "nested too deeply|Expecting"),
    ],
)
def test_a_broken_descriptor_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """A datapackage.json that cannot be used is refused with the reason and what it needs."""
    (tmp_path / "datapackage.json").write_text(text)
    with pytest.raises(
        DataError, match=f"(?s)datapackage.json cannot be used .*({reason}).*it needs name, version and years"
    ):
        open_store(tmp_path)


def test_a_descriptor_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    """A byte-order mark before the JSON leaves no doubt."""
    (tmp_path / "datapackage.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(DESCRIPTOR).encode())
    assert "tiny" == open_store(tmp_path).descriptor["name"]


@pytest.mark.parametrize("path", ["nowhere", "", "eurasiaa", "a\0b"])
def test_a_path_that_is_no_package_is_refused(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A path that is neither a package nor a folder, or a folder without a descriptor, is refused."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"is neither an embedded package|holds no datapackage.json"):
        open_network(path)


def test_faults_are_told_on_opening(tmp_path: Path) -> None:
    """Using a table with faults raises the first, counts the others and names the command that shows all."""
    folder = write_package(
        tmp_path / "tiny", tiny_tables(grids={"kz": {"g_co2e_kwh": "x"}, "az": {"g_co2e_kwh": "y"}})
    )
    with pytest.raises(CheckError, match=r"grids.csv, row az, .*\(1 more\) Run `daliz check"):
        open_network(folder).table("grids")


def test_tables_are_read_when_asked_for(tmp_path: Path) -> None:
    """Resolving leaves alone what it does not need: sources, shapes and observations."""
    folder = write_package(tmp_path / "tiny", tiny_tables())
    for name in ("sources", "shapes", "observations"):
        (folder / f"{name}.csv").write_bytes(b"\xff\xfe broken")
    network = Network(open_store(folder), Period.of_year(2024))
    assert 10 == len(network.resolved.tables["links"])


def test_own_columns_come_back(tmp_path: Path) -> None:
    """Columns that begin with x_ survive saving and opening."""
    network = tiny_network(grids={"kz": {"x_remark": "coal"}})
    opened = open_network(network.save(tmp_path / "tiny"))
    assert ["", "coal", ""] == opened.store["grids"]["x_remark"].tolist()
