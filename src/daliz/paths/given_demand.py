"""Read the demand that somebody brings, row by row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from daliz.errors import DemandError, did_you_mean
from daliz.paths.demand import Demand, Row, closed, outside
from daliz.tables.records import read_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from daliz.tables import Network

MOST_UNITS = 1e12
GIVEN = "given"
"""Tag of rows that bear none."""
_PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
COLUMNS = ("origin", "destination", "cargo", "units")
MAY = ("avoid", "tag")


def read_demand(network: Network, path: Path, year: int | None = None) -> Demand:
    """Read demand from a CSV file with the columns origin, destination, cargo and units, and perhaps avoid and tag.

    Raises
    ------
    DataError
        If the file cannot be read as a table of these columns; the line is named.
    DemandError
        If a place, class or country is unknown, both ends are one, or a quantity is negative or no number; the line is
        named.
    """
    records = read_records(path, COLUMNS, MAY)
    return _demand(network, [(f"{path.name}, line {line}", cells) for line, cells in records], year)


def demand_from_rows(network: Network, rows: Sequence[Mapping[str, Any]], year: int | None = None) -> Demand:
    """Make demand from rows of origin, destination, cargo and units a year.

    A row may name countries to `avoid`, separated by spaces, and bear a `tag` under which its volumes are told.

    Raises
    ------
    DemandError
        If a column, place, class or country is unknown, both ends are one, or a quantity is negative or no number; the
        row is named.
    """
    every = (*COLUMNS, *MAY)
    for n, row in enumerate(rows, 1):
        for key in row:
            if key not in every:
                raise DemandError(
                    f"Demand row {n} has a column {key!r}, which demand has not.{did_you_mean(key, every)} The columns "
                    f"are {', '.join(every)}."
                )
    return _demand(network, [(f"Demand row {n}", row) for n, row in enumerate(rows, 1)], year)


def _demand(network: Network, rows: Sequence[tuple[str, Mapping[str, Any]]], year: int | None) -> Demand:
    """Make demand from rows, each with the place by which messages name it."""
    country = network.table("nodes")["country"].astype(str)
    known = set(country.tolist())
    found = []
    for where, row in rows:
        place = [_known(network, "nodes", "place", row, key, where) for key in ("origin", "destination")]
        cargo = _known(network, "cargoes", "class", row, "cargo", where)
        units = _units(row, where)
        if place[0] == place[1]:
            raise DemandError(f"{where}: origin and destination are both {row['origin']}; give two places.")
        avoid = tuple(sorted(str(row.get("avoid") or "").upper().split()))
        unknown = [c for c in avoid if c not in known]
        if unknown:
            raise DemandError(
                f"{where}: there is no country {unknown[0]!r} in this network (column avoid)."
                f"{did_you_mean(unknown[0], known)} Give ISO codes separated by spaces."
            )
        if units > 0:
            ends = (country[place[0]], country[place[1]])
            tag = str(row.get("tag") or GIVEN)
            found.append(Row(place[0], place[1], cargo, units, tag, outside(avoid, *ends)))
    return closed(found, {}, (), network.year if year is None else year)


def _known(network: Network, table: str, what: str, row: Mapping[str, Any], key: str, where: str) -> int:
    position = network.table(table).position
    if key not in row or row[key] is None:
        raise DemandError(f"{where} has no column {key!r}; give {', '.join(COLUMNS)}.")
    name = str(row[key])
    if name not in position:
        raise DemandError(
            f"{where}: there is no {what} {name!r} in this network (column {key}).{did_you_mean(name, position)}"
        )
    return position[name]


def _units(row: Mapping[str, Any], where: str) -> float:
    given = row.get("units")
    try:
        if isinstance(given, bool) or (isinstance(given, str) and not _PLAIN.fullmatch(given.strip())):
            raise ValueError(given)  # noqa: TRY301
        units = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise DemandError(
            f"{where}: units is {given!r}; it must be a number of 0 or more, with a point and without spaces or commas."
        ) from error
    if not 0 <= units <= MOST_UNITS:
        raise DemandError(f"{where}: units is {units:g}; it must be a number from 0 to {MOST_UNITS:g}.")
    return units
