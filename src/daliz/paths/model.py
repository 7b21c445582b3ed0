"""Make a model once: a network with demand and all that its assignment needs; and put it under shocks."""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daliz.errors import DemandError, ShockError, did_you_mean, need
from daliz.paths.candidates import opened, union_of
from daliz.paths.choice import ChoiceParameters
from daliz.paths.demand import demand_of
from daliz.paths.ground import ground_of
from daliz.paths.route_sets import merged, pairs_of
from daliz.paths.search import (
    PairSearch,
    detours,
    distances_of,
    find_with_distances,
    grow_forest,
    regrown,
)
from daliz.paths.shock import Shock, shocked
from daliz.paths.tolls import delay_tolls

if TYPE_CHECKING:
    from daliz.arrays import Flags, Floats, Ints
    from daliz.paths.candidates import Union
    from daliz.paths.capacities import Capacities
    from daliz.paths.demand import Demand
    from daliz.paths.forest import Field
    from daliz.paths.ground import Ground
    from daliz.paths.route_sets import RouteSets
    from daliz.paths.search import Distances
    from daliz.tables import Network


class Start(NamedTuple):
    """What an equilibrium begins from: on the routes without queues, and on all (as the engine keeps it)."""

    plain: Any
    whole: Any


class Shares(NamedTuple):
    """How the shippers of each pair divided over corridors in a period before.

    `share` has the pair (origin, destination, cargo and avoided countries by id) and corridor as its key.
    """

    share: dict[tuple[str, str, str, tuple[str, ...], str], float]


