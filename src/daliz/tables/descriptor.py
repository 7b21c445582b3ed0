"""Describe a package as a Frictionless data package, by its schema."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from daliz.tables.cells import ID
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from daliz.tables.schema import Column, TableSchema
    from daliz.tables.table import Table

FORM = "0.2"
"""Form of the tables that this version reads and writes."""
KINDS = {"number": "number", "integer": "integer", "boolean": "boolean", "date": "date"}


def describe(package: Mapping[str, Any], tables: Mapping[str, Table], texts: Mapping[str, str]) -> str:
    """Write the descriptor of a package as JSON text.

    Constraints, foreign keys and units come from the schema, the sources from their table, hashes and sizes from
    the texts.

    Parameters
    ----------
    package
        Name, version, years and what else the author wrote in the descriptor.
    tables
        The tables by the path of their file without ``.csv``.
    texts
        The text of each file.
    """
    own = {k: v for k, v in package.items() if k not in {"resources", "sources", "form", "profile"}}
    resources = [_resource(path, table, texts[path], tables) for path, table in tables.items()]
    sources = [_source(row) for row in tables["sources"].rows()] if "sources" in tables else []
    named = {"sources": sources} if sources else {}
    whole = {"profile": "tabular-data-package", "form": FORM} | own | named | {"resources": resources}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _source(row: Mapping[str, Any]) -> dict[str, str]:
    address = str(row["address"])
    return {"title": row["title"] or row["id"]} | ({"path": address} if address.startswith("http") else {})


def _resource(path: str, table: Table, text: str, tables: Mapping[str, Table]) -> dict[str, Any]:
    # half a character is refused with the place of the package when it is written
    raw = text.encode("utf-8", "surrogatepass")
    return {
        "name": path.replace("/", "-").replace("_", "-"),
        "path": f"{path}.csv",
        "profile": "tabular-data-resource",
        "format": "csv",
        "encoding": "utf-8",
        "bytes": len(raw),
        "hash": f"sha256:{hashlib.sha256(raw).hexdigest()}",
        "schema": _schema(table, text.split("\n", 1)[0].split(","), tables),
    }


def _schema(table: Table, header: list[str], tables: Collection[str]) -> dict[str, Any]:
    columns = table.schema.columns
    fields = [_field(columns[n]) if n in columns else {"name": n, "type": "string"} for n in header]
    keys = [
        {"fields": c.name, "reference": {"resource": c.references.replace("_", "-"), "fields": _key(c)}}
        for c in columns.values()
        if c.name in header and c.type == "ref" and c.references in tables
    ]
    primary = {"primaryKey": table.schema.key} if table.schema.key in header else {}
    return {"fields": fields, "missingValues": [""]} | primary | ({"foreignKeys": keys} if keys else {})


def _key(column: Column) -> str:
    reference: TableSchema = schema()[column.references]
    return reference.key


def _field(column: Column) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if column.required and not column.figure:
        limits["required"] = True
    if column.key:
        limits["unique"] = True
    if column.type == "id":
        limits["pattern"] = ID.pattern
    if column.type == "choice" or (column.allowed and column.type in {"number", "integer"}):
        limits["enum"] = [float(a) if column.numeric else a for a in column.allowed]
    bounds = {"minimum": column.minimum, "maximum": column.maximum}
    limits |= {name: bound for name, bound in bounds.items() if bound is not None}
    field: dict[str, Any] = {
        "name": column.name,
        "type": KINDS.get(column.type, "string"),
        "description": column.description,
    }
    if column.type == "boolean":
        field |= {"trueValues": ["yes"], "falseValues": ["no"]}
    return (
        field | ({"unit": column.unit} if column.unit else {}) | ({"constraints": limits} if limits else {})
    )
