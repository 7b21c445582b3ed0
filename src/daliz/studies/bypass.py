"""Compare what a country can bring to a region with and without passing another: cost, time, quantity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import RouteError, SupplyError, did_you_mean
from daliz.routing import Search, Shipment, routes
from daliz.routing.reliability import difference
from daliz.supplychain.chain import read_chain
from daliz.supplychain.ways import OPEN_SEA, node_of
from daliz.tables.defaults import chosen

if TYPE_CHECKING:
    from daliz.routing import Itinerary
    from daliz.supplychain.chain import Chain, Row
    from daliz.tables import Network


def ways_round(
    network: Network,
    chain: str,
    *,
    origin: str | None = None,
    avoid: str | None = None,
    region: str | None = None,
    draws: int = 500,
    seed: int = 1,
) -> list[dict[str, Any]]:
    """Compare the best route from a country's facilities to a region with the best that avoids a country.

    Parameters
    ----------
    network, chain
        As for `supply`.
    origin
        Country whose facilities send; this and the next two are those of the table `defaults` unless given.
    avoid
        Country to keep off.
    region
        Region or country of markets; plants outside the origin and the avoided country that feed these
        markets count too.
    draws, seed
        Draws for the ranges of the difference; 0 for none.

    Returns
    -------
    One row for each commodity: from, to, the best route and the best without the country (corridor, days, USD
    a unit), what it takes more in days and USD with ranges, that as a share of value, how many units a year
    the origin can make (what owners of the avoided country have there left out), and the quota on the route
    round; the pair is that of the least generalised cost of the route round, with the lane onward.
    `corridor_round` is blank where no route is left.

    Raises
    ------
    SupplyError
        If chain, origin, avoided country or region are unknown, or draws are below 0.
    QueryError
        If origin, avoid or region is left out and the package has no default.
    """
    asked = (("origin", origin), ("avoid", avoid), ("region", region))
    origin, avoid, region = (chosen(network, name, given, f"{name}=") for name, given in asked)
    read = read_chain(network, chain)
    _refuse(read, origin, avoid, region, draws)
    found: dict[str, dict[str, Any]] = {}
    ranks: dict[str, tuple[bool, float]] = {}
    for commodity, sender, taker in _pairs(read, origin, avoid, region):
        compared = _compared(read, commodity, sender, taker, avoid, draws, seed)
        if compared is None:
            continue
        row, cost = compared
        rank = (row["corridor_round"] == "", cost + _onward(read, taker, region))
        if commodity not in found or rank < ranks[commodity]:
            found[commodity], ranks[commodity] = row, rank
    return [
        row
        | {"units": _made(read, origin, avoid, c), "quota": _quota(read, c, origin, row["countries_round"])}
        for c, row in found.items()
    ]


def _refuse(chain: Chain, origin: str, avoid: str, region: str, draws: int) -> None:
    """Refuse countries and regions that neither the network nor the chain has, and draws below 0."""
    if draws < 0:
        raise SupplyError(f"{draws} draws cannot be taken; give 0 or more.")
    network = chain.network
    places = set(network.table("nodes")["country"].tolist())
    markets = network.table("markets")
    regions = {
        *chain.named,
        *places,
        *markets["region"].tolist(),
        *(r["region"] for r in chain.markets.values()),
    }
    for what, name, known in (
        ("origin", origin, places | chain.named),
        ("country to avoid", avoid, places),
        ("region", region, regions),
    ):
        if name not in known:
            raise SupplyError(
                f"{network.name} has no {what} {name!r}.{did_you_mean(name, known)} Countries are ISO codes of two "
                "capitals."
            )


def _onward(chain: Chain, taker: str, region: str) -> float:
    """Compute the least cost of a lane from a plant to the markets of the region.

    It is 0 for a market and for a plant beside one.
    """
    markets = {m: r for m, r in chain.markets.items() if region in {r["region"], r["country"]}}
    if taker in markets or node_of(chain, taker) in {str(r["node_id"]) for r in markets.values()}:
        return 0.0
    return min(
        (float(r["usd"]) for r in chain.lanes if r["from_id"] == taker and r["to_id"] in markets), default=0.0
    )


def _pairs(chain: Chain, origin: str, avoid: str, region: str) -> list[tuple[str, str, str]]:
    """List commodity, sender and taker of each pair with places.

    Takers are markets of the region, and plants elsewhere that feed them.
    """
    markets = {m for m, r in chain.markets.items() if region in {r["region"], r["country"]}}
    bought = {str(chain.markets[m]["commodity_id"]) for m in markets}
    fed = {r["from_id"] for r in chain.lanes if r["to_id"] in markets}
    takers = [(str(chain.markets[m]["commodity_id"]), m) for m in sorted(markets)]
    for r in chain.recipes:
        place = r.facility
        near = place["node_id"] and place["node_id"] in {chain.markets[m]["node_id"] for m in markets}
        if r.output in bought and place["country"] not in {origin, avoid} and (place["id"] in fed or near):
            takers += [(c, str(place["id"])) for c in r.inputs]
    found = [
        (commodity, str(r.facility["id"]), taker)
        for commodity, taker in takers
        for r in chain.recipes
        if r.facility["country"] == origin
        and chain.owner(r.facility["id"]) != avoid
        and commodity in {r.output, *r.others}
        and node_of(chain, r.facility["id"])
        and node_of(chain, taker) not in {"", node_of(chain, r.facility["id"])}
    ]
    return list(dict.fromkeys(found))


def _compared(
    chain: Chain, commodity: str, sender: str, taker: str, avoid: str, draws: int, seed: int
) -> tuple[dict[str, Any], float] | None:
    """Return the row of a pair, and the generalised cost of the route round for one unit.

    Where no route goes round, the cost is that of the best one.
    """
    row = chain.commodities[commodity]
    if not row["cargo_id"]:
        return None
    ends = (node_of(chain, sender), node_of(chain, taker))
    free, kept = (_best(chain, ends, str(row["cargo_id"]), some) for some in ((), (f"country:{avoid}",)))
    if free is None:
        return None
    cargoes = chain.network.table("cargoes")
    per_unit = float(row["mass_t"]) / float(cargoes["payload_t"][cargoes.position[row["cargo_id"]]])
    value = float(row["value_usd"])
    answer: dict[str, Any] = {
        "commodity": commodity,
        "from": sender,
        "to": taker,
        "corridor": free.corridor,
        "days": free.days,
        "usd": free.usd * per_unit,
        "corridor_round": "",
        "days_round": np.nan,
        "usd_round": np.nan,
        "countries_round": "",
        "more_days": np.nan,
        "more_usd": np.nan,
        "more_share": np.nan,
    } | dict.fromkeys(("more_days_low", "more_days_high", "more_usd_low", "more_usd_high"), np.nan)
    if kept is None:
        return answer, free.generalised_usd * per_unit
    more = (kept.usd - free.usd) * per_unit
    answer |= {
        "corridor_round": kept.corridor,
        "days_round": kept.days,
        "usd_round": kept.usd * per_unit,
        "countries_round": " ".join(_countries(kept)),
        "more_days": kept.days - free.days,
        "more_usd": more,
        "more_share": more / value if value > 0 else np.nan,
    }
    if draws:
        apart = difference(kept, free, draws, seed)
        answer |= {f"more_days_{e}": apart[f"days_{e}"] for e in ("low", "high")}
        answer |= {f"more_usd_{e}": apart[f"usd_{e}"] * per_unit for e in ("low", "high")}
    return answer, kept.generalised_usd * per_unit


def _best(chain: Chain, ends: tuple[str, str], cargo: str, avoid: tuple[str, ...]) -> Itinerary | None:
    try:
        return routes(
            chain.network, *ends, Shipment(cargo, avoid=avoid), k=1, search=Search(draws=0, pareto=False)
        ).itineraries[0]
    except RouteError:
        return None


def _countries(way: Itinerary) -> list[str]:
    country = way.graph.network.table("nodes")["country"]
    return list(
        dict.fromkeys(
            str(country[p]) for a in way.arcs for p in way.graph.arcs[a].places if country[p] != OPEN_SEA
        )
    )


def _made(chain: Chain, origin: str, avoid: str, commodity: str) -> float:
    """Compute what the facilities that may send can make a year, by-products included."""
    return sum(
        r.capacity * (float(r.output == commodity) + r.others.get(commodity, 0.0))
        for r in chain.recipes
        if r.facility["country"] == origin and chain.owner(r.facility["id"]) != avoid
    )


def _quota(chain: Chain, commodity: str, origin: str, countries: str) -> float:
    """Return the least quota that holds on the route round for what the origin sends; infinite for none."""
    passed = set(countries.split())
    senders = {f for f, r in chain.facilities.items() if r["country"] == origin}

    def binds(row: Row) -> bool:
        named = set(str(row["from_ids"]).split())
        return (
            row["kind"] == "quota"
            and row["commodity_id"] in {"", commodity}
            and bool(set(str(row["via"]).split()) & passed)
            and (not named or bool(named & senders))
        )

    return min((float(r["maximum"]) for r in chain.contracts if binds(r)), default=float("inf"))
