"""Hold the assignment of the embedded package: books, certificates, answers that must not surprise."""

from __future__ import annotations

import csv
import itertools
import json
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pytest

import daliz
from command_line import run
from daliz.calibration.fit import YearModel, calibrate
from daliz.calibration.series import observed
from daliz.errors import DemandError, PlaceError, WriteError
from daliz.paths.choice import ChoiceParameters, table_values
from daliz.paths.demand import aversion, quantities
from daliz.paths.ground import ground_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("eurasia", year=2024)


@pytest.fixture(scope="module")
def flows(network: daliz.Network) -> daliz.Flows:
    return daliz.assign(network)


@pytest.mark.parametrize("year", range(2019, 2025))
def test_every_market_is_split_without_loss(year: int) -> None:
    """Demand and what is bound to one way add up to the market's tonnes, in every year."""
    network = daliz.open("eurasia", year=year)
    demand = daliz.demand_of(network)
    payload = network.table("cargoes")["payload_t"]
    tonnes = (
        np.bincount(demand.tag, demand.units * payload[demand.cargo], len(demand.tags)) + demand.captive_t
    )
    flows, teu = network.table("flows"), network.table("cargoes")
    shares: dict[str, float] = {}
    for row in network.table("flow_cargoes").rows():
        c = teu.position[row["cargo_id"]]
        per = (
            float(teu["payload_t"][c] / teu["teu"][c])
            if flows.row(row["flow_id"])["unit"] == "TEU"
            else 1000.0
        )
        shares[row["flow_id"]] = shares.get(row["flow_id"], 0.0) + row["share"] * per
    for name, quantity in quantities(network, year).items():
        assert tonnes[flows.position[name]] == pytest.approx(quantity * shares[name], rel=1e-9, abs=1e-6)


def test_shares_of_markets_add_up(network: daliz.Network) -> None:
    """Weights of ends and shares of classes add up to one in each market, and each has six years."""
    ends, classes, years = (network.table(t).rows() for t in ("flow_ends", "flow_cargoes", "flow_years"))
    for name in network.table("flows").ids:
        for end in ("origin", "destination"):
            assert sum(r["weight"] for r in ends if (r["flow_id"], r["end"]) == (name, end)) == pytest.approx(
                1, abs=1e-3
            )
        assert sum(r["share"] for r in classes if r["flow_id"] == name) == pytest.approx(1, abs=1e-6)
        assert sorted(r["year"] for r in years if r["flow_id"] == name) == list(range(2019, 2025))


def test_sue_converges_and_keeps_the_books(flows: daliz.Flows) -> None:
    """The gap is 1e-6, all demand is on routes, and links carry what routes do."""
    assert flows.converged
    assert flows.certificate["relative_gap"] <= 1e-6
    sent = np.bincount(flows.routes.pair, flows.flow, len(flows.unserved))
    np.testing.assert_allclose(sent, np.bincount(flows.model.of_row, flows.demand.units), rtol=1e-9)
    by_market = sum(r["kt"] for r in flows.select_link("sea-aktau-alat"))
    link = next(r for r in flows.links() if r["link"] == "sea-aktau-alat")
    assert by_market == pytest.approx(link["kt_forward"] + link["kt_backward"])


def test_averse_shippers_stay_out_of_russia(flows: daliz.Flows) -> None:
    """No route of an averse pair passes a Russian place."""
    graph = flows.routes.ground
    russian = set(np.flatnonzero(flows.network.table("nodes")["country"] == "RU").tolist())
    bad = np.array([bool(russian & set(a.places)) for a in graph.arcs])
    pairs = flows.routes.pairs
    averse = np.array([pairs.avoided[a] == ("RU",) for a in pairs.avoid])[flows.routes.pair]
    hit = np.add.reduceat(bad[flows.routes.arcs].astype(int), flows.routes.begin[:-1]) > 0
    assert averse.any()
    assert not (hit & averse).any()


def test_routes_come_to_no_place_twice(flows: daliz.Flows) -> None:
    """A sample of routes passes each place once, begins at the origin and ends at the destination."""
    r = flows.routes
    for k in np.random.default_rng(0).choice(len(r), 300, replace=False):
        states = [r.ground.arcs[a] for a in r.arcs[r.begin[k] : r.begin[k + 1]]]
        places = [r.ground.states[s.tail].node for s in states] + [r.ground.states[states[-1].head].node]
        stays = [p for i, p in enumerate(places) if i == 0 or p != places[i - 1]]
        assert len(stays) == len(set(stays))
        assert (places[0], places[-1]) == (r.pairs.origin[r.pair[k]], r.pairs.destination[r.pair[k]])
        assert all(a.head == b.tail for a, b in itertools.pairwise(states))


