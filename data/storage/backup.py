"""Backups: a copy of the published book, sealed with a fingerprint of every table, and proved before it is named.

A published book is never written to again, so a copy of it is consistent while an import runs.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data.errors import BookError
from data.storage import book

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
    """The fingerprint of a book, every block of it read. Raises BookError when the book is damaged."""
    with book.open_for_reading(path) as con:
        return compute_digests(con)


def create_backup(path: Path, target: Path) -> TableDigests:
    """Back the published book up to a new file. Raises BookError when the file exists, or the copy is not the book."""
    if target.exists():
        raise BookError(f"{target} exists already. Name another file for the backup; nothing was changed.")
    if not target.parent.is_dir():
        raise BookError(f"No folder {target.parent} for the backup. Create it, or name another file.")
    draft = target.with_name(target.name + ".part")
    try:
        with book.create_private_link(path) as private:
            book.require_disk_space(draft, private.stat().st_size)
            shutil.copyfile(private, draft)
            wanted = _digest_file(private, path)
        _write_seal(draft, target, wanted)
        if _digest_file(draft, target) != wanted:
            raise BookError(f"The backup {target} differs from book {path}, so it was not kept. Try another disk.")
        book.publish_draft(draft, target)
    except OSError as error:
        raise BookError(f"Backup {target} cannot be written: {error.strerror}. The book is as it was.") from error
    finally:
        _remove_draft(draft)
    return wanted


def restore_backup(file: Path, path: Path, *, replace: bool = False) -> Path | None:
    """Put a backup in the book's place. A book that stood there is kept beside it; returns its new name.

    Raises BookError when the file is no intact backup, or a good book stands there and `replace` is not given.
    """
    if not file.is_file():
        raise BookError(f"No backup {file}. Check the name and the folder.")
    with book.lock_for_writing(path):
        book.remove_leftovers(path)
        if path.exists() and not replace and _is_readable(path):
            raise BookError(
                f"Book {path} is in order, and a restore would replace it. Add --replace to do so all the same."
            )
        draft = path.with_name(path.name + ".draft")
        try:
            book.require_disk_space(path, file.stat().st_size)
            shutil.copyfile(file, draft)
            _verify_and_drop_seal(draft, file)
            aside = _keep_former_book(path)
            book.publish_draft(draft, path)
        except OSError as error:
            raise BookError(f"Book {path} cannot be written: {error.strerror}. The book is as it was.") from error
        finally:
            book.remove_leftovers(path)
    return aside


def _digest_file(file: Path, shown_path: Path) -> TableDigests:
    con = book.open_file(file, read_only=True, shown_path=shown_path)
    try:
        return compute_digests(con)
    except duckdb.Error as error:
        raise book.explain_error(shown_path, error) or error from error
    finally:
        con.close()


def _write_seal(draft: Path, target: Path, marks: TableDigests) -> None:
    con = book.open_file(draft, read_only=False, shown_path=target)
    try:
        con.execute(
            f'CREATE TABLE "{SEAL_TABLE}" (made_at TIMESTAMP, table_name VARCHAR, "rows" BIGINT, digest VARCHAR)'
        )
        now = datetime.now(UTC).replace(tzinfo=None)
        con.executemany(
            f'INSERT INTO "{SEAL_TABLE}" VALUES (?, ?, ?, ?)', [(now, name, *mark) for name, mark in marks.items()]
        )
        con.execute("CHECKPOINT")
    finally:
        con.close()


def _verify_and_drop_seal(draft: Path, file: Path) -> None:
    """Prove the copy by its seal and take the seal out. Raises BookError when they do not agree."""
    con = book.open_file(draft, read_only=False, shown_path=file)
    try:
        if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $seal", {"seal": SEAL_TABLE}).fetchall():
            raise BookError(
                f"{file} is no backup made by python -m data backup: it carries no seal. Give another file."
            )
        sealed = {
            row[0]: row[1:] for row in con.execute(f'SELECT table_name, "rows", digest FROM "{SEAL_TABLE}"').fetchall()
        }
        found = compute_digests(con)
        wrong = sorted(name for name in sealed.keys() | found.keys() if sealed.get(name) != found.get(name))
        if wrong:
            raise BookError(f"Backup {file} is damaged: {', '.join(wrong)} differ from its seal. Give another backup.")
        con.execute(f'DROP TABLE "{SEAL_TABLE}"')
        con.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise book.explain_error(file, error) or error from error
    finally:
        con.close()


def _is_readable(path: Path) -> bool:
    """Whether every block of the book can be read."""
    try:
        verify_book(path)
    except BookError:
        return False
    return True


def _keep_former_book(path: Path) -> Path | None:
    """The book that stands there, under the next free name beside it."""
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.name}.replaced-{number}")).exists():
        number += 1
    aside.hardlink_to(path)
    return aside


def _remove_draft(draft: Path) -> None:
    for rest in draft.parent.glob(draft.name + "*"):
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
