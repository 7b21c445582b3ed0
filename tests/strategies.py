"""Let Hypothesis make up packages."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from daliz.tables.schema import schema

if TYPE_CHECKING:
    from daliz.tables.schema import Column
    from tiny_package import Tables

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters='\n,;"'), max_size=12).map(
    str.strip
)
IDS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)


def cells(column: Column) -> st.SearchStrategy[Any]:
    """Make up values that a column may hold, blanks among them where it may be blank."""
    filled: st.SearchStrategy[Any]
    if column.allowed and column.numeric:
        filled = st.sampled_from([float(a) for a in column.allowed])
    elif column.type == "choice":
        filled = st.sampled_from(column.allowed)
    elif column.type == "list":
        filled = st.lists(
            st.sampled_from(column.allowed) if column.allowed else IDS, min_size=1, max_size=3
        ).map(" ".join)
    elif column.numeric:
        low = -1e9 if column.minimum is None else column.minimum
        high = 1e9 if column.maximum is None else column.maximum
        whole = st.integers(math.ceil(low), math.floor(high)).map(float)
        filled = whole if column.type == "integer" else st.floats(low, high) | whole
    elif column.type == "date":
        filled = st.dates(max_value=dt.date(9998, 1, 1))
    elif column.type == "boolean":
        filled = st.booleans()
    elif column.type == "wkt":
        pair = st.tuples(st.integers(-180, 180), st.integers(-90, 90)).map("{0[0]} {0[1]}".format)
        filled = st.lists(pair, min_size=2, max_size=4).map(lambda pairs: f"LINESTRING ({', '.join(pairs)})")
    else:
        filled = IDS if column.type in {"id", "ref"} else TEXT.filter(bool)
    return filled if column.required else st.none() | filled


@st.composite
def packages(draw: st.DrawFn) -> Tables:
    """Make up the rows of a few tables; each cell is as its column wants it, references lead anywhere, without evidence."""
    tables: Tables = {}
    for name in draw(
        st.lists(st.sampled_from(sorted(set(schema()) - {"evidence"})), min_size=1, max_size=4, unique=True)
    ):
        table = schema()[name]
        keys = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
        tables[name] = [
            {table.key: key} | {c.name: draw(cells(c)) for c in table.columns.values() if not c.key}
            for key in keys
        ]
    return tables
