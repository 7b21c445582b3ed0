"""Hold what the embedded package promises."""

from __future__ import annotations

import numpy as np
import pytest

import daliz
from daliz.errors import RouteError
from daliz.routing.by_corridor import best_by_corridor
from daliz.studies.projects_ahead import planned_network
from daliz.tables.changes import first_dates
from daliz.tables.check_arithmetic import called_cells
from daliz.validation.quality import corridor_cells, share_sourced
from questions import routes_of


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("eurasia")


def test_package_is_as_large_as_promised(network: daliz.Network) -> None:
    """At least 200 places, 350 links, 60 services and 80 dated changes."""
    store = network.store
    assert [
        len(store[t]) >= n for t, n in (("nodes", 200), ("links", 350), ("services", 60), ("changes", 80))
    ] == [True] * 4


def test_shares_of_evidence_hold(network: daliz.Network) -> None:
    """At least 45 % of all distinct figures and 60 % on the Middle Corridor stand on sources all the way down."""
    assert share_sourced(network)[1] >= 0.45
    assert share_sourced(network, corridor_cells(network, "middle"))[1] >= 0.60


def test_every_assumption_is_called(network: daliz.Network) -> None:
    """No row of the table `assumptions` stands in vain: some arithmetic calls on each, and each is graded one."""
    evidence = network.store["evidence"].rows()
    called = {cell for row in evidence for cell in called_cells(str(row["arithmetic"]))}
    assert {c.row for c in called if c.table == "assumptions"} == set(network.store["assumptions"].ids)
    assert {r["grade"] for r in evidence if r["table"] == "assumptions"} == {"assumption"}


@pytest.mark.parametrize("year", range(2019, 2036))
def test_every_year_opens_and_answers(year: int) -> None:
    """Each year from 2019 to 2035 opens, and Almaty reaches Poti."""
    network = daliz.open("eurasia", year=year)
    assert network.projected == (year > 2024)
    assert routes_of(network, "Almaty", "Poti", k=1, draws=0, pareto=False)[0].days > 1


def test_a_set_begins_with_its_earliest_change(network: daliz.Network) -> None:
    """The date told for a project, event or policy is that of one of its changes, and none is earlier."""
    changes = network.store["changes"]
    first = first_dates(changes)
    assert set(first) == set(changes["set_id"])
    for name, day in first.items():
        assert day == str(changes["from_date"][changes["set_id"] == name].min())


def test_every_link_over_water_names_its_water(network: daliz.Network) -> None:
    """Each link by sea or waterway, and no other, lies in a water, and no water is named in vain."""
    links, lies_in = network.store["links"], network.store["link_waters"]
    over_water = {str(i) for i, m in zip(links.ids, links["mode"], strict=True) if m in {"sea", "waterway"}}
    assert set(lies_in["link_id"]) == over_water
    assert set(lies_in["water_id"]) == set(network.store["waters"].ids)


def test_the_middle_corridor_names_the_caspian_and_its_ports(network: daliz.Network) -> None:
    """The best Middle way to Vienna names a port, the Caspian Sea and the port behind it."""
    way = best_by_corridor(network, "xian", "vienna")["middle"]
    stops, (crossing,) = way.stops(), [leg for leg in way.legs if "Caspian Sea" in leg.waters]
    at = stops.index("(Caspian Sea)")
    assert stops[at - 1 : at + 2] == [crossing.origin, "(Caspian Sea)", crossing.destination]
    kinds = network.table("nodes")["kind"]
    rows = [network.table("nodes").position[crossing.places[i]] for i in (0, -1)]
    assert {str(kinds[r]) for r in rows} == {"port"}


@pytest.mark.parametrize("seed", range(6))
def test_a_further_condition_never_makes_a_way_cheaper(network: daliz.Network, seed: int) -> None:
    """Passing a place, leaving one or a country out, or allowing a border less costs as much or more, drawn at random."""
    served = sorted(set(network.table("terminals")["node_id"].tolist()))
    a, b, through, without = np.random.default_rng(seed).choice(served, 4, replace=False)
    free = routes_of(network, a, b, k=1, draws=0, pareto=False)[0]
    conditions = [
        {"via": [through]},
        {"avoid": [without]},
        {"avoid": ["country:RU"]},
        {"max_borders": max(len(free.borders) - 1, 0)},
    ]
    answered = 0
    for words in conditions:
        try:
            bound = routes_of(network, a, b, k=1, draws=0, pareto=False, **words)[0]
        except RouteError:
            continue
        answered += 1
        assert bound.generalised_usd >= free.generalised_usd * (1 - 1e-9)
    assert answered


