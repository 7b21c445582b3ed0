"""Find the rate that applies: the most specific row wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daliz.tables.resolve import Resolved


@dataclass(frozen=True, slots=True)
class Rate:
    """Hold one rate with the positions of its figures; -1 where it has no such part."""

    id: str
    fixed: int
    per_km: int


class Tariff:
    """Look rates up by mode, country, service, group and direction.

    A row with a service and a country comes before a row with the service alone, that before mode and
    country, that before the mode. Prices come before operating costs, a direction before both. Taxes are
    added; subsidies are not taken off, since prices are what a shipper pays after them. Through rates stand
    apart in `through`.
    """

    def __init__(self, resolved: Resolved) -> None:
        self._rows: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
        self._cells = {c: resolved.cells["rates", c] for c in ("usd_fixed", "usd_per_km")}
        self._known: dict[tuple[str, str, str, str, str], list[Rate]] = {}
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
            key = (row["mode"], row["service_id"], row["country"], row["cargo_group"])
            self._rows.setdefault(key, []).append(row)

    def rates(self, mode: str, service: str, country: str, group: str, direction: str) -> list[Rate]:
        """Give the rates to charge: one price with its taxes, or nothing if none is known."""
        own = service if service in self._with_rates else ""
        key = (mode, own, country, group, direction)
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, mode: str, service: str, country: str, group: str, direction: str) -> list[Rate]:
        places = [(service, country), (service, "")] if service else []
        places += [("", country), ("", "")]
        price: list[dict[str, Any]] = []
        taxes: list[dict[str, Any]] = []
        for by_service, by_country in dict.fromkeys(places):
            rows = self._rows.get((mode, by_service, by_country, group), [])
            rows = [r for r in rows if r["direction"] in {direction, "both"}]
            taxes += [r for r in rows if r["kind"] == "tax"]
            if not price:
                price = sorted(
                    (r for r in rows if r["kind"] in {"price", "operating-cost"}),
                    key=lambda r: (r["kind"] != "price", r["direction"] == "both", not r["service_id"]),
                )[:1]
        return [self.rate(r) for r in price + taxes] if price else []

    def rate(self, row: dict[str, Any]) -> Rate:
        """Give a row as a rate."""
        fixed, per_km = (int(self._cells[c][row["at"]]) for c in ("usd_fixed", "usd_per_km"))
        return Rate(row["id"], fixed, per_km)
