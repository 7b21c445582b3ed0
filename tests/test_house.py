"""Keep the house in shape: no circle of files, and files, functions and lines that can be read in one sitting."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"
FILES = {
    ".".join(p.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): p
    for p in sorted((SOURCE / "daliz").rglob("*.py"))
}
ROOMS = sorted({name.split(".")[1] for name in FILES if "." in name})
FUNCTION_LINES, ARGUMENTS, COLUMNS, MODULE_LINES = 60, 8, 120, 400
WRITING_MODULES = {"shutil", "tempfile", "pickle", "shelve", "sqlite3", "zipfile", "tarfile", "fcntl"}
"""Modules of Python that write files; what of them only looks is named below."""
WRITING_CALLS = {
    *(
        "write_text",
        "write_bytes",
        "mkdir",
        "makedirs",
        "rmdir",
        "unlink",
        "rename",
        "renames",
        "rmtree",
    ),
    *("symlink_to", "hardlink_to", "symlink", "truncate", "chmod", "savefig", "to_csv", "to_parquet"),
    *(
        "to_feather",
        "to_excel",
        "to_pickle",
        "to_hdf",
        "to_html",
        "to_stata",
        "savetxt",
        "savez",
        "savez_compressed",
    ),
    *("tofile", "writeModel", "writeSolution"),
}
"""Calls by name that write, move or remove files."""
LOOKING = {"get_terminal_size"}
SHORTEST_PATHS = "scipy.sparse.csgraph"


def imported(name: str) -> set[str]:
    """Name the files of Daliz that a file imports anywhere, for types too; `from package import file` is the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & set(FILES)
            found |= {node.module} if inner - set(FILES) else set()
    return found & set(FILES)


def of_room(room: str) -> dict[str, Path]:
    """Return the files of a room, or a file of that name beside the rooms."""
    return {n: p for n, p in FILES.items() if n.split(".")[1:2] == [room]}


def functions(room: str) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """List the functions of a room outside compiled kernels, without the options of a command."""
    found = []
    for name, path in of_room(room).items():
        if ".kernels" in name:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            command = room == "cli" and getattr(node, "name", "") == "run"
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not command:
                found.append((f"{name}.{node.name}", node))
    return found


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the arguments of a function; self and cls are none."""
    a = function.args
    names = [x.arg for x in (*a.posonlyargs, *a.args)]
    own = names[:1] in (["self"], ["cls"])
    return len(names) - own + len(a.kwonlyargs) + (a.vararg is not None) + (a.kwarg is not None)


def test_no_circle_of_files() -> None:
    """No file imports itself over others, imports inside functions and for types alone included."""
    try:
        graphlib.TopologicalSorter({name: imported(name) - {name} for name in FILES}).prepare()
    except graphlib.CycleError as error:
        pytest.fail(f"files import each other in a circle: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("room", ROOMS)
def test_functions_are_short(room: str) -> None:
    """No function has over 60 lines, docstring included; kernels and the options of commands are free."""
    assert [] == [
        f"{name}: {lines} lines"
        for name, node in functions(room)
        if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_functions_take_few_arguments(room: str) -> None:
    """No function has over 8 arguments; kernels and the options of commands are free."""
    assert [] == [
        f"{name}: {count} arguments"
        for name, node in functions(room)
        if (count := arguments(node)) > ARGUMENTS
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_files_are_short(room: str) -> None:
    """No file has over 400 lines; kernels are free."""
    assert [] == [
        f"{name}: {lines} lines"
        for name, path in of_room(room).items()
        if ".kernels" not in name
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_lines_are_narrow(room: str) -> None:
    """No line has over 120 columns."""
    assert [] == [
        f"{name}:{number}: {len(line)} columns"
        for name, path in of_room(room).items()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > COLUMNS
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_the_formatter_decides(room: str) -> None:
    """No line is kept from the formatter."""
    assert [] == [n for n, p in of_room(room).items() if "fmt: skip" in p.read_text(encoding="utf-8")]


def test_shortest_paths_are_searched_in_one_file() -> None:
    """One file imports the shortest paths of scipy."""
    users = [
        name
        for name, path in FILES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == SHORTEST_PATHS
        and "dijkstra" in {alias.name for alias in node.names}
    ]
    assert ["daliz.graph.shortest"] == users


def writes(tree: ast.AST) -> list[str]:
    """Name what in a file of Python writes, moves or removes files: imports, calls, and `open` but for reading."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in WRITING_MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in WRITING_MODULES:
            found += [f"{node.module}.{a.name}" for a in node.names if a.name not in LOOKING]
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            owner = getattr(getattr(node.func, "value", None), "id", "")
            given = {k.arg: k.value for k in node.keywords}
            if (
                name in WRITING_CALLS
                or (owner == "os" and name in {"open", "write", "link", "replace", "remove", "removedirs"})
                or (owner in {"json", "np", "toml", "yaml", "joblib"} and name in {"dump", "save"})
                or (name == "compile" and "output" in given)
                or (
                    name in {"open", "fdopen"}
                    and not _reads(node, given, method=bool(owner) or name == "fdopen")
                )
            ):
                found.append(f"{owner}.{name}")
    return found


def _reads(node: ast.Call, given: dict[str | None, ast.expr], *, method: bool) -> bool:
    """Tell whether a call of `open` is one for reading: its mode is left out, or written as such."""
    place = 0 if method or isinstance(node.func, ast.Attribute) else 1
    mode = given.get("mode", node.args[place] if len(node.args) > place else None)
    return mode is None or (isinstance(mode, ast.Constant) and not set(str(mode.value)) & set("wax+"))


def test_one_room_writes_files() -> None:
    """Only the room `writing` writes, moves and removes files: so all that is written is whole or not there."""
    assert [] == [
        f"{name}: {call}"
        for name, path in FILES.items()
        if name.split(".")[1:2] != ["writing"]
        for call in writes(ast.parse(path.read_text(encoding="utf-8")))
    ]


@pytest.mark.parametrize(
    "line",
    [
        "open(path, 'w')",
        "open(path, mode='ab')",
        "path.open('x', encoding='utf-8')",
        "path.open(mode)",
        "path.write_text('x')",
        "Path('x').write_bytes(b'x')",
        "frame.to_csv(path)",
        "figure.savefig(path)",
        "os.replace(a, b)",
        "np.save(path, values)",
        "json.dump(value, stream)",
        "import tempfile",
        "from shutil import rmtree",
        "typst.compile(text, output=path)",
    ],
)
def test_what_writes_is_found(line: str) -> None:
    """The rule above sees each way in which a file may be written, and does not take reading for it."""
    assert writes(ast.parse(line))
    reading = (
        "open(path)\nopen(path, 'rb')\npath.open(encoding='utf-8')\npath.open('r')\ntext.replace('a', 'b')"
    )
    assert [] == writes(ast.parse(reading + "\nfrom shutil import get_terminal_size\njson.dumps(value)"))
