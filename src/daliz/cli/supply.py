"""Plan a chain of production."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from daliz.cli.common import (
    AsCsv,
    AsJson,
    Edits,
    Package,
    Under,
    Year,
    open_for,
    print_csv,
    print_json,
    print_table,
    takes_edits,
)

if TYPE_CHECKING:
    from daliz.supplychain import Chain, Supply
    from daliz.tables import Network

NAME = "supply"
HELP = (
    "Plan a chain from ore to market over the network: who makes what, which way it goes, what it costs, "
    "and on whom a market depends; exit code 1 if it is not proved."
)
EXAMPLE = "Example: daliz supply uranium --market EU --without RU"
KINDS = ("country", "port", "link", "operator", "owner")


@takes_edits
def run(
    chain: Annotated[
        str, typer.Argument(help="Chain of the table chains, such as uranium; ftot with --ftot.")
    ],
    package: Package = "eurasia",
    year: Year = None,
    market: Annotated[
        str, typer.Option("--market", "-m", help="Region, country or market to tell of; all unless given.")
    ] = "",
    without: Annotated[
        list[str],
        typer.Option(
            "--without",
            help="Country, place, link, operator, event or project to do without; may be repeated.",
        ),
    ] = [],
    under: Under = [],
    by: Annotated[
        str, typer.Option(help="Dependence by country, port, link, operator or owner.")
    ] = "country",
    each: Annotated[bool, typer.Option("--each", help="Plan again without each of these in turn.")] = False,
    cut: Annotated[
        bool, typer.Option("--cut", help="Find the least set of these whose failure cuts the market off.")
    ] = False,
    origin: Annotated[str, typer.Option(help="With --cut: country whose mines alone count.")] = "",
    objective: Annotated[str, typer.Option(help="cost or profit.")] = "cost",
    carbon: Annotated[float, typer.Option(help="USD a tonne CO2e.")] = 0.0,
    years: Annotated[int, typer.Option(help="Years planned together, with stocks.")] = 1,
    policy: Annotated[str, typer.Option(help="Policy whose contracts and duties hold too.")] = "",
    traffic: Annotated[
        bool, typer.Option("--traffic", help="Leave the room that all other demand takes.")
    ] = False,
    ftot: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Scenario XML of FTOT, and a CSV of facility_name and node_id."),
    ] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Folder for charts: flows, dependence, balance and map.")
    ] = None,
    draws: Annotated[
        int,
        typer.Option(
            help="Draws for ranges of costs, concentration and dependence; 40 take a second or some."
        ),
    ] = 0,
    leaving: Annotated[
        str, typer.Option(help="Country: what leaves it, by the first country of --over that it passes.")
    ] = "",
    over: Annotated[
        list[str],
        typer.Option(help="See --leaving; may be repeated. Both are those of the package unless given."),
    ] = [],
    top: Annotated[int, typer.Option(help="Rows to show.")] = 15,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    edits: Edits = (),
) -> None:
    """Run the verb."""
    from daliz.supplychain import (
        Terms,
        balance_of_ways,
        concentration,
        dependence,
        least_failures,
        supply,
        supply_ranges,
        without_each,
    )

    if top < 0:
        raise typer.BadParameter(f"--top is {top}; give 0 or more.")
    if as_csv and (each or cut):
        raise typer.BadParameter("--csv prints the ways alone; leave out --each and --cut, or take --json.")
    if (cut or origin) and not market:
        raise typer.BadParameter("--cut and --origin tell of one market; give --market.")
    network, places = _network(package, year, under, without, edits)
    asked: str | Chain = _ftot_chain(network, ftot) if ftot else chain
    flows, duties = None, {}
    if traffic:
        from daliz.assignment import assign

        flows = assign(network)
    if policy:
        from daliz.trade import tariff

        duties = tariff(network, policy, draws=0).chain_duties(chain)
    ask: dict[str, Any] = {
        "policy": policy,
        "terms": Terms(objective=objective, carbon_usd_t=carbon, years=years, duties=duties),
        "flows": flows,
    }
    plan = supply(network, asked, without=places, **ask)
    whole = supply(network, asked, **ask) if places else None
    leaning = dependence(plan, market, by)
    leaving, over = _left(network, leaving, over)
    balance = balance_of_ways(plan, leaving, over) if leaving else []
    spread = supply_ranges(plan, market, draws=draws) if draws else []
    swept = without_each(plan, market, by) if each else []
    failures = least_failures(plan, market, by, origin=origin) if cut else None
    if chart:
        _draw(plan, leaning, by, balance, chart)
    if as_json:
        print_json(
            plan.as_dict()
            | {
                "dependence": leaning,
                "concentration": concentration(plan),
                "without_each": swept,
                "balance": balance,
                "ranges": spread,
                "least_failures": list(failures.names) if failures else [],
                "least_failures_bound": failures.bound if failures else None,
                "whole": whole.as_dict() if whole else None,
            }
        )
    elif as_csv:
        print_csv(plan.itineraries())
        typer.echo(repr(plan), err=True)
    else:
        _show(plan, whole, market, leaning, by, top)
        _show_balance(balance, leaving)
        _show_ranges(spread, top)
        if swept:
            _show_each(swept, by, top)
        if failures:
            typer.echo(repr(failures))
        typer.echo(repr(plan))
    if not plan.converged:
        raise typer.Exit(1)


def _network(
    package: str, year: int | None, under: list[str], without: list[str], edits: Edits
) -> tuple[Network, list[str]]:
    """Open the network; names of events and projects are taken out of it, the rest is left to the plan."""
    network = open_for(package, year, (), ())
    sets = network.store["change_sets"].position
    events = [w for w in without if w in sets]
    return open_for(package, year, under, events, edits), [w for w in without if w not in sets]


def _left(network: Network, leaving: str, over: list[str]) -> tuple[str, list[str]]:
    """Return the country that goods leave and those that they pass; blank if neither was asked nor has a default."""
    from daliz.errors import QueryError
    from daliz.tables.defaults import chosen, default_values

    if not (leaving or over or default_values(network, "origin")):
        return "", []
    passed = over or list(default_values(network, "over"))
    if not passed:
        raise QueryError(
            f"{network.name} has no row 'over' in the table defaults; give --over with --leaving."
        )
    return chosen(network, "origin", leaving, "--leaving"), passed


def _ftot_chain(network: Network, files: tuple[Path, Path]) -> Chain:
    from csv import DictReader

    from daliz.errors import FormatError
    from daliz.formats import ftot_tables, read_ftot
    from daliz.supplychain.chain import chain_from_tables

    scenario = read_ftot(files[0])
    try:
        with files[1].open(encoding="utf-8-sig", newline="") as file:
            places = {r["facility_name"]: r["node_id"] for r in DictReader(file)}
    except (KeyError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{files[1]} cannot be read as CSV with the columns facility_name and node_id: {error}."
        ) from error
    nodes = network.table("nodes")
    countries = {
        f: str(nodes["country"][nodes.position[n]]) for f, n in places.items() if n in nodes.position
    }
    for sentence in scenario.ignored:
        typer.echo(f"daliz: {sentence}", err=True)
    return chain_from_tables(network, "ftot", ftot_tables(scenario, places, countries=countries))


def _draw(
    plan: Supply, leaning: list[dict[str, Any]], by: str, balance: list[dict[str, Any]], folder: Path
) -> None:
    from daliz.report.chain_charts import balance_chart, dependence_chart, flow_map, sankey_chart
    from daliz.report.save import save_chart

    folder.mkdir(parents=True, exist_ok=True)
    save_chart(sankey_chart(plan), folder / "flows.html")
    save_chart(dependence_chart(leaning, countries=by in {"country", "owner"}), folder / "dependence.html")
    save_chart(flow_map(plan), folder / "map.html")
    if balance:
        save_chart(balance_chart(balance, plan), folder / "balance.html")


def _show(
    plan: Supply, whole: Supply | None, market: str, leaning: list[dict[str, Any]], by: str, top: int
) -> None:
    shown = set(plan.of_region(market))
    before = {m["market"]: m for m in whole.markets()} if whole else {}
    stack = plan.stack()
    print_table(
        "Markets, a year",
        (
            "market",
            "delivered",
            "unmet",
            "USD/unit",
            *(["more"] if whole else []),
            "freight",
            "hours' worth",
            "next unit",
        ),
        [
            [
                m["market"],
                f"{m['delivered']:,.0f}",
                f"{m['unmet']:,.0f}",
                f"{m['cost_usd']:,.0f}",
                *([_more(m, before)] if whole else []),
                f"{stack[m['market']]['freight']:,.0f}",
                f"{stack[m['market']]['time']:,.0f}",
                "cannot be had" if m["unmet"] > 0 else f"{m['marginal_usd']:,.0f}",
            ]
            for m in plan.markets()
            if m["market"] in shown
        ],
        right=(1, 2, 3, 4, 5, 6, 7),
    )
    candidates = [r for r in plan.facilities() if plan.chain.facilities[r["facility"]]["candidate"]]
    if candidates:
        print_table(
            "Candidates",
            ("facility", "built", "makes", "of capacity"),
            [
                [
                    r["facility"],
                    "yes" if r["built"] else "no",
                    f"{r['units']:,.0f} {r['output']}",
                    f"{r['use']:.0%}",
                ]
                for r in candidates
            ],
            right=(2, 3),
        )
    print_table(
        "Largest ways, a year",
        ("from", "to", "what", "t", "corridor", "days", "USD/unit", "over"),
        [
            [
                r["from"],
                r["to"],
                r["commodity"],
                f"{r['t']:,.0f}",
                r["corridor"],
                f"{r['days']:.0f}",
                f"{r['usd']:,.0f}",
                r["countries"],
            ]
            for r in plan.itineraries()[:top]
        ],
        right=(3, 5, 6),
    )
    print_table(
        f"{market or 'All markets'}: share of supply by {by}",
        (by, "crosses", "mined there", "USD a year"),
        [
            [r["name"], f"{r['share']:.0%}", f"{r['made']:.0%}", f"{r['value_usd']:,.0f}"]
            for r in leaning[:top]
        ],
        right=(1, 2, 3),
    )
    binding = plan.limits()
    if binding:
        print_table(
            "What binds",
            ("kind", "name", "load", "USD for a unit more"),
            [
                [r["kind"], r["name"], f"{r['load']:,.0f} {r['unit']}", f"{r['price_usd']:+,.2f}"]
                for r in binding[:top]
            ],
            right=(2, 3),
        )

    for name, reason in plan.unmet_reasons().items():
        if name in shown:
            typer.echo(f"Unmet at {name}: {reason}.")
    for name, units in plan.oversupplied().items():
        typer.echo(f"Contracts bring {units:,.0f} more to {name} than it asks for.")
    if plan.built.idle:
        typer.echo(f"Nothing is left that could serve these contracts: {', '.join(plan.built.idle)}.")


def _more(market: dict[str, Any], before: dict[str, dict[str, Any]]) -> str:
    """Describe what a unit costs more; a mean over less than all demand does not compare."""
    if market["unmet"] > 0 and before[market["market"]]["unmet"] <= 0:
        return f"{market['unmet'] / market['demand']:.1%} unmet"
    return f"{market['cost_usd'] - before[market['market']]['cost_usd']:+,.0f}"


def _show_balance(rows: list[dict[str, Any]], leaving: str) -> None:
    some = [r for r in rows if r["units"] > 0]
    if some:
        print_table(
            f"What leaves {leaving}, by the first that it passes",
            ("what", "over", "units", "share"),
            [[r["commodity"], r["way"], f"{r['units']:,.0f}", f"{r['share']:.0%}"] for r in some],
            right=(2, 3),
        )


def _show_ranges(rows: list[dict[str, Any]], top: int) -> None:
    if rows:
        shown = [r for r in rows if r["measure"] != "share"] + [r for r in rows if r["measure"] == "share"][
            :top
        ]
        print_table(
            f"Ranges, 5 to 95 % over {rows[0]['draws']} draws of capacities, costs, demands and contracts",
            ("measure", "of", "value", "low", "high"),
            [
                [r["measure"], r["name"], *(_shown(r["measure"], r[k]) for k in ("value", "low", "high"))]
                for r in shown
                if r["measure"] != "unmet" or r["high"] > 0
            ],
            right=(2, 3, 4),
        )


def _shown(measure: str, value: float) -> str:
    return f"{value:.1%}" if measure in {"unmet", "share"} else f"{value:,.0f}"


def _show_each(rows: list[dict[str, Any]], by: str, top: int) -> None:
    print_table(
        f"Without each {by} in turn",
        (by, "unmet", "more cost, M USD", "loss in all, M USD"),
        [
            [r["name"], f"{r['unmet']:.1%}", f"{r['extra_usd'] / 1e6:+,.1f}", f"{r['loss_usd'] / 1e6:+,.1f}"]
            for r in rows[:top]
        ],
        right=(1, 2, 3),
    )
