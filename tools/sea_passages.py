"""Passages of ships: gates of straits and canals, closed seas, bends of rivers."""

Position = tuple[float, float]  # longitude, latitude in degrees
Line = list[Position]

SHUT_PASSAGES = {"northwest", "bering", "chili"}

# A line across each passage; only links that end at the node of that name may cross it.
GATES: dict[str, Line] = {
    "bab-el-mandeb": [(42.5, 12.1), (43.9, 13.1)],
    "suez": [(31.9, 30.35), (32.9, 30.35)],
    "gibraltar": [(-5.6, 34.9), (-5.6, 36.9)],
    "bosporus": [(28.75, 41.12), (29.4, 41.12)],
    "dardanelles": [(26.28, 40.26), (26.6, 40.12)],
    "hormuz": [(56.3, 26.0), (56.7, 27.3)],
    "dover": [(1.1, 51.3), (1.8, 50.7)],
    "panama": [(-80.1, 8.7), (-79.3, 9.5)],
    "malacca": [(101.2, 0.6), (102.9, 2.5)],
    "sunda": [(105.2, -5.4), (106.3, -6.4)],
    "danish-straits": [(9.0, 55.35), (12.0, 55.35), (13.3, 55.6)],
    "corinth": [(22.88, 37.83), (23.12, 38.07)],  # no node: shut to all, the canal is too small
    "cape-of-good-hope": [(18.45, -33.5), (18.3, -34.9), (18.3, -65.0)],
}
KIEL_CANAL: Line = [
    (9.15, 53.88),
    (9.35, 54.1),
    (9.67, 54.3),
    (10.15, 54.37),
    (10.25, 54.55),
]  # not in the network
KIEL_LINKS = {frozenset(("hamburg", "danish-straits"))}  # feeder ships use the canal

# Waters of the visibility graph: bounding box, shrinkage, kept free round the ports, simplification
# (degrees).
BASINS: dict[str, tuple[tuple[float, float, float, float], float, float, float]] = {
    "caspian": ((46.5, 36.3, 55.2, 47.6), 0.04, 0.30, 0.03),
    "black": ((27.3, 40.95, 42.2, 47.6), 0.04, 0.30, 0.03),
    "van": ((42.2, 38.2, 43.8, 39.1), 0.01, 0.05, 0.005),
}
PORT_SHRINK_DEG = 0.004

# Bends of the Danube between the ends of a link of mode waterway, drawn by hand to about 0.1 degree.
RIVERS: dict[str, Line] = {
    "waterway-constanta-belgrade": [
        (28.41, 44.17),
        (28.27, 44.24),
        (28.03, 44.34),
        (27.95, 44.1),
        (27.26, 44.13),
        (26.64, 44.05),
        (25.97, 43.87),
        (25.35, 43.63),
        (24.9, 43.71),
        (23.96, 43.74),
        (23.24, 43.83),
        (22.88, 43.99),
        (22.95, 44.2),
        (22.53, 44.4),
        (22.65, 44.62),
        (22.4, 44.7),
        (22.0, 44.62),
        (21.52, 44.77),
        (20.93, 44.67),
    ],
    "waterway-belgrade-budapest": [
        (20.3, 45.05),
        (19.86, 45.25),
        (19.45, 45.25),
        (19.0, 45.35),
        (18.93, 45.65),
        (18.69, 46.0),
        (18.95, 46.18),
        (18.87, 46.6),
        (18.95, 46.96),
    ],
    "waterway-budapest-bratislava": [
        (19.13, 47.78),
        (18.74, 47.79),
        (18.12, 47.75),
        (17.8, 47.74),
        (17.45, 47.93),
    ],
    "waterway-bratislava-vienna": [(16.94, 48.15)],
}

# Links of mode sea that follow a fairway which the network of the oceans leaves out: an estuary, the channels before
# two ports, a coast inside the shipping lanes; drawn by hand to about 0.05 degree between the ends of the link.
FAIRWAYS: dict[str, Line] = {
    "sea-rotterdam-antwerp": [
        (3.95, 52.0),
        (3.78, 52.02),
        (3.5, 51.9),
        (3.25, 51.75),
        (3.08, 51.6),
        (3.05, 51.48),
        (3.2, 51.41),
        (3.42, 51.41),
        (3.57, 51.42),
        (3.68, 51.39),
        (3.82, 51.36),
        (3.93, 51.37),
        (3.98, 51.4),
        (4.07, 51.4),
        (4.17, 51.42),
        (4.22, 51.38),
        (4.25, 51.34),
    ],
    "sea-xiamen-hong-kong": [
        (118.15, 24.38),
        (118.2, 24.25),
        (117.6, 23.45),
        (116.9, 23.05),
        (115.5, 22.5),
        (114.6, 22.2),
        (114.3, 22.1),
        (114.1, 22.15),
        (114.08, 22.27),
    ],
}
