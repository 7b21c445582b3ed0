"""Describe what is wrong with a package, one fault at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Tell one fault: where it stands, the value, what is allowed and how to mend it."""

    file: str
    row: str
    column: str
    value: str
    allowed: str
    mend: str

    def __str__(self) -> str:
        place = ", ".join(
            part for part in (self.file, self.row and f"row {self.row}", self.column and f"column {self.column}") if part
        )
        value = f" {self.value!r}:" if self.value else ""
        return f"{place}:{value} {self.allowed}; {self.mend}."
