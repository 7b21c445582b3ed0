"""Compute what a duty does to imports by an Armington model with finite supply.

Varieties v of one product (home, partner, others) with spending shares a_v at first prices of 1. With
producer prices p_v and taxes z_v = (1 + t1) / (1 + t0), consumer prices are p_v z_v and

    P = (sum a_v (p_v z_v)^(1 - s))^(1 / (1 - s))          the price of the product
    D_v = (p_v z_v / P)^-s P^e                             demand over that before
    S_v = p_v^m_v                                          supply over that before

so that D_v = S_v gives the prices [1]_ [2]_. Trade splits into what the price of the product does alone,
P^e, and what moves between varieties, the rest. Consumers gain -V (P^(1 + e) - 1) / (1 + e) on spending
V, producers V_v (p_v^(1 + m_v) - 1) / (1 + m_v).

References
----------
.. [1] P. Armington, A theory of demand for products distinguished by place of production, IMF Staff
   Papers 16, 1969.
.. [2] J. Francois, H. Hall, Global simulation analysis of industry-level trade policy, World Bank, 2003.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import TariffError
from daliz.trade.elasticities import refuse_out_of_range

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

STEPS = 200
SETTLED = 1e-12


@dataclass(frozen=True)
class Armington:
    """New equilibrium; shapes (varieties,) or (varieties, draws).

    Attributes
    ----------
    price, quantity
        Producer prices and quantities over those before.
    index
        Price of the product over that before, shape () or (draws,).
    value
        USD a year at producer prices.
    creation, diversion
        Change of value by the price of the product alone, and the rest of the change of value.
    revenue, consumers, producers
        Changes in USD a year; producers by variety.
    residual
        Largest |ln D - ln S| left.
    """

    price: Floats
    quantity: Floats
    index: Floats
    value: Floats
    creation: Floats
    diversion: Floats
    revenue: Floats
    consumers: Floats
    producers: Floats
    residual: float


def armington(
    value: Floats,
    before: Floats,
    after: Floats,
    *,
    demand: Floats | float,
    substitution: Floats | float,
    supply: Floats,
) -> Armington:
    """Find the equilibrium after a change of duties.

    Parameters
    ----------
    value
        USD a year at producer prices by variety, shape (varieties,) or (varieties, draws); 0 for a
        variety that is not there.
    before, after
        Duties by variety as shares of value, in the same shape or (varieties,).
    demand, substitution
        Elasticities of demand for the product (0 or less) and between varieties (0 or more), shape () or
        (draws,).
    supply
        Elasticity of supply by variety, above 0; np.inf for a fixed price.

    Raises
    ------
    TariffError
        If a figure is out of its range, or no equilibrium is found.

    Examples
    --------
    >>> import numpy as np
    >>> value, after, supply = np.array([60.0, 30, 10]), np.array([0, 0.1, 0]), np.array([1.0, 10, 10])
    >>> answer = armington(value, np.zeros(3), after, demand=-1.0, substitution=4.0, supply=supply)
    >>> bool(answer.quantity[1] < 1 < answer.quantity[0]), answer.residual < 1e-10
    (True, True)
    """
    v = np.asarray(value, np.float64)
    lone = v.ndim == 1
    v = v[:, None] if lone else v
    rows, draws = v.shape
    market = _Market(
        v,
        *(_wide(x, rows, draws) for x in (before, after, supply)),
        *(_wide(x, 1, draws) for x in (demand, substitution)),
    )
    _check(market)
    price, residual = _solve(market)
    return _effects(market, price, residual, 0 if lone else slice(None))


class _Market(NamedTuple):
    """A product before its duties change, shapes (varieties, draws) and, of the last two, (1, draws)."""

    value: Floats
    before: Floats
    after: Floats
    supply: Floats
    demand: Floats
    substitution: Floats

    @property
    def tax(self) -> Floats:
        """Compute the log of what duties multiply consumer prices by."""
        return np.asarray(np.log1p(self.after) - np.log1p(self.before))

    @property
    def spent(self) -> Floats:
        """Compute what consumers spend before the change."""
        return np.asarray(self.value * (1.0 + self.before))

    @property
    def share(self) -> Floats:
        """Compute the spending shares of the varieties."""
        return np.asarray(self.spent / self.spent.sum(axis=0))


def _wide(x: Floats | float, rows: int, draws: int) -> Floats:
    a = np.asarray(x, np.float64)
    if rows > 1 and a.ndim == 1:
        a = a[:, None]
    return np.array(np.broadcast_to(a, (rows, draws)))


def _effects(market: _Market, p: Floats, residual: float, draw: int | slice) -> Armington:
    """Compute what the log producer prices of the new equilibrium do, in one draw or all."""
    v, t0, t1, m, e, s = market
    index = _index(market.share, p + market.tax, s)
    quantity = np.exp(-s * (p + market.tax - index) + e * index)
    fixed = np.isinf(m)
    quantity = np.where(fixed, quantity, np.exp(np.where(fixed, 0.0, m) * p))
    price, whole = np.exp(p), np.exp(e * index)
    new = v * price * quantity
    creation = v * (whole - 1.0)

    def cut(x: Floats) -> Floats:
        return np.asarray(x[..., draw])

    return Armington(
        price=cut(price),
        quantity=cut(quantity),
        index=cut(np.exp(index[0])),
        value=cut(new),
        creation=cut(creation),
        diversion=cut(new - v - creation),
        revenue=cut((t1 * new - t0 * v).sum(axis=0)),
        consumers=cut(-market.spent.sum(axis=0) * _area(index[0], 1.0 + e[0])),
        producers=cut(np.where(fixed, 0.0, v * _area(p, 1.0 + np.where(fixed, 0.0, m)))),
        residual=residual,
    )


def _area(log_price: Floats, power: Floats) -> Floats:
    """Integrate p^(power - 1) from 1 to exp(log_price); ln p at a power of 0."""
    near = np.abs(power) < 1e-9
    return np.asarray(np.where(near, log_price, np.expm1(log_price * power) / np.where(near, 1.0, power)))


def _index(share: Floats, price: Floats, s: Floats) -> Floats:
    """Compute ln P from log consumer prices; a weighted mean where s is 1."""
    power = 1.0 - s
    near = np.abs(power) < 1e-9
    safe = np.where(near, 1.0, power)
    ces = np.log((share * np.exp(price * safe)).sum(axis=0, keepdims=True)) / safe
    return np.asarray(np.where(near, (share * price).sum(axis=0, keepdims=True), ces))


def _solve(market: _Market) -> tuple[Floats, float]:
    """Find log producer prices and the largest excess left.

    Given ln P each is explicit, p = ((s + e) L - s z) / (s + m), and L solves one equation by bisection.
    """
    _, _, _, m, e, s = market
    share, tax = market.share, market.tax
    fixed = np.isinf(m)
    safe = np.where(fixed, 1.0, m)

    def prices(level: Floats) -> Floats:
        return np.where(fixed, 0.0, ((s + e) * level - s * tax) / (s + safe))

    def excess(level: Floats) -> Floats:
        return _index(share, prices(level) + tax, s) - level

    span = float(np.abs(tax).max(initial=0.0)) + 1.0
    low, high = np.full_like(e, -2.0 * span), np.full_like(e, 2.0 * span)
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        up = excess(middle) > 0
        low, high = np.where(up, middle, low), np.where(up, high, middle)
        if float((high - low).max()) < SETTLED * 1e-3:
            break
    level = 0.5 * (low + high)
    residual = float(np.abs(excess(level)).max())
    if not residual < 1e-9:
        raise TariffError(
            f"No equilibrium was found (residual {residual:g}); the elasticities lie too far from each other."
        )
    return prices(level), residual


def _check(market: _Market) -> None:
    v, t0, t1, m, e, s = market
    refuse_out_of_range(
        (
            ("a value of trade", v, v >= 0, "0 or more"),
            ("a duty", t0, t0 >= 0, "a share of 0 or more"),
            ("a duty", t1, t1 >= 0, "a share of 0 or more"),
            ("an elasticity of supply", m, m > 0, "above 0"),
            ("the elasticity of demand", e, e <= 0, "0 or less"),
            ("the elasticity of substitution", s, s >= 0, "0 or more"),
        )
    )
    if not (v.sum(axis=0) > 0).all():
        raise TariffError("All values of trade are 0; there is nothing to tax.")
