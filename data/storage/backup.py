"""Backups: a copy of the published book, sealed with a digest of every table and verified before it gets its name.

A published book is never written to again, so a copy of it is consistent while an import runs.
"""

import contextlib
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data.errors import BookError
from data.messages.catalogue import bilingual
from data.storage import book, connection, drafts, private_files
from data.storage.system_tables import load_system_tables

SEAL_TABLE = "backup_seal"
TableDigests = dict[str, tuple[int, str]]


def compute_digests(con: duckdb.DuckDBPyConnection) -> TableDigests:
    """Table -> rows, and the sum of the MD5 of every row in whatever order; reads every block of the book."""
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND table_name <> $seal "
        "ORDER BY table_name",
        {"seal": SEAL_TABLE},
    ).fetchall()
    return {table: _digest_table(con, table) for (table,) in tables}


def _digest_table(con: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    name = '"' + table.replace('"', '""') + '"'
    rows, digest = con.execute(
        f"SELECT count(*), coalesce(sum(md5_number_lower(CAST(t AS VARCHAR))::HUGEINT), 0)::VARCHAR FROM {name} t"
    ).fetchall()[0]
    return rows, digest


def verify_book(path: Path) -> TableDigests:
    """The digests of a book's tables, every block read. Raises BookError when the book is damaged."""
    with book.open_for_reading(path) as con:
        return compute_digests(con)


def create_backup(path: Path, target: Path) -> TableDigests:
    """Back the published book up to a new file. Raises BookError when the file exists, or the copy differs."""
    path = path.resolve()
    if target.exists():
        raise BookError(bilingual("storage.backup_exists", file=target))
    if not target.parent.is_dir():
        raise BookError(bilingual("storage.backup_folder_missing", folder=target.parent))
    book.BookReader(path).close()
    draft = target.with_name(target.name + ".part")
    try:
        with _name_published_book(path) as published:
            drafts.require_disk_space(draft, published.stat().st_size)
            private_files.create_private_file(draft)
            shutil.copyfile(published, draft)
            wanted = _digest_file(published, path)
        _write_seal(draft, target, wanted)
        if _digest_file(draft, target) != wanted:
            raise BookError(bilingual("storage.backup_differs", file=target, path=path))
        drafts.publish_draft(draft, target)
    except OSError as error:
        raise BookError(bilingual("storage.backup_cannot_be_written", file=target, error=error.strerror)) from error
    finally:
        _remove_draft(draft)
    return wanted


def restore_backup(file: Path, path: Path, *, replace: bool = False) -> Path | None:
    """Put a backup in the place of the book. The former book is kept beside it under a new name, which is returned.

    Raises BookError when the file is not an intact backup, or the book is in order and `replace` is not given.
    """
    if not file.is_file():
        raise BookError(bilingual("storage.backup_missing", file=file))
    path = path.resolve()
    with drafts.lock_for_writing(path):
        drafts.remove_leftovers(path)
        if path.exists() and not replace and _is_readable(path):
            raise BookError(bilingual("storage.book_would_be_replaced", path=path))
        draft = drafts.draft_path(path)
        try:
            drafts.require_disk_space(path, file.stat().st_size)
            private_files.create_private_file(draft)
            shutil.copyfile(file, draft)
            _verify_and_drop_seal(draft, file)
            aside = drafts.keep_former_book(path, "replaced") if path.exists() else None
            drafts.publish_draft(draft, path)
        except OSError as error:
            raise BookError(bilingual("storage.book_cannot_be_written", path=path, error=error.strerror)) from error
        finally:
            drafts.remove_leftovers(path)
    return aside


@contextlib.contextmanager
def _name_published_book(path: Path) -> Iterator[Path]:
    """A name of the published book that no publishing changes; its own name where no other can be made.

    Raises BookError when another book was published under its own name meanwhile.
    """
    with contextlib.ExitStack() as held:
        try:
            published = held.enter_context(drafts.create_private_link(path))
        except OSError:
            published = path
        generation = book.read_generation(published)
        yield published
        if book.read_generation(published) != generation:
            raise BookError(bilingual("storage.book_changed_during_backup", path=path))


def _digest_file(file: Path, shown_path: Path) -> TableDigests:
    con = connection.open_file(file, read_only=True, shown_path=shown_path)
    try:
        return compute_digests(con)
    except duckdb.Error as error:
        raise connection.explain_error(shown_path, error) or error from error
    finally:
        con.close()


def _write_seal(draft: Path, target: Path, marks: TableDigests) -> None:
    con = connection.open_file(draft, read_only=False, shown_path=target)
    try:
        con.execute(load_system_tables()[SEAL_TABLE].create_sql("CREATE TABLE"))
        now = datetime.now(UTC).replace(tzinfo=None)
        con.executemany(
            f'INSERT INTO "{SEAL_TABLE}" VALUES (?, ?, ?, ?)', [(now, name, *mark) for name, mark in marks.items()]
        )
        con.execute("CHECKPOINT")
    finally:
        con.close()


def _verify_and_drop_seal(draft: Path, file: Path) -> None:
    """Compare the copy with its seal and remove the seal. Raises BookError when they differ."""
    con = connection.open_file(draft, read_only=False, shown_path=file)
    try:
        if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $seal", {"seal": SEAL_TABLE}).fetchall():
            raise BookError(bilingual("storage.backup_without_seal", file=file))
        sealed = {
            row[0]: row[1:] for row in con.execute(f'SELECT table_name, "rows", digest FROM "{SEAL_TABLE}"').fetchall()
        }
        found = compute_digests(con)
        wrong = sorted(name for name in sealed.keys() | found.keys() if sealed.get(name) != found.get(name))
        if wrong:
            raise BookError(bilingual("storage.backup_damaged", file=file, tables=", ".join(wrong)))
        con.execute(f'DROP TABLE "{SEAL_TABLE}"')
        con.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise connection.explain_error(file, error) or error from error
    finally:
        con.close()


def _is_readable(path: Path) -> bool:
    """Whether every block of the book can be read."""
    try:
        verify_book(path)
    except BookError:
        return False
    return True


def _remove_draft(draft: Path) -> None:
    for rest in draft.parent.glob(draft.name + "*"):
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
