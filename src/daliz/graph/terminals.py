"""Book loading, unloading and the weather at terminals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.graph.draft import ALL_GROUPS
from daliz.graph.ledger import Cause, Kind

if TYPE_CHECKING:
    from daliz.graph.draft import Draft
    from daliz.graph.ledger import Book
    from daliz.graph.running import Running

HOURS_PER_DAY = 24.0


class Terminals:
    """Terminals by place and mode, the cargo that they admit, and the weather that closes them."""

    def __init__(self, draft: Draft, running: Running, month: int | None) -> None:
        self._draft, self._running = draft, running
        self._table, self._weather = draft.network.table("terminals"), draft.network.table("weather")
        self.at: dict[tuple[str, str], list[int]] = {}
        names = (self._table[c] for c in ("node_id", "mode", "operation"))
        for i, (node, mode, operation) in enumerate(zip(*names, strict=True)):
            if operation == "handling":
                self.at.setdefault((str(node), str(mode)), []).append(i)
        self._months: dict[str, list[int]] = {}
        for i, (site, m) in enumerate(zip(self._weather["site"], self._weather["month"], strict=True)):
            if month is None or int(m) == month:
                self._months.setdefault(str(site), []).append(i)
        self._sheets: dict[int, Book] = {}
        self._groups = [frozenset(str(g).split()) or ALL_GROUPS for g in self._table["cargo_groups"]]

    def groups(self, row: int) -> frozenset[str]:
        """Return the groups of cargo that a terminal admits."""
        return self._groups[row]

    def book(self, arc: int, row: int) -> None:
        """Book one load or one unload with the wait for the weather."""
        if row not in self._sheets:
            sheet = self._sheets[row] = self._running.terminal_sheet(row, Cause.HANDLING)
            self._enter_weather(sheet, str(self._table["weather_id"][row]))
        self._draft.book.put(arc, self._sheets[row])

    def _enter_weather(self, sheet: Book, site: str) -> None:
        """Enter the expected wait at a port that weather closes.

        A ship comes at a random time to a two-state Markov process: with probability p it is shut and opens
        after an exponential time of mean s, so E[w] = p s and E[w^2] = 2 p s^2. A year is an even mixture of
        its months: E[w] and E[w^2] are means over them, and the variance is E[w^2] - E[w]^2.
        """
        rows = self._months.get(site, []) if site else []
        if not rows:
            return
        share = self._weather["closed_share"][rows]
        spell = self._weather["spell_days"][rows] * HOURS_PER_DAY
        mean = float(np.mean(share * spell))
        variance = float(np.mean(2.0 * share * spell**2)) - mean**2
        sd = float(np.sqrt(max(variance, 0.0) / len(rows)))
        cells = self._running.cells["weather", "closed_share"]
        for row, hours in zip(rows, spell.tolist(), strict=True):
            sheet.add(0, Kind.HOURS, Cause.WEATHER, hours / len(rows), int(cells[row]), 1, sd)
