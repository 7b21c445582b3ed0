"""Protect the schema: it is the only place that says what tables and columns there are."""

from __future__ import annotations

import re

import pytest

from daliz.tables.cells import parse_cell_text
from daliz.tables.check_geography import limits
from daliz.tables.schema import Column, schema

COLUMNS = [column for table in schema().values() for column in table.columns.values()]
TYPES = {"number", "integer", "date", "boolean", "choice", "list", "id", "ref", "text", "wkt", "made"}


def _name(column: Column) -> str:
    return f"{column.table}.{column.name}"


def test_every_column_has_a_known_type() -> None:
    """A column is of one of the types that can be read, or made on reading."""
    assert {_name(c): c.type for c in COLUMNS if c.type not in TYPES} == {}


def test_every_table_has_one_key() -> None:
    """A table has exactly one key, it is required, and its name follows the rules of file names."""
    keys = {name: [c.name for c in table.columns.values() if c.key] for name, table in schema().items()}
    assert {name: [table.key] for name, table in schema().items()} == keys
    assert [] == [_name(c) for c in COLUMNS if c.key and not (c.required or c.type == "made")]
    assert [] == [name for name in schema() if not re.fullmatch(r"[a-z_]+", name)]


def test_references_lead_to_tables() -> None:
    """A reference names a table, and every column of type ref names one."""
    assert [] == [_name(c) for c in COLUMNS if c.references and c.references not in schema()]
    assert [] == [_name(c) for c in COLUMNS if c.type == "ref" and not c.references]


@pytest.mark.parametrize("column", [c for c in COLUMNS if c.inherits], ids=_name)
def test_inheritance_leads_to_a_figure_of_the_same_unit(column: Column) -> None:
    """A blank cell inherits a figure of the same unit and bounds from the row that a column of its table names."""
    reference, _, source = column.inherits.partition(".")
    through = schema()[column.table].columns[reference]
    above = schema()[through.references].columns[source]
    assert (True, column.figure, "") == (through.required, above.figure, above.inherits)
    assert (column.unit, column.minimum, column.maximum) == (above.unit, above.minimum, above.maximum)


def test_figures_are_numbers() -> None:
    """Only numbers are figures, so that every figure has an interval."""
    assert [] == [_name(c) for c in COLUMNS if c.figure and c.type != "number"]


def test_choices_and_defaults_can_be_read() -> None:
    """A choice lists what may be chosen, and a default is a cell that its own column accepts."""
    assert [] == [_name(c) for c in COLUMNS if c.type == "choice" and not c.allowed]
    defaults = [c for c in COLUMNS if c.default]
    said = {"yes": True, "no": False}
    read = [parse_cell_text(c.default, c) for c in defaults]
    assert [said[c.default] if c.type == "boolean" else c.default for c in defaults] == read


def test_bounds_are_in_order() -> None:
    """The least value of a column is below the greatest."""
    bounded = [c for c in COLUMNS if c.minimum is not None and c.maximum is not None]
    assert [] == [_name(c) for c in bounded if c.minimum >= c.maximum]


def test_every_mode_has_limits() -> None:
    """Each mode that a link may have has a fastest speed and a longest detour."""
    assert set(schema()["links"].columns["mode"].allowed) == set(limits())
