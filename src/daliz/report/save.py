"""Save a chart in the form that its file name asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import QueryError

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
    """Save a chart as HTML (one file that opens offline), PNG, SVG, PDF or Vega-Lite JSON.

    Raises
    ------
    QueryError
        If the ending of the file name is none of these.
    """
    import vl_convert

    target = Path(path)
    if target.suffix not in FORMS:
        raise QueryError(f"{target.name} cannot be drawn; end the name with one of {' '.join(FORMS)}.")
    if target.suffix == ".html":
        target.write_text(vl_convert.vegalite_to_html(_spec(chart), bundle=True), encoding="utf-8")
    elif target.suffix == ".png":
        target.write_bytes(png_of(chart))
    elif target.suffix == ".svg":
        target.write_text(svg_of(chart), encoding="utf-8")
    elif target.suffix == ".pdf":
        target.write_bytes(bytes(vl_convert.vegalite_to_pdf(_spec(chart))))
    else:
        target.write_text(chart.to_json(), encoding="utf-8")
    return target
