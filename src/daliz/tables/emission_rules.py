"""Find what makes emissions wrong: modes that do not agree, factors that do not fit, sums, units, electric traction."""

from __future__ import annotations

import csv
import functools
from collections import Counter
from importlib import resources
from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.faults import Fault, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daliz.tables.table import Array, Table

MOVING = ("tkm", "teu-km")
ELECTRIC = "kwh-tkm"
PARTS = ("wtt_kg", "ttw_kg", "wtw_kg")
ROUNDINGS = 1.5
"""Units of the last digit that three rounded figures can miss their sum by."""
RELATIVE_ROUNDING, LARGEST_ROUNDING = 1e-5, 0.05
"""Least and most that rounding may account for, as shares of the whole."""


def emission_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find all faults of factors, grids and electric traction, and modes that do not agree."""
    for table in tables.values():
        yield from mode_faults(table, tables)
    yield from factor_faults(tables)
    yield from _wholes(tables["emission_factors"])
    yield from _limits(tables["emission_factors"])
    yield from _loose_cargo(tables)
    yield from _grids(tables["grids"])
    yield from electric_faults(tables)


def mode_faults(table: Table, tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find references to a row of another mode: both rows say their mode, and they do not agree."""
    if "mode" not in table.schema.columns:
        return
    for column in table.schema.columns.values():
        target = tables.get(column.references)
        if column.type != "ref" or target is None or "mode" not in target.schema.columns:
            continue
        modes = dict(zip(target.ids.tolist(), target["mode"].tolist(), strict=True))
        cells = zip(table.ids.tolist(), table[column.name].tolist(), table["mode"].tolist(), strict=True)
        for row, name, own in cells:
            there = modes.get(name, "")
            if own and there and own != there:
                allowed = f"is a row of {target.name}.csv for {there}, but this row is for {own}"
                yield faults_of(table.name)(
                    row, column.name, name, allowed, f"choose a row for {own} or correct the mode"
                )


def factor_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find classes and services whose emission factor has no unit of a tonne-km or TEU-km."""
    factors = tables["emission_factors"]
    for name in ("speeds", "services"):
        table = tables[name]
        for row, factor in zip(table.ids.tolist(), table["factor_id"].tolist(), strict=True):
            i = factors.position.get(factor)
            if i is None:
                continue
            basis = str(factors["basis"][i])
            if basis not in MOVING:
                allowed = (
                    f"is a factor per {basis or 'nothing'}, but what moves needs one per "
                    f"{' or '.join(MOVING)}"
                )
                yield faults_of(name)(row, "factor_id", factor, allowed, "choose another factor")
            elif np.isnan(factors["wtw_kg"][i]):
                allowed = "this factor has no wtw_kg"
                yield faults_of(name)(row, "factor_id", factor, allowed, "give it with its evidence")


def _wholes(factors: Table) -> Iterator[Fault]:
    """Find factors whose parts do not sum to the whole, to the last digit given, or that have one part alone."""
    fault = faults_of("emission_factors")
    for i, row in enumerate(factors.ids.tolist()):
        wtt, ttw, wtw = (float(factors[c][i]) for c in PARTS)
        if np.isnan(wtt) != np.isnan(ttw):
            blank, given = ("wtt_kg", "ttw_kg") if np.isnan(wtt) else ("ttw_kg", "wtt_kg")
            allowed = f"this part may not be blank where {given} is given"
            yield fault(row, blank, "", allowed, "give both parts or neither")
        elif not (np.isnan(wtt) or np.isnan(wtw) or sums_up(wtt, ttw, wtw)):
            allowed = f"wtt_kg {wtt:g} and ttw_kg {ttw:g} sum to {wtt + ttw:g}"
            yield fault(row, "wtw_kg", wtw, allowed, "correct the one of the three that is wrong")


def sums_up(wtt: float, ttw: float, wtw: float) -> bool:
    """Check whether well to tank and tank to wheel sum to well to wheel, as far as the digits given tell.

    Examples
    --------
    >>> sums_up(0.0084, 0.0531, 0.0614), sums_up(0.0064, 0.0212, 0.0376)
    (True, False)
    """
    digits = max(_decimals(figure) for figure in (wtt, ttw, wtw))
    rounding = min(ROUNDINGS * 10.0**-digits * (1 + 1e-9), LARGEST_ROUNDING * wtw)
    return abs(wtt + ttw - wtw) <= max(rounding, RELATIVE_ROUNDING * wtw)


def _decimals(figure: float) -> int:
    """Count the decimals with which a figure is written."""
    text = np.format_float_positional(figure, trim="-")
    return len(text.partition(".")[2])


@functools.cache
def _most() -> dict[tuple[str, str], float]:
    """Read the most that a factor may be by mode and basis: far above all that is published, below it in grams."""
    text = resources.files("daliz.tables").joinpath("factor_limits.csv").read_text(encoding="utf-8")
    return {(r["mode"], r["basis"]): float(r["most_kg"]) for r in csv.DictReader(text.splitlines())}


def _limits(factors: Table) -> Iterator[Fault]:
    """Find factors that are too large for their unit, as those in grams are."""
    fault, most = faults_of("emission_factors"), _most()
    for i, row in enumerate(factors.ids.tolist()):
        mode, basis = str(factors["mode"][i]), str(factors["basis"][i])
        limit = most.get((mode, basis), np.inf)
        for column in PARTS:
            figure = float(factors[column][i])
            if figure > limit:
                allowed = f"must be at most {limit:g} kg per {basis} for {mode}"
                yield fault(row, column, figure, allowed, "divide it by 1,000 if it is in grams")


def _loose_cargo(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find what carries cargo without TEU at a factor per TEU-km, which would count as nothing."""
    factors, cargoes, speeds = (tables[n] for n in ("emission_factors", "cargoes", "speeds"))
    boxed = {
        f
        for f, basis in zip(factors.ids.tolist(), factors["basis"].tolist(), strict=True)
        if basis == "teu-km"
    }
    loose = set(cargoes["rate_group"][cargoes["teu"] == 0.0].tolist())
    if not boxed or not loose:
        return
    mend = "choose a factor per tkm"
    services = tables["services"]
    for i, factor in enumerate(services["factor_id"].tolist()):
        groups = loose & set(services["cargo_groups"][i].split())
        if factor in boxed and groups:
            allowed = f"is a factor per teu-km, but {', '.join(sorted(groups))} cargo on it has no TEU"
            yield faults_of("services")(services.ids[i], "factor_id", factor, allowed, mend)
    for i, factor in enumerate(speeds["factor_id"].tolist()):
        if factor in boxed and speeds["mode"][i] in {"road", "rail"}:
            allowed = (
                f"is a factor per teu-km, but {', '.join(sorted(loose))} cargo on these links has no TEU"
            )
            yield faults_of("speeds")(speeds.ids[i], "factor_id", factor, allowed, mend)


