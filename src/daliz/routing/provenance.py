"""Show the evidence behind a whole way: which figures carry its hours and dollars."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.routing.itinerary import Itinerary


def reasons(way: Itinerary) -> list[str]:
    """Tell leg by leg which figure gives how many hours and dollars, and who says so.

    Examples
    --------
    >>> import daliz
    >>> way = daliz.routes(daliz.open("eurasia"), "Aktau", "Baku", k=1)[0]
    >>> any("source" in line for line in reasons(way))
    True
    """
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
            lines.append(f"  {amount:>9,.1f} {unit:<3} {cause}: {_said(way, cell)}")
    return lines


def _said(way: Itinerary, cell: Cell | None) -> str:
    if cell is None:
        return "computed"
    network = way.graph.network
    figures, evidence = network.resolved.figures, network.store["evidence"]
    value = figures.value[figures.index[cell]]
    match = np.flatnonzero(
        (evidence["table"] == cell.table)
        & (evidence["row_id"] == cell.row)
        & (evidence["column"] == cell.column)
        & evidence["used"]
    )
    middle = network.period.start + (network.period.end - network.period.start) // 2
    now = [
        i for i in match if not (evidence["from_date"][i] > middle) and not (evidence["to_date"][i] <= middle)
    ]
    grade = (
        f"{evidence['grade'][now[0]]}, source {evidence['source_id'][now[0]]}"
        if now
        else "changed by a scenario"
    )
    return f"{cell} = {value:g} ({grade})"


def grade_weights(way: Itinerary) -> dict[str, dict[str, float]]:
    """Give the share of the hours and of the dollars of a way that rests on each grade of evidence."""
    network = way.graph.network
    evidence = network.store["evidence"]
    middle = network.period.start + (network.period.end - network.period.start) // 2
    grade: dict[Cell, str] = {}
    for i in np.flatnonzero(evidence["used"]):
        if not (evidence["from_date"][i] > middle) and not (evidence["to_date"][i] <= middle):
            grade[Cell(evidence["table"][i], evidence["row_id"][i], evidence["column"][i])] = str(
                evidence["grade"][i]
            )
    shares: dict[str, dict[str, float]] = {"hours": {}, "usd": {}}
    for c in way.components:
        if c.measure in shares and c.amount > 0:
            name = grade.get(c.cell, "computed") if c.cell is not None else "computed"
            shares[c.measure][name] = shares[c.measure].get(name, 0.0) + c.amount
    return {m: {g: v / sum(x.values()) for g, v in x.items()} for m, x in shares.items()}
