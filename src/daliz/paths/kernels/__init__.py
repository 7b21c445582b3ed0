"""Compiled loops of the floor of paths."""
