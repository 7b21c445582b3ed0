"""Read what a brief of a package asks and shows: its pages, years, maps and questions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from daliz.errors import DataError
from daliz.tables.briefs import read_brief
from daliz.tables.defaults import default_values
from daliz.tables.network import year_within

if TYPE_CHECKING:
    from daliz.tables import Network

PAGES = (
    "ways",
    "maps",
    "comparison",
    "diagrams",
    "years",
    "volumes",
    "minerals",
    "duties",
    "matrix",
    "quality",
    "method",
)
"""Pages that a brief may have after its summary."""
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Frame:
    """Frame of a map: centre and room for labels in degrees, pixels per radian, size in pixels."""

    lon: float
    lat: float
    scale: float
    width: int = 680
    height: int = 560
    apart_deg: float = 5.0


@dataclass(frozen=True, slots=True)
class MapPage:
    """One map of a brief: its frame, the key of its caption, and the corridors on it; all if empty."""

    frame: Frame
    caption: str = "map_caption"
    corridors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiagramPage:
    """Time-cost-distance diagrams: corridors left out, and how many ways the first and the others show."""

    leave_out: tuple[str, ...] = ()
    first: int = 4
    others: int = 3


@dataclass(frozen=True, slots=True)
class MineralPage:
    """What is asked of the chains.

    Attributes
    ----------
    regions
        Regions of markets, the first with a market counting for dependence.
    via
        Countries that the other way of the contract with a premium passes.
    observed
        Beginning of the ids of observations, in kt, of what was seen there; blank for none.
    fitted, forecast
        Year of the fit of the premium, and year forecast with it.
    """

    regions: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    observed: str = ""
    fitted: int = 0
    forecast: int = 0


@dataclass(frozen=True, slots=True)
class DutyPage:
    """What is asked of duties: the policy of the headline."""

    policy: str


@dataclass(frozen=True, slots=True)
class BriefPlan:
    """What a brief asks and shows.

    Attributes
    ----------
    name
        Name of its file.
    pages
        Pages after the summary, in order.
    years, matrix_years, ahead
        Years of the table of the followed corridor and of the matrix, and year of the volumes with and
        without the projects.
    followed
        Corridor set against the others; blank for none.
    maps, diagrams, minerals, duties
        What these pages show.
    """

    name: str
    pages: tuple[str, ...]
    years: tuple[int, ...]
    matrix_years: tuple[int, ...]
    ahead: int
    followed: str
    maps: tuple[MapPage, ...]
    diagrams: DiagramPage
    minerals: MineralPage
    duties: DutyPage | None


def brief_plan(network: Network, name: str = "brief") -> BriefPlan:
    """Read the plan of a brief of a package; what its file leaves out is that of any package.

    Raises
    ------
    DataError
        If the package has no such brief, or an entry cannot be used.
    QueryError
        If a year lies outside the data.

    Examples
    --------
    >>> import daliz
    >>> brief_plan(daliz.open("eurasia")).years
    (2021, 2024, 2030)
    """
    given = read_brief(network.store, name)
    where = f"briefs/{name}.toml"
    known = {"pages", "years", "matrix_years", "ahead", "maps", "diagrams", "minerals", "duties"}
    _refuse_unknown(where, "", given, known)
    span = network.store.descriptor["years"]
    ends = tuple(sorted({int(span[k]) for k in ("first", "observed", "last")}))
    pages = _tuple(where, "pages", given, str, PAGES)
    _refuse_unknown(where, "pages", dict.fromkeys(pages), set(PAGES))
    years = {k: _tuple(where, k, given, int, ends) for k in ("years", "matrix_years")}
    ahead = _entry(where, "ahead", given, int, int(span["last"]))
    for year in (*years["years"], *years["matrix_years"], ahead):
        year_within(network.store, year)
    minerals = _part(where, "minerals", given, MineralPage) or MineralPage()
    markets = network.store["markets"]
    regions = {str(code) for column in ("region", "country") for code in markets[column]}
    _refuse_unknown(where, "minerals.regions", dict.fromkeys(minerals.regions), regions)
    return BriefPlan(
        name,
        pages,
        years["years"],
        years["matrix_years"],
        ahead,
        next(iter(default_values(network, "corridor")), ""),
        tuple(_map(where, row) for row in _entry(where, "maps", given, list, [])),
        _part(where, "diagrams", given, DiagramPage) or DiagramPage(),
        minerals,
        _part(where, "duties", given, DutyPage),
    )


def first_frame(network: Network) -> Frame | None:
    """Return the frame of the first map of the package's own brief; None where it has none."""
    try:
        maps = brief_plan(network).maps
    except DataError:
        return None
    return maps[0].frame if maps else None


def _map(where: str, row: dict[str, Any]) -> MapPage:
    own = {f.name for f in fields(Frame)}
    page = {k: v for k, v in row.items() if k not in own}
    frame = _part(where, "maps", {"maps": {k: v for k, v in row.items() if k in own}}, Frame)
    assert frame is not None
    return _made(where, "maps", MapPage, page | {"frame": frame})


def _part(where: str, key: str, given: dict[str, Any], kind: type[Part]) -> Part | None:
    """Make one part of a plan from its table; None where the file has no such table."""
    rows = _entry(where, key, given, dict, None)
    return None if rows is None else _made(where, key, kind, rows)


def _made(where: str, key: str, kind: type[Part], rows: dict[str, Any]) -> Part:
    names = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    _refuse_unknown(where, key, rows, names)
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in rows.items()}
    try:
        return kind(**values)
    except TypeError as error:
        raise DataError(
            f"{where}, table {key}: {error}; its entries are {', '.join(sorted(names))}."
        ) from error


def _tuple(
    where: str, key: str, given: dict[str, Any], kind: type[Part], default: tuple[Part, ...]
) -> tuple[Part, ...]:
    found = _entry(where, key, given, list, list(default))
    if not found or not all(isinstance(v, kind) for v in found):
        raise DataError(f"{where}: {key} is {found!r}; give a list of {'years' if kind is int else 'names'}.")
    return tuple(found)


def _entry(where: str, key: str, given: dict[str, Any], kind: type, default: Any) -> Any:
    found = given.get(key, default)
    if key in given and not isinstance(found, kind):
        named = {list: "a list", dict: "a table", int: "a year"}[kind]
        raise DataError(f"{where}: {key} is {found!r}; give {named}.")
    return found


def _refuse_unknown(where: str, key: str, given: dict[str, Any], known: set[str]) -> None:
    for word in given:
        if word not in known:
            place = f"{where}, {key}" if key else where
            raise DataError(f"{place}: there is no {word!r}; choose among {', '.join(sorted(known))}.")
