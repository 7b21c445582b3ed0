"""What has a capacity: legs of services, terminals, borders and links, in units of their own."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from daliz.arrays import Bytes, Flags, Floats, Ints
    from daliz.tables import Network
    from daliz.tables.figures import Cell

HOURS_PER_WEEK, DAYS_PER_YEAR = 168.0, 365.0
WEEKS_PER_YEAR = DAYS_PER_YEAR / 7.0
FORMS = ("bpr", "conical", "queue")
UNITS = ("TEU", "t", "wagons", "trucks", "trains")
TABLES = {"link": "links", "terminal": "terminals", "border": "borders", "service": "services"}


class Place(NamedTuple):
    """One thing with a capacity: what it is, and which side of it.

    Attributes
    ----------
    kind, row
        link, terminal, border or service, and the id of its row.
    side
        forward or backward, in or out; blank for both together and for legs.
    start, end
        Places between which a leg of a service runs; blank for all else.
    """

    kind: str
    row: str
    side: str = ""
    start: str = ""
    end: str = ""

    @property
    def name(self) -> str:
        """Name as it is printed."""
        return f"{self.row} {self.start} - {self.end}" if self.start else f"{self.row} {self.side}".rstrip()


@dataclass(frozen=True)
class Capacities:
    """What has a capacity on a graph.

    Attributes
    ----------
    places
        What each is.
    unit
        Unit of its volumes.
    capacity, background
        float64 arrays of shape (capacities,): a year, in the unit; the part that traffic outside demand takes.
    hard
        bool (capacities,): whether no more can pass; else more pass with more delay.
    form
        uint8 array of shape (capacities,): form of the delay.
    parameters
        float64 array of shape (capacities, 4) for `kernels.delays`: 0, capacity, b times the place's own hours, power.
    load
        float64 array of shape (cargo classes, capacities): what one unit of a class takes.
    bears, waits
        int64 arrays of shape (pairs, 2): arc and capacity that it loads; arc and capacity whose delay it bears.
    cells
        The cells whose product each capacity is.
    admits
        bool array of shape (cargo classes, capacities): whether a class is handled there, so that it loads and waits.
    """

    places: tuple[Place, ...]
    unit: tuple[str, ...]
    capacity: Floats
    background: Floats
    hard: Flags
    form: Bytes
    parameters: Floats
    load: Floats
    bears: Ints
    waits: Ints
    cells: tuple[tuple[Cell, ...], ...]
    admits: Flags

    def __len__(self) -> int:
        return len(self.places)

    @property
    def name(self) -> list[str]:
        """Name of each as it is printed."""
        return [p.name for p in self.places]

    @property
    def kind(self) -> list[str]:
        """Kind of each: link, terminal, border or service."""
        return [p.kind for p in self.places]

    @property
    def room(self) -> Floats:
        """What is left a year beside traffic outside demand, shape (capacities,)."""
        return np.maximum(self.capacity - self.background, 0.0)

    def more_congested(self, factor: float) -> Capacities:
        """Multiply the delays that volumes add by a factor."""
        if factor == 1.0:
            return self
        parameters = self.parameters.copy()
        # the conical form is scaled by its time, of which only what volumes add counts
        conical = self.form == FORMS.index("conical")
        parameters[conical, 0] *= factor
        parameters[~conical, 2] *= factor
        return replace(self, parameters=parameters)

    def scaled(self, factor: Floats) -> Capacities:
        """Multiply each capacity, and what other traffic takes of it, by a factor above 0, shape (capacities,)."""
        parameters = self.parameters.copy()
        parameters[:, 1] *= factor
        return replace(
            self, capacity=self.capacity * factor, background=self.background * factor, parameters=parameters
        )

    def hardened(self, hard: Flags) -> Capacities:
        """Return the capacities with others of them hard."""
        return replace(self, hard=np.asarray(hard, np.bool_))

    def __getstate__(self) -> dict[str, object]:
        return {f.name: getattr(self, f.name) for f in fields(self)}


def open_in_part(network: Network, capacities: Capacities) -> list[str]:
    """List what is open for a part of the period and has that part of its capacity, as texts.

    Examples
    --------
    >>> import daliz
    >>> from daliz.paths.ground import ground_of
    >>> network = daliz.open("eurasia", year=2024)
    >>> open_in_part(network, ground_of(network).capacities)
    ['rail-akhalkalaki-kartsakhi (62 %)', 'rail-marabda-akhalkalaki (62 %)']
    """
    resolved, found = network.resolved, []
    borders = network.table("borders")
    for place in capacities.places:
        table, row = TABLES[place.kind], place.row
        if place.kind == "border":
            table, row = "links", str(borders["link_id"][borders.position[row]])
        at = resolved.tables[table].position.get(row)
        share = 1.0 if at is None else float(resolved.open_share[table][at])
        if share < 1.0:
            found.append(f"{place.row} ({share:.0%})".replace("%", " %"))
    return list(dict.fromkeys(found))


class Traffic(Protocol):
    """Volumes on the capacities of a network, as an assignment finds them."""

    @property
    def network(self) -> Network:
        """Network that the volumes are of."""

    @property
    def volume(self) -> Floats:
        """Volume a year by capacity, in its unit."""
