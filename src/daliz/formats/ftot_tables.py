"""Make the tables of a chain from a scenario of FTOT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from daliz.errors import FormatError
from daliz.formats.ftot_units import DOLLARS, QUANTITY, TONNES

if TYPE_CHECKING:
    from daliz.formats.ftot import Ftot, Row

CHAIN = "ftot"
DEFAULT_PENALTY = "5000"
"""What FTOT itself takes where a scenario says nothing."""


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
        If a facility has no place, a processor lacks inputs or outputs, or a candidate has no size.
    """
    names = list(dict.fromkeys(r["name"] for r in scenario.facilities))
    _refuse_like_names(names)
    _refuse_lost_places(names, places, scenario.name)
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
            tables["markets"] += [_market(scenario, base, r, days) for r in rows]
        else:
            _add_facility(tables, base, name, rows, days)
    return tables


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
    phases = {r["commodity"]: r["phase"] for r in scenario.facilities if r["io"]}
    return [
        {
            "id": c,
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


def _market(scenario: Ftot, base: Row, row: Row, days: float) -> Row:
    return base | {
        "id": _id(base["name_en"], row["commodity"]),
        "region": base["country"],
        "commodity_id": row["commodity"],
        "demand": row["tonnes"] * days,
        "price_usd": row["udp_usd"] if row["udp_usd"] is not None else _penalty(scenario),
    }


def _id(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).casefold()).strip("-")


def _refuse_like_names(names: list[str]) -> None:
    """Refuse names whose ids are one or none: ids are of Latin letters and digits."""
    seen: dict[str, str] = {}
    for name in names:
        word = _id(name)
        if not word or word in seen:
            other = f" like {seen[word]!r}" if word else ""
            raise FormatError(
                f"The facility {name!r} has the id {word!r}{other}; ids are made of Latin letters "
                "and digits, so rename it."
            )
        seen[word] = name


def _penalty(scenario: Ftot) -> float:
    """Return USD a tonne unmet; a unit beside the number must be USD over a mass."""
    text = scenario.settings.get("Unmet_Demand_Penalty", "") or DEFAULT_PENALTY
    match = QUANTITY.match(text)
    try:
        value = float(match.group(1)) if match else float("nan")
    except ValueError:
        value = float("nan")
    unit = match.group(2).casefold() if match else ""
    currency, _, mass = unit.partition("/")
    if not value >= 0 or (unit and (currency.strip() not in DOLLARS or mass.strip() not in TONNES)):
        raise FormatError(
            f"Unmet_Demand_Penalty is {text!r}; it must be a number of 0 or more, in USD over a mass "
            "such as usd/ton, or alone for USD a tonne."
        )
    return value / TONNES[mass.strip()] if unit else value


def _add_facility(tables: dict[str, list[Row]], base: Row, name: str, rows: list[Row], days: float) -> None:
    """Add a producer or a processor with its recipes."""
    producer = rows[0]["type"] == "raw_material_producer"
    sizes = {r["commodity"]: r["tonnes"] for r in rows if not r["io"]}
    flows = [r for r in rows if r["io"] and r["commodity"] != "total"]
    inputs, outputs = (_summed([r for r in flows if r["io"] == io]) for io in ("i", "o"))
    where = f"{rows[0]['file']}, line {rows[0]['line']}"
    if not outputs or (not inputs and not producer):
        raise FormatError(
            f"{where}: {name} lacks {'outputs' if not outputs else 'inputs'}; a processor needs rows of "
            "io i and o."
        )
    if rows[0]["candidate"] and "maxsize" not in sizes:
        raise FormatError(f"{where}: the candidate {name} has no row maxsize; give it.")
    tables["facilities"].append(
        base
        | {
            "id": _id(name),
            "stage": "mine" if producer else "plant",
            "candidate": rows[0]["candidate"],
            "build_usd": _build_usd(rows, sizes),
        }
    )
    if producer:
        tables["recipes"] += [_recipe(name, r, r["tonnes"] * days) for r in outputs]
        return
    total = next((r for r in rows if r["commodity"] == "total" and r["io"]), None)
    scale = _scale(outputs[0], total, sizes, inputs)
    recipe = _recipe(name, outputs[0], outputs[0]["tonnes"] * scale * days)
    tables["recipes"].append(recipe)
    tables["recipe_parts"] += _parts(recipe["id"], outputs[0]["tonnes"], inputs, outputs[1:])


def _build_usd(rows: list[Row], sizes: dict[str, float]) -> float:
    """Return what a facility costs to build: as given, or by its cost formula at its largest size."""
    given = next((float(r["build_usd"]) for r in rows if r["build_usd"]), None)
    return sizes.get("cost_formula", 0.0) * sizes.get("maxsize", 0.0) if given is None else given


def _recipe(name: str, output: Row, capacity: float) -> Row:
    return {
        "id": _id(name, output["commodity"]),
        "facility_id": _id(name),
        "commodity_id": output["commodity"],
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
            "commodity_id": r["commodity"],
            "amount": r["tonnes"] / main,
        }
        for role, some in (("input", inputs), ("output", others))
        for r in some
    ]


def _summed(rows: list[Row]) -> list[Row]:
    """Sum the rows of each commodity."""
    found: dict[str, Row] = {}
    for r in rows:
        known = found.get(r["commodity"])
        found[r["commodity"]] = r if known is None else known | {"tonnes": known["tonnes"] + r["tonnes"]}
    return list(found.values())


def _scale(main: Row, total: Row | None, sizes: dict[str, float], inputs: list[Row]) -> float:
    """Compute how often the quantities of the rows can be run.

    The bound is the capacity of an input or of the total, or the size of a candidate.
    """
    whole = sum(r["tonnes"] for r in inputs)
    if not main["tonnes"] > 0:
        raise FormatError(
            f"{main['file']}, line {main['line']}: {main['name']} gives {main['tonnes']:g} of "
            f"{main['commodity']}; it must be more than 0."
        )
    if "maxsize" in sizes:
        return sizes["maxsize"] / whole if whole else 1.0
    bounds = [r["maximum"] / r["tonnes"] for r in inputs if r["maximum"] is not None and r["tonnes"] > 0]
    if total is not None and total["maximum"] is not None and whole:
        bounds.append(total["maximum"] / whole)
    return min(bounds, default=1.0)
