"""Hold what shocks scale, close and open on a small network, thing by thing, and refuse what names nothing."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from daliz import Scale, Shock
from daliz.errors import ShockError
from daliz.graph.ledger import USD_KINDS, Cause, Kind
from daliz.paths.ground import Ground, ground_of
from daliz.paths.shock import shocked, target_of
from tiny_package import tiny_network

DELAYS = {k: {"form": "bpr", "b": 1.0, "power": 4.0} for k in ("link", "terminal", "border", "service")}
RAIL = {"capacity": 20.0, "capacity_unit": "train-pairs/day", "capacity_per": "both"}
ROAD = {"capacity": 90.0, "capacity_unit": "trucks/day", "capacity_per": "both"}
RAIL_EAST_KM, RIDE_KM = 150.0, 850.0


@functools.cache
def ground() -> Ground:
    """Build the tiny network once, with delays, capacities of a railway and a road, and two operators."""
    return ground_of(
        tiny_network(
            delays=DELAYS,
            links={"rail-mid-port": RAIL, "road-quay-west": ROAD, "rail-quay-west": {"operator_id": "line"}},
            terminals={"port-rail": {"operator_id": "railway"}},
            services={"block": {"operator_id": "railway"}, "ferry": {"operator_id": "line"}},
        )
    )


def row(service: str) -> int:
    """Return the row of a service."""
    return ground().network.table("services").position[service]


def whole_rides() -> tuple[int, ...]:
    """Return the rides of the block train over the border and past the change of gauge, both ways."""
    gate = ground().network.table("nodes").position["gate"]
    rides = (i for i, a in enumerate(ground().arcs) if a.role == "ride" and a.service == row("block"))
    return tuple(i for i in rides if gate in ground().arcs[i].places[1:-1])


def ratios(what: str, quantity: str, factor: float) -> dict[tuple[int, Cause], float]:
    """Give by arc and cause what the entries that a scale changes are multiplied by."""
    before = ground()
    after = shocked(before, before.capacities, Shock(scale=(Scale(what, quantity, factor),)))[0].ledger
    kept = before.ledger.quantity != after.quantity
    arcs, causes = after.arc[kept].tolist(), map(Cause, after.cause[kept].tolist())
    times = (after.quantity[kept] / before.ledger.quantity[kept]).tolist()
    sds = before.ledger.sd[kept] * times
    np.testing.assert_allclose(after.sd[kept], sds)
    return dict(zip(zip(arcs, causes, strict=True), times, strict=True))


def arcs_of(role: str, *places: str) -> set[int]:
    """Give the arcs of a role at places."""
    position = ground().network.table("nodes").position
    rows = tuple(position[p] for p in places)
    return {i for i, a in enumerate(ground().arcs) if a.role == role and a.places == rows}


def test_time_of_a_terminal_scales_what_it_takes() -> None:
    """Handling, papers and weather of a port take twice as long; waits for the ship and other ports do not."""
    found = ratios("terminal:port-sea", "time", 2.0)
    boards, alights = arcs_of("board", "port"), arcs_of("alight", "port")
    ships = {a for a in boards | alights if ground().arcs[a].service == row("ferry")}
    assert {a for a, _ in found} == ships
    assert {c for _, c in found} == {Cause.HANDLING, Cause.TERMINAL_DOCUMENTS, Cause.WEATHER}
    assert set(found.values()) == {2.0}


def test_a_change_of_gauge_is_scaled_where_trains_pass_it_too() -> None:
    """Its hours and dollars grow on the arcs of the change and on rides past it, not on rides elsewhere."""
    slow, dear = (ratios("terminal:gate-gauge", q, 3.0) for q in ("time", "cost"))
    changes = arcs_of("gauge-change", "gate")
    assert len(changes) == 2
    assert {a for a, _ in slow} == changes | set(whole_rides())
    assert {c for _, c in slow} == {Cause.GAUGE_CHANGE, Cause.TERMINAL_DOCUMENTS}
    assert {c for _, c in dear} == {Cause.GAUGE_CHANGE}
    assert {*slow.values(), *dear.values()} == {3.0}


def test_a_border_is_scaled_in_its_direction() -> None:
    """The post forward slows what runs forward, trains of the line with it, and leaves the way back."""
    found = ratios("border:rail-east-gate-forward", "time", 2.0)
    assert {a for a, _ in found} == {0, whole_rides()[0]}
    assert {c for _, c in found} == {Cause.BORDER, Cause.BORDER_DOCUMENTS}
    assert set(found.values()) == {2.0}
    fees = ratios("border:rail-east-gate-backward", "cost", 0.5)
    assert set(fees) == {(1, Cause.BORDER), (whole_rides()[1], Cause.BORDER)}
    assert set(fees.values()) == {0.5}


def test_a_ride_over_several_links_is_scaled_by_the_share_of_km() -> None:
    """Twice the hours of 150 km of a ride of 850 add 150 / 850 to it."""
    found = ratios("link:rail-east-gate", "time", 2.0)
    assert found[0, Cause.RUN] == found[1, Cause.RUN] == 2.0
    for ride in whole_rides():
        assert found[ride, Cause.RUN] == pytest.approx(1.0 + RAIL_EAST_KM / RIDE_KM)
    assert len(found) == 4


def test_a_service_is_scaled_in_hours_dollars_and_departures() -> None:
    """Rides and stays of a line, half the wait at twice the departures, and fares where one boards; no other line's."""
    own = {i for i, a in enumerate(ground().arcs) if a.service == row("block")}
    slow = ratios("service:block", "time", 1.5)
    assert {a for a, _ in slow} == {a for a in own if ground().arcs[a].role in {"ride", "stay"}}
    assert {c for _, c in slow} == {Cause.RUN, Cause.DWELL}
    waits = ratios("service:block", "departures", 2.0)
    assert set(waits) == {(a, Cause.WAIT) for a in own if ground().arcs[a].role == "board"}
    assert set(waits.values()) == {0.5}
    fares = ratios("service:ferry", "cost", 2.0)
    ships = {a for a, b in enumerate(ground().arcs) if b.service == row("ferry")}
    assert {a for a, _ in fares} == {a for a in ships if ground().arcs[a].role == "board"}
    assert set(fares.values()) == {2.0}


