"""Make the demand of a year from the tables of markets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import DemandError
from daliz.paths.choice import ChoiceParameters, table_values
from daliz.paths.distribution import gravity, grow
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from daliz.arrays import Flags, Floats, Ints
    from daliz.tables import Network, Table

KEEP = 1e-4
"""Share of a market below which a pair of places is not told apart; its quantity goes to the others."""


@dataclass(frozen=True)
class Demand:
    """Who wants to send what: a row for each pair of places, cargo class and segment of shippers.

    Attributes
    ----------
    origin, destination
        Node rows, int64 arrays of shape (rows,).
    cargo
        Rows of `cargoes`; the class is also the band of value of time.
    units
        Units of cargo a year that choose their route, float64.
    tag, tags
        What each row belongs to, as a position in `tags`: a market, a trade, or `given`.
    avoid, avoided
        What its shippers stay out of, as a position in `avoided`: sets of countries, the first one empty.
    captive_t, captive_teu
        Tonnes and TEU a year by tag that are bound to one route and not assigned.
    markets
        The tags that are markets of the network.
    """

    origin: Ints
    destination: Ints
    cargo: Ints
    units: Floats
    tag: Ints
    avoid: Ints
    captive_t: Floats
    captive_teu: Floats
    tags: tuple[str, ...]
    avoided: tuple[tuple[str, ...], ...]
    markets: tuple[str, ...]
    year: int

    def __len__(self) -> int:
        return len(self.units)

    def __repr__(self) -> str:
        split = "; the split over pairs of places is synthetic" if self.markets else ""
        return f"<Demand of {self.year}: {len(self):,} rows in {len(self.markets)} markets{split}>"

    def tagged(self, tags: Collection[str]) -> Flags:
        """Find which rows bear one of some tags, shape (rows,)."""
        wanted = [i for i, t in enumerate(self.tags) if t in tags]
        return np.isin(self.tag, wanted)


class Row(NamedTuple):
    """One row of demand in the making."""

    origin: int
    destination: int
    cargo: int
    units: float
    tag: str
    avoid: tuple[str, ...]


def quantities(network: Network, year: int | None = None) -> dict[str, float]:
    """Return the quantity of each market in a year, in the market's unit.

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
    share = table_values(network).get("growth-share")
    found = {}
    for flow, known in series.items():
        first, last = min(known), max(known)
        if year in known:
            found[flow] = known[year]
        elif year > last:
            if share is None:
                raise DemandError(
                    f"Market {flow} has figures up to {last}, and the table choice lacks the row 'growth-share', by "
                    f"which it would be carried on to {year}; add the row with its evidence, or a row of flow_years "
                    f"for {year}."
                )
            found[flow] = grow(known[last], known[first], max(last - first, 1), year - last, share)
        else:
            raise DemandError(
                f"Market {flow} has no quantity for {year}; flow_years holds {first} to {last}."
            )
    return found


