"""Hold `daliz assign --tntp` on small networks that other programs get wrong, in tests/cases/tntp."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import command_line

CASES = Path(__file__).parent / "cases" / "tntp"


def run(capsys: pytest.CaptureFixture[str], net: str, trips: str, *words: str) -> tuple[int, str, str]:
    """Run `daliz assign --tntp` on two files of the cases, or of any folder."""
    return command_line.run(capsys, "assign", "--tntp", str(CASES / net), str(CASES / trips), *words)


def answer(capsys: pytest.CaptureFixture[str], net: str, trips: str, *words: str) -> dict[str, object]:
    """Read the answer of a run that ends well."""
    code, out, err = run(capsys, net, trips, *words, "--json")
    assert code == 0, err
    return dict(json.loads(out))


def test_a_zone_in_the_way_is_named_by_the_number_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Zone 3, below FIRST THRU NODE, stands on the only way from zone 1 to zone 2, and the message says so."""
    for method in ("due", "so", "capacity"):
        code, out, err = run(capsys, "blk.net", "blk.trips", "--method", method)
        assert (code, out) == (2, "")
        assert (
            "zone 1 to zone 2, which asks for 10 of 10: the only way passes zone 3, below FIRST THRU NODE 4"
            in err
        )


def test_a_first_through_node_beyond_the_nodes_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """The header is at fault and not the links."""
    code, out, err = run(capsys, "ftn9.net", "ok.trips")
    assert (code, out) == (2, "")
    assert "<FIRST THRU NODE> is 9, but nodes run from 1 to 3" in err


def test_powers_4_and_one_half_share(capsys: pytest.CaptureFixture[str]) -> None:
    """About 0.55 of 19 take the second link, at a gap of 1e-12."""
    told = answer(capsys, "half_net.tntp", "half_trips.tntp", "--gap", "1e-12")
    assert told["converged"]
    first, second = told["links"]
    assert second["volume"] == pytest.approx(0.5602, abs=1e-4)
    assert first["cost"] == pytest.approx(second["cost"], rel=1e-12)


def test_six_links_that_stalled_reach_the_gap(capsys: pytest.CaptureFixture[str]) -> None:
    """The paths of one pair share to 1e-12, 4.5 of 8 on the link whose delay meets the constant one."""
    told = answer(capsys, "stall_net.tntp", "stall_trips.tntp", "--gap", "1e-12")
    assert told["relative_gap"] <= 1e-12
    assert told["links"][0]["volume"] == pytest.approx(4.5, rel=1e-9)


def test_pairs_without_a_way_are_counted_and_dropped_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    """Zone 1 to zone 3 has no way: refused by name, or left unserved in the books of every method."""
    code, _, err = run(capsys, "unreach_net.tntp", "unreach_trips.tntp")
    assert code == 2
    assert (
        "1 of 2 pairs cannot be served: zone 1 to zone 3, which asks for 2 of 7: no link enters zone 3."
        in err
    )
    for method in ("due", "so", "capacity"):
        told = answer(
            capsys, "unreach_net.tntp", "unreach_trips.tntp", "--unreachable", "drop", "--method", method
        )
        assert (told["served"], told["unserved"]) == (5.0, 2.0)
        assert told["unserved_pairs"] == [{"from": 1, "to": 3, "unserved": 2.0, "why": "no way"}]
        assert [x["volume"] for x in told["links"]] == [5.0, 0.0]
    _, out, _ = run(capsys, "unreach_net.tntp", "unreach_trips.tntp", "--unreachable", "drop")
    assert "1 pair without a way unserved" in out
    code, _, err = run(capsys, "unreach_net.tntp", "unreach_trips.tntp", "--unreachable", "keep")
    assert code == 2
    assert "cannot be treated by 'keep'" in err


