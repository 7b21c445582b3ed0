"""Hold models under shocks to models made from nothing, and refuse shocks that cannot be."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import daliz
from daliz import Scale, Shock
from daliz.errors import DataError, DemandError, ShockError
from small_networks import Link, many_mode_network, road_network
from test_assignment_capacity import CHOICE

if TYPE_CHECKING:
    from collections.abc import Sequence

DELAYS = [{"id": k, "form": "bpr", "b": 1, "power": 4} for k in ("link", "terminal", "border", "service")]
LOADS = [{"id": "t", "cargo_id": "container-40", "resource": "truck", "amount": 1}]


def road_model(links: Sequence[Link], trips: Sequence[tuple[int, int, float]], trucks: float) -> daliz.Model:
    """Make a model of roads of some trucks a day, with demand between pairs of places."""
    choice = [{"id": k, "value": v} for k, v in CHOICE.items()]
    network = road_network(links, loads=LOADS, delays=DELAYS, choice=choice)
    table = network.store["links"]
    count = len(table)
    narrow = table.replace(
        capacity=np.full(count, trucks),
        capacity_unit=np.array(["trucks/day"] * count, object),
        capacity_per=np.array(["direction"] * count, object),
    )
    network = daliz.Network(network.store.replace(links=narrow), network.period)
    rows = [
        {"origin": f"n{a}", "destination": f"n{b}", "cargo": "container-40", "units": u} for a, b, u in trips
    ]
    return daliz.Model(network, daliz.demand_from_rows(network, rows))


def random_model(rng: np.random.Generator) -> daliz.Model:
    """Make a connected road model of five to nine places with some dozen links."""
    count = int(rng.integers(5, 10))
    ring = [
        Link(i, (i + 1) % count, float(rng.integers(100, 900)), float(rng.integers(30, 90)))
        for i in range(count)
    ]
    more = []
    for _ in range(int(rng.integers(2, 2 * count))):
        a, b = rng.choice(count, 2, replace=False)
        if not any({x.a, x.b} == {a, b} for x in [*ring, *more]):
            more.append(Link(int(a), int(b), float(rng.integers(100, 900)), float(rng.integers(30, 90))))
    trips = []
    for _ in range(int(rng.integers(1, 5))):
        a, b = rng.choice(count, 2, replace=False)
        trips.append((int(a), int(b), float(rng.uniform(100, 20_000))))
    return road_model([*ring, *more], trips, float(rng.uniform(5, 60)))


@given(st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_regrown_routes_are_those_found_from_nothing(seed: int) -> None:
    """Whatever closes, and whatever then costs and takes more or less, routes and volumes are those of a fresh search."""
    rng = np.random.default_rng(seed)
    model = daliz.assign_model(random_model(rng)).model
    ids = [str(i) for i in model.network.table("links").ids]
    shut, scaled = rng.choice(ids, 2, replace=False)
    quantity = ("time", "cost", "capacity")[int(rng.integers(3))]
    shock = Shock(
        close=(f"link:{shut}",),
        scale=(Scale(f"link:{scaled}", quantity, float(rng.choice([0.4, 0.8, 1.5, 3.0]))),),
    )
    under = model.under(shock)
    flows, fresh = daliz.assign_model(under), daliz.assign_model(under.afresh())
    assert flows.converged
    np.testing.assert_array_equal(under.plain.mark, under.afresh().plain.mark)
    whole = max(fresh.volume.sum(), 1.0)
    assert np.abs(flows.volume - fresh.volume).sum() <= 1e-4 * whole


def test_a_shock_and_what_is_left_of_it_is_the_model_before() -> None:
    """Two shocks in a row are both in force, in any order, and the base stays as it was."""
    links = [Link(0, 1, 300), Link(1, 3, 300), Link(0, 2, 400), Link(2, 3, 400), Link(0, 3, 900)]
    model = daliz.assign_model(road_model(links, [(0, 3, 20_000.0)], 30.0)).model
    before = len(model.plain)
    one, two = Shock(close=("link:l0",)), Shock(scale=(Scale("link:l2", "capacity", 0.5),))
    first, second = (daliz.assign_model(model.under(a).under(b)) for a, b in ((one, two), (two, one)))
    np.testing.assert_allclose(first.volume, second.volume, rtol=1e-4, atol=1.0)
    assert not first.routes.on_links([0]).any()
    assert len(model.plain) == before


def test_masked_routes_are_left_and_no_new_ones_found() -> None:
    """Without regrowing, the routes under a closure are those of the base that do not use it."""
    links = [Link(0, 1, 300), Link(1, 3, 300), Link(0, 2, 400), Link(2, 3, 400)]
    flows = daliz.assign_model(road_model(links, [(0, 3, 20_000.0)], 30.0))
    masked = daliz.assign_model(flows.model.under(Shock(close=("link:l0",)), regrow=False))
    kept = flows.routes.take(np.flatnonzero(~flows.routes.on_links([0])))
    np.testing.assert_array_equal(masked.routes.mark, kept.mark)
    assert masked.converged


def test_an_origin_cut_off_is_unserved() -> None:
    """Where a closure leaves no route, demand is unserved in the books and the rest goes on, by every method."""
    links = [Link(0, 1, 300), Link(1, 2, 300), Link(2, 3, 300)]
    model = daliz.assign_model(road_model(links, [(0, 3, 500.0), (1, 3, 700.0)], 30.0)).model
    cut = model.under(Shock(close=("link:l0",)))
    for method in ("sue", "due", "so", "capacity"):
        flows = daliz.assign_model(cut, method=method)
        assert flows.converged, method
        assert flows.unserved.sum() == pytest.approx(500.0), method
        assert flows.flow.sum() == pytest.approx(700.0), method


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ({}, "names nothing"),
        ({"close": "link:l0"}, "give a tuple"),
        ({"close": ("link:l0", "link:l0")}, "stands twice"),
        ({"scale": (Scale("link:l0", "colour", 2.0),)}, "'colour' cannot be scaled"),
        ({"scale": (Scale("link:l0", "time", 0.0),)}, "factor of 0"),
        ({"scale": (Scale("link:l0", "time", float("nan")),)}, "factor of nan"),
    ],
)
def test_shocks_that_cannot_be_are_refused(words: dict[str, Any], match: str) -> None:
    """A shock that names nothing, or in another form, is refused before anything runs."""
    with pytest.raises(ShockError, match=match):
        Shock(**words)


@pytest.mark.parametrize(
    ("shock", "match"),
    [
        (Shock(close=("link:l99",)), "no link 'l99'"),
        (Shock(close=("road:l0",)), "names nothing; write link:NAME"),
        (Shock(close=("country:QQ",)), "no country 'QQ'"),
        (Shock(close=("arc:9999",)), "There is no arc 9999"),
        (Shock(open=("link:l1",)), "open already"),
        (Shock(open=("project:canal",)), "holds no candidate 'canal'"),
    ],
)
def test_shocks_of_what_is_not_there_are_refused(shock: Shock, match: str) -> None:
    """What is unknown, open already or no candidate is told with its name."""
    model = road_model([Link(0, 1, 300), Link(1, 3, 300)], [(0, 3, 5.0)], 30.0)
    with pytest.raises(ShockError, match=match):
        model.under(shock)


def test_what_is_closed_cannot_be_closed_and_opens_again() -> None:
    """Closing twice is refused; what a shock closed, the next may open, and all is as before."""
    links = [Link(0, 1, 300), Link(1, 3, 300), Link(0, 2, 400), Link(2, 3, 400)]
    model = daliz.assign_model(road_model(links, [(0, 3, 20_000.0)], 30.0)).model
    closed = model.under(Shock(close=("link:l0",)))
    with pytest.raises(ShockError, match="l0 is closed already"):
        closed.under(Shock(close=("link:l0", "link:l1")))
    assert closed.under(Shock(open=("link:l0",))) is model
    other = closed.under(Shock(close=("link:l2",), open=("link:l0",)))
    np.testing.assert_array_equal(other.plain.mark, model.under(Shock(close=("link:l2",))).plain.mark)
    with pytest.raises(ShockError, match="can be masked"):
        model.under(Shock(scale=(Scale("link:l0", "time", 2.0),)), regrow=False)


def test_scaling_scales_hours_dollars_waits_and_capacity() -> None:
    """Time and cost of a link, and departures and capacity of a line, change by their factors and nothing else."""
    network, demand = many_mode_network(3)
    model = daliz.Model(network, demand)
    base, link = model.ground.base, model.ground.link_arcs[0]
    slow = model.under(Shock(scale=(Scale("link:m0-0", "time", 2.0),))).ground.base
    dear = model.under(Shock(scale=(Scale("link:m0-0", "cost", 3.0),))).ground.base
    np.testing.assert_allclose(slow[0, link], 2.0 * base[0, link])
    rest = [a for a in range(base.shape[1]) if a not in link]
    np.testing.assert_allclose(slow[:, rest], base[:, rest])
    np.testing.assert_allclose(dear[2, link], 3.0 * base[2, link])
    few = model.under(Shock(scale=(Scale("service:line-sea", "departures", 0.5),))).ground
    boards = [i for i, a in enumerate(few.arcs) if a.role == "board"]
    wait = network.table("services")["departures_per_week"][0]
    np.testing.assert_allclose(few.base[0, boards] - base[0, boards], 168.0 / wait / 2 * 2.0)
    half = model.under(Shock(scale=(Scale("link:m0-0", "capacity", 0.5),))).capacities
    changed = half.capacity != model.capacities.capacity
    assert [p.row for p, c in zip(half.places, changed, strict=True) if c] == ["m0-0"]


def test_every_kind_of_thing_closes_its_arcs() -> None:
    """Links, terminals, services and countries close what runs over, in or by them."""
    network, demand = many_mode_network(3)
    model = daliz.Model(network, demand)
    ground = model.ground
    for word, used in (
        ("link:m0-0", lambda a: any(link == 0 for link, _ in a.links)),
        ("service:line-sea", lambda a: a.service == 0),
        ("country:AA", lambda _: True),
    ):
        shut = model.under(Shock(close=(word,))).ground.shut
        assert {i for i, a in enumerate(ground.arcs) if used(a)} == set(shut), word
    shut = model.under(Shock(close=("terminal:n0-sea",))).ground.shut
    assert {ground.arcs[a].role for a in shut} == {"board", "alight"}


def test_candidates_are_shut_until_a_shock_opens_them() -> None:
    """A model with a candidate gives the volumes of the base; opened, those of the network with the project."""
    network = daliz.open("eurasia", year=2024)
    rows = [
        {"origin": o, "destination": d, "cargo": "container-40", "units": u}
        for o, d, u in (("xian", "tashkent", 20_000), ("xian", "duisburg", 60_000), ("almaty", "poti", 9_000))
    ]
    demand = daliz.demand_from_rows(network, rows)
    names = ("cku-railway", "aktau-hub")
    base = daliz.assign(network, demand)
    flows = daliz.assign_model(daliz.Model(network, demand, candidates=names))

    def by_place(found: daliz.Flows) -> dict[Any, float]:
        return {p: v for p, v in zip(found.capacities.places, found.volume.tolist(), strict=True) if v > 1e-9}

    assert by_place(flows) == pytest.approx(by_place(base), rel=1e-6)
    for name in names:
        opened = daliz.assign_model(flows.model.under(Shock(open=(f"project:{name}",))))
        fresh = daliz.assign(network.under(name), demand)
        assert opened.totals()["usd"] == pytest.approx(fresh.totals()["usd"], rel=1e-4)
        mine, other = by_place(opened), by_place(fresh)
        whole = sum(other.values())
        assert sum(abs(mine.get(p, 0.0) - other.get(p, 0.0)) for p in {*mine, *other}) < 1e-3 * whole


def test_a_model_is_small_in_a_pickle_and_comes_back() -> None:
    """Pickled after use a model leaves its trees behind, and gives the same volumes under the same shock."""
    links = [Link(0, 1, 300), Link(1, 3, 300), Link(0, 2, 400), Link(2, 3, 400)]
    flows = daliz.assign_model(road_model(links, [(0, 3, 20_000.0)], 30.0))
    shock = Shock(close=("link:l0",))
    here = daliz.assign_model(flows.model.under(shock))
    size = len(pickle.dumps(flows.model))
    there = pickle.loads(pickle.dumps(flows)).model  # noqa: S301
    assert "forest" not in there.__dict__
    assert len(pickle.dumps(there)) <= size * 1.05
    np.testing.assert_allclose(daliz.assign_model(there.under(shock)).volume, here.volume, rtol=1e-5)


def test_a_start_of_another_network_is_refused() -> None:
    """Flows of another network, or of the same under other changes, are no start."""
    one, two = (road_model([Link(0, 1, km), Link(1, 3, 300)], [(0, 3, 5.0)], 30.0) for km in (300.0, 400.0))
    flows = daliz.assign_model(one)
    with pytest.raises(DemandError, match="The start is of"):
        daliz.assign(two.network, two.demand, start=flows)


def test_demand_of_other_pairs_is_refused() -> None:
    """A model asked for pairs that it has no routes for says so."""
    model = road_model([Link(0, 1, 300), Link(1, 3, 300)], [(0, 3, 5.0)], 30.0)
    rows = [{"origin": "n1", "destination": "n3", "cargo": "container-40", "units": 5.0}]
    with pytest.raises(DemandError, match="pairs for which this model has no routes"):
        model.demanding(daliz.demand_from_rows(model.network, rows))


def test_candidates_that_set_one_cell_are_refused() -> None:
    """Two projects that set the same cell have no whole."""
    network = daliz.open("eurasia", year=2024)
    changes = network.store["changes"]
    setters: dict[tuple[str, str, str], str] = {}
    history = set(network.store["change_sets"].ids[network.store["change_sets"]["history"]])
    for row in changes.rows():
        key = (row["table"], row["row_id"], row["column"])
        if row["op"] != "set" or row["set_id"] in history:
            continue
        if key in setters and setters[key] != row["set_id"]:
            with pytest.raises(DataError, match="both set"):
                daliz.Model(network, candidates=(setters[key], row["set_id"]))
            return
        setters[key] = row["set_id"]
    pytest.skip("no two sets of the package set one cell")
