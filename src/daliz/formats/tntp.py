"""Read networks and trips in the TNTP format of the Transportation Networks for Research collection.

A file begins with metadata, one `<TAG> value` a line up to `<END OF METADATA>`; what follows a ~ is a comment. A
network has one link a line, ten numbers that end with a semicolon; trips have lines `Origin n` and after each
`destination : volume;` as often as needed. Nothing is guessed: a file that says two things is refused with the line.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np
import numpy.typing as npt

from daliz.errors import FormatError

_TAG = re.compile(r"<([^<>]*)>(.*)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_ORIGIN = re.compile(r"origin\s*:?\s*(\S.*)", re.IGNORECASE)
_PAIR = re.compile(r"([0-9]+)\s*:\s*([^\s:;]+)\s*;")
_KNOWN_TAGS = (
    "NUMBER OF ZONES",
    "NUMBER OF NODES",
    "FIRST THRU NODE",
    "NUMBER OF LINKS",
    "TOTAL OD FLOW",
    "ORIGINAL HEADER",
    "END OF METADATA",
)
_ALIKE = 0.85
"""Likeness from which an unknown tag is taken for a misspelt one."""
_MOST_DIGITS = 18
_ROUNDED = 1e-6
"""Share by which a total of the collection may be off for its rounding."""
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
    notes
        What the files leave open and how it was read, in sentences.
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
    notes: tuple[str, ...] = ()


def read_tntp(net: str | Path, trips: str | Path) -> Tntp:
    """Read a TNTP network and its trip table.

    Raises
    ------
    FormatError
        A file is missing, cut short, holds what is no number or no node, or says in its header another number than
        it holds.
    """
    net, trips = Path(net), Path(trips)
    head, lines = _parts(net)
    zones, nodes = head.count("NUMBER OF ZONES"), head.count("NUMBER OF NODES")
    links = head.count("NUMBER OF LINKS")
    through = head.count("FIRST THRU NODE") if "FIRST THRU NODE" in head.said else 1
    if zones > nodes or nodes > MOST_NODES:
        raise FormatError(
            f"{net}: its header says {zones} zones and {nodes} nodes; zones are among the nodes, of "
            f"which {MOST_NODES:,} are the most."
        )
    if through > nodes:
        raise FormatError(
            f"{net}: <FIRST THRU NODE> is {through}, but nodes run from 1 to {nodes}. Write the first node that may "
            "be passed: 1 where all may, else the number after the last zone."
        )
    table, notes = _links(net, lines, nodes)
    if "FIRST THRU NODE" not in head.said:
        notes = (f"{net}: the header lacks <FIRST THRU NODE>; all nodes may be passed, zones too.", *notes)
    if len(table) != links:
        raise FormatError(
            f"{net}: its header says {links} links, but it holds {len(table)}. Is the file cut short? "
            "Mend <NUMBER OF LINKS> or the rows."
        )
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
        toll=table[:, 8],
        trips=_read_trips(trips, zones),
        notes=notes,
    )


@dataclass(frozen=True)
class _Header:
    """Metadata of a file: the value of each tag and its line."""

    path: Path
    said: dict[str, tuple[str, int]]

    def count(self, tag: str) -> int:
        """Return a whole number of 1 or more."""
        text, line = self._text(tag)
        if not (text.isascii() and text.lstrip("+-").isdigit()) or len(text) > _MOST_DIGITS:
            raise FormatError(
                f"{self.path}, line {line}: <{tag}> is {text[:60]!r}; it must be a whole number."
            )
        value = int(text)
        if value < 1:
            raise FormatError(f"{self.path}, line {line}: <{tag}> is {value}; it must be at least 1.")
        return value

    def total(self, tag: str) -> Decimal:
        """Return a number as it is printed."""
        text, line = self._text(tag)
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            raise FormatError(f"{self.path}, line {line}: <{tag}> is {text!r}; it must be a number.")
        return Decimal(text)

    def _text(self, tag: str) -> tuple[str, int]:
        if tag not in self.said:
            raise FormatError(f"{self.path}: the header lacks <{tag}>.")
        return self.said[tag]


def _parts(path: Path) -> tuple[_Header, list[tuple[int, str]]]:
    """Read metadata, and the lines after it without comments and blank ones, each with its number."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {error.strerror}. Give the path of a TNTP file."
        ) from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is no text in UTF-8 (byte {error.start}). Give the path of a TNTP file."
        ) from error
    said: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(lines, 1):
        match = _TAG.match(line.strip())
        tag = " ".join(match[1].split()).upper() if match else ""
        if tag == "END OF METADATA":
            rest = ((n, text.split("~")[0].strip()) for n, text in enumerate(lines[number:], number + 1))
            return _Header(path, said), [(n, text) for n, text in rest if text]
        _take_tag(path, number, line, tag, said)
        if match:
            said[tag] = match[2].split("~")[0].strip(), number
    raise FormatError(f"{path}: the line <END OF METADATA> is missing. Is it a TNTP file, and whole?")


