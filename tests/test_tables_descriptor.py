"""Protect the descriptor of packages: what it says of the files is so, by the rules of data packages."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import daliz
from case_folders import cases
from daliz.tables.store import embedded_names

EMBEDDED = [Path(str(resources.files("daliz") / name.replace("-", "_"))) for name in embedded_names()]
READ = {"number": float, "integer": float, "date": dt.date.fromisoformat, "string": str}


def _descriptor(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "datapackage.json").read_text("utf-8")))


def _rows(folder: Path, resource: dict[str, Any]) -> list[dict[str, str]]:
    with (folder / resource["path"]).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _faults_of(field: dict[str, Any], cells: list[str]) -> list[str]:
    """Return the cells of a column that break what its field says, by the standard."""
    limits = field.get("constraints", {})
    filled = [c for c in cells if c]
    wrong = [""] if limits.get("required") and len(filled) < len(cells) else []
    if limits.get("unique") and len(set(filled)) < len(filled):
        wrong.append("twice")
    if field["type"] == "boolean":
        return wrong + [c for c in filled if c not in {*field["trueValues"], *field["falseValues"]}]
    values = [READ[field["type"]](c) for c in filled]
    for cell, value in zip(filled, values, strict=True):
        if "pattern" in limits and not re.fullmatch(limits["pattern"], cell):
            wrong.append(cell)
        if "enum" in limits and value not in limits["enum"]:
            wrong.append(cell)
        if value < limits.get("minimum", value) or value > limits.get("maximum", value):
            wrong.append(cell)
        if field["type"] == "integer" and not float(cell).is_integer():
            wrong.append(cell)
    return wrong


@pytest.mark.parametrize("folder", [*EMBEDDED, cases() / "00-base"], ids=lambda p: p.name)
def test_files_are_as_described(folder: Path) -> None:
    """Size, hash, header, types and constraints of every file are those of its resource."""
    resources_ = _descriptor(folder)["resources"]
    paths = {p.relative_to(folder).as_posix() for p in folder.rglob("*.csv") if p.parent.name != "briefs"}
    assert {r["path"] for r in resources_} == paths
    for resource in resources_:
        raw = (folder / resource["path"]).read_bytes()
        assert (len(raw), f"sha256:{hashlib.sha256(raw).hexdigest()}") == (
            resource["bytes"],
            resource["hash"],
        )
        rows, fields = _rows(folder, resource), resource["schema"]["fields"]
        assert raw.decode().split("\n", 1)[0].split(",") == [f["name"] for f in fields]
        for field in fields:
            assert (resource["name"], field["name"], _faults_of(field, [r[field["name"]] for r in rows])) == (
                resource["name"],
                field["name"],
                [],
            )


@pytest.mark.parametrize("folder", EMBEDDED, ids=lambda p: p.name)
def test_foreign_keys_lead_to_rows(folder: Path) -> None:
    """Every foreign key names a resource and a column, and every filled cell a row of it."""
    described = {r["name"]: r for r in _descriptor(folder)["resources"]}
    count = 0
    for resource in described.values():
        rows = _rows(folder, resource)
        for key in resource["schema"].get("foreignKeys", []):
            target = key["reference"]
            known = {r[target["fields"]] for r in _rows(folder, described[target["resource"]])}
            assert {r[key["fields"]] for r in rows} - {""} <= known
            count += 1
    assert count > 20


def test_sources_and_form_are_told() -> None:
    """The descriptor names the form and the sources, as the standard has them."""
    told = _descriptor(EMBEDDED[1])
    assert told["profile"] == "tabular-data-package"
    assert len(told["sources"]) == len(daliz.open("eurasia").store["sources"])
    assert all(source["title"] for source in told["sources"])
    assert all(re.fullmatch(r"[a-z0-9._-]+", r["name"]) for r in told["resources"])
