"""Compute the intervals of volumes: draw parameters, markets, hours, prices and capacities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.assignment.methods import assign_model
from daliz.calibration.fit import priors_of
from daliz.errors import DemandError
from daliz.paths.choice import ChoiceParameters
from daliz.paths.demand import demand_of
from daliz.studies.volume_draws import Drawing
from daliz.tables.figures import Cell

if TYPE_CHECKING:
    from daliz.assignment.flows import Flows

DRAWS = 40
LARGEST_SHARE = 0.999


def corridor_ranges(flows: Flows, *, draws: int = DRAWS, seed: int = 1) -> list[dict[str, Any]]:
    """Compute the 5th and 95th percentile of kt and TEU by corridor over the ranges of the evidence.

    Fitted parameters, quantities of markets (the years of one market together), contestable shares, and
    the hours, prices and capacities behind all routes are drawn; values of time stand, and parameters are
    drawn one by one, without what the fit says of them together. Each draw is an equilibrium of its own
    on the routes of `flows`.

    Parameters
    ----------
    flows
        Equilibrium by `sue` on the markets of its network.
    draws, seed
        How often and from which seed is drawn; the ends of 40 draws are themselves uncertain by about a
        tenth of the range.

    Returns
    -------
    list of dict
        Per corridor: corridor, kt_low, kt_high, teu_low, teu_high, draws, and how many of the draws
        converged.

    Raises
    ------
    DemandError
        If the flows are not by sue, or demand was given.
    """
    if flows.method != "sue" or not flows.demand.markets:
        raise DemandError(
            "Ranges are drawn for sue on the markets of a network; this run is of another kind."
        )
    if draws < 1:
        raise DemandError(f"{draws} draws cannot be taken; give at least one.")
    cells = _cells(flows)
    drawing = Drawing(flows, [c for of in cells for c in of], draws, seed)
    found, converged = [], 0
    for draw, (value, scale) in enumerate(zip(*_drawn(flows, cells, drawing, draws), strict=True)):
        demand = demand_of(flows.network, flows.demand.year, values=value, scale=scale)
        model = drawing.drawn(draw).choosing(ChoiceParameters.of(flows.network, value)).demanding(demand)
        run = assign_model(model, terms=flows.terms)
        converged += run.converged
        found.append([(c["kt"], c["teu"]) for c in run.corridors()])
    ends = np.quantile(np.array(found), [0.05, 0.95], axis=0)
    return [
        {
            "corridor": c["corridor"],
            "kt_low": float(ends[0, i, 0]),
            "kt_high": float(ends[1, i, 0]),
            "teu_low": float(ends[0, i, 1]),
            "teu_high": float(ends[1, i, 1]),
            "draws": draws,
            "converged": converged,
        }
        for i, c in enumerate(flows.corridors())
    ]


def _cells(flows: Flows) -> tuple[list[Cell], list[Cell], list[Cell]]:
    """Name the cells of parameters, of quantities and of contestable shares."""
    last = min(flows.demand.year, int(flows.network.table("flow_years")["year"].max()))
    markets = list(flows.demand.markets)
    return (
        [Cell("choice", n, "value") for n in priors_of(flows.network)],
        [Cell("flow_years", f"{m}-{last}", "quantity") for m in markets],
        [Cell("flows", m, "contestable_share") for m in markets],
    )


def _drawn(
    flows: Flows, cells: tuple[list[Cell], list[Cell], list[Cell]], drawing: Drawing, draws: int
) -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """Return drawn parameters, and factors on markets."""
    parameter, quantity, contestable = (np.array([drawing.of_cell(c) for c in of]) for of in cells)
    fitted, priors = flows.model.choice.values, priors_of(flows.network)
    share = flows.network.table("flows")["contestable_share"]
    whole = np.divide(1.0, share, out=np.ones_like(share), where=share > 0)[:, None]
    scale = quantity * np.minimum(contestable, whole)
    values = []
    for d in range(draws):
        value = {n: fitted[n] * float(parameter[i, d]) for i, n in enumerate(priors)}
        shares = [n for n, p in priors.items() if p.form == "logit"]
        value |= {n: min(max(value[n], 1.0 - LARGEST_SHARE), LARGEST_SHARE) for n in shares}
        values.append(fitted | value)
    markets = list(flows.demand.markets)
    return values, [dict(zip(markets, scale[:, d].tolist(), strict=True)) for d in range(draws)]
