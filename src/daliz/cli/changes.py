"""List projects, events and policies."""

from __future__ import annotations

from typing import Annotated

import typer

from daliz.cli.common import AsCsv, AsJson, Package, print_csv, print_json, print_table

NAME = "changes"
HELP = "List the projects, events and policies that --under and --without take."
EXAMPLE = "Example: daliz changes --kind project"


def run(
    package: Package = "eurasia",
    kind: Annotated[str, typer.Option(help="project, event, policy or scenario; all unless given.")] = "",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Run the verb."""
    from daliz.errors import QueryError
    from daliz.tables import open_network
    from daliz.tables.changes import first_dates

    store = open_network(package).store
    kinds = sorted(set(store["change_sets"]["kind"].astype(str)))
    if kind and kind not in kinds:
        raise QueryError(f"There is no change of kind {kind!r}; choose from {', '.join(kinds)}.")
    first = first_dates(store["changes"])
    rows = [
        {
            "id": r["id"],
            "kind": r["kind"],
            "name": r["name_en"],
            "from": first.get(r["id"], ""),
            "history": "yes" if r["history"] else "no",
        }
        for r in store["change_sets"].rows()
        if not kind or r["kind"] == kind
    ]
    if as_json:
        print_json(rows)
    elif as_csv:
        print_csv(rows)
    else:
        print_table(
            "Projects, events and policies (history: applies by its dates)",
            ("id", "kind", "name", "from", "history"),
            [list(r.values()) for r in rows],
        )
