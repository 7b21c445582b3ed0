"""Assign traffic to the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daliz.cli.assign_tntp import asked, refuse_with_tntp, run_tntp
from daliz.cli.common import (
    AsCsv,
    AsJson,
    Edits,
    Package,
    Under,
    Without,
    Year,
    open_for,
    print_csv,
    print_json,
    print_table,
    takes_edits,
)

if TYPE_CHECKING:
    from daliz.assignment import Flows, Terms

NAME = "assign"
HELP = (
    "Send all demand over the network: volumes, queues, bottlenecks and the price of capacity; exit code "
    "1 if it does not converge."
)
EXAMPLE = "Example: daliz assign --year 2024 --without red-sea-2024"
Method = Annotated[str, typer.Option(help="sue, due, so or capacity; due, so or capacity with --tntp.")]


@takes_edits
def run(
    package: Package = "eurasia",
    year: Year = None,
    under: Under = [],
    without: Without = [],
    method: Method = "",
    target: Annotated[float | None, typer.Option("--gap", help="Relative gap to reach.")] = None,
    demand: Annotated[
        Path | None,
        typer.Option(help="CSV of origin, destination, cargo, units; the markets of the year unless given."),
    ] = None,
    elasticity: Annotated[float, typer.Option(help="Of demand to generalised cost; sue only.")] = 0.0,
    unserved: Annotated[
        float | None,
        typer.Option(
            "--unserved", help="USD per tonne at which shippers stay at home; sue only, never unless given."
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="Draws for the ranges of volumes by corridor; 40 take some seconds.")
    ] = 0,
    top: Annotated[int, typer.Option(help="Bottlenecks to show.")] = 15,
    select: Annotated[
        list[str], typer.Option(help="Link whose users to show by market; may be repeated.")
    ] = [],
    out: Annotated[Path | None, typer.Option(help="Folder for all tables as CSV.")] = None,
    tntp: Annotated[
        tuple[Path, Path] | None, typer.Option(help="TNTP network and trips instead of a package.")
    ] = None,
    per_length: Annotated[float, typer.Option(help="With --tntp: cost of a unit of length.")] = 0.0,
    per_toll: Annotated[float, typer.Option(help="With --tntp: cost of a unit of toll.")] = 0.0,
    threads: Annotated[int, typer.Option(help="With --tntp: threads.")] = 1,
    passes: Annotated[
        int | None,
        typer.Option(
            help="With --tntp: passes, or rounds of routes for capacity, after which to give up; 200."
        ),
    ] = None,
    unreachable: Annotated[
        str, typer.Option(help="With --tntp: refuse pairs without a way, or drop them as unserved.")
    ] = "refuse",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    edits: Edits = (),
) -> None:
    """Run the verb."""
    if top < 0:
        raise typer.BadParameter(f"--top is {top}; give 0 or more.")
    if draws and (draws < 0 or (method or "sue") != "sue" or demand or tntp):
        raise typer.BadParameter(
            f"--draws {draws} cannot be used here; give 1 or more, with --method sue on the "
            "markets of a package."
        )
    if tntp is not None:
        options = {
            "--network": package != "eurasia",
            "--year": year is not None,
            "--under": under,
            "--without": without,
            "--set, --add, --multiply, --open and --close": edits,
            "--demand": demand,
            "--elasticity": elasticity,
            "--unserved": unserved is not None,
            "--select": select,
            "--out": out,
        }
        refuse_with_tntp([k for k, v in options.items() if v])
        costs, effort = (per_length, per_toll), (threads, passes)
        run_tntp(asked(tntp, method, target, costs, effort, unreachable), as_json=as_json, as_csv=as_csv)
        return
    if threads != 1 or per_length or per_toll or passes is not None or unreachable != "refuse":
        raise typer.BadParameter(
            "--threads, --per-length, --per-toll, --passes and --unreachable are for --tntp; leave them out."
        )
    from daliz.assignment import assign
    from daliz.assignment.flows import RUN
    from daliz.paths import read_demand
    from daliz.writing import check_folder

    if out:
        check_folder(out, RUN)
    network = open_for(package, year, under, without, edits)
    for name in select:
        network.table("links").row(name)
    given = read_demand(network, demand) if demand else None
    flows = assign(network, given, method=method or "sue", terms=_terms(target, elasticity, unserved))
    if out:
        flows.save(out)
    ranges = _ranges(flows, draws)
    _print(flows, ranges, select, top, as_json=as_json, as_csv=as_csv)
    if not flows.converged:
        raise typer.Exit(1)


def _terms(target: float | None, elasticity: float, unserved: float | None) -> Terms:
    """Return the terms of the question, with those of the verb where an option is left out."""
    from daliz.assignment import Terms

    defaults = Terms()
    return Terms(
        target=defaults.target if target is None else target,
        elasticity=elasticity,
        unserved_usd_t=defaults.unserved_usd_t if unserved is None else unserved,
    )


def _ranges(flows: Flows, draws: int) -> list[dict[str, Any]]:
    """Compute the ranges of volumes by corridor; none without draws."""
    if not draws:
        return []
    from daliz.studies.volume_ranges import corridor_ranges

    return corridor_ranges(flows, draws=draws)


def _print(
    flows: Flows,
    ranges: list[dict[str, Any]],
    select: list[str],
    top: int,
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Print flows in the form asked for."""
    by = "price" if flows.method == "capacity" else "hours"
    bottlenecks = flows.bottlenecks(top, by)
    for note in flows.notes:
        typer.echo(f"Note: {note}", err=True)
    if as_json:
        print_json(
            flows.as_dict()
            | {
                "corridors": flows.corridors(),
                "ranges": ranges,
                "bottlenecks": bottlenecks,
                "selected": flows.select_link(*select) if select else [],
            }
        )
    elif as_csv:
        print_csv([{k: "" if v != v else v for k, v in b.items()} for b in bottlenecks])  # noqa: PLR0124
        typer.echo(repr(flows), err=True)
    else:
        _show(flows, bottlenecks, select, by)
        if ranges:
            _show_ranges(ranges)


