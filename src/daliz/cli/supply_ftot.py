"""Read the files of FTOT that the verb supply is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.supplychain import Chain
    from daliz.tables import Network


def chain_of_ftot(network: Network, files: tuple[Path, Path]) -> tuple[Chain, dict[str, Any]]:
    """Read a scenario of FTOT and the places of its facilities, and say what is not used.

    Returns
    -------
    The chain, and the terms on which FTOT plans: a unit unmet costs its penalty once, and capacities of the
    network hold unless it switches them off.
    """
    from daliz.formats import ftot_tables, read_ftot
    from daliz.supplychain.chain import chain_from_tables

    scenario = read_ftot(files[0])
    places = _places(files[1])
    nodes = network.table("nodes")
    countries = {
        f: str(nodes["country"][nodes.position[n]]) for f, n in places.items() if n in nodes.position
    }
    strange = sorted(set(places) - {r["name"] for r in scenario.facilities})
    strangers = [f"{files[1].name} places {', '.join(strange)}, which the scenario does not have."]
    for sentence in (*scenario.ignored, *(strangers if strange else [])):
        typer.echo(f"daliz: {sentence}", err=True)
    chain = chain_from_tables(network, "ftot", ftot_tables(scenario, places, countries=countries))
    return chain, {"penalty": 1.0, "capacities": scenario.capacities is not False}


def _places(file: Path) -> dict[str, str]:
    """Read the node of each facility."""
    from daliz.errors import FormatError
    from daliz.formats.ftot_files import read_csv

    found: dict[str, str] = {}
    for line, row in read_csv(file, ("facility_name", "node_id")):
        name, node = row["facility_name"], row["node_id"]
        if not name or not node:
            raise FormatError(f"{file}, line {line}: facility_name and node_id may not be blank; give both.")
        if found.setdefault(name, node) != node:
            raise FormatError(
                f"{file}, line {line}: {name} stands at {node} here and at {found[name]} before; leave one."
            )
    return found
