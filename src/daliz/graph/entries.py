"""Collect entries of a ledger as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.graph.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Floats, Ints
    from daliz.graph.ledger import Cause, Kind


class Entries:
    """Entries collected as arrays, one part after the other."""

    def __init__(self) -> None:
        none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
        self._parts = [Ledger(none, none, none, none, nothing, nothing, nothing, none)]

    def book(
        self,
        arc: Ints,
        kind: Ints | Kind,
        cause: Cause,
        figure: Ints,
        quantity: Floats | float = 1.0,
        *,
        sd: Floats | float = 0.0,
        power: float = 1.0,
    ) -> None:
        """Book entries on arcs; what is given once holds for all of them."""
        count = len(arc)

        def whole(value: object, kind: type) -> Any:
            return value if isinstance(value, np.ndarray) else np.full(count, value, dtype=kind)

        self._parts.append(
            Ledger(
                arc,
                whole(kind, np.int64),
                whole(cause, np.int64),
                figure,
                whole(quantity, np.float64),
                whole(power, np.float64),
                whole(sd, np.float64),
                arc,
            )
        )

    def ledger(self) -> Ledger:
        """Return all entries."""
        first, *others = self._parts
        return first.joined(*others)


def sum_by(keys: Sequence[Ints], values: Sequence[Floats]) -> tuple[list[Ints], list[Floats]]:
    """Sum values over equal keys; return the keys without repeats, in order, and the sums.

    Examples
    --------
    >>> keys, sums = sum_by([np.array([4, 4, 1]), np.array([0, 0, -1])], [np.array([1.0, 2.0, 5.0])])
    >>> [k.tolist() for k in keys], sums[0].tolist()
    ([[1, 4], [-1, 0]], [5.0, 3.0])
    """
    lows = [int(k.min(initial=0)) for k in keys]
    sizes = [int(k.max(initial=0)) - low + 1 for k, low in zip(keys, lows, strict=True)]
    number = np.zeros(len(keys[0]), dtype=np.int64)
    for key, low, size in zip(keys, lows, sizes, strict=True):
        number = number * size + (key - low)
    found, inverse = np.unique(number, return_inverse=True)
    sums: list[Floats] = [np.bincount(inverse, value, len(found)).astype(np.float64) for value in values]
    parts: list[Ints] = []
    for low, size in zip(lows[::-1], sizes[::-1], strict=True):
        found, part = np.divmod(found, size)
        parts.append(part + low)
    return parts[::-1], sums


def expand(lists: Sequence[Sequence[tuple[int, int]]]) -> tuple[Ints, Ints, Ints]:
    """Lay lists of pairs end to end: the position of each pair's list, and its two numbers.

    Examples
    --------
    >>> [x.tolist() for x in expand([[(1, 2)], [], [(3, 4), (5, 6)]])]
    [[0, 2, 2], [1, 3, 5], [2, 4, 6]]
    """
    at = np.repeat(np.arange(len(lists)), np.array([len(pairs) for pairs in lists], dtype=np.int64))
    table = np.array([pair for pairs in lists for pair in pairs], dtype=np.int64).reshape(-1, 2)
    return at, table[:, 0], table[:, 1]