def demand_of(
    network: Network,
    year: int | None = None,
    *,
    values: Mapping[str, float] | None = None,
    scale: Mapping[str, float] | None = None,
) -> Demand:
    """Make the demand of a year: markets split over pairs by gravity, classes by share, and segments by aversion.

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
    choice = ChoiceParameters.of(network, values)
    flows = network.table("flows")
    if not len(flows):
        raise DemandError(
            f"{network.name} has no markets (table flows), so there is nothing to assign; give `demand`."
        )
    amounts = quantities(network, year)
    _check_scale(flows, scale or {})
    ends, classes = _by_flow(network, "flow_ends"), _by_flow(network, "flow_cargoes")
    rows: list[Row] = []
    captive: dict[str, tuple[float, float]] = {}
    for row in flows.rows():
        name = str(row["id"])
        start, stop = ([r for r in ends.get(name, []) if r["end"] == e] for e in ("origin", "destination"))
        if name not in amounts or not start or not stop or name not in classes:
            raise DemandError(
                f"Market {name} lacks quantities, origins, destinations or classes; fill flow_years, "
                "flow_ends and flow_cargoes."
            )
        quantity = amounts[name] * (scale or {}).get(name, 1.0)
        pairs = _split(network, name, (start, stop), choice["gravity-deterrence"])
        more, bound = _of_market(network, row, quantity, classes[name], (pairs, aversion(choice, row, year)))
        rows += more
        captive[name] = bound
    return closed(rows, captive, tuple(captive), year)


def _check_scale(flows: Table, scale: Mapping[str, float]) -> None:
    for name, factor in scale.items():
        if name not in flows.position or not np.isfinite(factor) or factor < 0:
            raise DemandError(
                f"Market {name!r} cannot be scaled by {factor:g}; give a market of the table flows and a "
                "number of 0 or more."
            )


def _of_market(
    network: Network,
    row: dict[str, Any],
    quantity: float,
    classes: list[dict[str, Any]],
    over: tuple[list[tuple[int, int, float]], float],
) -> tuple[list[Row], tuple[float, float]]:
    """Return the rows of a market split over pairs and averse share (`over`), and its captive tonnes and TEU."""
    cargoes, country = network.table("cargoes"), network.table("nodes")["country"].astype(str)
    pairs, away = over
    averse = tuple(str(row["avoids"]).split())
    rows: list[Row] = []
    tonnes = boxes = 0.0
    for share in classes:
        c = cargoes.position[share["cargo_id"]]
        payload, teu = float(cargoes["payload_t"][c]), float(cargoes["teu"][c])
        if row["unit"] == "TEU" and not teu > 0:
            raise DemandError(
                f"Market {row['id']} is counted in TEU, but its class {share['cargo_id']} is no "
                "container; mend flow_cargoes."
            )
        units = quantity * share["share"] * (1.0 / teu if row["unit"] == "TEU" else 1000.0 / payload)
        bound = units * (1.0 - row["contestable_share"])
        tonnes, boxes = tonnes + bound * payload, boxes + bound * teu
        for avoid, part in ((averse, away), ((), 1.0 - away)) if averse else (((), 1.0),):
            size = units * row["contestable_share"] * part
            rows += [
                # who sends from or to a country does not stay out of it
                Row(i, j, c, size * w, str(row["id"]), outside(avoid, country[i], country[j]))
                for i, j, w in pairs
                if size * w > 0
            ]
    return rows, (tonnes, boxes)


def outside(avoid: tuple[str, ...], *ends: str) -> tuple[str, ...]:
    """Leave out of what shippers avoid the countries at the ends of their way."""
    return tuple(c for c in avoid if c not in ends)


def closed(
    rows: Sequence[Row], captive: Mapping[str, tuple[float, float]], markets: tuple[str, ...], year: int
) -> Demand:
    """Put rows into columns; tags are the markets and then the others in the order of their rows."""
    tags = {t: i for i, t in enumerate(dict.fromkeys([*markets, *(r.tag for r in rows)]))}
    avoided = {a: i for i, a in enumerate(dict.fromkeys([(), *(r.avoid for r in rows)]))}
    whole = np.array(
        [(r.origin, r.destination, r.cargo, tags[r.tag], avoided[r.avoid]) for r in rows], np.int64
    ).reshape(-1, 5)
    bound = np.array([captive.get(t, (0.0, 0.0)) for t in tags], np.float64).reshape(-1, 2)
    return Demand(
        whole[:, 0].copy(),
        whole[:, 1].copy(),
        whole[:, 2].copy(),
        np.array([r.units for r in rows], np.float64),
        whole[:, 3].copy(),
        whole[:, 4].copy(),
        bound[:, 0].copy(),
        bound[:, 1].copy(),
        tuple(tags),
        tuple(avoided),
        markets,
        year,
    )


def aversion(choice: ChoiceParameters, market: Mapping[str, Any], year: int) -> float:
    """Return the share of a market's averse shippers who stay out of what they avoid.

    It is `aversion` in the market's year `avoids_from`, times `aversion-decay` each year after, and 0 before.
    """
    since = market["avoids_from"]
    if not market["avoids"] or np.isnan(since) or year < since:
        return 0.0
    return choice["aversion"] * choice["aversion-decay"] ** (year - int(since))


def _by_flow(network: Network, table: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in network.table(table).rows():
        found.setdefault(row["flow_id"], []).append(row)
    return found


def _split(
    network: Network, name: str, ends: tuple[list[dict[str, Any]], list[dict[str, Any]]], power: float
) -> list[tuple[int, int, float]]:
    """Split one unit of a market over its pairs of places."""
    start, stop = ends
    nodes = network.table("nodes")
    o, d = (np.array([nodes.position[r["node_id"]] for r in x]) for x in (start, stop))
    rows, columns = (np.array([r["weight"] for r in x]) for x in (start, stop))
    lat, lon = nodes["lat"], nodes["lon"]
    km = great_circle_km(lat[o][:, None], lon[o][:, None], lat[d][None, :], lon[d][None, :])
    km[o[:, None] == d[None, :]] = 1e12  # a place sends nothing to itself
    share = gravity(rows / rows.sum(), columns / columns.sum(), np.maximum(km, 1.0), power)
    share[(share < KEEP) | (o[:, None] == d[None, :])] = 0.0
    if not share.sum():
        place = nodes.ids[o[0]]
        raise DemandError(
            f"Market {name} sends from {place} to {place} alone, and a place sends nothing to itself; give it two "
            "places in flow_ends."
        )
    share /= share.sum()
    return [(int(o[i]), int(d[j]), float(share[i, j])) for i, j in zip(*np.nonzero(share), strict=True)]


def joined(one: Demand, other: Demand) -> Demand:
    """Put the rows of a demand behind those of another; each row keeps its tag, and captive quantities add up."""
    rows = [r for d in (one, other) for r in _rows_of(d)]
    captive: dict[str, tuple[float, float]] = {}
    for d in (one, other):
        for t, kt, teu in zip(d.tags, d.captive_t.tolist(), d.captive_teu.tolist(), strict=True):
            before = captive.get(t, (0.0, 0.0))
            captive[t] = (before[0] + kt, before[1] + teu)
    return closed(rows, captive, tuple(dict.fromkeys((*one.markets, *other.markets))), one.year)


def _rows_of(demand: Demand) -> list[Row]:
    columns = (demand.origin, demand.destination, demand.cargo, demand.units, demand.tag, demand.avoid)
    return [
        Row(o, d, c, u, demand.tags[t], demand.avoided[a])
        for o, d, c, u, t, a in zip(*(x.tolist() for x in columns), strict=True)
    ]
