"""Find links that stand twice: rows that say the same of the same two places, in the same or the opposite order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from daliz.tables.faults import Fault, faults_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daliz.tables.table import Table

_TOLD = (
    "mode",
    "gauge_mm",
    "length_km",
    "speed_class",
    "speed_km_h",
    "capacity",
    "capacity_unit",
    "capacity_per",
    "background_use",
    "operator_id",
    "from_date",
    "to_date",
)
"""Columns in which two rows agree that may be one line written twice."""


def equal_links(links: Table) -> list[tuple[int, int, bool]]:
    """List pairs of rows that agree, with whether their ends stand in opposite order.

    Rows that run one way only are no pair with one that runs the other way.
    """
    columns = [links[c].tolist() for c in _TOLD if c in links.schema.columns]
    ends = zip(links["from_node"].tolist(), links["to_node"].tolist(), strict=True)
    seen: dict[tuple[str, ...], int] = {}
    found = []
    for i, (start, end) in enumerate(ends):
        directed = bool(links["directed"][i])
        pair = (start, end) if directed else tuple(sorted((start, end)))
        # text, so that unknown figures are equal to each other
        key = (*pair, str(directed), *(str(c[i]) for c in columns))
        if key in seen:
            found.append((seen[key], i, links["from_node"][seen[key]] != start))
        else:
            seen[key] = i
    return found


def equal_link_notes(links: Table) -> list[str]:
    """Say of each pair of equal rows how it is read."""
    return [
        f"Links {links.ids[i]} and {links.ids[j]} say the same of {links['from_node'][i]} and {links['to_node'][i]}"
        f"{', in opposite order' if opposite else ''}, and each may be used both ways, so that both count. If "
        "they are the two directions of one line, write yes under directed in both; if they are one line, take one "
        "out."
        for i, j, opposite in equal_links(links)
        if not links["directed"][i]
    ]


def equal_link_faults(links: Table) -> Iterator[Fault]:
    """Find the rows that say what another row says."""
    fault = faults_of("links")
    for i, j, opposite in equal_links(links):
        order = " in opposite order" if opposite else ""
        mend = "take one out" if links["directed"][j] else "write yes under directed in both, or take one out"
        found = fault(
            links.ids[j], "to_node", links["to_node"][j], f"is link {links.ids[i]} again{order}", mend
        )
        yield replace(found, stops=False)
