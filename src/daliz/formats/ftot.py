"""Read scenarios of FTOT, the Freight and Fuel Transportation Optimization Tool.

A scenario is an XML file that names CSV files of raw material producers, processors, candidate processors
and destinations; each row says what a facility takes (`io` i) or gives (`io` o) of a commodity. Places
and networks of FTOT are Esri geodatabases and stay out: a table of `facility_name` and `node_id` says
where a facility stands in the network of Daliz.

Solids become tonnes; liquids become tonnes by their density (`commodity_density.csv`). A US short ton is
not a tonne: a scenario that speaks of both is refused, since one of them is usually a slip.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from daliz.errors import FormatError, did_you_mean
from daliz.formats.ftot_units import DOLLARS, NONE, Units, density

Row = dict[str, Any]
TYPES = ("raw_material_producer", "processor", "ultimate_destination")
FILES = {
    "RMP_Commodity_Data": "raw_material_producer",
    "Destinations_Commodity_Data": "ultimate_destination",
    "Processors_Commodity_Data": "processor",
    "Processors_Candidate_Commodity_Data": "candidate",
}
UNUSED = {
    "minsize": "The least size of candidates",
    "min_aggregation": "The least aggregation of candidates",
    "min_capacity": "The least capacity of processors",
    "access_cost": "The cost of access",
    "max_transport_distance": "The longest distance of transport",
}
SETTINGS = {
    "CO2_Unit_Cost": "The cost of CO2 is not taken from the scenario; give a carbon price.",
    "Capacity_On": "Capacities are those of the network of Daliz.",
}


@dataclass(frozen=True)
class Ftot:
    """Scenario of FTOT in tonnes and USD.

    Attributes
    ----------
    name, description
        As in the scenario.
    settings
        Settings as text by name, such as `CO2_Unit_Cost`.
    facilities
        Rows of name, type, candidate, io, commodity, tonnes (a day), minimum, maximum, build_usd,
        udp_usd, file and line.
    availability
        Mean availability of each schedule.
    ignored
        What the scenario says and this reader does not use, in sentences.
    """

    name: str
    description: str
    settings: dict[str, str]
    facilities: tuple[Row, ...]
    availability: dict[str, float]
    ignored: tuple[str, ...] = field(default=())

    def __repr__(self) -> str:
        names = {r["name"] for r in self.facilities}
        return (
            f"<Ftot {self.name}: {len(names)} facilities, "
            f"{len({r['commodity'] for r in self.facilities})} commodities>"
        )


def read_ftot(scenario: str | Path) -> Ftot:
    """Read a scenario of FTOT.

    Parameters
    ----------
    scenario
        The XML file; the CSV files it names are looked for beside it, by their last name where the path
        leads nowhere.

    Raises
    ------
    FormatError
        If a file is missing or cannot be read, a unit is unknown, or tons and tonnes are mixed; it names
        file and line.
    """
    path = Path(scenario)
    settings = _settings(path)
    found: list[Row] = []
    ignored = [
        f"{key} is not used: modes and closures are those of the network of Daliz."
        for key in ("Commodity_Mode_Data", "Disruption_Data")
        if _file(path, settings, key) is not None
    ]
    ignored += [
        sentence for key, sentence in SETTINGS.items() if settings.get(key, "").casefold() not in NONE
    ]
    schedules = _schedules(_file(path, settings, "Schedule_Data"))
    units = Units(
        _densities(_file(path, settings, "Commodity_Density_Data")),
        settings.get("Density_Conversion_Factor", ""),
    )
    for key, kind in FILES.items():
        file = _file(path, settings, key)
        if file is not None:
            found += _facilities(file, kind, schedules, units)
            ignored += _unused(file)
    if not found:
        raise FormatError(f"{path}: the scenario names no facilities; give {', '.join(FILES)}.")
    units.refuse_mixed()
    _refuse_two_roles(found)
    return Ftot(
        settings.get("Scenario_Name", path.stem),
        settings.get("Scenario_Description", ""),
        settings,
        tuple(found),
        schedules,
        tuple(ignored),
    )


def _unused(file: Path) -> list[str]:
    """List what a file gives and this reader does not use."""
    rows = _rows(file, ("facility_name", "commodity"))
    given = {k for _, r in rows for k, v in r.items() if k in UNUSED and v} | {
        r["commodity"] for _, r in rows if r["commodity"] in UNUSED
    }
    return [f"{UNUSED[k]} ({k} in {file.name}) is not used." for k in sorted(given)]


def _settings(path: Path) -> dict[str, str]:
    try:
        # expat bounds the growth of entities, and the file is the user's own
        root = ET.parse(path).getroot()  # noqa: S314
    except FileNotFoundError as error:
        raise FormatError(f"{path} does not exist; give the scenario XML of FTOT.") from error
    except (ET.ParseError, OSError, UnicodeDecodeError, LookupError, ValueError) as error:
        raise FormatError(f"{path} is no XML that can be read: {error}.") from error
    if not root.tag.rpartition("}")[2].startswith("Scenario"):
        raise FormatError(
            f"{path}: the root is {root.tag.rpartition('}')[2]!r}, not Scenario; this is no scenario of FTOT."
        )
    return {e.tag.rpartition("}")[2]: (e.text or "").strip() for e in root.iter() if not len(e)}


def _file(path: Path, settings: dict[str, str], key: str) -> Path | None:
    name = settings.get(key, "")
    if name.casefold() in NONE:
        return None
    last = re.split(r"[\\/]", name)[-1]
    for place in (Path(name), path.parent / name, path.parent / last, path.parent / "input_data" / last):
        if place.is_file():
            return place
    raise FormatError(
        f"{path}: {key} names {name!r}, which is neither there nor beside the scenario; put it there "
        "or write None."
    )


def _rows(file: Path, needed: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            rows = [
                (
                    reader.line_num,
                    {str(k).strip().casefold(): (v or "").strip() for k, v in r.items() if k is not None},
                )
                for r in reader
            ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise FormatError(f"{file} cannot be read as CSV in UTF-8: {error}.") from error
    missing = [n for n in needed if rows and n not in rows[0][1]]
    if missing or not rows:
        raise FormatError(
            f"{file}: it lacks {', '.join(missing) or 'rows'}; FTOT wants the columns {', '.join(needed)}."
        )
    return rows


def _number(text: str, file: Path, line: int, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise FormatError(f"{file}, line {line}: {column} is {text!r}; it must be a number.") from None
    if not 0 <= value < float("inf"):
        raise FormatError(f"{file}, line {line}: {column} is {value:g}; it must be 0 or more.")
    return value


def _facilities(file: Path, kind: str, schedules: dict[str, float], units: Units) -> list[Row]:
    found = []
    for line, r in _rows(
        file, ("facility_name", "facility_type", "commodity", "value", "units", "phase_of_matter", "io")
    ):
        if kind != "candidate" and r["facility_type"] not in TYPES:
            raise FormatError(
                f"{file}, line {line}: facility_type is {r['facility_type']!r}; it must be "
                f"{', '.join(TYPES)}."
            )
        commodity = r["commodity"]
        if kind == "candidate" and commodity in {"minsize", "maxsize", "min_aggregation", "cost_formula"}:
            found.append(_size(r, file, line, units))
            continue
        if r["io"] not in {"i", "o"}:
            raise FormatError(f"{file}, line {line}: io is {r['io']!r}; it must be i or o.")
        name = r.get("schedule", "")
        if name.casefold() not in NONE and name not in schedules:
            raise FormatError(
                f"{file}, line {line}: there is no schedule {name!r}.{did_you_mean(name, schedules)}"
            )
        share = schedules.get(name, 1.0)
        per_unit = units.tonnes(r["units"], r["phase_of_matter"], commodity, file, line)
        value = _number(r["value"], file, line, "value") * per_unit

        def bound(
            column: str, r: dict[str, str] = r, per_unit: float = per_unit, line: int = line
        ) -> float | None:
            return _number(r[column], file, line, column) * per_unit if r.get(column) else None

        found.append(
            {
                "name": r["facility_name"],
                "type": "processor" if kind == "candidate" else r["facility_type"],
                "candidate": kind == "candidate",
                "io": r["io"],
                "commodity": commodity,
                "phase": r["phase_of_matter"],
                "tonnes": value * share,
                "minimum": bound("min_capacity"),
                "maximum": bound("max_capacity"),
                "build_usd": _number(r["build_cost"], file, line, "build_cost")
                if r.get("build_cost")
                else None,
                "udp_usd": _number(r["udp"], file, line, "udp") / per_unit if r.get("udp") else None,
                "file": file.name,
                "line": line,
            }
        )
    return found


def _size(r: dict[str, str], file: Path, line: int, units: Units) -> Row:
    """Read a candidate's row of size, in tonnes a day, or of what a tonne a day of it costs, in USD."""
    value = _number(r["value"], file, line, "value")
    text, phase = r["units"], r["phase_of_matter"] or "solid"
    if r["commodity"] == "cost_formula":
        currency, _, unit = text.partition("/")
        if currency.strip().casefold() not in DOLLARS or not unit:
            raise FormatError(
                f"{file}, line {line}: the units of cost_formula are {text!r}; they must be USD over "
                "a mass or volume, such as usd/ton."
            )
        value /= units.tonnes(unit.strip(), phase, r["commodity"], file, line)
    else:
        value *= units.tonnes(text, phase, r["commodity"], file, line)
    return {
        "name": r["facility_name"],
        "type": "processor",
        "candidate": True,
        "io": "",
        "commodity": r["commodity"],
        "phase": "",
        "tonnes": value,
        "minimum": None,
        "maximum": None,
        "build_usd": None,
        "udp_usd": None,
        "file": file.name,
        "line": line,
    }


