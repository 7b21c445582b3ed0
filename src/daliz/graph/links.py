"""Read the links of a network as the arcs over them need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daliz.arrays import Floats, Ints
    from daliz.tables import Table
    from daliz.tables.period import Period
    from daliz.tables.resolve import Resolved


class Step(NamedTuple):
    """One link run forward or backward, or (link -1) a change of gauge at a place."""

    link: int
    forward: bool
    place: int


class Link(NamedTuple):
    """One link: mode, gauge in mm (0 for none), ends, countries, TEU of the largest ship, and if it is one way."""

    mode: str
    gauge: int
    ends: tuple[int, int]
    countries: tuple[str, str]
    largest_teu: float = np.inf
    directed: bool = False

    @property
    def ways(self) -> tuple[bool, ...]:
        """Whether forward, for each direction in which it may be used."""
        return (True,) if self.directed else (True, False)

    def ends_along(self, *, forward: bool) -> tuple[int, int]:
        """Return the ends in the direction of travel."""
        return self.ends if forward else self.ends[::-1]


def read_links(resolved: Resolved) -> list[Link]:
    """Read all links in force, in order."""
    return _read(resolved.tables["links"], resolved.tables["nodes"])


def _read(links: Table, nodes: Table) -> list[Link]:
    country = [str(c) for c in nodes["country"].tolist()]
    tails, heads = ([nodes.position[n] for n in links[c].tolist()] for c in ("from_node", "to_node"))
    gauge = np.nan_to_num(links["gauge_mm"], nan=0.0).astype(np.int64).tolist()
    largest = np.nan_to_num(links["max_ship_teu"], nan=np.inf).tolist()
    return [
        Link(mode, width, (a, b), (country[a], country[b]), most, one_way)
        for mode, width, a, b, most, one_way in zip(
            links["mode"].tolist(), gauge, tails, heads, largest, links["directed"].tolist(), strict=True
        )
    ]


def read_closed(resolved: Resolved, period: Period) -> tuple[list[Link], Floats]:
    """Read the links that are closed in the period, those that are yet to open left out, and hours of running each.

    Returns
    -------
    The links, and their hours backward and forward, shape (links, 2).
    """
    table = resolved.absent.get("links")
    if table is None:
        return [], np.zeros((0, 2))
    opening = table["from_date"]
    table = table.take(np.flatnonzero(np.isnat(opening) | (opening < period.end)))
    speeds = resolved.tables["speeds"]
    of_class = speeds["speed_km_h"][[speeds.position[c] for c in table["speed_class"].tolist()]]
    speed = np.where(np.isnan(table["speed_km_h"]), of_class, table["speed_km_h"])
    hours = table["length_km"] / speed
    return _read(table, resolved.tables["nodes"]), np.stack([hours, hours], axis=1)


def crossings(tables: Mapping[str, Table]) -> Ints:
    """Find the row of `borders` on each link backward and forward, -1 for none, shape (links, 2)."""
    position, borders = tables["links"].position, tables["borders"]
    at = np.full((len(position), 2), -1, dtype=np.int64)
    rows = zip(borders["link_id"].tolist(), borders["direction"].tolist(), strict=True)
    for i, (link, direction) in enumerate(rows):
        if link in position:
            at[position[link], int(direction == "forward")] = i
    return at


def through_hours(resolved: Resolved) -> Floats:
    """Compute the hours of a through service on each link with its border, backward and forward."""
    links, borders = resolved.tables["links"], resolved.tables["borders"]
    at = crossings(resolved.tables)
    border = np.append(borders["border_hours"] + borders["document_hours"], 0.0)
    return np.asarray((links["length_km"] / links["speed_km_h"])[:, None] + border[at])
