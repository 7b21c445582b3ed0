"""Turn the tables of a network into states and arcs with a ledger of what each arc costs and why."""

from daliz.graph.build import build_graph
from daliz.graph.graph import Graph
from daliz.graph.ledger import Cause, Kind, Ledger

__all__ = ["Cause", "Graph", "Kind", "Ledger", "build_graph"]
