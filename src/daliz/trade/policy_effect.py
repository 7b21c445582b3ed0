"""Compute what a policy of duties does to trade: creation, diversion, revenue, welfare, tonnes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import TariffError
from daliz.tables.check_duties import circle_of_bases
from daliz.tables.defaults import chosen
from daliz.tables.needs import demand_needs
from daliz.trade.duties import OTHERS, Duty, duty, policy_row
from daliz.trade.measures import (
    MEASURES,
    DrawnFigures,
    Line,
    Measure,
    measure_armington,
    measure_smart,
    trade_row,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from daliz.tables import Network

    Floats = npt.NDArray[np.float64]

MODELS = ("smart", "armington")


@dataclass(frozen=True)
class Tariff:
    """Effects of a policy of duties, against its base.

    Attributes
    ----------
    network, policy, base, exporter, model
        What was asked.
    lines
        Products by importer.
    trade
        float64 (lines, draws + 1): USD a year from the partner before the change; the first column is of
        the figures themselves.
    effects
        Measures of shape (lines, draws + 1): creation, diversion, change (of imports from the partner),
        revenue, welfare in USD a year, tonnes a year.
    rates
        float64 (lines, 2): duties on the partner and on others that work at the margin, which lie between
        the two of a quota where it binds.
    """

    network: Network
    policy: str
    base: str
    exporter: str
    model: str
    lines: tuple[Line, ...]
    trade: Floats
    effects: dict[str, Floats] = field(repr=False)
    rates: Floats = field(repr=False)
    asked: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        t = self.totals()
        return (
            f"<Tariff {self.policy} against {self.base or 'free trade'} by {self.model}: "
            f"{t['exposed_usd'] / 1e6:,.1f} M USD exposed, "
            f"change {t['change'] / 1e6:+,.1f} M USD{_interval(t, 'change', 1e6)}, {t['tonnes']:+,.0f} t>"
        )

    def moved(self) -> npt.NDArray[np.bool_]:
        """Flag the lines for which the duty on the partner or on others changes, shape (lines,)."""
        return np.array(
            [
                abs(x.after.rate - x.before.rate) > 1e-12
                or abs(x.others_after.rate - x.others_before.rate) > 1e-12
                or x.after.quota_usd != x.before.quota_usd
                or x.others_after.quota_usd != x.others_before.quota_usd
                for x in self.lines
            ]
        )

    def exposed(self) -> npt.NDArray[np.bool_]:
        """Flag the lines for which the partner's own duty rises, or a quota comes, shape (lines,)."""
        return np.array(
            [
                x.after.rate > x.before.rate + 1e-12 or x.after.quota_usd < x.before.quota_usd
                for x in self.lines
            ]
        )

    def rows(self) -> list[dict[str, Any]]:
        """List each line with its duties, value and effects.

        `_low` and `_high` are the 5th and 95th percentile of the draws.
        """
        found = []
        for i, line in enumerate(self.lines):
            row = {
                "importer": line.importer,
                "product": line.product,
                "before": line.before.rate,
                "after": line.after.rate,
                "over_quota": line.after.over,
                "others_before": line.others_before.rate,
                "others_after": line.others_after.rate,
                "trade_usd": float(self.trade[i, 0]),
                "exposed": bool(self.exposed()[i]),
            }
            found.append(row | _summary({k: v[i] for k, v in self.effects.items()}))
        return found

    def totals(self) -> dict[str, Any]:
        """Sum all lines: value exposed, value not, and the effects with their ranges."""
        on = self.exposed()
        sums = _summary({k: v.sum(axis=0) for k, v in self.effects.items()})
        return {
            "trade_usd": float(self.trade[:, 0].sum()),
            "exposed_usd": float(self.trade[on, 0].sum()),
            "lines": len(self.lines),
            "exposed_lines": int(on.sum()),
            "moved_lines": int(self.moved().sum()),
        } | sums

    def tonnes(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Compute tonnes a year by importer and product from the partner, before and after."""
        price = self.network.table("products")
        found = {}
        for i, line in enumerate(self.lines):
            before = float(self.trade[i, 0]) / float(price["usd_per_t"][price.position[line.product]])
            found[line.importer, line.product] = (
                before,
                max(before + float(self.effects["tonnes"][i, 0]), 0.0),
            )
        return found

    def chain_duties(self, chain: str) -> dict[tuple[str, str, str], float]:
        """Return the duties of a chain for the terms of `supply`.

        They are shares of value by commodity, country of the sender, and market or facility that takes
        it.

        What others pay stands for every other country; trade within a union bears none. Under a quota it
        is the rate at the margin.
        """
        products = self.network.table("products")
        facilities, markets = (
            [r for r in self.network.table(t).rows() if r["chain_id"] == chain]
            for t in ("facilities", "markets")
        )
        countries = {str(r["country"]) for r in facilities}
        unions = {str(r["code"]): set(str(r["members"]).split()) for r in self.network.table("unions").rows()}
        found = {}
        for i, line in enumerate(self.lines):
            commodity = str(products["commodity_id"][products.position[line.product]])
            inside = unions.get(line.importer, {line.importer})
            takers = [
                r
                for r in (*facilities, *markets)
                if r["country"] in inside or r.get("region") == line.importer
            ]
            for m in takers if commodity else []:
                for c in countries - inside - {m["country"]}:
                    found[commodity, c, m["id"]] = float(self.rates[i, 0 if c == self.exporter else 1])
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return totals and lines as plain values."""
        n = self.network
        return {
            "network": n.name,
            "version": n.version,
            "year": n.year,
            "digest": n.digest,
            "policy": self.policy,
            "base": self.base,
            "exporter": self.exporter,
            "model": self.model,
            **self.asked,
            "totals": self.totals(),
            "lines": self.rows(),
        }


def _interval(row: dict[str, Any], key: str, unit: float) -> str:
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    return (
        ""
        if low is None or high is None or np.isnan(low)
        else f" ({low / unit:+,.1f} to {high / unit:+,.1f})"
    )


def _summary(effects: dict[str, Floats]) -> dict[str, float]:
    found = {}
    for k, v in effects.items():
        found[k] = float(v[0])
        low, high = np.quantile(v[1:], [0.05, 0.95]) if len(v) > 1 else (np.nan, np.nan)
        found[f"{k}_low"], found[f"{k}_high"] = float(low), float(high)
    return found


def tariff(
    network: Network,
    policy: str,
    *,
    base: str | None = None,
    model: str = "smart",
    exporter: str | None = None,
    draws: int = 400,
    seed: int = 1,
) -> Tariff:
    """Compute what the duties of a policy do to the trade of an exporter, against those of a base.

    Parameters
    ----------
    network
        Network with the tables `products`, `trades`, `policies` and `tariffs`.
    policy
        Id of a policy; its date decides which dated rows hold.
    base
        Policy to hold it against; that of the policy's row if left out, free trade if that is blank.
    model
        `smart` or `armington`.
    exporter
        Country whose trade is followed; that of the table `defaults` unless given.
    draws
        Draws of values and elasticities for the ranges; 0 for none.
    seed
        From which the draws are taken.

    Raises
    ------
    TariffError
        If policy, base, model or exporter is unknown, or a figure is out of its range.
    QueryError
        If no exporter is given and the package has no default.

    Examples
    --------
    >>> import daliz
    >>> answer = daliz.tariff(daliz.open("eurasia", year=2024), "us-2025-08", draws=0)
    >>> answer.totals()["change"] < 0
    True
    """
    exporter = chosen(network, "exporter", exporter, "--exporter, in Python exporter=")
    _check(network, model, exporter, draws)
    row = policy_row(network, policy)
    held = str(row["base"]) if base is None else base
    root = _root(network, held)
    lines = _lines(network, policy, held, exporter, str(row["importer"]))
    figures = DrawnFigures(network, draws, seed)
    trade = _traded(network, lines, exporter, figures)
    measure = MEASURE[model]
    effects, rates = _against(network, policy, root, exporter, lines, figures, measure)
    if held != root:
        # the trade of the tables is under the root; what the base did to it comes off
        before, _ = _against(network, held, root, exporter, lines, figures, measure)
        effects = {k: v - before[k] for k, v in effects.items()}
        trade = np.maximum(trade + before["change"], 0.0)
    asked = {"draws": draws, "seed": seed}
    return Tariff(network, policy, held, exporter, model, lines, trade, effects, rates, asked)


FREE = Duty(0.0, np.nan, np.inf, ())
MEASURE = {"smart": measure_smart, "armington": measure_armington}


def _traded(network: Network, lines: tuple[Line, ...], exporter: str, figures: DrawnFigures) -> Floats:
    """Return the value of each line in USD by draw, shape (lines, draws)."""
    rows = [trade_row(network, x.importer, x.product, exporter) for x in lines]
    return np.array([figures.of("trades", r, "value_usd") for r in rows])


def _check(network: Network, model: str, exporter: str, draws: int) -> None:
    demand_needs(network.store, "tariff", error=TariffError)
    if model not in MODELS:
        raise TariffError(f"There is no model {model!r}; the models are {', '.join(MODELS)}.")
    if draws < 0:
        raise TariffError(f"{draws} draws cannot be taken; give 0 or more.")
    trades = network.table("trades")
    importers = {str(i) for i in trades["importer"]}
    if exporter == OTHERS or exporter in importers:
        others = sorted({str(e) for e in trades["exporter"]} - importers - {OTHERS})
        raise TariffError(
            f"The trade of {exporter!r} cannot be followed: {OTHERS} stands for all others and an "
            f"importer's own rows for home supply; give an exporting country such as {' or '.join(others)}."
        )


def _root(network: Network, base: str) -> str:
    """Return the first policy of a line of bases; blank for free trade.

    The trade of the tables is under its duties.
    """
    table = network.table("policies")
    bases = dict(zip(table.ids.tolist(), table["base"].tolist(), strict=True))
    circle = circle_of_bases(bases, base)
    if circle:
        raise TariffError(
            f"policies.csv: the bases of {', '.join(circle)} go round in a circle; leave one blank."
        )
    while base and policy_row(network, base)["base"]:
        base = str(policy_row(network, base)["base"])
    return base


def _against(
    network: Network,
    policy: str,
    root: str,
    exporter: str,
    lines: tuple[Line, ...],
    figures: DrawnFigures,
    measure: Measure,
) -> tuple[dict[str, Floats], Floats]:
    """Compute the effects of a policy on the trade under the root, and the duties at the margin."""
    effects = {k: np.zeros((len(lines), figures.draws + 1)) for k in MEASURES}
    rates = np.zeros((len(lines), 2))
    for i, line in enumerate(_lines(network, policy, root, exporter, "", lines)):
        found, rates[i] = measure(network, line, exporter, figures)
        for k, v in found.items():
            effects[k][i] = v
    return effects, rates


def _lines(
    network: Network, policy: str, base: str, exporter: str, importer: str, like: tuple[Line, ...] = ()
) -> tuple[Line, ...]:
    """Collect the lines of an exporter with an importer, all if blank.

    With `like`, they are the same lines under other duties.
    """
    trades = network.table("trades")
    found = []
    for r in trades.rows():
        if r["exporter"] != exporter or (importer and r["importer"] != importer):
            continue
        if like and (r["importer"], r["product_id"]) not in {(x.importer, x.product) for x in like}:
            continue
        pair = [
            duty(network, name, r["importer"], who, r["product_id"]) if name else FREE
            for who in (exporter, OTHERS)
            for name in (base, policy)
        ]
        found.append(Line(r["importer"], r["product_id"], pair[0], pair[1], pair[2], pair[3]))
    if not found:
        raise TariffError(
            f"{network.name} has no trade of {exporter!r}{f' with {importer}' if importer else ''} "
            "in the table trades; give its rows with their evidence."
        )
    return tuple(found)
