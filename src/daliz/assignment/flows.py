"""The flows of an assignment: volumes, queues, bottlenecks and skims, with the certificate of the run."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from daliz.assignment.flow_tables import FlowTables
from daliz.writing import FolderKind, csv_text, write_folder

if TYPE_CHECKING:
    from pathlib import Path

    from daliz.assignment.outcome import Outcome, Terms
    from daliz.paths.model import Model

BALANCE = 1e-9
TABLES = ("links", "services", "corridors", "skims", "bottlenecks")
MARK = "run.json"
RUN = FolderKind(
    "run", frozenset({MARK, *(f"{n}.csv" for n in TABLES)}).__contains__, MARK, shared=False, parents=True
)
"""What a run is among folders."""


@dataclass(frozen=True)
class Flows(FlowTables):
    """The flows of an assignment with its certificate.

    Attributes
    ----------
    model
        What was assigned, with the routes used.
    method
        sue, due, so or capacity.
    terms
        When it was to end.
    found
        Flows, volumes, delays, prices and certificate.
    """

    model: Model
    method: str
    terms: Terms
    found: Outcome

    def __post_init__(self) -> None:
        # conservation: what each pair sends goes on its routes or is told as unserved
        sent = np.bincount(self.routes.pair, self.flow, len(self.unserved)) + self.unserved
        wanted = self.model.units
        worst = float(np.abs(sent - wanted).max(initial=0.0))
        if not worst <= BALANCE * max(float(wanted.sum()), 1.0):
            raise AssertionError(
                f"Flows are lost from the books: {worst:g} units of a pair. This is a fault of "
                "Daliz; please report it."
            )

    def __repr__(self) -> str:
        state = "converged" if self.converged else "NOT CONVERGED"
        how = ", ".join(f"{k} {v:.2g}" for k, v in self.certificate.items())
        totals = self.totals()
        projected = ", projected" if self.network.projected else ""
        return (
            f"<Flows of {self.network.name} {self.network.year}{projected} by {self.method}: "
            f"{totals['kt']:,.0f} kt, {totals['teu']:,.0f} TEU on "
            f"{len(self.flow):,} routes; unserved {totals['unserved_kt']:,.1f} kt; {state} ({how})>"
        )

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def as_dict(self) -> dict[str, Any]:
        """Return the certificate and totals as plain values."""
        return {
            "network": self.network.name,
            "version": self.network.version,
            "year": self.network.year,
            "projected": self.network.projected,
            "under": list(self.network.added),
            "without": list(self.network.removed),
            "digest": self.network.digest,
            "method": self.method,
            "converged": self.converged,
            "certificate": self.certificate,
            "shock": self.model.shock.name if self.model.shock else "",
            "asked": {
                "method": self.method,
                **{k: v for k, v in asdict(self.terms).items() if math.isfinite(v)},
                "values": self.model.choice.values,
            },
            "totals": self.totals(),
            "cut": self.cut_rows(),
            "notes": self.notes,
            "demand": "marginals with evidence, split over pairs synthetic"
            if self.demand.markets
            else "given",
        }

    def save(self, folder: str | Path) -> Path:
        """Write run.json and a CSV each of links, bottlenecks, services, corridors and skims into a folder.

        The run is written whole or not at all; an earlier run there stands until then.

        Raises
        ------
        WriteError
            If the folder exists and is no run, holds files of others too, or cannot be written.
        """
        tables = {
            "links": self.links(),
            "services": self.services(),
            "corridors": self.corridors(),
            "skims": self.skims(),
            "bottlenecks": self.bottlenecks(len(self.capacities)),
        }
        files = {f"{name}.csv": csv_text(rows, () if rows else ["none"]) for name, rows in tables.items()}
        files[MARK] = json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n"
        return write_folder(folder, files, RUN)
