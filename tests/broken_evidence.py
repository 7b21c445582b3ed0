"""Break the evidence of a package: patterns, dates, arithmetic, circles, values that stand twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

Rows = list[list[str]]
ARITHMETIC = (
    "1/0", "2840", "0.24*1", "2*", "gc(1)", 'gc("a", "b")', 'shape("l")', 'index("x", 2024)', "10**400", "-1", "(" * 300,
    "__import__('os')", "min()", "1.1 * 300 + 2", 'cell("links", "r1", "length_km")', "9" * 400, "2 ** 2 ** 2 ** 2 ** 2",
)  # fmt: skip


def _set(rows: Rows, row: list[str], column: str, value: str) -> None:
    """Write a cell of a row, with a column of its own where there is none yet."""
    if column not in rows[0]:
        for r in rows:
            r.append("")
        rows[0][-1] = column
    i = rows[0].index(column)
    row += [""] * (i + 1 - len(row))
    row[i] = value


def _get(rows: Rows, row: list[str], column: str) -> str:
    i = rows[0].index(column) if column in rows[0] else len(row)
    return row[i] if i < len(row) else ""


def _cell(tables: dict[str, Rows], path: str, row: list[str]) -> tuple[list[str], int] | None:
    """Return the row and the place of the first cell of which a row of evidence speaks."""
    rows, table = tables[path], tables.get(path.removeprefix("evidence/"), [])
    ids, columns = _get(rows, row, "row_id").split(), _get(rows, row, "column").split()
    if not (ids and columns and table and columns[0] in table[0]):
        return None
    i = table[0].index(columns[0])
    found = [r for r in table[1:] if r and r[0] == ids[0] and i < len(r)]
    return (found[0], i) if found else None


def _dated(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Date a figure, with its cell blank or not."""
    rows = tables[path]
    row = rng.choice(rows[1:])
    cell = _cell(tables, path, row)
    for column in ("row_id", "column"):
        _set(rows, row, column, (_get(rows, row, column).split() or [""])[0])
    dates = rng.choice(
        (("", "2024-04-01"), ("2024-04-01", ""), ("2025-01-01", "2024-01-01"), ("2023-01-01", "2026-01-01"))
    )
    _set(rows, row, "from_date", dates[0])
    _set(rows, row, "to_date", dates[1])
    if cell:
        _set(rows, row, "value", cell[0][cell[1]])
        if rng.random() < 0.8:
            cell[0][cell[1]] = ""


def _derived(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Work a figure out, also from itself."""
    rows = tables[path]
    row = rng.choice(rows[1:])
    cell = _cell(tables, path, row)
    first = [(_get(rows, row, c).split() or ["x"])[0] for c in ("row_id", "column")]
    own = f'cell("{path.removeprefix("evidence/").removesuffix(".csv")}", "{first[0]}", "{first[1]}")'
    for column, name in zip(("row_id", "column"), first, strict=True):
        _set(rows, row, column, name)
    _set(rows, row, "arithmetic", rng.choice((*ARITHMETIC, own, f"2 * {own}")))
    if cell and rng.random() < 0.8:
        cell[0][cell[1]] = ""


def _pattern(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Let a row speak of a family."""
    rows = tables[path]
    row = rng.choice(rows[1:])
    _set(rows, row, rng.choice(("row_id", "column")), rng.choice(("*", "r*", "*-*", "**", "[", "no*", "* *")))


def _stands_twice(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Write the value of a cell into its evidence too."""
    rows = tables[path]
    row = rng.choice(rows[1:])
    cell = _cell(tables, path, row)
    _set(rows, row, "value", cell[0][cell[1]] if cell else "1")
    if rng.random() < 0.5:
        _set(rows, row, "used", "no")


def _range(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Write a range that may not hold the figure."""
    rows = tables[path]
    row = rng.choice(rows[1:])
    low, high = rng.choice((("0", "1e9"), ("9", "1"), ("-5", ""), ("", "1e308"), ("NaN", "inf"), ("1", "1")))
    _set(rows, row, "low", low)
    _set(rows, row, "high", high)


def _group(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Put rows into a group, or change the distribution."""
    for row in tables[path][1:]:
        if rng.random() < 0.5:
            _set(tables[path], row, "group", "g")
        if rng.random() < 0.5:
            _set(
                tables[path], row, "distribution", rng.choice(("triangular", "lognormal", "uniform", "fixed"))
            )


def _lost(rng: random.Random, tables: dict[str, Rows], path: str) -> None:
    """Take a row of evidence out, or double it."""
    rows = tables[path]
    row = rng.choice(rows[1:])
    if rng.random() < 0.5:
        rows.remove(row)
    else:
        rows.append(list(row))


EVIDENCE_DEEDS: dict[str, Callable[[random.Random, dict[str, Rows], str], None]] = {
    "dated": _dated,
    "derived": _derived,
    "pattern": _pattern,
    "stands twice": _stands_twice,
    "range": _range,
    "group": _group,
    "lost": _lost,
}
