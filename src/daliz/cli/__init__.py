"""Run Daliz from the command line: one file per verb, thin."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn, TextIO, cast

if TYPE_CHECKING:
    from daliz.writing import StandardOutput


def main() -> None:
    """Run the command line; errors of Daliz are one sentence on standard error and exit code 2."""
    import gc
    import os

    # The arrays of one question are small: threads of the linear algebra would wait for each other at
    # full load.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

    from daliz.writing import StandardOutput

    # A command lives for a second and makes few circles: collecting them costs more than it frees.
    gc.disable()
    stream, sys.stdout = sys.stdout, cast("TextIO", StandardOutput(sys.stdout))
    try:
        _run(cast("StandardOutput", sys.stdout))
    finally:
        sys.stdout = stream


def _run(output: StandardOutput) -> None:
    """Run the verb that is asked for and flush what it prints, so that the end of the process cannot fail."""
    from daliz.cli.app import app
    from daliz.errors import DalizError, OutputError, ReaderGoneError

    try:
        try:
            app(prog_name="daliz")
        finally:
            output.flush()
    except (BrokenPipeError, ReaderGoneError):
        # whoever reads had enough, as head has; that is no error
        output.let_go()
        sys.stderr.close()
        raise SystemExit(0) from None
    except OutputError as error:
        output.let_go()
        _refuse(str(error))
    except DalizError as error:
        _refuse(str(error))
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        _refuse(f"The file or folder{place} cannot be used: {error.strerror or error}; choose another.")


def _refuse(sentence: str) -> NoReturn:
    """Say in one sentence on standard error why there is no answer, and end with code 2."""
    from daliz.writing import StandardOutput

    try:
        sys.stderr.write(f"daliz: {sentence}\n")
        sys.stderr.flush()
    except (OSError, AttributeError):  # standard error may be full or closed; the code still tells
        StandardOutput(sys.stderr).let_go()
    raise SystemExit(2) from None
