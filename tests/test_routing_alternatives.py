"""Alternatives are good, different, and the first is the best there is."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.routing.alternatives import Fan
from daliz.routing.layers import Layers
from daliz.routing.pricing import search_weight
from questions import routes_of
from route_cases import open_case, ways
from small_networks import Link, ask, every_way, places_of, road_links, road_network
from tiny_package import tiny_network


@settings(max_examples=40, deadline=None)
@given(road_links())
def test_the_first_is_the_shortest_of_all(links: list[Link]) -> None:
    """On a small network the best way costs what the best of all ways costs (each way tried)."""
    query = ask(road_network(links), "n0", "n5")
    weight = query.costs.usd + query.value_of_time * query.costs.hours
    best = min(weight[w].sum() for w in every_way(query))
    found = routes_of(query.graph.network, "n0", "n5", draws=0, pareto=False)
    assert found[0].generalised_usd == pytest.approx(best)


@settings(max_examples=40, deadline=None)
@given(
    road_links(),
    st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]),
    st.sampled_from([1.0, 1.2, 3.0]),
    st.integers(1, 4),
)
def test_alternatives_keep_their_word(links: list[Link], overlap: float, stretch: float, share: int) -> None:
    """They share at most `overlap` of the shorter, cost at most `limit` times the best, return to no place."""
    network = road_network(links, reliability=0.8)
    found = routes_of(
        network,
        "n0",
        "n5",
        k=4,
        draws=0,
        pareto=False,
        overlap=overlap,
        limit=stretch,
        per_corridor=share,
    )
    costs = [i.generalised_usd for i in found]
    assert costs == sorted(costs)
    assert costs[-1] <= stretch * costs[0] * (1 + 1e-9)
    assert 1 <= len(found) <= min(4, share)  # all by road, in one corridor
    km = network.table("links")["length_km"]
    used = [{link for a in i.arcs for link, _ in i.graph.arcs[a].links} for i in found]
    for a, b in combinations(used, 2):
        assert km[sorted(a & b)].sum() <= overlap * min(km[sorted(a)].sum(), km[sorted(b)].sum()) + 1e-9
    for way in found:
        places = places_of(way.query, way.arcs)
        assert len(set(places)) == len(places)
        assert all(way.graph.head[a] == way.graph.tail[b] for a, b in pairwise(way.arcs))
        assert (way.arcs[0], way.arcs[-1]) == (way.arcs[0], way.arcs[-1])
        assert way.query.open[list(way.arcs)].all()


def test_a_corridor_has_its_share_and_no_more() -> None:
    """At most `per_corridor` ways belong to one corridor, and another corridor comes in instead."""
    for share in (1, 2):
        found = routes_of(
            tiny_network(),
            "east",
            "west",
            k=6,
            draws=0,
            pareto=False,
            per_corridor=share,
            overlap=1.0,
        )
        names = [i.corridor for i in found]
        assert max(names.count(n) for n in names) <= share
    assert {"middle", "road"} <= set(names)


@settings(max_examples=25, deadline=None)
@given(road_links())
def test_a_fan_holds_the_best_way_through_each_state(links: list[Link]) -> None:
    """Sums along the fan's ways equal sums over their arcs, and no way through the state costs less."""
    query = ask(road_network(links), "n0", "n5")
    weight = search_weight(query, layers := Layers(query))
    fan = Fan(layers, weight)
    least = dict.fromkeys(range(len(fan.total)), float("inf"))
    for way in every_way(query):
        total = weight[way].sum()
        for state in {query.start, *query.graph.head[way].tolist()}:
            least[state] = min(least[state], total)
    for state, total in enumerate(fan.total):
        if total < float("inf"):
            way = fan.way(state)
            assert weight[way].sum() == pytest.approx(total, abs=1e-5)
            assert fan.km[state] == pytest.approx(query.graph.km[way].sum())
            assert total <= least[state] + 1e-5


def test_where_every_way_comes_back_the_best_one_is_given() -> None:
    """To pass a place at the end of a branch the way must return, and it is given all the same."""
    network = road_network([Link(0, 1, 100), Link(1, 2, 100), Link(1, 3, 50)])
    (way,) = routes_of(network, "n0", "n2", via=["n3"], draws=0)
    assert places_of(way.query, way.arcs) == [0, 1, 3, 1, 2]


