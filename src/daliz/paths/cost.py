"""Price what a shipment bears: one generalised cost for all engines.

    c = USD + v h + r s + p kg,

v being the value of an hour of one unit, r = v times the reliability ratio the value of an hour of standard deviation
s, and p the price of carbon. Arcs must add up, and a standard deviation does not: along a path variances do. So
searches take the tangent of the square root at a reference s0,

    r s ~ r s0 / 2 + r s^2 / (2 s0),

and leave out the constant: at s = s0 it bears half of the value of reliability, and its slope by variance is right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from daliz.arrays import Floats, Ints
    from daliz.tables import Table

KG_PER_T = 1000.0


class Values(NamedTuple):
    """What one unit of cargo bears beside USD; numbers, or arrays with an entry a route.

    Attributes
    ----------
    time_usd_h, reliability_usd_h
        USD per hour, and per hour of standard deviation.
    carbon_usd_t
        USD per tonne CO2e.
    """

    time_usd_h: Any
    reliability_usd_h: Any
    carbon_usd_t: Any = 0.0


class Amounts(NamedTuple):
    """What arcs or routes take: USD, hours, variance of hours (h2) and kg CO2e, arrays of one shape."""

    usd: Floats
    hours: Floats
    variance: Floats
    kg: Floats


def generalised_cost(of: Amounts, values: Values) -> Floats:
    """Compute the generalised cost of whole paths in USD.

    Examples
    --------
    >>> float(generalised_cost(Amounts(100.0, 10.0, 4.0, 1000.0), Values(2.0, 1.0, 50.0)))
    172.0
    """
    carbon = values.carbon_usd_t * of.kg / KG_PER_T
    return np.asarray(
        of.usd + values.time_usd_h * of.hours + values.reliability_usd_h * np.sqrt(of.variance) + carbon
    )


def additive_cost(of: Amounts, values: Values, reference_sd_h: float) -> Floats:
    """Compute the generalised cost in USD that arcs add up to, with the standard deviation by its tangent.

    Parameters
    ----------
    of, values
        Amounts and values of one shape.
    reference_sd_h
        Standard deviation at which the tangent is taken; infinite to leave reliability out.

    Examples
    --------
    >>> float(additive_cost(Amounts(100.0, 10.0, 4.0, 0.0), Values(2.0, 1.0), 2.0))
    121.0
    """
    carbon = values.carbon_usd_t * of.kg / KG_PER_T
    spread = values.reliability_usd_h * of.variance / (2.0 * reference_sd_h)
    return np.asarray(of.usd + values.time_usd_h * of.hours + spread + carbon)


def values_of(cargoes: Table, rows: Ints, spread: float = 1.0) -> Values:
    """Return the values of the cargo classes in some rows.

    Parameters
    ----------
    cargoes
        Table of the classes.
    rows
        int64: class of each entry.
    spread
        Power that sets the bands of one kind of cargo apart: v = m (v0 / m)^spread, m being the value of its middle
        band (`band_of`) and v0 that of the table.
    """
    table = cargoes["value_of_time_usd_h"]
    centre = np.array(
        [
            table[cargoes.position[str(m) or str(i)]]
            for m, i in zip(cargoes["band_of"], cargoes.ids, strict=True)
        ]
    )
    ratio = np.divide(table, centre, out=np.ones_like(table), where=centre > 0)
    time = np.asarray(centre * ratio**spread)[rows]
    return Values(time, time * cargoes["reliability_ratio"][rows])