def _show(flows: Flows, bottlenecks: list[dict[str, Any]], select: list[str], by: str) -> None:
    from daliz.paths.capacities import open_in_part
    from daliz.routing.absent import told_left_out

    print_table(
        "Corridors, a year",
        ("corridor", "kt", "TEU", "days", "USD/t"),
        [
            [c["corridor"], f"{c['kt']:,.0f}", f"{c['teu']:,.0f}", f"{c['days']:.0f}", f"{c['usd_t']:,.0f}"]
            for c in flows.corridors()
            if c["kt"] >= 0.5
        ],
        right=(1, 2, 3, 4),
    )
    print_table(
        "Bottlenecks by hours lost"
        if by == "hours"
        else "Bottlenecks by the price of a further unit of capacity",
        ("what", "name", "volume", "capacity", "unit", "load", "h more", "USD"),
        [
            [
                b["kind"],
                b["name"],
                f"{b['volume']:,.0f}",
                f"{b['capacity']:,.0f}",
                b["unit"],
                f"{b['load']:.0%}",
                f"{b['delay_h']:,.0f}",
                "" if b["price_usd"] != b["price_usd"] else f"{b['price_usd']:,.0f}",
            ]
            for b in bottlenecks
        ],
        right=(2, 3, 5, 6, 7),
    )
    if select:
        print_table(
            f"Over {' or '.join(select)}",
            ("market", "kt", "TEU"),
            [[r["market"], f"{r['kt']:,.1f}", f"{r['teu']:,.0f}"] for r in flows.select_link(*select)],
            right=(1, 2),
        )
    typer.echo(repr(flows))
    in_part = open_in_part(flows.network, flows.capacities)
    if in_part:
        typer.echo(
            f"Open for a part of {flows.network.when}, with that part of their capacity: {', '.join(in_part)}."
        )
    left_out = told_left_out(flows.network)
    if left_out:
        typer.echo(left_out)
    if flows.demand.markets:
        captive = flows.totals()["captive_kt"]
        typer.echo(
            "Demand: marginals with evidence, their split over pairs of places synthetic (flows, "
            f"flow_years, flow_ends); {captive:,.0f} kt more are bound "
            "to one way and not assigned."
        )


def _show_ranges(ranges: list[dict[str, Any]]) -> None:
    print_table(
        (
            f"Corridors, 5 to 95 % over {ranges[0]['draws']} draws of parameters and markets "
            f"({ranges[0]['converged']} converged)"
        ),
        ("corridor", "kt", "TEU"),
        [
            [r["corridor"], *(f"{r[f'{k}_low']:,.0f} - {r[f'{k}_high']:,.0f}" for k in ("kt", "teu"))]
            for r in ranges
            if r["kt_high"] >= 0.5
        ],
        right=(1, 2),
    )
