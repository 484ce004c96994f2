"""A batch withdrawn: the book is as if its files had never been imported; the batch itself stays, marked with when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from data.errors import InputError
from data.facts import deletion, derivation
from data.history import versions, withdrawal
from data.messages.catalogue import bilingual
from data.quality import counts_store
from data.storage import book
from data.storage.system_tables import list_run_tables


@dataclass(frozen=True)
class Withdrawal:
    """What was taken out: rows of registers, and checks of a day that the book no longer has."""

    batch: str
    as_of: date
    rows: int
    checks: int
    days: tuple[date, ...]
    """Days whose facts were derived anew."""


def withdraw_batch(path: Path, batch: str) -> Withdrawal:
    """Raises InputError for an unknown batch, one withdrawn before, and one that later batches build on."""
    with book.open_for_writing(path) as con:
        as_of = _find_standing_batch(con, batch)
        withdrawal.require_independent(con, batch)
        rows = withdrawal.take_out_rows(con, batch)
        con.execute(
            "UPDATE batches SET withdrawn_at = ? WHERE batch_id = ?",
            [datetime.now(UTC).replace(tzinfo=None), batch],
        )
        counts_store.delete_counts(con)
        days = versions.list_dates_from(con, as_of)
        checks = 0 if as_of in days else _forget_day(con, as_of)
        for day in days:
            derivation.derive_facts(con, day)
    return Withdrawal(batch, as_of, rows, checks, tuple(days))


def _find_standing_batch(con: duckdb.DuckDBPyConnection, batch: str) -> date:
    found = con.execute("SELECT as_of, withdrawn_at FROM batches WHERE batch_id = ?", [batch]).fetchall()
    if not found:
        raise InputError(bilingual("queries.no_batch", batch=batch))
    as_of: date
    as_of, withdrawn_at = found[0]
    if withdrawn_at is not None:
        raise InputError(bilingual("history.withdrawn_before", batch=batch, at=f"{withdrawn_at:%Y-%m-%d %H:%M:%S}"))
    return as_of


def _forget_day(con: duckdb.DuckDBPyConnection, day: date) -> int:
    """Delete what was derived and judged of a day that has no loans any more; returns how many checks there were."""
    deletion.delete_facts(con, day)
    runs = "SELECT run_id FROM runs WHERE as_of = $day"
    checks = int(con.execute("SELECT count(*) FROM runs WHERE as_of = $day", {"day": day}).fetchall()[0][0])
    held = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for table in sorted(set(list_run_tables()) & held - {"runs"}):
        con.execute(f"DELETE FROM {table} WHERE run_id IN ({runs})", {"day": day})
    con.execute("DELETE FROM runs WHERE as_of = $day", {"day": day})
    return checks
