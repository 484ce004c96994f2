"""The one door to the book: readers see the last published book; a writer works on a copy and publishes it whole.

Publishing is a rename, so a reader sees the old book or the new one, and a killed writer leaves the old one.
"""

import contextlib
import fcntl
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb

from data.errors import BookError
from data.messages.catalogue import bilingual
from data.reference import size_limits
from data.storage import schema

CONFIG = {
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
}
LOCK_DOWN_STATEMENTS = (
    "SET TimeZone='Asia/Shanghai'",
    "SET enable_external_access=false",
    "SET python_enable_replacements=false",
    "SET lock_configuration=true",
)


STALE_SECONDS = 3600
"""A private name is given up within moments of its making; one this old was left by a process that was killed."""
MEGABYTE = 1 << 20


def default_path() -> Path:
    return Path(os.environ.get("LOANLIGHT_BOOK", "book.duckdb"))


def read_generation(path: Path) -> tuple[int, int] | None:
    """Changes whenever a new book is published; None while there is no book."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def explain_error(path: Path, error: duckdb.Error) -> BookError | None:
    """What the user can do about it; None for a fault of ours, which is not to be dressed up as the user's."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        return BookError(bilingual("storage.book_held_open_writing", path=path))
    if "No space left" in text or "Could not write" in text or "Failed to create checkpoint" in text:
        return BookError(bilingual("storage.no_space_left_while", path=path))
    if "not a valid DuckDB database" in text or "Corrupt" in text or "Could not read" in text or "serialized" in text:
        return BookError(bilingual("storage.book_damaged_not_loanlight", path=path))
    if "Out of Memory" in text or "failed to offload" in text:
        return BookError(
            bilingual(
                "storage.not_enough_memory_book",
                path=path,
            )
        )
    return None


def _memory_settings() -> dict[str, str]:
    """What LOANLIGHT_MEMORY (6GB, say) lets the database hold before it spills to disk; DuckDB's own share if unset."""
    limit = os.environ.get("LOANLIGHT_MEMORY")
    return {"memory_limit": limit} if limit else {}


def open_file(path: Path, *, read_only: bool, shown_path: Path) -> duckdb.DuckDBPyConnection:
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=CONFIG | _memory_settings())
        for statement in LOCK_DOWN_STATEMENTS:
            con.execute(statement)
    except duckdb.Error as error:
        said = explain_error(shown_path, error)
        raise said or BookError(
            bilingual("storage.book_cannot_opened", named=shown_path, said=str(error).splitlines()[0])
        ) from error
    return con


def _missing_book_error(path: Path) -> BookError:
    return BookError(bilingual("storage.no_book_import_file", path=path))


@contextlib.contextmanager
def create_private_link(path: Path) -> Iterator[Path]:
    """The published book under a name of our own: what it holds never changes, whatever is published meanwhile."""
    private = path.with_name(f".{path.name}.{time.time_ns()}.{uuid.uuid4().hex}.reading")
    try:
        os.link(path, private)
    except FileNotFoundError as error:
        raise _missing_book_error(path) from error
    try:
        yield private
    finally:
        private.unlink()


class BookReader:
    """A published book opened read-only, once; hands out a cursor per query, never the connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = read_generation(path)
        if self.generation is None:
            raise _missing_book_error(path)
        # A private name: DuckDB keeps one instance a path, and the published path is replaced under us.
        with create_private_link(path) as private:
            self._connection = open_file(private, read_only=True, shown_path=path)
        try:
            self._connection.execute("SELECT 1 FROM batches LIMIT 1")
        except duckdb.Error as error:
            raise BookError(bilingual("storage.duckdb_file_but_not", path=path)) from error

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._connection.cursor()

    def require_current_schema(self) -> None:
        """Raises BookError for a book that an earlier version wrote and no writer has opened since."""
        absent = schema.list_missing_columns(self._connection)
        if absent:
            raise BookError(
                bilingual(
                    "storage.book_earlier_version_lacks",
                    path=self.path,
                    known=", ".join(absent[:5]),
                )
            )

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def open_for_reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the published book. Raises BookError when it is missing, locked or damaged."""
    reader = BookReader(path)
    try:
        yield reader.cursor()
    except (duckdb.CatalogException, duckdb.BinderException):
        reader.require_current_schema()
        raise
    except duckdb.Error as error:
        raise explain_error(path, error) or error from error
    finally:
        reader.close()


@contextlib.contextmanager
def lock_for_writing(path: Path) -> Iterator[None]:
    if not path.parent.is_dir():
        raise BookError(bilingual("storage.no_folder_book_create", parent=path.parent, path=path))
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BookError(bilingual("storage.book_being_written_import", path=path)) from error
        yield


def require_disk_space(path: Path, wanted: int) -> None:
    """Raises BookError when the disk of `path` cannot take so many bytes and some to spare."""
    free = shutil.disk_usage(path.parent).free
    wanted += size_limits.integer_limit("free_mb") * MEGABYTE
    if free < wanted:
        raise BookError(
            bilingual(
                "storage.no_space_left_write",
                path=path,
                value=f"{wanted // MEGABYTE:,}",
                value2=f"{free // MEGABYTE:,}",
            )
        )


def _copy_to_draft(path: Path, draft: Path, incoming: int) -> None:
    """The published book as a draft; `incoming`: bytes that are about to be put into it."""
    remove_leftovers(path)
    size = path.stat().st_size if path.exists() else 0
    require_disk_space(path, size + incoming)
    if size:
        BookReader(path).close()
        shutil.copyfile(path, draft)
    elif path.exists():
        BookReader(path).close()


def remove_leftovers(path: Path) -> None:
    """Remove what killed writers and readers left; only for the holder of the writer's lock."""
    oldest = time.time_ns() - STALE_SECONDS * 10**9
    left = list(path.parent.glob(path.name + ".draft*"))
    for private in path.parent.glob(f".{path.name}.*.reading*"):
        made = private.name.removeprefix(f".{path.name}.").split(".")[0]
        if made.isdigit() and int(made) < oldest:
            left.append(private)
    for rest in left:
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()


def publish_draft(draft: Path, path: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def commit_to_draft(con: duckdb.DuckDBPyConnection) -> None:
    """Within `writing`: what was done so far goes to the draft, which nobody reads until it is published whole.

    A transaction over all snapshots of a large book would take as much disk again as the book.
    """
    con.execute("COMMIT")
    con.execute("BEGIN")


@contextlib.contextmanager
def open_for_writing(path: Path, incoming: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection on a copy of the book in a transaction, published when the block ends without an error.

    `incoming`: bytes about to be read into it, so that a disk too full for them is told before anything is done.

    Raises BookError when another writer is at work, the book is damaged, or the disk is full; the book is as it was.
    """
    draft = path.with_name(path.name + ".draft")
    with lock_for_writing(path):
        try:
            _copy_to_draft(path, draft, incoming)
            con = open_file(draft, read_only=False, shown_path=path)
            try:
                schema.create_tables(con)
                con.execute("BEGIN")
                yield con
                con.execute("COMMIT")
                con.execute("CHECKPOINT")
            finally:
                con.close()
            publish_draft(draft, path)
        except duckdb.Error as error:
            raise explain_error(path, error) or error from error
        except OSError as error:
            raise BookError(
                bilingual(
                    "storage.book_cannot_written_book",
                    path=path,
                    strerror=error.strerror,
                )
            ) from error
        finally:
            remove_leftovers(path)
