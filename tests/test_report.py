"""Hold what people see: charts, documents, languages."""

from __future__ import annotations

import csv
import re
from importlib import resources
from pathlib import Path

import pytest

import daliz
from daliz.errors import DataError, QueryError
from daliz.report.charts import comparison_chart, time_cost_distance
from daliz.report.document import Bullets, Document, Figure, Heading, PageBreak, Paragraph, TableBlock
from daliz.report.maps import map_chart
from daliz.report.save import save_chart, svg_of
from daliz.report.translate import Speech
from daliz.studies.brief_plan import brief_plan
from daliz.tables.briefs import brief_strings
from questions import routes_of


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("eurasia")


@pytest.fixture(scope="module")
def answer(network: daliz.Network) -> daliz.Routes:
    return routes_of(network, "Almaty", "Poti", k=2, draws=200, pareto=False)


def strings() -> list[dict[str, str]]:
    """Collect the texts of the program and those of the package."""
    text = resources.files("daliz.report").joinpath("strings.csv").read_text(encoding="utf-8")
    own = brief_strings(daliz.open("eurasia").store)
    return [*csv.DictReader(text.splitlines()), *own.values()]


def test_every_string_is_said_in_both_languages_with_the_same_values() -> None:
    """A translation names the same values as the English, in Cyrillic letters where it has words."""
    for row in strings():
        assert set(re.findall(r"{(\w+)}", row["en"])) == set(re.findall(r"{(\w+)}", row["kk"])), row["key"]
        assert row["kk"], row["key"]


def test_every_string_asked_for_exists() -> None:
    """The report asks for no key that strings.csv lacks, and strings.csv keeps no key that nothing asks for."""
    folder = Path(daliz.__file__).parent / "report"
    code = "\n".join(p.read_text(encoding="utf-8") for p in folder.glob("*.py"))
    known = {row["key"] for row in strings()}
    asked = set(re.findall(r'speech\(\s*"(\w+)"', code)) | set(re.findall(r"[\"'](\w+)[\"']", code))
    families = ("grade_", "method_")
    asked |= {page.caption for page in brief_plan(daliz.open("eurasia")).maps}
    assert {k for k in known if k not in asked and not k.startswith(families)} == set()
    assert set(re.findall(r'speech\(\s*"(\w+)"', code)) - known == set()


def test_grades_have_names(network: daliz.Network) -> None:
    """Each grade of evidence has a name in each language."""
    for grade in network.store["grades"].ids:
        assert Speech("en")(f"grade_{grade}")
        assert Speech("kk")(f"grade_{grade}")


def test_speech_refuses_what_it_cannot_say() -> None:
    """A language or key that is not there is an error that says so."""
    with pytest.raises(QueryError, match="does not speak 'fr'"):
        Speech("fr")
    with pytest.raises(QueryError, match="no text 'nothing'"):
        Speech("en")("nothing")


def test_numbers_follow_the_language() -> None:
    """Kazakh numbers have a decimal comma, English ones a point."""
    assert Speech("en").number(1234.5, 1) == "1,234.5"
    assert Speech("kk").number(1234.5, 1).endswith(",5")
    assert Speech("en").number(float("nan")) == "–"


@pytest.mark.parametrize("ending", [".html", ".png", ".svg", ".pdf", ".json"])
def test_charts_are_saved_in_every_form(tmp_path: Path, answer: daliz.Routes, ending: str) -> None:
    """The form follows the ending, and an HTML file asks nothing of the internet."""
    path = save_chart(time_cost_distance(answer.itineraries), tmp_path / f"chart{ending}")
    head = path.read_bytes()[:9]
    marks = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<svg", ".html": b"<!DOCTYPE", ".json": b"{"}
    assert head.startswith(marks[ending])
    if ending == ".html":
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"<(script|link)[^>]+(src|href)=[\"']https?:", text)


def test_unknown_chart_form_is_refused(tmp_path: Path, answer: daliz.Routes) -> None:
    """An ending that cannot be drawn is an error that lists those that can."""
    with pytest.raises(QueryError, match=r"\.svg"):
        save_chart(time_cost_distance(answer.itineraries), tmp_path / "chart.xyz")


