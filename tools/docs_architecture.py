"""Draw the house from the code: its rooms, floor by floor, and what each imports.

python tools/docs_architecture.py prints the page; make docs writes it.
"""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

from docs_table import MADE, table

SOURCE = Path(__file__).parents[1] / "src" / "daliz"
FRONT = "daliz"


def room_of(module: str) -> str:
    """Return the room that a module stands in: its package below daliz, or itself at the front."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FRONT


def imports_of(file: Path) -> set[str]:
    """Return the modules of daliz that a file imports, also inside functions and for types."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == FRONT:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.split(".")[0] == FRONT}
    return {m for m in found if m != FRONT}


def rooms() -> dict[str, dict[str, object]]:
    """Read each room: what its docstring says, its files, their lines, and the rooms that it imports."""
    found: dict[str, dict[str, object]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        inside = file.relative_to(SOURCE).with_suffix("").parts
        if inside == ("__init__",):
            continue
        name = inside[0]
        room = found.setdefault(name, {"says": "", "files": 0, "lines": 0, "uses": set()})
        text = file.read_text("utf-8")
        if inside in {(name,), (name, "__init__")}:
            room["says"] = (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]
        room["files"] = int(str(room["files"])) + 1
        room["lines"] = int(str(room["lines"])) + len(text.splitlines())
        uses = room["uses"]
        assert isinstance(uses, set)
        uses |= {room_of(m) for m in imports_of(file)} - {name, FRONT}
    return found


def floors(found: dict[str, dict[str, object]]) -> list[list[str]]:
    """Sort the rooms into floors: a room stands one above the highest that it imports."""
    uses = {n: set(r["uses"]) & set(found) for n, r in found.items()}  # type: ignore[call-overload]
    height: dict[str, int] = {}
    for name in graphlib.TopologicalSorter(uses).static_order():
        height[name] = 1 + max((height[u] for u in uses[name]), default=0)
    return [
        sorted(n for n, h in height.items() if h == level) for level in range(max(height.values()), 0, -1)
    ]


def direct(name: str, found: dict[str, dict[str, object]]) -> list[str]:
    """Return what a room imports and does not reach over another room that it imports."""
    uses: dict[str, set[str]] = {n: set(r["uses"]) & set(found) for n, r in found.items()}  # type: ignore[call-overload]

    def below(n: str) -> set[str]:
        return uses[n] | {b for u in uses[n] for b in below(u)}

    return sorted(u for u in uses[name] if not any(u in below(o) for o in uses[name] - {u}))


def architecture_page() -> str:
    """Write the page of the house."""
    found = rooms()
    levels = floors(found)
    drawing = ["```mermaid", "flowchart TD"]
    for n, level in enumerate(levels):
        drawing.append(f"  subgraph floor{len(levels) - n}[ ]")
        drawing.append("    direction LR")
        drawing += [f"    {name}" for name in level]
        drawing.append("  end")
    drawing += [f"  {name} --> {u}" for level in levels for name in level for u in direct(name, found)]
    drawing.append("```")
    rows = [
        [len(levels) - n, f"`{name}`", found[name]["says"], found[name]["files"], f"{found[name]['lines']:,}"]
        for n, level in enumerate(levels)
        for name in level
    ]
    return (
        MADE
        + "# The house\n\nA room imports only rooms on floors below its own. Arrows that another path of arrows implies are "
        "left out. `lint-imports` and `tests/test_house.py` hold it: no arrow runs up, no engine (`routing`, `assignment`, "
        "`supplychain`) imports another, and no files import each other in a circle, imports for types included.\n\n"
        + "\n".join(drawing)
        + "\n\n"
        + table(["floor", "room", "what it does", "files", "lines"], rows)
        + "\n## One question through the house\n\n"
        "`daliz.open` reads `tables`. `ground_of` (`paths`) turns them into a graph (`graph`: states, arcs, a ledger of every hour "
        "and dollar) with corridors, capacities, rules and sorted arcs, once for a network and month. `routes` (`routing`) asks "
        "it for one shipment. `Model` (`paths`) adds demand and route sets; `assign` (`assignment`) finds the equilibrium on it; "
        "`Model.under(Shock(...))` shares what a shock does not touch and finds the rest anew. `supply` (`supplychain`) asks the "
        "same route sets for its trips. `studies` join engines, `report` and `cli` show what they are given.\n"
    )


if __name__ == "__main__":
    print(architecture_page())
