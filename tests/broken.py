"""Make up packages that are broken, or nearly so, from small ones that are whole.

A case is made from its number alone, so that any single one can be made again.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import random
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from broken_evidence import EVIDENCE_DEEDS
from case_folders import case
from daliz.tables.new import new_package
from daliz.tables.schema import schema
from daliz.tables.store import package_folder
from tiny_package import tiny_tables, write_package

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.tables.schema import Column

Rows = list[list[str]]
DESCRIPTOR = "datapackage.json"
CASES = ("00-base", "02-closed-month", "08c-half", "11-parallel", "16-chain/good")
SHARES = {"tiny": 5, "new": 4, "corridor-mini": 2, "generated": 6, **dict.fromkeys(CASES, 3)}
"""How often each whole package is broken, in proportion."""


@dataclass(frozen=True)
class Package:
    """Files of a package as cells: tables by path, header first, and the descriptor as text."""

    base: str
    tables: dict[str, Rows]
    descriptor: str

    def ids(self, table: str) -> list[str]:
        """List the ids of a table; none where it has no file or no such column."""
        rows = self.tables.get(f"{table}.csv", [[]])
        key = schema()[table].label
        return [r[rows[0].index(key)] for r in rows[1:]] if rows and key in rows[0] else []


class Broken(NamedTuple):
    """A package with what was done to it, in words."""

    whole: Package
    package: Package
    deeds: tuple[str, ...]


def broken(number: int) -> Broken:
    """Make the broken package of a number: one to three deeds on a whole one."""
    rng = random.Random(f"package {number}")  # noqa: S311 - cases are to be made again
    name = rng.choices(list(SHARES), list(SHARES.values()))[0]
    whole = generated(rng) if name == "generated" else whole_package(name)
    package = replace(whole, tables={path: [list(r) for r in rows] for path, rows in whole.tables.items()})
    deeds = []
    for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
        deed = rng.choices(list(DEEDS), list(DEEDS.values()))[0]
        package, done = deed(rng, package)
        deeds.append(f"{deed.__name__.strip('_')}: {done}")
    return Broken(whole, package, tuple(deeds))


def shuffled(package: Package, number: int) -> Package:
    """Return the package with the rows of all its tables in another order."""
    rng = random.Random(f"order {number}")  # noqa: S311
    tables = {p: [*rows[:1], *rng.sample(rows[1:], len(rows[1:]))] for p, rows in package.tables.items()}
    return replace(package, tables=tables)


@functools.cache
def whole_package(name: str) -> Package:
    """Read one of the whole packages that cases begin from."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if name == "tiny":
            return read_package(name, write_package(folder / name, tiny_tables()))
        if name == "new":
            return read_package(name, new_package(folder / name))
        if name in CASES:
            return read_package(name, case(name, folder))
        return read_package(name, Path(str(package_folder(name))))


def read_package(base: str, folder: Path) -> Package:
    """Read the cells of a package; resources are left out of its descriptor, which nothing reads."""
    paths = sorted([*folder.glob("*.csv"), *folder.glob("evidence/*.csv")])
    tables = {
        p.relative_to(folder).as_posix(): list(csv.reader(io.StringIO(p.read_text("utf-8"), newline="")))
        for p in paths
    }
    descriptor = json.loads((folder / DESCRIPTOR).read_text("utf-8"))
    descriptor.pop("resources", None)
    return Package(base, tables, json.dumps(descriptor))


