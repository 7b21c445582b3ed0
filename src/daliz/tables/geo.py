"""Distances and lines on the sphere."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

EARTH_RADIUS_KM = 6371.0088
_LINE = re.compile(r"LINESTRING\s*\(([^()]*)\)", re.IGNORECASE)

Floats = npt.NDArray[np.float64]


def great_circle_km(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> Floats:
    """Compute great-circle distances in km by the haversine formula.

    Parameters
    ----------
    lat1, lon1, lat2, lon2
        Degrees, WGS84 taken as a sphere of radius 6371.0088 km; shapes broadcast.

    Examples
    --------
    >>> round(float(great_circle_km(43.6, 51.2, 39.98, 49.44)))
    428
    """
    phi1, phi2 = np.radians(lat1), np.radians(lat2)
    half = np.sin((phi2 - phi1) / 2) ** 2
    half = half + np.cos(phi1) * np.cos(phi2) * np.sin(np.radians(np.subtract(lon2, lon1)) / 2) ** 2
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def parse_line(wkt: str) -> Floats:
    """Read a WKT LINESTRING as an array of (lon, lat) rows.

    Raises
    ------
    ValueError
        If the text is not a LINESTRING of at least two points.

    Examples
    --------
    >>> parse_line("LINESTRING (51.2 43.6, 49.4 40)").shape
    (2, 2)
    """
    match = _LINE.fullmatch(wkt.strip())
    pairs = [pair.split() for pair in match[1].split(",")] if match else []
    if len(pairs) < 2 or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"must be a LINESTRING of two or more lon lat pairs, not {wkt.strip()[:60]!r}")
    try:
        points = np.array(pairs, dtype=np.float64)
    except ValueError:
        raise ValueError("must hold numbers with a point, as in LINESTRING (51.2 43.6, 49.4 40)") from None
    if not np.isfinite(points).all():
        raise ValueError("must hold finite numbers, as in LINESTRING (51.2 43.6, 49.4 40)")
    return points


def line_km(points: Floats) -> float:
    """Sum the great-circle lengths in km along (lon, lat) rows.

    Examples
    --------
    >>> round(line_km(np.array([[0.0, 0.0], [1.0, 0.0]])), 1)
    111.2
    """
    lon, lat = points[:, 0], points[:, 1]
    return float(great_circle_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum())