def test_diagram_ends_at_the_totals(answer: daliz.Routes) -> None:
    """The last corner of each curve is the way's days and USD."""
    spec = time_cost_distance(answer.itineraries).to_dict()
    rows = [r for d in _values(spec) for r in d if "low" in r]
    for number, way in enumerate(answer.itineraries, 1):
        last = max((r for r in rows if r["way"].startswith(f"{number}.")), key=lambda r: r["order"])
        assert last["days"] == pytest.approx(way.days)
        assert last["usd"] == pytest.approx(way.usd)
        assert last["km"] == pytest.approx(way.km)
        assert last["low"] < last["days"] < last["high"]


def _values(spec: object) -> list[list[dict]]:
    found = []
    if isinstance(spec, dict):
        if isinstance(spec.get("values"), list):
            found.append(spec["values"])
        for value in spec.values():
            found += _values(value)
    elif isinstance(spec, list):
        for value in spec:
            found += _values(value)
    return found


def test_map_names_places_in_kazakh(network: daliz.Network, answer: daliz.Routes) -> None:
    """A map in Kazakh has Kazakh labels."""
    assert "Алматы" in svg_of(map_chart(network, answer.itineraries, "kk"))


def test_axes_write_numbers_as_the_language_does(answer: daliz.Routes) -> None:
    """Thousands on an axis are parted by a no-break space in Kazakh and by a comma in English."""
    marks = {language: svg_of(time_cost_distance(answer.itineraries, language)) for language in ("en", "kk")}
    assert "1,000<" in marks["en"]
    assert "1\u00a0000<" in marks["kk"]
    assert "1,000<" not in marks["kk"]


def test_diagrams_name_places_in_the_language(answer: daliz.Routes) -> None:
    """A stop on the diagram is named as its language names it."""
    assert "Ақтау" in svg_of(time_cost_distance(answer.itineraries, "kk"))
    assert "Aktau" in svg_of(time_cost_distance(answer.itineraries, "en"))


def document() -> Document:
    row = {
        "colour": "",
        "label": "M",
        "days": 2.0,
        "days_low": 1.0,
        "days_high": 3.0,
        "usd": 5.0,
        "usd_low": 4.0,
        "usd_high": 7.0,
    }
    blocks = [
        Heading("Тақырып: Қазақстан Ұлы жолы", 1),
        Paragraph("**strong** <tag> & #hash $5 [x] *star* _u_ @me"),
        Paragraph("- not a list", small=True),
        Bullets(["one", "1. two"]),
        TableBlock(["a", "b"], [["x|y", "1"]], right=(1,)),
        Figure(comparison_chart([row]), "caption"),
        PageBreak(),
    ]
    return Document("Title", "kk", blocks)


def test_page_stands_alone(tmp_path: Path) -> None:
    """The page loads nothing, escapes what it is given, and carries its drawings inside."""
    text = document().to_html(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<strong>strong</strong> &lt;tag&gt; &amp;" in text
    assert "<svg" in text
    assert not re.search(r"(src|href)=[\"']https?:", text)


def test_paper_takes_any_text(tmp_path: Path) -> None:
    """Marks that mean something to the typesetter are set as they are."""
    path = document().to_pdf(tmp_path / "page.pdf")
    assert path.read_bytes().startswith(b"%PDF")


def test_brief_refuses_a_folder_that_cannot_be_made(tmp_path: Path, network: daliz.Network) -> None:
    """A file in the place of the folder is an error, not a traceback."""
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be made"):
        daliz.brief(network, tmp_path / "taken")


def test_brief_is_written_whole(tmp_path: Path, network: daliz.Network) -> None:
    """The brief has its parts in both languages, marks projected figures and carries the hash of its inputs."""
    files = daliz.brief(network, tmp_path)
    assert [f.name for f in files] == ["brief.html", "brief.pdf", "summary-kk.html", "summary-kk.pdf"]
    text = files[0].read_text(encoding="utf-8")
    for part in (
        "The corridors on the map",
        "Time and cost along the way",
        "[computed]",
        "promoter&#x27;s claim",
        "not yet computed",
        "Орта дәліз",
        "– (Caspian Sea) –",
        network.digest,
    ):
        assert part in text, part
    assert not re.search(r"(src|href)=[\"']https?:", text)
    kazakh = files[2].read_text(encoding="utf-8").partition("<body>")[2]
    assert not re.search(r"(?<![\w-])-\d|\d (?=%|т\b|кг\b|USD\b|күн)", kazakh)
