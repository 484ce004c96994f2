"""The one door to the book: readers see the last published book; a writer works on a copy and publishes it whole.

Publishing is a rename, so a reader sees the old book or the new one, and a killed writer leaves the old one.
"""

import contextlib
import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import duckdb

from data import schema
from data.errors import BookError

CONFIG = {
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
}
LOCK_DOWN = (
    "SET TimeZone='Asia/Shanghai'",
    "SET enable_external_access=false",
    "SET python_enable_replacements=false",
    "SET lock_configuration=true",
)


def default_path() -> Path:
    return Path(os.environ.get("LOANLIGHT_BOOK", "book.duckdb"))


def generation(path: Path) -> tuple[int, int] | None:
    """Changes whenever a new book is published; None while there is no book."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _explain(path: Path, error: duckdb.Error) -> BookError | None:
    """What the user can do about it; None for a fault of ours, which is not to be dressed up as the user's."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        return BookError(f"Book {path} is held open for writing by another program. Close that program and try again.")
    if "No space left" in text or "Could not write" in text or "Failed to create checkpoint" in text:
        return BookError(f"No space left while writing book {path}. The book is as it was; free space and try again.")
    if "not a valid DuckDB database" in text or "Corrupt" in text or "Could not read" in text or "serialized" in text:
        return BookError(f"Book {path} is damaged or not a Loanlight book. Restore it from a backup, or move it away.")
    return None


def _open(path: Path, *, read_only: bool, named: Path) -> duckdb.DuckDBPyConnection:
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=CONFIG)
        for statement in LOCK_DOWN:
            con.execute(statement)
    except duckdb.Error as error:
        said = _explain(named, error)
        raise said or BookError(f"Book {named} cannot be opened: {str(error).splitlines()[0]}") from error
    return con


class Reader:
    """A published book opened read-only, once; hands out a cursor per query, never the connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = generation(path)
        if self.generation is None:
            raise BookError(f"No book at {path}. Import a file (python -m data import …) or run python -m data demo.")
        # A private name: DuckDB keeps one instance a path, and the published path is replaced under us.
        private = path.with_name(f".{path.name}.{uuid.uuid4().hex}.reading")
        os.link(path, private)
        try:
            self._connection = _open(private, read_only=True, named=path)
        finally:
            private.unlink()
        try:
            self._connection.execute("SELECT 1 FROM batches LIMIT 1")
        except duckdb.Error as error:
            raise BookError(f"{path} is a DuckDB file but not a Loanlight book. Give another --book.") from error

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._connection.cursor()

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the published book. Raises BookError when it is missing, locked or damaged."""
    reader = Reader(path)
    try:
        yield reader.cursor()
    except duckdb.Error as error:
        raise _explain(path, error) or error from error
    finally:
        reader.close()


@contextlib.contextmanager
def _writer_lock(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BookError(f"Book {path} is being written by another import or check. Wait for it to end.") from error
        yield


def _copy(path: Path, draft: Path) -> None:
    for stale in path.parent.glob(path.name + ".draft*"):
        stale.unlink()
    if path.exists():
        Reader(path).close()
        shutil.copyfile(path, draft)


def _publish(draft: Path, path: Path) -> None:
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection on a copy of the book in one transaction, published when the block ends without an error.

    Raises BookError when another writer is at work, the book is damaged, or the disk is full; the book is as it was.
    """
    if not path.parent.is_dir():
        raise BookError(f"No folder {path.parent} for book {path}. Create it, or give another --book.")
    draft = path.with_name(path.name + ".draft")
    with _writer_lock(path):
        try:
            _copy(path, draft)
            con = _open(draft, read_only=False, named=path)
            try:
                schema.create(con)
                con.execute("BEGIN")
                yield con
                con.execute("COMMIT")
                con.execute("CHECKPOINT")
            finally:
                con.close()
            _publish(draft, path)
        except duckdb.Error as error:
            raise _explain(path, error) or error from error
        except OSError as error:
            raise BookError(f"Book {path} cannot be written: {error.strerror}. The book is as it was.") from error
        finally:
            for rest in path.parent.glob(path.name + ".draft*"):
                rest.unlink()
