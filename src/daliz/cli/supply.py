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
    takes_edits,
)
from daliz.cli.supply_ftot import chain_of_ftot
from daliz.cli.supply_tables import Found, leaving_title, show_found

if TYPE_CHECKING:
    from daliz.supplychain import Supply
    from daliz.tables import Network
    from daliz.writing import FolderKind

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
        str,
        typer.Option(
            help="Country: what leaves it, by the first country of --over that it passes; that of the package, "
            "else every country."
        ),
    ] = "",
    over: Annotated[
        list[str],
        typer.Option(
            help="See --leaving; may be repeated. Those of the package unless given, else all that are passed."
        ),
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
        dependence,
        least_failures,
        supply,
        supply_ranges,
        without_each,
    )
    from daliz.writing import check_folder

    if top < 0:
        raise typer.BadParameter(f"--top is {top}; give 0 or more.")
    if as_csv and (each or cut):
        raise typer.BadParameter("--csv prints the ways alone; leave out --each and --cut, or take --json.")
    if (cut or origin) and not market:
        raise typer.BadParameter("--cut and --origin tell of one market; give --market.")
    if ftot and (chain != "ftot" or policy):
        raise typer.BadParameter(
            "With --ftot the chain is ftot, and no policy lays duties on it; write supply ftot, and leave out --policy."
        )
    if chart:
        check_folder(chart, _charts())
    network, places = _network(package, year, under, without, edits)
    asked, of_ftot = chain_of_ftot(network, ftot) if ftot else (chain, {})
    flows, duties = None, {}
    if traffic:
        from daliz.assignment import assign

        flows = assign(network)
    if policy:
        duties = _duties(network, policy, chain)
    ask: dict[str, Any] = {
        "policy": policy,
        "terms": Terms(objective=objective, carbon_usd_t=carbon, years=years, duties=duties, **of_ftot),
        "flows": flows,
    }
    plan = supply(network, asked, without=places, **ask)
    given = (leaving, over)
    leaving, over, balanced = _left(network, leaving, over)
    found = Found(
        plan,
        supply(network, asked, **ask) if places else None,
        dependence(plan, market, by),
        balance_of_ways(plan, leaving, over) if balanced else [],
        supply_ranges(plan, market, draws=draws) if draws else [],
        without_each(plan, market, by) if each else [],
        least_failures(plan, market, by, origin=origin) if cut else None,
    )
    if chart:
        _draw(plan, found.leaning, by, found.balance, chart)
    if as_json:
        print_json(_as_dict(found))
    elif as_csv:
        print_csv(plan.itineraries())
        typer.echo(repr(plan), err=True)
    else:
        title = leaving_title(leaving, over) if balanced else ""
        show_found(found, market, by, top, title, taken=_say_defaults(leaving, over, given))
    if not plan.converged:
        raise typer.Exit(1)


def _as_dict(found: Found) -> dict[str, Any]:
    from daliz.supplychain import concentration

    failures, whole = found.failures, found.whole
    return found.plan.as_dict() | {
        "dependence": found.leaning,
        "concentration": concentration(found.plan),
        "without_each": found.swept,
        "balance": found.balance,
        "ranges": found.ranges,
        "least_failures": list(failures.names) if failures else [],
        "least_failures_bound": failures.bound if failures else None,
        "whole": whole.as_dict() if whole else None,
    }


def _network(
    package: str, year: int | None, under: list[str], without: list[str], edits: Edits
) -> tuple[Network, list[str]]:
    """Open the network; names of events and projects are taken out of it, the rest is left to the plan."""
    network = open_for(package, year, (), ())
    sets = network.store["change_sets"].position
    events = [w for w in without if w in sets]
    return open_for(package, year, under, events, edits), [w for w in without if w not in sets]


def _duties(network: Network, policy: str, chain: str) -> dict[tuple[str, str, str], float]:
    """Return the duties of a policy on a chain; none where the package has no trades."""
    from daliz.errors import QueryError
    from daliz.tables.defaults import default_values
    from daliz.trade import tariff
    from daliz.trade.duties import policy_row

    policy_row(network, policy)  # refuses what is unknown
    if not len(network.table("trades")):
        return {}
    if not default_values(network, "exporter"):
        raise QueryError(
            f"{network.name} has no row 'exporter' in the table defaults, so it is not said whose duties "
            "--policy lays on the chain; add the row."
        )
    return tariff(network, policy, draws=0).chain_duties(chain)


def _left(network: Network, leaving: str, over: list[str]) -> tuple[str, list[str], bool]:
    """Return the country that goods leave, those that they pass, and whether that is asked at all.

    What is left out is that of the table `defaults`; without it blank stands for all.
    """
    from daliz.tables.defaults import default_values

    origin, passed = (tuple(default_values(network, name)) for name in ("origin", "over"))
    asked = bool(leaving or over or origin)
    return leaving or (origin[0] if origin else ""), over or list(passed), asked


def _say_defaults(leaving: str, over: list[str], given: tuple[str, list[str]]) -> str:
    """Say which of --leaving and --over were taken from the table `defaults`; blank for none."""
    taken = [f"--leaving {leaving}"] if leaving and not given[0] else []
    taken += [f"--over {c}" for c in over] if over and not given[1] else []
    return f"Taken from the table defaults: {' '.join(taken)}." if taken else ""


def _draw(
    plan: Supply, leaning: list[dict[str, Any]], by: str, balance: list[dict[str, Any]], folder: Path
) -> None:
    from daliz.report.chain_charts import balance_chart, dependence_chart, flow_map, sankey_chart
    from daliz.report.save import drawn
    from daliz.writing import write_folder

    charts = {
        "flows.html": sankey_chart(plan),
        "dependence.html": dependence_chart(leaning, countries=by in {"country", "owner"}),
        "map.html": flow_map(plan),
    }
    if balance:
        charts["balance.html"] = balance_chart(balance, plan)
    files = {name: drawn(chart, ".html") for name, chart in charts.items()}
    write_folder(folder, files, _charts())


def _charts() -> FolderKind:
    """Return what the charts of a plan are among folders: they may be written into any."""
    from daliz.writing import FolderKind

    own = frozenset({"flows.html", "dependence.html", "map.html", "balance.html"})
    return FolderKind("folder of charts", own.__contains__, parents=True)
