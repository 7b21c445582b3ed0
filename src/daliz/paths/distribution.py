"""Split markets over pairs of places and carry them to other years: growth, balancing, gravity."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from daliz.errors import DemandError

Floats = npt.NDArray[np.float64]
TOLERANCE = 1e-12
ROUNDS = 10_000


def balance(seed: Floats, rows: Floats, columns: Floats) -> Floats:
    """Scale a matrix to given row and column sums by iterative proportional fitting.

    T_ij = a_i b_j S_ij with sum_j T_ij = O_i and sum_i T_ij = D_j [1]_; with a past matrix as the seed
    this is the method of Fratar [2]_.

    Parameters
    ----------
    seed
        float64 array of shape (n, m), not negative.
    rows, columns
        Sums wanted, shapes (n,) and (m,); their totals must be equal.

    Raises
    ------
    DemandError
        If sums are negative or differ in total, or the zeros of the seed leave no solution.

    References
    ----------
    .. [1] W. Deming, F. Stephan, Ann. Math. Stat. 11(4), 1940.
    .. [2] T. Fratar, Vehicular trip distribution by successive approximations, Traffic Quarterly 8, 1954.

    Examples
    --------
    >>> balance(np.ones((2, 2)), np.array([3.0, 1.0]), np.array([2.0, 2.0]))
    array([[1.5, 1.5],
           [0.5, 0.5]])
    """
    _check_sums(seed, rows, columns)
    table = np.asarray(seed, np.float64).copy()
    scale = max(float(np.sum(rows)), 1e-300)
    for _ in range(ROUNDS):
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        table *= _ratio(columns, table.sum(axis=0))
        if np.abs(table.sum(axis=1) - rows).max(initial=0.0) <= TOLERANCE * scale:
            return table
    raise DemandError(
        f"The matrix cannot be brought to its row sums: after {ROUNDS:,} rounds row "
        f"{int(np.abs(table.sum(axis=1) - rows).argmax())} "
        "is still off. Zeros in the seed forbid the pairs that are needed; give them a small value."
    )


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.zeros_like(found), where=found > 0)


def _check_sums(seed: Floats, rows: Floats, columns: Floats) -> None:
    for name, values in (("seed", seed), ("row sums", rows), ("column sums", columns)):
        if not np.isfinite(values).all() or (np.asarray(values) < 0).any():
            raise DemandError(f"The {name} hold a negative number or none; all must be 0 or more.")
    if np.shape(seed) != (len(rows), len(columns)):
        raise DemandError(
            f"The seed has the shape {np.shape(seed)}, the sums want ({len(rows)}, {len(columns)})."
        )
    if abs(rows.sum() - columns.sum()) > 1e-9 * max(rows.sum(), columns.sum(), 1e-300):
        raise DemandError(
            f"The row sums add up to {rows.sum():g}, the column sums to {columns.sum():g}; they must "
            "be equal."
        )
    for name, sums, given in (("row", rows, seed.sum(axis=1)), ("column", columns, seed.sum(axis=0))):
        empty = np.flatnonzero((sums > 0) & (given == 0))
        if len(empty):
            raise DemandError(
                f"The seed has nothing in {name} {empty[0]}, where {sums[empty[0]]:g} is wanted."
            )


def gravity(rows: Floats, columns: Floats, distance: Floats, power: float) -> Floats:
    """Split row and column sums over pairs by a doubly constrained gravity model.

    T_ij = a_i b_j O_i D_j d_ij^-power (Wilson [3]_, with a power of distance as the deterrence).

    References
    ----------
    .. [3] A. Wilson, A statistical theory of spatial distribution models, Transportation Research 1, 1967.

    Examples
    --------
    >>> gravity(np.array([1.0, 1.0]), np.array([1.0, 1.0]), np.array([[1.0, 3.0], [3.0, 1.0]]), 2.0)
    array([[0.9, 0.1],
           [0.1, 0.9]])
    """
    return balance(np.outer(rows > 0, columns > 0) * np.maximum(distance, 1e-9) ** -power, rows, columns)


def fit_gravity(flows: Floats, distance: Floats) -> tuple[float, float]:
    """Fit the power of distance of a structural gravity model with effects of origins and destinations.

    Poisson pseudo-maximum likelihood [4]_; with both effects the fitted matrix has the sums of the
    observed one, so the power is where sum T ln d equals sum F ln d [5]_, found by Newton steps on the
    balanced matrix.

    Parameters
    ----------
    flows, distance
        Observed flows and distances, shapes (n, m); distance must be positive.

    Returns
    -------
    tuple
        Power and its standard error (robust to the variance of flows).

    Raises
    ------
    DemandError
        If a flow is negative or distances do not differ.

    References
    ----------
    .. [4] J. Santos Silva, S. Tenreyro, The log of gravity, Rev. Econ. Stat. 88(4), 2006.
    .. [5] T. Fally, Structural gravity and fixed effects, J. Int. Econ. 97(1), 2015.
    """
    if (flows < 0).any() or not np.isfinite(flows).all():
        raise DemandError("A flow is negative or no number; gravity is fitted to flows of 0 or more.")
    logs = np.log(distance)
    rows, columns, power = flows.sum(axis=1), flows.sum(axis=0), 1.0
    for _ in range(100):
        table = gravity(rows, columns, distance, power)
        spread = _residual(logs, table)
        bend = float((table * spread**2).sum())
        if bend <= TOLERANCE * flows.sum():
            raise DemandError(
                "Distances do not differ within origins and destinations, so their power cannot be told."
            )
        step = float(((table - flows) * logs).sum()) / bend
        power += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-10:
            break
    table = gravity(rows, columns, distance, power)
    spread = _residual(logs, table)
    bend = float((table * spread**2).sum())
    return power, float(np.sqrt((((flows - table) * spread) ** 2).sum())) / bend


def _residual(logs: Floats, weight: Floats) -> Floats:
    """Take the means by origin and destination out of log distances, weighted by flows."""
    rest = logs.copy()
    for _ in range(1000):
        before = rest.copy()
        for axis in (1, 0):
            total = weight.sum(axis=axis, keepdims=True)
            rest = rest - np.divide(
                (weight * rest).sum(axis=axis, keepdims=True),
                total,
                out=np.zeros_like(total),
                where=total > 0,
            )
        if np.abs(rest - before).max() < 1e-13:
            break
    return rest


def grow(value: float, past: float, years: int, ahead: int, share: float) -> float:
    """Carry a yearly quantity ahead at a share of its past growth; without growth if there was nothing before.

    q(t + n) = q(t) (1 + share ((q(t) / q(t - years))^(1/years) - 1))^n

    Examples
    --------
    >>> round(grow(121.0, 100.0, 2, 1, 1.0), 6)
    133.1
    """
    if past <= 0 or value <= 0:
        return value
    rate = (value / past) ** (1.0 / years) - 1.0
    return float(value * (1.0 + share * rate) ** ahead)
