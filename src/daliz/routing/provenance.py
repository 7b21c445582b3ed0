"""Show the evidence behind a whole alternative: which figures carry its hours and dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.routing.itinerary import Itinerary
    from daliz.tables import Network

OWN = "own"
COMPUTED = "computed"


def reasons(way: Itinerary) -> list[str]:
    """List leg by leg which figure carries how many hours and dollars, and who says so.

    Examples
    --------
    >>> import daliz
    >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1)[0]
    >>> any("source" in line for line in reasons(way))
    True
    """
    network = way.graph.network
    in_force = _in_force(network)
    lines = [f"{way.summary()}: {way.hours:.1f} h, {way.usd:,.0f} USD, {way.kg_co2e:,.0f} kg CO2e"]
    for leg in way.legs:
        lines.append(
            f"{leg.origin} to {leg.destination} by {leg.service or leg.mode}: {leg.hours:.1f} h, "
            f"{leg.usd:,.0f} USD"
        )
        sums: dict[tuple[str, str, Cell | None], float] = {}
        for c in leg.components:
            if c.measure in {"hours", "usd"} and c.amount:
                key = (c.measure, c.cause.name.lower().replace("_", " "), c.cell)
                sums[key] = sums.get(key, 0.0) + c.amount
        for (measure, cause, cell), amount in sorted(sums.items(), key=lambda x: (x[0][0], -x[1])):
            unit = "h" if measure == "hours" else "USD"
            lines.append(f"  {amount:>9,.1f} {unit:<3} {cause}: {_said(network, in_force, cell)}")
    return lines


def _said(network: Network, in_force: dict[Cell, int], cell: Cell | None) -> str:
    """Write a figure with the evidence that stands for it; a figure that a user set has none."""
    if cell is None:
        return COMPUTED
    resolved, evidence = network.resolved, network.store["evidence"]
    value = resolved.figures.value[resolved.figures.index[cell]]
    moved = "".join(
        f"; {c['op']} {c['value']:g} by {c['change']}"
        for c in resolved.changes.get(cell, [])
        if c["op"] != "set"
    )
    if cell in resolved.own:
        said = "the user's own figure"
    elif cell in in_force:
        row = in_force[cell]
        said = f"{evidence['grade'][row]}, source {evidence['source_id'][row]}"
    else:
        said = "changed by a scenario"
    return f"{cell} = {value:g} ({said}{moved})"


def _in_force(network: Network) -> dict[Cell, int]:
    """Find the row of evidence in use in the middle of the period, by cell; a figure that a user set has none."""
    evidence, own = network.store["evidence"], network.resolved.own
    middle = network.period.start + (network.period.end - network.period.start) // 2
    started = ~(evidence["from_date"] > middle)
    ended = evidence["to_date"] <= middle
    found: dict[Cell, int] = {}
    for i in np.flatnonzero(evidence["used"] & started & ~ended).tolist():
        cell = Cell(evidence["table"][i], evidence["row_id"][i], evidence["column"][i])
        if cell not in own:
            found.setdefault(cell, i)
    return found


def grade_weights(way: Itinerary) -> dict[str, dict[str, float]]:
    """Compute the shares of the hours and of the dollars that rest on each grade of evidence.

    What rests on a figure that the user's own changes set counts as `own`, and what rests on no figure as `computed`.
    """
    network = way.graph.network
    grades, in_force = network.store["evidence"]["grade"], _in_force(network)
    shares: dict[str, dict[str, float]] = {"hours": {}, "usd": {}}
    for c in way.components:
        if c.measure in shares and c.amount > 0:
            name = COMPUTED
            if c.cell in network.resolved.own:
                name = OWN
            elif c.cell in in_force:
                name = str(grades[in_force[c.cell]])
            shares[c.measure][name] = shares[c.measure].get(name, 0.0) + c.amount
    return {m: {g: v / sum(x.values()) for g, v in x.items()} for m, x in shares.items()}
