"""Protect emissions from rows that do not fit: another mode, unit or sum, no factor, several, no grid."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import daliz
from case_folders import CASES
from command_line import run
from daliz.errors import CheckError, DataError
from daliz.tables import Network
from daliz.tables.check import check_store
from daliz.tables.emission_rules import sums_up
from daliz.tables.period import Period
from daliz.tables.store import open_store
from daliz.tables.upgrade import upgrade
from questions import routes_of
from tiny_package import network_of, tiny_tables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def edited(tmp_path: Path, case: str, *changes: tuple[str, str, str]) -> Path:
    """Copy a case, exchange texts of its files and bring it into the present form."""
    folder = tmp_path / case
    shutil.copytree(CASES / case, folder)
    for file, old, new in changes:
        path = folder / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
    upgrade(folder)
    return folder


def told(folder: Path) -> str:
    """Return what `check` and asking say, joined; they agree that there is a fault."""
    found = daliz.check(folder)
    assert not found.clean
    with pytest.raises(DataError) as refused:
        routes_of(daliz.open(folder), "alba", "dene", draws=0, pareto=False)
    first = re.sub(r"( \(\d+ more\))? Run `daliz check .*", "", str(refused.value))
    assert first in [str(f) for f in found.faults]
    return " ".join(str(f) for f in found.faults)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        (
            "03-electric-nofactor",
            "row rail, column electrified_share: '1': no kWh factor for electric rail; add",
        ),
        (
            "03c-electric-two",
            "2 kWh factors for electric rail (el1, el2); name one here or remove the others.",
        ),
    ],
)
def test_electric_rail_needs_one_factor(
    case: str, words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Electric traction without a factor per kWh, or with two, is refused by check and by the verb."""
    folder = edited(tmp_path, case)
    assert words in told(folder)
    code, out, err = run(capsys, "routes", "alba", "dene", "-n", str(folder), "--avoid", "mode:road")
    assert (code, out) == (2, "")
    assert words in err


@pytest.mark.parametrize(("name", "kwh"), [("el1", 0.02), ("el2", 0.2)])
@pytest.mark.parametrize("turned", [False, True])
def test_a_class_may_name_its_electric_factor(tmp_path: Path, name: str, kwh: float, *, turned: bool) -> None:
    """Of two factors the one that the class names counts, in either order: kWh x g/kWh x tonne-km."""
    one, two = "el1,e,rail,kwh-tkm,,0.02,x\n", "el2,e,rail,kwh-tkm,,0.2,x\n"
    folder = edited(
        tmp_path,
        "03c-electric-two",
        ("speeds.csv", "factor_id\n", "factor_id,electric_factor_id\n"),
        ("speeds.csv", "rail,rail,40,20,0.1,1,train\n", f"rail,rail,40,20,0.1,1,train,{name}\n"),
        ("speeds.csv", ",truck\n", ",truck,\n"),
        ("speeds.csv", ",ship\n", ",ship,\n"),
        ("emission_factors.csv", one + two, two + one if turned else one + two),
    )
    assert daliz.check(folder).clean
    way = routes_of(daliz.open(folder), "alba", "dene", draws=0, pareto=False, avoid=["mode:road"])[0]
    (rail,) = (e for e in way.emissions().elements if e.mode == "rail")
    assert rail.wtw_kg == pytest.approx(20 * 600 * kwh * 0.8)
    assert (rail.wtt_kg, rail.ttw_kg) == (pytest.approx(rail.wtw_kg), 0.0)


@pytest.mark.parametrize("other", ["sea", "rail"])
def test_a_link_of_another_mode_s_class_is_refused(tmp_path: Path, other: str) -> None:
    """A road link with the class of ships or trains is refused: its emissions would be theirs."""
    folder = edited(tmp_path, "00-base", ("links.csv", "dene,road,300,road", f"dene,road,300,{other}"))
    words = f"links.csv, row r4, column speed_class: '{other}': is a row of speeds.csv for {other}, but this row is"
    assert words in told(folder)


