"""Make small road networks whose best ways can be found by trying all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from daliz.routing.query import Query, make_query
from daliz.routing.shipment import Shipment
from daliz.tables import Network

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from daliz.paths.demand import Demand

COUNTRIES = ("AA", "BB", "CC")


class Link(NamedTuple):
    """Be a road link: ends, km, km/h, kg CO2e per tkm and yearly disruptions."""

    a: int
    b: int
    km: float
    speed: float = 50.0
    kg: float = 0.1
    events: float = 0.0


def road_network(
    links: Sequence[Link], *, reliability: float = 0.0, **extra: list[dict[str, Any]]
) -> Network:
    """Make a network of places n0, n1, ... joined by roads, every one with a terminal.

    Place i lies in country i modulo 3; a km costs 1, 2 or 3 USD there. Rows in `extra` are added to tables.
    """
    count = max(max(x.a, x.b) for x in links) + 1
    names = [f"n{i}" for i in range(count)]
    ids = [f"l{i}" for i in range(len(links))]
    tables: dict[str, list[dict[str, Any]]] = {
        "nodes": [
            {
                "id": n,
                "name_en": n,
                "name_kk": n,
                "name_ru": n,
                "country": COUNTRIES[i % 3],
                "kind": "city",
                "lat": 40.0 + i,
                "lon": 60.0 + i,
            }
            for i, n in enumerate(names)
        ],
        "speeds": [
            {
                "id": i,
                "mode": "road",
                "speed_km_h": x.speed,
                "single_speed_km_h": x.speed,
                "speed_cv": 0.2,
                "factor_id": i,
            }
            for i, x in zip(ids, links, strict=True)
        ],
        "emission_factors": [
            {"id": i, "mode": "road", "basis": "tkm", "wtw_kg": x.kg} for i, x in zip(ids, links, strict=True)
        ],
        "links": [
            {
                "id": i,
                "from_node": names[x.a],
                "to_node": names[x.b],
                "mode": "road",
                "length_km": x.km,
                "speed_class": i,
            }
            for i, x in zip(ids, links, strict=True)
        ],
        "hazards": [
            {"id": i, "scope": "link", "scope_id": i, "events_per_year": x.events, "mean_days": 2.0}
            for i, x in zip(ids, links, strict=True)
        ],
        "terminal_classes": [
            {
                "id": "depot",
                "hours": 2.0,
                "hours_sd": 1.0,
                "document_hours": 1.0,
                "usd_40": 10.0,
                "usd_t": 1.0,
                "kg_co2e_t": 0.1,
                "kg_co2e_container": 2.0,
            }
        ],
        "terminals": [
            {"id": f"{n}-road", "node_id": n, "mode": "road", "operation": "handling", "class_id": "depot"}
            for n in names
        ],
        "rates": [
            {
                "id": f"road-{c.lower()}",
                "mode": "road",
                "country": c,
                "cargo_group": "container",
                "direction": "both",
                "basis": "line-haul",
                "kind": "price",
                "usd_per_km": 1.0 + i,
                "price_year": 2024,
            }
            for i, c in enumerate(COUNTRIES)
        ],
        "cargoes": [
            {
                "id": "container-40",
                "rate_group": "container",
                "containers": 1,
                "teu": 2,
                "payload_t": 20,
                "gross_t": 24,
                "rate_units": 1,
                "value_usd": 50000,
                "value_of_time_usd_h": 20,
                "reliability_ratio": reliability,
            }
        ],
        "constants": [{"id": "road-winding", "value": 1.3}],
    }
    for name, rows in extra.items():
        tables[name] = [*tables.get(name, []), *rows]
    return Network.from_tables(tables, 2024)


@st.composite
def road_links(draw: st.DrawFn, places: int = 6) -> list[Link]:
    """Make up links that join all places, with some more between them."""
    numbers = st.integers(1, 9)

    def link(a: int, b: int) -> Link:
        return Link(
            a, b, 100.0 * draw(numbers), 10.0 * draw(numbers), draw(numbers) / 50.0, float(draw(numbers))
        )

    tree = [link(draw(st.integers(0, i - 1)), i) for i in range(1, places)]
    pairs = st.tuples(st.integers(0, places - 1), st.integers(0, places - 1)).filter(lambda p: p[0] != p[1])
    return tree + [link(a, b) for a, b in draw(st.lists(pairs, max_size=6))]


def ask(network: Network, origin: str, destination: str, **words: Any) -> Query:
    """Make the query of a shipment under conditions."""
    return make_query(network, origin, destination, Shipment(**words))


def every_way(query: Query) -> Iterator[list[int]]:
    """Give every way from start to goal that is in no state twice, by trying all."""
    leaving: dict[int, list[int]] = {}
    for arc in np.flatnonzero(query.open).tolist():
        leaving.setdefault(int(query.graph.tail[arc]), []).append(arc)

    def on(state: int, arcs: list[int], seen: frozenset[int]) -> Iterator[list[int]]:
        if state == query.goal:
            yield arcs
            return
        for arc in leaving.get(state, ()):
            head = int(query.graph.head[arc])
            if head not in seen:
                yield from on(head, [*arcs, arc], seen | {head})

    yield from on(query.start, [], frozenset({query.start}))


def places_of(query: Query, arcs: Sequence[int]) -> list[int]:
    """Give the places passed in order, stays in one place counted once."""
    found: list[int] = []
    for arc in arcs:
        found += [p for p in query.graph.arcs[arc].places if not found or p != found[-1]]
    return found


MODES = ("road", "rail", "sea", "air", "waterway", "pipeline")


def many_mode_network(modes: int, capacity: float = 2000.0) -> tuple[Network, Demand]:
    """Make two places with a road through the country and one line of each further mode, and demand between them.

    From n0 to n3 leads a path of two links by each mode, by a place of its own; every place has terminals of all modes.
    Corridor `by-<mode>` holds the paths with most km by it.
    """
    from daliz.paths.given_demand import demand_from_rows

    used = MODES[:modes]
    places = ["n0", "n3", *(f"via-{m}" for m in used)]
    nodes = [
        {
            "id": n,
            "name_en": n,
            "name_kk": n,
            "name_ru": n,
            "country": "AA",
            "kind": "city",
            "lat": 40.0 + i,
            "lon": 60.0,
        }
        for i, n in enumerate(places)
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "nodes": nodes,
        "speeds": [
            {"id": m, "mode": m, "speed_km_h": 50, "single_speed_km_h": 50, "speed_cv": 0.2, "factor_id": m}
            for m in used
        ],
        "emission_factors": [{"id": m, "basis": "tkm", "wtw_kg": 0.1} for m in used],
        "links": [
            {
                "id": f"m{i}-{half}",
                "from_node": "n0" if half == 0 else f"via-{m}",
                "to_node": f"via-{m}" if half == 0 else "n3",
                "mode": m,
                "length_km": 300 + 20 * i,
                "speed_class": m,
                "capacity": capacity,
                "capacity_unit": "t/year",
                "capacity_per": "both",
            }
            for i, m in enumerate(used)
            for half in (0, 1)
        ],
    }
    tables |= _services_of(used[2:]) | _terminals_of(used, places) | _choice()
    network = _with_new_mode(tables)
    rows = [{"origin": "n0", "destination": "n3", "cargo": "bulk", "units": 3000.0}]
    return network, demand_from_rows(network, rows)


def _with_new_mode(tables: dict[str, list[dict[str, Any]]]) -> Network:
    """Make a network in which rows may have a mode that the schema does not know yet."""
    known = {
        t: [
            r
            | {
                c: "rail"
                for c in ("mode", "main_mode")
                if r.get(c) in MODES[5:] or (r.get(c) == "waterway" and c == "main_mode")
            }
            for r in rows
        ]
        for t, rows in tables.items()
    }
    network = Network.from_tables(known, 2024)
    store = network.store
    for name, rows in tables.items():
        for column in ("mode", "main_mode"):
            if rows and column in rows[0]:
                told = np.array([r[column] for r in rows], object)
                store = store.replace(**{name: store[name].replace(**{column: told})})
    return Network(store, network.period)


def _services_of(modes: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Make a line for each mode that has none without a service."""
    return {
        "services": [
            {
                "id": f"line-{m}",
                "name_en": m,
                "kind": "deep-sea",
                "mode": m,
                "cargo_groups": "bulk",
                "departures_per_week": 7,
                "return_departures_per_week": 7,
                "headway_cv": 1.0,
            }
            for m in modes
        ],
        "stops": [
            {"id": f"{m}-{i}", "service_id": f"line-{m}", "sequence": i, "node_id": n, "call": "both"}
            for m in modes
            for i, n in enumerate(("n0", f"via-{m}", "n3"), 1)
        ],
    }