def test_all_pairs_without_a_way_are_counted_and_the_largest_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Two pairs of three have none; the larger is named, with the reason."""
    head = "<NUMBER OF ZONES> 3\n<NUMBER OF NODES> 3\n<FIRST THRU NODE> 1\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n"
    (tmp_path / "n").write_text(head + "1 2 10 1 1 0.15 4 0 0 1 ;\n2 3 10 1 1 0.15 4 0 0 1 ;\n", "utf-8")
    trips = "<NUMBER OF ZONES> 3\n<END OF METADATA>\nOrigin 2\n1 : 4;\nOrigin 3\n1 : 9; \nOrigin 1\n 3 : 1;\n"
    (tmp_path / "t").write_text(trips, "utf-8")
    _, _, err = run(capsys, str(tmp_path / "n"), str(tmp_path / "t"))
    assert (
        "2 of 3 pairs cannot be served, which ask for 13 of 14. The largest is zone 3 to zone 1 with 9: "
        in err
    )
    assert "no link leaves zone 3." in err
    (tmp_path / "t").write_text(trips.replace("9;", "3;"), "utf-8")
    _, _, err = run(capsys, str(tmp_path / "n"), str(tmp_path / "t"))
    assert "The largest is zone 2 to zone 1 with 4: no link enters zone 1." in err


def test_the_figure_that_is_least_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """User equilibrium makes the Beckmann value least and the optimum the total; both are told under their names."""
    user, system = (answer(capsys, "half_net.tntp", "half_trips.tntp", "--method", m) for m in ("due", "so"))
    assert (user["objective"], user["objective_is"]) == (user["beckmann"], "Beckmann value")
    assert (system["objective"], system["objective_is"]) == (system["total_cost"], "total cost")
    assert user["beckmann"] < system["beckmann"]
    assert system["total_cost"] < user["total_cost"]
    for told in (user, system):
        total = sum(x["volume"] * x["cost"] for x in told["links"])
        assert told["total_cost"] == pytest.approx(total)
    assert (
        "(minimised), Beckmann value" in run(capsys, "half_net.tntp", "half_trips.tntp", "--method", "so")[1]
    )


def test_passes_end_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    """One pass is made and told as not converged; none is refused, and so is the option without a TNTP network."""
    code, out, _ = run(capsys, "half_net.tntp", "half_trips.tntp", "--passes", "1", "--json")
    assert (code, json.loads(out)["converged"], json.loads(out)["passes"]) == (1, False, 1)
    code, _, err = run(capsys, "half_net.tntp", "half_trips.tntp", "--passes", "0")
    assert code == 2
    assert "0 passes" in err
    code, _, err = command_line.run(capsys, "assign", "--passes", "3")
    assert code == 2
    assert "--passes" in err


def test_no_trips_are_an_answer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Trips of 0 and from a zone to itself load nothing, in every method."""
    trips = "<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n2 : 0; 1 : 5;\n"
    (tmp_path / "t").write_text(trips, "utf-8")
    for method in ("due", "so", "capacity"):
        told = answer(capsys, "half_net.tntp", str(tmp_path / "t"), "--method", method)
        assert [x["volume"] for x in told["links"]] == [0.0, 0.0]
        assert told["converged"]


def test_capacity_0_needs_a_constant_time(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Beside b 0 it is a constant time for equilibria, and refused by name where capacities bind."""
    net = (CASES / "half_net.tntp").read_text("utf-8").replace("8\t1\t2.5\t1\t0.5", "0\t1\t2.6\t0\t4")
    (tmp_path / "n").write_text(net, "utf-8")
    told = answer(capsys, str(tmp_path / "n"), "half_trips.tntp")
    assert told["links"][1]["cost"] == 2.6
    assert told["links"][0]["cost"] == pytest.approx(2.6)
    code, _, err = run(capsys, str(tmp_path / "n"), "half_trips.tntp", "--method", "capacity")
    assert code == 2
    assert "Link 2 from zone 1 to zone 2: its capacity is 0" in err


@pytest.mark.parametrize(
    ("links", "cause"),
    [
        (["2 1", "1 2"], "no link enters zone 3"),
        (["2 1", "2 3"], "no link leaves zone 1"),
        (["1 2", "4 3", "3 1"], "the links lead only the other way"),
        (["1 2", "4 3"], "the links that leave zone 1 never come to those that enter zone 3"),
    ],
)
def test_why_a_pair_has_no_way_is_told(
    links: list[str], cause: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a pair that cannot be served the first cause without which it could is named, in the file's own numbers."""
    rows = "".join(f"{ends} 10 1 1 0.15 4 0 0 1 ;\n" for ends in links)
    head = "<NUMBER OF ZONES> 3\n<NUMBER OF NODES> 4\n<FIRST THRU NODE> 1\n"
    net, trips = tmp_path / "n.tntp", tmp_path / "t.tntp"
    net.write_text(f"{head}<NUMBER OF LINKS> {len(links)}\n<END OF METADATA>\n~ a ;\n{rows}", "utf-8")
    trips.write_text("<NUMBER OF ZONES> 3\n<TOTAL OD FLOW> 2\n<END OF METADATA>\nOrigin 1\n3 : 2;\n", "utf-8")
    code, out, err = command_line.run(capsys, "assign", "--tntp", str(net), str(trips))
    assert (code, out) == (2, "")
    assert cause in err


def test_nodes_that_may_not_be_passed_are_told_where_several_ways_pass_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two ways, each by a zone that may not be passed: the rule is told, and the zone of the shortest way."""
    rows = "".join(f"{ends} 10 1 1 0.15 4 0 0 1 ;\n" for ends in ("1 2", "2 3", "1 4", "4 3"))
    head = "<NUMBER OF ZONES> 4\n<NUMBER OF NODES> 5\n<FIRST THRU NODE> 5\n"
    net, trips = tmp_path / "n.tntp", tmp_path / "t.tntp"
    net.write_text(f"{head}<NUMBER OF LINKS> 4\n<END OF METADATA>\n~ a ;\n{rows}", "utf-8")
    trips.write_text("<NUMBER OF ZONES> 4\n<TOTAL OD FLOW> 2\n<END OF METADATA>\nOrigin 1\n3 : 2;\n", "utf-8")
    code, _, err = command_line.run(capsys, "assign", "--tntp", str(net), str(trips))
    assert code == 2
    assert "each way passes nodes below FIRST THRU NODE 5; the shortest passes zone" in err
