"""Make up files of other programs and of demand, well formed and broken, and read them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from broken import text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daliz.tables import Network

WORDS = (
    b"", b"\x00", b"\xff\xfe", b"NaN", b"inf", b"-1", b"1e400", b"1,500", b";", b"~", b"\n", b"<", b">", b'"', b"0", b"9" * 30,
    b":", b"Origin", b"<END OF METADATA>", b"&xx;", b"]]>", b"\xe2\x80\xae", b"1_0", "٣".encode(), b" ", b"\t", b"x", b"1.5",
)  # fmt: skip
UNITS = ("tonne", "tonnes", "ton", "tons", "kgal", "gallons", "kg", "barrel", "", "usd/ton")


def broken_bytes(rng: random.Random, raw: bytes) -> bytes:  # noqa: PLR0911 - one for each deed
    """Put, take or repeat some bytes of a file."""
    deed = rng.choice(
        ("put", "put", "replace word", "replace word", "cut", "cut end", "repeat", "flip", "line")
    )
    a = rng.randrange(len(raw) + 1)
    b = min(len(raw), a + rng.choice((1, 1, 2, 5, 20, 200)))
    if deed == "put":
        return raw[:a] + rng.choice(WORDS) + raw[a:]
    if deed == "cut":
        return raw[:a] + raw[b:]
    if deed == "cut end":
        return raw[:a]
    if deed == "repeat":
        return raw[:b] + raw[a:]
    if deed == "flip" and a < len(raw):
        return raw[:a] + bytes([rng.randrange(256)]) + raw[a + 1 :]
    if deed == "line":
        lines = raw.split(b"\n")
        i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[i], lines[j] = lines[j], lines[i] if rng.random() < 0.5 else b""
        return b"\n".join(lines)
    words = raw.split(b" ")
    words[rng.randrange(len(words))] = rng.choice(WORDS)
    return b" ".join(words)


def tntp_files(rng: random.Random) -> tuple[str, str]:
    """Make up a network and trips of the TNTP form."""
    nodes = rng.randint(2, 6)
    zones = rng.randint(2, nodes)
    pairs = [(i, i % nodes + 1) for i in range(1, nodes + 1)]
    pairs += [tuple(rng.sample(range(1, nodes + 1), 2)) for _ in range(rng.randint(0, 6))]  # type: ignore[misc]
    head = (
        f"<NUMBER OF ZONES> {zones}\n<NUMBER OF NODES> {nodes}\n<FIRST THRU NODE> {rng.randint(1, 2)}\n"
        f"<NUMBER OF LINKS> {len(pairs)}\n<END OF METADATA>\n\n"
    )
    rows = [
        f"\t{a}\t{b}\t{rng.choice((0, 1, 50, 1e4))}\t{rng.randint(0, 9)}\t{rng.choice((0, 1, 6.5))}"
        f"\t{rng.choice((0, 0.15, 1))}\t{rng.choice((0, 0.5, 1, 4))}\t0\t{rng.randint(0, 2)}\t1\t;"
        for a, b in pairs
    ]
    trips = {
        o: {d: rng.choice((0, 1, 20.5)) for d in range(1, zones + 1) if d != o} for o in range(1, zones + 1)
    }
    total = sum(sum(t.values()) for t in trips.values())
    lines = [f"Origin {o}\n" + " ".join(f"{d} : {v};" for d, v in t.items()) for o, t in trips.items()]
    told = (
        f"<NUMBER OF ZONES> {zones}\n<TOTAL OD FLOW> {total}\n<END OF METADATA>\n\n"
        + "\n\n".join(lines)
        + "\n"
    )
    return head + "~ init term capacity length time b power speed toll type ;\n" + "\n".join(
        rows
    ) + "\n", told


def read_some_tntp(rng: random.Random, folder: Path) -> Callable[[], Any]:
    """Write a network and trips, one of them often broken, and return how to read and perhaps assign them."""
    files = [text.encode() for text in tntp_files(rng)]
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        which = rng.randrange(2)
        files[which] = broken_bytes(rng, files[which])
    paths = [folder / "a_net.tntp", folder / "a_trips.tntp"]
    for path, raw in zip(paths, files, strict=True):
        path.write_bytes(raw)
    whole = rng.random() < 0.05

    def read() -> Any:
        from daliz.formats import read_tntp

        found = read_tntp(*paths)
        told: dict[str, Any] = {"name": found.name, "links": len(found.tail), "trips": found.trips.tolist()}
        if whole:
            told |= _solved(found)
        return told

    return read


def _solved(found: Any) -> dict[str, Any]:
    import numpy as np

    from daliz.assignment import make_problem, user_equilibrium

    form = np.column_stack([found.free_flow_time, found.capacity, found.b, found.power])
    problem = make_problem(
        found.nodes, (found.tail, found.head), form, found.trips, first_through=found.first_through
    )
    flow = user_equilibrium(problem, gap=1e-6)
    return {"volume": flow.volume.tolist(), "objective": float(flow.objective)}


def read_some_demand(rng: random.Random, folder: Path, network: Network) -> Callable[[], Any]:
    """Write a file of demand for a network, often broken, and return how to read it."""
    nodes, cargoes = network.table("nodes").ids.tolist(), network.table("cargoes").ids.tolist()
    rows = [["origin", "destination", "cargo", "units", "avoid", "tag"][: rng.choice((4, 4, 5, 6))]]
    for _ in range(rng.randint(0, 4)):
        cells = [*rng.sample(nodes, 2), rng.choice(cargoes), str(rng.choice((0, 12, 1500, 0.5, "1e3")))]
        rows.append([*cells, rng.choice(("", "KZ", "CN KZ")), "t"][: len(rows[0])])
    raw = text_of(rows).encode()
    for _ in range(rng.choice((0, 1, 1, 2))):
        raw = broken_bytes(rng, raw).replace(b"\n ", b",")
    path = folder / "demand.csv"
    path.write_bytes(raw)

    def read() -> Any:
        from daliz.paths import read_demand

        found = read_demand(network, path)
        return repr(found)

    return read


def read_some_ftot(rng: random.Random, folder: Path) -> Callable[[], Any]:
    """Write a scenario of FTOT with its files, often broken, and return how to read it."""
    head = "facility_name,facility_type,commodity,value,units,phase_of_matter,io"
    more = rng.choice(("", "", ",schedule,min_capacity,max_capacity,build_cost,udp", ",udp", ",max_capacity"))
    blanks = "," * more.count(",")
    unit = rng.choice(UNITS[:3])
    files = {
        "rmp.csv": f"{head}{more}\npit,raw_material_producer,husk,{rng.choice((0, 100, 1e3))},{unit},solid,o{blanks}\n",
        "proc.csv": (
            f"{head}{more}\nworks,processor,husk,100,{unit},solid,i{blanks}\n"
            f"works,processor,pellet,50,{rng.choice((unit, unit, *UNITS))},solid,o{blanks}\n"
        ),
        "dest.csv": f"{head}{more}\ntown,ultimate_destination,pellet,{rng.choice((30, 0, 1e9))},{unit},solid,i{blanks}\n",
        "schedule.csv": "schedule_name,day,availability\ndefault,0,1\nday,1,0.5\n",
    }
    names = {"RMP": "rmp.csv", "Processors": "proc.csv", "Destinations": "dest.csv"}
    inner = "".join(
        f"<{k}_Commodity_Data>{v}</{k}_Commodity_Data>" for k, v in names.items() if rng.random() < 0.95
    )
    schedule = rng.choice(("None", "schedule.csv"))
    files["scenario.xml"] = (
        f"<Scenario xmlns='x'><Scenario_Name>a</Scenario_Name>{inner}<Schedule_Data>{schedule}</Schedule_Data>"
        f"<Unmet_Demand_Penalty>{rng.choice(('5000', '10 usd/ton', '', 'x'))}</Unmet_Demand_Penalty></Scenario>"
    )
    raws = {name: text.encode() for name, text in files.items()}
    for _ in range(rng.choice((0, 1, 1, 2))):
        name = rng.choice(sorted(raws))
        raws[name] = broken_bytes(rng, raws[name]).replace(b" ", rng.choice((b" ", b",", b"")))
    for name, raw in raws.items():
        (folder / name).write_bytes(raw)

    def read() -> Any:
        from daliz.formats import ftot_tables, read_ftot

        found = read_ftot(folder / "scenario.xml")
        places = {str(r["name"]): "n0" for r in found.facilities}
        return ftot_tables(found, places)

    return read


def read_some_file(number: int, folder: Path, network: Network) -> tuple[str, Callable[[], Any]]:
    """Write the files of a case and return their kind and how to read them."""
    rng = random.Random(f"file {number}")  # noqa: S311 - cases are to be made again
    kind = rng.choice(("tntp", "demand", "ftot"))
    if kind == "demand":
        return kind, read_some_demand(rng, folder, network)
    return kind, (read_some_tntp if kind == "tntp" else read_some_ftot)(rng, folder)
