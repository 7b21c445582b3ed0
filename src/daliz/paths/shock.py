"""Close, open and scale what carries traffic, on a ground whose arcs stay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from daliz.errors import ShockError, did_you_mean
from daliz.graph.ledger import USD_KINDS, Cause, Kind
from daliz.paths.rules import country_arcs

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.paths.capacities import Capacities
    from daliz.paths.ground import Ground
    from daliz.tables import Table

KINDS = ("link", "terminal", "border", "service", "operator", "country", "arc")
PROJECT = "project"
"""Kind of what only `open` takes: a candidate of the model."""
QUANTITIES = ("capacity", "cost", "time", "departures")
HOURS_OF = {
    "link": (Cause.RUN,),
    "terminal": (Cause.HANDLING, Cause.TERMINAL_DOCUMENTS, Cause.GAUGE_CHANGE, Cause.WEATHER, Cause.DWELL),
    "border": (Cause.BORDER, Cause.BORDER_DOCUMENTS),
    "service": (Cause.RUN, Cause.DWELL),
}
"""Causes of the hours that scaling the time of a thing scales."""
USD_OF = {
    "link": (Cause.LINE_HAUL, Cause.THROUGH_RATE),
    "terminal": (Cause.HANDLING, Cause.GAUGE_CHANGE),
    "border": (Cause.BORDER,),
    "service": (Cause.LINE_HAUL, Cause.THROUGH_RATE),
}


class Scale(NamedTuple):
    """One quantity of one thing times a factor.

    Attributes
    ----------
    what
        `link:ID`, `terminal:ID`, `border:ID`, `service:ID`, `operator:ID`, `country:XX` or `arc:NUMBER`.
    quantity
        capacity, cost, time or departures.
    factor
        Above 0.
    """

    what: str
    quantity: str
    factor: float


@dataclass(frozen=True)
class Shock:
    """What befalls a network: things closed, opened and scaled, for as long as the model stands for.

    A closed link takes its services with it; they are not led round. For a change to which services adapt use
    `Network.change`.

    Attributes
    ----------
    close, open
        Things as in `Scale.what`; `open` also takes candidates of the model, as `project:NAME`.
    scale
        Quantities scaled.

    Examples
    --------
    >>> Shock(close=("link:rail-dostyk-aktogay",), scale=(Scale("country:KZ", "time", 1.2),)).name
    'close link:rail-dostyk-aktogay, country:KZ time x 1.2'
    """

    close: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    scale: tuple[Scale, ...] = ()

    def __post_init__(self) -> None:
        for field in ("close", "open"):
            if isinstance(getattr(self, field), str):
                raise ShockError(f"{field} is {getattr(self, field)!r}; give a tuple of such words.")
        if not (self.close or self.open or self.scale):
            raise ShockError("The shock names nothing; give something to close, open or scale.")
        for s in self.scale:
            if s.quantity not in QUANTITIES:
                raise ShockError(
                    f"{s.what}: {s.quantity!r} cannot be scaled; give {', '.join(QUANTITIES)}."
                    f"{did_you_mean(s.quantity, QUANTITIES)}"
                )
            if not (np.isfinite(s.factor) and s.factor > 0):
                raise ShockError(
                    f"{s.what}: a factor of {s.factor:g} on {s.quantity} cannot be used; give a number above 0, "
                    "or close it."
                )
        twice = [w for i, w in enumerate(self._named) if w in self._named[:i]]
        if twice:
            raise ShockError(f"{twice[0]} stands twice in the shock; let it stand once.")

    @property
    def _named(self) -> list[str]:
        return [*self.close, *self.open, *(f"{s.what} {s.quantity}" for s in self.scale)]

    @property
    def name(self) -> str:
        """The shock in a line."""
        parts = [f"close {w}" for w in self.close] + [f"open {w}" for w in self.open]
        return ", ".join([*parts, *(f"{s.what} {s.quantity} x {s.factor:g}" for s in self.scale)])

    @property
    def projects(self) -> tuple[str, ...]:
        """Candidates that are opened."""
        return tuple(w.partition(":")[2] for w in self.open if w.partition(":")[0] == PROJECT)

    def then(self, other: Shock) -> Shock | None:
        """Return both shocks as one, None if the second takes back the first.

        Raises
        ------
        ShockError
            If the second closes what the first closed, or opens what it opened.
        """
        for doing, now, before in (("closed", other.close, self.close), ("open", other.open, self.open)):
            again = [w for w in now if w in before]
            if again:
                raise ShockError(f"{again[0]} is {doing} already.")
        close = tuple(w for w in self.close if w not in other.open)
        opens = tuple(w for w in self.open if w not in other.close)
        close += tuple(w for w in other.close if w not in self.open)
        opens += tuple(w for w in other.open if w not in self.close)
        scale = {(s.what, s.quantity): 1.0 for s in (*self.scale, *other.scale)}
        for s in (*self.scale, *other.scale):
            scale[s.what, s.quantity] *= s.factor
        scales = tuple(Scale(*key, factor) for key, factor in scale.items())
        return Shock(close, opens, scales) if close or opens or scales else None


class Target(NamedTuple):
    """What a word names on a ground: its kind, rows of tables by kind, and the arcs that it takes with it."""

    kind: str
    rows: dict[str, list[int]]
    arcs: Ints


def shocked(ground: Ground, capacities: Capacities, shock: Shock) -> tuple[Ground, Capacities]:
    """Return the ground and the capacities under a shock; arcs keep their numbers.

    Raises
    ------
    ShockError
        If a word names nothing, what is to be closed is closed, what is to be opened is open, or what is to be
        scaled is not there.
    """
    shut = dict(ground.shut)
    for word in (w for w in shock.open if w.partition(":")[0] != PROJECT):
        arcs = target_of(ground, word).arcs
        closed = [a for a in arcs.tolist() if a in shut]
        if not closed:
            raise ShockError(f"{word} is open already; it cannot be opened.")
        for a in closed:
            del shut[a]
    for word in shock.close:
        arcs = target_of(ground, word).arcs
        left = [a for a in arcs.tolist() if a not in shut]
        if not left:
            raise ShockError(f"{word} is closed already; it cannot be closed.")
        shut |= dict.fromkeys(left, f"shock: close {word}")
    ledger = ground.ledger
    factor = np.ones(len(capacities))
    quantity, sd = ledger.quantity, ledger.sd
    for s in shock.scale:
        target = target_of(ground, s.what)
        by_capacity = _capacity_factor(ground, capacities, target, s)
        by_entry = _entry_factor(ground, target, s)
        if s.factor != 1.0 and (by_capacity == 1.0).all() and (by_entry == 1.0).all():
            raise ShockError(
                f"{s.what} has no {s.quantity} in {ground.network.year}, so scaling it does nothing; name what has."
            )
        factor *= by_capacity
        quantity, sd = quantity * by_entry, sd * by_entry
    if (quantity != ledger.quantity).any():
        ledger = replace(ledger, quantity=quantity, sd=sd)
    changed = ground.on_same_arcs(shut=shut, ledger=ledger)
    return changed, capacities if (factor == 1.0).all() else capacities.scaled(factor)


def target_of(ground: Ground, word: str) -> Target:
    """Find what a word of a shock names.

    Raises
    ------
    ShockError
        If the kind or the name is unknown, or nothing runs there.
    """
    kind, _, name = word.partition(":")
    if kind not in KINDS or not name:
        raise ShockError(f"{word!r} names nothing; write {', '.join(f'{k}:NAME' for k in KINDS)}.")
    if kind == "arc":
        count = len(ground.arcs)
        if not name.isdigit() or int(name) >= count:
            raise ShockError(f"There is no arc {name}; arcs are numbered from 0 to {count - 1}.")
        return Target(kind, {}, np.array([int(name)]))
    rows = _rows(ground, kind, name)
    arcs = np.unique(
        np.array([a for k, of in rows.items() for r in of for a in _arcs(ground, k, r)], np.int64)
    )
    if kind == "country":
        arcs = np.array(country_arcs(ground, name), np.int64)
    if not len(arcs):
        raise ShockError(f"Nothing runs over {word} in {ground.network.year}, so a shock to it does nothing.")
    return Target(kind, rows, arcs)


def _rows(ground: Ground, kind: str, name: str) -> dict[str, list[int]]:
    network = ground.network
    tables = {k: network.table(f"{k}s") for k in ("link", "terminal", "border", "service")}
    if kind in tables:
        return {kind: [_row(tables[kind], kind, name)]}
    if kind == "operator":
        _row(network.table("operators"), kind, name)
        owned = ("link", "terminal", "service")
        return {k: np.flatnonzero(tables[k]["operator_id"] == name).tolist() for k in owned}
    country = dict(zip(network.table("nodes").ids, network.table("nodes")["country"], strict=True))
    if name not in country.values():
        raise ShockError(
            f"There is no country {name!r} in this network.{did_you_mean(name, set(country.values()))}"
        )
    links = tables["link"]
    inside = np.array(
        [name in {country[a], country[b]} for a, b in zip(links["from_node"], links["to_node"], strict=True)]
    )
    at = np.array([country[n] == name for n in tables["terminal"]["node_id"]], np.bool_)
    near = {str(i) for i in links.ids[inside]} if len(links) else set()
    posts = [r for r, link in enumerate(tables["border"]["link_id"]) if str(link) in near]
    return {"link": np.flatnonzero(inside).tolist(), "terminal": np.flatnonzero(at).tolist(), "border": posts}


def _row(table: Table, kind: str, name: str) -> int:
    if name not in table.position:
        raise ShockError(f"There is no {kind} {name!r} in force.{did_you_mean(name, table.position)}")
    return table.position[name]


def _arcs(ground: Ground, kind: str, row: int) -> list[int]:
    """Return the arcs that close with a row, with the through arcs that stand for them."""
    if kind == "link":
        return ground.link_arcs.get(row, [])
    if kind == "service":
        return ground.service_arcs.get(row, [])
    own = _own_arcs(ground, kind, row)
    return [*own, *(t for t, parts in ground.ways.items() if not own.isdisjoint(parts))]


def _own_arcs(ground: Ground, kind: str, row: int) -> set[int]:
    """Return the arcs, through arcs left out, on which what a row brings arises."""
    network = ground.network
    if kind == "link":
        return {a for a in ground.link_arcs.get(row, []) if a not in ground.ways}
    if kind == "service":
        return {a for a in ground.service_arcs.get(row, []) if a not in ground.ways}
    if kind == "border":
        borders = network.table("borders")
        link = network.table("links").position.get(str(borders["link_id"][row]), -1)
        step = (link, bool(borders["direction"][row] == "forward"))
        return {
            a for a in ground.link_arcs.get(link, []) if step in ground.arcs[a].links and a not in ground.ways
        }
    table = network.table("terminals")
    node, mode = network.table("nodes").position[str(table["node_id"][row])], str(table["mode"][row])
    if table["operation"][row] == "gauge-change":
        return {
            a
            for a in ground.place_arcs.get(node, [])
            if a not in ground.ways and _changes_gauge(ground, a, node)
        }
    return {
        i
        for i in ground.place_arcs.get(node, [])
        if ground.arcs[i].role in {"load", "unload", "board", "alight"}
        and (node, mode) in {ground.states[s][:2] for s in ground.arcs[i][:2]}
    }


def _changes_gauge(ground: Ground, arc: int, node: int) -> bool:
    step = ground.arcs[arc]
    if step.role == "gauge-change":
        return True
    gauges = ground.network.table("links")["gauge_mm"]
    inner = [i for i, p in enumerate(step.places[1:-1], 1) if p == node]
    return any(gauges[step.links[i - 1][0]] != gauges[step.links[i][0]] for i in inner)


def _capacity_factor(ground: Ground, capacities: Capacities, target: Target, scale: Scale) -> Floats:
    """Return the factor on each capacity, shape (capacities,)."""
    factor = np.ones(len(capacities))
    if scale.quantity == "capacity" or (scale.quantity == "departures" and "service" in target.rows):
        ids = {k: ground.network.table(f"{k}s").ids for k in target.rows}
        kinds = target.rows if scale.quantity == "capacity" else {"service": target.rows["service"]}
        names = {(k, str(ids[k][r])) for k, rows in kinds.items() for r in rows}
        factor[[(p.kind, p.row) in names for p in capacities.places]] = scale.factor
    return factor


def _entry_factor(ground: Ground, target: Target, scale: Scale) -> Floats:
    """Return the factor on each entry of the ledger, shape (entries,).

    Entries of an arc that runs over several links or borders are scaled by the share of its km, or of its borders, that
    the named ones make.
    """
    ledger = ground.ledger
    more = np.zeros(len(ledger))
    if scale.quantity == "departures":
        own: set[int] = set()
        for r in target.rows.get("service", []):
            own |= _own_arcs(ground, "service", r)
        on = np.isin(ledger.part, list(own)) & (ledger.cause == Cause.WAIT)
        more[on] = 1.0 / scale.factor - 1.0
    elif scale.quantity in {"time", "cost"}:
        causes = HOURS_OF if scale.quantity == "time" else USD_OF
        kinds = [Kind.HOURS] if scale.quantity == "time" else list(USD_KINDS.values())
        for kind, rows in target.rows.items():
            share = _shares(ground, kind, rows)
            on = np.isin(ledger.kind, kinds) & np.isin(ledger.cause, causes[kind])
            more[on] = np.maximum(more[on], share[ledger.part[on]])
        if target.kind == "arc":
            more[np.isin(ledger.arc, target.arcs) & np.isin(ledger.kind, kinds)] = 1.0
        more *= scale.factor - 1.0
    return 1.0 + more


def _shares(ground: Ground, kind: str, rows: list[int]) -> Floats:
    """Return the share of each arc that rows of a kind make, shape (arcs,)."""
    share = np.zeros(len(ground.arcs))
    arcs = {a for r in rows for a in _own_arcs(ground, kind, r)}
    share[list(arcs)] = 1.0
    if kind == "link":
        arc, link, km = ground.arc_links
        mine: Flags = np.isin(link, rows)
        whole = np.bincount(arc, km, len(share))
        share = np.divide(
            np.bincount(arc[mine], km[mine], len(share)), whole, out=np.zeros(len(share)), where=whole > 0
        )
    elif kind == "border":
        steps = _border_steps(ground)
        chosen = {_step(ground, r) for r in rows}
        for a in arcs:
            posts = [s for s in ground.arcs[a].links if s in steps]
            share[a] = sum(s in chosen for s in posts) / len(posts)
    return share


def _step(ground: Ground, row: int) -> tuple[int, bool]:
    borders = ground.network.table("borders")
    link = ground.network.table("links").position.get(str(borders["link_id"][row]), -1)
    return link, bool(borders["direction"][row] == "forward")


def _border_steps(ground: Ground) -> set[tuple[int, bool]]:
    return {_step(ground, r) for r in range(len(ground.network.table("borders")))}
