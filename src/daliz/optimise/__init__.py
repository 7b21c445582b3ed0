"""Solve linear programmes and path flows on HiGHS."""
