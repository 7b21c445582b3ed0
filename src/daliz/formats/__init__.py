"""Read and write the formats of other programs."""

from daliz.formats.ftot import Ftot, read_ftot
from daliz.formats.ftot_tables import ftot_tables
from daliz.formats.tntp import Tntp, read_tntp

__all__ = ["Ftot", "Tntp", "ftot_tables", "read_ftot", "read_tntp"]
