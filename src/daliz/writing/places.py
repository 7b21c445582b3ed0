"""Say in a sentence why a place cannot be written."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from daliz.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
MEND = "choose another place"


def real(path: str | Path) -> Path:
    """Return the place that a path leads to; links are followed, so that they stay and lead to the new.

    Raises
    ------
    WriteError
        If no file can have this name.
    """
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError) as error:
        raise WriteError(f"{str(path)!r} names no file or folder ({error}); choose another name.") from error


def need_parent(target: Path) -> None:
    """Refuse a place whose folder does not exist.

    Raises
    ------
    WriteError
        If its folder does not exist.
    """
    if not target.parent.is_dir():
        raise WriteError(f"The folder {target.parent} does not exist; make it or choose another.")


@contextmanager
def told(path: str | Path) -> Iterator[None]:
    """Say in a sentence what the system refuses while a place is written.

    Raises
    ------
    WriteError
        In place of every error of the system.
    """
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"{path} could not be written: {error.strerror or error}; nothing was changed; {mend(error)}."
        ) from error


def mend(error: OSError) -> str:
    """Say what to do where the system refuses."""
    if error.errno in FULL:
        return "make room there or choose another place"
    if error.errno in CLOSED:
        return "get the right to write there or choose another place"
    if isinstance(error, TimeoutError):
        return "wait until it is done, or choose another place"
    return MEND


def encoded(path: str | Path, content: str | bytes) -> bytes:
    """Return a text as UTF-8.

    Raises
    ------
    WriteError
        If it holds half a character.
    """
    try:
        return content if isinstance(content, bytes) else content.encode("utf-8")
    except UnicodeEncodeError as error:
        raise WriteError(
            f"{path} could not be written: {error}; nothing was changed; mend the text."
        ) from error
