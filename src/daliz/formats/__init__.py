"""Read and write the formats of other programs."""

from daliz.formats.tntp import Tntp, read_tntp

__all__ = ["Tntp", "read_tntp"]
