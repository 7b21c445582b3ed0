"""Read volumes, bottlenecks, skims and shares off the flows of an assignment, as tables."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.assignment.loading import Loading
from daliz.errors import PlaceError, did_you_mean
from daliz.tables.equal_links import equal_link_notes

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats
    from daliz.assignment.outcome import Cut, Outcome
    from daliz.paths.capacities import Capacities
    from daliz.paths.demand import Demand
    from daliz.paths.model import Model
    from daliz.paths.route_sets import RouteSets
    from daliz.tables import Network

TONNES_OF_TEU = 10.0
"""Tonnes whose hours lost count as those of one TEU."""


class FlowTables:
    """The tables that are read off a model and what an equilibrium found on it."""

    model: Model
    found: Outcome

    @property
    def network(self) -> Network:
        """Network of the model."""
        return self.model.network

    @property
    def demand(self) -> Demand:
        """Demand of the model."""
        return self.model.demand

    @property
    def routes(self) -> RouteSets:
        """Routes used."""
        return self.model.routes

    @property
    def capacities(self) -> Capacities:
        """What has a capacity."""
        return self.model.capacities

    @property
    def flow(self) -> Floats:
        """Units a year on each route, shape (routes,)."""
        return self.found.flow

    @property
    def unserved(self) -> Floats:
        """Units a year of each pair that do not go, shape (pairs,)."""
        return self.found.unserved

    @property
    def volume(self) -> Floats:
        """Volume of demand on each capacity in its unit, shape (capacities,)."""
        return self.found.volume

    @property
    def delay(self) -> Floats:
        """Hours that volumes add at each capacity, shape (capacities,)."""
        return self.found.delay

    @property
    def price(self) -> Floats:
        """USD per unit of each capacity, NaN where the method gives none."""
        return self.found.price

    @property
    def certificate(self) -> dict[str, float]:
        """Relative gap, and what was asked for."""
        return self.found.certificate

    @property
    def converged(self) -> bool:
        """Whether the gap asked for was reached."""
        return self.found.converged

    @property
    def cut(self) -> Cut | None:
        """Proof that what is unserved cannot be served, where capacities are hard."""
        return self.found.cut

    @property
    def notes(self) -> list[str]:
        """What a reader of the result must know, in sentences: links that stand twice, what could be served."""
        return [*equal_link_notes(self.network.table("links")), *self.found.notes]

    @functools.cached_property
    def loading(self) -> Loading:
        """What the routes cost and load."""
        return Loading.of(self.model, self.routes)

    @functools.cached_property
    def _per_unit(self) -> tuple[Floats, Floats]:
        cargoes = self.network.table("cargoes")
        of = self.routes.cargo
        return cargoes["teu"][of], cargoes["payload_t"][of]

    def totals(self) -> dict[str, float]:
        """Sum kt, TEU, unserved kt, USD, tonne-km and kg CO2e of a year, and the captive kt, which are not assigned."""
        teu, tonnes = self._per_unit
        payload = self.network.table("cargoes")["payload_t"][self.routes.pairs.cargo]
        return {
            "kt": float(self.flow @ tonnes) / 1e3,
            "teu": float(self.flow @ teu),
            "unserved_kt": float(self.unserved @ payload) / 1e3,
            "usd": float(self.flow @ self.routes.sums.usd),
            "tkm": float(self.flow @ (tonnes * self.routes.sums.km)),
            "kg_co2e": float(self.flow @ self.routes.sums.kg),
            "captive_kt": float(self.demand.captive_t.sum()) / 1e3,
        }

    def corridors(self) -> list[dict[str, Any]]:
        """List kt, TEU and the means of days and USD per tonne by corridor."""
        teu, tonnes = self._per_unit
        found = []
        ids = [*self.model.ground.corridors.ids, "none"]
        for i, name in enumerate(ids):
            on = self.routes.corridor == (i if name != "none" else -1)
            mass = float(self.flow[on] @ tonnes[on])
            days = float(self.flow[on] * tonnes[on] @ (self.routes.sums.hours[on] + self._waits[on])) / 24.0
            found.append(
                {
                    "corridor": name,
                    "kt": mass / 1e3,
                    "teu": float(self.flow[on] @ teu[on]),
                    "days": days / mass if mass else float("nan"),
                    "usd_t": float(self.flow[on] @ self.routes.sums.usd[on]) / mass if mass else float("nan"),
                }
            )
        return found

    @functools.cached_property
    def _waits(self) -> Floats:
        """Hours of delay on each route, shape (routes,)."""
        return np.asarray(self.loading.waits @ self.delay)

    def bottlenecks(self, count: int = 20, by: str = "hours") -> list[dict[str, Any]]:
        """Rank what has a capacity by TEU-equivalent hours lost a year, or by the price of capacity.

        An hour lost by 10 t counts as one TEU-hour.
        """
        _, tonnes = self._per_unit
        lost = np.asarray(self.loading.waits.T @ (self.flow * tonnes / TONNES_OF_TEU)) * self.delay
        key = lost if by == "hours" else np.nan_to_num(self.price)
        e = self.capacities
        found = []
        for i in np.argsort(-key, kind="stable")[:count]:
            if key[i] <= 0:
                break
            found.append(
                {
                    "kind": e.kind[i],
                    "name": e.name[i],
                    "unit": e.unit[i],
                    "volume": float(self.volume[i]),
                    "background": float(e.background[i]),
                    "capacity": float(e.capacity[i]),
                    "load": float((self.volume[i] + e.background[i]) / e.capacity[i]),
                    "delay_h": float(self.delay[i]),
                    "lost_teu_h": float(lost[i]),
                    "price_usd": float(self.price[i]),
                }
            )
        return found

    def links(self) -> list[dict[str, Any]]:
        """List kt and TEU a year on each link in each direction."""
        teu, tonnes = self._per_unit
        graph, table = self.model.ground, self.network.table("links")
        arc = np.zeros((2, len(graph.arcs)))
        of = np.repeat(np.arange(len(self.flow)), np.diff(self.routes.begin))
        for i, weight in enumerate((tonnes, teu)):
            arc[i] = np.bincount(self.routes.arcs, (self.flow * weight)[of], len(graph.arcs))
        sums = np.zeros((len(table), 2, 2))
        for a, step in enumerate(graph.arcs):
            for link, forward in step.links:
                sums[link, 0 if forward else 1] += arc[:, a]
        return [
            {
                "link": str(table.ids[i]),
                "mode": str(table["mode"][i]),
                "kt_forward": sums[i, 0, 0] / 1e3,
                "kt_backward": sums[i, 1, 0] / 1e3,
                "teu_forward": sums[i, 0, 1],
                "teu_backward": sums[i, 1, 1],
            }
            for i in np.flatnonzero(sums.sum(axis=(1, 2)) > 0)
        ]

    def over(self, links: list[str]) -> Flags:
        """Find which routes use one of some links, shape (routes,).

        Raises
        ------
        PlaceError
            If a link is unknown.
        """
        position = self.network.table("links").position
        for name in links:
            if name not in position:
                raise PlaceError(
                    f"There is no link {name!r} in {self.network.name}.{did_you_mean(name, position)}"
                )
        return self.routes.on_links([position[name] for name in links])

    def select_link(self, *links: str) -> list[dict[str, Any]]:
        """List by market or tag what goes over any of some links: kt and TEU a year, largest first."""
        kt, teu = (self.by_tag(w * self.over(list(links))) for w in self._weights())
        tags = self.model.demand.tags
        order = np.argsort(-kt, kind="stable")
        return [{"market": tags[i], "kt": float(kt[i]), "teu": float(teu[i])} for i in order if kt[i] > 0]

    def _weights(self) -> tuple[Floats, Floats]:
        """Return kt and TEU of a unit on each route, shapes (routes,)."""
        teu, tonnes = self._per_unit
        return tonnes / 1e3, teu

    def by_tag(self, weight: Floats) -> Floats:
        """Sum flows times a weight of routes, shape (routes,), over the tags of demand, shape (tags,)."""
        demand, of_row = self.model.demand, self.model.of_row
        sums = np.bincount(self.routes.pair, self.flow * weight, len(self.unserved))
        part = demand.units / np.maximum(self.model.units[of_row], 1e-300)
        return np.asarray(np.bincount(demand.tag, sums[of_row] * part, len(demand.tags)), np.float64)

    def cut_rows(self) -> list[dict[str, Any]]:
        """List the capacities of the cut with their weights, heaviest first; none if all is served."""
        if self.cut is None:
            return []
        e, weight = self.capacities, self.cut.weight
        order = [int(i) for i in np.argsort(-weight * e.capacity, kind="stable") if weight[i] > 0]
        return [
            {
                "kind": e.kind[i],
                "name": e.name[i],
                "unit": e.unit[i],
                "capacity": float(e.capacity[i]),
                "weight": float(weight[i]),
            }
            for i in order
        ]

    def skims(self) -> list[dict[str, Any]]:
        """List the mean days, USD, km and kg CO2e of one unit between each pair of places and class."""
        nodes, cargoes = self.network.table("nodes").ids, self.network.table("cargoes").ids
        r, p = self.routes, self.routes.pairs
        sent = np.bincount(r.pair, self.flow, len(self.unserved))
        means = [
            np.bincount(r.pair, self.flow * x, len(sent)) / np.maximum(sent, 1e-300)
            for x in (r.sums.hours + self._waits, r.sums.usd, r.sums.km, r.sums.kg)
        ]
        return [
            {
                "origin": str(nodes[p.origin[k]]),
                "destination": str(nodes[p.destination[k]]),
                "cargo": str(cargoes[p.cargo[k]]),
                "avoid": " ".join(p.avoided[p.avoid[k]]),
                "units": float(sent[k]),
                "days": float(means[0][k]) / 24.0,
                "usd": float(means[1][k]),
                "km": float(means[2][k]),
                "kg_co2e": float(means[3][k]),
            }
            for k in np.flatnonzero(sent > 0)
        ]

    def services(self) -> list[dict[str, Any]]:
        """List the volume of each leg of a service with the empties that go back on it.

        Boxes return by the way they came: on a leg, empties are what the opposite leg carries laden
        beyond this one.
        """
        e = self.capacities
        ends = {(p.row, p.start, p.end): i for i, p in enumerate(e.places) if p.kind == "service"}
        found = []
        for (service, start, stop), i in ends.items():
            back = ends.get((service, stop, start))
            empty = (
                max(float(self.volume[back] - self.volume[i]), 0.0)
                if back is not None and e.unit[i] == "TEU"
                else 0.0
            )
            found.append(
                {
                    "service": service,
                    "from": start,
                    "to": stop,
                    "unit": e.unit[i],
                    "volume": float(self.volume[i]),
                    "empty": empty,
                    "capacity": float(e.capacity[i]),
                    "delay_h": float(self.delay[i]),
                }
            )
        return found
