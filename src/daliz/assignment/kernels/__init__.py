"""Compiled loops: flat functions over arrays, with their signatures written out."""
