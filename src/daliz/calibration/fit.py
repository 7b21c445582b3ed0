"""Fit the parameters of choice to observed volumes, and tell what the data identify.

Least squares on logs with priors,

    min  sum_i (ln m_i(p) - ln o_i)^2 / s^2 + sum_j ((p_j - p0_j) / s_j)^2,

m being the model's volumes at equilibrium and o the observed ones: the mode of a posterior with
log-normal errors. Its covariance is the inverse of the Hessian in Gauss-Newton form [1]_. Corridor
constants hold for all years; the aversion to Russia is one share in 2022 with one decay.

References
----------
.. [1] A. Tarantola, Inverse problem theory, SIAM 2005, section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import least_squares

from daliz.assignment.methods import choice_of, round_queues, routes_of
from daliz.assignment.sue import fixed_point
from daliz.calibration.series import Counter, counter, observed
from daliz.errors import DemandError, need
from daliz.paths.demand import choice_priors, choice_values, demand_of
from daliz.tables.network import network_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from daliz.arrays import Floats
    from daliz.tables import Network

SPREAD = 0.35
"""Standard deviation of ln model over ln observed that is taken for a good fit; residuals are told beside it."""
STEP = 0.1
"""Step of slopes, in standard deviations of the prior."""
PRECISION = 1e-5
"""Residual of equilibria while fitting."""
TRANSFORMS: dict[str, tuple[str, float]] = {
    "scale": ("log", 0.35),
    "constant-north": ("linear", 1500.0),
    "constant-middle": ("linear", 1500.0),
    "constant-middle-loose": ("linear", 1500.0),
    "congestion": ("log", 0.5),
    "time-spread": ("log", 0.3),
    "aversion": ("logit", 1.0),
    "aversion-decay": ("logit", 1.0),
}
"""Form and standard deviation of the prior of each fitted parameter, in the form's unit; its centre is `choice.prior`."""


@dataclass(frozen=True)
class Calibration:
    """Hold fitted parameters with their uncertainty.

    Attributes
    ----------
    values
        Parameters of choice, fitted ones in place.
    names
        Fitted parameters.
    mode, deviation
        float64 (parameters,): in the form that is fitted (log, linear, logit), with standard deviations.
    covariance
        float64 (parameters, parameters).
    eigenvalues, directions
        Of the data's part of the Hessian in units of the prior: below 1 the prior tells more than the data.
    rows
        Observed and modelled value of each fitted count.
    years
        Years fitted.
    """

    values: dict[str, float]
    names: tuple[str, ...]
    mode: Floats
    deviation: Floats
    covariance: Floats
    eigenvalues: Floats
    directions: Floats
    rows: tuple[dict[str, Any], ...]
    years: tuple[int, ...]
    converged: bool

    def __repr__(self) -> str:
        state = "" if self.converged else ", NOT CONVERGED"
        error = np.sqrt(np.mean([np.log(r["model"] / r["observed"]) ** 2 for r in self.rows]))
        known = int((self.eigenvalues > 1).sum())
        return (
            f"<Calibration on {len(self.rows)} counts of {self.years[0]}-{self.years[-1]}: typical "
            f"factor {np.exp(error):.2f}, "
            f"{known} of {len(self.names)} directions told by data{state}>"
        )

    def table(self) -> list[dict[str, Any]]:
        """Give each parameter with its 90 % interval and the share of its variance that data took away."""
        found = []
        for i, name in enumerate(self.names):
            form, prior = TRANSFORMS[name]
            back = _backward(form)
            low, high = (
                back(self.mode[i] - 1.645 * self.deviation[i]),
                back(self.mode[i] + 1.645 * self.deviation[i]),
            )
            found.append(
                {
                    "parameter": name,
                    "value": back(self.mode[i]),
                    "low_90": low,
                    "high_90": high,
                    "told_by_data": 1.0 - (self.deviation[i] / prior) ** 2,
                }
            )
        return found


def forward_values(fit: Calibration, parameter: int, step: float) -> dict[str, float]:
    """Give the fitted values with one parameter moved by a step in its own form."""
    name = fit.names[parameter]
    return fit.values | {name: _backward(TRANSFORMS[name][0])(fit.mode[parameter] + step)}


