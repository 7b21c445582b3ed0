"""Run Daliz from the command line: one file per verb, thin."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; errors of Daliz are one sentence on standard error and exit code 2."""
    import gc
    import os

    # The arrays of one question are small: threads of the linear algebra would wait for each other at
    # full load.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from daliz.cli.app import app
    from daliz.errors import DalizError

    # A command lives for a second and makes few circles: collecting them costs more than it frees.
    gc.disable()
    try:
        app(prog_name="daliz")
    except DalizError as error:
        sys.stderr.write(f"daliz: {error}\n")
        raise SystemExit(2) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        sys.stderr.write(
            f"daliz: The file or folder{place} cannot be used: {error.strerror or error}; choose another.\n"
        )
        raise SystemExit(2) from None
