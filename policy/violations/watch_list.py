"""The early-warning list: loans with at least one signal of a run, signals being the violations of given rules."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import polars as pl

from data.storage import query

# One row a loan, with its signals in the order of `rules`; $before is the run of the snapshot before, or none.
SIGNALLED_LOANS_SQL = """
    SELECT loan_id, list_transform(list_sort(list(DISTINCT place)), lambda n: $rules[n]) AS signals
    FROM (SELECT loan_id, list_position($rules, rule_id) AS place FROM violations
        WHERE run_id = $run AND list_contains($rules, rule_id) AND loan_id IS NOT NULL
            AND (len($branches) = 0 OR list_contains($branches, branch_id))
            AND (len($officers) = 0 OR list_contains($officers, officer_id)))
    GROUP BY loan_id
    HAVING (len($wanted) = 0 OR list_has_any(signals, $wanted)) AND len(signals) >= $least"""


def find_previous_run(cursor: duckdb.DuckDBPyConnection, run_id: str) -> tuple[str, date] | None:
    """The newest run of the last checked snapshot before the run's; its id and day."""
    rows = cursor.execute(
        """SELECT r.run_id, r.as_of FROM runs r JOIN (FROM runs WHERE run_id = $run) o ON r.as_of < o.as_of
           ORDER BY r.as_of DESC, r.sequence DESC LIMIT 1""",
        {"run": run_id},
    ).fetchall()
    return rows[0] if rows else None


def count_signals(cursor: duckdb.DuckDBPyConnection, run_id: str, rules: tuple[str, ...]) -> pl.DataFrame:
    """[rule_id, branch_id, officer_id, loans, balance]: what each signal finds, for counts beside every choice."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, branch_id, officer_id, count(DISTINCT loan_id) AS loans, sum(balance) AS balance
           FROM violations WHERE run_id = $run AND list_contains($rules, rule_id) AND loan_id IS NOT NULL
           GROUP BY ALL ORDER BY ALL""",
        run=run_id,
        rules=list(rules),
    )


def list_loans(
    cursor: duckdb.DuckDBPyConnection,
    as_of: date,
    run_id: str,
    before: str | None,
    rules: tuple[str, ...],
    wanted: tuple[str, ...] = (),
    branches: tuple[str, ...] = (),
    officers: tuple[str, ...] = (),
    least: int = 1,
) -> pl.DataFrame:
    """The loans with a signal of `rules`, with one of `wanted` (none: any), and `least` signals at least.

    [loan_id, borrower_id, borrower_name, branch_id, officer_id, balance, currency, classification, days_past_due,
    interest_overdue, late_periods, extension_count, current_maturity, signals, is_new], most signals first. `is_new` is
    None when there is no run before.
    """
    return query.fetch_frame(
        cursor,
        f"""WITH signalled AS ({SIGNALLED_LOANS_SQL}), former AS (
                SELECT DISTINCT loan_id FROM violations
                WHERE run_id = $before AND list_contains($rules, rule_id) AND loan_id IS NOT NULL)
            SELECT s.loan_id, f.borrower_id, b.name AS borrower_name, f.branch_id, f.officer_id, f.balance, f.currency,
                f.classification, f.days_past_due, f.interest_overdue, f.late_periods, f.extension_count,
                f.current_maturity, s.signals,
                CASE WHEN $before IS NOT NULL THEN o.loan_id IS NULL END AS is_new
            FROM signalled s JOIN facts_loan f ON f.as_of = $as_of AND f.loan_id = s.loan_id
            LEFT JOIN former o ON o.loan_id = s.loan_id
            LEFT JOIN facts_borrower b ON b.as_of = $as_of AND b.borrower_id = f.borrower_id
            ORDER BY len(s.signals) DESC, f.balance DESC NULLS LAST, s.loan_id""",
        as_of=as_of,
        run=run_id,
        before=before,
        rules=list(rules),
        wanted=list(wanted),
        branches=list(branches),
        officers=list(officers),
        least=least,
    )


