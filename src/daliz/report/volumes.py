"""Write the page of volumes: corridors, queues and the price of capacity, now and with the projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daliz.report.document import Block, Heading, Paragraph, TableBlock

if TYPE_CHECKING:
    from daliz.assignment import Flows
    from daliz.report.translate import Speech
    from daliz.studies.volume_cases import VolumeCase

SHOWN = 8
CASES = {"now": "case_now", "without": "case_without", "with": "case_with"}
MODES = {
    "rail": "mode_rail",
    "road": "mode_road",
    "sea": "mode_sea",
    "air": "mode_air",
    "waterway": "mode_waterway",
}
SERVICES = {
    "block-train": "service_block_train",
    "feeder": "service_feeder",
    "ro-ro": "service_ro_ro",
    "rail-ferry": "service_rail_ferry",
    "deep-sea": "service_deep_sea",
    "barge": "service_barge",
    "air": "service_air",
}
PROOFS = {
    "sue": "by_sue",
    "capacity": "by_capacity",
    "relative_gap": "proof_gap",
}
"""Names of the methods of the brief and of what their certificates measure."""


def volume_blocks(cases: list[VolumeCase], speech: Speech, names: dict[str, str]) -> list[Block]:
    """Write volumes by corridor, queues and prices of each case."""
    if not cases:
        return []
    heads = [speech(CASES[c.label], year=str(c.queues.network.year)) for c in cases]
    blocks: list[Block] = [
        Heading(speech("volumes_title")),
        Paragraph(speech("volumes_text")),
        *(
            TableBlock(
                [f"{speech('corridor')}, {speech.unit(unit)}", *heads],
                _corridors(cases, speech, names, measure),
                right=range(1, len(cases) + 1),
            )
            for measure, unit in (("kt", "kt"), ("teu", "TEU"))
        ),
    ]
    for head, case in zip(heads, cases, strict=True):
        blocks += _bottlenecks(head, case, speech)
    blocks += [Heading(speech("prices_title"), 3), Paragraph(speech("prices_text"))]
    blocks.append(
        TableBlock([speech("element"), *heads], _prices(cases, speech), right=range(1, len(cases) + 1))
    )
    return [*blocks, Paragraph(_certificate(cases, speech), small=True)]


def _bottlenecks(head: str, case: VolumeCase, speech: Speech) -> list[Block]:
    """Write the elements of a case where most hours are lost."""
    rows = [
        [
            place_of(case.queues, b, speech),
            speech.quantity(speech.number(b["volume"] + b["background"]), speech.unit(b["unit"])),
            speech.number(b["capacity"]),
            speech.percent(b["load"]),
            speech.number(b["delay_h"]),
        ]
        for b in case.queues.bottlenecks(SHOWN)
    ]
    header = [speech(k) for k in ("element", "volume", "capacity", "load", "hours_more")]
    return [Heading(speech("bottlenecks_title", case=head), 3), TableBlock(header, rows, right=(1, 2, 3, 4))]


def _corridors(
    cases: list[VolumeCase], speech: Speech, names: dict[str, str], measure: str
) -> list[list[str]]:
    """Write the rows of corridors with kt or teu and its range by case."""
    tables = [
        {r["corridor"]: r | e for r, e in zip(c.queues.corridors(), c.ranges, strict=True)} for c in cases
    ]

    return [
        [names.get(k, speech("none") if k == "none" else k), *(speech.ranged(t[k], measure) for t in tables)]
        for k in tables[0]
        if any(t[k]["kt"] >= 0.5 for t in tables)
    ]


def _prices(cases: list[VolumeCase], speech: Speech) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for n, case in enumerate(cases):
        for b in case.prices.bottlenecks(SHOWN, by="price"):
            row = found.setdefault(place_of(case.prices, b, speech), ["–"] * len(cases))
            unit = speech.unit(b["unit"].removesuffix("s"))
            row[n] = speech("price_per", price=speech.number(b["price_usd"]), unit=unit)
    return [[place, *row] for place, row in found.items()]


def place_of(flows: Flows, row: dict[str, Any], speech: Speech) -> str:
    """Name an element by its places."""
    network, name = flows.network, str(row["name"])
    nodes, kind = network.table("nodes"), str(row["kind"])
    if kind == "service":
        service, way = name.split(" ", 1)
        ends = " – ".join(speech.name(nodes.row(n)) for n in way.split(" - "))
        kind = network.table("services").row(service)["kind"]
        return f"{ends}, {speech(SERVICES[kind])} ({service})"
    base = name.removesuffix(" forward").removesuffix(" backward").removesuffix(" in").removesuffix(" out")
    if kind == "terminal":
        terminal = network.table("terminals").row(base)
        return f"{speech.name(nodes.row(terminal['node_id']))}, {speech(MODES[terminal['mode']])} ({base})"
    back = name.endswith("backward")
    if kind == "border":
        border = network.table("borders").row(base)
        base, back = border["link_id"], border["direction"] == "backward"
    link = network.table("links").row(base)
    both = [speech.name(nodes.row(link[k])) for k in ("from_node", "to_node")]
    mark = " → " if kind == "border" or name != base else " – "
    return (
        f"{mark.join(both[::-1] if back else both)}, "
        f"{speech(MODES[link['mode']])}{speech('at_border') if kind == 'border' else ''}"
    )


def _certificate(cases: list[VolumeCase], speech: Speech) -> str:
    parts = []
    for case in cases:
        for flows in (case.queues, case.prices):
            key, value = next(iter(flows.certificate.items()))
            state = speech("converged" if flows.converged else "not_converged")
            method, measure = (speech(PROOFS[word]) for word in (flows.method, key))
            parts.append(f"{flows.network.year}, {method}: {measure} {speech.power(value)}, {state}")
    return speech("volumes_certificate", runs="; ".join(parts))
