"""Measure what duties do to one line of trade by either model, with the draws of its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from daliz.errors import TariffError
from daliz.tables.figures import Cell
from daliz.trade.armington import Armington, armington
from daliz.trade.duties import OTHERS, Duty
from daliz.trade.elasticities import Elasticities
from daliz.trade.smart import Smart, smart

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from daliz.tables import Network

    Floats = npt.NDArray[np.float64]

HALVINGS = 36
MEASURES = ("creation", "diversion", "change", "revenue", "welfare", "tonnes")


class Line(NamedTuple):
    """One product of one importer, with the duties on the partner and on others before and after."""

    importer: str
    product: str
    before: Duty
    after: Duty
    others_before: Duty
    others_after: Duty


class Measure(Protocol):
    """Model of a line of trade: its effects by name, and the duties on partner and others at the margin."""

    def __call__(
        self, network: Network, line: Line, exporter: str, figures: DrawnFigures
    ) -> tuple[dict[str, Floats], tuple[float, float]]:
        """Compute the effects of one line."""


def trade_row(network: Network, importer: str, product: str, exporter: str) -> str:
    """Return the id of the row of `trades` of an exporter's product; blank for none."""
    t = network.table("trades")
    some = (t["importer"] == importer) & (t["exporter"] == exporter) & (t["product_id"] == product)
    rows = [str(i) for i in t.ids[some]]
    if len(rows) > 1:
        raise TariffError(
            f"trades.csv: rows {' and '.join(rows)} are of one importer, exporter and product; leave one."
        )
    return rows[0] if rows else ""


class DrawnFigures:
    """Figures of trades and products with their draws, shape (draws + 1,)."""

    def __init__(self, network: Network, draws: int, seed: int) -> None:
        self.network, self.draws = network, draws
        figures = network.resolved.figures
        cells = [c for c in figures.index if c.table in {"trades", "products"}]
        which = np.array([figures.index[c] for c in cells], np.int64)
        factor = figures.draw(which, draws, seed) if draws else np.ones((len(which), 0))
        self.factor = dict(zip(cells, factor.astype(np.float64), strict=True))

    def of(self, table: str, row: str, column: str, blank: float = 0.0) -> Floats:
        """Return a figure and its draws; `blank` where there is no row or no figure."""
        if not row:
            return np.full(self.draws + 1, blank)
        t = self.network.table(table)
        value = float(t[column][t.position[row]])
        if np.isnan(value):
            return np.full(self.draws + 1, blank)
        factor = self.factor.get(Cell(table, row, column), np.ones(self.draws))
        return value * np.concatenate([[1.0], factor])


def measure_smart(
    network: Network, line: Line, exporter: str, figures: DrawnFigures
) -> tuple[dict[str, Floats], tuple[float, float]]:
    """Compute the effects of one line by SMART, and the duties at the margin."""
    p = line.product
    m = figures.of("trades", trade_row(network, line.importer, p, exporter), "value_usd")
    n = figures.of("trades", trade_row(network, line.importer, p, OTHERS), "value_usd")
    elasticities = _elasticities(figures, p)
    others_before = line.others_before.rate

    def run(t: Floats, u: Floats) -> Smart:
        return smart(
            m,
            n,
            line.before.rate,
            t,
            others_before=others_before,
            others_after=u,
            elasticities=elasticities,
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
        "creation": found.creation,
        "diversion": found.diversion,
        "change": change,
        "revenue": revenue,
        "welfare": found.welfare,
        "tonnes": change / figures.of("products", p, "usd_per_t"),
    }
    return answer, (float(t[0]), float(u[0]))


def measure_armington(
    network: Network, line: Line, exporter: str, figures: DrawnFigures
) -> tuple[dict[str, Floats], tuple[float, float]]:
    """Compute the effects of one line by the Armington model, and the duties at the margin."""
    p = line.product
    value = np.array(
        [
            figures.of("trades", trade_row(network, line.importer, p, who), "value_usd")
            for who in (exporter, OTHERS, line.importer)
        ]
    )
    if not value.sum() > 0:
        # nothing is traded, at home or from anywhere, so that there is no market to look at
        nothing = {k: np.zeros(value.shape[1]) for k in MEASURES}
        return nothing, (line.after.rate, line.others_after.rate)
    e = _elasticities(figures, p)
    before = np.array([line.before.rate, line.others_before.rate, 0.0])

    def run(t: Floats, u: Floats) -> Armington:
        after = np.stack([t, u, np.zeros_like(t)])
        supply = np.stack([e.supply] * 3)
        return armington(value, before, after, demand=e.demand, substitution=e.substitution, supply=supply)

    t, u = _effective(line, lambda t, u: run(t, u).value[0], lambda t, u: run(t, u).value[1], value.shape[1])
    found = run(t, u)
    duties = _collected(line.after, found.value[0]) + _collected(line.others_after, found.value[1])
    revenue = duties - line.before.rate * value[0] - line.others_before.rate * value[1]
    quantity = value[0] * (found.quantity[0] - 1.0)
    answer = {
        "creation": found.creation[0],
        "diversion": found.diversion[0],
        "change": found.value[0] - value[0],
        "revenue": revenue,
        "welfare": found.consumers + found.producers[2] + revenue,
        "tonnes": quantity / figures.of("products", p, "usd_per_t"),
    }
    return answer, (float(t[0]), float(u[0]))


def _elasticities(figures: DrawnFigures, product: str) -> Elasticities:
    return Elasticities(
        np.minimum(figures.of("products", product, "import_elasticity"), 0.0),
        figures.of("products", product, "substitution"),
        figures.of("products", product, "supply_elasticity", np.inf),
    )


def _collected(duty: Duty, imports: Floats) -> Floats:
    """Compute the duty collected: the lower rate up to the quota, the higher one above it."""
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
    """Find the duties that work at the margin.

    They lie between the rates where a quota just binds, the rest being rent of who holds it.
    """
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
