"""Put the verbs together."""

from __future__ import annotations

import typer

from daliz.cli import brief, changes, check, fill, matrix, places, routes, validate, why

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Model freight corridors: which way, how long, how much, how sure, and who says so.\n\n"
    "Exit codes: 0 done; 1 the check or validation failed; 2 the question or the data cannot be used.",
)
for module in (routes, why, check, validate, brief, changes, places, matrix, fill):
    app.command(module.NAME, help=module.HELP, epilog=module.EXAMPLE)(module.run)