def test_the_shortest_route_is_in_the_set(flows: daliz.Flows) -> None:
    """The least generalised cost of a pair's routes is that of a plain search, for a sample of pairs.

    Where the path of the plain search comes back to a place, as on a branch, no route of a set costs less.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    from daliz.paths.cost import Amounts, Values, additive_cost
    from daliz.paths.eligibility import Consignment, eligibility

    r, graph = flows.routes, flows.routes.ground
    cargoes, country = flows.network.table("cargoes"), flows.network.table("nodes")["country"].astype(str)
    sd = table_values(flows.network)["reference-sd"]
    for k in np.random.default_rng(3).choice(len(r.pairs), 12, replace=False):
        o, d, c, a = (int(x[k]) for x in r.pairs[:4])
        cargo = cargoes.row(str(cargoes.ids[c]))
        avoid = tuple(f"country:{x}" for x in r.pairs.avoided[a])
        costs, _, allowed, _ = eligibility(
            graph, Consignment(cargo["id"], (country[o], country[d]), avoid=avoid)
        )
        time = cargo["value_of_time_usd_h"]
        amounts = Amounts(costs.usd, costs.hours, costs.variance, costs.kg)
        weight = additive_cost(amounts, Values(time, time * cargo["reliability_ratio"]), sd)
        shut = ~allowed
        order = np.argsort(-np.where(shut, np.inf, weight), kind="stable")
        order = order[~shut[order]]
        size = len(graph.states)
        best: dict[tuple[int, int], float] = {}
        arc_of: dict[tuple[int, int], int] = {}
        for a in order:
            key = int(graph.tail[a]), int(graph.head[a])
            if float(weight[a]) <= best.get(key, np.inf):
                best[key], arc_of[key] = float(weight[a]), int(a)
        rows, cols = np.array(list(best)).T
        distance, before = dijkstra(
            csr_array((np.maximum(list(best.values()), 1e-12), (rows, cols)), shape=(size, size)),
            indices=o,
            return_predecessors=True,
        )
        found, at, path = distance[d], d, []
        while at != o:
            path.append(arc_of[int(before[at]), at])
            at = int(before[at])
        passed = [p for p, _ in groupby(p for a in path[::-1] for p in graph.arcs[a].places)]
        mine = min(
            weight[r.arcs[r.begin[i] : r.begin[i + 1]]].sum() for i in range(r.first[k], r.first[k + 1])
        )
        assert mine >= found * (1 - 1e-9)
        assert mine == pytest.approx(found, rel=1e-9) or len(set(passed)) < len(passed)


def test_a_start_leads_to_the_same_flows(network: daliz.Network, flows: daliz.Flows) -> None:
    """From flows under another scale the equilibrium is the same."""
    other = daliz.assign(network, values={"scale": 0.0005}, start=flows)
    again = daliz.assign(network, start=other)
    np.testing.assert_allclose(again.volume, flows.volume, rtol=1e-3, atol=50)


def test_a_run_cut_short_says_so_everywhere(network: daliz.Network, tmp_path: Path) -> None:
    """Two steps do not converge: repr, file and exit code tell."""
    short = daliz.assign(network, terms=daliz.AssignmentTerms(steps=2))
    assert not short.converged
    assert "NOT CONVERGED" in repr(short)
    told = json.loads((short.save(tmp_path / "run") / "run.json").read_text("utf-8"))
    assert told["converged"] is False


def test_capacity_keeps_within_what_there_is(network: daliz.Network) -> None:
    """No element is loaded beyond its capacity, only full ones have a price, and the gap is proven."""
    rows = [
        {"origin": "xian", "destination": d, "cargo": "container-40", "units": u}
        for d, u in (("poti", 30000), ("duisburg", 90000), ("almaty", 50000))
    ]
    found = daliz.assign(network, daliz.demand_from_rows(network, rows), method="capacity")
    room = found.capacities.room
    assert found.converged
    assert (found.volume <= room * (1 + 1e-9) + 1e-6).all()
    assert (found.price[found.volume < 0.999 * room] <= 1e-6).all()


def test_a_corridor_nobody_can_afford_is_left(network: daliz.Network, flows: daliz.Flows) -> None:
    """At 50,000 USD more the Middle Corridor keeps only those who have no other way, and the others carry the rest."""
    higher = daliz.assign(network, values={"constant-middle": 50000.0, "constant-middle-loose": 50000.0})
    before, after = (
        next(c["teu"] for c in f.corridors() if c["corridor"] == "middle") for f in (flows, higher)
    )
    assert before > 10_000
    assert after < 0.2 * before
    assert higher.totals()["kt"] == pytest.approx(flows.totals()["kt"])


def test_elasticity_sends_less(network: daliz.Network, flows: daliz.Flows) -> None:
    """With an elasticity some stay at home, and the books say how many."""
    fewer = daliz.assign(network, terms=daliz.AssignmentTerms(elasticity=0.5))
    assert fewer.totals()["kt"] + fewer.totals()["unserved_kt"] == pytest.approx(flows.totals()["kt"])
    assert fewer.totals()["unserved_kt"] > 0


def test_aversion_fades(network: daliz.Network) -> None:
    """The share who stay away is the parameter in the market's first year, decays after and is none before."""
    choice = ChoiceParameters.of(network, {"aversion": 0.6, "aversion-decay": 0.5})
    market = {"avoids": "RU", "avoids_from": 2022.0}
    assert [aversion(choice, market, y) for y in (2021, 2022, 2024)] == [0.0, 0.6, pytest.approx(0.15)]
    assert aversion(choice, {"avoids": "", "avoids_from": np.nan}, 2024) == 0.0


