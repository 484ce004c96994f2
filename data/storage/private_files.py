"""Files that only their owner may read, locks that follow no link, and files that appear whole or not at all."""

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

PRIVATE_UMASK = 0o077
PRIVATE_MODE = 0o600
LOCK_POLL_SECONDS = 0.05


class LockBusyError(Exception):
    """Another process holds the lock, and still held it when the wait was over."""


def restrict_new_files() -> None:
    """From now on, what this process creates is readable by its owner alone."""
    os.umask(PRIVATE_UMASK)


@contextlib.contextmanager
def hold_lock(path: Path, wait_seconds: float) -> Iterator[None]:
    """An exclusive lock on `path`, waited for at most `wait_seconds`.

    Raises LockBusyError when it stays held, OSError when `path` is a symbolic link or cannot be created.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_MODE)
    try:
        _wait_for_lock(descriptor, wait_seconds)
        yield
    finally:
        os.close(descriptor)


def _wait_for_lock(descriptor: int, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise LockBusyError from error
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


@contextlib.contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """The name of a file to write; it takes the place of `path` when the block ends without an error.

    Until then, and after an error, what stood at `path` stays. A link is followed, so that its target is replaced.
    """
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        create_private_file(draft)
        yield draft
        flush_to_disk(draft)
        draft.replace(target)
        flush_folder(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def write_output(path: Path, content: bytes) -> None:
    """Writes what a person asked for: a file whole or not at all; a pipe or a device takes the bytes as they come."""
    if path.exists() and not path.is_file() and not path.is_dir():
        path.write_bytes(content)
        return
    with replace_whole(path) as draft:
        draft.write_bytes(content)


def flush_to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def flush_folder(folder: Path) -> None:
    """Makes a rename in the folder last through a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_private_file(path: Path) -> None:
    """An empty file that only its owner may read. Raises FileExistsError when something has the name."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_MODE))
