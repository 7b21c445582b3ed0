r"""Write down the rows of one small package for tests.

The tiny package, rail ``=``, road ``-``, sea ``~``; the rail is 1435 mm from east to gate and 1520 mm
after it::

          CN |            KZ             | Caspian |     AZ
      east ==|== gate ==== mid ==== port ~~~~|~~~~ quay ==== west
          ---|---    -----     ----                 \------/
                          \---------------|----------------/   a long road from mid to west
"""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def tiny_rows() -> Tables:
    """Make the rows of the tiny package by table, without evidence."""
    return _places() | _crossings() | _lines() | _goods() | _history() | _papers()


def _table(header: str, *rows: str) -> list[Row]:
    """Read rows written with | between the cells; numbers become numbers, blanks are left out."""
    names = [name.strip() for name in header.split("|")]
    cells = [[cell.strip() for cell in row.split("|")] for row in rows]
    return [{n: _plain(c) for n, c in zip(names, row, strict=True) if c} for row in cells]


def _plain(cell: str) -> Any:
    if cell in {"yes", "no"}:
        return cell == "yes"
    try:
        return float(cell)
    except ValueError:
        return cell


def _named(*rows: str) -> list[Row]:
    return _table("id | name_en | name_kk | name_ru", *(f"{r} | {r} | {r} | {r}" for r in rows))


def _places() -> Tables:
    nodes = _table(
        "id | country | kind | lat | lon | locode",
        "east | CN | city    | 45.0 | 84.0 | CNEST",
        "gate | KZ | border  | 45.2 | 82.5 | ",
        "mid  | KZ | city    | 45.0 | 75.0 | KZMID",
        "port | KZ | port    | 43.6 | 51.2 | KZPRT",
        "quay | AZ | port    | 40.4 | 49.9 | ",
        "west | AZ | city    | 41.0 | 46.0 | AZWST",
    )
    names = {
        "east": "Шығыс Восток",
        "gate": "Қақпа Ворота",
        "mid": "Орта Середина",
        "port": "Айлақ Порт",
        "quay": "Жағалау Причал",
        "west": "Батыс Запад",
    }
    for row in nodes:
        kazakh, russian = names[row["id"]].split()
        row |= {
            "name_en": row["id"].capitalize(),
            "name_kk": kazakh,
            "name_ru": russian,
            "position_source": "atlas",
        }
    links = _table(
        "id              | from_node | to_node | mode | gauge_mm | length_km | speed_class | tracks",
        "rail-east-gate  | east | gate | rail | 1435 | 150  | rail-cn | 2",
        "rail-gate-mid   | gate | mid  | rail | 1520 | 700  | rail-kz | 2",
        "rail-mid-port   | mid  | port | rail | 1520 | 2200 | rail-kz | 1",
        "rail-quay-west  | quay | west | rail | 1520 | 400  | rail-az | 1",
        "road-east-gate  | east | gate | road |      | 160  | road    | ",
        "road-gate-mid   | gate | mid  | road |      | 750  | road    | ",
        "road-mid-port   | mid  | port | road |      | 2400 | road    | ",
        "road-quay-west  | quay | west | road |      | 420  | road    | ",
        "road-mid-west   | mid  | west | road |      | 4000 | road    | ",
        "sea-port-quay   | port | quay | sea  |      | 380  | sea     | ",
    )
    shapes = [{"link_id": "rail-gate-mid", "geometry": "LINESTRING (82.5 45.2, 79 45.4, 75 45)"}]
    speeds = _table(
        (
            "id      | mode | country | speed_km_h | single_speed_km_h | speed_cv | electrified_share | "
            "factor_id"
        ),
        (
            "rail-cn | rail | CN      | 50         | 25                | 0.1      | 1                 | "
            "rail-diesel"
        ),
        (
            "rail-kz | rail | KZ      | 40         | 20                | 0.2      | 0                 | "
            "rail-diesel"
        ),
        (
            "rail-az | rail | AZ      | 35         | 18                | 0.2      | 0.5               | "
            "rail-diesel"
        ),
        "road    | road |         | 45         | 45                | 0.2      |                   | truck",
        "sea     | sea  |         | 20         | 20                | 0.15     |                   | ship",
    )
    waters = [
        {"id": "caspian", "name_en": "Caspian Sea", "name_kk": "Каспий теңізі", "name_ru": "Каспийское море"}
    ]
    link_waters = [{"link_id": "sea-port-quay", "water_id": "caspian"}]
    return {
        "nodes": nodes,
        "links": links,
        "waters": waters,
        "link_waters": link_waters,
        "shapes": shapes,
        "speeds": speeds,
    }