def test_capacity_of_elements_is_positive_and_background_within(network: daliz.Network) -> None:
    """Every element has a capacity, and other traffic leaves some of it."""
    e = ground_of(network).capacities
    assert (e.capacity > 0).all()
    assert (e.background < e.capacity).all()
    assert {"link", "terminal", "border", "service"} == set(e.kind)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"origin": "atlantis"}, "row 1: there is no place 'atlantis'"),
        ({"cargo": "cheese"}, "row 1: there is no class 'cheese'"),
        ({"units": "-3"}, "units is -3"),
        ({"units": "nan"}, "units is 'nan'"),
        ({"units": "many"}, "units is 'many'"),
        ({"destination": "xian"}, "give two places"),
    ],
)
def test_bad_demand_is_named(network: daliz.Network, row: dict[str, str], words: str) -> None:
    """Unknown places and classes and bad quantities are told with the row."""
    good = {"origin": "xian", "destination": "poti", "cargo": "container-40", "units": "10"}
    with pytest.raises(DemandError, match=words):
        daliz.demand_from_rows(network, [good | row])


def test_bad_questions_are_named(network: daliz.Network, flows: daliz.Flows) -> None:
    """An unknown method, target, elasticity or link ends in a sentence."""
    with pytest.raises(DemandError, match="no method 'magic'"):
        daliz.assign(network, method="magic")
    for words, match in (({"target": 2.0}, "target of 2"), ({"elasticity": -1.0}, "elasticity of -1")):
        with pytest.raises(DemandError, match=match):
            daliz.assign(network, terms=daliz.AssignmentTerms(**words))
    with pytest.raises(PlaceError, match="sea-aktau-alt"):
        flows.select_link("sea-aktau-alt")


