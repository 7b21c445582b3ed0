"""Find good and different alternatives."""

from __future__ import annotations

import heapq
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.routing.layers import shortest_states

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daliz.arrays import Flags, Floats, Ints
    from daliz.graph.shortest import ShortestPaths
    from daliz.paths.via import Alternatives
    from daliz.routing.layers import Layers

TRIES = 2000
PENALTY_ROUNDS = 12
PENALTY = 1.4
SAME = 1e-12
Way = tuple[tuple[int, tuple[Any, ...]], ...]


def alternatives(layers: Layers, weight: Floats, k: int, rule: Alternatives) -> list[list[int]]:
    """Find up to k good and different alternatives, best first.

    Two are alike by the km that both run over the same links, whatever service carries them, over the km of the
    shorter. A path is kept if it is at most `overlap` like each one kept before, costs at most `limit` times the
    best of all and `stretch` times the best of its corridor, passes no place twice, and is one of at most
    `per_corridor` of its corridor. The best of all is kept even if it comes back to a place, as to a port at the end
    of a branch, or to one where ships only unload. The paths offered are, in the order of their cost, the best
    through each state (Abraham, Delling, Goldberg and Werneck 2013) and, where the rule takes parallel arcs, those
    kept with one arc exchanged for another between the same states, which trees of shortest paths leave out. If these
    are too few, the links of those kept are made dearer step by step.

    A path that is the best through no single state, differs from those kept in more than one arc, and leads round
    none of the links made dearer is not found, even if it would fit.
    """
    fan = Fan(layers, weight)
    if not np.isfinite(fan.best):
        return []
    choice = _Choice(fan, weight, k, rule)
    _through_places(fan, choice)
    _around(layers, weight, choice)
    return sorted(choice.kept, key=lambda arcs: float(weight[arcs].sum()))


def _through_places(fan: Fan, choice: _Choice) -> None:
    """Offer the best paths through single states and exchanges, least cost first, without those like ones kept."""
    # Each round works on what is still possible: `cost` is infinite where a path is refused.
    cost = np.where(fan.total > choice.most[choice.of_states], np.inf, fan.total)
    for n in range(TRIES):
        state = int(np.argmin(cost))
        if choice.full or not np.isfinite(min(cost[state], choice.exchanges.least)):
            return
        if choice.exchanges.least < cost[state]:
            kept = choice.offer(choice.exchanges.pop())
        else:
            total = float(fan.total[state])
            states = fan.states(state)
            kept = choice.offer(Offer(total, states, fan.layers.arcs(fan.paths, states)), best=n == 0)
            cost[state] = np.inf
            if not kept:
                cost[np.abs(fan.total - total) <= SAME * total] = np.inf
        if kept:
            links, km = choice.kept_links[-1]
            cost[fan.shared(links) > choice.rule.overlap * np.minimum(fan.km, km)] = np.inf
            cost[choice.closed[choice.of_states]] = np.inf


def _around(layers: Layers, weight: Floats, choice: _Choice) -> None:
    """Offer paths round those kept, by making the links of what was found dearer step by step."""
    dearer = weight.copy()
    link_arcs = layers.query.graph.link_arcs
    for _ in range(PENALTY_ROUNDS):
        if choice.full:
            return
        states = shortest_states(layers, paths := layers.weighted(dearer))
        if not states:
            return
        found = layers.arcs(paths, states)
        choice.offer(Offer(float(weight[found].sum()), states, found))
        while np.isfinite(choice.exchanges.least) and not choice.full:
            choice.offer(choice.exchanges.pop())
        touched = {a for link in choice.links(found) for a in link_arcs[link]} | set(found)
        dearer[list(touched)] *= PENALTY


class Offer(NamedTuple):
    """A path that may become an alternative: its cost, layered states and arcs."""

    cost: float
    states: list[int]
    arcs: list[int]


