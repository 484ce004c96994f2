"""The violations of a run as a page asks for them: by page, one by one, grouped, and their figures."""

from dataclasses import replace
from datetime import date

import duckdb
import polars as pl

from data.history.validity import IS_CURRENT
from data.storage import query
from policy.runs.store import Run
from policy.violations.violation_query import (
    BORROWER_JOIN,
    LOAN_JOIN,
    STANDING_MOVEMENTS,
    RunComparison,
    ViolationFilter,
    bind_parameters,
    departed_sql,
    from_sql,
    query_violations,
    standing_sql,
    where_sql,
    with_lifecycles_sql,
)

GROUP_COLUMNS = ("rule_id", "branch_id", "officer_id", "borrower_id")
GRAVEST_FIRST = "grave"
ORDERS = {
    GRAVEST_FIRST: "w.place, r.balance DESC NULLS LAST, r.violation_id",
    "balance": "r.balance DESC NULLS LAST, w.place, r.violation_id",
    "oldest": "r.opened_on NULLS LAST, w.place, r.balance DESC NULLS LAST, r.violation_id",
}


def narrow_to_page(
    criteria: ViolationFilter, counts: dict[str, int], limit: int, offset: int
) -> tuple[ViolationFilter, int]:
    """The criteria for only the rules that a page of the most severe covers, and its offset: no others are sorted.

    `counts`: how many violations of each rule meet the criteria.
    """
    wanted, seen, skipped = [], 0, 0
    for rule in criteria.rules:
        held = counts.get(rule[0], 0)
        if seen + held <= offset:
            skipped += held
        elif held and seen < offset + limit:
            wanted.append(rule)
        seen += held
    return replace(criteria, rules=tuple(wanted)), offset - skipped


def page_of_violations(
    cursor: duckdb.DuckDBPyConnection,
    compared_runs: RunComparison,
    criteria: ViolationFilter,
    order: str = GRAVEST_FIRST,
    limit: int | None = None,
    offset: int = 0,
) -> pl.DataFrame:
    """One page of the violations that meet the criteria.

    [violation_id, rule_id, subject, subject_id, loan_id, borrower_id, borrower_name, branch_id, branch_name,
    officer_id, balance, measured, limit_value, state, first_seen, opened_on, days_open, times_reopened]
    """
    late = limit is not None and order != "oldest" and not (criteria.states or criteria.opened or criteria.movements)
    text = f"""WITH found AS (SELECT r.*, row_number() OVER () AS n FROM (
                SELECT r.* FROM {from_sql(compared_runs, criteria, with_lifecycles=not late)}
                WHERE {where_sql(criteria)} ORDER BY {ORDERS[order]} LIMIT $limit OFFSET $offset) r)
        SELECT r.* EXCLUDE (n, movement), b.name AS borrower_name, f.branch_name,
            ($as_of - r.opened_on)::INTEGER AS days_open
        FROM {with_lifecycles_sql(compared_runs) if late else "found"} r {LOAN_JOIN} {BORROWER_JOIN} ORDER BY r.n"""
    return query_violations(cursor, compared_runs, criteria, text, limit=limit, offset=offset)


def load_violation(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, violation_id: str
) -> dict[str, object] | None:
    """One violation of the run, or of the earlier one (then `stands` is false), with a loan that it touches."""
    text = f"""SELECT r.*, r.movement IS NULL OR list_contains($came, r.movement) AS stands, b.name AS borrower_name,
            coalesce(r.loan_id, (SELECT min(f.loan_id) FROM facts_loan f
                WHERE f.as_of = $as_of AND f.borrower_id = r.borrower_id)) AS any_loan_id
        FROM ({standing_sql(compared_runs, with_movements=True)} {departed_sql(compared_runs)}) r {BORROWER_JOIN}
        WHERE r.violation_id = $id LIMIT 1"""
    found = query.fetch_frame(
        cursor,
        text,
        id=violation_id,
        came=list(STANDING_MOVEMENTS),
        **bind_parameters(compared_runs, ViolationFilter(()), text),
    )
    return found.row(0, named=True) if found.height else None


