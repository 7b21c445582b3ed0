"""Read the files of an FTOT scenario: the XML of settings and the CSV files that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from daliz.errors import FormatError
from daliz.formats.ftot_units import NONE
from daliz.tables.read import read_sheet

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 60
LONGEST = 36_600
"""Days that a schedule may have, a hundred years."""


def read_settings(path: Path, once: tuple[str, ...]) -> dict[str, str]:
    """Read the settings of a scenario as text by name.

    Parameters
    ----------
    path
        The XML file.
    once
        Settings that are used, which may stand once each.

    Raises
    ------
    FormatError
        If the file is missing, is no XML or no scenario, or a setting that is used stands twice.
    """
    try:
        # expat bounds the growth of entities, and the file is the user's own
        root = ET.parse(path).getroot()  # noqa: S314
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist; give the scenario XML of FTOT.") from error
    except (ET.ParseError, OSError, UnicodeDecodeError, LookupError, ValueError) as error:
        raise FormatError(f"{path} is no XML that can be read: {error}.") from error
    tag = root.tag.rpartition("}")[2]
    if not tag.startswith("Scenario"):
        raise FormatError(f"{path}: the root is {tag!r}, not Scenario; this is no scenario of FTOT.")
    found: dict[str, str] = {}
    for element in root.iter():
        name = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
        if len(element) or not name:
            continue
        if name in found and name in once:
            raise FormatError(f"{path}: {name} stands twice; leave one, so that it is clear which holds.")
        found[name] = (element.text or "").strip()
    return found


def named_file(path: Path, settings: dict[str, str], key: str) -> Path | None:
    """Find the file that a setting names, beside the scenario by its last name where the path leads nowhere.

    Raises
    ------
    FormatError
        If it names a file that is in none of these places.
    """
    name = settings.get(key, "")
    if name.casefold() in NONE:
        return None
    last = re.split(r"[\\/]", name)[-1]
    for place in (path.parent / name, path.parent / last, path.parent / "input_data" / last):
        if place.is_file():
            return place
    raise FormatError(
        f"{path}: {key} names {name!r}, which is neither there nor beside the scenario; put it there "
        "or write None."
    )


def read_csv(file: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file strictly: the line of each row with its cells by column, in small letters.

    Parameters
    ----------
    file
        File in UTF-8 with commas.
    needed
        Columns that it must have.

    Raises
    ------
    FormatError
        If it cannot be read as CSV, a column stands twice or is missing, or a row has more or fewer cells than
        the header; it names file and line.
    """
    sheet = read_sheet(file, str(file), numbered=True)
    if sheet.faults:
        raise FormatError(str(sheet.faults[0]))
    header = _header(file, sheet.header, needed)
    found = []
    for line, row in zip(sheet.lines, sheet.rows, strict=True):
        cells = [cell.strip() for cell in row]
        stray = [c for name, c in zip(header, cells, strict=True) if not name and c]
        if stray:
            raise FormatError(
                f"{file}, line {line}: {stray[0]!r} stands in a column without a name; name it."
            )
        found.append((line, dict(zip(header, cells, strict=True))))
    return found


def _header(file: Path, names: list[str], needed: tuple[str, ...]) -> list[str]:
    header = [name.casefold() for name in names]
    twice = [n for n in dict.fromkeys(header) if n and header.count(n) > 1]
    if twice:
        raise FormatError(f"{file}, line 1: the column {twice[0]} stands twice; leave one.")
    missing = [n for n in needed if n not in header]
    if missing:
        wants = f"give the columns {', '.join(needed)}"
        raise FormatError(f"{file}: it lacks {', '.join(missing)}; {wants}, separated by commas.")
    return header


def number(text: str, file: Path, line: int, column: str) -> float:
    """Read a number of 0 or more, with a point and without thousands.

    Raises
    ------
    FormatError
        If it is none; it names file, line and column.
    """
    try:
        value = float(text if text.isascii() and "_" not in text else "none")
    except ValueError:
        raise FormatError(
            f"{file}, line {line}: {column} is {text!r}; it must be a number, without commas or spaces."
        ) from None
    if not 0 <= value < float("inf"):
        raise FormatError(f"{file}, line {line}: {column} is {value:g}; it must be 0 or more.")
    return value


def read_schedules(file: Path | None) -> dict[str, float]:
    """Compute the mean availability of each schedule over the days up to the last that it lists.

    Day 0 stands for the days that are not listed.

    Raises
    ------
    FormatError
        If a day is no whole number or stands twice, an availability is above 1, or days are left out and day 0
        does not say what they are.
    """
    if file is None:
        return {}
    days: dict[str, dict[int, float]] = {}
    for line, r in read_csv(file, ("schedule", "day", "availability")):
        share = number(r["availability"], file, line, "availability")
        if share > 1:
            raise FormatError(f"{file}, line {line}: availability is {share:g}; it must be from 0 to 1.")
        day = number(r["day"], file, line, "day")
        if day != int(day) or day > LONGEST:
            raise FormatError(
                f"{file}, line {line}: day is {day:g}; it must be a whole number from 0 to {LONGEST}."
            )
        known = days.setdefault(r["schedule"].casefold(), {})
        if int(day) in known:
            raise FormatError(f"{file}, line {line}: day {day:g} of {r['schedule']} stands twice; leave one.")
        known[int(day)] = share
    return {name: _mean(file, name, known) for name, known in days.items()}


def _mean(file: Path, name: str, known: dict[int, float]) -> float:
    last = max(known)
    listed = [v for d, v in known.items() if d > 0]
    if len(listed) < last and 0 not in known:
        raise FormatError(
            f"{file}: the schedule {name} lists {len(listed)} of {last} days and has no day 0, which stands for "
            "the others; add it."
        )
    return (sum(listed) + known.get(0, 0.0) * (last - len(listed))) / last if last else known[0]
