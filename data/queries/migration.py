"""Migration of the running loans: history of the snapshots, moves since an opening snapshot, vintages; summarised."""

from datetime import date

import duckdb
import polars as pl

from data.facts import summaries
from data.storage import query

END_STATUSES = ("settled", "written_off")  # the ends of a loan that a matrix shows apart
ENDED_OTHERWISE = "gone"
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


def compute_matrix(moves: pl.DataFrame, before: str, after: str) -> pl.DataFrame:
    """[start_code, end_code, loans, balance, share]: where the balance of each opening class or bucket is now.

    `before` and `after` name the columns compared, class_… or late_…. A running loan goes by its value now (null where
    none is stated), another by how it ended. The shares of an opening value sum to 1; one without balance is left out.
    """
    ended = pl.when(pl.col("fate").is_in(END_STATUSES)).then("fate").otherwise(pl.lit(ENDED_OTHERWISE))
    cells = (
        moves.filter(pl.col("origin") == "running")
        .with_columns(
            start_code=pl.col(before), end_code=pl.when(pl.col("fate") == "running").then(after).otherwise(ended)
        )
        .group_by("start_code", "end_code")
        .agg(pl.col("loans").sum(), balance=pl.col("balance_before").sum().cast(pl.Float64))
    )
    whole = pl.col("balance").sum().over("start_code")
    return cells.with_columns(share=pl.when(whole > 0).then(pl.col("balance") / whole)).drop_nulls("share")


def compute_vintage_curves(vintages: pl.DataFrame, as_of: date, min_loans: int, max_curves: int) -> pl.DataFrame:
    """[cohort, as_of, loans, principal, bad, age, value] of the newest cohorts with enough loans.

    `age` is in months, `value` the part of the principal lent that ever went bad. Cohorts lent before the first
    snapshot lack what was repaid by then; they are taken only where fewer than two others are left.
    """
    latest = vintages.filter(pl.col("as_of") == as_of, pl.col("loans") >= min_loans)
    first = vintages["as_of"].min()
    whole = latest.filter(pl.col("cohort") >= pl.lit(first).dt.truncate("1q")) if first else latest
    newest = (whole if whole.height > 1 else latest).sort("cohort", descending=True).head(max_curves)["cohort"]
    years = pl.col("as_of").dt.year() - pl.col("cohort").dt.year()
    months = years * 12 + pl.col("as_of").dt.month() - pl.col("cohort").dt.month()
    shown = vintages.filter(pl.col("cohort").is_in(newest.to_list()), pl.col("principal") > 0)
    return shown.with_columns(
        age=months.cast(pl.Int64), value=pl.col("bad").cast(pl.Float64) / pl.col("principal").cast(pl.Float64)
    )


def count_thin_cohorts(vintages: pl.DataFrame, as_of: date, min_loans: int) -> int:
    return vintages.filter(pl.col("as_of") == as_of, pl.col("loans") < min_loans).height


def sum_by_class(history: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """[as_of, classification, balance, valued] of each snapshot up to the day; without sums of no stated balance."""
    sums = history.filter(pl.col("as_of") <= as_of).group_by("as_of", "classification")
    return sums.agg(pl.col("balance", "valued").sum()).filter(pl.col("valued") > 0)
