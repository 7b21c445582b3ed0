"""Resolve dated things: on a day, or as a mean over the days of a year."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Day = np.datetime64
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True, slots=True)
class Period:
    """Half-open stretch of days: one day, a calendar month, or a calendar year.

    Examples
    --------
    >>> Period.of_year(2024).days
    366
    """

    start: Day
    end: Day

    @classmethod
    def of_year(cls, year: int) -> Period:
        """Make the period of a calendar year."""
        return cls(np.datetime64(f"{year:04d}-01-01", "D"), np.datetime64(f"{year + 1:04d}-01-01", "D"))

    @classmethod
    def of_month(cls, year: int, month: int) -> Period:
        """Make the period of a calendar month."""
        start = np.datetime64(f"{year:04d}-{month:02d}", "M")
        return cls(start.astype("M8[D]"), (start + 1).astype("M8[D]"))

    @classmethod
    def of_day(cls, day: str | dt.date) -> Period:
        """Make the period of one day, given as a date or as text such as 2024-12-31."""
        try:
            parsed = (
                dt.date(day.year, day.month, day.day)
                if isinstance(day, dt.date)
                else dt.date.fromisoformat(day)
            )
        except (TypeError, ValueError):
            raise QueryError(f"{day!r} is not a date; write it as 2024-12-31.") from None
        start = np.datetime64(parsed, "D")
        return cls(start, start + np.timedelta64(1, "D"))

    @property
    def days(self) -> int:
        """Count the days."""
        return int((self.end - self.start).astype(int))

    @property
    def year(self) -> int:
        """Return the year in which the period begins."""
        return int(str(self.start)[:4])

    @property
    def month(self) -> int | None:
        """Return the month in which the whole period lies; None if it is longer.

        Examples
        --------
        >>> Period.of_day("2024-11-15").month, Period.of_year(2024).month
        (11, None)
        """
        first, last = self.start.astype("M8[M]"), (self.end - np.timedelta64(1, "D")).astype("M8[M]")
        return int(str(first)[5:7]) if first == last else None

    def __str__(self) -> str:
        """Write the period as a year, a month or a day."""
        if self.days == 1:
            return str(self.start)
        return str(self.year) if self.month is None else str(self.start)[:7]

    def covers(self, start: Day, end: Day) -> float:
        """Compute the share of the period that lies between two days; NaT means open."""
        low = self.start if np.isnat(start) else max(self.start, start)
        high = self.end if np.isnat(end) else min(self.end, end)
        return max(0.0, float((high - low).astype(int)) / self.days)

    def mean(self, dates: Iterable[Day], value_on: Callable[[Day], float]) -> float:
        """Average a step function that changes only on the given days, weighted by days."""
        inside = {d for d in dates if self.start < d < self.end}  # a day that is not known is not less
        if not inside:
            return float(value_on(self.start))
        cuts = [self.start, *sorted(inside), self.end]
        spans = [float((b - a).astype(int)) for a, b in pairwise(cuts)]
        values = [value_on(a) for a in cuts[:-1]]
        return float(np.dot(spans, values) / self.days)
