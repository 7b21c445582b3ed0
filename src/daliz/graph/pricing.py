"""Find the rate that applies: the most specific row wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.tables import Table
    from daliz.tables.resolve import Resolved

PRICES = ("price", "operating-cost")


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate with the positions of its figures; -1 where it has no such part."""

    id: str
    fixed: int
    per_km: int


class RateRow(NamedTuple):
    """What a rate is for; a through rate has a place that it leads from."""

    mode: str
    service_id: str
    country: str
    cargo_group: str
    direction: str
    kind: str
    from_node: str


class RateRows:
    """Rows of `rates`, to be found by mode, country, service, group and direction.

    Parameters
    ----------
    rows
        What each rate is for, in the order of the table.
    """

    def __init__(self, rows: Sequence[RateRow]) -> None:
        self.rows = list(rows)
        self._prices: dict[tuple[str, ...], tuple[tuple[bool, bool], int]] = {}
        self._taxes: dict[tuple[str, ...], list[int]] = {}
        self._found: dict[tuple[str, ...], tuple[int, ...]] = {}
        charged = [(i, r) for i, r in enumerate(self.rows) if r.kind != "subsidy" and not r.from_node]
        self._with_rates = {row.service_id for _, row in charged}
        for i, row in charged:
            self._enter(i, row)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RateRows) and self.rows == other.rows

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, rates: Table) -> RateRows:
        """Read the rows of the table of rates."""
        columns = (rates[name].tolist() for name in RateRow._fields)
        return cls([RateRow(*cells) for cells in zip(*columns, strict=True)])

    def _enter(self, at: int, row: RateRow) -> None:
        """Enter a row under each direction that it is for, if no better one stands there."""
        rank = (row.kind != PRICES[0], row.direction == "both")
        for way in ("out", "back", "both") if row.direction == "both" else (row.direction,):
            key = (row.mode, row.service_id, row.country, row.cargo_group, way)
            if row.kind == "tax":
                self._taxes.setdefault(key, []).append(at)
            elif row.kind in PRICES and (key not in self._prices or rank < self._prices[key][0]):
                self._prices[key] = (rank, at)

    def own(self, service: str) -> str:
        """Return the service if it has rates of its own, "" if it takes those of all."""
        return service if service in self._with_rates else ""

    def find(self, mode: str, service: str, country: str, group: str, direction: str) -> tuple[int, ...]:
        """Return the rows to charge: one price with its taxes, or none if no price is known."""
        own = self.own(service)
        asked = (mode, own, country, group, direction)
        if asked not in self._found:
            places = [(own, country), (own, ""), ("", country), ("", "")]
            keys = [(mode, *place, group, direction) for place in dict.fromkeys(places)]
            price = next((self._prices[key][1] for key in keys if key in self._prices), None)
            taxes = [at for key in keys for at in self._taxes.get(key, ())]
            self._found[asked] = () if price is None else (price, *taxes)
        return self._found[asked]


class Tariff:
    """Rates by mode, country, service, group and direction.

    A row with a service and a country comes before a row with the service alone, that before mode and
    country, that before the mode. Prices come before operating costs, a direction before both. Taxes are
    added; subsidies are not taken off, since prices are what a shipper pays after them. Through rates stand
    apart in `through`.
    """

    def __init__(self, resolved: Resolved) -> None:
        rates = resolved.tables["rates"]
        self.rows = RateRows.of(rates)
        cells = (resolved.cells["rates", c].tolist() for c in ("usd_fixed", "usd_per_km"))
        self._rates: list[Rate] = [Rate(*parts) for parts in zip(rates.ids.tolist(), *cells, strict=True)]
        through = [i for i, row in enumerate(self.rows.rows) if row.from_node and row.kind != "subsidy"]
        self.through: list[dict[str, Any]] = [
            row | {"rate": i}
            for i, row in zip(through, rates.take(np.array(through, dtype=np.int64)).rows(), strict=True)
        ]

    def rates(self, mode: str, service: str, country: str, group: str, direction: str) -> list[Rate]:
        """Return the rates to charge: one price with its taxes, or nothing if none is known."""
        return [self._rates[i] for i in self.rows.find(mode, service, country, group, direction)]

    def rate(self, row: dict[str, Any]) -> Rate:
        """Return a row as a rate."""
        return self._rates[int(row["rate"])]
