"""Measure what a shock costs: close every used link in turn, open candidate projects, with soft and with hard capacities.

CPU seconds of one re-assignment to the target, routes masked and routes regrown, beside those of an assignment from nothing
in the same run, and how far regrown volumes are from fresh ones.

    python bench/shocks.py [--package eurasia] [--year 2024] [--every 1] [--fresh 12] [--projects a b ...]
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import daliz
from daliz import Shock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROJECTS = (
    "almaty-bypass",
    "bakhty-ayagoz",
    "cku-railway",
    "anaklia",
    "rasht-astara",
    "aktau-hub",
    "trans-afghan",
    "horadiz-aghband",
    "moiynty-kyzylzhar",
    "divrigi-kars",
)


def cpu(work: Callable[[], Any]) -> tuple[Any, float]:
    """Run something; return what it gives and its CPU seconds."""
    begin = time.process_time()
    found = work()
    return found, time.process_time() - begin


def used_links(flows: daliz.Flows) -> list[str]:
    """Return the links over which something flows."""
    return [r["link"] for r in flows.links()]


def apart(one: daliz.Flows, other: daliz.Flows) -> float:
    """Return the sum of the differences of volumes over the sum of volumes."""
    return float(np.abs(one.volume - other.volume).sum() / other.volume.sum())


def fresh_of(model: daliz.Model) -> tuple[daliz.Flows, float]:
    """Assign a shocked model with routes found from nothing, and time it."""
    return cpu(lambda: daliz.assign_model(model.afresh()))


def measured(
    base: daliz.Flows, shocks: Sequence[Shock], fresh: int, *, masked: bool
) -> list[dict[str, float]]:
    """Measure each shock; every so many of them against an assignment from nothing."""
    rows = []
    for i, shock in enumerate(shocks):
        row: dict[str, float] = {}
        if masked:
            found, row["masked"] = cpu(
                lambda s=shock: daliz.assign_model(base.model.under(s, regrow=False))  # type: ignore[misc]
            )
            row["masked_converged"] = found.converged
        regrown, row["regrown"] = cpu(lambda s=shock: daliz.assign_model(base.model.under(s)))  # type: ignore[misc]
        row["converged"] = regrown.converged
        if i % fresh == 0:
            new, row["fresh"] = fresh_of(base.model.under(shock))
            row["apart"] = apart(regrown, new)
            if masked:
                row["masked_apart"] = apart(found, new)
        rows.append(row)
    return rows


def spread(rows: list[dict[str, float]], name: str) -> str:
    """Tell median, mean, 95th percentile and most of a column."""
    values = np.array([r[name] for r in rows if name in r])
    return " | ".join(
        f"{x:.3g}" for x in (np.median(values), values.mean(), np.quantile(values, 0.95), values.max())
    )


def table(title: str, rows: list[dict[str, float]]) -> list[str]:
    """Lay out what was measured of a row of shocks."""
    names = {
        "masked": "T_masked, CPU s",
        "regrown": "T_regrown, CPU s",
        "fresh": "from nothing, CPU s",
        "apart": "regrown volumes against fresh ones",
        "masked_apart": "masked volumes against fresh ones",
    }
    lines = [f"\n### {title}\n", "| | median | mean | p95 | most |", "|---|---|---|---|---|"]
    lines += [
        f"| {label} | {spread(rows, key)} |" for key, label in names.items() if any(key in r for r in rows)
    ]
    share = np.median([r["regrown"] / r["fresh"] for r in rows if "fresh" in r])
    failed = sum(not r["converged"] for r in rows)
    lines.append(
        f"\n{len(rows)} shocks, {failed} not converged; in the median regrowing takes {share:.2f} of an assignment "
        "from nothing."
    )
    return lines


def report(package: str, year: int, every: int, fresh: int, projects: Sequence[str]) -> str:
    """Measure everything and lay it out as Markdown."""
    network = daliz.open(package, year=year)
    base = daliz.assign_model(daliz.Model(network, candidates=tuple(projects)))
    links = [Shock(close=(f"link:{x}",)) for x in used_links(base)][::every]
    opened = [Shock(open=(f"project:{x}",)) for x in projects]
    daliz.assign_model(base.model.under(links[0]))  # trees are grown and loops compiled
    parts = [
        (
            f"{package} {year}: {len(base.routes):,} routes of {len(base.model.units):,} pairs, {len(base.capacities)} "
            "capacities; to a relative gap of 1e-6."
        )
    ]
    parts += table("Closures of used links, all capacities soft", measured(base, links, fresh, masked=True))
    parts += table("Openings of projects", measured(base, opened, 1, masked=False))
    hard = base.model.rationing(np.ones(len(base.capacities), np.bool_))
    terms = daliz.AssignmentTerms(unserved_usd_t=UNSERVED)
    parts += _hard(hard, links[:: max(1, len(links) // 40)], terms)
    return "\n".join(parts)


UNSERVED = 1000.0
"""USD per tonne at which shippers stay at home where all capacities are hard."""
FRESH_HARD = 10
"""Every so many shocks with hard capacities are also assigned from nothing."""


def _hard(model: daliz.Model, shocks: Sequence[Shock], terms: daliz.AssignmentTerms) -> list[str]:
    base = daliz.assign_model(model, terms=terms)
    rows = []
    for i, shock in enumerate(shocks):
        found, seconds = cpu(lambda s=shock: daliz.assign_model(base.model.under(s), terms=terms))  # type: ignore[misc]
        row = {"regrown": seconds, "converged": found.converged}
        if i % FRESH_HARD == 0:
            shocked = base.model.under(shock)
            _, row["fresh"] = cpu(lambda m=shocked: daliz.assign_model(m.afresh(), terms=terms))  # type: ignore[misc]
        rows.append(row)
    served = 1.0 - base.totals()["unserved_kt"] / (base.totals()["kt"] + base.totals()["unserved_kt"])
    told = f"converged: {base.converged}, {served:.0%} served, {int((np.nan_to_num(base.price) > 0).sum())} prices above 0"
    return [*table("The same with all capacities hard", rows), f"\nBase: {told}."]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--package", default="eurasia")
    parser.add_argument("--year", type=int, default=2024)
    parser.add_argument("--every", type=int, default=1, help="measure every so many links")
    parser.add_argument(
        "--fresh", type=int, default=12, help="hold every so many shocks against a fresh assignment"
    )
    parser.add_argument("--projects", nargs="*", default=list(PROJECTS))
    given = parser.parse_args()
    print(report(given.package, given.year, given.every, given.fresh, given.projects))
