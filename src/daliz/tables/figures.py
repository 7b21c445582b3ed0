"""Figures of a network: value, interval and the cells that each comes from."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from daliz.ensemble import generator

if TYPE_CHECKING:
    from daliz.tables.table import Array

LEAST_FACTOR = 1e-6
"""Factor below which none is inverted."""


class Cell(NamedTuple):
    """One cell, by table, row and column."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.row}.{self.column}"


@dataclass(frozen=True)
class Figures:
    """All figures in force: value, low and high end, and the group with which each is drawn.

    Attributes
    ----------
    cells
        The cell of each figure, length n.
    value, low, high
        float64 arrays of shape (n,) in the unit of the column.
    group
        int array of shape (n,); equal numbers are drawn together: a position in `names`, or -1 - i for what is drawn
        alone, or with figure i.
    names
        Names of the groups of evidence.
    uniform, fixed
        bool arrays of shape (n,): drawn evenly between the ends; not drawn at all. The rest is triangular.
    index
        Position of each cell.
    """

    cells: list[Cell]
    value: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    group: npt.NDArray[np.int64]
    names: tuple[str, ...]
    uniform: npt.NDArray[np.bool_]
    fixed: npt.NDArray[np.bool_]
    index: dict[Cell, int] = field(repr=False)

    @functools.cached_property
    def _ends(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the low and high end of each figure over its value, shapes (n,)."""
        scale = np.where(self.value == 0, 1.0, self.value)
        ends = np.stack([np.minimum(self.low, self.value), np.maximum(self.high, self.value)]) / scale
        return ends.min(axis=0), ends.max(axis=0)

    @functools.cached_property
    def varies(self) -> npt.NDArray[np.bool_]:
        """Return which figures are drawn, shape (n,): not zero, not fixed, with room between the ends."""
        low, high = self._ends
        return np.asarray((high > low) & (self.value != 0) & ~self.fixed)

    def draw(self, which: Array, draws: int, seed: int) -> npt.NDArray[np.float32]:
        """Draw factors on the figures `which`, shape (len(which), draws).

        The draws of a group are keyed by the seed and its name (a figure drawn alone by that of its cell), so that
        they are the same whatever else is drawn.

        A factor is the drawn value over the figure's value v; figures of one group share their quantile
        q. Uniform: even between the ends. Triangular: two right triangles that meet at v, the lower one
        of weight p = (high - v) / (high - low); with the ends a and b over v the factor is 1 - (1 - a) (1
        - sqrt(q / p)) for q < p and 1 + (b - 1) (1 - sqrt((1 - q) / (1 - p))) otherwise. Its mean is 1
        and its variance (1 - a) (b - 1) / 6, so a sum of figures keeps its mean however skew their ranges
        are. A value that is an end of its range stays where it is.
        """
        quantiles: dict[int, npt.NDArray[np.float32]] = {}
        factor = np.ones((len(which), draws), dtype=np.float32)
        for row, i in enumerate(np.asarray(which).tolist()):
            if not self.varies[i]:
                continue
            group = int(self.group[i])
            if group not in quantiles:
                quantiles[group] = generator(seed, self._key(group)).random(draws, dtype=np.float32)
            q, a, b = quantiles[group], float(self._ends[0][i]), float(self._ends[1][i])
            factor[row] = _even(q, a, b) if self.uniform[i] else _triangles(q, a, b)
        return factor

    def _key(self, group: int) -> str:
        """Name what is drawn together."""
        return f"group {self.names[group]}" if group >= 0 else str(self.cells[-1 - group])


def inverse_factors(factor: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Compute factors on what depends on the inverse of figures, shape (figures, draws).

    Hours depend so on a speed.

    Each figure's are scaled so that their mean is 1 too.
    """
    inverse = factor.dtype.type(1.0) / np.maximum(factor, factor.dtype.type(LEAST_FACTOR))
    inverse /= inverse.mean(axis=1, keepdims=True)
    return np.asarray(inverse)


def _even(q: npt.NDArray[np.float32], a: float, b: float) -> npt.NDArray[np.float32]:
    return np.asarray(np.float32(a) + q * np.float32(b - a))


def _triangles(q: npt.NDArray[np.float32], a: float, b: float) -> npt.NDArray[np.float32]:
    split = (b - 1.0) / (b - a)
    if split in {0.0, 1.0}:
        return np.ones_like(q)
    under = q < np.float32(split)
    part = np.where(under, q * np.float32(1.0 / split), (1 - q) * np.float32(1.0 / (1.0 - split)))
    way = 1 - np.sqrt(part, out=part)
    return np.asarray(1 + np.where(under, np.float32(a - 1.0), np.float32(b - 1.0)) * way)
