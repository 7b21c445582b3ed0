"""Say what a policy of duties does to trade: created, diverted, revenue, welfare, tonnes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import TariffError
from daliz.tables.figures import Cell
from daliz.trade.armington import armington
from daliz.trade.duties import OTHERS, Duty, duty, policy_row
from daliz.trade.smart import smart

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from daliz.tables import Network

    Floats = npt.NDArray[np.float64]

MODELS = ("smart", "armington")
MEASURES = ("creation", "diversion", "change", "revenue", "welfare", "tonnes")
HALVINGS = 36
EXPORTER = "KZ"


class Line(NamedTuple):
    """Be one product of one importer, with the duties on the partner and on others before and after."""

    importer: str
    product: str
    before: Duty
    after: Duty
    others_before: Duty
    others_after: Duty


@dataclass(frozen=True)
class Tariff:
    """Hold what a policy does, against its base.

    Attributes
    ----------
    network, policy, base, exporter, model
        What was asked.
    lines
        Products by importer.
    trade
        float64 (lines, draws + 1): USD a year from the partner before the change; the first column is of the figures themselves.
    effects
        Measures of shape (lines, draws + 1): creation, diversion, change (of imports from the partner), revenue, welfare in USD a year,
        tonnes a year.
    rates
        float64 (lines, 2): duties on the partner and on others that work at the margin, which lie between the two of a quota where it binds.
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
            f"<Tariff {self.policy} against {self.base or 'free trade'} by {self.model}: {t['exposed_usd'] / 1e6:,.1f} M USD exposed, "
            f"change {t['change'] / 1e6:+,.1f} M USD{_interval(t, 'change', 1e6)}, {t['tonnes']:+,.0f} t>"
        )

    def moved(self) -> npt.NDArray[np.bool_]:
        """Tell for which lines the partner's duty, or what others pay beside it, changes, shape (lines,)."""
        return np.array([
            abs(x.after.rate - x.before.rate) > 1e-12
            or abs(x.others_after.rate - x.others_before.rate) > 1e-12
            or x.after.quota_usd != x.before.quota_usd
            or x.others_after.quota_usd != x.others_before.quota_usd
            for x in self.lines
        ])  # fmt: skip

    def exposed(self) -> npt.NDArray[np.bool_]:
        """Tell for which lines the partner's own duty rises, or a quota comes, shape (lines,)."""
        return np.array(
            [
                x.after.rate > x.before.rate + 1e-12 or x.after.quota_usd < x.before.quota_usd
                for x in self.lines
            ]
        )

    def rows(self) -> list[dict[str, Any]]:
        """Give each line with its duties, value and effects; `_low` and `_high` are the 5th and 95th percentile of the draws."""
        found = []
        for i, line in enumerate(self.lines):
            row = {
                "importer": line.importer, "product": line.product, "before": line.before.rate, "after": line.after.rate, "over_quota": line.after.over,
                "others_before": line.others_before.rate, "others_after": line.others_after.rate, "trade_usd": float(self.trade[i, 0]), "exposed": bool(self.exposed()[i]),
            }  # fmt: skip
            found.append(row | _summary({k: v[i] for k, v in self.effects.items()}))
        return found

    def totals(self) -> dict[str, Any]:
        """Sum all lines: value exposed, value not, and the effects with their ranges."""
        on = self.exposed()
        sums = _summary({k: v.sum(axis=0) for k, v in self.effects.items()})
        return {"trade_usd": float(self.trade[:, 0].sum()), "exposed_usd": float(self.trade[on, 0].sum()), "lines": len(self.lines), "exposed_lines": int(on.sum())} | sums  # fmt: skip

    def tonnes(self) -> dict[tuple[str, str], tuple[float, float]]:
        """Give tonnes a year by importer and product from the partner, before and after."""
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
        """Give the duties for `supply`: share of value by commodity, country of the sender, and market or facility that takes it.

        What others pay stands for every other country; trade within a union bears none. Under a quota it is the rate at the margin.
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
        """Give totals and lines as plain values."""
        n = self.network
        return {
            "network": n.name, "version": n.version, "year": n.year, "digest": n.digest, "policy": self.policy, "base": self.base, "exporter": self.exporter,
            "model": self.model, **self.asked, "totals": self.totals(), "lines": self.rows(),
        }  # fmt: skip


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
    exporter: str = EXPORTER,
    draws: int = 400,
    seed: int = 1,
) -> Tariff:
    """Say what the duties of a policy do to the trade of an exporter, against those of a base.

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
        Country whose trade is followed.
    draws
        Draws of values and elasticities for the ranges; 0 for none.
    seed
        From which the draws are taken.

    Raises
    ------
    TariffError
        If policy, base, model or exporter is unknown, or a figure is out of its range.

    Examples
    --------
    >>> import daliz
    >>> answer = daliz.tariff(daliz.open("eurasia", year=2024), "us-2025-08", draws=0)
    >>> answer.totals()["change"] < 0
    True
    """
    if model not in MODELS:
        raise TariffError(f"There is no model {model!r}; the models are {', '.join(MODELS)}.")
    if draws < 0:
        raise TariffError(f"{draws} draws cannot be taken; give 0 or more.")
    row = policy_row(network, policy)
    if exporter == OTHERS or exporter in {str(i) for i in network.table("trades")["importer"]}:
        raise TariffError(
            f"The trade of {exporter!r} cannot be followed: ZZ stands for all others and an importer's own rows for home supply; give an exporting country such as {EXPORTER}."
        )
    held = str(row["base"]) if base is None else base
    if held:
        policy_row(network, held)
    lines = _lines(network, policy, held, exporter, str(row["importer"]))
    figures = _Figures(network, draws, seed)
    trade = np.array([figures.of("trades", _trade_row(network, x, exporter), "value_usd") for x in lines])
    effects = {k: np.zeros_like(trade) for k in MEASURES}
    rates = np.zeros((len(lines), 2))
    measure = _smart if model == "smart" else _armington
    for i, line in enumerate(lines):
        found, rates[i] = measure(network, line, exporter, figures)
        for k, v in found.items():
            effects[k][i] = v
    asked = {"draws": draws, "seed": seed}
    return Tariff(network, policy, held, exporter, model, lines, trade, effects, rates, asked)


FREE = Duty(0.0, np.nan, np.inf, ())


def _lines(network: Network, policy: str, base: str, exporter: str, importer: str) -> tuple[Line, ...]:
    trades = network.table("trades")
    found = []
    for r in trades.rows():
        if r["exporter"] != exporter or (importer and r["importer"] != importer):
            continue
        pair = [
            duty(network, name, r["importer"], who, r["product_id"]) if name else FREE
            for who in (exporter, OTHERS)
            for name in (base, policy)
        ]
        found.append(Line(r["importer"], r["product_id"], pair[0], pair[1], pair[2], pair[3]))
    if not found:
        raise TariffError(
            f"{network.name} has no trade of {exporter!r}{f' with {importer}' if importer else ''} in the table trades; give its rows with their evidence."
        )
    return tuple(found)


def _trade_row(network: Network, line: Line, exporter: str) -> str:
    """Give the id of the row of `trades` of an exporter's product; blank for none."""
    t = network.table("trades")
    some = (t["importer"] == line.importer) & (t["exporter"] == exporter) & (t["product_id"] == line.product)
    rows = [str(i) for i in t.ids[some]]
    if len(rows) > 1:
        raise TariffError(
            f"trades.csv: rows {' and '.join(rows)} are of one importer, exporter and product; leave one."
        )
    return rows[0] if rows else ""