def test_the_command_line_assigns(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Tables for people, JSON for programs, demand from a file, a TNTP network, and code 1 where a run does not converge."""
    code, out, _ = run(capsys, "assign", "--top", "3", "--out", str(tmp_path / "run"))
    assert (code, "Bottlenecks" in out, (tmp_path / "run" / "links.csv").exists()) == (0, True, True)
    (tmp_path / "d.csv").write_text("origin,destination,cargo,units\nxian,poti,container-40,100\n", "utf-8")
    code, out, _ = run(capsys, "assign", "--demand", str(tmp_path / "d.csv"), "--json")
    assert json.loads(out)["totals"]["teu"] == pytest.approx(200)
    net = (
        "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 2\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n1 2 1 1 1 0 1 "
        "0 0 1 ;\n1 2 1 1 1 1 1 0 0 1 ;\n"
    )
    trips = "<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n2 : 1.0;\n"
    (tmp_path / "n.tntp").write_text(net, "utf-8")
    (tmp_path / "t.tntp").write_text(trips, "utf-8")
    files = (str(tmp_path / "n.tntp"), str(tmp_path / "t.tntp"))
    code, out, _ = run(capsys, "assign", "--tntp", *files, "--csv")
    assert code == 0
    assert [float(r["volume"]) for r in csv.DictReader(out.splitlines())] == [1.0, 0.0]
    code, out, _ = run(capsys, "assign", "--tntp", *files, "--method", "capacity")
    assert code == 0
    code, _, err = run(capsys, "assign", "--tntp", files[1], files[0])
    assert (code, err.startswith("daliz: "), err.count("\n")) == (2, True, 1)


def test_calibration_finds_parameters_that_made_the_counts(
    network: daliz.Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counts made by the model itself with other parameters pull the fit from the prior towards them."""
    import daliz.calibration.fit as module

    model = YearModel(network, table_values(network))
    true = table_values(network) | {
        "scale": 0.0007,
        "constant-north": -300.0,
        "constant-middle": 200.0,
        "constant-middle-loose": 800.0,
        "aversion": 0.6,
        "aversion-decay": 0.4,
    }
    count, made = model.series(true)
    counts = {(s, 2024): float(v) for s, v in zip(count.ids, made, strict=True)}
    assert set(counts) >= {k for k in observed(network) if k[1] == 2024}
    monkeypatch.setattr(module, "observed", lambda _: counts)
    monkeypatch.setattr(module, "SPREAD", 0.05)
    fit = calibrate({2024: model})
    for row in fit.rows:
        assert row["model"] == pytest.approx(row["observed"], rel=0.05)
    assert fit.converged


def test_quantities_beyond_measure_do_not_pass_for_converged(network: daliz.Network) -> None:
    """Vast and tiny quantities end in flows that keep the books, or in a sentence; never in numbers that are none."""
    for units in (1e8, 1e11, 1e-200):
        rows = [{"origin": "xian", "destination": "duisburg", "cargo": "container-40", "units": units}]
        try:
            flows = daliz.assign(network, daliz.demand_from_rows(network, rows))
        except DemandError:
            continue
        assert np.isfinite(flows.totals()["kt"])
        assert np.isfinite(flows.volume).all()


def test_elasticity_never_makes_more_of_demand(network: daliz.Network) -> None:
    """Queues send shippers home and bring none, whatever the elasticity."""
    flows = daliz.assign(network, terms=daliz.AssignmentTerms(elasticity=1.0))
    assert flows.unserved.min() >= -1e-6


def test_saving_leaves_the_files_of_others(flows: daliz.Flows, tmp_path: Path) -> None:
    """A folder that holds something else is refused, and what it holds stays."""
    flows.save(tmp_path / "run")
    (tmp_path / "run" / "thesis.txt").write_text("years of work", "utf-8")
    with pytest.raises(WriteError, match=r"is no run, so it is left as it is \(it holds thesis\.txt\)"):
        flows.save(tmp_path / "run")
    assert (tmp_path / "run" / "thesis.txt").read_text("utf-8") == "years of work"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"scale": float("nan")}, "scale is nan"),
        ({"scale": 0.0}, "scale is 0"),
        ({"reference-sd": -1.0}, "reference-sd is -1"),
    ],
)
def test_bad_parameters_are_named(network: daliz.Network, values: dict[str, float], words: str) -> None:
    """A parameter that is no number or out of range is told."""
    with pytest.raises(DemandError, match=words):
        daliz.assign(network, values=values)


def test_bad_options_of_the_command_are_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Options that do not go together, gaps out of range and files in another encoding end with one sentence and code 2."""
    (tmp_path / "d.csv").write_bytes("origin;ü\n".encode("latin-1"))
    (tmp_path / "s.csv").write_text("origin;destination;cargo;units\nxian;poti;container-40;5\n", "utf-8")
    for words in (
        ("--tntp", "a", "b", "--select", "x"),
        ("--tntp", "a", "b", "--gap", "2"),
        ("--demand", str(tmp_path / "d.csv")),
        ("--demand", str(tmp_path / "s.csv")),
        ("--select", "sea-aktau-alt"),
        ("--elasticity", "nan"),
        ("--top", "-1"),
    ):
        code, out, err = run(capsys, "assign", *words)
        assert (code, out, "Traceback" in err) == (2, "", False), words


def test_no_two_routes_of_a_pair_are_one(flows: daliz.Flows) -> None:
    """Every route of a pair differs from the others by its arcs, and merging loses none."""
    from daliz.paths.route_sets import merged

    r = flows.routes
    ways = {
        (int(k), tuple(r.arcs[a:b].tolist()))
        for k, a, b in zip(r.pair, r.begin[:-1], r.begin[1:], strict=True)
    }
    assert len(ways) == len(r)
    np.testing.assert_array_equal(merged(r, r).arcs, r.arcs)
