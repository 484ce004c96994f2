"""Documents that the bank waives until a day: waivers in force, and those that expired without the document."""

from datetime import date

import duckdb
import polars as pl

from data.storage import query

WAIVED_DOCUMENTS = """(FROM facts_document WHERE as_of = $as_of
    AND coalesce(waived_by, waive_reason, CAST(waive_until AS VARCHAR)) IS NOT NULL
    AND coalesce(received_date > $as_of, true))"""


def count_waivers(cursor: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    """Waivers of papers not received: in_force (their day is still to come), endless (no day was set), overdue."""
    found = query.fetch_frame(
        cursor,
        f"""SELECT count(*) FILTER (waive_until >= $as_of) AS in_force,
                count(*) FILTER (waive_until IS NULL) AS endless, count(*) FILTER (waive_until < $as_of) AS overdue
            FROM {WAIVED_DOCUMENTS}""",
        as_of=as_of,
    )
    return found.row(0, named=True)


def list_overdue_waivers(cursor: duckdb.DuckDBPyConnection, as_of: date, limit: int) -> pl.DataFrame:
    """[holder, borrower_id, branch_id, doc_type, waived_by, waive_until, days_over], longest overdue first."""
    return query.fetch_frame(
        cursor,
        f"""SELECT coalesce(loan_id, borrower_id) AS holder, borrower_id, branch_id, doc_type, waived_by, waive_until,
                CAST($as_of AS DATE) - waive_until AS days_over
            FROM {WAIVED_DOCUMENTS} WHERE waive_until < $as_of
            ORDER BY days_over DESC, holder, doc_type LIMIT $most""",
        as_of=as_of,
        most=limit,
    )
