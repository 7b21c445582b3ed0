"""Compare which corridors connect which pairs in which years."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daliz.routing.by_corridor import best_by_corridor
from daliz.routing.shipment import Shipment
from daliz.tables.changes import first_dates
from daliz.tables.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.tables import Network


def corridor_matrix(
    network: Network, years: Sequence[int], progress: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Compute best days and USD by corridor, one row per pair of the table `pairs` and year.

    A corridor that does not connect a pair has "-".

    A projected year has the projects in force whose own date has come (see `planned_network`).
    """
    rows = []
    pairs = network.store["pairs"].rows()
    done = 0
    for year in years:
        then = planned_network(network_of(network, year))
        table = then.table("corridors")
        corridors = [str(i) for i, shown in zip(table.ids, table["shown"], strict=True) if shown]
        for pair in pairs:
            best = best_by_corridor(then, pair["origin"], pair["destination"], Shipment(pair["cargo_id"]))
            cells = {
                c: f"{best[c].days:.0f} d, {best[c].usd:,.0f} USD" if c in best else "-" for c in corridors
            }
            rows.append({"origin": pair["origin"], "destination": pair["destination"], "year": year} | cells)
            done += 1
            if progress:
                progress(done, len(pairs) * len(years))
    return rows


def planned_projects(network: Network) -> list[str]:
    """List the projects of the future whose opening date lies before the end of the network's period."""
    first = first_dates(network.store["changes"])
    end = str(network.period.end)
    sets = network.store["change_sets"].rows()
    return [
        r["id"]
        for r in sets
        if r["kind"] == "project" and not r["history"] and r["id"] in first and first[r["id"]] < end
    ]


def planned_network(network: Network) -> Network:
    """Return a network of a projected year with the projects promised until then in force.

    Other networks are returned as they are.
    """
    if not network.projected:
        return network
    return network.under(*planned_projects(network))
