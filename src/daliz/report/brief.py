"""Write the brief: one HTML file that opens offline, and PDF; English, with the one-page summary in Kazakh too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import DataError
from daliz.report.answers import YEARS, Answers, compute
from daliz.report.charts import (
    HEARTLAND,
    OVERVIEW,
    comparison_chart,
    corridor_names,
    grade_chart,
    map_chart,
    time_cost_distance,
)
from daliz.report.document import Block, Bullets, Document, Figure, Heading, PageBreak, Paragraph, TableBlock
from daliz.report.duties import duty_blocks, duty_points
from daliz.report.minerals import mineral_blocks, mineral_points
from daliz.report.translate import Speech
from daliz.report.volumes import volume_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.routing import Itinerary
    from daliz.tables import Network

CLAIMED = 12
LAND = ("middle", "north", "south")


def brief(
    network: Network, folder: str | Path, progress: Callable[[int, int], None] | None = None
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

    Returns
    -------
    list of Path
        The files written: brief.html, brief.pdf, summary-kk.html, summary-kk.pdf.

    Raises
    ------
    DataError
        If the folder cannot be made or the package names no flagship pair.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{target} cannot be made: {error.strerror}; choose another folder.") from error
    if not any(network.store["pairs"]["flagship"]):
        raise DataError("pairs.csv names no flagship pair; mark at least one with yes.")
    answers = compute(network, progress)
    english, kazakh = Speech("en"), Speech("kk")
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
    return [
        full.to_html(target / "brief.html"),
        full.to_pdf(target / "brief.pdf"),
        short.to_html(target / "summary-kk.html"),
        short.to_pdf(target / "summary-kk.pdf"),
    ]


def summary(answers: Answers, speech: Speech) -> list[Block]:
    """Tell the whole in a page."""
    network = answers.network
    pair, best = answers.flagships[0]
    nodes = network.table("nodes")
    ends = {k: speech.name(nodes.row(pair[k])) for k in ("origin", "destination")}
    names = corridor_names(network, speech.language)
    state = speech("projected") if network.projected else speech("observed")
    blocks: list[Block] = [
        Heading(speech("title"), 1),
        Paragraph(
            speech("subtitle", year=str(network.year), state=state, version=network.version), small=True
        ),
        Paragraph(
            speech("lead", origin=ends["origin"], destination=ends["destination"], year=str(network.year))
        ),
        _table(best, speech, names),
        Bullets(
            [
                *duty_points(answers.duties, speech),
                *_points(best, names, speech),
                *mineral_points(answers.minerals, speech),
                _sure(answers, speech),
            ]
        ),
    ]
    for other, ways in answers.flagships[1:]:
        blocks += [
            Heading(" – ".join(speech.name(nodes.row(other[k])) for k in ("origin", "destination")), 3),
            _table(ways, speech, names),
        ]
    return [*blocks, Paragraph(speech("ranges_note"), small=True)]


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


def _points(best: dict[str, Itinerary], names: dict[str, str], speech: Speech) -> list[str]:
    """Say what the Middle Corridor gives and lacks against each other corridor."""
    middle = best.get("middle")
    if middle is None:
        return [speech("middle_closed")]
    points = []
    for corridor, way in best.items():
        if corridor == "middle":
            continue
        days, usd, kg = middle.days - way.days, middle.usd - way.usd, middle.kg_co2e - way.kg_co2e
        points.append(
            speech(
                "against",
                corridor=names.get(corridor, corridor),
                days=speech.signed("days_less", "days_more", days, digits=1),
                usd=speech.signed("usd_less", "usd_more", usd),
                co2=speech.signed("kg_less", "kg_more", kg),
                certain=speech("certain" if _apart(middle, way) else "uncertain"),
            )
        )
    return points


def _apart(a: Itinerary, b: Itinerary) -> bool:
    """Tell whether the intervals of the mean days lie apart."""
    return bool(
        a.spread
        and b.spread
        and (a.spread.days_high < b.spread.days_low or b.spread.days_high < a.spread.days_low)
    )


def _sure(answers: Answers, speech: Speech) -> str:
    figures, share = answers.sourced
    sources = speech.number(len(answers.network.store["sources"]))
    return speech("how_sure", share=speech.percent(share), figures=speech.number(figures), sources=sources)


def details(answers: Answers, speech: Speech) -> list[Block]:
    """Tell the rest: map, comparison, diagrams, years, matrix, data quality, method."""
    names = corridor_names(answers.network, speech.language)
    pair, best = answers.flagships[0]
    ways = sorted(best.values(), key=lambda w: w.generalised_usd)
    nodes = answers.network.table("nodes")
    title = " – ".join(speech.name(nodes.row(pair[k])) for k in ("origin", "destination"))
    chart_rows = [_chart_row(w, names) for w in ways if w.spread]
    blocks: list[Block] = [
        *_ways(answers, speech, names),
        Heading(speech("map_title")),
        Figure(
            map_chart(answers.network, ways, speech.language, OVERVIEW), speech("map_caption", pair=title)
        ),
        Figure(
            map_chart(answers.network, [w for w in ways if w.corridor in LAND], speech.language, HEARTLAND),
            speech("map_caption_near", pair=title),
        ),
        Heading(speech("comparison_title")),
        Figure(comparison_chart(chart_rows, speech.language), speech("comparison_caption", pair=title)),
        Heading(speech("tcd_title")),
        Paragraph(speech("tcd_text")),
    ]
    shown = [w for w in ways if w.corridor not in {"air", "road"}][:4]
    blocks.append(Figure(time_cost_distance(shown, speech.language), speech("tcd_caption", pair=title)))
    for other, found in answers.flagships[1:]:
        label = " – ".join(speech.name(nodes.row(other[k])) for k in ("origin", "destination"))
        few = sorted(
            (w for w in found.values() if w.corridor not in {"air", "road"}), key=lambda w: w.generalised_usd
        )[:3]
        blocks.append(Figure(time_cost_distance(few, speech.language), speech("tcd_caption", pair=label)))
    return [
        *blocks,
        *_years(answers, speech, names, title),
        *volume_blocks(answers.volumes, speech, names),
        *mineral_blocks(answers.minerals, speech),
        *duty_blocks(answers.duties, speech),
        *_matrix(answers, speech),
        *_quality(answers, speech),
        *_method(answers, speech),
    ]


def _ways(answers: Answers, speech: Speech, names: dict[str, str]) -> list[Block]:
    """Say which way stands for each corridor."""
    nodes = answers.network.table("nodes")
    rows = [
        [
            " – ".join(speech.name(nodes.row(pair[k])) for k in ("origin", "destination")),
            names.get(c, c),
            " – ".join(way.stops(speech.language)),
        ]
        for pair, best in answers.flagships
        for c, way in best.items()
    ]
    return [
        Heading(speech("ways_title")),
        Paragraph(speech("ways_text")),
        TableBlock([speech("pair"), speech("corridor"), speech("way")], rows),
    ]


def _chart_row(way: Itinerary, names: dict[str, str]) -> dict[str, Any]:
    s = way.spread
    assert s is not None
    return {
        "corridor": way.corridor,
        "label": names.get(way.corridor, way.corridor),
        "days": way.days,
        "days_low": s.days_low,
        "days_high": s.days_high,
        "usd": way.usd,
        "usd_low": s.usd_low,
        "usd_high": s.usd_high,
    }


def _years(answers: Answers, speech: Speech, names: dict[str, str], title: str) -> list[Block]:
    header = [
        speech("against_corridor"),
        *(f"{year}{speech('projected_mark') if answers.networks[year].projected else ''}" for year in YEARS),
    ]
    pairs = [(answers.years[year], answers.networks[year]) for year in YEARS]
    own = [names.get("middle", "middle"), *(_totals(best.get("middle"), n, speech) for best, n in pairs)]
    rows = []
    for corridor in [c for c in names if c != "middle" and any(c in best for best in answers.years.values())]:
        cells = [
            _totals(best.get("middle"), n, speech, best[corridor]) if corridor in best else "–"
            for best, n in pairs
        ]
        if any(c != "–" for c in cells):
            rows.append([names[corridor], *cells])
    projected = answers.networks[YEARS[-1]]
    return [
        Heading(speech("years_title")),
        Paragraph(speech("years_text", pair=title, projects=", ".join(_project_names(projected, speech)))),
        TableBlock(header, [own, *rows]),
        *_claims(projected, speech),
    ]


def _project_names(network: Network, speech: Speech) -> list[str]:
    sets = network.store["change_sets"]
    return [speech.name(sets.row(name)) for name in network.added]


def _totals(way: Itinerary | None, network: Network, speech: Speech, other: Itinerary | None = None) -> str:
    """Write days, USD and kg CO2e of a way, or what they are more than another's; mark projected ones."""
    if way is None:
        return "–"
    than = (other.days, other.usd, other.kg_co2e) if other else (0.0, 0.0, 0.0)
    signed = other is not None
    text = speech(
        "totals",
        days=speech.number(way.days - than[0], 1, signed=signed),
        usd=speech.number(way.usd - than[1], signed=signed),
        kg=speech.number(way.kg_co2e - than[2], signed=signed),
    )
    return f"{text} [{speech('computed')}]" if network.projected else text


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
    nodes = answers.network.table("nodes")
    rows = [[speech(f"grade_{g}"), speech.number(n), speech.percent(s)] for g, n, s in answers.grades]
    sourced = {
        str(g): bool(s)
        for g, s in zip(
            answers.network.store["grades"].ids, answers.network.store["grades"]["sourced"], strict=True
        )
    }
    ways = []
    for pair, way, shares in answers.weights:
        label = " – ".join(speech.name(nodes.row(pair[k])) for k in ("origin", "destination"))
        cells = [
            speech.percent(sum(v for g, v in shares[m].items() if sourced.get(g, g == "computed")))
            for m in ("hours", "usd")
        ]
        ways.append(
            [label, corridor_names(answers.network, speech.language).get(way.corridor, way.corridor), *cells]
        )
    return [
        Heading(speech("quality_title")),
        Paragraph(speech("quality_text")),
        TableBlock([speech("grade"), speech("figures"), speech("share")], rows, right=(1, 2)),
        Figure(grade_chart(answers.grades, speech.language), speech("quality_caption")),
        Paragraph(speech("weights_text", count=speech.number(len(ways)))),
        TableBlock(
            [speech("pair"), speech("corridor"), speech("hours_sourced"), speech("usd_sourced")],
            ways,
            right=(2, 3),
        ),
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
