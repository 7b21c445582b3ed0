"""Describe what is shipped, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daliz.errors import QueryError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

MOST_BORDERS = 40
HIGHEST_VALUE = 1e6


@dataclass(frozen=True)
class Shipment:
    """One unit of cargo and the conditions under which it travels.

    Attributes
    ----------
    cargo
        Cargo class.
    via
        Places to pass, in order.
    avoid
        Places, `country:XX`, `mode:sea`, `link:ID`, `service:ID` or `operator:ID` to stay out of.
    only
        Services that it is confined to: no others, and no single consignments by their modes.
    max_borders
        How many national borders at most; None for any number.
    carrier, product
        Country of the carrier, and name of the product such as grain, for rules that bind only these.
    carbon_usd_t
        Price of carbon in USD per tonne CO2e.
    value_of_time_usd_h
        Value of an hour of one unit in USD; None for that of the class.
    date
        Day for which everything dated is resolved, such as "2024-11-15"; None for the network's year.

    Raises
    ------
    QueryError
        If a number is out of range, or a text stands where names are wanted.

    Examples
    --------
    >>> Shipment(via=["Aktau"], max_borders=6).via
    ('Aktau',)
    """

    cargo: str = "container-40"
    via: Sequence[str] = ()
    avoid: Sequence[str] = ()
    only: Sequence[str] = ()
    max_borders: int | None = None
    carrier: str = ""
    product: str = ""
    carbon_usd_t: float = 0.0
    value_of_time_usd_h: float | None = None
    date: str | dt.date | None = None

    def __post_init__(self) -> None:
        for name in ("via", "avoid", "only"):
            names = getattr(self, name)
            if isinstance(names, str):
                raise QueryError(
                    f"{name} is the text {names!r}; give a tuple of names, such as ({names!r},)."
                )
            object.__setattr__(self, name, tuple(names))
        if self.max_borders is not None and not 0 <= self.max_borders <= MOST_BORDERS:
            raise QueryError(f"max_borders is {self.max_borders}; give 0 to {MOST_BORDERS}.")
        if not 0 <= self.carbon_usd_t <= HIGHEST_VALUE:
            raise QueryError(
                f"A carbon price of {self.carbon_usd_t} USD/t cannot be used; give 0 to {HIGHEST_VALUE:,.0f}."
            )
        value = self.value_of_time_usd_h
        if value is not None and not 0 <= value <= HIGHEST_VALUE:
            raise QueryError(
                f"A value of time of {value} USD/h cannot be used; give 0 to {HIGHEST_VALUE:,.0f}."
            )
