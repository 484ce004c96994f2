"""Files beside the book: the writer's lock, drafts that replace the book by a rename, leftovers of killed processes."""

import contextlib
import os
import shutil
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from data.errors import BookError
from data.messages.catalogue import bilingual
from data.reference import size_limits
from data.storage import private_files

STALE_SECONDS = 3600
"""A private name is removed within moments of its making; an older one was left by a process that was killed."""
MEGABYTE = 1 << 20


def draft_path(path: Path) -> Path:
    """The file that a writer of the book works on."""
    return path.with_name(path.name + ".draft")


@contextlib.contextmanager
def create_private_link(path: Path) -> Iterator[Path]:
    """The published book under a name of its own: its content never changes, whatever is published meanwhile.

    Raises BookError when there is no book, OSError where the folder cannot be written or the book is another's.
    """
    private = path.with_name(f".{path.name}.{time.time_ns()}.{uuid.uuid4().hex}.reading")
    try:
        os.link(path, private)
    except FileNotFoundError as error:
        raise missing_book_error(path) from error
    try:
        yield private
    finally:
        private.unlink()


def missing_book_error(path: Path) -> BookError:
    return BookError(bilingual("storage.book_missing", path=path))


@contextlib.contextmanager
def lock_for_writing(path: Path) -> Iterator[None]:
    """The right to write to the book, waited for as long as size_limits.csv says (`writer_wait_seconds`).

    Raises BookError for a missing folder, one without the right to write, or when another writer stays at work.
    """
    if not path.parent.is_dir():
        raise BookError(bilingual("storage.book_folder_missing", folder=path.parent, path=path))
    lock = path.with_name(path.name + ".lock")
    wait = float(size_limits.decimal_limit("writer_wait_seconds"))
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(private_files.hold_lock(lock, wait))
        except private_files.LockBusyError as error:
            raise BookError(bilingual("storage.book_being_written", path=path)) from error
        except OSError as error:
            raise BookError(bilingual("storage.lock_cannot_be_made", lock=lock, error=error.strerror)) from error
        yield


def keep_former_book(path: Path, label: str) -> Path:
    """The present book under the next free name beside it, such as book.duckdb.replaced-1."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{label}-{number}")).exists():
        number += 1
    aside.hardlink_to(path)
    return aside


def require_disk_space(path: Path, size: int) -> None:
    """Raises BookError when the disk of `path` cannot take `size` bytes and the reserve of size_limits.csv."""
    free = shutil.disk_usage(path.parent).free
    required = size + size_limits.integer_limit("free_mb") * MEGABYTE
    if free < required:
        raise BookError(
            bilingual(
                "storage.disk_too_full",
                path=path,
                required=f"{required // MEGABYTE:,}",
                free=f"{free // MEGABYTE:,}",
            )
        )


def remove_leftovers(path: Path) -> None:
    """Remove what killed writers and readers left; only for the holder of the writer's lock."""
    oldest = time.time_ns() - STALE_SECONDS * 10**9
    leftovers = list(path.parent.glob(path.name + ".draft*"))
    for private in path.parent.glob(f".{path.name}.*.reading*"):
        made_at = private.name.removeprefix(f".{path.name}.").split(".")[0]
        if made_at.isdigit() and int(made_at) < oldest:
            leftovers.append(private)
    for leftover in leftovers:
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def publish_draft(draft: Path, path: Path) -> None:
    """Write the draft to disk and put it in the place of `path` by a rename, with the rights that `path` had."""
    private_files.flush_to_disk(draft)
    draft.chmod(stat.S_IMODE(path.stat().st_mode) if path.exists() else private_files.PRIVATE_MODE)
    draft.replace(path)
    private_files.flush_folder(path.parent)