def group_violations(
    cursor: duckdb.DuckDBPyConnection,
    compared_runs: RunComparison,
    criteria: ViolationFilter,
    by: str,
    currency: str | None,
    limit: int | None = None,
) -> pl.DataFrame:
    """By rule, branch, account manager or borrower, the heaviest first.

    [key, violations, weight, loans, balance, oldest]: each loan once, with its current balance in the currency.
    """
    if by not in GROUP_COLUMNS:
        raise ValueError(by)
    text = f"""WITH each AS (
            SELECT r.{by} AS key, r.loan_id, count(*) AS n, sum(w.weight) AS weight, min(r.opened_on) AS oldest
            FROM {from_sql(compared_runs, criteria, with_lifecycles=True)} WHERE {where_sql(criteria)} GROUP BY ALL)
        SELECT r.key, sum(r.n)::BIGINT AS violations, sum(r.weight)::DOUBLE AS weight, count(r.loan_id) AS loans,
            sum(f.balance) FILTER (f.currency IS NOT DISTINCT FROM $currency) AS balance, min(r.oldest) AS oldest
        FROM each r {LOAN_JOIN} GROUP BY r.key ORDER BY weight DESC, violations DESC, r.key LIMIT $limit"""
    return query_violations(cursor, compared_runs, criteria, text, currency=currency, limit=limit)


def load_borrower_names(cursor: duckdb.DuckDBPyConnection, as_of: date, ids: tuple[str, ...]) -> dict[str, str]:
    rows = cursor.execute(
        f"""SELECT borrower_id, any_value(name) FROM borrowers WHERE list_contains($ids, borrower_id) AND {IS_CURRENT}
           AND name IS NOT NULL GROUP BY borrower_id""",
        {"as_of": as_of, "ids": list(ids)},
    )
    return dict(rows.fetchall())


def sum_affected_balance(cursor: duckdb.DuckDBPyConnection, run: Run, currency: str | None) -> dict[str, object]:
    """Running loans of the snapshot in the currency and their balance: all, and those with a violation of their own."""
    return query.fetch_frame(
        cursor,
        """SELECT count(*) AS loans, sum(f.balance) AS balance, count(v.loan_id) AS loans_hit,
               sum(f.balance) FILTER (v.loan_id IS NOT NULL) AS balance_hit
           FROM facts_loan f LEFT JOIN (SELECT DISTINCT loan_id FROM violations WHERE run_id = $run) v USING (loan_id)
           WHERE f.as_of = $as_of AND f.is_running AND f.currency IS NOT DISTINCT FROM $currency""",
        run=run.run_id,
        as_of=run.as_of,
        currency=currency,
    ).row(0, named=True)


def load_trend(
    cursor: duckdb.DuckDBPyConnection, series: tuple[str, ...], rules: tuple[str, ...], branches: tuple[str, ...]
) -> pl.DataFrame:
    """[as_of, rule_id, violations, loans] of each run; `loans` are those judged in these branches (none named: all)."""
    return query.fetch_frame(
        cursor,
        """WITH loan AS (
               SELECT as_of, count(*) AS loans FROM facts_loan WHERE as_of IN (SELECT as_of FROM runs
                   WHERE list_contains($series, run_id)) AND (len($branches) = 0 OR list_contains($branches, branch_id))
               GROUP BY as_of)
           SELECT r.as_of, c.rule_id, coalesce(sum(c.subjects), 0)::BIGINT AS violations, any_value(l.loans) AS loans
           FROM runs r LEFT JOIN run_counts c ON c.run_id = r.run_id AND c.verdict = 'violation'
               AND list_contains($rules, c.rule_id)
               AND (len($branches) = 0 OR list_contains($branches, c.branch_id))
           LEFT JOIN loan l ON l.as_of = r.as_of
           WHERE list_contains($series, r.run_id) GROUP BY ALL ORDER BY ALL""",
        series=list(series),
        rules=list(rules),
        branches=list(branches),
    )


def count_not_assessable(
    cursor: duckdb.DuckDBPyConnection, run_id: str, rules: tuple[str, ...], branches: tuple[str, ...]
) -> pl.DataFrame:
    """[rule_id, subject, branch_id, reason, field, subjects] of what could not be judged, the commonest first."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, subject, branch_id, reason, field, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict = 'not_assessable' AND list_contains($rules, rule_id)
               AND (len($branches) = 0 OR list_contains($branches, branch_id))
           GROUP BY ALL ORDER BY subjects DESC, rule_id, field, branch_id""",
        run=run_id,
        rules=list(rules),
        branches=list(branches),
    )


def count_applicable(cursor: duckdb.DuckDBPyConnection, run_id: str, branches: tuple[str, ...]) -> pl.DataFrame:
    """[rule_id, branch_id, subjects]: how many of each rule were applicable, judged or not."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, branch_id, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict <> 'not_applicable'
               AND (len($branches) = 0 OR list_contains($branches, branch_id)) GROUP BY ALL""",
        run=run_id,
        branches=list(branches),
    )
