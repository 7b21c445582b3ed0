"""Write answers to standard output, and say so when it is that which fails."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from daliz.errors import OutputError, ReaderGoneError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class StandardOutput:
    """Stand in for standard output: its failures are errors of Daliz that name it.

    Parameters
    ----------
    stream
        Standard output of the process; None if it was closed before the process began.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._closed = stream is None
        self._stream = io.StringIO() if stream is None else _whole(stream)
        self._at_once = self._stream is not stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write a text.

        Raises
        ------
        OutputError
            If standard output is full, closed or cannot show a letter of it.
        ReaderGoneError
            If the program that was to read it has ended.
        """
        with self._told():
            count = self._stream.write(text)
            if self._at_once:
                self._stream.flush()
            return count

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts, as `write` does."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand on what was written, with the errors of `write`."""
        if not self._closed:
            with self._told():
                self._stream.flush()

    def let_go(self) -> None:
        """Send what is still to come nowhere, so that the end of the process does not fail once more."""
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            try:
                os.dup2(nowhere, self._stream.fileno())
            finally:
                os.close(nowhere)

    @contextmanager
    def _told(self) -> Iterator[None]:
        if self._closed:
            raise OutputError("Standard output is closed, so the answer has nowhere to go; leave it open.")
        try:
            yield
        except BrokenPipeError as error:
            raise ReaderGoneError("The program that reads standard output has ended.") from error
        except UnicodeEncodeError as error:
            raise OutputError(
                f"Standard output cannot show {error.object[error.start : error.end]!r} in {error.encoding}; "
                "set PYTHONIOENCODING=utf-8."
            ) from error
        except OSError as error:
            raise OutputError(
                f"Standard output could not be written: {error.strerror or error}; the answer is not whole; "
                "make room there or send it elsewhere."
            ) from error


def _whole(stream: TextIO) -> TextIO:
    """Return a stream that writes all of a text or fails.

    Standard output without a buffer (``PYTHONUNBUFFERED``) loses in silence what the system does not take at once.
    """
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    again = io.BufferedWriter(io.FileIO(raw.fileno(), "w", closefd=False))
    return io.TextIOWrapper(again, encoding=stream.encoding, errors=stream.errors)