def _grids(grids: Table) -> Iterator[Fault]:
    """Find countries with more than one grid."""
    counts = Counter(grids["country"].tolist())
    for row, country in zip(grids.ids.tolist(), grids["country"].tolist(), strict=True):
        if country and counts[country] > 1:
            allowed = f"{country} has {counts[country]} rows and may have one"
            yield faults_of("grids")(row, "country", country, allowed, "remove the others")


def electric_factors(tables: Mapping[str, Table]) -> list[str]:
    """List the factors per kWh of rail, of which one is that of every class that names none."""
    factors = tables["emission_factors"]
    some = (factors["basis"] == ELECTRIC) & (factors["mode"] == "rail")
    return [str(name) for name in factors.ids[some].tolist()]


def electric_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find electric traction without a factor per kWh, with several, or through a country without a grid."""
    yield from _electric_elsewhere(tables)
    yield from _named_electric(tables)
    worked = _electrified(tables)
    if not worked:
        return
    links, speeds, known = tables["links"], tables["speeds"], electric_factors(tables)
    own = dict(zip(speeds.ids.tolist(), speeds["electric_factor_id"].tolist(), strict=True))
    told: set[str] = set()
    for i, (table, row) in worked.items():
        kind = str(links["speed_class"][i])
        if kind in own and not own[kind] and kind not in told and len(known) != 1:
            told.add(kind)
            yield _no_factor(tables, table, row, kind, known)
    if not told:
        # a grid is of use with a factor alone
        yield from _no_grid(tables, list(worked))


def _no_factor(tables: Mapping[str, Table], table: str, row: str, kind: str, known: list[str]) -> Fault:
    if not known:
        share = tables[table]["electrified_share"][tables[table].position[row]]
        mend = f"add one of basis {ELECTRIC} with its energy_kwh to emission_factors.csv"
        return faults_of(table)(row, "electrified_share", share, "no kWh factor for electric rail", mend)
    allowed = f"emission_factors.csv has {len(known)} kWh factors for electric rail ({', '.join(known)})"
    return faults_of("speeds")(kind, "electric_factor_id", "", allowed, "name one here or remove the others")


def _no_grid(tables: Mapping[str, Table], worked: list[int]) -> Iterator[Fault]:
    links, nodes = tables["links"], tables["nodes"]
    grids = set(tables["grids"]["country"].tolist())
    country = dict(zip(nodes.ids.tolist(), nodes["country"].tolist(), strict=True))
    lacking: dict[str, str] = {}
    for i in worked:
        for end in (links["from_node"][i], links["to_node"][i]):
            if end in country and country[end] not in grids:
                lacking.setdefault(country[end], str(links.ids[i]))
    for name, link in lacking.items():
        allowed = f"has no row for {name}, where trains run electrically (as on {link})"
        yield Fault("grids.csv", "", "country", name, allowed, "add it with its evidence")


def recipe_faults(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find recipes that take electricity in a country without a grid, so that their emissions are not known."""
    grids, facilities, recipes = (tables[n] for n in ("grids", "facilities", "recipes"))
    known = set(grids["country"].tolist())
    country = dict(zip(facilities.ids.tolist(), facilities["country"].tolist(), strict=True))
    for i in np.flatnonzero(recipes["kwh"] > 0).tolist():
        name = country.get(recipes["facility_id"][i], "")
        if name and name not in known:
            allowed = f"{name}, where its facility stands, has no row in grids.csv"
            yield faults_of("recipes")(
                recipes.ids[i], "kwh", recipes["kwh"][i], allowed, "add the grid with its evidence"
            )