class YearModel:
    """Compute the series of a year from parameters, from the routes made once."""

    def __init__(self, network: Network, values: dict[str, float]) -> None:
        self.network = network
        # both segments must have routes, whatever share is averse
        self.base = values | {"aversion": 0.5, "aversion-decay": 0.9}
        self.demand = demand_of(network, values=self.base)
        plain, self.row_pair = routes_of(network, self.demand, self.base, None)
        first = fixed_point(
            choice_of(network, plain, self.demand, self.row_pair, self.base), target=PRECISION
        )
        self.routes = round_queues(plain, network, self.demand, self.base, first.delay)
        self.start: Floats | None = None
        self.converged = True

    def series(self, values: dict[str, float]) -> tuple[Counter, Floats]:
        """Give the series at parameters, with their counter."""
        inside = values | {
            n: float(np.clip(values[n], 1e-6, 1.0 - 1e-6)) for n in ("aversion", "aversion-decay")
        }
        demand = demand_of(self.network, values=inside)
        if len(demand) != len(self.demand):
            raise DemandError(
                "The rows of demand changed while fitting. This is a fault of Daliz; please report it."
            )
        choice = choice_of(self.network, self.routes, demand, self.row_pair, inside)
        found = fixed_point(choice, target=PRECISION, start=self.start)
        self.start, self.converged = found.volume, found.converged
        count = counter(self.network, demand, self.routes, self.row_pair)
        return count, count.count(found.share * choice.units[choice.pair])


def _forward(form: str, value: float) -> float:
    if form == "log":
        return float(np.log(value))
    return float(np.log(value / (1.0 - value))) if form == "logit" else float(value)


def _backward(form: str) -> Callable[[float], float]:
    forms: dict[str, Callable[[float], float]] = {
        "log": lambda x: float(np.exp(x)),
        "logit": lambda x: float(1.0 / (1.0 + np.exp(-x))),
        "linear": float,
    }
    return forms[form]


def calibrate(
    models: dict[int, YearModel],
    *,
    years: Sequence[int] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Calibration:
    """Fit the parameters of choice to the observed series of some years.

    Parameters
    ----------
    models
        A model for each year, from `year_models`.
    years
        Years to fit; all of `models` if left out.
    progress
        Told after each evaluation of all years.

    Raises
    ------
    DemandError
        If there is nothing to fit to.
    """
    need("numba", extra="assign")
    years = sorted(models) if years is None else sorted(years)
    network = models[years[0]].network
    table = network.table("series")
    fitted = {str(i) for i, f in zip(table.ids, table["fit"], strict=True) if f}
    seen = {k: v for k, v in observed(network).items() if k[0] in fitted and k[1] in years}
    if not seen:
        raise DemandError(
            f"No series that is fitted has a value in {years[0]}-{years[-1]}; fill observations.series_id."
        )
    start = choice_values(network) | choice_priors(network)
    names = tuple(TRANSFORMS)
    prior = np.array([_forward(TRANSFORMS[n][0], start[n]) for n in names])
    spread = np.array([TRANSFORMS[n][1] for n in names])

    def values_at(x: Floats) -> dict[str, float]:
        return start | {
            n: _backward(TRANSFORMS[n][0])(prior[i] + spread[i] * x[i]) for i, n in enumerate(names)
        }

    def modelled(x: Floats) -> dict[tuple[str, int], float]:
        values = values_at(x)
        found: dict[tuple[str, int], float] = {}
        for year in years:
            count, series = models[year].series(values)
            found |= {(s, year): float(v) for s, v in zip(count.ids, series, strict=True)}
        if progress:
            progress(", ".join(f"{n} {values[n]:.3g}" for n in names))
        return found

    def residuals(x: Floats) -> Floats:
        found = modelled(x)
        data = [np.log(max(found[k], 1e-9) / v) / SPREAD for k, v in seen.items()]
        return np.concatenate([np.array(data), x])

    def slopes(x: Floats) -> Floats:
        # equilibria are found to 1e-5, so a step of a tenth of the prior's deviation lies far above their
        # rounding
        here = residuals(x)
        return np.array([(residuals(x + STEP * e) - here) / STEP for e in np.eye(len(x))]).T

    result = least_squares(residuals, np.zeros(len(names)), jac=slopes, ftol=1e-3, xtol=1e-3, max_nfev=15)
    jacobian = result.jac[: len(seen)]
    told = jacobian.T @ jacobian
    covariance = np.linalg.inv(told + np.eye(len(names))) * np.outer(spread, spread)
    eigenvalues, directions = np.linalg.eigh(told)
    final = modelled(result.x)
    rows = tuple(
        {"series": k[0], "year": k[1], "observed": v, "model": final[k]} for k, v in sorted(seen.items())
    )
    mode = prior + spread * result.x
    return Calibration(
        values_at(result.x),
        names,
        mode,
        np.sqrt(np.diag(covariance)),
        covariance,
        eigenvalues,
        directions,
        rows,
        tuple(years),
        bool(result.status > 0) and all(models[y].converged for y in years),
    )


def year_models(
    network: Network, years: Sequence[int], progress: Callable[[str], None] | None = None
) -> dict[int, YearModel]:
    """Make the model of each year with its own network, prices and events."""
    # routes are made at the priors, so that a fit does not hang on the one before it
    values = choice_values(network) | choice_priors(network)
    models = {}
    for year in years:
        models[year] = YearModel(network_of(network, year), values)
        if progress:
            progress(str(year))
    return models
