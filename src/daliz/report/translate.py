"""Say everything in the chosen language."""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from importlib import resources

from daliz.errors import QueryError

LANGUAGES = ("en", "kk")


@functools.cache
def _strings() -> dict[str, dict[str, str]]:
    text = resources.files("daliz.report").joinpath("strings.csv").read_text(encoding="utf-8")
    return {row["key"]: row for row in csv.DictReader(text.splitlines())}


@dataclass(frozen=True)
class Speech:
    """Speak one language: strings from `strings.csv`, numbers as CLDR writes them.

    Examples
    --------
    >>> Speech("en").number(1234567.891, 1)
    '1,234,567.9'
    """

    language: str

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise QueryError(f"The brief does not speak {self.language!r}; choose {' or '.join(LANGUAGES)}.")

    def __call__(self, key: str, **values: str) -> str:
        """Give a string with its values put in.

        Raises
        ------
        QueryError
            If the string has not been translated.
        """
        row = _strings().get(key)
        if row is None or not row[self.language]:
            raise QueryError(f"strings.csv has no text {key!r} in {self.language!r}; add it.")
        return row[self.language].format(**values)

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number with the digits asked for."""
        from babel.numbers import format_decimal

        if value != value:  # noqa: PLR0124
            return "–"
        return str(
            format_decimal(
                round(value, digits),
                format="#,##0" + ("." + "0" * digits if digits else ""),
                locale=self.language,
            )
        )

    def percent(self, share: float) -> str:
        """Write a share in per cent."""
        from babel.numbers import format_percent

        return str(format_percent(share, locale=self.language))

    def country(self, code: str) -> str:
        """Name a country."""
        from babel import Locale

        return str(Locale(self.language).territories.get(code, code))

    def name(self, row: dict[str, str]) -> str:
        """Choose the name of a row with names in several languages."""
        return row[f"name_{self.language}"]
