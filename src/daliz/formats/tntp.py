"""Read networks and trips in the TNTP format of the Transportation Networks for Research collection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from daliz.errors import FormatError

_TAG = re.compile(r"<([^>]+)>(.*)")
_PAIR = re.compile(r"([0-9]+)\s*:\s*([^\s:;]+)\s*;")
MOST_NODES = 50_000_000
COLUMNS = (
    "init_node",
    "term_node",
    "capacity",
    "length",
    "free_flow_time",
    "b",
    "power",
    "speed",
    "toll",
    "link_type",
)


@dataclass(frozen=True)
class Tntp:
    """TNTP network with its trips; nodes are counted from 0.

    Attributes
    ----------
    name
        Stem of the network file.
    nodes, zones, first_through
        Number of nodes and zones; nodes below `first_through` cannot be passed.
    tail, head
        int64 arrays of shape (links,).
    capacity, length, free_flow_time, b, power, toll
        float64 arrays of shape (links,), in the units of the file.
    trips
        float64 array of shape (pairs, 3): origin, destination, volume.
    """

    name: str
    nodes: int
    zones: int
    first_through: int
    tail: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]
    capacity: npt.NDArray[np.float64]
    length: npt.NDArray[np.float64]
    free_flow_time: npt.NDArray[np.float64]
    b: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    toll: npt.NDArray[np.float64]
    trips: npt.NDArray[np.float64]


def read_tntp(net: str | Path, trips: str | Path) -> Tntp:
    """Read a TNTP network and its trip table.

    Raises
    ------
    FormatError
        A file is missing, cut short, or says in its header another number than it holds.
    """
    net, trips = Path(net), Path(trips)
    head, rows = _read_net(net)
    zones, nodes = _count(head, "NUMBER OF ZONES", net), _count(head, "NUMBER OF NODES", net)
    links = _count(head, "NUMBER OF LINKS", net)
    if zones > nodes or nodes > MOST_NODES:
        raise FormatError(
            f"{net}: its header says {zones} zones and {nodes} nodes; zones are among the nodes, of "
            f"which {MOST_NODES:,} are the most."
        )
    if len(rows) != links:
        raise FormatError(
            f"{net}: its header says {links} links, but it holds {len(rows)}. Is the file cut short? "
            "Mend <NUMBER OF LINKS> or the rows."
        )
    table = np.array(rows, dtype=np.float64).reshape(-1, 8)
    for column, name in ((0, "init_node"), (1, "term_node")):
        bad = np.flatnonzero(
            (table[:, column] != np.floor(table[:, column]))
            | (table[:, column] < 1)
            | (table[:, column] > nodes)
        )
        if len(bad):
            raise FormatError(
                f"{net}, link {bad[0] + 1}: {name} is {table[bad[0], column]:g}, but nodes run from "
                f"1 to {nodes}."
            )
    through = _count(head, "FIRST THRU NODE", net) if "FIRST THRU NODE" in head else 1
    return Tntp(
        name=net.stem,
        nodes=nodes,
        zones=zones,
        first_through=through - 1,
        tail=table[:, 0].astype(np.int64) - 1,
        head=table[:, 1].astype(np.int64) - 1,
        capacity=table[:, 2],
        length=table[:, 3],
        free_flow_time=table[:, 4],
        b=table[:, 5],
        power=table[:, 6],
        toll=table[:, 7],
        trips=_read_trips(trips, zones),
    )


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {error.strerror}. Give the path of a TNTP file."
        ) from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is no text in UTF-8 (byte {error.start}). Give the path of a TNTP file."
        ) from error


def _header(path: Path, lines: list[str]) -> tuple[dict[str, str], int]:
    """Read the tags; what follows a ~ is a comment, colons and all."""
    head: dict[str, str] = {}
    for i, line in enumerate(lines):
        match = _TAG.match(line.strip())
        if not match:
            continue
        if match[1].strip().upper() == "END OF METADATA":
            return head, i + 1
        head[match[1].strip().upper()] = match[2].split("~")[0].strip()
    raise FormatError(f"{path}: the line <END OF METADATA> is missing. Is it a TNTP file, and whole?")


def _count(head: dict[str, str], tag: str, path: Path) -> int:
    if tag not in head:
        raise FormatError(f"{path}: the header lacks <{tag}>.")
    try:
        value = int(head[tag])
    except ValueError as error:
        raise FormatError(f"{path}: <{tag}> is {head[tag]!r}; it must be a whole number.") from error
    if value < 1:
        raise FormatError(f"{path}: <{tag}> is {value}; it must be at least 1.")
    return value


def _read_net(path: Path) -> tuple[dict[str, str], list[list[float]]]:
    lines = _lines(path)
    head, begin = _header(path, lines)
    rows = []
    for number, line in enumerate(lines[begin:], begin + 1):
        text = line.split("~")[0].replace(";", " ").strip()
        if not text:
            continue
        parts = text.split()
        if len(parts) < 9:
            raise FormatError(
                f"{path}, line {number}: a link needs {len(COLUMNS)} numbers ({' '.join(COLUMNS)}), "
                f"this has {len(parts)}."
            )
        try:
            numbers = [float(x) for x in parts[:9]]
        except ValueError as error:
            raise FormatError(f"{path}, line {number}: {error}; a link is written in numbers.") from error
        rows.append(numbers[:7] + numbers[8:])
    return head, rows


def _read_trips(path: Path, zones: int) -> npt.NDArray[np.float64]:
    lines = _lines(path)
    head, begin = _header(path, lines)
    said = _count(head, "NUMBER OF ZONES", path)
    if said != zones:
        raise FormatError(
            f"{path}: its header says {said} zones, the network {zones}. Do the two files belong together?"
        )
    origin = 0
    rows: list[tuple[int, int, float]] = []
    for number, line in enumerate(lines[begin:], begin + 1):
        text = line.split("~")[0].strip()
        if not text:
            continue
        if text.lower().startswith("origin"):
            origin = _zone(text.split()[-1], zones, path, number)
            continue
        pairs = _PAIR.findall(text)
        if not pairs or _PAIR.sub("", text).strip():
            raise FormatError(
                f"{path}, line {number}: {text[:60]!r} is no list of 'destination : volume;'. Is the "
                "file cut short?"
            )
        if not origin:
            raise FormatError(f"{path}, line {number}: volumes before the first 'Origin'.")
        for to, volume in pairs:
            rows.append((origin - 1, _zone(to, zones, path, number) - 1, _volume(volume, path, number)))
    if not rows:
        raise FormatError(f"{path} holds no trips. Is the file cut short?")
    _check_total(head, rows, path)
    return np.array(rows, dtype=np.float64)


def _zone(text: str, zones: int, path: Path, line: int) -> int:
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= zones:
        raise FormatError(f"{path}, line {line}: {text!r} is no zone; zones run from 1 to {zones}.")
    return int(text)


def _volume(text: str, path: Path, line: int) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise FormatError(f"{path}, line {line}: the volume {text!r} is no number.") from error
    if not 0 <= value < float("inf"):
        raise FormatError(f"{path}, line {line}: the volume is {text}; it must be a number of 0 or more.")
    return value


def _check_total(head: dict[str, str], rows: list[tuple[int, int, float]], path: Path) -> None:
    if "TOTAL OD FLOW" not in head:
        return
    found = sum(r[2] for r in rows)
    try:
        said = float(head["TOTAL OD FLOW"])
    except ValueError as error:
        raise FormatError(
            f"{path}: <TOTAL OD FLOW> is {head['TOTAL OD FLOW']!r}; it must be a number."
        ) from error
    # headers of the collection are rounded in the last digits
    if not abs(said - found) <= 1e-6 * max(abs(found), 1.0):
        raise FormatError(
            f"{path}: its header says a total of {said:,.2f} trips, but it holds {found:,.2f}. Is "
            "the file cut short?"
        )
