"""Hold the reading of TNTP files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from daliz.errors import FormatError
from daliz.formats import read_tntp

if TYPE_CHECKING:
    from pathlib import Path

NET = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 3
<NUMBER OF LINKS> 2
<ORIGINAL HEADER>~ Init node : Term node : Capacity (veh/h) ; note: with colons
<END OF METADATA>

~ init_node term_node capacity length free_flow_time b power speed toll link_type ;
 1 3 10 1.5 2 0.15 4 60 0.25 1 ;
 3 2 20 2.5 3 0 0 60 0 1 ; ~ a remark : here
"""
TRIPS = """<NUMBER OF ZONES> 2
<TOTAL OD FLOW> 7.0
<END OF METADATA>
~ made: by hand
Origin 1
 1 : 0.0; 2 : 5.0;
Origin 2
 1 : 2.0;
"""


def write(folder: Path, net: str = NET, trips: str = TRIPS) -> tuple[Path, Path]:
    """Write both files."""
    (folder / "net.tntp").write_text(net, "utf-8")
    (folder / "trips.tntp").write_text(trips, "utf-8")
    return folder / "net.tntp", folder / "trips.tntp"


def test_numbers_come_through(tmp_path: Path) -> None:
    """Links, tolls, the first through node and trips are read; colons in comments do no harm."""
    t = read_tntp(*write(tmp_path))
    assert (t.nodes, t.zones, t.first_through) == (3, 2, 2)
    np.testing.assert_array_equal(np.stack([t.tail, t.head]), [[0, 2], [2, 1]])
    np.testing.assert_array_equal(t.toll, [0.25, 0])
    np.testing.assert_array_equal(t.trips, [[0, 0, 0], [0, 1, 5], [1, 0, 2]])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<NUMBER OF LINKS> 2", "<NUMBER OF LINKS> 3", "says 3 links, but it holds 2"),
        ("<NUMBER OF LINKS> 2", "<NUMBER OF LINKS> two", "must be a whole number"),
        ("<NUMBER OF LINKS> 2\n", "", "lacks <NUMBER OF LINKS>"),
        ("<END OF METADATA>", "", "END OF METADATA"),
        (" 3 2 20 2.5 3 0 0 60 0 1 ;", " 3 2 20 2.", "line 10: a link needs 10 numbers"),
        (" 3 2 20", " 3 9 20", "term_node is 9"),
        (" 3 2 20", " 3 1.7 20", "term_node is 1.7"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> 99999999999999", "are the most"),
        (" 3 2 20", " 3 2 x", "could not convert"),
    ],
)
def test_broken_networks_are_named(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Wrong counts, missing tags and rows cut short are told with the file and the line."""
    with pytest.raises(FormatError, match=words):
        read_tntp(*write(tmp_path, net=NET.replace(old, new)))


@pytest.mark.parametrize(
    ("trips", "words"),
    [
        (TRIPS[: TRIPS.index("Origin 2")], "Is the file cut short"),
        (TRIPS.replace("5.0;", "5."), "no list of"),
        (TRIPS.replace("2 : 5.0", "3 : 5.0"), "zones run from 1 to 2"),
        (TRIPS.replace("2 : 5.0", "2 : -5.0"), "must be a number of 0 or more"),
        (TRIPS.replace("2 : 5.0", "2 : nan"), "must be a number of 0 or more"),
        (TRIPS.replace("<NUMBER OF ZONES> 2", "<NUMBER OF ZONES> 4"), "belong together"),
        (TRIPS.replace("Origin 1\n", ""), "before the first"),
        (TRIPS.replace("FLOW> 7.0", "FLOW> nan"), "Is the file cut short"),
        (TRIPS.replace("FLOW> 7.0", "FLOW> 7,0"), "must be a number"),
        (TRIPS.replace("Origin 1", "Origin ²"), "is no zone"),
        (TRIPS[: TRIPS.index("Origin 1")], "holds no trips"),
    ],
)
def test_broken_trips_are_named(tmp_path: Path, trips: str, words: str) -> None:
    """Trips cut short, of unknown zones or negative are told with the file and the line."""
    with pytest.raises(FormatError, match=words):
        read_tntp(*write(tmp_path, trips=trips))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A path that is no file ends in a sentence."""
    with pytest.raises(FormatError, match="cannot be read"):
        read_tntp(tmp_path / "none.tntp", tmp_path / "none.tntp")
