"""Write the page of observations beside the answers of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import daliz
from daliz.validation import best_tuned
from docs_table import MADE, table

if TYPE_CHECKING:
    from daliz.validation import Score, Tuned, Validation

TARGET = 0.8
"""Share of scored observations that ought to be met."""
HEADER = ("observation", "kind", "measure", "statistic", "published", "model", "error", "met", "way")


def validation_page(network: daliz.Network) -> str:
    """Write the page of observations beside answers."""
    result = daliz.validate(network)
    scores = sorted(result.scores, key=lambda s: s.observation["id"])
    unmet = [
        [
            s.observation["id"],
            f"{s.error:+.0%}",
            s.observation["explanation"] or "not explained",
            s.observation["scope"],
        ]
        for s in scores
        if s.scored and not s.inside
    ]
    return (
        MADE
        + "# Validation\n\n"
        + (daliz.validate.__doc__ or "").split("Parameters")[0].strip().replace("\n    ", "\n")
        + _shares(result)
        + _target(best_tuned(result))
        + table(["kind", "measure", "scored", "met", "share"], _summary(result))
        + "\n## Not met, and why\n\n"
        + table(["observation", "error", "why", "what the source counts"], unmet)
        + "\n## Scored\n\n"
        + table(HEADER, [_row(s) for s in scores if s.scored])
        + "\n## Shown, not scored\n\n"
        + table(HEADER, [_row(s) for s in scores if not s.scored])
    )


def _shares(result: Validation) -> str:
    errors = np.abs([s.error for s in result.scored])
    return (
        f"\n\n**{sum(s.inside for s in result.scored)} of {len(result.scored)} scored observations "
        f"are met ({result.share:.0%})**: inside their published range or "
        "within 15 % of the value. "
        f"Of all {len(result.eligible)} measured or scheduled, independent observations since 2019, "
        "askable or not, "
        f"{result.share_of_eligible:.0%} are met. Half of the scored answers lie within "
        f"{np.quantile(errors, 0.5):.0%} of the value, three "
        f"quarters within {np.quantile(errors, 0.75):.0%}; the median of all errors with their sign is "
        f"{np.median([s.error for s in result.scored]):+.0%}.\n\n"
    )


def _target(best: Tuned) -> str:
    beyond = (
        (
            "So the target is beyond what better hours as a whole could reach: the sources disagree with "
            "each other, and some count what only they know. "
        )
        if best.met < TARGET * best.scored
        else ""
    )
    return (
        f"The target is {TARGET:.0%}. `daliz validate --tuned` asks how far tuning could lead: with "
        "one factor on the hours of each cause "
        f"({', '.join(f'{c} {f:.2g}' for c, f in best.factors.items())}), fitted to these very "
        f"observations, {best.met} of the {best.scored} of "
        f"days would be met ({best.met / best.scored:.0%}) instead of {best.met_before}. "
        f"{beyond}These factors are used nowhere.\n\n"
    )


def _summary(result: Validation) -> list[list[object]]:
    """Count scored and met observations by kind and measure."""
    kinds = sorted({(s.observation["kind"], s.observation["measure"]) for s in result.scored})
    rows: list[list[object]] = []
    for kind, measure in kinds:
        some = [
            s for s in result.scored if (s.observation["kind"], s.observation["measure"]) == (kind, measure)
        ]
        met = sum(s.inside for s in some)
        rows.append([kind, measure, len(some), met, f"{met / len(some):.0%}"])
    return rows


def _row(s: Score) -> list[object]:
    o = s.observation
    span = "" if o["low"] != o["low"] and o["high"] != o["high"] else f" ({o['low']:g}-{o['high']:g})"
    return [
        o["id"],
        o["kind"],
        o["measure"],
        o["statistic"],
        f"{o['value']:g}{span}",
        f"{s.answer:.4g}",
        f"{s.error:+.0%}",
        "yes" if s.inside else "no",
        s.remark,
    ]
