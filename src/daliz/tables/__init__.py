"""Typed tables of a network, with evidence behind every figure."""

from daliz.tables.check import Check, check
from daliz.tables.edits import Add, Close, Multiply, Open, Set
from daliz.tables.faults import Fault
from daliz.tables.figures import Cell, Figures
from daliz.tables.network import Network, open_network
from daliz.tables.schema import schema
from daliz.tables.table import Table
from daliz.tables.why import Reason, why

__all__ = [
    "Add",
    "Cell",
    "Check",
    "Close",
    "Fault",
    "Figures",
    "Multiply",
    "Network",
    "Open",
    "Reason",
    "Set",
    "Table",
    "check",
    "open_network",
    "schema",
    "why",
]
