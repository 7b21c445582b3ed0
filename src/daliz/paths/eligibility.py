"""Decide which arcs a consignment may use, and why not the others.

One mask for all engines: what the cargo class is not admitted to, what rules prohibit, what is too heavy, what only
operators can book, what is avoided, what a shock closes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.paths.places import find_place
from daliz.paths.rules import country_arcs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.arrays import Flags
    from daliz.graph.graph import ClassCosts
    from daliz.paths.ground import Ground
    from daliz.tables import Network

MODES = ("rail", "road", "sea", "air", "waterway")
LARGEST_CHANCE = 0.99


@dataclass(frozen=True)
class Consignment:
    """What decides where a consignment may go.

    Attributes
    ----------
    cargo
        Cargo class.
    ends
        Countries of origin and destination.
    carrier, product
        Country of the carrier and name of the product, for rules narrowed to these.
    avoid
        Places, `country:XX`, `mode:sea`, `link:ID`, `service:ID`, `operator:ID` to stay out of.
    only
        Services that it is confined to; none for all that a shipper can book.
    """

    cargo: str
    ends: tuple[str, str]
    carrier: str = ""
    product: str = ""
    avoid: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class Closure(NamedTuple):
    """Arcs closed for one cause, with the reason.

    The cause is shut, avoid, only, operators, rule or weight: whoever asks what would open a way lifts one at a time.
    """

    cause: str
    arcs: Sequence[int]
    reason: str


class Eligibility(NamedTuple):
    """What each arc costs a consignment, which arcs it may use, and why it may not use the others.

    Attributes
    ----------
    costs, plain
        Costs of one unit of the cargo class with the expected holds of this consignment, and without.
    open
        bool (arcs,).
    closed_by
        Reason by arc; an arc that is closed and not named does not admit the cargo class.
    """

    costs: ClassCosts
    plain: ClassCosts
    open: Flags
    closed_by: dict[int, str]


def eligibility(ground: Ground, consignment: Consignment) -> Eligibility:
    """Decide which arcs a consignment may use.

    Raises
    ------
    PlaceError, QueryError
        If something to avoid, or a service, is unknown.
    """
    plain = ground.costs(consignment.cargo)
    closed_by: dict[int, str] = {}
    for closure in closures_of(ground, consignment):
        closed_by |= dict.fromkeys(closure.arcs, closure.reason)
    costs = _held(ground, consignment, plain)
    allowed = costs.admitted.copy()
    allowed[list(closed_by)] = False
    return Eligibility(costs, plain, allowed, closed_by)


def closures_of(ground: Ground, consignment: Consignment) -> list[Closure]:
    """List what closes arcs to a consignment, cause by cause; what the class is not admitted to stands apart.

    Raises
    ------
    PlaceError, QueryError
        If something to avoid, or a service, is unknown.
    """
    cargo = ground.network.table("cargoes").row(consignment.cargo)
    found = [Closure("shut", [arc], reason) for arc, reason in ground.shut.items()]
    found += [Closure("avoid", arcs_touching(ground, w), f"avoid {w}") for w in consignment.avoid]
    found += _others(ground, consignment.only)
    for rule, arcs in ground.rules:
        if rule["effect"] == "prohibit" and _applies(rule, consignment):
            found.append(Closure("rule", arcs, f"rule {rule['id']}: {rule['rule']}"))
    return found + _heavy(ground, cargo)


def arcs_touching(ground: Ground, word: str) -> list[int]:
    """Return the arcs that touch a place, country, mode, link, service or operator.

    Parameters
    ----------
    ground
        Where arcs are numbered.
    word
        A bare name, or `country:XX`, `mode:sea`, `node:ID`, `link:ID`, `service:ID`, `operator:ID`.

    Raises
    ------
    PlaceError
        If the name is unknown.
    QueryError
        If the kind is unknown.
    """
    kind, name = thing_named(ground.network, word)
    if kind == "mode":
        return ground.mode_arcs(name)
    if kind == "operator":
        return [int(a) for a in np.flatnonzero(ground.touches.by("operator", name))]
    if kind == "country":
        return country_arcs(ground, name)
    table, arcs = {
        "service": ("services", ground.service_arcs),
        "link": ("links", ground.link_arcs),
        "node": ("nodes", ground.place_arcs),
    }[kind]
    return arcs.get(ground.network.table(table).position[name], [])


def thing_named(network: Network, word: str) -> tuple[str, str]:
    """Find what a word names: its kind (mode, service, link, country, operator or node), and its id.

    Raises
    ------
    PlaceError
        If the name is unknown.
    QueryError
        If the kind is unknown.

    Examples
    --------
    >>> import daliz
    >>> thing_named(daliz.open("eurasia"), "Suez"), thing_named(daliz.open("eurasia"), "country:eg")
    (('node', 'suez'), ('country', 'EG'))
    """
    tables = {k: network.table(t) for k, t in (("service", "services"), ("link", "links"))}
    operators, nodes = network.table("operators"), network.table("nodes")
    kind, _, name = word.rpartition(":")
    if name in MODES and kind in {"", "mode"}:
        return "mode", name
    for known, table in tables.items():
        if kind == known or (not kind and name in table.position):
            if name not in table.position:
                raise PlaceError(
                    f"There is no {known} {name!r} in force in {network.when}.{did_you_mean(name, table.position)}"
                )
            return known, name
    if kind in {"", "country"} and name.upper() in set(nodes["country"]):
        return "country", name.upper()
    if kind == "operator" or (not kind and name in operators.position):
        if name not in operators.position:
            raise PlaceError(f"There is no operator {name!r}.{did_you_mean(name, operators.position)}")
        return "operator", name
    if kind in {"", "node"}:
        place = find_place(network, name)
        if place.node < 0:
            raise QueryError(
                f"{word!r} cannot be avoided: it is no place of the network but coordinates; give a place."
            )
        return "node", str(nodes.ids[place.node])
    raise QueryError(
        f"{word!r} cannot be avoided; give a place, country:XX, mode:sea, link:ID, service:ID or operator:ID "
        f"(modes are {', '.join(MODES)}; countries are ISO codes)."
    )


def bound_by(ground: Ground, cargo: str, ends: tuple[str, str]) -> tuple[str, ...]:
    """Name the rules narrowed to countries of origin or destination that bind a consignment between two countries."""
    consignment = Consignment(cargo, ends)
    narrow = (r.row for r in ground.rules if r.row["origin_country"] or r.row["destination_country"])
    return tuple(r["id"] for r in narrow if _applies(r, consignment))


def _heavy(ground: Ground, cargo: dict[str, Any]) -> list[Closure]:
    """List the links that do not admit the weight of one unit."""
    links = ground.network.table("links")
    found = []
    for i in np.flatnonzero(links["max_unit_t"] < cargo["gross_t"]):
        limit, weight = f"{links['max_unit_t'][i]:g} t", f"{cargo['gross_t']:g} t"
        reason = f"{links.ids[i]} admits {limit} and one unit of {cargo['id']} weighs {weight}"
        found.append(Closure("weight", ground.link_arcs.get(int(i), []), reason))
    return found


def _others(ground: Ground, only: Sequence[str]) -> list[Closure]:
    """List the other services, and single consignments by the modes of the services named.

    Where none is named, those that only operators can book.
    """
    services = ground.network.table("services")
    if not only:
        return [
            Closure(
                "operators",
                ground.service_arcs.get(int(row), []),
                f"service {services.ids[row]} is sold to operators only",
            )
            for row in np.flatnonzero(services["operators_only"])
        ]
    for name in only:
        if name not in services.position:
            hint = did_you_mean(name, services.position)
            way_out = (
                "Give an id of the table services."
                if len(services)
                else "The network has none in this period."
            )
            raise PlaceError(f"There is no service {name!r}.{hint} {way_out}")
    rows = {services.position[name] for name in only}
    single = {a for row in rows for a in ground.mode_arcs(str(services["mode"][row]))}
    closed = [
        i
        for i, arc in enumerate(ground.arcs)
        if (arc.service not in rows if arc.service >= 0 else i in single)
    ]
    return [Closure("only", closed, f"only {' '.join(only)}")]


def _held(ground: Ground, consignment: Consignment, costs: ClassCosts) -> ClassCosts:
    """Add the expected hours, dollars and risk of holds where a rule holds up.

    A hold of probability p and mean d days adds 24 p d hours with variance p (1 - p) (24 d)^2, p times its cost
    per unit, and the risk of being caught once.
    """
    hours, usd, risk, variance = (a.copy() for a in (costs.hours, costs.usd, costs.risk, costs.variance))
    for rule, arcs in ground.rules:
        if rule["effect"] == "prohibit" or not _applies(rule, consignment):
            continue
        p, days, fee = (_known(rule[k]) for k in ("probability", "hold_days", "hold_usd"))
        hours[arcs] += p * days * 24.0
        variance[arcs] += p * (1 - p) * (days * 24.0) ** 2
        usd[arcs] += p * fee
        risk[arcs] += -np.log1p(-min(p, LARGEST_CHANCE))
    return replace(costs, hours=hours, usd=usd, risk=risk, variance=variance)


def _known(value: float) -> float:
    return 0.0 if np.isnan(value) else float(value)


def _applies(rule: dict[str, Any], consignment: Consignment) -> bool:
    """Return whether a rule binds a consignment; one narrowed to a product binds only what is named so."""
    if rule["product"] and consignment.product.casefold() not in rule["product"].casefold().split(", "):
        return False
    if rule["carrier_country"] and consignment.carrier not in rule["carrier_country"].split():
        return False
    if rule["cargo_id"] and rule["cargo_id"] != consignment.cargo:
        return False
    columns = ("origin_country", "destination_country")
    return all(
        not rule[c] or here in rule[c].split() for c, here in zip(columns, consignment.ends, strict=True)
    )
