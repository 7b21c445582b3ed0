"""The order in which rows are written decides nothing: shuffled tables give the same answers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz.errors import DalizError
from daliz.tables import Network
from daliz.tables.store import Store
from questions import routes_of
from route_cases import open_case
from small_networks import Link, road_links, road_network
from tiny_package import tiny_network

if TYPE_CHECKING:
    from collections.abc import Iterable

SAME = 1e-9
CASES = ("00-base", "11-parallel", "02b-handover", "19-one-way")


def shuffled(network: Network, seed: int, tables: Iterable[str] | None = None) -> Network:
    """Return a network with the rows of tables in another order."""
    rng = np.random.default_rng(seed)
    names = set(network.store) if tables is None else set(tables)
    rows = {
        name: table.take(rng.permutation(len(table))) if name in names else table
        for name, table in ((n, network.store.read(n)[0]) for n in network.store)
    }
    store = Store(network.store.descriptor, None, rows)
    return Network(store, network.period, network.added, network.removed, network.edits)


def answer(network: Network, a: str, b: str, **words: Any) -> Any:
    """Return an answer as plain values, or what is said instead of one."""
    try:
        found = routes_of(network, a, b, **words)
    except DalizError as error:
        return type(error).__name__, str(error)
    plain = found.as_dict()
    plain.pop("inputs_sha256")
    return plain


def assert_alike(one: Any, other: Any) -> None:
    """Compare plain values, figures to one part in 1e9."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert list(one) == list(other) or sorted(one) == sorted(other)
        for key in one:
            assert_alike(one[key], other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for x, y in zip(one, other, strict=True):
            assert_alike(x, y)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=SAME, abs=SAME)
    else:
        assert one == other


@settings(max_examples=25, deadline=None)
@given(road_links(), st.integers(0, 10**6))
def test_shuffled_small_networks_give_the_same_answer(links: list[Link], seed: int) -> None:
    """Alternatives, Pareto set and ranges are the same on networks full of ties."""
    network = road_network(links, reliability=0.5)
    words: dict[str, Any] = {"draws": 200, "pareto_within": None, "k": 4}
    assert_alike(answer(network, "n0", "n5", **words), answer(shuffled(network, seed), "n0", "n5", **words))


@cache
def known(name: str) -> Network:
    """Open a case or the tiny package once."""
    return tiny_network() if name == "tiny" else open_case(name)


QUESTIONS = (
    [
        ("tiny", a, b, {})
        for a, b in (("east", "west"), ("port", "quay"), ("45.5,75.5", "west"), ("east", "mid"))
    ]
    + [
        ("tiny", "east", "west", {"avoid": ["ferry"]}),
        ("tiny", "east", "west", {"month": 1, "k": 9, "overlap": 1.0}),
    ]
    + [(c, a, b, {}) for c in CASES for a, b in (("alba", "bora"), ("alba", "dene"), ("50.2,60", "dene"))]
    + [("02b-handover", "alba", "dene", {"date": "2024-10-01"})]
)


@pytest.mark.parametrize(("name", "a", "b", "words"), QUESTIONS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_packages_give_the_same_answer(
    name: str, a: str, b: str, words: dict[str, Any], seed: int
) -> None:
    """All tables of a package shuffled: the same ways, figures, ranges, Pareto set, notes and refusals."""
    asked = {"draws": 200} | words
    assert_alike(answer(known(name), a, b, **asked), answer(shuffled(known(name), seed), a, b, **asked))


def test_shuffled_tables_of_the_embedded_package_give_the_same_answer() -> None:
    """On the large package too, with the tables that ways are made of in another order."""
    network = daliz.open("eurasia", year=2024)
    other = shuffled(network, 7)
    for a, b in (("Xi'an", "Duisburg"), ("Haifa", "Piraeus"), ("43.3,76.9", "Istanbul")):
        words: dict[str, Any] = {"draws": 500}
        assert_alike(answer(network, a, b, **words), answer(other, a, b, **words))
