"""Find the rate that applies: the most specific row wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daliz.tables.resolve import Resolved

WAYS = ("out", "back", "both")
PRICES = ("price", "operating-cost")


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate with the positions of its figures; -1 where it has no such part."""

    id: str
    fixed: int
    per_km: int


class Tariff:
    """Rates by mode, country, service, group and direction.

    A row with a service and a country comes before a row with the service alone, that before mode and
    country, that before the mode. Prices come before operating costs, a direction before both. Taxes are
    added; subsidies are not taken off, since prices are what a shipper pays after them. Through rates stand
    apart in `through`.
    """

    def __init__(self, resolved: Resolved) -> None:
        self._prices: dict[tuple[str, ...], tuple[tuple[bool, bool], Rate]] = {}
        self._taxes: dict[tuple[str, ...], list[Rate]] = {}
        self._cells = [resolved.cells["rates", c].tolist() for c in ("usd_fixed", "usd_per_km")]
        self._known: dict[tuple[str, ...], list[Rate]] = {}
        self._with_rates: set[str] = set()
        self.through: list[dict[str, Any]] = []
        for i, row in enumerate(resolved.tables["rates"].rows()):
            row["at"] = i
            if row["kind"] == "subsidy":
                continue
            if row["from_node"]:
                self.through.append(row)
                continue
            self._with_rates.add(row["service_id"])
            self._enter(row)

    def _enter(self, row: dict[str, Any]) -> None:
        """Enter a row under each direction that it is for, if no better one stands there."""
        rate = self.rate(row)
        rank = (row["kind"] != PRICES[0], row["direction"] == "both")
        for way in WAYS if row["direction"] == "both" else (row["direction"],):
            key = (row["mode"], row["service_id"], row["country"], row["cargo_group"], way)
            if row["kind"] == "tax":
                self._taxes.setdefault(key, []).append(rate)
            elif row["kind"] in PRICES and (key not in self._prices or rank < self._prices[key][0]):
                self._prices[key] = (rank, rate)

    def rates(self, mode: str, service: str, country: str, group: str, direction: str) -> list[Rate]:
        """Return the rates to charge: one price with its taxes, or nothing if none is known."""
        own = service if service in self._with_rates else ""
        key = (mode, own, country, group, direction)
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, mode: str, service: str, country: str, group: str, direction: str) -> list[Rate]:
        places = [(service, country), (service, "")] if service else []
        places += [("", country), ("", "")]
        price: list[Rate] = []
        taxes: list[Rate] = []
        for place in dict.fromkeys(places):
            key = (mode, *place, group, direction)
            taxes += self._taxes.get(key, ())
            if not price and key in self._prices:
                price = [self._prices[key][1]]
        return price + taxes if price else []

    def rate(self, row: dict[str, Any]) -> Rate:
        """Return a row as a rate."""
        return Rate(row["id"], *(cells[row["at"]] for cells in self._cells))
