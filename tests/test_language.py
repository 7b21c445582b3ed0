"""Hold the rules by which numbers, units, signs and names stand in what people read."""

from __future__ import annotations

import csv
import re
from importlib import resources
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import daliz
from daliz.report.translate import LANGUAGES, UNITS, Speech
from daliz.tables.briefs import brief_strings
from daliz.tables.schema import schema

SHARES = {"share", "sourced"}
"""Values that Speech.percent writes, which end in the sign of per cent."""
UNIT = r"(?:%|(?:т|кг|км|USD|TEU|млн)(?!\w)|күн|доллар)"
AMOUNTS = st.floats(-1e9, 1e9, allow_nan=False)
OWN = brief_strings(daliz.open("eurasia").store)
KK = Speech("kk", OWN)


def strings() -> list[dict[str, str]]:
    """Collect the texts of the program and those of the package."""
    text = resources.files("daliz.report").joinpath("strings.csv").read_text(encoding="utf-8")
    own = brief_strings(daliz.open("eurasia").store)
    return [*csv.DictReader(text.splitlines()), *own.values()]


def filled(row: dict[str, str], value: str = "1 234,5") -> str:
    """Say a string in Kazakh with a number for each value."""
    return KK(row["key"], **dict.fromkeys(re.findall(r"{(\w+)}", row["kk"]), value))


@pytest.fixture(scope="module")
def network() -> daliz.Network:
    return daliz.open("eurasia")


@pytest.mark.parametrize("row", strings(), ids=lambda row: row["key"])
def test_a_translation_has_the_values_of_the_english(row: dict[str, str]) -> None:
    """Each value stands in each language as often as in English."""
    values = [sorted(re.findall(r"{(\w+)}", row[language])) for language in LANGUAGES]
    assert all(v == values[0] for v in values)


@pytest.mark.parametrize("row", strings(), ids=lambda row: row["key"])
def test_no_ending_stands_on_a_bare_value(row: dict[str, str]) -> None:
    """A word of ours carries the ending; only a percentage, which ends in its sign, may bear one."""
    for name, ending in re.findall(r"{(\w+)}(-?)[^\W\d_]", row["kk"]):
        assert ending == "-", row["kk"]
        assert name in SHARES, row["kk"]


@pytest.mark.parametrize("row", strings(), ids=lambda row: row["key"])
def test_a_number_is_held_to_its_unit(row: dict[str, str]) -> None:
    """No plain space parts a number from its unit, in whatever string it stands."""
    assert not re.search(rf"\d {UNIT}", filled(row)), filled(row)


@pytest.mark.parametrize("row", strings(), ids=lambda row: row["key"])
def test_no_sign_is_a_hyphen(row: dict[str, str]) -> None:
    """A hyphen before a figure is no minus, an ordinal takes one after it, and a range a dash."""
    assert not re.search(r"(?<![\w`.-])-\d", row["kk"]), row["kk"]
    assert not re.search(r"\d-\d", re.sub(r"`[^`]*`|SHA-256", "", row["kk"])), row["kk"]
    assert "5 және 95-процентил" not in row["kk"]


def test_two_terms_do_not_share_a_word() -> None:
    """An assumption is no forecast, a capacity of a way no power, and a row of a table no way."""
    by = {row["key"]: row["kk"] for row in strings()}
    assert by["grade_assumption"] == "жорамал"
    assert by["capacity"] == "Өткізу қабілеті"
    forecast = re.compile(r"\bболжам", re.IGNORECASE)
    told = {"projected", "projected_mark", "case_without", "case_with", "split_forecast", "split_naive"}
    assert {k for k, text in by.items() if forecast.search(text)} <= told
    assert not [k for k, text in by.items() if re.search(r"\bқуат(?!тылық)", text, re.IGNORECASE)]
    assert not [k for k in ("years_text", "story_text") if re.search(r"\bжол\b", by[k])]


def test_a_percentage_ends_in_its_sign() -> None:
    """In Kazakh a no-break space stands before the sign, in English nothing; an ending may follow."""
    assert KK.percent(0.57) == "57\u00a0%"
    assert KK.percent(0.0018, 2) == "0,18\u00a0%"
    assert Speech("en").percent(0.57) == "57%"
    assert KK.share(0.3, 0.2, 0.38) == "30\u00a0% (20–38\u00a0%)"


