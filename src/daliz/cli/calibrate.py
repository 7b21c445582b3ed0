"""Fit the parameters of choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from daliz.cli.common import AsJson, Package, open_for, print_json, print_table

if TYPE_CHECKING:
    from daliz.calibration.fit import Calibration

NAME = "calibrate"
HELP = (
    "Fit the parameters of choice to the counts of past years, with their uncertainty and what the data "
    "do not tell."
)
EXAMPLE = "Example: daliz calibrate --last 2023 --rolling"


def run(
    package: Package = "eurasia",
    first: Annotated[
        int | None, typer.Option(help="First year fitted; that of the package unless given.")
    ] = None,
    last: Annotated[
        int | None, typer.Option(help="Last year fitted; the last observed one unless given.")
    ] = None,
    rolling: Annotated[
        bool,
        typer.Option(
            "--rolling", help="Also forecast each year from those before it, beside naive forecasts."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run the verb."""
    from daliz.calibration.fit import calibrate, year_models
    from daliz.calibration.rolling import roll, scored_origins
    from daliz.errors import DemandError
    from daliz.tables.network import network_of

    network = open_for(package, None, (), ())
    known = network.store.descriptor["years"]
    first = int(known["first"]) if first is None else first
    last = int(known["observed"]) if last is None else last
    if not first < last:
        raise DemandError(f"Years {first} to {last} cannot be fitted; give a first year before the last.")
    if first < known["first"] or last > known["observed"]:
        raise DemandError(
            f"Years {first} to {last} cannot be fitted; the counts of {network.name} are of "
            f"{known['first']} to {known['observed']}."
        )
    if rolling:
        scored_origins(range(first, last + 1))

    def tell(text: str) -> None:
        typer.echo(text, err=True)

    models = year_models(network_of(network, last), range(first, last + 1), lambda y: tell(f"routes of {y}"))
    fit = calibrate(models)
    ahead = roll(models, progress=tell) if rolling else None
    if as_json:
        print_json(
            {
                "parameters": fit.table(),
                "counts": list(fit.rows),
                "eigenvalues": fit.eigenvalues.tolist(),
                "converged": fit.converged,
                "rolling": list(ahead.rows) if ahead else [],
                "scores": ahead.scores() if ahead else [],
            }
        )
    else:
        _show_fit(fit)
        if ahead:
            _show_rolling(ahead.rows, ahead.scores())
        typer.echo(repr(fit))
    if not fit.converged:
        raise typer.Exit(1)


def _show_fit(fit: Calibration) -> None:
    """Print parameters, counts, and the directions that the prior tells more than the data."""
    print_table(
        "Parameters",
        ("parameter", "value", "90 % from", "to", "told by data"),
        [
            [
                r["parameter"],
                *(f"{r[k]:.4g}" for k in ("value", "low_90", "high_90")),
                f"{r['told_by_data']:.0%}",
            ]
            for r in fit.table()
        ],
        right=(1, 2, 3, 4),
    )
    print_table(
        "Counts",
        ("series", "year", "observed", "model", "over"),
        [
            [
                r["series"],
                r["year"],
                f"{r['observed']:,.0f}",
                f"{r['model']:,.0f}",
                f"{r['model'] / r['observed'] - 1:+.0%}",
            ]
            for r in fit.rows
        ],
        right=(1, 2, 3, 4),
    )
    weak = [
        ", ".join(
            f"{w:+.1f} {n}" for n, w in zip(fit.names, fit.directions[:, i], strict=True) if abs(w) >= 0.3
        )
        for i in range(len(fit.names))
        if fit.eigenvalues[i] < 1
    ]
    typer.echo("Directions that the prior tells more than the data: " + ("; ".join(weak) or "none"))


def _show_rolling(rows: tuple[dict[str, object], ...], scores: list[dict[str, float]]) -> None:
    print_table(
        "Foretold from the years before",
        ("year", "series", "method", "median", "90 % from", "to", "came", "error"),
        [
            [
                int(str(r["origin"])) + 1,
                r["series"],
                r["method"],
                *(f"{r[k]:,.0f}" for k in ("median", "low_90", "high_90", "observed")),
                f"{r['error']:+.0%}",
            ]
            for r in rows
        ],
        right=(3, 4, 5, 6, 7),
    )
    print_table(
        "Scores on logs where all forecast (less is better)",
        ("method", "forecasts", "interval score", "CRPS", "inside 90 %", "mean error"),
        [
            [
                s["method"],
                s["forecasts"],
                f"{s['interval_score']:.2f}",
                f"{s['crps']:.3f}",
                f"{s['inside_90']:.0%}",
                f"{s['mean_absolute_error']:.0%}",
            ]
            for s in scores
        ],
        right=(1, 2, 3, 4, 5),
    )
