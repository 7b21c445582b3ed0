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
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares

from daliz.assignment.loading import Loading
from daliz.assignment.sue import Point, fixed_point
from daliz.calibration.series import Counter, counter, observed
from daliz.errors import DemandError, need
from daliz.paths.choice import ChoiceParameters, table_priors, table_values
from daliz.paths.demand import demand_of
from daliz.paths.model import Model
from daliz.tables.needs import demand_needs
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
LEAST_COUNT = 1e-9
"""Least modelled count, whose logarithm exists."""
HALF = 0.5
"""Share of those averse for whom routes are made."""


class Prior(NamedTuple):
    """Form in which a parameter is fitted, with centre and standard deviation of its prior in that form."""

    form: str
    centre: float
    deviation: float


def priors_of(network: Network) -> dict[str, Prior]:
    """Return the priors of the parameters that are fitted, from the table `choice`.

    Raises
    ------
    DemandError
        If a parameter is fitted and lacks its form, prior or the deviation of it.
    """
    found = {}
    for row in network.table("choice").rows():
        if not row["fitted"]:
            continue
        if not row["form"] or np.isnan(row["prior"]) or np.isnan(row["prior_sd"]):
            raise DemandError(
                f"choice.csv, row {row['id']}: it is fitted, so give its form, prior and prior_sd, or set fitted to no."
            )
        found[str(row["id"])] = Prior(
            str(row["form"]), _forward(row["form"], row["prior"]), float(row["prior_sd"])
        )
    return found


@dataclass(frozen=True)
class Calibration:
    """Fitted parameters with their uncertainty.

    Attributes
    ----------
    values
        Parameters of choice, fitted ones in place.
    priors
        Fitted parameters with their priors.
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
    priors: dict[str, Prior]
    mode: Floats
    deviation: Floats
    covariance: Floats
    eigenvalues: Floats
    directions: Floats
    rows: tuple[dict[str, Any], ...]
    years: tuple[int, ...]
    converged: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Fitted parameters, in the order of the arrays."""
        return tuple(self.priors)

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
        """List each parameter with its 90 % interval and the share of its variance that data took away."""
        found = []
        for i, name in enumerate(self.names):
            prior = self.priors[name]
            back = _backward(prior.form)
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
                    "told_by_data": 1.0 - (self.deviation[i] / prior.deviation) ** 2,
                }
            )
        return found


def forward_values(fit: Calibration, parameter: int, step: float) -> dict[str, float]:
    """Return the fitted values with one parameter moved by a step in its own form."""
    name = fit.names[parameter]
    return fit.values | {name: _backward(fit.priors[name].form)(fit.mode[parameter] + step)}


class YearModel:
    """Computes the series of a year from parameters, on routes made once."""

    def __init__(self, network: Network, values: dict[str, float]) -> None:
        self.network = network
        self.shares = [n for n, p in priors_of(network).items() if p.form == "logit"]
        # both segments must have routes, whatever share is averse
        self.base = values | dict.fromkeys(self.shares, HALF)
        self.demand = demand_of(network, values=self.base)
        choice = ChoiceParameters.of(network, self.base)
        plain = Model(network, self.demand, choice=choice)
        rough = fixed_point(Loading.of(plain, plain.plain), target=PRECISION)
        self.model = plain.settle(rough.delay)
        self.start: Point | None = None
        self.converged = True

    def series(self, values: dict[str, float]) -> tuple[Counter, Floats]:
        """Return the series at parameters, with their counter."""
        inside = values | {n: float(np.clip(values[n], 1e-6, 1.0 - 1e-6)) for n in self.shares}
        demand = demand_of(self.network, values=inside)
        if len(demand) != len(self.demand):
            raise DemandError(
                "The rows of demand changed while fitting. This is a fault of Daliz; please report it."
            )
        model = self.model.demanding(demand).choosing(ChoiceParameters.of(self.network, inside))
        found = fixed_point(Loading.of(model, model.routes), target=PRECISION, start=self.start)
        self.start, self.converged = Point(found.volume), found.converged
        count = counter(model)
        return count, count.count(found.share * found.units[model.routes.pair])


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


