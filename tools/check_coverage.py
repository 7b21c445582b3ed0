"""Refuse a code base whose tests leave too much of it unseen.

python tools/check_coverage.py coverage.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TOTAL = 92.0  # per cent of lines and branches of all modules together
MODULE = 90.0  # per cent of lines and branches of each module


def shortfalls(report: dict[str, Any]) -> list[str]:
    """Say which modules, and whether all together, stay below what is asked."""
    files = {name: file["summary"]["percent_covered"] for name, file in report["files"].items()}
    said = [
        f"{name}: tests run {share:.1f} % of its lines and branches; {MODULE:g} % are asked."
        for name, share in sorted(files.items(), key=lambda item: item[1])
        if share < MODULE
    ]
    total = report["totals"]["percent_covered"]
    if total < TOTAL:
        said.append(f"All modules: tests run {total:.1f} % of lines and branches; {TOTAL:g} % are asked.")
    return said


def main(path: str) -> int:
    """Print the shortfalls of a report of coverage; the exit code is 1 if there are any."""
    report = json.loads(Path(path).read_text(encoding="utf-8"))
    said = shortfalls(report)
    print("\n".join(said) or f"Tests run {report['totals']['percent_covered']:.1f} % of lines and branches.")
    return bool(said)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
