"""Access to the book: readers see the last published book; a writer works on a draft and publishes it whole.

Publishing is a rename, so a reader sees the old book or the new one, and a killed writer leaves the old one.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

from data.errors import BookError
from data.messages.catalogue import bilingual
from data.storage import connection, drafts, schema


def default_path() -> Path:
    """The file that LOANLIGHT_BOOK names, or book.duckdb in the current folder."""
    return Path(os.environ.get("LOANLIGHT_BOOK", "book.duckdb"))


def read_generation(path: Path) -> tuple[int, int] | None:
    """A mark that changes whenever a new book is published; None while there is no book."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


class BookReader:
    """A published book opened read-only, once; hands out a cursor per query, never the connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = read_generation(path)
        if self.generation is None:
            raise drafts.missing_book_error(path)
        # A private name: DuckDB keeps one instance a path, and the published path is replaced under us.
        with drafts.create_private_link(path) as private:
            self._connection = connection.open_file(private, read_only=True, shown_path=path)
        try:
            self._connection.execute("SELECT 1 FROM batches LIMIT 1")
        except duckdb.Error as error:
            raise BookError(bilingual("storage.file_not_a_book", path=path)) from error

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._connection.cursor()

    def require_current_schema(self) -> None:
        """Raises BookError for a book that an earlier version wrote and no writer has opened since."""
        absent = schema.list_missing_columns(self._connection)
        if absent:
            columns = ", ".join(absent[:5])
            raise BookError(bilingual("storage.book_of_earlier_version", path=self.path, columns=columns))

    def close(self) -> None:
        self._connection.close()


@contextlib.contextmanager
def open_reader(path: Path) -> Iterator[BookReader]:
    """The published book, for several cursors. Raises BookError when it is missing, locked, damaged or outdated."""
    reader = BookReader(path)
    try:
        yield reader
    except (duckdb.CatalogException, duckdb.BinderException):
        reader.require_current_schema()
        raise
    except duckdb.Error as error:
        raise connection.explain_error(path, error) or error from error
    finally:
        reader.close()


@contextlib.contextmanager
def open_for_reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A cursor on the published book. Raises BookError when it is missing, locked, damaged or outdated."""
    with open_reader(path) as reader:
        yield reader.cursor()


@contextlib.contextmanager
def open_for_writing(path: Path, incoming: int = 0) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a draft of the book in a transaction, published when the block ends without an error.

    `incoming`: bytes about to be read into it, so that a full disk is reported before any work is done. Raises
    BookError when another writer is at work, the book is damaged, or the disk is full; the book is then unchanged.
    """
    with drafts.lock_for_writing(path):
        try:
            draft = _copy_to_draft(path, incoming)
            con = connection.open_file(draft, read_only=False, shown_path=path)
            try:
                schema.create_tables(con)
                con.execute("BEGIN")
                yield con
                con.execute("COMMIT")
                con.execute("CHECKPOINT")
            finally:
                con.close()
            drafts.publish_draft(draft, path)
        except duckdb.Error as error:
            raise connection.explain_error(path, error) or error from error
        except OSError as error:
            raise BookError(bilingual("storage.book_cannot_be_written", path=path, error=error.strerror)) from error
        finally:
            drafts.remove_leftovers(path)


def _copy_to_draft(path: Path, incoming: int) -> Path:
    """The published book copied to a draft, or the name of a new one; `incoming`: bytes to be added to it."""
    draft = drafts.draft_path(path)
    drafts.remove_leftovers(path)
    size = path.stat().st_size if path.exists() else 0
    drafts.require_disk_space(path, size + incoming)
    if path.exists():
        BookReader(path).close()
    if size:
        shutil.copyfile(path, draft)
    return draft


def commit_to_draft(con: duckdb.DuckDBPyConnection) -> None:
    """Within `open_for_writing`: commit to the draft, which nobody reads until it is published whole.

    A transaction over all snapshots of a large book would take as much disk again as the book.
    """
    con.execute("COMMIT")
    con.execute("BEGIN")
