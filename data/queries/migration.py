"""How the running loans moved: history of the snapshots, moves since an opening snapshot, vintages; all summarised."""

from datetime import date

import duckdb
import polars as pl

from data.facts import summaries
from data.storage import query

IN_SCOPE = "currency IS NOT DISTINCT FROM $currency AND ($branch IS NULL OR branch_id = $branch)"


def load_history(cursor: duckdb.DuckDBPyConnection, currency: str | None, branch: str | None) -> pl.DataFrame:
    """[as_of, classification, late, loans, valued, balance] of every snapshot, oldest first."""
    return query.fetch_frame(
        cursor,
        f"""SELECT as_of, classification, late, sum(loans)::BIGINT AS loans, sum(valued)::BIGINT AS valued,
                sum(balance) AS balance
            FROM summary_history WHERE {IN_SCOPE} GROUP BY ALL ORDER BY ALL""",
        currency=currency,
        branch=branch,
    )


def list_opening_snapshots(cursor: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, date]:
    """The opening snapshots that moves were counted from, by their code; the later first where two are one."""
    days = [row[0] for row in cursor.execute("SELECT DISTINCT as_of FROM summary_history ORDER BY as_of").fetchall()]
    found: dict[str, date] = {}
    for code, day in summaries.find_opening_snapshots(days, as_of).items():
        if day not in found.values():
            found[code] = day
    return found


def load_moves(
    cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, branch: str | None, opening: date
) -> pl.DataFrame:
    """[branch_id, origin, fate, class_before, class_after, late_before, late_after, loans, balance_before,
    balance_after]: the opening's running loans and those that are new since."""
    return query.fetch_frame(
        cursor,
        f"""SELECT * EXCLUDE (as_of, opening, currency) FROM summary_moves
            WHERE as_of = $as_of AND opening = $opening AND {IN_SCOPE} ORDER BY ALL""",
        as_of=as_of,
        currency=currency,
        branch=branch,
        opening=opening,
    )


def load_vintages(
    cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, branch: str | None
) -> pl.DataFrame:
    """[cohort, as_of, loans, principal, bad] of each quarter's loans at each snapshot up to the day."""
    return query.fetch_frame(
        cursor,
        f"""SELECT cohort, as_of, sum(loans)::BIGINT AS loans, sum(principal) AS principal, sum(bad) AS bad
            FROM summary_vintages WHERE as_of <= $as_of AND {IN_SCOPE} GROUP BY ALL ORDER BY ALL""",
        as_of=as_of,
        currency=currency,
        branch=branch,
    )
