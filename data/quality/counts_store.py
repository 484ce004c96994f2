"""Stores the counts of the data-quality checks with the snapshot: a million loans take seconds to count.

Any import may put rows of earlier days right, so it forgets all of it; so does a changed table of checks.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb

COUNT_COLUMNS = ("rows", "checked", "amount", "foreign")
TABLE_EXISTS_SQL = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'quality_counts'"


def store_counts(con: duckdb.DuckDBPyConnection, as_of: date, stamp: str, counted: dict[str, dict[str, Any]]) -> None:
    """Check → its COUNTS at as_of, by the checks of this stamp."""
    con.execute("DELETE FROM quality_counts WHERE as_of = ?", [as_of])
    rows: Iterable[list[Any]] = [
        [as_of, stamp, check, *(count[name] for name in COUNT_COLUMNS)] for check, count in counted.items()
    ]
    con.executemany("INSERT INTO quality_counts VALUES (?, ?, ?, ?, ?, ?, ?)", rows)


def load_counts(cursor: duckdb.DuckDBPyConnection, as_of: date, stamp: str) -> dict[str, dict[str, Any]]:
    """As written; empty where nothing was kept by these checks, as in a book of an earlier version."""
    if not cursor.execute(TABLE_EXISTS_SQL).fetchall():
        return {}
    rows = cursor.execute(
        'SELECT check_id, "rows", checked, amount, "foreign" FROM quality_counts WHERE as_of = ? AND stamp = ?',
        [as_of, stamp],
    ).fetchall()
    return {row[0]: dict(zip(COUNT_COLUMNS, row[1:], strict=True)) for row in rows}


def delete_counts(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("DELETE FROM quality_counts")
