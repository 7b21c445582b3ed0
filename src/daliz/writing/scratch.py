"""Make scratch files and folders that are locked while their writer lives, and clear those of the dead."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

try:
    import fcntl
except ImportError:  # Windows has no such locks: there only the age tells what is left over
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEW = ".daliz-new-"
"""Begins the name of what is being written, and of an old folder that is being removed."""
WHOLE = ".daliz-whole-"
"""Begins the name of a folder of files that are whole and wait to be put in their places."""
TRIES = 100
STALE_S = 86_400.0
WAIT_S = 5.0


def lock(descriptor: int | None) -> bool:
    """Take the lock of an open file or folder without waiting; it ends with the process, however that ends."""
    if fcntl is None or descriptor is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def open_folder(path: Path) -> int | None:
    """Open a folder to lock and to flush it; None where the system opens files alone."""
    return None if os.name == "nt" else os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))


def close(descriptor: int | None) -> None:
    """Close what was opened, and so give up its lock."""
    if descriptor is not None:
        os.close(descriptor)


def flush_folder(path: Path) -> None:
    """Have the names in a folder written to disk, where the file system does that for folders."""
    with suppress(OSError):
        descriptor = open_folder(path)
        if descriptor is not None:
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def same(descriptor: int | None, path: Path) -> bool:
    """Check whether a path still names what was opened."""
    if descriptor is None:
        return path.exists()
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def write_whole(descriptor: int, content: bytes) -> None:
    """Write all bytes and flush them, since a full disk is told by some file systems only then."""
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    os.fsync(descriptor)


@contextmanager
def scratch_file(folder: Path) -> Iterator[tuple[int, Path]]:
    """Make an empty file of an unused name, locked until it has been moved to its place; else it is removed."""
    for _ in range(TRIES):
        path = folder / f"{NEW}{os.urandom(6).hex()}"
        with suppress(FileExistsError):
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
            )
            if lock(descriptor) and same(descriptor, path):
                break
            os.close(descriptor)
    else:
        raise FileExistsError(f"no name of {TRIES} drawn in {folder} was free")
    try:
        yield descriptor, path
    finally:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Make an empty folder of an unused name, locked until the end; what then has its name is removed."""
    for _ in range(TRIES):
        path = folder / f"{NEW}{os.urandom(6).hex()}"
        with suppress(FileExistsError):
            path.mkdir()
            # another writer may have taken it for one of the dead before it was locked
            with suppress(FileNotFoundError):
                descriptor = open_folder(path)
                if lock(descriptor) and same(descriptor, path):
                    break
                close(descriptor)
    else:
        raise FileExistsError(f"no name of {TRIES} drawn in {folder} was free")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        close(descriptor)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Lock a folder so that no other Daliz changes it meanwhile; wait some seconds for one that does.

    Raises
    ------
    TimeoutError
        If another process keeps it.
    """
    end = time.monotonic() + WAIT_S
    while True:
        descriptor = open_folder(folder)
        if lock(descriptor) and same(descriptor, folder):
            break
        close(descriptor)
        if time.monotonic() > end:
            raise TimeoutError(f"another process has been writing it for {WAIT_S:g} seconds")
        time.sleep(0.01)
    try:
        yield
    finally:
        close(descriptor)


def names(folder: Path, prefix: str) -> list[str]:
    """List the names in a folder that begin so, in order; none where it cannot be read."""
    try:
        return sorted(path.name for path in folder.iterdir() if path.name.startswith(prefix))
    except OSError:
        return []


def clear(folder: Path) -> None:
    """Remove scratch files and folders whose writer is dead; what cannot be removed stays."""
    for name in names(folder, NEW):
        path = folder / name
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
            try:
                dead = lock(descriptor) if fcntl else time.time() - path.stat().st_mtime > STALE_S
                if dead and path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                elif dead:
                    path.unlink()
            finally:
                os.close(descriptor)
