"""Compute what a brief tells: the corridors side by side, by year and pair, and all other pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daliz.routing.by_corridor import best_by_corridor
from daliz.routing.provenance import grade_weights
from daliz.routing.search import Search
from daliz.routing.shipment import Shipment
from daliz.studies.corridor_matrix import corridor_matrix, shown_corridors
from daliz.studies.duty_effects import duty_answers
from daliz.studies.mineral_dependence import mineral_answers
from daliz.studies.projects_ahead import planned_network
from daliz.studies.volume_cases import volume_cases
from daliz.tables.check_evidence import grade_shares
from daliz.tables.network import network_of
from daliz.validation.quality import share_sourced

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.routing import Itinerary
    from daliz.studies.brief_plan import BriefPlan
    from daliz.studies.duty_effects import Duties
    from daliz.studies.mineral_dependence import Minerals
    from daliz.studies.volume_cases import VolumeCase
    from daliz.tables import Network

DRAWS = 2000


@dataclass(frozen=True)
class Difference:
    """What the followed corridor takes more than another: days, USD, kg CO2e.

    `apart` says whether the intervals of the mean days lie apart.
    """

    corridor: str
    days: float
    usd: float
    kg_co2e: float
    apart: bool


@dataclass(frozen=True)
class Comparison:
    """Best itineraries of a pair of places by corridor, with the followed one set against the others.

    Attributes
    ----------
    network
        Network of the year.
    pair
        Row of the table `pairs`.
    best
        Best itinerary by corridor.
    followed
        That of the followed corridor; None where it does not connect the pair.
    against
        What it takes more than each other corridor.
    """

    network: Network
    pair: dict[str, Any]
    best: dict[str, Itinerary]
    followed: Itinerary | None
    against: tuple[Difference, ...]


@dataclass(frozen=True)
class Sourced:
    """Shares of the hours and dollars of an itinerary that stand on sources or on computation alone."""

    pair: dict[str, Any]
    itinerary: Itinerary
    hours: float
    usd: float


@dataclass(frozen=True)
class Answers:
    """Everything that a brief shows.

    Attributes
    ----------
    network, plan
        Network of the year asked for, and what the brief asks.
    flagships
        The flagship pairs, with ranges.
    years
        The first of them by year, with the projects promised until then.
    matrix
        Rows of pairs by year.
    weights
        Shares of hours and dollars with sources by pair.
    grades
        Cells with a figure by grade.
    sourced
        Count of distinct figures, and the share that stands on sources all the way down.
    volumes
        Volumes by case.
    minerals, duties
        Answers about chains and duties; None if the brief or the package has none.
    """

    network: Network
    plan: BriefPlan
    flagships: list[Comparison]
    years: dict[int, Comparison]
    matrix: list[dict[str, Any]]
    weights: list[Sourced]
    grades: list[tuple[str, int, float]]
    sourced: tuple[int, float]
    volumes: list[VolumeCase]
    minerals: Minerals | None
    duties: Duties | None


def brief_answers(
    network: Network, plan: BriefPlan, progress: Callable[[int, int], None] | None = None
) -> Answers:
    """Compute the answers of a brief."""
    pairs = network.store["pairs"].rows()
    steps = len(pairs) * (1 + len(plan.matrix_years)) + len(plan.years) + len(network.store["chains"]) + 7
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, steps)

    flagships, weights = [], []
    for pair in pairs:
        found = compared(network, pair, plan.followed, DRAWS if pair["flagship"] else 0)
        flagships += [found] if pair["flagship"] else []
        weights += _weights(found)
        step()
    first, years = next(p for p in pairs if p["flagship"]), {}
    for year in plan.years:
        then = planned_network(network_of(network, year))
        years[year] = compared(then, first, plan.followed, DRAWS)
        step()
    matrix = (
        corridor_matrix(network, plan.matrix_years, lambda _d, _t: step()) if "matrix" in plan.pages else []
    )
    grades = grade_shares({n: network.store[n] for n in ("evidence", "grades")})
    volumes = volume_cases(network, plan.ahead, step) if "volumes" in plan.pages else []
    minerals = mineral_answers(network, plan.minerals, step) if "minerals" in plan.pages else None
    duties = (
        duty_answers(network, plan.duties, plan.followed, volumes, step) if "duties" in plan.pages else None
    )
    sourced = share_sourced(network)
    return Answers(
        network, plan, flagships, years, matrix, weights, grades, sourced, volumes, minerals, duties
    )


def compared(network: Network, pair: dict[str, Any], followed: str, draws: int) -> Comparison:
    """Find the best itinerary of a pair in each corridor of reports, and set one against the others."""
    best = best_by_corridor(
        network,
        pair["origin"],
        pair["destination"],
        Shipment(pair["cargo_id"]),
        search=Search(draws=draws),
    )
    shown = set(shown_corridors(network))
    best = {c: way for c, way in best.items() if c in shown}
    own = best.get(followed)
    against = tuple(_difference(c, own, way) for c, way in best.items() if own and c != followed)
    return Comparison(network, pair, best, own, against)


def _difference(corridor: str, own: Itinerary, other: Itinerary) -> Difference:
    a, b = own.spread, other.spread
    apart = bool(a and b and (a.days_high < b.days_low or b.days_high < a.days_low))
    days, usd, kg = own.days - other.days, own.usd - other.usd, own.kg_co2e - other.kg_co2e
    return Difference(corridor, days, usd, kg, apart)


def _weights(found: Comparison) -> list[Sourced]:
    """Compute the shares with sources of the followed corridor's itinerary, or else of the best of all."""
    if not found.best:
        return []
    way = found.followed or min(found.best.values(), key=lambda w: w.generalised_usd)
    grades = found.network.store["grades"]
    sourced = {str(g): bool(s) for g, s in zip(grades.ids, grades["sourced"], strict=True)}
    shares = grade_weights(way)
    hours, usd = (
        sum(v for g, v in shares[m].items() if sourced.get(g, g == "computed")) for m in ("hours", "usd")
    )
    return [Sourced(found.pair, way, hours, usd)]