def test_the_right_figure_stands(tmp_path: Path) -> None:
    """The base itself is clean, and two links of road and two depots are what their factors say."""
    folder = edited(tmp_path, "00-base")
    assert daliz.check(folder).clean
    way = routes_of(daliz.open(folder), "alba", "dene", draws=0, pareto=False)[0]
    roads = [e.wtw_kg for e in way.emissions().elements if e.mode == "road"]
    assert sum(roads) == pytest.approx(20 * 600 * 0.08)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("speeds.csv", "road,road,50,50,0.1,,truck", "road,road,50,50,0.1,,ship"),
            "emission_factors.csv for sea",
        ),
        (
            ("emission_factors.csv", "truck,truck,road", "truck,truck,air"),
            "but this row is for road; choose a row",
        ),
        (
            ("speeds.csv", "road,road,50,50,0.1,,truck", "road,road,50,50,0.1,1,truck"),
            "is for rail alone, and this",
        ),
        (
            ("emission_factors.csv", "road,tkm,0.08", "road,tkm,80"),
            "'80': must be at most 3 kg per tkm for road; divide it by 1,000 if it is in grams.",
        ),
        (
            ("emission_factors.csv", "rail,tkm,0.03", "rail,tkm,27.6"),
            "'27.6': must be at most 0.3 kg per tkm for",
        ),
        (
            ("emission_factors.csv", "sea,teu-km,0.1", "sea,teu-km,49.9"),
            "must be at most 2 kg per teu-km for sea",
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, change: tuple[str, str, str], words: str) -> None:
    """Factors of another mode or unit, and electric traction that is none, are told by check and by the verb."""
    assert words in told(edited(tmp_path, "00-base", change))


