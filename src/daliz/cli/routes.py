"""Answer which way a shipment should go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    print_lines,
    print_table,
    takes_edits,
    terminal_width,
)

if TYPE_CHECKING:
    from daliz.routing import Itinerary, Routes
    from daliz.routing.legs import Leg

NAME = "routes"
HELP = "Find good and different ways for one shipment, with days, USD, CO2e, risk and their ranges."
EXAMPLE = 'Example: daliz routes "Xi\'an" Duisburg --cargo container-40 --month 11 --under red-sea-2024'


@takes_edits
def run(
    origin: Annotated[
        str, typer.Argument(help="Place in English, Kazakh or Russian, id, UN/LOCODE or lat,lon.")
    ],
    destination: Annotated[str, typer.Argument(help="The same.")],
    cargo: Annotated[str, typer.Option(help="Cargo class.")] = "container-40",
    k: Annotated[int, typer.Option("--k", "-k", help="How many alternatives.")] = 5,
    month: Annotated[
        int | None, typer.Option(help="Month 1-12 of the year, with its weather and what is open in it.")
    ] = None,
    date: Annotated[
        str | None,
        typer.Option(
            help="Day such as 2024-11-15. A year or month holds what is open on at least half of its days."
        ),
    ] = None,
    via: Annotated[list[str], typer.Option(help="Place to pass; may be repeated, in order.")] = [],
    avoid: Annotated[
        list[str], typer.Option(help="Place, country:XX, mode:sea, link:ID or service:ID; may be repeated.")
    ] = [],
    max_borders: Annotated[int | None, typer.Option(help="Borders at most.")] = None,
    carbon_price: Annotated[float, typer.Option(help="USD per tonne of CO2e.")] = 0.0,
    value_of_time: Annotated[
        float | None, typer.Option(help="USD per hour and unit, if not the class's.")
    ] = None,
    carrier: Annotated[str, typer.Option(help="Country of the carrier, for rules on carriers.")] = "",
    product: Annotated[str, typer.Option(help="Product such as grain, for rules on products.")] = "",
    only: Annotated[list[str], typer.Option(help="Service to be confined to; may be repeated.")] = [],
    draws: Annotated[int, typer.Option(help="Draws for the ranges; 0 for none.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the draws.")] = 1,
    pareto: Annotated[bool, typer.Option("--pareto", help="Show the Pareto set too.")] = False,
    legs: Annotated[bool, typer.Option("--legs", help="Show the legs of each way.")] = False,
    diagram: Annotated[
        str, typer.Option(help="Write the time-cost-distance diagram to this file: .html .png .svg .pdf.")
    ] = "",
    chart_map: Annotated[str, typer.Option("--map", help="Write the map of the ways to this file.")] = "",
    explain: Annotated[bool, typer.Option("--why", help="Show the evidence behind the best way.")] = False,
    package: Package = "eurasia",
    year: Year = None,
    under: Under = [],
    without: Without = [],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    edits: Edits = (),
) -> None:
    """Run the verb."""
    from daliz.errors import QueryError
    from daliz.routing import Search, Shipment, routes

    given = int(date[:4]) if date and date[:4].isdigit() else None
    if given is not None and year not in {None, given}:
        raise QueryError(f"The date {date} does not lie in the year {year}; give one of them.")
    network = open_for(package, year if given is None else given, under, without, edits)
    found = routes(
        network,
        origin,
        destination,
        Shipment(
            cargo=cargo,
            via=via,
            avoid=avoid,
            only=only,
            max_borders=max_borders,
            carrier=carrier,
            product=product,
            carbon_usd_t=carbon_price,
            value_of_time_usd_h=value_of_time,
            date=date,
        ),
        k=k,
        month=month,
        search=Search(draws=draws, seed=seed, pareto=pareto or as_json),
    )
    if diagram or chart_map:
        _draw(found, diagram, chart_map)
    if as_json:
        print_json(found.as_dict())
    elif as_csv:
        print_csv([_plain(i) for i in found.itineraries])
        for note in found.notes:
            typer.echo(note, err=True)
    else:
        _show(found, pareto=pareto, legs=legs)
        if under or without:
            print_lines([SCENARIO_PRICES])
        if explain:
            from daliz.routing.provenance import reasons

            for line in reasons(found.itineraries[0]):
                typer.echo(line)


def _draw(found: Routes, diagram: str, chart_map: str) -> None:
    from daliz.errors import need
    from daliz.report import map_chart, save_chart, time_cost_distance

    need("altair", "vl_convert", extra="report")
    if diagram:
        save_chart(time_cost_distance(found.itineraries), diagram)
    if chart_map:
        save_chart(map_chart(found.query.graph.network, found.itineraries), chart_map)


def _plain(i: Itinerary) -> dict[str, Any]:
    row = {
        "corridor": i.corridor,
        "way": i.summary(),
        "km": round(i.km),
        "great_circle_km": round(i.great_circle_km),
        "days": round(i.days, 2),
        "usd": round(i.usd),
        "kg_co2e": round(i.kg_co2e),
        "risk": round(i.risk, 4),
        "borders": len(i.borders),
        "gauge_changes": len(i.gauge_changes),
    }
    return row | ({k: round(v, 3) for k, v in i.spread.as_dict().items()} if i.spread else {})


def _row(n: int, i: Itinerary) -> list[str]:
    s = i.spread
    days = f"{i.days:.1f}" + (f" ({s.days_low:.0f}-{s.days_high:.0f})" if s else "")
    usd = f"{i.usd:,.0f}" + (f" ({s.usd_low:,.0f}-{s.usd_high:,.0f})" if s else "")
    return [
        str(n),
        i.corridor,
        i.summary(),
        f"{i.km:,.0f}" + (f" ({i.detour:,.0f} x great circle)" if i.far else ""),
        days,
        f"{s.p50_days:.1f} / {s.p95_days:.1f}" if s else "-",
        usd,
        f"{i.kg_co2e:,.0f}",
        f"{i.risk:.0%}",
        f"{len(i.borders)} / {len(i.gauge_changes)}",
    ]


COLUMNS = ("", "corridor", "way", "km", "days", "p50 / p95", "USD", "kg CO2e", "risk", "borders / gauge")


NARROW = 110
SCENARIO_PRICES = (
    "What is put in force or taken out changes ways, hours, closures and the prices it names; "
    "the price level of the year (freight indices) stays as it was observed or projected."
)


def _show(found: Routes, *, pareto: bool, legs: bool) -> None:
    state = " (projected)" if found.projected else ""
    unit = found.query.cargo["unit"]
    ranges = "; in brackets 5 to 95 % over the evidence" if found.itineraries[0].spread else ""
    title = f"{found.origin} to {found.destination}, {found.cargo} ({unit}), {found.when}{state}{ranges}"
    _ways(title, found.itineraries)
    if pareto:
        _ways("Pareto set: nothing is 1 % better in USD, hours, CO2e and risk together", found.pareto)
    for note in found.notes:
        print_lines([note])
    for n, i in enumerate(found.itineraries if legs else [], 1):
        _legs(f"Way {n}: {i.corridor}", i)


def _narrow() -> bool:
    return terminal_width() < NARROW


def _ways(title: str, ways: list[Itinerary]) -> None:
    rows = [_row(n, i) for n, i in enumerate(ways, 1)]
    if not _narrow():
        print_table(title, COLUMNS, rows, right=(3, 4, 5, 6, 7, 8, 9))
        return
    print_lines([title])
    for number, corridor, way, km, days, spread, usd, kg, risk, counts in rows:
        print_lines(
            [
                f"{number}. {corridor}: {way}",
                (
                    f"{km} km; {days} days, p50 / p95 {spread}; {usd} USD; {kg} kg CO2e; risk {risk}; "
                    f"borders / gauge {counts}"
                ),
            ]
        )


def _legs(title: str, way: Itinerary) -> None:
    rows = [
        [
            g.origin,
            g.destination,
            _carried(g),
            f"{g.km:,.0f}",
            f"{g.hours:.1f} ({g.hours_sd:.0f})",
            _causes(g.hours_by_cause),
            f"{g.usd:,.0f}",
            f"{g.kg_co2e:,.0f}",
            " ".join(g.borders) or "-",
        ]
        for g in way.legs
    ]
    if not _narrow():
        print_table(
            title,
            ("from", "to", "carried by", "km", "hours (sd)", "of which", "USD", "kg CO2e", "into"),
            rows,
            right=(3, 4, 6, 7),
        )
        return
    print_lines([title])
    for origin, destination, by, km, hours, causes, usd, kg, into in rows:
        print_lines(
            [
                f"{origin} to {destination} by {by}",
                f"{km} km; hours {hours}: {causes}; {usd} USD; {kg} kg CO2e; into {into}",
            ]
        )


def _carried(leg: Leg) -> str:
    """Describe by what a leg goes, and over which waters."""
    return (leg.service or leg.mode) + (f" ({', '.join(leg.waters)})" if leg.waters else "")


def _causes(hours: dict[str, float]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {h:.0f}" for name, h in sorted(hours.items(), key=lambda x: -x[1])[:4]
    )
