"""Backups: a copy of the published book, sealed with a fingerprint of every table, and proved before it is named.

A published book is never written to again, so a copy of it is consistent while an import runs.
"""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from data.errors import BookError
from data.storage import book

SEAL = "backup_seal"
Marks = dict[str, tuple[int, str]]


def fingerprint(con: duckdb.DuckDBPyConnection) -> Marks:
    """Table -> rows, and the sum of the MD5 of every row in whatever order; reads every block of the book."""
    tables = con.execute(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND table_name <> $seal "
        "ORDER BY table_name",
        {"seal": SEAL},
    ).fetchall()
    return {table: _mark(con, table) for (table,) in tables}


def _mark(con: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    name = '"' + table.replace('"', '""') + '"'
    rows, digest = con.execute(
        f"SELECT count(*), coalesce(sum(md5_number_lower(CAST(t AS VARCHAR))::HUGEINT), 0)::VARCHAR FROM {name} t"
    ).fetchall()[0]
    return rows, digest


def verify(path: Path) -> Marks:
    """The fingerprint of a book, every block of it read. Raises BookError when the book is damaged."""
    with book.reading(path) as con:
        return fingerprint(con)


def make(path: Path, target: Path) -> Marks:
    """Back the published book up to a new file. Raises BookError when the file exists, or the copy is not the book."""
    if target.exists():
        raise BookError(f"{target} exists already. Name another file for the backup; nothing was changed.")
    if not target.parent.is_dir():
        raise BookError(f"No folder {target.parent} for the backup. Create it, or name another file.")
    draft = target.with_name(target.name + ".part")
    try:
        with book.private_name(path) as private:
            book.need_space(draft, private.stat().st_size)
            shutil.copyfile(private, draft)
            wanted = _reading(private, path)
        _seal(draft, target, wanted)
        if _reading(draft, target) != wanted:
            raise BookError(f"The backup {target} differs from book {path}, so it was not kept. Try another disk.")
        book.publish(draft, target)
    except OSError as error:
        raise BookError(f"Backup {target} cannot be written: {error.strerror}. The book is as it was.") from error
    finally:
        _remove(draft)
    return wanted


def restore(file: Path, path: Path, *, replace: bool = False) -> Path | None:
    """Put a backup in the book's place. A book that stood there is kept beside it; returns its new name.

    Raises BookError when the file is no intact backup, or a good book stands there and `replace` is not given.
    """
    if not file.is_file():
        raise BookError(f"No backup {file}. Check the name and the folder.")
    with book.writer_lock(path):
        book.sweep(path)
        if path.exists() and not replace and _is_good(path):
            raise BookError(
                f"Book {path} is in order, and a restore would replace it. Add --replace to do so all the same."
            )
        draft = path.with_name(path.name + ".draft")
        try:
            book.need_space(path, file.stat().st_size)
            shutil.copyfile(file, draft)
            _break_seal(draft, file)
            aside = _put_aside(path)
            book.publish(draft, path)
        except OSError as error:
            raise BookError(f"Book {path} cannot be written: {error.strerror}. The book is as it was.") from error
        finally:
            book.sweep(path)
    return aside


def _reading(file: Path, named: Path) -> Marks:
    con = book.open_file(file, read_only=True, named=named)
    try:
        return fingerprint(con)
    except duckdb.Error as error:
        raise book.explain(named, error) or error from error
    finally:
        con.close()


def _seal(draft: Path, target: Path, marks: Marks) -> None:
    con = book.open_file(draft, read_only=False, named=target)
    try:
        con.execute(f'CREATE TABLE "{SEAL}" (made_at TIMESTAMP, table_name VARCHAR, "rows" BIGINT, digest VARCHAR)')
        now = datetime.now(UTC).replace(tzinfo=None)
        con.executemany(
            f'INSERT INTO "{SEAL}" VALUES (?, ?, ?, ?)', [(now, name, *mark) for name, mark in marks.items()]
        )
        con.execute("CHECKPOINT")
    finally:
        con.close()


def _break_seal(draft: Path, file: Path) -> None:
    """Prove the copy by its seal and take the seal out. Raises BookError when they do not agree."""
    con = book.open_file(draft, read_only=False, named=file)
    try:
        if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = $seal", {"seal": SEAL}).fetchall():
            raise BookError(
                f"{file} is no backup made by python -m data backup: it carries no seal. Give another file."
            )
        sealed = {row[0]: row[1:] for row in con.execute(f'SELECT table_name, "rows", digest FROM "{SEAL}"').fetchall()}
        found = fingerprint(con)
        wrong = sorted(name for name in sealed.keys() | found.keys() if sealed.get(name) != found.get(name))
        if wrong:
            raise BookError(f"Backup {file} is damaged: {', '.join(wrong)} differ from its seal. Give another backup.")
        con.execute(f'DROP TABLE "{SEAL}"')
        con.execute("CHECKPOINT")
    except duckdb.Error as error:
        raise book.explain(file, error) or error from error
    finally:
        con.close()


def _is_good(path: Path) -> bool:
    """Whether every block of the book can be read."""
    try:
        verify(path)
    except BookError:
        return False
    return True


def _put_aside(path: Path) -> Path | None:
    """The book that stands there, under the next free name beside it."""
    if not path.exists():
        return None
    number = 1
    while (aside := path.with_name(f"{path.name}.replaced-{number}")).exists():
        number += 1
    aside.hardlink_to(path)
    return aside


def _remove(draft: Path) -> None:
    for rest in draft.parent.glob(draft.name + "*"):
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink()
