"""Compare which corridors connect which pairs in which years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daliz.routing.by_corridor import best_by_corridor
from daliz.routing.shipment import Shipment
from daliz.studies.projects_ahead import planned_network
from daliz.tables.defaults import default_values
from daliz.tables.needs import demand_needs
from daliz.tables.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.routing.itinerary import Itinerary
    from daliz.tables import Network


def matrix_years(network: Network) -> list[int]:
    """List the years of the matrix: of the table `defaults`, else the first, last observed and last.

    Examples
    --------
    >>> import daliz
    >>> matrix_years(daliz.open("eurasia"))[:2]
    [2019, 2021]
    """
    span = network.store.descriptor["years"]
    given = [int(y) for y in default_values(network, "matrix-years")]
    return given or sorted({int(span[k]) for k in ("first", "observed", "last")})


def shown_corridors(network: Network) -> list[str]:
    """List the corridors that reports compare, in their order."""
    table = network.table("corridors")
    return [str(i) for i, shown in zip(table.ids, table["shown"], strict=True) if shown]


def _cell(way: Itinerary) -> str:
    """Write days and USD of a way, and how many times the great circle it is where that is more than three."""
    far = f", {way.detour:,.0f} x great circle" if way.far else ""
    return f"{way.days:.0f} d, {way.usd:,.0f} USD{far}"


def corridor_matrix(
    network: Network, years: Sequence[int], progress: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Compute best days and USD by corridor, one row per pair of the table `pairs` and year.

    A corridor that does not connect a pair has "-".

    A projected year has the projects in force whose own date has come (see `planned_network`).
    """
    demand_needs(network.store, "matrix")
    rows = []
    pairs = network.store["pairs"].rows()
    done = 0
    for year in years:
        then = planned_network(network_of(network, year))
        corridors = shown_corridors(then)
        for pair in pairs:
            best = best_by_corridor(then, pair["origin"], pair["destination"], Shipment(pair["cargo_id"]))
            cells = {c: _cell(best[c]) if c in best else "-" for c in corridors}
            rows.append({"origin": pair["origin"], "destination": pair["destination"], "year": year} | cells)
            done += 1
            if progress:
                progress(done, len(pairs) * len(years))
    return rows