def faults(changes: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the tiny package after changes, evidence apart; the verb refuses the first."""
    network = network_of(tiny_tables(**changes))
    found = [str(f) for f in check_store(network.store).faults if f.file != "evidence.csv"]
    with pytest.raises(CheckError):
        routes_of(network, "east", "west", draws=0)
    return found


KWH = {"name_en": "e", "mode": "rail", "basis": "kwh-tkm", "energy_kwh": 0.05, "edition": "x"}
BOXED = {"name_en": "s", "mode": "sea", "basis": "teu-km", "wtw_kg": 0.2, "edition": "x"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"grids": {"kz": None}},
            "grids.csv, column country: 'KZ': has no row for KZ, where trains run electrically",
        ),
        (
            {"grids": {"k2": {"country": "KZ", "g_co2e_kwh": 400}}},
            "'KZ': KZ has 2 rows and may have one; remove",
        ),
        ({"grids": {"kz": {"g_co2e_kwh": 0.821}}}, "must be at least 1 g/kWh"),
        ({"emission_factors": {"rail-electric": None}}, "no kWh factor for electric rail"),
        ({"emission_factors": {"other": KWH}}, "2 kWh factors for electric rail (other, rail-electric)"),
        ({"emission_factors": {"rail-electric": {"energy_kwh": None}}}, "needs energy_kwh above 0; give it"),
        ({"emission_factors": {"rail-electric": {"energy_kwh": 0.0}}}, "needs energy_kwh above 0; give it"),
        (
            {"speeds": {"rail-kz": {"electric_factor_id": "rail-diesel"}}},
            "is a factor per tkm, not per kwh-tkm",
        ),
        (
            {"emission_factors": {"truck": {"wtt_kg": 0.02}}},
            "column ttw_kg: this part may not be blank where wtt_kg",
        ),
        (
            {"emission_factors": {"truck": {"wtt_kg": 0.02, "ttw_kg": 0.08}}},
            "wtw_kg: '0.095': wtt_kg 0.02 and ttw_kg 0.08 sum to 0.1; correct the one of the three",
        ),
        (
            {"emission_factors": {"boxed": BOXED}, "services": {"ferry": {"factor_id": "boxed"}}},
            "is a factor per teu-km, but bulk cargo on it has no TEU; choose a factor per tkm.",
        ),
        (
            {"emission_factors": {"truck": {"basis": "teu-km"}}},
            "is a factor per teu-km, but bulk cargo on these links has no TEU; choose a factor per tkm.",
        ),
    ],
)
def test_each_fault_of_emissions_is_told(changes: Mapping[str, Any], words: str) -> None:
    """Missing, double and unfit rows are told by check and refused by the verb: none counts as 0 or as another."""
    if "speeds" in changes and "rail-kz" not in {r["id"] for r in tiny_tables()["speeds"]}:
        name = next(r["id"] for r in tiny_tables()["speeds"] if r["mode"] == "rail")
        changes = {"speeds": {name: changes["speeds"]["rail-kz"]}}
    try:
        found = faults(changes)
    except DataError as error:  # refused as soon as the rows are read
        found = [str(error)]
    assert any(words in f for f in found), found


def test_boxes_pay_by_teu_and_bulk_over_such_links_is_refused() -> None:
    """A factor per TEU-km counts TEU; a ship that takes bulk over links with such a factor is refused."""
    factors = {"ship": {"basis": "teu-km", "wtw_kg": 0.2}}
    ferry = {"ferry": {"factor_id": "", "cargo_groups": "container"}}
    way = routes_of(
        network_of(tiny_tables(emission_factors=factors, services=ferry)), "east", "west", k=1, draws=0
    )[0]
    (sea,) = (e for e in way.emissions().elements if e.mode == "sea")
    assert (sea.basis, sea.wtw_kg) == ("teu-km", pytest.approx(0.2 * sea.activity))
    ferry = {"ferry": {"factor_id": "", "cargo_groups": "container bulk"}}
    network = network_of(tiny_tables(emission_factors=factors, services=ferry))
    assert routes_of(network, "east", "west", draws=0)
    with pytest.raises(
        DataError, match=r"row ferry: it carries bulk cargo without TEU such as .* per teu-km; give"
    ):
        routes_of(network, "east", "west", cargo="grain", draws=0)


def test_a_change_that_electrifies_is_seen_beforehand() -> None:
    """A change that puts a line under wires needs the grid of its countries, as check and verbs say."""
    network = daliz.open("eurasia")
    grids = network.store["grids"]
    without = grids.take((grids["country"] != "TR").nonzero()[0])
    found = check_store(network.store.replace(grids=without)).faults
    assert "grids.csv, column country: 'TR': has no row for TR, where trains run electrically" in str(
        found[0]
    )


def test_a_recipe_s_electricity_needs_a_grid() -> None:
    """A recipe that takes electricity in a country without a grid is told: its emissions would be unknown."""
    store = daliz.open("eurasia").store
    grids, recipes, facilities = store["grids"], store["recipes"], store["facilities"]
    drawn = set(recipes["facility_id"][recipes["kwh"] > 0].tolist())
    name = next(c for f, c in zip(facilities.ids, facilities["country"], strict=True) if f in drawn)
    less = store.replace(grids=grids.take((grids["country"] != name).nonzero()[0]))
    found = [str(f) for f in check_store(less).faults if f.file == "recipes.csv"]
    assert found
    assert all(
        f"{name}, where its facility stands, has no row in grids.csv; add the grid" in f for f in found
    )


def test_electric_traction_of_the_users_own_needs_a_factor(tmp_path: Path) -> None:
    """A user's own change that electrifies a line without a factor is refused, not answered with diesel."""
    folder = edited(tmp_path, "00-base", ("links.csv", "r4,", "t1,alba,dene,rail,600,rail\nr4,"))
    plain = Network(open_store(folder), Period.of_year(2024))
    network = plain.change(daliz.Set("links", "t1", "electrified_share", 1.0))
    with pytest.raises(
        DataError, match="There is no one kWh factor for electric rail on t1; add a row of basis"
    ):
        routes_of(network, "alba", "dene", draws=0)


@given(
    st.integers(1, 4),
    st.integers(0, 9_999),
    st.integers(1, 9_999),
)
def test_rounded_sums_hold_and_wrong_ones_do_not(digits: int, wtt: int, ttw: int) -> None:
    """Parts and whole that are rounded apart sum up; one that is wrong by three units of the last digit does not."""
    parts = wtt / 1e5, ttw / 1e5
    whole = sum(parts)
    rounded = [round(x, digits) for x in (*parts, whole)]
    if 0.05 * rounded[2] < 1.5 * 10.0**-digits:
        return  # so few digits tell nothing
    finest = max(len(f"{x:.{digits}f}".rstrip("0").partition(".")[2]) for x in rounded)
    if finest == digits:
        assert sums_up(*rounded)
    wrong = round(rounded[0] + rounded[1] + 3 * 10.0**-digits, digits)
    if len(f"{wrong:.{digits}f}".rstrip("0").partition(".")[2]) == digits:
        assert not sums_up(rounded[0], rounded[1], wrong)
