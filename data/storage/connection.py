"""Connections to DuckDB, locked down, and what its errors mean to a user."""

import os
from pathlib import Path

import duckdb

from data.errors import BookError
from data.messages.catalogue import bilingual

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoload_known_extensions": "false",
    "autoinstall_known_extensions": "false",
    "allow_community_extensions": "false",
}
ATTACHED_NAME = "published"
LOCK_DOWN_STATEMENTS = (
    "SET TimeZone='Asia/Shanghai'",
    "SET enable_external_access=false",
    "SET python_enable_replacements=false",
    "SET lock_configuration=true",
)


def open_file(path: Path, *, read_only: bool, shown_path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the database file; errors name `shown_path`. Raises BookError when it cannot be opened."""
    try:
        con = duckdb.connect(str(path), read_only=read_only, config=CONFIG | _memory_settings())
        _lock_down(con)
    except duckdb.Error as error:
        raise _explain_opening(shown_path, error) from error
    return con


def attach_file(path: Path, *, shown_path: Path) -> duckdb.DuckDBPyConnection:
    """A read-only connection that asks for no right to write, in an instance of its own.

    Two connections to one path share an instance, so that one opened later would still see the book opened first;
    an attached file does not. Each cursor must begin with `USE` and ATTACHED_NAME. Raises BookError as open_file does.
    """
    quoted = str(path).replace("'", "''")
    try:
        con = duckdb.connect(":memory:", config=CONFIG | _memory_settings())
        con.execute(f"ATTACH '{quoted}' AS {ATTACHED_NAME} (READ_ONLY)")
        con.execute(f"USE {ATTACHED_NAME}")
        _lock_down(con)
    except duckdb.Error as error:
        raise _explain_opening(shown_path, error) from error
    return con


def _lock_down(con: duckdb.DuckDBPyConnection) -> None:
    for statement in LOCK_DOWN_STATEMENTS:
        con.execute(statement)


def _explain_opening(path: Path, error: duckdb.Error) -> BookError:
    first_line = str(error).splitlines()[0]
    unnamed = BookError(bilingual("storage.book_cannot_be_opened", path=path, error=first_line))
    return explain_error(path, error) or unnamed


def explain_error(path: Path, error: duckdb.Error) -> BookError | None:
    """What the user can do about an error of DuckDB; None for a fault of the program, which stays as it is."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        return BookError(bilingual("storage.book_open_elsewhere", path=path))
    if "No space left" in text or "Could not write" in text or "Failed to create checkpoint" in text:
        return BookError(bilingual("storage.disk_full_while_writing", path=path))
    if "not a valid DuckDB database" in text or "Corrupt" in text or "Could not read" in text or "serialized" in text:
        return BookError(bilingual("storage.book_damaged", path=path))
    if "Out of Memory" in text or "failed to offload" in text:
        return BookError(bilingual("storage.memory_too_small", path=path))
    return None


def _memory_settings() -> dict[str, str | bool | int | float | list[str]]:
    """What LOANLIGHT_MEMORY (such as 6GB) lets the database use before it spills to disk; DuckDB's default if unset."""
    limit = os.environ.get("LOANLIGHT_MEMORY")
    return {"memory_limit": limit} if limit else {}
