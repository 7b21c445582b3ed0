"""Codes of countries: those of ISO 3166-1, and those that it leaves to users."""

from __future__ import annotations

import functools
import re
from importlib import resources

OF_USERS = re.compile("AA|Q[M-Z]|X[A-Z]|ZZ")


@functools.cache
def countries() -> frozenset[str]:
    """Read the two-letter codes of ISO 3166-1."""
    text = resources.files("daliz.tables").joinpath("countries.csv").read_text(encoding="utf-8")
    return frozenset(text.split()[1:])


def is_country(code: str) -> bool:
    """Check whether a code is one of ISO 3166-1, or one that it leaves to users.

    Examples
    --------
    >>> is_country("KZ"), is_country("XA"), is_country("UK")
    (True, True, False)
    """
    return code in countries() or OF_USERS.fullmatch(code) is not None
