"""Hold what `daliz assign` prints of two lines side by side and of two links of the literature."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import pytest

import command_line
from command_line import cells
from small_networks import many_mode_network

if TYPE_CHECKING:
    from pathlib import Path

NET = (
    "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 2\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n"
    "1 2 1 1 1 1 1 0 0 1 ;\n1 2 1 1 1 1 1 0 0 1 ;\n"
)
TRIPS = "<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n2 : 1.0;\n"


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Print on a terminal that breaks no line of a table, whatever the one that runs the tests."""
    monkeypatch.setenv("COLUMNS", "200")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run `daliz assign` with words in this process."""
    return command_line.run(capsys, "assign", *words)


@pytest.fixture
def demand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Open a network of a road and a railway side by side, and give 3 kt for it as CSV."""
    network, _ = many_mode_network(2)
    monkeypatch.setattr("daliz.tables.open_network", lambda *_: network)
    path = tmp_path / "d.csv"
    path.write_text("origin,destination,cargo,units\nn0,n3,bulk,3000\n", "utf-8")
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Write two equal links of TNTP and one trip."""
    (tmp_path / "n.tntp").write_text(NET, "utf-8")
    (tmp_path / "t.tntp").write_text(TRIPS, "utf-8")
    return str(tmp_path / "n.tntp"), str(tmp_path / "t.tntp")


def test_who_uses_a_link_is_told(capsys: pytest.CaptureFixture[str], demand: str) -> None:
    """All of 3 kt go over either line; `--select` of both ends of one tells its part alone, the same in JSON."""
    code, out, _ = run(capsys, "--demand", demand, "--select", "m0-0")
    told = json.loads(run(capsys, "--demand", demand, "--select", "m0-0", "--json")[1])
    (user,) = told["selected"]
    assert code == 0
    assert "Over m0-0" in out
    assert f"{user['kt']:,.1f}" in {row[1] for row in cells(out) if len(row) == 3}
    assert 0 < user["kt"] < 3
    assert sum(c["kt"] for c in told["corridors"]) == pytest.approx(3.0)
    assert "synthetic" not in out


def test_bottlenecks_as_csv(capsys: pytest.CaptureFixture[str], demand: str) -> None:
    """A row per bottleneck, blank where a price is not known, and the sum on standard error."""
    code, out, err = run(capsys, "--demand", demand, "--csv", "--top", "2")
    rows = list(csv.DictReader(out.splitlines()))
    assert (code, len(rows), err.startswith("<Flows")) == (0, 2, True)
    assert "nan" not in out
    assert all(float(r["volume"]) > 0 for r in rows)


def test_a_capacity_run_ranks_by_price(capsys: pytest.CaptureFixture[str], demand: str) -> None:
    """Bottlenecks of the method capacity are told by the price of a further unit."""
    code, out, _ = run(capsys, "--demand", demand, "--method", "capacity")
    assert (code, "Bottlenecks by the price of a further unit of capacity" in out) == (0, True)


def test_a_run_cut_short_ends_with_1(
    capsys: pytest.CaptureFixture[str], demand: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found is printed and says that it did not converge."""
    monkeypatch.setattr("daliz.assignment.Flows.converged", property(lambda _: False))
    code, out, _ = run(capsys, "--demand", demand)
    assert (code, "NOT CONVERGED" in out) == (1, True)


def test_a_file_of_demand_holds_rows(capsys: pytest.CaptureFixture[str], demand: str, tmp_path: Path) -> None:
    """A heading alone is refused with the columns to give."""
    empty = tmp_path / "empty.csv"
    empty.write_text("origin,destination,cargo,units\n", "utf-8")
    assert run(capsys, "--demand", demand)[0] == 0
    code, out, err = run(capsys, "--demand", str(empty))
    assert (code, out) == (2, "")
    assert (
        err
        == "daliz: empty.csv: the file holds no rows; write some under origin, destination, cargo, units.\n"
    )


@pytest.mark.usefixtures("demand")
def test_ranges_of_corridors_are_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each corridor that moves half a kt has its range, with how many draws converged; JSON has all."""
    import daliz

    rows = [
        {"corridor": c, "kt_low": 1.0, "kt_high": high, "teu_low": 10.0, "teu_high": 2000.0}
        | {"draws": 4, "converged": 3}
        for c, high in (("by-road", 1500.0), ("by-rail", 0.1))
    ]
    flows = daliz.assign(*many_mode_network(2))
    monkeypatch.setattr("daliz.assignment.assign", lambda *_, **__: flows)
    monkeypatch.setattr("daliz.studies.volume_ranges.corridor_ranges", lambda _, draws: rows[: draws // 2])
    code, out, _ = run(capsys, "--draws", "4")
    assert code == 0
    assert "over 4 draws of parameters and markets (3 converged)" in " ".join(out.split())
    assert ["by-road", "1 - 1,500", "10 - 2,000"] in cells(out)
    assert ["by-rail"] not in [row[:1] for row in cells(out) if len(row) == 3]
    assert json.loads(run(capsys, "--draws", "4", "--json")[1])["ranges"] == rows


def test_tntp_is_answered_as_json(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    """Two equal links share the trip; by system optimum and capacity too the totals are those of the links."""
    for method in ("due", "so"):
        code, out, _ = run(capsys, "--tntp", *files, "--method", method, "--json")
        told = json.loads(out)
        assert (code, told["method"], told["converged"]) == (0, method, True)
        assert [x["volume"] for x in told["links"]] == pytest.approx([0.5, 0.5])
        assert told["total_cost"] == pytest.approx(1.5)
    told = json.loads(run(capsys, "--tntp", *files, "--method", "capacity", "--json")[1])
    assert (told["served"], told["unserved"]) == pytest.approx((1.0, 0.0))


def test_tntp_without_proof_ends_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: tuple[str, str]
) -> None:
    """The flow is told all the same."""
    monkeypatch.setattr("daliz.assignment.equilibrium.Equilibrium.converged", property(lambda _: False))
    code, out, _ = run(capsys, "--tntp", *files, "--json")
    assert (code, json.loads(out)["converged"]) == (1, False)


def test_tntp_takes_three_methods(capsys: pytest.CaptureFixture[str], files: tuple[str, str]) -> None:
    """Another method is refused with those that there are."""
    code, out, err = run(capsys, "--tntp", *files, "--method", "sue")
    assert (code, out) == (2, "")
    assert "cannot be assigned by 'sue'; the methods are due, so and capacity." in err
