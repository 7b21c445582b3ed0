"""Name the corridor that a way belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from daliz.graph.graph import Graph

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Ways(Protocol):
    """Be the best ways through every state."""

    def sum(self, table: Floats) -> Floats:
        """Sum the rows of a table of shape (arcs, columns) along the way through each state."""


class Marks(NamedTuple):
    """Tell of each arc the km by mode and, as bits, what it passes; and of each corridor which bits it needs and bars."""

    km: Floats
    bits: npt.NDArray[np.uint32]
    need: npt.NDArray[np.uint32]
    bar: npt.NDArray[np.uint32]
    main: Ints


class Corridors:
    """Tell to which row of the table `corridors` a way belongs: the first that it satisfies."""

    def __init__(self, graph: Graph) -> None:
        network = graph.network
        self.rows = sorted(network.table("corridors").rows(), key=lambda r: r["order"])
        self.ids = [str(r["id"]) for r in self.rows]
        links, country = network.table("links"), network.table("nodes")["country"].astype(str)
        arc, link, km = graph.arc_links
        count = len(graph.arcs)
        pairs = [(i, p) for i, a in enumerate(graph.arcs) for p in a.places]
        at, place = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        self.modes = list(dict.fromkeys(str(m) for m in links["mode"]))

        def passing(codes: str) -> Floats:
            return _counted(at, np.isin(country, codes.split())[place], count)

        km_of = {m: _counted(arc, km * (links["mode"][link] == m), count) for m in self.modes}
        columns: list[Floats] = [km_of[m] for m in self.modes]
        self._marks: list[list[int]] = []
        self._bars: list[int] = []
        for row in self.rows:
            marks: list[Floats] = []
            if row["any_modes"]:
                modes = [km_of[m] for m in row["any_modes"].split() if m in km_of]
                marks.append(np.array([np.zeros(count), *modes]).sum(axis=0))
            if row["any_countries"]:
                marks.append(passing(row["any_countries"]))
            if row["any_links"]:
                chosen = [links.position[x] for x in row["any_links"].split() if x in links.position]
                marks.append(_counted(arc, np.isin(link, chosen), count))
            self._marks.append(list(range(len(columns), len(columns) + len(marks))))
            self._bars.append(len(columns) + len(marks))
            columns += [*marks, passing(row["no_countries"])]
        names = [str(r["main_mode"]) for r in self.rows]
        self._main = [self.modes.index(m) if m in self.modes else -1 for m in names]
        # What counts of each arc: km by mode, then for each row its marks and its bar; shape (arcs, columns).
        self._table = np.array([*columns, np.zeros(count)], dtype=np.float64).T[:, : len(columns)].copy()

    def of_states(self, ways: Ways) -> Ints:
        """Give the corridor of the best way through each state, -1 for none."""
        return self._first(ways.sum(self._table))

    def foreign_to(self, mode: str) -> Flags:
        """Tell which arcs run over links of other modes, shape (arcs,)."""
        others = [i for i, m in enumerate(self.modes) if m != mode]
        return np.asarray(self._table[:, others].sum(axis=1) > 0)

    def marks(self) -> Marks:
        """Give the table of arcs in a compact form, for loops over very many ways."""
        width = len(self.modes)
        some = self._table[:, width:] > 0
        bit = np.uint32(1) << np.arange(some.shape[1], dtype=np.uint32)
        need = [sum(int(bit[m - width]) for m in marks) for marks in self._marks]
        return Marks(
            self._table[:, :width].copy(),
            np.asarray((some * bit).sum(axis=1), np.uint32),
            np.array(need, np.uint32),
            np.array([int(bit[b - width]) for b in self._bars], np.uint32),
            np.array(self._main, np.int64),
        )

    def of_way(self, arcs: list[int]) -> int:
        """Give the corridor of one way, -1 for none."""
        return int(self._first(self._table[arcs].sum(axis=0)[None])[0])

    def name(self, arcs: list[int]) -> str:
        """Name the corridor of a way; its main mode if it belongs to none."""
        row = self.of_way(arcs)
        if row >= 0:
            return self.ids[row]
        return self.modes[int(np.argmax(self._table[arcs][:, : len(self.modes)].sum(axis=0)))]

    def _first(self, sums: Floats) -> Ints:
        """Give the first row that each way satisfies, from its sums of shape (ways, columns)."""
        main = np.argmax(sums[:, : len(self.modes)], axis=1)
        some = sums > 0
        found = np.full(len(sums), -1, dtype=np.int64)
        for i in range(len(self.rows) - 1, -1, -1):
            fits = ~some[:, self._bars[i]] & some[:, self._marks[i]].all(axis=1)
            if self.rows[i]["main_mode"]:
                fits &= main == self._main[i]
            found[fits] = i
        return found


def _counted(rows: Ints, weight: npt.NDArray[Any], count: int) -> Floats:
    return np.asarray(np.bincount(rows, weight, count), dtype=np.float64)


def corridors_of(graph: Graph) -> Corridors:
    """Give the corridors of a graph, made once."""
    if "corridors" not in graph.memo:
        graph.memo["corridors"] = Corridors(graph)
    found: Corridors = graph.memo["corridors"]
    return found
