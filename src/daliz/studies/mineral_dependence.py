"""Compare how chains of minerals go round a country, on whom they depend, how a premium divides one."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from daliz.errors import DataError
from daliz.tables.defaults import chosen, default_values
from daliz.tables.network import network_of
from daliz.validation.quality import share_sourced

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.studies.brief_plan import MineralPage
    from daliz.supplychain import Failures, Split, Supply
    from daliz.tables import Network

TABLES = (
    "commodities",
    "recipes",
    "recipe_parts",
    "facilities",
    "markets",
    "lanes",
    "contracts",
    "stocks",
    "products",
    "trades",
    "tariffs",
)
"""Tables of chains and duties."""
DRAWS = 500


@dataclass(frozen=True)
class MineralChain:
    """Answers about one chain.

    Attributes
    ----------
    plan
        Its plan of least cost.
    round
        Region and row of `ways_round` for each commodity sent.
    thinnest
        Row of `concentration` of the most concentrated stage; None where each stage has one facility.
    without
        Rows of `without_each` of the first region.
    failures
        Least failures that cut the origin off from the first region; None where it sends nothing.
    ranges
        Rows of `supply_ranges` by measure and name.
    """

    plan: Supply
    round: list[tuple[str, dict[str, Any]]]
    thinnest: dict[str, Any] | None
    without: list[dict[str, Any]]
    failures: Failures | None
    ranges: dict[tuple[str, str], dict[str, Any]]


@dataclass(frozen=True)
class PremiumForecast:
    """Division of a commodity over two ways: by cost alone, as fitted, and as forecast with the premium.

    Attributes
    ----------
    plain, fitted, forecast
        Splits of the year of the fit by cost alone and with the premium, and of the year that is forecast.
    years
        Both years.
    seen
        Tonnes observed in both years; NaN where none were.
    error, error_of_repeat
        Of the forecast, and of repeating the tonnes of the first year, as shares of what came.
    metal_share
        Tonnes of the metal in a tonne of the commodity.
    """

    plain: Split
    fitted: Split
    forecast: Split
    years: tuple[int, int]
    seen: tuple[float, float]
    error: float
    error_of_repeat: float
    metal_share: float


@dataclass(frozen=True)
class Minerals:
    """Answers about all chains.

    Attributes
    ----------
    chains
        Answers about each.
    region, avoided
        First region of markets, and the country that the ways round keep off.
    leaning, balance
        Dependence of the first chain, and what leaves the origin in it by the countries passed.
    premium
        How the commodity of a premium divides; None where no contract has one.
    sourced
        Share of the distinct figures of chains and duties that stand on sources all the way down.
    unbuilt
        Rows of the candidates that no plan builds.
    """

    chains: list[MineralChain]
    region: str
    avoided: str
    leaning: list[dict[str, Any]]
    balance: list[dict[str, Any]]
    premium: PremiumForecast | None
    sourced: float
    unbuilt: list[dict[str, Any]]


def mineral_answers(network: Network, page: MineralPage, step: Callable[[], None]) -> Minerals | None:
    """Compute what a brief tells of minerals; None without chains or without the extra `assign`.

    Origin, country to avoid and countries passed are those of the table `defaults`.

    Raises
    ------
    QueryError
        If the package has no default origin or country to avoid.
    """
    if not len(network.store["chains"]) or find_spec("numba") is None or find_spec("highspy") is None:
        return None
    from daliz.supplychain import balance_of_ways, chains, dependence

    origin, avoid = (chosen(network, n, None, f"its row {n} in defaults.csv") for n in ("origin", "avoid"))
    found = []
    for name in chains(network):
        found.append(_chain_answers(network, name, page, (origin, avoid)))
        step()
    first = found[0].plan
    leaning = dependence(first, _first_region(first, page.regions))
    premium = premium_forecast(network, page)
    step()
    balance = balance_of_ways(first, origin, default_values(network, "over"))
    region = next(iter(page.regions), "")
    return Minerals(found, region, avoid, leaning, balance, premium, _sourced(network), _unbuilt(found))


def _chain_answers(
    network: Network, name: str, page: MineralPage, countries: tuple[str, str]
) -> MineralChain:
    from daliz.studies.bypass import ways_round
    from daliz.supplychain import supply, supply_ranges, without_each

    origin, avoid = countries
    plan = supply(network, name)
    known = _asked_for(plan)
    pairs = [
        (region, row)
        for region in page.regions
        if region in known
        for row in ways_round(network, name, origin=origin, avoid=avoid, region=region, draws=DRAWS)
    ]
    first = _first_region(plan, page.regions)
    return MineralChain(
        plan,
        pairs,
        _thinnest(plan),
        without_each(plan, first) if first else [],
        _failures(plan, first, origin),
        {(r["measure"], r["name"]): r for r in supply_ranges(plan, first)},
    )


def _first_region(plan: Supply, regions: tuple[str, ...]) -> str:
    """Return the first of the regions that the chain has a market in; blank for none."""
    known = _asked_for(plan)
    return next((r for r in regions if r in known), "")


def _asked_for(plan: Supply) -> set[str]:
    """Collect the regions and countries by which the markets of a chain are asked for."""
    return {str(r[column]) for r in plan.chain.markets.values() for column in ("region", "country")}


def _thinnest(plan: Supply) -> dict[str, Any] | None:
    """Find the most concentrated stage; one with a single facility in the tables says nothing."""
    from daliz.supplychain import concentration

    makers: dict[str, set[str]] = {}
    for r in plan.chain.recipes:
        makers.setdefault(r.output, set()).add(r.facility["id"])
    stages = [c for c in concentration(plan) if c["units"] > 0 and len(makers[c["output"]]) > 1]
    return max(stages, key=lambda c: c["hhi"], default=None)


def _failures(plan: Supply, region: str, origin: str) -> Failures | None:
    from daliz.errors import SupplyError
    from daliz.supplychain import least_failures

    if not region:
        return None
    try:
        found = least_failures(plan, region, origin=origin)
    except SupplyError:
        # the origin has neither mine nor last plant in this chain and year
        return None
    # where nothing reaches the region to begin with there is nothing to cut
    return found if found.trees else None


def _sourced(network: Network) -> float:
    """Compute the share of the figures of chains and duties that stand on sources all the way down."""
    cells = [c for c in network.resolved.figures.cells if c.table in TABLES]
    return share_sourced(network, cells)[1]


def _unbuilt(found: list[MineralChain]) -> list[dict[str, Any]]:
    built = {r["facility"] for c in found for r in c.plan.facilities() if r["built"]}
    rows = found[0].plan.chain.network.table("facilities").rows()
    return [r for r in rows if r["candidate"] and r["id"] not in built]


def tonnes_seen(network: Network, observed: str) -> dict[int, float]:
    """Return the tonnes of observations in kt by year; `observed` is the beginning of their ids.

    Raises
    ------
    DataError
        If two of them are of one year.
    """
    found: dict[int, float] = {}
    named: dict[int, str] = {}
    for r in network.store["observations"].rows():
        if not r["id"].startswith(observed):
            continue
        year = r["from_date"].year
        if year in named:
            raise DataError(
                f"observations.csv: rows {named[year]} and {r['id']} both tell what was seen in {year}; leave one, "
                "or name them so that one begins otherwise."
            )
        named[year], found[year] = r["id"], 1e3 * float(r["value"])
    return found


def premium_forecast(network: Network, page: MineralPage) -> PremiumForecast | None:
    """Fit the premium of the first contract that has one to what was seen in a year, and forecast another.

    None where no contract has a premium, or nothing was seen in the year of the fit.
    """
    from daliz.supplychain import fit_premium, split

    contracts = sorted(network.store["contracts"].rows(), key=lambda r: str(r["id"]))
    premiums = [r for r in contracts if r["kind"] == "premium"]
    observed = tonnes_seen(network, page.observed) if page.observed else {}
    if not premiums or page.fitted not in observed:
        return None
    chain, contract = str(premiums[0]["chain_id"]), str(premiums[0]["id"])
    past, later = (network_of(network, y) for y in (page.fitted, page.forecast))
    plain = split(past, chain, contract, page.via, 0.0)
    fitted = fit_premium(past, chain, contract, page.via, observed[page.fitted])
    told = split(later, chain, contract, page.via, fitted.premium_usd)
    seen = (observed[page.fitted], observed.get(page.forecast, float("nan")))
    return PremiumForecast(
        plain,
        fitted,
        told,
        (page.fitted, page.forecast),
        seen,
        told.round / seen[1] - 1,
        seen[0] / seen[1] - 1,
        _metal_share(network, str(premiums[0]["commodity_id"])),
    )


def _metal_share(network: Network, commodity: str) -> float:
    row = network.table("commodities").row(commodity)
    return float(row["content"]) / float(row["mass_t"])
