"""Ask random questions of a package, whatever it holds, and take down the answer as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import daliz
from daliz.assignment.methods import METHODS
from daliz.errors import DalizError
from daliz.studies import talks
from daliz.studies.corridor_matrix import corridor_matrix, matrix_years
from questions import routes_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from broken import Package
    from daliz.tables import Network

Question = tuple[str, "Callable[[Network], Any]"]
EDITS = {"set": daliz.Set, "add": daliz.Add, "multiply": daliz.Multiply}
UNSURE = {"assign", "supply"}
"""Verbs that iterate to a gap, and whose best plan need not be the only one."""


def question(rng: random.Random, package: Package) -> Question:
    """Make a question of a package: its verb, with options; and how to ask it."""
    verbs = ["routes"] * 5 + ["sense"] * 3 + ["why", "places", "changes", "digest"]
    tables = package.tables
    verbs += ["assign"] * 3 * ("flows.csv" in tables) * (1 if package.base == "corridor-mini" else 2)
    verbs += ["supply"] * 3 * ("chains.csv" in tables) + ["tariff"] * 2 * ("policies.csv" in tables)
    verbs += ["matrix"] * ("pairs.csv" in tables)
    return _asked(rng, rng.choice(verbs), package)


def altered(rng: random.Random, package: Package) -> Callable[[Network], Network]:
    """Make a view of a network: as it is, under or without a change, or with the user's own."""
    deed = rng.choice(("none", "none", "none", "under", "without", "edit", "date"))
    name = _one(rng, package, "change_sets")
    deed = "none" if name == "nothing" and deed in {"under", "without"} and rng.random() < 0.9 else deed
    if deed == "under":
        return lambda n: n.under(name)
    if deed == "without":
        return lambda n: n.without(name)
    if deed == "date":
        day = rng.choice(("2024-02-29", "2024-11-15", "2023-13-01", "1890-01-01", "2024-12-31", "x"))
        return lambda n: n.at(day)
    if deed == "edit":
        edit = _edit(rng, package)
        return lambda n: n.change(edit)
    return lambda n: n


def _edit(rng: random.Random, package: Package) -> Any:
    table, column = rng.choice(
        (
            ("links", "length_km"),
            ("links", "speed_km_h"),
            ("speeds", "speed_km_h"),
            ("rates", "usd_per_km"),
            ("links", "capacity"),
            ("nodes", "lat"),
            ("terminal_classes", "hours"),
        )
    )
    row = _one(rng, package, table)
    op = rng.choice(("set", "add", "multiply", "open", "close"))
    if op in EDITS:
        return EDITS[op](table, row, column, rng.choice((0.0, 1.0, 2.0, 60.0, -5.0, 1e9, 0.5)))
    return (daliz.Open if op == "open" else daliz.Close)(table, row)


def _one(rng: random.Random, package: Package, table: str) -> str:
    """Choose a row of a table, now and then one that is not there."""
    known = package.ids(table)
    return rng.choice(known) if known and rng.random() < 0.95 else "nothing"


def _asked(rng: random.Random, verb: str, package: Package) -> Question:
    makers = {
        "routes": _routes,
        "sense": _sense,
        "assign": _assign,
        "supply": _supply,
        "tariff": _tariff,
        "why": _why,
        "matrix": lambda _, __: lambda n: corridor_matrix(n, matrix_years(n)[:1], lambda *_: None),
        "places": lambda _, __: lambda n: n.table("nodes").rows(),
        "changes": lambda _, __: lambda n: [n.store["change_sets"].ids.tolist(), repr(n)],
        "digest": lambda _, __: lambda n: len(n.digest),
    }
    return verb, makers[verb](rng, package)


def _place(rng: random.Random, package: Package) -> str:
    nodes = package.ids("nodes") or ["nowhere"]
    if rng.random() < 0.06:
        return rng.choice(("50.0,60.5", "-32.1,-110", "nowhere", "0,0"))
    rows = package.tables.get("terminals.csv", [["node_id"]])
    at = rows[0].index("node_id") if "node_id" in rows[0] else -1
    served = sorted({r[at] for r in rows[1:] if -1 < at < len(r)} & set(nodes))
    return rng.choice(served if served and rng.random() < 0.9 else nodes)


