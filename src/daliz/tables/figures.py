"""Give each figure of a network its value, its interval and the cells that it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from daliz.tables.table import Array


class Cell(NamedTuple):
    """Name one cell: table, row and column."""

    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.row}.{self.column}"


@dataclass(frozen=True)
class Figures:
    """Hold all figures in force: value, low and high end, and who moves with whom.

    Attributes
    ----------
    cells
        The cell of each figure, length n.
    value, low, high
        float64 arrays of shape (n,) in the unit of the column.
    group
        int array of shape (n,); equal numbers are drawn together.
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
    uniform: npt.NDArray[np.bool_]
    fixed: npt.NDArray[np.bool_]
    index: dict[Cell, int] = field(repr=False)

    def draw(self, which: Array, draws: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        """Draw factors on the figures `which` as an array of shape (draws, len(which)).

        A factor is the drawn value over the figure's value. Figures of one group share their quantile.
        Triangular: two right triangles that meet at the value v, the lower one of weight (high - v) / (high - low),
        so that the mean is v itself and the variance (v - low) (high - v) / 6: a sum of figures keeps its mean however
        skew their ranges are. A value at an end of its range is not drawn.
        """
        numbers, inverse = np.unique(self.group[which], return_inverse=True)
        quantile = rng.random((draws, len(numbers)))[:, inverse]
        value = self.value[which]
        scale = np.where(value == 0, 1.0, value)
        low = np.minimum(self.low[which], value) / scale
        high = np.maximum(self.high[which], value) / scale
        low, high = np.minimum(low, high), np.maximum(low, high)
        width = high - low
        still = (width <= 0) | (value == 0) | self.fixed[which]
        width = np.where(still, 1.0, width)
        below = np.clip((high - 1.0) / width, 0.0, 1.0)
        rising = 1.0 - (1.0 - low) * (1.0 - np.sqrt(quantile / np.where(below > 0, below, 1.0)))
        falling = 1.0 + (high - 1.0) * (1.0 - np.sqrt((1.0 - quantile) / np.where(below < 1, 1.0 - below, 1.0)))
        factor = np.where(quantile < below, rising, falling)
        factor = np.where(self.uniform[which], low + quantile * width, factor)
        return np.where(still, 1.0, factor)
