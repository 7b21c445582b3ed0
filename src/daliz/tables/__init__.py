"""Typed tables of a network, with evidence behind every figure."""

from daliz.tables.check import Check, check
from daliz.tables.faults import Fault
from daliz.tables.figures import Cell, Figures
from daliz.tables.network import Network, open_network
from daliz.tables.schema import schema
from daliz.tables.table import Table
from daliz.tables.why import Reason, why

__all__ = [
    "Cell",
    "Check",
    "Fault",
    "Figures",
    "Network",
    "Reason",
    "Table",
    "check",
    "open_network",
    "schema",
    "why",
]