@dataclass(frozen=True, init=False, repr=False, eq=False)
class Model:
    """A network with demand, route sets, capacities and parameters of choice, ready to be assigned and shocked.

    Parameters
    ----------
    network
        Network of a year, with its changes. With candidates the model's own network is that under all of them, what is
        only theirs being shut.
    demand
        Who sends what; the markets of the network's year if left out.
    before
        Shares of the last period, from which the first equilibrium begins; none if left out.
    month
        1 to 12 for one month of the network's year, with its weather and what is open in it; None for the year.
    choice
        Parameters of choice; those of the network if left out.
    candidates
        Projects that a shock may open (`project:NAME`): their arcs are there, and shut.

    Attributes
    ----------
    ground, capacities
        The graph with what searches share, and what has a capacity.
    union
        The candidates, if there are any.
    search
        Pairs with what each arc costs them.
    of_row
        int64 (demand rows,): the pair of each row of demand.
    distances
        Cost from every state to the destinations, by group of pairs; None where not known (as after a pickle).
    plain
        Routes found without queues.
    routes
        These and, once an equilibrium was found, the best routes round its queues.
    shock
        What befell the network; None for nothing.
    base
        The model before the shock; None for itself.
    start
        Volumes that an equilibrium begins from, if known.

    Examples
    --------
    >>> import daliz
    >>> model = Model(daliz.open("eurasia", year=2024))
    >>> closed = model.under(Shock(close=("link:sea-aktau-alat",)))
    >>> len(closed.plain) < len(model.plain)
    True
    """

    network: Network
    demand: Demand
    before: Shares | None
    month: int | None
    choice: ChoiceParameters
    ground: Ground
    capacities: Capacities
    union: Union | None
    search: PairSearch
    of_row: Ints
    distances: tuple[Distances, ...] | None
    plain: RouteSets
    routes: RouteSets
    shock: Shock | None
    base: Model | None
    start: Start | None

    def __init__(
        self,
        network: Network,
        demand: Demand | None = None,
        before: Shares | None = None,
        month: int | None = None,
        *,
        choice: ChoiceParameters | None = None,
        candidates: tuple[str, ...] = (),
    ) -> None:
        need("numba", extra="assign")
        choice = ChoiceParameters.of(network) if choice is None else choice
        demand = demand_of(network, values=choice.values) if demand is None else demand
        _check_demand(demand)
        network = network if month is None else network.in_month(month)
        month = network.period.month
        ground, union = ground_of(network, month), None
        capacities = ground.capacities
        if candidates:
            union = union_of(network, candidates, month, ground)
            ground, capacities = union.ground, union.capacities
        pairs, of_row = pairs_of(demand)
        search = PairSearch.of(ground, pairs, choice["reference-sd"])
        plain, distances = find_with_distances(search)
        plain.require_all()
        self._set(
            network=ground.network,
            demand=demand,
            before=before,
            month=month,
            choice=choice,
            ground=ground,
            capacities=capacities,
            union=union,
            search=search,
            of_row=of_row,
            distances=distances,
            plain=plain,
            routes=plain,
            shock=None,
            base=None,
            start=None,
        )

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _with(self, **changes: Any) -> Model:
        """Return a model with some fields changed."""
        other = object.__new__(type(self))
        other._set(**{f.name: getattr(self, f.name) for f in fields(self)} | changes)
        return other

    def __getstate__(self) -> dict[str, Any]:
        left_out = {"search", "distances"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(**state, distances=None)
        self._set(search=PairSearch.of(self.ground, self.plain.pairs, self.choice["reference-sd"]))

    def __repr__(self) -> str:
        under = f" under {self.shock.name}" if self.shock else ""
        return (
            f"<Model of {self.network.name} {self.network.year}{under}: {len(self.demand):,} rows of demand, "
            f"{len(self.routes):,} routes of {len(self.search.pairs):,} pairs, {len(self.capacities)} capacities>"
        )

    @property
    def settled(self) -> bool:
        """Whether routes round the queues of an equilibrium are among the routes."""
        return self.routes is not self.plain

    @functools.cached_property
    def units(self) -> Floats:
        """Units a year of each pair, shape (pairs,)."""
        return np.asarray(np.bincount(self.of_row, self.demand.units, len(self.search.pairs)), np.float64)

    @functools.cached_property
    def forest(self) -> list[tuple[int, int, Field]]:
        """Trees of all searches, grown when the first shock asks for them and left out of a pickle."""
        return grow_forest(self.search)

    def under(self, shock: Shock, *, regrow: bool = True) -> Model:
        """Return the model under a shock; what the shock does not touch is shared.

        Parameters
        ----------
        shock
            What is closed, opened and scaled, beside what the model is under already.
        regrow
            Find the routes of all touched pairs anew: for a closure those whose routes use it and those to whom a
            detour opens another one, for an opening or a fall in cost those whom the trees of all pairs show. Without,
            routes over what is closed are masked and no new ones are found.

        Raises
        ------
        ShockError
            If the shock names nothing, closes what is closed, opens what is open or is not there; or `regrow` is off
            and the shock opens something or changes costs.
        """
        base = self.base or self
        whole = self.shock.then(shock) if self.shock else shock
        if whole is None:
            return base
        ground, capacities = shocked(*base._opened(whole), whole)  # noqa: SLF001
        search = base.search.on(ground)
        found = {"ground": ground, "capacities": capacities, "search": search, "shock": whole, "base": base}
        if not regrow:
            if whole.open or any(s.quantity != "capacity" for s in whole.scale):
                raise ShockError(
                    "Only closures and capacities can be masked; leave regrow on for other shocks."
                )
            plain = _masked(self.plain, ground)
            routes = _masked(self.routes, ground) if self.settled else plain
            return self._with(**found, plain=plain, routes=routes)
        plain, distances = regrown(base.plain, base.search, base.forest, search)
        return self._with(**found, distances=distances, plain=plain, routes=plain)

    def _opened(self, shock: Shock) -> tuple[Ground, Capacities]:
        """Return ground and capacities with the candidates open that a shock names."""
        known = self.union.candidates if self.union else {}
        for name in shock.projects:
            if name not in known:
                raise ShockError(
                    f"The model holds no candidate {name!r}, so it cannot be opened.{did_you_mean(name, known)} "
                    "Name it among the candidates when the model is made."
                )
        if not shock.projects or self.union is None:
            return self.ground, self.capacities
        return opened(self.union, shock.projects)

    def afresh(self) -> Model:
        """Return the model with all routes found from nothing, and nothing to begin from."""
        search = PairSearch.of(self.ground, self.plain.pairs, self.choice["reference-sd"])
        plain, distances = find_with_distances(search)
        return self._with(search=search, plain=plain, routes=plain, distances=distances, start=None)

    def rationing(self, hard: Flags) -> Model:
        """Return the model with some of its capacities hard, bool (capacities,), and routes without queues alone."""
        return self._with(capacities=self.capacities.hardened(hard), routes=self.plain, start=None)

    def settle(self, delay_h: Floats) -> Model:
        """Join the best path of each pair at the delays of capacities, shape (capacities,), where it is new."""
        toll = delay_tolls(self.ground, self.capacities, delay_h)
        return self._with(
            routes=merged(
                self.plain,
                detours(self.search, self.plain, toll, self.distances or distances_of(self.search)),
            )
        )

    def routed(self, routes: RouteSets) -> Model:
        """Return the model with other routes of its pairs."""
        return self._with(routes=routes)

    def demanding(self, demand: Demand) -> Model:
        """Return the model with other quantities of the same pairs.

        Raises
        ------
        DemandError
            If a pair is new.
        """
        known = {key: k for k, key in enumerate(self.search.pairs.keys())}
        pairs, of_row = pairs_of(demand)
        number = np.array([known.get(key, -1) for key in pairs.keys()], np.int64)  # noqa: SIM118
        if (number < 0).any():
            raise DemandError(
                "The demand names pairs for which this model has no routes; make a model of this demand."
            )
        return self._with(demand=demand, of_row=number[of_row])

    def choosing(self, choice: ChoiceParameters) -> Model:
        """Return the model with other parameters of choice, on the routes that it has."""
        return self._with(choice=choice)

    def costing(self, capacities: Capacities, usd: Floats, hours: Floats) -> Model:
        """Return the model with other capacities, and other USD and hours of its routes, shapes (routes,)."""
        sums = self.routes.sums._replace(usd=usd, hours=hours)
        return self._with(capacities=capacities, routes=replace(self.routes, sums=sums))

    def starting(self, start: Start | None) -> Model:
        """Return the model with volumes to begin from."""
        return self._with(start=start)


def _masked(routes: RouteSets, ground: Ground) -> RouteSets:
    """Leave out the routes over arcs that are shut."""
    shut = np.zeros(len(ground.arcs), np.bool_)
    shut[list(ground.shut)] = True
    return replace(routes.take(np.flatnonzero(~routes.on_arcs(shut))), ground=ground)


def _check_demand(demand: Demand) -> None:
    if not np.isfinite(demand.units).all() or (demand.units < 0).any():
        raise DemandError(
            "The demand holds quantities that are negative or NaN; all must be numbers of 0 or more."
        )
    if not len(demand) or not demand.units.any():
        raise DemandError("There is no demand to assign; all quantities are 0.")
