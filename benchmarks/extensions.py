"""python -m benchmarks.extensions BOOK [--requests N]: one extension request, the frontier of a loan, many requests."""

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.measuring import print_ratio, time_median
from data.facts import derivation
from data.storage import book, query
from policy.engine import verdict_evidence
from policy.extensions import extension_decision, frontier
from policy.runs import snapshot_check

REPEATS = 7


def make_requests(cursor: duckdb.DuckDBPyConnection, as_of: date, number: int) -> pl.DataFrame:
    """So many requests, six months more for each running loan in turn."""
    loans = query.fetch_frame(
        cursor,
        "SELECT loan_id, current_maturity FROM facts_loan WHERE as_of = $as_of AND is_running "
        "AND current_maturity IS NOT NULL ORDER BY loan_id",
        as_of=as_of,
    )
    repeated = pl.concat([loans] * -(-number // len(loans))).head(number)
    return repeated.select(
        pl.int_range(pl.len()).cast(pl.String).alias("request_id"),
        "loan_id",
        pl.lit(as_of).alias("application_date"),
        pl.col("current_maturity").dt.offset_by("6mo").alias("requested_maturity"),
        pl.lit("all").alias("consent"),
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extensions", description=__doc__)
    parser.add_argument("book", type=Path)
    parser.add_argument("--requests", type=int, default=100_000)
    arguments = parser.parse_args()
    policy = snapshot_check.load_policy()
    with book.open_for_reading(arguments.book) as con:
        as_of = derivation.list_dates_with_facts(con)[-1]
    cursor = book.BookReader(arguments.book).cursor()
    many = make_requests(cursor, as_of, arguments.requests)
    time_median(
        f"extension: {len(many):,} requests",
        lambda: extension_decision.judge_request_frame(cursor, policy, as_of, many),
    )
    loan_id, matures = many.select("loan_id", "requested_maturity").row(len(many) // 2)
    one = extension_decision.Request(loan_id, as_of, matures - timedelta(days=90), "all")
    spent = time_median(
        "extension: one request with its evidence",
        lambda: extension_decision.judge_request(cursor, policy, as_of, one),
        REPEATS,
    )
    print_ratio("one request, milliseconds", spent * 1000, "<= 100")
    spent = time_median(
        "extension: frontier over ten years",
        lambda: frontier.list_maturity_decisions(cursor, policy, as_of, loan_id, as_of, "all"),
        REPEATS,
    )
    print_ratio("frontier, milliseconds", spent * 1000, "<= 200")
    time_median(
        "verdicts: every rule for one loan",
        lambda: verdict_evidence.verdicts_of_loan(cursor, policy, as_of, loan_id),
        REPEATS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
