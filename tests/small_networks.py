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
    return Network.from_tables(tables)


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
