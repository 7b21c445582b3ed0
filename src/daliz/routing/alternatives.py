"""Find good and different ways."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import dijkstra

from daliz.routing.search import shortest, trace

if TYPE_CHECKING:
    from daliz.graph import Graph
    from daliz.routing.search import Layers, Weighted

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TRIES = 200
PENALTY_ROUNDS = 12
PENALTY = 1.4


def alternatives(
    layers: Layers, weight: Floats, k: int, max_overlap: float, stretch: float, per_corridor: int
) -> list[list[int]]:
    """Give up to k good and different ways, best first.

    Two ways are alike by the km that both run over the same links, whatever service carries them, over the km of the
    shorter. A way is kept if it is at most `max_overlap` like each one kept before, costs at most `stretch` times the
    best, passes no place twice, and is one of at most `per_corridor` ways of its corridor. Ways through single places
    are taken in the order of their cost (Abraham, Delling, Goldberg and Werneck 2013); if they are too few, the links of
    those kept are made dearer step by step. Where every way comes back to a place, as to a port at the end of a branch,
    the best one is given.
    """
    choice = _Choice(layers, k, max_overlap, per_corridor)
    fan = Fan(layers, weight)
    if not np.isfinite(fan.best):
        return []
    refused = ~np.isfinite(fan.total) | (fan.total > stretch * fan.best)
    corridors = choice.corridors.of_states(fan)
    first = fan.way(int(np.argmin(fan.total)))
    for _ in range(TRIES):
        if choice.full:
            break
        for links, km in choice.kept_links:
            refused |= fan.shared(links) > max_overlap * np.minimum(fan.km, km)
        refused |= np.isin(corridors, choice.closed)
        cost = np.where(refused, np.inf, fan.total)
        state = int(np.argmin(cost))
        if not np.isfinite(cost[state]):
            break
        arcs = fan.way(state)
        if not choice.offer(arcs):
            refused |= np.isclose(fan.total, fan.total[state], rtol=1e-12)
        refused[state] = True
    dearer = weight.copy()
    for _ in range(PENALTY_ROUNDS if not choice.full else 0):
        found = shortest(layers, dearer)
        if found is None or choice.full:
            break
        if weight[found].sum() <= stretch * fan.best and choice.different(found):
            choice.offer(found)
        touched = {a for link in choice.links(found) for a in layers.query.graph.link_arcs[link]} | set(found)
        dearer[list(touched)] *= PENALTY
    return sorted(choice.kept, key=lambda arcs: float(weight[arcs].sum())) or [first]


class _Choice:
    """Keep the ways taken, and say whether another may join them."""

    def __init__(self, layers: Layers, k: int, max_overlap: float, per_corridor: int) -> None:
        self.graph = layers.query.graph
        self.k, self.max_overlap, self.per_corridor = k, max_overlap, per_corridor
        self.km = self.graph.network.table("links")["length_km"]
        self.corridors = corridors_of(self.graph)
        self.kept: list[list[int]] = []
        self.kept_links: list[tuple[Flags, float]] = []
        self.count: Counter[int] = Counter()

    @property
    def full(self) -> bool:
        """Tell whether there are enough."""
        return len(self.kept) >= self.k

    @property
    def closed(self) -> list[int]:
        """Give the corridors that have their share."""
        return [c for c, n in self.count.items() if n >= self.per_corridor]

    def links(self, arcs: list[int]) -> set[int]:
        """Give the links of a way."""
        return {link for a in arcs for link, _ in self.graph.arcs[a].links}

    def different(self, arcs: list[int]) -> bool:
        """Tell whether a way is different enough from those kept."""
        mine = sorted(self.links(arcs))
        own = float(self.km[mine].sum())
        shares = (
            float(self.km[mine][links[mine]].sum()) / max(min(own, km), 1e-9) for links, km in self.kept_links
        )
        return all(share <= self.max_overlap for share in shares)

    def offer(self, arcs: list[int]) -> bool:
        """Keep a way unless it comes back to a place or its corridor has its share."""
        corridor = self.corridors.of_way(arcs)
        if self._returns(arcs) or self.count[corridor] >= self.per_corridor:
            return False
        mask = np.zeros(len(self.km), dtype=np.bool_)
        mask[sorted(self.links(arcs))] = True
        self.kept.append(arcs)
        self.kept_links.append((mask, float(self.km[mask].sum())))
        self.count[corridor] += 1
        return True

    def _returns(self, arcs: list[int]) -> bool:
        visited = [self.graph.arcs[arcs[0]].places[0]]
        for a in arcs:
            for place in self.graph.arcs[a].places:
                if place != visited[-1]:
                    visited.append(place)
        return len(set(visited)) < len(visited)


class Fan:
    """Hold the best way through every state: a tree from the origin and one to the destination."""

    def __init__(self, layers: Layers, weight: Floats) -> None:
        self.graph = layers.query.graph
        weighted = layers.weighted(weight)
        ahead, previous = dijkstra(weighted.matrix, indices=layers.start, return_predecessors=True)
        back, following = dijkstra(weighted.reverse, indices=layers.goals, return_predecessors=True)
        nearest = np.argmin(back, axis=0)
        columns = np.arange(back.shape[1])
        self.total = ahead + back[nearest, columns]
        self.best = float(self.total.min())
        self._start, self._goals, self._nearest = layers.start, layers.goals, nearest
        self.ahead = _Tree(weighted, previous, forward=True)
        self.behind = _Tree(weighted, following[nearest, columns], forward=False)
        self.weighted = weighted
        self.km = self.sum(self.graph.km)

    def sum(self, values: Floats) -> Floats:
        """Sum values of arcs along the best way through each state, shape (layered states,)."""
        return self.ahead.sum(values) + self.behind.sum(values)

    def shared(self, links: Flags) -> Floats:
        """Give the km that the best way through each state runs over some links."""
        arc, link, km = self.graph.arc_links
        return self.sum(np.bincount(arc, km * links[link], len(self.graph.arcs)))

    def way(self, state: int) -> list[int]:
        """Give the arcs of the best way through a state."""
        pairs = trace(self.ahead.parent, state, self._start)
        goal = self._goals[self._nearest[state]]
        at = state
        while at != goal:
            after = int(self.behind.parent[at])
            pairs.append((at, after))
            at = after
        return self.weighted.arcs(pairs)


class _Tree:
    def __init__(self, weighted: Weighted, parent: Ints, *, forward: bool) -> None:
        self.parent = parent
        here = np.flatnonzero(parent >= 0)
        self._here = here
        ends = (parent[here], here) if forward else (here, parent[here])
        self._arc = weighted.least(*ends)
        self._jump = np.arange(len(parent))
        self._jump[here] = parent[here]

    def sum(self, values: Floats) -> Floats:
        """Sum values of arcs between each state and the root, by doubling the steps."""
        total = np.zeros(len(self.parent))
        total[self._here] = values[self._arc]
        jump = self._jump
        while True:
            after = jump[jump]
            if (after == jump).all():
                return total
            total = total + np.where(jump == np.arange(len(jump)), 0.0, total[jump])
            jump = after


class Corridors:
    """Tell to which row of the table `corridors` a way belongs: the first that it satisfies."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        network = graph.network
        self.rows = sorted(network.table("corridors").rows(), key=lambda r: r["order"])
        self.ids = [str(r["id"]) for r in self.rows]
        links, nodes = network.table("links"), network.table("nodes")
        arc, link, km = graph.arc_links
        count = len(graph.arcs)
        modes = links["mode"][link] if len(link) else np.zeros(0, dtype=object)
        self.modes = list(dict.fromkeys(str(m) for m in links["mode"]))
        self.mode_km = {m: np.bincount(arc, km * (modes == m), count) for m in self.modes}
        country = nodes["country"]
        self.marks: list[list[Floats]] = []
        self.bars: list[Floats] = []
        for row in self.rows:
            marks = []
            self.bars.append(self._passing(country, row["no_countries"].split()))
            if row["any_modes"]:
                marks.append(
                    sum(
                        (self.mode_km[m] for m in row["any_modes"].split() if m in self.mode_km),
                        np.zeros(count),
                    )
                )
            if row["any_countries"]:
                marks.append(self._passing(country, row["any_countries"].split()))
            if row["any_links"]:
                chosen = [links.position[x] for x in row["any_links"].split() if x in links.position]
                marks.append(np.bincount(arc, np.isin(link, chosen).astype(float), count))
            self.marks.append(marks)

    def _passing(self, country: npt.NDArray[np.object_], codes: list[str]) -> Floats:
        """Mark the arcs that touch some countries, shape (arcs,)."""
        inside = np.isin(country.astype(str), codes)
        return (
            np.array([float(any(inside[p] for p in a.places)) for a in self.graph.arcs])
            if codes
            else np.zeros(len(self.graph.arcs))
        )

    def of_states(self, fan: Fan) -> Ints:
        """Give the corridor of the best way through each state, -1 for none."""
        km = np.stack([fan.sum(self.mode_km[m]) for m in self.modes])
        return self._first(
            km, [[fan.sum(v) for v in marks] for marks in self.marks], [fan.sum(v) for v in self.bars]
        )

    def foreign_to(self, mode: str) -> Flags:
        """Tell which arcs run over links of other modes, shape (arcs,)."""
        return np.asarray(sum(km for m, km in self.mode_km.items() if m != mode) > 0)

    def of_way(self, arcs: list[int]) -> int:
        """Give the corridor of one way, -1 for none."""
        km = np.array([[self.mode_km[m][arcs].sum()] for m in self.modes])
        marks = [[np.array([v[arcs].sum()]) for v in some] for some in self.marks]
        return int(self._first(km, marks, [np.array([v[arcs].sum()]) for v in self.bars])[0])

    def name(self, arcs: list[int]) -> str:
        """Name the corridor of a way; its main mode if it belongs to none."""
        row = self.of_way(arcs)
        if row >= 0:
            return self.ids[row]
        return self.modes[int(np.argmax([self.mode_km[m][arcs].sum() for m in self.modes]))]

    def _first(self, km: Floats, marks: list[list[Floats]], bars: list[Floats]) -> Ints:
        main = np.array(self.modes, dtype=object)[np.argmax(km, axis=0)]
        found = np.full(km.shape[1], -1, dtype=np.int64)
        for i in range(len(self.rows) - 1, -1, -1):
            fits = ~(bars[i] > 0)
            for mark in marks[i]:
                fits &= mark > 0
            if self.rows[i]["main_mode"]:
                fits &= main == self.rows[i]["main_mode"]
            found[fits] = i
        return found


def corridors_of(graph: Graph) -> Corridors:
    """Give the corridors of a graph, made once."""
    cache = graph.network._cache  # noqa: SLF001
    key = ("corridors", id(graph.arcs))
    if key not in cache:
        cache[key] = Corridors(graph)
    found: Corridors = cache[key]
    return found
