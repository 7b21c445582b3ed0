"""Hold what everybody ships: volumes, queues, bottlenecks, skims, with the certificate of the run."""

from __future__ import annotations

import csv
import errno
import functools
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import PlaceError, did_you_mean
from daliz.paths.corridors import corridors_of

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.paths.capacities import Elements
    from daliz.paths.demand import Demand
    from daliz.paths.route_sets import RouteSets
    from daliz.tables import Network

BALANCE = 1e-9
TABLES = ("links", "services", "corridors", "skims", "bottlenecks")


@dataclass(frozen=True)
class Cut:
    """Prove that demand does not fit: with these weights every way of pair k costs at least `y[k]`, yet sum y q > sum w C.

    Attributes
    ----------
    weight
        float64 (elements,): 0 or more.
    distance
        float64 (pairs,): least weight of a way, at most 1.
    short
        What cannot be served at least: sum y q - sum w C.
    """

    weight: Floats
    distance: Floats
    short: float


@dataclass(frozen=True)
class Flows:
    """Hold the flows of an assignment.

    Attributes
    ----------
    network, demand, routes, elements
        What was asked.
    method
        logit, user, system or capacity.
    row_pair
        int64 (demand rows,): the pair of routes of each row of demand.
    flow
        float64 (routes,): units a year.
    unserved
        float64 (pairs,): units a year that find no room or choose not to go.
    volume, delay, price
        float64 (elements,): volume of demand in the element's unit, hours added, USD per unit of capacity
        (nan where the method gives none).
    certificate
        What is measured: residual, gap or bound; `target` what was asked for.
    cut
        Proof that what is unserved cannot be served, where capacities are hard.
    """

    network: Network
    demand: Demand
    routes: RouteSets
    elements: Elements
    method: str
    row_pair: Ints
    flow: Floats
    unserved: Floats
    volume: Floats
    delay: Floats
    price: Floats
    certificate: dict[str, float]
    converged: bool
    asked: dict[str, Any] = field(default_factory=dict)
    cut: Cut | None = None

    def __post_init__(self) -> None:
        # conservation: what each pair sends goes on its routes or is told as unserved
        sent = np.bincount(self.routes.pair, self.flow, len(self.unserved)) + self.unserved
        wanted = np.bincount(self.row_pair, self.demand.units, len(self.unserved))
        worst = float(np.abs(sent - wanted).max(initial=0.0))
        if not worst <= BALANCE * max(float(wanted.sum()), 1.0):
            raise AssertionError(
                f"Flows are lost from the books: {worst:g} units of a pair. This is a fault of "
                "Daliz; please report it."
            )

    def __repr__(self) -> str:
        state = "converged" if self.converged else "NOT CONVERGED"
        how = ", ".join(f"{k} {v:.2g}" for k, v in self.certificate.items())
        totals = self.totals()
        projected = ", projected" if self.network.projected else ""
        return (
            f"<Flows of {self.network.name} {self.network.year}{projected} by {self.method}: "
            f"{totals['kt']:,.0f} kt, {totals['teu']:,.0f} TEU on "
            f"{len(self.flow):,} routes; unserved {totals['unserved_kt']:,.1f} kt; {state} ({how})>"
        )

    @functools.cached_property
    def _per_unit(self) -> tuple[Floats, Floats]:
        cargoes = self.network.table("cargoes")
        of = self.routes.cargo[self.routes.pair]
        return cargoes["teu"][of], cargoes["payload_t"][of]

    def totals(self) -> dict[str, float]:
        """Sum kt, TEU, unserved kt, USD, tonne-km and kg CO2e of a year, and the kt bound to one way, which are not assigned."""
        teu, tonnes = self._per_unit
        payload = self.network.table("cargoes")["payload_t"][self.routes.cargo]
        return {
            "kt": float(self.flow @ tonnes) / 1e3,
            "teu": float(self.flow @ teu),
            "unserved_kt": float(self.unserved @ payload) / 1e3,
            "usd": float(self.flow @ self.routes.usd),
            "tkm": float(self.flow @ (tonnes * self.routes.km)),
            "kg_co2e": float(self.flow @ self.routes.kg),
            "captive_kt": float(self.demand.captive_t.sum()) / 1e3,
        }

    def corridors(self) -> list[dict[str, Any]]:
        """Give kt, TEU and the means of days and USD per tonne by corridor."""
        teu, tonnes = self._per_unit
        found = []
        ids = [*corridors_of(self.routes.graph).ids, "none"]
        for i, name in enumerate(ids):
            on = self.routes.corridor == (i if name != "none" else -1)
            mass = float(self.flow[on] @ tonnes[on])
            days = float(self.flow[on] * tonnes[on] @ (self.routes.hours[on] + self._waits[on])) / 24.0
            found.append(
                {
                    "corridor": name,
                    "kt": mass / 1e3,
                    "teu": float(self.flow[on] @ teu[on]),
                    "days": days / mass if mass else float("nan"),
                    "usd_t": float(self.flow[on] @ self.routes.usd[on]) / mass if mass else float("nan"),
                }
            )
        return found

    @functools.cached_property
    def _waits(self) -> Floats:
        from daliz.paths.capacities import incidence

        return np.asarray(incidence(self.routes, self.elements)[1] @ self.delay)

    def bottlenecks(self, count: int = 20, by: str = "hours") -> list[dict[str, Any]]:
        """Rank what has a capacity by TEU-equivalent hours lost a year, or by the price of capacity.

        An hour lost by 10 t counts as one TEU-hour.
        """
        from daliz.paths.capacities import incidence

        _, tonnes = self._per_unit
        lost = (
            np.asarray(incidence(self.routes, self.elements)[1].T @ (self.flow * tonnes / 10.0)) * self.delay
        )
        key = lost if by == "hours" else np.nan_to_num(self.price)
        e = self.elements
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
        """Give kt and TEU a year on each link in each direction."""
        teu, tonnes = self._per_unit
        graph, table = self.routes.graph, self.network.table("links")
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
        """Tell which routes use one of some links, shape (routes,).

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
        arcs = np.zeros(len(self.routes.graph.arcs), np.bool_)
        for name in links:
            arcs[self.routes.graph.link_arcs.get(position[name], [])] = True
        return np.add.reduceat(arcs[self.routes.arcs].astype(np.int64), self.routes.begin[:-1]) > 0

    def select_link(self, *links: str) -> list[dict[str, Any]]:
        """Give by market what goes over any of some links: kt and TEU a year, largest first."""
        on = self.over(list(links))
        teu, tonnes = self._per_unit
        pair_units = np.bincount(self.row_pair, self.demand.units, len(self.unserved))
        pairs = len(self.unserved)
        mass, boxes = (np.bincount(self.routes.pair[on], (self.flow * w)[on], pairs) for w in (tonnes, teu))
        part = self.demand.units / np.maximum(pair_units[self.row_pair], 1e-300)
        markets = [*self.demand.markets, "given"]
        kt = np.bincount(self.demand.flow % len(markets), mass[self.row_pair] * part, len(markets)) / 1e3
        box = np.bincount(self.demand.flow % len(markets), boxes[self.row_pair] * part, len(markets))
        return [
            {"market": str(markets[i]), "kt": float(kt[i]), "teu": float(box[i])}
            for i in np.argsort(-kt, kind="stable")
            if kt[i] > 0
        ]

    def cut_rows(self) -> list[dict[str, Any]]:
        """Give the elements of the cut with their weights, heaviest first; none if all is served."""
        if self.cut is None:
            return []
        e, weight = self.elements, self.cut.weight
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
        """Give the mean days, USD, km and kg CO2e of one unit between each pair of places and class."""
        nodes, cargoes = self.network.table("nodes").ids, self.network.table("cargoes").ids
        r = self.routes
        sent = np.bincount(r.pair, self.flow, len(self.unserved))
        means = [
            np.bincount(r.pair, self.flow * x, len(sent)) / np.maximum(sent, 1e-300)
            for x in (r.hours + self._waits, r.usd, r.km, r.kg)
        ]
        return [
            {
                "origin": str(nodes[r.origin[k]]),
                "destination": str(nodes[r.destination[k]]),
                "cargo": str(cargoes[r.cargo[k]]),
                "averse": bool(r.averse[k]),
                "units": float(sent[k]),
                "days": float(means[0][k]) / 24.0,
                "usd": float(means[1][k]),
                "km": float(means[2][k]),
                "kg_co2e": float(means[3][k]),
            }
            for k in np.flatnonzero(sent > 0)
        ]

    def services(self) -> list[dict[str, Any]]:
        """Give the volume of each leg of a service with the empties that go back on it.

        Boxes return by the way they came: on a leg, empties are what the opposite leg carries laden
        beyond this one.
        """
        e = self.elements
        ends = {}
        for i, (kind, name) in enumerate(zip(e.kind, e.name, strict=True)):
            if kind == "service":
                service, way = name.split(" ", 1)
                ends[service, *way.split(" - ")] = i
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

    def as_dict(self) -> dict[str, Any]:
        """Give the certificate and totals as plain values."""
        return {
            "network": self.network.name,
            "version": self.network.version,
            "year": self.network.year,
            "projected": self.network.projected,
            "under": list(self.network.added),
            "without": list(self.network.removed),
            "digest": self.network.digest,
            "method": self.method,
            "converged": self.converged,
            "certificate": self.certificate,
            "asked": self.asked,
            "totals": self.totals(),
            "cut": self.cut_rows(),
            "demand": "marginals with evidence, split over pairs synthetic"
            if self.demand.markets
            else "given",
        }

    def save(self, folder: str | Path) -> Path:
        """Write run.json and a CSV each of links, elements, services, corridors and skims into a folder.

        Raises
        ------
        FileExistsError
            If the folder exists and is no run.
        """
        folder = Path(folder)
        own = {"run.json", *(f"{n}.csv" for n in TABLES)}
        if folder.exists() and (not folder.is_dir() or {p.name for p in folder.iterdir()} - own):
            raise FileExistsError(errno.EEXIST, "it exists and holds something else", str(folder))
        folder.parent.mkdir(parents=True, exist_ok=True)
        tables = {
            "links": self.links(),
            "services": self.services(),
            "corridors": self.corridors(),
            "skims": self.skims(),
            "bottlenecks": self.bottlenecks(len(self.elements)),
        }
        with tempfile.TemporaryDirectory(dir=folder.parent) as draft:
            whole = Path(draft) / "run"
            whole.mkdir()
            for name, rows in tables.items():
                with (whole / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, list(rows[0]) if rows else ["none"], lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(rows)
            (whole / "run.json").write_text(
                json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", "utf-8"
            )
            if folder.exists():
                shutil.rmtree(folder)
            whole.rename(folder)
        return folder
