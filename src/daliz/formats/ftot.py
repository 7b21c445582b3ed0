"""Read scenarios of FTOT, the Freight and Fuel Transportation Optimization Tool.

A scenario is an XML file that names CSV files of raw material producers, processors, candidate processors
and destinations; each row says what a facility takes (`io` i) or gives (`io` o) of a commodity. Places
and networks of FTOT are Esri geodatabases and stay out: a table of `facility_name` and `node_id` says
where a facility stands in the network of Daliz.

Solids become tonnes; liquids become tonnes by their density (`commodity_density.csv`). A US short ton is
not a tonne: a scenario that speaks of both is refused, since one of them is usually a slip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daliz.errors import FormatError, did_you_mean
from daliz.formats.ftot_files import named_file, number, read_csv, read_schedules, read_settings
from daliz.formats.ftot_plants import SIZES, TOTAL, Plant, plants_of
from daliz.formats.ftot_units import DOLLARS, NONE, PHASES, TONNES, Units, density, dollars_per, unit_key

Row = dict[str, Any]
TYPES = ("raw_material_producer", "processor", "ultimate_destination")
FILES = {
    "RMP_Commodity_Data": "raw_material_producer",
    "Destinations_Commodity_Data": "ultimate_destination",
    "Processors_Commodity_Data": "processor",
    "Processors_Candidate_Commodity_Data": "candidate",
    "Processors_Candidate_Slate_Data": "candidate",
}
WRONG = {
    "raw_material_producer": ("i", "producer {} takes"),
    "ultimate_destination": ("o", "destination {} gives"),
}
"""What neither of these does."""
NEEDED = ("facility_name", "facility_type", "commodity", "value", "units", "phase_of_matter", "io")
CAPPED = ("max_capacity", "max_processor_input", "build_cost")
USED_COLUMNS = {
    "raw_material_producer": (*NEEDED, "schedule"),
    "ultimate_destination": (*NEEDED, "schedule", "udp"),
    "processor": (*NEEDED, "schedule", *CAPPED),
    "candidate": (*NEEDED, "schedule", *CAPPED),
}
"""Columns that are read, by kind of file; a cell in another is told as not used."""
USED_SETTINGS = (
    *FILES,
    "Scenario_Name",
    "Scenario_Description",
    "Scenario_Schema_Version",
    "Schedule_Data",
    "Commodity_Density_Data",
    "Density_Conversion_Factor",
    "Default_Units_Solid_Phase",
    "Default_Units_Currency",
    "Unmet_Demand_Penalty",
    "Capacity_On",
)
"""Settings that are read; others that say something are told as not used."""
TOLD = {
    "CO2_Unit_Cost": "The cost of CO2 is not taken from the scenario; give a carbon price.",
    "Commodity_Mode_Data": (
        "Commodity_Mode_Data is not used: modes and closures are those of the network of Daliz."
    ),
    "Disruption_Data": "Disruption_Data is not used: modes and closures are those of the network of Daliz.",
}
SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


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
        Rows of name, type, io, commodity, phase, tonnes (a day, those of producers and destinations by their
        schedule), maximum (tonnes a day of a processor's row, None for none), udp_usd, file and line.
    plants
        What bounds each processor, and whether it is a candidate.
    availability
        Mean availability of each schedule.
    units
        Densities of the scenario and the units of mass that it uses.
    capacities
        Whether capacities of the network hold (`Capacity_On`); None if the scenario says nothing.
    ignored
        What the scenario says and this reader does not use, in sentences.
    """

    name: str
    description: str
    settings: dict[str, str]
    facilities: tuple[Row, ...]
    plants: dict[str, Plant]
    availability: dict[str, float]
    units: Units
    capacities: bool | None = None
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
    settings = read_settings(path, USED_SETTINGS)
    ignored = _told(path, settings)
    schedules = read_schedules(named_file(path, settings, "Schedule_Data"))
    units = Units(
        _densities(named_file(path, settings, "Commodity_Density_Data")),
        _said(settings, "Density_Conversion_Factor"),
    )
    found: list[Row] = []
    for key, kind in FILES.items():
        file = named_file(path, settings, key)
        if file is not None:
            rows = read_csv(file, NEEDED)
            found += [_facility(r, kind, file, line, schedules, units) for line, r in rows]
            ignored += _unused(file, kind, rows)
    flows = [r for r in found if r["commodity"] not in SIZES and r["commodity"] != TOTAL]
    if not flows:
        raise FormatError(f"{path}: the scenario names no facilities; give {', '.join(FILES)}.")
    units.refuse_mixed()
    _refuse_two_roles(found)
    _refuse_two_phases(flows)
    return Ftot(
        _said(settings, "Scenario_Name") or path.stem,
        _said(settings, "Scenario_Description"),
        settings,
        tuple(flows),
        plants_of([r for r in found if r["type"] == "processor"], units),
        schedules,
        units,
        _capacities(path, settings),
        tuple(ignored),
    )


