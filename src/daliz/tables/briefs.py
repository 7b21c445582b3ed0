"""Read the pages of briefs that a package brings: `briefs/*.toml`, with their texts in `briefs/strings.csv`."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from daliz.errors import DataError
from daliz.tables.read import sheet_of

if TYPE_CHECKING:
    from daliz.tables.store import Store

FOLDER = "briefs"
STRINGS = "strings.csv"
PAGES = ".toml"


def brief_names(store: Store) -> list[str]:
    """List the names of the briefs of a package.

    Examples
    --------
    >>> import daliz
    >>> brief_names(daliz.open("eurasia").store)
    ['brief']
    """
    return sorted(name.removesuffix(PAGES) for name in store.files(FOLDER) if name.endswith(PAGES))


def read_brief(store: Store, name: str) -> dict[str, Any]:
    """Read what a brief of a package shows.

    Raises
    ------
    DataError
        If the package has no such brief, or the file cannot be read.
    """
    known, package = brief_names(store), store.descriptor["name"]
    if name not in known:
        has = f"it has {', '.join(known)}" if known else "it has none"
        raise DataError(
            f"{package} has no brief {name!r} ({has}); write {FOLDER}/{name}{PAGES} in its folder, see docs/data.md."
        )
    try:
        return tomllib.loads(store.files(FOLDER)[name + PAGES])
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{FOLDER}/{name}{PAGES} of {package} cannot be read as TOML: {error}.") from error


def brief_strings(store: Store) -> dict[str, dict[str, str]]:
    """Read the texts that a package has of its own, by key; they take the place of those of the program.

    Raises
    ------
    DataError
        If the file cannot be split into cells; the line is named.
    """
    sheet = sheet_of(store.files(FOLDER).get(STRINGS, "key\n"), f"{FOLDER}/{STRINGS}")
    if sheet.faults:
        raise DataError(str(sheet.faults[0]))
    rows = [dict(zip(sheet.header, cells, strict=True)) for cells in sheet.rows]
    return {row["key"]: row for row in rows if row.get("key")}