NAMED = [
    "xian",
    "chongqing",
    "chengdu",
    "lianyungang",
    "yiwu",
    "urumqi",
    "alashankou",
    "dostyk",
    "khorgos",
    "altynkol",
    "bakhty",
    "aktau",
    "kuryk",
    "alat",
    "baku",
    "turkmenbashi",
    "tbilisi",
    "poti",
    "batumi",
    "anaklia",
    "kars",
    "mersin",
    "marmaray",
    "constanta",
    "varna",
    "burgas",
    "chornomorsk",
    "istanbul",
    "budapest",
    "vienna",
    "duisburg",
    "milan",
    "zabaikalsk",
    "erenhot",
    "brest",
    "malaszewicze",
    "kaliningrad",
    "hamburg",
    "lodz",
    "shanghai",
    "ningbo",
    "shenzhen",
    "qingdao",
    "rotterdam",
    "piraeus",
    "koper",
    "malacca",
    "bab-el-mandeb",
    "suez",
    "cape-of-good-hope",
    "gibraltar",
    "bosporus",
    "termez",
    "hairatan",
    "bandar-abbas",
    "moiynty",
    "kyzylzhar",
]


@pytest.mark.parametrize("name", NAMED)
def test_named_places_resolve(network: daliz.Network, name: str) -> None:
    """Every place that the corridors are told by is a node with names in three languages."""
    row = network.table("nodes").row(name)
    assert all(row[f"name_{language}"] for language in ("en", "kk", "ru"))


PROJECTS = [
    "dostyk-moiynty-2nd-track",
    "almaty-bypass",
    "bakhty-ayagoz",
    "darbaza-maktaaral",
    "moiynty-kyzylzhar",
    "aktau-hub",
    "alat-phase-2",
    "btk-modernisation",
    "poti-deep-water",
    "anaklia",
    "divrigi-kars",
    "kars-igdir-dilucu",
    "tripp-zangezur",
    "cku-railway",
    "trans-afghan",
    "digital-transit",
]
EVENTS = [
    "covid-2020",
    "ever-given-2021",
    "covid-border-2021",
    "ukraine-war-2022",
    "red-sea-2024",
    "decree-1374-2024",
    "poland-belarus-2025",
]


@pytest.mark.parametrize("name", PROJECTS + EVENTS)
def test_named_projects_and_events_can_be_put_in_force(network: daliz.Network, name: str) -> None:
    """Every project and event named in the description is a set that `under` takes."""
    assert network.under(name).added == (name,)
    assert network.under(name).resolved.figures.value.size > 1000


def test_suez_or_cape(network: daliz.Network) -> None:
    """With the Red Sea closed the container lines go round the Cape; without the event through Suez."""
    ids = network.table("nodes").ids

    def places(n: daliz.Network) -> set[str]:
        way = best_by_corridor(n, "shanghai", "rotterdam")["sea"]
        return {str(ids[p]) for a in way.arcs for p in way.graph.arcs[a].places}

    assert "cape-of-good-hope" in places(network)
    assert "suez" in places(network.without("red-sea-2024"))


def test_closed_border_is_felt(network: daliz.Network) -> None:
    """The closure of the Polish border lengthens or dears the northern way, on its days alone."""
    closed = routes_of(network.at("2025-09-15"), "Xi'an", "Lodz", k=1, draws=0, pareto=False)[0]
    open_ = routes_of(network.at("2025-08-15"), "Xi'an", "Lodz", k=1, draws=0, pareto=False)[0]
    assert closed.generalised_usd > open_.generalised_usd


def test_uranium_keeps_its_rules() -> None:
    """Before 2024 class 7 has no way through China to third countries, while a container has."""
    network = daliz.open("eurasia", year=2023)
    question = {"via": ["lianyungang"], "avoid": ["mode:air"], "k": 1, "draws": 0, "pareto": False}
    assert routes_of(network, "Inkai", "Busan", cargo="container-20", **question)[0].km > 1000
    with pytest.raises(RouteError):
        routes_of(network, "Inkai", "Busan", cargo="class-7", **question)


def test_trans_afghan_line_is_a_project(network: daliz.Network) -> None:
    """Rail beyond Mazar opens with the project alone."""
    question = {
        "cargo": "wagon",
        "avoid": ["mode:road", "mode:sea", "mode:air"],
        "k": 1,
        "draws": 0,
        "pareto": False,
    }
    with pytest.raises(RouteError, match="rail-mazar-i-sharif-kabul opens only on"):
        routes_of(network, "Tashkent", "Kabul", **question)
    assert routes_of(network.under("trans-afghan"), "Tashkent", "Kabul", **question)[0].km > 500


def test_weather_of_november_costs_days(network: daliz.Network) -> None:
    """The Caspian takes longer in November than in July."""
    november, july = (
        routes_of(
            network,
            "Aktau",
            "Baku",
            month=m,
            via=["alat"],
            avoid=["country:RU", "country:IR", "country:TM"],
            k=1,
            draws=0,
            pareto=False,
        )[0].days
        for m in (11, 7)
    )
    assert november > july


def test_projects_open_in_projected_years() -> None:
    """A projected year takes the projects whose date has come, and no set twice."""
    added = planned_network(daliz.open("eurasia", year=2030)).added
    assert len(added) == len(set(added)) > 5


def test_sea_shapes_keep_off_the_land(network: daliz.Network) -> None:
    """Each link's length is no shorter than its great circle, and shapes end at their places."""
    assert not [f for f in daliz.check("eurasia").faults if f.file in {"links.csv", "shapes.csv"}]
    assert np.isfinite(network.table("links")["length_km"]).all()
