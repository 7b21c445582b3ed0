"""List places."""

from __future__ import annotations

from typing import Annotated

import typer

from daliz.cli.common import AsCsv, AsJson, Package, print_csv, print_json, print_table

NAME = "places"
HELP = "List the places of a network with their names in three languages."
EXAMPLE = "Example: daliz places --country KZ"


def run(
    package: Package = "eurasia",
    country: Annotated[str, typer.Option(help="ISO code; all unless given.")] = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run the verb."""
    from daliz.errors import QueryError
    from daliz.tables import open_network

    nodes = open_network(package).table("nodes")
    countries = sorted(set(nodes["country"].astype(str)))
    if country and country.upper() not in countries:
        raise QueryError(f"No place lies in country {country!r}; choose from {', '.join(countries)}.")
    columns = ("id", "name_en", "name_kk", "name_ru", "country", "kind", "locode")
    rows = [
        {c: r[c] for c in columns} for r in nodes.rows() if not country or r["country"] == country.upper()
    ]
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        print_table("Places", columns, [list(r.values()) for r in rows])
