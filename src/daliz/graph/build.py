"""Build the graph of a network: yards, common rail and road, services and through rates."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from daliz.graph.draft import ALL_GROUPS, Draft, Stretch
from daliz.graph.ledger import USD_KINDS, Cause
from daliz.graph.lines import add_lines
from daliz.graph.links import Step
from daliz.graph.pricing import Tariff
from daliz.graph.run_costs import Ride
from daliz.graph.running import Running
from daliz.graph.terminals import Terminals
from daliz.graph.through import add_through

if TYPE_CHECKING:
    from daliz.graph.graph import Graph
    from daliz.tables import Network

COMMON_MODES = ("rail", "road")


def build_graph(network: Network, month: int | None = None) -> Graph:
    """Build the graph of a network.

    Parameters
    ----------
    network
        Network of a year or day.
    month
        1 to 12 for the weather of that month; None for the mean of the year.

    Raises
    ------
    DataError
        If a figure that an arc needs is missing.

    Examples
    --------
    >>> import daliz
    >>> build_graph(daliz.open("eurasia"))
    <Graph of eurasia 2024: ... states, ... arcs, ... entries>
    """
    graph: Graph = network.once(f"graph {month}", lambda: make_graph(network, month))
    return graph


def make_graph(network: Network, month: int | None) -> Graph:
    """Make the graph anew."""
    draft = Draft(network)
    tariff = Tariff(network.resolved)
    running = Running(network, tariff, draft.book)
    terminals = Terminals(draft, running, month)
    _add_stretches(draft, running)
    _add_gauge_changes(draft, running)
    _add_loading(draft, running, tariff, terminals)
    add_lines(draft, running, tariff, terminals)
    return add_through(draft.graph(month, running.ledger()), tariff)


def _add_stretches(draft: Draft, running: Running) -> None:
    """Make the network of single consignments: any stretch of rail or road without a timetable."""
    alone = Ride()
    for i, link in enumerate(running.links):
        if link.mode not in COMMON_MODES:
            continue
        gauge = str(link.gauge) if link.gauge else ""
        states = [draft.state(place, link.mode, gauge) for place in link.ends]
        for forward in (True, False):
            on, off = states if forward else states[::-1]
            tail, head = link.ends_along(forward=forward)
            arc = draft.arc(on, off, "run", over=Stretch(((i, forward),), (tail, head), link.km))
            draft.price(arc, ALL_GROUPS, running.run(arc, [Step(i, forward, head)], alone))


def _add_gauge_changes(draft: Draft, running: Running) -> None:
    for place in running.gauge_change:
        here = [i for i, s in enumerate(draft.states) if s.node == place and s.mode == "rail"]
        for tail, head in itertools.permutations(here, 2):
            running.book_gauge_change(draft.arc(tail, head, "gauge-change", ALL_GROUPS), place)


def _add_loading(draft: Draft, running: Running, tariff: Tariff, terminals: Terminals) -> None:
    """Join yards and common states by loading and unloading; loading takes the fixed part of the rate."""
    common: dict[tuple[int, str], list[int]] = {}
    for i, known in enumerate(draft.states):
        common.setdefault((known.node, known.mode), []).append(i)
    position = draft.network.table("nodes").position
    for (name, mode), rows in terminals.at.items():
        node = position[name]
        states = common.get((node, mode), []) if mode in COMMON_MODES else []
        for row in rows:
            for state in states:
                load = draft.arc(node, state, "load", terminals.groups(row))
                terminals.book(load, row)
                for group in terminals.groups(row):
                    for rate in tariff.rates(mode, "", running.country[node], group, "out"):
                        if rate.fixed >= 0:
                            draft.book.add(load, USD_KINDS[group], Cause.LINE_HAUL, 1.0, rate.fixed)
                terminals.book(draft.arc(state, node, "unload", terminals.groups(row)), row)
