"""Snapshots side by side: which batches made each, what corrections took out of them, and what moved between two."""

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from data.errors import BookError
from data.facts import derivation
from data.history import time_travel
from data.history.validity import IS_NEVER_REPLACED_SQL, valid_on_sql
from data.messages.catalogue import bilingual
from data.storage import query

BATCHES_SQL = f"""
SELECT b.as_of, b.batch_id AS batch, b.loaded_at, b.withdrawn_at, b.profile, b.scope,
    (SELECT list_sort(list(DISTINCT t.file)) FROM batch_tables t WHERE t.batch_id = b.batch_id) AS files,
    coalesce((SELECT sum(t.quarantined) FROM batch_tables t WHERE t.batch_id = b.batch_id), 0)::BIGINT AS quarantined,
    coalesce(l.brought, (SELECT sum(t.loaded) FROM batch_tables t
        WHERE t.batch_id = b.batch_id AND t.table_name = 'loans'), 0)::BIGINT AS brought,
    coalesce(l.standing, 0) AS standing, l.balance_standing,
    b.withdrawn_at IS NULL AND l.standing = 0 AND NOT EXISTS (
        SELECT 1 FROM loans k WHERE k.batch_id = b.batch_id AND k.row_valid_from = b.as_of
            AND (k.row_valid_to IS NULL OR k.row_valid_to > k.row_valid_from)) AS corrected
FROM batches b LEFT JOIN (
    SELECT s.batch_id, s.row_valid_from, count(*) AS brought,
        count(*) FILTER ({IS_NEVER_REPLACED_SQL}) AS standing,
        sum(s.balance) FILTER ({IS_NEVER_REPLACED_SQL}) AS balance_standing
    FROM snapshots s WHERE s.snapshot_date = s.row_valid_from GROUP BY ALL) l
    ON l.batch_id = b.batch_id AND l.row_valid_from = b.as_of
WHERE l.brought > 0 OR b.withdrawn_at IS NOT NULL ORDER BY b.as_of, b.loaded_at, b.batch_id"""

# The loans of a snapshot with what moves between two of them; one row a loan.
SNAPSHOT_SQL = f"""
SELECT l.loan_id, coalesce(l.currency, '') AS currency, l.borrower_id, l.branch_id, s.balance, l.status,
    l.current_maturity,
    CASE WHEN l.status IS NULL THEN s.balance > 0 ELSE coalesce(c.attr = 'running', false) END AS runs
FROM snapshots s
JOIN loans l ON l.loan_id = s.loan_id AND {valid_on_sql("$day", "l")}
LEFT JOIN codes c ON c.list = 'loan_status' AND c.code = l.status
WHERE s.snapshot_date = $day AND {valid_on_sql("$day", "s")}"""

# A loan moves in one way, the first that fits; each way's amount is what it adds to the balance.
CHANGES_SQL = """
SELECT coalesce(o.loan_id, c.loan_id) AS loan_id, coalesce(c.borrower_id, o.borrower_id) AS borrower_id,
    coalesce(c.branch_id, o.branch_id) AS branch_id, nullif(coalesce(o.currency, c.currency), '') AS currency,
    CASE
        WHEN o.loan_id IS NULL THEN 'new'
        WHEN c.loan_id IS NULL THEN 'vanished'
        WHEN coalesce(o.balance <> 0 OR o.runs, false) AND NOT c.runs AND coalesce(c.balance, 0) = 0 THEN 'settled'
        WHEN c.balance > coalesce(o.balance, 0) THEN 'up'
        WHEN coalesce(c.balance, 0) < o.balance THEN 'down'
        ELSE 'unchanged'
    END AS change,
    o.balance AS opening, c.balance AS closing, coalesce(c.balance, 0) - coalesce(o.balance, 0) AS amount,
    o.status AS status_before, c.status AS status_after,
    o.current_maturity AS maturity_before, c.current_maturity AS maturity_after,
    coalesce(o.runs AND o.current_maturity > $opening AND o.current_maturity <= $closing, false) AS matured,
    coalesce(c.current_maturity > o.current_maturity, false) AS maturity_later,
    coalesce(c.current_maturity < o.current_maturity, false) AS maturity_earlier
FROM opening_side o FULL JOIN closing_side c ON c.loan_id = o.loan_id AND c.currency = o.currency"""
CHANGE_KINDS = ("new", "vanished", "settled", "up", "down", "unchanged")
CHANGE_FLAGS = ("matured", "maturity_later", "maturity_earlier")


def resolve_snapshot(cursor: duckdb.DuckDBPyConnection, as_of: date | None) -> date:
    """The snapshot asked for, or the latest one. Raises BookError, naming the last six, when the book has none such."""
    known = derivation.list_as_of_dates(cursor)
    if not known:
        raise BookError(bilingual("queries.no_snapshot_yet"))
    if as_of is None:
        return known[-1]
    if as_of not in known:
        raise BookError(bilingual("queries.no_snapshot_of", as_of=as_of, known=", ".join(map(str, known[-6:]))))
    return as_of