class _Problem:
    """The least squares of a fit: residuals and slopes at parameters in units of their priors."""

    def __init__(
        self, models: dict[int, YearModel], years: list[int], progress: Callable[[str], None] | None
    ) -> None:
        self.models, self.years, self.progress = models, years, progress
        network = models[years[0]].network
        self.priors = priors_of(network)
        self.start = table_values(network) | table_priors(network)
        table = network.table("series")
        fitted = {str(i) for i, f in zip(table.ids, table["fit"], strict=True) if f}
        self.seen = {k: v for k, v in observed(network).items() if k[0] in fitted and k[1] in years}
        if not self.seen:
            raise DemandError(
                f"No series that is fitted has a value in {years[0]}-{years[-1]}; fill observations.series_id."
            )
        self.centre = np.array([p.centre for p in self.priors.values()])
        self.spread = np.array([p.deviation for p in self.priors.values()])

    def values(self, x: Floats) -> dict[str, float]:
        """Return parameters at x deviations from their priors."""
        at = self.centre + self.spread * x
        forms = self.priors.items()
        return self.start | {n: _backward(p.form)(v) for (n, p), v in zip(forms, at.tolist(), strict=True)}

    def modelled(self, x: Floats) -> dict[tuple[str, int], float]:
        """Compute the series of all years."""
        values = self.values(x)
        found: dict[tuple[str, int], float] = {}
        for year in self.years:
            count, series = self.models[year].series(values)
            found |= {(s, year): float(v) for s, v in zip(count.ids, series, strict=True)}
        if self.progress:
            self.progress(", ".join(f"{n} {values[n]:.3g}" for n in self.priors))
        return found

    def residuals(self, x: Floats) -> Floats:
        """Compare with what was counted, and with the priors."""
        found = self.modelled(x)
        data = [np.log(max(found[k], LEAST_COUNT) / v) / SPREAD for k, v in self.seen.items()]
        return np.concatenate([np.array(data), x])

    def slopes(self, x: Floats) -> Floats:
        """Compute the slopes of the residuals by differences, far above the rounding of equilibria."""
        here = self.residuals(x)
        return np.array([(self.residuals(x + STEP * e) - here) / STEP for e in np.eye(len(x))]).T


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
    problem = _Problem(models, years, progress)
    count = len(problem.centre)
    result = least_squares(
        problem.residuals, np.zeros(count), jac=problem.slopes, ftol=1e-3, xtol=1e-3, max_nfev=15
    )
    jacobian = result.jac[: len(problem.seen)]
    told = jacobian.T @ jacobian
    covariance = np.linalg.inv(told + np.eye(count)) * np.outer(problem.spread, problem.spread)
    eigenvalues, directions = np.linalg.eigh(told)
    final = problem.modelled(result.x)
    return Calibration(
        problem.values(result.x),
        problem.priors,
        problem.centre + problem.spread * result.x,
        np.sqrt(np.diag(covariance)),
        covariance,
        eigenvalues,
        directions,
        tuple(
            {"series": k[0], "year": k[1], "observed": v, "model": final[k]}
            for k, v in sorted(problem.seen.items())
        ),
        tuple(years),
        bool(result.status > 0) and all(models[y].converged for y in years),
    )


def year_models(
    network: Network, years: Sequence[int], progress: Callable[[str], None] | None = None
) -> dict[int, YearModel]:
    """Make the model of each year with its own network, prices and events."""
    # routes are made at the priors, so that a fit does not hang on the one before it
    demand_needs(network.store, "calibrate")
    values = table_values(network) | table_priors(network)
    models = {}
    for year in years:
        models[year] = YearModel(network_of(network, year), values)
        if progress:
            progress(str(year))
    return models
