"""Protect files of demand: a row is read as it is written, or refused by its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import daliz
from case_folders import CASES, case
from command_line import run
from daliz.errors import DalizError, DemandError
from daliz.paths import demand_from_rows, read_demand
from small_networks import many_mode_network

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "origin,destination,cargo,units\n"
FILES = CASES / "01-demand-csv"


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    """Make a small network with the places n0 to n3 and the class bulk."""
    return many_mode_network(2)[0]


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("comma", "comma.csv, line 2: 'alba,dene,container-40,12,5': has 5 cells where the header has 4"),
        (
            "thousands",
            "thousands.csv, line 2: 'alba,dene,container-40,12,500': has 5 cells where the header has 4",
        ),
        ("dupcol", "dupcol.csv, line 1, column units: 'units': a column stands once; remove one of the two."),
        ("quoted", "quoted.csv, line 2: units is '12,500'; it must be a number of 0 or more, with a point"),
        ("semi", "columns are separated by commas; save with commas, and with a point as decimal mark."),
        ("names", "column Origin: 'Origin': there is no such column; the columns are origin, destination"),
    ],
)
def test_a_file_that_needs_a_guess_is_refused(
    file: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Decimal commas, thousands, doubled and unknown columns end with exit code 2 and the line."""
    folder = case("01-demand-csv", tmp_path)
    code, out, err = run(capsys, "assign", "-n", str(folder / "net"), "--demand", str(folder / f"{file}.csv"))
    assert (code, out) == (2, "")
    assert sentence in err


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """12,500 boxes written plainly are 12,500 boxes."""
    folder = case("01-demand-csv", tmp_path)
    demand = read_demand(daliz.open(folder / "net", year=2024), FILES / "good.csv")
    assert demand.units.tolist() == [12500.0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD, "the file holds no rows; write some under origin, destination, cargo, units"),
        ("", "the file is empty"),
        (HEAD + 'n0,n3,bulk,"3\nn1,n3,bulk,4\n', "line 2: cannot be split into cells"),
        (HEAD + "n0,n3,bulk\n", "line 2: 'n0,n3,bulk': has 3 cells where the header has 4"),
        (HEAD + "n0,n3,bulk,nan\n", "line 2: units is 'nan'; it must be a number"),
        (HEAD + "n0,n3,bulk,inf\n", "line 2: units is 'inf'; it must be a number"),
        (HEAD + "n0,n3,bulk,1_000\n", "line 2: units is '1_000'; it must be a number"),
        (HEAD + "n0,n3,bulk,-1\n", "line 2: units is -1; it must be a number from 0"),
        (HEAD + "n0,n3,bulk,\n", "line 2: units is ''; it must be a number"),
        (HEAD + "\n\nn0,n9,bulk,1\n", "line 4: there is no place 'n9' in this network (column destination)"),
        (HEAD + "n0,n0,bulk,1\n", "line 2: origin and destination are both n0"),
        ("origin,destination,cargo\nn0,n3,bulk\n", "column units: this column is needed; add it"),
        ("origin,destination,cargo,units,note\nn0,n3,bulk,1,a\n", "begin one of your own with x_"),
        ("origin,destination,cargo,units,\nn0,n3,bulk,1,\n", "column 5 has no name; name or remove it"),
    ],
)
def test_each_fault_of_a_file_names_its_line(
    text: str, sentence: str, network: daliz.Network, tmp_path: Path
) -> None:
    """Whatever is wrong is told by file and line, and nothing is read."""
    path = tmp_path / "d.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(DalizError) as caught:
        read_demand(network, path)
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("d.csv")


def test_own_columns_are_left_out(network: daliz.Network, tmp_path: Path) -> None:
    """A column that begins with x_ is the author's."""
    path = tmp_path / "d.csv"
    path.write_text("x_who,origin,destination,cargo,units\nme,n0,n3,bulk,1e3\n", "utf-8")
    assert read_demand(network, path).units.tolist() == [1000.0]


@given(cell=st.text(st.characters(codec="utf-8", exclude_characters='",\r\n'), max_size=6))
def test_a_quantity_is_read_as_written_or_refused(cell: str, network: daliz.Network) -> None:
    """A text is the number that Python reads in it, and plain digits, or it is refused."""
    row: dict[str, Any] = {"origin": "n0", "destination": "n3", "cargo": "bulk", "units": cell}
    try:
        demand = demand_from_rows(network, [row])
    except DemandError:
        return
    assert cell.strip().isascii()
    assert float(cell) == demand.units.sum()


def test_a_column_that_demand_has_not_is_refused(network: daliz.Network) -> None:
    """A misspelt optional column of rows in Python is not left out in silence."""
    row = {"origin": "n0", "destination": "n3", "cargo": "bulk", "units": 1.0, "avoids": "KZ"}
    with pytest.raises(DemandError, match=r"has a column 'avoids'.* Did you mean avoid"):
        demand_from_rows(network, [row])
