"""Write a file in one step: whoever reads it sees the old or the new, whole."""

from __future__ import annotations

import csv
import io
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daliz.errors import WriteError
from daliz.writing.folders import finish
from daliz.writing.places import encoded, need_parent, real, told
from daliz.writing.scratch import clear, flush_folder, scratch_file, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def write_file(path: str | Path, content: str | bytes) -> Path:
    """Write a file whole or not at all, under kills and on a full disk too; the old stands until then.

    A link is followed and stays, the rights of an old file are kept, and what is no file but takes bytes,
    such as a pipe, is written straight.

    Parameters
    ----------
    path
        The file; its folder exists.
    content
        Bytes, or a text that becomes UTF-8.

    Raises
    ------
    WriteError
        If the file cannot be written; the message says why and what to do.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_file(f"{folder}/answer.txt", "42").read_text()
    '42'
    """
    target, data = real(path), encoded(path, content)
    with told(path):
        old = _old(path)
        if old is not None and not stat.S_ISREG(old.st_mode):
            _pour(Path(path), data)
            return Path(path)
        need_parent(target)
        finish(target.parent)
        clear(target.parent)
        with scratch_file(target.parent) as (descriptor, scratch):
            write_whole(descriptor, data)
            if old is not None:
                _keep_rights(scratch, old)
            scratch.replace(target)
        flush_folder(target.parent)
    return Path(path)


def write_new_file(path: str | Path, content: str | bytes) -> Path:
    """Write a file that must not exist yet, whole or not at all.

    Raises
    ------
    WriteError
        If something stands there, or the file cannot be written.
    """
    target, data = real(path), encoded(path, content)
    with told(path):
        need_parent(target)
        finish(target.parent)
        clear(target.parent)
        with scratch_file(target.parent) as (descriptor, scratch):
            write_whole(descriptor, data)
            try:
                os.link(scratch, target)
            except FileExistsError:
                raise WriteError(f"{path} exists and is left as it is; choose another name.") from None
        flush_folder(target.parent)
    return Path(path)


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    r"""Write rows as CSV with a header; without columns named, those of the first row.

    Examples
    --------
    >>> csv_text([{"link": "a-b", "km": 3.0}])
    'link,km\na-b,3.0\n'
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns or list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _old(path: str | Path) -> os.stat_result | None:
    """Look at what stands in the place of a file."""
    try:
        old = Path(path).stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(old.st_mode):
        raise WriteError(f"{path} is a folder, where a file is to be written; name a file.")
    if not os.access(path, os.W_OK):
        raise WriteError(
            f"{path} is protected against writing and left as it is; lift that or choose another name."
        )
    return old


def _pour(target: Path, data: bytes) -> None:
    """Write to a pipe or a device, which cannot be exchanged."""
    with target.open("wb", buffering=0) as out:
        left = memoryview(data)
        while left:
            left = left[out.write(left) or 0 :]


def _keep_rights(scratch: Path, old: os.stat_result) -> None:
    """Hand on the owner, where that is allowed, and the rights of the old file."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(scratch, old.st_uid, old.st_gid)
    scratch.chmod(stat.S_IMODE(old.st_mode))
