"""Protect reading: what leaves no doubt is accepted, all else is refused in one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from daliz.tables import read
from daliz.tables.cells import parse_cell_text
from daliz.tables.faults import Fault
from daliz.tables.read import read_table
from daliz.tables.schema import schema
from daliz.tables.table import Table

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "id,name_en,country\n"
LINKS = "id,from_node,to_node,mode,length_km,speed_class\n"
CHANGES = "id,set_id,table,row_id,op,value,from_date\n"


ReadText = Callable[[str, str | bytes], tuple[Table, list[Fault]]]


@pytest.fixture
def read_text(tmp_path: Path) -> ReadText:
    """Write text as a table and read it."""

    def run(name: str, text: str | bytes) -> tuple[Table, list[Fault]]:
        path = tmp_path / f"{name}.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_table(path, name)

    return run


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbfid,name_en,country\nktz,Railway,KZ\n",
        b"id,name_en,country\r\nktz,Railway,KZ\r\n",
        b"\nid,name_en,country\n\nktz, Railway ,KZ\n,,\n\n",
        b'country,id,name_en\nKZ,ktz,"Railway"',
    ],
    ids=["byte-order mark", "Windows line ends", "blank lines and spaces", "other order, no last line end"],
)
def test_what_leaves_no_doubt_is_accepted(read_text: ReadText, text: bytes) -> None:
    """Forms of the same table that differ in nothing a reader could mistake are read alike."""
    table, faults = read_text("operators", text)
    expected = [{"id": "ktz", "name_en": "Railway", "country": "KZ", "owner_country": ""}]
    assert (expected, []) == (table.rows(), faults)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        (
            "operators",
            "id;name_en;country\nktz;Railway;KZ\n",
            (
                "operators.csv, line 1: 'id;name_en;country': columns are separated by commas; "
                "save with commas, and with a point as decimal mark."
            ),
        ),
        (
            "operators",
            "id\tname_en\tcountry\nktz\tRailway\tKZ\n",
            (
                "operators.csv, line 1: 'id\\tname_en\\tcountry': columns are separated by commas; "
                "save with commas, and with a point as decimal mark."
            ),
        ),
        (
            "links",
            LINKS + 'a-b,a,b,rail,"310,5",s\n',
            (
                "links.csv, row a-b, column length_km: '310,5': must be a number in km; "
                "write it with a point and without unit or spaces."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,310 km,s\n",
            (
                "links.csv, row a-b, column length_km: '310 km': must be a number in km; "
                "write it with a point and without unit or spaces."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,1_000,s\n",
            (
                "links.csv, row a-b, column length_km: '1_000': must be a number in km; "
                "write it with a point and without unit or spaces."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,١٢,s\n",
            (
                "links.csv, row a-b, column length_km: '١٢': must be a number in km; "
                "write it with a point and without unit or spaces."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,NaN,s\n",
            (
                "links.csv, row a-b, column length_km: 'NaN': must be a finite number; "
                "leave the cell blank if the figure is not known."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,inf,s\n",
            (
                "links.csv, row a-b, column length_km: 'inf': must be a finite number; "
                "leave the cell blank if the figure is not known."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,-5,s\n",
            (
                "links.csv, row a-b, column length_km: '-5': must be at least 0.1 km; correct the figure "
                "or its unit."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rail,310000,s\n",
            (
                "links.csv, row a-b, column length_km: '310000': must be at most 30000 km; correct the "
                "figure or its unit."
            ),
        ),
        (
            "links",
            LINKS + "a-b,a,b,rial,5,s\n",
            (
                "links.csv, row a-b, column mode: 'rial': must be one of rail road sea air waterway; "
                "choose one. Did you mean rail?"
            ),
        ),
        (
            "links",
            LINKS + ",a,b,rail,5,s\n",
            (
                "links.csv, row number 1, column id: this cell may not be blank; "
                "give it (Usually mode-from-to)."
            ),
        ),
        (
            "links",
            LINKS + "A B,a,b,rail,5,s\n",
            "links.csv, row A B, column id: 'A B': must be made of a-z, 0-9 and hyphens; rename it.",
        ),
        (
            "changes",
            CHANGES + "c,s,links,a,set,5,31.12.2024\n",
            (
                "changes.csv, row c, column from_date: '31.12.2024': must be a date such as 2024-12-31; "
                "a spreadsheet may have changed it, so write it as text."
            ),
        ),
        (
            "changes",
            CHANGES + "c,s,links,a,set,5,45657\n",
            (
                "changes.csv, row c, column from_date: '45657': must be a date such as 2024-12-31; "
                "a spreadsheet may have changed it, so write it as text."
            ),
        ),
        (
            "changes",
            CHANGES + "c,s,links,a,set,5,2023-02-29\n",
            (
                "changes.csv, row c, column from_date: '2023-02-29': must be a day of the calendar "
                "such as 2024-12-31; "
                "correct it."
            ),
        ),
        (
            "operators",
            HEAD + "ktz,Railway\n",
            (
                "operators.csv, line 2: 'ktz,Railway': has 2 cells where the header has 3; "
                "put cells with commas in quotes and fill the row up."
            ),
        ),
        (
            "operators",
            "id,name_en,country,owner_contry\nktz,Railway,KZ,KZ\n",
            (
                "operators.csv, line 1, column owner_contry: 'owner_contry': operators has no such "
                "column; correct the name, "
                "or begin it with x_ to keep a column of your own. Did you mean owner_country?"
            ),
        ),
        (
            "operators",
            "id,name_en\nktz,Railway\n",
            "operators.csv, column country: this column is required; add it.",
        ),
        (
            "operators",
            "id,name_en,country,country\nktz,Railway,KZ,KZ\n",
            "operators.csv, line 1, column country: 'country': a column stands once; remove the second.",
        ),
        (
            "operators",
            "id,name_en,country,\nktz,Railway,KZ,\n",
            "operators.csv, line 1: column 4 of operators has no name; name or remove it.",
        ),
        (
            "operators",
            HEAD.encode() + b"ktz,\xd0\xd2\xc6,KZ\n",
            "operators.csv: 'byte 23 on line 2': files are UTF-8; save the file as CSV UTF-8.",
        ),
        (
            "operators",
            HEAD + "ktz,Rail\x00way,KZ\n",
            "operators.csv: 'NUL': files are plain text; save the file as CSV UTF-8.",
        ),
        (
            "operators",
            "",
            (
                "operators.csv: the file is empty; remove it, or give the names of the columns in its "
                "first line."
            ),
        ),
        (
            "operators",
            HEAD + 'ktz,"Railway,KZ\nline,A line,AZ\n',
            (
                "operators.csv, line 2: cannot be split into cells (unexpected end of data); "
                "close every quote, and write a quote inside a cell twice."
            ),
        ),
        (
            "shapes",
            'link_id,geometry\na-b,"LINESTRING (43,6 51,2)"\n',
            (
                "shapes.csv, row a-b, column geometry: 'LINESTRING (43,6 51,2)': must be a "
                "LINESTRING of two or more "
                "lon lat pairs, not 'LINESTRING (43,6 51,2)'; correct the cell."
            ),
        ),
        (
            "shapes",
            'link_id,geometry\na-b,"LINESTRING (43 151, 44 152)"\n',
            (
                "shapes.csv, row a-b, column geometry: 'LINESTRING (43 151, 44 152)': must hold lon "
                "lat pairs in degrees; "
                "exchange them if they are the wrong way round."
            ),
        ),
    ],
)
def test_a_fault_is_one_sentence(read_text: ReadText, name: str, text: str | bytes, sentence: str) -> None:
    """A fault of form gives just one sentence: file, row, column, value, what is allowed, how to mend it."""
    _, faults = read_text(name, text)
    assert [sentence] == [str(fault) for fault in faults]


def test_a_file_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    """What stands in the place of a file and cannot be read is told as a fault."""
    _, faults = read_table(tmp_path, "operators")
    assert [f"{tmp_path.name}: cannot be read (Is a directory); give the right to read it."] == [
        str(f) for f in faults
    ]


@pytest.mark.parametrize(
    ("table", "column", "cell", "allowed"),
    [
        ("links", "tracks", "1.5", "must be a whole number"),
        ("links", "gauge_mm", "1000", "must be one of 1435 1520 1676"),
        ("shapes", "geometry", "LINESTRING (a b, c d)", "must hold numbers with a point"),
        ("shapes", "geometry", "LINESTRING (1 2, 3 nan)", "must hold finite numbers"),
        ("shapes", "geometry", "LINESTRING (1 2)", "must be a LINESTRING of two or more lon lat pairs"),
        (
            "shapes",
            "geometry",
            "LINESTRING Z (1 2 3, 4 5 6)",
            "must be a LINESTRING of two or more lon lat pairs",
        ),
    ],
)
def test_a_cell_says_what_is_allowed(table: str, column: str, cell: str, allowed: str) -> None:
    """A cell that is not as its column wants it raises with what is allowed."""
    with pytest.raises(ValueError, match=allowed):
        parse_cell_text(cell, schema()[table].columns[column])


def test_all_faults_of_a_file_are_found(read_text: ReadText) -> None:
    """One pass finds the faults of header, rows and cells together, and keeps the cells that are good."""
    text = "id,from_node,to_node,mode,length_km,speed_class,lenght\na-b,a,b,rial,x,s,1\nb-c,b,c,rail,5,s,1\nc,d\n"
    table, faults = read_text("links", text)
    assert ["lenght", "", "mode", "length_km"] == [f.column for f in faults]
    np.testing.assert_array_equal([np.nan, 5.0, np.nan], table["length_km"])


def test_a_column_of_ones_own_is_kept(read_text: ReadText) -> None:
    """A column whose name begins with x_ is no fault and is kept."""
    table, faults = read_text("operators", "id,name_en,country,x_mine\nktz,Railway,KZ,hello\n")
    assert ([], ["hello"]) == (faults, table["x_mine"].tolist())


def test_a_file_over_the_limit_is_refused(read_text: ReadText, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file over the size limit is refused with its size before it is split into cells."""
    monkeypatch.setattr(read, "LARGEST_FILE_MB", 1)
    _, faults = read_text("operators", HEAD + "ktz,Railway,KZ\n" * 80_000)
    assert [
        (
            "operators.csv: '1.2 MB': a table may be 1 MB at most; "
            "split the network or leave out rows that no route needs."
        )
    ] == [str(f) for f in faults]