def test_a_quicker_road_beside_a_shorter_one_is_an_alternative() -> None:
    """Beside 300 km at 50 km/h, 320 km at 90 km/h between the same places stand among the alternatives."""
    roads = [
        Link(0, 1, 300, 50),
        Link(0, 2, 280, 50),
        Link(2, 1, 280, 50),
        Link(1, 3, 300, 50),
        Link(0, 1, 320, 90),
    ]
    found = routes_of(road_network(roads), "n0", "n1", draws=0)
    slow, quick = (next(i for i in found if i.km == km) for km in (300, 320))
    assert quick.hours - slow.hours == pytest.approx(320 / 90 - 300 / 50)
    alone = routes_of(road_network(roads), "n0", "n1", draws=0, parallel=False)
    assert {i.km for i in alone} == {min(slow, quick, key=lambda i: i.generalised_usd).km, 560}


@st.composite
def doubled_roads(draw: st.DrawFn) -> list[Link]:
    """Make up a network in which some roads have a second one beside them."""
    links = draw(road_links(places=5))
    beside = draw(st.lists(st.sampled_from(links), max_size=4))
    numbers = st.integers(1, 9)
    return links + [x._replace(km=100.0 * draw(numbers), speed=10.0 * draw(numbers)) for x in beside]


@settings(max_examples=60, deadline=None)
@given(doubled_roads(), st.sampled_from([0.3, 0.5, 0.8]), st.sampled_from([1.3, 3.0]))
def test_every_parallel_link_that_fits_is_found(links: list[Link], overlap: float, limit: float) -> None:
    """An alternative with one link exchanged for a parallel one is found, if the rule admits it beside the others."""
    network = road_network(links)
    found = routes_of(
        network, "n0", "n4", k=200, draws=0, pareto=False, overlap=overlap, limit=limit, per_corridor=200
    )
    query, km = found.query, network.table("links")["length_km"]
    price = query.costs.usd + query.value_of_time * query.costs.hours

    def used(arcs: list[int]) -> set[int]:
        return {link for a in arcs for link, _ in query.graph.arcs[a].links}

    def alike(one: set[int], other: set[int]) -> bool:
        return km[sorted(one & other)].sum() > overlap * min(km[sorted(x)].sum() for x in (one, other))

    kept = [list(i.arcs) for i in found]
    for way in kept:
        for at, arc in enumerate(way):
            same_ends = (query.graph.tail == query.graph.tail[arc]) & (
                query.graph.head == query.graph.head[arc]
            )
            for other in np.flatnonzero(same_ends & query.open).tolist():
                swapped = [*way[:at], other, *way[at + 1 :]]
                if price[swapped].sum() <= limit * found[0].generalised_usd * (1 - 1e-6):
                    assert swapped in kept or any(alike(used(swapped), used(w)) for w in kept)


def test_no_alternative_stands_twice() -> None:
    """Where two may share all their km, one path is still one alternative."""
    found = routes_of(tiny_network(), "east", "west", k=9, draws=0, overlap=1.0, per_corridor=9)
    assert len({i.arcs for i in found}) == len(found)


def test_a_parallel_link_is_an_alternative() -> None:
    """A second road of 320 km at 90 km/h between the same two places stands beside the one of 300 km at 50."""
    found = ways(open_case("11-parallel"), "alba", "bora")
    assert [w.km for w in found][:2] == [300, 320]
    assert found[1].hours < found[0].hours


@pytest.mark.parametrize("case", ["00-base", "11-parallel"])
def test_no_way_stands_twice_whatever_may_be_shared(case: str) -> None:
    """Where alternatives may share all their km, each goes over other links, or by another service."""
    network = open_case(case)
    for a, b in (("alba", "bora"), ("alba", "dene"), ("50.2,60", "dene"), ("50.0,64.3", "dene")):
        found = ways(network, a, b, overlap=1.0, k=9, per_corridor=9)
        over = [tuple((leg.service, leg.places, leg.km) for leg in way.legs) for way in found]
        assert len(set(over)) == len(over)
