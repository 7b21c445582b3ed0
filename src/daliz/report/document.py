"""Compose a document of blocks, and write it as one HTML page and as PDF."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daliz.errors import DalizError
from daliz.report.save import png_of, svg_of
from daliz.writing import working_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE = """
body{font:15px/1.5 "Noto Sans","DejaVu Sans","Segoe UI",sans-serif;color:#1c2430;max-width:60rem;
  margin:2rem auto;padding:0 1.2rem}
h1{font-size:1.9rem;margin:0 0 .2rem;color:#0a5560}
h2{font-size:1.3rem;margin:2.2rem 0 .4rem;color:#0a5560;border-bottom:2px solid #d7e6e8}
h3{font-size:1.05rem;margin:1.4rem 0 .3rem}
table{border-collapse:collapse;width:100%;font-size:.86rem;margin:.6rem 0 1rem}
th,td{padding:.28rem .5rem;border-bottom:1px solid #e2e6ea;text-align:left;vertical-align:top}
th{background:#f1f6f7;font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
figure{margin:1rem 0;overflow-x:auto}
figure svg{max-width:100%;height:auto}
figcaption,.small{font-size:.82rem;color:#55606e}
ul{padding-left:1.2rem}
.mark{font-size:.75rem;color:#55606e}
@media print{body{margin:0;max-width:none}h2{break-after:avoid}figure,table{break-inside:avoid}}
"""
TYPST_HEAD = """
#set page(paper: "a4", margin: (x: 1.8cm, y: 1.8cm), numbering: "1 / 1")
#set text(font: ("Noto Sans", "DejaVu Sans", "Libertinus Serif"), size: 9.5pt, lang: "{lang}", fallback: true)
#set par(justify: false, leading: 0.6em)
#set table(stroke: none, inset: (x: 4pt, y: 3pt))
#show heading: set text(fill: rgb("#0a5560"))
#show heading.where(level: 2): set block(above: 1.3em, below: 0.6em)
#set figure(supplement: none, numbering: none)
#show figure: set block(breakable: false)
"""


@dataclass(frozen=True)
class Heading:
    """Heading of level 1 to 3."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Bullets:
    """List of points."""

    items: Sequence[str]


@dataclass(frozen=True)
class TableBlock:
    """Table; `right` names the columns of numbers."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()


@dataclass(frozen=True)
class Figure:
    """Chart with its caption."""

    chart: Any
    caption: str


@dataclass(frozen=True)
class PageBreak:
    """Start of a new page on paper."""


Block = Heading | Paragraph | Bullets | TableBlock | Figure | PageBreak


@dataclass(frozen=True)
class Document:
    """Title, language and blocks of a document."""

    title: str
    language: str
    blocks: Sequence[Block]

    def as_html(self) -> str:
        """Write the document as one HTML page that opens without any other file."""
        body = "\n".join(_html(b, n) for n, b in enumerate(self.blocks))
        return (
            f'<!doctype html>\n<html lang="{self.language}"><head><meta charset="utf-8"><meta '
            'name="viewport" content="width=device-width">'
            f"<title>{html.escape(self.title)}</title><style>{STYLE}</style></head>"
            f"<body>\n{body}\n</body></html>\n"
        )

    def as_pdf(self) -> bytes:
        """Set the document as PDF.

        Raises
        ------
        DalizError
            If the typesetter refuses the text; the message is its own.
        """
        import typst

        parts = [TYPST_HEAD.replace("{lang}", self.language)]
        files: dict[str, str | bytes] = {}
        for n, block in enumerate(self.blocks):
            name = f"figure-{n}.png"
            if isinstance(block, Figure):
                files[name] = png_of(block.chart)
            parts.append(_typst(block, name))
        with working_folder(files | {"brief.typ": "\n".join(parts)}) as folder:
            try:
                return typst.compile(str(folder / "brief.typ"))
            except RuntimeError as error:
                raise DalizError(f"The PDF could not be set: {error}") from error


def _html(block: Block, number: int) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f"<p{' class=small' if block.small else ''}>{_rich(html.escape(block.text))}</p>"
    if isinstance(block, Bullets):
        return "<ul>" + "".join(f"<li>{_rich(html.escape(i))}</li>" for i in block.items) + "</ul>"
    if isinstance(block, TableBlock):
        marks = ["n" if i in block.right else "" for i in range(len(block.header))]
        head = "".join(
            f'<th class="{m}">{html.escape(h)}</th>' for m, h in zip(marks, block.header, strict=True)
        )
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td class="{m}">{_rich(html.escape(c))}</td>' for m, c in zip(marks, row, strict=True)
            )
            + "</tr>"
            for row in block.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    if isinstance(block, Figure):
        # The drawings name their clip paths alike; a number of their own keeps them apart on one page.
        drawing = re.sub(r'(id="|url\(#|href="#)(clip|gradient)', rf"\1f{number}\2", svg_of(block.chart))
        return f"<figure>{drawing}<figcaption>{html.escape(block.caption)}</figcaption></figure>"
    return ""


def _rich(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)


def _typst(block: Block, picture: str) -> str:
    if isinstance(block, Heading):
        return f"{'=' * block.level} {_escape(block.text)}"
    if isinstance(block, Paragraph):
        return (
            f'#text(size: 8pt, fill: rgb("#55606e"))[{_escape(block.text)}]\n'
            if block.small
            else f"{_escape(block.text)}\n"
        )
    if isinstance(block, Bullets):
        return "\n".join(f"- {_escape(i)}" for i in block.items) + "\n"
    if isinstance(block, TableBlock):
        align = ", ".join("right" if i in block.right else "left" for i in range(len(block.header)))
        text = "auto" if block.right else "1fr"
        columns = ", ".join("auto" if i in block.right else text for i in range(len(block.header)))
        head = ", ".join(f"[*{_escape(h)}*]" for h in block.header)
        rows = ",\n".join(", ".join(f"[{_escape(c)}]" for c in row) for row in block.rows)
        return (
            f"#text(size: 8pt)[#table(columns: ({columns},), align: ({align},), table.header({head}), "
            f'table.hline(stroke: 0.6pt + rgb("#0a5560")),\n{rows})]'
        )
    if isinstance(block, Figure):
        return f'#figure(image("{picture}", width: 100%), caption: [{_escape(block.caption)}])'
    return "#pagebreak(weak: true)"


def _escape(text: str) -> str:
    escaped = re.sub(r"([\\#$@<>_`~\[\]])", r"\\\1", text.replace("**", "\x00")).replace("*", r"\*")
    escaped = re.sub(r"^([-+=/]|\d+\.)", r"\\\1", escaped)
    return re.sub("\x00(.+?)\x00", r"*\1*", escaped).replace("\x00", "")