class _Figures:
    """Give figures with their draws, shape (draws + 1,)."""

    def __init__(self, network: Network, draws: int, seed: int) -> None:
        self.network, self.draws, self.seed = network, draws, seed
        wanted = ("trades", "products")
        self.index = network.resolved.figures.index
        self.cells = [c for c in self.index if c.table in wanted]
        figures = network.resolved.figures
        which = np.array([self.index[c] for c in self.cells], np.int64)
        factor = (
            figures.draw(which, draws, np.random.default_rng(seed)) if draws else np.ones((len(which), 0))
        )
        self.factor = dict(zip(self.cells, factor.astype(np.float64), strict=True))

    def of(self, table: str, row: str, column: str, blank: float = 0.0) -> Floats:
        if not row:
            return np.full(self.draws + 1, blank)
        t = self.network.table(table)
        value = float(t[column][t.position[row]])
        if np.isnan(value):
            return np.full(self.draws + 1, blank)
        factor = self.factor.get(Cell(table, row, column), np.ones(self.draws))
        return value * np.concatenate([[1.0], factor])


def _smart(
    network: Network, line: Line, exporter: str, figures: _Figures
) -> tuple[dict[str, Floats], tuple[float, float]]:
    p = line.product
    m = figures.of("trades", _trade_row(network, line, exporter), "value_usd")
    n = figures.of("trades", _trade_row(network, line, OTHERS), "value_usd")
    given = {
        "demand": np.minimum(figures.of("products", p, "import_elasticity"), 0.0), "substitution": figures.of("products", p, "substitution"),
        "supply": figures.of("products", p, "supply_elasticity", np.inf),
    }  # fmt: skip

    def run(t: Floats, u: Floats) -> Any:
        return smart(
            m, n, line.before.rate, t, others_before=line.others_before.rate, others_after=u, **given
        )

    t, u = _effective(line, lambda t, u: run(t, u).imports, lambda t, u: run(t, u).others, len(m))
    found = run(t, u)
    revenue = (
        _collected(line.after, found.imports)
        + _collected(line.others_after, found.others)
        - line.before.rate * m
        - line.others_before.rate * n
    )
    change = found.creation + found.diversion
    answer = {
        "creation": found.creation, "diversion": found.diversion, "change": change, "revenue": revenue, "welfare": found.welfare,
        "tonnes": change / figures.of("products", p, "usd_per_t"),
    }  # fmt: skip
    return answer, (float(t[0]), float(u[0]))


