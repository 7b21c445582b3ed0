"""Name the corridor that a path belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from daliz.errors import DataError

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.graph import Graph

MOST_MARKS = 64
"""Bits of the word that holds what an arc passes."""


class Summed(Protocol):
    """The best paths through every state, along which values of arcs can be summed."""

    def sum(self, table: Floats) -> Floats:
        """Sum the rows of a table of shape (arcs, columns) along the path through each state."""


class Marks(NamedTuple):
    """Km of each arc by mode and, as bits, what it passes; and for each corridor which bits it needs and bars."""

    km: Floats
    bits: npt.NDArray[np.uint64]
    need: npt.NDArray[np.uint64]
    bar: npt.NDArray[np.uint64]
    main: Ints


class Corridors:
    """The rows of the table `corridors`: a path belongs to the first that it satisfies.

    Attributes
    ----------
    ids
        Corridors in the order in which they are tried.
    rank
        int64 (corridors + 1,): place of each, and of none, when those of one nest stand together.
    nest
        int64 (corridors + 1,): nest of each, and of none; one without a nest is a nest of its own.
    """

    def __init__(self, graph: Graph) -> None:
        network = graph.network
        self.rows = sorted(network.table("corridors").rows(), key=lambda r: r["order"])
        self.ids = [str(r["id"]) for r in self.rows]
        self.nest, self.rank = _nests([str(r["nest"]) for r in self.rows])
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
        # a main mode that the network does not have is nobody's
        self._main = [
            -1 if not m else self.modes.index(m) if m in self.modes else len(self.modes) for m in names
        ]
        # What counts of each arc: km by mode, then for each row its marks and its bar; shape (arcs, columns).
        self._table = np.array([*columns, np.zeros(count)], dtype=np.float64).T[:, : len(columns)].copy()

    def of_states(self, paths: Summed) -> Ints:
        """Return the corridor of the best path through each state, -1 for none."""
        return self._first(paths.sum(self._table))

    def foreign_to(self, mode: str) -> Flags:
        """Find which arcs run over links of other modes, shape (arcs,)."""
        others = [i for i, m in enumerate(self.modes) if m != mode]
        return np.asarray(self._table[:, others].sum(axis=1) > 0)

    def marks(self) -> Marks:
        """Return the table of arcs in a compact form, for loops over very many paths.

        Raises
        ------
        DataError
            If the corridors have more conditions than fit into a word.
        """
        width = len(self.modes)
        some = self._table[:, width:] > 0
        if some.shape[1] > MOST_MARKS:
            raise DataError(
                f"The table corridors has {some.shape[1]} conditions (any_modes, any_countries, any_links and one "
                f"no_countries a row); {MOST_MARKS} at most can be used. Leave out corridors."
            )
        bit = np.uint64(1) << np.arange(some.shape[1], dtype=np.uint64)
        need = [sum(int(bit[m - width]) for m in marks) for marks in self._marks]
        return Marks(
            self._table[:, :width].copy(),
            np.asarray((some * bit).sum(axis=1), np.uint64),
            np.array(need, np.uint64),
            np.array([int(bit[b - width]) for b in self._bars], np.uint64),
            np.array(self._main, np.int64),
        )

    def of_path(self, arcs: list[int]) -> int:
        """Return the corridor of one path, -1 for none."""
        return int(self._first(self._table[arcs].sum(axis=0)[None])[0])

    def of_routes(self, begin: Ints, arcs: npt.NDArray[Any]) -> Ints:
        """Return the corridor of each of many routes whose arcs lie one after the other, -1 for none."""
        if not len(arcs):
            return np.zeros(len(begin) - 1, np.int64)
        return self._first(np.add.reduceat(self._table[arcs], begin[:-1], axis=0))

    def name(self, arcs: list[int]) -> str:
        """Name the corridor of a path; its main mode if it belongs to none."""
        row = self.of_path(arcs)
        if row >= 0:
            return self.ids[row]
        return self.modes[int(np.argmax(self._table[arcs][:, : len(self.modes)].sum(axis=0)))]

    def _first(self, sums: Floats) -> Ints:
        """Return the first row that each path satisfies, from its sums of shape (paths, columns)."""
        main = np.argmax(sums[:, : len(self.modes)], axis=1) if self.modes else np.zeros(len(sums), np.int64)
        some = sums > 0
        found = np.full(len(sums), -1, dtype=np.int64)
        for i in range(len(self.rows) - 1, -1, -1):
            fits = ~some[:, self._bars[i]] & some[:, self._marks[i]].all(axis=1)
            if self._main[i] >= 0:
                fits &= main == self._main[i]
            found[fits] = i
        return found


def _nests(names: list[str]) -> tuple[Ints, Ints]:
    """Assign numbers to the nests of corridors and of none, and places that keep those of one nest together."""
    known: dict[str, int] = {}
    nest = np.array(
        [known.setdefault(n or f"\n{i}", len(known)) for i, n in enumerate([*names, ""])], np.int64
    )
    rank = np.empty(len(nest), np.int64)
    rank[np.argsort(nest, kind="stable")] = np.arange(len(nest))
    return nest, rank


def _counted(rows: Ints, weight: npt.NDArray[Any], count: int) -> Floats:
    return np.asarray(np.bincount(rows, weight, count), dtype=np.float64)