def _crossings() -> Tables:
    terminal_classes = _table(
        "id     | hours | hours_sd | document_hours | usd_40 | usd_t | kg_co2e_t | kg_co2e_container",
        "yard   | 12    | 8        | 4              | 60     | 3     | 0.6       | 10.7",
        "depot  | 6     | 4        | 1              | 25     | 1.2   | 0.3       | 6",
        "quays  | 24    | 16       | 8              | 150    | 6     | 0.6       | 10.7",
        "gauge  | 10    | 6        | 2              | 40     | 2     | 0.3       | 5",
    )
    kinds = {"rail": "yard", "road": "depot", "sea": "quays"}
    served = (
        "east-rail east-road mid-rail mid-road port-rail port-road port-sea quay-rail quay-road quay-sea "
        "west-rail west-road"
    )
    terminals: list[Row] = [
        {
            "id": name,
            "node_id": name.split("-")[0],
            "mode": name.split("-")[1],
            "operation": "handling",
            "class_id": kinds[name.split("-")[1]],
        }
        | ({"weather_id": "port"} if name == "port-sea" else {})
        for name in served.split()
    ]
    terminals.append(
        {
            "id": "gate-gauge",
            "node_id": "gate",
            "mode": "rail",
            "operation": "gauge-change",
            "class_id": "gauge",
            "hours": 9.0,
        }
    )
    weather: list[Row] = [
        {
            "id": f"port-{m:02d}",
            "site": "port",
            "month": m,
            "closed_share": 0.25 if m in {11, 12, 1, 2} else 0.05,
            "spell_days": 1.5,
        }
        for m in range(1, 13)
    ]
    border_classes = _table(
        "id          | border_hours | border_hours_sd | document_hours | fee_usd",
        "rail-border | 8            | 6               | 4              | 100",
        "road-border | 12           | 9               | 4              | 200",
    )
    borders: list[Row] = [
        {"id": f"{link}-{way}", "link_id": link, "direction": way, "class_id": f"{link[:4]}-border"}
        for link in ("rail-east-gate", "road-east-gate", "road-mid-west")
        for way in ("forward", "backward")
    ]
    borders[0]["border_hours"] = 16.0
    return {
        "terminal_classes": terminal_classes,
        "terminals": terminals,
        "weather": weather,
        "border_classes": border_classes,
        "borders": borders,
    }


def _lines() -> Tables:
    services = _table(
        "id    | name_en          | kind        | mode | operator_id | cargo_groups   | "
        "departures_per_week | "
        "return_departures_per_week | headway_cv | vessels | payload | payload_unit | speed_km_h | factor_id",
        (
            "ferry | Port-Quay feeder | feeder      | sea  | line        | container bulk | 3.5 | 3.5 | "
            "0.5 | 2 | 200 | TEU | 22 | ship"
        ),
        (
            "block | East-Port block  | block-train | rail | railway     | container      | 7   | 7   | "
            "0.2 |   | 100 | TEU |    | "
        ),
    )
    stops = _table(
        "id       | service_id | sequence | node_id | call | dwell_hours | run_hours",
        "ferry-01 | ferry      | 1        | port    | both |             | ",
        "ferry-02 | ferry      | 2        | quay    | both |             | ",
        "block-01 | block      | 1        | east    | both |             | ",
        "block-02 | block      | 2        | gate    | pass |             | ",
        "block-03 | block      | 3        | mid     | both | 3           | ",
        "block-04 | block      | 4        | port    | both |             | 60",
    )
    rates = _table(
        (
            "id               | mode | country | service_id | cargo_group | direction | basis     | kind "
            " | usd_fixed | usd_per_km | price_year | index_id"
        ),
        (
            "rail-container   | rail |         |            | container   | both      | line-haul | "
            "price |      | 0.6  | 2024 | "
        ),
        (
            "rail-container-kz| rail | KZ      |            | container   | both      | line-haul | "
            "price |      | 0.5  | 2022 | railway"
        ),
        (
            "rail-bulk        | rail |         |            | bulk        | both      | line-haul | "
            "price |      | 0.02 | 2024 | "
        ),
        (
            "road-container   | road |         |            | container   | both      | line-haul | "
            "price |      | 1.5  | 2024 | "
        ),
        (
            "road-bulk        | road |         |            | bulk        | both      | line-haul | "
            "price |      | 0.08 | 2024 | "
        ),
        (
            "ferry-container  | sea  |         | ferry      | container   | both      | port-port | "
            "price | 900  |      | 2024 | "
        ),
        (
            "ferry-bulk       | sea  |         | ferry      | bulk        | both      | port-port | "
            "price | 20   |      | 2024 | "
        ),
    )
    indices: list[Row] = [
        {"id": f"railway-{y}", "series": "railway", "year": y, "value": 100.0 * 1.05 ** (y - 2020)}
        for y in range(2020, 2031)
    ]
    for row in indices:
        row["value"] = round(row["value"], 2)
    operators = _table("id | name_en | country", "line | A line | AZ", "railway | A railway | KZ")
    return {"services": services, "stops": stops, "rates": rates, "indices": indices, "operators": operators}


