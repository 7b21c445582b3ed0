"""Compute what the brief tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daliz.report.duties import duty_answers
from daliz.report.minerals import mineral_answers
from daliz.report.volumes import volume_cases
from daliz.routing.by_corridor import best_by_corridor
from daliz.routing.provenance import grade_weights
from daliz.routing.search import Search
from daliz.routing.shipment import Shipment
from daliz.tables.check_evidence import grade_shares
from daliz.tables.network import network_of
from daliz.validation.corridors import corridor_matrix, planned_network
from daliz.validation.quality import share_sourced

if TYPE_CHECKING:
    from collections.abc import Callable

    from daliz.report.duties import Duties
    from daliz.report.minerals import Minerals
    from daliz.report.volumes import Case
    from daliz.routing import Itinerary
    from daliz.tables import Network

DRAWS = 2000
YEARS = (2021, 2024, 2030)
MATRIX_YEARS = (2019, 2021, 2022, 2024, 2026, 2030, 2035)


@dataclass(frozen=True)
class Answers:
    """Hold everything that the brief shows.

    Attributes
    ----------
    network
        Network of the year asked for.
    flagships
        For each flagship pair: its row and the best way by corridor.
    years
        For each year the best ways of the first flagship pair by corridor.
    networks
        The networks of those years.
    matrix
        Rows of pairs by year.
    weights
        For each pair the way and the shares of its hours and dollars by grade.
    grades
        Distinct figures by grade.
    sourced
        Count of distinct figures, and the share that stands on sources all the way down.
    volumes
        What everybody ships, by case.
    minerals, duties
        What is told of chains and of duties; none if the package has none.
    """

    network: Network
    flagships: list[tuple[dict[str, Any], dict[str, Itinerary]]]
    years: dict[int, dict[str, Itinerary]]
    networks: dict[int, Network]
    matrix: list[dict[str, Any]]
    weights: list[tuple[dict[str, Any], Itinerary, dict[str, dict[str, float]]]]
    grades: list[tuple[str, int, float]]
    sourced: tuple[int, float]
    volumes: list[Case]
    minerals: Minerals | None
    duties: Duties | None


def _shown(network: Network, best: dict[str, Itinerary]) -> dict[str, Itinerary]:
    """Keep the corridors that reports compare."""
    table = network.table("corridors")
    shown = {str(i) for i, s in zip(table.ids, table["shown"], strict=True) if s}
    return {c: way for c, way in best.items() if c in shown}


def compute(network: Network, progress: Callable[[int, int], None] | None = None) -> Answers:
    """Compute the answers of the brief."""
    pairs = network.store["pairs"].rows()
    steps = len(pairs) * (1 + len(MATRIX_YEARS)) + len(YEARS) + 3 + len(network.store["chains"]) + 4
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, steps)

    flagships, weights = [], []
    for pair in pairs:
        best = best_by_corridor(
            network,
            pair["origin"],
            pair["destination"],
            Shipment(pair["cargo_id"]),
            search=Search(draws=DRAWS if pair["flagship"] else 0),
        )
        best = _shown(network, best)
        if pair["flagship"]:
            flagships.append((pair, best))
        if best:
            way = best.get("middle") or min(best.values(), key=lambda w: w.generalised_usd)
            weights.append((pair, way, grade_weights(way)))
        step()
    years, networks = {}, {}
    first = next(p for p in pairs if p["flagship"])
    for year in YEARS:
        networks[year] = planned_network(network_of(network, year))
        best = best_by_corridor(
            networks[year],
            first["origin"],
            first["destination"],
            Shipment(first["cargo_id"]),
            search=Search(draws=DRAWS),
        )
        years[year] = _shown(network, best)
        step()
    matrix = corridor_matrix(network, list(MATRIX_YEARS), lambda _d, _t: step())
    grades = grade_shares({n: network.store[n] for n in ("evidence", "grades")})
    volumes = volume_cases(network, step)
    minerals, duties = mineral_answers(network, step), duty_answers(network, volumes, step)
    return Answers(
        network,
        flagships,
        years,
        networks,
        matrix,
        weights,
        grades,
        share_sourced(network),
        volumes,
        minerals,
        duties,
    )