def test_an_operator_is_scaled_in_all_it_owns() -> None:
    """The line has a ship and a railway, the railway a train and a yard: each is slower, and nothing of the other."""
    line, railway = (ratios(f"operator:{o}", "time", 2.0) for o in ("line", "railway"))
    owned = ground().network.table("links").position["rail-quay-west"]
    rides = {i for i, a in enumerate(ground().arcs) if a.role == "ride" and a.service == row("ferry")}
    assert {a for a, _ in line} == rides | set(ground().link_arcs[owned])
    assert {a for a, c in railway if c == Cause.HANDLING} == {
        a for r in ("load", "unload", "board", "alight") for a in arcs_of(r, "port") if yard_at_port(a)
    }
    assert {c for _, c in railway} == {Cause.RUN, Cause.DWELL, Cause.HANDLING, Cause.TERMINAL_DOCUMENTS}
    assert {ground().arcs[a].service for a, _ in ratios("operator:railway", "departures", 2.0)} == {
        row("block")
    }


def yard_at_port(arc: int) -> bool:
    """Tell whether an arc loads or unloads trains."""
    return any(ground().states[s].mode == "rail" for s in ground().arcs[arc][:2])


def test_a_country_is_scaled_within_and_at_its_borders() -> None:
    """Links, terminals and posts of China are slower; those of Azerbaijan are as they were."""
    found = ratios("country:CN", "time", 2.0)
    ran = {a for a, c in found if c == Cause.RUN}
    links = ground().network.table("links").position
    over = {a for n in ("rail-east-gate", "road-east-gate") for a in ground().link_arcs[links[n]]}
    assert ran == over
    assert found[whole_rides()[0], Cause.BORDER] == 2.0
    assert {a for a, c in found if c == Cause.BORDER} == over
    handled = {a for a, c in found if c == Cause.HANDLING}
    assert {ground().arcs[a].places for a in handled} == {(0,)}


@pytest.mark.parametrize(("quantity", "kinds"), [("time", {Kind.HOURS}), ("cost", set(USD_KINDS.values()))])
def test_an_arc_is_scaled_alone_and_whole(quantity: str, kinds: set[Kind]) -> None:
    """All hours, or all dollars, of one arc are scaled, whatever their cause, and no other arc is."""
    before, ride = ground().ledger, whole_rides()[0]
    after = shocked(ground(), ground().capacities, Shock(scale=(Scale(f"arc:{ride}", quantity, 4.0),)))[
        0
    ].ledger
    mine = (before.arc == ride) & np.isin(before.kind, list(kinds)) & (before.quantity != 0)
    assert mine.any()
    np.testing.assert_allclose(after.quantity, np.where(mine, 4.0, 1.0) * before.quantity)


@pytest.mark.parametrize(
    ("what", "quantity", "named"),
    [
        ("link:rail-mid-port", "capacity", {"rail-mid-port"}),
        ("country:KZ", "capacity", {"rail-mid-port"}),
        ("country:AZ", "capacity", {"road-quay-west"}),
        ("operator:line", "capacity", {"ferry"}),
        ("service:ferry", "capacity", {"ferry"}),
        ("service:ferry", "departures", {"ferry"}),
        ("operator:line", "departures", {"ferry"}),
        ("link:rail-mid-port", "time", set()),
    ],
)
def test_capacities_are_scaled_of_what_is_named(what: str, quantity: str, named: set[str]) -> None:
    """Capacities of the things meant are halved and all others stay; without any the capacities are the same object."""
    before = ground().capacities
    after = shocked(ground(), before, Shock(scale=(Scale(what, quantity, 0.5),)))[1]
    mine = np.array([p.row in named for p in before.places])
    assert {p.row for p in before.places} >= named
    np.testing.assert_array_equal(after.capacity, np.where(mine, 0.5, 1.0) * before.capacity)
    assert (after is before) == (not named)


