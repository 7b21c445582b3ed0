"""Plan of a chain: what is made and moved where, what a unit costs and why, and what is unmet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from daliz.supplychain.build import emitted, unmet
from daliz.supplychain.programme import balance, paid
from daliz.supplychain.shortage import unmet_cut, unmet_reasons
from daliz.supplychain.solved import Solved
from daliz.supplychain.tracing import stack
from daliz.supplychain.ways import touches

BALANCE = 1e-9


@dataclass(frozen=True)
class Supply(Solved):
    """Plan of a chain, with its proof; its fields are those of `Solved`."""

    def __post_init__(self) -> None:
        worst = self.certificate()["balance"]
        if not worst <= BALANCE:
            raise AssertionError(
                f"Goods are lost from the books: {worst:g} of the throughput. This is a fault of "
                "Daliz; please report it."
            )

    def __repr__(self) -> str:
        c = self.certificate()
        state = "converged" if self.converged else "NOT CONVERGED"
        lacking = self.lacking()
        short = f", {lacking:.2%} of demand unmet" if lacking > 0 else ", all demand met"
        if np.isnan(lacking):
            short = ""
        free = [m["market"] for m in self.markets() if m["unmet"] > 0 and not m["price_usd"] > 0]
        if free and lacking == 0:
            short = f", unmet at {', '.join(free)}, which pay nothing"
        network = self.chain.network
        projected = ", projected" if network.projected else ""
        return (
            f"<Supply of {self.chain.id} in {network.name} {network.year}{projected}: "
            f"{self.cost_usd():,.0f} USD{short}; "
            f"{state} (gap {c['gap']:.2g}, balance {c['balance']:.2g})>"
        )

    def certificate(self) -> dict[str, float]:
        """Return gap, mass balance over throughput, breach of bounds, and complementary slackness."""
        o = self.plan.optimum
        return {
            "gap": o.gap,
            "balance": balance(self.built.programme, self.plan),
            "residual": o.residual,
            "slackness": o.slackness,
        }

    def cost_usd(self) -> float:
        """Return what the plan costs, without penalties for unmet demand and premiums that nobody pays."""
        return paid(self.built.programme, self.plan)

    def lacking(self) -> float:
        """Compute the share of all demand that is unmet, by value at the prices of the markets.

        It is by units if all prices are 0, and 0 below a billionth.

        Under `profit` nobody promises to serve demand, and the share is NaN.
        """
        if self.terms.objective == "profit":
            return float("nan")
        weight = {m: float(r["price_usd"]) for m, r in self.chain.markets.items()}
        if not any(weight.values()):
            weight = dict.fromkeys(weight, 1.0)
        lost = unmet(self.chain, self.built, self.plan.sales)
        wanted = sum(float(r["demand"]) * weight[m] for m, r in self.chain.markets.items()) * self.terms.years
        share = sum(v * weight[m] for (_, m), v in lost.items()) / wanted if wanted else 0.0
        return share if share > BALANCE else 0.0

    def _mass(self, way: int) -> float:
        return float(self.chain.commodities[self.ways.trips[way].commodity]["mass_t"])

    def corridor(self, way: int) -> str:
        """Return the corridor of a route; `lane` outside the network, `here` within a place."""
        w = self.ways
        if w.route[way] < 0:
            return "lane" if w.lane[way] >= 0 else "here"
        assert w.routes is not None
        row = int(w.routes.corridor[w.route[way]])
        return w.routes.ground.corridors.ids[row] if row >= 0 else "none"

    def itineraries(self) -> list[dict[str, Any]]:
        """List what goes on each route that is used, largest mass first."""
        names, countries = touches(self.chain, self.ways, "country")
        ports, at_sea = touches(self.chain, self.ways, "port")
        found = []
        for i in np.flatnonzero(self.by_way > 0).tolist():
            t, units = self.ways.trips[i], float(self.by_way[i])
            found.append(
                {
                    "from": t.start,
                    "to": t.end,
                    "commodity": t.commodity,
                    "units": units,
                    "t": units * self._mass(i),
                    "corridor": self.corridor(i),
                    "countries": " ".join(sorted(names[j] for j in countries[[i]].indices)),
                    "ports": " ".join(sorted(ports[j] for j in at_sea[[i]].indices)),
                    "days": float(self.ways.hours[i]) / 24.0,
                    "km": float(self.ways.km[i]),
                    "usd": float(self.ways.usd[i]),
                    "time_usd": float(self.ways.time_usd[i]),
                    "duty_usd": float(self.built.duty_usd[i]),
                    "kg_co2e": float(self.ways.kg[i]),
                }
            )
        return sorted(found, key=lambda r: -r["t"])

    def corridors(self, commodity: str = "") -> list[dict[str, Any]]:
        """Sum tonnes and units a year by corridor, of one commodity or all."""
        found: dict[str, list[float]] = {}
        for i in np.flatnonzero(self.by_way > 0).tolist():
            if commodity in {"", self.ways.trips[i].commodity}:
                entry = found.setdefault(self.corridor(i), [0.0, 0.0])
                entry[0] += float(self.by_way[i]) * self._mass(i)
                entry[1] += float(self.by_way[i])
        return [
            {"corridor": k, "t": t, "units": u}
            for k, (t, u) in sorted(found.items(), key=lambda kv: -kv[1][0])
        ]

    def links(self) -> list[dict[str, Any]]:
        """Sum tonnes a year on each link in each direction."""
        r = self.ways.routes
        if r is None:
            return []
        graph, table = r.ground, self.chain.network.table("links")
        sums = np.zeros((len(table), 2))
        for i in np.flatnonzero((self.by_way > 0) & (self.ways.route >= 0)).tolist():
            tonnes = float(self.by_way[i]) * self._mass(i)
            k = int(self.ways.route[i])
            for a in r.arcs[r.begin[k] : r.begin[k + 1]]:
                for link, forward in graph.arcs[a].links:
                    sums[link, 0 if forward else 1] += tonnes
        return [
            {
                "link": str(table.ids[i]),
                "mode": str(table["mode"][i]),
                "t_forward": float(sums[i, 0]),
                "t_backward": float(sums[i, 1]),
            }
            for i in np.flatnonzero(sums.sum(axis=1) > 0)
        ]

    def facilities(self) -> list[dict[str, Any]]:
        """List what each recipe makes a year, its use of capacity and the rent of it.

        The rent is what a further unit of capacity would save.
        """
        found = []
        for i, r in enumerate(self.chain.recipes):
            mine = [k for k, (_, recipe) in enumerate(self.built.works) if recipe == i]
            runs = float(self.plan.works[mine].sum()) / self.terms.years
            found.append(
                {
                    "facility": r.facility["id"],
                    "country": r.facility["country"],
                    "owner": self.chain.owner(r.facility["id"]),
                    "stage": r.facility["stage"],
                    "recipe": r.id,
                    "output": r.output,
                    "units": runs,
                    "capacity": r.capacity,
                    "use": runs / r.capacity if r.capacity else float("nan"),
                    "rent_usd": float(self.plan.rent[mine].max(initial=0.0)),
                    "cost_usd": r.cost_usd,
                    "kg_co2e": runs * emitted(self.chain, i),
                    "built": bool(r.facility["candidate"]) and self._is_built(r.facility["id"]),
                }
            )
        return found

    def _is_built(self, facility: str) -> bool:
        return bool(self.plan.built[self.built.buildings.index(facility)])

    def markets(self) -> list[dict[str, Any]]:
        """List what each market gets a year, what is unmet, and what a further unit would cost."""
        lost = unmet(self.chain, self.built, self.plan.sales)
        position = {s: i for i, s in enumerate(self.built.stocks)}
        stack = self.stack()
        found = []
        for name, row in self.chain.markets.items():
            sold = sum(
                float(s) for (_, m), s in zip(self.built.sales, self.plan.sales, strict=True) if m == name
            )
            lacking = sum(lost[t, name] for t in range(self.terms.years))
            wanted = float(row["demand"])
            worth = max(
                self.plan.worth[position[t, name, row["commodity_id"]]] for t in range(self.terms.years)
            )
            found.append(
                {
                    "market": name,
                    "region": row["region"],
                    "country": row["country"],
                    "commodity": row["commodity_id"],
                    "demand": wanted,
                    "delivered": sold / self.terms.years,
                    "unmet": lacking / self.terms.years
                    if self.terms.objective == "cost" and lacking > BALANCE * max(wanted, 1.0)
                    else 0.0,
                    "price_usd": float(row["price_usd"]),
                    "marginal_usd": float(worth),
                    "cost_usd": float(sum(stack[name].values())) if sold > 0 else float("nan"),
                }
            )
        return found

    def oversupplied(self) -> dict[str, float]:
        """Return units a year that contracts bring to markets beyond what these ask for."""
        found: dict[str, float] = {}
        for (_, place, _), units in zip(self.built.stocks, self.plan.left, strict=True):
            if place in self.chain.markets and units > BALANCE * max(
                float(self.chain.markets[place]["demand"]), 1.0
            ):
                found[place] = found.get(place, 0.0) + float(units) / self.terms.years
        return found

    def limits(self) -> list[dict[str, Any]]:
        """List the limits that bind, with the price of a further unit, dearest first.

        They are capacities, quotas and offtakes.
        """
        load = np.asarray(self.built.programme.moves.loads.T @ self.plan.moves)
        p = self.built.programme.limits
        found = [
            {
                "kind": kind,
                "name": name,
                "unit": unit,
                "year": t + 1,
                "load": float(load[i]),
                "least": float(p.least[i]),
                "most": float(p.most[i]),
                "price_usd": float(self.plan.price[i]),
                "short": float(self.plan.short[i]),
            }
            for i, (t, kind, name, unit) in enumerate(self.built.limits)
            if abs(self.plan.price[i]) > 1e-9 or self.plan.short[i] > BALANCE
        ]
        return sorted(found, key=lambda r: -abs(r["price_usd"]))

    def quotas(self) -> list[dict[str, Any]]:
        """List each contract with what goes under it, binding or not."""
        load = np.asarray(self.built.programme.moves.loads.T @ self.plan.moves)
        p = self.built.programme.limits
        return [
            {
                "kind": kind,
                "contract": name,
                "year": t + 1,
                "units": float(load[i]),
                "least": float(p.least[i]),
                "most": float(p.most[i]),
                "short": float(self.plan.short[i]),
                "price_usd": float(self.plan.price[i]),
            }
            for i, (t, kind, name, _) in enumerate(self.built.limits)
            if kind in {"quota", "offtake"}
        ]

    def unmet_reasons(self) -> dict[str, str]:
        """Explain the unmet demand of each market in a sentence."""
        lacking = [m for m in self.markets() if m["unmet"] > 0]
        return unmet_reasons(self, lacking)

    def unmet_cut(self) -> list[dict[str, Any]]:
        """List the capacities that no plan can get past, with their weights; none if all is met."""
        return unmet_cut(self) if self.lacking() > 0 else []

    def stack(self) -> dict[str, dict[str, float]]:
        """Compute the mean cost of a delivered unit at each market, by part, in USD, from ore to market."""
        return stack(self)

    def of_region(self, region: str) -> list[str]:
        """List the markets of a region, or the one market of that id; all of them if blank.

        Raises
        ------
        SupplyError
            If there is none.
        """
        from daliz.errors import SupplyError, did_you_mean

        found = [m for m, r in self.chain.markets.items() if region in {"", m, r["region"], r["country"]}]
        if not self.chain.markets:
            raise SupplyError(
                f"The chain {self.chain.id} has no market, so there is nothing to plan for; add one to "
                "markets.csv."
            )
        if not found:
            known = [*{str(r["region"]) for r in self.chain.markets.values()}, *self.chain.markets]
            raise SupplyError(
                f"The chain {self.chain.id} has no market {region!r}.{did_you_mean(region, known)} "
                "The regions are "
                f"{', '.join(sorted({str(r['region']) for r in self.chain.markets.values()}))}."
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return certificate, terms and tables as plain values."""
        network = self.chain.network
        return {
            "network": network.name,
            "version": network.version,
            "year": network.year,
            "projected": network.projected,
            "under": list(network.added),
            "taken_out": list(network.removed),
            "edits": list(network.edits_as_text),
            "digest": network.digest,
            **self.asked,
            "converged": self.converged,
            "certificate": self.certificate(),
            "cost_usd": self.cost_usd(),
            "premium_usd": self.plan.premium_usd,
            "unmet_share": self.lacking(),
            "markets": self.markets(),
            "stack": self.stack(),
            "facilities": self.facilities(),
            "itineraries": self.itineraries(),
            "corridors": self.corridors(),
            "limits": self.limits(),
            "contracts": self.quotas(),
            "idle_contracts": list(self.built.idle),
            "oversupplied": self.oversupplied(),
            "unmet_reasons": self.unmet_reasons(),
            "unmet_cut": self.unmet_cut(),
        }
