"""Compute what a duty does to imports by the SMART model of partial equilibrium.

Imports M of one product from a partner k and from all others N, duties t0 and t1, elasticity of import
demand e (0 or less), of substitution between origins s, and of export supply m (which may be infinite)
[1]_ [2]_:

    creation     TC = M e (t1 - t0) / (1 + t0) / (1 - e / m)
    diversion    E = s (1 - r),   r = ((1 + t1_k) / (1 + t0_k)) / ((1 + t1_N) / (1 + t0_N))
                 TD_k = M_k M_N E / (M_k + M_N + M_k E),   TD_N = -TD_k   (Cline's form)
                 no more than the trade there is
    price        dp / p = e (t1 - t0) / (1 + t0) / (m - e), nothing where supply is infinite
    revenue      dR = sum t1 M1 - sum t0 M0
    welfare      dW = sum (t0 + t1) / 2 TC

The algebra was checked against the stated properties of the model, not against a published run, of which
none with all inputs is known.

References
----------
.. [1] S. Laird, A. Yeats, The UNCTAD Trade Policy Simulation Model, UNCTAD Discussion Paper 19, 1986.
.. [2] O. Jammes, M. Olarreaga, Explaining SMART and GSIM, World Bank, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.trade.elasticities import Elasticities, refuse_out_of_range

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

USUAL = Elasticities()


@dataclass(frozen=True)
class Smart:
    """Effects of a change of duties in USD a year, arrays of one shape (lines,) or (lines, draws).

    Attributes
    ----------
    creation, diversion
        Change of imports from the partner; `others_creation`, and minus `diversion`, of those from all
        others.
    price
        Change of the partner's price at the border as a share.
    imports, others
        Imports after the change.
    revenue, welfare
        Change of duties collected, and of the importer's welfare.
    """

    creation: Floats
    others_creation: Floats
    diversion: Floats
    price: Floats
    imports: Floats
    others: Floats
    revenue: Floats
    welfare: Floats


def smart(
    imports: Floats | float,
    others: Floats | float,
    before: Floats | float,
    after: Floats | float,
    *,
    others_before: Floats | float = 0.0,
    others_after: Floats | float = 0.0,
    elasticities: Elasticities = USUAL,
) -> Smart:
    """Compute the effects of a change of duties.

    Parameters
    ----------
    imports, others
        USD a year before duty from the partner and from all others; 0 or more.
    before, after, others_before, others_after
        Duties as shares of value, 0 or more.
    elasticities
        Of import demand, substitution and export supply.

    Raises
    ------
    TariffError
        If a figure is out of its range.

    Examples
    --------
    >>> answer = smart(95.2, 95.2 * 49, 0.0, 0.25)
    >>> round(float(answer.creation), 1), round(float(answer.diversion), 1)
    (-23.8, -35.3)
    """
    given = (imports, others, before, after, others_before, others_after, *elasticities)
    m, n, t0, t1, u0, u1, e, s, mu = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in given))
    _check(m, n, (t0, t1, u0, u1), Elasticities(e, s, mu))
    slope = 1.0 / (1.0 - np.divide(e, mu, out=np.zeros_like(e), where=np.isfinite(mu)))
    step, others_step = (t1 - t0) / (1.0 + t0), (u1 - u0) / (1.0 + u0)
    creation = np.maximum(m * e * step * slope, -m)
    others_creation = np.maximum(n * e * others_step * slope, -n)
    ratio = ((1.0 + t1) / (1.0 + t0)) / ((1.0 + u1) / (1.0 + u0))
    diversion = np.clip(_diverted(m, n, s * (1.0 - ratio)), -(m + creation), n + others_creation)
    price = np.divide(e * step, mu - e, out=np.zeros_like(e), where=np.isfinite(mu))
    now, rest = m + creation + diversion, n + others_creation - diversion
    revenue = t1 * now - t0 * m + u1 * rest - u0 * n
    welfare = 0.5 * (t0 + t1) * creation + 0.5 * (u0 + u1) * others_creation
    return Smart(creation, others_creation, diversion, price, now, rest, revenue, welfare)


def _diverted(m: Floats, n: Floats, relative: Floats) -> Floats:
    """Compute what moves to the partner from others; all there is where the formula has no value."""
    whole = m + n + m * relative
    most = np.asarray(np.where(relative < 0, -m, n) * ((m > 0) & (n > 0)))
    return np.asarray(np.divide(m * n * relative, whole, out=most, where=whole > 0))


def _check(imports: Floats, others: Floats, duties: tuple[Floats, ...], elasticities: Elasticities) -> None:
    demand, substitution, supply = (np.asarray(x) for x in elasticities)
    refuse_out_of_range(
        (
            ("imports", imports, imports >= 0, "0 or more"),
            ("imports from others", others, others >= 0, "0 or more"),
            *(("a duty", t, t >= 0, "a share of 0 or more") for t in duties),
            ("the elasticity of import demand", demand, demand <= 0, "0 or less"),
            ("the elasticity of substitution", substitution, substitution >= 0, "0 or more"),
            ("the elasticity of supply", supply, supply > 0, "above 0"),
        )
    )