def _take_tag(path: Path, number: int, line: str, tag: str, said: dict[str, tuple[str, int]]) -> None:
    """Refuse a line of metadata that is no tag, one that is misspelt, and one that stands twice."""
    if not tag:
        if line.split("~", maxsplit=1)[0].strip():
            raise FormatError(
                f"{path}, line {number}: {line.strip()[:60]!r} stands before <END OF METADATA> and is no "
                "'<TAG> value'. Is it a TNTP file, and the line <END OF METADATA> in its place?"
            )
        return
    if tag in said:
        raise FormatError(
            f"{path}, line {number}: <{tag}> stands on line {said[tag][1]} already; leave one of them."
        )
    meant = [] if tag in _KNOWN_TAGS else difflib.get_close_matches(tag, _KNOWN_TAGS, 1, _ALIKE)
    if meant:
        raise FormatError(f"{path}, line {number}: there is no tag <{tag}>; write <{meant[0]}>.")


def _links(
    path: Path, lines: list[tuple[int, str]], nodes: int
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Read the links, shape (links, columns), and note those that stand twice."""
    seen: dict[tuple[float, ...], int] = {}
    rows, notes = [], []
    for number, text in lines:
        row = _link(path, number, text, nodes)
        if row in seen:
            notes.append(
                f"{path}, line {number}: the link {row[0]:.0f} to {row[1]:.0f} stands on line {seen[row]} already "
                "with the same numbers; they are read as two links. Take one out if there is one."
            )
        else:
            seen[row] = number
        rows.append(row)
    return np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS)), tuple(notes)


def _link(path: Path, number: int, text: str, nodes: int) -> tuple[float, ...]:
    """Read one link: ten numbers of 0 or more, of which the first two are nodes."""
    at = f"{path}, line {number}"
    parts = text.removesuffix(";").split()
    if len(parts) != len(COLUMNS):
        raise FormatError(
            f"{at}: a link needs {len(COLUMNS)} numbers ({' '.join(COLUMNS)}), this has {len(parts)}."
        )
    for name, part in zip(COLUMNS, parts, strict=True):
        if not _NUMBER.fullmatch(part) or not 0 <= float(part) < math.inf:
            raise FormatError(
                f"{at}: {name} is {part!r}; it must be a number of 0 or more, written with a point and without unit."
            )
    row = tuple(float(p) for p in parts)
    for name, end in zip(COLUMNS[:2], row[:2], strict=True):
        if end != math.floor(end) or not 1 <= end <= nodes:
            raise FormatError(f"{at}: {name} is {end:g}, but nodes run from 1 to {nodes}.")
    _, _, capacity, _, time, b, power, *_ = row
    if capacity == 0.0 and time and b and power:
        raise FormatError(
            f"{at}: capacity is 0, but with b {b:g} and power {power:g} the time grows with volume over capacity. "
            "Write the capacity, or b 0 for a constant time; leave a closed link out."
        )
    return row


def _read_trips(path: Path, zones: int) -> npt.NDArray[np.float64]:
    head, lines = _parts(path)
    said = head.count("NUMBER OF ZONES")
    if said != zones:
        raise FormatError(
            f"{path}: its header says {said} zones, the network {zones}. Do the two files belong together?"
        )
    origin = 0
    found: dict[tuple[int, int], tuple[float, int]] = {}
    for number, text in lines:
        at = f"{path}, line {number}"
        start = _ORIGIN.fullmatch(text)
        if start:
            origin = _zone(start[1].strip(), zones, at)
            continue
        pairs = _PAIR.findall(text)
        if not pairs or _PAIR.sub("", text).strip():
            raise FormatError(
                f"{at}: {text[:60]!r} is no list of 'destination : volume;'. Is the file cut short?"
            )
        if not origin:
            raise FormatError(f"{at}: volumes before the first 'Origin'.")
        for to, volume in pairs:
            pair = origin, _zone(to, zones, at)
            if pair in found:
                raise FormatError(
                    f"{at}: zone {pair[0]} to zone {pair[1]} stands on line {found[pair][1]} already; leave one of "
                    "them, or write their sum."
                )
            found[pair] = _volume(volume, at), number
    _check_total(head, [v for v, _ in found.values()])
    rows = [(a - 1, b - 1, v) for (a, b), (v, _) in found.items()]
    return np.array(rows, dtype=np.float64).reshape(-1, 3)


def _zone(text: str, zones: int, at: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS) or not 1 <= int(text) <= zones:
        raise FormatError(f"{at}: {text[:60]!r} is no zone; zones run from 1 to {zones}.")
    return int(text)


def _volume(text: str, at: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise FormatError(
            f"{at}: the volume {text[:60]!r} is no number; it must be a number of 0 or more, written with a point and "
            "without unit."
        )
    value = float(text)
    if not 0 <= value < math.inf:
        raise FormatError(f"{at}: the volume is {text}; it must be a number of 0 or more.")
    return value


def _check_total(head: _Header, volumes: list[float]) -> None:
    """Refuse trips whose sum is not the total of the header, within half a unit of its last digit."""
    total = head.total("TOTAL OD FLOW") if "TOTAL OD FLOW" in head.said else None
    if not volumes and total != 0:
        raise FormatError(
            f"{head.path} holds no trips. Is the file cut short? If there are none, write <TOTAL OD FLOW> 0."
        )
    if total is None:
        return
    found = math.fsum(volumes)
    exponent = total.as_tuple().exponent
    half = 0.5 * 10.0 ** (exponent if isinstance(exponent, int) else 0)
    # headers of the collection are rounded, not all of them in their last digit
    if not abs(float(total) - found) <= max(half * (1 + 1e-9), _ROUNDED * abs(found)):
        raise FormatError(
            f"{head.path}: its header says a total of {float(total):,.2f} trips, but it holds {found:,.2f}. Is "
            "the file cut short?"
        )
