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
    cargo = ground.network.table("cargoes").row(consignment.cargo)
    plain = ground.costs(consignment.cargo)
    closed_by = dict(ground.shut)
    for word in consignment.avoid:
        closed_by |= dict.fromkeys(arcs_touching(ground, word), f"avoid {word}")
    _close_others(ground, consignment.only, closed_by)
    costs = _restrict(ground, consignment, plain, closed_by)
    _close_heavy(ground, cargo, closed_by)
    allowed = costs.admitted.copy()
    allowed[list(closed_by)] = False
    return Eligibility(costs, plain, allowed, closed_by)


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
    network = ground.network
    links, services, operators = (network.table(t) for t in ("links", "services", "operators"))
    countries = set(network.table("nodes")["country"])
    kind, _, name = word.rpartition(":")
    if name in MODES and kind in {"", "mode"}:
        modes = links["mode"]
        return [i for i, a in enumerate(ground.arcs) if any(modes[k] == name for k, _ in a.links)]
    for known, table, arcs in (("service", services, ground.service_arcs), ("link", links, ground.link_arcs)):
        if kind == known or (not kind and name in table.position):
            if name not in table.position:
                raise PlaceError(
                    f"There is no {known} {name!r} in force in {network.year}.{did_you_mean(name, table.position)}"
                )
            return arcs.get(table.position[name], [])
    if kind in {"", "country"} and name.upper() in countries:
        return country_arcs(ground, name.upper())
    if kind == "operator" or (not kind and name in operators.position):
        if name not in operators.position:
            raise PlaceError(f"There is no operator {name!r}.{did_you_mean(name, operators.position)}")
        return [int(a) for a in np.flatnonzero(ground.touches.by("operator", name))]
    if kind in {"", "node"}:
        return ground.place_arcs.get(find_place(network, name).node, [])
    raise QueryError(
        f"{word!r} cannot be avoided; give a place, country:XX, mode:sea, link:ID, service:ID or operator:ID "
        f"(modes are {', '.join(MODES)}; countries are ISO codes)."
    )


def bound_by(ground: Ground, cargo: str, ends: tuple[str, str]) -> tuple[str, ...]:
    """Name the rules narrowed to countries of origin or destination that bind a consignment between two countries."""
    consignment = Consignment(cargo, ends)
    narrow = (r.row for r in ground.rules if r.row["origin_country"] or r.row["destination_country"])
    return tuple(r["id"] for r in narrow if _applies(r, consignment))


def _close_heavy(ground: Ground, cargo: dict[str, Any], closed_by: dict[int, str]) -> None:
    """Close the links that do not admit the weight of one unit."""
    links = ground.network.table("links")
    for i in np.flatnonzero(links["max_unit_t"] < cargo["gross_t"]):
        limit, weight = f"{links['max_unit_t'][i]:g} t", f"{cargo['gross_t']:g} t"
        reason = f"{links.ids[i]} admits {limit} and one unit of {cargo['id']} weighs {weight}"
        closed_by |= dict.fromkeys(ground.link_arcs.get(int(i), []), reason)


def _close_others(ground: Ground, only: Sequence[str], closed_by: dict[int, str]) -> None:
    """Close the other services, and single consignments by the modes of the services named.

    Where none is named, those that only operators can book are closed.
    """
    services, links = ground.network.table("services"), ground.network.table("links")
    if not only:
        for row in np.flatnonzero(services["operators_only"]):
            arcs = ground.service_arcs.get(int(row), [])
            closed_by |= dict.fromkeys(arcs, f"service {services.ids[row]} is sold to operators only")
        return
    for name in only:
        if name not in services.position:
            raise PlaceError(f"There is no service {name!r}.{did_you_mean(name, services.position)}")
    rows = {services.position[name] for name in only}
    modes = {str(services["mode"][row]) for row in rows}
    for i, arc in enumerate(ground.arcs):
        other = arc.service >= 0 and arc.service not in rows
        single = arc.service < 0 and any(links["mode"][link] in modes for link, _ in arc.links)
        if other or single:
            closed_by[i] = f"only {' '.join(only)}"


def _restrict(
    ground: Ground, consignment: Consignment, costs: ClassCosts, closed_by: dict[int, str]
) -> ClassCosts:
    """Close what a rule prohibits; add the expected hours, dollars and risk of holds where a rule holds up.

    A hold of probability p and mean d days adds 24 p d hours with variance p (1 - p) (24 d)^2, p times its cost
    per unit, and the risk of being caught once.
    """
    hours, usd, risk, variance = (a.copy() for a in (costs.hours, costs.usd, costs.risk, costs.variance))
    for rule, arcs in ground.rules:
        if not _applies(rule, consignment):
            continue
        if rule["effect"] == "prohibit":
            closed_by |= dict.fromkeys(arcs, f"rule {rule['id']}: {rule['rule']}")
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
