"""Hold what a package says of itself: the defaults of verbs, and its briefs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import daliz
from daliz.errors import DataError, QueryError
from daliz.report.maps import frame_of
from daliz.studies.brief_plan import Frame, brief_plan, first_frame
from daliz.studies.corridor_matrix import matrix_years
from daliz.tables.briefs import brief_names, brief_strings
from daliz.tables.check_defaults import default_faults
from daliz.tables.defaults import chosen, default_values
from daliz.tables.store import open_store
from tiny_package import tiny_network, tiny_tables, write_package

if TYPE_CHECKING:
    from pathlib import Path


def test_a_question_comes_before_the_default() -> None:
    """What the question says holds; else the package's own row; else a sentence says which option to give."""
    network = daliz.open("eurasia")
    assert ("FR", "KZ") == tuple(chosen(network, "exporter", given, "exporter=") for given in ("FR", None))
    with pytest.raises(QueryError, match=r"tiny has no row 'exporter' in the table defaults.*give exporter="):
        chosen(tiny_network(), "exporter", None, "exporter=")


def test_verbs_of_a_package_without_defaults_say_what_to_give() -> None:
    """A duty, a way round and the years of the matrix do without defaults as far as they can."""
    tiny = tiny_network()
    assert (2020, 2024, 2030) == tuple(matrix_years(tiny))
    for ask in (
        lambda: daliz.tariff(tiny, "any"),
        lambda: daliz.ways_round(tiny, "any"),
        lambda: daliz.talks(tiny),
    ):
        with pytest.raises(QueryError, match="in the table defaults"):
            ask()


def test_defaults_that_lead_nowhere_are_faults() -> None:
    """A name that no verb takes, a corridor or country that is not there, and years in words are faults."""
    rows = {
        "corridor": "nowhere",
        "exporter": "QQ",
        "exproter": "KZ",
        "matrix-years": "2024 next",
    }
    tables = tiny_tables(defaults={i: {"value": v, "description": "x"} for i, v in rows.items()})
    found = list(default_faults(daliz.Network.from_tables(tables, 2024).store))
    assert {(f.row, f.value) for f in found} == {
        ("corridor", "nowhere"),
        ("exporter", "QQ"),
        ("exproter", "exproter"),
        ("matrix-years", "next"),
    }
    assert [] == list(default_faults(daliz.open("eurasia").store))


def test_a_package_without_a_brief_says_so(tmp_path: Path) -> None:
    """No brief is made up for a package that brings none; the sentence says which file to write."""
    with pytest.raises(
        DataError, match=r"tiny has no brief 'brief' \(it has none\); write briefs/brief.toml"
    ):
        daliz.brief(tiny_network(), tmp_path / "out")
    with pytest.raises(DataError, match="eurasia has no brief 'short' \\(it has brief\\)"):
        daliz.brief(daliz.open("eurasia"), tmp_path / "out", name="short")


def package_with(folder: Path, text: str) -> daliz.Network:
    """Write the tiny package with a brief."""
    write_package(folder, tiny_tables())
    (folder / "briefs").mkdir()
    (folder / "briefs" / "brief.toml").write_text(text, encoding="utf-8")
    return daliz.open(folder)


def test_what_a_brief_leaves_out_is_that_of_any_package(tmp_path: Path) -> None:
    """A brief of one line has the years of the package, and no maps or duties."""
    plan = brief_plan(package_with(tmp_path / "tiny", 'pages = ["ways", "matrix"]\n'))
    assert (("ways", "matrix"), (2020, 2024, 2030), 2030, (), None) == (
        plan.pages,
        plan.years,
        plan.ahead,
        plan.maps,
        plan.duties,
    )


def test_a_network_of_ones_own_gets_a_brief(tmp_path: Path) -> None:
    """A package with a flagship pair, a brief of one line and a title of its own is told in a brief, in both languages."""
    pair = {"origin": "east", "destination": "west", "cargo_id": "container-40", "flagship": True}
    write_package(tmp_path / "tiny", tiny_tables(pairs={"east-west": pair}))
    briefs = tmp_path / "tiny" / "briefs"
    briefs.mkdir()
    (briefs / "short.toml").write_text('pages = ["ways", "maps", "years", "matrix"]', encoding="utf-8")
    (briefs / "strings.csv").write_text("key,en,kk\ntitle,East to west,\n", encoding="utf-8")
    files = daliz.brief(daliz.open(tmp_path / "tiny"), tmp_path / "out", name="short")
    text = files[0].read_text(encoding="utf-8")
    assert "<h1>East to west</h1>" in text
    assert "<h1>Жүк дәліздерін салыстыру</h1>" in text
    assert "<h2>What connects what</h2>" in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("pages = [", "cannot be read as TOML"),
        ('pages = ["weys"]', "there is no 'weys'; choose among comparison, diagrams"),
        ('page = ["ways"]', "there is no 'page'; choose among ahead"),
        ("years = 2021", "years is 2021; give a list"),
        ('years = ["2021"]', "give a list of years"),
        ("years = [1066]", "1066 lies outside the data"),
        ("[[maps]]\nlon = 5.0", "table maps: .*missing.*its entries are"),
        ('[duties]\npolicies = "x"', "there is no 'policies'; choose among policy"),
    ],
)
def test_a_brief_that_cannot_be_used_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    """Each fault of a brief is a sentence that names the file, the entry and what is allowed."""
    network = package_with(tmp_path / "tiny", text + "\n")
    with pytest.raises((DataError, QueryError), match=reason):
        brief_plan(network)


def test_briefs_go_with_a_package_that_is_saved(tmp_path: Path) -> None:
    """Saving a network keeps its briefs and their texts, and opens again with the same plan."""
    network = daliz.open("eurasia")
    again = daliz.open(network.save(tmp_path / "saved"))
    assert (["brief"], brief_plan(network)) == (brief_names(again.store), brief_plan(again))
    assert brief_strings(network.store) == brief_strings(again.store)
    assert "defaults" in {
        r["name"] for r in json.loads((tmp_path / "saved/datapackage.json").read_text())["resources"]
    }
    assert default_values(again, "over") == ("AZ", "RU", "CN")


def test_a_map_holds_a_package_that_names_no_frame() -> None:
    """Without a frame of its own, all places of a package lie on its map."""
    tiny = tiny_network()
    assert first_frame(tiny) is None
    frame = frame_of(tiny)
    assert isinstance(frame, Frame)
    nodes = tiny.table("nodes")
    assert min(nodes["lon"]) < frame.lon < max(nodes["lon"])
    assert min(nodes["lat"]) < frame.lat < max(nodes["lat"])
    assert frame.scale > 0


def test_texts_of_a_package_are_read_strictly(tmp_path: Path) -> None:
    """A row of a package's own texts with a cell too many is told with its line, and not cut short."""
    folder = write_package(tmp_path / "tiny", tiny_tables())
    (folder / "briefs").mkdir()
    (folder / "briefs" / "strings.csv").write_text("key,en,kk\ntitle,Ways, all,Жолдар\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"briefs/strings.csv, line 2: .* has 4 cells where the header has 3"):
        brief_strings(open_store(folder))