def _said(settings: dict[str, str], key: str) -> str:
    """Return what a setting says; blank for none."""
    text = settings.get(key, "")
    return "" if text.casefold() in NONE else text


def _told(path: Path, settings: dict[str, str]) -> list[str]:
    """Say which settings are not used, and refuse another currency than USD."""
    currency = _said(settings, "Default_Units_Currency")
    if currency and not unit_key(currency, DOLLARS):
        raise FormatError(f"{path}: Default_Units_Currency is {currency!r}; costs must be in USD.")
    found = []
    for key, sentence in TOLD.items():
        if _said(settings, key):
            found.append(sentence)
            if key.endswith("_Data"):
                named_file(path, settings, key)
    others = [k for k in settings if k not in USED_SETTINGS and k not in TOLD and _said(settings, k)]
    if others:
        found.append(
            f"These settings are not used, since network, costs and emissions are those of Daliz: {', '.join(others)}."
        )
    return found


def _capacities(path: Path, settings: dict[str, str]) -> bool | None:
    text = _said(settings, "Capacity_On")
    if text and text.casefold() not in SWITCH:
        raise FormatError(f"{path}: Capacity_On is {text!r}; it must be True or False.")
    return SWITCH.get(text.casefold())


def _unused(file: Path, kind: str, rows: list[tuple[int, dict[str, str]]]) -> list[str]:
    """List the columns and rows that a file gives and this reader does not use."""
    used = USED_COLUMNS[kind]
    columns = {k for _, r in rows for k, v in r.items() if k not in used and v.casefold() not in NONE}
    sizes = {
        r["commodity"].casefold()
        for _, r in rows
        if kind == "candidate" and SIZES.get(r["commodity"].casefold()) is False
    }
    return [f"{k} in {file.name} is not used." for k in sorted(columns | sizes)]


def _facility(
    r: dict[str, str], kind: str, file: Path, line: int, schedules: dict[str, float], units: Units
) -> Row:
    """Read one row of a facility."""
    commodity = _name(r["commodity"])
    role, io = r["facility_type"].casefold(), r["io"].casefold()
    if kind == "candidate":
        role = "processor"
    elif role not in TYPES:
        raise FormatError(
            f"{file}, line {line}: facility_type is {r['facility_type']!r}; it must be {', '.join(TYPES)}."
        )
    for column in ("facility_name", "commodity"):
        if not r[column]:
            raise FormatError(f"{file}, line {line}: {column} is blank; give it.")
    size = kind == "candidate" and commodity in SIZES
    if not size and io not in {"i", "o"}:
        raise FormatError(f"{file}, line {line}: io is {r['io']!r}; it must be i or o.")
    row: Row = {
        "name": r["facility_name"],
        "type": role,
        "candidate": kind == "candidate",
        "io": "" if size else io,
        "commodity": commodity,
        "phase": r["phase_of_matter"].casefold(),
        "unit": r["units"],
        "schedule": _schedule(r, file, line, schedules),
        "build_usd": _cell(r, "build_cost", file, line),
        "file": file.name,
        "line": line,
        "where": f"{file}, line {line}",
    }
    if size or commodity == TOTAL:
        unit = dollars_per(r["units"]) if commodity == "cost_formula" else r["units"]
        if not unit and commodity == "cost_formula":
            raise FormatError(
                f"{file}, line {line}: the units of cost_formula are {r['units']!r}; they must be USD over "
                "a mass or volume, such as usd/ton."
            )
        units.is_mass(unit, file, line)
        row["unit"] = unit
        given = _cell(r, "max_capacity", file, line)
        row |= {
            "value": number(r["value"], file, line, "value") if size else 0.0,
            "maximum": _cell(r, "max_processor_input", file, line) if given is None else given,
        }
        return row
    return row | _quantity(r, row, file, line, schedules, units)


