"""Find arithmetic that hides an assumption or computes nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from daliz.tables.evidence import evidence_fault
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from daliz.tables.faults import Fault

Row = dict[str, Any]
ASSUMED = "assum"
"""Stem of assume, assumed and assumption, by which a note tells that a number is nobody's figure."""
MEND_ASSUMED = 'write the number as a row of assumptions.csv and call it: cell("assumptions", row, "value")'
MEND_IDENTITY = "leave the arithmetic blank and grade the figure by its source"
FAR = 1e6
"""No year is that far; a number that is not finite is none."""
_NEUTRAL: dict[type, tuple[float | None, float]] = {
    ast.Add: (0.0, 0.0),
    ast.Sub: (None, 0.0),
    ast.Mult: (1.0, 1.0),
    ast.Div: (None, 1.0),
    ast.Pow: (None, 1.0),
}
"""Operands on the left and on the right that leave the other one as it is."""


class ArithmeticFaults:
    """Faults of what arithmetic is made of, once it is known that it can be computed.

    Examples
    --------
    >>> row = {"id": "a", "table": "grids", "row_id": "kz", "column": "g_co2e_kwh", "grade": "derived"}
    >>> row |= {"used": True, "arithmetic": "820 * 1", "note": ""}
    >>> [fault.allowed for fault in ArithmeticFaults([row]).of(row)]
    ['it computes nothing']
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._used: dict[Cell, list[Row]] = {}
        for row in rows:
            if row["used"]:
                self._used.setdefault(Cell(row["table"], row["row_id"], row["column"]), []).append(row)

    def of(self, row: Row) -> Iterator[Fault]:
        """Find the faults of one row of evidence with arithmetic."""
        text = str(row["arithmetic"])
        if _computes_nothing(text):
            yield evidence_fault(row, "arithmetic", text[:60], "it computes nothing", MEND_IDENTITY)
        elif ASSUMED in str(row["note"]).lower() and not self._assumes(text):
            allowed = "its note names an assumption, but it calls on no figure graded assumption"
            yield evidence_fault(row, "arithmetic", text[:60], allowed, MEND_ASSUMED)

    def _assumes(self, text: str) -> bool:
        """Check whether arithmetic calls on an assumption, directly or further down."""
        ahead, seen = called_cells(text), set[Cell]()
        while ahead:
            cell = ahead.pop()
            if cell in seen:
                continue
            seen.add(cell)
            for row in self._used.get(cell, []):
                if row["grade"] == "assumption":
                    return True
                ahead += called_cells(str(row["arithmetic"]))
        return False


def called_cells(text: str) -> list[Cell]:
    """List the cells that arithmetic calls on by `cell` and `index`; none where it cannot be read.

    Examples
    --------
    >>> [str(cell) for cell in called_cells('2 * index("oil", 2024) / 3')]
    ['indices.oil-2024.value']
    """
    tree = _tree(text)
    found = []
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            match [a.value for a in node.args if isinstance(a, ast.Constant)]:
                case [str(table), str(row), str(column), *_] if node.func.id == "cell":
                    found.append(Cell(table, row, column))
                case [str(series), int() | float() as year] if node.func.id == "index" and abs(year) < FAR:
                    found.append(Cell("indices", f"{series}-{int(year)}", "value"))
    return found


def _computes_nothing(text: str) -> bool:
    """Check whether arithmetic is a plain number, alone or with operands that leave it as it is."""
    tree = _tree(text)
    nodes = list(ast.walk(tree)) if tree else []
    numbers = [n.value for n in nodes if isinstance(n, ast.Constant)]
    if any(isinstance(n, ast.Call) for n in nodes) or sum(n not in {0, 1} for n in numbers) > 1:
        return False
    try:
        return tree is not None and _plain(tree) is not None
    except RecursionError:
        return False


def _plain(node: ast.expr) -> float | None:
    """Return the number of an expression that leaves a number as it is, None for one that computes."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _plain(node.operand)
        return None if number is None else -number
    if isinstance(node, ast.BinOp) and type(node.op) in _NEUTRAL:
        left, right = _plain(node.left), _plain(node.right)
        before, after = _NEUTRAL[type(node.op)]
        if left is not None and right == after:
            return left
        if right is not None and before is not None and left == before:
            return right
    return None


def _tree(text: str) -> ast.expr | None:
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
