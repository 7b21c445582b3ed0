"""Ask for the libraries of the extra `assign`."""

from __future__ import annotations

from importlib.util import find_spec

from daliz.errors import ExtraError


def need(*libraries: str) -> None:
    """Tell how to install what is missing.

    Raises
    ------
    ExtraError
        If a library is not installed.
    """
    missing = [x for x in libraries if find_spec(x) is None]
    if missing:
        raise ExtraError(
            f"Assignment needs {' and '.join(missing)}, which is not installed; run: pip install 'daliz[assign]'."
        )
