"""Access to the book: readers see the last published book; a writer works on a draft and publishes it whole.

Publishing is a rename, so a reader sees the old book or the new one, and a killed writer leaves the old one.
"""

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from data.errors import BookError
from data.messages.catalogue import bilingual
from data.storage import book_version, connection, drafts, private_files, schema


def default_path() -> Path:
    """The file that LOANLIGHT_BOOK names, or book.duckdb in the current folder. Raises BookError for an empty name."""
    name = os.environ.get("LOANLIGHT_BOOK", "book.duckdb")
    if not name.strip():
        raise BookError(bilingual("storage.book_path_empty"))
    return Path(name)


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
        self._is_attached = False
        self.generation, self._connection = self._open_published()
        try:
            self._connection.execute("SELECT 1 FROM batches LIMIT 1")
            book_version.require_known_version(self._connection, path)
        except duckdb.CatalogException as error:
            self.close()
            raise BookError(bilingual("storage.file_not_a_book", path=path)) from error
        except duckdb.Error as error:
            self.close()
            raise connection.explain_error(path, error) or error from error
        except BookError:
            self.close()
            raise

    def _open_published(self) -> tuple[tuple[int, int], duckdb.DuckDBPyConnection]:
        """The published book, and the generation that it is of: another one may be published while it is opened."""
        while True:
            generation = read_generation(self.path)
            if generation is None:
                raise drafts.missing_book_error(self.path)
            con = self._open_file()
            if read_generation(self.path) == generation:
                return generation, con
            con.close()

    def _open_file(self) -> duckdb.DuckDBPyConnection:
        """Under a private name: DuckDB keeps one instance a path, and the published path is replaced under us.

        Where no name can be made (a folder or book that may only be read), the file is attached instead.
        """
        target = self.path.resolve()
        try:
            with drafts.create_private_link(target) as private:
                return connection.open_file(private, read_only=True, shown_path=self.path)
        except OSError:
            self._is_attached = True
            return connection.attach_file(target, shown_path=self.path)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        if self._is_attached:
            cursor.execute(f"USE {connection.ATTACHED_NAME}")
        return cursor

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
    path = path.resolve()  # a link stays a link, and all its names have one lock
    with drafts.lock_for_writing(path):
        try:
            draft = _copy_to_draft(path, incoming)
            con = connection.open_file(draft, read_only=False, shown_path=path)
            try:
                former_schema = schema.create_tables(con)
                con.execute("BEGIN")
                yield con
                con.execute("COMMIT")
                con.execute("CHECKPOINT")
            finally:
                con.close()
            if former_schema is not None and path.exists():
                _keep_before_migration(path, former_schema)
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
        private_files.create_private_file(draft)
        shutil.copyfile(path, draft)
    return draft


def _keep_before_migration(path: Path, former_schema: int) -> None:
    """Keep the book as an earlier version wrote it, under a name that is said on stderr."""
    backup = drafts.keep_former_book(path, f"schema-{former_schema}")
    known = book_version.load_current_version().number
    message = bilingual("storage.book_was_migrated", path=path, found=former_schema, known=known, backup=backup)
    print(f"{message} {message.zh}", file=sys.stderr)


def commit_to_draft(con: duckdb.DuckDBPyConnection) -> None:
    """Within `open_for_writing`: commit to the draft, which nobody reads until it is published whole.

    A transaction over all snapshots of a large book would take as much disk again as the book.
    """
    con.execute("COMMIT")
    con.execute("BEGIN")
