"""Hold ways round a country on small chains: who sends to whom, what the way round takes more, and where none is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from daliz.errors import DataError, SupplyError
from daliz.studies.bypass import ways_round
from daliz.studies.mineral_dependence import tonnes_seen
from questions import routes_of
from small_chains import CHAIN, Row, names, tables
from small_networks import Link, road_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daliz.tables import Network

DIRECT = [Link(0, 1, 100.0), Link(1, 2, 100.0), Link(0, 2, 900.0)]
"""From AA by way of BB to CC, and a longer way without BB."""
PER_TONNE = 1.0 / 20.0
CORRIDORS = [names("by-road") | {"order": 1, "shown": True, "main_mode": "road"}]


def network_with(links: Sequence[Link], **changes: list[Row]) -> Network:
    """Make a network with a chain whose smelter is at the market, so that the ore of the mine crosses BB."""
    rows = tables(**changes)
    near = [r | {"country": "CC", "node_id": "n2"} if r["id"] == "smelter" else r for r in rows["facilities"]]
    choice = [{"id": "reference-sd", "value": 100.0, "unit": "h", "fitted": False, "description": "x"}]
    return road_network(links, choice=choice, corridors=CORRIDORS, **(rows | {"facilities": near}))


def asked(network: Network, draws: int = 0) -> list[dict[str, Any]]:
    """Ask for the ways of AA to the region without BB."""
    return ways_round(network, "c", origin="AA", avoid="BB", region="R", draws=draws)


def test_the_way_round_is_compared_with_the_best() -> None:
    """What a plant beside the market takes is sent by the mine; days and dollars are those of the routes per tonne."""
    network = network_with(DIRECT)
    (row,) = asked(network)
    assert (row["commodity"], row["from"], row["to"]) == ("ore", "mine", "smelter")
    free, kept = (
        routes_of(network, "n0", "n2", cargo="container-40", avoid=some, k=1, draws=0).itineraries[0]
        for some in ((), ("country:BB",))
    )
    assert row["usd"] == pytest.approx(free.usd * PER_TONNE)
    assert row["usd_round"] == pytest.approx(kept.usd * PER_TONNE)
    assert row["more_usd"] == pytest.approx((kept.usd - free.usd) * PER_TONNE)
    assert row["more_days"] == pytest.approx(kept.days - free.days)
    assert row["more_share"] == pytest.approx(row["more_usd"] / 10.0)
    assert row["more_usd"] > 0
    assert row["countries_round"].split() == ["AA", "CC"]
    assert (row["units"], row["quota"]) == (100.0, float("inf"))
    assert np.isnan(row["more_usd_low"])


def test_where_no_way_leads_round_the_row_says_so() -> None:
    """With all ways through the country the best stands alone, and what is more is unknown."""
    (row,) = asked(network_with(DIRECT[:2]), draws=20)
    assert (row["corridor"], row["corridor_round"], row["countries_round"]) == ("by-road", "", "")
    assert row["usd"] > 0
    assert all(np.isnan(row[k]) for k in ("usd_round", "days_round", "more_usd", "more_days_low"))


def test_what_no_route_carries_has_no_row() -> None:
    """Between places without a way, and for a commodity without a cargo, there is nothing to compare."""
    assert asked(network_with([Link(0, 1, 100.0), Link(2, 3, 100.0)])) == []
    commodities = [r | {"cargo_id": ""} if r["id"] == "ore" else r for r in tables()["commodities"]]
    assert asked(network_with(DIRECT, commodities=commodities)) == []


def test_of_two_mines_that_of_the_cheaper_way_round_stands() -> None:
    """A second mine beside the smelter wins over the first, and both count in what can be made."""
    base = tables()
    second = names("pit") | CHAIN | {"stage": "mine", "country": "AA", "node_id": "n3"}
    recipe = {"id": "pit-ore", "facility_id": "pit", "commodity_id": "ore", "capacity": 7.0, "cost_usd": 5.0}
    for facilities in ([*base["facilities"], second], [second, *base["facilities"]]):
        (row,) = asked(
            network_with(
                [*DIRECT, Link(2, 3, 50.0)],
                facilities=facilities,
                recipes=[*base["recipes"], recipe],
            )
        )
        assert (row["from"], row["units"]) == ("pit", 107.0)


def test_a_quota_on_the_way_round_is_told() -> None:
    """The least quota that names a country of the way counts; those elsewhere, of others, or of another kind do not."""
    base = {"chain_id": "c", "kind": "quota", "rule": "x", "source_id": "s", "commodity_id": "ore"}
    contracts = [
        base | {"id": "wide", "via": "CC", "maximum": 60.0},
        base | {"id": "narrow", "via": "AA CC", "maximum": 40.0, "from_ids": "mine"},
        base | {"id": "elsewhere", "via": "BB", "maximum": 1.0},
        base | {"id": "of-others", "via": "CC", "maximum": 2.0, "from_ids": "rival"},
    ]
    (row,) = asked(network_with(DIRECT, contracts=contracts))
    assert row["quota"] == 40.0


def test_the_lane_onward_ranks_plants_that_feed_the_region() -> None:
    """Of two plants that take the ore, that with the cheaper lane to the market stands, for equal ways there."""
    base = tables()
    part = base["recipe_parts"][0]
    plants = [
        names(p) | CHAIN | {"stage": "smelter", "country": "CC", "node_id": "n5"} for p in ("east", "west")
    ]
    recipes = [
        {"id": f"{p}-m", "facility_id": p, "commodity_id": "metal", "capacity": 4.0, "cost_usd": 1.0}
        for p in ("east", "west")
    ]
    parts = [part | {"id": f"{p}-ore", "recipe_id": f"{p}-m"} for p in ("east", "west")]
    for usd in ((9.0, 3.0), (3.0, 9.0)):
        lanes = [
            base["lanes"][0] | {"id": p, "from_id": p, "usd": u, "countries": "CC"}
            for p, u in zip(("east", "west"), usd, strict=True)
        ]
        rows = {
            "facilities": [f for f in base["facilities"] if f["id"] != "smelter"] + plants,
            "recipes": [r for r in base["recipes"] if r["id"] != "smelt"] + recipes,
            "recipe_parts": parts,
            "lanes": lanes,
        }
        (row,) = asked(network_with([*DIRECT, Link(2, 5, 50.0), Link(3, 4, 10.0)], **rows))
        assert row["to"] == ("west" if usd[1] < usd[0] else "east")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"origin": "XX"}, "has no origin 'XX'"),
        ({"avoid": "QQ"}, "has no country to avoid 'QQ'"),
        ({"region": "nowhere"}, "has no region 'nowhere'"),
        ({"draws": -1}, "-1 draws cannot be taken"),
    ],
)
def test_what_nobody_knows_is_refused(words: dict[str, Any], sentence: str) -> None:
    """An unknown country or region is no empty answer; a known one from which nothing comes is."""
    network = network_with(DIRECT)
    asked_of = {"origin": "AA", "avoid": "BB", "region": "R", "draws": 0}
    with pytest.raises(SupplyError, match=sentence):
        ways_round(network, "c", **(asked_of | words))
    assert ways_round(network, "c", **(asked_of | {"origin": "CC"})) == []


def test_two_observations_of_one_year_are_refused() -> None:
    """What was seen in a year stands once; years of other names do not count."""
    seen = {
        "kind": "measured",
        "measure": "kt",
        "statistic": "total",
        "value": 2.0,
        "from_date": "2022-01-01",
        "to_date": "2023-01-01",
        "scope": "x",
        "source_id": "s",
    }
    rows = [{"id": i} | seen for i in ("u-a", "v-a")]
    some = {"observations": rows}
    assert tonnes_seen(road_network(DIRECT, **some), "u-") == {2022: 2000.0}
    with pytest.raises(DataError, match="rows u-a and u-b both tell what was seen in 2022"):
        tonnes_seen(road_network(DIRECT, observations=[*rows, {"id": "u-b"} | seen]), "u-")