def list_snapshots(cursor: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every snapshot, oldest first: as_of, loans, balance, and its batches in the order they came.

    A withdrawn batch is listed too, with when (`withdrawn_at`). One is `corrected` when none of the loans that it
    brought is valid any more. `brought`, `standing`: loans.
    """
    found: dict[date, dict[str, Any]] = {}
    for row in query.fetch_frame(cursor, BATCHES_SQL).iter_rows(named=True):
        entry = found.setdefault(row["as_of"], {"as_of": row["as_of"], "loans": 0, "balance": None, "batches": []})
        entry["loans"] += row["standing"]
        if row["balance_standing"] is not None:
            entry["balance"] = (entry["balance"] or Decimal(0)) + row["balance_standing"]
        entry["batches"].append(
            {
                name: row[name]
                for name in (
                    "batch",
                    "loaded_at",
                    "withdrawn_at",
                    "files",
                    "scope",
                    "quarantined",
                    "brought",
                    "standing",
                    "corrected",
                )
            }
        )
    return list(found.values())


def create_views_after_batch(cursor: duckdb.DuckDBPyConnection, batch: str) -> date:
    """The registers of this cursor as they stood right after a batch was loaded; returns its as_of.

    Temporary views stand before the book's tables, so that a snapshot corrected since is read as it was: facts.rebuild
    derives its facts on the same cursor. Raises BookError when there is no such batch.
    """
    found = cursor.execute("SELECT as_of, loaded_at FROM batches WHERE batch_id = $batch", {"batch": batch}).fetchall()
    if not found:
        raise BookError(bilingual("queries.no_batch", batch=batch))
    as_of: date
    as_of, loaded_at = found[0]
    later = cursor.execute(
        "SELECT batch_id FROM batches WHERE (loaded_at, batch_id) > ($at, $batch)", {"at": loaded_at, "batch": batch}
    ).fetchall()
    time_travel.create_historic_views(cursor, as_of, as_of, {row[0] for row in later})
    return as_of


def compare_snapshots(cursor: duckdb.DuckDBPyConnection, opening: date | str, closing: date | str) -> pl.DataFrame:
    """Every loan of two snapshots and how it moved; a snapshot is a date, or a batch for what it was after that batch.

    [loan_id, borrower_id, branch_id, currency, change, opening, closing, amount, status_before, status_after,
    maturity_before, maturity_after, matured, maturity_later, maturity_earlier]. In each currency the amounts add up:
    opening + amounts = closing. `matured`: its maturity lay between the two. Raises BookError for no such snapshot.
    """
    days = {
        "opening": _create_side_table(cursor, "opening", opening),
        "closing": _create_side_table(cursor, "closing", closing),
    }
    return query.fetch_frame(cursor, f"{CHANGES_SQL} ORDER BY change, abs(amount) DESC, loan_id", **days)


def _create_side_table(cursor: duckdb.DuckDBPyConnection, name: str, point: date | str) -> date:
    """The loans of a snapshot as the temporary table <name>_side; returns its date."""
    own = cursor.cursor()
    try:
        day = create_views_after_batch(own, point) if isinstance(point, str) else point
        if not isinstance(point, str) and day not in derivation.list_as_of_dates(own):
            known = ", ".join(map(str, derivation.list_as_of_dates(own)))
            raise BookError(
                bilingual("queries.no_snapshot", day=day, known=known)
                if known
                else bilingual("queries.no_snapshot_at_all", day=day)
            )
        rows = query.fetch_frame(own, SNAPSHOT_SQL, day=day)
    finally:
        own.close()
    cursor.register("side_rows", rows)
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name}_side AS FROM side_rows")
    cursor.unregister("side_rows")
    return day


def summarise_changes(moves: pl.DataFrame) -> list[dict[str, Any]]:
    """Per currency: opening and closing balance, loans and amount of every change, and of the flags beside it."""
    found = []
    for (currency,), rows in sorted(moves.group_by("currency"), key=lambda entry: entry[0][0] or ""):
        lines = {
            change: (part.height, _sum_amounts(part["amount"]))
            for change in CHANGE_KINDS
            for part in [rows.filter(pl.col("change") == change)]
        }
        flags = {
            flag: {"loans": part.height, "balance": _sum_amounts(part["closing"])}
            for flag in CHANGE_FLAGS
            for part in [rows.filter(pl.col(flag))]
        }
        opening, closing = _sum_amounts(rows["opening"]), _sum_amounts(rows["closing"])
        moved = sum((amount for _, amount in lines.values()), Decimal(0))
        found.append(
            {
                "currency": currency,
                "opening": opening,
                "closing": closing,
                "opening_loans": rows.filter(pl.col("change") != "new").height,
                "closing_loans": rows.filter(pl.col("change") != "vanished").height,
                "changes": {change: {"loans": loans, "amount": amount} for change, (loans, amount) in lines.items()},
                "of_which": flags,
                "difference": opening + moved - closing,
            }
        )
    return found


def _sum_amounts(amounts: pl.Series) -> Decimal:
    return Decimal(amounts.cast(pl.Decimal(38, 2)).sum() or Decimal("0.00"))
