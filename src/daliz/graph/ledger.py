"""Book every hour, dollar, kilogram and risk of every arc with its cause and the figure behind it.

An entry says: on this arc, of this kind, for this cause, `quantity` times the figure (or divided by it).
The sums by kind and arc, times a small matrix of what one unit of each cargo class counts in each kind, are
the class costs:

    cost[c, m, a] = sum over kinds k of measure m:  multiplier[c, k] * base[k, a]
    base[k, a]    = sum over entries e of kind k on arc a:  quantity[e] * figure[e] ** power[e]

So nothing is counted twice that is not booked twice, and every amount leads back to its evidence.
"""

from __future__ import annotations

import enum
from array import array
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Kind(enum.IntEnum):
    """What an entry counts, and by which property of the cargo it is multiplied."""

    HOURS = 0
    USD_CONTAINER = 1
    USD_BULK = 2
    USD_LIQUID = 3
    USD_WAGON = 4
    KG_T = 5
    KG_TEU = 6
    KG_CONTAINER = 7
    KG_LOOSE = 8
    RISK = 9
    PREMIUM = 10


class Cause(enum.IntEnum):
    """Reason why hours, dollars or kilograms arise."""

    RUN = 0
    DWELL = 1
    WAIT = 2
    WEATHER = 3
    HANDLING = 4
    TERMINAL_DOCUMENTS = 5
    GAUGE_CHANGE = 6
    BORDER = 7
    BORDER_DOCUMENTS = 8
    HOLD = 9
    LINE_HAUL = 10
    THROUGH_RATE = 11
    HAZARD = 12
    ACCESS = 13


USD_KINDS = {
    "container": Kind.USD_CONTAINER,
    "bulk": Kind.USD_BULK,
    "liquid": Kind.USD_LIQUID,
    "wagon": Kind.USD_WAGON,
}
KINDS = len(Kind)
FIELDS = 6
"""Numbers of an entry in a book: kind, cause, figure, quantity, power and sd."""


class Book:
    """Entries collected while arcs are made.

    Entries lie one after the other in one flat array, since tens of thousands of small tuples would keep
    the garbage collector busy for as long as all the rest takes.
    """

    def __init__(self) -> None:
        self._flat = array("d")
        self._arc = array("q")
        self._count = array("q")

    def add(
        self,
        arc: int,
        kind: Kind,
        cause: Cause,
        quantity: float,
        figure: int = -1,
        power: int = 1,
        sd: float = 0.0,
    ) -> None:
        """Book one entry; `figure` is -1 where the quantity stands alone, `sd` belongs to hours."""
        self._flat.extend((kind, cause, figure, quantity, power, sd))
        self._arc.append(arc)
        self._count.append(1)

    def put(self, arc: int, sheet: Book) -> None:
        """Book on an arc the entries of a sheet made before, as of a terminal that many arcs use."""
        self._flat += sheet._flat
        self._arc.append(arc)
        self._count.append(len(sheet._flat) // FIELDS)

    def close(self) -> Ledger:
        """Turn the entries into arrays."""
        table = np.array(self._flat).reshape(-1, FIELDS)
        arc = np.repeat(np.array(self._arc), np.array(self._count))
        kind, cause, figure = (table[:, i].astype(np.int64) for i in range(3))
        quantity, power, sd = (table[:, i].copy() for i in range(3, FIELDS))
        return Ledger(arc, kind, cause, figure, quantity, power, sd, arc)


@dataclass(frozen=True)
class Ledger:
    """Entries of all arcs as arrays of shape (entries,).

    Attributes
    ----------
    arc, kind, cause, figure
        int64; `figure` is the position in `Figures`, or -1.
    quantity, power, sd
        float64; amount = quantity * figure**power; `sd` in hours belongs to entries of kind HOURS.
    part
        int64; the arc where the entry arises: the arc itself, or the one that a through arc stands for.
    """

    arc: Ints
    kind: Ints
    cause: Ints
    figure: Ints
    quantity: Floats
    power: Floats
    sd: Floats
    part: Ints

    def __len__(self) -> int:
        return len(self.arc)

    def joined(self, *others: Ledger) -> Ledger:
        """Return the entries of all ledgers, one after the other."""
        every = (self, *others)
        return Ledger(*(np.concatenate([getattr(x, f.name) for x in every]) for f in fields(self)))

    def take(self, rows: Ints) -> Ledger:
        """Return some of the entries."""
        return Ledger(*(getattr(self, f.name)[rows] for f in fields(self)))

    def by_arc(self, arcs: int) -> tuple[Ints, Ints]:
        """Return the entries sorted by arc, and where each arc's begin, shapes (entries,) and (arcs + 1,)."""
        order = np.argsort(self.arc, kind="stable")
        return order, np.searchsorted(self.arc[order], np.arange(arcs + 1))

    def amounts(self, value: Floats) -> Floats:
        """Compute the amount of each entry from the figures' values, shape (entries,)."""
        if not len(value):
            return self.quantity.copy()
        figure = np.where(self.figure >= 0, value[self.figure], 1.0)
        inverse = 1.0 / np.where(figure == 0, 1.0, figure)
        return np.asarray(self.quantity * np.where(self.power < 0, inverse, figure))

    def base(self, value: Floats, arcs: int) -> Floats:
        """Sum the amounts by kind and arc, shape (kinds, arcs)."""
        flat = np.bincount(self.kind * arcs + self.arc, self.amounts(value), KINDS * arcs)
        return np.asarray(flat, dtype=np.float64).reshape(KINDS, arcs)

    def variance(self, arcs: int) -> Floats:
        """Sum the variances of hours by arc in h2, shape (arcs,); causes are taken as independent."""
        return np.asarray(np.bincount(self.arc, self.sd**2, arcs), dtype=np.float64)
