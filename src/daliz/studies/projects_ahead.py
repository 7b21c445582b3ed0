"""Put the projects that are promised until a year in force on its network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daliz.tables.changes import first_dates

if TYPE_CHECKING:
    from daliz.tables import Network


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