def _routes(rng: random.Random, package: Package) -> Callable[[Network], Any]:
    ends = _place(rng, package), _place(rng, package)
    if ends[0] == ends[1]:
        ends = ends[0], _place(rng, package)
    cargo = rng.choice([*package.ids("cargoes"), "container-40"])
    options: dict[str, Any] = {
        "k": rng.choice((1, 2, 3, 5, 8)),
        "draws": 100 if rng.random() < 0.1 else 0,
        "pareto": rng.random() < 0.3,
    }
    chances: dict[str, Any] = {
        "month": lambda: rng.choice((1, 7, 12, 13, 0)),
        "avoid": lambda: (
            rng.choice([f"link:{i}" for i in package.ids("links")] + ["mode:road", "mode:sea", "country:KZ"]),
        ),
        "via": lambda: (_place(rng, package),),
        "max_borders": lambda: rng.choice((0, 1, 3, 40, 41)),
        "carbon_usd_t": lambda: rng.choice((0.0, 100.0, 1e6, -1.0)),
        "value_of_time_usd_h": lambda: rng.choice((0.0, 5.0, 1e6)),
        "only": lambda: (rng.choice([*package.ids("services"), "nothing"]),),
    }
    options |= {name: make() for name, make in chances.items() if rng.random() < 0.07}

    def ask(network: Network) -> Any:
        found = routes_of(network, *ends, cargo=cargo, **options)
        return found.as_dict() | {"text": repr(found)}

    return ask


NEAR = 0.01
"""Share within which a way is the best although the deviation of its hours is priced by a tangent."""


def _sense(rng: random.Random, package: Package) -> Callable[[Network], Any]:
    """Ask for ways that must agree: parts with wholes, few ways with many, with and without a link of the best."""
    ends = _place(rng, package), _place(rng, package)
    cargo = _one(rng, package, "cargoes")

    def ask(network: Network) -> Any:
        asked = {"cargo": cargo, "draws": 0, "pareto": False}
        found = routes_of(network, *ends, k=4, **asked)
        for i in found.itineraries:
            for name in ("km", "hours", "usd", "kg_co2e"):
                parts = sum(getattr(leg, name) for leg in i.legs)
                assert abs(parts - getattr(i, name)) <= 1e-6 * max(1.0, abs(parts)), (
                    f"legs have {parts} {name}"
                )
            assert abs(i.days * 24 - i.hours) <= 1e-6 * i.hours
            assert abs(sum(sum(leg.usd_by_cause.values()) for leg in i.legs) - i.usd) <= 1e-6 * max(
                1.0, abs(i.usd)
            )
        costs = [i.generalised_usd for i in found.itineraries]
        assert costs == sorted(costs), "the first is not the best"
        alone = routes_of(network, *ends, k=1, **asked)[0].generalised_usd
        assert costs[0] <= alone + 1e-6 * abs(alone), "one way alone is better than the best of four"
        used = set(found[0].arcs)
        ids = network.table("links").ids
        links = sorted(str(ids[n]) for n, arcs in found.query.graph.link_arcs.items() if used & set(arcs))
        worse = []
        for link in links[:3]:
            try:
                round_it = routes_of(network, *ends, k=1, avoid=(f"link:{link}",), **asked)[0].generalised_usd
            except DalizError:
                continue
            assert round_it >= costs[0] - NEAR * abs(costs[0]), (
                f"avoiding {link} is cheaper: {round_it} < {costs[0]}"
            )
            worse.append(round_it)
        return {"costs": costs, "worse": worse}

    return ask


def _assign(rng: random.Random, package: Package) -> Callable[[Network], Any]:
    method = rng.choice(METHODS)

    def ask(network: Network) -> Any:
        flows = daliz.assign(network, method=method)
        told = flows.as_dict()
        rows = [flows.links(), flows.services(), flows.corridors(), flows.skims(), flows.bottlenecks()]
        return {
            "method": method,
            "converged": flows.converged,
            "totals": told["totals"],
            "cut": told["cut"],
            "tables": rows,
            "length": len(package.base) + len(repr(flows)) * 0,
        }

    return ask


def _supply(rng: random.Random, package: Package) -> Callable[[Network], Any]:
    chain = rng.choice(package.ids("chains") or ["c"])
    without = (
        [rng.choice([*package.ids("nodes"), *package.ids("links"), "KZ", "XG"])] if rng.random() < 0.3 else []
    )
    terms = daliz.SupplyTerms(objective=rng.choice(("cost", "cost", "profit")), years=rng.choice((1, 1, 2)))
    return lambda network: daliz.supply(network, chain, without=without, terms=terms).as_dict()


def _tariff(rng: random.Random, package: Package) -> Callable[[Network], Any]:
    policy = rng.choice(package.ids("policies") or ["p"])
    model = rng.choice(("smart", "armington"))
    if rng.random() < 0.2:
        return lambda network: talks(network, model=model, draws=0)
    return lambda network: daliz.tariff(network, policy, model=model, draws=0).as_dict()


def _why(rng: random.Random, package: Package) -> Callable[[Network], Any]:
    from daliz.tables.schema import schema

    table = rng.choice(
        [n for n in ("links", "speeds", "rates", "terminals", "cargoes") if package.ids(n)] or ["links"]
    )
    column = rng.choice(schema()[table].figures)
    cell = f"{table}.{rng.choice(package.ids(table) or ['x'])}.{column}"
    return lambda network: str(daliz.why(network, cell))
