"""Make the tables of a chain from a scenario of FTOT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daliz.errors import FormatError
from daliz.formats.ftot import mass_unit
from daliz.formats.ftot_units import CUBIC_METRES, NONE, QUANTITY, TONNES, dollars_per, unit_key

if TYPE_CHECKING:
    from daliz.formats.ftot import Ftot, Row
    from daliz.formats.ftot_plants import Plant

CHAIN = "ftot"
DEFAULT_PENALTY = "5000"
"""What FTOT itself takes where a scenario says nothing, over the unit that the scenario counts in."""


def ftot_tables(
    scenario: Ftot, places: dict[str, str], *, days: float = 365.0, countries: dict[str, str] | None = None
) -> dict[str, list[Row]]:
    """Make the tables of a chain from a scenario of FTOT, over the nodes of a network.

    Parameters
    ----------
    scenario
        What `read_ftot` gave.
    places
        Node of each facility.
    days
        Days of a year for which the daily quantities hold.
    countries
        Country of each facility; `ZZ` where it is left out.

    Raises
    ------
    FormatError
        If a facility has no place, two names become one id, or a penalty cannot be read.
    """
    names = list(dict.fromkeys(r["name"] for r in scenario.facilities))
    _refuse_like_names("facility", names)
    _refuse_like_names("commodity", list(dict.fromkeys(r["commodity"] for r in scenario.facilities)))
    _refuse_lost_places(names, places, scenario.name)
    bounds = most_runs(scenario)
    tables: dict[str, list[Row]] = {
        "chains": [_chain(scenario)],
        "commodities": _commodities(scenario),
        "facilities": [],
        "recipes": [],
        "recipe_parts": [],
        "markets": [],
    }
    for name in names:
        rows = [r for r in scenario.facilities if r["name"] == name]
        base = {
            "chain_id": CHAIN,
            "name_en": name,
            "country": (countries or {}).get(name, "ZZ"),
            "node_id": places[name],
        }
        if rows[0]["type"] == "ultimate_destination":
            tables["markets"] += [_market(scenario, base, r, days) for r in _demands(rows)]
        else:
            _add_facility(tables, base, rows, scenario.plants.get(name), bounds.get(name, 0.0), days)
    _refuse_like_ids(tables)
    return tables


def most_runs(scenario: Ftot) -> dict[str, float]:
    """Compute how often a day each processor may run its rows.

    It is what bounds it, by its schedule. A processor that nothing bounds may do twice what the producers would
    ever let it: enough that it never decides, and finite.

    Raises
    ------
    FormatError
        If a processor has no input or no output, or one that nothing bounds stands in a circle of processors.
    """
    bounds = {
        name: None if p.runs is None else p.runs * scenario.availability.get(p.schedule, 1.0)
        for name, p in scenario.plants.items()
    }
    rows = {n: [r for r in scenario.facilities if r["name"] == n] for n in bounds}
    _refuse_halves(rows)
    supply: dict[str, float] = {}
    for r in scenario.facilities:
        if r["type"] == "raw_material_producer":
            supply[r["commodity"]] = supply.get(r["commodity"], 0.0) + r["tonnes"]
    found: dict[str, float] = {}
    while len(found) < len(bounds):
        waiting = {r["commodity"] for n in bounds if n not in found for r in rows[n] if r["io"] == "o"}
        ready = [
            n
            for n in bounds
            if n not in found
            and (bounds[n] is not None or not waiting & {r["commodity"] for r in rows[n] if r["io"] == "i"})
        ]
        if not ready:
            lost = next(n for n in bounds if n not in found)
            raise FormatError(
                f"{rows[lost][0]['where']}: {lost} takes what comes from itself by other processors, and nothing "
                "bounds it; give it a max_capacity."
            )
        for name in ready:
            bound = bounds[name]
            found[name] = _free(rows[name], supply) if bound is None else bound
            for r in rows[name]:
                if r["io"] == "o":
                    supply[r["commodity"]] = supply.get(r["commodity"], 0.0) + r["tonnes"] * found[name]
    return found


def _refuse_halves(rows: dict[str, list[Row]]) -> None:
    for name, some in rows.items():
        for io, what in (("i", "input"), ("o", "output")):
            if all(r["io"] != io for r in some):
                where = f"{some[0]['where']}: " if some else ""
                raise FormatError(
                    f"{where}the processor {name} has no {what}; give it a row with io = {io}, or name the "
                    "commodity of a row that was written as a setting."
                )


def _free(rows: list[Row], supply: dict[str, float]) -> float:
    """Return twice as many runs as the supply of its inputs allows; 1 where there is none to run on."""
    needs: dict[str, float] = {}
    for r in rows:
        if r["io"] == "i":
            needs[r["commodity"]] = needs.get(r["commodity"], 0.0) + r["tonnes"]
    return 2.0 * min(supply.get(c, 0.0) / t for c, t in needs.items()) or 1.0


def _refuse_lost_places(names: list[str], places: dict[str, str], scenario: str) -> None:
    lost = [n for n in names if n not in places]
    if lost:
        raise FormatError(
            f"{', '.join(lost[:5])}: no place is given for {len(lost)} facilities of "
            f"{scenario}; add them to the table of facility_name and node_id."
        )


def _chain(scenario: Ftot) -> Row:
    return {
        "id": CHAIN,
        "name_en": scenario.name,
        "element": "mass",
        "description": scenario.description or "Read from a scenario of FTOT.",
    }


def _commodities(scenario: Ftot) -> list[Row]:
    """Write the commodities, without contents.

    FTOT does not follow an element: what goes into a processor may weigh less than what comes out.
    """
    phases = {r["commodity"]: r["phase"] for r in scenario.facilities}
    return [
        {
            "id": _id(c),
            "chain_id": CHAIN,
            "name_en": c,
            "unit": "t",
            "cargo_id": "liquid-bulk" if p == "liquid" else "dry-bulk",
            "mass_t": 1.0,
            "content": 0.0,
            "value_usd": 0.0,
        }
        for c, p in phases.items()
    ]


def _demands(rows: list[Row]) -> list[Row]:
    """Sum the rows of a destination by commodity.

    Raises
    ------
    FormatError
        If two of them have two prices.
    """
    found: dict[str, Row] = {}
    for r in rows:
        first = found.get(r["commodity"])
        if first is None:
            found[r["commodity"]] = r
            continue
        if first["udp_usd"] != r["udp_usd"]:
            raise FormatError(
                f"{r['where']}: {r['name']} asks for {r['commodity']} here and in line {first['line']} of "
                f"{first['file']}, at two penalties (udp); give both rows one."
            )
        found[r["commodity"]] = first | {"tonnes": first["tonnes"] + r["tonnes"]}
    return list(found.values())


def _market(scenario: Ftot, base: Row, row: Row, days: float) -> Row:
    price = row["udp_usd"] if row["udp_usd"] is not None else _penalty(scenario, row)
    return base | {
        "id": _id(base["name_en"], row["commodity"]),
        "region": base["country"],
        "commodity_id": _id(row["commodity"]),
        "demand": row["tonnes"] * days,
        "price_usd": price,
    }


def _id(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).casefold()).strip("-")


def _refuse_like_names(what: str, names: list[str]) -> None:
    """Refuse names whose ids are one or none: ids are of Latin letters and digits."""
    seen: dict[str, str] = {}
    for name in names:
        word = _id(name)
        if not word or word in seen:
            other = f" like {seen[word]!r}" if word else ""
            raise FormatError(
                f"The {what} {name!r} has the id {word!r}{other}; ids are made of Latin letters "
                "and digits, so rename it."
            )
        seen[word] = name


def _refuse_like_ids(tables: dict[str, list[Row]]) -> None:
    """Refuse rows whose names together make one id, such as those of `a-b` with `c` and of `a` with `b-c`."""
    for name, rows in tables.items():
        seen: set[str] = set()
        for row in rows:
            if row["id"] in seen:
                raise FormatError(
                    f"Two rows of {name} have the id {row['id']!r}; rename a facility or commodity."
                )
            seen.add(row["id"])


def _penalty(scenario: Ftot, row: Row) -> float:
    """Return USD a tonne unmet of a row; a number alone is over the unit of mass that the scenario counts in."""
    text = scenario.settings.get("Unmet_Demand_Penalty", "")
    text = DEFAULT_PENALTY if text.casefold() in NONE else text
    match = QUANTITY.match(text)
    try:
        value = float(match.group(1)) if match else float("nan")
    except ValueError:
        value = float("nan")
    said = match.group(2) if match else ""
    unit = dollars_per(said) if said else mass_unit(scenario)[0]
    mass = unit_key(unit, TONNES)
    if not 0 <= value < float("inf") or not (mass or unit_key(unit, CUBIC_METRES)):
        raise FormatError(
            f"Unmet_Demand_Penalty is {text!r}; it must be a number of 0 or more, in USD over a mass or volume "
            "such as usd/ton, or alone for USD over the unit that the scenario counts in."
        )
    if mass:
        return value / TONNES[mass]
    if row["phase"] == "solid":
        raise FormatError(
            f"Unmet_Demand_Penalty is {text!r}, over a volume, but {row['commodity']} ({row['where']}) is solid; "
            "give it over a mass, or udp in its row."
        )
    return value / scenario.units.volume(unit, row["commodity"], row["where"])


def _add_facility(
    tables: dict[str, list[Row]], base: Row, rows: list[Row], plant: Plant | None, runs: float, days: float
) -> None:
    """Add a producer or a processor with its recipes; `runs` a day are those of a processor."""
    name = base["name_en"]
    inputs, outputs = (_summed([r for r in rows if r["io"] == io]) for io in ("i", "o"))
    tables["facilities"].append(
        base
        | {
            "id": _id(name),
            "stage": "plant" if plant else "mine",
            "candidate": bool(plant and plant.candidate),
            "build_usd": plant.build_usd if plant else 0.0,
        }
    )
    if plant is None:
        tables["recipes"] += [_recipe(name, r, r["tonnes"] * days) for r in outputs]
        return
    recipe = _recipe(name, outputs[0], outputs[0]["tonnes"] * runs * days)
    tables["recipes"].append(recipe)
    tables["recipe_parts"] += _parts(recipe["id"], outputs[0]["tonnes"], inputs, outputs[1:])


def _recipe(name: str, output: Row, capacity: float) -> Row:
    return {
        "id": _id(name, output["commodity"]),
        "facility_id": _id(name),
        "commodity_id": _id(output["commodity"]),
        "capacity": capacity,
        "cost_usd": 0.0,
    }


def _parts(recipe: str, main: float, inputs: list[Row], others: list[Row]) -> list[Row]:
    """Write inputs and further outputs of a recipe for one tonne of its main output."""
    return [
        {
            "id": f"{recipe}-{role}-{_id(r['commodity'])}",
            "recipe_id": recipe,
            "role": role,
            "commodity_id": _id(r["commodity"]),
            "amount": r["tonnes"] / main,
        }
        for role, some in (("input", inputs), ("output", others))
        for r in some
    ]


def _summed(rows: list[Row]) -> list[Row]:
    """Sum rows by commodity, in the order in which each was first met."""
    found: dict[str, Row] = {}
    for r in rows:
        known = found.get(r["commodity"])
        found[r["commodity"]] = r if known is None else known | {"tonnes": known["tonnes"] + r["tonnes"]}
    return list(found.values())
