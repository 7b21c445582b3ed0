"""Hold the reading of TNTP files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
        ("<FIRST THRU NODE> 3", "<FIRST THRU NODE> 9", "<FIRST THRU NODE> is 9, but nodes run from 1 to 3"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> 1", "2 zones and 1 nodes"),
        (
            "<NUMBER OF LINKS> 2",
            "<NUMBER OF LINKS> 2\n<NUMBER OF LINKS> 2",
            "line 5: <NUMBER OF LINKS> stands on line 4",
        ),
        ("<FIRST THRU NODE>", "<FIRST THROUGH NODE>", "no tag <FIRST THROUGH NODE>; write <FIRST THRU NODE>"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> 1_0", "must be a whole number"),
        ("<NUMBER OF NODES> 3", "<NUMBER OF NODES> " + "9" * 5000, "must be a whole number"),
        (
            "<END OF METADATA>",
            " 1 2 1 1 1 0 0 0 0 1 ;\n<END OF METADATA>",
            "line 6: .* before <END OF METADATA>",
        ),
        (" 3 2 20", " 3 2 1_0", "capacity is '1_0'"),
        (" 3 2 20", " 3 2 nan", "capacity is 'nan'"),
        (" 3 2 20", " 3 2 inf", "capacity is 'inf'"),
        (" 3 2 20", " 3 2 1e999", "capacity is '1e999'"),
        (" 3 2 20", " 3 2 -20", "capacity is '-20'"),
        (" 3 2 20", " 3 2 2,5", "capacity is '2,5'"),
        ("2.5 3 0 0 60", "2.5 3 0 -4 60", "power is '-4'"),
        (" 1 3 10 1.5", " 1 3 0 1.5", "line 9: capacity is 0, but with b 0.15 and power 4"),
        (" 60 0 1 ;", " 60 0 1 ; 1 2 3", "line 10: a link needs 10 numbers .* this has 14"),
        (" 60 0 1 ;", " 60 0 ;", "line 10: a link needs 10 numbers .* this has 9"),
        (" 3 2 20", " 3 2 x", "line 10: capacity is 'x'"),
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
        (TRIPS.replace("FLOW> 7.0", "FLOW> nan"), "TOTAL OD FLOW> is 'nan'; it must be a number"),
        (TRIPS.replace("FLOW> 7.0", "FLOW> 7,0"), "must be a number"),
        (TRIPS.replace("Origin 1", "Origin ²"), "is no zone"),
        (TRIPS.replace("2 : 5.0", "2 : 1e999"), "must be a number of 0 or more"),
        (TRIPS.replace("2 : 5.0", "2 : 5_0"), "'5_0' is no number"),
        (TRIPS.replace("Origin 1", "Origin 1 2"), "'1 2' is no zone"),
        (TRIPS.replace("Origin 2", "Origin 1"), "line 8: zone 1 to zone 1 stands on line 6 already"),
        (TRIPS.replace("2 : 5.0;", "2 : 5.0; 2 : 5.0;"), "zone 1 to zone 2 stands on line 6 already"),
        (TRIPS.replace("<TOTAL OD FLOW> 7.0", "<TOTAL OD FLOWS> 7.0"), "no tag <TOTAL OD FLOWS>"),
        (
            TRIPS.replace("FLOW> 7.0", "FLOW> 7.0\n<total od flow> 7.0"),
            "line 3: <TOTAL OD FLOW> stands on line 2",
        ),
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


@pytest.mark.parametrize(
    ("printed", "volume", "taken"),
    [
        ("2.52257e+007", 25_225_746.76, True),
        ("2.52257e+007", 25_225_749.9, True),
        ("2.52257e+007", 25_225_760.0, False),
        ("7", 7.4, True),
        ("7", 7.6, False),
        ("7.0", 7.04, True),
        ("7.00", 7.04, False),
    ],
)
def test_a_total_is_held_to_half_a_unit_of_its_last_digit(
    tmp_path: Path, printed: str, volume: float, taken: bool
) -> None:
    """A rounded total is no cut file; one that differs by more than its rounding is."""
    trips = TRIPS.replace("FLOW> 7.0", f"FLOW> {printed}").replace("2 : 5.0", f"2 : {volume - 2.0!r}")
    files = write(tmp_path, trips=trips)
    if taken:
        assert read_tntp(*files).trips[:, 2].sum() == pytest.approx(volume)
        return
    with pytest.raises(FormatError, match="its header says a total of"):
        read_tntp(*files)


def test_no_trips_are_an_answer_where_the_header_says_so(tmp_path: Path) -> None:
    """A total of 0 and no rows is a trip table without trips."""
    trips = TRIPS[: TRIPS.index("Origin 1")].replace("7.0", "0")
    assert read_tntp(*write(tmp_path, trips=trips)).trips.shape == (0, 3)


def test_what_is_left_open_is_noted(tmp_path: Path) -> None:
    """A link that stands twice is two links with a note, and so is a file without a first through node."""
    net = NET.replace("<FIRST THRU NODE> 3\n", "").replace("S> 2\n<ORIG", "S> 3\n<ORIG")
    net += " 1 3 10 1.5 2 0.15 4 60 0.25 1 ;\n"
    t = read_tntp(*write(tmp_path, net=net))
    assert len(t.tail) == 3
    assert t.first_through == 0
    said = (
        "the header lacks <FIRST THRU NODE>; all nodes may be passed, zones too. "
        "the link 1 to 3 stands on line 8 already with the same numbers; they are read as two links. "
        "Take one out if there is one."
    )
    assert " ".join(n.split(": ", 1)[1] for n in t.notes) == said
    assert read_tntp(*write(tmp_path)).notes == ()


def test_unknown_tags_and_links_without_growth_are_taken(tmp_path: Path) -> None:
    """A tag of a producer's own does no harm, nor does capacity 0 beside b 0, or parallel links that differ."""
    net = NET.replace("<NUMBER OF LINKS> 2", "<MADE BY> hand\n<NUMBER OF LINKS> 3")
    net += " 3 2 0 2.5 3 0 4 60 0 1 ;\n"
    t = read_tntp(*write(tmp_path, net=net))
    np.testing.assert_array_equal(t.capacity, [10, 20, 0])


PIECES = st.sampled_from(
    [
        "nan",
        "inf",
        "-1",
        "0",
        "1e400",
        "",
        "9" * 30,
        ";",
        ":",
        "<",
        ">",
        "~",
        "Origin",
        "\n",
        "\x00",
        "½",
        "7",
    ]
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.booleans(), st.integers(0, 400), st.integers(0, 12), PIECES)
def test_a_changed_file_is_read_or_refused(
    tmp_path: Path, of_net: bool, at: int, cut: int, piece: str
) -> None:
    """Whatever stands in a file, it is refused by name or all numbers read are finite, 0 or more, and of nodes."""
    text = NET if of_net else TRIPS
    at %= len(text)
    changed = text[:at] + piece + text[at + cut :]
    files = write(tmp_path, net=changed) if of_net else write(tmp_path, trips=changed)
    try:
        t = read_tntp(*files)
    except FormatError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert any(str(f) in refused for f in files)
        return
    for numbers in (t.capacity, t.length, t.free_flow_time, t.b, t.power, t.toll, t.trips[:, 2]):
        assert (numbers >= 0).all()
        assert np.isfinite(numbers).all()
    ends = np.concatenate([t.tail, t.head, t.trips[:, 0].astype(int), t.trips[:, 1].astype(int)])
    assert ((ends >= 0) & (ends < t.nodes)).all()
    assert 0 <= t.first_through < t.nodes
