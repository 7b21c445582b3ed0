"""Look up what a package takes where a question leaves a country, corridor or year out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.errors import QueryError

if TYPE_CHECKING:
    from daliz.tables.network import Network


def default_values(network: Network, name: str) -> tuple[str, ...]:
    """Return the values of a row of the table `defaults`; none where the package has no such row.

    Examples
    --------
    >>> import daliz
    >>> default_values(daliz.open("eurasia"), "over")
    ('AZ', 'RU', 'CN')
    """
    table = network.store["defaults"]
    return tuple(str(table["value"][table.position[name]]).split()) if name in table.position else ()


def chosen(network: Network, name: str, given: str | None, option: str) -> str:
    """Return what the question gives, or else the package's own default.

    Raises
    ------
    QueryError
        If neither is there; the option to give is named.

    Examples
    --------
    >>> import daliz
    >>> chosen(daliz.open("eurasia"), "exporter", None, "exporter=")
    'KZ'
    """
    found = (given,) if given else default_values(network, name)
    if not found:
        raise QueryError(
            f"{network.name} has no row {name!r} in the table defaults, so the question must say it; give {option}."
        )
    return found[0]