def test_scales_of_one_shock_multiply() -> None:
    """A link in a country, both scaled, is scaled by both factors."""
    shock = Shock(scale=(Scale("link:road-gate-mid", "time", 2.0), Scale("country:KZ", "time", 3.0)))
    before, after = ground().ledger, shocked(ground(), ground().capacities, shock)[0].ledger
    on = (before.arc == 10) & (before.cause == Cause.RUN) & (before.kind == Kind.HOURS)
    np.testing.assert_allclose(after.quantity[on], 6.0 * before.quantity[on])
    other = (before.arc == 12) & (before.cause == Cause.RUN) & (before.kind == Kind.HOURS)
    np.testing.assert_allclose(after.quantity[other], 3.0 * before.quantity[other])


@pytest.mark.parametrize(
    ("word", "match"),
    [
        ("terminal:port-se", "no terminal 'port-se' in force. Did you mean port-sea"),
        ("border:nowhere", "no border 'nowhere'"),
        ("service:fery", "no service 'fery' in force. Did you mean ferry"),
        ("operator:lin", "no operator 'lin' in force. Did you mean line"),
        ("country:KK", "no country 'KK' in this network"),
        ("arc:x", "no arc x; arcs are numbered from 0 to 59"),
        ("arc:60", "no arc 60"),
        ("ship:ferry", "'ship:ferry' names nothing; write link:NAME, terminal:NAME"),
        ("link:", "'link:' names nothing"),
    ],
)
def test_words_that_name_nothing_are_refused(word: str, match: str) -> None:
    """Kind, name and number are each refused with what there is."""
    with pytest.raises(ShockError, match=match):
        target_of(ground(), word)


def test_what_nothing_runs_over_is_refused() -> None:
    """An operator without a thing is told with the year."""
    idle = ground_of(tiny_network(operators={"idle": {"name_en": "Idle", "country": "KZ"}}))
    with pytest.raises(ShockError, match="Nothing runs over operator:idle in 2024"):
        target_of(idle, "operator:idle")


def test_what_is_closed_opens_and_what_is_open_does_not() -> None:
    """A border closed in one direction opens again; open, it cannot be opened, and closed, not closed."""
    word = "border:rail-east-gate-forward"
    closed, capacities = shocked(ground(), ground().capacities, Shock(close=(word,)))
    assert dict(closed.shut) == dict.fromkeys((0, whole_rides()[0]), f"shock: close {word}")
    assert capacities is ground().capacities
    assert not shocked(closed, capacities, Shock(open=(word,)))[0].shut
    with pytest.raises(ShockError, match=f"{word} is open already; it cannot be opened"):
        shocked(ground(), capacities, Shock(open=(word,)))
    with pytest.raises(ShockError, match=f"{word} is closed already; it cannot be closed"):
        shocked(closed, capacities, Shock(close=(word,)))


@pytest.mark.parametrize(
    ("scale", "match"),
    [
        (
            Scale("link:a", "tim", 2.0),
            "'tim' cannot be scaled; give capacity, cost, time, departures. Did you",
        ),
        (Scale("link:a", "time", 0.0), "a factor of 0 on time cannot be used"),
        (Scale("link:a", "cost", float("nan")), "a factor of nan on cost"),
    ],
)
def test_quantities_and_factors_are_refused(scale: Scale, match: str) -> None:
    """Only what can be scaled is, and by a number above 0."""
    with pytest.raises(ShockError, match=match):
        Shock(scale=(scale,))


@pytest.mark.parametrize(
    "scale", [Scale("link:rail-mid-port", "departures", 2.0), Scale("arc:0", "capacity", 2.0)]
)
def test_a_scale_that_changes_nothing_is_refused(scale: Scale) -> None:
    """What a thing does not have cannot be scaled."""
    with pytest.raises(ShockError, match=f"{scale.what} has no {scale.quantity} in 2024"):
        shocked(ground(), ground().capacities, Shock(scale=(scale,)))


def test_shocks_after_shocks_are_one() -> None:
    """Factors multiply, what closed opens, and what the second repeats is refused."""
    first = Shock(close=("link:a",), scale=(Scale("link:b", "time", 2.0),))
    both = first.then(Shock(open=("link:a", "project:p"), scale=(Scale("link:b", "time", 3.0),)))
    assert both == Shock(open=("project:p",), scale=(Scale("link:b", "time", 6.0),))
    assert both.projects == ("p",)
    with pytest.raises(ShockError, match="link:a is closed already"):
        first.then(Shock(close=("link:a",)))
    with pytest.raises(ShockError, match="project:p is open already"):
        both.then(Shock(open=("project:p",)))
