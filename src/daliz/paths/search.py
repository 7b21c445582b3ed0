"""Find the route sets of all pairs, and find anew those that a change touches."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.paths.cost import Amounts, additive_cost, values_of
from daliz.paths.eligibility import Consignment, bound_by, eligibility
from daliz.paths.forest import Field, Forester, Found
from daliz.paths.kernels import detour, route_arcs
from daliz.paths.route_sets import QUEUES, RouteSets, Sums, signs_of, sorted_sets, spliced
from daliz.paths.via import FOR_ALL, Alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from daliz.arrays import Bytes, Flags, Floats, Ints
    from daliz.paths.ground import Ground
    from daliz.paths.route_sets import Pairs

THREADS = 2
TILT = 1e-6
"""Most by which an arc is made dearer, relatively, to tell paths of equal cost apart."""


@dataclass(frozen=True)
class Group:
    """Pairs of one class that are bound by the same rules.

    Attributes
    ----------
    rows
        The pairs.
    consignment, cargo
        What decides where they may go; row of the cargo class.
    weight
        float64 (arcs,): generalised cost of one unit, infinite where closed.
    values
        float64 (arcs, 5): USD, h, h2, kg CO2e and km of one unit.
    """

    rows: Ints
    consignment: Consignment
    cargo: int
    weight: Floats
    values: Floats


class Part(NamedTuple):
    """Paths found in one search: pairs of the set, the paths, and the bit of the search (or bits by path)."""

    pair: Ints
    found: Found
    source: int | Bytes


class Distances(NamedTuple):
    """Cost from every state to the destinations of a group: row of each pair, and float64 (destinations, states)."""

    behind: Ints
    dist: Floats


@dataclass(frozen=True)
class PairSearch:
    """What is searched: pairs on a ground, in groups, by rules of alternatives.

    Attributes
    ----------
    ground, pairs
        Where, and what for.
    groups
        The pairs by class and rules.
    rule
        What makes an alternative.
    reference_sd_h
        Standard deviation at which reliability is linearised.
    """

    ground: Ground
    pairs: Pairs
    groups: tuple[Group, ...]
    rule: Alternatives
    reference_sd_h: float

    @classmethod
    def of(
        cls, ground: Ground, pairs: Pairs, reference_sd_h: float, rule: Alternatives = FOR_ALL
    ) -> PairSearch:
        """Sort pairs into groups, with what each arc costs them."""
        return cls(ground, pairs, tuple(_groups(ground, pairs, reference_sd_h)), rule, reference_sd_h)

    @property
    def leanings(self) -> tuple[str, ...]:
        """Modes that are preferred in turn, none first; those that the network lacks are left out."""
        return ("", *(m for m in self.rule.leanings if m in self.ground.corridors.modes))

    def forester(self) -> Forester:
        """Make what grows the trees."""
        ground = self.ground
        return Forester(ground.by_tail, ground.corridors.marks(), ground.km, self.rule)

    def leaning_weight(self, group: Group, leaning: str) -> Floats:
        """Return the costs of a group with a mode preferred, shape (arcs,)."""
        if not leaning:
            return group.weight
        foreign = self.ground.corridors.foreign_to(leaning)
        return group.weight * np.where(foreign, self.rule.preference, 1.0)

    def on(self, ground: Ground) -> PairSearch:
        """Return the search of the same pairs on another ground of the same arcs."""
        if ground.ledger is self.ground.ledger:
            shut = np.zeros(len(ground.arcs), np.bool_)
            shut[list(ground.shut)] = True
            if not set(self.ground.shut) - set(ground.shut):
                closed = (replace(g, weight=np.where(shut, np.inf, g.weight)) for g in self.groups)
                return replace(self, ground=ground, groups=tuple(closed))
        groups = (_priced(ground, g.rows, g.consignment, self.reference_sd_h) for g in self.groups)
        return replace(self, ground=ground, groups=tuple(groups))


def _groups(ground: Ground, pairs: Pairs, reference_sd_h: float) -> Iterator[Group]:
    network = ground.network
    ids, country = network.table("cargoes").ids, network.table("nodes")["country"].astype(str)
    known: dict[tuple[int, int, tuple[str, ...]], list[int]] = {}
    rules: dict[tuple[int, str, str], tuple[str, ...]] = {}
    columns = (pairs.origin, pairs.destination, pairs.cargo, pairs.avoid)
    for k, (o, d, c, a) in enumerate(zip(*(x.tolist() for x in columns), strict=True)):
        between = (c, country[o], country[d])
        if between not in rules:
            rules[between] = bound_by(ground, str(ids[c]), between[1:])
        known.setdefault((c, a, rules[between]), []).append(k)
    for (c, a, _), rows in known.items():
        ends = (country[pairs.origin[rows[0]]], country[pairs.destination[rows[0]]])
        avoid = tuple(f"country:{x}" for x in pairs.avoided[a])
        yield _priced(ground, np.array(rows), Consignment(str(ids[c]), ends, avoid=avoid), reference_sd_h)


def _priced(ground: Ground, rows: Ints, consignment: Consignment, reference_sd_h: float) -> Group:
    cargoes = ground.network.table("cargoes")
    cargo = cargoes.position[consignment.cargo]
    costs, _, allowed, _ = eligibility(ground, consignment)
    one = values_of(cargoes, np.array([cargo]))
    amounts = Amounts(costs.usd, costs.hours, costs.variance, costs.kg)
    weight = np.maximum(additive_cost(amounts, one, reference_sd_h), 0.0)
    weight[~allowed] = np.inf
    return Group(rows, consignment, cargo, weight, np.stack([*amounts, ground.km], axis=1))


def find_routes(search: PairSearch, *, toll: Floats | None = None) -> RouteSets:
    """Find the alternatives of all pairs.

    Parameters
    ----------
    search
        What is searched.
    toll
        USD to add for one unit of each class on each arc, shape (classes, arcs), as of queues or prices of capacity.
    """
    return assembled(search, [p for p, _ in _searched(search, toll)])


def find_with_distances(search: PairSearch) -> tuple[RouteSets, tuple[Distances, ...]]:
    """Find the alternatives of all pairs, and the distances to their destinations by group."""
    found = _searched(search, None)
    steps = len(search.leanings)
    return assembled(search, [p for p, _ in found]), tuple(_distances(f) for _, f in found[::steps])


def distances_of(search: PairSearch) -> tuple[Distances, ...]:
    """Compute the cost from every state to the destinations of each group."""
    forester = search.forester()
    found = []
    for group in search.groups:
        goals, behind = np.unique(search.pairs.destination[group.rows], return_inverse=True)
        found.append(Distances(behind.astype(np.int64), forester.back(group.weight, goals).dist))
    return tuple(found)


def _distances(field: Field) -> Distances:
    return Distances(field.behind, field.back.dist)


def grow_forest(search: PairSearch) -> list[tuple[int, int, Field]]:
    """Grow the trees of all groups and leanings with the thresholds of their alternatives: group, leaning, field."""
    found = _searched(search, None)
    order = [(g, n) for g in range(len(search.groups)) for n in range(len(search.leanings))]
    return [(g, n, field) for (g, n), (_, field) in zip(order, found, strict=True)]


def _searched(search: PairSearch, toll: Floats | None) -> list[tuple[Part, Field]]:
    forester, leanings = search.forester(), search.leanings

    def work(group: Group) -> list[tuple[Part, Field]]:
        found = []
        for n, leaning in enumerate(leanings):
            weight = search.leaning_weight(group, leaning)
            if toll is not None:
                weight = weight + toll[group.cargo]
            origins, goals = (x[group.rows] for x in search.pairs[:2])
            field = forester.grow(weight, origins, goals)
            paths = forester.alternatives(field, np.arange(len(group.rows)))
            found.append((Part(group.rows[paths.pair], paths, 1 << n), field))
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        return [f for some in pool.map(work, search.groups) for f in some]


def assembled(search: PairSearch, parts: Sequence[Part]) -> RouteSets:
    """Put paths found in several searches into sets, each path once."""
    pair = np.concatenate([np.zeros(0, np.int64), *(p.pair for p in parts)])
    count = np.concatenate([np.zeros(0, np.int64), *(p.found.count for p in parts)])
    begin = np.concatenate([[0], np.cumsum(count)])
    arcs = np.concatenate([np.zeros(0, np.uint32), *(p.found.arcs for p in parts)])
    source = np.concatenate(
        [np.zeros(0, np.uint8), *(np.full(len(p.pair), p.source, np.uint8) for p in parts)]
    )
    group = np.zeros(len(search.pairs), np.int64)
    for g, of in enumerate(search.groups):
        group[of.rows] = g
    sums = np.zeros((len(pair), 5))
    if len(pair):
        values = np.stack([g.values for g in search.groups])
        route_arcs.sums_of(np.arange(len(pair)), begin, arcs, group[pair], values, sums)
    sets = RouteSets(
        search.ground,
        search.pairs,
        np.zeros(len(search.pairs) + 1, np.int64),
        begin,
        arcs,
        np.concatenate([np.zeros(0, np.int64), *(p.found.corridor for p in parts)]),
        route_arcs.marks_of(begin, arcs, signs_of(len(search.ground.arcs))),
        source,
        Sums(*(sums[:, i].copy() for i in range(5))),
    )
    return sorted_sets(sets, pair)


def detours(search: PairSearch, known: RouteSets, toll: Floats, distances: Sequence[Distances]) -> RouteSets:
    """Find the one best path of each pair under tolls, shape (classes, arcs), where no known route is as good.

    `distances` are those to the destinations without tolls.
    """
    arcs = search.ground.by_tail
    count = len(search.ground.arcs)
    tilt = 1.0 + TILT * signs_of(count) / 2.0**63
    parts = []
    for group, (behind, rest) in zip(search.groups, distances, strict=True):
        # of paths that cost the same one is preferred, however delays were rounded
        cost = (group.weight + toll[group.cargo]) * tilt
        origins, goals = (x[group.rows].astype(np.uint32) for x in search.pairs[:2])
        count, path = detour.detours(
            group.rows,
            origins,
            goals,
            behind,
            known.first,
            known.begin,
            known.arcs,
            arcs.start,
            arcs.head,
            arcs.tail,
            arcs.out.astype(np.uint32),
            arcs.place,
            arcs.pass_first,
            arcs.passes,
            cost[arcs.out],
            cost,
            rest,
        )
        some = np.flatnonzero(count)
        begin = np.concatenate([[0], np.cumsum(count[some])])
        found = Found(some, search.ground.corridors.of_routes(begin, path), count[some], path)
        parts.append(Part(group.rows[some], found, QUEUES))
    return assembled(search, parts)


def regrown(
    old: RouteSets, before: PairSearch, forest: Sequence[tuple[int, int, Field]], after: PairSearch
) -> tuple[RouteSets, tuple[Distances, ...]]:
    """Find anew the routes of the pairs that a change of costs touches; all others stay.

    Parameters
    ----------
    old, before, forest
        Routes, search and trees at the old costs.
    after
        The search of the same pairs at the new costs.

    Returns
    -------
    The routes, and the distances to destinations by group (see `find_with_distances`).
    """
    forester = after.forester()
    changed = np.zeros(len(after.ground.arcs), np.bool_)
    for one, other in zip(before.groups, after.groups, strict=True):
        changed |= (one.weight != other.weight) | (one.values != other.values).any(axis=1)
    hit = old.on_arcs(changed)
    bits = np.zeros(len(old.pairs), np.uint8)
    parts: list[Part] = []
    distances: dict[int, Distances] = {}
    for g, n, field in forest:
        group = after.groups[g]
        weight = after.leaning_weight(group, after.leanings[n])
        marked = _hit_pairs(old, hit, 1 << n)[group.rows]
        mended, touched = field, np.zeros(0, np.int64)
        if marked.any() or not np.array_equal(weight, field.weight):
            mended, touched = forester.mend(field, weight, marked)
        if n == 0:
            distances[g] = _distances(mended)
        bits[group.rows[touched]] |= np.uint8(1 << n)
        if len(touched):
            paths = forester.alternatives(mended, touched)
            parts.append(Part(group.rows[paths.pair], paths, 1 << n))
    reach = tuple(distances[g] for g in range(len(after.groups)))
    if not bits.any():
        return replace(old, ground=after.ground), reach
    block = assembled(after, [*parts, _kept(old, bits > 0, bits)])
    return spliced(old, bits > 0, block), reach


def _hit_pairs(old: RouteSets, hit: Flags, bit: int) -> Flags:
    """Find which pairs have a route of a search among those hit, shape (pairs,)."""
    found = np.zeros(len(old.pairs), np.bool_)
    found[old.pair[hit & ((old.source & bit) > 0)]] = True
    return found


def _kept(old: RouteSets, touched: Flags, bits: Bytes) -> Part:
    """Keep the routes of touched pairs that searches untouched there found."""
    left = old.source & ~bits[old.pair]
    rows = np.flatnonzero(touched[old.pair] & (left > 0))
    some = old.take(rows)
    found = Found(some.pair, some.corridor, np.diff(some.begin), some.arcs)
    return Part(some.pair, found, left[rows])