def _armington(
    network: Network, line: Line, exporter: str, figures: _Figures
) -> tuple[dict[str, Floats], tuple[float, float]]:
    p = line.product
    value = np.array(
        [
            figures.of("trades", _trade_row(network, line, who), "value_usd")
            for who in (exporter, OTHERS, line.importer)
        ]
    )
    supply = figures.of("products", p, "supply_elasticity", np.inf)
    given = {
        "demand": np.minimum(figures.of("products", p, "import_elasticity"), 0.0), "substitution": figures.of("products", p, "substitution"),
        "supply": np.stack([supply, supply, supply]),
    }  # fmt: skip
    before = np.array([line.before.rate, line.others_before.rate, 0.0])

    def run(t: Floats, u: Floats) -> Any:
        return armington(value, before, np.stack([t, u, np.zeros_like(t)]), **given)

    t, u = _effective(line, lambda t, u: run(t, u).value[0], lambda t, u: run(t, u).value[1], value.shape[1])
    found = run(t, u)
    duties = _collected(line.after, found.value[0]) + _collected(line.others_after, found.value[1])
    revenue = duties - line.before.rate * value[0] - line.others_before.rate * value[1]
    quantity = value[0] * (found.quantity[0] - 1.0)
    answer = {
        "creation": found.creation[0], "diversion": found.diversion[0], "change": found.value[0] - value[0], "revenue": revenue,
        "welfare": found.consumers + found.producers[2] + revenue, "tonnes": quantity / figures.of("products", p, "usd_per_t"),
    }  # fmt: skip
    return answer, (float(t[0]), float(u[0]))


def _collected(duty: Duty, imports: Floats) -> Floats:
    """Give the duty collected: the lower rate up to the quota, the higher one above it."""
    if not np.isfinite(duty.quota_usd):
        return np.asarray(duty.rate * imports)
    inside = np.minimum(imports, duty.quota_usd)
    return np.asarray(duty.rate * inside + duty.over * (imports - inside))


def _effective(
    line: Line,
    mine: Callable[[Floats, Floats], Floats],
    others: Callable[[Floats, Floats], Floats],
    count: int,
) -> tuple[Floats, Floats]:
    """Give the duties that work at the margin: between the rates where a quota just binds, the rest being rent of who holds it."""
    t, u = np.full(count, line.after.rate), np.full(count, line.others_after.rate)
    for _ in range(20):
        last = t, u
        t = _binding(line.after, lambda x: mine(x, u), count)  # noqa: B023
        u = _binding(line.others_after, lambda x: others(t, x), count)  # noqa: B023
        if max(np.abs(t - last[0]).max(), np.abs(u - last[1]).max()) < 1e-9:
            break
    return t, u


def _binding(duty: Duty, imports: Callable[[Floats], Floats], count: int) -> Floats:
    low = np.full(count, duty.rate)
    if not np.isfinite(duty.quota_usd):
        return low
    high = np.full(count, duty.over)
    free, dear = imports(low) <= duty.quota_usd, imports(high) >= duty.quota_usd
    a, b = low.copy(), high.copy()
    for _ in range(HALVINGS):
        middle = 0.5 * (a + b)
        over = imports(middle) > duty.quota_usd
        a, b = np.where(over, middle, a), np.where(over, b, middle)
    return np.where(free, low, np.where(dear, high, 0.5 * (a + b)))
