"""Alternatives are good, different, and the first is the best there is."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.routing.alternatives import Fan
from daliz.routing.layers import Layers
from daliz.routing.routes import search_weight
from questions import routes_of
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
