"""Find the duties in force: rows of the table `tariffs` by importer, exporter, product, date and policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.errors import TariffError, did_you_mean
from daliz.tables.changes import SWITCHES, gather_changes
from daliz.tables.check_duties import COUNTRY
from daliz.tables.schema import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from daliz.tables import Network
    from daliz.tables.changes import Change

Row = dict[str, Any]
OTHERS = "ZZ"


@dataclass(frozen=True)
class Duty:
    """Duty on one exporter's product in one importer.

    Attributes
    ----------
    rate
        Share of value, with the charge on carbon.
    over, quota_usd
        Rate above a quota and the value a year that enters at `rate`; nan and inf without a quota.
    rows
        Rows of `tariffs` that make it.
    """

    rate: float
    over: float
    quota_usd: float
    rows: tuple[str, ...]


def policy_row(network: Network, name: str) -> Row:
    """Return the row of a policy.

    Raises
    ------
    TariffError
        If there is none of that name.
    """
    table = network.table("policies")
    if name not in table.position:
        known = (
            f" The policies are {', '.join(str(i) for i in table.ids)}."
            if len(table)
            else " Its table policies has no rows."
        )
        raise TariffError(
            f"{network.name} has no policy {name!r}.{did_you_mean(name, table.position)}{known}"
        )
    return table.row(name)


def tariffs_on(network: Network, when: date) -> tuple[Row, ...]:
    """Return the rows of `tariffs` in force on a day, under the changes of the network.

    The day of a policy decides, not the period of the network: a policy of another year is held against the
    trade of this one. Sets of changes hold on their days, the user's own on all.

    Raises
    ------
    TariffError
        If the table has no rows, a code is none, two rows are the same, or a change makes a rate or a quota what
        it cannot be.
    """
    found: Any = network.once(f"tariffs {when}", lambda: _checked(network, tuple(_in_force(network, when))))
    return found  # type: ignore[no-any-return]


def _checked(network: Network, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    if not len(network.store["tariffs"]):
        raise TariffError(
            f"{network.name} has no duties: its table tariffs has no rows. Add those that hold, with a rate of 0 "
            "where trade is free."
        )
    unions = set(network.table("unions")["code"].tolist())
    for row in network.store["tariffs"].rows():
        for column in ("importers", "exporters"):
            for code in str(row[column]).split():
                if not (COUNTRY.fullmatch(code) or code in unions):
                    raise TariffError(
                        f"tariffs.csv, row {row['id']}, column {column}: {code!r} is no ISO code of two capitals and "
                        f"no code of unions.csv.{did_you_mean(code, unions)} Correct it, or the duty falls on nobody."
                    )
    seen: dict[tuple[str, ...], str] = {}
    for row in rows:
        key = tuple(str(v) for c, v in row.items() if c != "id")
        if key in seen:
            raise TariffError(
                f"tariffs.csv: rows {seen[key]} and {row['id']} are the same and would count twice; leave one."
            )
        seen[key] = str(row["id"])
    return rows


def _in_force(network: Network, when: date) -> Iterator[Row]:
    own = [edit.as_change() for edit in network.edits]
    day = np.datetime64(when, "D")
    changes: dict[str, list[Change]] = {}
    for change in gather_changes(network.store, network.added, network.removed, own):
        if change.cell.table == "tariffs" and change.active(day):
            changes.setdefault(change.cell.row, []).append(change)
    for written in network.store["tariffs"].rows():
        row, holds = dict(written), _holds_on(written, when)
        for change in changes.get(str(row["id"]), []):
            if change.op in SWITCHES:
                holds = change.op == "open"
            else:
                row[change.cell.column] = _bounded(row["id"], change, change.apply(row[change.cell.column]))
        if holds:
            yield row


def _bounded(row: str, change: Change, value: float) -> float:
    """Refuse what a change makes of a cell beyond the bounds of its column."""
    column = schema()["tariffs"].columns[change.cell.column]
    low, high = (np.inf * s if b is None else b for b, s in ((column.minimum, -1), (column.maximum, 1)))
    if not low <= value <= high:
        raise TariffError(
            f"{change} makes the {column.name} of tariffs.csv, row {row}, {value:g}; it must be from {low:g} to "
            f"{high:g}. Change it by less."
        )
    return value


def duty(network: Network, policy: str, importer: str, exporter: str, product: str) -> Duty:
    """Find the duty on a product under a policy at its date.

    The rate is that of MFN and, unless an exemption waives them, all additional ones; an exemption leaves
    its own rate of them, and of several the lowest counts. A row that names policies holds only under
    these, and an MFN row that does takes the place of the record. A charge on carbon adds USD per kg
    times kg per tonne over USD per tonne, and does not fall on home goods.

    Raises
    ------
    TariffError
        If the policy or product is unknown, or a row lacks a figure it needs.
    """
    when = policy_row(network, policy)["date"]
    products = network.table("products")
    if product not in products.position:
        raise TariffError(
            f"{network.name} has no product {product!r}.{did_you_mean(product, products.position)}"
        )
    if exporter == importer:
        return Duty(0.0, np.nan, np.inf, ())
    rows = [
        r
        for r in tariffs_on(network, when)
        if _fits(r, importer, exporter, product)
        and (not r["policies"] or policy in str(r["policies"]).split())
    ]
    mfn = _mfn(rows, policy)
    extra = [r for r in rows if r["kind"] == "additional"]
    waived = [r for r in rows if r["kind"] == "exemption"]
    carbon = [r for r in rows if r["kind"] == "carbon"]
    added = sum(float(r["rate"]) for r in extra)
    if waived:
        added = min(added, *(float(r["rate"]) for r in waived))
    rate = (float(mfn["rate"]) if mfn else 0.0) + added + _carbon(carbon, products.row(product))
    quotas = [r for r in rows if r["kind"] == "quota"]
    used = [*([mfn] if mfn else []), *extra, *waived, *carbon, *quotas]
    names = tuple(str(r["id"]) for r in used)
    if not quotas:
        return Duty(rate, np.nan, np.inf, names)
    if len(quotas) > 1 or not quotas[0]["quota_usd"] >= 0:
        raise TariffError(
            f"tariffs.csv, row {quotas[0]['id']}: a product has one quota at a time and it needs "
            f"quota_usd; mend {' and '.join(r['id'] for r in quotas)}."
        )
    return Duty(rate, rate + float(quotas[0]["rate"]), float(quotas[0]["quota_usd"]), names)


def _fits(row: Row, importer: str, exporter: str, product: str) -> bool:
    return (
        importer in str(row["importers"]).split()
        and (not row["exporters"] or exporter in str(row["exporters"]).split())
        and (not row["product_ids"] or product in str(row["product_ids"]).split())
    )


def _holds_on(row: Row, when: date) -> bool:
    begins, ends = row["from_date"], row["to_date"]
    return not (begins and begins > when) and not (ends and ends <= when)


def _mfn(rows: Sequence[Row], policy: str) -> Row | None:
    found = [r for r in rows if r["kind"] == "mfn"]
    own = [r for r in found if policy in str(r["policies"]).split()]
    kept = own or found
    if len(kept) > 1:
        raise TariffError(
            f"tariffs.csv: rows {' and '.join(r['id'] for r in kept)} both give an MFN duty for the "
            "same goods; leave one."
        )
    return kept[0] if kept else None


def _carbon(rows: Sequence[Row], product: Row) -> float:
    if not rows:
        return 0.0
    kg, price = float(product["kg_co2e_per_t"]), float(product["usd_per_t"])
    if not kg >= 0:
        raise TariffError(
            f"products.csv, row {product['id']}: {rows[0]['id']} charges its carbon, so it needs "
            "kg_co2e_per_t."
        )
    return sum(float(r["rate"]) for r in rows) * kg / price
