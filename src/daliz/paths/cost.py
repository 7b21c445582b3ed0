"""Price what a route takes: one generalised cost for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from daliz.arrays import Floats
    from daliz.tables import Table


def values_of_time(cargoes: Table, spread: float) -> Floats:
    """Give the value of an hour of one unit of each class, with the bands of a container set apart by a power.

    v = m (v0 / m)^spread, m being the value of the middle band (the class named without -low or -high)
    and v0 that of the table.
    """
    table = cargoes["value_of_time_usd_h"]
    middle = [str(c).removesuffix("-low").removesuffix("-high") for c in cargoes.ids]
    centre = np.array([table[cargoes.position.get(m, i)] for i, m in enumerate(middle)])
    ratio = np.divide(table, centre, out=np.ones_like(table), where=centre > 0)
    return np.asarray(centre * ratio**spread)
