"""Run all measurements and write docs/performance.md from bench/page.md, so that no figure of it is typed.

make bench TNTP=folder-of-networks
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "performance.md"


def printed(*command: str) -> str:
    """Run a script of this folder and return what it prints, showing it too."""
    lines = []
    with subprocess.Popen(
        [sys.executable, *command], cwd=HERE.parent, stdout=subprocess.PIPE, text=True
    ) as run:
        for line in run.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if run.returncode:
        raise SystemExit(f"{' '.join(command)} ended with code {run.returncode}; the page is left as it was.")
    return "".join(lines).strip()


def brief() -> str:
    """Measure the whole brief as a table of one row."""
    with tempfile.TemporaryDirectory() as out:
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [str(Path(sys.executable).parent / "daliz"), "brief", "--out", out]
        subprocess.run(command, check=True, capture_output=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (
        f"| CPU s | wall s | MB at the peak |\n|---|---|---|\n| {cpu:.0f} | {wall:.0f} | "
        f"{after.ru_maxrss / 1e3:,.0f} |"
    )


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tntp", type=Path, help="Folder of TNTP networks.")
    folder = parser.parse_args().tntp
    # first, since the peak of memory is that of the largest child so far
    parts = {"brief": brief()}
    parts["run"] = printed("bench/run.py")
    parts["assignment"] = printed("bench/assignment.py", *(("--tntp", str(folder)) if folder else ()))
    parts["changes"] = printed("bench/changes.py")
    parts["shocks"] = printed("bench/shocks.py")
    parts["chains"] = printed("bench/chains.py")
    parts["options"] = "--tntp folder" if folder else ""
    parts["versions"] = (
        f"Daliz {importlib.metadata.version('daliz')} with Python {platform.python_version()} on "
        f"{os.cpu_count()} virtual processors, "
        f"{platform.system()} {platform.machine()}"
    )
    text = (HERE / "page.md").read_text("utf-8")
    for name, part in parts.items():
        text = text.replace("{{" + name + "}}", part)
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
