"""Show which corridors connect which pairs in which years."""

from __future__ import annotations

from typing import Annotated

import typer

from daliz.cli.common import (
    AsCsv,
    AsJson,
    Package,
    open_for,
    print_csv,
    print_json,
    print_lines,
    print_table,
    progress,
)

NAME = "matrix"
HELP = "Show which corridors connect the pairs of a package in given years."
EXAMPLE = "Example: daliz matrix --year 2021 --year 2024 --year 2030"


def run(
    package: Package = "eurasia",
    year: Annotated[
        list[int],
        typer.Option(
            help="Year; may be repeated; those of the package unless given. "
            "A year holds what is open on at least half of its days."
        ),
    ] = [],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run the verb."""
    from daliz.errors import QueryError
    from daliz.routing.absent import told_left_out
    from daliz.studies.corridor_matrix import corridor_matrix, matrix_years, shown_corridors
    from daliz.tables.needs import demand_needs
    from daliz.tables.network import network_of, year_within

    network = open_for(package, None, (), ())
    demand_needs(network.store, "matrix")
    if not shown_corridors(network):
        raise QueryError(
            f"{network.name} has no corridors to compare; give some in the table corridors, with shown = yes."
        )
    year = list(dict.fromkeys(year)) or matrix_years(network)
    for one in year:
        year_within(network.store, one)
    advance, stop = progress("searching")
    try:
        rows = corridor_matrix(network, year, advance)
    finally:
        stop()
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        names = [c for c in rows[0] if c not in {"origin", "destination", "year"}]
        print_table(
            "Best days and USD per 40 ft container by corridor; - where it does not connect",
            ("origin", "destination", "year", *names),
            [[r[c] for c in ("origin", "destination", "year", *names)] for r in rows],
        )
        told = (told_left_out(network_of(network, one)) for one in year)
        print_lines([line for line in told if line])
