"""Measure the graph of a network with one cell changed, by kind of cell.

    python bench/changes.py

prints a Markdown table: median wall milliseconds, once the network itself was built, of `change` (with all
tables resolved), of the graph after it, and of both.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np

import daliz
from daliz.graph import build_graph

if TYPE_CHECKING:
    from daliz.tables.edits import Edit

YEAR = 2024
ROUNDS = 15


def first_figure(network: daliz.Network, table: str, column: str) -> Edit:
    """Make a change of a tenth to the first known figure of a column, on a row of its own."""
    rows = network.store[table]
    there = network.table(table).position
    known = [i for i in np.flatnonzero(~np.isnan(rows[column])).tolist() if str(rows.ids[i]) in there]
    return daliz.Multiply(table, str(rows.ids[known[len(known) // 2]]), column, 1.1)


def edits(network: daliz.Network) -> dict[str, Edit]:
    """Choose one change of each kind."""
    columns = {
        "capacity of a link": ("links", "capacity"),
        "length of a link": ("links", "length_km"),
        "speed of a class of links": ("speeds", "speed_km_h"),
        "hours at a border": ("borders", "border_hours"),
        "hours at a class of terminals": ("terminal_classes", "hours"),
        "dollars at a class of terminals": ("terminal_classes", "usd_40"),
        "departures of a service": ("services", "departures_per_week"),
        "published hours of a stop": ("stops", "run_hours"),
        "rate per km": ("rates", "usd_per_km"),
        "emission factor": ("emission_factors", "wtw_kg"),
        "grid": ("grids", "g_co2e_kwh"),
        "hazard": ("hazards", "events_per_year"),
        "payload of a class of cargo": ("cargoes", "payload_t"),
    }
    links = network.table("links")
    blank = str(links.ids[np.flatnonzero(np.isnan(links["capacity"]))[0]])
    rail = str(links.ids[np.flatnonzero(links["mode"] == "rail")[100]])
    own = {
        "speed that leads services over other links": leading_elsewhere(network),
        "capacity of a link without one": daliz.Set("links", blank, "capacity", 60),
        "speed of one link": daliz.Multiply("links", rail, "speed_km_h", 0.5),
        "a link closed": daliz.Close("links", rail),
    }
    return own | {label: first_figure(network, *place) for label, place in columns.items()}


def leading_elsewhere(network: daliz.Network) -> Edit:
    """Find a link whose speed, halved, leads some service over others."""
    graph = build_graph(network)
    paths = [arc.links for arc in graph.arcs]
    ids = network.table("links").ids
    for link in dict.fromkeys(link for arc in graph.arcs if arc.role == "ride" for link, _ in arc.links):
        edit = daliz.Multiply("links", str(ids[link]), "speed_km_h", 0.5)
        if [arc.links for arc in build_graph(network.change(edit)).arcs] != paths:
            return edit
    raise SystemExit("No link leads a service elsewhere when its speed is halved.")


def main() -> None:
    """Measure and print."""
    network = daliz.open("eurasia", year=YEAR)
    build_graph(network)
    print("| one change | `change` ms | graph ms | both ms |\n|---|---|---|---|")
    for label, edit in edits(network).items():
        spent: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            changed = network.change(edit)
            middle = time.perf_counter()
            build_graph(changed)
            spent.append(((middle - start) * 1000, (time.perf_counter() - middle) * 1000))
        change, graph = (statistics.median(column) for column in zip(*spent, strict=True))
        both = statistics.median(a + b for a, b in spent)
        print(f"| {label}: `{edit}` | {change:.0f} | {graph:.0f} | {both:.0f} |")


if __name__ == "__main__":
    main()
