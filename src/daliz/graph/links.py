"""Read the links of a network with their borders as running over them needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from daliz.tables import Network
    from daliz.tables.resolve import Resolved


class Step(NamedTuple):
    """One link run forward or backward, or (link -1) a change of gauge at a place."""

    link: int
    forward: bool
    place: int


class Link(NamedTuple):
    """One link with the figures that running over it needs.

    Attributes
    ----------
    mode, gauge, ends, countries, km
        As in `links`; `gauge` in mm, 0 where there is none; rows of the ends and their countries.
    through, single
        Speed in km/h of services and of single consignments, each with the position of its figure.
    cv, electrified
        Coefficient of variation of the speed, and the share of the km with electric traction.
    factor
        Emission factor of its class.
    """

    mode: str
    gauge: int
    ends: tuple[int, int]
    countries: tuple[str, str]
    km: float
    through: tuple[float, int]
    single: tuple[float, int]
    cv: float
    electrified: float
    factor: str

    def ends_along(self, *, forward: bool) -> tuple[int, int]:
        """Return the ends in the direction of travel."""
        return self.ends if forward else self.ends[::-1]


class Crossing(NamedTuple):
    """Border crossed on a link in one direction: hours, and the positions of the figures behind them."""

    hours: float
    hours_sd: float
    border_hours: int
    document_hours: int
    fee: int


def read_links(resolved: Resolved) -> list[Link]:
    """Read all links in force, in order."""
    links, speeds, nodes = (resolved.tables[n] for n in ("links", "speeds", "nodes"))
    columns = {n: links[n].tolist() for n in ("mode", "length_km", "speed_km_h", "single_speed_km_h")}
    country = [str(c) for c in nodes["country"]]
    ends = zip(
        [nodes.position[n] for n in links["from_node"].tolist()],
        [nodes.position[n] for n in links["to_node"].tolist()],
        strict=True,
    )
    figure = {n: resolved.cells["links", n].tolist() for n in ("speed_km_h", "single_speed_km_h")}
    factor = [str(speeds["factor_id"][speeds.position[c]]) for c in links["speed_class"].tolist()]
    electrified = np.where(links["mode"] == "rail", links["electrified_share"], 0.0)
    return [
        Link(mode, int(gauge), (a, b), (country[a], country[b]), km, through, single, cv, share, wtw)
        for mode, gauge, (a, b), km, through, single, cv, share, wtw in zip(
            columns["mode"],
            _known(links["gauge_mm"]),
            ends,
            columns["length_km"],
            zip(columns["speed_km_h"], figure["speed_km_h"], strict=True),
            zip(columns["single_speed_km_h"], figure["single_speed_km_h"], strict=True),
            _known(links["speed_cv"]),
            _known(electrified),
            factor,
            strict=True,
        )
    ]


def read_crossings(network: Network) -> dict[tuple[int, bool], Crossing]:
    """Read the borders in force by link row and whether it is run forward."""
    position, table = network.table("links").position, network.table("borders")
    figures = ("border_hours", "document_hours", "fee_usd")
    cells = [network.resolved.cells["borders", c].tolist() for c in figures]
    found: dict[tuple[int, bool], Crossing] = {}
    for i, row in enumerate(table.rows()):
        if row["link_id"] in position:
            hours = row["border_hours"] + row["document_hours"]
            key = position[row["link_id"]], row["direction"] == "forward"
            found[key] = Crossing(hours, row["border_hours_sd"], *(c[i] for c in cells))
    return found


def _known(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    """Return numbers with 0 for those that are not known."""
    return [float(v) for v in np.nan_to_num(values, nan=0.0).tolist()]