def text_of(rows: Rows) -> str:
    """Write cells as CSV."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def write(package: Package, folder: Path) -> Path:
    """Write a package into a folder, which then holds nothing else."""
    (folder / "evidence").mkdir(parents=True, exist_ok=True)
    for path in [*folder.glob("*.csv"), *folder.glob("evidence/*.csv")]:
        if path.relative_to(folder).as_posix() not in package.tables:
            path.unlink()
    for name, rows in package.tables.items():
        (folder / name).write_text(text_of(rows), encoding="utf-8", newline="")
    (folder / DESCRIPTOR).write_text(package.descriptor, encoding="utf-8")
    return folder


def generated(rng: random.Random) -> Package:
    """Make up a small network of roads and railways with demand, from the rows of a case."""
    half = whole_package("08c-half")
    tables = {path: [list(r) for r in rows] for path, rows in half.tables.items()}
    count = rng.randint(3, 6)
    names = [f"p{i}" for i in range(count)]
    nodes, links, terminals = (tables[f"{n}.csv"][:1] for n in ("nodes", "links", "terminals"))
    for i, name in enumerate(names):
        lat, lon = 50 + rng.choice((-2, 0, 2)), 60 + 3 * i
        nodes.append(
            [name, name, name, name, rng.choice(("KZ", "KZ", "UZ")), "city", str(lat), str(lon), "src"]
        )
        terminals += [[f"{name}-{m}", name, m, "handling", "depot"] for m in ("road", "rail")]
    country = {r[0]: r[4] for r in nodes[1:]}
    pairs = [(rng.randrange(i), i) for i in range(1, count)]
    pairs += [tuple(rng.sample(range(count), 2)) for _ in range(rng.randint(0, 4))]  # type: ignore[misc]
    gauge = links[0].index("gauge_mm") if "gauge_mm" in links[0] else -1
    for i, (a, b) in enumerate(pairs):
        mode = rng.choice(("road", "road", "rail"))
        km = str(rng.choice((250, 400, 600)) * (1 + abs(a - b)))
        room = rng.choice((["", "", "", ""], ["0.05", "Mt/year", "direction", "0.1"]))
        row = [f"l{i}", names[a], names[b], mode, km, mode, *room]
        links.append(row if gauge < 0 else [*row[:gauge], "1520", *row[gauge:]])
    tables |= {"nodes.csv": nodes, "links.csv": links, "terminals.csv": terminals}
    borders = [
        (link[0], way)
        for link in links[1:]
        if country[link[1]] != country[link[2]]
        for way in ("forward", "backward")
    ]
    if borders:
        tables |= _borders(borders)
    if gauge < 0:
        links[0].insert(4, "gauge_mm")
        for row in links[1:]:
            row.insert(4, "1520" if row[3] == "rail" else "")
    origin, destination = rng.sample(names, 2)
    ends = tables["flow_ends.csv"]
    tables["flow_ends.csv"] = [
        ends[0],
        ["f-o", "f", "origin", origin, "1"],
        ["f-d", "f", "destination", destination, "1"],
    ]
    tables["rates.csv"].append(["rail-b", "rail", "bulk", "both", "line-haul", "price", "0.02", "2024"])
    tables["evidence/rates.csv"][1][0] = "*"
    some = [row[0] for row in links[1:] if row[7]]
    evidence = [tables["evidence/links.csv"][0], ["*", "length_km", "", "2024", "src", "measured"]]
    if some:
        evidence.append([" ".join(some), "capacity", "1", "2024", "src", "measured"])
        evidence.append([" ".join(some), "background_use", "", "2024", "src", "measured"])
    tables["evidence/links.csv"] = evidence
    return Package("generated", tables, half.descriptor)


def _borders(ways: list[tuple[str, str]]) -> dict[str, Rows]:
    figures = ["border_hours", "border_hours_sd", "document_hours", "fee_usd"]
    return {
        "border_classes.csv": [["id", *figures], ["post", "8", "6", "4", "100"]],
        "borders.csv": [
            ["id", "link_id", "direction", "class_id"],
            *([f"{link}-{way}", link, way, "post"] for link, way in ways),
        ],
        "evidence/border_classes.csv": [
            ["row_id", "column", "year", "source_id", "grade"],
            ["post", " ".join(figures), "2024", "src", "measured"],
        ],
    }


Deed = tuple[Package, str]
NASTY = (
    "", " ", "x", "-1", "0", "1e308", "-1e308", "1e-308", "99999999999999999999", "NaN", "inf", "-inf", "1,5", "1;5",
    "1_0", "٣", "2024-01-01", "2024-13-01", "2024-02-30", "45657", "yes", "no", "a b c", "a;b", '"', "\u202e", "é" * 300,
    "../../etc/passwd", "LINESTRING (0 0)", "LINESTRING (0 0, 1 1)", "1/0", "set", "close", "links", "nodes", "*", "XX",
)  # fmt: skip


def _some_table(rng: random.Random, package: Package) -> tuple[str, Rows]:
    path = rng.choice(sorted(package.tables))
    return path, package.tables[path]


def _some_cell(rng: random.Random, package: Package) -> tuple[str, list[str], int, Column | None] | None:
    """Choose a cell: the path of its file, its row, its place in it, and its column where the schema knows it."""
    path, rows = _some_table(rng, package)
    if len(rows) < 2 or not rows[0]:
        return None
    row, i = rng.choice(rows[1:]), rng.randrange(len(rows[0]))
    if i >= len(row):
        return None
    table = "evidence" if path.startswith("evidence/") else Path(path).stem
    return path, row, i, schema()[table].columns.get(rows[0][i]) if table in schema() else None


def _nasty_cell(rng: random.Random, package: Package) -> Deed:
    """Put what no column wants into a cell."""
    found = _some_cell(rng, package)
    if found is None:
        return package, "no cell"
    path, row, i, _ = found
    row[i] = rng.choice(NASTY)
    return package, f"{path} {row[0]} cell {i + 1} = {row[i][:20]!r}"


def _fit_cell(rng: random.Random, package: Package) -> Deed:
    """Put into a cell what its column allows, though the package may not fit together any more."""
    for _ in range(5):
        found = _some_cell(rng, package)
        # a figure that stands nowhere yet would want evidence, and a change of evidence is another deed
        if (
            found
            and found[3]
            and not (found[3].figure and not found[1][found[2]])
            and not found[0].startswith("ev")
        ):
            break
    if found is None or found[3] is None:
        return package, "no cell"
    path, row, i, column = found
    row[i] = _fit(rng, column, row[i], package)
    return package, f"{path} {row[0]} {column.name} = {row[i][:20]!r}"


def _fit(rng: random.Random, column: Column, now: str, package: Package) -> str:
    """Choose a value that a column allows."""
    if column.allowed:
        return rng.choice(column.allowed)
    if column.numeric:
        return _number(rng, column, now)
    if column.type == "ref":
        known = package.ids(column.references) if column.references in schema() else []
        return rng.choice([*known, ""] if known else ["", "nowhere"])
    if column.type == "date":
        return rng.choice(
            ("", "2024-01-01", "2024-07-01", "2023-11-15", "2025-01-01", "1990-01-01", "2030-06-30")
        )
    if column.type == "boolean":
        return rng.choice(("yes", "no"))
    return rng.choice((now, now, "", "KZ", "AZ", "XD", "alba", "x y"))


def _number(rng: random.Random, column: Column, now: str) -> str:
    """Choose a number: a bound, a factor of what stood there, or a small one."""
    low = -1e9 if column.minimum is None else column.minimum
    high = 1e9 if column.maximum is None else column.maximum
    try:
        value = float(now or "1")
    except ValueError:
        value = 1.0
    value = rng.choice(
        (low, high, 0.0, 1.0, value * 0.5, value * 2.0, value * 1000.0, value / 1000.0, value * 1.01)
    )
    return str(round(value)) if column.type == "integer" else f"{value:g}"


def _like_figures(rng: random.Random, package: Package) -> Deed:
    """Scale all figures of one column, or make them alike."""
    path, rows = _some_table(rng, package)
    table = Path(path).stem
    figures = [c for c in schema()[table].figures if c in rows[0]] if table in schema() else []
    if path.startswith("evidence/") or not figures:
        return _fit_cell(rng, package)
    name = rng.choice(figures)
    i, factor = rows[0].index(name), rng.choice((0.1, 0.5, 2.0, 10.0, 0.0))
    for row in rows[1:]:
        if i < len(row) and row[i]:
            try:
                row[i] = f"{float(row[i]) * factor:g}"
            except ValueError:
                continue
    return package, f"{path} {name} times {factor:g}"


def _dangling(rng: random.Random, package: Package) -> Deed:
    """Let a reference lead to a row that is not there."""
    for _ in range(5):
        found = _some_cell(rng, package)
        if found and found[3] is not None and found[3].type == "ref":
            found[1][found[2]] = "nowhere"
            return package, f"{found[0]} {found[1][0]} {found[3].name}"
    return package, "no reference"


def _circle(rng: random.Random, package: Package) -> Deed:
    """Let a row refer to itself, or two ends of a row be one."""
    path, rows = _some_table(rng, package)
    if len(rows) < 2 or len(rows[0]) < 2:
        return package, "no row"
    row = rng.choice(rows[1:])
    table = Path(path).stem
    columns = schema()[table].columns if table in schema() and not path.startswith("evidence/") else {}
    own = [
        i for i, n in enumerate(rows[0]) if n in columns and columns[n].references == table and i < len(row)
    ]
    if own:
        row[rng.choice(own)] = row[0]
    elif len(row) > 2:
        row[2] = row[1]
    return package, f"{path} {row[:1]}"


def _rows_lost_and_doubled(rng: random.Random, package: Package) -> Deed:
    """Lose a row, double it, double it under another id, cut it or lengthen it."""
    path, rows = _some_table(rng, package)
    if len(rows) < 2:
        return package, "no row"
    at = rng.randrange(1, len(rows))
    deed = rng.choice(("lose", "lose", "double", "double differently", "twin", "cut", "lengthen", "blank"))
    row = list(rows[at])
    if deed == "lose":
        del rows[at]
    elif deed == "cut":
        del rows[at][rng.randrange(len(row) + 1) :]
    elif deed == "lengthen":
        rows[at].append("500")
    elif deed == "blank":
        rows[at][:] = [""] * len(row)
    else:
        if deed == "double differently" and len(row) > 1:
            row[rng.randrange(1, len(row))] = rng.choice(NASTY[:6])
        if deed == "twin" and row:
            row[0] += "-2"
        rows.append(row)
    return package, f"{deed} {path} {row[:1]}"


def _columns_lost_and_swapped(rng: random.Random, package: Package) -> Deed:
    """Lose a column, blank it, name it twice, swap it with another, or add a strange one."""
    path, rows = _some_table(rng, package)
    if not rows or not rows[0]:
        return package, "no column"
    a, b = rng.randrange(len(rows[0])), rng.randrange(len(rows[0]))
    deed = rng.choice(("lose", "blank", "swap names", "swap cells", "same value", "strange", "own", "twice"))
    value = rng.choice(rows[1:])[min(a, 0)] if len(rows) > 1 and rows[1] else ""
    for n, row in enumerate(rows):
        if deed in {"strange", "own", "twice"}:
            row.append({"strange": "extra", "own": "x_mine", "twice": rows[0][a]}[deed] if n == 0 else "1")
        elif max(a, b) >= len(row):
            continue
        elif deed == "lose":
            del row[a]
        elif (deed == "swap names" and n == 0) or (deed == "swap cells" and n > 0):
            row[a], row[b] = row[b], row[a]
        elif n > 0 and deed in {"blank", "same value"}:
            row[a] = "" if deed == "blank" else value
    return package, f"{deed} {path} column {a + 1}"


def _tables_lost(rng: random.Random, package: Package) -> Deed:
    """Lose a table, its rows, or its header; or put a file there that is no table."""
    path, rows = _some_table(rng, package)
    deed = rng.choice(("lose", "lose", "lose", "no rows", "no header", "nothing", "stranger"))
    tables = dict(package.tables)
    if deed == "lose":
        del tables[path]
    elif deed == "stranger":
        tables[rng.choice(("nodez.csv", "evidence/nodez.csv", "x_own.csv", "evidence/sources.csv"))] = [
            ["id"],
            ["a"],
        ]
    else:
        tables[path] = {"no rows": rows[:1], "no header": rows[1:], "nothing": []}[deed]
    return replace(package, tables=tables), f"{deed} {path}"


def _row_taken_out(rng: random.Random, package: Package) -> Deed:
    """Take a row out with all evidence of it, or put a copy of it in with the same evidence."""
    paths = [p for p, rows in package.tables.items() if "/" not in p and len(rows) > 1 and rows[0]]
    if not paths:
        return package, "no row"
    path = rng.choice(sorted(paths))
    rows = package.tables[path]
    row = rng.choice(rows[1:])
    gone = row[0] if row else ""
    copy = f"{gone}-copy" if rng.random() < 0.3 else ""
    if copy:
        rows.append([copy, *row[1:]])
    else:
        rows.remove(row)
    evidence = package.tables.get(f"evidence/{path}", [[]])
    if "row_id" in evidence[0]:
        i = evidence[0].index("row_id")
        for line in [e for e in evidence[1:] if i < len(e) and gone in e[i].split()]:
            ids = line[i].split()
            line[i] = " ".join([*ids, copy] if copy else [x for x in ids if x != gone])
            if not line[i]:
                evidence.remove(line)
    return package, f"{'copy' if copy else 'lose'} {path} {gone}"


def _table_taken_out(rng: random.Random, package: Package) -> Deed:
    """Take a table out with its evidence."""
    path = rng.choice(sorted(p for p in package.tables if "/" not in p) or [""])
    tables = {p: rows for p, rows in package.tables.items() if p not in {path, f"evidence/{path}"}}
    return replace(package, tables=tables), path


def _descriptor(rng: random.Random, package: Package) -> Deed:
    """Write something else into the descriptor."""
    content = json.loads(package.descriptor) if package.descriptor.startswith("{") else {}
    key = rng.choice(("name", "version", "form", "years", "first", "observed", "last", "text"))
    value = rng.choice((None, 0, -1, 1e400, "", "x", [], {}, True, 2024.5, 10**30, 2024, 1990))
    if key == "text":
        text = rng.choice(("", "{", "[]", "null", '{"name": ', "\x00", "[" * 5000))
        return replace(package, descriptor=text), f"text {text[:10]!r}"
    where = content.get("years") if key in {"first", "observed", "last"} else content
    if isinstance(where, dict):
        if rng.random() < 0.3:
            where.pop(key, None)
        else:
            where[key] = value
    return replace(package, descriptor=json.dumps(content)), f"{key} = {value!r}"


def _evidence(rng: random.Random, package: Package) -> Deed:
    """Change a row of evidence as whole."""
    paths = [
        p for p, rows in package.tables.items() if p.startswith("evidence/") and len(rows) > 1 and rows[0]
    ]
    if not paths:
        return package, "no evidence"
    path = rng.choice(sorted(paths))
    name, deed = rng.choice(sorted(EVIDENCE_DEEDS.items()))
    deed(rng, package.tables, path)
    return package, f"{name} {path}"


DEEDS: dict[Callable[[random.Random, Package], Deed], int] = {
    _fit_cell: 40,
    _like_figures: 20,
    _row_taken_out: 22,
    _table_taken_out: 12,
    _nasty_cell: 12,
    _dangling: 5,
    _circle: 4,
    _rows_lost_and_doubled: 9,
    _columns_lost_and_swapped: 6,
    _tables_lost: 4,
    _evidence: 9,
    _descriptor: 3,
}
"""What may be done to a package, with how often."""
