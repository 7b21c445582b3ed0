"""Write the pages of docs that are made from the data.

python tools/make_docs.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import daliz
from daliz.calibration.fit import calibrate, year_models
from daliz.calibration.rolling import roll
from daliz.studies.corridor_matrix import corridor_matrix
from daliz.tables import schema
from daliz.tables.check_evidence import grade_shares
from daliz.tables.needs import needs
from daliz.validation.quality import corridor_cells, share_sourced, weights
from docs_architecture import architecture_page
from docs_minerals import minerals_page
from docs_table import MADE, table
from docs_validation import validation_page

if TYPE_CHECKING:
    from daliz.calibration.rolling import Rolling

DOCS = Path(__file__).parents[1] / "docs"
YEARS = (2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 2030, 2035)


def schema_page() -> str:
    """Write the page of all tables and columns."""
    parts = [
        MADE
        + (
            "# Tables\n\nEach table is a CSV file of a package. Bold columns are required; *figures* "
            "need a row of evidence. Names in the fourth column of a key are rows that verbs look up by name.\n"
        )
    ]
    for name, t in schema().items():
        rows = [
            [
                f"**{c.name}**" if c.required else c.name,
                f"*{c.type}*" if c.figure else c.type,
                c.unit,
                c.references or " ".join(c.allowed or c.words),
                c.inherits,
                c.description,
            ]
            for c in t.columns.values()
        ]
        parts.append(
            f"\n## {name}\n\n"
            + table(
                ["column", "type", "unit", "refers to, allowed or known by name", "inherits", "meaning"], rows
            )
        )
    return "".join(parts) + _needs()


def _needs() -> str:
    """Write what verbs need, from the table that `check --for` and the verbs read."""
    rows = [
        [
            " ".join(need.verbs),
            need.table,
            " ".join(need.rows),
            " or ".join(f"{t}.{c}" for t, c in need.when),
            need.unless,
            need.why,
        ]
        for need in needs()
    ]
    return (
        "\n## What verbs need\n\n`daliz check FOLDER --for VERB` names all that is missing at once. A need with a "
        "condition holds where a cell of that column is filled, or says yes.\n\n"
    ) + table(["verbs", "table", "rows", "if there is", "unless the question brings", "what for"], rows)


def quality_page(network: daliz.Network) -> str:
    """Write the page of data quality."""
    shares = grade_shares({n: network.store[n] for n in ("evidence", "grades")})
    grades = network.store["grades"]
    count, share = share_sourced(network)
    middle_count, middle = share_sourced(network, corridor_cells(network, "middle"))
    rows = [[g, grades["description"][grades.position[g]], n, f"{s:.1%}"] for g, n, s in shares]
    ways = [
        [
            f"{o} - {d}",
            c,
            *(f"{sum(v for g, v in w[m].items() if g != 'assumption'):.0%}" for m in ("hours", "usd")),
        ]
        for o, d, c, w in weights(network)
    ]
    sizes = [[n, len(t)] for n, t in network.store.items() if len(t)]
    return (
        MADE
        + (
            "# Data quality of eurasia\n\nCells that hold a figure, by the grade of their evidence. Further down "
            "distinct figures are counted: one value from one source in one column counts once.\n\n"
        )
        + table(["grade", "meaning", "figures", "share"], rows)
        + f"\nOn a source or on arithmetic from sources: **{share:.0%}** of {count:,} distinct figures "
        "over all; "
        f"**{middle:.0%}** of {middle_count:,} distinct figures for km, hours, rates and capacities "
        "on the Middle Corridor.\n\n"
        "In these two shares a derived figure whose arithmetic calls on an assumption counts as an "
        "assumption; in the table "
        "above it counts as derived.\n\n"
        "## Shares of the hours and dollars of the named itineraries\n\nOne 40 ft container, 2024. "
        "Sourced is all but assumptions.\n\n"
        + table(["pair", "corridor", "hours sourced", "USD sourced"], ways)
        + "\n## Rows\n\n"
        + table(["table", "rows"], sizes)
    )


def matrix_page(network: daliz.Network) -> str:
    """Write the page of what connects what."""
    rows = corridor_matrix(network, YEARS)
    header = list(rows[0])
    return (
        MADE + "# What connects what\n\nBest days and USD of one 40 ft container by corridor (`daliz "
        "matrix`); - where it does not connect. "
        "Years after 2024 are projected, with the projects promised until then.\n\n"
        + table(header, [[r[h] for h in header] for r in rows])
    )


def calibration_page() -> str:
    """Write the page of fitted parameters, counts and forecasts of past years."""
    models = year_models(daliz.open("eurasia", year=2024), range(2019, 2025))
    fit, ahead = calibrate(models), roll(models)
    parameters = [
        [r["parameter"], *(f"{r[k]:.4g}" for k in ("value", "low_90", "high_90")), f"{r['told_by_data']:.0%}"]
        for r in fit.table()
    ]
    directions = [
        [f"{fit.eigenvalues[i]:.2f}", *(f"{w:+.2f}" for w in fit.directions[:, i])]
        for i in range(len(fit.names))
    ]
    counts = [
        [
            r["series"],
            r["year"],
            f"{r['observed']:,.0f}",
            f"{r['model']:,.0f}",
            f"{r['model'] / r['observed'] - 1:+.0%}",
        ]
        for r in fit.rows
    ]
    return (
        MADE
        + (
            "# Calibration\n\nWhat `daliz calibrate --rolling` gives; [assignment.md](assignment.md) "
            "tells how.\n\n## Parameters fitted to 2019-2024\n\n"
        )
        + table(
            ["parameter", "value", "90 % from", "to", "variance of the prior taken away by data"], parameters
        )
        + "\n## What identifies what\n\nEigenvalues of the data's part of the Hessian in units of the "
        "prior, with their directions. Below 1 the prior tells more "
        "than the data.\n\n"
        + table(["eigenvalue", *fit.names], directions)
        + "\n## Counts\n\n"
        + table(["series", "year", "observed", "model", "model over observed"], counts)
        + "\n## Each year forecast from those before it\n\nScores on logs, less is better.\n\n"
        + table(
            ["by", "forecasts that all made", "interval score", "CRPS", "inside 90 %", "mean absolute error"],
            _scores(ahead),
        )
        + "\n"
        + table(
            ["year", "series", "by", "median", "90 % from", "to", "came", "error", "interval score", "CRPS"],
            _forecasts(ahead),
        )
    )


def _forecasts(ahead: Rolling) -> list[list[object]]:
    return [
        [
            int(r["origin"]) + 1,
            r["series"],
            r["method"],
            *(f"{r[k]:,.0f}" for k in ("median", "low_90", "high_90", "observed")),
            f"{r['error']:+.0%}",
            f"{r['interval_score']:.2f}",
            f"{r['crps']:.3f}",
        ]
        for r in ahead.rows
    ]


def _scores(ahead: Rolling) -> list[list[object]]:
    return [
        [
            s["method"],
            s["forecasts"],
            f"{s['interval_score']:.2f}",
            f"{s['crps']:.3f}",
            f"{s['inside_90']:.0%}",
            f"{s['mean_absolute_error']:.0%}",
        ]
        for s in ahead.scores()
    ]


def main() -> None:
    """Write all pages."""
    network = daliz.open("eurasia")
    pages = {
        "architecture.md": architecture_page(),
        "schema.md": schema_page(),
        "data-quality.md": quality_page(network),
        "matrix.md": matrix_page(network),
        "validation.md": validation_page(network),
        "minerals.md": minerals_page(network),
        "calibration.md": calibration_page(),
    }
    for name, text in pages.items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(DOCS / name)


if __name__ == "__main__":
    main()
