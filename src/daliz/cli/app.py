"""Put the verbs together."""

from __future__ import annotations

from typing import Annotated

import typer

from daliz.cli import (
    assign,
    brief,
    calibrate,
    changes,
    check,
    matrix,
    new,
    places,
    routes,
    supply,
    tariff,
    upgrade,
    validate,
    why,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Model freight corridors: which way, how long, how much, how sure, and who says so.\n\n"
    "Exit codes: 0 done; 1 the check or validation failed or a run did not converge; 2 the question "
    "or the data cannot be used.",
)


def _version(asked: bool) -> None:
    if asked:
        import daliz

        typer.echo(f"daliz {daliz.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and end.")
    ] = False,
) -> None:
    pass


for module in (
    routes,
    assign,
    supply,
    tariff,
    why,
    check,
    validate,
    calibrate,
    brief,
    changes,
    places,
    matrix,
    new,
    upgrade,
):
    app.command(module.NAME, help=module.HELP, epilog=module.EXAMPLE)(module.run)
