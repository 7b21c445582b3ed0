"""Keep the routes of many pairs in flat arrays."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from daliz.errors import DemandError
from daliz.paths.kernels import route_arcs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Bytes, Flags, Floats, Ints, Words
    from daliz.paths.demand import Demand
    from daliz.paths.ground import Ground

SHOWN = 5
"""Pairs without a route that an error names."""
QUEUES = 128
"""Bit of `RouteSets.source` for routes found round queues; the lower bits are the searches that found a route."""


class Pairs(NamedTuple):
    """Pairs of places with a cargo class and a set of avoided countries, arrays of shape (pairs,).

    `avoid` is a position in `avoided`.
    """

    origin: Ints
    destination: Ints
    cargo: Ints
    avoid: Ints
    avoided: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.origin)

    def keys(self) -> list[tuple[int, int, int, tuple[str, ...]]]:
        """Return what tells each pair from all others, on any demand of the network."""
        columns = zip(*(x.tolist() for x in self[:4]), strict=True)
        return [(o, d, c, self.avoided[a]) for o, d, c, a in columns]


def pairs_of(demand: Demand) -> tuple[Pairs, Ints]:
    """Return the pairs that demand names, and the pair of each of its rows, shape (rows,)."""
    keys = np.stack([demand.origin, demand.destination, demand.cargo, demand.avoid])
    found, of_row = np.unique(keys, axis=1, return_inverse=True)
    origin, destination, cargo, avoid = (found[i].copy() for i in range(4))
    return Pairs(origin, destination, cargo, avoid, demand.avoided), of_row.ravel()


class Sums(NamedTuple):
    """What routes take for one unit of their class, float64 arrays of shape (routes,): USD, h, h2, kg CO2e, km."""

    usd: Floats
    hours: Floats
    variance: Floats
    kg: Floats
    km: Floats


@dataclass(frozen=True)
class RouteSets:
    """The routes of all pairs; those of pair k are `first[k]` to `first[k + 1]`.

    Routes of a pair stand in the order of their corridors, those of one nest together, and then of their fingerprints,
    so that a set does not hang on how it was found.

    Attributes
    ----------
    ground
        Where arcs are numbered.
    pairs
        What each pair is.
    first
        int64 array of shape (pairs + 1,).
    begin, arcs
        The arcs of route r are `arcs[begin[r] : begin[r + 1]]`.
    corridor
        Row of the corridor of each route, -1 for none.
    mark
        uint64 array of shape (routes,): fingerprint of the arcs.
    source
        uint8 array of shape (routes,): bits of the searches that found the route.
    sums
        What one unit of the pair's class takes.
    """

    ground: Ground
    pairs: Pairs
    first: Ints
    begin: Ints
    arcs: Words
    corridor: Ints
    mark: npt.NDArray[np.uint64]
    source: Bytes
    sums: Sums

    def __len__(self) -> int:
        return len(self.mark)

    def __repr__(self) -> str:
        network = self.ground.network
        return (
            f"<RouteSets of {network.name} {network.year}: {len(self):,} routes of {len(self.pairs):,} pairs>"
        )

    def __getstate__(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @functools.cached_property
    def pair(self) -> Ints:
        """The pair of each route, shape (routes,)."""
        return np.repeat(np.arange(len(self.pairs)), np.diff(self.first))

    @functools.cached_property
    def cargo(self) -> Ints:
        """The cargo class of each route, shape (routes,)."""
        return self.pairs.cargo[self.pair]

    def on_arcs(self, arcs: Flags) -> Flags:
        """Find which routes use any of the arcs flagged, shape (routes,)."""
        return np.asarray(route_arcs.any_on(self.begin, self.arcs, arcs))

    def on_links(self, rows: Sequence[int]) -> Flags:
        """Find which routes use any of some rows of `links`, shape (routes,)."""
        arcs = np.zeros(len(self.ground.arcs), np.bool_)
        for row in rows:
            arcs[self.ground.link_arcs.get(row, [])] = True
        return self.on_arcs(arcs)

    def take(self, rows: Ints) -> RouteSets:
        """Return some of the routes, in their order."""
        begin, arcs = route_arcs.rows_of(self.begin, self.arcs, rows.astype(np.int64))
        return replace(
            self,
            first=np.searchsorted(self.pair[rows], np.arange(len(self.first))),
            begin=begin,
            arcs=arcs,
            corridor=self.corridor[rows],
            mark=self.mark[rows],
            source=self.source[rows],
            sums=Sums(*(x[rows] for x in self.sums)),
        )

    def require_all(self) -> None:
        """Refuse pairs without a route.

        Raises
        ------
        DemandError
            It names the pairs.
        """
        lost = np.flatnonzero(np.diff(self.first) == 0)
        if len(lost):
            names = ", ".join(self.pair_name(int(k)) for k in lost[:SHOWN])
            more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
            raise DemandError(
                f"No way leads for {names}{more}. Ask `daliz routes` what separates them, or take the demand out."
            )

    def pair_name(self, k: int) -> str:
        """Name a pair as it is printed."""
        p, network = self.pairs, self.ground.network
        nodes, cargoes = network.table("nodes").ids, network.table("cargoes").ids
        avoid = f", without {' '.join(p.avoided[p.avoid[k]])}" if p.avoided[p.avoid[k]] else ""
        return f"{nodes[p.origin[k]]} - {nodes[p.destination[k]]} ({cargoes[p.cargo[k]]}{avoid})"


def signs_of(arcs: int) -> npt.NDArray[np.uint64]:
    """Return the random numbers that stand for arcs, so that routes of equal sums of arc numbers differ."""
    return np.random.default_rng(0).integers(0, 2**63, arcs, dtype=np.uint64)


def sorted_sets(sets: RouteSets, pair: Ints) -> RouteSets:
    """Put routes in any order into the order of sets, and join those found more than once."""
    rank = sets.ground.corridors.rank[sets.corridor]
    order = np.lexsort((sets.mark, rank, pair))
    pair, mark = pair[order], sets.mark[order]
    fresh = np.ones(len(order), np.bool_)
    fresh[1:] = (pair[1:] != pair[:-1]) | (mark[1:] != mark[:-1])
    begins = np.flatnonzero(fresh)
    source = np.bitwise_or.reduceat(sets.source[order], begins) if len(begins) else sets.source[:0]
    kept = order[begins]
    begin, arcs = route_arcs.rows_of(sets.begin, sets.arcs, kept)
    return replace(
        sets,
        first=np.searchsorted(pair[begins], np.arange(len(sets.pairs) + 1)),
        begin=begin,
        arcs=arcs,
        corridor=sets.corridor[kept],
        mark=sets.mark[kept],
        source=source.astype(np.uint8),
        sums=Sums(*(x[kept] for x in sets.sums)),
    )


def merged(one: RouteSets, other: RouteSets) -> RouteSets:
    """Join two sets of routes of the same pairs; what both hold stays once."""
    both = replace(
        one,
        begin=np.concatenate([one.begin, one.begin[-1] + other.begin[1:]]),
        arcs=np.concatenate([one.arcs, other.arcs]),
        corridor=np.concatenate([one.corridor, other.corridor]),
        mark=np.concatenate([one.mark, other.mark]),
        source=np.concatenate([one.source, other.source]),
        sums=Sums(*(np.concatenate(x) for x in zip(one.sums, other.sums, strict=True))),
    )
    return sorted_sets(both, np.concatenate([one.pair, other.pair]))


def spliced(old: RouteSets, touched: Flags, block: RouteSets) -> RouteSets:
    """Put the routes of `block` in place of those of the touched pairs, shape (pairs,)."""
    rest = np.flatnonzero(~touched[old.pair])
    order = np.argsort(np.concatenate([old.pair[rest], block.pair]), kind="stable")
    rows = np.concatenate([rest, len(old) + np.arange(len(block))])[order]
    begin, arcs = route_arcs.rows_of_two(old.begin, old.arcs, block.begin, block.arcs, rows)

    def joined(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([a[rest], b])[order]

    counts = np.where(touched, np.diff(block.first), np.diff(old.first))
    return replace(
        block,
        first=np.concatenate([[0], np.cumsum(counts)]),
        begin=begin,
        arcs=arcs,
        corridor=joined(old.corridor, block.corridor),
        mark=joined(old.mark, block.mark),
        source=joined(old.source, block.source),
        sums=Sums(*(joined(a, b) for a, b in zip(old.sums, block.sums, strict=True))),
    )


def matched(wanted: RouteSets, known: RouteSets) -> Ints:
    """Find the routes of one set in another of the same pairs: rows of `known`, -1 for those that it lacks."""
    keys = (known.pair.astype(np.uint64) << np.uint64(1)) ^ known.mark
    order = np.argsort(keys, kind="stable")
    here = (wanted.pair.astype(np.uint64) << np.uint64(1)) ^ wanted.mark
    at = np.minimum(np.searchsorted(keys[order], here), max(len(order) - 1, 0))
    if not len(order):
        return np.full(len(wanted), -1)
    row = order[at]
    same = (known.mark[row] == wanted.mark) & (known.pair[row] == wanted.pair)
    return np.where(same, row, -1)