@given(AMOUNTS, st.integers(0, 3))
def test_a_negative_number_has_a_minus_sign(value: float, digits: int) -> None:
    """The sign is U+2212, stands only where the digits shown are not all 0, and no hyphen occurs."""
    for speech in map(Speech, LANGUAGES):
        text = speech.number(value, digits)
        assert "-" not in text
        assert text.startswith("\u2212") == (round(value, digits) < 0)
        assert speech.number(value, digits, signed=True).startswith("+") == (round(value, digits) > 0)


@given(AMOUNTS, AMOUNTS)
def test_a_range_has_a_dash_unless_an_end_is_negative(a: float, b: float) -> None:
    """Ends are joined by an en dash, or by dots if one is negative; the unit stands once behind both."""
    low, high = sorted((a, b))
    text = KK.range(low, high)
    assert text == f"{KK.number(low)}{' … ' if round(low) < 0 else '–'}{KK.number(high)}"
    assert KK.quantity(text, "%").count("%") == 1
    assert KK.estimate(1, float("nan"), float("nan")) == "1"


PAIRS = [
    ("days_less", "days_more"),
    ("usd_less", "usd_more"),
    ("kg_less", "kg_more"),
    ("duty_less", "duty_more"),
    ("exports_less", "exports_more"),
]


@pytest.mark.parametrize(("pair", "language"), list(product(PAIRS, LANGUAGES)))
def test_a_signed_change_chooses_its_words(pair: tuple[str, str], language: str) -> None:
    """What is less is said by the words for less, without a sign, and its range is turned with it."""
    speech = Speech(language, OWN)
    less = speech.signed(*pair, -120.0, (-200.0, -50.0))
    more = speech.signed(*pair, 120.0, (50.0, 200.0))
    assert less == speech(pair[0], value="120", range="50–200")
    assert more == speech(pair[1], value="120", range="50–200")
    assert less != more
    across = speech.signed(*pair, -120.0, (-200.0, 30.0))
    assert across == speech(pair[0], value="120", range="\u221230 … 200")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stem", ["freight", "arrival"])
def test_a_signed_range_chooses_its_words(stem: str, language: str) -> None:
    """A range below nothing is said by the words for less; one of both signs keeps them."""
    speech, keys = Speech(language), (f"{stem}_less", f"{stem}_more", f"{stem}_either")
    assert speech.signed_range(*keys, (-9.0, -2.0)) == speech(keys[0], range="2–9")
    assert speech.signed_range(*keys, (2.0, 9.0)) == speech(keys[1], range="2–9")
    assert speech.signed_range(*keys, (-0.4, 9.0)) == speech(keys[1], range="0–9")
    assert speech.signed_range(*keys, (-2.0, 9.0)) == speech(keys[2], range="\u22122 … 9")


def test_units_are_named_in_every_language(network: daliz.Network) -> None:
    """Each unit of commodities has a name; one of another package stands as it is written."""
    assert {str(u) for u in network.store["commodities"]["unit"]} <= set(UNITS)
    assert KK.unit("t U") == "т U"
    assert KK.unit("barrels") == "barrels"


def test_countries_are_called_as_the_tables_call_them(network: daliz.Network) -> None:
    """The report and the tables of a package have one spelling of a union, and the open sea has a name."""
    unions: list[dict[str, Any]] = network.store["unions"].rows()
    assert all(KK.country(row["code"]) == row["name_kk"] for row in unions)
    assert KK.country("XZ") != "XZ"
    nodes = network.store["nodes"]
    for country, bracket in {"AZ": "astara-az", "IR": "astara-ir", "CN": "khorgos"}.items():
        assert nodes.row(bracket)["name_kk"].endswith(f"({KK.country(country)})")


def test_names_are_whole(network: daliz.Network) -> None:
    """Each row of a table with names in three languages has all three."""
    for name, table in network.store.items():
        columns = [c for c in ("name_en", "name_kk", "name_ru") if c in schema()[name].columns]
        if len(columns) == 3:
            for column in columns:
                assert not np.flatnonzero(table[column] == "").size, (name, column)


def test_a_percentage_before_a_noun_has_its_ending(network: daliz.Network) -> None:
    """A policy of so many per cent says of what: "25 %-дық баж"."""
    for name in network.store["policies"]["name_kk"]:
        assert not re.search(r"%(?!-)", str(name)), name


def test_full_talks_take_the_duty_away(network: daliz.Network) -> None:
    """The full talks end the duty in each language, as their English says."""
    row = network.store["policies"].row("talks-2025-full")
    assert "алып тасталады" in row["name_kk"]
    assert "алынады" not in row["name_kk"]
