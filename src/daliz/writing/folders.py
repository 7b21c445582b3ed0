"""Write a folder of files in one step: all of the old stands, or all of the new.

A folder that holds Daliz's own files alone is exchanged for a new one in one step of the system. Where that
cannot be (files of others in it, a mount, one's own working folder, a system that has no such step) the new
files are written whole inside the folder, under a name that says so (``.daliz-whole-``), and then moved to
their places one by one; what a kill leaves of that is carried on by the next who reads or writes the folder.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from daliz.errors import WriteError
from daliz.writing.places import CLOSED, encoded, mend, need_parent, real, told
from daliz.writing.scratch import NEW, WHOLE, clear, flush_folder, held, names, scratch_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

FILES, GONE = "files", "gone"
"""Parts of a folder under way: what takes its place, and empty files that name what goes."""
EXCHANGE, HERE = 2, -100
"""RENAME_EXCHANGE and AT_FDCWD of Linux."""


@dataclass(frozen=True)
class FolderKind:
    """What Daliz writes into a folder of a kind, and how it knows one.

    Attributes
    ----------
    noun
        What it is, as "package".
    own
        Whether a file of it, by its path inside the folder, is written by Daliz; own files that are no longer
        among the new are removed.
    mark
        File by which a folder is known as one of the kind; blank if any folder may be written into.
    shared
        Whether files of others may lie beside; they are never touched.
    parents
        Whether the folders above it are made.
    """

    noun: str
    own: Callable[[str], bool]
    mark: str = ""
    shared: bool = True
    parents: bool = False


def write_folder(path: str | Path, files: Mapping[str, str | bytes], kind: FolderKind) -> Path:
    """Write the files of a folder whole or not at all, under kills and on a full disk too.

    Parameters
    ----------
    path
        The folder, made if it does not exist.
    files
        Contents by path inside the folder, as "briefs/brief.toml".
    kind
        What the folder is.

    Raises
    ------
    WriteError
        If the folder is not of the kind, or cannot be written; the message says why and what to do.
    """
    target = real(path)
    contents = {name: encoded(path, content) for name, content in files.items()}
    check_folder(path, kind)
    with told(path):
        made = _make_parents(target) if kind.parents else []
        try:
            recover(target)
            if target.exists() or not _write_first(target, contents):
                check_folder(path, kind)
                _replace(target, contents, kind)
        except BaseException:
            for folder in made:
                with suppress(OSError):
                    folder.rmdir()
            raise
        flush_folder(target.parent)
    return Path(path)


def check_folder(path: str | Path, kind: FolderKind) -> None:
    """Refuse a folder that could not be written, before the work for it is done; nothing is changed.

    Raises
    ------
    WriteError
        If something else stands there, or the folder above it does not exist.
    """
    target = real(path)
    with told(path):
        if os.path.lexists(target) and not target.is_dir():
            left = f"exists and is no {kind.noun}, so it is left as it is"
            raise WriteError(
                f"{path} {left if kind.mark else 'cannot be made: it is a file'}; choose another folder."
            )
        if not kind.parents:
            need_parent(target)
        _need_right(target)
        if not target.exists():
            return
        others = list(_others(target, kind))
        marked = not kind.mark or (target / kind.mark).is_file() or bool(names(target, WHOLE))
        if (not marked and any(target.iterdir())) or (others and not kind.shared):
            held_by = f" (it holds {others[0]})" if others else ""
            raise WriteError(
                f"{path} exists and is no {kind.noun}, so it is left as it is{held_by}; choose another folder."
            )


def _need_right(target: Path) -> None:
    """Refuse a folder that one may not write into, or above which none may be made."""
    standing = next(folder for folder in (target, *target.parents) if folder.exists())
    if not os.access(standing, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))


@contextmanager
def working_folder(files: Mapping[str, str | bytes]) -> Iterator[Path]:
    """Lay files out in a folder of their own for a library that reads them there; it is removed at the end.

    Raises
    ------
    WriteError
        If the folder for temporary files takes no more.
    """
    import tempfile

    above = Path(tempfile.gettempdir())
    with told(above):
        clear(above)
        with scratch_folder(above) as scratch:
            _fill(scratch, {name: encoded(above, content) for name, content in files.items()})
            yield scratch


def recover(folder: str | Path) -> None:
    """Carry on in a folder what a kill left half done, and clear away what was never whole, there and beside it.

    Raises
    ------
    WriteError
        If files wait there for their places and cannot be moved.
    """
    target = real(folder)
    finish(target)
    clear(target)
    clear(target.parent)


def finish(target: Path) -> None:
    """Move the whole files that wait in a folder to their places.

    Raises
    ------
    WriteError
        If they cannot be moved.
    """
    for name in names(target, WHOLE):
        try:
            with held(target):
                if (target / name).is_dir():
                    _put(target / name, target)
        except OSError as error:
            raise _unfinished(target, name, error) from error


def _unfinished(target: Path, name: str, error: OSError) -> WriteError:
    return WriteError(
        f"{target} is half written: {error.strerror or error}; the rest lies whole in {name} inside it and is "
        f"put in its place when the folder is next used; {mend(error)}."
    )


def _make_parents(target: Path) -> list[Path]:
    """Make the folders above a place; return those made, the innermost first."""
    missing = [folder for folder in target.parents if not folder.exists()]
    target.parent.mkdir(parents=True, exist_ok=True)
    return missing


def _write_first(target: Path, contents: Mapping[str, bytes]) -> bool:
    """Write a folder where none is; False if another process has meanwhile put one there."""
    with scratch_folder(target.parent) as scratch:
        _fill(scratch, contents)
        try:
            scratch.rename(target)
        except OSError:
            if target.exists():
                return False
            raise
    return True


def _replace(target: Path, contents: Mapping[str, bytes], kind: FolderKind) -> None:
    with held(target):
        for name in contents:
            _need_room(target, name)
        apart = not any(_others(target, kind, contents)) and not _stands_in(target)
        if not (apart and _exchange_folder(target, contents, kind)):
            _write_inside(target, contents, kind)


def _stands_in(target: Path) -> bool:
    """Check whether the process works in a folder: it, and the shell that began it, would lose it."""
    try:
        return Path.cwd().is_relative_to(target)
    except OSError:
        return False


def _exchange_folder(target: Path, contents: Mapping[str, bytes], kind: FolderKind) -> bool:
    """Exchange a folder for a new one in one step; False where the system cannot, and nothing is changed."""
    try:
        with scratch_folder(target.parent) as scratch:
            _fill(scratch, contents)
            scratch.chmod(stat.S_IMODE(target.stat().st_mode))
            if not _exchange(scratch, target):
                return False
            # whatever another program put there in the last moment is not Daliz's to remove
            for name in _others(scratch, kind, contents):
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                (scratch / name).rename(target / name)
    except OSError as error:
        if error.errno in CLOSED:  # the folder above it may not be written to
            return False
        raise
    return True


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step, where the system has one for that."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes

    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return int(rename(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE)) == 0


def _write_inside(target: Path, contents: Mapping[str, bytes], kind: FolderKind) -> None:
    """Write the files whole inside the folder, and then put each in its place."""
    old = [name for name in _files(target) if kind.own(name) and name not in contents]
    with scratch_folder(target) as scratch:
        _fill(scratch / FILES, contents)
        _fill(scratch / GONE, dict.fromkeys(old, b""))
        flush_folder(scratch)
        whole = target / scratch.name.replace(NEW, WHOLE)
        scratch.rename(whole)
        flush_folder(target)
        try:
            _put(whole, target)
        except OSError as error:
            raise _unfinished(target, whole.name, error) from error


def _put(whole: Path, target: Path) -> None:
    """Move whole files to their places; may be carried on however often it is broken off."""
    fresh, gone = (list(_files(part)) if part.is_dir() else [] for part in (whole / FILES, whole / GONE))
    for name in fresh:
        _need_room(target, name)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (whole / FILES / name).replace(target / name)
    for name in gone:
        _need_room(target, name)
        with suppress(FileNotFoundError):
            (target / name).unlink()
        with suppress(OSError):
            (target / name).parent.rmdir()
    flush_folder(target)
    # under the name of what is not whole it is never carried on again
    scratch = whole.with_name(whole.name.replace(WHOLE, NEW))
    whole.rename(scratch)
    shutil.rmtree(scratch, ignore_errors=True)


def _need_room(target: Path, name: str) -> None:
    """Refuse a place inside a folder where a folder stands, or that a link leads out of it."""
    inner = PurePosixPath(name)
    for above in list(inner.parents)[:-1]:
        place = target / above
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            raise NotADirectoryError(errno.ENOTDIR, f"{above} in it is no folder of its own", str(place))
    if (target / name).is_dir():
        raise IsADirectoryError(
            errno.EISDIR, f"{name} in it is a folder, where a file goes", str(target / name)
        )


def _fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into a new folder, which is made with the folders inside."""
    folders = {folder / above for name in contents for above in PurePosixPath(name).parents}
    for inner in sorted(folders | {folder}):
        inner.mkdir(exist_ok=True)
    for name, content in contents.items():
        descriptor = os.open(
            folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
        )
        try:
            write_whole(descriptor, content)
        finally:
            os.close(descriptor)
    for inner in folders | {folder}:
        flush_folder(inner)


