"""Batches as the book keeps them: what was imported, its counts, and what was assumed."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime

import duckdb
import polars as pl

from data import dictionary
from data.ingest.profiles.profile_model import Profile
from data.ingest.report import ImportReport
from data.ingest.staging import LoadCounts, StagedImport

COUNT_COLUMNS = (
    "table_name",
    "file",
    "sha256",
    "encoding",
    "rows_in",
    "loaded",
    "quarantined",
    "ignored",
    "balance_in",
    "balance_loaded",
    "derived",
)


def compute_fingerprint(
    digests: Iterable[str],
    as_of: date,
    profile: Profile | None,
    scope: str | None = None,
    assume: Mapping[str, str] | None = None,
) -> str:
    """The same contents, date, profile, scope and answers give the same fingerprint, whatever the files are called.

    `digests`: the SHA-256 of each file, or of the rows that are taken from it.
    """
    parts = [*sorted(digests), as_of.isoformat(), profile.text if profile else ""]
    parts += [scope] if scope else []
    parts += sorted(f"{key}={answer}" for key, answer in (assume or {}).items())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find_report(con: duckdb.DuckDBPyConnection, fingerprint: str) -> ImportReport | None:
    """The report of a former batch with this fingerprint, unless a later one has corrected it since."""
    row = con.execute(
        "SELECT batch_id, as_of, profile, assumptions FROM batches WHERE fingerprint = ? AND withdrawn_at IS NULL "
        "ORDER BY loaded_at DESC, batch_id DESC LIMIT 1",
        [fingerprint],
    ).fetchone()
    if row is None or _is_corrected(con, row[0]):
        return None
    counts = con.execute(
        f"SELECT {', '.join(COUNT_COLUMNS)} FROM batch_tables WHERE batch_id = ? ORDER BY rowid", [row[0]]
    )
    extra = json.loads(row[3])
    return ImportReport(
        row[0], row[1], row[2], [LoadCounts(*found) for found in counts.fetchall()], already_loaded=True, **extra
    )


def _is_corrected(con: duckdb.DuckDBPyConnection, batch: str) -> bool:
    """Whether another batch of the same day took the place of rows that its files brought."""
    own = con.execute(
        "SELECT DISTINCT table_name FROM batch_tables WHERE batch_id = ? AND NOT coalesce(derived, false)", [batch]
    ).fetchall()
    return any(
        con.execute(
            f'SELECT EXISTS (FROM "{table}" WHERE batch_id = ? AND row_valid_to = row_valid_from)', [batch]
        ).fetchall()[0][0]
        for (table,) in own
        if dictionary.load_tables()[table].when_missing != "stays"
    )


def make_batch_id(con: duckdb.DuckDBPyConnection, as_of: date, fingerprint: str) -> str:
    """20240131-3fa9c1d2; a counter follows where that is taken."""
    base = f"{as_of:%Y%m%d}-{fingerprint[:8]}"
    taken = con.execute("SELECT count(*) FROM batches WHERE starts_with(batch_id, ?)", [base]).fetchone()
    return f"{base}-{taken[0] + 1}" if taken and taken[0] else base


def store_batch(con: duckdb.DuckDBPyConnection, report: ImportReport, fingerprint: str, stage: StagedImport) -> None:
    con.execute(
        "INSERT INTO batches (batch_id, fingerprint, as_of, profile, loaded_at, scope) VALUES (?, ?, ?, ?, ?, ?)",
        [report.batch, fingerprint, report.as_of, report.profile, datetime.now(UTC).replace(tzinfo=None), report.scope],
    )
    rows = [(report.batch, *(getattr(count, name) for name in _list_count_attributes())) for count in report.counts]
    places = ", ".join("?" * (len(COUNT_COLUMNS) + 1))
    con.executemany(f"INSERT INTO batch_tables (batch_id, {', '.join(COUNT_COLUMNS)}) VALUES ({places})", rows)
    quarantine = pl.concat(stage.quarantine)
    if len(quarantine):
        con.register("kept_back", quarantine)
        con.execute(
            """INSERT INTO quarantine (batch_id, table_name, file, row_number, field, value, reason, reason_zh, content)
            SELECT ?, table_name, file, row_number, field, value, reason, reason_zh, content FROM kept_back""",
            [report.batch],
        )
        con.unregister("kept_back")


def store_notes(con: duckdb.DuckDBPyConnection, report: ImportReport) -> None:
    """What the report says beside its counts."""
    extra = {
        "assumptions": report.assumptions,
        "lookups": report.lookups,
        "totals": report.totals,
        "findings": report.findings,
        "scope": report.scope,
    }
    con.execute(
        "UPDATE batches SET assumptions = ? WHERE batch_id = ?",
        [json.dumps(extra, ensure_ascii=False, default=str), report.batch],
    )


def _list_count_attributes() -> tuple[str, ...]:
    return ("table", *COUNT_COLUMNS[1:])
