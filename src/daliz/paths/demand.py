"""Make the demand of a year from the tables of markets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import DemandError, did_you_mean
from daliz.paths.distribution import gravity, grow
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats, Ints
    from daliz.tables import Network

AVOIDED = "RU"
"""Country that averse shippers avoid, unless they send from or to it."""
MOST_UNITS = 1e12
KEEP = 1e-4
"""Share of a market below which a pair of places is not told apart; its quantity goes to the others."""


@dataclass(frozen=True)
class Demand:
    """Hold who wants to send what, by pair of places, cargo class and segment.

    Attributes
    ----------
    origin, destination
        Node rows, int64 arrays of shape (rows,).
    cargo
        Rows of `cargoes`; the class is also the band of value of time.
    units
        Units of cargo a year that choose their way, float64.
    flow
        Market of each row; -1 for rows given by the user.
    averse
        Whether the shippers avoid Russia.
    captive_t
        Tonnes a year by market that are bound to one way and not assigned; `captive_teu` the TEU among them.
    markets
        Ids of the markets.
    """

    origin: Ints
    destination: Ints
    cargo: Ints
    units: Floats
    flow: Ints
    averse: np.typing.NDArray[np.bool_]
    captive_t: Floats
    captive_teu: Floats
    markets: tuple[str, ...]
    year: int

    def __len__(self) -> int:
        return len(self.units)

    def __repr__(self) -> str:
        return (
            f"<Demand of {self.year}: {len(self):,} rows in {len(self.markets)} markets; the split over "
            "pairs of places is synthetic>"
        )


def quantities(network: Network, year: int | None = None) -> dict[str, float]:
    """Give the quantity of each market in a year, in the market's unit.

    A year without figures is carried ahead from the last one at a share of the growth since the first
    (`growth-share` in `choice`); it is a projection.

    Raises
    ------
    DemandError
        If the year lies before the first one with figures.
    """
    year = network.year if year is None else year
    table = network.table("flow_years")
    series: dict[str, dict[int, float]] = {}
    for flow, y, q in zip(table["flow_id"], table["year"], table["quantity"], strict=True):
        series.setdefault(str(flow), {})[int(y)] = float(q)
    share = choice_values(network).get("growth-share", 0.0)
    found = {}
    for flow, known in series.items():
        first, last = min(known), max(known)
        if year in known:
            found[flow] = known[year]
        elif year > last:
            found[flow] = grow(known[last], known[first], max(last - first, 1), year - last, share)
        else:
            raise DemandError(
                f"Market {flow} has no quantity for {year}; flow_years holds {first} to {last}."
            )
    return found


def choice_values(network: Network) -> dict[str, float]:
    """Give the parameters of the table `choice`."""
    table = network.table("choice")
    return dict(zip(table.ids.astype(str).tolist(), table["value"].tolist(), strict=True))


def choice_priors(network: Network) -> dict[str, float]:
    """Give the centres of the priors of the fitted parameters."""
    table = network.table("choice")
    return {str(i): float(p) for i, p in zip(table.ids, table["prior"], strict=True) if not np.isnan(p)}


def demand_of(
    network: Network,
    year: int | None = None,
    *,
    values: dict[str, float] | None = None,
    scale: dict[str, float] | None = None,
) -> Demand:
    """Make the demand of a year: markets split over pairs by gravity, classes by share, and those averse to Russia.

    Parameters
    ----------
    network
        Network with the tables `flows`, `flow_years`, `flow_ends` and `flow_cargoes`.
    year
        Year of the quantities; that of the network if left out.
    values
        Parameters of choice in place of those of the table `choice`.
    scale
        Factors on markets by id.

    Raises
    ------
    DemandError
        If the network has no markets or none in that year.

    Examples
    --------
    >>> import daliz
    >>> demand_of(daliz.open("eurasia", year=2024))
    <Demand of 2024: ... rows in 78 markets; the split over pairs of places is synthetic>
    """
    year = network.year if year is None else year
    values = choice_values(network) | (values or {})
    flows, cargoes, nodes = (network.table(t) for t in ("flows", "cargoes", "nodes"))
    if not len(flows):
        raise DemandError(
            f"{network.name} has no markets (table flows), so there is nothing to assign; give `demand`."
        )
    amounts = quantities(network, year)
    for name, factor in (scale or {}).items():
        if name not in flows.position or not np.isfinite(factor) or factor < 0:
            raise DemandError(
                f"Market {name!r} cannot be scaled by {factor:g}; give a market of the table flows "
                "and a number of 0 or more."
            )
    ends, classes = _by_flow(network, "flow_ends"), _by_flow(network, "flow_cargoes")
    away = aversion(values, year)
    inside = nodes["country"] == AVOIDED
    parts, captive, boxes = [], np.zeros(len(flows)), np.zeros(len(flows))
    for n, row in enumerate(flows.rows()):
        start, stop = (
            [r for r in ends.get(row["id"], []) if r["end"] == e] for e in ("origin", "destination")
        )
        if row["id"] not in amounts or not start or not stop or row["id"] not in classes:
            raise DemandError(
                f"Market {row['id']} lacks quantities, origins, destinations or classes; fill "
                "flow_years, flow_ends and flow_cargoes."
            )
        quantity = amounts[row["id"]] * (scale or {}).get(row["id"], 1.0)
        pairs = _split(network, start, stop, values["gravity-deterrence"])
        for share in classes[row["id"]]:
            c = cargoes.position[share["cargo_id"]]
            payload = float(cargoes["payload_t"][c])
            if row["unit"] == "TEU" and not cargoes["teu"][c] > 0:
                raise DemandError(
                    f"Market {row['id']} is counted in TEU, but its class {share['cargo_id']} is no "
                    "container; mend flow_cargoes."
                )
            units = (
                quantity
                * share["share"]
                * (1.0 / float(cargoes["teu"][c]) if row["unit"] == "TEU" else 1000.0 / payload)
            )
            bound = units * (1.0 - row["contestable_share"])
            captive[n] += bound * payload
            boxes[n] += bound * float(cargoes["teu"][c])
            for avoids, part in ((True, away), (False, 1.0 - away)) if row["averse"] else ((False, 1.0),):
                size = units * row["contestable_share"] * part
                parts += [
                    (i, j, c, size * w, n, avoids and not (inside[i] or inside[j]))
                    for i, j, w in pairs
                    if size * w > 0
                ]
    return _closed(parts, (captive, boxes), tuple(flows.ids.astype(str).tolist()), year)


def _closed(
    parts: list[tuple[Any, ...]], captive: tuple[Floats, Floats], markets: tuple[str, ...], year: int
) -> Demand:
    columns = [list(x) for x in zip(*parts, strict=True)] if parts else [[]] * 6
    whole = [np.array(columns[i], np.int64) for i in (0, 1, 2, 4)]
    units, averse = np.array(columns[3], np.float64), np.array(columns[5], np.bool_)
    return Demand(whole[0], whole[1], whole[2], units, whole[3], averse, *captive, markets, year)


def aversion(values: dict[str, float], year: int) -> float:
    """Give the share of averse shippers who stay out of Russia: `aversion` in 2022, times the decay each year after."""
    return values["aversion"] * values["aversion-decay"] ** (year - 2022) if year >= 2022 else 0.0


def _by_flow(network: Network, table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in network.table(table).rows():
        found.setdefault(row["flow_id"], []).append(row)
    return found


def _split(
    network: Network, start: list[dict[str, Any]], stop: list[dict[str, Any]], power: float
) -> list[tuple[int, int, float]]:
    """Split one unit of a market over its pairs of places."""
    nodes = network.table("nodes")
    o, d = (np.array([nodes.position[r["node_id"]] for r in x]) for x in (start, stop))
    rows, columns = (np.array([r["weight"] for r in x]) for x in (start, stop))
    lat, lon = nodes["lat"], nodes["lon"]
    km = great_circle_km(lat[o][:, None], lon[o][:, None], lat[d][None, :], lon[d][None, :])
    km[o[:, None] == d[None, :]] = 1e12  # a place sends nothing to itself
    share = gravity(rows / rows.sum(), columns / columns.sum(), np.maximum(km, 1.0), power)
    share[(share < KEEP) | (o[:, None] == d[None, :])] = 0.0
    share /= share.sum()
    return [(int(o[i]), int(d[j]), float(share[i, j])) for i, j in zip(*np.nonzero(share), strict=True)]


def joined(one: Demand, other: Demand) -> Demand:
    """Put the rows of a demand behind those of another, whose markets and captive quantities stay."""

    def both(name: str) -> Any:
        return np.concatenate([getattr(one, name), getattr(other, name)])

    return replace(
        one,
        origin=both("origin"),
        destination=both("destination"),
        cargo=both("cargo"),
        units=both("units"),
        flow=both("flow"),
        averse=both("averse"),
    )


def demand_from_rows(network: Network, rows: Sequence[dict[str, Any]], year: int | None = None) -> Demand:
    """Make demand from rows of origin, destination, cargo and units a year.

    Raises
    ------
    DemandError
        If a place or class is unknown, both ends are one, or a quantity is negative or no number; the row
        is named.
    """
    nodes = network.table("nodes")
    russian = nodes["country"] == AVOIDED
    found = []
    for n, row in enumerate(rows, 1):
        place = [_known(network, "nodes", "place", row, key, n) for key in ("origin", "destination")]
        cargo = _known(network, "cargoes", "class", row, "cargo", n)
        units = _units(row, n)
        if place[0] == place[1]:
            raise DemandError(
                f"Demand row {n}: origin and destination are both {row['origin']}; give two places."
            )
        averse = _yes(row.get("averse", ""), n) and not russian[place].any()
        if units > 0:
            found.append((place[0], place[1], cargo, units, -1, averse))
    return _closed(found, (np.zeros(0), np.zeros(0)), (), network.year if year is None else year)


def _known(network: Network, table: str, what: str, row: dict[str, Any], key: str, n: int) -> int:
    position = network.table(table).position
    if key not in row or row[key] is None:
        raise DemandError(
            f"Demand row {n} has no column {key!r}; give origin, destination, cargo and units, "
            "separated by commas."
        )
    name = str(row[key])
    if name not in position:
        raise DemandError(
            f"Demand row {n}: there is no {what} {name!r} in this network (column "
            f"{key}).{did_you_mean(name, position)}"
        )
    return position[name]


def _units(row: dict[str, Any], n: int) -> float:
    try:
        units = float(row["units"])
    except (KeyError, TypeError, ValueError) as error:
        raise DemandError(
            f"Demand row {n}: units is {row.get('units')!r}; it must be a number of 0 or more."
        ) from error
    if not 0 <= units <= MOST_UNITS:
        raise DemandError(
            f"Demand row {n}: units is {units:g}; it must be a number from 0 to {MOST_UNITS:g}."
        )
    return units


def _yes(value: Any, n: int) -> bool:
    text = str(value or "").strip().casefold()
    if text in {"", "no", "false", "0"}:
        return False
    if text in {"yes", "true", "1"}:
        return True
    raise DemandError(f"Demand row {n}: averse is {value!r}; it must be yes or no.")
