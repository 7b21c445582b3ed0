"""The Pareto set covers every way within one part in a hundred in dollars, hours, CO2e and risk."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daliz.routing.layers import Layers
from daliz.routing.pareto import pareto
from questions import routes_of
from small_networks import Link, ask, every_way, road_links, road_network
from tiny_package import tiny_network

if TYPE_CHECKING:
    from random import Random

SLACK = 1e-6


@settings(max_examples=60, deadline=None)
@given(road_links(), st.sampled_from([0.0, 0.01, 0.1]))
def test_it_covers_every_way(links: list[Link], epsilon: float) -> None:
    """For each of all ways one found costs at most (1 + epsilon) times as much in each criterion, and is real."""
    query = ask(road_network(links), "n0", "n5")
    costs = query.costs
    criteria = np.stack([costs.usd, costs.hours, costs.kg, costs.risk])
    found = pareto(Layers(query), criteria, epsilon, [])
    vectors = np.array([criteria[:, arcs].sum(axis=1) for arcs in found])
    for way in every_way(query):
        assert (vectors <= criteria[:, way].sum(axis=1) * (1 + epsilon) + SLACK).all(axis=1).any()
    for arcs in found:
        assert (query.graph.tail[arcs[0]], query.graph.head[arcs[-1]]) == (query.start, query.goal)
        assert all(query.graph.head[a] == query.graph.tail[b] for a, b in pairwise(arcs))
        assert query.open[arcs].all()


@settings(max_examples=30, deadline=None)
@given(road_links())
def test_no_member_beats_another(links: list[Link]) -> None:
    """No way of the answer is at least as good as another one in everything."""
    found = routes_of(road_network(links), "n0", "n5", draws=0, pareto_within=None).pareto
    vectors = [np.array([i.usd, i.hours, i.kg_co2e, i.risk]) for i in found]
    for a, v in enumerate(vectors):
        assert not any((w <= v).all() for b, w in enumerate(vectors) if b != a)


@settings(max_examples=30, deadline=None)
@given(road_links(), st.sampled_from([1.0, 1.1, 1.5]))
def test_within_a_limit_it_covers_what_costs_no_more(links: list[Link], within: float) -> None:
    """With `pareto_within` the ways up to that cost are covered, and the best in each criterion are there too."""
    found = routes_of(road_network(links), "n0", "n5", draws=0, pareto_within=within)
    query = found.query
    costs = query.costs
    criteria = np.stack([costs.usd, costs.hours, costs.kg, costs.risk])
    ways = list(every_way(query))
    totals = np.array([criteria[:, w].sum(axis=1) for w in ways])
    price = totals[:, 0] + query.value_of_time * totals[:, 1]
    vectors = np.array([[i.usd, i.hours, i.kg_co2e, -np.log1p(-i.risk)] for i in found.pareto])
    for total in totals[price <= within * price.min()]:
        assert (vectors <= total * 1.01 + SLACK).all(axis=1).any()
    assert vectors.min(axis=0) == pytest.approx(totals.min(axis=0), rel=1e-6)


def test_the_tiny_network_with_services_is_covered() -> None:
    """With services, borders and changes of gauge the same holds (each way tried)."""
    found = routes_of(tiny_network(), "east", "west", draws=0, pareto_within=None)
    costs = found.query.costs
    criteria = np.stack([costs.usd, costs.hours, costs.kg, costs.risk])
    vectors = np.array([criteria[:, list(i.arcs)].sum(axis=1) for i in found.pareto])
    for way in every_way(found.query):
        assert (vectors <= criteria[:, way].sum(axis=1) * 1.01 + SLACK).all(axis=1).any()


def test_unjoined_places_have_none() -> None:
    """Where no way leads there is no Pareto set."""
    query = ask(road_network([Link(0, 1, 100), Link(1, 2, 100)]), "n0", "n2", avoid=["n1"])
    costs = query.costs
    assert pareto(Layers(query), np.stack([costs.usd, costs.hours, costs.kg, costs.risk]), 0.01, []) == []


@settings(max_examples=60, deadline=None)
@given(road_links(), st.randoms(use_true_random=False))
def test_no_way_at_all_beats_a_member(links: list[Link], random: Random) -> None:
    """No way of all (each tried) is as good in everything and better in something, whatever the order of the links."""
    random.shuffle(links)
    found = routes_of(road_network(links), "n0", "n5", draws=0, pareto_within=None)
    query = found.query
    criteria = np.stack([query.costs.usd, query.costs.hours, query.costs.kg, query.costs.risk])
    every = np.array([criteria[:, w].sum(axis=1) for w in every_way(query)])
    for way in found.pareto:
        mine = criteria[:, way.arcs].sum(axis=1)
        beats = (every <= mine * (1 + 1e-9) + 1e-9).all(axis=1) & (every < mine * (1 - 1e-6)).any(axis=1)
        assert not beats.any()