class _Exchanges:
    """Paths in which one arc of an alternative is exchanged for a parallel one, cheapest first."""

    def __init__(self, layers: Layers, weight: Floats, most: float) -> None:
        self.layers, self.weight, self.most = layers, weight, most
        self._heap: list[tuple[float, int, Offer]] = []
        self._number = count()

    @property
    def least(self) -> float:
        """Cost of the cheapest path that waits; infinite if there is none."""
        return self._heap[0][0] if self._heap else float("inf")

    def pop(self) -> Offer:
        """Take the cheapest."""
        return heapq.heappop(self._heap)[2]

    def add(self, offer: Offer) -> None:
        """Add the exchanges of an alternative that do not cost too much."""
        for at, arc in self._parallel(offer):
            arcs = [*offer.arcs[:at], arc, *offer.arcs[at + 1 :]]
            cost = float(self.weight[arcs].sum())
            if cost <= self.most:
                heapq.heappush(self._heap, (cost, next(self._number), Offer(cost, offer.states, arcs)))

    def _parallel(self, offer: Offer) -> Iterator[tuple[int, int]]:
        """List the other arcs between the states of each step, with the number of the step."""
        star, states = self.layers.star, np.array(offer.states)
        groups = star.groups(states[:-1], states[1:])
        for at in np.flatnonzero(np.isin(groups, star.group)).tolist():
            for arc in self.layers.arc[star.parallel(int(groups[at]))].tolist():
                if arc != offer.arcs[at]:
                    yield at, arc


class _Choice:
    """Alternatives kept so far, and whether another may join them.

    Attributes
    ----------
    kept, kept_links
        Arcs of each, and its links as flags with their km.
    of_states
        int64 (layered states,): corridor of the best path through each state, -1 for none.
    most
        float64 (corridors + 1,): what a path of each corridor, and of none, may cost.
    closed
        bool (corridors + 1,): corridors that have their share.
    exchanges
        What exchanges of those kept offer.
    """

    def __init__(self, fan: Fan, weight: Floats, k: int, rule: Alternatives) -> None:
        self.graph = fan.graph
        self.k, self.rule = k, rule
        self.km = self.graph.network.table("links")["length_km"]
        self.corridors = self.graph.corridors
        self.of_states = self.corridors.of_states(fan)
        best = np.full(len(self.corridors.ids) + 1, np.inf)
        np.minimum.at(best, self.of_states, fan.total)
        self.most = np.minimum(rule.stretch * best, rule.limit * fan.best)
        self.closed = np.zeros(len(best), dtype=np.bool_)
        self.exchanges = _Exchanges(fan.layers, weight, rule.limit * fan.best)
        self.kept: list[list[int]] = []
        self.ways: set[Way] = set()
        self.kept_links: list[tuple[Flags, float]] = []
        self.count: Counter[int] = Counter()

    @property
    def full(self) -> bool:
        """Check whether there are enough."""
        return len(self.kept) >= self.k

    def links(self, arcs: list[int]) -> set[int]:
        """Return the links of a path."""
        return {link for a in arcs for link, _ in self.graph.arcs[a].links}

    def offer(self, offer: Offer, *, best: bool = False) -> bool:
        """Keep a path if it keeps the rule, passes no place twice and is new; return whether it was kept.

        The best of all is kept in any case.
        """
        arcs = offer.arcs
        way = self._way(arcs)
        if way in self.ways or (not best and self._returns(arcs)):
            return False
        mine = sorted(self.links(arcs))
        own = float(self.km[mine].sum())
        if not self._differs(mine, own):
            return False
        corridor = self.corridors.of_path(arcs)
        if not best and (self.closed[corridor] or not offer.cost <= self.most[corridor]):
            return False
        mask = np.zeros(len(self.km), dtype=np.bool_)
        mask[mine] = True
        self.kept.append(arcs)
        self.ways.add(way)
        self.kept_links.append((mask, own))
        self.count[corridor] += 1
        self.closed[corridor] = self.count[corridor] >= self.rule.per_corridor
        if self.rule.parallel:
            self.exchanges.add(offer)
        return True

    def _differs(self, mine: list[int], own: float) -> bool:
        """Check whether the links of a path, with their km, are different enough from those kept."""
        shares = (
            float(self.km[mine][links[mine]].sum()) / max(min(own, km), 1e-9) for links, km in self.kept_links
        )
        return all(share <= self.rule.overlap for share in shares)

    def _way(self, arcs: list[int]) -> Way:
        """Return what tells a way from others: its services, links and access, and not how it is handled."""
        steps = (self.graph.arcs[p] for a in arcs for p in self.graph.ways.get(a, (a,)))
        moving = [s for s in steps if s.links or s.role == "access"]
        return tuple((s.service, s.links or s.places) for s in moving)

    def _returns(self, arcs: list[int]) -> bool:
        """Check whether a path comes back to a place, or to a state as by loading and unloading for nothing."""
        states = [int(self.graph.tail[arcs[0]]), *self.graph.head[arcs].tolist()]
        if len(set(states)) < len(states):
            return True
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