def _densities(file: Path | None) -> dict[str, float]:
    if file is None:
        return {}
    return {
        r["commodity"]: density(r["density"], f"{file}, line {line}")
        for line, r in _rows(file, ("commodity", "density"))
    }


def _schedules(file: Path | None) -> dict[str, float]:
    """Compute the mean availability of each schedule over the days it lists.

    Day 0 stands for the days up to the last that are not listed.
    """
    if file is None:
        return {}
    days: dict[str, dict[int, float]] = {}
    for line, r in _rows(file, ("schedule", "day", "availability")):
        share = _number(r["availability"], file, line, "availability")
        if share > 1:
            raise FormatError(f"{file}, line {line}: availability is {share:g}; it must be from 0 to 1.")
        days.setdefault(r["schedule"], {})[int(_number(r["day"], file, line, "day"))] = share
    found = {}
    for name, known in days.items():
        last, usual = max(known), known.get(0, 1.0)
        found[name] = sum(known.get(d, usual) for d in range(1, last + 1)) / last if last else usual
    return found


def _refuse_two_roles(rows: list[Row]) -> None:
    """Refuse a name that stands for two kinds of facility, and producers that take something."""
    kinds: dict[str, Row] = {}
    for r in rows:
        first = kinds.setdefault(r["name"], r)
        if (first["type"], first["candidate"]) != (r["type"], r["candidate"]):
            raise FormatError(
                f"{r['file']}, line {r['line']}: {r['name']} is a {r['type']} here and a "
                f"{first['type']} in {first['file']}, line {first['line']}; give them two names."
            )
        if r["type"] == "raw_material_producer" and r["io"] == "i":
            raise FormatError(
                f"{r['file']}, line {r['line']}: the producer {r['name']} takes {r['commodity']}; "
                "make it a processor."
            )
