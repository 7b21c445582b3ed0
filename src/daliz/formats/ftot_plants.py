"""Work out what bounds the processors of an FTOT scenario, and which of them are candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from daliz.errors import FormatError
from daliz.formats.ftot_units import CUBIC_METRES, TONNES, unit_key

if TYPE_CHECKING:
    from daliz.formats.ftot_units import Units

Row = dict[str, Any]
TOTAL = "total"
"""Stands in the column of commodities for all inputs or all outputs of a processor."""
SIZES = {"maxsize": True, "cost_formula": True, "minsize": False, "min_aggregation": False}
"""What stands in the column of commodities for the size of a candidate, and whether it is read."""


class Plant(NamedTuple):
    """What bounds a processor.

    Attributes
    ----------
    runs
        How often a day the quantities of its rows can be run at most; None if nothing bounds it.
    candidate
        Whether it is not built yet.
    build_usd
        What it costs to build.
    schedule
        Name of its schedule; blank for all days.
    """

    runs: float | None
    candidate: bool
    build_usd: float
    schedule: str


def plants_of(rows: list[Row], units: Units) -> dict[str, Plant]:
    """Work out what bounds each processor.

    Parameters
    ----------
    rows
        Rows of processors and candidates, those of sizes and totals among them.
    units
        Units and densities of the scenario.

    Raises
    ------
    FormatError
        If a facility lacks inputs or outputs, takes or gives nothing of one, a candidate has no size, or
        figures contradict one another.
    """
    names = dict.fromkeys(r["name"] for r in rows)
    return {name: _plant(name, [r for r in rows if r["name"] == name], units) for name in names}


def _plant(name: str, rows: list[Row], units: Units) -> Plant:
    first = rows[0]
    flows = [r for r in rows if r["io"] and r["commodity"] != TOTAL]
    inputs, outputs = ([r for r in flows if r["io"] == io] for io in ("i", "o"))
    if not outputs or not inputs:
        raise FormatError(
            f"{first['where']}: {name} lacks {'outputs' if not outputs else 'inputs'}; a processor needs rows of "
            "io i and o."
        )
    for r in flows:
        if not r["tonnes"] > 0:
            does = "takes" if r["io"] == "i" else "gives"
            raise FormatError(
                f"{r['where']}: {name} {does} {r['tonnes']:g} of {r['commodity']}; it must be more than 0."
            )
    sizes: dict[str, Row] = {}
    for r in rows:
        if not r["io"] and sizes.setdefault(r["commodity"], r) is not r:
            raise FormatError(f"{r['where']}: {r['commodity']} of {name} stands twice; leave one.")
    build = {r["build_usd"]: r for r in rows if r["build_usd"]}
    if len(build) > 1:
        (a, one), (b, other) = list(build.items())[:2]
        raise FormatError(
            f"{other['where']}: build_cost of {name} is {b:g} here and {a:g} in line {one['line']} of "
            f"{one['file']}; a facility has one."
        )
    cost = next(iter(build), 0.0)
    if first["candidate"] and "maxsize" not in sizes:
        raise FormatError(f"{first['where']}: the candidate {name} has no row maxsize; give it.")
    if "cost_formula" in sizes and cost:
        raise FormatError(
            f"{sizes['cost_formula']['where']}: {name} has a cost_formula and a build_cost; leave one of them."
        )
    runs = _runs(rows, inputs, outputs, sizes, units)
    if "cost_formula" in sizes and runs is not None:
        cost = _formula(sizes["cost_formula"], inputs, outputs, units) * runs
    return Plant(runs, first["candidate"] or cost > 0, cost, first["schedule"])


def _runs(
    rows: list[Row], inputs: list[Row], outputs: list[Row], sizes: dict[str, Row], units: Units
) -> float | None:
    """Return how often the quantities of the rows can be run a day: the least of all bounds."""
    bounds = [r["maximum"] / _same(r, inputs + outputs) for r in inputs + outputs if r["maximum"] is not None]
    for r in rows:
        if r["commodity"] == TOTAL and r["maximum"] is not None:
            some = inputs if r["io"] == "i" else outputs
            bounds.append(r["maximum"] / _amount(some, r["unit"], units, r["where"]))
    if "maxsize" in sizes:
        size = sizes["maxsize"]
        bounds.append(size["value"] / _measured(size, size["unit"], inputs, outputs, units))
    return min(bounds, default=None)


def _same(row: Row, rows: list[Row]) -> float:
    """Return the tonnes a run of a row's commodity, of which there may be several rows."""
    key = row["io"], row["commodity"]
    return float(sum(r["tonnes"] for r in rows if (r["io"], r["commodity"]) == key))


def _formula(row: Row, inputs: list[Row], outputs: list[Row], units: Units) -> float:
    """Return what one run a day costs to build by a formula in USD for a unit of size."""
    return float(row["value"]) * _measured(row, row["unit"], inputs, outputs, units)


def _measured(row: Row, unit: str, inputs: list[Row], outputs: list[Row], units: Units) -> float:
    """Return the size of one run: a mass is that of all inputs, a volume that of the liquid inputs, else outputs."""
    if unit_key(unit, TONNES):
        return _amount(inputs, unit, units, row["where"])
    for rows in (inputs, outputs):
        liquid = [r for r in rows if r["phase"] == "liquid"]
        if liquid and row["phase"] != "solid":
            return _amount(liquid, unit, units, row["where"])
    raise FormatError(
        f"{row['where']}: {row['commodity']} of {row['name']} is in {unit}, a volume, but it concerns nothing "
        "liquid; give it over a mass."
    )


def _amount(rows: list[Row], unit: str, units: Units, where: str) -> float:
    """Sum the quantities of rows in a unit."""
    mass = unit_key(unit, TONNES)
    if mass:
        return float(sum(r["tonnes"] for r in rows)) / TONNES[mass]
    if not unit_key(unit, CUBIC_METRES):
        raise FormatError(f"{where}: the unit {unit!r} is not known; give a mass or a volume.")
    solid = [r["commodity"] for r in rows if r["phase"] == "solid"]
    if solid:
        raise FormatError(f"{where}: {solid[0]} is solid, but {unit} is a volume; give its mass.")
    return float(sum(r["tonnes"] / units.volume(unit, r["commodity"], where) for r in rows))
