"""Save a chart in the form that its file name asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import QueryError
from daliz.writing import write_file

if TYPE_CHECKING:
    import altair as alt

FORMS = (".html", ".png", ".svg", ".pdf", ".json")
SCALE = 2.0


def svg_of(chart: alt.TopLevelMixin) -> str:
    """Draw a chart as SVG text."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_spec(chart)))


def png_of(chart: alt.TopLevelMixin) -> bytes:
    """Draw a chart as PNG at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_spec(chart), scale=SCALE))


def _spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    spec: dict[str, Any] = chart.to_dict()
    return spec


def save_chart(chart: alt.TopLevelMixin, path: str | Path) -> Path:
    """Save a chart as HTML (one file that opens offline), PNG, SVG, PDF or Vega-Lite JSON, whole or not at all.

    Raises
    ------
    QueryError
        If the ending of the file name is none of these.
    WriteError
        If the file cannot be written.
    """
    ending = Path(path).suffix
    if ending not in FORMS:
        raise QueryError(f"{Path(path).name} cannot be drawn; end the name with one of {' '.join(FORMS)}.")
    return write_file(path, drawn(chart, ending))


def drawn(chart: alt.TopLevelMixin, ending: str) -> str | bytes:
    """Draw a chart in the form of a file name's ending, one of `FORMS`."""
    import vl_convert

    if ending == ".html":
        return str(vl_convert.vegalite_to_html(_spec(chart), bundle=True))
    if ending == ".png":
        return png_of(chart)
    if ending == ".svg":
        return svg_of(chart)
    if ending == ".pdf":
        return bytes(vl_convert.vegalite_to_pdf(_spec(chart)))
    return str(chart.to_json())
