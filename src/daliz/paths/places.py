"""Find places by their names in three languages, codes or coordinates."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daliz.errors import PlaceError, QueryError, did_you_mean
from daliz.tables.geo import great_circle_km

if TYPE_CHECKING:
    from daliz.tables import Network

NAMES = ("id", "name_en", "name_kk", "name_ru", "locode")
_COORDINATES = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\s*$")
_BRACKETS = re.compile(r"\s*\([^)]*\)")
_MARKS = re.compile(r"[\s'’ʼ`\-_.]+")


@dataclass(frozen=True, slots=True)
class Place:
    """A node of the network, or an address (node -1) with the nodes that road access leads to."""

    label: str
    node: int
    lat: float
    lon: float


def folded(name: str) -> str:
    """Fold a name so that case, accents, hyphens and apostrophes make no difference.

    Examples
    --------
    >>> folded("Xi'an") == folded("XIAN")
    True
    """
    plain = unicodedata.normalize("NFKD", name.casefold())
    keep = "".join(c for c in plain if not unicodedata.combining(c) or ord(c) == 0x0306)
    return _MARKS.sub("", unicodedata.normalize("NFC", keep))


def find_place(network: Network, text: str) -> Place:
    """Find a place by id, name in English, Kazakh or Russian, UN/LOCODE, or `lat,lon`.

    Raises
    ------
    PlaceError
        If no place or more than one has the name; the message suggests near names.
    QueryError
        If coordinates are not on the globe.

    Examples
    --------
    >>> import daliz
    >>> find_place(daliz.open("eurasia"), "Ақтау").label
    'Aktau'
    """
    nodes = network.table("nodes")
    match = _COORDINATES.match(text)
    if match:
        lat, lon = float(match[1]), float(match[2])
        if abs(lat) > 90 or abs(lon) > 180:
            raise QueryError(
                f"{text!r} is not on the globe; write latitude,longitude in degrees such as 43.65,51.16."
            )
        return Place(f"{lat:g},{lon:g}", -1, lat, lon)
    wanted = folded(text)
    found = _names(network).get(wanted, [])
    if not found or not wanted:
        known = [str(n) for column in NAMES[1:4] for n in nodes[column] if n]
        raise PlaceError(
            f"There is no place named {text!r} in {network.name}.{did_you_mean(text, known)} "
            "Give a name in English, Kazakh or Russian, an id, a UN/LOCODE or lat,lon."
        )
    exact = [i for i in found if nodes.ids[i] == text]
    if len(found) > 1 and not exact:
        raise PlaceError(f"{text!r} may be {' or '.join(str(nodes.ids[i]) for i in found)}; give the id.")
    i = (exact or found)[0]
    return Place(str(nodes["name_en"][i]), i, float(nodes["lat"][i]), float(nodes["lon"][i]))


def _names(network: Network) -> dict[str, list[int]]:
    """Index the folded names of all places, once for a network."""
    found: dict[str, list[int]] = network.once("names", lambda: _indexed(network))
    return found


def _indexed(network: Network) -> dict[str, list[int]]:
    nodes = network.table("nodes")
    index: dict[str, list[int]] = {}
    for column in NAMES:
        for i, name in enumerate(nodes[column]):
            for form in {folded(str(name)), folded(_BRACKETS.sub("", str(name)))} - {""}:
                known = index.setdefault(form, [])
                if i not in known:
                    known.append(i)
    return index


def nearest(network: Network, place: Place, candidates: list[int], count: int) -> list[tuple[int, float]]:
    """Return the nearest of some nodes with their great-circle km."""
    if not candidates:
        return []
    nodes = network.table("nodes")
    km = great_circle_km(
        nodes["lat"][candidates], nodes["lon"][candidates], np.array(place.lat), np.array(place.lon)
    )
    order = np.lexsort((nodes.ids[candidates].astype(str), km))[:count]
    return [(candidates[int(i)], float(km[i])) for i in order]