def _terminals_of(modes: Sequence[str], places: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    cell = {
        "hours": 2,
        "hours_sd": 1,
        "document_hours": 0,
        "usd_40": 10,
        "usd_t": 1,
        "kg_co2e_t": 0,
        "kg_co2e_container": 0,
    }
    return {
        "terminal_classes": [{"id": "yard", **cell}],
        "terminals": [
            {"id": f"{n}-{m}", "node_id": n, "mode": m, "operation": "handling", "class_id": "yard"}
            for n in places
            for m in modes
            if n in {"n0", "n3", f"via-{m}"}
        ],
        "rates": [
            {
                "id": f"{m}-bulk",
                "mode": m,
                "cargo_group": "bulk",
                "direction": "both",
                "kind": "price",
                "usd_per_km": 0.05,
            }
            for m in modes
        ],
        "cargoes": [
            {
                "id": "bulk",
                "name_en": "bulk",
                "name_kk": "bulk",
                "name_ru": "bulk",
                "rate_group": "bulk",
                "unit": "t",
                "containers": 0,
                "teu": 0,
                "payload_t": 1,
                "gross_t": 1,
                "rate_units": 1,
                "value_usd": 100,
                "value_of_time_usd_h": 0.1,
                "reliability_ratio": 0.5,
            }
        ],
    }


def _choice() -> dict[str, list[dict[str, Any]]]:
    parameters = {
        "reference-sd": 100,
        "scale": 0.001,
        "nest-route": 0.5,
        "nest-corridor": 0.8,
        "aversion": 0,
        "aversion-decay": 0,
    }
    return {
        "loads": [{"id": "t", "cargo_id": "bulk", "resource": "tonne", "amount": 1}],
        "delays": [
            {"id": k, "form": "bpr", "b": 1, "power": 4} for k in ("link", "terminal", "border", "service")
        ],
        "choice": [{"id": k, "value": v} for k, v in parameters.items()],
        "corridors": [
            {
                "id": f"by-{m}",
                "name_en": m,
                "name_kk": m,
                "name_ru": m,
                "order": i,
                "shown": True,
                "main_mode": m,
            }
            for i, m in enumerate(MODES, 1)
        ],
    }
