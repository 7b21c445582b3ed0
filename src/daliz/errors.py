"""Errors of Daliz.

DalizError
├── DataError        a package or a table is not as the schema wants it
│   ├── CheckError   several faults at once
│   ├── FormatError  a file of another program is not as its format wants it
│   └── WriteError   a file or folder cannot be written
├── PlaceError       a place, project or event is unknown
├── QueryError       the question cannot be asked in this form
├── DemandError      demand, a capacity or a delay cannot be assigned
├── ShockError       what is to be closed, opened or scaled cannot be
├── SupplyError      a chain of production cannot be planned
│   └── NoMarketError no market is left
├── TariffError      a duty, a trade or an elasticity cannot be used
├── ExtraError       a library of an extra is not installed
├── OutputError      standard output cannot be written
│   └── ReaderGoneError  the program that reads it has ended
├── RouteError       no route leads from the origin to the destination
└── FormulaError     the arithmetic of a derived figure cannot be computed

Every message is a sentence or two: what was wrong, where, the value, what is allowed and what to do.
"""

from __future__ import annotations

import difflib
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class DalizError(Exception):
    """Root of all errors that Daliz raises on purpose."""


class DataError(DalizError):
    """Package or table that is not as the schema wants it."""


class CheckError(DataError):
    """Package with several faults."""


class PlaceError(DalizError):
    """Unknown place, project, event or row."""


class QueryError(DalizError):
    """Question that cannot be asked in this form."""


class RouteError(DalizError):
    """Lack of any route from the origin to the destination."""


class FormatError(DataError):
    """File of another program that is not as its format wants it."""


class WriteError(DataError):
    """File or folder that cannot be written."""


class OutputError(DalizError):
    """Standard output that cannot be written."""


class ReaderGoneError(OutputError):
    """End of the program that reads standard output."""


class DemandError(DalizError):
    """Demand, capacity or delay that cannot be assigned."""


class ShockError(DalizError):
    """Shock or change that names nothing, or what is so already."""


class SupplyError(DalizError):
    """Chain of production, contract or market that cannot be planned."""


class NoMarketError(SupplyError):
    """Chain without a market left."""


class TariffError(DalizError):
    """Duty, trade or elasticity that cannot be used."""


class ExtraError(DalizError):
    """Part of Daliz whose library is not installed."""


class FormulaError(DataError):
    """Arithmetic of a derived figure that cannot be computed."""


def need(*modules: str, extra: str) -> None:
    """Refuse with a way out if the libraries of an extra are not installed.

    Raises
    ------
    ExtraError
        If a library is missing.
    """
    missing = [m for m in modules if find_spec(m) is None]
    if missing:
        raise ExtraError(f"This needs {', '.join(missing)}: pip install 'daliz[{extra}]'.")


def refuse_bare_text(**lists: object) -> None:
    """Refuse a bare text where a list of names is wanted, which would be read letter by letter.

    Raises
    ------
    QueryError
        Naming the argument, its text and the list to write.

    Examples
    --------
    >>> refuse_bare_text(without=["RU"])
    """
    for name, value in lists.items():
        if isinstance(value, str):
            raise QueryError(f"{name} is the text {value!r}; give a list of names, such as [{value!r}].")


def did_you_mean(word: str, known: Iterable[str], count: int = 3) -> str:
    """Suggest up to `count` known words near `word` as a sentence, or nothing.

    Examples
    --------
    >>> did_you_mean("Aktua", ["Aktau", "Alat", "Baku"], count=1)
    ' Did you mean Aktau?'
    """
    folded = {k.casefold(): k for k in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=count, cutoff=0.6)
    return f" Did you mean {' or '.join(folded[n] for n in near)}?" if near else ""
