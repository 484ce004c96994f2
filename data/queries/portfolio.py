"""Running loans of a snapshot: their number, currencies, and balance by any one fact."""

from datetime import date

import duckdb
import polars as pl

from data import dictionary
from data.reference import book_settings
from data.reference.buckets import Bucket, in_bucket_expr, load_buckets
from data.storage import query

__all__ = [
    "Bucket",
    "count_loans_by_state",
    "find_main_currency",
    "in_bucket_expr",
    "load_buckets",
    "sum_by_bucket",
    "sum_by_currency",
    "sum_by_fact",
]

# Loans whose status says running, in one currency: the denominator of everything here.
IS_RUNNING = "f.is_running AND f.currency IS NOT DISTINCT FROM $currency"


def sum_by_currency(cursor: duckdb.DuckDBPyConnection, as_of: date) -> pl.DataFrame:
    """Running loans by currency: [currency, loans, balance], by the currency's code; amounts each in its currency."""
    return query.fetch_frame(
        cursor,
        """SELECT currency, count(*) AS loans, coalesce(sum(balance), 0) AS balance
           FROM facts_loan WHERE as_of = $as_of AND is_running GROUP BY currency ORDER BY currency""",
        as_of=as_of,
    )


def find_main_currency(cursor: duckdb.DuckDBPyConnection, as_of: date) -> str:
    """The currency of every total: the book's own, or the only one of the snapshot where no loan is in the book's own.

    The same rule as in totals.sql.
    """
    home = book_settings.read_home_currency(cursor)
    present = sum_by_currency(cursor, as_of)["currency"].to_list()
    return present[0] if len(present) == 1 and present[0] is not None else home


def count_loans_by_state(cursor: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    """Loans of the snapshot: all, running, ended, and with no status to tell."""
    return query.fetch_frame(
        cursor,
        """SELECT count(*) AS loans, count(*) FILTER (is_running) AS running,
               count(*) FILTER (NOT is_running) AS ended, count(*) FILTER (is_running IS NULL) AS unknown
           FROM facts_loan WHERE as_of = $as_of""",
        as_of=as_of,
    ).row(0, named=True)


def sum_by_fact(cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, field: str) -> pl.DataFrame:
    """[value, loans, valued, balance, npl_balance, classified_balance] by one fact of the loan, largest balance first.

    `valued` counts the loans that have a balance: where there are none, the balance of 0 is no sum but unknown.
    """
    column = dictionary.facts_of_subject("loan")[field].name
    return query.fetch_frame(
        cursor,
        f"""SELECT f."{column}" AS value, count(*) AS loans, count(f.balance) AS valued,
                coalesce(sum(f.balance), 0) AS balance,
                coalesce(sum(f.balance) FILTER (c.attr = 'npl'), 0) AS npl_balance,
                coalesce(sum(f.balance) FILTER (f.classification IS NOT NULL), 0) AS classified_balance
            FROM facts_loan f LEFT JOIN codes c ON c.list = 'classification' AND c.code = f.classification
            WHERE f.as_of = $as_of AND {IS_RUNNING} GROUP BY 1 ORDER BY balance DESC, value""",
        as_of=as_of,
        currency=currency,
    )


def sum_by_bucket(distribution: pl.DataFrame, edges: tuple[Bucket, ...]) -> pl.DataFrame:
    """Sums of the distribution of a whole number in each bucket, empty ones too: [code, loans, balance, …].

    Buckets may overlap. Loans without a value come last, as code None, when there are any.
    """
    value = pl.col("value")
    inside = [(edge.code, in_bucket_expr(value, edge)) for edge in edges] + [(None, value.is_null())]
    folded = pl.concat(
        distribution.filter(test).select(pl.lit(code, pl.String).alias("code"), pl.exclude("value").sum())
        for code, test in inside
    )
    return folded.filter(pl.col("code").is_not_null() | (pl.col("loans") > 0))
