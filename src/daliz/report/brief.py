"""Write the brief: one HTML file that opens offline, and PDF; in English, with its summary in Kazakh too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daliz.errors import DataError
from daliz.report.charts import (
    comparison_chart,
    corridor_colours,
    corridor_names,
    grade_chart,
    time_cost_distance,
)
from daliz.report.document import Block, Bullets, Document, Figure, Heading, PageBreak, Paragraph, TableBlock
from daliz.report.duties import duty_blocks, duty_points
from daliz.report.maps import map_chart
from daliz.report.minerals import mineral_blocks, mineral_points
from daliz.report.translate import Speech
from daliz.report.volumes import volume_blocks
from daliz.studies.brief_answers import brief_answers
from daliz.studies.brief_plan import brief_plan
from daliz.tables.briefs import brief_strings
from daliz.writing import FolderKind, check_folder, write_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from daliz.routing import Itinerary
    from daliz.studies.brief_answers import Answers, Comparison
    from daliz.tables import Network

CLAIMED = 12
FILES = ("brief.html", "brief.pdf", "summary-kk.html", "summary-kk.pdf")
BRIEF = FolderKind("brief", frozenset(FILES).__contains__, parents=True)
"""What a brief is among folders: it may be written into any."""


def brief(
    network: Network,
    folder: str | Path,
    progress: Callable[[int, int], None] | None = None,
    *,
    name: str = "brief",
) -> list[Path]:
    """Write the brief of a network into a folder as `brief.html` and `brief.pdf`, and the summary in Kazakh.

    Parameters
    ----------
    network
        Network of the year that the comparison is for.
    folder
        Folder, made if it does not exist.
    progress
        Called with the count of steps done and the count of all.
    name
        Which of the package's briefs to write, as its file in `briefs` is named.

    Returns
    -------
    list of Path
        The files written: brief.html, brief.pdf, summary-kk.html, summary-kk.pdf.

    Raises
    ------
    DataError
        If the package has no such brief, or no pair is a flagship.
    WriteError
        If the folder cannot be made or written; nothing of the brief is there then.
    """
    plan = brief_plan(network, name)
    check_folder(folder, BRIEF)
    if not any(network.store["pairs"]["flagship"]):
        raise DataError("pairs.csv names no flagship pair; mark at least one with yes.")
    answers, own = brief_answers(network, plan, progress), brief_strings(network.store)
    english, kazakh = Speech("en", own), Speech("kk", own)
    full = Document(
        english("title"),
        "en",
        [
            *summary(answers, english),
            PageBreak(),
            *summary(answers, kazakh),
            PageBreak(),
            *details(answers, english),
        ],
    )
    short = Document(kazakh("title"), "kk", summary(answers, kazakh))
    written = (full.as_html(), full.as_pdf(), short.as_html(), short.as_pdf())
    target = write_folder(folder, dict(zip(FILES, written, strict=True)), BRIEF)
    return [target / file for file in FILES]


def summary(answers: Answers, speech: Speech) -> list[Block]:
    """Write the whole in a page."""
    network, first = answers.network, answers.flagships[0]
    nodes = network.table("nodes")
    ends = {k: speech.name(nodes.row(first.pair[k])) for k in ("origin", "destination")}
    names = corridor_names(network, speech.language)
    state = speech("projected") if network.projected else speech("observed")
    year = str(network.year)
    points = [
        *duty_points(answers.duties, speech),
        *(_points(first, names, speech) if answers.plan.followed else []),
        *mineral_points(answers.minerals, speech),
        _sure(answers, speech),
    ]
    blocks: list[Block] = [
        Heading(speech("title"), 1),
        Paragraph(speech("subtitle", year=year, state=state, version=network.version), small=True),
        Paragraph(speech("lead", origin=ends["origin"], destination=ends["destination"], year=year)),
        _table(first.best, speech, names),
        Bullets(points),
    ]
    for other in answers.flagships[1:]:
        blocks += [Heading(_pair(other, speech), 3), _table(other.best, speech, names)]
    return [*blocks, Paragraph(speech("ranges_note"), small=True)]


def _pair(found: Comparison, speech: Speech) -> str:
    """Name both ends of a pair."""
    nodes = found.network.table("nodes")
    return " – ".join(speech.name(nodes.row(found.pair[k])) for k in ("origin", "destination"))


def _table(best: dict[str, Itinerary], speech: Speech, names: dict[str, str]) -> TableBlock:
    header = [
        speech(k) for k in ("corridor", "days_mean", "p50_p95", "usd_range", "co2", "risk", "borders_gauge")
    ]
    rows = []
    for corridor, way in sorted(best.items(), key=lambda x: x[1].generalised_usd):
        s = way.spread
        number = speech.number
        rows.append(
            [
                names.get(corridor, corridor),
                number(way.days, 1),
                f"{number(s.p50_days)} / {number(s.p95_days)}" if s else "–",
                speech.estimate(way.usd, s.usd_low, s.usd_high) if s else number(way.usd),
                number(way.kg_co2e),
                speech.percent(way.risk),
                f"{len(way.borders)} / {len(way.gauge_changes)}",
            ]
        )
    return TableBlock(header, rows, right=range(1, 7))


def _points(first: Comparison, names: dict[str, str], speech: Speech) -> list[str]:
    """Write what the followed corridor gives and lacks against each other corridor."""
    if first.followed is None:
        return [speech("corridor_closed")]
    return [
        speech(
            "against",
            corridor=names.get(d.corridor, d.corridor),
            days=speech.signed("days_less", "days_more", d.days, digits=1),
            usd=speech.signed("usd_less", "usd_more", d.usd),
            co2=speech.signed("kg_less", "kg_more", d.kg_co2e),
            certain=speech("certain" if d.apart else "uncertain"),
        )
        for d in first.against
    ]


def _sure(answers: Answers, speech: Speech) -> str:
    figures, share = answers.sourced
    sources = speech.number(len(answers.network.store["sources"]))
    return speech("how_sure", share=speech.percent(share), figures=speech.number(figures), sources=sources)


def details(answers: Answers, speech: Speech) -> list[Block]:
    """Write the pages after the summary, as the plan of the brief lists them."""
    return [block for page in answers.plan.pages for block in PAGES[page](answers, speech)]


def _ways(answers: Answers, speech: Speech) -> list[Block]:
    """Write which way stands for each corridor."""
    names = corridor_names(answers.network, speech.language)
    rows = [
        [_pair(found, speech), names.get(c, c), " – ".join(way.stops(speech.language))]
        for found in answers.flagships
        for c, way in found.best.items()
    ]
    return [
        Heading(speech("ways_title")),
        Paragraph(speech("ways_text")),
        TableBlock([speech("pair"), speech("corridor"), speech("way")], rows),
    ]


def _sorted(found: Comparison, leave_out: Sequence[str] = ()) -> list[Itinerary]:
    """List the itineraries of a pair, the cheapest first."""
    ways = (w for w in found.best.values() if w.corridor not in leave_out)
    return sorted(ways, key=lambda w: w.generalised_usd)


def _maps(answers: Answers, speech: Speech) -> list[Block]:
    first = answers.flagships[0]
    ways, title = _sorted(first), _pair(first, speech)
    blocks: list[Block] = [Heading(speech("map_title"))]
    for page in answers.plan.maps:
        some = [w for w in ways if not page.corridors or w.corridor in page.corridors]
        chart = map_chart(answers.network, some, speech.language, page.frame)
        blocks.append(Figure(chart, speech(page.caption, pair=title)))
    return blocks


def _comparison(answers: Answers, speech: Speech) -> list[Block]:
    first = answers.flagships[0]
    names, colours = corridor_names(answers.network, speech.language), corridor_colours(answers.network)
    rows = [_chart_row(w, names, colours) for w in _sorted(first) if w.spread]
    caption = speech("comparison_caption", pair=_pair(first, speech))
    return [Heading(speech("comparison_title")), Figure(comparison_chart(rows, speech.language), caption)]


def _diagrams(answers: Answers, speech: Speech) -> list[Block]:
    page = answers.plan.diagrams
    blocks: list[Block] = [Heading(speech("tcd_title")), Paragraph(speech("tcd_text"))]
    for n, found in enumerate(answers.flagships):
        shown = _sorted(found, page.leave_out)[: page.others if n else page.first]
        chart = time_cost_distance(shown, speech.language)
        blocks.append(Figure(chart, speech("tcd_caption", pair=_pair(found, speech))))
    return blocks


def _chart_row(way: Itinerary, names: dict[str, str], colours: dict[str, str]) -> dict[str, Any]:
    s = way.spread
    assert s is not None
    return {
        "colour": colours.get(way.corridor, ""),
        "label": names.get(way.corridor, way.corridor),
        "days": way.days,
        "days_low": s.days_low,
        "days_high": s.days_high,
        "usd": way.usd,
        "usd_low": s.usd_low,
        "usd_high": s.usd_high,
    }


def _years(answers: Answers, speech: Speech) -> list[Block]:
    """Write the followed corridor by year, and what it takes more than each other; nothing if none is followed."""
    if not answers.plan.followed:
        return []
    names, found = corridor_names(answers.network, speech.language), list(answers.years.values())
    followed = answers.plan.followed
    marks = [speech("projected_mark") if f.network.projected else "" for f in found]
    header = [
        speech("against_corridor"),
        *(f"{year}{m}" for year, m in zip(answers.years, marks, strict=True)),
    ]
    rows = [[names.get(followed, followed), *(_own_totals(f, speech) for f in found)]]
    for corridor in names:
        cells = [_differences(f, corridor, speech) for f in found]
        if any(c != "–" for c in cells):
            rows.append([names[corridor], *cells])
    projected = found[-1].network
    projects = ", ".join(_project_names(projected, speech))
    return [
        Heading(speech("years_title")),
        Paragraph(speech("years_text", pair=_pair(answers.flagships[0], speech), projects=projects)),
        TableBlock(header, rows),
        *_claims(projected, speech),
    ]


def _project_names(network: Network, speech: Speech) -> list[str]:
    sets = network.store["change_sets"]
    return [speech.name(sets.row(name)) for name in network.added]


def _own_totals(found: Comparison, speech: Speech) -> str:
    way = found.followed
    return "–" if way is None else _totals(found, (way.days, way.usd, way.kg_co2e), speech)


def _differences(found: Comparison, corridor: str, speech: Speech) -> str:
    other = next((d for d in found.against if d.corridor == corridor), None)
    return (
        "–" if other is None else _totals(found, (other.days, other.usd, other.kg_co2e), speech, signed=True)
    )


def _totals(
    found: Comparison, values: tuple[float, float, float], speech: Speech, *, signed: bool = False
) -> str:
    """Write days, USD and kg CO2e; mark projected ones."""
    days, usd, kg = values
    text = speech(
        "totals",
        days=speech.number(days, 1, signed=signed),
        usd=speech.number(usd, signed=signed),
        kg=speech.number(kg, signed=signed),
    )
    return f"{text} [{speech('computed')}]" if found.network.projected else text


def _claims(network: Network, speech: Speech) -> list[Block]:
    """Set what promoters claim beside what is computed and what is not yet."""
    sets = network.store["change_sets"]
    rows = [
        [
            speech.name(row),
            f"{speech('quoted', text=row['claim'])} [{speech('claim')}]",
            speech("not_yet"),
        ]
        for row in (sets.row(name) for name in network.added)
        if row["claim"]
    ]
    if not rows:
        return []
    return [
        Paragraph(speech("claims_text")),
        TableBlock([speech("project"), speech("gain"), speech("worth")], rows[:CLAIMED]),
    ]


def _matrix(answers: Answers, speech: Speech) -> list[Block]:
    if not answers.matrix:
        return []
    nodes = answers.network.table("nodes")
    corridors = [c for c in answers.matrix[0] if c not in {"origin", "destination", "year"}]
    names = corridor_names(answers.network, speech.language)
    years = sorted({r["year"] for r in answers.matrix})
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in answers.matrix:
        grouped.setdefault((row["origin"], row["destination"]), []).append(row)
    rows = [
        [
            " – ".join(speech.name(nodes.row(p)) for p in pair),
            *("".join("●" if r[c] != "-" else "○" for r in some) for c in corridors),
        ]
        for pair, some in grouped.items()
    ]
    return [
        Heading(speech("matrix_title")),
        Paragraph(speech("matrix_text", years=", ".join(map(str, years)))),
        TableBlock([speech("pair"), *(names.get(c, c) for c in corridors)], rows),
    ]


def _quality(answers: Answers, speech: Speech) -> list[Block]:
    names = corridor_names(answers.network, speech.language)
    rows = [[speech(f"grade_{g}"), speech.number(n), speech.percent(s)] for g, n, s in answers.grades]
    header = [speech(k) for k in ("pair", "corridor", "hours_sourced", "usd_sourced")]
    ways = []
    for found in answers.weights:
        nodes, corridor = answers.network.table("nodes"), found.itinerary.corridor
        label = " – ".join(speech.name(nodes.row(found.pair[k])) for k in ("origin", "destination"))
        cells = [speech.percent(found.hours), speech.percent(found.usd)]
        ways.append([label, names.get(corridor, corridor), *cells])
    return [
        Heading(speech("quality_title")),
        Paragraph(speech("quality_text")),
        TableBlock([speech("grade"), speech("figures"), speech("share")], rows, right=(1, 2)),
        Figure(grade_chart(answers.grades, speech.language), speech("quality_caption")),
        Paragraph(speech("weights_text", count=speech.number(len(ways)))),
        TableBlock(header, ways, right=(2, 3)),
    ]


def _method(answers: Answers, speech: Speech) -> list[Block]:
    return [
        Heading(speech("method_title")),
        Paragraph(speech("method_text")),
        Bullets([speech(f"method_{i}") for i in range(1, 7)]),
        Paragraph(
            speech(
                "hash_text",
                digest=answers.network.digest,
                package=answers.network.name,
                version=answers.network.version,
            ),
            small=True,
        ),
    ]


PAGES: dict[str, Callable[[Answers, Speech], list[Block]]] = {
    "ways": _ways,
    "maps": _maps,
    "comparison": _comparison,
    "diagrams": _diagrams,
    "years": _years,
    "volumes": lambda a, speech: volume_blocks(a.volumes, speech, corridor_names(a.network, speech.language)),
    "minerals": lambda a, speech: mineral_blocks(a.minerals, speech),
    "duties": lambda a, speech: duty_blocks(a.duties, speech),
    "matrix": _matrix,
    "quality": _quality,
    "method": _method,
}
"""What writes each page."""