def _goods() -> Tables:
    cargoes = _table(
        "id           | rate_group | unit | containers | teu | payload_t | gross_t | rate_units | "
        "value_usd | "
        "value_of_time_usd_h | reliability_ratio",
        "container-40 | container | one laden 40 ft container | 1 | 2 | 20 | 24 | 1  | 60000 | 8    | 0.9",
        "grain        | bulk      | one tonne of grain        | 0 | 0 | 1  | 1  | 1  | 250   | 0.03 | 0.5",
    )
    for row in cargoes:
        row |= {f"name_{language}": row["id"].capitalize() for language in ("en", "kk", "ru")}
    loads = _table(
        "id | cargo_id | resource | amount",
        "container-40-slot | container-40 | TEU-slot | 2",
        "grain-tonne | grain | tonne | 1",
    )
    emission_factors = _table(
        "id            | name_en         | mode | basis    | wtw_kg | energy_kwh | edition",
        "rail-diesel   | Rail, diesel    | rail | tkm      | 0.0276 |            | first",
        "rail-electric | Rail, electric  | rail | kwh-tkm  |        | 0.024      | first",
        "truck         | Truck           | road | tkm      | 0.095  |            | first",
        "ship          | Ship            | sea  | tkm      | 0.02   |            | first",
    )
    grids = _table("id | country | g_co2e_kwh", "cn | CN | 560", "kz | KZ | 821", "az | AZ | 470")
    hazards = _table(
        "id | scope | scope_id | mode | events_per_year | mean_days | premium_share",
        "country-kz | country | KZ | rail | 0.4 | 2.5 | 0.001",
        "node-port | node | port | sea | 1 | 1 | 0",
    )
    constants = _table(
        "id | value | unit | description", "road-winding | 1.25 | km/km | Road over great circle"
    )
    corridors: list[Row] = _table(
        "id | name_en | name_kk | name_ru | order | any_links | main_mode",
        "middle | Middle | Орта | Средний | 1 | sea-port-quay | ",
        "road | Road | Жол | Дорога | 2 | | road",
        "rail | Rail | Теміржол | Железная дорога | 3 | | rail",
    )
    for row in corridors:
        row["shown"] = True
    return {
        "cargoes": cargoes,
        "loads": loads,
        "emission_factors": emission_factors,
        "grids": grids,
        "hazards": hazards,
        "constants": constants,
        "corridors": corridors,
    }


def _history() -> Tables:
    change_sets = _table(
        "id | kind | history | source_id | description",
        "second-track | project | yes | atlas | Mid-Port gets a second track on 1 July 2026",
        "storm | event | no | atlas | The sea is closed",
        "dear-sea | policy | no | atlas | The ferry costs half as much again",
    )
    for row in change_sets:
        row |= {
            f"name_{language}": row["id"].replace("-", " ").capitalize() for language in ("en", "kk", "ru")
        }
    changes = _table(
        "id | set_id | table | row_id | column | op | value | from_date | to_date",
        "second-track-speed | second-track | links | rail-mid-port | speed_km_h | set | 60 | 2026-07-01 | ",
        "storm-sea | storm | links | sea-port-quay | | close | | 2024-03-01 | 2024-04-01",
        "dear-sea-price | dear-sea | rates | ferry-container | usd_fixed | multiply | 1.5 | 2025-01-01 | ",
    )
    return {"change_sets": change_sets, "changes": changes}


def _papers() -> Tables:
    grades = _table(
        "id | order | sourced | low_factor | high_factor | description",
        "measured | 1 | yes | 0.95 | 1.05 | Measured",
        "derived | 2 | yes | 0.8 | 1.2 | Arithmetic on cited figures",
        "assumption | 3 | no | 0.6 | 1.6 | Chosen by the authors",
    )
    sources = _table(
        "id | title | address",
        "atlas | A made-up atlas | tests/tiny_package.py",
        "assumption | Assumption of the authors | see the note",
    )
    return {"grades": grades, "sources": sources}
