"""Protect the arithmetic of derived figures and the filling of cells from evidence."""

from __future__ import annotations

import pytest

from daliz.errors import FormulaError
from daliz.tables.arithmetic import Arithmetic
from daliz.tables.geo import great_circle_km
from daliz.tables.table import Table
from tiny_package import Row, tiny_network

KZ = "grids-kz-g-co2e-kwh"


def _over(*evidence: Row) -> Arithmetic:
    rows = [
        {"id": f"e{i}", "table": "grids", "column": "g_co2e_kwh", "used": True} | row
        for i, row in enumerate(evidence)
    ]
    return Arithmetic({"evidence": Table.from_rows("evidence", rows)})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 * 3 + 4 / 8 - 1", 5.5),
        ("-2 ** 2", -4.0),
        ("2 ** 0.5 * 2 ** 0.5", 2.0),
        ("min(3, 2, 5) + max(1, 7)", 9.0),
        (" 1e3 ", 1000.0),
    ],
)
def test_numbers_are_computed(expression: str, value: float) -> None:
    """Plain arithmetic follows the rules of school."""
    assert value == pytest.approx(Arithmetic({}).compute(expression))


def test_gc_sums_great_circles() -> None:
    """The function gc gives the great circle in km, through all places named."""
    tables = tiny_network().store
    east, gate, mid = (
        (tables["nodes"].row(n)["lat"], tables["nodes"].row(n)["lon"]) for n in ("east", "gate", "mid")
    )
    whole = float(great_circle_km(*east, *gate) + great_circle_km(*gate, *mid))
    assert whole == pytest.approx(Arithmetic(tables).compute('gc("east", "gate", "mid")'))
    one_degree = 6371.0088 * 3.141592653589793 / 180
    nodes = Table.from_rows("nodes", [{"id": "a", "lat": 0, "lon": 0}, {"id": "b", "lat": 1, "lon": 0}])
    assert one_degree == pytest.approx(Arithmetic({"nodes": nodes}).compute('gc("a", "b")'))


def test_shape_measures_the_drawn_line() -> None:
    """The function shape gives the km along the line of a link: here two degrees of meridian and one of the equator."""
    line = {"link_id": "a-b", "geometry": "LINESTRING (5 2, 5 0, 6 0)"}
    one_degree = 6371.0088 * 3.141592653589793 / 180
    assert 3 * one_degree == pytest.approx(
        Arithmetic({"shapes": Table.from_rows("shapes", [line])}).compute('shape("a-b")')
    )


def test_cell_takes_the_evidence_in_use() -> None:
    """The function cell gives the value of the one row of evidence that is used, computed if it is arithmetic."""
    arithmetic = _over(
        {"row_id": "kz", "value": 800.0},
        {"row_id": "kz", "value": 1.0, "used": False},
        {"row_id": "az", "arithmetic": "2 * 3"},
    )
    assert 806.0 == arithmetic.compute(
        'cell("grids", "kz", "g_co2e_kwh") + cell("grids", "az", "g_co2e_kwh")'
    )


def test_cell_takes_a_year() -> None:
    """A cell whose evidence differs by year needs the year, and takes the figure in the middle of it."""
    arithmetic = _over(
        {"row_id": "kz", "value": 800.0, "to_date": "2022-01-01"},
        {"row_id": "kz", "value": 700.0, "from_date": "2022-01-01"},
    )
    assert [800.0, 700.0] == [
        arithmetic.compute(f'cell("grids", "kz", "g_co2e_kwh", {year})') for year in (2021, 2022)
    ]
    with pytest.raises(FormulaError, match=r"grids.kz.g_co2e_kwh differs by year; name the year"):
        arithmetic.compute('cell("grids", "kz", "g_co2e_kwh")')


def test_cell_needs_one_figure_of_the_year() -> None:
    """A year in which two rows are used, or none, is refused with their number."""
    arithmetic = _over(
        {"row_id": "kz", "value": 8.0}, {"row_id": "kz", "value": 7.0, "from_date": "2022-01-01"}
    )
    with pytest.raises(FormulaError, match="has 2 figures in use in 2023; it needs one"):
        arithmetic.compute('cell("grids", "kz", "g_co2e_kwh", 2023)')


def test_index_takes_a_value_of_a_series() -> None:
    """The function index gives the value of a series in a year from its evidence."""
    assert 1.05**4 * 100 == pytest.approx(
        Arithmetic(tiny_network().store).compute('index("railway", 2024)'), abs=0.01
    )


def test_circles_are_refused() -> None:
    """Figures that are computed from each other are refused."""
    other = 'cell("grids", "{}", "g_co2e_kwh")'
    arithmetic = _over(
        {"row_id": "kz", "arithmetic": other.format("az")}, {"row_id": "az", "arithmetic": other.format("kz")}
    )
    with pytest.raises(FormulaError, match="goes in a circle"):
        arithmetic.compute(other.format("kz"))


def test_a_chain_of_figures_is_computed_once_each() -> None:
    """Forty figures, each twice the one before by addition, take no longer than forty additions."""
    cell = 'cell("grids", "g{}", "g_co2e_kwh")'
    rows: list[Row] = [{"row_id": "g0", "value": 1.0}]
    rows += [{"row_id": f"g{i}", "arithmetic": f"{cell} + {cell}".format(i - 1, i - 1)} for i in range(1, 41)]
    assert 2.0**40 == _over(*rows).compute(cell.format(40))


@pytest.mark.parametrize(
    "expression",
    [
        "1 / 0",
        "0 ** -1",
        "1e308 * 10",
        "(-8) ** 0.5",
        "9 ** 9 ** 9",
        "",
        "1 +",
        "__import__('os')",
        "(1).real",
        "'a' * 3",
        "gc",
        "gc('east').x",
        "[1][0]",
        "1 if 2 else 3",
        "lambda: 1",
        "True",
        "max(1, key=2)",
        "max(*[1, 2])",
        "open('a')",
        "1 < 2",
        "gc('east')",
        "gc('east', 'nowhere')",
        "gc(1, 2)",
        "shape('rail-mid-port')",
        "cell('grids', 'kz')",
        "cell('a', 'b', 'c')",
        "index('railway', 1999)",
        "index('railway', 1e300)",
        "max('a', 'b')",
        "1\0",
        "-" * 50_000 + "1",
        "(" * 500 + "1" + ")" * 500,
        "9" * 5000,
    ],
)
def test_what_is_no_arithmetic_is_refused(expression: str) -> None:
    """Division by zero, unknown names, attributes, calls and all other syntax raise one clear error."""
    with pytest.raises(FormulaError):
        Arithmetic(tiny_network().store).compute(expression)


def test_functions_without_their_tables_are_refused() -> None:
    """Arithmetic over tables that do not exist names what is missing."""
    for expression in ('gc("a", "b")', 'shape("a")', 'cell("grids", "kz", "g_co2e_kwh")'):
        with pytest.raises(FormulaError, match=r"does not exist|no evidence"):
            Arithmetic({}).compute(expression)
