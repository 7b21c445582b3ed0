"""Search how many observations the model could meet at best if its hours were tuned to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import DalizError
from daliz.validation.validate import is_met

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from daliz.validation.validate import Validation

    Floats = npt.NDArray[np.float64]

FURTHEST = 3.0
"""The largest factor on a cause, and one over the smallest."""
SEARCHES = 3
GENERATIONS = 300


@dataclass(frozen=True)
class Tuned:
    """Best tuning found.

    Attributes
    ----------
    met
        Scored observations of days that are met after tuning.
    met_before
        Those met without it.
    scored
        All of them.
    factors
        Factor on the hours of each cause.
    """

    met: int
    met_before: int
    scored: int
    factors: dict[str, float]

    def __repr__(self) -> str:
        factors = ", ".join(f"{c} {f:.2g}" for c, f in self.factors.items())
        return (
            f"<Tuned to the observations themselves, the model would meet {self.met} of "
            f"{self.scored} of days ({self.met / self.scored:.0%}) "
            f"instead of {self.met_before}: {factors}>"
        )


def best_tuned(validation: Validation, *, seed: int = 1) -> Tuned:
    """Search the factors on the hours of each cause under which most scored observations of days are met.

    It is a diagnosis and changes nothing: fitted to the very observations that it is judged by, it shows
    how much of what is missed any tuning of running, waiting, handling and border hours as a whole could
    mend. What it leaves is missed because sources disagree with each other or the network lacks something
    of their own. Each cause gets a factor between 1/3 and 3, found by differential evolution [1]_, so it
    is the best found and not proved to be the best.

    Parameters
    ----------
    validation
        Scores of a network.
    seed
        Seed of the search.

    Raises
    ------
    DalizError
        No scored observation counts days.

    References
    ----------
    .. [1] R. Storn, K. Price, Differential Evolution, Journal of Global Optimization 11, 1997.

    Examples
    --------
    >>> import daliz
    >>> from daliz.validation import best_tuned
    >>> best_tuned(daliz.validate(daliz.open("eurasia"))).met  # doctest: +SKIP
    31
    """
    scores = [s for s in validation.scored if s.observation["measure"] == "days" and s.hours_by_cause]
    if not scores:
        raise DalizError(
            "No scored observation counts days, so there is nothing to tune; add rows with measure days to "
            "observations."
        )
    causes = sorted({c for s in scores for c in s.hours_by_cause})
    hours = np.array([[s.hours_by_cause.get(c, 0.0) for c in causes] for s in scores])
    # an answer to a best time is less than the mean, and stays the same share of it
    days = np.array([s.answer for s in scores]) / hours.sum(axis=1)

    def missed(logs: Floats) -> float:
        answers = days * (hours @ np.exp(logs))
        return -float(sum(is_met(float(a), s.observation) for a, s in zip(answers, scores, strict=True)))

    least, logs = _least(missed, len(causes), seed)
    return Tuned(
        -round(least),
        -round(missed(np.zeros(len(causes)))),
        len(scores),
        dict(zip(causes, np.exp(logs).tolist(), strict=True)),
    )


def _least(value: Callable[[Floats], float], size: int, seed: int) -> tuple[float, Floats]:
    """Search a value's least over the logs of factors, from several seeds; return it and where it lies."""
    from scipy.optimize import differential_evolution

    span = (-float(np.log(FURTHEST)), float(np.log(FURTHEST)))
    found = min(
        (
            differential_evolution(
                value,
                [span] * size,
                seed=seed + i,
                maxiter=GENERATIONS,
                tol=0.0,
                polish=False,
                x0=np.zeros(size),
            )
            for i in range(SEARCHES)
        ),
        key=lambda f: float(f.fun),
    )
    return float(found.fun), np.asarray(found.x)