def count_cleared_loans(
    cursor: duckdb.DuckDBPyConnection, run_id: str, before: str, rules: tuple[str, ...], branches: tuple[str, ...]
) -> int:
    """How many loans had a signal in the run before and have none now."""
    rows = cursor.execute(
        """WITH signalled AS (
               SELECT DISTINCT run_id, loan_id FROM violations
               WHERE run_id IN ($run, $before) AND list_contains($rules, rule_id) AND loan_id IS NOT NULL
                   AND (len($branches) = 0 OR list_contains($branches, branch_id)))
           SELECT count(*) FROM signalled s WHERE run_id = $before AND NOT EXISTS (
               SELECT 1 FROM signalled n WHERE n.run_id = $run AND n.loan_id = s.loan_id)""",
        {"run": run_id, "before": before, "rules": list(rules), "branches": list(branches)},
    ).fetchall()
    return int(rows[0][0])


def count_not_assessable(cursor: duckdb.DuckDBPyConnection, run_id: str, rules: tuple[str, ...]) -> pl.DataFrame:
    """[rule_id, reason, field, subjects] of the signals that could not be judged, the commonest first."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, reason, field, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND list_contains($rules, rule_id) AND verdict = 'not_assessable'
           GROUP BY ALL ORDER BY subjects DESC, rule_id, field""",
        run=run_id,
        rules=list(rules),
    )


def group_by_borrower(loans: pl.DataFrame, rules: tuple[str, ...]) -> pl.DataFrame:
    """The loans of list_loans as one row a borrower and currency, most signals first, then the largest balance.

    [borrower_id, currency, borrower_name, branch_id, officer_id, balance, interest_overdue, days_past_due, loans,
    signals, is_new, classification]: `signals` are those of any of the loans, in the order of `rules`; `is_new` where
    all of the loans are; no classification, for loans may differ.
    """
    signals = pl.col("signals").explode().cast(pl.Enum(rules)).unique().sort()
    grouped = loans.group_by("borrower_id", "currency", maintain_order=True).agg(
        pl.col("borrower_name", "branch_id", "officer_id").first(),
        pl.col("balance", "interest_overdue").sum(),
        pl.col("days_past_due").max(),
        pl.len().alias("loans"),
        signals=signals.cast(pl.String),
        is_new=pl.col("is_new").all(),
        classification=pl.lit(None, pl.String),
    )
    ordered = (pl.col("signals").list.len(), pl.col("balance"))
    return grouped.sort(*ordered, descending=True, nulls_last=True, maintain_order=True)


def sum_by_signal(loans: pl.DataFrame, rules: tuple[str, ...], currency: str | None) -> pl.DataFrame:
    """[rule_id, loans, balance] of each signal, in the order of `rules`, of the loans in one currency.

    A loan with several signals counts for each of them.
    """
    ours = loans.filter(pl.col("currency").eq_missing(pl.lit(currency, pl.String)))
    counted = ours.explode("signals").group_by(rule_id="signals").agg(pl.len().alias("loans"), pl.col("balance").sum())
    named = pl.DataFrame({"rule_id": rules}, schema={"rule_id": pl.String})
    return named.join(counted, on="rule_id", how="left", maintain_order="left").with_columns(
        pl.col("loans").fill_null(0).cast(pl.Int64), pl.col("balance").cast(pl.Float64).fill_null(0.0)
    )


@dataclass(frozen=True)
class WatchListFigures:
    loans: int
    balance: Decimal  # of the loans in the main currency
    with_several_signals: int
    joined: int | None  # since the run before; None when there is none


def summarise_loans(loans: pl.DataFrame, currency: str | None, *, has_previous: bool) -> WatchListFigures:
    """The figures of the loans of list_loans."""
    ours = loans.filter(pl.col("currency").eq_missing(pl.lit(currency, pl.String)))
    return WatchListFigures(
        loans.height,
        Decimal(str(ours["balance"].sum() or 0)),
        loans.filter(pl.col("signals").list.len() > 1).height,
        int(loans["is_new"].sum()) if has_previous else None,
    )
