"""Compute the arithmetic of derived figures."""

from __future__ import annotations

import ast
import functools
import itertools
import math
import operator
from typing import TYPE_CHECKING, cast

import numpy as np

from daliz.errors import FormulaError
from daliz.tables.faults import shortened
from daliz.tables.figures import Cell
from daliz.tables.geo import EARTH_RADIUS_KM, line_km, parse_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from daliz.tables.table import Table

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


class Arithmetic:
    """Arithmetic of expressions over the tables of a package.

    Numbers, + - * / **, min, max, `gc("a", "b", ...)` for great-circle km through nodes, `shape("link")`
    for km along a link's shape, `cell("table", "row", "column")` for another figure, `index("series",
    year)`.

    A cell with dated evidence that differs by year is ambiguous and refused unless `year` is given as fourth
    argument of `cell`.

    Examples
    --------
    >>> from daliz.tables.table import Table
    >>> nodes = Table.from_rows("nodes", [{"id": "a", "lat": 0, "lon": 0}, {"id": "b", "lat": 0, "lon": 1}])
    >>> round(Arithmetic({"nodes": nodes}).compute('2 * gc("a", "b")'), 1)
    222.4
    """

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = tables
        self._open: list[Cell] = []
        self._done: dict[str, float] = {}
        self._lengths: dict[str, float] = {}
        self._functions: dict[str, Callable[..., float]] = {
            "gc": self._great_circle,
            "shape": self._shape,
            "cell": self._cell,
            "index": self._index,
            "min": min,
            "max": max,
        }

    def compute(self, expression: str) -> float:
        """Compute one expression, once however often it stands.

        Raises
        ------
        FormulaError
            If it cannot be parsed, names something unknown, goes in a circle or has no finite value.
        """
        if expression in self._done:
            return self._done[expression]
        try:
            value = self._value(ast.parse(expression.strip(), mode="eval").body)
        except (RecursionError, MemoryError):
            raise FormulaError(
                f"The arithmetic {_short(expression)} is nested too deeply; split it."
            ) from None
        except (SyntaxError, ArithmeticError, TypeError, ValueError) as error:
            reason = "a number is too large" if isinstance(error, OverflowError) else str(error)
            if isinstance(error, SyntaxError):
                reason = "it is no arithmetic that can be read; look at its brackets, commas and quotes"
            raise FormulaError(
                f"The arithmetic {_short(expression)} cannot be computed: {reason}."
            ) from error
        if not isinstance(value, float) or not np.isfinite(value):
            raise FormulaError(f"The arithmetic {_short(expression)} has no finite value.")
        self._done[expression] = float(value)
        return self._done[expression]

    def _value(self, node: ast.expr) -> float:
        if isinstance(node, ast.Constant) and type(node.value) in {int, float}:
            return float(cast("float", node.value))
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            return _OPERATORS[type(node.op)](self._value(node.left), self._value(node.right))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._value(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
            function = self._functions.get(node.func.id)
            if function is not None:
                return float(function(*[self._argument(a) for a in node.args]))
        raise FormulaError(
            f"{ast.unparse(node)!r} is not allowed in arithmetic; use numbers, + - * / ** and "
            f"{', '.join(self._functions)}."
        )

    def _argument(self, node: ast.expr) -> str | float:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return self._value(node)

    def _row(self, table: str, row_id: str) -> int:
        found = self._tables.get(table)
        if found is None or row_id not in found.position:
            raise FormulaError(f"Arithmetic names {table}.{row_id}, which does not exist.")
        return found.position[row_id]

    def _great_circle(self, *names: str) -> float:
        at = [self._row("nodes", name) for name in names]
        if len(at) < 2:
            raise FormulaError("gc needs at least two places.")
        lat, lon = self._degrees
        steps = itertools.pairwise(at)
        return sum(_great_circle_km(lat[i], lon[i], lat[j], lon[j]) for i, j in steps)

    @functools.cached_property
    def _degrees(self) -> tuple[list[float], list[float]]:
        return self._tables["nodes"]["lat"].tolist(), self._tables["nodes"]["lon"].tolist()

    def _shape(self, link: str) -> float:
        i = self._row("shapes", link)
        if link not in self._lengths:
            self._lengths[link] = line_km(parse_line(str(self._tables["shapes"]["geometry"][i])))
        return self._lengths[link]

    def _index(self, series: str, year: float) -> float:
        return self._cell("indices", f"{series}-{int(year)}", "value")

    @functools.cached_property
    def _used(self) -> dict[Cell, list[int]]:
        found: dict[Cell, list[int]] = {}
        if "evidence" not in self._tables:
            return found
        evidence = self._tables["evidence"]
        names = (evidence[n].tolist() for n in ("table", "row_id", "column", "used"))
        for i, (table, row, column, used) in enumerate(zip(*names, strict=True)):
            if used:
                found.setdefault(Cell(table, row, column), []).append(i)
        return found

    def _cell(self, table: str, row: str, column: str, year: float | None = None) -> float:
        cell = Cell(table, row, column)
        rows = self._used.get(cell)
        if not rows:
            raise FormulaError(f"Arithmetic names {cell}, which has no evidence in use.")
        if cell in self._open:
            raise FormulaError(f"The arithmetic of {cell} goes in a circle.")
        evidence = self._tables["evidence"]
        if len(rows) > 1:
            if year is None:
                raise FormulaError(f"{cell} differs by year; name the year: cell(..., 2024).")
            day = np.datetime64(f"{int(year)}-07-01")
            start, end = evidence["from_date"], evidence["to_date"]
            rows = [i for i in rows if not (start[i] > day) and not (end[i] <= day)]
            if len(rows) != 1:
                raise FormulaError(f"{cell} has {len(rows)} figures in use in {int(year)}; it needs one.")
        return self._figure(rows[0], cell)

    def _figure(self, i: int, cell: Cell) -> float:
        evidence = self._tables["evidence"]
        if not evidence["arithmetic"][i]:
            return float(evidence["value"][i])
        self._open.append(cell)
        try:
            return self.compute(str(evidence["arithmetic"][i]))
        finally:
            self._open.pop()


def _great_circle_km(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Compute one distance as `great_circle_km` does, without the cost of arrays."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    half = math.sin((phi2 - phi1) / 2) ** 2
    half += math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(half, 1.0)))


def _short(expression: str) -> str:
    return repr(shortened(expression))