def _electrified(tables: Mapping[str, Table]) -> dict[int, tuple[str, str]]:
    """Find the rail links that are worked electrically, or are to be by a change; with the row that says so."""
    links, speeds = tables["links"], tables["speeds"]
    classes = dict(zip(speeds.ids.tolist(), speeds["electrified_share"].tolist(), strict=True))
    changed = _changed(tables)
    found = {}
    for i in np.flatnonzero(links["mode"] == "rail").tolist():
        link, kind = str(links.ids[i]), str(links["speed_class"][i])
        own = float(links["electrified_share"][i])
        if own > 0 or ("links", link) in changed:
            found[i] = ("links", link)
        elif np.isnan(own) and (classes.get(kind, 0.0) > 0 or ("speeds", kind) in changed):
            found[i] = ("speeds", kind)
    return found


def _changed(tables: Mapping[str, Table]) -> set[tuple[str, str]]:
    """List the rows that a change makes electric."""
    if "changes" not in tables:
        return set()
    rows: list[dict[str, object]] = tables["changes"].rows()
    return {
        (str(r["table"]), str(r["row_id"]))
        for r in rows
        if r["column"] == "electrified_share" and r["op"] in {"set", "add"} and float(str(r["value"])) > 0
    }


def _electric_elsewhere(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find a share of electric traction on what is no railway, where it would count as nothing."""
    for name in ("links", "speeds"):
        table = tables[name]
        wrong: Array = (table["electrified_share"] > 0) & (table["mode"] != "rail") & (table["mode"] != "")
        for i in np.flatnonzero(wrong):
            allowed = f"is for rail alone, and this row is for {table['mode'][i]}"
            share = table["electrified_share"][i]
            yield faults_of(name)(table.ids[i], "electrified_share", share, allowed, "leave it blank")


def _named_electric(tables: Mapping[str, Table]) -> Iterator[Fault]:
    """Find electric factors that classes name and that are none, or that tell no kWh."""
    factors, speeds = tables["emission_factors"], tables["speeds"]
    for row, factor in zip(speeds.ids.tolist(), speeds["electric_factor_id"].tolist(), strict=True):
        i = factors.position.get(factor)
        if i is not None and factors["basis"][i] != ELECTRIC:
            allowed = f"is a factor per {factors['basis'][i] or 'nothing'}, not per {ELECTRIC}"
            yield faults_of("speeds")(row, "electric_factor_id", factor, allowed, "choose another factor")
    for i in np.flatnonzero(factors["basis"] == ELECTRIC).tolist():
        energy = float(factors["energy_kwh"][i])
        if not energy > 0:
            allowed = f"a factor per {ELECTRIC} needs energy_kwh above 0"
            yield faults_of("emission_factors")(
                factors.ids[i], "energy_kwh", energy, allowed, "give it with its evidence"
            )
