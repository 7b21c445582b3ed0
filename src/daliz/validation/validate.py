"""Compare every observation with the answer of the model."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import DalizError
from daliz.graph.ledger import Cause
from daliz.routing import Search, Shipment, routes
from daliz.routing.reliability import luck
from daliz.tables.needs import demand_needs
from daliz.tables.period import Period

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from daliz.routing import Itinerary
    from daliz.routing.components import Component
    from daliz.tables import Network

TOLERANCE = 0.15
MEASURES = ("days", "usd", "kg_co2e")
SCORED_KINDS = ("measured", "schedule")
DRAWS = 4000
SEED = 1
# A best time is held against the one in twenty that are quickest.
QUANTILES = {"best": 0.05, "p50": 0.5, "p95": 0.95}
ENDS = (Cause.WAIT, Cause.WEATHER, Cause.HANDLING, Cause.TERMINAL_DOCUMENTS)
LONGEST_MONTH = 31
SHORTEST_YEAR = 350
LONGEST_SPOT = 45


@dataclass(frozen=True, slots=True)
class Score:
    """One observation with the answer of the model.

    Attributes
    ----------
    observation
        The row of the table.
    answer
        The model's figure in the same unit, NaN where it has none.
    inside
        Whether the answer lies in the published range or within 15 % of the value.
    eligible
        Whether it is measured or scheduled, from the first year of the data on, independent, and no
        figure of its own stands in a cell of the answer.
    scored
        Whether it is eligible and counts something that the network holds (not `askable=no`, no spot price).
    remark
        Way taken, or why there is no answer or no score.
    hours_by_cause
        Mean hours of the answer by cause, as the clock of the observation counts them; empty where it has
        none.
    """

    observation: dict[str, Any]
    answer: float
    inside: bool
    eligible: bool
    scored: bool
    remark: str
    hours_by_cause: dict[str, float] = field(default_factory=dict)

    @property
    def error(self) -> float:
        """Return the answer over the value, minus one."""
        return float(self.answer / self.observation["value"] - 1.0)


@dataclass(frozen=True)
class Validation:
    """Scores of all observations."""

    scores: list[Score]

    @property
    def scored(self) -> list[Score]:
        """Return the scores that count."""
        return [s for s in self.scores if s.scored]

    @property
    def eligible(self) -> list[Score]:
        """Return the scores of all measured or scheduled independent observations, askable or not."""
        return [s for s in self.scores if s.eligible]

    @property
    def share(self) -> float:
        """Return the share of scored observations that the model meets; NaN if none is scored."""
        return _share(self.scored)

    @property
    def share_of_eligible(self) -> float:
        """Return the share of eligible observations that the model meets; NaN if there are none."""
        return _share(self.eligible)

    @property
    def table(self) -> pd.DataFrame:
        """Return one row per observation as a pandas DataFrame."""
        import pandas as pd

        names = ("id", "kind", "measure", "statistic", "origin", "destination", "via", "value", "low", "high")
        return pd.DataFrame(
            [
                {n: s.observation[n] for n in names}
                | {
                    "answer": s.answer,
                    "error": s.error,
                    "inside": s.inside,
                    "scored": s.scored,
                    "remark": s.remark,
                }
                for s in self.scores
            ]
        )

    def __repr__(self) -> str:
        met, counts = sum(s.inside for s in self.scored), len(self.scored)
        return (
            f"<Validation: {met} of {counts} scored observations met ({self.share:.0%}); of "
            f"{len(self.eligible)} measured or "
            f"scheduled ones, askable or not, {self.share_of_eligible:.0%}; "
            f"{len(self.scores) - counts} shown unscored>"
        )


def _share(scores: list[Score]) -> float:
    return float(np.mean([s.inside for s in scores])) if scores else float("nan")


def validate(network: Network, progress: Callable[[int, int], None] | None = None) -> Validation:
    """Compare the model with every published observation of days, prices and emissions.

    The query of each observation is asked of the network as it stood in the middle of its period, or in
    its year if the period is as long; with the weather of the month if it is no longer than one. Claims
    are shown and not scored, as are observations before the data begin, those marked as not independent,
    those whose own figure stands in a cell that the answer rests on, those that count something that the
    network does not hold (`askable=no`, with the reason in the note), and spot prices of up to 45 days,
    since the network knows prices by year. Both shares are told: of the scored, and of all measured or
    scheduled ones.

    Parameters
    ----------
    network
        The network; its year does not matter, its `under` and `without` do.
    progress
        Called with the count done and the count of all.

    Examples
    --------
    >>> import daliz
    >>> daliz.validate(daliz.open("eurasia")).share > 0.5  # doctest: +SKIP
    True
    """
    demand_needs(network.store, "validate")
    rows = [
        r
        for r in network.store["observations"].rows()
        if r["measure"] in MEASURES and r["origin"] and r["destination"]
    ]
    networks: dict[Any, Network] = {}
    scores = []
    for done, row in enumerate(rows, 1):
        scores.append(_score(network, row, networks))
        if progress:
            progress(done, len(rows))
    return Validation(scores)


def _network_then(
    network: Network, row: dict[str, Any], networks: dict[Any, Network]
) -> tuple[Network, int | None]:
    start = np.datetime64(row["from_date"])
    days = (row["to_date"] - row["from_date"]).days
    middle = start + np.timedelta64(days // 2, "D")
    first, last = (int(network.store.descriptor["years"][k]) for k in ("first", "observed"))
    year = min(max(int(str(middle)[:4]), first), last)
    known = year == int(str(middle)[:4])
    month = int(str(middle)[5:7]) if known and days <= LONGEST_MONTH else None
    key = str(middle)[:10] if known and days < SHORTEST_YEAR else year
    if key not in networks:
        period = Period.of_year(key) if isinstance(key, int) else Period.of_day(key)
        networks[key] = network.in_period(period)
    return networks[key], month


def _score(network: Network, row: dict[str, Any], networks: dict[Any, Network]) -> Score:
    then, month = _network_then(network, row, networks)
    cargo = row["cargo_id"] or "container-40"
    try:
        found = routes(
            then,
            row["origin"],
            row["destination"],
            Shipment(
                cargo=cargo,
                via=row["via"].split(),
                avoid=row["avoid"].split(),
                only=row["services"].split(),
            ),
            k=1,
            month=month,
            search=Search(draws=0, pareto=False),
        )
    except DalizError as error:
        return Score(
            row,
            float("nan"),
            inside=False,
            eligible=_eligible(row, network),
            scored=_counts(row, network),
            remark=f"no answer: {error}",
        )
    way = found[0]
    answer = _answer(way, row)
    built = _built_on(way, row)
    remark = f"rests on the same figure: {built}" if built else f"{way.corridor}: {way.summary()}"
    return Score(
        row,
        answer,
        inside=is_met(answer, row),
        eligible=_eligible(row, network) and not built,
        scored=_counts(row, network) and not built,
        remark=remark,
        hours_by_cause=_hours_by_cause(way, row),
    )


def _eligible(row: dict[str, Any], network: Network) -> bool:
    """Check whether an observation is measured or scheduled, independent and of the years of the data."""
    first = f"{network.store.descriptor['years']['first']}-01-01"
    return bool(row["kind"] in SCORED_KINDS and row["independent"] and str(row["from_date"]) >= first)


def _counts(row: dict[str, Any], network: Network) -> bool:
    """Check whether an eligible observation counts something that the network holds."""
    days = (row["to_date"] - row["from_date"]).days
    spot = row["measure"] == "usd" and row["kind"] == "measured" and days <= LONGEST_SPOT
    return _eligible(row, network) and bool(row["askable"]) and not spot


def _answer(way: Itinerary, row: dict[str, Any]) -> float:
    inner = row["clock"] == "departure"
    if row["measure"] == "usd":
        return way.usd - (_outside(way, "usd") if inner else 0.0)
    if row["measure"] == "kg_co2e":
        return way.kg_co2e
    hours = way.hours - (_outside(way, "hours") if inner else 0.0)
    if row["statistic"] in QUANTILES:
        drawn = hours + luck(_counted(way, row), DRAWS, SEED, way.graph)
        hours = float(np.quantile(drawn, QUANTILES[row["statistic"]]))
    return hours / 24.0


def _counted(way: Itinerary, row: dict[str, Any]) -> list[Component]:
    """Return the components that the clock of an observation counts."""
    ends = _ends(way) if row["clock"] == "departure" else set()
    return [c for c in way.components if c.part not in ends or c.cause not in ENDS]


def _hours_by_cause(way: Itinerary, row: dict[str, Any]) -> dict[str, float]:
    hours: dict[str, float] = {}
    for c in _counted(way, row):
        if c.measure == "hours":
            name = c.cause.name.lower().replace("_", " ")
            hours[name] = hours.get(name, 0.0) + c.amount
    return hours


def _ends(way: Itinerary) -> set[int]:
    return {way.parts[0], way.parts[-1]}


def _outside(way: Itinerary, measure: str) -> float:
    """Compute hours or dollars of terminals before the first departure and after the last arrival."""
    ends = _ends(way)
    return sum(
        c.amount for c in way.components if c.measure == measure and c.part in ends and c.cause in ENDS
    )


def is_met(answer: float, row: dict[str, Any]) -> bool:
    """Check whether an answer lies in the published range or within 15 % of the observed value."""
    value, low, high = row["value"], row["low"], row["high"]
    if abs(answer - value) <= TOLERANCE * value:
        return True
    if np.isnan(low) and np.isnan(high):
        return False
    return bool((np.isnan(low) or answer >= low) and (np.isnan(high) or answer <= high))


def _built_on(way: Itinerary, row: dict[str, Any]) -> str:
    """Find a cell of the answer that was built from this observation's own figure."""
    store = way.graph.network.store
    evidence = store["evidence"]
    cells = {c.cell for c in way.components if c.cell is not None}
    numbers = {f"{v:g}" for v in (row["value"], row["low"], row["high"]) if not np.isnan(v)}
    for i in np.flatnonzero((evidence["source_id"] == row["source_id"]) & evidence["used"]):
        cell = (evidence["table"][i], evidence["row_id"][i], evidence["column"][i])
        if cell not in cells:
            continue
        shown = {f"{evidence['value'][i]:g}", *re.findall(r"\d+(?:\.\d+)?", str(evidence["arithmetic"][i]))}
        if shown & numbers:
            return ".".join(cell)
    return ""
