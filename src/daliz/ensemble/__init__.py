"""Draw worlds: the same seed gives the same world to every verb."""

from daliz.ensemble.draws import generator

__all__ = ["generator"]