def _refuse(error: OSError) -> None:
    raise error


def _files(folder: Path) -> Iterator[str]:
    """List the files in a folder and those below by path, links as files, without Daliz's own scratch."""
    for root, inner, files in os.walk(folder, onerror=_refuse):
        inner[:] = sorted(name for name in inner if not name.startswith((NEW, WHOLE)))
        links = [name for name in inner if Path(root, name).is_symlink()]
        for name in sorted((*files, *links)):
            if not name.startswith((NEW, WHOLE)):
                yield Path(root, name).relative_to(folder).as_posix()


def _others(folder: Path, kind: FolderKind, contents: Mapping[str, bytes] | None = None) -> Iterator[str]:
    """List what in a folder is not Daliz's: neither of the kind nor among the new; empty folders count."""
    for root, inner, files in os.walk(folder, onerror=_refuse):
        where = Path(root)
        if where != folder and not inner and not files:
            yield where.relative_to(folder).as_posix()
        inner[:] = sorted(name for name in inner if not name.startswith((NEW, WHOLE)))
        for name in sorted((*files, *(n for n in inner if (where / n).is_symlink()))):
            path = (where / name).relative_to(folder).as_posix()
            if not name.startswith((NEW, WHOLE)) and not kind.own(path) and path not in (contents or ()):
                yield path
