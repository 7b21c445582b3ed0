"""States and arcs as flat arrays, with the costs of each cargo class by broadcasting."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, fields, replace
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from daliz.errors import DataError
from daliz.graph.ledger import KINDS, USD_KINDS, Kind, Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.tables import Network, Table

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
GROUPS = tuple(USD_KINDS)


class State(NamedTuple):
    """Place and what the shipment does there: stand in the yard, go by a mode and gauge, be aboard."""

    node: int
    mode: str
    detail: str


class Arc(NamedTuple):
    """One step of a shipment.

    `links` are (link row, forward) pairs in order; `places` the nodes passed, ends included, with links one
    more than these. Roles: run, gauge-change, load, unload, board, ride, stay, alight, through, access.
    """

    tail: int
    head: int
    role: str
    service: int
    links: tuple[tuple[int, bool], ...]
    places: tuple[int, ...]
    km: float


@dataclass(frozen=True)
class ClassCosts:
    """Cost of each arc for one unit of one cargo class.

    Attributes
    ----------
    usd, hours, kg, risk, variance
        float64 arrays of shape (arcs,): USD, h, kg CO2e, -ln(1 - probability of being caught), h2.
    admitted
        bool array of shape (arcs,): whether the class may use the arc.
    """

    usd: Floats
    hours: Floats
    kg: Floats
    risk: Floats
    variance: Floats
    admitted: Flags


@dataclass(frozen=True)
class Graph:
    """Routable form of a network in one month.

    Attributes
    ----------
    network, month
        Where it comes from; the month decides the weather, None takes the mean of the year.
    states, arcs
        States and arcs in order; arrays `tail` and `head` of shape (arcs,) repeat the ends.
    ledger
        What each arc costs and why.
    groups
        bool array of shape (rate groups, arcs): which groups of cargo an arc admits.
    idle
        Services and through rates that cannot be used in this network, with the reason.
    unpriced
        Groups that an arc would admit if there were a rate for them, by arc.
    ways
        The arcs that a through arc stands for, by through arc.
    shut
        Arcs that a shock closes, with the reason.
    """

    network: Network
    month: int | None
    states: list[State]
    arcs: list[Arc]
    ledger: Ledger
    groups: Flags
    idle: dict[str, str]
    tail: Ints = field(repr=False)
    head: Ints = field(repr=False)
    unpriced: dict[int, frozenset[str]] = field(default_factory=dict, repr=False)
    ways: dict[int, tuple[int, ...]] = field(default_factory=dict, repr=False)
    shut: dict[int, str] = field(default_factory=dict, repr=False)

    OF_ARCS: ClassVar[tuple[str, ...]] = (
        "yard",
        "km",
        "arc_links",
        "arc_places",
        "link_arcs",
        "place_arcs",
        "service_arcs",
        "borders",
    )
    """What is computed from states and arcs alone, and shared by graphs on the same arcs."""

    def on_same_arcs(self, **changes: Any) -> Self:
        """Return a graph with other costs or closures on the same states and arcs."""
        other = replace(self, **changes)
        other.__dict__.update({n: self.__dict__[n] for n in self.OF_ARCS if n in self.__dict__})
        return other

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def __repr__(self) -> str:
        sizes = f"{len(self.states):,} states, {len(self.arcs):,} arcs, {len(self.ledger):,} entries"
        return f"<Graph of {self.network.name} {self.network.year}: {sizes}>"

    @functools.cached_property
    def base(self) -> Floats:
        """Return the sums by kind and arc, shape (kinds, arcs)."""
        return self.ledger.base(self.network.resolved.figures.value, len(self.arcs))

    @functools.cached_property
    def variance(self) -> Floats:
        """Return the variance of hours by arc, shape (arcs,)."""
        return self.ledger.variance(len(self.arcs))

    @functools.cached_property
    def yard(self) -> dict[str, int]:
        """Map each place to the state of standing in its yard."""
        ids = self.network.table("nodes").ids
        return {str(ids[s.node]): i for i, s in enumerate(self.states) if s.mode == "yard"}

    @functools.cached_property
    def km(self) -> Floats:
        """Return the km of each arc, shape (arcs,)."""
        return np.array([a.km for a in self.arcs])

    @functools.cached_property
    def entries_of(self) -> tuple[Ints, Ints]:
        """Return the entries sorted by arc, and where each arc's begin, shapes (entries,) and (arcs + 1,)."""
        return self.ledger.by_arc(len(self.arcs))

    @functools.cached_property
    def arc_links(self) -> tuple[Ints, Ints, Floats]:
        """Return each link of each arc: arc, link row and km, shapes (pairs,)."""
        count = np.array([len(a.links) for a in self.arcs], dtype=np.int64)
        link = np.array([row for a in self.arcs for row, _ in a.links], dtype=np.int64)
        return np.repeat(np.arange(len(count)), count), link, self.network.table("links")["length_km"][link]

    @functools.cached_property
    def arc_places(self) -> tuple[Ints, Ints]:
        """Return each place of each arc, in order: arc and node row, shapes (pairs,)."""
        places = [a.places for a in self.arcs]
        count = np.array([len(p) for p in places], dtype=np.int64)
        node = np.fromiter(chain.from_iterable(places), dtype=np.int64, count=int(count.sum()))
        return np.repeat(np.arange(len(count)), count), node

    @functools.cached_property
    def link_arcs(self) -> dict[int, list[int]]:
        """Map each link row to the arcs that run over it."""
        found: dict[int, list[int]] = {}
        for i, arc in enumerate(self.arcs):
            for link, _ in arc.links:
                found.setdefault(link, []).append(i)
        return found

    @functools.cached_property
    def place_arcs(self) -> dict[int, list[int]]:
        """Map each node row to the arcs that touch it."""
        found: dict[int, list[int]] = {}
        for i, arc in enumerate(self.arcs):
            for place in set(arc.places):
                found.setdefault(place, []).append(i)
        return found

    @functools.cached_property
    def service_arcs(self) -> dict[int, list[int]]:
        """Map each service row to its arcs and the through arcs that stand for some of them."""
        found: dict[int, list[int]] = {}
        for i in range(len(self.arcs)):
            for service in {self.arcs[p].service for p in self.ways.get(i, (i,))}:
                found.setdefault(service, []).append(i)
        return found

    def mode_arcs(self, mode: str) -> list[int]:
        """Return the arcs that run by a mode; access is by road."""
        rows = np.flatnonzero(self.network.table("links")["mode"] == mode).tolist()
        found = {a for row in rows for a in self.link_arcs.get(row, ())}
        if mode == "road":
            found |= {i for i, arc in enumerate(self.arcs) if arc.role == "access"}
        return sorted(found)

    @functools.cached_property
    def borders(self) -> Ints:
        """Count the national borders crossed on each arc, shape (arcs,); the open sea is no country."""
        country = self.network.table("nodes")["country"]
        counts = []
        for arc in self.arcs:
            lands = [country[p] for p in arc.places if country[p] != "XZ"]
            counts.append(sum(a != b for a, b in pairwise(lands)))
        return np.array(counts, dtype=np.int64)

    def costs(self, cargo_id: str) -> ClassCosts:
        """Compute what each arc costs one unit of a cargo class.

        Raises
        ------
        DataError
            If the class has no TEU, and what would carry it has a factor per TEU-km: it would count as nothing.
        """
        cargoes = self.network.table("cargoes")
        cargo = cargoes.row(cargo_id)
        self._refuse_without_teu(cargo)
        row = multipliers(cargoes)[cargoes.position[cargo_id]]
        usd = [*USD_KINDS.values(), Kind.PREMIUM]
        kg = [Kind.KG_T, Kind.KG_TEU, Kind.KG_CONTAINER, Kind.KG_LOOSE]
        return ClassCosts(
            usd=row[usd] @ self.base[usd],
            hours=row[Kind.HOURS] * self.base[Kind.HOURS],
            kg=row[kg] @ self.base[kg],
            risk=self.base[Kind.RISK],
            variance=self.variance,
            admitted=self.groups[GROUPS.index(cargo["rate_group"])],
        )

    def _refuse_without_teu(self, cargo: Mapping[str, Any]) -> None:
        wrong = self.groups[GROUPS.index(cargo["rate_group"])] & (self.base[Kind.KG_TEU] > 0)
        if cargo["teu"] > 0 or not wrong.any():
            return
        arc = self.arcs[int(np.argmax(wrong))]
        link = self.network.table("links").ids[arc.links[0][0]]
        service = self.network.table("services").ids[arc.service] if arc.service >= 0 else ""
        by = f"services.csv, row {service}: it" if service else f"links.csv, row {link}: it"
        raise DataError(
            f"{by} carries {cargo['rate_group']} cargo without TEU such as {cargo['id']}, over {link}, whose emission "
            "factor is per teu-km; give a factor_id per tkm."
        )


def multipliers(cargoes: Table) -> Floats:
    """Return what one unit of each cargo class counts in each kind of entry, shape (classes, kinds)."""
    matrix = np.zeros((len(cargoes), KINDS))
    matrix[:, Kind.HOURS] = 1.0
    matrix[:, Kind.RISK] = 1.0
    for i, group in enumerate(cargoes["rate_group"]):
        matrix[i, USD_KINDS[str(group)]] = cargoes["rate_units"][i]
    matrix[:, Kind.KG_T] = cargoes["payload_t"]
    matrix[:, Kind.KG_TEU] = cargoes["teu"]
    matrix[:, Kind.KG_CONTAINER] = cargoes["containers"]
    matrix[:, Kind.PREMIUM] = cargoes["value_usd"]
    matrix[:, Kind.KG_LOOSE] = np.where(cargoes["rate_group"] == "container", 0.0, cargoes["payload_t"])
    return matrix
