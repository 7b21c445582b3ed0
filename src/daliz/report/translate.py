"""Write everything in the chosen language."""

from __future__ import annotations

import csv
import functools
import re
from dataclasses import dataclass, field
from importlib import resources
from math import isnan
from typing import TYPE_CHECKING, Any

from daliz.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("en", "kk")
NO_BREAK, MINUS = "\u00a0", "\u2212"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
BEFORE_PERCENT = {"en": "", "kk": NO_BREAK}
"""What stands between a number and the sign of per cent."""
LOOSE_UNIT = re.compile(
    r"(?<=\d) (?=%|(?:d|t|kg|km|M|USD|TEU|т|кг|км|кВ|млн|млрд)(?!\w)|(?:күн|доллар|тонна|сағат)\w*)"
)
"""A plain space between a number and its unit."""
UNITS = {
    "kt": "unit_kt",
    "t": "unit_t",
    "t U": "unit_t_u",
    "t Be": "unit_t_be",
    "t alumina": "unit_t_alumina",
    "kg Re": "unit_kg_re",
    "MWh": "unit_mwh",
    "TEU": "unit_teu",
    "train": "unit_train",
    "trains": "unit_trains",
    "truck": "unit_truck",
    "trucks": "unit_trucks",
    "wagon": "unit_wagon",
    "wagons": "unit_wagons",
}


@functools.cache
def _strings() -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in _rows("strings.csv")}


@functools.cache
def _countries() -> dict[str, dict[str, str]]:
    """Read the countries that are called otherwise than CLDR calls them."""
    return {row["code"]: row for row in _rows("countries.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("daliz.report").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@dataclass(frozen=True)
class Speech:
    """Texts in one language: strings from `strings.csv` or a package of its own, numbers as CLDR writes them.

    A number is held to its unit by a no-break space, and a negative one has a minus sign, no hyphen.

    Examples
    --------
    >>> Speech("en").number(1234567.891, 1)
    '1,234,567.9'
    >>> Speech("en").range(5, 14), Speech("en").estimate(3, -1, 5)
    ('5–14', '3 (−1 … 5)')
    """

    language: str
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise QueryError(f"The brief does not speak {self.language!r}; choose {' or '.join(LANGUAGES)}.")

    def __call__(self, key: str, **values: str) -> str:
        """Return a string with its values put in.

        Raises
        ------
        QueryError
            If the string has not been translated.
        """
        known = (self.own.get(key, {}), _strings().get(key, {}))
        text = next((row[self.language] for row in known if row.get(self.language)), "")
        if not text:
            raise QueryError(
                f"There is no text {key!r} in {self.language!r}; write it in briefs/strings.csv "
                "of the package."
            )
        return _held(text.format(**values))

    def number(self, value: float, digits: int = 0, *, signed: bool = False) -> str:
        """Write a number with the digits asked for; `signed` writes the plus of what is positive too."""
        from babel.numbers import format_decimal

        if isnan(value):
            return "–"
        # a negative number that rounds to nothing has no sign
        rounded = round(value, digits) + 0.0
        form = "#,##0" + ("." + "0" * digits if digits else "")
        text = str(format_decimal(abs(rounded), format=form, locale=self.language))
        return f"{MINUS if rounded < 0 else '+' if signed and rounded > 0 else ''}{text}"

    def marks(self) -> dict[str, Any]:
        """Return the marks of numbers as charts (d3-format) want them."""
        from babel.numbers import get_decimal_symbol, get_group_symbol

        return {
            "decimal": str(get_decimal_symbol(self.language)),
            "thousands": str(get_group_symbol(self.language)),
            "grouping": [3],
            "currency": ["", ""],
            "percent": BEFORE_PERCENT[self.language] + "%",
            "minus": MINUS,
        }

    def power(self, value: float) -> str:
        """Write a number by its first digit and its power of ten.

        Examples
        --------
        >>> Speech("kk").power(3.2e-7), Speech("kk").power(0.0)
        ('3·10⁻⁷', '0')
        """
        digit, _, exponent = f"{value:.0e}".partition("e")
        if not exponent or float(digit) == 0:
            return self.number(value)
        return f"{digit.replace('-', MINUS)}·10{str(int(exponent)).translate(RAISED)}"

    def quantity(self, number: str, unit: str) -> str:
        """Put the unit behind a number or range as written."""
        return f"{number}{BEFORE_PERCENT[self.language] if unit == '%' else NO_BREAK}{unit}"

    def percent(self, share: float, digits: int = 0) -> str:
        """Write a share in per cent; the text ends in the sign of per cent, so that an ending may follow."""
        return self.quantity(self.number(100 * share, digits), "%")

    def range(self, low: float, high: float, digits: int = 0) -> str:
        """Write a range: a dash between its ends, or dots where an end is negative."""
        if isnan(low) or isnan(high):
            return "–"
        ends = [self.number(end, digits) for end in (low, high)]
        return (" … " if any(end.startswith(MINUS) for end in ends) else "–").join(ends)

    def estimate(self, value: float, low: float, high: float, digits: int = 0) -> str:
        """Write a value with its range in brackets; alone where there is no range."""
        text = self.number(value, digits)
        return text if isnan(low) or isnan(high) else f"{text} ({self.range(low, high, digits)})"

    def ranged(self, row: dict[str, Any], key: str, digits: int = 0, scale: float = 1.0) -> str:
        """Write a figure of a row with the range that stands beside it as `key_low` and `key_high`."""
        value, low, high = (scale * row[f"{key}{end}"] for end in ("", "_low", "_high"))
        return self.estimate(value, low, high, digits)

    def share(self, value: float, low: float, high: float) -> str:
        """Write a share with its range in brackets in per cent."""
        return f"{self.percent(value)} ({self.quantity(self.range(100 * low, 100 * high), '%')})"

    def signed(
        self,
        less: str,
        more: str,
        value: float,
        ends: tuple[float, float] = (float("nan"), float("nan")),
        digits: int = 0,
    ) -> str:
        """Write a change by the string of its sign, which gets `value` and `range` without the sign."""
        sign = -1.0 if value < 0 else 1.0
        low, high = sorted(sign * end for end in ends)
        return self(
            less if sign < 0 else more,
            value=self.number(abs(value), digits),
            range=self.range(low, high, digits),
        )

    def signed_range(
        self, less: str, more: str, either: str, ends: tuple[float, float], digits: int = 0
    ) -> str:
        """Write a range of changes by the string of its sign; `either` keeps ends of both signs."""
        low, high = sorted(round(end, digits) for end in ends)
        if high <= 0 and low < 0:
            return self(less, range=self.range(-high, -low, digits))
        return self(either if low < 0 else more, range=self.range(low, high, digits))

    def unit(self, unit: str) -> str:
        """Name a unit of the tables; one that is not known stands as it is."""
        return self(UNITS[unit]) if unit in UNITS else unit

    def country(self, code: str) -> str:
        """Name a country as `countries.csv` does, or else as CLDR does."""
        from babel import Locale

        named = _countries().get(code, {}).get(self.language)
        return named or str(Locale(self.language).territories.get(code, code))

    def name(self, row: dict[str, str]) -> str:
        """Choose the name of a row with names in several languages."""
        return _held(row[f"name_{self.language}"])


def _held(text: str) -> str:
    """Join numbers to their units by a no-break space."""
    return LOOSE_UNIT.sub(NO_BREAK, text)
