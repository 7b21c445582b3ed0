"""Find good and different ways."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from daliz.routing.layers import shortest

if TYPE_CHECKING:
    from daliz.graph.shortest import ShortestPaths
    from daliz.paths.via import Alternatives
    from daliz.routing.layers import Layers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
TRIES = 2000
PENALTY_ROUNDS = 12
PENALTY = 1.4
SAME = 1e-12


def alternatives(layers: Layers, weight: Floats, k: int, rule: Alternatives) -> list[list[int]]:
    """Find up to k good and different ways, best first.

    Two ways are alike by the km that both run over the same links, whatever service carries them, over
    the km of the shorter. A way is kept if it is at most `max_overlap` like each one kept before, costs
    at most `stretch` times the best, passes no place twice, and is one of at most `per_corridor` ways of
    its corridor. Ways through single places are taken in the order of their cost (Abraham, Delling,
    Goldberg and Werneck 2013); if they are too few, the links of those kept are made dearer step by step.
    Where every way comes back to a place, as to a port at the end of a branch, the best one is given. A
    way that is the best through no single state and round none of the links made dearer is not found,
    even if it would fit.
    """
    choice = _Choice(layers, k, rule)
    fan = Fan(layers, weight)
    if not np.isfinite(fan.best):
        return []
    _through_places(fan, choice, rule.limit)
    _around(layers, weight, choice, rule.limit * fan.best)
    if not choice.kept:
        return [fan.way(int(np.argmin(fan.total)))]
    return sorted(choice.kept, key=lambda arcs: float(weight[arcs].sum()))


def _through_places(fan: Fan, choice: _Choice, stretch: float) -> None:
    """Offer the best ways through single states, least cost first, leaving out those like the ones kept."""
    # Each round works on what is still possible: `cost` is infinite where a way is refused.
    cost = np.where(fan.total > stretch * fan.best, np.inf, fan.total)
    corridors = choice.corridors.of_states(fan)
    for _ in range(TRIES):
        state = int(np.argmin(cost))
        if choice.full or not np.isfinite(cost[state]):
            return
        arcs, total = fan.way(state), fan.total[state]
        cost[state] = np.inf
        if not choice.offer(arcs):
            cost[np.abs(fan.total - total) <= SAME * total] = np.inf
            continue
        links, km = choice.kept_links[-1]
        cost[fan.shared(links) > choice.rule.overlap * np.minimum(fan.km, km)] = np.inf
        corridor = choice.corridors.of_path(arcs)
        if corridor in choice.closed:
            cost[corridors == corridor] = np.inf


def _around(layers: Layers, weight: Floats, choice: _Choice, most: float) -> None:
    """Offer ways round those kept, by making the links of what was found dearer step by step."""
    dearer = weight.copy()
    link_arcs = layers.query.graph.link_arcs
    for _ in range(PENALTY_ROUNDS):
        found = None if choice.full else shortest(layers, dearer)
        if found is None:
            return
        if weight[found].sum() <= most:
            choice.offer(found)
        touched = {a for link in choice.links(found) for a in link_arcs[link]} | set(found)
        dearer[list(touched)] *= PENALTY


class _Choice:
    """Keep the ways taken, and say whether another may join them."""

    def __init__(self, layers: Layers, k: int, rule: Alternatives) -> None:
        self.graph = layers.query.graph
        self.k, self.rule = k, rule
        self.km = self.graph.network.table("links")["length_km"]
        self.corridors = self.graph.corridors
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
        return [c for c, n in self.count.items() if n >= self.rule.per_corridor]

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
        return all(share <= self.rule.overlap for share in shares)

    def offer(self, arcs: list[int]) -> bool:
        """Keep a way unless it is like one kept, comes back to a place, or its corridor has its share."""
        corridor = self.corridors.of_path(arcs)
        if self.count[corridor] >= self.rule.per_corridor or self._returns(arcs) or not self.different(arcs):
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
    """Best way through every state: a tree from the origin and one to the destination."""

    def __init__(self, layers: Layers, weight: Floats) -> None:
        self.graph = layers.query.graph
        self.layers = layers
        self.paths = layers.weighted(weight)
        self._out = self.paths.grow(layers.start)
        self._on = self.paths.grow_nearest(layers.goals, backward=True)
        self.total = self._out.distance + self._on.distance
        self.best = float(self.total.min())
        self.ahead = _Sums(layers, self.paths, self._out.after, forward=True)
        self.behind = _Sums(layers, self.paths, self._on.after, forward=False)
        self.km = self.sum(self.graph.km)

    def sum(self, values: Floats) -> Floats:
        """Sum values of arcs along the best way through each state.

        Shape (layered states,) for values of shape (arcs,), and (layered states, n) for (arcs, n).
        """
        return self.ahead.sum(values) + self.behind.sum(values)

    def shared(self, links: Flags) -> Floats:
        """Sum the km that the best way through each state runs over some links."""
        arc, link, km = self.graph.arc_links
        return self.sum(np.bincount(arc, km * links[link], len(self.graph.arcs)).astype(np.float64))

    def way(self, state: int) -> list[int]:
        """Return the arcs of the best way through a state."""
        return self.layers.arcs(self.paths, self.states(state))

    def states(self, state: int) -> list[int]:
        """Return the layered states of the best way through a state."""
        return self._out.nodes(state)[::-1] + self._on.nodes(state)[1:]


class _Sums:
    """Sums of values of arcs along a tree."""

    def __init__(self, layers: Layers, paths: ShortestPaths, parent: Ints, *, forward: bool) -> None:
        here = np.flatnonzero(parent >= 0)
        self._here, self._size = here, len(parent)
        ends = (parent[here], here) if forward else (here, parent[here])
        self._arc = layers.arc[paths.least(*ends)]
        jump = np.arange(len(parent))
        jump[here] = parent[here]
        self._jumps = [jump]
        while True:
            after = jump[jump]
            if np.array_equal(after, jump):
                break
            self._jumps.append(after)
            jump = after
        self._jumps.pop()

    def sum(self, values: Floats) -> Floats:
        """Sum values of arcs between each state and the root, by doubling the steps."""
        total = np.zeros((self._size, *values.shape[1:]))
        total[self._here] = values[self._arc]
        for jump in self._jumps:
            total += total[jump]
        return total
