"""Write the pages of docs that are made from the data: schema, data quality, what connects what, validation, minerals, calibration.

python tools/make_docs.py
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import daliz
from daliz.calibration.fit import calibrate, year_models
from daliz.calibration.rolling import roll
from daliz.report.minerals import seen_round
from daliz.supplychain import chains
from daliz.tables import schema
from daliz.tables.check_evidence import grade_shares
from daliz.validation import best_tuned
from daliz.validation.corridors import corridor_matrix
from daliz.validation.quality import middle_cells, share_sourced, weights

if TYPE_CHECKING:
    from collections.abc import Sequence

DOCS = Path(__file__).parents[1] / "docs"
YEARS = (2019, 2020, 2021, 2022, 2023, 2024, 2025, 2026, 2030, 2035)
TARGET = 0.8
"""Share of scored observations that ought to be met."""
MADE = "<!-- Made by tools/make_docs.py; do not edit. -->\n\n"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(c).replace("|", "/") for c in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def schema_page() -> str:
    """Write the page of all tables and columns."""
    parts = [
        MADE
        + (
            "# Tables\n\nEach table is a CSV file of a package. Bold columns are required; *figures* "
            "need a row of evidence.\n"
        )
    ]
    for name, t in schema().items():
        rows = [
            [
                f"**{c.name}**" if c.required else c.name,
                f"*{c.type}*" if c.figure else c.type,
                c.unit,
                c.references or " ".join(c.allowed),
                c.inherits,
                c.description,
            ]
            for c in t.columns.values()
        ]
        parts.append(
            f"\n## {name}\n\n"
            + table(["column", "type", "unit", "refers to or allowed", "inherits", "meaning"], rows)
        )
    return "".join(parts)


def quality_page(network: daliz.Network) -> str:
    """Write the page of data quality."""
    shares = grade_shares({n: network.store[n] for n in ("evidence", "grades")})
    grades = network.store["grades"]
    count, share = share_sourced(network)
    middle_count, middle = share_sourced(network, middle_cells(network))
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
            "# Data quality of eurasia\n\nDistinct figures in use: one value from one source in one "
            "column counts once.\n\n"
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


def validation_page(network: daliz.Network) -> str:
    """Write the page of observations beside answers."""
    result = daliz.validate(network)
    kinds = sorted({(s.observation["kind"], s.observation["measure"]) for s in result.scored})
    summary = []
    for kind, measure in kinds:
        some = [
            s for s in result.scored if (s.observation["kind"], s.observation["measure"]) == (kind, measure)
        ]
        summary.append(
            [
                kind,
                measure,
                len(some),
                sum(s.inside for s in some),
                f"{sum(s.inside for s in some) / len(some):.0%}",
            ]
        )
    rows: list[list[object]] = []
    unmet: list[list[object]] = []
    shown: list[list[object]] = []
    for s in sorted(result.scores, key=lambda s: s.observation["id"]):
        o = s.observation
        span = "" if o["low"] != o["low"] and o["high"] != o["high"] else f" ({o['low']:g}-{o['high']:g})"
        row = [
            o["id"],
            o["kind"],
            o["measure"],
            o["statistic"],
            f"{o['value']:g}{span}",
            f"{s.answer:.4g}",
            f"{s.error:+.0%}",
            "yes" if s.inside else "no",
        ]
        (rows if s.scored else shown).append([*row, s.remark])
        if s.scored and not s.inside:
            unmet.append([o["id"], f"{s.error:+.0%}", o["explanation"] or "not explained", o["scope"]])
    header = ["observation", "kind", "measure", "statistic", "published", "model", "error", "met", "way"]
    best = best_tuned(result)
    beyond = (
        (
            "So the target is beyond what better hours as a whole could reach: the sources disagree with "
            "each other, and some count what only they know. "
        )
        if best.met < TARGET * best.scored
        else ""
    )
    errors = np.abs([s.error for s in result.scored])
    return (
        MADE
        + "# Validation\n\n"
        + (daliz.validate.__doc__ or "").split("Parameters")[0].strip().replace("\n    ", "\n")
        + f"\n\n**{sum(s.inside for s in result.scored)} of {len(result.scored)} scored observations "
        f"are met ({result.share:.0%})**: inside their published range or "
        "within 15 % of the value. "
        f"Of all {len(result.eligible)} measured or scheduled, independent observations since 2019, "
        "askable or not, "
        f"{result.share_of_eligible:.0%} are met. Half of the scored answers lie within "
        f"{np.quantile(errors, 0.5):.0%} of the value, three "
        f"quarters within {np.quantile(errors, 0.75):.0%}; the median of all errors with their sign is "
        f"{np.median([s.error for s in result.scored]):+.0%}.\n\n"
        f"The target is {TARGET:.0%}. `daliz validate --tuned` asks how far tuning could lead: with "
        "one factor on the hours of each cause "
        f"({', '.join(f'{c} {f:.2g}' for c, f in best.factors.items())}), fitted to these very "
        f"observations, {best.met} of the {best.scored} of "
        f"days would be met ({best.met / best.scored:.0%}) instead of {best.met_before}. "
        f"{beyond}These factors are used nowhere.\n\n"
        + table(["kind", "measure", "scored", "met", "share"], summary)
        + "\n## Not met, and why\n\n"
        + table(["observation", "error", "why", "what the source counts"], unmet)
        + "\n## Scored\n\n"
        + table(header, rows)
        + "\n## Shown, not scored\n\n"
        + table(header, shown)
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
    told = [
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
    scores = [
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
        + "\n## Each year foretold from those before it\n\nScores on logs, less is better.\n\n"
        + table(
            ["by", "forecasts that all made", "interval score", "CRPS", "inside 90 %", "mean absolute error"],
            scores,
        )
        + "\n"
        + table(
            ["year", "series", "by", "median", "90 % from", "to", "came", "error", "interval score", "CRPS"],
            told,
        )
    )


def minerals_page(network: daliz.Network) -> str:
    """Write the page of chains: what goes round Russia, on whom markets depend, and how uranium divides."""
    rounds, leaning, thin, worst, left, costs = [], [], [], [], [], []
    for name in chains(network):
        plan = daliz.supply(network, name)
        regions = [r for r in ("EU", "US") if r in {m["region"] for m in plan.chain.markets.values()}]
        for region in regions:
            rounds += [
                [
                    r["commodity"],
                    region,
                    r["corridor"],
                    f"{r['days']:.0f}",
                    f"{r['usd']:,.2f}",
                    r["corridor_round"] or "none",
                    f"{r['days_round']:.0f}",
                    f"{r['usd_round']:,.2f}",
                    f"{r['more_days']:.0f} ({r['more_days_low']:.0f} to {r['more_days_high']:.0f})",
                    f"{r['more_usd']:,.2f} ({r['more_usd_low']:,.2f} to {r['more_usd_high']:,.2f})",
                    f"{r['more_share']:.2%}",
                ]
                for r in daliz.ways_round(network, name, region=region)
            ]
            top = daliz.dependence(plan, region)[:6]
            leaning.append([name, region, ", ".join(f"{r['name']} {r['share']:.0%}" for r in top)])
            worst += [
                [
                    name,
                    region,
                    r["name"],
                    f"{r['unmet']:.1%}",
                    f"{r['extra_usd'] / 1e6:,.1f}",
                    f"{r['loss_usd'] / 1e6:,.1f}",
                ]
                for r in daliz.without_each(plan, region)[:3]
            ]
        spread = {
            (r["measure"], r["name"]): r for r in daliz.supply_ranges(plan, regions[0] if regions else "")
        }
        for c in daliz.concentration(plan):
            r = spread["hhi", f"{c['stage']} {c['output']}"]
            thin.append(
                [
                    name,
                    c["stage"],
                    c["output"],
                    f"{c['hhi']:,.0f} ({r['low']:,.0f} to {r['high']:,.0f})",
                    c["largest"],
                ]
            )
        costs += [
            [name, r["name"], _span(r, ",.0f"), _span(spread["unmet", r["name"]], ".1%")]
            for r in spread.values()
            if r["measure"] == "cost_usd"
        ]
        left += [
            [name, r["commodity"], r["way"], f"{r['units']:,.0f}", f"{r['share']:.0%}"]
            for r in daliz.balance_of_ways(plan, "KZ", ("AZ", "RU", "CN"))
            if r["units"] > 0
        ]
    return (
        MADE
        + (
            f"# Minerals in {network.year}\n\nWhat the plans of least cost say; [supply.md](supply.md) "
            "tells how. USD and days are of freight for one unit of the commodity.\n\n"
        )
        + "## From Kazakhstan without Russia\n\n"
        + table(
            [
                "commodity",
                "to",
                "best way",
                "days",
                "USD",
                "without Russia",
                "days",
                "USD",
                "days more (5 to 95 %)",
                "USD more (5 to 95 %)",
                "of value",
            ],
            rounds,
        )
        + "\n## What leaves Kazakhstan, by the first of Azerbaijan, Russia and China that it touches\n\n"
        + table(["chain", "commodity", "over", "units", "share"], left)
        + "\n## What the supply of a market crosses\n\n"
        + table(["chain", "market", "countries"], leaning)
        + "\n## Worst countries to lose\n\n"
        + table(
            ["chain", "market", "without", "unmet", "extra cost, M USD", "loss in all markets, M USD"], worst
        )
        + "\n## Concentration by stage\n\n"
        + table(["chain", "stage", "output", "HHI (5 to 95 %)", "largest"], thin)
        + (
            "\n## What a unit costs at the market\n\nRanges over draws of capacities, costs, demands, "
            "lanes and contracts; freight stands.\n\n"
        )
        + table(["chain", "market", "USD a unit (5 to 95 %)", "unmet"], costs)
        + _uranium()
    )


def _span(row: dict[str, Any], form: str) -> str:
    return f"{row['value']:{form}} ({row['low']:{form}} to {row['high']:{form}})"


def _uranium() -> str:
    contract = ("uranium", "uranium-ru-premium", ("AZ",))
    seen = seen_round(daliz.open("eurasia"))
    past, later = daliz.open("eurasia", year=2022), daliz.open("eurasia", year=2023)
    rows = []
    u3o8 = past.table("commodities").row("u3o8")
    for label, factor in (("tonnes read as U", 1.0), ("read as U3O8", u3o8["content"] / u3o8["mass_t"])):
        fit = daliz.fit_premium(past, *contract, seen[2022] * factor)
        told = daliz.split(later, *contract, fit.premium_usd)
        rows.append(
            [
                label,
                f"{seen[2022] * factor:,.0f}",
                f"{fit.premium_usd:,.0f}",
                f"{fit.round:,.0f} of {fit.total:,.0f}",
                f"{told.round:,.0f} of {told.total:,.0f}",
                f"{seen[2023] * factor:,.0f}",
                f"{told.round / (seen[2023] * factor) - 1:+.0%}",
                ", ".join(told.makes),
            ]
        )
    plain = daliz.split(past, *contract, 0.0)
    habit = (
        "To repeat the tonnes of 2022 would have missed those of 2023 by "
        f"{seen[2022] / seen[2023] - 1:+.0%}: one year does not show that the premium tells more than "
        "habit."
    )
    return (
        "\n## Uranium over Azerbaijan: fitted on 2022, foretold for 2023\n\n"
        f"By cost alone {plain.round:,.0f} of {plain.total:,.0f} t U would take the Caspian in 2022: "
        f"a plan of least cost is all or nothing.\n\n{habit}\n\n"
        + table(
            [
                "reading",
                "seen in 2022, t U",
                "mean premium, USD/t U",
                "fit of 2022, t U",
                "foretold for 2023, t U",
                "seen in 2023",
                "error",
                "what makes the split",
            ],
            rows,
        )
    )


def main() -> None:
    """Write all pages."""
    network = daliz.open("eurasia")
    pages = {
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