@pytest.mark.parametrize(
    ("table", "column", "cells"),
    [
        ("links", "length_km", ["1", "", "3.5", "1e3"]),
        ("links", "length_km", ["1", "x", "-1", "1_0", "nan", "inf", "1e9"]),
        ("links", "gauge_mm", ["1520", "1435", ""]),
        ("links", "gauge_mm", ["1520.5", "1000", "1520.0"]),
        ("links", "id", ["a-b", "B", ""]),
        ("links", "mode", ["rail", "", "ship"]),
        ("links", "from_date", ["2024-02-29", "", "2024"]),
        ("terminals", "cargo_groups", ["bulk;liquid", "", "bulk gold"]),
        ("evidence", "used", ["yes", "no", "maybe"]),
    ],
)
def test_columns_at_once_and_cell_by_cell_agree(table: str, column: str, cells: list[str]) -> None:
    """Reading a column at once gives the values of reading its cells, or leaves the column to them."""
    wanted = schema()[table].columns[column]
    faults: list[Fault] = []
    slow = read._cell_by_cell(read._Origin("f.csv", [""] * len(cells), set()), wanted, cells, faults)
    fast = read.parse_column(cells, wanted)
    assert bool(faults) == (fast is None)
    if fast is not None:
        np.testing.assert_array_equal(slow, fast)
