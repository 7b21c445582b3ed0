"""Build the graph of a network: yards, common rail and road, services and through rates."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from daliz.graph.booking import book_layout
from daliz.graph.courses import STRAIGHT
from daliz.graph.graph import Graph
from daliz.graph.layout import lay_out, read_facts
from daliz.graph.pricing import Tariff
from daliz.graph.through import add_through

if TYPE_CHECKING:
    from daliz.graph.courses import Course
    from daliz.graph.draft import Layout
    from daliz.graph.layout import Facts
    from daliz.tables import Network


def build_graph(network: Network, month: int | None = None, course: Course = STRAIGHT) -> Graph:
    """Build the graph of a network.

    Parameters
    ----------
    network
        Network of a year or day.
    month
        1 to 12 for the weather of that month; None for the mean of the year.
    course
        What services go round, and which places ships can be led through; such a graph is made anew for each question.

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
    if course != STRAIGHT:
        facts = read_facts(network.resolved, network.period, course)
        return _priced(network, month, lay_out(facts, _laid(network)))
    graph: Graph = network.once(f"graph {month}", lambda: make_graph(network, month))
    return graph


def make_graph(network: Network, month: int | None) -> Graph:
    """Make the graph of a network, on the arcs of the one it was derived from where these are the same."""
    facts, layout = _laid(network)
    graph = _priced(network, month, layout)
    before: Graph | None = network.made_before(f"graph {month}")
    laid: tuple[Facts, Layout] | None = network.made_before("layout")
    same = before is not None and laid is not None and laid[0] is facts
    return _on_arcs_of(before, graph) if before is not None and same else graph


def _priced(network: Network, month: int | None, layout: Layout) -> Graph:
    """Book all costs on a layout, and add the through rates."""
    tariff = Tariff(network.resolved)
    ledger = book_layout(layout, network.resolved, tariff, month)
    graph = Graph(
        network,
        month,
        layout.states,
        layout.arcs,
        ledger,
        layout.groups,
        layout.idle,
        layout.tail,
        layout.head,
        layout.unpriced,
    )
    return add_through(graph, tariff)


def _laid(network: Network) -> tuple[Facts, Layout]:
    """Return the facts and the layout of a network, made once."""
    laid: tuple[Facts, Layout] = network.once("layout", lambda: _layout(network))
    return laid


def _layout(network: Network) -> tuple[Facts, Layout]:
    """Lay the network out, or take the layout of the one it was derived from if all facts are the same."""
    facts = read_facts(network.resolved, network.period)
    before: tuple[Facts, Layout] | None = network.made_before("layout")
    if before is not None and facts == before[0]:
        return before
    return facts, lay_out(facts, before)


def _on_arcs_of(before: Graph, graph: Graph) -> Graph:
    """Return a graph that shares what states and arcs decide with one of the same layout and through arcs."""
    if before.ways != graph.ways or before.arcs != graph.arcs:
        return graph
    own = {f.name: getattr(graph, f.name) for f in fields(graph)}
    shared = {name: getattr(before, name) for name in ("states", "arcs", "tail", "head")}
    return before.on_same_arcs(**(own | shared))