def _quantity(
    r: dict[str, str], row: Row, file: Path, line: int, schedules: dict[str, float], units: Units
) -> Row:
    """Read the quantities of a row of a commodity in tonnes."""
    if row["io"] == WRONG.get(row["type"], ("", ""))[0]:
        raise FormatError(
            f"{file}, line {line}: the {WRONG[row['type']][1].format(row['name'])} {row['commodity']}; make it a "
            "processor."
        )
    per_unit = units.tonnes(r["units"], row["phase"], row["commodity"], file, line)
    given = _cell(r, "max_capacity", file, line)
    bounds = [b for b in (given, _cell(r, "max_processor_input", file, line)) if b is not None]
    udp = _cell(r, "udp", file, line)
    share = 1.0 if row["type"] == "processor" else schedules.get(row["schedule"], 1.0)
    return {
        "tonnes": number(r["value"], file, line, "value") * per_unit * share,
        "maximum": min(bounds) * per_unit if bounds else None,
        "udp_usd": udp / per_unit if udp is not None else None,
    }


def _cell(r: dict[str, str], column: str, file: Path, line: int) -> float | None:
    """Read a number that may be blank."""
    text = r.get(column, "")
    return None if text.casefold() in NONE else number(text, file, line, column)


def _name(text: str) -> str:
    """Return the name of a commodity as FTOT has it, in small letters and without spaces."""
    return "_".join(text.casefold().split())


def _schedule(r: dict[str, str], file: Path, line: int, schedules: dict[str, float]) -> str:
    name = r.get("schedule", "").casefold()
    if name in NONE or (name == "default" and name not in schedules):
        return ""
    if name not in schedules:
        raise FormatError(
            f"{file}, line {line}: there is no schedule {r['schedule']!r}.{did_you_mean(name, schedules)}"
        )
    return name


def _densities(file: Path | None) -> dict[str, float]:
    found: dict[str, float] = {}
    for line, r in read_csv(file, ("commodity", "density")) if file else ():
        name = _name(r["commodity"])
        if name in found:
            raise FormatError(f"{file}, line {line}: the density of {name} stands twice; leave one.")
        found[name] = density(r["density"], f"{file}, line {line}")
    return found


def _refuse_two_roles(rows: list[Row]) -> None:
    """Refuse a name that stands for two kinds of facility or has two schedules, and totals of none but processors."""
    kinds: dict[str, Row] = {}
    for r in rows:
        first = kinds.setdefault(r["name"], r)
        where = f"{first['file']}, line {first['line']}"
        if (first["type"], first["candidate"]) != (r["type"], r["candidate"]):
            raise FormatError(
                f"{r['file']}, line {r['line']}: {r['name']} is a {r['type']} here and a "
                f"{first['type']} in {where}; give them two names."
            )
        if r["schedule"] != first["schedule"] and r["io"]:
            raise FormatError(
                f"{r['file']}, line {r['line']}: {r['name']} has the schedule {r['schedule'] or 'none'!r} here and "
                f"{first['schedule'] or 'none'!r} in {where}; a facility has one."
            )
        if r["commodity"] == TOTAL and r["type"] != "processor":
            raise FormatError(
                f"{r['file']}, line {r['line']}: total bounds processors, and {r['name']} is a {r['type']}; "
                "take the row out."
            )


def _refuse_two_phases(rows: list[Row]) -> None:
    """Refuse a commodity that is solid here and liquid there."""
    seen: dict[str, Row] = {}
    for r in rows:
        first = seen.setdefault(r["commodity"], r)
        if first["phase"] != r["phase"]:
            raise FormatError(
                f"{r['file']}, line {r['line']}: {r['commodity']} is {r['phase']} here and {first['phase']} in "
                f"{first['file']}, line {first['line']}; a commodity has one phase of {' or '.join(PHASES)}."
            )


def mass_unit(scenario: Ftot) -> tuple[str, str]:
    """Return the unit of mass that a scenario counts in, and where it is said.

    It is `Default_Units_Solid_Phase`, else the first unit of mass of its rows, else the US ton, in which FTOT counts.
    """
    said = _said(scenario.settings, "Default_Units_Solid_Phase")
    if said:
        key = unit_key(said, TONNES)
        if not key:
            raise FormatError(
                f"Default_Units_Solid_Phase is {said!r}; it must be a unit of mass, such as tonne."
            )
        return key, "Default_Units_Solid_Phase"
    for key, (file, line) in scenario.units.seen.items():
        return key, f"{file}, line {line}"
    return "ton", "FTOT"
